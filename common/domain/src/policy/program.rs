//! Interpreters and network programs: who they are, and where an interpreter's program comes from.
//!
//! Owns: the names that D5 and D6 speak of. Must never decide a verdict.

use super::option::{Options, read};
use super::word::Arg;

/// Where an interpreter takes its program from.
#[derive(Debug)]
pub(super) enum Source {
    /// A code string.
    Code(Arg),
    /// A file operand.
    File(Arg),
    /// Standard input.
    Stdin,
    /// A code string that is still to be appended, by `xargs`.
    Appended,
    /// The program is elsewhere: a module, or nothing runs.
    Other,
}

const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "rbash", "rzsh", "yash", "posh", "fish",
    "csh", "tcsh", "oksh", "loksh", "osh",
];

/// Whether this is a shell.
pub(super) fn is_shell(name: &str) -> bool {
    SHELLS.contains(&name)
}

/// Whether this runs programs written in a language of its own, or a shell.
pub(super) fn is_interpreter(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    is_shell(name)
        || matches!(
            stem,
            "python"
                | "pypy"
                | "perl"
                | "ruby"
                | "node"
                | "nodejs"
                | "php"
                | "lua"
                | "luajit"
                | "tclsh"
                | "wish"
                | "expect"
                | "rscript"
                | "Rscript"
                | "deno"
                | "bun"
                | "pwsh"
                | "powershell"
                | "irb"
                | "guile"
                | "jshell"
                | "groovy"
                | "julia"
                | "scala"
                | "elixir"
                | "osascript"
                | "ipython"
                | "ts-node"
                | "tsx"
                | "nu"
                | "elvish"
                | "xonsh"
                | "R"
                | "octave"
                | "raku"
                | "racket"
                | "swipl"
                | "sbcl"
                | "ghci"
                | "iex"
                | "clojure"
                | "bb"
                | "jruby"
                | "ocaml"
                | "erl"
                | "escript"
                | "qjs"
                | "micropython"
                | "clisp"
                | "janet"
                | "kotlin"
                | "groovysh"
                | "csi"
                | "gjs"
                | "dart"
        )
}

/// Whether this program fetches from, or speaks to, the network.
pub(super) fn is_network(name: &str) -> bool {
    is_raw_network(name)
        || matches!(
            name,
            "curl"
                | "wget"
                | "wget2"
                | "ssh"
                | "scp"
                | "sftp"
                | "ftp"
                | "tftp"
                | "lftp"
                | "ncftp"
                | "ncftpget"
                | "lynx"
                | "w3m"
                | "links"
                | "links2"
                | "elinks"
                | "aria2c"
                | "http"
                | "https"
                | "httpie"
                | "xh"
                | "xhs"
                | "fetch"
                | "rsync"
                | "dig"
                | "nslookup"
                | "host"
                | "whois"
                | "drill"
                | "kdig"
                | "ping"
                | "gh"
                | "glab"
                | "aws"
                | "gsutil"
                | "gcloud"
                | "az"
                | "s3cmd"
                | "rclone"
                | "kubectl"
                | "mosh"
                | "curlie"
                | "axel"
                | "GET"
                | "lwp-request"
                | "smbclient"
                | "finger"
                | "rsh"
                | "rlogin"
                | "irc"
                | "mail"
                | "fetchmail"
                | "snmpwalk"
                | "redis-cli"
                | "websocat"
                | "grpcurl"
                | "gnutls-cli"
                | "lwp-download"
                | "wscat"
                | "yt-dlp"
                | "ssh-keyscan"
                | "autossh"
                | "mosquitto_sub"
                | "ipfs"
                | "hxget"
                | "snarf"
                | "azcopy"
                | "s5cmd"
                | "wormhole"
                | "croc"
                | "oras"
                | "skopeo"
                | "curlftpfs"
        )
}

/// Whether a network program is asked for what it knows itself.
pub(super) fn stays_here(name: &str, args: &[Arg]) -> bool {
    matches!(name, "kubectl" | "gh" | "glab" | "rclone")
        && args.first().is_some_and(|arg| arg.text() == "completion")
}

