//! Shapes made to be slow: repeated openers, joints and operands that deepen, branch or re-read.
//!
//! Owns: the list that tests, benchmark and fuzzer share.

/// Pieces that are repeated.
pub(crate) const SHAPES: &[&str] = &[
    "(",
    "((",
    "{ ",
    "$(",
    "$((",
    "$[",
    "${a:-",
    "\"$(",
    "\"${x:-",
    "`",
    "\\`",
    "\\",
    "[",
    "[a-",
    "a[",
    "a[1]=x ",
    "{a,b}",
    "{,",
    "{1..999}",
    "if ",
    "while a; do ",
    "f() { ",
    "f()(",
    "function f ",
    "case a in x) ",
    "$(case a in x) ",
    "case ",
    "coproc ",
    "! ",
    "time ",
    "eval ",
    "eval '",
    "sudo ",
    "xargs ",
    "bash -c ",
    "bash -c '",
    "<(",
    ">(",
    "a=(",
    "<<A ",
    "<<A\n",
    "<<<$(",
    "&& ",
    "|| ",
    "| ",
    "; ",
    "& ",
    "\n",
    "=",
    "@/",
    ":/",
    "*a",
    "*/",
    "?",
    "../",
    "~",
    "~/",
    "find -exec ",
    "cd a;",
    "cd a||",
    "99999999999>",
    "2>&1 ",
    ">a ",
    "'",
    "\"",
    "#",
    "é",
    "env -S ",
    "env -S 'a ",
    "watch ",
    "tmux a ",
    "curl x|",
    "echo a|",
    "x=$(curl a) ",
    "$x",
    "$HOME",
    "$IFS",
    "a ",
    "/proc/*/",
    "a,",
    "a=",
    "file://",
    "-x",
    "--a=",
    "[[ ",
    "[[ a ]] ",
    "]]",
    "${x/",
    "${x[",
    "\\\n",
    "$\\\n",
    "esac ",
    "done ",
    "fi ",
    ") ",
    "} ",
    "jq .",
    "rg a ",
    "echo ",
];

/// What stands in front of them.
const BEFORE: &[&str] = &["", "rm -rf ", "cat ", "echo \"", "for i in ", "x=", "ls | ", "bash <<E\n"];

/// Every shape, repeated up to a size, behind every beginning; and pairs of shapes.
pub(crate) fn texts(size: usize) -> impl Iterator<Item = (String, String)> {
    let single =
        BEFORE.iter().flat_map(|before| SHAPES.iter().map(move |shape| (*before, (*shape).to_owned())));
    let paired = SHAPES.iter().enumerate().map(|(at, shape)| {
        let other = SHAPES[(at * 31 + 17) % SHAPES.len()];
        ("", format!("{shape}{other}"))
    });
    single.chain(paired).map(move |(before, shape)| {
        let count = (size - before.len()) / shape.len();
        (format!("{before}{shape}"), before.to_owned() + &shape.repeat(count))
    })
}
