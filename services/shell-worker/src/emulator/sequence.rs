//! What control sequences do. None of them is ever answered: questions are for the terminal somebody sits at.

use super::parse::Params;
use super::sgr;
use super::terminal::Terminal;

impl Terminal {
    /// Obeys a control sequence.
    pub(super) fn obey(&mut self, params: &Params, intermediates: &[u8], last: u8) {
        match (intermediates, last) {
            ([], b'A'..=b'H' | b'`' | b'a' | b'd' | b'e' | b'f' | b'I' | b'Z') => self.travel(params, last),
            ([] | [b'?'], b'J') => self.erase_display(params.number(0)),
            ([] | [b'?'], b'K') => self.erase_line(params.number(0)),
            ([], b'@' | b'P' | b'X') => self.edit_line(params.count(0), last),
            ([], b'L' | b'M') => self.edit_lines(params.count(0), last),
            ([], b'S' | b'T') => self.scroll(params.count(0), last),
            ([b' '], b'@' | b'A') => self.shift_region(0, params.count(0), last == b'A'),
            ([b'\''], b'}' | b'~') => {
                let column = self.buffer().column;
                self.shift_region(column, params.count(0), last == b'}');
            }
            ([], b'g') => self.clear_tabs(params.number(0)),
            ([], b'h' | b'l') => params.numbers().for_each(|mode| self.modes.switch(mode, last == b'h')),
            ([b'?'], b'h' | b'l') => params.numbers().for_each(|mode| self.switch(mode, last == b'h')),
            ([], b'm') => sgr::apply(params, &mut self.pen),
            ([b'!'], b'p') => self.reset_softly(),
            ([b' '], b'q') => {
                self.modes.cursor_style =
                    u8::try_from(params.number(0)).ok().filter(|style| *style <= 6).unwrap_or(0);
            }
            ([], b'r') => self.set_region(params),
            ([], b's') => self.save(),
            ([], b'u') => self.restore(),
            ([], b't') if matches!(params.number(1), 0 | 2) => match params.number(0) {
                22 => self.push_title(),
                23 => self.pop_title(),
                _ => {}
            },
            _ => {}
        }
    }

    fn travel(&mut self, params: &Params, last: u8) {
        let (right, bottom) = (self.columns - 1, self.rows - 1);
        let count = params.count(0);
        if matches!(last, b'I' | b'Z') {
            let buffer = self.buffer();
            if buffer.column <= right {
                for _ in 0..count.min(right + 1) {
                    buffer.column = if last == b'I' { buffer.next_stop() } else { buffer.previous_stop() };
                }
            }
            return;
        }
        match last {
            b'H' | b'f' => return self.place(params.count(1) - 1, count - 1),
            b'd' => {
                let column = self.buffer().column;
                return self.place(column, count - 1);
            }
            _ => {}
        }
        if matches!(last, b'G' | b'`') {
            // As xterm.js has it, the row counts from the region's top once more in origin mode.
            let row = self.buffer().row;
            return self.place(count - 1, row);
        }
        self.restrict(right);
        let buffer = self.buffer();
        let (column, row) = (buffer.column, buffer.row);
        let up = if row >= buffer.top { count.min(row - buffer.top) } else { count };
        let down = if row <= buffer.bottom { count.min(buffer.bottom - row) } else { count };
        let (column, row) = match last {
            b'A' | b'F' => (column, row.saturating_sub(up)),
            b'B' | b'E' => (column, row.saturating_add(down)),
            b'C' | b'a' => (column.saturating_add(count), row),
            b'D' => (column.saturating_sub(count), row),
            _ => (column, row.saturating_add(count)),
        };
        self.place(column.min(right), row.min(bottom));
        if matches!(last, b'E' | b'F') {
            self.buffer().column = 0;
        }
    }

    fn erase_display(&mut self, what: i32) {
        let (total, erased) = (self.columns, self.erased());
        self.restrict(total);
        let buffer = self.buffer();
        let (column, row) = (buffer.column, buffer.row);
        match what {
            0 => {
                if let Some(line) = buffer.line() {
                    line.erase(column, total, erased);
                    line.wrapped &= column > 0;
                }
                buffer.rows.iter_mut().skip(row + 1).for_each(|line| line.clear(erased));
            }
            1 => {
                if let Some(line) = buffer.line() {
                    line.erase(0, column + 1, erased);
                    line.wrapped = false;
                }
                if column + 1 >= total
                    && let Some(next) = buffer.rows.get_mut(row + 1)
                {
                    next.wrapped = false;
                }
                buffer.rows.iter_mut().take(row).for_each(|line| line.clear(erased));
            }
            2 => buffer.rows.iter_mut().for_each(|line| line.clear(erased)),
            _ => {}
        }
    }

