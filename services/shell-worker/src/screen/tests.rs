//! What a person would have read.

use super::*;

fn seen(bytes: &[u8]) -> String {
    let mut screen = Screen::new(Fold::default());
    screen.feed(bytes);
    screen.finish().text().0
}

#[test]
fn a_progress_line_shows_its_last_state() {
    assert_eq!(seen(b"10%\r20%\r100% done\r\nnext\r\n"), "100% done\nnext\n");
    assert_eq!(seen(b"long line\rab\x1b[K\r\n"), "ab\n");
    assert_eq!(seen(b"abc\x08\x08X\r\n"), "aXc\n");
}

#[test]
fn colours_titles_and_links_leave_only_their_text() {
    let bytes = b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\r\n";
    assert_eq!(seen(bytes), "red link\n");
}

#[test]
fn what_was_cut_off_in_an_escape_code_or_a_letter_goes_on_in_the_next_piece() {
    let bytes = "\x1b[1;31mgr\u{fc}n\r\n".as_bytes();
    let mut screen = Screen::new(Fold::default());
    for byte in bytes {
        screen.feed(&[*byte]);
    }
    assert_eq!(screen.finish().text().0, "grün\n");
}

#[test]
fn several_progress_bars_are_redrawn_in_place() {
    assert_eq!(seen(b"a 1\r\nb 1\r\n\x1b[2Aa 2\r\nb 2\r\n"), "a 2\nb 2\n");
}

#[test]
fn a_long_line_is_one_line() {
    let line = "x".repeat(5000);
    assert_eq!(seen(format!("{line}\r\nend").as_bytes()), format!("{line}\nend"));
}

#[test]
fn a_full_screen_program_leaves_what_was_there_before() {
    assert_eq!(seen(b"before\r\n\x1b[?1049h\x1b[2J\x1b[Hediting\x1b[?1049lafter\r\n"), "before\nafter\n");
    assert_eq!(seen(b"before\r\n\x1b[?1049h\x1b[Hkilled here"), "before\n\nkilled here");
}

#[test]
fn much_output_keeps_its_ends_and_says_what_is_missing() {
    let all = (0..100_000).map(|n| format!("line {n}\r\n")).collect::<Vec<_>>().concat();
    let mut screen = Screen::new(Fold::default());
    screen.feed(all.as_bytes());
    let (text, cut) = screen.finish().text();
    assert!(cut && text.len() < 17 * 1024);
    assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 99999\n"));
    let mark = text.lines().find(|line| line.starts_with("[… ")).unwrap();
    let left_out: usize = mark.split(' ').nth(1).unwrap().parse().unwrap();
    let shown = all.replace('\r', "").len();
    // The first part may end inside a line; then the mark has a line feed before it that is not of the output.
    assert!([shown, shown + 1].contains(&(text.len() - mark.len() - 1 + left_out)));
}

#[test]
fn a_line_without_an_end_needs_no_endless_memory() {
    let mut screen = Screen::new(Fold::default());
    for _ in 0..2000 {
        screen.feed(&[b'y'; 4096]);
    }
    let (text, cut) = screen.finish().text();
    assert!(cut && text.len() < 17 * 1024 + 8 * 1024, "{}", text.len());
}

#[test]
fn hostile_cursor_moves_stay_on_the_page() {
    let text = seen(b"\x1b[65535;65535Hx\x1b[65535Ay\x1b[65535B\x1b[65535P\x1b[65535@\x1b[65535Xz\r\n");
    assert!(text.len() < 40_000);
}

#[test]
fn lines_are_counted_from_zero() {
    let mut screen = Screen::new(Lines::new(1, 2, 1000));
    screen.feed(b"zero\r\none\r\ntwo\r\nthree\r\nfour");
    assert_eq!(screen.finish().text(), ("one\ntwo\n".to_owned(), 5));
}

#[test]
fn a_line_feed_alone_begins_a_new_line() {
    assert_eq!(seen(b"one\ntwo\n"), "one\ntwo\n");
}
