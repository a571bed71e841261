//! What is around a command: wrappers, structures, neighbours, blanks and quotes never loosen a verdict (I8, I9, I10).

use metatron_domain::policy::Verdict;
use proptest::prelude::*;

use crate::rig::{Case, cases, verdict};

const WRAPPERS: &[&str] = &[
    "sudo",
    "sudo -u root",
    "sudo --user=root --",
    "env",
    "env -i A=1",
    "env -u X",
    "env -",
    "command",
    "exec",
    "exec -a n",
    "nohup",
    "nice",
    "nice -n 5",
    "timeout 5",
    "timeout -k 1 -s KILL 5s",
    "setsid",
    "setsid -w",
    "stdbuf -oL",
    "stdbuf -o L",
    "xargs",
    "xargs -n 1 -I {}",
    "busybox",
    "find . -exec",
    "coproc",
    "time",
    "time -p",
    "ionice -c 3",
    "chroot /",
    "setpriv --reuid 0",
    "flock /tmp/l",
    "unshare -r",
    "strace -f",
    "doas -u root",
    "builtin",
    "screen -dm",
    "A=1",
    "a[1 + 2]=x",
    "!",
    "true;",
    "true &&",
    "false ||",
    "true |",
    "true &",
    "if",
    "while",
    "2>/dev/null",
    "</dev/null",
];

/// How many of them may stand in front of each other.
const STACKABLE: usize = 34;

/// Structures with one place for a command, on lines of its own so that here-documents and comments end.
const STRUCTURES: &[(&str, &str)] = &[
    ("(\n", "\n)"),
    ("{\n", "\n}"),
    ("f() {\n", "\n}; f"),
    ("function g\n{\n", "\n}"),
    ("if true; then\n", "\nelse :; fi"),
    ("if :; then :; elif\n", "\nthen :; fi"),
    ("while :; do\n", "\ndone"),
    ("until false; do\n", "\ndone"),
    ("for i in 1 2; do\n", "\ndone"),
    ("for ((;;)); do\n", "\ndone"),
    ("select i in 1; do\n", "\ndone"),
    ("case x in a|x)\n", "\n;; esac"),
    ("coproc {\n", "\n}"),
    ("echo $(\n", "\n)"),
    ("echo \"${x:-$(\n", "\n)}\""),
    ("echo $(( $(\n", "\n) ))"),
    ("cat <(\n", "\n)"),
    ("cat > >(\n", "\n)"),
    ("cat <<EEE\n$(\n", "\n)\nEEE"),
    ("bash <<'EEE'\n", "\nEEE"),
    ("sudo sh -s <<'EEE'\n", "\nEEE"),
    ("ls\n", "\nls"),
    ("x=$(\n", "\n)"),
    ("[[ -n $(\n", "\n) ]]"),
];

/// Commands that take a code string.
const CODES: &[(&str, &str)] = &[
    ("trap --", "EXIT"),
    ("bash -c", "a b"),
    ("sh -ec", ""),
    ("su root -c", ""),
    ("eval", ""),
    ("env -S", ""),
    ("watch", ""),
    ("script -qc", ""),
    ("sudo bash -c", ""),
    ("timeout 5 bash -c", ""),
    ("xargs sh -c", ""),
    ("flock /tmp/l -c", ""),
    ("bash <<<", ""),
];

fn is_malformed(case: &Case) -> bool {
    case.section.starts_with("M ") || case.section.starts_with("Parse failure")
}

fn denied() -> Vec<Case> {
    cases().into_iter().filter(|case| case.verdict == Verdict::Deny && !is_malformed(case)).collect()
}

/// One command without structure: what a wrapper may stand before.
fn is_single(command: &str) -> bool {
    !command.contains(['\n', ';', '&', '|', '(', ')', '{', '}', '`', '=', '<', '>', '!', '#', '['])
        && !["cd", "time", "if", "coproc", "pushd", "export", "alias", "trap", "eval"]
            .contains(&command.split(' ').next().unwrap_or_default())
}

