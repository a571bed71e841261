//! Bytes into characters, controls and sequences, as the browser's terminal reads them: the state machine of a VT500,
//! UTF-8 only, and whatever is not valid UTF-8 is skipped.
//!
//! Unlike a parser that only calls back, it can say which bytes began something that is not finished yet.

/// Bytes kept of an unfinished sequence or of a title, at most; what is longer loses its end.
const LONGEST: usize = 4096;
/// Parameters of a sequence, at most, and sub-parameters of all of them together; the rest is read and ignored.
const MOST_PARAMS: usize = 32;
const ESC: u8 = 0x1b;

/// What obeys.
pub(crate) trait Perform {
    /// Printable ASCII.
    fn ascii(&mut self, run: &[u8]);
    /// A character that is neither ASCII nor a control.
    fn print(&mut self, character: char);
    /// A control, of C0 or C1.
    fn control(&mut self, code: u8);
    /// The end of an escape sequence.
    fn escape(&mut self, intermediates: &[u8], last: u8);
    /// The end of a control sequence; a private marker is the first of the intermediates.
    fn sequence(&mut self, params: &Params, intermediates: &[u8], last: u8);
    /// A whole operating system command.
    fn command(&mut self, text: &[u8]);
    /// Bytes that are no UTF-8, where text was expected.
    fn invalid(&mut self) {}
    /// A device control string began or ended; its content is nobody's.
    fn device(&mut self);
}

/// The numbers of a control sequence. A sub-parameter that was left out is -1.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params {
    values: Vec<i32>,
    /// Bit by bit, which of them are sub-parameters.
    sub: u64,
    /// Whether there have been too many parameters.
    full: bool,
    /// Whether digits belong to one too many.
    ignoring: bool,
}

impl Params {
    fn start(&mut self) {
        *self = Self { values: std::mem::take(&mut self.values), ..Self::default() };
        self.values.clear();
        self.values.push(0);
    }

    fn push(&mut self, value: i32, sub: bool) {
        let subs = usize::try_from(self.sub.count_ones()).unwrap_or(MOST_PARAMS);
        let parameters = self.values.len() - subs;
        self.full |= !sub && parameters >= MOST_PARAMS;
        self.ignoring = self.full || (sub && subs >= MOST_PARAMS);
        if !self.ignoring {
            self.sub |= u64::from(sub) << self.values.len();
            self.values.push(value);
        }
    }

    fn digit(&mut self, digit: u8) {
        if let Some(value) = self.values.last_mut().filter(|_| !self.ignoring) {
            *value = (*value).max(0).saturating_mul(10).saturating_add(i32::from(digit));
        }
    }

    /// Each parameter with its sub-parameters behind it.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &[i32]> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let rest = self.values.get(start..).filter(|rest| !rest.is_empty())?;
            let more = (1..rest.len()).take_while(|index| self.sub >> (start + index) & 1 == 1).count();
            start += 1 + more;
            rest.get(..=more)
        })
    }

    /// The parameters without their sub-parameters.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i32> {
        self.groups().filter_map(|group| group.first().copied())
    }

    /// A parameter; 0 when it was left out.
    pub(crate) fn number(&self, index: usize) -> i32 {
        self.numbers().nth(index).unwrap_or(0)
    }

    /// A parameter that counts something, from 1.
    pub(crate) fn count(&self, index: usize) -> usize {
        usize::try_from(self.number(index)).unwrap_or(1).max(1)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    EscapeIntermediate,
    CsiEntry,
    CsiParam,
    CsiIntermediate,
    CsiIgnore,
    Osc,
    /// SOS, PM and APC: read and ignored.
    Text,
    DcsEntry,
    DcsParam,
    DcsIntermediate,
    /// The content of a DCS that means nothing here, and of one that means nothing at all.
    Dcs,
}

/// A character of more than one byte that is not complete.
#[derive(Debug, Clone, Copy, Default)]
struct Partial {
    code: u32,
    /// Bytes of it, 0 when there is none.
    length: u8,
    read: u8,
}

/// The state between two chunks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parser {
    state: State,
    partial: Partial,
    params: Params,
    intermediates: [u8; 3],
    collected: usize,
    text: Vec<u8>,
    /// What began something and didn't finish it, without the controls that were obeyed in the middle of it.
    unfinished: Vec<u8>,
}

