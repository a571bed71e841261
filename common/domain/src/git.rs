//! What the AI may ask of git without being asked about: to read the history and the state of a repository in the workspace.
//!
//! git runs what a repository's own configuration names (SECURITY section 4: `core.fsmonitor` on `git status`, filters, external
//! diffs, hooks, signature programs), so words for it always ask. The helper reads none of that configuration: it lays a
//! directory of its own over the repository's objects, references and index, with no configuration in it. A filter or driver
//! that nobody defined does nothing. Owns: which words may stand in the line, and the script. Runs nothing.

use serde::{Deserialize, Serialize};

use crate::policy::{Effects, Judgement, Risk, Setting, Verdict, judge, secret_patterns};

/// The program.
pub const GIT: &str = "/usr/bin/git";
/// Commits of one look, at most.
pub const MOST_COMMITS: u32 = 500;
/// Paths of one look, at most.
pub const MOST_PATHS: usize = 50;
/// Bytes of a path or a revision, at most.
const LONGEST: usize = 400;

/// Lays the directory over the repository in the working folder and runs git with the words that follow. Nothing here is
/// made of a word that the model wrote.
pub const SCRIPT: &str = r#"set -eu
fail() { printf 'fatal: %s\n' "$1" >&2; exit 128; }
[ -x /usr/bin/git ] || fail 'git is not installed on this machine'
[ -d .git ] && [ ! -L .git ] || fail 'this folder is not the top of a git repository (of a linked worktree or a submodule the helper knows nothing: use shell_run)'
[ -f .git/HEAD ] && [ -d .git/refs ] && [ -d .git/objects ] || fail 'the repository is of a kind that the helper does not read: use shell_run'
# What leads elsewhere is not followed: git's own complaints would quote what lies there.
odd=$(find .git/HEAD .git/index .git/packed-refs .git/shallow .git/info .git/refs .git/objects ! -type f ! -type d -print -quit 2>/dev/null) || :
[ -z "$odd" ] && [ ! -e .git/objects/info/alternates ] || fail 'the repository borrows from elsewhere, which the helper does not read: use shell_run'
dir=$(mktemp -d)
trap 'rm -rf -- "$dir"' EXIT
head -c 1024 .git/HEAD > "$dir/HEAD"
mkdir "$dir/info"
for name in refs info/exclude; do
  [ ! -e ".git/$name" ] || ln -s "$PWD/.git/$name" "$dir/$name"
done
# Lines of another shape are of another file.
for name in packed-refs shallow; do
  [ ! -e ".git/$name" ] || LC_ALL=C grep -aE '^(# pack-refs with:[ a-z-]*|\^?[0-9a-f]{40}|[0-9a-f]{40} refs/.*)$' ".git/$name" > "$dir/$name" || :
done
# A copy, since git renews an index that it reads; with its time, by which git knows what may have changed since.
[ ! -e .git/index ] || cp --preserve=timestamps .git/index "$dir/index"
export GIT_DIR="$dir" GIT_WORK_TREE="$PWD" GIT_OBJECT_DIRECTORY="$PWD/.git/objects" GIT_INDEX_FILE="$dir/index"
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_ATTR_NOSYSTEM=1 GIT_ALLOW_PROTOCOL=none
export GIT_OPTIONAL_LOCKS=0 GIT_NO_LAZY_FETCH=1 GIT_NO_REPLACE_OBJECTS=1 GIT_TERMINAL_PROMPT=0 GIT_PAGER=cat
! grep -qsi objectformat .git/config || fail 'the repository has another kind of hashes, which the helper does not read: use shell_run'
/usr/bin/git rev-parse --git-dir > "$dir/said" 2>&1 || fail 'the repository is damaged, or of a kind that the helper does not read: use shell_run'
# git does not look at the names in an index when it reads one.
if /usr/bin/git -c core.fsmonitor=false ls-files -z | LC_ALL=C grep -zqaE '(^|/)(\.{0,2}|\.[gG][iI][tT])(/|$)'; then
  fail 'the index names files that no repository has'
fi
/usr/bin/git -c core.commitGraph=false -c core.multiPackIndex=false "$@"
"#;

