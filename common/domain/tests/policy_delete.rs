//! The judge on D1: commands that would remove or change everything.

use metatron_domain::policy::{Setting, Verdict, judge};

/// One command per line; `⏎` stands for a newline.
fn all(table: &str, verdict: Verdict, rule: &str) {
    for line in table.lines().filter(|line| !line.is_empty()) {
        let command = line.replace('⏎', "\n");
        let judgement = judge(command.as_bytes(), &Setting::default());
        assert_eq!(
            (judgement.verdict, judgement.rule.as_str()),
            (verdict, rule),
            "{command:?}: {:?}",
            judgement.reasons
        );
    }
}

/// D1, I7–I10, I14: recursive removal or change of places that hold everything, however it is written or wrapped.
#[test]
fn d1_recursive_change_of_everything_is_denied() {
    let table = r#"
rm -rf /
rm -rf ~
rm -rf ~/
rm -rf tests/ patches/ plan/ ~/
rm -rf /*
rm -rf "$HOME"
rm -rf $HOME/*
rm -fr ..
rm -rf .
rm -r --force /etc
rm --recurs /usr
sudo rm -rf /
sudo -u root rm -rf /
env FOO=1 rm -rf /
bash -c 'rm -rf /'
bash -lc "rm -rf /"
eval "rm -rf /"
trap 'rm -rf /' EXIT
su -c 'rm -rf /' root
su root -c 'rm -rf /'
echo ok; (cd / && rm -rf *)
cd / && rm -rf *
f() { rm -rf /; }; f
if true; then rm -rf /; fi
echo $(rm -rf /)
echo "${x:-$(rm -rf /)}"
echo $(( $(rm -rf /) + 1 ))
cat <<EOF⏎$(rm -rf /)⏎EOF
bash <<EOF⏎rm -rf /⏎EOF
bash <<< 'rm -rf /'
rm$IFS-rf$IFS/
r''m -rf /
r\m -rf /
$'rm' -rf $'\x2f'
rm -rf /{bin,etc}
rm -rf /$x
rm -rf "$x"/*
xargs rm -rf /
find / -delete
find /etc -exec rm {} \;
find / -exec sh -c 'rm "$1"' _ {} \;
busybox rm -rf /
timeout 5 rm -rf /
timeout -s KILL 5 rm -rf /
nice -n 5 rm -rf /
stdbuf -oL rm -rf /
coproc rm -rf /
time rm -rf /
chmod -R 777 /
chown -R agent ~
rm -rf /tmp/*
echo 'rm -rf /' | sh
echo / | xargs rm -rf
select x in a; do rm -rf /; done
rm -rf /; )
case x in x) rm -rf /;; esac
echo $(case x in x) rm -rf /;; esac)
while true; do rm -rf /; done
for i in 1; do rm -rf /; done
for ((;;)); do rm -rf /; done
{ rm -rf /; }
ls | while read x; do rm -rf /; done
echo hi >(rm -rf /)
[[ -n $(rm -rf /) ]]
a=$(rm -rf /)
a=(x $(rm -rf /))
env -S 'rm -rf /'
env -i PATH=/bin rm -rf /
exec -a x rm -rf /
command rm -rf /
nohup rm -rf / &
script -c 'rm -rf /' /dev/null
watch rm -rf /
x=1 y=2 rm -rf /
>out rm -rf /
2>/dev/null rm -rf /
rm -rf ../*
rm -rf ~/.*
cd ~ && rm -rf *
cd / ; cd home; rm -rf agent
cd ../.. && rm -rf agent
(cd /; rm -rf *)
pushd / && rm -rf *
rm -rf ${HOME}
rm -rf "${HOME:-/x}"
rm -rf ${PWD}
rm -rf ${x:-/}
rm -rf ${HOME:0:1}
rm -rf //
rm -rf /./
rm -rf /usr/../
rm -rf /home
rm -rf /home/agent
rm -rf /home/*
rm -rf ~root
rm -rf ~agent
rm -rf ~+
rm -rf /hom[e]
rm -rf $(echo)/
$X rm -rf /
/bin/r? -rf /
chmod -R u+x /usr
chmod --recursive 755 ..
chgrp -R agent /home/agent/work
chmod -R -w /
find . / -delete
find /tmp -name x -delete
find . -exec rm -rf / \;
cd / && find . -delete
find / | xargs -0 rm -rf /
sudo -- rm -rf /
sudo -E -u bob -g grp rm -rf /
sudo --user=root rm -rf /
sudo VAR=1 rm -rf /
sudo bash -c 'rm -rf /'
env -u X -- rm -rf /
env --unset=X -C / rm -rf etc
nice -10 rm -rf /
ionice -c 3 rm -rf /
timeout --signal=9 1m rm -rf /
setsid -f rm -rf /
stdbuf -o L rm -rf /
xargs -n1 -I {} rm -rf /
xargs -a f rm -rf /
flock /tmp/l rm -rf /
flock /tmp/l -c 'rm -rf /'
chroot / rm -rf /
unshare -r rm -rf /
setpriv --reuid 0 rm -rf /
strace -f -o x rm -rf /
nsenter -t 1 -m rm -rf /
builtin eval 'rm -rf /'
busybox sh -c 'rm -rf /'
sh -xc 'rm -rf /'
bash -o pipefail -c 'rm -rf /'
bash --norc -c 'rm -rf /'
bash -c -- 'rm -rf /'
bash -s <<< 'rm -rf /'
cat <<EOF | sh⏎rm -rf /⏎EOF
sh <<-EOF⏎ rm -rf /⏎EOF
printf '%s⏎' 'rm -rf /' | bash
printf 'rm -rf /' | sh
eval rm -rf /
eval 'eval "rm -rf /"'
su -l bob -c 'rm -rf /'
su - -c 'rm -rf /'
runuser -u bob -- rm -rf /
trap -- 'rm -rf /' 0
function f { rm -rf /; }
f() ( rm -rf / )
until false; do rm -rf /; done
case $x in a) ls;; *) rm -rf /;; esac
ls || rm -rf /
ls | rm -rf /
ls & rm -rf /
! rm -rf /
echo "`rm -rf /`"
echo ${x/$(rm -rf /)/}
echo ${a[$(rm -rf /)]}
echo "${x:=$(rm -rf /)}"
((x=$(rm -rf /)))
x=`rm -rf /`
cat <(rm -rf /)
cat < <(rm -rf /)
diff <(ls) <(rm -rf /)
cat <<EOF⏎`rm -rf /`⏎EOF
cat <<EOF⏎${x:-$(rm -rf /)}⏎EOF
rm \⏎-rf /
"rm" "-rf" "/"
rm -rf '/'
rm -rf $'/'
$'\162\155' -rf /
rm -r{f,} /
{rm,-rf,/}
rm${IFS}-rf${IFS}/
bash <<EOF⏎rm -rf /
ls⏎rm -rf /
"#;
    all(table, Verdict::Deny, "deny.recursive_delete");
}
