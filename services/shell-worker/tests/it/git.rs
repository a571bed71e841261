//! The helper that reads repositories: nothing that a repository's own configuration names is ever run, and what may be secret
//! is left out. SECURITY section 4: git runs `core.fsmonitor` on `git status`.

use std::path::Path;
use std::process::Command;

use metatron_domain::command::{CommandSpec, ShellReport};
use metatron_domain::elevated::Power;
use metatron_domain::exec::Exit;
use metatron_domain::git::GitTask;
use metatron_domain::policy::Verdict;

use crate::support::*;

fn git(folder: &Path, words: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"])
        .args(["-c", "safe.directory=*"])
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git is installed");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A repository with two commits, a change that is not committed, and every trap there is set in its configuration.
fn trapped(bench: &Bench) -> std::path::PathBuf {
    let top = bench.work.join("repo");
    std::fs::create_dir(&top).unwrap();
    git(&top, &["init", "-q"]);
    std::fs::write(top.join("a.txt"), "one\n").unwrap();
    std::fs::write(top.join(".env"), "TOKEN=planted-canary\n").unwrap();
    git(&top, &["add", "-A"]);
    git(&top, &["commit", "-qm", "first"]);
    std::fs::write(top.join("a.txt"), "one\ntwo\n").unwrap();
    git(&top, &["commit", "-qam", "second"]);

    let trap = top.join("trap.sh");
    std::fs::write(
        &trap,
        format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", bench.work.join("sprung").display()),
    )
    .unwrap();
    let trap = trap.display().to_string();
    assert!(Command::new("chmod").args(["755", &trap]).status().unwrap().success());
    for name in [
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.alternateRefsCommand",
        "pager.log",
        "pager.status",
        "pager.diff",
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "gpg.program",
        "interactive.diffFilter",
        "credential.helper",
        "remote.origin.uploadpack",
        "alias.status",
    ] {
        git(&top, &["config", name, &trap]);
    }
    git(&top, &["config", "log.showSignature", "true"]);
    git(&top, &["config", "status.submoduleSummary", "true"]);
    git(&top, &["config", "remote.origin.url", &format!("ext::{trap}")]);
    git(&top, &["config", "remote.origin.promisor", "true"]);
    git(&top, &["config", "extensions.partialClone", "origin"]);
    for hook in ["post-index-change", "fsmonitor-watchman", "pre-commit"] {
        std::fs::copy(&trap, top.join(".git/hooks").join(hook)).unwrap();
    }
    std::fs::write(top.join(".gitattributes"), "* filter=evil diff=evil\n").unwrap();
    std::fs::write(top.join(".git/info/attributes"), "* filter=evil diff=evil\n").unwrap();
    std::fs::write(top.join("a.txt"), "one\ntwo\nthree\n").unwrap();
    std::fs::write(top.join(".env"), "TOKEN=planted-canary-2\n").unwrap();
    assert!(Command::new("chmod").args(["-R", "a+rwX"]).arg(&top).status().unwrap().success());
    let _ = std::fs::remove_file(bench.work.join("sprung"));
    top
}

fn look(top: &Path, task: GitTask) -> CommandSpec {
    let command = task.command();
    CommandSpec { cwd: Some(top.display().to_string()), power: Power::Git { task }, ..spec(&command) }
}

fn log(patch: bool) -> GitTask {
    GitTask::Log { revision: None, paths: vec![], limit: 20, patch }
}

fn diff(revision: Option<&str>, paths: &[&str]) -> GitTask {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    GitTask::Diff { revision: revision.map(str::to_owned), staged: false, paths, stat: false }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_at_a_repository_runs_at_once_and_nothing_that_the_repository_names() {
    let bench = Bench::new();
    let top = trapped(&bench);
    let show =
        |path: Option<&str>| GitTask::Show { revision: "HEAD".to_owned(), path: path.map(str::to_owned) };
    let looks: [(GitTask, &str); 8] = [
        (GitTask::Status, " M a.txt"),
        (GitTask::Branches, "* main"),
        (log(false), "second"),
        (log(true), "+two"),
        (diff(None, &[]), "+three"),
        (diff(Some("HEAD~1..HEAD"), &["a.txt"]), "+two"),
        (show(None), "+two"),
        (show(Some("a.txt")), "one"),
    ];
    for (task, says) in looks {
        let spec = look(&top, task.clone());
        let ShellReport::Prepared { measure, judgement, under, .. } = bench.shell.prepare(&spec) else {
            panic!("{task:?} was not prepared");
        };
        assert_eq!((judgement.verdict, under), (Verdict::Allow, None), "{task:?}");
        let outcome = ended(bench.start(&spec, &measure.digest(spec.exec), None)).await;
        let text = String::from_utf8_lossy(&bench.output(&spec)).into_owned();
        assert_eq!(outcome.exit, Some(Exit::Code { code: 0 }), "{task:?}: {text}");
        assert!(text.contains(says), "{task:?}: {text}");
        assert!(!text.contains("planted-canary"), "{task:?}: {text}");
    }
    let blame = look(&top, GitTask::Blame { path: "a.txt".to_owned(), revision: None });
    let digest = bench.prepared(&blame);
    ended(bench.start(&blame, &digest, None)).await;
    assert!(String::from_utf8_lossy(&bench.output(&blame)).contains("two"));
    let sprung = std::fs::read_to_string(bench.work.join("sprung")).unwrap_or_default();
    assert_eq!(sprung, "", "a trap was sprung");
}

/// Runs a look to its end, and returns how it ended and all that was printed.
async fn printed(bench: &Bench, top: &Path, task: GitTask) -> (Option<Exit>, String) {
    let spec = look(top, task);
    let digest = bench.prepared(&spec);
    let outcome = ended(bench.start(&spec, &digest, None)).await;
    (outcome.exit, String::from_utf8_lossy(&bench.output(&spec)).into_owned())
}

fn show(revision: &str) -> GitTask {
    GitTask::Show { revision: revision.to_owned(), path: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_is_a_commit_and_never_the_content_of_a_file() {
    let bench = Bench::new();
    let top = trapped(&bench);
    let said = |words: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "safe.directory=*"])
            .args(words)
            .current_dir(&top)
            .output()
            .unwrap();
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    };
    let (blob, tree) = (said(&["rev-parse", "HEAD:.env"]), said(&["rev-parse", "HEAD^{tree}"]));
    assert_eq!(blob.len(), 40);
    std::fs::write(top.join(".git/refs/heads/odd"), &blob).unwrap();
    for revision in [blob.as_str(), &blob[..6], "odd", tree.as_str()] {
        let (exit, text) = printed(&bench, &top, show(revision)).await;
        assert_ne!(exit, Some(Exit::Code { code: 0 }), "{revision}: {text}");
        assert!(!text.contains("planted-canary"), "{revision}: {text}");
    }
    let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let (_, text) = printed(&bench, &top, diff(Some(&format!("{empty}..{tree}")), &[])).await;
    assert!(!text.contains("planted-canary"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_out_of_the_repository_is_not_read_and_nothing_is_written() {
    for (place, target) in [
        ("objects/info/alternates", "../../../.env"),
        ("shallow", "../.env"),
        ("packed-refs", "../.env"),
        ("refs/heads/x", "../../../.env"),
        ("info/exclude", "../../.env"),
    ] {
        let bench = Bench::new();
        let top = trapped(&bench);
        let place = top.join(".git").join(place);
        let _ = std::fs::remove_file(&place);
        std::os::unix::fs::symlink(target, &place).unwrap();
        let (exit, text) = printed(&bench, &top, GitTask::Status).await;
        assert_eq!(exit, Some(Exit::Code { code: 128 }), "{place:?}: {text}");
        assert!(text.contains("borrows from elsewhere") && !text.contains("canary"), "{place:?}: {text}");
    }
    // A hard link is no link that can be seen: lines of another shape are left out.
    let bench = Bench::new();
    let top = trapped(&bench);
    std::fs::hard_link(top.join(".env"), top.join(".git/packed-refs")).unwrap();
    let (_, text) = printed(&bench, &top, GitTask::Branches).await;
    assert!(!text.contains("canary"), "{text}");

    let bench = Bench::new();
    let top = trapped(&bench);
    let index = || std::fs::read(top.join(".git/index")).unwrap();
    let before = index();
    std::fs::File::open(top.join(".env")).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let (exit, _) = printed(&bench, &top, diff(None, &[])).await;
    assert_eq!((exit, index() == before), (Some(Exit::Code { code: 0 }), true), "the index stays as it is");

    // An index that names files elsewhere: 62 bytes in front of a name, and a sum at the end.
    for name in ["../.env-out", ".git/config", ".config/./gh/h"] {
        std::fs::write(top.join(".git/index"), forged(name)).unwrap();
        let (exit, text) = printed(&bench, &top, diff(None, &[])).await;
        assert_eq!(exit, Some(Exit::Code { code: 128 }), "{name}: {text}");
        assert!(text.contains("names files that no repository has"), "{name}: {text}");
    }
}

/// An index of one entry with this name. Source: gitformat-index(5).
fn forged(name: &str) -> Vec<u8> {
    let mut index = b"DIRC\0\0\0\x02\0\0\0\x01".to_vec();
    let mode = index.len() + 24;
    index.resize(mode, 0);
    index.extend(0o100_644_u32.to_be_bytes());
    index.resize(mode + 16, 0);
    index.extend([0x11; 20]);
    index.extend(u16::try_from(name.len()).unwrap().to_be_bytes());
    index.extend(name.as_bytes());
    index.resize(index.len() + 8 - (62 + name.len()) % 8, 0);
    let mut summing = Command::new("sha1sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut summing.stdin.take().unwrap(), &index).unwrap();
    let hex = String::from_utf8(summing.wait_with_output().unwrap().stdout).unwrap();
    let bytes = (0..20).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap());
    index.extend(bytes);
    index
}

/// The traps are traps: git by its own words springs one.
#[test]
fn by_its_own_words_git_runs_what_the_repository_names() {
    let bench = Bench::new();
    let top = trapped(&bench);
    let _ =
        Command::new("git").args(["-c", "safe.directory=*", "status"]).current_dir(&top).output().unwrap();
    let sprung = std::fs::read_to_string(bench.work.join("sprung")).unwrap_or_default();
    assert!(sprung.contains("trap.sh"), "{sprung}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_secret_or_lies_elsewhere_is_asked_and_a_request_that_contradicts_itself_refused() {
    let bench = Bench::new();
    let top = trapped(&bench);
    let asks = |spec: &CommandSpec| match bench.shell.prepare(spec) {
        ShellReport::Prepared { judgement, .. } => judgement.verdict == Verdict::Ask,
        other => panic!("{other:?}"),
    };
    assert!(asks(&look(&top, diff(None, &[".env"]))));
    assert!(asks(&look(&top, GitTask::Show { revision: "HEAD".to_owned(), path: Some(".env".to_owned()) })));
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(asks(&look(elsewhere.path(), GitTask::Status)), "outside the workspace");
    let spec = look(elsewhere.path(), GitTask::Status);
    let digest = bench.prepared(&spec);
    let said = declined(bench.start(&spec, &digest, None));
    assert!(said.starts_with("grant_missing: "), "{said}");

    for wrong in [
        CommandSpec { command: "git log".to_owned(), ..look(&top, GitTask::Status) },
        look(&top, diff(Some("--output=x"), &[])),
        look(&top, diff(None, &["../x"])),
    ] {
        let ShellReport::Declined { code, .. } = bench.shell.prepare(&wrong) else {
            panic!("{wrong:?} was prepared");
        };
        assert_eq!(code, "git_refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_plain_repository_is_said_to_be_none() {
    let bench = Bench::new();
    let spec = look(&bench.work, GitTask::Status);
    let digest = bench.prepared(&spec);
    let outcome = ended(bench.start(&spec, &digest, None)).await;
    assert_eq!(outcome.exit, Some(Exit::Code { code: 128 }));
    assert!(String::from_utf8_lossy(&bench.output(&spec)).contains("not the top of a git repository"));
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_an_answer_for_a_look_is_none_for_the_same_words_in_a_shell() {
    let bench = Bench::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let look = look(elsewhere.path(), GitTask::Status);
    let digest = bench.prepared(&look);
    let good = grant(&look, &digest);
    // Whoever holds Redis takes the helper away: the repository's own configuration would have its say.
    let bare = CommandSpec { power: Power::Agent, ..look.clone() };
    let said = declined(bench.start(&bare, &digest, Some(&good)));
    assert!(said.starts_with("changed_since_prepared: ") && said.contains("whose power"), "{said}");
}
