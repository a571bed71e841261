//! SGR, read and written.

use std::fmt::Write as _;

use super::cell::{Color, Style, flag};
use super::parse::Params;

/// Applies the parameters of one SGR to the pen.
pub(super) fn apply(params: &Params, pen: &mut Style) {
    let mut params = params.groups();
    while let Some(param) = params.next() {
        let Some(&code) = param.first() else { continue };
        match code {
            0 => *pen = Style::default(),
            1 => pen.set(flag::BOLD, true),
            2 => pen.set(flag::DIM, true),
            3 => pen.set(flag::ITALIC, true),
            4 => pen.underline = param.get(1).map_or(1, |style| underline(*style)),
            5 => pen.set(flag::BLINK, true),
            7 => pen.set(flag::INVERSE, true),
            8 => pen.set(flag::HIDDEN, true),
            9 => pen.set(flag::STRIKE, true),
            21 => pen.underline = 2,
            22 => pen.set(flag::BOLD | flag::DIM, false),
            23 => pen.set(flag::ITALIC, false),
            24 => pen.underline = 0,
            25 => pen.set(flag::BLINK, false),
            27 => pen.set(flag::INVERSE, false),
            28 => pen.set(flag::HIDDEN, false),
            29 => pen.set(flag::STRIKE, false),
            30..=37 => pen.front = indexed(code - 30),
            38 => assign(&mut pen.front, color(param, &mut params)),
            39 => pen.front = Color::Default,
            40..=47 => pen.back = indexed(code - 40),
            48 => assign(&mut pen.back, color(param, &mut params)),
            49 => pen.back = Color::Default,
            53 => pen.set(flag::OVERLINE, true),
            55 => pen.set(flag::OVERLINE, false),
            58 => assign(&mut pen.line, color(param, &mut params)),
            59 => pen.line = Color::Default,
            90..=97 => pen.front = indexed(code - 90 + 8),
            100..=107 => pen.back = indexed(code - 100 + 8),
            _ => {}
        }
    }
}

fn underline(style: i32) -> u8 {
    u8::try_from(style).ok().filter(|style| *style <= 5).unwrap_or(1)
}

/// Colours are eight bits wide; of a larger number the low ones count.
fn byte(number: i32) -> u8 {
    number.to_le_bytes()[0]
}

fn indexed(number: i32) -> Color {
    Color::Indexed(byte(number))
}

fn assign(place: &mut Color, color: Option<Color>) {
    if let Some(color) = color {
        *place = color;
    }
}

/// The colour behind 38, 48 or 58: in sub-parameters (`38:5:n`, `38:2::r:g:b`) or in parameters of their own
/// (`38;5;n`, `38;2;r;g;b`).
fn color<'a>(param: &[i32], rest: &mut impl Iterator<Item = &'a [i32]>) -> Option<Color> {
    let mut own = || rest.next().and_then(|param| param.first().copied());
    match param {
        [_] => match own()? {
            5 => Some(indexed(own().unwrap_or(0))),
            2 => {
                let mut part = || byte(own().unwrap_or(0));
                Some(Color::Rgb(part(), part(), part()))
            }
            // A kind of colour nobody knows takes what would be its parameters with it.
            other => {
                for _ in 0..if other == 0 { 5 } else { 4 } {
                    own();
                }
                None
            }
        },
        [_, 5, rest @ ..] => Some(indexed(rest.first().map_or(0, |index| (*index).max(0)))),
        [_, 2, rest @ ..] => {
            // The first is the colour space, which xterm.js expects even where programs leave it out.
            let part = |index| rest.get(index).map_or(0, |part: &i32| byte((*part).max(0)));
            Some(Color::Rgb(part(1), part(2), part(3)))
        }
        _ => None,
    }
}

/// Writes the SGR that makes any pen this one.
pub(super) fn write(style: Style, into: &mut String) {
    into.push_str("\x1b[0");
    for (set, code) in [
        (flag::BOLD, 1),
        (flag::DIM, 2),
        (flag::ITALIC, 3),
        (flag::BLINK, 5),
        (flag::INVERSE, 7),
        (flag::HIDDEN, 8),
        (flag::STRIKE, 9),
        (flag::OVERLINE, 53),
    ] {
        if style.flags & set != 0 {
            push(into, format_args!(";{code}"));
        }
    }
    match style.underline {
        0 => {}
        1 => into.push_str(";4"),
        other => push(into, format_args!(";4:{other}")),
    }
    match style.front {
        Color::Default => {}
        Color::Indexed(index @ 0..8) => push(into, format_args!(";{}", 30 + index)),
        Color::Indexed(index @ 8..16) => push(into, format_args!(";{}", 90 + index - 8)),
        other => wide(38, other, into),
    }
    match style.back {
        Color::Default => {}
        Color::Indexed(index @ 0..8) => push(into, format_args!(";{}", 40 + index)),
        Color::Indexed(index @ 8..16) => push(into, format_args!(";{}", 100 + index - 8)),
        other => wide(48, other, into),
    }
    wide(58, style.line, into);
    into.push('m');
}

fn wide(code: u8, color: Color, into: &mut String) {
    match color {
        Color::Default => {}
        Color::Indexed(index) => push(into, format_args!(";{code};5;{index}")),
        Color::Rgb(red, green, blue) => push(into, format_args!(";{code};2;{red};{green};{blue}")),
    }
}

/// Writing into a string can't fail.
pub(super) fn push(into: &mut String, text: std::fmt::Arguments<'_>) {
    into.write_fmt(text).unwrap_or_default();
}
