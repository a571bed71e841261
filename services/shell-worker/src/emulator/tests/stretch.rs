//! Whose the keyboard was when each row was written.

use metatron_domain::terminal::message::Stretch;
use metatron_domain::terminal::{Holder, Size};

use crate::emulator::Emulator;

fn owner(row: u16) -> Stretch {
    Stretch { row, by: Holder::Owner }
}

fn ai(row: u16) -> Stretch {
    Stretch { row, by: Holder::Ai }
}

fn seen(emulator: &Emulator) -> Vec<Stretch> {
    emulator.shot(0).stretches
}

/// Two lines of the owner's and a prompt, at which the AI goes on.
fn handed() -> Emulator {
    let mut emulator = Emulator::new(Size::new(20, 6).unwrap());
    emulator.drive(Holder::Owner);
    emulator.feed(b"$ one\r\n1\r\n$ ");
    emulator.drive(Holder::Ai);
    emulator.feed(b"two\r\n2\r\n$ ");
    emulator
}

#[test]
fn a_row_is_theirs_who_had_the_keyboard_when_it_was_written_last() {
    let mut emulator = handed();
    assert_eq!(seen(&emulator), [owner(0), ai(2)]);
    emulator.drive(Holder::Owner);
    assert_eq!(seen(&emulator), [owner(0), ai(2), owner(4)], "the line they take it in is theirs");
    emulator.feed(b"\x1b[1;1Hagain");
    assert_eq!(seen(&emulator), [owner(0), ai(2), owner(4)]);
    emulator.drive(Holder::Ai);
    assert_eq!(seen(&emulator), [ai(0), owner(1), ai(2), owner(4)]);
}

#[test]
fn rows_take_it_along_when_they_scroll_away_and_when_they_flow_anew() {
    let mut emulator = handed();
    emulator.feed(b"\r\n3\r\n4\r\n5");
    assert_eq!(seen(&emulator), [ai(0)]);
    let mut emulator = handed();
    emulator.feed(b"\r\na longer line\r\n$ ");
    emulator.drive(Holder::Owner);
    assert_eq!(seen(&emulator), [owner(0), ai(1), owner(5)]);
    emulator.resize(Size::new(10, 8).unwrap());
    assert_eq!(seen(&emulator), [owner(0), ai(1), owner(6)], "the longer line takes two rows now");
    emulator.feed(b"\x1b[2J\x1b[H$ ");
    assert_eq!(seen(&emulator).first(), Some(&owner(0)));
}

#[test]
fn a_program_with_the_whole_screen_leaves_what_lies_under_it() {
    let mut emulator = handed();
    emulator.feed(b"\x1b[?1049h\x1b[H~ ~ ~");
    assert_eq!(seen(&emulator), [owner(0), ai(2)]);
    emulator.feed(b"\x1b[?1049l");
    assert_eq!(seen(&emulator), [owner(0), ai(2)]);
    emulator.feed(b"\x1bc$ ");
    assert_eq!(seen(&emulator), [ai(0)], "a reset changes nobody's keyboard");
}
