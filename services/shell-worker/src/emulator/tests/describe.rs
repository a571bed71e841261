//! A terminal as plain data, written as `tests/xterm/screen.mjs` writes one of @xterm/headless.

use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::emulator::buffer::Buffer;
use crate::emulator::cell::{Color, Style, flag};
use crate::emulator::mode::{Mouse, MouseEncoding};
use crate::emulator::row::Row;

pub(super) fn describe(emulator: &Emulator) -> Value {
    let terminal = &emulator.terminal;
    let (active, modes) = (terminal.active(), &terminal.modes);
    let tabs = active.tabs.iter().enumerate().filter(|(_, stop)| **stop).map(|(column, _)| column);
    let on = [
        (modes.insert, "insert"),
        (modes.line_feed_returns, "line_feed_returns"),
        (modes.origin, "origin"),
        (modes.wrap, "wrap"),
        (modes.reverse_wrap, "reverse_wrap"),
        (modes.application_cursor, "application_cursor"),
        (modes.application_keypad, "application_keypad"),
        (modes.bracketed_paste, "bracketed_paste"),
        (modes.focus, "focus"),
        (modes.cursor_hidden, "cursor_hidden"),
    ];
    let mouse = match modes.mouse {
        Mouse::Off => "NONE",
        Mouse::Press => "X10",
        Mouse::PressRelease => "VT200",
        Mouse::Drag => "DRAG",
        Mouse::Motion => "ANY",
    };
    let encoding = match modes.mouse_encoding {
        MouseEncoding::Bytes => "DEFAULT",
        MouseEncoding::Sgr => "SGR",
        MouseEncoding::SgrPixels => "SGR_PIXELS",
    };
    json!({
        "columns": terminal.columns,
        "rows": terminal.rows,
        "cursor": [active.row, active.column],
        "screen": screen(active),
        "under": terminal.on_alternate.then(|| screen(&terminal.normal)),
        "pen": style(terminal.pen),
        "charset": terminal.charsets.current().letter().to_string(),
        "region": [active.top, active.bottom],
        "saved": [active.saved.row, active.saved.column],
        "tabs": tabs.collect::<Vec<_>>(),
        "modes": on.iter().filter(|(set, _)| *set).map(|(_, name)| name).collect::<Vec<_>>(),
        "cursor_style": modes.cursor_style,
        "mouse": [mouse, encoding],
        "title": terminal.title,
    })
}

fn screen(buffer: &Buffer) -> Vec<String> {
    buffer.rows.iter().enumerate().map(|(index, line)| row(line, index == 0)).collect()
}

fn row(line: &Row, first: bool) -> String {
    let mut cells: Vec<(String, String)> = line
        .shown()
        .map(|cell| (style(cell.style()), format!("{}{}", cell.character().unwrap_or(' '), cell.marks())))
        .collect();
    while cells.last().is_some_and(|(style, text)| style.is_empty() && text == " ") {
        cells.pop();
    }
    let mut text = String::from(if line.wrapped && !first { ">" } else { "" });
    let mut now = String::new();
    for (style, shown) in cells {
        if style != now {
            text.extend(["{", &style, "}"]);
            now = style;
        }
        text.push_str(&shown);
    }
    text
}

fn style(style: Style) -> String {
    let mut text: String = [
        (flag::BOLD, 'b'),
        (flag::DIM, 'd'),
        (flag::ITALIC, 'i'),
        (flag::BLINK, 'k'),
        (flag::INVERSE, 'r'),
        (flag::HIDDEN, 'h'),
        (flag::STRIKE, 's'),
        (flag::OVERLINE, 'o'),
    ]
    .iter()
    .filter(|(set, _)| style.flags & set != 0)
    .map(|(_, letter)| letter)
    .collect();
    if style.underline > 0 {
        text.push('u');
        text.push_str(&style.underline.to_string());
    }
    text.push_str(&color('f', style.front));
    text.push_str(&color('g', style.back));
    if style.underline > 0 {
        text.push_str(&color('l', style.line));
    }
    text
}

fn color(letter: char, color: Color) -> String {
    match color {
        Color::Default => String::new(),
        Color::Indexed(index) => format!("{letter}{index}"),
        Color::Rgb(red, green, blue) => format!("{letter}#{red:02x}{green:02x}{blue:02x}"),
    }
}
