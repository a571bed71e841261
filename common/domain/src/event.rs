//! Facts that happened. Each is a row of the `event` table, written in the commit of the change itself; the row number
//! is its id and the one total order of everything.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::clock::Instant;
use crate::id::{ChatId, RunId};

/// A fact, as it travels on the stream of events and to clients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Event {
    /// The row number in `SQLite`: resume after it.
    pub eid: i64,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// When.
    pub at: Instant,
    /// Who did it.
    pub actor: Actor,
    /// The conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<ChatId>,
    /// The run it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// The id of the thing that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Ids, states and digests; never a prompt, a command's output or a secret.
    #[serde(default)]
    pub data: serde_json::Value,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:tt,)*) => {
        /// What can happen. The room is the part in front of the dot.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub enum EventKind {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl EventKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word used in SQL, JSON and Redis.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl std::str::FromStr for EventKind {
            type Err = crate::Refused;

            fn from_str(text: &str) -> Result<Self, crate::Refused> {
                match text {
                    $($text => Ok(Self::$name),)*
                    other => Err(crate::Refused { what: "event", state: other.to_owned(), asked: "read" }),
                }
            }
        }
    };
}

kinds! {
    /// The instance has an owner now.
    OwnerClaimed = "owner.claimed",
    /// Somebody logged in.
    SessionOpened = "session.opened",
    /// A session was closed.
    SessionClosed = "session.closed",
    /// A login failed.
    LoginFailed = "login.failed",
    /// A conversation began.
    ChatCreated = "chat.created",
    /// A conversation was renamed.
    ChatUpdated = "chat.updated",
    /// A conversation was deleted.
    ChatDeleted = "chat.deleted",
    /// A message was added.
    MessageAdded = "message.added",
    /// A run is owed.
    RunQueued = "run.queued",
    /// A worker took a run.
    RunStarted = "run.started",
    /// A run waits for a command or for the owner.
    RunWaiting = "run.waiting",
    /// The owner asked a run to stop.
    RunStopping = "run.stopping",
    /// A run ended.
    RunEnded = "run.ended",
    /// The AI asked for a command.
    ExecProposed = "exec.proposed",
    /// A command was allowed, by policy or by the owner.
    ExecApproved = "exec.approved",
    /// A command started.
    ExecStarted = "exec.started",
    /// A command's outcome is final.
    ExecEnded = "exec.ended",
    /// The owner is asked.
    ApprovalAsked = "approval.asked",
    /// The owner answered.
    ApprovalDecided = "approval.decided",
    /// Nobody answered in time.
    ApprovalExpired = "approval.expired",
    /// The run ended before anybody answered.
    ApprovalWithdrawn = "approval.withdrawn",
    /// The owner changed a question's command; it is measured anew and asked again.
    ApprovalEdited = "approval.edited",
    /// A rule of the owner was made, changed, used up or revoked.
    RuleChanged = "rule.changed",
    /// A conversation or a token works in another mode.
    ModeChanged = "mode.changed",
    /// Another part of what needs root may be asked for.
    ElevatedChanged = "elevated.changed",
    /// Untrusted content has entered a run.
    RunTainted = "run.tainted",
    /// A model provider was added, changed or removed.
    ProviderChanged = "provider.changed",
    /// A test call of a provider ended.
    ProbeEnded = "probe.ended",
    /// An API token was made or revoked.
    TokenChanged = "token.changed",
    /// A setting changed.
    SettingChanged = "setting.changed",
    /// A queue was paused or resumed.
    QueueChanged = "queue.changed",
    /// A service came up.
    ServiceUp = "service.up",
    /// A terminal is asked of its host.
    TerminalCreated = "terminal.created",
    /// A terminal runs.
    TerminalOpened = "terminal.opened",
    /// A terminal has another name or size.
    TerminalUpdated = "terminal.updated",
    /// The keyboard of a terminal changed hands.
    TerminalDrive = "terminal.drive",
    /// A terminal waits for something, or does not any more.
    TerminalWaits = "terminal.waits",
    /// A terminal ended, was lost, or was refused by its host.
    TerminalEnded = "terminal.ended",
    /// A shell host was registered or revoked, answers, or does not any more.
    HostChanged = "host.changed",
    /// A device gets notifications, has another name, or gets none any more.
    PushChanged = "push.changed",
    /// The owner undoes something, or brings something back from a snapshot.
    UndoStarted = "undo.started",
    /// An undo ended.
    UndoEnded = "undo.ended",
    /// The owner planned a task.
    TaskPlanned = "task.planned",
    /// A planned task begins: its run is owed.
    TaskBegun = "task.begun",
    /// A planned task is over: done, failed, missed or taken back.
    TaskEnded = "task.ended",
    /// The owner stopped everything, or let it go on.
    HaltChanged = "halt.changed",
    /// A heartbeat was recorded.
    TickDone = "tick.done",
}
