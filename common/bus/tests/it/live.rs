//! What flows while it is watched.

use futures::{Stream, StreamExt};
use metatron_bus::live::{LiveRun, LiveTerminal, RunPos, RunWriter, Writer};
use metatron_domain::exec::Exit;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::TerminalEnd;

use super::{Rig, within};

/// The byte at each offset tells the offset, near enough.
fn pattern(from: u64, len: usize) -> Vec<u8> {
    (from..from + len as u64).map(|n| u8::try_from(n % 251).unwrap()).collect()
}

fn ended(bytes: u64) -> TerminalEnd {
    TerminalEnd { bytes, exit: Some(Exit::Code { code: 0 }) }
}

/// Follows to the end; checks that nothing is missing, doubled or wrong. Returns the end and what the gaps covered.
async fn check(mut live: impl Stream<Item = LiveTerminal> + Unpin, mut at: u64) -> (TerminalEnd, u64) {
    let mut gaps = 0;
    loop {
        match within(live.next()).await.expect("it ended without an end") {
            LiveTerminal::Bytes { from, bytes } => {
                assert_eq!(from, at);
                assert_eq!(bytes, pattern(from, bytes.len()));
                at += bytes.len() as u64;
            }
            LiveTerminal::Gap { from, to } => {
                assert_eq!(from, at);
                assert!(to > from);
                gaps += to - from;
                at = to;
            }
            LiveTerminal::Note(note) => panic!("nobody noted {note:?}"),
            LiveTerminal::End(end) => {
                assert_eq!(at, end.bytes);
                assert!(within(live.next()).await.is_none());
                return (end, gaps);
            }
        }
    }
}

#[tokio::test]
async fn followers_from_anywhere_get_the_exact_bytes_of_a_terminal_that_is_being_written() {
    let rig = Rig::new();
    let (shell, api) = (rig.bus("shell"), rig.bus("api"));
    let terminal = TerminalId::new();
    let mut writer = Writer::terminal(&shell, terminal, 0);
    let first = pattern(0, 10_000);
    assert!(writer.append(&first).await);
    writer.flush().await;
    let hub = api.hub();
    let followers: Vec<_> =
        [0, 1, 9_999, 10_000].map(|from| check(hub.follow_terminal(terminal, from), from)).into();
    let writing = async {
        let mut size = 1;
        while writer.offset() < 1_000_000 {
            size = size * 7 % 5_003 + 1;
            assert!(writer.append(&pattern(writer.offset(), size)).await);
            tokio::task::yield_now().await;
        }
        let bytes = writer.offset();
        writer.end(&ended(bytes)).await.unwrap();
        bytes
    };
    let (bytes, ends) = futures::join!(writing, futures::future::join_all(followers));
    assert!(ends.iter().all(|(end, gaps)| *end == ended(bytes) && *gaps == 0));
    // Who comes after the end sees it too; what was trimmed is told as a gap.
    let (end, gaps) = check(hub.follow_terminal(terminal, 0), 0).await;
    assert_eq!(end, ended(bytes));
    assert!(gaps < bytes);
    let ttl = rig.server.command(&["TTL", &format!("metatron-live:terminal:{terminal}")]).unwrap();
    assert!(ttl.trim_start_matches(':').trim().parse::<u64>().unwrap() > 3_500);
    rig.finish().await;
}

#[tokio::test]
async fn what_redis_lost_is_a_gap_and_the_rest_arrives() {
    let rig = Rig::new();
    let (shell, api) = (rig.bus("shell"), rig.bus("api"));
    let terminal = TerminalId::new();
    let mut writer = Writer::terminal(&shell, terminal, 0);
    writer.append(&pattern(0, 100)).await;
    writer.flush().await;
    rig.server.flushall().unwrap();
    writer.append(&pattern(100, 50)).await;
    writer.flush().await;
    let mut live = api.hub().follow_terminal(terminal, 30);
    assert_eq!(within(live.next()).await, Some(LiveTerminal::Gap { from: 30, to: 100 }));
    let next = within(live.next()).await;
    assert_eq!(next, Some(LiveTerminal::Bytes { from: 100, bytes: pattern(100, 50).into() }));
    // A viewer that is behind when Redis is emptied sees that too.
    rig.server.flushall().unwrap();
    writer.append(&pattern(150, 50)).await;
    writer.flush().await;
    let last = ended(200);
    let (end, live) = futures::join!(writer.end(&last), check(live, 150));
    end.unwrap();
    assert_eq!(live, (ended(200), 0));
    rig.finish().await;
}

#[tokio::test]
async fn a_writer_never_waits_for_a_redis_that_is_away_and_its_end_still_arrives() {
    let mut rig = Rig::new();
    let (shell, api) = (rig.bus("shell"), rig.bus("api"));
    let terminal = TerminalId::new();
    let mut writer = Writer::terminal(&shell, terminal, 0);
    writer.append(&pattern(0, 10)).await;
    writer.flush().await;
    let mut live = api.hub().follow_terminal(terminal, 0);
    assert_eq!(
        within(live.next()).await,
        Some(LiveTerminal::Bytes { from: 0, bytes: pattern(0, 10).into() })
    );
    rig.server.kill();
    // Far more than fits into the room of a writer.
    for _ in 0..200 {
        let from = writer.offset();
        within(writer.append(&pattern(from, 32_768))).await;
    }
    let bytes = writer.offset();
    within(writer.end(&ended(bytes))).await.unwrap();
    rig.server.restart().unwrap();
    let (end, gaps) = check(live, 10).await;
    assert_eq!(end, ended(bytes));
    assert_eq!(gaps, bytes - 10);
    rig.finish().await;
}

