//! What may start under the owner's book: the last verdict is this host's, by its own book. SECURITY P3, P4, B5.

use std::time::Duration;

use metatron_bus::seal::LinkKey;
use metatron_domain::actor::Actor;
use metatron_domain::command::{CommandSpec, ShellReport, SpecOrigin};
use metatron_domain::id::{ChatId, RuleId};
use metatron_domain::mode::Mode;
use metatron_domain::rule::book::{BOOK, Book, ChatMode, VALID};
use metatron_domain::rule::warrant::{WARRANT, Warrant, WarrantKey};
use metatron_domain::rule::{Rule, Scope, Under};
use metatron_shell_worker::shell::Answer;

use crate::support::*;

/// A book with one rule, `touch ran`, for a conversation in mode `auto`.
fn book(bench: &Bench, chat: ChatId, version: u64) -> Book {
    let rule = Rule {
        id: RuleId::new(),
        version: 1,
        program: std::fs::canonicalize("/usr/bin/touch").unwrap().to_string_lossy().into_owned(),
        words: vec!["ran".to_owned()],
        open: false,
        folder: std::fs::canonicalize(&bench.work).unwrap().to_string_lossy().into_owned(),
        scope: Scope::Chat { chat },
        until: Some(T.after(Duration::from_hours(2))),
        times: Some(1),
    };
    Book {
        version,
        host: "local".to_owned(),
        expires_at: T.after(VALID),
        rules: vec![rule],
        chats: vec![ChatMode { chat, mode: Mode::Auto, until: None }],
        tokens: vec![],
        key: warrant_key(),
        elevated: metatron_domain::elevated::Elevated::Off,
    }
}

/// The key of the warrants for this host.
fn give(bench: &Bench, book: &Book) {
    let text = serde_json::to_vec(book).unwrap();
    let sealed = link().seal(BOOK, "local", book.version, &text).unwrap();
    assert_eq!(bench.shell.parts().guard.take_book(book.version, &sealed).unwrap(), book.version);
}

fn asked(command: &str, chat: ChatId) -> CommandSpec {
    CommandSpec { origin: Some(SpecOrigin { chat, actor: Actor::Owner, tainted: false }), ..spec(command) }
}

fn prepared(bench: &Bench, spec: &CommandSpec) -> (String, Option<Under>) {
    match bench.shell.prepare(spec) {
        ShellReport::Prepared { measure, under, .. } => (measure.digest(spec.exec), under),
        other => panic!("{other:?}"),
    }
}

