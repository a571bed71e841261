//! Programs that run the program named in their arguments.
//!
//! Owns: the table of wrappers and how many words of their own they take. Must never end at an option it does not know:
//! then every later position is a candidate too (I10).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::compose::{composed, split_string};
use super::option::{Options, Parsed, read};
use super::runner;
use super::word::Arg;

/// What a wrapper runs.
#[derive(Debug, Default)]
pub(super) struct Inner {
    /// Candidate argument vectors; the first is the likely one.
    pub(super) argv: Vec<Vec<Arg>>,
    /// A code string for a shell.
    pub(super) code: Vec<Arg>,
    /// A directory it changes to first.
    pub(super) directory: Option<Arg>,
    /// It begins in the home of whom it changes to.
    pub(super) login: bool,
    /// The text that is replaced by input (xargs).
    pub(super) replaces: Option<Arg>,
    /// It names nothing to run and opens a shell, which reads its standard input.
    pub(super) shell: bool,
}

struct Wrapper {
    names: &'static [&'static str],
    short: &'static str,
    long: &'static str,
    /// Operands of its own before the program.
    before: usize,
    /// `NAME=value` words before the program are its own.
    assigns: bool,
}

const fn plain(names: &'static [&'static str], short: &'static str, long: &'static str) -> Wrapper {
    Wrapper { names, short, long, before: 0, assigns: false }
}

