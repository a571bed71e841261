//! Wrappers with a grammar of their own: `su`, `script`, `watch`, `tmux`, runners of environments and containers.
//!
//! Owns: what each of them runs. Must never know a wrapper that is only options and a command: those are a table.

use super::option::{Options, read};
use super::word::Arg;
use super::wrapper::{Inner, join, table};

/// What the program runs, if it is one of these.
pub(super) fn inner(name: &str, args: &[Arg]) -> Option<Inner> {
    match name {
        "su" | "runuser" => Some(switch_user(args)),
        "script" => {
            let found = coded(
                "c:aefqTt::I:O:B:m:E:o:",
                "command= quiet append return flush force",
                args,
                &["c", "command"],
            );
            Some(Inner { shell: found.code.is_empty(), ..found })
        }
        "sg" | "newgrp" => Some(Inner {
            shell: args.len() < 2,
            code: args.iter().skip(1).filter(|arg| arg.text() != "-c").cloned().collect(),
            ..Inner::default()
        }),
        "nix-shell" => {
            let code = args.windows(2).filter(|two| matches!(two[0].text(), "--run" | "--command"));
            Some(Inner { code: code.map(|two| two[1].clone()).collect(), ..Inner::default() })
        }
        "hyperfine" => {
            let code = args.iter().filter(|arg| !arg.text().starts_with('-')).cloned().collect();
            Some(Inner { code, ..Inner::default() })
        }
        "fd" | "fdfind" => {
            let at =
                args.iter().position(|arg| matches!(arg.text(), "-x" | "-X" | "--exec" | "--exec-batch"))?;
            Some(Inner { argv: vec![args[at + 1..].to_vec()], ..Inner::default() })
        }
        "uv" | "poetry" | "pipenv" | "pdm" | "hatch" | "conda" | "mamba" | "micromamba" | "bundle"
        | "mise" | "asdf" | "pyenv" | "rbenv" | "nodenv" | "direnv" | "aws-vault" | "op" | "doppler"
        | "perf" => {
            let at = args
                .iter()
                .position(|arg| matches!(arg.text(), "run" | "exec" | "stat" | "record" | "trace"))?;
            let rest = &args[at + 1..];
            let words = rest.iter().position(|arg| !arg.text().starts_with('-')).unwrap_or(rest.len());
            let candidates = (words..rest.len().min(words + 3)).map(|at| rest[at..].to_vec()).collect();
            // `uv run -` runs what it reads.
            let shell = name == "uv" && rest.iter().any(|arg| arg.text() == "-");
            Some(Inner { argv: candidates, shell, ..Inner::default() })
        }
        "capsh" => {
            let at = args.iter().position(|arg| matches!(arg.text(), "--" | "=="))?;
            let shell = std::iter::once(Arg::plain("bash")).chain(args[at + 1..].iter().cloned()).collect();
            Some(Inner { argv: vec![shell], ..Inner::default() })
        }
        "watch" => {
            let table = table(
                "bcdegtxn:q:w",
                "interval= differences? no-title beep precise errexit chgexit color exec equexit=",
            );
            let parsed = read(&table, args);
            Some(Inner { code: vec![join(&parsed.operands)], ..Inner::default() })
        }
        "tmux" => {
            // Any operand of its sub-commands may be a command line; so may all of them, joined.
            let parsed = read(&table("2CDluvVf:L:S:c:T:N", ""), args);
            let words = parsed.operands.get(1..).unwrap_or_default();
            let mut code: Vec<Arg> = words.iter().filter(|word| word.text().contains(' ')).cloned().collect();
            let from = words.iter().position(|word| !word.text().starts_with('-')).unwrap_or(words.len());
            code.extend((from..words.len().min(from + 2)).map(|at| join(&words[at..])));
            Some(Inner { code, ..Inner::default() })
        }
        _ => None,
    }
}

fn coded(short: &'static str, long: &'static str, args: &[Arg], names: &[&str]) -> Inner {
    let table = Options { stops: false, ..table(short, long) };
    let parsed = read(&table, args);
    Inner { code: parsed.values(names).into_iter().cloned().collect(), ..Inner::default() }
}

fn switch_user(args: &[Arg]) -> Inner {
    let table = Options {
        stops: false,
        ..table(
            "c:fg:G:lmps:u:w:Ph-",
            "command= session-command= fast group= supp-group= login preserve-environment shell= user= \
             whitelist-environment= pty",
        )
    };
    let parsed = read(&table, args);
    let code = parsed.values(&["c", "command", "session-command"]).into_iter().cloned().collect();
    let mut result = Inner { code, ..Inner::default() };
    let operands = parsed.operands.clone();
    if parsed.has(&["u", "user"]) {
        result.argv.push(read(&Options { stops: true, ..table }, args).operands);
    }
    // What stands behind the user's name is the shell's own.
    result.login = parsed.has(&["l", "login"]) || args.iter().any(|arg| arg.text() == "-");
    let login = usize::from(operands.first().is_some_and(|arg| arg.text() == "-"));
    let named = usize::from(operands.get(login).is_some_and(|arg| !arg.text().starts_with('-')));
    let words = operands.get(login + named..).unwrap_or_default();
    if !words.is_empty() {
        result.argv.push(std::iter::once(Arg::plain("sh")).chain(words.iter().cloned()).collect());
    }
    result.shell = result.code.is_empty() && result.argv.iter().all(Vec::is_empty);
    result
}
