//! What allowed commands really do, told by the kernel (P2): they run under `strace` as a user without rights, and no
//! call of theirs may execute a program outside the table, open a file to write, remove, rename or connect.
//!
//! Owns: the generator and the reading of the trace. One `strace` watches a whole batch. The C library's own look into
//! `/var/run/nscd/socket`, which it does for every name of a user, is no connection of the command.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use metatron_domain::policy::{Setting, Verdict, judge};

/// Tools of the table with options; the operands come from [`OPERANDS`].
const TOOLS: &[(&str, &[&str])] = &[
    ("ls", &["-la", "-1tr", "-R", "--color=always", "-ln", "-i", "--full-time"]),
    ("cat", &["-A", "-n", "-s"]),
    ("head", &["-n 2", "-c 5", "-q"]),
    ("tail", &["-n 2", "-c 5", "-n +2", "-v", "--lines=1"]),
    ("wc", &["-l", "-c", "-mw", "-L"]),
    ("nl", &["-ba"]),
    ("tac", &["-b"]),
    ("cut", &["-c1-3", "-d, -f1"]),
    ("basename", &["-a"]),
    ("dirname", &["-z"]),
    ("realpath", &["-m", "-s"]),
    ("readlink", &["-f", "-e"]),
    ("stat", &["-c %s", "-t", "-f"]),
    ("du", &["-sh", "-a", "--max-depth=1", "-b"]),
    ("df", &["-h", "-T", "-i"]),
    ("md5sum", &["-b", "--tag"]),
    ("sha256sum", &["-b"]),
    ("paste", &["-s", "-d,"]),
    ("column", &["-t", "-s,"]),
    ("od", &["-An -tx1", "-c", "-N 4"]),
    ("strings", &["-n 3", "-t x"]),
    ("grep", &["-n a", "-c b", "-rn c", "-il d", "-E 'a|b'", "-o x", "-w y", "-A1 a"]),
    ("sort", &["-n", "-r", "-u", "-k2", "-t, -k1", "-R", "-V", "--debug", "-c"]),
    ("find", &["", "-name a", "-type f", "-maxdepth 1 -ls", "-size -1k -printf '%p\\n'", "-empty -print0"]),
    ("file", &["-b", "-i", "--mime-type", "-k"]),
    ("jq", &[".", "-r .a", "-c '.[]?'", "-S keys", "-n '1+1'", "-s length"]),
    ("sed", &["-n 1p", "-n '1,2p'"]),
    ("base64", &["-w0", "-d", "-i"]),
    ("uniq", &["-c", "-d", "-i"]),
    ("xxd", &["-l 8", "-p", "-s 2", "-b"]),
    ("cmp", &["-s a.txt", "-l a.txt"]),
    ("diff", &["-u a.txt", "-q a.txt", "-y a.txt", "-r sub"]),
    ("comm", &["a.txt", "-12 a.txt"]),
    ("join", &["a.txt"]),
];
/// Tools without operands.
const ALONE: &[&str] = &[
    "pwd",
    "true",
    "false",
    "free -m",
    "uptime",
    "uptime -p",
    "uname -a",
    "whoami",
    "id",
    "id -un",
    "nproc",
    "ps",
    "ps aux",
    "ps -ef",
    "ps -eo pid,args",
    "date",
    "date +%F",
    "date -d yesterday",
    "date -r a.txt",
    "hostname",
    "hostname -I",
    "seq 3",
    "echo a b",
    "printf '%s\\n' a",
    "command -v ls",
    "type ls cd",
    "which ls",
    "cd sub",
    "cd ..",
    "tr a-z A-Z",
    "df -h",
];
const OPERANDS: &[&str] = &[
    "a.txt",
    "b.csv",
    "c.json",
    "sub",
    "sub/d.txt",
    ".",
    "missing",
    "'with blank.txt'",
    "./a.txt",
    "*.txt",
    "*.json",
    "-- a.txt",
    "a.txt b.csv",
    "/etc/hostname",
    "/proc/cpuinfo",
    "~/work",
    "../work/a.txt",
    "/bin/true",
    "a*.txt",
    "",
];
const TAILS: &[&str] =
    &["", "", "", " 2>/dev/null", " > /dev/null", " 2>&1", " < a.txt", " &>/dev/null", " >&2"];