const fn after(names: &'static [&'static str], short: &'static str, long: &'static str) -> Wrapper {
    Wrapper { names, short, long, before: 1, assigns: false }
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        names: &["sudo", "sudoedit"],
        short: "ABbEeHhKklnPSsVviNu:g:p:C:c:D:R:r:t:T:U:",
        long: "user= group= prompt= close-from= chdir= chroot= role= type= command-timeout= host= other-user= \
         askpass background bell preserve-env? set-home login non-interactive preserve-groups \
         reset-timestamp stdin shell help list edit remove-timestamp validate version no-update",
        before: 0,
        assigns: true,
    },
    Wrapper {
        names: &["env"],
        short: "i0u:C:S:v",
        long: "ignore-environment null unset= chdir= split-string= block-signal? default-signal? ignore-signal? \
         list-signal-handling debug help version",
        before: 0,
        assigns: true,
    },
    plain(&["doas"], "Lnsu:C:", ""),
    plain(&["pkexec"], "u:", "user= disable-internal-agent keep-cwd"),
    plain(&["command"], "pvV", ""),
    plain(
        &[
            "builtin",
            "nohup",
            "coproc",
            "eatmydata",
            "fakeroot",
            "linux32",
            "linux64",
            "i386",
            "x86_64",
            "busybox",
            "toybox",
        ],
        "",
        "",
    ),
    plain(
        &[
            "sshpass",
            "cpulimit",
            "valgrind",
            "catchsegv",
            "dumb-init",
            "catatonit",
            "with-contenv",
            "proxychains",
            "proxychains4",
            "torsocks",
            "tsocks",
        ],
        "qf:",
        "",
    ),
    after(&["setarch"], "vBFILRSTXZ3v", "verbose addr-no-randomize show list uname-2.6"),
    plain(&["tini"], "sp:vwge:", ""),
    plain(&["exec"], "cla:", ""),
    plain(&["nice"], "n:0123456789", "adjustment="),
    after(&["runcon"], "ct:u:r:l:", "compute type= user= role= range="),
    after(&["faketime"], "mfp:", "exclude-monotonic help version"),
    plain(&["run0"], "u:g:D:", "user= group= chdir= nice= setenv= unit= property= slice= description="),
    plain(&["uclampset"], "m:M:aspvRh", "util-min= util-max= all-tasks system reset-on-fork"),
    plain(&["schroot"], "c:u:d:s:lipq", "chroot= user= directory= preserve-environment quiet"),
    plain(&["aa-exec"], "p:n:idv", "profile= namespace= immediate debug verbose"),
    after(&["logsave"], "asv", ""),
    plain(&["openvt"], "c:fulsvwe", "console= force switch user login wait exec verbose"),
    plain(&["chronic"], "ve", ""),
    plain(&["proot"], "0vhr:b:m:q:w:k:S:R:i:l", "rootfs= bind= cwd= root-id"),
    plain(&["daemonize"], "avp:l:u:c:e:o:E:", ""),
    plain(&["choom"], "n:p:", "adjust= pid="),
    plain(&["ifne"], "n", ""),
    plain(&["entr"], "acdnprsz", ""),
    plain(&["ssh-agent"], "cskDda:E:O:P:t:", ""),
    plain(&["gdb"], "qnx:", "args quiet batch"),
    plain(&["bwrap"], "", ""),
    plain(
        &["ld.so", "ld-linux.so.2", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"],
        "",
        "library-path= preload= argv0= inhibit-cache list verify",
    ),
    after(&["timeout"], "k:s:vpf", "kill-after= signal= preserve-status foreground verbose help version"),
    plain(&["time"], "o:f:apvqV", "output= format= append portability verbose quiet help version"),
    plain(&["screen"], "aAdDlmqrRxXfioUvVLhS:c:e:p:s:t:T:", ""),
    plain(&["setsid"], "cfwVh", "ctty fork wait help version"),
    plain(&["stdbuf"], "i:o:e:", "input= output= error= help version"),
    plain(&["ionice"], "c:n:p:P:u:t", "class= classdata= pid= pgid= uid= ignore"),
    after(
        &["chrt"],
        "abdfmoiprRT:P:D:v",
        "sched-runtime= sched-period= sched-deadline= all-tasks batch deadline fifo idle other rr \
         reset-on-fork max pid verbose",
    ),
    after(&["taskset"], "apc", "all-tasks pid cpu-list"),
    after(&["chroot"], "", "userspec= groups= skip-chdir"),
    after(&["gosu", "su-exec", "s6-setuidgid", "setuidgid"], "", ""),
    plain(
        &["s6-setlock", "s6-softlimit", "s6-envuidgid", "softlimit", "chpst"],
        "u:U:b:e:/:C:n:l:L:m:o:p:f:c:r:t:P012v",
        "",
    ),
    plain(
        &["xargs"],
        "0rtxpoa:d:E:I:L:n:P:s:e::i::l::",
        "arg-file= delimiter= eof? replace? max-lines? max-args= max-procs= max-chars= null \
         no-run-if-empty verbose exit interactive open-tty process-slot-var= show-limits",
    ),
    plain(
        &["parallel"],
        "0kvj:a:I:n:N:L:P:d:S:X",
        "jobs= arg-file= keep-order null max-args= dry-run bar progress halt= joblog= delay= timeout= \
         retries= colsep= will-cite",
    ),
    plain(
        &["setpriv"],
        "dh",
        "reuid= regid= ruid= euid= rgid= egid= groups= inh-caps= ambient-caps= bounding-set= securebits= \
         selinux-label= apparmor-profile= pdeathsig= clear-groups no-new-privs init-groups keep-groups \
         nnp dump reset-env list-caps",
    ),
    plain(
        &["unshare"],
        "imnpuUCTrcfR:S:G:w:l:",
        "mount? uts? ipc? net? pid? user? cgroup? time? fork map-root-user map-current-user map-user= \
         map-group= map-users= map-groups= map-auto kill-child? mount-proc? propagation= setgroups= root= \
         wd= setuid= setgid= keep-caps monotonic= boottime=",
    ),
    plain(
        &["nsenter"],
        "amuinpCUTrwWFZS:G:t:",
        "target= all mount? uts? ipc? net? pid? cgroup? user? time? setuid= setgid= root? wd? wdns= \
         no-fork preserve-credentials",
    ),
    plain(
        &["ltrace"],
        "bcCfhiLrStTVa:A:D:e:F:l:n:o:p:s:u:w:x:X:",
        "align= config= debug= demangle indent= library= output= no-signals version help where=",
    ),
    plain(
        &["strace"],
        "cCdDfFhiknqrtTvVwxXyYza:b:e:E:I:o:O:p:P:s:S:u:U:l:A:",
        "output= trace= follow-forks user= env= columns= string-limit=",
    ),
    plain(
        &["systemd-run"],
        "tPqGrSdHM:p:u:E:",
        "unit= property= description= slice= uid= gid= nice= working-directory= setenv= host= machine= \
         user system scope pty pipe wait collect quiet shell on-active= on-boot= on-calendar= on-startup= \
         timer-property= remain-after-exit same-dir no-block no-ask-password",
    ),
    plain(&["systemd-inhibit"], "", "what= who= why= mode= list"),
    plain(
        &[
            "dbus-run-session",
            "xvfb-run",
            "rlwrap",
            "unbuffer",
            "caffeinate",
            "firejail",
            "prlimit",
            "numactl",
        ],
        "ae:f:n:s:l:w:pc:m:N:C:",
        "config-file= server-args= server-num= error-file=",
    ),
    plain(&["cgexec"], "g:", "sticky"),
    plain(
        &["start-stop-daemon"],
        "SKbmqtvoc:u:g:x:a:n:p:d:r:N:s:R:k:",
        "start exec= startas= chuid= user= group= pidfile= chdir= background make-pidfile name=",
    ),
    after(
        &["flock"],
        "seunoFxw:E:v",
        "shared exclusive unlock nonblock nb timeout= wait= conflict-exit-code= close no-fork verbose",
    ),
];

/// Every command is asked about, so that a look through the table would be a large part of the work.
static BY_NAME: LazyLock<HashMap<&str, &Wrapper>> = LazyLock::new(|| {
    let named = |wrapper: &'static Wrapper| wrapper.names.iter().map(move |name| (*name, wrapper));
    WRAPPERS.iter().flat_map(named).collect()
});

