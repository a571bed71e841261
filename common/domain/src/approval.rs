//! What is measured before a card is shown, what the owner's answer binds, and the states of the question.
//!
//! SECURITY P4: a grant binds exactly what was measured, and is used once.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Refused;
use crate::actor::Actor;
use crate::clock::Instant;
use crate::elevated::Power;
use crate::id::{ApprovalId, ChatId, ExecId, JournalId, RunId};
use crate::package::PackagePlan;
use crate::policy::Risk;
use crate::run::Origin;

/// How long an answered grant may be used, in seconds.
pub const GRANT_VALID_S: u64 = 3_600;

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// The owner has been asked.
    Waiting,
    /// The owner said yes, once.
    Allowed,
    /// The owner said no.
    Denied,
    /// Nobody answered in time: that means no.
    Expired,
    /// The run was stopped before anybody answered.
    Withdrawn,
}

impl ApprovalState {
    /// The word used in SQL, JSON and on the screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The owner answers at `now`, with `answer`. The first answer wins; what expired can't be answered.
    pub fn decide(self, answer: Answer, now: Instant, expires_at: Instant) -> Result<Self, Refused> {
        match self {
            Self::Waiting if now < expires_at => Ok(match answer {
                Answer::AllowOnce => Self::Allowed,
                Answer::Deny => Self::Denied,
            }),
            Self::Waiting => Err(Refused { what: "approval", state: "expired".to_owned(), asked: "decided" }),
            other => Err(Refused { what: "approval", state: other.as_str().to_owned(), asked: "decided" }),
        }
    }
}

impl FromStr for ApprovalState {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Ok(match text {
            "waiting" => Self::Waiting,
            "allowed" => Self::Allowed,
            "denied" => Self::Denied,
            "expired" => Self::Expired,
            "withdrawn" => Self::Withdrawn,
            other => return Err(Refused { what: "approval", state: other.to_owned(), asked: "read" }),
        })
    }
}

/// How long the owner has for an answer: the riskier, the shorter; longer where nobody may be looking.
pub const fn waiting_time(risk: Risk, origin: Origin) -> Duration {
    let minutes = match (origin, risk) {
        (Origin::Chat | Origin::Practice, Risk::Low) => 60,
        (Origin::Chat | Origin::Practice, Risk::Medium) => 30,
        (Origin::Chat | Origin::Practice, Risk::High) => 15,
        (Origin::Api | Origin::Pulse | Origin::Schedule, Risk::Low | Risk::Medium) => 12 * 60,
        (Origin::Api | Origin::Pulse | Origin::Schedule, Risk::High) => 2 * 60,
    };
    Duration::from_secs(minutes * 60)
}

/// What the owner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Run exactly this, exactly once.
    AllowOnce,
    /// Do not run it.
    Deny,
}

/// A file that a command would execute or read as a program, with the digest it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MeasuredFile {
    /// The word of the command line that named it.
    pub word: String,
    /// The resolved path; empty where nothing was found.
    pub path: String,
    /// SHA-256 of its content in hex; empty where it could not be read.
    pub sha256: String,
    /// Whether its content can't change between the measurement and the end of the command (SECURITY P5).
    pub bound: bool,
}

/// A word of a command that leads elsewhere than it says, by a symbolic link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MeasuredLink {
    /// The word.
    pub word: String,
    /// Where it leads: a path without links.
    pub path: String,
}

/// What shell-worker measured: once before the card is shown, once more at spawn. A difference refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Measure {
    /// SHA-256 of the exact bytes of the command, in hex.
    pub command_sha256: String,
    /// The shell, with its digest.
    pub shell: MeasuredFile,
    /// The working folder, resolved.
    pub cwd: String,
    /// Its device number.
    pub cwd_device: u64,
    /// Its inode number.
    pub cwd_inode: u64,
    /// SHA-256 of the environment the command gets, in hex.
    pub env_sha256: String,
    /// The Unix user it runs as.
    pub user: String,
    /// The shell host it runs on.
    pub host: String,
    /// Seconds until it is ended by force.
    pub timeout_s: u32,
    /// Programs as resolved through the pinned `PATH`.
    pub programs: Vec<MeasuredFile>,
    /// Script operands: files whose content will be executed.
    pub scripts: Vec<MeasuredFile>,
    /// The version of the policy that judged.
    pub policy_version: u32,
    /// Words that lead elsewhere than they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<MeasuredLink>,
    /// What apt would do, where it is asked to install.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packages: Option<PackagePlan>,
    /// The journal of the host: what it has written down makes an answer good for one start, so that no answer counts
    /// with another one. Absent in what an older shell-worker measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<JournalId>,
    /// With whose power it runs: the same text is another command in the hands of a helper.
    #[serde(default, skip_serializing_if = "Power::is_agent")]
    pub power: Power,
    /// For whom it is asked. Absent in what an older shell-worker measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asker: Option<Asker>,
}

/// For whom a command is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Asker {
    /// The conversation.
    pub chat: ChatId,
    /// Who began the run.
    pub actor: Actor,
}

impl Measure {
    /// The digest that the card shows and the answer repeats: SHA-256 over the canonical JSON of the measurement,
    /// with the command's identity.
    pub fn digest(&self, exec: ExecId) -> String {
        use sha2::{Digest, Sha256};
        // Field order of a struct is fixed, so its JSON is canonical.
        let text = serde_json::to_vec(&(exec, self)).unwrap_or_default();
        hex::encode(Sha256::digest(text))
    }
}

