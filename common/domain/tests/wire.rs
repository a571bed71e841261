//! The bytes of every message between processes. A change here is a change that running workers must survive: add
//! optional fields freely; a changed meaning is a new variant, and the old one is read until drained.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use metatron_domain::actor::Actor;
use metatron_domain::approval::{Asker, Grant, Measure, MeasuredFile};
use metatron_domain::audit::{Begun, Hash, Head, KeptHead, Told};
use metatron_domain::clock::Instant;
use metatron_domain::command::{
    CommandSpec, JobKind, Outcome, Queue, Rest, ShellAnswer, ShellCall, ShellReport, ShellRequest, Ticket,
};
use metatron_domain::elevated::Power;
use metatron_domain::event::{Event, EventKind};
use metatron_domain::exec::Exit;
use metatron_domain::git::GitTask;
use metatron_domain::package::PackageTask;
use metatron_domain::policy::{Setting, judge};
use metatron_domain::terminal::{Size, TerminalEnd, Waits};
use metatron_domain::undo::{Forecast, Gap, Unkept};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

const TAIL: &str = "01h455vb4pex5vsknk084sn02q";

fn id<T: std::str::FromStr<Err: Debug>>(prefix: &str) -> T {
    format!("{prefix}_{TAIL}").parse().unwrap()
}

fn at() -> Instant {
    Instant::from_millis(1_795_372_800_123)
}

/// It is written as `golden`, and read back as itself.
#[track_caller]
fn holds<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: &T, golden: &str) {
    assert_eq!(serde_json::to_string(message).unwrap(), golden);
    assert_eq!(&serde_json::from_str::<T>(golden).unwrap(), message);
}

fn spec() -> CommandSpec {
    CommandSpec {
        exec: id("exc"),
        run: id("run"),
        terminal: id("trm"),
        command: "echo \"שלום\"\n".to_owned(),
        cwd: None,
        timeout_s: 60,
        interactive: false,
        size: None,
        origin: None,
        power: Power::Agent,
    }
}

const SPEC: &str = r#"{"exec":"exc_01h455vb4pex5vsknk084sn02q","run":"run_01h455vb4pex5vsknk084sn02q","terminal":"trm_01h455vb4pex5vsknk084sn02q","command":"echo \"שלום\"\n","timeout_s":60}"#;

fn outcome(exit: Option<Exit>) -> Outcome {
    Outcome {
        started_at: at(),
        ended_at: at(),
        exit,
        text: "hi".to_owned(),
        truncated: false,
        bytes: 4,
        sha256: "ab".to_owned(),
        kept: None,
    }
}

fn outcome_text(exit: &str) -> String {
    format!(
        r#"{{"started_at":"2026-11-22T18:40:00.123Z","ended_at":"2026-11-22T18:40:00.123Z","exit":{exit},"text":"hi","truncated":false,"bytes":4,"sha256":"ab"}}"#
    )
}

