//! What is audited. Most rows stand beside a fact of the same unit of work: recording the fact audits it, so that no place
//! in the code can forget to.

use serde_json::Value;

use crate::event::EventKind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What a row tells. The room is the part in front of the dot.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditKind { $($(#[$doc])* $name,)* }

        impl AuditKind {
            /// Every kind there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word used in SQL and JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

kinds! {
    /// The instance has an owner now.
    OwnerClaimed = "owner.claimed",
    /// The owner signed in.
    SessionOpened = "session.opened",
    /// The owner gave the password once more.
    SessionConfirmed = "session.confirmed",
    /// A session was closed.
    SessionClosed = "session.closed",
    /// A password was wrong.
    LoginFailed = "login.failed",
    /// The owner has another password.
    PasswordChanged = "password.changed",
    /// An API token was made.
    TokenMinted = "token.minted",
    /// An API token was revoked.
    TokenRevoked = "token.revoked",
    /// Settings changed.
    SettingChanged = "setting.changed",
    /// A model provider was added, changed or removed.
    ProviderChanged = "provider.changed",
    /// A secret was stored, as a first or a newer version.
    SecretStored = "secret.stored",
    /// A secret was forgotten.
    SecretForgotten = "secret.forgotten",
    /// The AI asked for a command.
    ExecProposed = "exec.proposed",
    /// The judge gave its verdict on a command.
    ExecJudged = "exec.judged",
    /// A command was allowed, by policy or by the owner.
    ExecApproved = "exec.approved",
    /// A command started.
    ExecStarted = "exec.started",
    /// A command's outcome is final: ended, denied, refused, unknown or cancelled.
    ExecEnded = "exec.ended",
    /// A host says that a command runs which nobody allowed as far as this database knows.
    ExecUnexplained = "exec.unexplained",
    /// The owner was asked.
    ApprovalAsked = "approval.asked",
    /// The owner changed a command that waited.
    ApprovalEdited = "approval.edited",
    /// The owner answered.
    ApprovalDecided = "approval.decided",
    /// Nobody answered in time.
    ApprovalExpired = "approval.expired",
    /// The question was taken back.
    ApprovalWithdrawn = "approval.withdrawn",
    /// The owner, or a program of theirs, asked a run to stop.
    RunStopping = "run.stopping",
    /// A rule of the owner was added.
    RuleAdded = "rule.added",
    /// A rule of the owner was changed.
    RuleChanged = "rule.changed",
    /// A rule of the owner was revoked.
    RuleRevoked = "rule.revoked",
    /// How much a chat or token may do by itself changed.
    ModeChanged = "mode.changed",
    /// Another part of what needs root may be asked for.
    ElevatedChanged = "elevated.changed",
    /// Untrusted content has entered a run.
    RunTainted = "run.tainted",
    /// Keys for a terminal were forged, or played again.
    TerminalForged = "terminal.forged",
    /// What only api may say to a shell host was forged, or played again.
    HostForged = "host.forged",
    /// The journal of a shell host is an older copy of itself, or nobody can tell that it is not.
    HostRewound = "host.rewound",
    /// A machine may join from now on.
    HostRegistered = "host.registered",
    /// A machine's keys were taken back.
    HostRevoked = "host.revoked",
    /// The owner planned a task.
    TaskPlanned = "task.planned",
    /// A planned task began.
    TaskBegun = "task.begun",
    /// A planned task is over: done, failed, missed or taken back.
    TaskEnded = "task.ended",
    /// The owner stopped everything, or let it go on.
    HaltChanged = "halt.changed",
    /// A queue was paused or resumed.
    QueueChanged = "queue.changed",
    /// The owner asked for a terminal.
    TerminalCreated = "terminal.created",
    /// The keyboard of a terminal changed hands.
    TerminalDrive = "terminal.drive",
    /// The owner handed the keyboard of a terminal to a run for a time.
    TerminalHanded = "terminal.handed",
    /// A terminal of the owner ended.
    TerminalEnded = "terminal.ended",
    /// A device gets notifications from now on, or has another name.
    PushChanged = "push.changed",
    /// A device gets no notifications any more.
    PushRemoved = "push.removed",
    /// The owner undoes something, or brings something back from a snapshot.
    UndoStarted = "undo.started",
    /// An undo ended.
    UndoEnded = "undo.ended",
    /// The owner had the audit checked.
    AuditVerified = "audit.verified",
    /// A shell host keeps a head that this audit does not have: it is an older copy, or was written anew.
    AuditDoubted = "audit.doubted",
}

impl AuditKind {
    /// How a fact with this `data` is audited; nothing where it does not matter to anybody later.
    pub fn of_fact(kind: EventKind, data: &Value) -> Option<Self> {
        let is = |name: &str, value: &str| data.get(name).and_then(Value::as_str) == Some(value);
        Some(match kind {
            EventKind::OwnerClaimed => Self::OwnerClaimed,
            EventKind::SessionOpened => Self::SessionOpened,
            EventKind::SessionClosed => Self::SessionClosed,
            EventKind::LoginFailed => Self::LoginFailed,
            EventKind::TokenChanged if data.get("revoked") == Some(&Value::Bool(true)) => Self::TokenRevoked,
            EventKind::TokenChanged => Self::TokenMinted,
            EventKind::SettingChanged => Self::SettingChanged,
            EventKind::ProviderChanged => Self::ProviderChanged,
            EventKind::QueueChanged => Self::QueueChanged,
            EventKind::RuleChanged if is("change", "made") => Self::RuleAdded,
            EventKind::RuleChanged if is("change", "changed") => Self::RuleChanged,
            EventKind::RuleChanged if is("change", "revoked") => Self::RuleRevoked,
            EventKind::ModeChanged => Self::ModeChanged,
            EventKind::ElevatedChanged => Self::ElevatedChanged,
            EventKind::RunTainted => Self::RunTainted,
            EventKind::HostChanged if is("state", "waiting") => Self::HostRegistered,
            EventKind::HostChanged if is("state", "revoked") => Self::HostRevoked,
            EventKind::RunStopping => Self::RunStopping,
            EventKind::ExecProposed => Self::ExecProposed,
            EventKind::ExecApproved => Self::ExecApproved,
            EventKind::ExecStarted => Self::ExecStarted,
            EventKind::ExecEnded => Self::ExecEnded,
            EventKind::ApprovalAsked => Self::ApprovalAsked,
            EventKind::ApprovalEdited => Self::ApprovalEdited,
            EventKind::ApprovalDecided => Self::ApprovalDecided,
            EventKind::ApprovalExpired => Self::ApprovalExpired,
            EventKind::ApprovalWithdrawn => Self::ApprovalWithdrawn,
            // The terminal of a command tells nothing that its command does not.
            EventKind::TerminalCreated => Self::TerminalCreated,
            EventKind::TerminalDrive => Self::TerminalDrive,
            EventKind::TerminalEnded if is("kind", "owner") => Self::TerminalEnded,
            EventKind::PushChanged if is("state", "removed") => Self::PushRemoved,
            EventKind::PushChanged => Self::PushChanged,
            EventKind::UndoStarted => Self::UndoStarted,
            EventKind::UndoEnded => Self::UndoEnded,
            EventKind::TaskPlanned => Self::TaskPlanned,
            EventKind::TaskBegun => Self::TaskBegun,
            EventKind::TaskEnded => Self::TaskEnded,
            EventKind::HaltChanged => Self::HaltChanged,
            EventKind::TerminalEnded
            // The use of a rule stands in the command that used it.
            | EventKind::RuleChanged
            | EventKind::HostChanged
            | EventKind::ChatCreated
            | EventKind::ChatUpdated
            | EventKind::ChatDeleted
            | EventKind::MessageAdded
            | EventKind::RunQueued
            | EventKind::RunStarted
            | EventKind::RunWaiting
            | EventKind::RunEnded
            | EventKind::ProbeEnded
            | EventKind::ServiceUp
            | EventKind::TerminalOpened
            | EventKind::TerminalUpdated
            | EventKind::TerminalWaits
            | EventKind::TickDone => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_revoked_token_is_not_audited_as_a_minted_one() {
        let of = |data| AuditKind::of_fact(EventKind::TokenChanged, &data);
        assert_eq!(of(json!({ "revoked": true })), Some(AuditKind::TokenRevoked));
        assert_eq!(of(json!({ "revoked": false })), Some(AuditKind::TokenMinted));
    }

    #[test]
    fn each_word_stands_for_one_kind() {
        let words: std::collections::BTreeSet<_> = AuditKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), AuditKind::ALL.len());
    }
}
