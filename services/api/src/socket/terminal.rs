//! One terminal's output from an offset, or from its screen, to its end: live where it flows, from the recording where it
//! does not any more.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use metatron_bus::live::LiveTerminal;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::{Note, ScreenShot};
use tokio::time::{Instant, Sleep};

use super::live::Live;
use crate::App;
use crate::error::Code;
use crate::recording::{Stage, Tape};

/// Bytes of one read of the recording: so few that the allocator keeps the room for them.
const PIECE: u32 = 64 * 1024;
/// How long the shell host may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Silence after which the row is looked at: it may have ended while Redis was away.
const SILENCE: Duration = Duration::from_secs(10);
/// How long until a host that did not answer is asked for the screen again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often it is asked for the recording of what is over.
const PATIENT: u32 = 30;

/// Where a client begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    /// At an offset.
    Offset(u64),
    /// At the screen as it is now.
    Screen,
}

struct Follow {
    app: App,
    tape: Tape,
    /// The offset of the next byte.
    at: u64,
    source: Source,
    /// How often the recording of what is over was asked for in vain.
    asked: u32,
    /// When something was heard last, and what looks after it: not a timer for each word.
    heard: Instant,
    silence: Pin<Box<Sleep>>,
}

enum Source {
    /// The screen comes first.
    Screen,
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

/// Bytes up to the next multiple of [`PIECE`]. Whoever reads ends there, so that viewers who are at different places of a
/// flood soon ask for the same pieces, which are read, and made frames of, once for all.
fn to_boundary(from: u64) -> u32 {
    PIECE - u32::try_from(from % u64::from(PIECE)).unwrap_or(0)
}

/// The output of `tape`, from where the client begins.
pub(super) fn follow(app: &App, tape: Tape, begin: Begin) -> BoxStream<'static, Live> {
    let at = if let Begin::Offset(from) = begin { from } else { 0 };
    let (app, source, heard) = (app.clone(), Source::Done, Instant::now());
    let silence = Box::pin(tokio::time::sleep_until(heard + SILENCE));
    let mut follow = Follow { app, tape, at, source, asked: 0, heard, silence };
    follow.source = match (begin, follow.tape.stage) {
        (_, Stage::Never) => Source::Ending(0),
        // Of what has not begun there is no screen: its output will be all of it.
        (Begin::Screen, Stage::Running | Stage::Over) => Source::Screen,
        (Begin::Offset(_), Stage::Over) => Source::Recording,
        _ => follow.live(),
    };
    stream::unfold(follow, |mut follow| async move {
        let live = follow.next().await?;
        Some((live, follow))
    })
    .boxed()
}

/// A terminal from its screen as it is by now.
pub(super) fn anew(app: &App, terminal: TerminalId) -> BoxStream<'static, Live> {
    let app = app.clone();
    let tape = async move {
        match Tape::of(&app, terminal).await {
            Ok(tape) => follow(&app, tape, Begin::Screen),
            Err(_) => stream::empty().boxed(),
        }
    };
    stream::once(tape).flatten().boxed()
}

impl Follow {
    fn live(&self) -> Source {
        let Tape { host, terminal, .. } = &self.tape;
        Source::Live(self.app.bus.hub().follow_terminal_of(host, *terminal, self.at))
    }

    async fn next(&mut self) -> Option<Live> {
        loop {
            match std::mem::replace(&mut self.source, Source::Done) {
                Source::Done => return None,
                Source::Ending(bytes) => return Some(Live::End { bytes, exit: self.tape.exit.clone() }),
                Source::Screen => {
                    if let Some(live) = self.screen().await {
                        return Some(live);
                    }
                }
                Source::Recording => {
                    if let Some(live) = self.replay().await {
                        return Some(live);
                    }
                }
                Source::Hole(to, live) if self.at >= to => self.source = Source::Live(live),
                Source::Hole(to, live) => {
                    if let Some(live) = self.fill(to, live).await {
                        return Some(live);
                    }
                }
                Source::Live(live) => {
                    if let Some(live) = self.listen(live).await {
                        return Some(live);
                    }
                }
            }
        }
    }

