//! One piece of a live stream, as an entry and as a message.
//!
//! Entry: id `{series}-{end offset}`, field `b` (bytes), `t` (text), `k` (`turn`, `skip`) or `end` (JSON). Message on the
//! channel of the same name: kind, series and end offset (big endian), then the payload.

use bytes::Bytes;
use redis::streams::StreamId;
use redis::{FromRedisValue, Pipeline};

/// The series of a terminal's bytes: a terminal has one PTY in its life.
pub(crate) const TERMINAL_SERIES: u64 = 1;
/// The series of a run's end: behind every turn.
pub(crate) const LAST_SERIES: u64 = 999_999_999;
/// Attempts at one turn, at most; the series of a turn is `turn * ATTEMPTS + attempt`.
pub(crate) const ATTEMPTS: u64 = 1_000;

/// Bytes before the payload of a message.
const HEAD: usize = 17;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A terminal's bytes.
    Bytes = 1,
    /// A model's words.
    Text = 2,
    /// A series begins.
    Turn = 3,
    /// Nothing more will come.
    End = 4,
    /// Something beside the bytes, told to those who listen now and kept nowhere.
    Note = 5,
    /// A terminal's bytes up to here, which are in its recording and nowhere else.
    Skip = 6,
}

impl Kind {
    /// Whether a message carries a terminal's bytes.
    pub(crate) fn is_bytes(message: &[u8]) -> bool {
        message.first() == Some(&(Self::Bytes as u8))
    }
}

/// One piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) series: u64,
    /// The offset behind its last byte.
    pub(crate) end: u64,
    pub(crate) payload: Bytes,
}

impl Frame {
    /// The offset of its first byte.
    pub(crate) fn start(&self) -> u64 {
        self.end.saturating_sub(self.payload.len() as u64)
    }

    /// Appends it to the stream, and tells those who listen, in one write.
    pub(crate) fn add(&self, pipe: &mut Pipeline, key: &str, kept: usize) {
        if self.kind == Kind::Note {
            pipe.cmd("PUBLISH").arg(key).arg(self.message());
            return;
        }
        // The end shares its offset with the last bytes, so its id is one behind.
        let end = if self.kind == Kind::End { self.end.saturating_add(1) } else { self.end };
        let field = match self.kind {
            Kind::Bytes => "b",
            Kind::Text => "t",
            Kind::Turn | Kind::Skip => "k",
            Kind::End | Kind::Note => "end",
        };
        let value: &[u8] = match self.kind {
            Kind::Turn => b"turn",
            Kind::Skip => b"skip",
            _ => &self.payload,
        };
        pipe.cmd("XADD").arg(key).arg("MAXLEN").arg("~").arg(kept).arg(format!("{}-{end}", self.series));
        pipe.arg(field).arg(value);
        pipe.cmd("PUBLISH").arg(key).arg(self.message());
    }

    /// A terminal's bytes up to `end`, left to its recording.
    pub(crate) fn skip(end: u64) -> Self {
        Self { kind: Kind::Skip, series: TERMINAL_SERIES, end, payload: Bytes::new() }
    }

    /// What stands before the payload in a message.
    pub(crate) fn head(&self) -> [u8; HEAD] {
        let mut head = [self.kind as u8; HEAD];
        head[1..9].copy_from_slice(&self.series.to_be_bytes());
        head[9..].copy_from_slice(&self.end.to_be_bytes());
        head
    }

    fn message(&self) -> Vec<u8> {
        [&self.head()[..], &self.payload].concat()
    }

    /// Reads a message of the channel.
    pub(crate) fn from_message(message: &Bytes) -> Option<Self> {
        let (&kind, rest) = message.split_first()?;
        let (series, rest) = rest.split_first_chunk::<8>()?;
        let (end, _) = rest.split_first_chunk::<8>()?;
        let kind = match kind {
            1 => Kind::Bytes,
            2 => Kind::Text,
            3 => Kind::Turn,
            4 => Kind::End,
            5 => Kind::Note,
            6 => Kind::Skip,
            _ => return None,
        };
        let (series, end) = (u64::from_be_bytes(*series), u64::from_be_bytes(*end));
        Some(Self { kind, series, end, payload: message.slice(HEAD..) })
    }

    /// Reads an entry of the stream.
    pub(crate) fn from_entry(id: &StreamId) -> Option<Self> {
        let (series, end) = id.id.split_once('-')?;
        let (series, end) = (series.parse().ok()?, end.parse::<u64>().ok()?);
        let field = |name: &str| {
            id.map.get(name).and_then(|value| Vec::<u8>::from_redis_value_ref(value).ok()).map(Bytes::from)
        };
        let frame = |kind, end, payload| Some(Self { kind, series, end, payload });
        if let Some(bytes) = field("b") {
            frame(Kind::Bytes, end, bytes)
        } else if let Some(text) = field("t") {
            frame(Kind::Text, end, text)
        } else if let Some(last) = field("end") {
            frame(Kind::End, end.saturating_sub(1), last)
        } else {
            match field("k").as_deref() {
                Some(b"turn") => frame(Kind::Turn, end, Bytes::new()),
                Some(b"skip") => frame(Kind::Skip, end, Bytes::new()),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_reads_back_as_itself() {
        let frame = Frame { kind: Kind::Bytes, series: 1, end: 5, payload: Bytes::from_static(b"\x00hi") };
        let message = Bytes::from(frame.message());
        assert_eq!(message.as_ref(), b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x05\x00hi");
        assert_eq!(Frame::from_message(&message).unwrap(), frame);
        assert_eq!(frame.start(), 2);
        assert!(Frame::from_message(&message.slice(..16)).is_none());
    }
}