impl Parser {
    /// The bytes that began something and didn't finish it.
    pub(crate) fn unfinished(&self) -> &[u8] {
        &self.unfinished
    }

    /// Whether nothing is begun: the next byte is text or a control of its own.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == State::Ground && self.partial.length == 0
    }

    /// Reads a chunk, cut anywhere.
    pub(crate) fn advance(&mut self, perform: &mut impl Perform, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            if self.is_idle() && matches!(byte, 0x20..=0x7e) {
                let run = rest.iter().position(|byte| !matches!(byte, 0x20..=0x7e)).unwrap_or(rest.len());
                let (run, other) = rest.split_at(run);
                perform.ascii(run);
                rest = other;
                continue;
            }
            rest = after;
            self.byte(perform, byte);
        }
    }

    fn byte(&mut self, perform: &mut impl Perform, byte: u8) {
        if self.partial.length > 0 {
            if byte & 0xc0 == 0x80 {
                self.partial.code = self.partial.code << 6 | u32::from(byte & 0x3f);
                self.partial.read += 1;
                self.keep(byte);
                if self.partial.read == self.partial.length {
                    self.character(perform);
                }
                return;
            }
            self.forget_partial();
            self.invalid(perform);
        }
        match byte {
            0..0x80 => self.step(perform, byte),
            0xc0..=0xdf => self.begin(byte, 2, 0x1f),
            0xe0..=0xef => self.begin(byte, 3, 0x0f),
            0xf0..=0xf7 => self.begin(byte, 4, 0x07),
            _ => self.invalid(perform),
        }
    }

    fn invalid(&self, perform: &mut impl Perform) {
        if self.state == State::Ground {
            perform.invalid();
        }
    }

    fn begin(&mut self, byte: u8, length: u8, mask: u8) {
        self.partial = Partial { code: u32::from(byte & mask), length, read: 1 };
        self.keep(byte);
    }

    fn keep(&mut self, byte: u8) {
        if self.unfinished.len() < LONGEST {
            self.unfinished.push(byte);
        }
    }

    /// The bytes of a partial character are the last ones kept; they go, or come back as part of a sequence.
    fn forget_partial(&mut self) {
        let kept = self.unfinished.len().saturating_sub(usize::from(self.partial.read));
        self.unfinished.truncate(kept);
        self.partial = Partial::default();
    }

    fn character(&mut self, perform: &mut impl Perform) {
        let Partial { code, length, .. } = self.partial;
        self.forget_partial();
        let least = match length {
            2 => 0x80,
            3 => 0x800,
            _ => 0x1_0000,
        };
        match char::from_u32(code) {
            Some('\u{feff}') => {}
            None => self.invalid(perform),
            Some(_) if code < least => self.invalid(perform),
            // C1 controls are below U+00A0; what is above is text wherever text is allowed.
            Some(character) => match (self.state, u8::try_from(code)) {
                (_, Ok(control)) if control < 0xa0 => self.step(perform, control),
                (State::Ground, _) => perform.print(character),
                (State::Osc, _) => {
                    let mut bytes = [0; 4];
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        self.keep(byte);
                        self.put(byte);
                    }
                }
                (State::CsiIgnore | State::Dcs, _) => {}
                _ => self.enter(State::Ground),
            },
        }
    }

    fn enter(&mut self, state: State) {
        if state == State::Ground {
            self.unfinished.clear();
        }
        self.state = state;
    }

    fn clear(&mut self) {
        self.params.start();
        self.collected = 0;
    }

    fn collect(&mut self, byte: u8) {
        if let Some(place) = self.intermediates.get_mut(self.collected) {
            *place = byte;
            self.collected += 1;
        }
    }

    fn put(&mut self, byte: u8) {
        if self.text.len() < LONGEST {
            self.text.push(byte);
        }
    }

    /// One code below U+00A0.
    fn step(&mut self, perform: &mut impl Perform, byte: u8) {
        // Controls that mean the same in every state.
        match byte {
            0x18 | 0x1a | 0x80..=0x8f | 0x91..=0x97 | 0x99 | 0x9a => {
                self.end_string(perform, byte);
                self.enter(State::Ground);
                return perform.control(byte);
            }
            0x1b | 0x90 | 0x98 | 0x9b..=0x9f => {
                self.end_string(perform, byte);
                self.enter(State::Ground);
                self.clear();
                let begun = match byte {
                    0x90 => (State::DcsEntry, b'P'),
                    0x9b => (State::CsiEntry, b'['),
                    0x9c => return,
                    0x9d => (State::Osc, b']'),
                    ESC => (State::Escape, 0),
                    _ => (State::Text, b'X'),
                };
                self.text.clear();
                self.keep(ESC);
                if begun.1 != 0 {
                    self.keep(begun.1);
                }
                return self.enter(begun.0);
            }
            _ => {}
        }
        match self.state {
            State::Ground if byte < 0x20 => return perform.control(byte),
            State::Ground if byte < 0x7f => return perform.ascii(&[byte]),
            State::Ground => return,
            State::Osc if byte == 0x07 => {
                self.end_string(perform, byte);
                return self.enter(State::Ground);
            }
            State::Osc if byte >= 0x20 => self.put(byte),
            State::Osc | State::Text | State::Dcs => {}
            State::DcsEntry | State::DcsParam | State::DcsIntermediate => self.dcs(perform, byte),
            _ if byte < 0x20 => return perform.control(byte),
            _ if byte == 0x7f => return,
            State::Escape | State::EscapeIntermediate => self.escape(perform, byte),
            _ => self.csi(perform, byte),
        }
        if self.state != State::Ground {
            self.keep(byte);
        }
    }

    fn end_string(&mut self, perform: &mut impl Perform, byte: u8) {
        match self.state {
            State::Osc if matches!(byte, ESC | 0x07 | 0x9c) => perform.command(&self.text),
            State::Osc | State::Dcs => perform.device(),
            _ => {}
        }
    }

    fn escape(&mut self, perform: &mut impl Perform, byte: u8) {
        let inside = self.state == State::EscapeIntermediate;
        match byte {
            0x20..=0x2f => {
                self.collect(byte);
                self.state = State::EscapeIntermediate;
            }
            b'[' if !inside => self.state = State::CsiEntry,
            b']' if !inside => self.state = State::Osc,
            b'P' if !inside => self.state = State::DcsEntry,
            b'X' | b'^' | b'_' if !inside => self.state = State::Text,
            _ => {
                perform.escape(&self.intermediates[..self.collected], byte);
                self.enter(State::Ground);
            }
        }
    }

    fn csi(&mut self, perform: &mut impl Perform, byte: u8) {
        match (self.state, byte) {
            (State::CsiIgnore, 0x40..=0x7e) => self.enter(State::Ground),
            (_, 0x40..=0x7e) => {
                perform.sequence(&self.params, &self.intermediates[..self.collected], byte);
                self.enter(State::Ground);
            }
            (State::CsiEntry, 0x3c..=0x3f) => {
                self.collect(byte);
                self.state = State::CsiParam;
            }
            (State::CsiEntry | State::CsiParam, 0x30..=0x3b) => {
                self.param(byte);
                self.state = State::CsiParam;
            }
            (State::CsiEntry | State::CsiParam | State::CsiIntermediate, 0x20..=0x2f) => {
                self.collect(byte);
                self.state = State::CsiIntermediate;
            }
            _ => self.state = State::CsiIgnore,
        }
    }

    fn param(&mut self, byte: u8) {
        match byte {
            b';' => self.params.push(0, false),
            b':' => self.params.push(-1, true),
            digit => self.params.digit(digit - b'0'),
        }
    }

    fn dcs(&mut self, perform: &mut impl Perform, byte: u8) {
        self.state = match (self.state, byte) {
            (_, 0x40..=0x7e) | (State::DcsParam, 0x3c..=0x3f) | (State::DcsIntermediate, 0x30..=0x3f) => {
                perform.device();
                State::Dcs
            }
            (State::DcsEntry, 0x30..=0x3f) => State::DcsParam,
            (_, 0x20..=0x2f) => State::DcsIntermediate,
            (state, _) => state,
        };
    }
}
