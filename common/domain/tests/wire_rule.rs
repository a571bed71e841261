//! The bytes of the messages about rules and modes. A change here is a change that running workers must survive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::command::{CommandSpec, ShellAnswer, ShellCall, ShellRequest, SpecOrigin};
use metatron_domain::mode::Mode;
use metatron_domain::rule::book::{Book, ChatMode, TokenMode};
use metatron_domain::rule::warrant::{Warrant, WarrantKey};
use metatron_domain::rule::{Rule, Scope, Under};
use serde::Serialize;
use serde::de::DeserializeOwned;

const TAIL: &str = "01h455vb4pex5vsknk084sn02q";

fn id<T: std::str::FromStr<Err: Debug>>(prefix: &str) -> T {
    format!("{prefix}_{TAIL}").parse().unwrap()
}

/// It is written as `golden`, and read back as itself.
#[track_caller]
fn holds<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: &T, golden: &str) {
    assert_eq!(serde_json::to_string(message).unwrap(), golden);
    assert_eq!(&serde_json::from_str::<T>(golden).unwrap(), message);
}

#[test]
fn a_start_says_for_whom_and_under_what() {
    let spec = CommandSpec {
        exec: id("exc"),
        run: id("run"),
        terminal: id("trm"),
        command: "ls".to_owned(),
        cwd: None,
        timeout_s: 60,
        interactive: false,
        size: None,
        origin: Some(SpecOrigin { chat: id("cht"), actor: Actor::Owner, tainted: false }),
        power: metatron_domain::elevated::Power::Agent,
    };
    let under = Some(Under::Rule { rule: id("rul"), version: 2 });
    let text = format!(
        r#"{{"type":"start","spec":{{"exec":"exc_{TAIL}","run":"run_{TAIL}","terminal":"trm_{TAIL}","command":"ls","timeout_s":60,"origin":{{"chat":"cht_{TAIL}","actor":{{"kind":"owner"}}}}}},"digest":"d1","under":{{"under":"rule","rule":"rul_{TAIL}","version":2}}}}"#
    );
    holds(&ShellRequest::Start { spec, digest: "d1".to_owned(), grant: None, under }, &text);
    holds(&Under::Full, r#"{"under":"full"}"#);
}

#[test]
fn a_book_and_its_way_hold() {
    let at = Instant::from_millis(1_795_372_800_123);
    let rule = Rule {
        id: id("rul"),
        version: 1,
        program: "/usr/bin/git".to_owned(),
        words: vec!["status".to_owned()],
        open: true,
        folder: "/work".to_owned(),
        scope: Scope::Chat { chat: id("cht") },
        until: Some(at),
        times: Some(3),
    };
    let book = Book {
        version: 7,
        host: "local".to_owned(),
        expires_at: at,
        rules: vec![rule.clone(), Rule { scope: Scope::Everywhere, until: None, times: None, ..rule }],
        chats: vec![ChatMode { chat: id("cht"), mode: Mode::Full, until: Some(at) }],
        tokens: vec![TokenMode { token: id("tok"), mode: Mode::Plan }],
        key: WarrantKey::default(),
        elevated: metatron_domain::elevated::Elevated::Off,
    };
    let time = "2026-11-22T18:40:00.123Z";
    let head = format!(
        r#"{{"id":"rul_{TAIL}","version":1,"program":"/usr/bin/git","words":["status"],"open":true,"folder":"/work","scope":"#
    );
    holds(
        &book,
        &format!(
            r#"{{"version":7,"host":"local","expires_at":"{time}","rules":[{head}{{"where":"chat","chat":"cht_{TAIL}"}},"until":"{time}","times":3}},{head}{{"where":"everywhere"}}}}],"chats":[{{"chat":"cht_{TAIL}","mode":"full","until":"{time}"}}],"tokens":[{{"token":"tok_{TAIL}","mode":"plan"}}]}}"#
        ),
    );
    let key = WarrantKey::of(&[7; 32], "local").unwrap();
    let keyed = serde_json::to_string(&Book { key: key.clone(), ..book }).unwrap();
    assert!(keyed.ends_with(&format!(r#"],"key":"{}"}}"#, key.text())), "{keyed}");
    let warrant = Warrant {
        exec: id("exc"),
        run: id("run"),
        origin: SpecOrigin { chat: id("cht"), actor: Actor::Owner, tainted: false },
        digest: "d1".to_owned(),
        under: Under::Full,
        expires_at: at,
    };
    holds(
        &warrant,
        &format!(
            r#"{{"exec":"exc_{TAIL}","run":"run_{TAIL}","origin":{{"chat":"cht_{TAIL}","actor":{{"kind":"owner"}}}},"digest":"d1","under":{{"under":"full"}},"expires_at":"{time}"}}"#
        ),
    );
    holds(
        &ShellCall::Book { version: 7, sealed: "c2VhbA==".to_owned() },
        r#"{"type":"book","version":7,"sealed":"c2VhbA=="}"#,
    );
    holds(&ShellAnswer::Book { version: 7 }, r#"{"type":"book","version":7}"#);
}
