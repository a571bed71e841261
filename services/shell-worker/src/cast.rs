//! A recording as asciicast v2, page by page: what a player shows, and what a terminal in the browser replays.
//!
//! A page begins at a line of `{terminal}.time`; its position there is what the next page is asked by. A character that
//! the recording cut in two is told whole; bytes that are no UTF-8 are replaced.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::Size;
use serde_json::json;

use crate::events::{self, By, Event, What};
use crate::recording::{self, Recordings};

/// Bytes of output in one page, about.
const PAGE: u64 = 512 * 1024;
/// Lines of the times in one page, at most.
const LINES: usize = 16 * 1024;

/// When how much of the output was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Mark {
    ms: u64,
    end: u64,
}

/// A page of the cast from `from` on (0 at the beginning), and where the next one begins.
pub fn page(
    recordings: &Recordings,
    terminal: TerminalId,
    from: u64,
    input: bool,
) -> std::io::Result<Option<(String, Option<u64>)>> {
    let (Some(out), Some(times)) = (recordings.reader(terminal)?, recordings.times(terminal)?) else {
        return Ok(None);
    };
    let length = out.metadata()?.len();
    let (before, marks, next) = marks(times, from)?;
    let mut text = String::new();
    let mut wanted = Vec::new();
    let last = marks.last().copied().unwrap_or(before);
    if let Some(file) = recordings.events(terminal)? {
        let (beginning, events) = events::read(file)?;
        if from == 0 {
            let at = beginning.as_ref().map_or(0, |it| it.at.as_millis() / 1000);
            let size = beginning.as_ref().map_or(Size::COMMAND, |it| it.size);
            header(&mut text, size, at, beginning.and_then(|it| it.command));
        }
        // Those of this page: after what came before it, and on the last page all that is left.
        let here =
            |event: &Event| (from == 0 || event.ms > before.ms) && (next.is_none() || event.ms <= last.ms);
        wanted.extend(events.filter(here));
    } else if from == 0 {
        header(&mut text, Size::COMMAND, 0, None);
    }
    let mut wanted = wanted.into_iter().peekable();
    let mut start = whole(&out, before.end.min(length))?.max(recording::first(&out));
    for mark in &marks {
        while let Some(event) = wanted.next_if(|event| event.ms < mark.ms) {
            told(&mut text, &event, input);
        }
        let end = whole(&out, mark.end.min(length))?;
        output(&mut text, mark.ms, &out, start, end)?;
        start = start.max(end);
    }
    if next.is_none() {
        for event in wanted.by_ref() {
            told(&mut text, &event, input);
        }
        // What a shell-worker that died has left, and its successor's mark, have no time of their own.
        output(&mut text, last.ms, &out, start, length)?;
    }
    for event in wanted {
        told(&mut text, &event, input);
    }
    Ok(Some((text, next)))
}

/// The mark before `from`, those of a page, and where the next page begins.
fn marks(mut times: File, from: u64) -> std::io::Result<(Mark, Vec<Mark>, Option<u64>)> {
    let from = from.min(times.metadata()?.len());
    let before = mark_before(&times, from)?;
    times.seek(SeekFrom::Start(from))?;
    let mut lines = BufReader::new(times);
    let (mut marks, mut at, mut line) = (Vec::new(), from, String::new());
    loop {
        line.clear();
        let length = lines.read_line(&mut line)?;
        if length == 0 || !line.ends_with('\n') {
            return Ok((before, marks, None));
        }
        at += length as u64;
        // A page that begins in the middle of a line was asked by a stranger: what can't be read is left out.
        if let Some(mark) = parse(&line) {
            let size = mark.end.saturating_sub(before.end);
            marks.push(mark);
            if size >= PAGE || marks.len() >= LINES {
                return Ok((before, marks, Some(at)));
            }
        }
    }
}

fn mark_before(times: &File, from: u64) -> std::io::Result<Mark> {
    let mut bytes = [0; 128];
    let start = from.saturating_sub(bytes.len() as u64);
    let length = times.read_at(&mut bytes, start)?.min(usize::try_from(from - start).unwrap_or(0));
    let text = String::from_utf8_lossy(&bytes[..length]);
    Ok(text.lines().next_back().and_then(parse).unwrap_or_default())
}

fn parse(line: &str) -> Option<Mark> {
    let (ms, end) = line.trim_end().split_once(' ')?;
    Some(Mark { ms: ms.parse().ok()?, end: end.parse().ok()? })
}

/// The offset at or before `end` at which no character is cut.
fn whole(out: &File, end: u64) -> std::io::Result<u64> {
    let mut bytes = [0; 3];
    let start = end.saturating_sub(3);
    let length = usize::try_from(end - start).unwrap_or(0);
    out.read_exact_at(&mut bytes[..length], start)?;
    for back in 1..=length {
        let byte = bytes[length - back];
        let wants = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        return Ok(if wants > back { end - back as u64 } else { end });
    }
    Ok(end)
}

fn output(text: &mut String, ms: u64, out: &File, start: u64, end: u64) -> std::io::Result<()> {
    if end <= start {
        return Ok(());
    }
    let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
    out.read_exact_at(&mut bytes, start)?;
    line(text, ms, "o", &String::from_utf8_lossy(&bytes));
    Ok(())
}

fn told(text: &mut String, event: &Event, input: bool) {
    match &event.what {
        What::Resized { size } => {
            line(text, event.ms, "r", &format!("{}x{}", size.columns(), size.rows()));
        }
        What::Program { name } => line(text, event.ms, "m", name),
        What::Input { by, base64 } if input => {
            let bytes = STANDARD.decode(base64).unwrap_or_default();
            if *by != By::Owner {
                line(text, event.ms, "m", "the AI types");
            }
            line(text, event.ms, "i", &String::from_utf8_lossy(&bytes));
        }
        What::Input { .. } => {}
    }
}

fn line(text: &mut String, ms: u64, code: &str, data: &str) {
    let data = serde_json::Value::from(data);
    let _ = writeln!(text, "[{}.{:03},\"{code}\",{data}]", ms / 1000, ms % 1000);
}

fn header(text: &mut String, size: Size, at: i64, command: Option<String>) {
    let mut header = json!({
        "version": 2,
        "width": size.columns(),
        "height": size.rows(),
        "timestamp": at,
        "env": { "TERM": "xterm-256color", "SHELL": crate::account::SHELL },
    });
    if let Some(command) = command {
        header["command"] = command.into();
    }
    let _ = writeln!(text, "{header}");
}

#[cfg(test)]
mod tests;