    async fn listen(&mut self, mut live: BoxStream<'static, LiveTerminal>) -> Option<Live> {
        let told = tokio::select! {
            biased;
            told = live.next() => Some(told),
            () = self.silence.as_mut() => None,
        };
        if told.is_some() {
            self.heard = Instant::now();
        } else {
            let (now, due) = (Instant::now(), self.heard + SILENCE);
            self.app.shelf.sweep(now.into_std());
            self.silence.as_mut().reset(if due > now { due } else { now + SILENCE });
            if due > now {
                self.source = Source::Live(live);
                return None;
            }
        }
        match told {
            Some(Some(LiveTerminal::Bytes { from, bytes })) => {
                self.at = from + bytes.len() as u64;
                self.source = Source::Live(live);
                return Some(Live::Bytes { from, bytes, framed: None });
            }
            Some(Some(LiveTerminal::Note(note))) => {
                self.source = Source::Live(live);
                return Some(match note {
                    Note::Pressed { sequence } => Live::Pressed { sequence },
                    Note::Status(status) => Live::Status(status),
                });
            }
            Some(Some(LiveTerminal::Gap { from, to })) => {
                self.at = from;
                self.source = Source::Hole(to, live);
            }
            Some(Some(LiveTerminal::End(end))) => {
                return Some(Live::End { bytes: end.bytes, exit: end.exit });
            }
            Some(None) => self.source = Source::Recording,
            None => {
                self.refresh().await;
                self.source = match self.tape.stage {
                    Stage::Over => Source::Recording,
                    Stage::Never => Source::Ending(0),
                    _ => Source::Live(live),
                };
            }
        }
        None
    }

    /// The screen, and behind it what comes. A host that does not answer is asked again until it does.
    async fn screen(&mut self) -> Option<Live> {
        match self.app.screen_of(&self.tape.host, self.tape.terminal).await {
            Ok(shot) => {
                let ScreenShot { offset, size, base64, stretches, .. } = shot;
                self.at = offset;
                self.refresh().await;
                // The end of what is over is where its screen is.
                self.source = if self.tape.stage == Stage::Over { Source::Recording } else { self.live() };
                match STANDARD.decode(base64) {
                    Ok(dump) => Some(Live::Screen { offset, size, dump: dump.into(), stretches }),
                    Err(error) => {
                        tracing::warn!(%error, "a screen can't be read");
                        None
                    }
                }
            }
            Err(refusal) if refusal.code() == Code::ShellUnavailable => {
                tokio::time::sleep(AGAIN).await;
                self.source = Source::Screen;
                None
            }
            // No screen is kept: then all of its output.
            Err(_) => {
                self.refresh().await;
                self.source = if self.tape.stage == Stage::Over { Source::Recording } else { self.live() };
                None
            }
        }
    }

    /// The next piece of a hole. While its host does not answer it is asked again: what comes behind the hole comes from
    /// there as well. What is not kept is told as missing.
    async fn fill(&mut self, to: u64, live: BoxStream<'static, LiveTerminal>) -> Option<Live> {
        let from = self.at;
        let wanted = u32::try_from(to - from).unwrap_or(PIECE).min(to_boundary(from));
        // It may have started since this began.
        if self.tape.stage != Stage::Running {
            self.refresh().await;
        }
        match self.tape.read(&self.app, from, wanted, PATIENCE).await {
            Ok(piece) if piece.from == from && !piece.bytes.is_empty() => {
                self.at = from + piece.bytes.len() as u64;
                self.source = Source::Hole(to, live);
                Some(Live::Bytes { from, bytes: piece.bytes, framed: Some(piece.framed) })
            }
            Err(refusal) if refusal.code() == Code::ShellUnavailable && self.is_patient() => {
                tokio::time::sleep(AGAIN).await;
                self.source = Source::Hole(to, live);
                None
            }
            _ => {
                self.at = to;
                self.source = Source::Live(live);
                Some(Live::Missing { from, to })
            }
        }
    }

    /// The next piece of the recording.
    async fn replay(&mut self) -> Option<Live> {
        let from = self.at;
        match self.tape.read(&self.app, from, to_boundary(from), PATIENCE).await {
            Ok(piece) if piece.from == from && !piece.bytes.is_empty() => {
                self.at = from + piece.bytes.len() as u64;
                self.source = Source::Recording;
                Some(Live::Bytes { from, bytes: piece.bytes, framed: Some(piece.framed) })
            }
            Ok(piece) => {
                self.source = Source::Ending(piece.end);
                None
            }
            // Its end has just been told; perhaps its host is not heard again yet.
            Err(refusal) if refusal.code() == Code::ShellUnavailable && self.is_patient() => {
                tokio::time::sleep(AGAIN).await;
                self.source = Source::Recording;
                None
            }
            Err(_) => {
                let to = self.tape.bytes.unwrap_or(from).max(from);
                self.source = Source::Ending(to);
                (to > from).then_some(Live::Missing { from, to })
            }
        }
    }

    /// Whether a host that does not answer is asked once more: for ever while the terminal runs there, and for a while
    /// when it is over.
    fn is_patient(&mut self) -> bool {
        self.asked += u32::from(self.tape.stage != Stage::Running);
        self.asked <= PATIENT
    }

    async fn refresh(&mut self) {
        if let Ok(tape) = Tape::of(&self.app, self.tape.terminal).await {
            self.tape = tape;
        }
    }
}
