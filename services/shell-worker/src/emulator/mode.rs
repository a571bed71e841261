//! The modes a program switches, as far as they change what is shown or what a viewer's keyboard and mouse send.

/// Which mouse events a program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Mouse {
    #[default]
    Off,
    Press,
    PressRelease,
    Drag,
    Motion,
}

/// How they are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum MouseEncoding {
    #[default]
    Bytes,
    Sgr,
    SgrPixels,
}

/// All modes but the choice of screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the protocol")]
pub(super) struct Modes {
    pub(super) insert: bool,
    pub(super) line_feed_returns: bool,
    pub(super) origin: bool,
    pub(super) wrap: bool,
    pub(super) reverse_wrap: bool,
    pub(super) application_cursor: bool,
    pub(super) application_keypad: bool,
    pub(super) bracketed_paste: bool,
    pub(super) focus: bool,
    pub(super) cursor_hidden: bool,
    /// As in DECSCUSR; 0 for the viewer's own.
    pub(super) cursor_style: u8,
    pub(super) mouse: Mouse,
    pub(super) mouse_encoding: MouseEncoding,
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            insert: false,
            line_feed_returns: false,
            origin: false,
            wrap: true,
            reverse_wrap: false,
            application_cursor: false,
            application_keypad: false,
            bracketed_paste: false,
            focus: false,
            cursor_hidden: false,
            cursor_style: 0,
            mouse: Mouse::Off,
            mouse_encoding: MouseEncoding::Bytes,
        }
    }
}

impl Modes {
    /// SM and RM.
    pub(super) fn switch(&mut self, mode: i32, on: bool) {
        match mode {
            4 => self.insert = on,
            20 => self.line_feed_returns = on,
            _ => {}
        }
    }

    /// DECSET and DECRST, of what needs nothing but a note.
    pub(super) fn switch_private(&mut self, mode: i32, on: bool) {
        let mouse = |mouse| if on { mouse } else { Mouse::Off };
        let encoding = |encoding| if on { encoding } else { MouseEncoding::Bytes };
        match mode {
            1 => self.application_cursor = on,
            6 => self.origin = on,
            7 => self.wrap = on,
            9 => self.mouse = mouse(Mouse::Press),
            25 => self.cursor_hidden = !on,
            45 => self.reverse_wrap = on,
            66 => self.application_keypad = on,
            1000 => self.mouse = mouse(Mouse::PressRelease),
            1002 => self.mouse = mouse(Mouse::Drag),
            1003 => self.mouse = mouse(Mouse::Motion),
            1004 => self.focus = on,
            1006 => self.mouse_encoding = encoding(MouseEncoding::Sgr),
            1016 => self.mouse_encoding = encoding(MouseEncoding::SgrPixels),
            2004 => self.bracketed_paste = on,
            _ => {}
        }
    }

    /// DECSTR: the mouse stays as it is.
    pub(super) fn reset_softly(&mut self) {
        let kept = *self;
        *self = Self {
            line_feed_returns: kept.line_feed_returns,
            mouse: kept.mouse,
            mouse_encoding: kept.mouse_encoding,
            ..Self::default()
        };
    }

    /// The DECSET number of the mouse events asked for.
    pub(super) const fn mouse_number(&self) -> Option<u16> {
        match self.mouse {
            Mouse::Off => None,
            Mouse::Press => Some(9),
            Mouse::PressRelease => Some(1000),
            Mouse::Drag => Some(1002),
            Mouse::Motion => Some(1003),
        }
    }

    /// The DECSET number of how they are to be written.
    pub(super) const fn encoding_number(&self) -> Option<u16> {
        match self.mouse_encoding {
            MouseEncoding::Bytes => None,
            MouseEncoding::Sgr => Some(1006),
            MouseEncoding::SgrPixels => Some(1016),
        }
    }
}
