//! What controls and escape sequences do; control sequences are in `sequence`.

use super::charset::Charset;
use super::parse::{Params, Perform};
use super::terminal::{MOST_TITLES, Terminal};

impl Perform for Terminal {
    fn ascii(&mut self, run: &[u8]) {
        self.print_ascii(run);
    }

    fn print(&mut self, character: char) {
        self.print_character(character);
    }

    fn control(&mut self, code: u8) {
        self.last = 0;
        let last = self.columns - 1;
        match code {
            0x08 => self.backspace(),
            0x09 => {
                let buffer = self.buffer();
                if buffer.column <= last {
                    buffer.column = buffer.next_stop();
                }
            }
            0x0a..=0x0c => self.line_feed(),
            0x0d => self.buffer().column = 0,
            0x0e => self.charsets.shift(1),
            0x0f => self.charsets.shift(0),
            0x84 => self.index(),
            0x85 => self.next_line(),
            0x88 => self.set_tab(),
            _ => {}
        }
    }

    fn escape(&mut self, intermediates: &[u8], byte: u8) {
        self.last = 0;
        match (intermediates, byte) {
            ([], b'7') => self.save(),
            ([], b'8') => self.restore(),
            ([], b'D') => self.index(),
            ([], b'E') => self.next_line(),
            ([], b'H') => self.set_tab(),
            ([], b'M') => self.reverse_index(),
            ([], b'=') => self.modes.application_keypad = true,
            ([], b'>') => self.modes.application_keypad = false,
            ([], b'c') => self.reset(),
            ([], b'n' | b'}') => self.charsets.shift(2),
            ([], b'o' | b'|') => self.charsets.shift(3),
            ([], b'~') => self.charsets.shift(1),
            ([b'%'], b'@' | b'G') => {
                self.charsets.shift(0);
                self.charsets.designate(0, Charset::Ascii);
            }
            ([b'('], letter) => self.charsets.designate(0, Charset::designated(letter)),
            ([b')' | b'-'], letter) => self.charsets.designate(1, Charset::designated(letter)),
            ([b'*' | b'.'], letter) => self.charsets.designate(2, Charset::designated(letter)),
            ([b'+'], letter) => self.charsets.designate(3, Charset::designated(letter)),
            ([b'#'], b'8') => self.align(),
            _ => {}
        }
    }

    fn sequence(&mut self, params: &Params, intermediates: &[u8], last: u8) {
        // REP needs to know what was printed before it.
        if (intermediates, last) == (&[], b'b') {
            self.repeat(params.count(0));
        } else {
            self.obey(params, intermediates, last);
        }
        self.last = 0;
    }

    fn command(&mut self, text: &[u8]) {
        self.last = 0;
        let (number, text) = match text.iter().position(|byte| *byte == b';') {
            Some(end) => (&text[..end], &text[end + 1..]),
            None => return,
        };
        // Links, colours, the clipboard and questions are none of a screen's business.
        if matches!(number, b"0" | b"2") {
            self.title = Some(String::from_utf8_lossy(text).into_owned());
        }
    }

    fn device(&mut self) {
        self.last = 0;
    }
}

impl Terminal {
    fn backspace(&mut self) {
        let (last, reverse) = (self.columns - 1, self.modes.reverse_wrap);
        self.restrict(if reverse { last + 1 } else { last });
        let buffer = self.buffer();
        if buffer.column > 0 {
            buffer.column -= 1;
        } else if reverse && buffer.row > buffer.top && buffer.row <= buffer.bottom {
            let wrapped = buffer.line().is_some_and(|row| std::mem::take(&mut row.wrapped));
            if wrapped {
                buffer.row -= 1;
                buffer.column = last;
                // The last column may be empty because a wide character did not fit.
                let empty = buffer.line().and_then(|row| row.cell_mut(last).map(|cell| &*cell));
                if empty.is_some_and(|cell| cell.width() > 0 && cell.character().is_none()) {
                    buffer.column -= 1;
                }
            }
        }
        self.restrict(last);
    }

    fn index(&mut self) {
        let (last, erased) = (self.columns - 1, self.erased());
        self.restrict(last);
        self.buffer().down(erased);
        self.restrict(last);
    }

    fn next_line(&mut self) {
        self.buffer().column = 0;
        self.index();
    }

    fn reverse_index(&mut self) {
        let (last, erased) = (self.columns - 1, self.erased());
        self.restrict(last);
        let buffer = self.buffer();
        if buffer.row == buffer.top {
            buffer.insert_lines(buffer.top, 1, erased);
        } else {
            buffer.row = buffer.row.saturating_sub(1);
            self.restrict(last);
        }
    }

    fn set_tab(&mut self) {
        let buffer = self.buffer();
        let column = buffer.column;
        if let Some(stop) = buffer.tabs.get_mut(column) {
            *stop = true;
        }
    }

    /// DECALN: a screen full of E.
    fn align(&mut self) {
        let cell = super::cell::Cell::new('E', 1, self.pen);
        self.place(0, 0);
        let buffer = self.buffer();
        let first = buffer.row;
        buffer.rows.iter_mut().skip(first).for_each(|row| row.fill(&cell));
        self.place(0, 0);
    }

    /// REP: the character just printed once more, with its marks, so many times; never more than fill the screen.
    fn repeat(&mut self, count: usize) {
        let width = usize::from(self.last);
        if width == 0 {
            return;
        }
        let count = count.min(self.columns * self.rows);
        let buffer = self.buffer();
        let Some(column) = buffer.column.checked_sub(width) else { return };
        let Some(cell) = buffer.line().and_then(|row| row.cell_mut(column).map(|cell| cell.clone())) else {
            return;
        };
        let Some(character) = cell.character() else { return };
        for _ in 0..count {
            self.print_character(character);
            for mark in cell.marks().chars() {
                self.print_character(mark);
            }
        }
    }

    pub(super) fn push_title(&mut self) {
        if self.titles.len() == MOST_TITLES {
            self.titles.remove(0);
        }
        self.titles.push(self.title.clone().unwrap_or_default());
    }

    pub(super) fn pop_title(&mut self) {
        if let Some(title) = self.titles.pop() {
            self.title = Some(title);
        }
    }
}