#[test]
fn a_ticket_holds() {
    for (kind, word) in [
        (JobKind::Run, "run"),
        (JobKind::Probe, "probe"),
        (JobKind::Tick, "tick"),
        (JobKind::Prepare, "prepare"),
        (JobKind::Start, "start"),
        (JobKind::Report, "report"),
        (JobKind::Terminal, "terminal"),
        (JobKind::Host, "host"),
        (JobKind::Push, "push"),
    ] {
        let ticket = Ticket { v: 1, id: id("job"), kind, subject: "run_x".to_owned() };
        holds(&ticket, &format!(r#"{{"v":1,"id":"job_{TAIL}","kind":"{word}","subject":"run_x"}}"#));
        assert_eq!((kind.as_str(), JobKind::parse(word)), (word, Some(kind)));
    }
    // A later version may say more than we know.
    let more = format!(r#"{{"v":1,"id":"job_{TAIL}","kind":"run","subject":"run_x","epoch":3}}"#);
    assert!(serde_json::from_str::<Ticket>(&more).is_ok());
}

#[test]
fn a_queue_s_name_reads_back_and_only_the_ones_with_bodies_are_private() {
    for (queue, name, private) in [
        (Queue::Run, "run", false),
        (Queue::Shell("local".to_owned()), "shell:local", true),
        (Queue::Report, "report", true),
        (Queue::Terminal, "terminal", true),
        (Queue::reports_of("build"), "report:build", true),
        (Queue::terminals_of("build"), "terminal:build", true),
    ] {
        assert_eq!((queue.name().as_str(), queue.is_private()), (name, private));
        assert_eq!(Queue::parse(name), Some(queue));
    }
    assert_eq!(Queue::parse("other"), None);
}

#[test]
fn shell_requests_hold() {
    holds(&ShellRequest::Prepare { spec: spec() }, &format!(r#"{{"type":"prepare","spec":{SPEC}}}"#));
    let digest = "d1".to_owned();
    holds(
        &ShellRequest::Start { spec: spec(), digest: digest.clone(), grant: None, under: None },
        &format!(r#"{{"type":"start","spec":{SPEC},"digest":"d1"}}"#),
    );
    let typed_into = CommandSpec { interactive: true, size: Size::new(80, 24).ok(), ..spec() };
    let with_size = SPEC
        .replace(r#""timeout_s":60"#, r#""timeout_s":60,"interactive":true,"size":{"columns":80,"rows":24}"#);
    holds(
        &ShellRequest::Prepare { spec: typed_into },
        &format!(r#"{{"type":"prepare","spec":{with_size}}}"#),
    );
    let spec = CommandSpec { cwd: Some("/work".to_owned()), ..spec() };
    let with_cwd = SPEC.replace(r#","timeout_s""#, r#","cwd":"/work","timeout_s""#);
    holds(
        &ShellRequest::Start { spec, digest, grant: Some("c2VhbA==".to_owned()), under: None },
        &format!(r#"{{"type":"start","spec":{with_cwd},"digest":"d1","grant":"c2VhbA=="}}"#),
    );
}

#[test]
fn shell_reports_hold() {
    let exec = format!(r#""exec":"exc_{TAIL}""#);
    holds(
        &ShellReport::Started { exec: id("exc"), at: at() },
        &format!(r#"{{"type":"started",{exec},"at":"2026-11-22T18:40:00.123Z"}}"#),
    );
    let rest = Rest {
        started_at: at(),
        waits: Some(Waits::Input),
        program: Some("bash".to_owned()),
        screen: "$".to_owned(),
    };
    holds(
        &ShellReport::Rests { exec: id("exc"), rest },
        &format!(
            r#"{{"type":"rests",{exec},"rest":{{"started_at":"2026-11-22T18:40:00.123Z","waits":"input","program":"bash","screen":"$"}}}}"#
        ),
    );
    holds(
        &ShellReport::Declined {
            exec: id("exc"),
            code: "changed_since_prepared".to_owned(),
            detail: "it changed".to_owned(),
        },
        &format!(r#"{{"type":"declined",{exec},"code":"changed_since_prepared","detail":"it changed"}}"#),
    );
    for (exit, text) in [
        (Exit::Code { code: 7 }, r#"{"how":"code","code":7}"#),
        (Exit::Signal { signal: "SIGKILL".to_owned() }, r#"{"how":"signal","signal":"SIGKILL"}"#),
        (Exit::Timeout { after_s: 60 }, r#"{"how":"timeout","after_s":60}"#),
        (Exit::Stopped, r#"{"how":"stopped"}"#),
    ] {
        let report = ShellReport::Ended { exec: id("exc"), outcome: outcome(Some(exit)) };
        holds(&report, &format!(r#"{{"type":"ended",{exec},"outcome":{}}}"#, outcome_text(text)));
    }
    holds(
        &ShellReport::Unknown { exec: id("exc"), outcome: outcome(None) },
        &format!(r#"{{"type":"unknown",{exec},"outcome":{}}}"#, outcome_text("null")),
    );
}

#[test]
fn what_was_measured_and_judged_holds() {
    let file = |word: &str| MeasuredFile {
        word: word.to_owned(),
        path: format!("/bin/{word}"),
        sha256: "ab".to_owned(),
        bound: true,
    };
    let measure = Measure {
        command_sha256: "cd".to_owned(),
        shell: file("bash"),
        cwd: "/work".to_owned(),
        cwd_device: 1,
        cwd_inode: 2,
        env_sha256: "ef".to_owned(),
        user: "agent".to_owned(),
        host: "local".to_owned(),
        timeout_s: 60,
        programs: vec![file("echo")],
        scripts: vec![],
        policy_version: 1,
        links: vec![],
        packages: None,
        journal: None,
        power: Power::Agent,
        asker: None,
    };
    let golden = r#"{"command_sha256":"cd","shell":{"word":"bash","path":"/bin/bash","sha256":"ab","bound":true},"cwd":"/work","cwd_device":1,"cwd_inode":2,"env_sha256":"ef","user":"agent","host":"local","timeout_s":60,"programs":[{"word":"echo","path":"/bin/echo","sha256":"ab","bound":true}],"scripts":[],"policy_version":1}"#;
    holds(&measure, golden);
    // The digest that the owner's answer binds must be the same in every process and in every version that reads it.
    assert_eq!(measure.digest(id("exc")), "748a1419832b9b278b63bd4719e1c96924578df734b3220c7bbe430d09c31878");
    let more = r#","power":{"as":"root"},"asker":{"chat":"cht_TAIL","actor":{"kind":"schedule"}}}"#;
    let more = format!("{}{}", golden.trim_end_matches('}'), more.replace("TAIL", TAIL));
    let asker = Some(Asker { chat: id("cht"), actor: Actor::Schedule });
    holds(&Measure { power: Power::Root, asker, ..measure.clone() }, &more);
    let setting =
        Setting { cwd: "/work", home: "/home/agent", user: "agent", workspace: "/work", protected: &[] };
    let judgement = judge(b"echo hi", &setting);
    let judged = serde_json::to_string(&judgement).unwrap();
    assert!(judged.starts_with(r#"{"verdict":"allow","#), "{judged}");
    let prepared = |forecast| ShellReport::Prepared {
        exec: id("exc"),
        measure: Box::new(measure.clone()),
        judgement: Box::new(judgement.clone()),
        under: None,
        forecast,
    };
    let text = format!(r#"{{"type":"prepared","exec":"exc_{TAIL}","measure":{golden},"judgement":{judged}"#);
    holds(&prepared(None), &format!("{text}}}"));
    for (forecast, golden) in [
        (Forecast::Nothing, r#"{"will":"nothing"}"#),
        (
            Forecast::Keeps { files: 2, bytes: 7, gaps: vec![Gap::Elsewhere] },
            r#"{"will":"keeps","files":2,"bytes":7,"gaps":["elsewhere"]}"#,
        ),
        (Forecast::Not { why: Unkept::TooMany }, r#"{"will":"not","why":"too_many"}"#),
        (Forecast::Unsure, r#"{"will":"unsure"}"#),
    ] {
        holds(&prepared(Some(forecast)), &format!(r#"{text},"forecast":{golden}}}"#));
    }
}

#[test]
fn a_grant_holds() {
    let grant = Grant {
        approval: id("apr"),
        exec: id("exc"),
        run: id("run"),
        digest: "d1".to_owned(),
        expires_at: at(),
    };
    holds(
        &grant,
        &format!(
            r#"{{"approval":"apr_{TAIL}","exec":"exc_{TAIL}","run":"run_{TAIL}","digest":"d1","expires_at":"2026-11-22T18:40:00.123Z"}}"#
        ),
    );
}

#[test]
fn powers_hold() {
    holds(&Power::Root, r#"{"as":"root"}"#);
    let task = PackageTask::Install { packages: vec!["htop".to_owned()] };
    holds(&Power::Packages { task }, r#"{"as":"packages","task":{"task":"install","packages":["htop"]}}"#);
    holds(&Power::Git { task: GitTask::Status }, r#"{"as":"git","task":{"task":"status"}}"#);
    let task = GitTask::Log { revision: Some("main".to_owned()), paths: vec![], limit: 20, patch: true };
    holds(
        &Power::Git { task },
        r#"{"as":"git","task":{"task":"log","revision":"main","limit":20,"patch":true}}"#,
    );
}

#[test]
fn calls_and_answers_hold() {
    let terminal = || id("trm");
    holds(
        &ShellCall::ReadOutput { terminal: terminal(), from: 1, limit: 2 },
        &format!(r#"{{"type":"read_output","terminal":"trm_{TAIL}","from":1,"limit":2}}"#),
    );
    holds(
        &ShellCall::ReadText { terminal: terminal(), from_line: 1, lines: 2 },
        &format!(r#"{{"type":"read_text","terminal":"trm_{TAIL}","from_line":1,"lines":2}}"#),
    );
    let stop = |by_run| ShellCall::Stop { exec: id("exc"), by_run };
    holds(&stop(false), &format!(r#"{{"type":"stop","exec":"exc_{TAIL}"}}"#));
    holds(&stop(true), &format!(r#"{{"type":"stop","exec":"exc_{TAIL}","by_run":true}}"#));
    holds(&ShellCall::Describe, r#"{"type":"describe"}"#);
    holds(
        &ShellAnswer::Output { from: 1, base64: "aGk=".to_owned(), end: 3, ended: true },
        r#"{"type":"output","from":1,"base64":"aGk=","end":3,"ended":true}"#,
    );
    holds(&ShellAnswer::Text { text: "hi".to_owned(), lines: 1 }, r#"{"type":"text","text":"hi","lines":1}"#);
    holds(
        &ShellCall::KeepHead { count: 7, sealed: "AQ==".to_owned() },
        r#"{"type":"keep_head","count":7,"sealed":"AQ=="}"#,
    );
    holds(&ShellCall::Witness { after: None, limit: 9 }, r#"{"type":"witness","limit":9}"#);
    holds(&ShellAnswer::Kept, r#"{"type":"kept"}"#);
    let begun = Begun { exec: id("exc"), at: at(), end: Some((Told::Ended, at())) };
    let head = Head { count: 0, hash: Hash::NONE };
    let zeros = "0".repeat(64);
    holds(
        &ShellAnswer::Witness { begun: vec![begun], more: false, heads: vec![KeptHead { head, at: at() }] },
        &format!(
            r#"{{"type":"witness","begun":[{{"exec":"exc_{TAIL}","at":"2026-11-22T18:40:00.123Z","end":["ended","2026-11-22T18:40:00.123Z"]}}],"more":false,"heads":[{{"head":{{"count":0,"hash":"{zeros}"}},"at":"2026-11-22T18:40:00.123Z"}}]}}"#
        ),
    );
    holds(&ShellAnswer::Stopped, r#"{"type":"stopped"}"#);
    holds(
        &ShellAnswer::Description {
            user: "agent".to_owned(),
            separated: true,
            workspace: "/w".to_owned(),
            version: String::new(),
        },
        r#"{"type":"description","user":"agent","separated":true,"workspace":"/w"}"#,
    );
    holds(&ShellAnswer::NotFound, r#"{"type":"not_found"}"#);
    holds(&ShellAnswer::Failed { detail: "no".to_owned() }, r#"{"type":"failed","detail":"no"}"#);
    holds(
        &TerminalEnd { bytes: 4, exit: Some(Exit::Code { code: 0 }) },
        r#"{"bytes":4,"exit":{"how":"code","code":0}}"#,
    );
}

#[test]
fn an_event_holds_and_absent_fields_are_not_written() {
    let event = Event {
        eid: 7,
        kind: EventKind::RunQueued,
        at: at(),
        actor: Actor::Token { id: id("tok") },
        chat_id: Some(id("cht")),
        run_id: Some(id("run")),
        subject: Some("x".to_owned()),
        data: json!({"state": "queued"}),
    };
    holds(
        &event,
        &format!(
            r#"{{"eid":7,"type":"run.queued","at":"2026-11-22T18:40:00.123Z","actor":{{"kind":"token","id":"tok_{TAIL}"}},"chat_id":"cht_{TAIL}","run_id":"run_{TAIL}","subject":"x","data":{{"state":"queued"}}}}"#
        ),
    );
    let bare = r#"{"eid":8,"type":"service.up","at":"2026-11-22T18:40:00.123Z","actor":{"kind":"schedule"},"data":null}"#;
    let event = Event {
        eid: 8,
        kind: EventKind::ServiceUp,
        actor: Actor::Schedule,
        chat_id: None,
        run_id: None,
        subject: None,
        data: json!(null),
        ..event
    };
    holds(&event, bare);
    for kind in EventKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
        assert_eq!(kind.as_str().parse::<EventKind>().unwrap(), *kind);
    }
}
