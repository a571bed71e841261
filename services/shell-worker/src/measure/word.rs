//! A light scan of a command line for the words that name programs and scripts. It understands quotes, backslashes,
//! separators, `cd`, the home folder, code in a word and values behind options; everything else it takes literally. It
//! finds what to measure; it decides nothing.

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
    /// Operands of all other programs: each that is a program itself is measured.
    pub(super) others: Vec<Named>,
}

/// Code within code is looked into so often.
const NESTED: u8 = 3;

const INTERPRETERS: &[&str] = &[
    "bash", "sh", "dash", "zsh", "ksh", "python", "perl", "ruby", "node", "nodejs", "php", "lua", "awk",
    "gawk", "mawk", "sed", "make", "source", ".", "tclsh", "Rscript", "deno", "bun", "jq", "busybox",
];
const WRAPPERS: &[&str] = &[
    "sudo", "env", "command", "builtin", "exec", "nohup", "nice", "ionice", "timeout", "time", "setsid",
    "stdbuf", "xargs", "chroot", "unshare", "doas", "chrt", "taskset", "coproc", "eval",
];
/// What may stand for the home folder or the working folder at the beginning of a word.
const HOMES: [&str; 3] = ["~/", "$HOME/", "${HOME}/"];
const HERE: [&str; 2] = ["$PWD/", "${PWD}/"];
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

/// Finds programs and operands in `command`, which begins in `cwd` and whose user lives in `home`.
pub(super) fn scan(command: &str, cwd: &Path, home: &Path) -> Scan {
    let mut scanner = Scanner { first: cwd.to_owned(), home, cwd: cwd.to_owned(), found: Scan::default() };
    scanner.lines(command, 0);
    scanner.found
}

struct Scanner<'a> {
    /// Where the command begins: a `cd` may not have been reached, or was left again.
    first: PathBuf,
    home: &'a Path,
    cwd: PathBuf,
    found: Scan,
}

impl Scanner<'_> {
    fn lines(&mut self, command: &str, depth: u8) {
        for words in split(command) {
            self.simple(&words, depth);
        }
    }

    fn simple(&mut self, words: &[String], depth: u8) {
        let head = words.iter().take_while(|word| KEYWORDS.contains(&word.as_str()) || is_assignment(word));
        for value in head.filter_map(|word| word.split_once('=')).map(|(_, value)| value) {
            // A library to load, a file to begin with: what is handed over in a variable may be run.
            self.operand(value, depth, true);
        }
        let mut words =
            words.iter().skip_while(|word| KEYWORDS.contains(&word.as_str()) || is_assignment(word));
        let Some(mut program) = words.next() else { return };
        if matches!(program.as_str(), "cd" | "pushd") {
            let mut target = words.skip_while(|word| word.starts_with('-') && word.len() > 1);
            let target =
                target.next().map_or_else(|| self.home.to_owned(), |target| self.expand(target).into());
            self.cwd = self.cwd.join(target);
            return;
        }
        self.program(program, depth);
        let mut runs = false;
        while WRAPPERS.contains(&program.as_str()) {
            // An option's value can look like the program, so every later word may be the one that is run.
            runs = true;
            let next = words.find(|word| {
                let value = word.starts_with('-') || is_assignment(word);
                if value {
                    self.operand(word, depth, true);
                }
                !value && !is_number(word)
            });
            let Some(next) = next else { return };
            program = next;
            self.program(program, depth);
        }
        let base = program.rsplit('/').next().unwrap_or(program);
        let base = base.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        runs |= INTERPRETERS.contains(&base) || INTERPRETERS.contains(&program.as_str());
        for word in words {
            self.operand(word, depth, runs);
        }
        if base == "make" {
            for name in ["GNUmakefile", "makefile", "Makefile"] {
                self.operand(name, depth, true);
            }
        }
    }

    fn program(&mut self, word: &str, depth: u8) {
        // Within a word of another program the text may be no code at all: only what is there counts.
        if depth == 0 {
            self.found.programs.push(Named { word: word.to_owned(), cwd: self.cwd.clone() });
        }
        if word.contains('/') || is_code(word) {
            self.operand(word, depth, true);
        }
    }

    /// A word that may name a file; with `runs` one that would be run whatever it is.
    fn operand(&mut self, word: &str, depth: u8, runs: bool) {
        if let Some(option) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) {
            let long = option.split_once('=').map(|(_, value)| value);
            // The value of a short option may stand directly behind its letter.
            let short = option.char_indices().nth(1).map(|(at, _)| &option[at..]);
            for value in long.into_iter().chain(short) {
                self.file(value, runs);
            }
            return;
        }
        if let Some((_, value)) = word.split_once('=') {
            self.file(value, runs);
        }
        self.file(word, runs);
        if depth < NESTED && is_code(word) {
            let cwd = self.cwd.clone();
            self.lines(word, depth + 1);
            self.cwd = cwd;
        }
    }

    fn file(&mut self, word: &str, runs: bool) {
        let word = self.expand(word);
        let into = if runs { &mut self.found.operands } else { &mut self.found.others };
        into.push(Named { word: word.clone(), cwd: self.cwd.clone() });
        if self.cwd != self.first && !word.starts_with('/') {
            into.push(Named { word, cwd: self.first.clone() });
        }
    }

    fn expand(&self, word: &str) -> String {
        let behind = |starts: &[&str]| starts.iter().find_map(|start| word.strip_prefix(start));
        match (behind(&HOMES), behind(&HERE)) {
            (Some(rest), _) => self.home.join(rest).to_string_lossy().into_owned(),
            (_, Some(rest)) => self.cwd.join(rest).to_string_lossy().into_owned(),
            _ => word.to_owned(),
        }
    }
}

