//! `git_read`: looks at a repository in the workspace without asking, through the helper that runs nothing of the repository's
//! own configuration. The model chooses what to look at; it writes no option of git's.

use metatron_domain::elevated::Power;
use metatron_domain::git::{GitTask, MOST_COMMITS, MOST_PATHS};
use metatron_domain::terminal::Size;
use metatron_store::journal::NewExec;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::elsewhere::Machine;
use crate::tool::shell::{choose, offer, parse};

/// Looks at a repository.
pub(crate) const READ: &str = "git_read";

const TIMEOUT_S: u32 = 120;
const COMMITS: u32 = 20;

pub(crate) fn schema(machines: &[Machine]) -> Value {
    let mut schema = json!({ "type": "function", "function": {
        "name": READ,
        "description": "Look at a git repository in the workspace: runs at once, without the owner's approval. It reads objects, \
            index and working tree, never the repository's own configuration, hooks or filters; contents of files that may hold secrets \
            are left out. To change a repository, or to use a remote, use shell_run.",
        "parameters": { "type": "object", "additionalProperties": false, "required": ["what"], "properties": {
            "what": { "type": "string", "enum": ["status", "branches", "log", "diff", "show", "blame"] },
            "folder": { "type": "string", "description": "Absolute path of the top of the repository. Default: the workspace." },
            "revision": { "type": "string", "description":
                "A commit, branch, tag, or a range as main..topic. For show and log the default is HEAD; without it diff compares the working tree." },
            "paths": { "type": "array", "maxItems": MOST_PATHS, "items": { "type": "string" }, "description":
                "Paths below the top, taken literally. blame needs one; with one, show prints that file as it was in the revision." },
            "limit": { "type": "integer", "minimum": 1, "maximum": MOST_COMMITS, "description": "Commits of log. Default 20." },
            "patch": { "type": "boolean", "description": "log: with what each commit changed." },
            "staged": { "type": "boolean", "description": "diff: of the index." },
            "stat": { "type": "boolean", "description": "diff: only how much changed in each file." },
            "why": { "type": "string", "description": "One sentence for the owner." },
        } },
    } });
    offer(&mut schema, machines);
    schema
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Status,
    Branches,
    Log,
    Diff,
    Show,
    Blame,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    what: What,
    #[serde(default)]
    folder: Option<String>,
    #[serde(default)]
    revision: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    patch: bool,
    #[serde(default)]
    staged: bool,
    #[serde(default)]
    stat: bool,
    #[serde(default)]
    why: String,
    #[serde(default)]
    host: Option<String>,
}

impl Read {
    fn task(&mut self) -> Result<GitTask, String> {
        let (revision, mut paths) = (self.revision.take(), std::mem::take(&mut self.paths));
        Ok(match self.what {
            What::Status => GitTask::Status,
            What::Branches => GitTask::Branches,
            What::Log => {
                GitTask::Log { revision, paths, limit: self.limit.unwrap_or(COMMITS), patch: self.patch }
            }
            What::Diff => GitTask::Diff { revision, staged: self.staged, paths, stat: self.stat },
            What::Show if paths.len() > 1 => return Err("show takes one path".to_owned()),
            What::Show => {
                GitTask::Show { revision: revision.unwrap_or_else(|| "HEAD".to_owned()), path: paths.pop() }
            }
            What::Blame => match (paths.pop(), paths.is_empty()) {
                (Some(path), true) => GitTask::Blame { path, revision },
                _ => return Err("blame takes exactly one path".to_owned()),
            },
        })
    }
}

/// The arguments of [`READ`]; an error is what the model is told.
pub(crate) fn parse_read(arguments: &str, machines: &[Machine]) -> Result<NewExec, String> {
    let mut read: Read = parse(READ, arguments)?;
    let told = |why: String| format!("[{READ}: {why}]");
    if read.folder.as_deref().is_some_and(|folder| !folder.starts_with('/')) {
        return Err(told("folder must be an absolute path".to_owned()));
    }
    let task = read.task().map_err(told)?;
    task.check().map_err(told)?;
    Ok(NewExec {
        command: task.command(),
        cwd: read.folder,
        timeout_s: TIMEOUT_S,
        why: read.why.chars().take(500).collect(),
        host: choose(READ, read.host.as_deref(), machines)?,
        interactive: false,
        size: Size::COMMAND,
        power: Power::Git { task },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_chooses_what_to_look_at_and_writes_no_option() {
        let machines = [Machine { name: "local".to_owned(), answers: true }];
        let read = |text: &str| parse_read(text, &machines);
        let new = read(r#"{"what":"log","revision":"main","paths":["src"],"folder":"/work/x"}"#).unwrap();
        assert_eq!(new.command, "git log --max-count=20 main -- src");
        assert_eq!(new.cwd.as_deref(), Some("/work/x"));
        assert_eq!(read(r#"{"what":"show","paths":["a"]}"#).unwrap().command, "git show HEAD -- a");
        for bad in [
            r#"{"what":"push"}"#,
            r#"{"what":"status","options":["-c"]}"#,
            r#"{"what":"log","revision":"--output=x"}"#,
            r#"{"what":"diff","paths":["../x"]}"#,
            r#"{"what":"blame"}"#,
            r#"{"what":"show","paths":["a","b"]}"#,
            r#"{"what":"status","folder":"x"}"#,
            r#"{"what":"log","limit":0}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
