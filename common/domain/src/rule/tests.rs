//! Tests of the rules: what they match, and what can have none (SECURITY P3).

use super::book::{Book, ChatMode, Void};
use super::draft::{Past, check, narrowest, suggest};
use super::warrant::WarrantKey;
use super::*;
use crate::actor::Actor;
use crate::approval::MeasuredFile;
use crate::elevated::Power;
use crate::id::ChatId;
use crate::mode::Mode;
use crate::policy::{Setting, judge};

const T: Instant = Instant::from_millis(1_800_000_000_000);
const HOME: &str = "/home/agent/work";

fn file(word: &str, path: &str, bound: bool) -> MeasuredFile {
    MeasuredFile { word: word.to_owned(), path: path.to_owned(), sha256: "ab".to_owned(), bound }
}

/// What shell-worker would measure of a plain command.
fn past(command: &str, cwd: &str) -> Past {
    let setting = Setting { cwd, ..Setting::default() };
    let name = command.split_whitespace().next().unwrap_or_default();
    let base = name.rsplit('/').next().unwrap_or_default();
    let (path, bound) = if name.starts_with("./") {
        (format!("{cwd}/{base}"), false)
    } else {
        (format!("/usr/bin/{base}"), true)
    };
    Past {
        command: command.to_owned(),
        chat: ChatId::new(),
        measure: Measure {
            command_sha256: "cd".to_owned(),
            shell: file("/bin/bash", "/usr/bin/bash", true),
            cwd: cwd.to_owned(),
            cwd_device: 1,
            cwd_inode: 2,
            env_sha256: "ef".to_owned(),
            user: "agent".to_owned(),
            host: "local".to_owned(),
            timeout_s: 60,
            programs: vec![file(name, &path, bound)],
            scripts: vec![],
            policy_version: 1,
            links: vec![],
            packages: None,
            journal: None,
            power: Power::Agent,
            asker: None,
        },
        judgement: judge(command.as_bytes(), &setting),
    }
}

fn rule(program: &str, words: &[&str], open: bool) -> Rule {
    Rule {
        id: RuleId::new(),
        version: 1,
        program: program.to_owned(),
        words: words.iter().map(ToString::to_string).collect(),
        open,
        folder: HOME.to_owned(),
        scope: Scope::Everywhere,
        until: Some(T.after(draft::USUAL)),
        times: None,
    }
}

#[test]
fn p3_a_rule_matches_its_words_and_nothing_that_is_not_surely_understood() {
    let open = rule("/usr/bin/git", &["commit"], true);
    let exact = rule("/usr/bin/mkdir", &["-p", "out"], false);
    for (rule, command, met) in [
        (&open, "git commit", true),
        (&open, "git commit -m 'a word'", true),
        (&open, "git  commit   -m \"two words\" src/a.rs", true),
        (&open, "git commit 2>&1", true),
        (&open, "git commit >/dev/null", true),
        (&open, "git commit > log.txt", false),
        (&open, "git commit < in.txt", false),
        (&open, "git commit -m $(id)", false),
        (&open, "git commit -m \"$x\"", false),
        (&open, "git commit -m `id`", false),
        (&open, "git commit *.rs", false),
        (&open, "git commit; id", false),
        (&open, "git commit && id", false),
        (&open, "git commit | cat", false),
        (&open, "git commit &", false),
        (&open, "A=1 git commit", false),
        (&open, "(git commit)", false),
        (&open, "! git commit", false),
        (&open, "time git commit", false),
        (&open, "git commit # x", false),
        (&open, "git\ncommit", false),
        (&open, "git {commit,log}", false),
        (&open, "git -c core.fsmonitor=id commit", false),
        (&open, "git commit -c HEAD", false),
        (&open, "git commit --ext-diff", false),
        (&open, "git commit --output=/tmp/x", false),
        (&open, "git commit --outp=/tmp/x", false),
        (&open, "git commit -F /etc/hostname", false),
        (&open, "git commit -F ../../x", false),
        (&open, "git commit -F ..", false),
        (&open, "git commit --file=/etc/hostname", false),
        (&open, "git commit ~/x", false),
        (&open, "git commit .env", false),
        (&open, "git commit .git/config", false),
        (&open, "git commit -F .envrc", false),
        (&open, "git commit .", true),
        (&open, "git push", false),
        (&open, "git commitx", false),
        (&open, "git 'commit'", true),
        (&open, "'git' commit", true),
        (&open, "git\u{a0}commit", false),
        (&open, "sudo git commit", false),
        (&open, "env git commit", false),
        (&open, "bash -c 'git commit'", false),
        (&open, "./git commit", false),
        (&exact, "mkdir -p out", true),
        (&exact, "mkdir -p out more", false),
        (&exact, "mkdir out -p", false),
        (&exact, "mkdir -p out/", false),
        (&exact, "mkdir -p", false),
    ] {
        let past = past(command, HOME);
        // What quotes surround has its word without them.
        let mut past = past;
        let bare = past.measure.programs[0].word.replace('\'', "");
        past.measure.programs[0].word = bare.clone();
        past.measure.programs[0].path = past.measure.programs[0].path.replace('\'', "");
        assert_eq!(rule.matches(&past.asked()), met, "{command}");
    }
}

