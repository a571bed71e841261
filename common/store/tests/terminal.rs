//! Terminals in the store alone: what a shell host's reports change, and the rows of commands that have run before.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;

use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind::{
    self, TerminalCreated, TerminalDrive, TerminalEnded, TerminalOpened, TerminalUpdated, TerminalWaits,
};
use metatron_domain::exec::Exit;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::message::Status;
use metatron_domain::terminal::{Driver, Size, TerminalKind, TerminalState, Waits};
use metatron_store::terminal::TerminalFilter;
use metatron_store::terminal::owner::NewTerminal;
use metatron_store::terminal::report::Over;
use metatron_store::{Error, Store};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

const T0: Instant = Instant::from_millis(1_800_000_000_000);

async fn store() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metatron.db");
    metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    (folder, store)
}

async fn opening(store: &Store) -> TerminalId {
    let new = NewTerminal { host: "local".into(), name: "work".into(), size: Size::new(80, 24).unwrap() };
    let mut tx = store.begin().await.unwrap();
    let id = tx.create_terminal(&new, T0).await.unwrap();
    assert_eq!(tx.commit().await.unwrap().events[0].kind, TerminalCreated);
    id
}

fn status(terminal: TerminalId) -> Status {
    Status {
        terminal,
        kind: TerminalKind::Owner,
        state: TerminalState::Running,
        user: "owner".into(),
        size: Size::new(80, 24).unwrap(),
        driver: Driver::Owner,
        waits: None,
        program: None,
        cwd: None,
        bytes: 0,
        keys: 0,
        orders: 0,
        typed: 0,
        exit: None,
        reports: 0,
    }
}

/// What a report brings about.
async fn told(store: &Store, number: u64, status: &Status) -> Vec<EventKind> {
    let mut tx = store.begin().await.unwrap();
    let changed = tx.terminal_stands(number, status, T0, T0).await.unwrap();
    let kinds: Vec<_> = tx.commit().await.unwrap().events.into_iter().map(|event| event.kind).collect();
    assert_eq!(changed, !kinds.is_empty());
    kinds
}

#[tokio::test]
async fn a_report_brings_about_what_changed_and_an_older_one_nothing() {
    let (_folder, store) = store().await;
    let id = opening(&store).await;
    let running = status(id);
    assert_eq!(told(&store, 1, &running).await, [TerminalOpened]);
    assert_eq!(told(&store, 1, &running).await, [], "twice");
    let driver = Driver::Ai { run: RunId::new(), until: None, paused: true };
    let waits = Some(Waits::Password);
    let asks = Status { waits, driver, size: Size::new(90, 30).unwrap(), bytes: 7, ..running.clone() };
    // The second report was overtaken by the third, which says all of it.
    assert_eq!(told(&store, 3, &asks).await, [TerminalUpdated, TerminalDrive, TerminalWaits]);
    assert_eq!(told(&store, 2, &running).await, []);
    assert_eq!(told(&store, 0, &running).await, [], "what was asked outside of the reports is older");
    let exit = Some(Exit::Code { code: 0 });
    let ended = Status { state: TerminalState::Ended, exit: exit.clone(), bytes: 9, ..asks };
    assert_eq!(told(&store, 4, &ended).await, [TerminalEnded]);
    let row = store.terminal(id).await.unwrap();
    assert_eq!((row.state, row.report, row.bytes, row.exit), (TerminalState::Ended, 4, 9, exit));
    assert_eq!((row.waits, row.user.as_deref(), row.ended_at), (None, Some("owner"), Some(T0)));
    assert_eq!(told(&store, 5, &running).await, [], "what has ended never runs again");
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.terminal_over(id, Over::Lost("late"), T0).await.unwrap());
    let unknown = tx.terminal_stands(1, &status(TerminalId::new()), T0, T0).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn lists_go_from_the_newest_on_and_keep_kinds_and_states_apart() {
    let (_folder, store) = store().await;
    let (first, second, third) = (opening(&store).await, opening(&store).await, opening(&store).await);
    let mut tx = store.begin().await.unwrap();
    assert!(tx.terminal_over(second, Over::Refused("no owner"), T0).await.unwrap());
    let _ = tx.commit().await.unwrap();
    let ids = async |open, kind, limit, after| {
        let rows = store.terminals(TerminalFilter { open, kind }, limit, after).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, None, 2, None).await, [third, second]);
    assert_eq!(ids(None, None, 2, Some(second)).await, [first]);
    assert_eq!(ids(Some(true), None, 9, None).await, [third, first]);
    assert_eq!(ids(Some(false), Some(TerminalKind::Owner), 9, None).await, [second]);
    assert_eq!(ids(None, Some(TerminalKind::Command), 9, None).await, []);
    assert_eq!(store.open_terminals().await.unwrap().len(), 2);
}

#[tokio::test]
async fn commands_that_have_run_before_have_a_terminal_afterwards() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("metatron.db");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let old = folder.path().join("migrations");
    std::fs::create_dir(&old).unwrap();
    for entry in std::fs::read_dir(sources).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().as_ref() < "0007" {
            std::fs::copy(entry.path(), old.join(entry.file_name())).unwrap();
        }
    }
    let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
    let mut database = SqliteConnection::connect_with(&options).await.unwrap();
    Migrator::new(old).await.unwrap().run(&mut database).await.unwrap();
    let run = RunId::new();
    let (ran, cut, waits) = (TerminalId::new(), TerminalId::new(), TerminalId::new());
    let exit = r#"{"how":"code","code":0}"#;
    let script = format!(
        "insert into chat (id, title, created_at, updated_at) values ('cht_01h455vb4pex5vsknk084sn02q', '', 1, 1);
         insert into run (id, chat_id, origin, actor, state, budget, created_at)
           values ('{run}', 'cht_01h455vb4pex5vsknk084sn02q', 'chat', '{{}}', 'succeeded', '{{}}', 1);
         insert into exec (id, run_id, turn, idx, terminal_id, command, host, timeout_s, state, started_at, ended_at, exit,
                           output_bytes, created_at)
           values ('exc_01h455vb4pex5vsknk084sn02q', '{run}', 1, 0, '{ran}', 'ls', 'local', 1, 'ended', 2, 3, '{exit}', 9, 1),
                  ('exc_01h455vb4pex5vsknk084sn02r', '{run}', 1, 1, '{cut}', 'ls', 'local', 1, 'unknown', 2, 3, null, 4, 1),
                  ('exc_01h455vb4pex5vsknk084sn02s', '{run}', 1, 2, '{waits}', 'ls', 'local', 1, 'denied', null, null, null, null, 1);"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    metatron_store::migrate(&path, &folder.path().join("backup")).await.unwrap();
    let store = Store::open(&path).await.unwrap();
    let row = store.terminal(ran).await.unwrap();
    assert_eq!((row.kind, row.state, row.bytes), (TerminalKind::Command, TerminalState::Ended, 9));
    assert_eq!((row.exit, row.run), (Some(Exit::Code { code: 0 }), Some(run)));
    assert_eq!(row.driver, Driver::Ai { run, until: None, paused: false });
    assert_eq!(store.terminal(cut).await.unwrap().state, TerminalState::Lost);
    assert!(store.find_terminal(waits).await.unwrap().is_none(), "it never ran");
}