/// Whether a word may hold a command line.
fn is_code(word: &str) -> bool {
    word.contains([' ', '\t', '\n', ';', '|', '&', '('])
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
        let found = scan(command, Path::new("/w"), Path::new("/h"));
        found.programs.into_iter().map(|it| it.word).collect()
    }

    fn operands(command: &str) -> Vec<String> {
        paths(scan(command, Path::new("/w"), Path::new("/h")).operands)
    }

    fn paths(found: Vec<Named>) -> Vec<String> {
        found.into_iter().map(|it| it.cwd.join(it.word).to_string_lossy().into_owned()).collect()
    }

    #[track_caller]
    fn runs(command: &str, path: &str) {
        let found = operands(command);
        assert!(found.iter().any(|it| it == path), "{command}: {found:?}");
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
        runs("cd sub && ./run.sh", "/w/sub/./run.sh");
        runs("cd -P -- sub && ./run.sh", "/w/sub/./run.sh");
        runs("(cd sub; make); ./run.sh", "/w/./run.sh");
        assert_eq!(operands("bash < in.sh"), ["/w/in.sh"]);
        assert_eq!(operands("cat a.txt"), Vec::<String>::new());
        assert_eq!(paths(scan("cat a.txt", Path::new("/w"), Path::new("/h")).others), ["/w/a.txt"]);
    }

    #[test]
    fn p5_scripts_are_found_behind_code_options_variables_and_the_home_folder() {
        runs("bash -c './deploy.sh now'", "/w/./deploy.sh");
        runs("bash -c \"cd sub; python3 x.py\"", "/w/sub/x.py");
        runs("bash -c 'sh -c \"./a.sh\"'", "/w/./a.sh");
        runs("eval 'source lib.sh'", "/w/lib.sh");
        runs("bash ~/x.sh", "/h/x.sh");
        runs("$HOME/x.sh", "/h/x.sh");
        runs("sh ${PWD}/x.sh", "/w/x.sh");
        runs("awk -fprog.awk data", "/w/prog.awk");
        runs("node --require=./hook.js a.js", "/w/./hook.js");
        runs("bash --rcfile rc -i", "/w/rc");
        runs("LD_PRELOAD=./evil.so make", "/w/./evil.so");
        runs("env BASH_ENV=rc.sh bash -c true", "/w/rc.sh");
        runs("sudo -u root -- python3 x.py", "/w/x.py");
        for (command, path) in [
            ("find . -exec ./x.sh {} +", "/w/./x.sh"),
            ("flock lock ./x.sh", "/w/./x.sh"),
            ("strace -o log ./x.sh", "/w/./x.sh"),
            ("tar cf a.tar b --use-compress-program=./x.sh", "/w/./x.sh"),
        ] {
            let others = paths(scan(command, Path::new("/w"), Path::new("/h")).others);
            assert!(others.iter().any(|it| it == path), "{command}: {others:?}");
        }
    }
}