/// `git`'s own options whose value is the next word.
const GIT_VALUES: &[&str] =
    &["-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env", "--super-prefix"];

/// Whether a version control system talks to another machine.
pub(super) fn exchanges(name: &str, args: &[Arg]) -> bool {
    let parts: &[&str] = match name {
        "git" => &["clone", "fetch", "pull", "push", "ls-remote", "submodule", "send-email"],
        "hg" | "bzr" => &["clone", "pull", "push", "incoming", "outgoing"],
        "svn" | "cvs" => return true,
        _ => return false,
    };
    let words: Vec<&str> = args.iter().map(Arg::text).collect();
    // `git -C folder pull`: the value of an option is not what git is asked.
    let is_value = |at: usize| at > 0 && matches!(words[at - 1], "-C" | "-c" | "--git-dir" | "--work-tree");
    let part = words.iter().enumerate().find(|(at, word)| !word.starts_with('-') && !is_value(*at));
    part.is_some_and(|(_, word)| parts.contains(word))
}

/// Whether its words make a program fetch that does other things as well.
pub(super) fn fetches(name: &str, args: &[Arg]) -> bool {
    match name {
        "openssl" => args.first().is_some_and(|arg| arg.text() == "s_client"),
        "git" => {
            let mut at = 0;
            while let Some(text) = args.get(at).map(Arg::text).filter(|text| text.starts_with('-')) {
                at += if GIT_VALUES.contains(&text) { 2 } else { 1 };
            }
            let part = args.get(at).map(Arg::text).unwrap_or_default();
            // `archive --remote`, however it is shortened.
            let remote = |arg: &Arg| {
                arg.text().split('=').next().is_some_and(|it| it.len() > 4 && "--remote".starts_with(it))
            };
            matches!(
                part,
                "clone"
                    | "fetch"
                    | "pull"
                    | "push"
                    | "ls-remote"
                    | "fetch-pack"
                    | "send-pack"
                    | "http-fetch"
                    | "remote-http"
                    | "remote-https"
            ) || (part == "archive" && args.iter().any(remote))
                || (matches!(part, "remote" | "submodule")
                    && args.iter().any(|arg| matches!(arg.text(), "update" | "show" | "add")))
        }
        "svn" => args
            .iter()
            .any(|arg| matches!(arg.text(), "cat" | "export" | "checkout" | "co" | "update" | "up")),
        _ => false,
    }
}

/// Whether this is a raw network client.
pub(super) fn is_raw_network(name: &str) -> bool {
    matches!(
        name,
        "nc" | "ncat"
            | "netcat"
            | "nc.traditional"
            | "nc.openbsd"
            | "socat"
            | "telnet"
            | "cryptcat"
            | "pwncat"
            | "sbd"
            | "nc6"
            | "rlwrap-nc"
            | "websocat"
            | "socket"
            | "chisel"
    )
}

fn is_stdin(arg: &Arg) -> bool {
    arg.text() == "-" || super::stream::is_stdin(arg.text())
}

