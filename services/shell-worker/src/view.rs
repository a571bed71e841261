//! The screen of a terminal, and a search through all it showed. Both are made from the recording when somebody asks, so
//! that a terminal nobody looks at costs nothing; the screen of a running one is kept, and fed only what came since.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, PoisonError};

use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::{FoundLine, ScreenShot};
use metatron_domain::terminal::{Holder, Size};

use crate::emulator::Emulator;
use crate::events::{self, Beginning, By, What};
use crate::recording::{Recordings, first};
use crate::recover::feed;
use crate::screen::{Screen, Sink};
use crate::session::Session;

/// Lines of a search, at most.
const MOST_LINES: u32 = 1_000;
/// Characters of a found line, at most.
const LONGEST: usize = 2_000;
/// Bytes of a line that are searched, at most.
const SEARCHED: usize = 64 * 1024;

/// Bytes read at once: of plain output in such a piece most scrolls away unseen.
const PIECE: usize = 256 * 1024;

/// So much output is shown ahead; less is shown when somebody looks.
const MUCH: u64 = 4 * 1024 * 1024;

/// What becomes another from some offset of the output on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Size(Size),
    Holder(Holder),
}

/// A screen, and how much of the output made it.
pub struct View {
    emulator: Emulator,
    fed: u64,
}

impl View {
    fn new(size: Size) -> Self {
        Self { emulator: Emulator::new(size), fed: 0 }
    }

    /// Shows the output up to `end`, and makes each change at its offset.
    fn advance(&mut self, out: &File, end: u64, changes: &[(u64, Change)]) -> std::io::Result<()> {
        let begun = self.fed;
        // One that stands where this begins may have been made before, and changes nothing then.
        for (at, change) in changes.iter().filter(|(at, _)| (begun..=end).contains(at)) {
            self.feed(out, *at)?;
            match *change {
                Change::Size(size) if self.emulator.size() != size => self.emulator.resize(size),
                Change::Size(_) => {}
                Change::Holder(holder) => self.emulator.drive(holder),
            }
        }
        self.feed(out, end)
    }

    fn feed(&mut self, out: &File, end: u64) -> std::io::Result<()> {
        // What is forgotten can't be shown any more.
        self.fed = self.fed.max(first(out).min(end));
        let mut buffer = vec![0; PIECE];
        while self.fed < end {
            let wanted = usize::try_from(end - self.fed).unwrap_or(usize::MAX).min(buffer.len());
            out.read_exact_at(&mut buffer[..wanted], self.fed)?;
            self.emulator.feed(&buffer[..wanted]);
            self.fed += wanted as u64;
        }
        Ok(())
    }
}

impl Session {
    /// The screen as it is now. Blocks while it is made.
    pub fn screen(&self, recordings: &Recordings) -> std::io::Result<Option<ScreenShot>> {
        let Some(out) = recordings.reader(self.terminal)? else { return Ok(None) };
        let mut view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        let (size, changes) = {
            let state = self.desk.state();
            let sizes = state.sizes.iter().map(|(at, size)| (*at, Change::Size(*size)));
            let holders = state.holders.iter().map(|(at, holder)| (*at, Change::Holder(*holder)));
            let mut changes: Vec<_> = sizes.chain(holders).collect();
            changes.sort_by_key(|(at, _)| *at);
            (state.sizes.first().map_or(Size::COMMAND, |(_, size)| *size), changes)
        };
        let end = self.progress.borrow().end;
        let view = view.get_or_insert_with(|| View::new(size));
        let before = view.fed;
        let advanced = view.advance(&out, end, &changes);
        self.shown.send_modify(|shown| *shown += view.fed - before);
        advanced?;
        Ok(Some(view.emulator.shot(end)))
    }