    fn erase_line(&mut self, what: i32) {
        let (total, erased) = (self.columns, self.erased());
        self.restrict(total);
        let buffer = self.buffer();
        let column = buffer.column;
        let Some(line) = buffer.line() else { return };
        match what {
            0 => {
                line.erase(column, total, erased);
                line.wrapped &= column > 0;
            }
            1 => line.erase(0, column + 1, erased),
            2 => line.clear(erased),
            _ => {}
        }
    }

    fn edit_line(&mut self, count: usize, last: u8) {
        let (right, erased) = (self.columns - 1, self.erased());
        self.restrict(right);
        let buffer = self.buffer();
        let column = buffer.column;
        let Some(line) = buffer.line() else { return };
        match last {
            b'@' => line.insert(column, count, erased),
            b'P' => line.delete(column, count, erased),
            _ => line.erase(column, column.saturating_add(count), erased),
        }
    }

    fn edit_lines(&mut self, count: usize, last: u8) {
        let (right, erased) = (self.columns - 1, self.erased());
        self.restrict(right);
        let buffer = self.buffer();
        if buffer.is_in_region() {
            let row = buffer.row;
            if last == b'L' {
                buffer.insert_lines(row, count, erased);
            } else {
                buffer.remove_lines(row, count, erased);
            }
            buffer.column = 0;
        }
    }

    fn scroll(&mut self, count: usize, last: u8) {
        let erased = self.erased();
        let buffer = self.buffer();
        if last == b'S' {
            buffer.remove_lines(buffer.top, count, erased);
        } else {
            // xterm.js scrolls down without the pen's background.
            buffer.insert_lines(buffer.top, count, super::cell::Style::default());
        }
    }

    /// Moves every row of the region from a column on, to the right or to the left.
    fn shift_region(&mut self, column: usize, count: usize, right: bool) {
        let erased = self.erased();
        let buffer = self.buffer();
        if !buffer.is_in_region() {
            return;
        }
        // At the right edge xterm.js starts over at the left one.
        let column = column % self.columns.max(1);
        let buffer = self.buffer();
        let (top, height) = (buffer.top, buffer.bottom - buffer.top + 1);
        for line in buffer.rows.iter_mut().skip(top).take(height) {
            if right {
                line.insert(column, count, erased);
            } else {
                line.delete(column, count, erased);
            }
            line.wrapped = false;
        }
    }

    fn clear_tabs(&mut self, what: i32) {
        let buffer = self.buffer();
        match what {
            0 => {
                let column = buffer.column;
                if let Some(stop) = buffer.tabs.get_mut(column) {
                    *stop = false;
                }
            }
            3 => buffer.tabs.fill(false),
            _ => {}
        }
    }

    /// DECSET and DECRST.
    fn switch(&mut self, mode: i32, on: bool) {
        self.modes.switch_private(mode, on);
        match (mode, on) {
            (2, true) => {
                (0..4).for_each(|level| self.charsets.designate(level, super::charset::Charset::Ascii))
            }
            (6, _) => self.place(0, 0),
            (47 | 1047, _) => self.choose(on),
            (1048, true) => self.save(),
            (1048, false) => self.restore(),
            (1049, true) => {
                self.save();
                self.choose(true);
            }
            (1049, false) => {
                self.choose(false);
                self.restore();
            }
            _ => {}
        }
    }

    /// DECSTR.
    fn reset_softly(&mut self) {
        let bottom = self.rows - 1;
        self.pen = super::cell::Style::default();
        self.charsets = super::charset::Charsets::default();
        self.modes.reset_softly();
        let buffer = self.buffer();
        (buffer.top, buffer.bottom) = (0, bottom);
        buffer.saved = super::buffer::Saved::default();
    }

    /// DECSTBM.
    fn set_region(&mut self, params: &Params) {
        let rows = self.rows;
        let top = params.count(0);
        let bottom = match usize::try_from(params.number(1)) {
            Ok(bottom) if (1..=rows).contains(&bottom) => bottom,
            _ => rows,
        };
        if bottom > top {
            let buffer = self.buffer();
            (buffer.top, buffer.bottom) = (top - 1, bottom - 1);
            self.place(0, 0);
        }
    }
}
