//! Commands with more power than the AI's own user has: as root in the container (SECURITY decision 6).
//!
//! Owns: what the owner switched on, with whose power a command runs, and how that changes its judgement. What runs as root
//! is high risk and always asked, one by one: it lies on the floor that no rule and no mode reaches below.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::git::GitTask;
use crate::package::PackageTask;
use crate::policy::{Judgement, Risk, Verdict};

/// What may be asked for as root at all; off until the owner, with the password, says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ElevatedLevel))]
#[serde(rename_all = "snake_case")]
pub enum Elevated {
    /// Nothing.
    #[default]
    Off,
    /// Debian packages, through the one helper that installs them.
    Packages,
    /// Packages, and any command.
    Commands,
}

impl Elevated {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Packages => "packages",
            Self::Commands => "commands",
        }
    }

    /// Whether nothing is.
    pub const fn is_off(&self) -> bool {
        matches!(self, Self::Off)
    }
}

impl FromStr for Elevated {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "off" => Self::Off,
            "packages" => Self::Packages,
            "commands" => Self::Commands,
            other => return Err(Refused { what: "elevated", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// With whose power a command runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "as")]
pub enum Power {
    /// The AI's own user.
    #[default]
    Agent,
    /// Root, by the words of the command.
    Root,
    /// Root, by the helper for packages; the command's text only shows what it does.
    Packages {
        /// What it does.
        task: PackageTask,
    },
    /// The AI's own user, by the helper for git; the command's text only shows what it does.
    Git {
        /// What it looks at.
        task: GitTask,
    },
}

impl Power {
    /// Whether it is the AI's own user, by the words of the command.
    pub const fn is_agent(&self) -> bool {
        matches!(self, Self::Agent)
    }

    /// Whether it is root.
    pub const fn is_root(&self) -> bool {
        matches!(self, Self::Root | Self::Packages { .. })
    }

    /// Whether a helper runs it, and its text only shows what that does.
    pub const fn is_helped(&self) -> bool {
        matches!(self, Self::Packages { .. } | Self::Git { .. })
    }

    /// What has to be switched on for it.
    pub const fn needs(&self) -> Elevated {
        match self {
            Self::Agent | Self::Git { .. } => Elevated::Off,
            Self::Packages { .. } => Elevated::Packages,
            Self::Root => Elevated::Commands,
        }
    }
}

/// The judgement of a command that runs with this power. What is denied stays denied; all else is asked, at high risk.
pub fn raised(mut judgement: Judgement, power: &Power) -> Judgement {
    let (rule, reason) = match power {
        Power::Agent | Power::Git { .. } => return judgement,
        Power::Root => ("ask.elevated", "It runs as root in the container, with every right there."),
        Power::Packages { .. } => {
            ("ask.packages", "It changes the container's packages, as root; their scripts run as root too.")
        }
    };
    let effects = &mut judgement.effects;
    effects.privilege = Some(true);
    if matches!(power, Power::Packages { .. }) {
        effects.packages = Some(true);
        effects.network = Some(true);
        effects.reversible = None;
    }
    if judgement.verdict == Verdict::Deny {
        return judgement;
    }
    if judgement.verdict == Verdict::Allow {
        judgement.reasons.clear();
    }
    judgement.reasons.insert(0, reason.to_owned());
    Judgement { verdict: Verdict::Ask, rule: rule.to_owned(), risk: Risk::High, ..judgement }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::{Course, Mode, course, is_floor};
    use crate::policy::{Setting, judge};
    use crate::rule::Under;

    #[test]
    fn s4_nothing_runs_as_root_without_being_asked_whatever_it_does() {
        for command in ["ls", "id", "touch x", "true"] {
            let judged = raised(judge(command.as_bytes(), &Setting::default()), &Power::Root);
            assert_eq!((judged.verdict, judged.risk), (Verdict::Ask, Risk::High), "{command}");
            assert!(is_floor(&judged));
            assert_eq!(course(Mode::Full, &judged, Some(Under::Full), false), Course::Ask);
            assert!(judged.reasons[0].contains("as root in the container"));
        }
    }

    #[test]
    fn what_is_denied_stays_denied_as_root() {
        for command in ["rm -rf /", "cat /etc/metatron/keys/master.key", "mkfs /dev/sda"] {
            let judged = raised(judge(command.as_bytes(), &Setting::default()), &Power::Root);
            assert_eq!(judged.verdict, Verdict::Deny, "{command}");
        }
    }
}
