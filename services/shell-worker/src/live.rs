//! A terminal's output as it is watched: from the recording to the live stream, at the stream's own pace.
//!
//! The recording is the buffer: a slow or absent Redis costs the terminal nothing, and no byte is kept twice in memory.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_bus::live::Writer;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Note;
use tokio::time::{Instant, sleep_until};

use crate::recording::Recordings;
use crate::session::Session;

/// What follows the first bytes within this time goes together with the next ones.
const GATHER: Duration = Duration::from_millis(2);
/// Bytes read from the recording at once.
const PIECE: u64 = 32 * 1024;

/// Of a flood only its length is told where those who watch can read the recording themselves: more than this at once.
const FLOOD: u64 = 8 * 1024;

/// Carries a running terminal's output, and what stands beside it, until it has ended, and then says how. `beside` says
/// that api is on this machine and reads recordings by itself.
pub async fn carry(bus: Bus, host: String, recordings: Recordings, session: Arc<Session>, beside: bool) {
    let terminal = session.terminal;
    let mut writer = Writer::terminal_of(&bus, &host, terminal, 0);
    let mut progress = session.progress.clone();
    let (mut typed, mut changes) = (session.lane.typed(), session.desk.changes());
    let Ok(Some(file)) = recordings.reader(terminal) else { return };
    let mut buffer = vec![0; 32 * 1024];
    let mut last = Instant::now();
    loop {
        if typed.has_changed().unwrap_or(false) {
            writer.note(&Note::Pressed { sequence: *typed.borrow_and_update() });
        }
        if changes.has_changed().unwrap_or(false) {
            changes.mark_unchanged();
            writer.note(&Note::Status(Box::new(session.status())));
        }
        let now = *progress.borrow_and_update();
        if beside && now.end - writer.offset() > FLOOD {
            writer.skip(now.end);
            last = Instant::now();
        }
        while writer.offset() < now.end {
            let wanted = usize::try_from((now.end - writer.offset()).min(PIECE)).unwrap_or_default();
            // The page is still in memory; reading it never waits for the disk.
            if let Err(error) = file.read_exact_at(&mut buffer[..wanted], writer.offset()) {
                tracing::warn!(%error, terminal.id = %terminal, "the recording can't be read back");
                return;
            }
            writer.append(&buffer[..wanted]).await;
            last = Instant::now();
        }
        if now.ended {
            break;
        }
        tokio::select! {
            biased;
            moved = progress.changed() => {
                if moved.is_err() {
                    break;
                }
                // The first after a quiet moment goes at once.
                sleep_until(last + GATHER).await;
            }
            // Told at the top: a flood of output must not hold them back.
            _ = typed.changed() => typed.mark_changed(),
            _ = changes.changed() => changes.mark_changed(),
        }
    }
    let bytes = writer.offset();
    let exit = session.over().await.and_then(|end| end.exit);
    end(writer, terminal, &TerminalEnd { bytes, exit }).await;
}

/// Says that a terminal has ended whose shell-worker died.
pub async fn lost(bus: &Bus, host: &str, terminal: TerminalId, bytes: u64) {
    let writer = Writer::terminal_of(bus, host, terminal, bytes);
    end(writer, terminal, &TerminalEnd { bytes, exit: None }).await;
}

async fn end(writer: Writer, terminal: TerminalId, end: &TerminalEnd) {
    if let Err(error) = writer.end(end).await {
        tracing::warn!(%error, terminal.id = %terminal, "the end of a terminal could not be told");
    }
}