#[tokio::test]
async fn a_hole_is_told_as_soon_as_redis_is_back_though_the_terminal_is_silent_by_then() {
    let mut rig = Rig::new();
    let (shell, api) = (rig.bus("shell"), rig.bus("api"));
    let terminal = TerminalId::new();
    let mut writer = Writer::terminal_of(&shell, "build", terminal, 0);
    writer.append(&pattern(0, 10)).await;
    writer.flush().await;
    let mut live = api.hub().follow_terminal_of("build", terminal, 0);
    within(live.next()).await.unwrap();
    rig.server.kill();
    for _ in 0..3 {
        writer.append(&pattern(writer.offset(), 100)).await;
        writer.flush().await;
    }
    rig.server.restart().unwrap();
    assert_eq!(within(live.next()).await, Some(LiveTerminal::Gap { from: 10, to: 310 }));
    // What comes then needs no second look.
    writer.append(&pattern(310, 5)).await;
    let next = within(live.next()).await;
    assert_eq!(next, Some(LiveTerminal::Bytes { from: 310, bytes: pattern(310, 5).into() }));
    rig.finish().await;
}

#[tokio::test]
async fn followers_go_on_where_they_were_after_their_connection_was_cut() {
    let rig = Rig::new();
    let (shell, api) = (rig.bus("shell"), rig.bus("api"));
    let terminal = TerminalId::new();
    let mut writer = Writer::terminal(&shell, terminal, 0);
    let live = api.hub().follow_terminal(terminal, 0);
    let writing = async {
        for n in 0..50 {
            let from = writer.offset();
            writer.append(&pattern(from, 1_000)).await;
            writer.flush().await;
            if n % 10 == 0 {
                rig.server.cut_clients().unwrap();
            }
        }
        writer.end(&ended(50_000)).await.unwrap();
    };
    let ((), (end, gaps)) = futures::join!(writing, check(live, 0));
    assert_eq!((end, gaps), (ended(50_000), 0));
    rig.finish().await;
}

#[tokio::test]
async fn a_follower_that_sleeps_catches_up_from_the_stream() {
    let rig = Rig::new();
    let (shell, api) = (rig.bus("shell"), rig.bus("api"));
    let terminal = TerminalId::new();
    let mut writer = Writer::terminal(&shell, terminal, 0);
    writer.append(&pattern(0, 1)).await;
    writer.flush().await;
    let mut live = api.hub().follow_terminal(terminal, 0);
    within(live.next()).await.unwrap();
    // More messages than the hub keeps for one who doesn't read.
    for n in 1..=2_000 {
        writer.append(&pattern(n, 1)).await;
        writer.flush().await;
    }
    writer.end(&ended(2_001)).await.unwrap();
    let (end, _) = check(live, 1).await;
    assert_eq!(end, ended(2_001));
    rig.finish().await;
}

#[tokio::test]
async fn a_run_is_followed_from_the_middle_of_a_turn_into_the_next_attempt() {
    let rig = Rig::new();
    let (worker, api) = (rig.bus("worker"), rig.bus("api"));
    let run = RunId::new();
    let mut writer = RunWriter::new(&worker, run);
    writer.turn(1, 1);
    writer.delta("Shalom, ").await;
    writer.delta("עולם").await;
    writer.flush().await;
    let hub = api.hub();
    let delta =
        |turn, attempt, offset, text: &str| LiveRun::Delta { turn, attempt, offset, text: text.to_owned() };
    let mut whole = hub.follow_run(run, None);
    assert_eq!(within(whole.next()).await, Some(LiveRun::Turn { turn: 1, attempt: 1 }));
    let mut text = String::new();
    while text.len() < "Shalom, עולם".len() {
        let Some(LiveRun::Delta { offset, text: more, .. }) = within(whole.next()).await else { panic!() };
        assert_eq!(offset, text.len() as u64);
        text.push_str(&more);
    }
    assert_eq!(text, "Shalom, עולם");
    // Eight bytes are known: only the rest is replayed.
    let mut rest = hub.follow_run(run, Some(RunPos { turn: 1, attempt: 1, offset: 8 }));
    assert_eq!(within(rest.next()).await, Some(delta(1, 1, 8, "עולם")));
    writer.delta("!").await;
    assert_eq!(within(rest.next()).await, Some(delta(1, 1, 16, "!")));
    // The model's stream was cut: another worker asks again.
    writer.flush().await;
    let mut again = RunWriter::new(&worker, run);
    again.turn(1, 2);
    again.delta("Hi").await;
    again.flush().await;
    again.turn(2, 1);
    again.end().await;
    for expected in [
        LiveRun::Turn { turn: 1, attempt: 2 },
        delta(1, 2, 0, "Hi"),
        LiveRun::Turn { turn: 2, attempt: 1 },
        LiveRun::End,
    ] {
        assert_eq!(within(rest.next()).await, Some(expected));
    }
    assert_eq!(within(rest.next()).await, None);
    rig.finish().await;
}