/// One look at a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "task", deny_unknown_fields)]
pub enum GitTask {
    /// Which files differ from the last commit.
    Status,
    /// Branches, with their newest commits.
    Branches,
    /// Commits, the newest first.
    Log {
        /// Where to begin, or a range; `HEAD` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
        /// Only what touched these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        paths: Vec<String>,
        /// Commits, at most.
        limit: u32,
        /// With what each changed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        patch: bool,
    },
    /// What differs: of the working tree from the index, or as the fields say.
    Diff {
        /// A revision, or a range of two.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
        /// Of the index instead of the working tree.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        staged: bool,
        /// Only these.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        paths: Vec<String>,
        /// Only how much.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stat: bool,
    },
    /// A commit with what it changed, or a file as it was in one.
    Show {
        /// The commit.
        revision: String,
        /// The file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
    },
    /// Who changed each line of a file last.
    Blame {
        /// The file.
        path: String,
        /// As it was then; as it is in `HEAD` when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<String>,
    },
}

impl GitTask {
    fn revision(&self) -> Option<&str> {
        match self {
            Self::Status | Self::Branches => None,
            Self::Show { revision, .. } => Some(revision),
            Self::Log { revision, .. } | Self::Diff { revision, .. } | Self::Blame { revision, .. } => {
                revision.as_deref()
            }
        }
    }

    fn paths(&self) -> Vec<&str> {
        match self {
            Self::Status | Self::Branches => Vec::new(),
            Self::Log { paths, .. } | Self::Diff { paths, .. } => paths.iter().map(String::as_str).collect(),
            Self::Show { path, .. } => path.iter().map(String::as_str).collect(),
            Self::Blame { path, .. } => vec![path],
        }
    }

