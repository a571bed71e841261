//! The frames of the socket, as both sides must agree on them. JSON text for control and facts; binary for terminal
//! bytes: `u8` kind, `u32` channel, `u64` number (both big endian), then bytes. Kind 1 is output from that offset, 2 keys
//! of the owner, 3 a screen as it was at that offset.

mod binary;
mod terminal;
mod topic;

use metatron_domain::clock::Instant;
use metatron_domain::event::{Event, EventKind};
use metatron_domain::id::{ChatId, DeviceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::Problem;

pub(crate) use binary::{keys, output, screen};
pub(crate) use terminal::{
    PressedFrame, PressedKind, ScreenFrame, ScreenKind, StatusFrame, StatusKind, TerminalEndFrame,
    TerminalEndKind, ViewersFrame, ViewersKind,
};
pub(crate) use topic::Topic;

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
    /// In a terminal: its screen as it is now, and then what comes.
    Screen(ScreenWord),
}

/// `screen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum ScreenWord {
    /// The word.
    #[serde(rename = "screen")]
    Screen,
}

/// A size as a client writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cells {
    /// Columns, 2 to 1000.
    pub(crate) columns: u32,
    /// Rows, 1 to 500.
    pub(crate) rows: u32,
}

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ClientFrame {
    /// Listen to a topic: `events`, `approvals`, `services`, `terminals`, `chat.{id}`, `run.{id}` or `terminal.{id}`.
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
    /// Give a terminal another size. The owner alone.
    Resize {
        /// Repeated in the reply.
        id: u64,
        /// The terminal's topic.
        topic: String,
        /// Its new size.
        size: Cells,
    },
    /// What the page shows, where it is a device that gets notifications: said when it changes, and nothing while the page
    /// is hidden. The owner alone.
    Visible {
        /// Repeated in the reply.
        id: u64,
        /// Which device.
        device: DeviceId,
        /// The conversation that is on the screen.
        chat: Option<ChatId>,
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
    /// A terminal's screen follows, as a binary frame of kind 3.
    Screen(ScreenFrame),
    /// A terminal stands otherwise than before.
    Status(StatusFrame),
    /// Keys have reached their terminal.
    Pressed(PressedFrame),
    /// Another number of clients looks at a terminal.
    Viewers(ViewersFrame),
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
    /// The request's id, as far as it could be read; absent where keys are refused.
    pub(crate) id: Option<u64>,
    /// The topic of the terminal whose keys are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
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

#[cfg(test)]
mod tests {
    use metatron_domain::id::RunId;

    use super::*;

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
        let text = r#"{"id":1,"op":"sub","topic":"x","from":"screen"}"#;
        let ClientFrame::Sub { from: Some(From::Screen(_)), .. } = read(text).unwrap() else { panic!() };
        assert!(read(r#"{"id":1,"op":"sub","topic":"x","from":"window"}"#).is_err());
        assert!(read(r#"{"id":1,"op":"sub","topic":"events","x":1}"#).is_err());
        assert!(read(r#"{"id":1,"op":"input","topic":"events"}"#).is_err());
        assert_eq!("run.run_x".parse::<Topic>(), Err(()));
        assert_eq!("now".parse::<Topic>(), Err(()));
    }
}
