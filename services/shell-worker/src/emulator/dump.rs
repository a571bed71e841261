//! A screen as the bytes that paint it: fed to a terminal of that size that was just reset, they make it show the same
//! and behave the same.
//!
//! What is hidden comes first: under the alternate screen lies the normal one. Of each screen the rows come first,
//! then what DECSC saved, tab stops and margins, and the cursor last, because all else moves it.

use std::fmt::Write as _;

use super::buffer::{Buffer, Saved, default_tabs};
use super::cell::{Cell, Style};
use super::charset::Charset;
use super::row::Row;
use super::sgr::{self, push};
use super::terminal::Terminal;

/// Writes a terminal down.
pub(super) fn dump(terminal: &Terminal) -> String {
    let mut painter = Painter { text: String::new(), pen: Style::default() };
    painter.screen(&terminal.normal);
    if terminal.on_alternate {
        painter.pen(Style::default());
        painter.text.push_str("\x1b[?47h");
        painter.screen(&terminal.alternate);
    } else {
        painter.saved(terminal.alternate.saved, Some("\x1b[?47h"));
    }
    painter.cursor(terminal);
    painter.pen(terminal.pen);
    painter.charsets(terminal);
    painter.modes(terminal);
    if let Some(title) = &terminal.title {
        let shown: String = title.chars().filter(|character| !character.is_control()).collect();
        push(&mut painter.text, format_args!("\x1b]2;{shown}\x1b\\"));
    }
    painter.text
}

/// What was written, and the pen it leaves behind.
struct Painter {
    text: String,
    pen: Style,
}

impl Painter {
    fn pen(&mut self, style: Style) {
        if style != self.pen {
            sgr::write(style, &mut self.text);
            self.pen = style;
        }
    }

    fn go(&mut self, column: usize, row: usize) {
        push(&mut self.text, format_args!("\x1b[{};{}H", row + 1, column + 1));
    }

    fn screen(&mut self, buffer: &Buffer) {
        self.continuations(buffer);
        for (row, line) in buffer.rows.iter().enumerate() {
            self.row(row, &line.cells());
        }
        self.saved(buffer.saved, None);
        self.tabs(&buffer.tabs);
        let last = buffer.rows.len().saturating_sub(1);
        if (buffer.top, buffer.bottom) != (0, last) {
            push(&mut self.text, format_args!("\x1b[{};{}r", buffer.top + 1, buffer.bottom + 1));
        }
    }

    /// Makes rows the continuation of the one above, the only way there is: by writing over its edge. What that wrote
    /// is erased again with ECH, which leaves the connection alone.
    fn continuations(&mut self, buffer: &Buffer) {
        for (row, pair) in buffer.rows.windows(2).enumerate() {
            if let [above, line] = pair
                && line.wrapped
            {
                let right = above.cells().len() - 1;
                self.go(right, row);
                self.text.push_str("  ");
                self.text.push_str("\x1b[D\x1b[X");
                self.go(right, row);
                self.text.push_str("\x1b[X");
            }
        }
    }

    fn row(&mut self, row: usize, cells: &[Cell]) {
        // Where the next character would go; none when it has to be said.
        let mut at = None;
        let mut column = 0;
        while let Some(cell) = cells.get(column) {
            let blanks = cells[column..]
                .iter()
                .take_while(|next| is_blank(next) && next.style() == cell.style())
                .count();
            if blanks > 0 && cell.style() == Style::default() {
                column += blanks;
                continue;
            }
            // A mark that stands for itself would otherwise be put on the character before it.
            let alone = cell.width() == 0 && cell.character().is_some();
            if alone || at != Some(column) {
                self.go(column, row);
            }
            self.pen(cell.style());
            if blanks > 0 && cell.style() == cell.style().erased() {
                push(&mut self.text, format_args!("\x1b[{blanks}X"));
                at = None;
                column += blanks;
                continue;
            }
            let taken = self.cell(cell, cells.get(column + 1));
            column += taken;
            // Behind the last column, or behind a mark that stands for itself, it has to be said.
            at = (column < cells.len() && (cell.width() > 0 || cell.is_tail())).then_some(column);
        }
    }

