//! The frames of the socket, as both sides must agree on them. JSON text for control and facts; binary for terminal
//! bytes: `u8` kind (1 = output), `u32` channel, `u64` offset of the first byte (both big endian), then the bytes.

use bytes::{BufMut as _, Bytes, BytesMut};
use metatron_domain::clock::Instant;
use metatron_domain::event::{Event, EventKind};
use metatron_domain::exec::Exit;
use metatron_domain::id::{ChatId, RunId, TerminalId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Problem;

/// The subprotocol.
pub(crate) const PROTOCOL: &str = "metatron.v1";

/// Why the server closes a socket.
pub(crate) mod close {
    /// Not signed in, or not any more.
    pub(crate) const AUTH: u16 = 4401;
    /// Not allowed.
    pub(crate) const FORBIDDEN: u16 = 4403;
    /// Another protocol.
    pub(crate) const VERSION: u16 = 4409;
    /// The client reads too slowly, or asks too much.
    pub(crate) const TOO_MUCH: u16 = 4429;
    /// The server restarts; come again.
    pub(crate) const RESTART: u16 = 1012;
    /// What came is not what was agreed.
    pub(crate) const POLICY: u16 = 1008;
}

/// A position in a run's live text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunPosition {
    /// The model turn.
    pub(crate) turn: u32,
    /// The attempt at it.
    pub(crate) attempt: u32,
    /// UTF-8 bytes of the turn's text that are known.
    pub(crate) offset: u64,
}

/// Where to go on in what flows live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum From {
    /// In a terminal: the offset of the first byte wanted.
    Offset(u64),
    /// In a run.
    Run(RunPosition),
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ClientFrame {
    /// Listen to a topic: `events`, `approvals`, `services`, `chat.{id}`, `run.{id}` or `terminal.{id}`.
    Sub {
        /// Repeated in the reply.
        id: u64,
        /// The topic.
        topic: String,
        /// Facts after this one; from now on when absent.
        after: Option<i64>,
        /// Where to go on live; from the beginning when absent.
        from: Option<From>,
    },
    /// Stop listening.
    Unsub {
        /// Repeated in the reply.
        id: u64,
        /// The topic.
        topic: String,
    },
    /// Is anybody there?
    Ping {
        /// Repeated in the reply.
        id: u64,
    },
    /// Who I am: the first frame of a client that sent neither cookie nor header, within five seconds.
    Auth {
        /// An API token.
        token: String,
        /// Repeated in the reply.
        id: Option<u64>,
    },
}

/// What the server sends as text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ServerFrame {
    /// A request was carried out.
    Ok(OkFrame),
    /// A request was refused.
    Error(ErrorFrame),
    /// A fact.
    Fact(FactFrame),
    /// More of a turn's text.
    Delta(DeltaFrame),
    /// A turn, or a new attempt at it, begins.
    Turn(TurnFrame),
    /// Something is missing: fetch it again.
    Gap(GapFrame),
    /// A terminal has ended.
    TerminalEnd(TerminalEndFrame),
}

/// A request was carried out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OkFrame {
    /// The request's id.
    pub(crate) id: u64,
    /// Always true.
    pub(crate) ok: bool,
    /// The newest fact.
    pub(crate) eid: i64,
    /// The channel of a terminal's binary frames.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) channel: Option<u32>,
    /// Whether this answers a ping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pong: Option<bool>,
}

/// A request was refused.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ErrorFrame {
    /// The request's id, as far as it could be read.
    pub(crate) id: Option<u64>,
    /// Why.
    pub(crate) error: Problem,
}

/// A fact, as a topic tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FactFrame {
    /// What happened.
    pub(crate) ev: EventKind,
    /// To whom it is told.
    pub(crate) topic: String,
    /// Resume after this.
    pub(crate) eid: i64,
    /// When.
    pub(crate) at: Instant,
    /// The whole fact.
    pub(crate) data: Event,
}

/// `delta`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum DeltaKind {
    /// The word.
    #[serde(rename = "delta")]
    Delta,
}

/// More of a turn's text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeltaFrame {
    pub(crate) ev: DeltaKind,
    pub(crate) topic: String,
    pub(crate) turn: u32,
    pub(crate) attempt: u32,
    /// The offset of `text` in the turn's text, in UTF-8 bytes.
    pub(crate) offset: u64,
    pub(crate) text: String,
}

/// `turn`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum TurnKind {
    /// The word.
    #[serde(rename = "turn")]
    Turn,
}

