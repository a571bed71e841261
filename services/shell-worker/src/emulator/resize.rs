//! What becomes of a screen when its size changes.
//!
//! On the normal screen lines that were wrapped flow anew, except the one with the cursor: whoever edits there paints it
//! again. A program on the alternate screen paints all of it again, so that one is only cut or widened.

use super::buffer::Buffer;
use super::cell::{Cell, Style};
use super::row::Row;

/// Gives a screen another size.
pub(super) fn resize(buffer: &mut Buffer, columns: usize, rows: usize, flows: bool) {
    buffer.column = buffer.column.min(columns - 1);
    buffer.saved.column = buffer.saved.column.min(columns - 1);
    if !buffer.rows.is_empty() {
        fit(buffer, rows);
        let before = buffer.rows.first().map_or(0, |row| row.cells().len());
        if flows && before != columns {
            flow(buffer, before, columns);
        }
        buffer.rows.iter_mut().for_each(|row| row.resize(columns));
        fit(buffer, rows);
        buffer.rows.resize_with(rows, || Row::blank(columns, Style::default()));
    }
    buffer.row = buffer.row.min(rows - 1);
    buffer.saved.row = buffer.saved.row.min(rows - 1);
    buffer.top = 0;
    buffer.bottom = rows - 1;
}

/// Takes away what is too much: rows below the cursor first, then the oldest ones.
fn fit(buffer: &mut Buffer, rows: usize) {
    let below = buffer.rows.len().saturating_sub(buffer.row + 1);
    let excess = buffer.rows.len().saturating_sub(rows);
    buffer.rows.truncate(buffer.rows.len() - excess.min(below));
    let above = buffer.rows.len().saturating_sub(rows);
    buffer.rows.drain(..above);
    buffer.row = buffer.row.saturating_sub(above);
    buffer.saved.row = buffer.saved.row.saturating_sub(above);
}

/// Breaks lines where they end now. Rows below the last used one stay blank.
fn flow(buffer: &mut Buffer, before: usize, columns: usize) {
    let cursor = buffer.row;
    let mut old = std::mem::take(&mut buffer.rows).into_iter().enumerate().peekable();
    let mut moved = cursor;
    while let Some((index, first)) = old.next() {
        let mut line = vec![first];
        let mut holds_cursor = index == cursor;
        while let Some((index, row)) = old.next_if(|(_, row)| row.wrapped) {
            holds_cursor |= index == cursor;
            line.push(row);
        }
        if index <= cursor {
            moved = buffer.rows.len() + (cursor - index).min(line.len() - 1);
        }
        let long = columns < before && line.last().is_some_and(|row| used(row) > columns);
        if holds_cursor || (line.len() == 1 && !long) {
            buffer.rows.append(&mut line);
        } else {
            wrap(&line, columns, &mut buffer.rows);
        }
    }
    buffer.row = moved;
    buffer.saved.row = (buffer.saved.row + moved).saturating_sub(cursor);
}

/// Columns up to the last cell that holds something.
fn used(row: &Row) -> usize {
    let last = row.cells().iter().rposition(|cell| cell.character().is_some());
    last.map_or(0, |last| last + usize::from(row.width(last)).max(1))
}

/// One line, in rows of another width.
fn wrap(line: &[Row], columns: usize, into: &mut Vec<Row>) {
    let last = line.len() - 1;
    let wrapped = line.first().is_some_and(|row| row.wrapped);
    let mut row = Row::blank(columns, Style::default());
    row.wrapped = wrapped;
    row.holder = line.first().and_then(|row| row.holder);
    let mut column = 0;
    for (index, old) in line.iter().enumerate() {
        let mut end = old.cells().len();
        if index == last {
            end = used(old);
        } else if line.get(index + 1).is_some_and(|next| next.width(0) == 2)
            && old.cells().last().is_some_and(|cell| cell.character().is_none() && cell.width() > 0)
        {
            // The last column was left empty because a wide character did not fit.
            end -= 1;
        }
        for cell in old.cells().iter().take(end) {
            let width = usize::from(cell.width()).max(usize::from(!cell.is_tail()));
            if column + width > columns || (cell.is_tail() && column >= columns) {
                into.push(std::mem::replace(&mut row, Row::blank(columns, Style::default())));
                (row.wrapped, row.holder) = (true, old.holder);
                column = 0;
            }
            row.put(column, Cell::clone(cell));
            column += 1;
        }
    }
    into.push(row);
}
