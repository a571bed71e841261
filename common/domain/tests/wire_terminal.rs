//! The bytes of every message about terminals between processes, as `wire.rs` holds the others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use metatron_domain::clock::Instant;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::exec::Exit;
use metatron_domain::host::{Claimed, HostHappened, HostReport};
use metatron_domain::terminal::message::{
    FoundLine, Happened, Report, ScreenShot, Status, Stretch, TerminalAnswer, TerminalCall, Until,
};
use metatron_domain::terminal::order::{Keys, Opening, Order};
use metatron_domain::terminal::{Driver, Holder, Size, TerminalKind, TerminalState, Waits};
use serde::Serialize;
use serde::de::DeserializeOwned;

const TRM: &str = "trm_01h455vb4pex5vsknk084sn02q";
const RUN: &str = "run_01h455vb4pex5vsknk084sn02q";

fn id<T: std::str::FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
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

fn status() -> Status {
    Status {
        terminal: id(TRM),
        kind: TerminalKind::Owner,
        state: TerminalState::Running,
        user: "owner".to_owned(),
        size: Size::new(80, 24).unwrap(),
        driver: Driver::Owner,
        waits: Some(Waits::Password),
        program: Some("sudo".to_owned()),
        cwd: None,
        bytes: 9,
        keys: 3,
        orders: 2,
        typed: 0,
        exit: None,
        reports: 4,
    }
}

fn status_text() -> String {
    format!(
        r#"{{"terminal":"{TRM}","kind":"owner","state":"running","user":"owner","size":{{"columns":80,"rows":24}},"driver":{{"by":"owner"}},"waits":"password","program":"sudo","bytes":9,"keys":3,"orders":2,"typed":0,"reports":4}}"#
    )
}

#[test]
fn what_the_owner_asks_holds() {
    holds(
        &Opening { terminal: id(TRM), size: Size::new(80, 24).unwrap(), cwd: None, expires_at: at() },
        &format!(r#"{{"terminal":"{TRM}","size":{{"columns":80,"rows":24}},"expires_at":"{}"}}"#, at()),
    );
    holds(&Keys { base64: "bHM=".to_owned(), secret: true }, r#"{"base64":"bHM=","secret":true}"#);
    holds(&Order::Resize { size: Size::COMMAND }, r#"{"type":"resize","size":{"columns":120,"rows":40}}"#);
    holds(&Order::Take, r#"{"type":"take"}"#);
    holds(&Order::Close, r#"{"type":"close"}"#);
    holds(
        &Order::Hand { run: id(RUN), until: at(), key: "00".to_owned() },
        &format!(r#"{{"type":"hand","run":"{RUN}","until":"{}","key":"00"}}"#, at()),
    );
}

#[test]
fn questions_about_terminals_hold() {
    let call = |call| ShellCall::Terminal { call: Box::new(call) };
    let text = |rest: &str| format!(r#"{{"type":"terminal","call":{{"ask":{rest}}}}}"#);
    let terminal = id(TRM);
    holds(
        &call(TerminalCall::Open { terminal, sealed: "x".to_owned() }),
        &text(&format!(r#""open","terminal":"{TRM}","sealed":"x""#)),
    );
    holds(
        &call(TerminalCall::Order { terminal, sequence: 7, sealed: "x".to_owned() }),
        &text(&format!(r#""order","terminal":"{TRM}","sequence":7,"sealed":"x""#)),
    );
    holds(&call(TerminalCall::Sessions), &text(r#""sessions""#));
    holds(
        &call(TerminalCall::Wait { terminal, until: Until::Quiet { ms: 500 }, within_ms: 9 }),
        &text(&format!(r#""wait","terminal":"{TRM}","until":{{"for":"quiet","ms":500}},"within_ms":9"#)),
    );
    holds(
        &call(TerminalCall::Judge { terminal, text: "ls".to_owned() }),
        &text(&format!(r#""judge","terminal":"{TRM}","text":"ls""#)),
    );
    holds(
        &call(TerminalCall::Type { terminal, run: id(RUN), sequence: 1, sealed: "x".to_owned() }),
        &text(&format!(r#""type","terminal":"{TRM}","run":"{RUN}","sequence":1,"sealed":"x""#)),
    );
}

#[test]
fn answers_about_terminals_hold() {
    let text = |rest: &str| format!(r#"{{"type":"terminal","answer":{{"answer":{rest}}}}}"#);
    let status_text = status_text();
    let fields = status_text.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    holds(
        &ShellAnswer::Terminal { answer: TerminalAnswer::Status(Box::new(status())) },
        &text(&format!(r#""status",{fields}"#)),
    );
    let shot = ScreenShot {
        offset: 5,
        size: Size::COMMAND,
        base64: "eA==".to_owned(),
        text: "x".to_owned(),
        cursor: (0, 1),
        application_cursor: false,
        stretches: Vec::new(),
    };
    let driven = ScreenShot {
        stretches: vec![Stretch { row: 0, by: Holder::Owner }, Stretch { row: 3, by: Holder::Ai }],
        ..shot.clone()
    };
    holds(
        &ShellAnswer::Terminal { answer: TerminalAnswer::Screen(Box::new(driven)) },
        &text(
            r#""screen","offset":5,"size":{"columns":120,"rows":40},"base64":"eA==","text":"x","cursor":[0,1],"stretches":[{"row":0,"by":"owner"},{"row":3,"by":"ai"}]"#,
        ),
    );
    holds(
        &ShellAnswer::Terminal { answer: TerminalAnswer::Screen(Box::new(shot)) },
        &text(
            r#""screen","offset":5,"size":{"columns":120,"rows":40},"base64":"eA==","text":"x","cursor":[0,1]"#,
        ),
    );
    let lines = vec![FoundLine { line: 3, text: "x".to_owned() }];
    holds(
        &ShellAnswer::Terminal { answer: TerminalAnswer::Found { lines, more: false } },
        &text(r#""found","lines":[{"line":3,"text":"x"}],"more":false"#),
    );
}

#[test]
fn reports_of_terminals_hold() {
    let report =
        Report { terminal: id(TRM), number: 4, at: at(), what: Happened::Waits, status: Box::new(status()) };
    let golden = format!(
        r#"{{"terminal":"{TRM}","number":4,"at":"{}","what":{{"type":"waits"}},"status":{}}}"#,
        at(),
        status_text()
    );
    holds(&report, &golden);
    let ended = Status { state: TerminalState::Ended, exit: Some(Exit::Code { code: 0 }), ..status() };
    let text = serde_json::to_string(&ended).unwrap();
    assert!(text.contains(r#""exit":{"how":"code","code":0}"#), "{text}");
}

#[test]
fn what_a_host_tells_of_itself_holds() {
    let at_text = at();
    let what = HostHappened::Forged { what: Claimed::Opening, count: 3 };
    holds(
        &HostReport { at: at(), what },
        &format!(r#"{{"at":"{at_text}","what":{{"type":"forged","what":"opening","count":3}}}}"#),
    );
    let what = HostHappened::Rewound { journal: id("jrn_01h455vb4pex5vsknk084sn02q") };
    holds(
        &HostReport { at: at(), what },
        &format!(
            r#"{{"at":"{at_text}","what":{{"type":"rewound","journal":"jrn_01h455vb4pex5vsknk084sn02q"}}}}"#
        ),
    );
}