const JOINTS: &[&str] = &[" && ", " || ", "; ", "\n", " | ", " | "];

/// A deterministic choice: the same seed makes the same commands (splitmix64).
struct Dice(u64);

impl Dice {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let at = usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap_or(0);
        from[at % from.len()]
    }

    fn simple(&mut self) -> String {
        if self.pick(&[true, false, false, false]) {
            return self.pick(ALONE).to_owned() + self.pick(TAILS);
        }
        let (name, options) = self.pick(TOOLS);
        let place = self.pick(&["", "", "", "/usr/bin/"]);
        let (options, operand, tail) = (self.pick(options), self.pick(OPERANDS), self.pick(TAILS));
        if name == "find" {
            format!("{place}find {} {options}{tail}", operand.trim_start_matches("-- "))
        } else {
            format!("{place}{name} {options} {operand}{tail}")
        }
    }

    fn command(&mut self) -> String {
        let mut text = self.simple();
        for _ in 0..self.pick(&[0, 0, 1, 1, 2, 3]) {
            text += self.pick(JOINTS);
            text += &self.simple();
        }
        text
    }
}

/// Judges and runs commands until this many were allowed; what the kernel saw against the text.
fn watch(seed: u64, count: usize) {
    let scratch = std::env::temp_dir().join(format!("judge-oracle-{}-{seed}", std::process::id()));
    let work = scratch.join("home/work");
    std::fs::create_dir_all(work.join("sub")).expect("a folder");
    for (name, text) in [
        ("a.txt", "a b\nc d\n"),
        ("b.csv", "1,2\n"),
        ("c.json", "{\"a\":[1]}\n"),
        ("with blank.txt", "x\n"),
        ("sub/d.txt", "d\n"),
    ] {
        std::fs::write(work.join(name), text).expect("a file");
    }
    let (home, cwd) = (scratch.join("home").display().to_string(), work.display().to_string());
    let setting = Setting { cwd: &cwd, home: &home, workspace: &cwd, user: "nobody", ..Setting::default() };
    let mut dice = Dice(seed);
    let mut tried = 0_usize;
    let mut wrong = String::new();
    let mut left = count;
    while left > 0 {
        let mut batch = Vec::new();
        while batch.len() < left.min(500) {
            let command = dice.command();
            tried += 1;
            assert!(tried < count * 4, "the generator makes too few commands that are allowed");
            if judge(command.as_bytes(), &setting).verdict == Verdict::Allow {
                batch.push(command);
            }
        }
        left -= batch.len();
        let trace = run(&scratch, &work, &home, &batch);
        for line in trace.lines().filter(|line| is_effect(line)) {
            let process = line.split(']').next().unwrap_or_default();
            let program =
                trace.lines().find(|other| other.starts_with(process) && other.contains("execve(\"/usr"));
            let _ = writeln!(wrong, "{line}\n    {}", program.unwrap_or("the shell itself"));
        }
    }
    std::fs::remove_dir_all(&scratch).expect("the scratch folder goes away");
    assert!(wrong.is_empty(), "allowed commands did more than read (seed {seed}):\n{wrong}");
}

