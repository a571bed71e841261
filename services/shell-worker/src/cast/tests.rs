//! A cast parses line by line, and its output is the recording's.

use metatron_domain::clock::Instant;
use serde_json::Value;

use super::*;
use crate::events::Beginning;
use crate::recording::{CAP, Full};

struct Made {
    _folder: tempfile::TempDir,
    recordings: Recordings,
    terminal: TerminalId,
}

fn made(chunks: &[&[u8]]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let recordings = Recordings::open(folder.path()).unwrap();
    let terminal = TerminalId::new();
    let mut recording = recordings.begin(terminal, CAP, Full::Stop).unwrap();
    let beginning = Beginning {
        at: Instant::from_millis(1_800_000_000_000),
        size: Size::new(80, 24).unwrap(),
        user: "owner".into(),
        command: None,
    };
    let events = recordings.begin_events(terminal, &beginning).unwrap();
    for chunk in chunks {
        recording.append(chunk);
        recording.note_time();
    }
    events.typed(recording.end(), By::Owner, b"ls\r");
    events.happened(recording.end(), What::Resized { size: Size::new(100, 30).unwrap() });
    recording.finish();
    Made { _folder: folder, recordings, terminal }
}

/// All pages together, and how many there were.
fn cast(made: &Made, input: bool) -> (Vec<Value>, usize) {
    let (mut lines, mut from, mut pages) = (Vec::new(), 0, 0);
    loop {
        let (text, next) = page(&made.recordings, made.terminal, from, input).unwrap().unwrap();
        lines.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        pages += 1;
        match next {
            Some(next) => from = next,
            None => return (lines, pages),
        }
    }
}

fn output_of(lines: &[Value]) -> String {
    lines.iter().filter(|line| line[1] == "o").filter_map(|line| line[2].as_str()).collect()
}

#[test]
fn a_cut_character_is_told_whole_and_nothing_is_lost() {
    let text = "aé€😀z".repeat(3);
    let chunks: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    let (lines, pages) = cast(&made(&chunks), false);
    assert_eq!((output_of(&lines), pages), (text, 1));
    assert_eq!(
        (&lines[0]["version"], &lines[0]["width"], &lines[0]["height"]),
        (&2.into(), &80.into(), &24.into())
    );
    assert_eq!(lines[0]["timestamp"], 1_800_000_000);
    assert!(lines.iter().any(|line| line[1] == "r" && line[2] == "100x30"));
    assert!(lines.iter().all(|line| line[1] != "i"));
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_a_cut_end_is_told() {
    let (lines, _) = cast(&made(&[b"\xff\xfe ok \xe2\x82"]), false);
    assert_eq!(output_of(&lines), "\u{fffd}\u{fffd} ok \u{fffd}");
}

#[test]
fn many_pages_are_one_cast() {
    let line = "0123456789é\r\n".repeat(300);
    let chunks = vec![line.as_bytes(); 500];
    let made = made(&chunks);
    let (lines, pages) = cast(&made, true);
    assert!(pages > 2, "{pages}");
    assert!(output_of(&lines) == line.repeat(500));
    assert_eq!(lines.iter().filter(|line| line[1] == "i" && line[2] == "ls\r").count(), 1);
    assert_eq!(lines.iter().filter(|line| line[1] == "r").count(), 1);
}

#[test]
fn a_position_that_nobody_gave_does_no_harm() {
    let made = made(&[b"hello"]);
    for from in [1, 3, 99, u64::MAX / 4] {
        assert!(page(&made.recordings, made.terminal, from, false).unwrap().is_some());
    }
    assert!(page(&made.recordings, TerminalId::new(), 0, false).unwrap().is_none());
}