/// The owner's yes, sealed by api under the link key and opened by shell-worker alone (SECURITY P4, B5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The question that was answered.
    pub approval: ApprovalId,
    /// The command it is for.
    pub exec: ExecId,
    /// The run it belongs to.
    pub run: RunId,
    /// [`Measure::digest`] of what the owner saw.
    pub digest: String,
    /// After this instant it is void.
    pub expires_at: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_millis(1_000);

    #[test]
    fn the_first_answer_wins() {
        let allowed =
            ApprovalState::Waiting.decide(Answer::AllowOnce, T, Instant::from_millis(2_000)).unwrap();
        let refused = allowed.decide(Answer::Deny, T, Instant::from_millis(2_000)).unwrap_err();
        assert_eq!(refused.to_string(), "approval is allowed and can't be decided");
    }

    #[test]
    fn an_answer_after_the_deadline_means_nothing() {
        let refused = ApprovalState::Waiting.decide(Answer::AllowOnce, T, T).unwrap_err();
        assert_eq!(refused.to_string(), "approval is expired and can't be decided");
    }

    #[test]
    fn the_riskier_the_shorter_and_longer_where_nobody_may_be_looking() {
        for origin in [Origin::Chat, Origin::Practice, Origin::Api, Origin::Pulse, Origin::Schedule] {
            let time = |risk| waiting_time(risk, origin);
            assert!(
                time(Risk::High) < time(Risk::Medium) && time(Risk::Medium) <= time(Risk::Low),
                "{origin:?}"
            );
            assert_eq!(origin.is_unattended(), time(Risk::High) > Duration::from_hours(1), "{origin:?}");
            assert_eq!(origin.is_unattended(), time(Risk::Low) > Duration::from_hours(1), "{origin:?}");
        }
    }

    /// Where a field is added, this does not compile until it is changed here too.
    #[test]
    fn p4_any_field_that_is_another_makes_another_digest() {
        let file = |word: &str| MeasuredFile {
            word: word.into(),
            path: "/x".into(),
            sha256: "00".into(),
            bound: true,
        };
        let whole = Measure {
            command_sha256: "aa".into(),
            shell: file("bash"),
            cwd: "/work".into(),
            cwd_device: 1,
            cwd_inode: 2,
            env_sha256: "bb".into(),
            user: "agent".into(),
            host: "local".into(),
            timeout_s: 60,
            programs: vec![file("x")],
            scripts: vec![file("y")],
            policy_version: 1,
            links: vec![MeasuredLink { word: "z".into(), path: "/z".into() }],
            packages: None,
            journal: None,
            power: Power::Agent,
            asker: None,
        };
        let plan = PackagePlan { fetches: 9, ..PackagePlan::default() };
        let chat = ChatId::new();
        let by = |actor| Some(Asker { chat, actor });
        let Measure {
            command_sha256: _,
            shell: _,
            cwd: _,
            cwd_device: _,
            cwd_inode: _,
            env_sha256: _,
            user: _,
            host: _,
            timeout_s: _,
            programs: _,
            scripts: _,
            policy_version: _,
            links: _,
            packages: _,
            journal: _,
            power: _,
            asker: _,
        } = whole.clone();
        let others = [
            whole.clone(),
            Measure { command_sha256: "ab".into(), ..whole.clone() },
            Measure { shell: MeasuredFile { sha256: "01".into(), ..file("bash") }, ..whole.clone() },
            Measure { shell: MeasuredFile { path: "/y".into(), ..file("bash") }, ..whole.clone() },
            Measure { cwd: "/work2".into(), ..whole.clone() },
            Measure { cwd_device: 9, ..whole.clone() },
            Measure { cwd_inode: 9, ..whole.clone() },
            Measure { env_sha256: "bc".into(), ..whole.clone() },
            Measure { user: "root".into(), ..whole.clone() },
            Measure { host: "far".into(), ..whole.clone() },
            Measure { timeout_s: 61, ..whole.clone() },
            Measure { programs: vec![MeasuredFile { sha256: "01".into(), ..file("x") }], ..whole.clone() },
            Measure { programs: vec![], ..whole.clone() },
            Measure { scripts: vec![MeasuredFile { bound: false, ..file("y") }], ..whole.clone() },
            Measure { scripts: vec![], ..whole.clone() },
            Measure { policy_version: 2, ..whole.clone() },
            Measure { links: vec![], ..whole.clone() },
            Measure { packages: Some(plan), ..whole.clone() },
            Measure { journal: Some(JournalId::new()), ..whole.clone() },
            Measure { power: Power::Git { task: crate::git::GitTask::Status }, ..whole.clone() },
            Measure { power: Power::Root, ..whole.clone() },
            Measure { asker: by(Actor::Owner), ..whole.clone() },
            Measure { asker: by(Actor::Schedule), ..whole.clone() },
        ];
        let (exec, other) = (ExecId::new(), ExecId::new());
        let digests: std::collections::HashSet<String> =
            others.iter().map(|measure| measure.digest(exec)).chain([whole.digest(other)]).collect();
        assert_eq!(digests.len(), others.len() + 1);
    }
}
