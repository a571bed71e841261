//! A light scan of a command line for the words that name programs and scripts. It understands quotes, backslashes,
//! separators and `cd`; everything else it takes literally. It finds what to measure; it decides nothing.

use std::path::{Path, PathBuf};

/// A word, and the folder it is seen from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) word: String,
    pub(super) cwd: PathBuf,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Words in the place of a command.
    pub(super) programs: Vec<Named>,
    /// Operands of those: each that is a file is measured, for an interpreter may run any of them.
    pub(super) operands: Vec<Named>,
}

const INTERPRETERS: &[&str] = &[
    "bash", "sh", "dash", "zsh", "ksh", "python", "perl", "ruby", "node", "nodejs", "php", "lua", "awk",
    "gawk", "mawk", "sed", "make", "source", ".", "tclsh", "Rscript", "deno", "bun", "jq", "busybox",
];
const WRAPPERS: &[&str] = &[
    "sudo", "env", "command", "builtin", "exec", "nohup", "nice", "ionice", "timeout", "time", "setsid",
    "stdbuf", "xargs", "chroot", "unshare", "doas", "chrt", "taskset", "coproc", "eval",
];
const KEYWORDS: &[&str] =
    &["if", "then", "elif", "else", "while", "until", "do", "!", "{", "}", "(", ")", "fi", "done", "esac"];
const BUILTINS: &[&str] = &[
    ":",
    "alias",
    "bg",
    "bind",
    "break",
    "case",
    "cd",
    "continue",
    "declare",
    "dirs",
    "disown",
    "eval",
    "exec",
    "exit",
    "export",
    "fg",
    "for",
    "function",
    "getopts",
    "hash",
    "help",
    "history",
    "in",
    "jobs",
    "let",
    "local",
    "logout",
    "popd",
    "pushd",
    "read",
    "readonly",
    "return",
    "select",
    "set",
    "shift",
    "shopt",
    "source",
    ".",
    "trap",
    "type",
    "ulimit",
    "umask",
    "unalias",
    "unset",
    "wait",
    "[[",
    "mapfile",
    "readarray",
    "builtin",
    "command",
    "caller",
    "compgen",
    "complete",
    "enable",
    "suspend",
    "times",
    "typeset",
    "echo",
    "true",
    "false",
    "test",
    "[",
    "printf",
    "pwd",
    "kill",
    "time",
    "coproc",
];

/// Whether the shell runs this word itself.
pub(super) fn is_builtin(word: &str) -> bool {
    BUILTINS.contains(&word) || KEYWORDS.contains(&word)
}

/// Finds programs and operands in `command`, which begins in `cwd`.
pub(super) fn scan(command: &str, cwd: &Path) -> Scan {
    let mut found = Scan::default();
    let mut cwd = cwd.to_owned();
    for words in split(command) {
        simple(&words, &mut cwd, &mut found);
    }
    found
}

fn simple(words: &[String], cwd: &mut PathBuf, found: &mut Scan) {
    let mut words = words.iter().skip_while(|word| KEYWORDS.contains(&word.as_str()) || is_assignment(word));
    let Some(mut program) = words.next() else { return };
    let named = |word: &str, cwd: &Path| Named { word: word.to_owned(), cwd: cwd.to_owned() };
    if program == "cd" {
        if let Some(target) = words.next() {
            *cwd = cwd.join(target);
        }
        return;
    }
    found.programs.push(named(program, cwd));
    while WRAPPERS.contains(&program.as_str()) {
        let next = words.find(|word| !word.starts_with('-') && !is_assignment(word) && !is_number(word));
        let Some(next) = next else { return };
        program = next;
        found.programs.push(named(program, cwd));
        // An option's value can look like the program, so every later word may be the one that is run.
        found
            .operands
            .extend(words.clone().filter(|word| !word.starts_with('-')).map(|word| named(word, cwd)));
    }
    if program.contains('/') {
        found.operands.push(named(program, cwd));
    }
    let base = program.rsplit('/').next().unwrap_or(program);
    let base = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if INTERPRETERS.contains(&base) || INTERPRETERS.contains(&program.as_str()) {
        found.operands.extend(words.filter(|word| !word.starts_with('-')).map(|word| named(word, cwd)));
        if base == "make" {
            found.operands.extend(["GNUmakefile", "makefile", "Makefile"].map(|name| named(name, cwd)));
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The simple commands, as words with their quotes removed.
fn split(command: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' => word.get_or_insert_default().extend(rest.by_ref().take_while(|&c| c != '\'')),
            '"' => quoted(&mut rest, word.get_or_insert_default()),
            '\\' => match rest.next() {
                Some('\n') | None => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            '#' if word.is_none() => while rest.next_if(|&c| c != '\n').is_some() {},
            ' ' | '\t' => words.extend(word.take()),
            '<' | '>' => {
                // A file that is read as standard input may be a script too; it stays as an operand.
                if word.as_deref().is_some_and(is_number) {
                    word = None;
                }
                words.extend(word.take());
                rest.next_if(|&c| c == '&' || c == '>');
            }
            '\n' | ';' | '|' | '&' | '(' | ')' | '`' => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            '$' if rest.peek() == Some(&'(') => {}
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    commands.push(words);
    commands.retain(|words| !words.is_empty());
    commands
}

fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, word: &mut String) {
    while let Some(c) = rest.next() {
        match c {
            '"' => return,
            '\\' if matches!(rest.peek(), Some('"' | '\\' | '$' | '`')) => word.extend(rest.next()),
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(command: &str) -> Vec<String> {
        scan(command, Path::new("/w")).programs.into_iter().map(|it| it.word).collect()
    }

    fn operands(command: &str) -> Vec<String> {
        let found = scan(command, Path::new("/w")).operands;
        found.into_iter().map(|it| it.cwd.join(it.word).to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn each_simple_command_names_a_program() {
        assert_eq!(
            programs("ls -l | 'gr'ep x && A=1 make; \"my prog\" &"),
            ["ls", "grep", "make", "my prog"]
        );
        assert_eq!(programs("sudo -u root timeout 5 python3 x.py"), ["sudo", "root"]);
        assert_eq!(programs("nohup nice -n 5 tar x # rm"), ["nohup", "nice", "tar"]);
        assert_eq!(programs("echo $(date) `id`"), ["echo", "date", "id"]);
    }

    #[test]
    fn scripts_are_found_where_they_lie() {
        assert_eq!(operands("bash -x a.sh; python3.11 'b c.py' 1"), ["/w/a.sh", "/w/b c.py", "/w/1"]);
        assert_eq!(operands("cd sub && ./run.sh"), ["/w/sub/./run.sh"]);
        assert_eq!(operands("bash < in.sh"), ["/w/in.sh"]);
        assert_eq!(operands("cat a.txt"), Vec::<String>::new());
    }
}
