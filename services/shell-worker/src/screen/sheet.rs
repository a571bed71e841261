//! The editable rows at the end of the sheet, and the cursor in them.

use std::collections::VecDeque;

use super::{Sink, WINDOW};

/// A row longer than this is handed on in pieces, so that a line without an end needs no endless memory.
const LONG: usize = 8 * 1024;

#[derive(Default)]
struct Row {
    text: Vec<char>,
    /// Whether its beginning was handed on already.
    begun: bool,
}

/// The window. Rows above the cursor's are final once they scroll out.
pub(super) struct Sheet {
    rows: VecDeque<Row>,
    row: usize,
    column: usize,
    saved: (usize, usize),
}

impl Default for Sheet {
    fn default() -> Self {
        Self { rows: VecDeque::from([Row::default()]), row: 0, column: 0, saved: (0, 0) }
    }
}

impl Sheet {
    pub(super) fn put(&mut self, c: char, sink: &mut impl Sink) {
        let row = &mut self.rows[self.row];
        if self.column >= LONG {
            sink.take(&row.text.drain(..).collect::<String>(), false);
            row.begun = true;
            self.column = 0;
        }
        if self.column < row.text.len() {
            row.text[self.column] = c;
        } else {
            row.text.resize(self.column, ' ');
            row.text.push(c);
        }
        self.column += 1;
    }

    pub(super) fn line_feed(&mut self, sink: &mut impl Sink) {
        if self.row + 1 < self.rows.len() {
            self.row += 1;
            return;
        }
        self.rows.push_back(Row::default());
        if self.rows.len() > WINDOW {
            self.hand_on(sink);
        } else {
            self.row += 1;
        }
    }

    fn hand_on(&mut self, sink: &mut impl Sink) {
        if let Some(row) = self.rows.pop_front() {
            sink.take(trimmed(&row).as_str(), true);
        }
    }

    /// Hands everything on. The row the output ended in is no line of its own when nothing stands in it.
    pub(super) fn drain(&mut self, sink: &mut impl Sink) {
        while self.rows.len() > 1 {
            self.hand_on(sink);
        }
        if let Some(last) = self.rows.pop_front() {
            sink.take(trimmed(&last).as_str(), false);
        }
        *self = Self::default();
    }

    pub(super) fn column(&mut self, column: usize) {
        self.column = column.min(LONG);
    }

    pub(super) fn row(&mut self, row: usize) {
        let row = row.min(WINDOW - 1);
        while self.rows.len() <= row {
            self.rows.push_back(Row::default());
        }
        self.row = row;
    }

    pub(super) fn up(&mut self, by: usize) {
        self.row = self.row.saturating_sub(by);
    }

    pub(super) fn down(&mut self, by: usize) {
        self.row((self.row + by).min(WINDOW - 1));
    }

    pub(super) fn left(&mut self, by: usize) {
        self.column = self.column.saturating_sub(by);
    }

    pub(super) fn right(&mut self, by: usize) {
        self.column(self.column + by);
    }

    pub(super) fn tab(&mut self) {
        self.column((self.column / 8 + 1) * 8);
    }

    pub(super) fn erase_line(&mut self, mode: usize) {
        let text = &mut self.rows[self.row].text;
        match mode {
            0 => text.truncate(self.column),
            1 => {
                let upto = text.len().min(self.column + 1);
                text[..upto].fill(' ');
            }
            _ => text.clear(),
        }
    }

    pub(super) fn erase_page(&mut self, mode: usize) {
        match mode {
            0 => {
                self.erase_line(0);
                self.rows.iter_mut().skip(self.row + 1).for_each(|row| row.text.clear());
            }
            1 => {
                self.erase_line(1);
                self.rows.iter_mut().take(self.row).for_each(|row| row.text.clear());
            }
            2 => self.rows.iter_mut().for_each(|row| row.text.clear()),
            _ => {}
        }
    }

    pub(super) fn delete(&mut self, count: usize) {
        let text = &mut self.rows[self.row].text;
        let from = self.column.min(text.len());
        let upto = (from + count).min(text.len());
        text.drain(from..upto);
    }

    pub(super) fn insert(&mut self, count: usize) {
        let text = &mut self.rows[self.row].text;
        if self.column < text.len() {
            let blanks = std::iter::repeat_n(' ', count.min(LONG));
            text.splice(self.column..self.column, blanks);
            text.truncate(LONG);
        }
    }

    pub(super) fn blank(&mut self, count: usize) {
        let text = &mut self.rows[self.row].text;
        let from = self.column.min(text.len());
        let upto = self.column.saturating_add(count).min(text.len());
        text[from..upto].fill(' ');
    }

    pub(super) fn save(&mut self) {
        self.saved = (self.row, self.column);
    }

    pub(super) fn restore(&mut self) {
        self.row(self.saved.0);
        self.column = self.saved.1;
    }
}

fn trimmed(row: &Row) -> String {
    let text: String = row.text.iter().collect();
    if row.begun { text } else { text.trim_end_matches(' ').to_owned() }
}