/// Where this interpreter takes its program from.
pub(super) fn source(name: &str, args: &[Arg]) -> Source {
    if is_shell(name) {
        return shell(args);
    }
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if let ("deno" | "bun", Some((first, rest))) = (stem, args.split_first()) {
        match first.text() {
            "run" => return source("node", rest),
            "eval" => return rest.last().map_or(Source::Other, |code| Source::Code(code.clone())),
            "exec" | "repl" | "test" | "install" | "task" => return Source::Other,
            _ => {}
        }
    }
    let (short, long, code, other): (&'static str, &'static str, &[&str], &[&str]) = match stem {
        "python" | "pypy" | "ipython" => (
            "BbdEhiIOPqRsSuvVxc:m:W:X:",
            "help version check-hash-based-pycs=",
            &["c"],
            &["m", "h", "V", "help", "version"],
        ),
        "perl" => ("acdDfhilnpsStTuUvVwWXe:E:I:M:m:F:0::C::x::", "help version", &["e", "E"], &["v", "h"]),
        "ruby" => (
            "acdhlnpsSvwWxyUe:I:r:C:E:F:0::i::K:",
            "help version encoding=",
            &["e"],
            &["v", "version", "help"],
        ),
        "node" | "nodejs" | "deno" | "bun" | "tsx" | "ts-node" => (
            "ivhce:p:r:",
            "eval= print= require= import= version help check interactive input-type= \
                 experimental-vm-modules",
            &["e", "p", "eval", "print"],
            &["v", "h", "version", "help"],
        ),
        "php" => (
            "aChilmnqsvwr:B:R:E:F:f:c:d:z:S:t:",
            "version help",
            &["r", "R", "B", "E"],
            &["v", "h", "i", "m", "S"],
        ),
        "lua" | "luajit" => ("iEvWe:l:", "", &["e"], &["v"]),
        _ => ("e:c:hv", "eval= version help", &["e", "c", "eval"], &["h", "version", "help"]),
    };
    if let ("node" | "nodejs", Some(at)) = (stem, args.iter().position(|arg| arg.text() == "-pe")) {
        // Node reads both letters, unlike others.
        return args.get(at + 1).map_or(Source::Appended, |code| Source::Code(code.clone()));
    }
    // Options of a program's own begin after its file: reading stops at the first operand.
    let parsed = read(&Options { short, long, denied: "", abbreviates: false, stops: true }, args);
    if let Some(value) = parsed.values(code).first() {
        return Source::Code((*value).clone());
    }
    if parsed.has(other) {
        return Source::Other;
    }
    if let Some(file) = parsed.values(&["f", "F"]).first() {
        return if is_stdin(file) { Source::Stdin } else { Source::File((*file).clone()) };
    }
    // `php -- words`: all behind it is the program's own.
    let last = parsed.used.checked_sub(1).and_then(|at| args.get(at));
    let own = stem == "php" && last.is_some_and(|arg| arg.text() == "--");
    match parsed.operands.first().filter(|_| !own) {
        None => Source::Stdin,
        Some(file) if is_stdin(file) => Source::Stdin,
        Some(file) => Source::File(file.clone()),
    }
}

/// Whether this interpreter goes on with its standard input when its program has ended (`python3 -i x.py`).
pub(super) fn is_interactive(name: &str, args: &[Arg]) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let letters = |text: &str| {
        let valued = |c: char| matches!(c, 'c' | 'e' | 'm' | 'p' | 'r' | 'W' | 'X');
        text.strip_prefix('-').and_then(|it| it.split(valued).next()).is_some_and(|it| it.contains('i'))
    };
    matches!(stem, "python" | "pypy" | "node" | "nodejs")
        && args
            .iter()
            .map(Arg::text)
            .take_while(|text| text.starts_with('-'))
            .any(|text| !text.starts_with("--") && letters(text) || text == "--interactive")
}

fn shell(args: &[Arg]) -> Source {
    let mut code = false;
    let mut input = false;
    let mut at = 0;
    while let Some(arg) = args.get(at) {
        let text = arg.text();
        let signed = text.starts_with('-') || text.starts_with('+');
        if text == "--" || text == "-" {
            at += 1;
            break;
        }
        if let Some(long) = text.strip_prefix("--") {
            at += if matches!(long, "rcfile" | "init-file") { 2 } else { 1 };
            if matches!(long, "version" | "help") {
                return Source::Other;
            }
            if let Some(value) = long.strip_prefix("command=") {
                return Source::Code(Arg::plain(value));
            }
            code |= long == "command";
            continue;
        }
        if !signed || text.len() < 2 {
            break;
        }
        at += 1;
        if text.starts_with('-') {
            code |= text.contains('c');
            input |= text.contains('s');
        }
        at += text.chars().filter(|c| matches!(c, 'o' | 'O')).count();
    }
    match args.get(at) {
        Some(arg) if code => Source::Code(arg.clone()),
        None if code => Source::Appended,
        _ if input => Source::Stdin,
        None => Source::Stdin,
        Some(arg) if is_stdin(arg) => Source::Stdin,
        Some(arg) => Source::File(arg.clone()),
    }
}