/// Text that only words and blanks are made of, so that quoting changes nothing.
fn is_plain(command: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ' ');
    command.chars().all(plain) && !matches!(command.split(' ').next(), Some("time" | "coproc" | "") | None)
}

/// A directory change moves what follows it.
fn moves(command: &str) -> bool {
    ["cd", "pushd", "popd"].iter().any(|name| command.contains(name))
}

/// What the next line would continue.
fn is_open(command: &str) -> bool {
    command.trim_end().ends_with(['|', '&', '\\', '(', '{', '<', '>'])
        || command.matches('\'').count() % 2 == 1
        || command.matches('"').count() % 2 == 1
}

fn quoted(word: &str, style: usize) -> String {
    match style {
        0 => format!("'{word}'"),
        1 => format!("\"{word}\""),
        2 => word.chars().flat_map(|c| ['\\', c]).collect(),
        3 => word.chars().flat_map(|c| [c, '\'', '\'']).collect(),
        _ => word.to_owned(),
    }
}

/// I10: every denied command of every table in every wrapper.
#[test]
fn a_denied_command_stays_denied_in_every_wrapper() {
    let mut laxer = Vec::new();
    for case in denied().iter().filter(|case| is_single(&case.command)) {
        for wrapper in WRAPPERS {
            let wrapped = format!("{wrapper} {}", case.command);
            if verdict(&wrapped) != Verdict::Deny {
                laxer.push(wrapped);
            }
        }
    }
    assert!(laxer.is_empty(), "{} are laxer:\n{}", laxer.len(), laxer.join("\n"));
}

