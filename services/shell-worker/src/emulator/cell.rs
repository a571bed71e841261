//! What one cell of the screen holds: a character, the marks on it, and how it is drawn.

/// A colour as it was asked for; what it looks like is the viewer's affair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Color {
    #[default]
    Default,
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// Ways of drawing that are on or off.
pub(super) mod flag {
    pub(in super::super) const BOLD: u8 = 1;
    pub(in super::super) const DIM: u8 = 1 << 1;
    pub(in super::super) const ITALIC: u8 = 1 << 2;
    pub(in super::super) const BLINK: u8 = 1 << 3;
    pub(in super::super) const INVERSE: u8 = 1 << 4;
    pub(in super::super) const HIDDEN: u8 = 1 << 5;
    pub(in super::super) const STRIKE: u8 = 1 << 6;
    pub(in super::super) const OVERLINE: u8 = 1 << 7;
}

/// How a cell is drawn; also the pen that draws the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) front: Color,
    pub(super) back: Color,
    /// The colour of the underline.
    pub(super) line: Color,
    pub(super) flags: u8,
    /// 0 for none, then single, double, curly, dotted, dashed, as in SGR 4:n.
    pub(super) underline: u8,
}

impl Style {
    /// What an erased cell keeps of the pen: its background.
    pub(super) fn erased(self) -> Self {
        Self { back: self.back, ..Self::default() }
    }

    pub(super) fn set(&mut self, flags: u8, on: bool) {
        if on {
            self.flags |= flags;
        } else {
            self.flags &= !flags;
        }
    }
}

/// Bytes of marks on one cell, at most: text that piles up more is not text.
const MOST_MARKS: usize = 64;

/// What is rare, so that a cell without it pays one word for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Rare {
    marks: String,
    /// The colour of the underline.
    line: Color,
}

/// One cell, in 24 bytes. A wide character is a cell of width 2 and an empty one of width 0 behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    character: Option<char>,
    rare: Option<Box<Rare>>,
    front: Color,
    back: Color,
    flags: u8,
    underline: u8,
    width: u8,
}

impl Cell {
    /// Nothing.
    pub(super) fn blank(style: Style) -> Self {
        Self::of(None, 1, style)
    }

    /// The right half of a wide character.
    pub(super) fn tail(style: Style) -> Self {
        Self::of(None, 0, style)
    }

    /// A character that takes `width` columns.
    pub(super) fn new(character: char, width: u8, style: Style) -> Self {
        Self::of(Some(character), width, style)
    }

    fn of(character: Option<char>, width: u8, style: Style) -> Self {
        let Style { front, back, line, flags, underline } = style;
        let rare = (line != Color::Default).then(|| Box::new(Rare { line, ..Rare::default() }));
        Self { character, rare, front, back, flags, underline, width }
    }

    /// How it is drawn.
    pub(super) fn style(&self) -> Style {
        let line = self.rare.as_ref().map_or(Color::Default, |rare| rare.line);
        Style { front: self.front, back: self.back, line, flags: self.flags, underline: self.underline }
    }

    pub(super) fn width(&self) -> u8 {
        self.width
    }

    pub(super) fn is_tail(&self) -> bool {
        self.width == 0 && self.character.is_none()
    }

    pub(super) fn character(&self) -> Option<char> {
        self.character
    }

    /// The marks on the character.
    pub(super) fn marks(&self) -> &str {
        self.rare.as_ref().map_or("", |rare| &rare.marks)
    }

    /// Puts a mark on the character; on nothing, it is the character itself.
    pub(super) fn mark(&mut self, mark: char) {
        if self.character.is_none() {
            self.character = Some(mark);
            return;
        }
        let marks = &mut self.rare.get_or_insert_default().marks;
        if marks.len() + mark.len_utf8() <= MOST_MARKS {
            marks.push(mark);
        }
    }
}
