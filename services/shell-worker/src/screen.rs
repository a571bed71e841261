//! Output as a person would have read it: text without escape codes, for the model and the page.
//!
//! An endless sheet with a window of [`ROWS`] editable rows at its end: carriage returns, backspaces, cursor moves and
//! erasures work inside the window, what scrolls out of it is final. Lines are as long as they were written; nothing
//! is wrapped. Memory is bounded whatever comes. Colours, titles, links and questions to the terminal are dropped.

mod fold;
mod sheet;

use metatron_domain::terminal::ROWS;

use crate::emulator::parse::{Params, Parser, Perform};

pub use fold::{Fold, Lines};
use sheet::Sheet;

/// Receives what scrolled out of the window.
pub trait Sink {
    /// The next piece of text; `ends` when a line ends behind it.
    fn take(&mut self, text: &str, ends: bool);
}

/// A terminal's text. Owned by whoever feeds it; bytes in, final lines out into the sink.
pub struct Screen<S> {
    parser: Parser,
    page: Page<S>,
}

struct Page<S> {
    sheet: Sheet,
    /// The page before a full-screen program took over.
    under: Option<Sheet>,
    sink: S,
}

impl<S: Sink> Screen<S> {
    /// An empty screen above `sink`.
    pub fn new(sink: S) -> Self {
        Self { parser: Parser::default(), page: Page { sheet: Sheet::default(), under: None, sink } }
    }

    /// Shows more output.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.page, bytes);
    }

    /// Everything is final now.
    pub fn finish(mut self) -> S {
        if let Some(under) = self.page.under.take() {
            // It ended inside a full-screen program: what that one drew last comes behind what was there before.
            let drawn = std::mem::replace(&mut self.page.sheet, under);
            self.page.sheet.drain(&mut self.page.sink);
            self.page.sink.take("", true);
            self.page.sheet = drawn;
        }
        self.page.sheet.drain(&mut self.page.sink);
        self.page.sink
    }
}

impl<S: Sink> Page<S> {
    fn alternate(&mut self, on: bool) {
        if on && self.under.is_none() {
            self.under = Some(std::mem::take(&mut self.sheet));
        } else if !on && let Some(under) = self.under.take() {
            self.sheet = under;
        }
    }

    fn line_feed(&mut self) {
        if self.under.is_some() {
            // A full-screen program scrolls its own page away; nobody reads it later.
            self.sheet.line_feed(&mut Nothing);
        } else {
            self.sheet.line_feed(&mut self.sink);
            // A terminal without output processing would go on in the same column; a reader wants lines.
            self.sheet.column(0);
        }
    }
}

struct Nothing;

impl Sink for Nothing {
    fn take(&mut self, _: &str, _: bool) {}
}

/// More columns or rows than any screen has.
const FAR: i32 = 65_535;

fn number(params: &Params, index: usize) -> usize {
    usize::try_from(params.number(index).min(FAR)).unwrap_or_default()
}

impl<S: Sink> Perform for Page<S> {
    fn ascii(&mut self, run: &[u8]) {
        for byte in run {
            self.print(char::from(*byte));
        }
    }

    fn print(&mut self, character: char) {
        if self.under.is_some() {
            self.sheet.put(character, &mut Nothing);
        } else {
            self.sheet.put(character, &mut self.sink);
        }
    }

    fn invalid(&mut self) {
        self.print(char::REPLACEMENT_CHARACTER);
    }

    fn control(&mut self, code: u8) {
        match code {
            b'\n' | 0x0b | 0x0c => self.line_feed(),
            b'\r' => self.sheet.column(0),
            0x08 => self.sheet.left(1),
            b'\t' => self.sheet.tab(),
            _ => {}
        }
    }

    fn sequence(&mut self, params: &Params, intermediates: &[u8], last: u8) {
        let (one, two) = (number(params, 0), number(params, 1));
        let times = one.max(1);
        match (last, intermediates) {
            (b'A', []) => self.sheet.up(times),
            (b'B' | b'e', []) => self.sheet.down(times),
            (b'C' | b'a', []) => self.sheet.right(times),
            (b'D', []) => self.sheet.left(times),
            (b'E', []) => {
                self.sheet.down(times);
                self.sheet.column(0);
            }
            (b'F', []) => {
                self.sheet.up(times);
                self.sheet.column(0);
            }
            (b'G' | b'`', []) => self.sheet.column(times - 1),
            (b'd', []) => self.sheet.row(times - 1),
            (b'H' | b'f', []) => {
                self.sheet.row(times - 1);
                self.sheet.column(two.max(1) - 1);
            }
            (b'J', []) => self.sheet.erase_page(one),
            (b'K', []) => self.sheet.erase_line(one),
            (b'P', []) => self.sheet.delete(times),
            (b'@', []) => self.sheet.insert(times),
            (b'X', []) => self.sheet.blank(times),
            (b's', []) => self.sheet.save(),
            (b'u', []) => self.sheet.restore(),
            (b'h' | b'l', [b'?']) if matches!(one, 47 | 1047 | 1049) => self.alternate(last == b'h'),
            _ => {}
        }
    }

    fn escape(&mut self, intermediates: &[u8], last: u8) {
        match (last, intermediates) {
            (b'7', []) => self.sheet.save(),
            (b'8', []) => self.sheet.restore(),
            (b'D', []) => self.line_feed(),
            (b'E', []) => {
                self.line_feed();
                self.sheet.column(0);
            }
            (b'M', []) => self.sheet.up(1),
            (b'c', []) => self.sheet.erase_page(2),
            _ => {}
        }
    }

    fn command(&mut self, _text: &[u8]) {}

    fn device(&mut self) {}
}

/// Rows that can still be changed.
const WINDOW: usize = ROWS as usize;

#[cfg(test)]
mod tests;
