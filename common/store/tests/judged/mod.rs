//! What a host measured and judged, as plain as it can be: for stories in which only the answer matters.

use metatron_domain::approval::{Measure, MeasuredFile};
use metatron_domain::elevated::Power;
use metatron_domain::policy::{Effects, Judgement, Risk, Verdict};
use sha2::{Digest as _, Sha256};

/// The measure of a command on the machine itself.
pub(crate) fn measure(command: &str) -> Measure {
    let shell =
        MeasuredFile { word: "bash".into(), path: "/bin/bash".into(), sha256: "00".into(), bound: true };
    Measure {
        command_sha256: hex::encode(Sha256::digest(command)),
        shell,
        cwd: "/home/agent/work".into(),
        cwd_device: 1,
        cwd_inode: 2,
        env_sha256: "bb".into(),
        user: "agent".into(),
        host: "local".into(),
        timeout_s: 60,
        programs: vec![],
        scripts: vec![],
        policy_version: 1,
        links: vec![],
        packages: None,
        journal: None,
        power: Power::Agent,
        asker: None,
    }
}

/// A judgement with nothing to it but its verdict.
pub(crate) fn judgement(verdict: Verdict) -> Judgement {
    let reasons = vec!["because".to_owned()];
    Judgement { verdict, rule: "test".to_owned(), reasons, risk: Risk::Medium, effects: Effects::default() }
}
