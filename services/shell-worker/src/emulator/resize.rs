//! What becomes of a screen when its size changes.

use super::buffer::Buffer;
use super::cell::Style;
use super::row::Row;

/// Gives a screen another size. The normal one flows its long lines anew; a program on the alternate one paints again.
pub(super) fn resize(buffer: &mut Buffer, columns: usize, rows: usize, _flows: bool) {
    buffer.column = buffer.column.min(columns - 1);
    buffer.saved.column = buffer.saved.column.min(columns - 1);
    if !buffer.rows.is_empty() {
        // Blank rows below the cursor go first, then the oldest ones.
        let below = buffer.rows.len().saturating_sub(buffer.row + 1);
        let excess = buffer.rows.len().saturating_sub(rows);
        buffer.rows.truncate(buffer.rows.len() - excess.min(below));
        let above = buffer.rows.len().saturating_sub(rows);
        buffer.rows.drain(..above);
        buffer.row = buffer.row.saturating_sub(above);
        buffer.saved.row = buffer.saved.row.saturating_sub(above);
        buffer.rows.iter_mut().for_each(|row| row.resize(columns));
        buffer.rows.resize_with(rows, || Row::blank(columns, Style::default()));
    }
    buffer.row = buffer.row.min(rows - 1);
    buffer.saved.row = buffer.saved.row.min(rows - 1);
    buffer.top = 0;
    buffer.bottom = rows - 1;
}
