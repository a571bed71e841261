//! One terminal's output from an offset to its end: live where it flows, from the recording where it does not any more.

use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use metatron_bus::live::LiveTerminal;
use metatron_domain::exec::ExecState;
use metatron_store::exec::Exec;

use super::live::Live;
use crate::App;
use crate::recording::read;

/// Bytes of one read of the recording.
const PIECE: u32 = 256 * 1024;
/// How long the shell host may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Silence after which the command's row is looked at: it may have ended while Redis was away.
const SILENCE: Duration = Duration::from_secs(10);

struct Follow {
    app: App,
    exec: Exec,
    /// The offset of the next byte.
    at: u64,
    source: Source,
}

enum Source {
    /// What flows.
    Live(BoxStream<'static, LiveTerminal>),
    /// A hole in what flows, up to this offset.
    Hole(u64, BoxStream<'static, LiveTerminal>),
    /// The recording of what has ended.
    Recording,
    /// Everything was told but the end.
    Ending(u64),
    Done,
}

/// The output of `exec` from the offset `from`.
pub(super) fn follow(app: &App, exec: Exec, from: u64) -> BoxStream<'static, Live> {
    let source = match exec.state {
        ExecState::Ended | ExecState::Unknown => Source::Recording,
        ExecState::Denied | ExecState::Refused | ExecState::Cancelled => Source::Ending(0),
        _ => Source::Live(app.bus.hub().follow_terminal(exec.terminal, from)),
    };
    let follow = Follow { app: app.clone(), exec, at: from, source };
    stream::unfold(follow, |mut follow| async move {
        let live = follow.next().await?;
        Some((live, follow))
    })
    .boxed()
}

impl Follow {
    async fn next(&mut self) -> Option<Live> {
        loop {
            match std::mem::replace(&mut self.source, Source::Done) {
                Source::Done => return None,
                Source::Ending(bytes) => return Some(Live::End { bytes, exit: self.exec.exit.clone() }),
                Source::Recording => {
                    if let Some(live) = self.replay().await {
                        return Some(live);
                    }
                }
                Source::Hole(to, live) if self.at >= to => self.source = Source::Live(live),
                Source::Hole(to, live) => return Some(self.fill(to, live).await),
                Source::Live(mut live) => match tokio::time::timeout(SILENCE, live.next()).await {
                    Ok(Some(LiveTerminal::Bytes { from, bytes })) => {
                        self.at = from + bytes.len() as u64;
                        self.source = Source::Live(live);
                        return Some(Live::Bytes { from, bytes });
                    }
                    Ok(Some(LiveTerminal::Note(_))) => self.source = Source::Live(live),
                    Ok(Some(LiveTerminal::Gap { from, to })) => {
                        self.at = from;
                        self.source = Source::Hole(to, live);
                    }
                    Ok(Some(LiveTerminal::End(end))) => {
                        return Some(Live::End { bytes: end.bytes, exit: end.exit });
                    }
                    Ok(None) => self.source = Source::Recording,
                    Err(_) => {
                        self.source =
                            if self.has_ended().await { Source::Recording } else { Source::Live(live) }
                    }
                },
            }
        }
    }

    /// The next piece of a hole; what can't be had is told as missing.
    async fn fill(&mut self, to: u64, live: BoxStream<'static, LiveTerminal>) -> Live {
        let wanted = u32::try_from(to - self.at).unwrap_or(PIECE).min(PIECE);
        let from = self.at;
        // It may have started since this began.
        self.refresh().await;
        match read(&self.app, &self.exec, from, wanted, PATIENCE).await {
            Ok(piece) if piece.from == from && !piece.bytes.is_empty() => {
                self.at = from + piece.bytes.len() as u64;
                self.source = Source::Hole(to, live);
                Live::Bytes { from, bytes: piece.bytes }
            }
            _ => {
                self.at = to;
                self.source = Source::Live(live);
                Live::Missing { from, to }
            }
        }
    }

    /// The next piece of the recording.
    async fn replay(&mut self) -> Option<Live> {
        let from = self.at;
        match read(&self.app, &self.exec, from, PIECE, PATIENCE).await {
            Ok(piece) if piece.from == from && !piece.bytes.is_empty() => {
                self.at = from + piece.bytes.len() as u64;
                self.source = Source::Recording;
                Some(Live::Bytes { from, bytes: piece.bytes })
            }
            Ok(piece) => {
                self.source = Source::Ending(piece.end);
                None
            }
            Err(_) => {
                let to = self.exec.output_bytes.unwrap_or(from).max(from);
                self.source = Source::Ending(to);
                (to > from).then_some(Live::Missing { from, to })
            }
        }
    }

    async fn has_ended(&mut self) -> bool {
        self.refresh().await;
        self.exec.state.is_terminal()
    }

    async fn refresh(&mut self) {
        if let Ok(exec) = self.app.store.exec(self.exec.id).await {
            self.exec = exec;
        }
    }
}
