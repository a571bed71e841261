//! One of the two screens a terminal has: its rows, its cursor, its margins and its tab stops.

use super::cell::Style;
use super::charset::Charset;
use super::row::Row;

/// What DECSC keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Saved {
    pub(super) column: usize,
    pub(super) row: usize,
    pub(super) style: Style,
    pub(super) charset: Charset,
}

/// A screen. The alternate one has no rows while it isn't shown.
#[derive(Debug, Clone)]
pub(super) struct Buffer {
    pub(super) rows: Vec<Row>,
    /// From 0; the number of columns when the last one was just written and the next character wraps.
    pub(super) column: usize,
    pub(super) row: usize,
    /// The first row of the scroll region.
    pub(super) top: usize,
    /// The last row of the scroll region.
    pub(super) bottom: usize,
    pub(super) saved: Saved,
    pub(super) tabs: Vec<bool>,
}

/// The stops a terminal starts with.
pub(super) fn default_tabs(columns: usize) -> Vec<bool> {
    (0..columns).map(|column| column % 8 == 0).collect()
}

impl Buffer {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        Self {
            rows: Vec::new(),
            column: 0,
            row: 0,
            top: 0,
            bottom: rows.saturating_sub(1),
            saved: Saved::default(),
            tabs: default_tabs(columns),
        }
    }

    /// Gives a screen without rows blank ones.
    pub(super) fn show(&mut self, columns: usize, rows: usize, style: Style) {
        if self.rows.is_empty() {
            self.rows = vec![Row::blank(columns, style); rows];
        }
    }

    /// Takes the rows away and forgets everything but the saved cursor.
    pub(super) fn hide(&mut self, columns: usize, rows: usize) {
        *self = Self { saved: self.saved, ..Self::new(columns, rows) };
    }

    /// The row the cursor is in.
    pub(super) fn line(&mut self) -> Option<&mut Row> {
        self.rows.get_mut(self.row)
    }

    pub(super) fn is_in_region(&self) -> bool {
        (self.top..=self.bottom).contains(&self.row)
    }

    /// Takes rows out at `from` and puts blank ones in at the bottom of the region.
    pub(super) fn remove_lines(&mut self, from: usize, count: usize, style: Style) {
        let end = (self.bottom + 1).min(self.rows.len());
        if let Some(region) = self.rows.get_mut(from..end) {
            let count = count.min(region.len());
            region.rotate_left(count);
            let kept = region.len() - count;
            region[kept..].iter_mut().for_each(|row| row.clear(style));
        }
    }

    /// Puts blank rows in at `from`; as many leave the region at its bottom.
    pub(super) fn insert_lines(&mut self, from: usize, count: usize, style: Style) {
        let end = (self.bottom + 1).min(self.rows.len());
        if let Some(region) = self.rows.get_mut(from..end) {
            let count = count.min(region.len());
            region.rotate_right(count);
            region[..count].iter_mut().for_each(|row| row.clear(style));
        }
    }

    /// One row down, scrolling the region at its bottom.
    pub(super) fn down(&mut self, style: Style) -> Moved {
        if self.row == self.bottom {
            self.remove_lines(self.top, 1, style);
            return Moved::Scrolled;
        }
        if self.row + 1 >= self.rows.len() {
            return Moved::Stayed;
        }
        self.row += 1;
        Moved::Down
    }

    /// The next tab stop right of the cursor, or the last column.
    pub(super) fn next_stop(&self) -> usize {
        let next = self.tabs.iter().enumerate().skip(self.column + 1).find(|(_, stop)| **stop);
        next.map_or(self.tabs.len().saturating_sub(1), |(column, _)| column)
    }

    /// The next tab stop left of the cursor, or the first column.
    pub(super) fn previous_stop(&self) -> usize {
        self.tabs.iter().take(self.column).rposition(|stop| *stop).unwrap_or(0)
    }
}

/// What [`Buffer::down`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    Down,
    Scrolled,
    Stayed,
}