/// What the program runs, if it is a wrapper.
pub(super) fn inner(name: &str, args: &[Arg]) -> Option<Inner> {
    if let Some(found) = runner::inner(name, args) {
        return Some(found);
    }
    let wrapper = BY_NAME.get(name)?;
    let parsed = read(&table(wrapper.short, wrapper.long), args);
    if name == "command" && parsed.has(&["v", "V"]) {
        return Some(Inner::default());
    }
    let mut result = Inner {
        directory: parsed.values(&["C", "D", "chdir", "working-directory"]).first().map(|arg| (*arg).clone()),
        replaces: (name == "xargs" || name == "parallel")
            .then(|| parsed.options.iter().find(|(name, _)| matches!(name.as_str(), "I" | "i" | "replace")))
            .flatten()
            .map(|(_, value)| value.clone().unwrap_or_else(|| Arg::plain("{}"))),
        ..Inner::default()
    };
    if !matches!(name, "env" | "sudo") {
        result.directory = None;
    }
    if name == "env" {
        // Its text is no shell's, but whoever writes one into it means it.
        result.code.extend(parsed.values(&["S", "split-string"]).into_iter().map(|code| {
            let mut words = vec![code.clone()];
            words.extend_from_slice(&parsed.operands);
            join(&words)
        }));
        result.code.extend(split_string(args));
    }
    let mut operands = parsed.operands.as_slice();
    // `env -` is `env -i`.
    if name == "env" && operands.first().is_some_and(|arg| arg.text() == "-") {
        operands = &operands[1..];
    }
    if wrapper.assigns {
        let own = operands.iter().take_while(|arg| assignment(arg)).count();
        operands = &operands[own..];
    }
    if name == "flock" {
        let code = operands.get(1).filter(|arg| matches!(arg.text(), "-c" | "--command"));
        if code.is_some() {
            result.code.extend(operands.get(2).cloned());
            return Some(result);
        }
    }
    operands = operands.get(wrapper.before..).unwrap_or_default();
    result.shell = operands.is_empty() && opens_shell(name, &parsed);
    result.argv.push(operands.to_vec());
    if name == "runcon" {
        // With options it has no context of its own.
        result.argv.push(parsed.operands.clone());
    }
    if name == "setarch" {
        // Its architecture may be left out, and options may come behind it.
        result.argv.push(parsed.operands.clone());
        result.argv.push(read(&table(wrapper.short, wrapper.long), operands).operands);
    }
    if name == "start-stop-daemon" {
        let mut words: Vec<Arg> =
            parsed.values(&["x", "exec", "a", "startas"]).into_iter().cloned().collect();
        words.extend_from_slice(operands);
        result.argv.push(words);
    }
    if !parsed.unknown.is_empty() {
        // Options of bubblewrap have up to two values each.
        let most = if name == "bwrap" { 24 } else { 3 };
        result.argv.extend((1..operands.len().min(most)).map(|at| operands[at..].to_vec()));
    }
    result.login = name == "sudo" && parsed.has(&["i", "login"]);
    if name == "sudo" && parsed.has(&["h"]) {
        // `-h` with a word behind it is a host.
        let behind = operands.get(1..).and_then(|rest| inner(name, rest));
        result.argv.extend(behind.into_iter().flat_map(|found| found.argv));
    }
    if name == "parallel" {
        result.code.extend(composed(operands));
    }
    Some(result)
}

pub(super) fn table(short: &'static str, long: &'static str) -> Options {
    Options { short, long, denied: "", abbreviates: true, stops: true }
}

pub(super) fn assignment(arg: &Arg) -> bool {
    arg.text()
        .split_once('=')
        .is_some_and(|(name, _)| !name.is_empty() && !name.starts_with('-') && !name.contains('/'))
}

/// Whether a wrapper that is given no program opens a shell.
fn opens_shell(name: &str, parsed: &Parsed) -> bool {
    match name {
        "sudo" | "doas" => parsed.has(&["s", "i", "shell", "login"]),
        "systemd-run" => parsed.has(&["S", "shell"]),
        "pkexec" | "chroot" | "unshare" | "nsenter" | "fakeroot" | "setarch" | "linux32" | "linux64"
        | "screen" | "firejail" => true,
        _ => false,
    }
}

/// Joins words with blanks, as `eval` does.
pub(super) fn join(args: &[Arg]) -> Arg {
    if let Some(words) = args.iter().map(Arg::literal).collect::<Option<Vec<&str>>>() {
        return Arg::plain(words.join(" "));
    }
    let mut units = Vec::new();
    for (at, arg) in args.iter().enumerate() {
        if at > 0 {
            units.push(super::glob::Unit::Lit(' '));
        }
        units.extend(arg.units().iter().cloned());
    }
    Arg::new(units, true)
}
