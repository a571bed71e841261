//! The direct line between api and the shell-worker beside it.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use futures::StreamExt as _;
use metatron_bus::direct::{Outlet, Server};
use metatron_bus::keys::Pressed;
use metatron_bus::live::{LiveTerminal, Writer};
use metatron_domain::exec::Exit;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Note;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{Rig, within};

/// shell-worker's end: a server at a socket, and the keys that came.
struct Host {
    server: Server,
    keys: mpsc::UnboundedReceiver<Pressed>,
    task: JoinSet<()>,
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Host {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("direct.sock");
        let (server, door) = (Server::default(), Server::open(&path).unwrap());
        let (heard, keys) = mpsc::unbounded_channel();
        let serving = server.clone();
        let serve = async move { serving.serve(door, "local", |pressed| drop(heard.send(pressed))).await };
        Self { server, keys, task: beside(serve), path, _folder: folder }
    }

    async fn up(&self) {
        within(self.server.up().wait_for(|up| *up)).await.unwrap();
    }

    fn outlet(&self, terminal: TerminalId) -> Arc<Outlet> {
        self.server.outlet("local", terminal)
    }
}

/// Runs beside the test, and ends with it.
fn beside<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinSet<T> {
    let mut one = JoinSet::new();
    one.spawn(work);
    one
}

fn bytes(from: u64, bytes: &'static [u8]) -> LiveTerminal {
    LiveTerminal::Bytes { from, bytes: bytes.into() }
}

#[tokio::test]
async fn bytes_notes_and_the_end_come_in_order_though_there_is_no_redis() {
    let mut rig = Rig::new();
    let mut host = Host::start();
    let api = rig.bus("api");
    rig.server.kill();
    api.use_direct("local", host.path.clone());
    host.up().await;
    let terminal = TerminalId::new();
    let outlet = host.outlet(terminal);
    outlet.skip(100);
    let mut live = api.hub().follow_terminal(terminal, 90);
    let mut first = beside(async move { (live.next().await, live) });
    within(async {
        while !outlet.is_watched() {
            outlet.stirred().await;
        }
    })
    .await;
    assert!(outlet.tell(100, b"hello"));
    assert!(!outlet.tell(100, b"hello"), "what was told is not told again");
    outlet.note(&Note::Pressed { sequence: 7 });
    outlet.skip(200);
    let end = TerminalEnd { bytes: 200, exit: Some(Exit::Code { code: 0 }) };
    outlet.end(&end);
    let (hole, mut live) = within(first.join_next()).await.unwrap().unwrap();
    assert_eq!(hole, Some(LiveTerminal::Gap { from: 90, to: 100 }), "what is in the recording");
    assert_eq!(within(live.next()).await, Some(bytes(100, b"hello")));
    assert_eq!(within(live.next()).await, Some(LiveTerminal::Note(Note::Pressed { sequence: 7 })));
    assert_eq!(within(live.next()).await, Some(LiveTerminal::Gap { from: 105, to: 200 }), "a flood");
    assert_eq!(within(live.next()).await, Some(LiveTerminal::End(end)));
    assert_eq!(within(live.next()).await, None);
    drop(live);
    host.task.shutdown().await;
}

#[tokio::test]
async fn who_came_before_a_terminal_began_hears_its_first_byte() {
    let rig = Rig::new();
    let host = Host::start();
    let api = rig.bus("api");
    api.use_direct("local", host.path.clone());
    host.up().await;
    let terminal = TerminalId::new();
    let mut live = api.hub().follow_terminal(terminal, 0);
    let mut next = beside(async move { live.next().await });
    // A second follower joins behind the first one on the same connection: when it is heard, so was the first.
    let other = host.outlet(TerminalId::new());
    let apart = TerminalId::new();
    let seen = host.outlet(apart);
    let mut second = api.hub().follow_terminal(apart, 0);
    let mut second = beside(async move { second.next().await });
    within(seen.stirred()).await;
    drop(other);
    let outlet = loop {
        let outlet = host.outlet(terminal);
        if outlet.is_watched() {
            break outlet;
        }
        tokio::task::yield_now().await;
    };
    assert!(outlet.tell(0, b"first"));
    assert!(seen.tell(0, b"x"));
    assert_eq!(within(next.join_next()).await.unwrap().unwrap(), Some(bytes(0, b"first")));
    assert_eq!(within(second.join_next()).await.unwrap().unwrap(), Some(bytes(0, b"x")));
}

