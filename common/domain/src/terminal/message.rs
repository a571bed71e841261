//! What is asked of a shell host about its terminals, what it answers, and what it reports by itself.

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::exec::Exit;
use crate::id::{RunId, TerminalId};
use crate::terminal::{Driver, Holder, Size, TerminalKind, TerminalState, Waits};

/// A live question about a terminal: answered at once or not at all, never owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum TerminalCall {
    /// Open it: a sealed [`crate::terminal::order::Opening`]. Answered with [`TerminalAnswer::Status`].
    Open {
        /// Which.
        terminal: TerminalId,
        /// The seal, in base 64.
        sealed: String,
    },
    /// A sealed [`crate::terminal::order::Order`]. Answered with [`TerminalAnswer::Status`].
    Order {
        /// Which.
        terminal: TerminalId,
        /// Its number, above [`Status::orders`].
        sequence: u64,
        /// The seal, in base 64.
        sealed: String,
    },
    /// How it stands. Answered with [`TerminalAnswer::Status`].
    Status {
        /// Which.
        terminal: TerminalId,
    },
    /// Every terminal that runs here. Answered with [`TerminalAnswer::Sessions`].
    Sessions,
    /// The screen as it is now. Answered with [`TerminalAnswer::Screen`].
    Screen {
        /// Which.
        terminal: TerminalId,
    },
    /// Lines of everything it showed that hold `text`. Answered with [`TerminalAnswer::Found`].
    Search {
        /// Which.
        terminal: TerminalId,
        /// What to look for, upper and lower case alike.
        text: String,
        /// Lines, at most.
        limit: u32,
    },
    /// A piece of its recording as asciicast v2. Answered with [`TerminalAnswer::Cast`].
    Cast {
        /// Which.
        terminal: TerminalId,
        /// Where to go on: 0 at the beginning, then [`TerminalAnswer::Cast`]'s `next`.
        from: u64,
        /// Whether what was typed is wanted too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        input: bool,
    },
    /// What the policy would say if a run typed this. Answered with [`TerminalAnswer::Status`], or refused as
    /// `denied_by_policy`.
    Judge {
        /// Which.
        terminal: TerminalId,
        /// What would be typed.
        text: String,
    },
    /// What a run types, sealed under the key it was handed. Answered with [`TerminalAnswer::Status`].
    Type {
        /// Which.
        terminal: TerminalId,
        /// By which run.
        run: RunId,
        /// Its number, above [`Status::typed`].
        sequence: u64,
        /// The seal, in base 64: the bytes to type.
        sealed: String,
    },
    /// Answers when something has come about, or when the time is over. Answered with [`TerminalAnswer::Waited`].
    Wait {
        /// Which.
        terminal: TerminalId,
        /// For what.
        until: Until,
        /// Milliseconds, 30,000 at most.
        within_ms: u32,
    },
}

/// What [`TerminalCall::Wait`] waits for. The end of the terminal always counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Until {
    /// No output for so long.
    Quiet {
        /// Milliseconds.
        ms: u32,
    },
    /// A line of the screen matches this regular expression.
    Pattern {
        /// The expression.
        regex: String,
    },
    /// The foreground program waits for input, or the shell shows its prompt.
    Input,
    /// No program asks for a password any more.
    Answered,
    /// The terminal ends.
    Exit,
}

/// The answer to a [`TerminalCall`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum TerminalAnswer {
    /// How it stands.
    Status(Box<Status>),
    /// All that run here.
    Sessions {
        /// They.
        sessions: Vec<Status>,
    },
    /// The screen.
    Screen(Box<ScreenShot>),
    /// What was found.
    Found {
        /// The lines, oldest first.
        lines: Vec<FoundLine>,
        /// Whether there are more.
        more: bool,
    },
    /// A piece of an asciicast.
    Cast {
        /// Whole lines of it.
        text: String,
        /// Where to go on; absent at the end.
        next: Option<u64>,
    },
    /// The wait is over.
    Waited {
        /// Whether what was waited for has come about.
        met: bool,
        /// How it stands now.
        status: Box<Status>,
    },
    /// No such terminal was ever here.
    NotFound,
    /// It will not be done.
    Refused {
        /// A stable code: `seal_broken`, `replayed`, `leapt`, `expired`, `ended`, `not_driver`, `password_asked`,
        /// `denied_by_policy`, `no_password_asked`, `no_owner`, `too_many`, `cwd_missing`, `journal_unwritable`, `start_failed`, `bad_pattern`, `busy`,
        /// `failed`, `rooted`.
        code: String,
        /// What the owner or the model reads.
        detail: String,
    },
}

/// How a terminal stands, as its host sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Which.
    pub terminal: TerminalId,
    /// What it is for.
    pub kind: TerminalKind,
    /// Where it stands.
    pub state: TerminalState,
    /// The user it runs as.
    pub user: String,
    /// Its size.
    pub size: Size,
    /// Who holds its keyboard.
    pub driver: Driver,
    /// What it waits for, as far as that can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// The name of the foreground program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The folder of the foreground program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Bytes of output so far.
    pub bytes: u64,
    /// The number of the last [`crate::terminal::order::Keys`].
    pub keys: u64,
    /// The number of the last [`crate::terminal::order::Order`].
    pub orders: u64,
    /// The number of the last [`TerminalCall::Type`].
    pub typed: u64,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
    /// The number of the last [`Report`] about it.
    pub reports: u64,
}

/// A screen as it is at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenShot {
    /// Bytes of output that made it: go on from here.
    pub offset: u64,
    /// Its size.
    pub size: Size,
    /// What a terminal of that size, just reset, has to be fed to show the same; in base 64.
    pub base64: String,
    /// Its rows as text, trailing blanks removed.
    pub text: String,
    /// The cursor's row and column, from 0.
    pub cursor: (u16, u16),
    /// Whether the program in front wants the cursor keys in application mode (DECCKM).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub application_cursor: bool,
    /// Who had the keyboard when its rows were written, from the top down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stretches: Vec<Stretch>,
}

/// Rows of a screen, down to the next stretch, that were written while one of the two had the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Stretch {
    /// The first of them, from 0.
    pub row: u16,
    /// Whose the keyboard was.
    pub by: Holder,
}

/// What is told beside a terminal's bytes while somebody watches it, and then forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// The keys up to this number were typed.
    Pressed {
        /// The number.
        sequence: u64,
    },
    /// It stands otherwise than before.
    Status(Box<Status>),
}

/// A line that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FoundLine {
    /// Which line of everything shown, from 0.
    pub line: u64,
    /// Its text.
    pub text: String,
}

/// Reported by shell-worker into the queue of terminals, at least once, and read by api.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which.
    pub terminal: TerminalId,
    /// 1 for the first about it, then one more each time: older ones change nothing any more.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// What happened. [`Report::status`] already shows it.
    pub what: Happened,
    /// How it stands.
    pub status: Box<Status>,
}

/// What a [`Report`] tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Happened {
    /// It runs now.
    Opened,
    /// The keyboard changed hands, or was paused or freed.
    Drive,
    /// It waits for something, or does not any more.
    Waits,
    /// It has another size.
    Resized,
    /// It ended.
    Ended,
    /// A shell-worker went down and could not keep it.
    Lost,
    /// Keys or an order for it were forged or played again, and dropped.
    Forged {
        /// Why: `seal_broken`, `replayed`, `leapt`.
        code: String,
        /// How many since it was last told.
        count: u32,
    },
}
