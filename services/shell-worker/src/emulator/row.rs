//! One row of cells. Whatever is cut through the middle of a wide character leaves a blank, never half of one.

use std::borrow::Cow;

use metatron_domain::terminal::Holder;

use super::cell::{Cell, Style};

/// A row, as wide as the screen.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Up to the last one that was ever written: most rows end early, and most of a large screen is blank.
    cells: Vec<Cell>,
    columns: usize,
    /// What every cell right of those is.
    blank: Cell,
    /// Whether it is the continuation of the row above.
    pub(super) wrapped: bool,
    /// Whose the keyboard was when it was last written; none of a blank one.
    pub(super) holder: Option<Holder>,
}

impl Row {
    pub(super) fn blank(columns: usize, style: Style) -> Self {
        Self { cells: Vec::new(), columns, blank: Cell::blank(style), wrapped: false, holder: None }
    }

    /// All its cells, for who looks at the whole row.
    pub(super) fn cells(&self) -> Cow<'_, [Cell]> {
        if self.cells.len() == self.columns {
            return Cow::Borrowed(&self.cells);
        }
        let mut cells = self.cells.clone();
        cells.resize(self.columns, self.blank.clone());
        Cow::Owned(cells)
    }

    /// How many cells it really holds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.cells.len()
    }

    /// Makes the cells before `column` ones that can be written.
    fn reach(&mut self, column: usize) {
        let column = column.min(self.columns);
        if self.cells.len() < column {
            self.cells.resize(column, self.blank.clone());
        }
    }

    /// Its cells without the right halves of wide characters; one whose left half is gone shows as a blank.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Cell> {
        let mut before = 1;
        let rest = std::iter::repeat_n(&self.blank, self.columns - self.cells.len());
        self.cells.iter().chain(rest).filter(move |cell| {
            let half = before == 2 && cell.is_tail();
            before = cell.width();
            !half
        })
    }

    pub(super) fn cell_mut(&mut self, column: usize) -> Option<&mut Cell> {
        self.reach(column + 1);
        self.cells.get_mut(column)
    }

    pub(super) fn put(&mut self, column: usize, cell: Cell) {
        self.reach(column + 1);
        if let Some(place) = self.cells.get_mut(column) {
            *place = cell;
        }
    }

    /// Writes ASCII over what is there.
    pub(super) fn write(&mut self, column: usize, text: &[u8], style: Style) {
        self.reach(column + text.len());
        for (cell, byte) in self.cells.iter_mut().skip(column).zip(text) {
            *cell = Cell::new(char::from(*byte), 1, style);
        }
    }

    pub(super) fn width(&self, column: usize) -> u8 {
        self.cells.get(column).map_or(1, Cell::width)
    }

    /// Cuts off the left half of a wide character that ends right of `column`.
    pub(super) fn cut_left_of(&mut self, column: usize, style: Style) {
        if column > 0 && self.width(column - 1) == 2 {
            self.put(column - 1, Cell::blank(style));
        }
    }

    /// Blanks the right half of a wide character whose left half is gone.
    pub(super) fn cut_at(&mut self, column: usize, style: Style) {
        if let Some(cell) = self.cells.get_mut(column)
            && cell.is_tail()
        {
            *cell = Cell::blank(style);
        }
    }

    /// Moves what is at and right of `column` to the right; what leaves the row is lost.
    pub(super) fn insert(&mut self, column: usize, count: usize, style: Style) {
        let Some(room) = self.columns.checked_sub(column).filter(|room| *room > 0) else { return };
        self.reach(self.columns);
        self.cut_left_of(column, style);
        let count = count.min(room);
        self.cells[column..].rotate_right(count);
        self.cells[column..column + count].fill(Cell::blank(style));
        let last = self.cells.len() - 1;
        if self.width(last) == 2 {
            self.put(last, Cell::blank(style));
        }
    }

    /// Removes cells; what was right of them moves left.
    pub(super) fn delete(&mut self, column: usize, count: usize, style: Style) {
        let Some(room) = self.columns.checked_sub(column).filter(|room| *room > 0) else { return };
        self.reach(self.columns);
        let count = count.min(room);
        self.cells[column..].rotate_left(count);
        let end = self.cells.len() - count;
        self.cells[end..].fill(Cell::blank(style));
        self.cut_left_of(column, style);
        self.cut_at(column, style);
    }

    /// Blanks the cells from `start` to before `end`.
    pub(super) fn erase(&mut self, start: usize, end: usize, style: Style) {
        let end = end.min(self.columns);
        if start >= end {
            return;
        }
        self.cut_left_of(start, style);
        if end == self.columns {
            let blank = Cell::blank(style);
            if self.blank != blank {
                self.reach(start);
                self.blank = blank;
            }
            self.cells.truncate(start);
            return;
        }
        self.reach(end);
        if self.width(end - 1) == 2 {
            self.put(end, Cell::blank(style));
        }
        self.cells[start..end].fill(Cell::blank(style));
    }

    /// Makes it blank and the continuation of nothing.
    pub(super) fn clear(&mut self, style: Style) {
        self.cells.clear();
        self.blank = Cell::blank(style);
        (self.wrapped, self.holder) = (false, None);
    }

    pub(super) fn fill(&mut self, cell: &Cell) {
        self.reach(self.columns);
        self.cells.fill(cell.clone());
        self.wrapped = false;
    }

    pub(super) fn resize(&mut self, columns: usize) {
        if columns > self.columns {
            self.reach(self.columns);
            self.blank = Cell::blank(Style::default());
        }
        self.columns = columns;
        self.cells.truncate(columns);
        if self.width(columns - 1) == 2 {
            self.put(columns - 1, Cell::blank(Style::default()));
        }
    }

    /// Its text, trailing blanks removed.
    pub(super) fn text(&self, into: &mut String) {
        let start = into.len();
        for cell in self.shown() {
            into.push(cell.character().unwrap_or(' '));
            into.push_str(cell.marks());
        }
        let end = start + into[start..].trim_end_matches(' ').len();
        into.truncate(end);
    }
}
