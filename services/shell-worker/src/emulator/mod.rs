//! A terminal without a screen: bytes of a program in, what a person would see out.
//!
//! It stands for the terminal in the browser, so it obeys as that one does (xterm.js with Unicode 11); where it
//! doesn't, `tests/deviation.rs` has the list with a reason for each. It never answers a program: questions (DSR, DA, …) are for
//! the terminal somebody sits at, and two answers would be typed twice. It keeps no more than the screen.
//!
//! A row holds cells up to the last that was written, 24 bytes each: a blank terminal of 1000×500 takes 40 KB, one that is
//! written full 12 MB, and twice that where a program fills the alternate screen too.
//!
//! Pure: no I/O, no clock. Memory is bounded whatever is fed; nothing fed makes it panic.

mod buffer;
mod cell;
mod charset;
mod dump;
mod mode;
mod obey;
pub(crate) mod parse;
mod resize;
mod row;
mod sequence;
mod sgr;
mod terminal;
mod width;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_domain::terminal::message::{ScreenShot, Stretch};
use metatron_domain::terminal::{Holder, Size};

use parse::Parser;
use terminal::Terminal;

/// Output of so many bytes at once may scroll away most of itself.
const FLOOD: usize = 16 * 1024;

/// A terminal. Owned by the session whose output it is fed, for as long as that lasts.
#[derive(Debug, Clone)]
pub struct Emulator {
    size: Size,
    parser: Parser,
    terminal: Terminal,
}

impl Emulator {
    /// As it is when switched on.
    pub fn new(size: Size) -> Self {
        let terminal = Terminal::new(usize::from(size.columns()), usize::from(size.rows()));
        Self { size, parser: Parser::default(), terminal }
    }

    /// Shows more output. Chunks may be cut anywhere, also inside a character or an escape sequence.
    pub fn feed(&mut self, bytes: &[u8]) {
        let passed = self.passed(bytes);
        self.parser.advance(&mut self.terminal, &bytes[passed..]);
    }

    /// How many of the bytes need not be shown, because what follows scrolls them away, and they are nothing but text and
    /// line feeds. So a flood costs hardly more than reading it, and the screen is the same to the last cell.
    fn passed(&self, bytes: &[u8]) -> usize {
        let plain =
            || !bytes.iter().fold(false, |found, byte| found | matches!(byte, 0x0e | 0x0f | 0x1b | 0xc2));
        if bytes.len() < FLOOD || !self.parser.is_idle() || !self.terminal.scrolls_whole() || !plain() {
            return 0;
        }
        // As many lines bring the cursor to the bottom, and as many again scroll everything away that was there before.
        let mut left = 2 * usize::from(self.size.rows());
        for (at, pair) in bytes.windows(2).enumerate().rev() {
            left = left.saturating_sub(usize::from(pair[1] == b'\n'));
            // It takes the cursor to the first column whichever it was in.
            if left == 0 && pair == b"\r\n" {
                return at;
            }
        }
        0
    }

    /// Gives it another size, as the browser's terminal would take it.
    pub fn resize(&mut self, size: Size) {
        self.terminal.resize(usize::from(size.columns()), usize::from(size.rows()));
        self.size = size;
    }

    /// From here on the keyboard is theirs: the line with the cursor, and what is written later.
    pub fn drive(&mut self, holder: Holder) {
        self.terminal.holder = holder;
        if let Some(row) = self.terminal.normal.line() {
            row.holder = Some(holder);
        }
    }

    /// Whose the keyboard was when the rows of the normal screen were written. A blank row goes with the one above it.
    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        for (row, by) in
            self.terminal.normal.rows.iter().zip(0..).filter_map(|(row, at)| Some((at, row.holder?)))
        {
            match stretches.last() {
                Some(last) if last.by == by => {}
                last => stretches.push(Stretch { row: if last.is_some() { row } else { 0 }, by }),
            }
        }
        stretches
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// What a terminal of that size, just reset, has to be fed to show the same and to go on in the same way: both
    /// screens, cursor, colours, modes, margins, tab stops, title, and whatever the last bytes began and did not
    /// finish.
    pub fn dump(&self) -> Vec<u8> {
        let mut bytes = dump::dump(&self.terminal).into_bytes();
        bytes.extend_from_slice(self.parser.unfinished());
        bytes
    }

    /// The rows as text, trailing blanks and blank rows at the end removed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.terminal.active().rows {
            row.text(&mut text);
            text.push('\n');
        }
        text.truncate(text.trim_end_matches('\n').len());
        text
    }

    /// The cursor's row and column, from 0. One that is about to wrap is still in the last column.
    pub fn cursor(&self) -> (u16, u16) {
        let buffer = self.terminal.active();
        let column = buffer.column.min(self.terminal.columns - 1);
        (u16::try_from(buffer.row).unwrap_or(u16::MAX), u16::try_from(column).unwrap_or(u16::MAX))
    }

    /// The title a program has given it.
    pub fn title(&self) -> Option<&str> {
        self.terminal.title.as_deref()
    }

    /// The screen as it is now, after `offset` bytes of output.
    pub fn shot(&self, offset: u64) -> ScreenShot {
        ScreenShot {
            offset,
            size: self.size,
            base64: STANDARD.encode(self.dump()),
            text: self.text(),
            cursor: self.cursor(),
            application_cursor: self.terminal.modes.application_cursor,
            stretches: self.stretches(),
        }
    }
}
