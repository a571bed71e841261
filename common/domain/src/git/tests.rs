//! Tests of the helper that reads repositories.

use super::*;

/// A repository in the workspace.
const WORK: Option<&str> = Some("/home/agent/work/repo");

fn log(revision: Option<&str>, paths: &[&str]) -> GitTask {
    GitTask::Log {
        revision: revision.map(str::to_owned),
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        limit: 20,
        patch: true,
    }
}

fn show(path: &str) -> GitTask {
    GitTask::Show { revision: "HEAD".to_owned(), path: Some(path.to_owned()) }
}

#[test]
fn a_revision_names_commits_and_nothing_else() {
    for good in [
        "HEAD",
        "main",
        "origin/main",
        "v1.2.3",
        "HEAD~3",
        "main..topic",
        "a...b",
        "HEAD^2",
        "abc1234",
        "x^{commit}",
    ] {
        log(Some(good), &[]).check().unwrap_or_else(|why| panic!("{good}: {why}"));
    }
    for bad in [
        "",
        "-p",
        "--output=x",
        "--exec-path",
        "HEAD:.env",
        ":/word",
        "@{-1}",
        "HEAD@{1}",
        "a b",
        "a\nb",
        "^main",
        "x^{/re}",
        "$(id)",
        "a;b",
    ] {
        assert!(log(Some(bad), &[]).check().is_err(), "{bad:?}");
    }
}

#[test]
fn a_path_lies_below_the_top_and_is_none_of_git_s_own() {
    for good in ["src", "src/", "a b.txt", "docs/ü.md", "-n", ":(top)x", "*.rs", ".github/x"] {
        log(None, &[good]).check().unwrap_or_else(|why| panic!("{good}: {why}"));
    }
    for bad in [
        "",
        "/etc/passwd",
        "..",
        "../x",
        "a/../../x",
        "./x",
        "a//b",
        ".git/config",
        "a/.GIT/hooks",
        "a\0b",
        "a\nb",
    ] {
        assert!(log(None, &[bad]).check().is_err(), "{bad:?}");
    }
    assert!(log(None, &["x"; MOST_PATHS + 1]).check().is_err());
}

#[test]
fn no_word_of_the_model_can_be_an_option_and_paths_are_taken_literally() {
    let words = log(Some("main"), &["-n", "*.rs"]).words();
    let end = words.iter().position(|word| word == "--").unwrap();
    assert_eq!(words[end - 1], "main^{commit}");
    assert_eq!(words[end + 1..end + 3], [":(top,literal)-n", ":(top,literal)*.rs"]);
    assert!(
        words.contains(&":(top,exclude,glob,icase)**/.env*".to_owned()),
        "contents of secrets are left out"
    );
    let shown = show("x").words();
    assert!(shown.ends_with(&["HEAD^{commit}:x".to_owned(), "--".to_owned()]), "{shown:?}");
}

#[test]
fn a_revision_reaches_git_as_a_commit_or_a_range_of_two() {
    assert_eq!(commits("0be3"), "0be3^{commit}");
    assert_eq!(commits("main..x"), "main^{commit}..x^{commit}");
    assert_eq!(commits("main...x"), "main^{commit}...x^{commit}");
    assert_eq!(commits("..x"), "..x^{commit}");
    for bad in ["a..b..c", "a.....b"] {
        assert!(log(Some(bad), &[]).check().is_err(), "{bad}");
    }
}

#[test]
fn what_is_shown_reads_back_as_the_words_that_were_asked() {
    assert_eq!(GitTask::Status.command(), "git status");
    assert_eq!(
        log(Some("main..x"), &["it's here", "src"]).command(),
        r"git log --max-count=20 --patch main..x -- 'it'\''s here' src"
    );
    assert_eq!(show("a/b.rs").command(), "git show HEAD -- a/b.rs");
}

#[test]
fn git_asks_by_its_words_and_is_allowed_by_the_helper_in_the_workspace_alone() {
    let judged = |task: &GitTask, top: Option<&str>| {
        let judgement = judge(task.command().as_bytes(), &Setting::default());
        assert_eq!(judgement.verdict, Verdict::Ask, "{}", task.command());
        task.lowered(judgement, top)
    };
    for task in [GitTask::Status, GitTask::Branches, log(None, &["src"]), show("README.md")] {
        let allowed = judged(&task, WORK);
        assert_eq!((allowed.verdict, allowed.rule.as_str()), (Verdict::Allow, "allow.git"), "{task:?}");
        assert!(!crate::taint::brings(&allowed) && !crate::taint::asks(&allowed), "{task:?}");
        assert_eq!(judged(&task, None).verdict, Verdict::Ask, "{task:?} elsewhere");
    }
    for top in ["/home/agent/work/.ssh", "/home/agent/work/x/.config/gh", "/home/agent/work/.password-store"]
    {
        assert_eq!(judged(&log(None, &[]), Some(top)).verdict, Verdict::Ask, "{top}");
    }
    for secret in [
        "--a/.env",
        ".foo/credentials.json",
        ".env",
        "deploy/.env.production",
        "tls/server.key",
        "a/.aws/credentials",
        "x/id_rsa",
    ] {
        assert_eq!(judged(&show(secret), WORK).verdict, Verdict::Ask, "{secret}");
        assert_eq!(judged(&log(None, &["src", secret]), WORK).verdict, Verdict::Ask, "{secret}");
    }
}
