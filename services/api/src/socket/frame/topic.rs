//! What can be listened to, and which facts are told where.

use metatron_domain::event::Event;
use metatron_domain::id::{ChatId, RunId, TerminalId};

/// What can be listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// Every fact.
    Events,
    /// Facts about questions put to the owner.
    Approvals,
    /// Facts about services.
    Services,
    /// Facts about terminals.
    Terminals,
    /// Facts of one conversation.
    Chat(ChatId),
    /// Facts and live text of one run.
    Run(RunId),
    /// Facts, bytes and more of one terminal.
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
                "terminals" => Ok(Self::Terminals),
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
            Self::Terminals => f.write_str("terminals"),
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
            Self::Terminals => room == "terminal",
            Self::Chat(id) => event.chat_id == Some(id),
            Self::Run(id) => event.run_id == Some(id),
            Self::Terminal(id) => {
                room == "terminal" && event.subject.as_deref() == Some(id.to_string().as_str())
            }
        }
    }
}