/// I7, I8: every denied command of every table in every structure and code string.
#[test]
fn a_denied_command_stays_denied_in_every_structure() {
    let mut laxer = Vec::new();
    for case in &denied() {
        let quoted = case.command.replace('\'', "'\\''");
        let framed = STRUCTURES
            .iter()
            .map(|(before, after)| format!("{before}{}{after}", case.command))
            .chain(CODES.iter().map(|(code, after)| format!("{code} '{quoted}' {after}")));
        laxer.extend(framed.filter(|framed| verdict(framed) != Verdict::Deny));
    }
    assert!(laxer.is_empty(), "{} are laxer:\n{}", laxer.len(), laxer.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// I10: wrappers in wrappers.
    #[test]
    fn wrappers_in_wrappers_loosen_nothing(
        index in any::<prop::sample::Index>(),
        wrappers in prop::collection::vec(prop::sample::select(&WRAPPERS[..STACKABLE]), 1..6),
    ) {
        let all = denied();
        let single: Vec<_> = all.iter().filter(|case| is_single(&case.command)).collect();
        let wrapped = format!("{} {}", wrappers.join(" "), index.get(&single).command);
        prop_assert_eq!(verdict(&wrapped), Verdict::Deny, "{}", wrapped);
    }

    /// I7, I8, I10: wrappers, structures, code strings, here-documents and quotes around each other.
    #[test]
    fn layers_of_every_kind_loosen_nothing(
        index in any::<prop::sample::Index>(),
        styles in prop::collection::vec(0_usize..5, 24),
        layers in prop::collection::vec((0_usize..4, any::<prop::sample::Index>()), 1..5),
    ) {
        let all = denied();
        let mut text = index.get(&all).command.clone();
        if is_plain(&text) {
            let words = text.split(' ').filter(|word| !word.is_empty()).zip(&styles);
            text = words.map(|(word, style)| quoted(word, *style)).collect::<Vec<_>>().join(" ");
        }
        for (level, (kind, which)) in layers.iter().enumerate() {
            text = layer(&text, *kind, *which, level);
        }
        prop_assert_eq!(verdict(&text), Verdict::Deny, "{}", text);
    }

    /// I8: a part more, before or behind, never makes the whole laxer than its worst part.
    #[test]
    fn a_neighbour_loosens_nothing(
        index in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
        joint in prop::sample::select(vec!["\n", " ; ", " && ", " || ", " | ", " & ", "\n\n"]),
        first in any::<bool>(),
    ) {
        let all = cases();
        let parts: Vec<_> = all
            .iter()
            .filter(|case| !is_malformed(case) && (case.verdict != Verdict::Ask || !is_open(&case.command)))
            .collect();
        let plain: Vec<_> = parts.iter().filter(|case| case.verdict == Verdict::Allow && !moves(&case.command)).collect();
        let (case, neighbour) = (index.get(&parts), index_of(other, &plain));
        let open = moves(&case.command) || case.command.contains(['\n', '#', '\\']) || neighbour.contains(['\n', '\\']);
        let joint = if open { "\n" } else { joint };
        let text = if first { format!("{}{joint}{neighbour}", case.command) } else { format!("{neighbour}{joint}{}", case.command) };
        prop_assert!(verdict(&text) >= case.verdict, "{} is laxer than {:?}", text, case.verdict);
    }

    /// A redirection to where nothing is kept changes nothing; one to a file never runs unasked.
    #[test]
    fn a_redirection_loosens_nothing(index in any::<prop::sample::Index>()) {
        let all = cases();
        let single: Vec<_> = all.iter().filter(|case| is_single(&case.command) && !is_malformed(case)).collect();
        let case = index.get(&single);
        for redirect in ["> /dev/null", "2>&1", "< /dev/null"] {
            let text = format!("{} {redirect}", case.command);
            prop_assert!(verdict(&text) >= case.verdict, "{} is laxer", text);
        }
        let kept = verdict(&(case.command.clone() + " > out"));
        prop_assert!(kept > Verdict::Allow, "{} > out", case.command);
    }

    /// I9: blanks and quotes that a shell takes away change no verdict.
    #[test]
    fn blanks_and_quotes_change_nothing(
        index in any::<prop::sample::Index>(),
        styles in prop::collection::vec(0_usize..5, 24),
        blank in prop::sample::select(vec![" ", "  ", "\t", " \\\n", " \t "]),
    ) {
        let all = cases();
        let plain: Vec<_> = all.iter().filter(|case| is_plain(&case.command)).collect();
        let case = index.get(&plain);
        let words = case.command.split(' ').filter(|word| !word.is_empty()).zip(&styles);
        let text = words.map(|(word, style)| quoted(word, *style)).collect::<Vec<_>>().join(blank);
        prop_assert_eq!(verdict(&text), case.verdict, "{}", text);
    }
}

/// What hands a here-document to a shell.
const FED: &[&str] =
    &["bash", "sh -s", "sudo -u root bash -", "cat", "env A=1 sh", "timeout 5 bash /dev/stdin"];

/// Puts one layer more around a text that is denied.
fn layer(text: &str, kind: usize, which: prop::sample::Index, level: usize) -> String {
    let code = || text.replace('\'', "'\\''");
    match kind {
        0 if is_single(text) => format!("{} {text}", which.get(&WRAPPERS[..STACKABLE])),
        0 | 1 => {
            let (before, after) = which.get(CODES);
            format!("{before} '{}' {after}", code())
        }
        2 => {
            let (before, after) = which.get(STRUCTURES);
            // Structures in structures need delimiters of their own.
            let name = format!("EEE{level}");
            format!("{}{text}{}", before.replace("EEE", &name), after.replace("EEE", &name))
        }
        _ => {
            let feeder = which.get(FED);
            let pipe = if *feeder == "cat" { " | sh" } else { "" };
            format!("{feeder} <<'FED{level}'{pipe}\n{text}\nFED{level}")
        }
    }
}

fn index_of<'a>(index: prop::sample::Index, cases: &'a [&&Case]) -> &'a str {
    &index.get(cases).command
}
