//! Checks the whole chain, a page at a time, and gathers what the audit says of commands for the second witness.

use std::collections::BTreeMap;

use metatron_domain::audit::{Audited, COMPARED, Findings, Known, Verifier};
use metatron_domain::clock::Instant;
use metatron_domain::id::ExecId;
use serde_json::Value;

use crate::Store;
use crate::error::Error;

/// Rows read together.
const PAGE: u32 = 2_000;

/// What a check found.
#[derive(Debug, Clone)]
pub struct Checked {
    /// What is wrong with the chain.
    pub findings: Findings,
    /// What the audit says of the commands that each host started lately.
    pub commands: BTreeMap<String, BTreeMap<ExecId, Audited>>,
}

impl Store {
    /// Checks every row, against the heads that are `known` elsewhere. Rows that come meanwhile are checked too.
    pub async fn verify_audit(&self, known: Vec<Known>, now: Instant) -> Result<Checked, Error> {
        let mut verifier = Verifier::new(known);
        let mut commands: BTreeMap<String, BTreeMap<ExecId, Audited>> = BTreeMap::new();
        let mut after = 0;
        loop {
            let rows = self.audit_after(after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.seq;
            for row in &rows {
                verifier.take(row);
                let at = Instant::from_millis(row.at);
                if now <= at.after(COMPARED)
                    && let Some((host, exec, said)) = said(&row.kind, row.subject.as_deref(), &row.data, at)
                {
                    let known = commands.entry(host).or_default().entry(exec).or_default();
                    known.started = known.started.or(said.started);
                    known.ended = known.ended.or(said.ended);
                }
            }
        }
        Ok(Checked { findings: verifier.end(), commands })
    }
}

/// What a row says of a command that ran on a host.
fn said(kind: &str, subject: Option<&str>, data: &str, at: Instant) -> Option<(String, ExecId, Audited)> {
    let started = kind == "exec.started";
    if !started && kind != "exec.ended" {
        return None;
    }
    let data: Value = serde_json::from_str(data).ok()?;
    let state = data.get("state")?.as_str()?;
    if !started && !matches!(state, "ended" | "unknown") {
        return None;
    }
    let (host, exec) = (data.get("host")?.as_str()?.to_owned(), subject?.parse().ok()?);
    let said = Audited { started: started.then_some(at), ended: (!started).then_some(at) };
    Some((host, exec, said))
}
