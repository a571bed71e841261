//! A terminal's output as it is watched: from the recording to whoever listens, at their own pace. To an api beside us over
//! the direct line; else into the live stream in Redis.
//!
//! The recording is the buffer: a slow or absent Redis costs the terminal nothing, and no byte is kept twice in memory.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_bus::direct::Outlet;
use metatron_bus::live::Writer;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::TerminalEnd;
use metatron_domain::terminal::message::Note;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::recording::Recordings;
use crate::session::Session;

/// What follows the first bytes within this time goes together with the next ones.
pub const GATHER: Duration = Duration::from_millis(2);
/// The same within a flood, which nobody reads line by line: each telling wakes api and all who watch.
const GATHER_FLOOD: Duration = Duration::from_millis(8);
/// Of a flood only its length is told where those who watch can read the recording themselves: more than this at once.
pub const FLOOD: u64 = 8 * 1024;
/// Bytes read from the recording at once.
const PIECE: usize = 32 * 1024;

/// The ways to those who watch.
pub struct Ways {
    /// Redis.
    pub bus: Bus,
    /// Whether api is on this machine, and reads recordings by itself.
    pub beside: bool,
    /// Whether the direct line is up: then nothing goes through Redis but the end.
    pub direct: watch::Receiver<bool>,
}

/// Carries a running terminal's output, and what stands beside it, until it has ended, and then says how.
pub async fn carry(ways: Ways, host: String, recordings: Recordings, session: Arc<Session>) {
    let Ways { bus, beside, mut direct } = ways;
    let (terminal, outlet) = (session.terminal, &session.outlet);
    let mut writer = Writer::terminal_of(&bus, &host, terminal, 0);
    let (mut typed, mut changes) = (session.lane.typed(), session.desk.changes());
    let Ok(Some(file)) = recordings.reader(terminal) else { return };
    let mut buffer = vec![0; PIECE];
    let mut last = Instant::now();
    let bytes = loop {
        let switched = direct.has_changed().unwrap_or(false);
        let up = *direct.borrow_and_update();
        // Over the line it was told when it was done.
        if typed.has_changed().unwrap_or(false) || switched {
            let sequence = *typed.borrow_and_update();
            if !up {
                writer.note(&Note::Pressed { sequence });
            }
        }
        if changes.has_changed().unwrap_or(false) {
            changes.mark_unchanged();
            let note = Note::Status(Box::new(session.status()));
            if up { outlet.note(&note) } else { writer.note(&note) }
        }
        let now = *session.progress.borrow();
        // The reading thread may have told more meanwhile.
        let known = if up { outlet.position().0 } else { writer.offset() };
        let flood = now.end.saturating_sub(known) > FLOOD;
        let told = if up {
            tell(outlet, &file, now.end, &mut buffer)
        } else {
            // What was said on the line is in the recording.
            let said = outlet.position().0;
            if beside && (now.end - writer.offset() > FLOOD || said > writer.offset()) {
                writer.skip(now.end);
            }
            append(&mut writer, &file, now.end, &mut buffer).await
        };
        if let Err(error) = told {
            tracing::warn!(%error, terminal.id = %terminal, "the recording can't be read back");
            return;
        }
        if now.ended {
            break now.end;
        }
        tokio::select! {
            biased;
            () = outlet.stirred() => {
                // The first after a quiet moment goes at once.
                let since = if up { outlet.position().1.elapsed() } else { last.elapsed() };
                let gather = if flood { GATHER_FLOOD } else { GATHER };
                tokio::time::sleep(gather.saturating_sub(since)).await;
                last = Instant::now();
            }
            // Told at the top: a flood of output must not hold them back.
            _ = typed.changed() => typed.mark_changed(),
            _ = changes.changed() => changes.mark_changed(),
            _ = direct.changed() => direct.mark_changed(),
        }
    };
    let exit = session.over().await.and_then(|end| end.exit);
    let over = TerminalEnd { bytes, exit };
    outlet.end(&over);
    if writer.offset() < bytes {
        writer.skip(bytes);
    }
    end(writer, terminal, &over).await;
}

/// Tells those on the direct line what they don't know yet, up to the offset `end`.
fn tell(outlet: &Outlet, file: &File, end: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    loop {
        let (from, _) = outlet.position();
        if from >= end {
            return Ok(());
        }
        if end - from > FLOOD || !outlet.is_watched() {
            outlet.skip(end);
            return Ok(());
        }
        let piece = &mut buffer[..usize::try_from(end - from).unwrap_or_default()];
        // The page is still in memory; reading it never waits for the disk.
        file.read_exact_at(piece, from)?;
        // The reading thread may have been faster.
        outlet.tell(from, piece);
    }
}

/// Appends to the live stream what it has not got yet, up to the offset `end`.
async fn append(writer: &mut Writer, file: &File, end: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    while writer.offset() < end {
        let wanted = usize::try_from(end - writer.offset()).unwrap_or(PIECE).min(PIECE);
        file.read_exact_at(&mut buffer[..wanted], writer.offset())?;
        writer.append(&buffer[..wanted]).await;
    }
    Ok(())
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
