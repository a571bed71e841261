//! The mark of what came from outside, as this host sees it: added by what it starts or is told, never taken away (SECURITY
//! P7, B5).

use metatron_domain::actor::Actor;
use metatron_domain::command::{CommandSpec, ShellReport, SpecOrigin};
use metatron_domain::elevated::Elevated;
use metatron_domain::id::ChatId;
use metatron_domain::mode::Mode;
use metatron_domain::rule::Under;
use metatron_domain::rule::book::{BOOK, Book, ChatMode, VALID};
use metatron_shell_worker::account::Account;
use metatron_shell_worker::kill::Families;

use crate::support::*;

/// A conversation in the mode `full`.
fn full(bench: &Bench) -> ChatId {
    let chat = ChatId::new();
    let book = Book {
        version: 1,
        host: "local".to_owned(),
        expires_at: T.after(VALID),
        rules: vec![],
        chats: vec![ChatMode { chat, mode: Mode::Full, until: Some(T.after(VALID)) }],
        tokens: vec![],
        elevated: Elevated::Off,
        key: warrant_key(),
    };
    let sealed = link().seal(BOOK, "local", 1, &serde_json::to_vec(&book).unwrap()).unwrap();
    bench.shell.parts().guard.take_book(1, &sealed).unwrap();
    chat
}

fn asked(command: &str, chat: ChatId, tainted: bool) -> CommandSpec {
    CommandSpec { origin: Some(SpecOrigin { chat, actor: Actor::Owner, tainted }), ..spec(command) }
}

fn prepared(bench: &Bench, spec: &CommandSpec) -> (String, Option<Under>) {
    match bench.shell.prepare(spec) {
        ShellReport::Prepared { measure, under, .. } => (measure.digest(spec.exec), under),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_what_fetches_marks_its_conversation_and_full_then_allows_nothing_that_may_reach_out() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::at(folder.path(), Account::own(), Families::default());
    let chat = full(&bench);
    let other = ChatId::new();
    // The address is of nobody: what counts is that the command asks the network.
    let fetches = asked("curl -s -m 1 http://127.0.0.1:1/", chat, false);
    let (digest, under) = prepared(&bench, &fetches);
    assert_eq!(under, Some(Under::Full), "the first one is what full is for");
    ended(start(&bench, &fetches, &digest, under)).await;
    for command in ["curl -s http://127.0.0.1:1/", "./nobody-knows", "crontab jobs"] {
        let next = asked(command, chat, false);
        let (digest, under) = prepared(&bench, &next);
        assert_eq!(under, None, "{command}");
        let said = declined(start(&bench, &next, &digest, Some(Under::Full)));
        assert!(said.starts_with("rule_void"), "{command}: {said}");
    }
    assert_eq!(prepared(&bench, &asked("touch x", chat, false)).1, Some(Under::Full));
    // The next life of this host remembers.
    drop(bench);
    let bench = Bench::at(folder.path(), Account::own(), Families::default());
    assert!(bench.shell.parts().journal.is_tainted(chat));
    assert!(!bench.shell.parts().journal.is_tainted(other));
}

#[tokio::test(flavor = "multi_thread")]
async fn p7_a_mark_that_a_start_carries_counts_and_one_that_is_left_out_later_does_not() {
    let bench = Bench::new();
    let chat = full(&bench);
    let marked = asked("curl -s http://127.0.0.1:1/", chat, true);
    let (digest, under) = prepared(&bench, &marked);
    assert_eq!(under, None);
    let said = declined(start(&bench, &marked, &digest, Some(Under::Full)));
    assert!(said.starts_with("rule_void"), "{said}");
    // Something harmless starts with the mark; whoever holds Redis leaves it out of the next.
    let harmless = asked("touch x", chat, true);
    let (digest, under) = prepared(&bench, &harmless);
    ended(start(&bench, &harmless, &digest, under)).await;
    let forged = asked("curl -s http://127.0.0.1:1/", chat, false);
    let (digest, _) = prepared(&bench, &forged);
    let said = declined(start(&bench, &forged, &digest, Some(Under::Full)));
    assert!(said.starts_with("rule_void"), "{said}");
}
