//! One row of cells. Whatever is cut through the middle of a wide character leaves a blank, never half of one.

use super::cell::{Cell, Style};

/// A row, as wide as the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    cells: Vec<Cell>,
    /// Whether it is the continuation of the row above.
    pub(super) wrapped: bool,
}

impl Row {
    pub(super) fn blank(columns: usize, style: Style) -> Self {
        Self { cells: vec![Cell::blank(style); columns], wrapped: false }
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Its cells without the right halves of wide characters; one whose left half is gone shows as a blank.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Cell> {
        let mut before = 1;
        self.cells.iter().filter(move |cell| {
            let half = before == 2 && cell.is_tail();
            before = cell.width();
            !half
        })
    }

    pub(super) fn cell_mut(&mut self, column: usize) -> Option<&mut Cell> {
        self.cells.get_mut(column)
    }

    pub(super) fn put(&mut self, column: usize, cell: Cell) {
        if let Some(place) = self.cells.get_mut(column) {
            *place = cell;
        }
    }

    /// Writes ASCII over what is there.
    pub(super) fn write(&mut self, column: usize, text: &[u8], style: Style) {
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
        let Some(room) = self.cells.len().checked_sub(column).filter(|room| *room > 0) else { return };
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
        let Some(room) = self.cells.len().checked_sub(column).filter(|room| *room > 0) else { return };
        let count = count.min(room);
        self.cells[column..].rotate_left(count);
        let end = self.cells.len() - count;
        self.cells[end..].fill(Cell::blank(style));
        self.cut_left_of(column, style);
        self.cut_at(column, style);
    }

    /// Blanks the cells from `start` to before `end`.
    pub(super) fn erase(&mut self, start: usize, end: usize, style: Style) {
        let end = end.min(self.cells.len());
        if start >= end {
            return;
        }
        self.cut_left_of(start, style);
        if end < self.cells.len() && self.width(end - 1) == 2 {
            self.put(end, Cell::blank(style));
        }
        self.cells[start..end].fill(Cell::blank(style));
    }

    /// Makes it blank and the continuation of nothing.
    pub(super) fn clear(&mut self, style: Style) {
        self.cells.fill(Cell::blank(style));
        self.wrapped = false;
    }

    pub(super) fn fill(&mut self, cell: &Cell) {
        self.cells.fill(cell.clone());
        self.wrapped = false;
    }

    pub(super) fn resize(&mut self, columns: usize) {
        self.cells.resize(columns, Cell::blank(Style::default()));
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
