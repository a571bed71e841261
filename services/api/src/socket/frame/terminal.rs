//! What the server tells of a terminal, beside its bytes.

use metatron_domain::exec::Exit;
use metatron_domain::terminal::message::{Status, Stretch};
use metatron_domain::terminal::{Driver, Size, TerminalState, Waits};
use serde::Serialize;
use utoipa::ToSchema;

/// `screen`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum ScreenKind {
    /// The word.
    #[serde(rename = "screen")]
    Screen,
}

/// A terminal's screen follows: what was shown before is void, output goes on from its offset.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ScreenFrame {
    pub(crate) ev: ScreenKind,
    pub(crate) topic: String,
    /// Bytes of output that made it.
    pub(crate) offset: u64,
    /// Its size.
    pub(crate) size: Size,
    /// Who had the keyboard when its rows were written, from the top down.
    pub(crate) stretches: Vec<Stretch>,
}

/// `terminal.status`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum StatusKind {
    /// The word.
    #[serde(rename = "terminal.status")]
    Status,
}

/// A terminal stands otherwise than before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatusFrame {
    pub(crate) ev: StatusKind,
    pub(crate) topic: String,
    pub(crate) status: Standing,
}

/// How a terminal stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Standing {
    pub(crate) state: TerminalState,
    pub(crate) size: Size,
    /// Who holds its keyboard.
    pub(crate) driver: Driver,
    pub(crate) waits: Option<Waits>,
    /// The name of the foreground program.
    pub(crate) program: Option<String>,
    /// The folder of the foreground program.
    pub(crate) cwd: Option<String>,
    /// Bytes of output so far.
    pub(crate) bytes: u64,
}

impl From<Status> for Standing {
    fn from(status: Status) -> Self {
        let Status { state, size, driver, waits, program, cwd, bytes, .. } = status;
        Self { state, size, driver, waits, program, cwd, bytes }
    }
}

/// `terminal.pressed`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum PressedKind {
    /// The word.
    #[serde(rename = "terminal.pressed")]
    Pressed,
}

/// Keys have reached their terminal. Told now and then, not for each.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PressedFrame {
    pub(crate) ev: PressedKind,
    pub(crate) topic: String,
    /// How many bytes of keys, of those sent on this channel, were typed or dropped with an error.
    pub(crate) n: u64,
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

/// `terminal.viewers`.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) enum ViewersKind {
    /// The word.
    #[serde(rename = "terminal.viewers")]
    Viewers,
}

/// Another number of clients looks at a terminal than before.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ViewersFrame {
    pub(crate) ev: ViewersKind,
    pub(crate) topic: String,
    /// How many, this one among them.
    pub(crate) viewers: u32,
}