/// A turn, or a new attempt at it, begins: the partial text of an earlier attempt is void.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TurnFrame {
    pub(crate) ev: TurnKind,
    pub(crate) topic: String,
    pub(crate) turn: u32,
    pub(crate) attempt: u32,
}

/// `gap`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum GapKind {
    /// The word.
    #[serde(rename = "gap")]
    Gap,
}

/// Something is missing: facts by their numbers, or bytes by their offsets. With `turn` it is a hole in that turn's text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct GapFrame {
    pub(crate) ev: GapKind,
    pub(crate) topic: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// The turn whose text has the hole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) turn: Option<u32>,
    /// The attempt at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
}

/// `terminal.end`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum TerminalEndKind {
    /// The word.
    #[serde(rename = "terminal.end")]
    TerminalEnd,
}

/// A terminal has ended: nothing more will come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TerminalEndFrame {
    pub(crate) ev: TerminalEndKind,
    pub(crate) topic: String,
    /// Bytes of output in all.
    pub(crate) offset: u64,
    /// How it ended; absent when that is not known.
    pub(crate) exit: Option<Exit>,
}

/// What can be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// Every fact.
    Events,
    /// Facts about questions put to the owner.
    Approvals,
    /// Facts about services.
    Services,
    /// Facts of one conversation.
    Chat(ChatId),
    /// Facts and live text of one run.
    Run(RunId),
    /// Bytes of one terminal.
    Terminal(TerminalId),
}

impl std::str::FromStr for Topic {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once('.') {
            None => match text {
                "events" => Ok(Self::Events),
                "approvals" => Ok(Self::Approvals),
                "services" => Ok(Self::Services),
                _ => Err(()),
            },
            Some(("chat", id)) => id.parse().map(Self::Chat).map_err(|_| ()),
            Some(("run", id)) => id.parse().map(Self::Run).map_err(|_| ()),
            Some(("terminal", id)) => id.parse().map(Self::Terminal).map_err(|_| ()),
            Some(_) => Err(()),
        }
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Events => f.write_str("events"),
            Self::Approvals => f.write_str("approvals"),
            Self::Services => f.write_str("services"),
            Self::Chat(id) => write!(f, "chat.{id}"),
            Self::Run(id) => write!(f, "run.{id}"),
            Self::Terminal(id) => write!(f, "terminal.{id}"),
        }
    }
}

impl Topic {
    /// Whether a fact is told here.
    pub(crate) fn takes(self, event: &Event) -> bool {
        let room = event.kind.as_str().split('.').next().unwrap_or_default();
        match self {
            Self::Events => true,
            Self::Approvals => room == "approval",
            Self::Services => room == "service",
            Self::Chat(id) => event.chat_id == Some(id),
            Self::Run(id) => event.run_id == Some(id),
            Self::Terminal(_) => false,
        }
    }
}

/// A piece of a terminal's output as a binary frame.
pub(crate) fn output(channel: u32, offset: u64, bytes: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(13 + bytes.len());
    frame.put_u8(1);
    frame.put_u32(channel);
    frame.put_u64(offset);
    frame.put_slice(bytes);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_frame_has_its_bytes_in_place() {
        let frame = output(7, 0x0102, b"hi");
        assert_eq!(frame.as_ref(), b"\x01\0\0\0\x07\0\0\0\0\0\0\x01\x02hi");
    }

    #[test]
    fn client_frames_are_read_as_agreed() {
        let read = |text: &str| serde_json::from_str::<ClientFrame>(text);
        let run = RunId::new();
        let text = format!(
            r#"{{"id":1,"op":"sub","topic":"run.{run}","from":{{"turn":1,"attempt":2,"offset":3}}}}"#
        );
        let from = Some(From::Run(RunPosition { turn: 1, attempt: 2, offset: 3 }));
        let ClientFrame::Sub { id: 1, topic, after: None, from: read_from } = read(&text).unwrap() else {
            panic!()
        };
        assert_eq!((topic.parse(), read_from), (Ok(Topic::Run(run)), from));
        let text = r#"{"id":1,"op":"sub","topic":"events","after":5,"from":10}"#;
        let ClientFrame::Sub { after: Some(5), from: Some(From::Offset(10)), .. } = read(text).unwrap()
        else {
            panic!()
        };
        assert!(read(r#"{"id":1,"op":"sub","topic":"events","x":1}"#).is_err());
        assert!(read(r#"{"id":1,"op":"input","topic":"events"}"#).is_err());
        assert_eq!("run.run_x".parse::<Topic>(), Err(()));
        assert_eq!("now".parse::<Topic>(), Err(()));
    }
}