    /// The text of the screen as it is now; empty where it can't be had.
    pub async fn text_of_screen(self: &Arc<Self>, recordings: &Recordings) -> String {
        let (session, recordings) = (Arc::clone(self), recordings.clone());
        let made = tokio::task::spawn_blocking(move || session.screen(&recordings)).await;
        made.ok().and_then(Result::ok).flatten().map(|shot| shot.text).unwrap_or_default()
    }

    /// Makes the screen in the background where much was written since it was looked at, so that whoever looks next does
    /// not wait for a flood to be shown.
    pub fn catch_up(self: &Arc<Self>) {
        let fed = self.view.try_lock().map(|view| view.as_ref().map_or(0, |view| view.fed));
        // Who makes it right now shows all of it.
        if fed.is_ok_and(|fed| self.progress.borrow().end > fed + MUCH) {
            let session = Arc::clone(self);
            tokio::task::spawn_blocking(move || {
                if let Err(error) = session.screen(&session.ties.recordings) {
                    tracing::debug!(%error, "a screen was not made ahead");
                }
            });
        }
    }
}

/// The last screen of a terminal that has ended: the one that was kept, or made again.
pub fn last_screen(recordings: &Recordings, terminal: TerminalId) -> std::io::Result<Option<ScreenShot>> {
    if let Some(shot) = recordings.screen(terminal)? {
        return Ok(Some(shot));
    }
    let Some(out) = recordings.reader(terminal)? else { return Ok(None) };
    let mut changes = Vec::new();
    if let Some(file) = recordings.events(terminal)? {
        let (beginning, events) = events::read(file)?;
        if let Some(Beginning { size, command, .. }) = beginning {
            let first = if command.is_some() { Holder::Ai } else { Holder::Owner };
            changes.extend([(0, Change::Size(size)), (0, Change::Holder(first))]);
        }
        // Who had the keyboard and typed nothing is not told any more.
        changes.extend(events.filter_map(|event| match event.what {
            What::Resized { size } => Some((event.offset, Change::Size(size))),
            What::Input { by: By::Owner, .. } => Some((event.offset, Change::Holder(Holder::Owner))),
            What::Input { .. } => Some((event.offset, Change::Holder(Holder::Ai))),
            What::Program { .. } => None,
        }));
    }
    let end = out.metadata()?.len();
    let mut view = View::new(Size::COMMAND);
    view.advance(&out, end, &changes)?;
    Ok(Some(view.emulator.shot(end)))
}

/// The lines of everything shown that hold `text`, upper and lower case alike, and whether there are more than `limit`.
pub fn search(
    recordings: &Recordings,
    terminal: TerminalId,
    text: &str,
    limit: u32,
) -> std::io::Result<Option<(Vec<FoundLine>, bool)>> {
    let Some(mut file) = recordings.reader(terminal)? else { return Ok(None) };
    let limit = usize::try_from(limit.min(MOST_LINES)).unwrap_or_default();
    let find = Find { wanted: text.to_lowercase(), limit, ..Find::default() };
    let mut screen = Screen::new(find);
    feed(&mut file, &mut screen);
    let mut find = screen.finish();
    if !find.line.is_empty() {
        find.take("", true);
    }
    Ok(Some((find.found, find.more)))
}

#[derive(Default)]
struct Find {
    wanted: String,
    limit: usize,
    line: String,
    number: u64,
    found: Vec<FoundLine>,
    more: bool,
}

impl Sink for Find {
    fn take(&mut self, text: &str, ends: bool) {
        let room = SEARCHED.saturating_sub(self.line.len());
        self.line.push_str(&text[..text.floor_char_boundary(room)]);
        if !ends {
            return;
        }
        if !self.wanted.is_empty() && !self.more && self.line.to_lowercase().contains(&self.wanted) {
            if self.found.len() < self.limit {
                let text = self.line.trim_end().chars().take(LONGEST).collect();
                self.found.push(FoundLine { line: self.number, text });
            } else {
                self.more = true;
            }
        }
        self.line.clear();
        self.number += 1;
    }
}
