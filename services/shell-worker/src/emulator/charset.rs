//! The character sets of a VT220 that programs still use: ASCII, British, and line drawing.

/// A set that can be designated as G0 to G3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Charset {
    #[default]
    Ascii,
    British,
    Drawing,
}

/// What line drawing shows from `` ` `` to `~`.
const DRAWING: [char; 31] = [
    '◆', '▒', '␉', '␌', '␍', '␊', '°', '±', '␤', '␋', '┘', '┐', '┌', '└', '┼', '⎺', '⎻', '─', '⎼', '⎽', '├',
    '┤', '┴', '┬', '│', '≤', '≥', 'π', '≠', '£', '·',
];

impl Charset {
    /// The set a designation ends with; national ones nobody uses any more are ASCII.
    pub(super) fn designated(letter: u8) -> Self {
        match letter {
            b'0' => Self::Drawing,
            b'A' => Self::British,
            _ => Self::Ascii,
        }
    }

    /// The letter that designates it.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Ascii => 'B',
            Self::British => 'A',
            Self::Drawing => '0',
        }
    }

    /// What is shown for a character.
    pub(super) fn map(self, character: char) -> char {
        match self {
            Self::Ascii => character,
            Self::British if character == '#' => '£',
            Self::British => character,
            Self::Drawing => match u32::from(character).checked_sub(0x60) {
                Some(index) => DRAWING.get(index as usize).copied().unwrap_or(character),
                None => character,
            },
        }
    }
}

/// The four designated sets and the one in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Charsets {
    sets: [Charset; 4],
    level: usize,
    /// Usually the designated one of that level; another after DECRC.
    current: Charset,
}

impl Charsets {
    pub(super) fn current(&self) -> Charset {
        self.current
    }

    pub(super) fn level(&self) -> usize {
        self.level
    }

    /// What G0 to G3 have to be for the same characters to be shown.
    pub(super) fn designated(&self) -> [Charset; 4] {
        let mut sets = self.sets;
        sets[self.level] = self.current;
        sets
    }

    pub(super) fn designate(&mut self, level: usize, set: Charset) {
        self.sets[level & 3] = set;
        if self.level == level {
            self.current = set;
        }
    }

    pub(super) fn shift(&mut self, level: usize) {
        self.level = level & 3;
        self.current = self.sets[self.level];
    }

    pub(super) fn restore(&mut self, set: Charset) {
        self.current = set;
    }
}