#[test]
fn p3_a_rule_holds_for_its_program_folder_and_chat_alone() {
    let mut rule = rule("/usr/bin/mkdir", &["out"], false);
    let here = past("mkdir out", HOME);
    assert!(rule.matches(&here.asked()));
    assert!(rule.matches(&past("mkdir out", "/home/agent/work/sub").asked()));
    assert!(!rule.matches(&past("mkdir out", "/home/agent").asked()));
    assert!(!rule.matches(&past("mkdir out", "/home/agent/workshop").asked()));
    let mut other = here.clone();
    other.measure.programs[0].path = "/usr/local/bin/mkdir".to_owned();
    assert!(!rule.matches(&other.asked()));
    let mut loose = here.clone();
    loose.measure.programs[0].bound = false;
    assert!(!rule.matches(&loose.asked()), "the AI could put another program there");
    let mut script = here.clone();
    script.measure.scripts.push(file("x.sh", "/home/agent/work/x.sh", false));
    assert!(!rule.matches(&script.asked()));
    rule.scope = Scope::Chat { chat: here.chat };
    assert!(rule.matches(&here.asked()));
    assert!(!rule.matches(&past("mkdir out", HOME).asked()));
}

#[test]
fn p3_interpreters_wrappers_network_tools_and_destroyers_can_have_no_rule() {
    for (words, reason) in [
        (&["/usr/bin/python3", "x.py"][..], "whatever program"),
        (&["/usr/bin/python3.11", "-c", "1"], "whatever program"),
        (&["/bin/bash", "-c", "ls"], "whatever program"),
        (&["/usr/bin/gawk", "1"], "whatever program"),
        (&["/usr/bin/sed", "s/a/b/"], "whatever program"),
        (&["/usr/bin/make", "test"], "whatever program"),
        (&["/usr/bin/vim.basic"], "whatever program"),
        (&["/usr/bin/sudo", "ls"], "another program"),
        (&["/usr/bin/env", "ls"], "another program"),
        (&["/usr/bin/xargs", "ls"], "another program"),
        (&["/usr/bin/find", "."], "another program"),
        (&["/usr/bin/nice", "ls"], "another program"),
        (&["/usr/bin/timeout", "5", "ls"], "another program"),
        (&["/usr/bin/npm", "test"], "another program"),
        (&["/usr/bin/tmux", "ls"], "another program"),
        (&["/usr/bin/busybox", "ls"], "another program"),
        (&["/usr/bin/curl", "https://example.org"], "network"),
        (&["/usr/bin/ssh", "host"], "network"),
        (&["/usr/bin/rsync", "a", "b"], "network"),
        (&["/usr/bin/nc", "-l"], "network"),
        (&["/usr/bin/rm", "x"], "can't be undone"),
        (&["/usr/bin/mv", "a", "b"], "can't be undone"),
        (&["/usr/bin/dd", "if=a"], "can't be undone"),
        (&["/usr/sbin/mkfs.ext4", "x"], "can't be undone"),
        (&["/usr/bin/kill", "5"], "can't be undone"),
        (&["/usr/bin/docker", "ps"], "privilege"),
        (&["/usr/bin/chmod", "+x", "a"], "privilege"),
        (&["/usr/bin/apt-get", "install", "x"], "installs"),
        (&["/usr/bin/pip3", "install", "x"], "installs"),
        (&["/usr/bin/cargo", "build"], "installs"),
        (&["/usr/bin/systemctl", "restart", "x"], "by itself"),
        (&["/usr/bin/crontab", "-e"], "whatever program"),
        (&["/usr/bin/git"], "must say which"),
        (&["/usr/bin/git", "push"], "This part"),
        (&["/usr/bin/git", "config", "alias.x", "!id"], "This part"),
        (&["/usr/bin/git", "-c", "core.fsmonitor=id", "status"], "This part"),
        (&["/usr/bin/git", "clean", "-fdx"], "This part"),
        (&["/usr/bin/git", "some-alias"], "This part"),
        (&["/usr/bin/git", "diff", "--ext-diff"], "This part"),
    ] {
        let fault = check(&rule(words[0], &words[1..], false), T).unwrap_err();
        assert!(fault.0 == "/program" && fault.1.contains(reason), "{words:?}: {fault:?}");
    }
    assert_eq!(check(&rule("/usr/bin/git", &["status"], true), T), Ok(()));
    assert_eq!(check(&rule("/usr/local/bin/report", &["--daily"], false), T), Ok(()));
}

