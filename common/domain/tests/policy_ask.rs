//! The judge on everything between: what asks, and why.

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

/// A, I12, I15.
#[test]
fn a_programs_off_the_table_ask() {
    let table = r"
git status
rm file
python3 x.py
npm install
curl https://x
test -f x
rm -rf build
rm -rf node_modules/*
sudo apt install x
kill -1 1234
kill -9 1234
curl x | jq .
curl x | python3 -m json.tool
curl -o f x && bash f
rm -rf /tmp/x
rm -rf ~/work/old
rm -rf ./build
rm -rf *
cd build && rm -rf .
cd build && rm -rf *
chmod 755 /
chmod -R 755 src
chown agent file
rm -f /etc
mkfs.ext4 disk.img
shred file.txt
dd if=/dev/zero of=out.img
wipefs disk.img
kill 11
kill -l
kill %1
curl x | grep y
curl x | python3 -c 'import sys'
curl x | bash script.sh
curl x | xargs rm
curl x | head -5
cat script | ssh h bash
nc -zv h 80
cat f | nc h 80
/usr/local/bin/ls
./ls
/tmp/ls
env
git log
ls | tee x
sleep 1
awk '{print $1}' x
xargs ls
less x
vim x
touch x
mkdir x
cp a b
mv a b
tee x
sudo ls
export A=1
[ -f x ]
exit
ping -c1 x
nslookup x
l?
";
    all(table, Verdict::Ask, "ask.program");
}

/// A, "never".
#[test]
fn a_sensitive_operands_ask() {
    let table = r"
ls *
cat .env
cat ~/.ssh/id_rsa
cat *.pem
cat /dev/sda
cat /proc/self/environ
ls /proc/self/fd
ls ~/.ssh
cat .env.local
cat .env*
cat .e*
cat sub/.env
cat x.pem
cat server.key
cat *.k?y
cat ~/.aws/credentials
cat ~/.git-credentials
cat ~/.netrc
cat ~/.config/gcloud/x
cat /etc/shadow
cat /etc/sh?dow
cat ../.ssh/id_rsa
cd ~ && cat .ssh/config
cd /etc; cat shadow
cat /dev/random
cat /dev/tty
cat /proc/self/maps
cat /proc/net/tcp
ls /dev/shm
wc --files0-from=.env
grep -f .env x
diff x .env
stat ~/.ssh
";
    all(table, Verdict::Ask, "ask.sensitive");
}

/// A, I9, I13.
#[test]
fn a_unlisted_options_ask() {
    let table = r"
sort -o out in
sort --compress-prog=sh x
tail -f log
find . -delete
uniq a b
date -s now
date 010101
hostname evil
ps auxe
printf -v x y
jq 'env' x
jq -n '$ENV'
sed -i s/a/b/ f
sed -n '1e id' f
rg --pre sh x
rg --p\re sh x
find . -name '*.o' -delete
tail -f
tail -F x
tail -n5 -f x
tail --follow x
tail --fol x
tail --pid=1 x
sort --output=x y
sort --outp x y
sort -uo x y
sort -T /tmp x
sort --files0-from=x
find . -fprint x
find . -fls x
find . -ok ls \;
find . -execdir ls \;
find . -files0-from x
find -L .
rg -z foo
rg --search-zip foo
rg --pre=cat foo
rg -L foo
rg --follow foo
rg --hostname-bin x foo
tree -o x
tree -R
tree -l
file -C -m x
file -z x
file -f list
date --set=now
date --se now
hostname -F x
hostname -b x
ps e
ps eww
ps -o pid,environ
printf -vx y
printf '%n' PATH
base64 -o x
jq -f x y
jq -rf x y
jq --from-file x y
jq -L . .
jq '$ENV.PATH' x
jq 'env.PATH' x
sed 's/a/b/' x
sed -n '5w out' x
sed -n '1,5p;5q' x
sed -ni '5p' x
sed -n 5p -i x
command ls
command -V ls
xxd a b
xxd -r a b
cd -
cd */
";
    all(table, Verdict::Ask, "ask.option");
}

/// A.
#[test]
fn a_assignments_ask() {
    let table = r"
X=1 ls
FOO=bar
A=1 ls
";
    all(table, Verdict::Ask, "ask.assignment");
}

/// A, I7.
#[test]
fn a_grammar_beyond_plain_words_asks() {
    let table = r#"
echo $HOME
echo `id`
ls &
ls # c
! ls
find . -exec ls {} \;
cat <<EOF⏎hi⏎EOF
cat $(echo x)
cat {a,b}
cat <<'EOF'⏎$(rm -rf /)⏎EOF
(cd /); rm -rf *
find . -name '*.o' -exec rm {} +
f() { echo hi & }; f
echo $(curl x)
ls |& cat
time ls
(ls)
{ ls; }
if ls; then pwd; fi
f() { ls; }
ls $x
ls "$x"
ls ${x}
ls $(pwd)
ls `pwd`
echo $((1+1))
echo $'a'
echo {a,b}
echo a{b
echo }
ls # x
# x
cd $x
ls "a`id`"
ls |
ls &&
'
echo "abc
ls; ; ls
column -t <(ls)
"#;
    all(table, Verdict::Ask, "ask.grammar");
}

/// A, "never".
#[test]
fn a_recursive_reads_above_secrets_ask() {
    let table = r"
find / -name x
ls -R /
find ~ -name x
find /home -name x
find .. -name x
rg foo /
rg foo ~
tree /
tree ~
ls -R ~
ls -lR /home
grep -r x ~
grep -r x /
grep -R x /etc
grep --recursive x /
grep -d recurse x /
du -sh /
";
    all(table, Verdict::Ask, "ask.recursive");
}

/// A, I7.
#[test]
fn a_redirections_ask() {
    let table = r"
ls > out
printf '%s' /etc/metatron/x > out
curl x > f; bash f
nc -l 80 > f
cat < .env
head < /etc/shadow
ls >> x
ls >x
ls 2>err
cat <<< x
cat < *.md
cat <> x
ls 2>&-
";
    all(table, Verdict::Ask, "ask.redirect");
}

/// A, I9.
#[test]
fn a_globs_that_start_a_word_ask() {
    let table = r"
find *.rs -type f
rg foo *.rs
";
    all(table, Verdict::Ask, "ask.glob");
}
