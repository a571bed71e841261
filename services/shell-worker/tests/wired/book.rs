//! The book of rules that a host finds before it starts anything under one: what was revoked while it was away does not run
//! (SECURITY B5, P4).

use metatron_bus::seal::LinkKey;
use metatron_domain::actor::Actor;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::command::{CommandSpec, ShellReport, ShellRequest, SpecOrigin};
use metatron_domain::elevated::{Elevated, Power};
use metatron_domain::host::{Claimed, HostHappened};
use metatron_domain::id::{ChatId, ExecId, RuleId, RunId, TerminalId};
use metatron_domain::mode::Mode;
use metatron_domain::rule::book::{BOOK, Book, ChatMode, VALID};
use metatron_domain::rule::warrant::{WARRANT, Warrant, WarrantKey};
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
        key: warrant_key(),
    };
    rig.key.seal(BOOK, "local", version, &serde_json::to_vec(&book).unwrap()).unwrap()
}

fn warrant_key() -> WarrantKey {
    WarrantKey::of(&[7; 32], "local").unwrap()
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

/// A command under a rule, measured and on its way to its start.
async fn prepared(rig: &mut Rig, chat: ChatId, rule: &Rule) -> ShellRequest {
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
    let (_, ShellReport::Prepared { measure, .. }) = rig.report().await else { panic!("not prepared") };
    let digest = measure.digest(spec.exec);
    let under = Under::Rule { rule: rule.id, version: rule.version };
    let origin = spec.origin.clone().unwrap();
    let expires_at = SystemClock.now().after(VALID);
    let warrant =
        Warrant { exec: spec.exec, run: spec.run, origin, digest: digest.clone(), under, expires_at };
    let key = LinkKey::parse(warrant_key().text()).unwrap();
    let text = serde_json::to_vec(&warrant).unwrap();
    let sealed = key.seal(WARRANT, &spec.exec.to_string(), 0, &text).unwrap();
    ShellRequest::Start { spec, digest, grant: Some(sealed), under: Some(under) }
}

/// Whether the start that was asked last went through, to its end.
async fn runs(rig: &mut Rig) -> bool {
    match rig.report().await.1 {
        ShellReport::Started { .. } => {
            let (_, report) = rig.report().await;
            assert!(matches!(report, ShellReport::Ended { .. }), "{report:?}");
            true
        }
        ShellReport::Ended { .. } => true,
        ShellReport::Declined { code, .. } => {
            assert_eq!(code, "rule_void");
            false
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_a_start_under_a_rule_that_was_revoked_unheard_does_not_run() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut rig = Rig::new();
    let chat = ChatId::new();
    let rule = rule(&rig, chat);
    let first = sealed(&rig, chat, 1, vec![rule.clone()]);
    rig.bus.lay_book("local", 1, &first, VALID).await.unwrap();
    let start = prepared(&mut rig, chat, &rule).await;
    rig.ask(&start).await;
    assert!(runs(&mut rig).await, "this host knows the rule");
    std::fs::remove_file(rig.folder.join("work/ran")).unwrap();
    let start = prepared(&mut rig, chat, &rule).await;
    // Revoked while nobody could tell this host: the book on its disk still has the rule.
    let second = sealed(&rig, chat, 2, vec![]);
    rig.bus.lay_book("local", 2, &second, VALID).await.unwrap();
    rig.ask(&start).await;
    assert!(!runs(&mut rig).await);
    // Nor does an older book bring it back.
    rig.bus.lay_book("local", 1, &first, VALID).await.unwrap();
    let start = prepared(&mut rig, chat, &rule).await;
    rig.ask(&start).await;
    assert!(!runs(&mut rig).await);
    assert!(!rig.folder.join("work/ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_where_no_book_lies_a_start_waits_for_it_and_a_forged_one_changes_nothing() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut rig = Rig::new();
    let chat = ChatId::new();
    let rule = rule(&rig, chat);
    let start = prepared(&mut rig, chat, &rule).await;
    rig.ask(&start).await;
    // What is asked behind it is answered first.
    rig.started("touch behind").await;
    let (_, report) = rig.report().await;
    assert!(matches!(report, ShellReport::Ended { .. }), "{report:?}");
    assert!(!rig.folder.join("work/ran").exists());
    let first = sealed(&rig, chat, 1, vec![rule.clone()]);
    rig.bus.lay_book("local", 1, &first, VALID).await.unwrap();
    assert!(runs(&mut rig).await);
    rig.bus.lay_book("local", 9, "Zm9yZ2Vk", VALID).await.unwrap();
    let start = prepared(&mut rig, chat, &rule).await;
    rig.ask(&start).await;
    assert!(runs(&mut rig).await, "its own book counts, whatever lies there");
    // The first thing that this host has to tell of itself: its own journal was never in doubt.
    let told = tokio::time::timeout(PATIENCE, rig.alarms.recv()).await.expect("no alarm").unwrap();
    assert_eq!(told.what, HostHappened::Forged { what: Claimed::Book, count: 1 });
}
