//! Where the emulator knowingly differs from xterm.js: in the file of the corpus, in what, and why.
//!
//! Not in the corpus, and different too: DECSCA is not obeyed (nothing is protected from erasing); national character
//! sets are ASCII; colours changed by OSC 4, 10 and 11 and the blinking of the cursor (DECSET 12) are the viewer's; a
//! cell holds 64 bytes of marks at most, a title or an unfinished sequence 4096 bytes, REP repeats at most as often as
//! the screen has cells; what overwrites the right half of a wide character in the last column, without wrapping, blanks
//! its left half, which xterm.js leaves alone. A dump loses: that the top row continued one that was scrolled away; that
//! the next mark would be put on the character just printed; the titles kept for a program to have back; in origin mode,
//! a cursor that another screen left outside of the margins; a pending wrap behind a column that is blank by now.

pub(super) struct Deviation {
    pub(super) file: &'static str,
    pub(super) fields: &'static [&'static str],
    pub(super) why: &'static str,
}

pub(super) const DEVIATIONS: &[Deviation] = &[
    Deviation {
        file: "resize-bash",
        fields: &["cursor", "screen"],
        why: "a screen that grows fetches lines back from the scrollback, which the emulator does not keep",
    },
    Deviation {
        file: "titles",
        fields: &["screen"],
        why: "links are not kept, and xterm.js underlines them",
    },
    Deviation {
        file: "vim-quit",
        fields: &["title"],
        why: "xterm.js gives a program its old title back only if it is configured to",
    },
];
