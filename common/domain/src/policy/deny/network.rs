//! D5 and D6: network output as a program, shells over sockets. Approval cannot bind unseen bytes.

use super::remote;
use crate::policy::glob::{Unit, can_be};
use crate::policy::path::{carried, holds, resolve};
use crate::policy::pattern::is_pattern;
use crate::policy::program::{is_interpreter, is_network};
use crate::policy::walk::Walker;
use crate::policy::word::Arg;

/// Rule id of D5.
pub(in crate::policy) const PROGRAM: &str = "deny.network_program";
/// Rule id of D6.
pub(in crate::policy) const SOCKET: &str = "deny.socket_shell";
/// D5's sentence for pipes.
pub(in crate::policy) const BY_PIPE: &str = "Network output would become an interpreter's program through a pipe: download it, inspect it, then run it.";

/// Judges one command (D6).
pub(in crate::policy) fn check(walker: &mut Walker<'_>, name: &str, args: &[Arg]) {
    if !matches!(name, "echo" | "printf") {
        let suspects = args.iter().any(may_be_socket);
        let patterns = if suspects { is_pattern(name, args) } else { Vec::new() };
        for (arg, _) in args.iter().zip(patterns).filter(|(_, pattern)| !pattern) {
            socket_path(walker, arg);
        }
    }
    let texts = || args.iter().map(Arg::text);
    let runs = match name {
        "nc" | "ncat" | "netcat" | "nc.traditional" | "nc.openbsd" | "nc6" | "pwncat" | "cryptcat"
        | "sbd" => texts().any(netcat_runs),
        "socat" => texts().any(|text| {
            let text = text.to_ascii_lowercase();
            ["exec:", "system:", "shell:"]
                .iter()
                .any(|kind| text.starts_with(kind) || text.contains(&format!("!!{kind}")))
        }),
        "websocat" => texts().any(|text| {
            ["exec:", "cmd:", "sh-c:"].iter().any(|kind| text.starts_with(kind)) || text == "--exec-args"
        }),
        _ => false,
    };
    if remote::runs_network(name, args) {
        walker.deny(PROGRAM, "Network output would become the program of a shell on another machine.");
    }
    if runs {
        walker.deny(SOCKET, format!("`{name}` would connect a program to a socket."));
    }
}

/// Whether the program of `awk`, `sed` or `make` comes from the network: its file, or the whole of its text.
pub(in crate::policy) fn is_program(name: &str, args: &[Arg], piped: bool) -> bool {
    let stdin = |text: &str| piped && matches!(text, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0");
    let file = args.iter().enumerate().any(|(at, arg)| {
        let text = arg.text();
        match text {
            "-f" | "--file" | "--makefile" => {
                args.get(at + 1).is_some_and(|file| file.is_from_network() || stdin(file.text()))
            }
            text => text
                .strip_prefix("--file=")
                .or_else(|| text.strip_prefix("--makefile="))
                .or_else(|| text.strip_prefix("-f"))
                .is_some_and(|file| arg.is_from_network() || stdin(file)),
        }
    });
    let whole = (name.ends_with("awk") || name == "sed")
        && args
            .iter()
            .zip(is_pattern(name, args))
            .any(|(arg, pattern)| pattern && arg.is_from_network() && arg.text().trim().is_empty());
    file || whole || piped && runs_input(name, args)
}

/// Whether the program of `awk` or `sed` hands what it reads to a shell: `system()`, a pipe, `e`.
fn runs_input(name: &str, args: &[Arg]) -> bool {
    let programs = args.iter().zip(is_pattern(name, args)).filter(|(_, pattern)| *pattern);
    programs.map(|(arg, _)| arg.text()).any(|program| {
        if name == "sed" {
            let flags = program.rsplit(['/', '|', ',', '#', '@', '!']).next().unwrap_or_default();
            let substitutes = program.starts_with('s') && program.len() > 4;
            let shaped =
                !flags.is_empty() && flags.chars().all(|c| c.is_ascii_digit() || "gpiIemM".contains(c));
            return program == "e" || (substitutes && shaped && flags.contains('e'));
        }
        name.ends_with("awk")
            && (program.contains("system(")
                || ["sh\"", "bash\"", "dash\""]
                    .iter()
                    .any(|shell| program.contains('|') && program.contains(shell)))
    })
}

/// D5 in a text that could not be followed to its end: whether its words name a program that fetches and one that
/// runs. What joins them was not seen, so nothing says that they are apart.
pub(in crate::policy) fn anywhere(walker: &mut Walker<'_>, text: &str) {
    let bare: String = text.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
    let (mut fetches, mut runs) = (false, bare.contains(". <("));
    for word in bare.split(|c: char| !(c.is_ascii_alphanumeric() || "_-+.".contains(c))) {
        fetches |= is_network(word);
        runs |= is_interpreter(word) || matches!(word, "eval" | "source");
    }
    if fetches && runs {
        walker.deny(
            PROGRAM,
            "The command is too deeply nested to show that network output does not become a program.",
        );
    }
}

fn netcat_runs(text: &str) -> bool {
    if let Some(long) = text.strip_prefix("--") {
        let name = long.split('=').next().unwrap_or_default();
        let starts = |full: &str, least: usize| full.starts_with(name) && name.len() >= least;
        return starts("exec", 2) || starts("sh-exec", 2) || starts("lua-exec", 2);
    }
    let Some(cluster) = text.strip_prefix('-') else { return false };
    // A letter that takes a value ends the cluster: what follows is not options.
    let letters = cluster.chars().take_while(|c| {
        !matches!(c, 'p' | 'w' | 's' | 'i' | 'g' | 'G' | 'q' | 'x' | 'X' | 'P' | 'T' | 'I' | 'O' | 'm' | 'd')
    });
    let run = letters.take(8).any(|c| matches!(c, 'e' | 'c'));
    let after_port = cluster.contains('p') && (cluster.ends_with('e') || cluster.ends_with('c'));
    run || after_port
}

/// A cheap look, true of few words.
fn may_be_socket(arg: &Arg) -> bool {
    arg.has('/') && (arg.has_glob() || holds(arg.text(), *b"/d") || arg.text().contains('%'))
}

/// Notes `/dev/tcp` and `/dev/udp`.
pub(in crate::policy) fn socket_path(walker: &mut Walker<'_>, arg: &Arg) {
    if !may_be_socket(arg) {
        return;
    }
    for units in carried(arg.units(), false) {
        if units.first() != Some(&Unit::Lit('/')) {
            continue;
        }
        let path = resolve(&units, &walker.cwd);
        if let [first, second, ..] = path.as_slice()
            && can_be(first, "dev")
            && (can_be(second, "tcp") || can_be(second, "udp"))
            && !second.iter().all(Unit::is_glob)
        {
            walker.deny(SOCKET, "`/dev/tcp` and `/dev/udp` open a socket from the shell itself.");
        }
    }
}