#[test]
fn p3_only_an_exact_command_may_last_and_only_a_known_program_may_stay_open() {
    let mut lasting = rule("/usr/bin/git", &["status"], true);
    lasting.until = None;
    assert_eq!(check(&lasting, T).unwrap_err().0, "/until");
    lasting.open = false;
    assert_eq!(check(&lasting, T), Ok(()));
    assert_eq!(check(&rule("/usr/local/bin/report", &["--daily"], true), T).unwrap_err().0, "/open");
    for (field, change) in [
        ("/program", Rule { program: "git".to_owned(), ..lasting.clone() }),
        ("/program", Rule { program: "/usr/../bin/git".to_owned(), ..lasting.clone() }),
        ("/folder", Rule { folder: "work".to_owned(), ..lasting.clone() }),
        ("/folder", Rule { folder: "/a/../..".to_owned(), ..lasting.clone() }),
        ("/until", Rule { until: Some(T), ..lasting.clone() }),
        ("/until", Rule { until: Some(T.after(draft::LONGEST * 2)), ..lasting.clone() }),
        ("/times", Rule { times: Some(0), ..lasting.clone() }),
    ] {
        assert_eq!(check(&change, T).unwrap_err().0, field, "{change:?}");
    }
}

#[test]
fn the_narrowest_rule_matches_its_own_command_and_is_exact() {
    for command in ["mkdir -p out", "git commit -m 'a b'", "touch 'a file'", "report --daily"] {
        let past = past(command, HOME);
        let rule = narrowest(&past.asked(), Scope::Chat { chat: past.chat }, T).unwrap();
        assert!(rule.matches(&past.asked()) && !rule.open, "{command}");
        assert_eq!(check(&rule, T), Ok(()), "{command}");
    }
    for command in [
        "rm x",
        "curl https://example.org",
        "python3 x.py",
        "touch a; touch b",
        "cp .env x",
        "./run.sh",
        "apt install x",
    ] {
        let past = past(command, HOME);
        assert!(narrowest(&past.asked(), Scope::Everywhere, T).is_err(), "{command}");
    }
}

#[test]
fn what_is_allowed_again_and_again_is_suggested_and_destruction_never() {
    let mut history: Vec<Past> = (0..3).map(|_| past("git commit -m wip", HOME)).collect();
    history.extend((0..5).map(|_| past("rm x", HOME)));
    history.extend((0..5).map(|_| past("curl https://example.org", HOME)));
    history.extend((0..2).map(|_| past("touch x", HOME)));
    let found = suggest(&history, &[], T);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].seen, found[0].rule.words.as_slice()),
        (3, &["commit", "-m", "wip"].map(String::from)[..])
    );
    assert!(
        suggest(&history, std::slice::from_ref(&found[0].rule), T).is_empty(),
        "there is a rule for it already"
    );
}

fn book(rule: &Rule, chat: ChatId, mode: Mode, until: Option<Instant>) -> Book {
    Book {
        version: 3,
        host: "local".to_owned(),
        expires_at: T.after(book::VALID),
        rules: vec![rule.clone()],
        chats: vec![ChatMode { chat, mode, until }],
        tokens: vec![],
        key: WarrantKey::default(),
        elevated: crate::elevated::Elevated::Off,
    }
}

#[test]
fn p4_any_change_of_rule_mode_or_time_takes_back_what_was_allowed_under_it() {
    let past = past("mkdir out", HOME);
    let rule = rule("/usr/bin/mkdir", &["out"], false);
    let good = book(&rule, past.chat, Mode::Auto, None);
    let owner = Actor::Owner;
    let under = good.under(&past.asked(), &owner, T).unwrap();
    assert_eq!(under, Under::Rule { rule: rule.id, version: 1 });
    assert!(good.confirm(under, &past.asked(), &owner, T).is_ok());
    let later = Rule { version: 2, ..rule.clone() };
    let over = Rule { until: Some(T), ..rule.clone() };
    let other = Rule { words: vec!["in".to_owned()], ..rule.clone() };
    for changed in [
        book(&later, past.chat, Mode::Auto, None),
        book(&over, past.chat, Mode::Auto, None),
        book(&other, past.chat, Mode::Auto, None),
        Book { rules: vec![], ..good.clone() },
        book(&rule, past.chat, Mode::Ask, None),
        book(&rule, past.chat, Mode::Plan, None),
        book(&rule, past.chat, Mode::Auto, Some(T)),
        book(&rule, ChatId::new(), Mode::Auto, None),
    ] {
        assert_eq!(changed.confirm(under, &past.asked(), &owner, T), Err(Void), "{changed:?}");
    }
    let full = book(&rule, past.chat, Mode::Full, Some(T.after(book::VALID)));
    assert_eq!(full.under(&past.asked(), &owner, T), Some(Under::Full));
    assert_eq!(full.confirm(Under::Full, &past.asked(), &owner, T), Ok(None));
    assert_eq!(
        full.confirm(Under::Full, &past.asked(), &owner, T.after(book::VALID)),
        Err(Void),
        "its time is over"
    );
    assert_eq!(good.confirm(Under::Full, &past.asked(), &owner, T), Err(Void));
}
