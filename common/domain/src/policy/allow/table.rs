//! A's tables, written from the tools' manuals: coreutils 9.1, findutils 4.9, ripgrep 13–14, tree 2, file 5.44,
//! procps 4, jq 1.6.
//!
//! Owns: which options only read, select or format. An option that runs a program, writes a file, follows, waits or
//! reads the environment is never here; nor is one that nobody has looked at.

use crate::policy::option::Options;

/// Tools that may have any options.
pub(super) const ANY: &[&str] = &[
    "ls",
    "pwd",
    "cat",
    "head",
    "wc",
    "nl",
    "tac",
    "cut",
    "tr",
    "echo",
    "true",
    "false",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "stat",
    "du",
    "df",
    "free",
    "uptime",
    "uname",
    "whoami",
    "id",
    "nproc",
    "md5sum",
    "sha256sum",
    "cmp",
    "diff",
    "comm",
    "paste",
    "join",
    "column",
    "seq",
    "od",
    "strings",
    "grep",
    "which",
    "type",
    "cd",
];

const fn gnu(short: &'static str, long: &'static str, denied: &'static str) -> Options {
    Options { short, long, denied, abbreviates: true, stops: false }
}

const fn exact(short: &'static str, long: &'static str) -> Options {
    Options { short, long, denied: "", abbreviates: false, stops: false }
}

/// `tail`, without `-f -F --follow --retry --pid -s`.
pub(super) const TAIL: Options = gnu(
    "c:n:qvz",
    "bytes= lines= quiet silent verbose zero-terminated help version",
    "follow retry pid sleep-interval max-unchanged-stats",
);
/// `sort`, without `-o -T -S --compress-program --batch-size --files0-from`: `-S` makes it write to temporary files.
pub(super) const SORT: Options = gnu(
    "bdfghiMnRrVcCk:mst:uz",
    "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort human-numeric-sort \
     ignore-nonprinting month-sort numeric-sort random-sort random-source= reverse sort= version-sort \
     check? debug parallel= key= merge stable field-separator= unique zero-terminated help version",
    "output temporary-directory buffer-size compress-program batch-size files0-from",
);
/// `uniq`.
pub(super) const UNIQ: Options = gnu(
    "cdDf:is:uzw:",
    "count repeated all-repeated? skip-fields= group? ignore-case skip-chars= unique zero-terminated \
     check-chars= help version",
    "",
);
/// `base64`.
pub(super) const BASE64: Options = gnu("diw:", "decode ignore-garbage wrap= help version", "");
/// `date`, without `-s`.
pub(super) const DATE: Options = gnu(
    "d:f:I::r:Ru",
    "date= file= iso-8601? reference= rfc-email rfc-822 rfc-2822 rfc-3339= utc universal uct resolution \
     debug help version",
    "set",
);
/// `hostname`: what needs no resolver.
pub(super) const HOSTNAME: Options = gnu(
    "sIVhy",
    "short all-ip-addresses version help yp nis",
    "fqdn long ip-address alias domain all-fqdns file boot",
);
/// `file`, without `-C -f -L -p -S -z -Z`.
pub(super) const FILE: Options = gnu(
    "bcdDe:EF:hiklm:nNP:rsv0",
    "special-files brief checking-printout exclude= exclude-quiet= separator= no-dereference mime mime-type \
     mime-encoding apple extension keep-going list magic-file= no-buffer no-pad print0 parameter= raw \
     version help debug",
    "compile files-from dereference preserve-date no-sandbox uncompress uncompress-noreport",
);
/// `rg`, without `--pre --search-zip --hostname-bin --follow` and their short forms.
pub(super) const RG: Options = exact(
    "A:B:C:E:FHILM:NPST:U0abcd:e:f:g:hij:lm:nopqr:st:uvVwx.",
    "after-context= auto-hybrid-regex no-auto-hybrid-regex before-context= binary no-binary \
     block-buffered no-block-buffered byte-offset no-byte-offset case-sensitive color= colors= column \
     no-column context= context-separator= no-context-separator count count-matches crlf no-crlf debug \
     trace encoding= no-encoding engine= field-context-separator= field-match-separator= file= files \
     files-with-matches files-without-match fixed-strings no-fixed-strings glob= glob-case-insensitive \
     no-glob-case-insensitive heading no-heading help hidden no-hidden hyperlink-format= iglob= \
     ignore-case ignore-file= ignore-file-case-insensitive no-ignore-file-case-insensitive include-zero \
     no-include-zero invert-match no-invert-match json no-json line-buffered no-line-buffered line-number \
     no-line-number line-regexp max-columns= max-columns-preview no-max-columns-preview max-count= \
     max-depth= maxdepth= max-filesize= multiline no-multiline multiline-dotall no-multiline-dotall \
     no-config no-filename with-filename no-follow no-ignore ignore no-ignore-dot ignore-dot \
     no-ignore-exclude ignore-exclude no-ignore-files ignore-files no-ignore-global ignore-global \
     no-ignore-messages ignore-messages no-ignore-parent ignore-parent no-ignore-vcs ignore-vcs \
     no-messages messages no-pcre2-unicode pcre2-unicode no-pre no-require-git require-git no-search-zip \
     mmap no-mmap threads= regex-size-limit= dfa-size-limit= no-unicode unicode null null-data one-file-system no-one-file-system only-matching passthru \
     passthrough path-separator= pcre2 no-pcre2 pcre2-version pretty quiet regexp= replace= smart-case \
     sort= sort-files no-sort-files sortr= stats no-stats stop-on-nonmatch text no-text trim no-trim \
     type= type-add= type-clear= type-list type-not= unrestricted version vimgrep word-regexp",
);
/// `tree`, without `-l -o -R`.
pub(super) const TREE: Options = exact(
    "adfixpsugDFqNQChnAStrUvcJXL:P:I:H:T:",
    "gitignore ignore-case matchdirs metafirst prune noreport charset= filelimit= timefmt= inodes device \
     sort= dirsfirst filesfirst nolinks du si info version help opt-toggle hyperlink scheme= authority= fromfile fromtabfile fflinks gitfile= infofile= hintro= houtro=",
);
/// `jq` 1.6, without `-f -L --run-tests`.
pub(super) const JQ: Options = exact(
    "rcnsSeMCajRhV",
    "raw-output compact-output null-input slurp sort-keys exit-status monochrome-output color-output \
     ascii-output join-output raw-input tab indent= unbuffered stream stream-errors seq help version args \
     jsonargs arg= argjson= slurpfile= rawfile= argfile= raw-output0",
);
/// `xxd`.
pub(super) const XXD: &[&str] = &[
    "a",
    "autoskip",
    "b",
    "bits",
    "C",
    "capitalize",
    "d",
    "e",
    "E",
    "EBCDIC",
    "h",
    "help",
    "i",
    "include",
    "p",
    "ps",
    "plain",
    "postscript",
    "r",
    "revert",
    "u",
    "uppercase",
    "v",
    "version",
];
/// `xxd`'s options with a value.
pub(super) const XXD_VALUES: &[&str] = &[
    "c",
    "cols",
    "g",
    "group",
    "groupsize",
    "l",
    "len",
    "n",
    "name",
    "o",
    "offset",
    "s",
    "seek",
    "skip",
    "R",
];

