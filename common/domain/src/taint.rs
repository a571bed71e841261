//! The mark of a run that untrusted content has entered (SECURITY P7): from then on, what reaches the network or changes
//! what runs by itself is asked, whatever rules and modes say.
//!
//! Owns: what brings the mark, and what it makes a question. A mark can be added and never taken away. It goes from a run to
//! the later ones of its conversation, because they are shown what it was told. It does not follow files: what a
//! command wrote and another one reads is out of its sight.

use serde::{Deserialize, Serialize};

use crate::clock::Instant;
use crate::id::{ExecId, RunId, TokenId};
use crate::policy::Judgement;

/// From where untrusted content came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = TaintSource))]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum Source {
    /// A command that fetches.
    Command {
        /// Which.
        exec: ExecId,
    },
    /// What a run typed into a terminal fetches.
    Typed,
    /// A program's message.
    Program {
        /// Its token.
        token: TokenId,
    },
    /// An earlier run of the same conversation.
    Earlier {
        /// Which.
        run: RunId,
    },
}

/// The mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Taint {
    /// Since when.
    pub at: Instant,
    /// From where.
    #[serde(flatten)]
    pub source: Source,
}

/// Whether what a command says comes from outside: it uses the network, as far as its words tell. A program that nobody
/// knows does not bring the mark: otherwise the second one would be asked in every run.
pub fn brings(judgement: &Judgement) -> bool {
    judgement.effects.network == Some(true)
}

/// Whether a marked run has to ask, where the mode `full` would not: all that may reach the network, a program nobody
/// knows included, and what changes services, schedules and whatever else runs by itself. Rules need no such line: they
/// are never for what is known to do either (P3).
pub fn asks(judgement: &Judgement) -> bool {
    judgement.effects.network != Some(false) || judgement.effects.services == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Setting, judge};

    #[test]
    fn p7_what_fetches_brings_the_mark_and_what_may_reach_out_is_asked_under_it() {
        let judged = |command: &str| judge(command.as_bytes(), &Setting::default());
        for command in [
            "curl https://example.org",
            "git clone https://x/y",
            "ssh host ls",
            "docker pull x",
            "mvn package",
        ] {
            assert!(brings(&judged(command)) && asks(&judged(command)), "{command}");
        }
        for command in ["python3 x.py", "./tool"] {
            assert!(asks(&judged(command)), "{command}");
        }
        for command in [
            "systemctl restart nginx",
            "crontab jobs",
            "cp job /etc/cron.d/job",
            "echo x >> ~/.bashrc",
            "mv hook .git/hooks/pre-commit",
            "rm ~/.config/systemd/user/x.service",
            "touch /etc/systemd",
        ] {
            assert!(asks(&judged(command)), "{command}");
        }
        for command in ["mkdir -p out", "touch x", "cp a b", "touch .profiles", "cp .git/hooks/x y"] {
            assert!(!brings(&judged(command)) && !asks(&judged(command)), "{command}");
        }
    }
}
