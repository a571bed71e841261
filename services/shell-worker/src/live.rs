//! A terminal's output as it is watched: from the recording to the live stream, at the stream's own pace.
//!
//! The recording is the buffer: a slow or absent Redis costs the terminal nothing, and no byte is kept twice in memory.

use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_bus::live::Writer;
use metatron_domain::command::{Outcome, ShellReport};
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::TerminalEnd;

use crate::recording::Recordings;
use crate::shell::Running;

/// What follows the first bytes within this time goes together with the next ones.
const GATHER: Duration = Duration::from_millis(2);
/// Bytes read from the recording at once.
const PIECE: u64 = 32 * 1024;

/// Carries a running terminal's output until it has ended, and then says how.
pub async fn carry(bus: Bus, recordings: Recordings, running: Running) {
    let terminal = running.session.terminal;
    let mut writer = Writer::terminal(&bus, terminal, 0);
    let mut progress = running.session.progress.clone();
    let Ok(Some(file)) = recordings.reader(terminal) else { return };
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let now = *progress.borrow_and_update();
        while writer.offset() < now.end {
            let wanted = usize::try_from((now.end - writer.offset()).min(PIECE)).unwrap_or_default();
            // The page is still in memory; reading it never waits for the disk.
            if let Err(error) = file.read_exact_at(&mut buffer[..wanted], writer.offset()) {
                tracing::warn!(%error, terminal.id = %terminal, "the recording can't be read back");
                return;
            }
            writer.append(&buffer[..wanted]).await;
        }
        if now.ended || progress.changed().await.is_err() {
            break;
        }
        tokio::time::sleep(GATHER).await;
    }
    let bytes = writer.offset();
    let exit = match running.ended().await {
        Some(ShellReport::Ended { outcome, .. }) => outcome.exit,
        _ => None,
    };
    end(writer, terminal, &TerminalEnd { bytes, exit }).await;
}

/// Says that a terminal has ended whose shell-worker died.
pub async fn lost(bus: &Bus, terminal: TerminalId, outcome: &Outcome) {
    let writer = Writer::terminal(bus, terminal, outcome.bytes);
    end(writer, terminal, &TerminalEnd { bytes: outcome.bytes, exit: None }).await;
}

async fn end(writer: Writer, terminal: TerminalId, end: &TerminalEnd) {
    if let Err(error) = writer.end(end).await {
        tracing::warn!(%error, terminal.id = %terminal, "the end of a terminal could not be told");
    }
}