/// Only where the tests' user can't change the system's programs is a rule for one possible.
fn bench() -> Bench {
    let nobody = metatron_shell_worker::account::Account::named("nobody");
    match nobody {
        Ok(nobody) if rustix::process::geteuid().is_root() => {
            Bench::with(nobody, metatron_shell_worker::kill::Families::default())
        }
        _ => Bench::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_a_rule_of_the_own_book_starts_what_it_matches_once() {
    let bench = bench();
    let chat = ChatId::new();
    let book = book(&bench, chat, 1);
    give(&bench, &book);
    let spec = asked("touch ran", chat);
    let (digest, under) = prepared(&bench, &spec);
    assert_eq!(under, Some(Under::Rule { rule: book.rules[0].id, version: 1 }));
    ended(start(&bench, &spec, &digest, under)).await;
    assert!(bench.work.join("ran").exists());
    let again = asked("touch ran", chat);
    let (digest, under) = prepared(&bench, &again);
    let said = declined(start(&bench, &again, &digest, under));
    assert!(said.starts_with("rule_used: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_of_a_hundred_starts_at_once_one_goes_through_under_a_rule_with_one_use() {
    let bench = bench();
    let chat = ChatId::new();
    give(&bench, &book(&bench, chat, 1));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let spec = asked("touch ran", chat);
        let (digest, under) = prepared(&bench, &spec);
        let shell = std::sync::Arc::clone(&bench.shell);
        let warrant = warrant(&spec, &digest, under).map(|warrant| sealed_warrant(&warrant));
        tasks.spawn_blocking(move || shell.start_under(&spec, &digest, warrant.as_deref(), under));
    }
    let mut started = 0;
    for answer in tasks.join_all().await {
        if matches!(answer, Answer::Running(_)) {
            started += 1;
            ended(answer).await;
        } else {
            assert!(declined(answer).starts_with("rule_used: "));
        }
    }
    assert_eq!(started, 1);
}

/// A change to what was prepared.
type Change = fn(&mut Book, &mut CommandSpec);

#[tokio::test(flavor = "multi_thread")]
async fn p4_whatever_changes_after_the_prepare_refuses() {
    let chat = ChatId::new();
    // Each takes a fresh shell, and makes one change after the prepare.
    let changes: [(&str, Change); 12] = [
        ("revoked", |book, _| book.rules.clear()),
        ("another version of the rule", |book, _| book.rules[0].version = 2),
        ("another word in the rule", |book, _| book.rules[0].words = vec!["other".to_owned()]),
        ("another folder in the rule", |book, _| book.rules[0].folder = "/usr".to_owned()),
        ("another program in the rule", |book, _| book.rules[0].program = "/usr/bin/true".to_owned()),
        ("another conversation in the rule", |book, _| {
            book.rules[0].scope = Scope::Chat { chat: ChatId::new() };
        }),
        ("the rule's time is over", |book, _| book.rules[0].until = Some(T)),
        ("mode ask", |book, _| book.chats[0].mode = Mode::Ask),
        ("mode plan", |book, _| book.chats[0].mode = Mode::Plan),
        ("the mode's time is over", |book, _| book.chats[0].until = Some(T)),
        ("another run's conversation", |_, spec| {
            spec.origin = Some(SpecOrigin { chat: ChatId::new(), actor: Actor::Owner, tainted: false });
        }),
        ("nobody's", |_, spec| spec.origin = None),
    ];
    for (what, change) in changes {
        let bench = bench();
        let mut book = book(&bench, chat, 1);
        give(&bench, &book);
        let mut spec = asked("touch ran", chat);
        let (digest, under) = prepared(&bench, &spec);
        assert!(under.is_some());
        book.version = 2;
        change(&mut book, &mut spec);
        give(&bench, &book);
        let said = declined(start(&bench, &spec, &digest, under));
        assert!(said.starts_with("rule_void: "), "{what}: {said}");
        assert!(!bench.work.join("ran").exists(), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p4_any_changed_byte_timeout_or_folder_refuses_under_a_rule_too() {
    let bench = bench();
    std::fs::create_dir(bench.work.join("sub")).unwrap();
    let chat = ChatId::new();
    let mut lasting = book(&bench, chat, 1);
    lasting.rules[0].times = None;
    give(&bench, &lasting);
    let spec = asked("touch ran", chat);
    let (digest, under) = prepared(&bench, &spec);
    let mut flips = vec![spec.clone(); 4];
    flips[0].command.push(' ');
    flips[1].timeout_s += 1;
    flips[2].cwd = Some("sub".into());
    flips[3].terminal = metatron_domain::id::TerminalId::new();
    for flip in flips {
        let said = declined(start(&bench, &flip, &digest, under));
        assert!(said.starts_with("changed_since_prepared: "), "{said}");
    }
    // What the rule is not about is refused before it is compared.
    let other = CommandSpec { command: "touch other".to_owned(), ..spec.clone() };
    assert!(declined(start(&bench, &other, &digest, under)).starts_with("rule_void: "));
    bench.clock.set(T.after(VALID));
    let said = declined(start(&bench, &spec, &digest, under));
    assert!(said.contains("no valid book"), "{said}");
    assert!(!bench.work.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn mode_full_starts_what_is_asked_but_nothing_of_the_floor_and_plan_not_even_a_grant() {
    let bench = bench();
    let chat = ChatId::new();
    let mut full = book(&bench, chat, 1);
    full.rules.clear();
    full.chats[0] = ChatMode { chat, mode: Mode::Full, until: Some(T.after(Duration::from_mins(5))) };
    give(&bench, &full);
    let spec = asked("touch ran; touch more", chat);
    let (digest, under) = prepared(&bench, &spec);
    assert_eq!(under, Some(Under::Full));
    for command in ["rm ran", "sudo ls", "cat key.pem", "touch a; cat ~/.ssh/id_rsa"] {
        let risky = asked(command, chat);
        let (digest, under) = prepared(&bench, &risky);
        assert_eq!(under, None, "{command}");
        let said = declined(start(&bench, &risky, &digest, Some(Under::Full)));
        assert!(said.starts_with("rule_void: "), "{command}: {said}");
    }
    let denied = asked("rm -rf /", chat);
    let said = declined(start(&bench, &denied, "", Some(Under::Full)));
    assert!(said.starts_with("denied_by_policy: "), "{said}");
    ended(start(&bench, &spec, &digest, Some(Under::Full))).await;
    assert!(bench.work.join("more").exists());
    bench.clock.set(T.after(Duration::from_mins(5)));
    let late = asked("touch late", chat);
    let (digest, under) = prepared(&bench, &late);
    assert_eq!(under, None, "its time is over");
    let said = declined(start(&bench, &late, &digest, Some(Under::Full)));
    assert!(said.starts_with("rule_void: "), "{said}");

    bench.clock.set(T);
    full.version = 2;
    full.chats[0] = ChatMode { chat, mode: Mode::Plan, until: None };
    give(&bench, &full);
    let spec = asked("touch planned", chat);
    let (digest, _) = prepared(&bench, &spec);
    let said = declined(bench.start(&spec, &digest, Some(&grant(&spec, &digest))));
    assert!(said.starts_with("plan_mode: "), "{said}");
    let reads = asked("echo hello", chat);
    let (digest, _) = prepared(&bench, &reads);
    assert_eq!(ended(bench.start(&reads, &digest, None)).await.text, "hello\n");
}

/// A change to a warrant.
type Forgery = fn(&mut Warrant);

#[tokio::test(flavor = "multi_thread")]
async fn b5_whoever_can_only_write_to_redis_starts_nothing_under_a_rule_or_in_mode_full() {
    let bench = bench();
    let chat = ChatId::new();
    let mut full = book(&bench, chat, 1);
    full.chats[0] = ChatMode { chat, mode: Mode::Full, until: Some(T.after(Duration::from_mins(5))) };
    give(&bench, &full);
    let spec = asked("touch ran", chat);
    let (digest, under) = prepared(&bench, &spec);
    assert_eq!(under, Some(Under::Full));
    let rule = Some(Under::Rule { rule: full.rules[0].id, version: 1 });
    for under in [under, rule] {
        let said = declined(bench.shell.start_under(&spec, &digest, None, under));
        assert!(said.starts_with("grant_missing: "), "{said}");
    }
    let good = warrant(&spec, &digest, under).unwrap();
    let forgeries: [(Forgery, &str); 6] = [
        (|it| it.run = metatron_domain::id::RunId::new(), "grant_invalid"),
        (|it| it.origin.chat = ChatId::new(), "grant_invalid"),
        (|it| it.origin.actor = Actor::Schedule, "grant_invalid"),
        (|it| it.digest = "0".repeat(64), "grant_invalid"),
        (|it| it.under = Under::Rule { rule: RuleId::new(), version: 1 }, "grant_invalid"),
        (|it| it.expires_at = T, "grant_expired"),
    ];
    for (at, (forge, code)) in forgeries.into_iter().enumerate() {
        let mut other = good.clone();
        forge(&mut other);
        let said = declined(bench.shell.start_under(&spec, &digest, Some(&sealed_warrant(&other)), under));
        assert!(said.starts_with(code), "{at}: {said}");
    }
    // That of another command, that under the key of another host, and a grant of the owner in its place.
    let another = asked("touch ran", chat);
    let foreign = sealed_warrant(&warrant(&another, &digest, under).unwrap());
    let key = LinkKey::parse(WarrantKey::of(&[7; 32], "build").unwrap().text()).unwrap();
    let elsewhere =
        key.seal(WARRANT, &spec.exec.to_string(), 0, &serde_json::to_vec(&good).unwrap()).unwrap();
    for sealed in [foreign, elsewhere, sealed(&grant(&spec, &digest))] {
        let said = declined(bench.shell.start_under(&spec, &digest, Some(&sealed), under));
        assert!(said.starts_with("grant_invalid: "), "{said}");
    }
    assert!(!bench.work.join("ran").exists());
    ended(start(&bench, &spec, &digest, under)).await;
    assert!(bench.work.join("ran").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn b5_under_a_book_without_a_key_nothing_starts() {
    let bench = bench();
    let chat = ChatId::new();
    let keyless = Book { key: WarrantKey::default(), ..book(&bench, chat, 1) };
    give(&bench, &keyless);
    let spec = asked("touch ran", chat);
    let (digest, under) = prepared(&bench, &spec);
    let said = declined(start(&bench, &spec, &digest, under));
    assert!(said.starts_with("rule_void: "), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn p3_a_link_that_leads_out_of_a_rule_s_folder_is_not_followed_under_it() {
    let bench = bench();
    let chat = ChatId::new();
    let outside = tempfile::tempdir().unwrap();
    let work = std::fs::canonicalize(&bench.work).unwrap();
    let mut book = book(&bench, chat, 1);
    let rule = &mut book.rules[0];
    rule.program = std::fs::canonicalize("/usr/bin/mkdir").unwrap().to_string_lossy().into_owned();
    (rule.words, rule.open, rule.times) = (vec!["-p".to_owned()], true, None);
    give(&bench, &book);
    let under = |command: &str| prepared(&bench, &asked(command, chat)).1;
    assert!(under("mkdir -p inner").is_some(), "this rule is for it");
    std::os::unix::fs::symlink(outside.path(), work.join("away")).unwrap();
    std::fs::create_dir(work.join("here")).unwrap();
    std::os::unix::fs::symlink("here", work.join("near")).unwrap();
    for command in [
        "mkdir -p away/inner",
        "mkdir -p ./away/x",
        "mkdir -p away",
        "mkdir -p near/../away/x",
        "mkdir -p near/../away",
    ] {
        assert_eq!(under(command), None, "{command}");
    }
    assert!(under("mkdir -p near/inner").is_some(), "it stays within");

    // Led away after it was prepared: nothing starts.
    let spec = asked("mkdir -p near/inner", chat);
    let (digest, allowed) = prepared(&bench, &spec);
    std::fs::remove_file(work.join("near")).unwrap();
    std::os::unix::fs::symlink(outside.path(), work.join("near")).unwrap();
    let said = declined(bench.shell.start_under(&spec, &digest, None, allowed));
    assert!(said.starts_with("rule_void") || said.starts_with("changed_since_prepared"), "{said}");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}
