//! The judge of shell commands: types.

use serde::{Deserialize, Serialize};

/// Version of the policy.
pub const VERSION: u32 = 1;

/// Assumptions.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// Working folder.
    pub cwd: &'a str,
    /// Home folder.
    pub home: &'a str,
    /// User.
    pub user: &'a str,
    /// Workspace root.
    pub workspace: &'a str,
    /// Protected paths.
    pub protected: &'a [String],
}

/// Verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Runs.
    Allow,
    /// Waits for the owner.
    Ask,
    /// Never runs.
    Deny,
}

/// Risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// Effects.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Effects {
    /// Programs.
    pub programs: Vec<String>,
}

/// Judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Judgement {
    /// Verdict.
    pub verdict: Verdict,
    /// Rule.
    pub rule: String,
    /// Reasons.
    pub reasons: Vec<String>,
    /// Risk.
    pub risk: Risk,
    /// Effects.
    pub effects: Effects,
}

/// Judges.
pub fn judge(command: &[u8], _setting: &Setting<'_>) -> Judgement {
    let verdict = if command.starts_with(b"echo ") { Verdict::Allow } else { Verdict::Ask };
    Judgement {
        verdict,
        rule: "stub".into(),
        reasons: vec![],
        risk: Risk::Medium,
        effects: Effects::default(),
    }
}
