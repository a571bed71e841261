//! Two ends for a screen: its first and last part with a mark between ([`Fold`]), or some of its lines ([`Lines`]).

use std::collections::VecDeque;
use std::fmt::Write as _;

use super::Sink;

/// Bytes kept of the beginning.
const HEAD: usize = 2 * 1024;
/// Bytes kept of the end.
const TAIL: usize = 14 * 1024;

/// Keeps the beginning and the end of a text.
#[derive(Default)]
pub struct Fold {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    left_out: u64,
}

impl Sink for Fold {
    fn take(&mut self, text: &str, ends: bool) {
        let mut text = text;
        if self.tail.is_empty() && self.head.len() < HEAD {
            let (fits, rest) = text.split_at(floor(text, HEAD - self.head.len()));
            self.head.push_str(fits);
            if rest.is_empty() {
                if ends {
                    self.head.push('\n');
                }
                return;
            }
            text = rest;
        }
        let piece = if ends { format!("{text}\n") } else { text.to_owned() };
        if piece.is_empty() {
            return;
        }
        self.tail_bytes += piece.len();
        self.tail.push_back(piece);
        while self.tail_bytes > TAIL && self.tail.len() > 1 {
            self.drop_first();
        }
    }
}

impl Fold {
    fn drop_first(&mut self) {
        if let Some(gone) = self.tail.pop_front() {
            self.tail_bytes -= gone.len();
            self.left_out += gone.len() as u64;
        }
    }

    /// The text, and whether something is missing in it.
    pub fn text(mut self) -> (String, bool) {
        if self.tail_bytes > TAIL
            && let Some(last) = self.tail.pop_front()
        {
            // One piece alone is longer than the end may be.
            let cut = ceil(&last, last.len() - TAIL);
            self.left_out += cut as u64;
            self.tail.push_front(last[cut..].to_owned());
        }
        let cut = self.left_out > 0;
        let mut text = self.head;
        if cut {
            let line = if text.ends_with('\n') { "" } else { "\n" };
            // Writing into a text never fails.
            let _ = writeln!(text, "{line}[… {} bytes left out; use shell_read …]", self.left_out);
        }
        text.extend(self.tail);
        (text, cut)
    }
}

/// Keeps some lines of a text.
pub struct Lines {
    from: u64,
    count: u64,
    room: usize,
    at: u64,
    open: bool,
    text: String,
}

impl Lines {
    /// Keeps `count` lines from line `from` on, and at most `room` bytes.
    pub fn new(from: u64, count: u64, room: usize) -> Self {
        Self { from, count, room, at: 0, open: false, text: String::new() }
    }

    /// The lines, and how many there are in all.
    pub fn text(self) -> (String, u64) {
        (self.text, self.at + u64::from(self.open))
    }
}

impl Sink for Lines {
    fn take(&mut self, text: &str, ends: bool) {
        if (self.from..self.from.saturating_add(self.count)).contains(&self.at) {
            let room = self.room.saturating_sub(self.text.len());
            self.text.push_str(&text[..floor(text, room)]);
            if ends && room > text.len() {
                self.text.push('\n');
            }
        }
        self.open = !ends && (self.open || !text.is_empty());
        self.at += u64::from(ends);
    }
}

fn floor(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn ceil(text: &str, least: usize) -> usize {
    (least..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}