/// One `strace` around a shell that gives each command to a shell of its own, as the product does.
fn run(scratch: &Path, work: &Path, home: &str, batch: &[String]) -> String {
    let list = scratch.join("commands");
    std::fs::write(&list, batch.join("\0") + "\0").expect("the commands");
    let calls = "execve,execveat,open,openat,creat,unlink,unlinkat,rename,renameat,renameat2,rmdir,mkdir,mkdirat,link,linkat,\
                 symlink,symlinkat,truncate,ftruncate,chmod,fchmod,fchmodat,chown,fchown,fchownat,connect,bind,mknod,mknodat";
    let driver = "while IFS= read -r -d '' c <&9; do (exec -a judged /bin/bash --noprofile --norc -c \"$c\") </dev/null; done";
    // Root becomes nobody; anybody else is without rights already.
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let mut strace = Command::new("setpriv");
    if root {
        strace.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    strace
        .args([
            "--no-new-privs",
            "strace",
            "--seccomp-bpf",
            "-f",
            "-qq",
            "-s",
            "256",
            "-e",
            "signal=none",
            "-e",
            &format!("trace={calls}"),
        ])
        .args(["/bin/bash", "--noprofile", "--norc", "-c"])
        .arg(format!("exec 9<'{}' >/dev/null; {driver} 2>/dev/null", list.display()))
        .env_clear()
        .envs([
            ("PATH", "/usr/bin:/bin"),
            ("HOME", home),
            ("USER", "nobody"),
            ("LANG", "C"),
            ("TERM", "xterm"),
        ])
        .current_dir(work)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let output = strace.output().expect("setpriv and strace are installed");
    let trace = String::from_utf8_lossy(&output.stderr).into_owned();
    let started = trace.lines().filter(|line| line.contains("[\"judged\"") && line.ends_with("= 0")).count();
    assert_eq!(
        started,
        batch.len(),
        "every command ran: {}",
        trace.lines().take(5).collect::<Vec<_>>().join("\n")
    );
    trace
}

/// Whether a line of the trace is more than reading.
fn is_effect(line: &str) -> bool {
    let call =
        line.strip_prefix("[pid").and_then(|rest| rest.split_once("] ")).map_or(line, |(_, call)| call);
    let path = call.split('"').nth(1).unwrap_or_default();
    if call.starts_with("<...") || call.starts_with("+++") || call.starts_with("---") {
        return false;
    }
    if call.starts_with("execve(") {
        let name = path.trim_start_matches("/usr/bin/").trim_start_matches("/bin/");
        let known = TOOLS.iter().any(|(tool, _)| *tool == name)
            || ALONE.iter().any(|command| command.split(' ').next() == Some(name))
            // The driver, the judged shells themselves, and names that were looked for along PATH.
            || path == "/bin/bash"
            || !call.ends_with("= 0");
        return !known;
    }
    // `sort` and `tac`, which the list names outright, keep what they cannot seek in files of their own, new each time
    // and gone afterwards.
    if ["/tmp/sort", "/tmp/tac"].iter().any(|own| path.strip_prefix(own).is_some_and(|rest| rest.len() == 6))
    {
        let own = ["O_CREAT|O_EXCL", "O_RDONLY"].iter().any(|flags| call.contains(flags));
        return !(own || call.starts_with("unlink"));
    }
    if call.starts_with("open") {
        let writes =
            ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"].iter().any(|flag| call.contains(flag));
        return writes && !matches!(path, "/dev/null" | "/dev/tty");
    }
    if call.starts_with("connect(") {
        return !call.contains("/run/nscd/socket");
    }
    if call.starts_with("bind(") {
        // `hostname -I` asks the kernel itself for the addresses.
        return !call.contains("AF_NETLINK");
    }
    true
}

/// P2: the smoke of every gate.
#[test]
fn p2_two_thousand_allowed_commands_only_read() {
    watch(1, 2_000);
}

/// P2: the long run, `.ci/run oracle`; `ORACLE` says how many, `SEED` where the dice begin.
#[test]
#[ignore = "minutes: the named step runs it"]
#[expect(clippy::disallowed_methods, reason = "whoever starts the long run says how long")]
fn p2_a_hundred_thousand_allowed_commands_only_read() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count = number("ORACLE").unwrap_or(100_000);
    watch(number("SEED").unwrap_or(2), usize::try_from(count).expect("a count"));
}
