//! The terminal itself: two screens, a pen, and how characters get onto the screen.
//!
//! Where xterm.js and a real terminal differ, this one does as xterm.js does: it stands for what the browser shows.

use super::buffer::{Buffer, Moved, default_tabs};
use super::cell::{Cell, Style};
use super::charset::{Charset, Charsets};
use super::mode::Modes;
use super::width::columns;
use metatron_domain::terminal::Holder;

/// Titles kept for a program that wants the old one back, at most.
pub(super) const MOST_TITLES: usize = 10;

/// Everything a program can have changed.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) normal: Buffer,
    pub(super) alternate: Buffer,
    pub(super) on_alternate: bool,
    pub(super) pen: Style,
    pub(super) charsets: Charsets,
    pub(super) modes: Modes,
    pub(super) title: Option<String>,
    pub(super) titles: Vec<String>,
    /// Columns of the character just printed, which a mark would be put on and REP would repeat; 0 after anything else.
    pub(super) last: u8,
    /// Whose the keyboard is while it is written.
    pub(super) holder: Holder,
}

impl Terminal {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let mut normal = Buffer::new(columns, rows);
        normal.show(columns, rows, Style::default());
        Self {
            columns,
            rows,
            normal,
            alternate: Buffer::new(columns, rows),
            on_alternate: false,
            pen: Style::default(),
            charsets: Charsets::default(),
            modes: Modes::default(),
            title: None,
            titles: Vec::new(),
            last: 0,
            holder: Holder::Owner,
        }
    }

    /// RIS. The title stays, and so does who has the keyboard.
    pub(super) fn reset(&mut self) {
        let title = self.title.take();
        let titles = std::mem::take(&mut self.titles);
        let holder = self.holder;
        *self = Self { title, titles, holder, ..Self::new(self.columns, self.rows) };
    }

    /// Whether a line feed at the bottom scrolls all of the screen.
    pub(super) fn scrolls_whole(&self) -> bool {
        let buffer = self.active();
        (buffer.top, buffer.bottom + 1) == (0, self.rows)
    }

    pub(super) fn active(&self) -> &Buffer {
        if self.on_alternate { &self.alternate } else { &self.normal }
    }

    pub(super) fn buffer(&mut self) -> &mut Buffer {
        if self.on_alternate { &mut self.alternate } else { &mut self.normal }
    }

    /// The pen's background, which is what erasing leaves.
    pub(super) fn erased(&self) -> Style {
        self.pen.erased()
    }

    /// Shows one screen or the other. The cursor stays where it is.
    pub(super) fn choose(&mut self, alternate: bool) {
        if alternate == self.on_alternate {
            return;
        }
        let (columns, rows, erased) = (self.columns, self.rows, self.erased());
        let (column, row) = (self.active().column, self.active().row);
        self.on_alternate = alternate;
        if alternate {
            self.alternate.show(columns, rows, erased);
        } else {
            self.alternate.hide(columns, rows);
        }
        let shown = self.buffer();
        (shown.column, shown.row) = (column, row);
    }

    pub(super) fn resize(&mut self, columns: usize, rows: usize) {
        if (columns, rows) == (self.columns, self.rows) {
            return;
        }
        super::resize::resize(&mut self.normal, columns, rows, true);
        super::resize::resize(&mut self.alternate, columns, rows, false);
        for buffer in [&mut self.normal, &mut self.alternate] {
            let mut tabs = default_tabs(columns);
            // Stops that were set stay, those of new columns are as at the start.
            let kept = buffer.tabs.len().min(columns);
            tabs[..kept].copy_from_slice(&buffer.tabs[..kept]);
            buffer.tabs = tabs;
        }
        (self.columns, self.rows) = (columns, rows);
        // What is printed next is no continuation: the cursor may stand on half of a wide character now.
        self.last = 0;
    }

    /// Puts a character where the cursor is.
    pub(super) fn print_character(&mut self, character: char) {
        let character = self.charsets.current().map(character);
        let width = columns(character);
        if width == 0 && self.last > 0 {
            return self.mark(character);
        }
        let (total, pen, modes, holder) = (self.columns, self.pen, self.modes, self.holder);
        let erased = self.erased();
        let fresh = self.last == 0;
        self.last = width;
        let wide = usize::from(width);
        let buffer = self.buffer();
        if fresh
            && let column = buffer.column
            && let Some(row) = buffer.line()
        {
            row.cut_left_of(column, pen);
        }
        if buffer.column + wide > total {
            if modes.wrap {
                let from = buffer.column;
                if let Some(row) = buffer.line() {
                    (from..total).for_each(|column| row.put(column, Cell::blank(pen)));
                }
                buffer.column = 0;
                buffer.down(erased);
                if let Some(row) = buffer.line() {
                    row.wrapped = true;
                }
            } else {
                buffer.column = total - 1;
                if wide == 2 {
                    return;
                }
                // Over the right half of what stands there.
                if let Some(row) = buffer.line() {
                    row.cut_left_of(total - 1, pen);
                }
            }
        }
        let column = buffer.column;
        buffer.column = (column + wide.max(1)).min(total);
        let Some(row) = buffer.line() else { return };
        if modes.insert && wide > 0 {
            row.insert(column, wide, pen);
        }
        row.holder = Some(holder);
        row.put(column, Cell::new(character, width, pen));
        if wide == 2 {
            row.put(column + 1, Cell::tail(pen));
        }
        row.cut_at(column + wide.max(1), pen);
    }

    /// Puts printable ASCII where the cursor is, a piece of a row at a time: most of what is ever fed is that.
    pub(super) fn print_ascii(&mut self, run: &[u8]) {
        let (total, pen, holder) = (self.columns, self.pen, self.holder);
        let plain = !self.modes.insert && self.charsets.current() == Charset::Ascii;
        let mut rest = run;
        while let Some((first, others)) = rest.split_first() {
            let column = self.active().column;
            let count = total.saturating_sub(column).min(rest.len());
            if !plain || count == 0 {
                self.print_character(char::from(*first));
                rest = others;
                continue;
            }
            let fresh = self.last == 0;
            self.last = 1;
            let buffer = self.buffer();
            buffer.column = column + count;
            let (piece, others) = rest.split_at(count);
            rest = others;
            let Some(row) = buffer.line() else { return };
            if fresh {
                row.cut_left_of(column, pen);
            }
            row.holder = Some(holder);
            row.write(column, piece, pen);
            row.cut_at(column + count, pen);
        }
    }

    /// Puts a mark on the character left of the cursor.
    fn mark(&mut self, mark: char) {
        let buffer = self.buffer();
        let Some(mut column) = buffer.column.checked_sub(1) else { return };
        let Some(row) = buffer.line() else { return };
        if row.width(column) == 0 {
            column = column.saturating_sub(1);
        }
        if let Some(cell) = row.cell_mut(column) {
            cell.mark(mark);
        }
    }

    /// A line feed; a line it comes to is no continuation any more.
    pub(super) fn line_feed(&mut self) {
        let (erased, total, returns) = (self.erased(), self.columns, self.modes.line_feed_returns);
        let buffer = self.buffer();
        if returns {
            buffer.column = 0;
        }
        if buffer.down(erased) == Moved::Down
            && let Some(row) = buffer.line()
        {
            row.wrapped = false;
        }
        buffer.column = buffer.column.min(total - 1);
    }

    /// Takes the cursor back onto the screen, and into the region where it may not leave it.
    pub(super) fn restrict(&mut self, most: usize) {
        let (rows, origin) = (self.rows, self.modes.origin);
        let buffer = self.buffer();
        buffer.column = buffer.column.min(most);
        buffer.row =
            if origin { buffer.row.clamp(buffer.top, buffer.bottom) } else { buffer.row.min(rows - 1) };
    }

    /// Puts the cursor somewhere, counted from the region's top in origin mode.
    pub(super) fn place(&mut self, column: usize, row: usize) {
        let origin = self.modes.origin;
        let last = self.columns - 1;
        let buffer = self.buffer();
        buffer.column = column;
        buffer.row = if origin { buffer.top.saturating_add(row) } else { row };
        self.restrict(last);
    }

    /// DECSC.
    pub(super) fn save(&mut self) {
        let (style, charset, last) = (self.pen, self.charsets.current(), self.columns - 1);
        let buffer = self.buffer();
        let (column, row) = (buffer.column.min(last), buffer.row);
        buffer.saved = super::buffer::Saved { column, row, style, charset };
    }

    /// DECRC.
    pub(super) fn restore(&mut self) {
        let last = self.columns - 1;
        let buffer = self.buffer();
        let saved = buffer.saved;
        (buffer.column, buffer.row) = (saved.column, saved.row);
        self.pen = saved.style;
        self.charsets.restore(saved.charset);
        self.restrict(last);
    }
}
