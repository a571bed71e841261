//! D5 where the interpreter runs elsewhere: behind `ssh`, in a container, in a virtual environment.
//!
//! Owns: whether what such a tool passes on becomes a program there. Must never judge what else runs there: it is another
//! machine's matter.

use crate::policy::option::{Options, read};
use crate::policy::program::{Source, is_interpreter, source};
use crate::policy::word::Arg;
use crate::policy::wrapper::inner;

/// Options of `ssh`.
const SSH: Options = Options {
    short: "1246AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:P:p:Q:R:S:W:w:",
    long: "",
    denied: "",
    abbreviates: false,
    stops: true,
};
/// Tools that run a program in another place, and what stands before it.
const PLACES: &[(&str, &[&str])] = &[
    ("docker", &["exec", "run", "compose"]),
    ("podman", &["exec", "run"]),
    ("nerdctl", &["exec", "run"]),
    ("docker-compose", &["exec", "run"]),
    ("kubectl", &["exec", "run", "debug"]),
    ("oc", &["exec", "rsh", "run"]),
    ("k3s", &["kubectl"]),
    ("lxc", &["exec"]),
    ("incus", &["exec"]),
    ("machinectl", &["shell"]),
    ("vagrant", &["ssh"]),
    ("uv", &["run"]),
    ("uvx", &[]),
    ("npx", &[]),
    ("nix", &["run", "shell", "develop"]),
    ("guix", &["shell"]),
    ("toolbox", &["run"]),
    ("distrobox", &["enter"]),
    ("wsl", &[]),
];

/// Whether these words are an interpreter that reads its program from its standard input.
fn reads_program(words: &[Arg]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    let name = first.text().rsplit('/').next().unwrap_or_default();
    if is_interpreter(name) {
        return matches!(source(name, rest), Source::Stdin);
    }
    inner(name, rest).is_some_and(|found| {
        found.argv.iter().take(4).any(|argv| argv.len() < words.len() && reads_program(argv))
    })
}

/// The words of a command line that a shell elsewhere reads.
fn split(words: &[Arg]) -> Vec<Arg> {
    words.iter().flat_map(|word| word.text().split_whitespace()).map(Arg::plain).collect()
}

/// The command that `ssh` runs elsewhere, where it is `ssh`.
fn behind_host<'a>(name: &str, args: &'a [Arg]) -> Option<&'a [Arg]> {
    let used =
        matches!(name, "ssh" | "autossh" | "rsh" | "slogin" | "mosh").then(|| read(&SSH, args).used)?;
    let behind = args.get(used + 1..)?;
    // Options may stand behind the host as well.
    behind.get(read(&SSH, behind).used..)
}

/// Whether what this tool reads becomes a program elsewhere.
pub(in crate::policy) fn runs_input(name: &str, args: &[Arg]) -> bool {
    if let Some(command) = behind_host(name, args) {
        // Without a command a shell reads.
        let words = split(command);
        return words.is_empty()
            || words.split(|word| matches!(word.text(), "&&" | "||" | ";" | "|")).any(reads_program);
    }
    let Some((_, parts)) = PLACES.iter().find(|(place, _)| *place == name) else { return false };
    let first = args.iter().position(|arg| !arg.text().starts_with('-'));
    let start = match first {
        Some(at) if parts.contains(&args[at].text()) => at + 1,
        Some(at) if parts.is_empty() => at,
        _ => return false,
    };
    // `uv run -` and the like run what they read themselves.
    let itself = matches!(name, "uv" | "npx") && args[start..].iter().any(|arg| arg.text() == "-");
    itself || (start..args.len()).any(|at| reads_program(&args[at..]))
}

/// Whether the command line of a shell elsewhere holds network output.
pub(in crate::policy) fn runs_network(name: &str, args: &[Arg]) -> bool {
    if let Some(command) = behind_host(name, args) {
        return command.iter().any(Arg::is_from_network);
    }
    let is_code = |at: usize| {
        let name = args[at].text().rsplit('/').next().unwrap_or_default();
        is_interpreter(name)
            && matches!(source(name, &args[at + 1..]), Source::Code(code) if code.is_from_network())
    };
    PLACES.iter().any(|(place, _)| *place == name) && (0..args.len()).any(is_code)
}