#[tokio::test]
async fn keys_go_over_the_line_and_through_redis_when_it_is_cut() {
    let rig = Rig::new();
    let mut host = Host::start();
    let (api, shell) = (rig.bus("api"), rig.bus("shell"));
    let mut through_redis = shell.follow_keys("local").await;
    api.use_direct("local", host.path.clone());
    host.up().await;
    let keys = |sequence| Pressed { terminal: TerminalId::new(), sequence, sealed: "sealed".to_owned() };
    let first = keys(1);
    within(async {
        // The other end sees the connection a moment before this one does.
        while api.press("local", &first).await.is_err() || host.keys.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(within(host.keys.recv()).await, Some(first));
    host.task.shutdown().await;
    let second = keys(2);
    let pressing = Box::pin(async {
        loop {
            // Until the cut is seen at this end, they are lost, as keys may be.
            drop(api.press("local", &second).await);
            tokio::task::yield_now().await;
        }
    });
    let next = within(async {
        tokio::select! {
            came = through_redis.next() => came,
            () = pressing => None,
        }
    })
    .await;
    assert_eq!(next, Some(second));
}

#[tokio::test]
async fn a_follower_is_told_where_to_look_when_the_line_is_cut_and_when_it_is_there_again() {
    let rig = Rig::new();
    let mut host = Host::start();
    let (api, shell) = (rig.bus("api"), rig.bus("shell"));
    api.use_direct("local", host.path.clone());
    host.up().await;
    let terminal = TerminalId::new();
    let outlet = host.outlet(terminal);
    let mut live = api.hub().follow_terminal(terminal, 0);
    let mut joined = beside(async move { (live.next().await, live) });
    within(async {
        while !outlet.is_watched() {
            outlet.stirred().await;
        }
    })
    .await;
    assert!(outlet.tell(0, b"direct"));
    let (first, mut live) = within(joined.join_next()).await.unwrap().unwrap();
    assert_eq!(first, Some(bytes(0, b"direct")));
    host.task.shutdown().await;
    let mut writer = Writer::terminal(&shell, terminal, 0);
    writer.skip(10);
    writer.append(b"redis").await;
    assert_eq!(within(live.next()).await, Some(LiveTerminal::Gap { from: 6, to: 10 }));
    assert_eq!(within(live.next()).await, Some(bytes(10, b"redis")));
    // A successor at the same place.
    let (server, door) = (Server::default(), Server::open(&host.path).unwrap());
    let outlet = server.outlet("local", terminal);
    outlet.skip(15);
    let serving = server.clone();
    let _serving = beside(async move { serving.serve(door, "local", |_| {}).await });
    let mut next = beside(async move { live.next().await });
    within(async {
        while !outlet.is_watched() {
            outlet.stirred().await;
        }
    })
    .await;
    assert!(outlet.tell(15, b"again"));
    assert_eq!(within(next.join_next()).await.unwrap().unwrap(), Some(bytes(15, b"again")));
}

#[tokio::test]
async fn keys_that_were_typed_while_nobody_had_joined_are_told_at_the_join() {
    let rig = Rig::new();
    let mut host = Host::start();
    let api = rig.bus("api");
    api.use_direct("local", host.path.clone());
    host.up().await;
    let terminal = TerminalId::new();
    let outlet = host.outlet(terminal);
    let mut live = api.hub().follow_terminal(terminal, 0);
    let mut first = beside(async move { (live.next().await, live) });
    let joined = |outlet: Arc<Outlet>| {
        within(async move {
            while !outlet.is_watched() {
                outlet.stirred().await;
            }
        })
    };
    joined(Arc::clone(&outlet)).await;
    assert!(outlet.tell(0, b"$ "), "nothing is told of keys that were never pressed");
    let (prompt, mut live) = within(first.join_next()).await.unwrap().unwrap();
    assert_eq!(prompt, Some(bytes(0, b"$ ")));
    // The line is cut, and there again; whoever typed through Redis meanwhile has not joined again yet.
    host.task.shutdown().await;
    let (server, door) = (Server::default(), Server::open(&host.path).unwrap());
    let outlet = server.outlet("local", terminal);
    outlet.skip(2);
    outlet.pressed(4);
    outlet.pressed(5);
    let serving = server.clone();
    let _serving = beside(async move { serving.serve(door, "local", |_| {}).await });
    let mut next = beside(async move { (live.next().await, live) });
    joined(Arc::clone(&outlet)).await;
    let (told, mut live) = within(next.join_next()).await.unwrap().unwrap();
    assert_eq!(told, Some(LiveTerminal::Note(Note::Pressed { sequence: 5 })));
    assert!(outlet.pressed(6), "and from then on as ever");
    assert_eq!(within(live.next()).await, Some(LiveTerminal::Note(Note::Pressed { sequence: 6 })));
}

#[tokio::test]
async fn nonsense_ends_a_connection_and_nobody_else_is_disturbed() {
    let host = Host::start();
    let rig = Rig::new();
    let mut stranger = tokio::net::UnixStream::connect(&host.path).await.unwrap();
    stranger.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    within(tokio::io::AsyncReadExt::read_to_end(&mut stranger, &mut rest)).await.unwrap();
    assert!(rest.is_empty());
    let api = rig.bus("api");
    api.use_direct("local", host.path.clone());
    host.up().await;
    let mode = std::fs::metadata(&host.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660, "B4: others can't connect");
}