    /// Says what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let short = |text: &str| text.chars().take(60).collect::<String>();
        if let Some(bad) = self.revision().filter(|text| !is_revision(text)) {
            return Err(format!("{:?} is no revision that the helper knows", short(bad)));
        }
        let paths = self.paths();
        if paths.len() > MOST_PATHS {
            return Err(format!("name at most {MOST_PATHS} paths"));
        }
        if let Some(bad) = paths.iter().find(|path| !is_path(path)) {
            return Err(format!("{:?} is no path inside the repository", short(bad)));
        }
        match self {
            Self::Log { limit, .. } if !(1..=MOST_COMMITS).contains(limit) => {
                Err(format!("limit must be from 1 to {MOST_COMMITS}"))
            }
            _ => Ok(()),
        }
    }

    /// The words behind [`GIT`]. Of contents those that the policy calls secret by their names are left out.
    pub fn words(&self) -> Vec<String> {
        const PLAIN: [&str; 2] = ["--no-ext-diff", "--no-textconv"];
        let mut words = Words::default();
        // Said once more, although nothing here can say otherwise.
        words.add(&["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
        words.add(&["-c", "core.quotePath=false", "-c", "color.ui=never"]);
        match self {
            Self::Status => words.add(&["status", "--short", "--branch", "--ignore-submodules=all"]),
            Self::Branches => words.add(&["branch", "--all", "--verbose"]),
            Self::Log { revision, paths, limit, patch } => {
                words.add(&["log", "--no-show-signature", "--date=iso-strict", "--decorate=short"]);
                words.add(&PLAIN);
                words.add(&[&format!("--max-count={limit}")]);
                if *patch {
                    words.add(&["--patch", "--ignore-submodules=all"]);
                }
                words.add(&[&commits(revision.as_deref().unwrap_or("HEAD"))]);
                words.behind(paths, *patch);
            }
            Self::Diff { revision, staged, paths, stat } => {
                words.add(&["diff", "--ignore-submodules=all"]);
                words.add(&PLAIN);
                words.add(if *staged { &["--cached"] } else { &[] });
                words.add(if *stat { &["--stat"] } else { &[] });
                words.0.extend(revision.as_deref().map(commits));
                words.behind(paths, true);
            }
            Self::Show { revision, path: None } => {
                words.add(&["show", "--no-show-signature", "--date=iso-strict", "--ignore-submodules=all"]);
                words.add(&PLAIN);
                words.add(&[&commits(revision)]);
                words.behind(&[], true);
            }
            Self::Show { revision, path: Some(path) } => {
                words.add(&["show"]);
                words.add(&PLAIN);
                words.add(&[&format!("{}:{path}", commits(revision)), "--"]);
            }
            Self::Blame { path, revision } => {
                let revision = commits(revision.as_deref().unwrap_or("HEAD"));
                words.add(&["blame", "--date=iso-strict", &revision, "--", path]);
            }
        }
        words.0
    }

    /// The command line as it is shown and judged: what is asked, without what makes it safe.
    pub fn command(&self) -> String {
        let mut words = Words::default();
        match self {
            Self::Status => words.add(&["status"]),
            Self::Branches => words.add(&["branch", "--all", "--verbose"]),
            Self::Log { revision, limit, patch, .. } => {
                words.add(&["log", &format!("--max-count={limit}")]);
                words.add(if *patch { &["--patch"] } else { &[] });
                words.0.extend(revision.clone());
            }
            Self::Diff { revision, staged, stat, .. } => {
                words.add(&["diff"]);
                words.add(if *staged { &["--cached"] } else { &[] });
                words.add(if *stat { &["--stat"] } else { &[] });
                words.0.extend(revision.clone());
            }
            Self::Show { revision, .. } => words.add(&["show", revision]),
            Self::Blame { revision, .. } => {
                words.add(&["blame"]);
                words.0.extend(revision.clone());
            }
        }
        let paths = self.paths();
        if !paths.is_empty() {
            words.add(&["--"]);
            words.add(&paths);
        }
        let quoted = words.0.iter().map(|word| quoted(word));
        std::iter::once("git".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
    }

    /// What becomes of its judgement, by the words alone, where it runs by the helper: it is allowed in a repository whose `top`
    /// lies inside the workspace, unless it is denied, or it or that place may hold secrets. Elsewhere (`None`) it asks, as its
    /// words do.
    pub fn lowered(&self, judgement: Judgement, top: Option<&str>) -> Judgement {
        let Some(top) = top else { return judgement };
        if judgement.verdict != Verdict::Ask || !judgement.effects.sensitive.is_empty() {
            return judgement;
        }
        let reads = |path: String| {
            judge(format!("cat {}", quoted(&path)).as_bytes(), &Setting::default()).verdict == Verdict::Allow
        };
        // `./`, since a word that begins with a dash is none of a path to the judge.
        let plain = self.paths().into_iter().all(|path| reads(format!("./{path}")));
        if !plain || !reads(format!("{top}/x")) {
            return judgement;
        }
        let effects = Effects {
            programs: judgement.effects.programs,
            reads: self.paths().into_iter().map(str::to_owned).collect(),
            network: Some(false),
            privilege: Some(false),
            packages: Some(false),
            services: Some(false),
            secrets: judgement.effects.secrets,
            reversible: Some(true),
            ..Effects::default()
        };
        Judgement {
            verdict: Verdict::Allow,
            rule: "allow.git".to_owned(),
            reasons: Vec::new(),
            risk: Risk::Low,
            effects,
        }
    }
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn add(&mut self, more: &[&str]) {
        self.0.extend(more.iter().map(|&word| word.to_owned()));
    }

    /// The paths, taken literally; with `contents`, but for what the policy calls secret.
    fn behind(&mut self, paths: &[String], contents: bool) {
        self.add(&["--"]);
        self.0.extend(paths.iter().map(|path| format!(":(top,literal){path}")));
        if contents {
            if paths.is_empty() {
                self.add(&[":(top)"]);
            }
            for name in secret_patterns() {
                self.add(&[&format!(":(top,exclude,glob,icase)**/{name}")]);
                self.add(&[&format!(":(top,exclude,glob,icase)**/{name}/**")]);
            }
        }
    }
}

/// The same commits, and nothing but commits: a hash or a name may be that of a file's content, or of a folder.
fn commits(revision: &str) -> String {
    let side = |name: &str| if name.is_empty() { String::new() } else { format!("{name}^{{commit}}") };
    let Some((from, to)) = revision.split_once("..") else { return side(revision) };
    let (dots, to) = to.strip_prefix('.').map_or(("..", to), |to| ("...", to));
    format!("{}{dots}{}", side(from), side(to))
}

/// Whether this names commits: a name, a hash, a range, with the usual ways to walk from there. Never an option, a path
/// in a commit, a reflog or a search.
fn is_revision(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._/@^~-+{}".contains(c);
    (1..=LONGEST).contains(&text.len())
        && !text.starts_with(['-', '+', '^', '{', '}'])
        && text.chars().all(plain)
        && !text.contains("@{")
        && !text.contains("^{/")
        && text.split("..").count() <= 2
}

/// Whether this is a path below the top of the repository, and none of git's own files.
fn is_path(text: &str) -> bool {
    let part = |part: &str| !matches!(part, "" | "." | "..") && !part.eq_ignore_ascii_case(".git");
    (1..=LONGEST).contains(&text.len())
        && !text.chars().any(char::is_control)
        && text.strip_suffix('/').unwrap_or(text).split('/').all(part)
}

/// One word for bash.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
