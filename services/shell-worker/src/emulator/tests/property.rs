//! Programs nobody wrote: whatever a terminal is fed, it is the same however that is cut, and its dump makes another one
//! the same.

use metatron_domain::terminal::Size;
use proptest::collection::vec;
use proptest::prelude::*;

use super::describe::describe;
use crate::emulator::Emulator;
use crate::emulator::cell::Cell;
use crate::emulator::row::Row;

/// One thing that happens to a terminal.
#[derive(Debug, Clone)]
enum Step {
    Fed(Vec<u8>),
    Sized(u16, u16),
}

fn text(text: impl Into<String>) -> Vec<u8> {
    text.into().into_bytes()
}

/// Text, controls and sequences that programs use. Left out is what a dump is known to lose (`deviation.rs`): origin mode
/// with a cursor outside of the margins.
fn fed() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![Just(String::new()), (0_u16..30).prop_map(|number| number.to_string())];
    let numbers = vec(number, 0..3).prop_map(|numbers| numbers.join(";"));
    let modes = prop_oneof![
        Just("4"),
        Just("20"),
        Just("?1"),
        Just("?7"),
        Just("?25"),
        Just("?45"),
        Just("?47"),
        Just("?1049"),
        Just("?2004"),
        Just("?1002"),
        Just("?1006"),
    ];
    let styles = prop_oneof![
        Just("0"),
        Just("1;3"),
        Just("4:3;58:5:9"),
        Just("31;42"),
        Just("38;5;200"),
        Just("48;2;1;2;3"),
        Just("7"),
        Just("39;49"),
        Just("24;59"),
    ];
    let others = prop_oneof![
        Just("\r"),
        Just("\n"),
        Just("\r\n"),
        Just("\t"),
        Just("\u{8}"),
        Just("\x1b7"),
        Just("\x1b8"),
        Just("\x1bM"),
        Just("\x1bD"),
        Just("\x1bE"),
        Just("\x1bH"),
        Just("\x1b(0"),
        Just("\x1b(B"),
        Just("\x0e"),
        Just("\x0f"),
        Just("\x1b]2;a title\x07"),
        Just("\x1b[!p"),
        Just("\x1bc"),
        Just("\x1b#8"),
        Just("\x1b[3 q"),
        Just("語"),
        Just("e\u{301}"),
        Just("\u{1f642}"),
        Just("é"),
        Just("\u{200d}"),
    ];
    prop_oneof![
        3 => "[ -~]{1,30}".prop_map(text),
        3 => others.prop_map(text),
        3 => (numbers, prop::sample::select("ABCDEFGHIZJKLMPSTX@`adefgr".chars().collect::<Vec<_>>()))
            .prop_map(|(numbers, last)| text(format!("\x1b[{numbers}{last}"))),
        2 => styles.prop_map(|style| text(format!("\x1b[{style}m"))),
        1 => (modes, any::<bool>()).prop_map(|(mode, on)| text(format!("\x1b[{mode}{}", if on { 'h' } else { 'l' }))),
        1 => vec(any::<u8>().prop_filter("ESC begins what is above", |byte| *byte != 0x1b), 1..4),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![20 => fed().prop_map(Step::Fed), 1 => (2_u16..40, 1_u16..12).prop_map(|(columns, rows)| Step::Sized(columns, rows))]
}

fn size(columns: u16, rows: u16) -> Size {
    Size::new(columns, rows).expect("a size")
}

/// What a dump can carry: a wrap that is still to come may be lost, the cell it is behind is not.
fn carried(emulator: &Emulator) -> serde_json::Value {
    let mut all = describe(emulator);
    all["cursor"] = serde_json::json!(emulator.cursor());
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_fed_may_be_cut_anywhere(
        steps in vec(fed(), 1..60),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let bytes = steps.concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let (mut whole, mut cut) = (Emulator::new(size(20, 6)), Emulator::new(size(20, 6)));
        whole.feed(&bytes);
        let mut from = 0;
        for to in cuts.into_iter().chain([bytes.len()]) {
            cut.feed(&bytes[from..to]);
            from = to;
        }
        prop_assert_eq!(cut.dump(), whole.dump());
        prop_assert_eq!(describe(&cut), describe(&whole));
    }

    #[test]
    fn a_dump_of_whatever_was_fed_makes_a_new_terminal_the_same(steps in vec(step(), 1..60)) {
        let mut shown = Emulator::new(size(20, 6));
        for step in steps {
            match step {
                Step::Fed(bytes) => shown.feed(&bytes),
                Step::Sized(columns, rows) => shown.resize(size(columns, rows)),
            }
        }
        let mut copy = Emulator::new(shown.size());
        copy.feed(&shown.dump());
        prop_assert_eq!(carried(&copy), carried(&shown));
        prop_assert_eq!(copy.text(), shown.text());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_flood_leaves_the_screen_that_its_lines_leave_one_by_one(
        before in vec(fed(), 0..20),
        line in "[ -~é語]{0,60}",
        lone in 0_usize..400,
        after in vec(fed(), 0..5),
    ) {
        let (mut whole, mut slow) = (Emulator::new(size(20, 6)), Emulator::new(size(20, 6)));
        let mut flood: Vec<u8> = before.concat();
        for number in 0..3_000 {
            // Some lines end without a carriage return.
            let end = if lone > 0 && number % lone == 0 { "\n" } else { "\r\n" };
            flood.extend(format!("{number} {line}{end}").into_bytes());
        }
        whole.feed(&before.concat());
        whole.feed(&flood[before.concat().len()..]);
        flood.chunks(1_000).for_each(|chunk| slow.feed(chunk));
        for emulator in [&mut whole, &mut slow] {
            emulator.feed(&after.concat());
        }
        prop_assert_eq!(describe(&whole), describe(&slow));
    }
}

#[test]
fn a_large_terminal_costs_what_is_written_in_it() {
    let mut emulator = Emulator::new(size(1_000, 500));
    let held = |emulator: &Emulator| emulator.terminal.active().rows.iter().map(Row::held).sum::<usize>();
    assert_eq!(held(&emulator), 0, "nothing is kept of what is blank");
    emulator.feed(b"\x1b[499;1Hhello");
    assert_eq!(held(&emulator), 5);
    emulator.feed("x".repeat(500_000).as_bytes());
    assert!(held(&emulator) * size_of::<Cell>() <= 12_000_000);
}

#[test]
fn a_wide_character_is_cut_where_a_smaller_size_put_the_cursor_on_half_of_it() {
    let mut shown = Emulator::new(size(20, 6));
    shown.feed("\t 0\u{1f642}".as_bytes());
    shown.resize(size(12, 3));
    shown.feed(b"A");
    assert_eq!(shown.text().lines().next(), Some("         0 A"));
}

#[test]
fn a_wide_character_in_the_last_columns_is_cut_by_what_is_written_over_its_right_half() {
    let mut shown = Emulator::new(size(4, 1));
    shown.feed("ab語\x1b[?7lx".as_bytes());
    assert_eq!(shown.text(), "ab x");
    let mut copy = Emulator::new(shown.size());
    copy.feed(&shown.dump());
    assert_eq!(describe(&copy), describe(&shown));
}