/// `find`'s predicates and operators without an argument.
pub(super) const FIND: &[&str] = &[
    "-depth",
    "-d",
    "-xdev",
    "-mount",
    "-daystart",
    "-noleaf",
    "-ignore_readdir_race",
    "-noignore_readdir_race",
    "-warn",
    "-nowarn",
    "-empty",
    "-false",
    "-true",
    "-nogroup",
    "-nouser",
    "-readable",
    "-writable",
    "-executable",
    "-print",
    "-print0",
    "-ls",
    "-prune",
    "-quit",
    "-a",
    "-and",
    "-o",
    "-or",
    "-not",
    "-P",
    "(",
    ")",
    "!",
    ",",
    "-help",
    "--help",
    "-version",
    "--version",
];
/// `find`'s predicates with one argument.
pub(super) const FIND_VALUES: &[&str] = &[
    "-maxdepth",
    "-mindepth",
    "-regextype",
    "-amin",
    "-anewer",
    "-atime",
    "-cmin",
    "-cnewer",
    "-ctime",
    "-fstype",
    "-gid",
    "-group",
    "-ilname",
    "-iname",
    "-inum",
    "-ipath",
    "-iregex",
    "-iwholename",
    "-links",
    "-lname",
    "-mmin",
    "-mtime",
    "-name",
    "-newer",
    "-path",
    "-perm",
    "-regex",
    "-samefile",
    "-size",
    "-type",
    "-uid",
    "-used",
    "-user",
    "-wholename",
    "-xtype",
    "-context",
    "-printf",
];