    /// Writes one cell and tells how many it filled. Half of a wide character is shown as a blank.
    fn cell(&mut self, cell: &Cell, next: Option<&Cell>) -> usize {
        match cell.character() {
            Some(character) if cell.width() < 2 || next.is_some_and(Cell::is_tail) => {
                self.text.push(character);
                self.text.push_str(cell.marks());
                usize::from(cell.width()).max(1)
            }
            _ => {
                self.text.push(' ');
                1
            }
        }
    }

    /// What DECSC saved. `on` switches to the screen it belongs to, and back afterwards.
    fn saved(&mut self, saved: Saved, on: Option<&str>) {
        if saved == Saved::default() {
            return;
        }
        self.pen(Style::default());
        self.text.push_str(on.unwrap_or_default());
        self.go(saved.column, saved.row);
        self.pen(saved.style);
        if saved.charset == Charset::Ascii {
            self.text.push_str("\x1b7");
        } else {
            push(&mut self.text, format_args!("\x1b({}\x1b7\x1b(B", saved.charset.letter()));
        }
        if on.is_some() {
            self.pen(Style::default());
            self.text.push_str("\x1b[?47l");
        }
    }

    fn tabs(&mut self, tabs: &[bool]) {
        if tabs == default_tabs(tabs.len()) {
            return;
        }
        self.text.push_str("\x1b[3g");
        for (column, _) in tabs.iter().enumerate().filter(|(_, stop)| **stop) {
            push(&mut self.text, format_args!("\x1b[{}G\x1bH", column + 1));
        }
    }

    /// Puts the cursor where it is. When the next character would wrap, only writing the last one again gets it there; if
    /// that one has been scrolled away since, it stays in the last column.
    fn cursor(&mut self, terminal: &Terminal) {
        let buffer = terminal.active();
        let mut row = buffer.row;
        if terminal.modes.origin {
            self.text.push_str("\x1b[?6h");
            row = row.saturating_sub(buffer.top);
        }
        let wraps =
            |line: &&Row| buffer.column >= terminal.columns && !line.cells().last().is_some_and(is_blank);
        let Some(line) = buffer.rows.get(buffer.row).filter(wraps) else {
            return self.go(buffer.column.min(terminal.columns - 1), row);
        };
        let cells = line.cells();
        let wide = cells.last().is_some_and(Cell::is_tail) && cells.len() > 1;
        let start = cells.len() - if wide { 2 } else { 1 };
        self.go(start, row);
        if let Some(cell) = cells.get(start) {
            self.pen(cell.style());
            self.cell(cell, cells.get(start + 1));
        }
    }

    fn charsets(&mut self, terminal: &Terminal) {
        for (set, slot) in terminal.charsets.designated().into_iter().zip(['(', ')', '*', '+']) {
            if set != Charset::Ascii {
                push(&mut self.text, format_args!("\x1b{slot}{}", set.letter()));
            }
        }
        self.text.push_str(["", "\x0e", "\x1bn", "\x1bo"][terminal.charsets.level()]);
    }

    fn modes(&mut self, terminal: &Terminal) {
        let modes = &terminal.modes;
        for (on, switch) in [
            (modes.insert, "\x1b[4h"),
            (modes.line_feed_returns, "\x1b[20h"),
            (!modes.wrap, "\x1b[?7l"),
            (modes.reverse_wrap, "\x1b[?45h"),
            (modes.application_cursor, "\x1b[?1h"),
            (modes.application_keypad, "\x1b="),
            (modes.bracketed_paste, "\x1b[?2004h"),
            (modes.focus, "\x1b[?1004h"),
            (modes.cursor_hidden, "\x1b[?25l"),
        ] {
            if on {
                self.text.push_str(switch);
            }
        }
        if modes.cursor_style > 0 {
            push(&mut self.text, format_args!("\x1b[{} q", modes.cursor_style));
        }
        for number in [modes.mouse_number(), modes.encoding_number()].into_iter().flatten() {
            write!(self.text, "\x1b[?{number}h").unwrap_or_default();
        }
    }
}

fn is_blank(cell: &Cell) -> bool {
    cell.character().is_none() && cell.width() > 0
}
