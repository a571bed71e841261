//! The book of rules that a host finds before it starts anything under one: what was revoked while it was away does not run
//! (SECURITY B5, P4).

use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::command::{CommandSpec, ShellAnswer, ShellCall, ShellReport, ShellRequest, SpecOrigin};
use metatron_domain::elevated::{Elevated, Power};
use metatron_domain::id::{ChatId, ExecId, RuleId, RunId, TerminalId};
use metatron_domain::mode::Mode;
use metatron_domain::rule::book::{BOOK, Book, ChatMode, VALID};
use metatron_domain::rule::{Rule, Scope, Under};

use crate::rig::*;

/// The book in its version `version`, with these rules.
fn sealed(rig: &Rig, chat: ChatId, version: u64, rules: Vec<Rule>) -> String {
    let book = Book {
        version,
        host: "local".to_owned(),
        expires_at: SystemClock.now().after(VALID),
        rules,
        chats: vec![ChatMode { chat, mode: Mode::Auto, until: None }],
        tokens: vec![],
        elevated: Elevated::Off,
    };
    rig.key.seal(BOOK, "local", version, &serde_json::to_vec(&book).unwrap()).unwrap()
}

fn rule(rig: &Rig, chat: ChatId) -> Rule {
    Rule {
        id: RuleId::new(),
        version: 1,
        program: std::fs::canonicalize("/usr/bin/touch").unwrap().to_string_lossy().into_owned(),
        words: vec!["ran".to_owned()],
        open: false,
        folder: std::fs::canonicalize(rig.folder.join("work")).unwrap().to_string_lossy().into_owned(),
        scope: Scope::Chat { chat },
        until: None,
        times: None,
    }
}

/// A command that was prepared under the rule of the first book, as its start travels.
async fn prepared(rig: &mut Rig, chat: ChatId) -> (Rule, ShellRequest) {
    let rule = rule(rig, chat);
    let first = sealed(rig, chat, 1, vec![rule.clone()]);
    let taken = rig.call(&ShellCall::Book { version: 1, sealed: first }).await;
    assert_eq!(taken, ShellAnswer::Book { version: 1 });
    let spec = CommandSpec {
        exec: ExecId::new(),
        run: RunId::new(),
        terminal: TerminalId::new(),
        command: "touch ran".to_owned(),
        cwd: None,
        timeout_s: 60,
        interactive: false,
        size: None,
        origin: Some(SpecOrigin { chat, actor: Actor::Owner, tainted: false }),
        power: Power::Agent,
    };
    rig.ask(&ShellRequest::Prepare { spec: spec.clone() }).await;
    let (_, ShellReport::Prepared { measure, under, .. }) = rig.report().await else {
        panic!("not prepared")
    };
    assert_eq!(under, Some(Under::Rule { rule: rule.id, version: 1 }));
    let digest = measure.digest(spec.exec);
    (rule, ShellRequest::Start { spec, digest, grant: None, under })
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_a_start_under_a_rule_that_was_revoked_unheard_does_not_run() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut rig = Rig::new();
    let chat = ChatId::new();
    let (_, start) = prepared(&mut rig, chat).await;
    // Revoked while nobody could tell this host: its own book still has the rule.
    let second = sealed(&rig, chat, 2, vec![]);
    rig.bus.lay_book("local", 2, &second, VALID).await.unwrap();
    rig.ask(&start).await;
    let (_, report) = rig.report().await;
    assert!(matches!(&report, ShellReport::Declined { code, .. } if code == "rule_void"), "{report:?}");
    assert!(!rig.folder.join("work/ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_where_no_book_lies_a_start_waits_for_it_and_a_forged_one_changes_nothing() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut rig = Rig::new();
    let chat = ChatId::new();
    let (rule, start) = prepared(&mut rig, chat).await;
    rig.ask(&start).await;
    // Whatever is asked behind it is answered first: it waits.
    let behind = rig.started("sleep 0.01; echo behind").await.0;
    let (_, report) = rig.report().await;
    assert!(matches!(&report, ShellReport::Ended { exec, .. } if *exec == behind.exec), "{report:?}");
    assert!(!rig.folder.join("work/ran").exists());
    rig.bus.lay_book("local", 9, "Zm9yZ2Vk", Duration::from_mins(1)).await.unwrap();
    let (_, report) = rig.report().await;
    assert!(
        matches!(report, ShellReport::Started { .. }),
        "the own book counts, where a forged one lies: {report:?}"
    );
    assert!(rule.is_current(SystemClock.now()));
}
