//! The judge on A: what runs without a question.

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

/// A: any options (P1).
#[test]
fn a_tools_that_only_read_are_allowed() {
    let table = r#"
ls -la
pwd
cat README.md
cat README.md | head -n 5 | wc -l
ls -la / && df -h ; free -m
grep -rn 'needle' src
grep -n "foo$" src/main.rs
echo "hello world"
cat file 2>/dev/null
ls missing 2>&1 | head
cd src && ls
/bin/ls /usr
wc -l src/*.rs
stat -c '%s' Cargo.toml
cat /proc/cpuinfo
du -sh .
which python3
cat ~/notes.txt
echo /var/lib/metatron
grep '/var/lib/metatron' README.md
grep -f patterns.txt y
grep -e /etc/metatron README.md
cat /etc/metatronics
cat /etc/hostname
ls -la --color=auto src
cat -A file
head -c 100 x
nl -ba x
cut -d: -f1 /etc/passwd
tr a-z A-Z < x
echo -e 'a\tb'
basename /a/b
stat x && wc -l x || echo no
ls; pwd
ls⏎pwd
df -h /
uname -a
id -u
diff a b
diff -u a.txt b.txt
comm -12 a b
paste a b
join a b
column -t x
seq 1 10
od -c x
strings bin/x
grep -i error log.txt
grep 'a\|b' x
grep -c '^#' x
grep -rn foo .
grep -r --include='*.rs' foo src
type ls
cd ~/work/src
cd .. && ls
cat 'my file.txt'
cat "my file.txt"
cat my\ file.txt
ls *.md
ls src/*.rs
head -n 3 docs/*.md
grep -n 'fn main' src/*.rs
ls >/dev/null
ls &>/dev/null
ls 2>&1
ls >&2
ls 1>&2
wc -l < x
cat x.json | jq '.a.b'
cat x | sed -n 1,5p
/usr/bin/wc -l x
cat /proc/meminfo
cat /proc/uptime /proc/version
cat /etc/os-release
echo 'a $HOME b'
echo a\$b
echo "100%"
echo hello!
readlink -f x
realpath .
du -h --max-depth=1 .
sha256sum x
nproc --all
free -h
uptime -p
which ls
cmp a b
tac x
dirname a/b
"#;
    all(table, Verdict::Allow, "allow.reads_only");
}

/// A: listed options only (P1, I9).
#[test]
fn a_listed_options_are_allowed() {
    let table = r"
find . -name '*.rs' -type f
rg -n --hidden TODO
tree -L 2
ps aux
ps -ef | grep node
date +%F
date -u
printf '%s⏎' hello
jq '.name' package.json
sed -n '1,20p' file.txt
sort -u < names.txt
command -v git
tail -n 20 log.txt
tail -20 log.txt
uniq -c sorted.txt
base64 -d x.b64
xxd -l 16 a.bin
hostname
file a.bin
rg /etc/metatron src
find . -name metatron
sort x | uniq -c | sort -rn | head
sort -t, -k2,2n x
sort --reverse x
sort --rev x
sort --key=2 x
uniq -d
find src -type f -name '*.rs' -size +10k
find . -maxdepth 2 -type d
find . -mtime -1 -print
find . -name a -o -name b
find . \( -name a -o -name b \) -print
find . -not -name a
find . -newer x
find . -printf '%p⏎'
find . -type f | wc -l
rg foo
rg -i foo src
rg -l 'x y' --type rust
rg -g '*.rs' foo
rg --files
rg -A 3 -B 2 foo src
rg foo src/*.rs
tree
tree -a -L 3 src
tree -I 'node_modules|target'
file README.md
file -b --mime-type x
date
date '+%Y-%m-%d %H:%M'
date -d '2 days ago' +%s
date -Iseconds
date --iso-8601=seconds
date -r x
hostname -s
ps
ps -e
ps aux --sort=-%mem
ps -eo pid,ppid,cmd
ps -p 1
ps axo pid,comm
ps -u agent
printf 'a⏎'
printf '%5.2f⏎' 3.14
base64 x
base64 -w0 x
jq . x.json
jq -r '.a[] | .b' x.json
jq -c 'map(.x)' < x.json
jq --arg a b '.x == $a' x.json
sed -n '5p' x
sed -n 10,20p x
xxd x
xxd -c 8 -g1 x
command -v ls cat
";
    all(table, Verdict::Allow, "allow.reads_only");
}
