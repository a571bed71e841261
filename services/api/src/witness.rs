//! The audit's head, sealed and told to the shell host, and the check of the audit against both (SECURITY H10).
//!
//! Whoever can write the database alone can't make a seal; whoever has taken this service over can make one, but can't take
//! back what the shell host keeps on a disk of its own. The log carries the head as well, off the machine where logs go there.

use std::collections::BTreeMap;
use std::time::Duration;

use metatron_domain::actor::Actor;
use metatron_domain::audit::{
    AuditKind, Audited, Begun, Doubt, Finding, HEAD, Head, KeptHead, Known, Told, compare,
};
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::ExecId;
use metatron_store::About;
use metatron_store::audit::{Seal, Unsealable};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::error::Answer;
use crate::host::QUICK;

/// How often the head is sealed while the audit grows.
const SEAL: Duration = Duration::from_secs(30);
/// How often it is told to the shell host.
const TELL: Duration = Duration::from_mins(5);
/// How often it is written to the log.
const LOG: Duration = Duration::from_hours(1);
/// Commands of a journal asked for at once.
const PAGE: u32 = 1_000;

/// Who remembers the seal, in a finding.
pub(crate) const SEALED: &str = "seal";
/// Who remembers the head that came with the request, in a finding.
pub(crate) const GIVEN: &str = "you";

/// Seals and tells until `shutdown`, and once more then.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut keeper = Keeper::default();
    loop {
        let last = shutdown.is_cancelled();
        if let Err(error) = keeper.keep(&app, last).await {
            tracing::warn!(?error, "the audit's head could not be sealed");
        }
        if last {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(SEAL) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

/// What was sealed, told and logged last.
#[derive(Default)]
struct Keeper {
    /// The kept head that was last found to be another than ours.
    doubted: Option<i64>,
    sealed: Option<i64>,
    told: Option<(i64, Instant)>,
    logged: Option<(i64, Instant)>,
}

impl Keeper {
    async fn keep(&mut self, app: &App, last: bool) -> Answer<()> {
        let count = app.store.audit_head().await?.count;
        if self.sealed != Some(count) {
            match app.seal_audit().await? {
                Ok(seal) => self.sealed = Some(seal.head.count),
                Err(unsealable) => {
                    tracing::error!(%unsealable, "THE AUDIT WAS TAMPERED WITH: have it checked");
                    return Ok(());
                }
            }
        }
        let Some((seal, true)) = app.store.audit_seal(&app.vault).await? else { return Ok(()) };
        let due = |done: Option<(i64, Instant)>, every| {
            done.is_none_or(|(count, at)| count != seal.head.count && (last || at.elapsed() >= every))
        };
        if due(self.told, TELL) {
            // Before it is told a head that may count more rows.
            self.doubt(app).await?;
            match app.tell_witness(&seal).await {
                Ok(true) => self.told = Some((seal.head.count, Instant::now())),
                Ok(false) => tracing::debug!("the shell host does not keep the audit's head now"),
                Err(error) => return Err(error),
            }
        }
        if due(self.logged, LOG) {
            self.logged = Some((seal.head.count, Instant::now()));
            let tag = seal.tag(&app.vault);
            tracing::info!(audit.rows = seal.head.count, audit.hash = %seal.head.hash, audit.tag = tag, "the audit's head");
        }
        Ok(())
    }
}

impl Keeper {
    /// Whether the host beside us remembers another audit than ours: then this database is an older copy of itself, or was
    /// written anew. Nobody else would notice before the owner has it checked.
    async fn doubt(&mut self, app: &App) -> Answer<()> {
        let call = ShellCall::Witness { after: None, limit: 1 };
        let Ok(ShellAnswer::Witness { heads, .. }) = app.bus.call(&app.host, &call, QUICK).await else {
            return Ok(());
        };
        for kept in heads.into_iter().rev() {
            let Some(finding) = app.differs(kept.head, &app.host).await? else { continue };
            if self.doubted.replace(kept.head.count) == Some(kept.head.count) {
                return Ok(());
            }
            let mut tx = app.store.begin().await?;
            let about = About { subject: Some(app.host.clone()), ..About::default() };
            let data = serde_json::to_value(&finding).map_err(crate::ApiError::internal)?;
            tx.audit(AuditKind::AuditDoubted, app.now(), &Actor::Schedule, about, data);
            app.commit(tx).await?;
            tracing::error!(
                ?finding,
                "THE AUDIT IS NOT THE ONE THAT THE SHELL HOST REMEMBERS: the database is an older copy, or was tampered with"
            );
            return Ok(());
        }
        Ok(())
    }
}

/// Whether the last seal holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealState {
    Holds,
    Broken,
    Missing,
}

/// What a shell host said.
#[derive(Debug)]
pub(crate) struct Testimony {
    pub(crate) host: String,
    /// Commands that it started; absent where it did not answer.
    pub(crate) commands: Option<usize>,
    pub(crate) doubts: Vec<Doubt>,
}

/// What a check found.
#[derive(Debug)]
pub(crate) struct Verification {
    pub(crate) head: Head,
    pub(crate) findings: Vec<Finding>,
    pub(crate) count: u64,
    pub(crate) seal: SealState,
    pub(crate) sealed: Option<Seal>,
    pub(crate) witnesses: Vec<Testimony>,
}

impl Verification {
    /// Whether nothing is wrong, as far as could be seen.
    pub(crate) fn is_clean(&self) -> bool {
        self.count == 0
            && self.seal == SealState::Holds
            && self.witnesses.iter().all(|witness| witness.doubts.is_empty())
    }
}

impl App {
    async fn seal_audit(&self) -> Answer<Result<Seal, Unsealable>> {
        let mut tx = self.store.begin().await?;
        let sealed = tx.seal_audit(&self.vault, self.now()).await?;
        self.commit(tx).await?;
        Ok(sealed)
    }

    /// Tells the shell host the head; whether it keeps it.
    async fn tell_witness(&self, seal: &Seal) -> Answer<bool> {
        let kept = KeptHead { head: seal.head, at: seal.at };
        let text = serde_json::to_vec(&kept).map_err(crate::ApiError::internal)?;
        let count = u64::try_from(seal.head.count).unwrap_or(0);
        let link = self.link_of(&self.host)?;
        let sealed = link.seal(HEAD, &self.host, count, &text).map_err(crate::ApiError::internal)?;
        let answer = self.bus.call(&self.host, &ShellCall::KeepHead { count, sealed }, QUICK).await;
        Ok(matches!(answer, Ok(ShellAnswer::Kept)))
    }

    /// Checks the whole audit: against its seal, against the head that was `given`, and against what shell hosts say.
    pub(crate) async fn verify_audit(&self, given: Option<Head>) -> Answer<Verification> {
        let sealed = self.store.audit_seal(&self.vault).await?;
        let (seal, sealed) = match sealed {
            Some((seal, true)) => (SealState::Holds, Some(seal)),
            Some((_, false)) => (SealState::Broken, None),
            None => (SealState::Missing, None),
        };
        let known = |from: &str, head| Known { from: from.to_owned(), head };
        let heads = sealed.map(|seal| known(SEALED, seal.head)).into_iter();
        let heads = heads.chain(given.map(|head| known(GIVEN, head))).collect();
        // The audit first: what it says by then, a journal says as well.
        let mut checked = self.store.verify_audit(heads, self.now()).await?;
        checked.commands.entry(self.host.clone()).or_default();
        let mut found = Verification {
            head: checked.findings.head,
            findings: checked.findings.findings,
            count: checked.findings.count,
            seal,
            sealed,
            witnesses: Vec::new(),
        };
        for (host, audited) in &checked.commands {
            let testimony = self.hear_witness(host, audited, &mut found).await?;
            found.witnesses.push(testimony);
        }
        Ok(found)
    }

    async fn hear_witness(
        &self,
        host: &str,
        audited: &BTreeMap<ExecId, Audited>,
        found: &mut Verification,
    ) -> Answer<Testimony> {
        let host = host.to_owned();
        let Some((journal, heads)) = self.ask_witness(&host).await else {
            return Ok(Testimony { host, commands: None, doubts: Vec::new() });
        };
        for kept in heads {
            if let Some(finding) = self.differs(kept.head, &host).await? {
                found.count += 1;
                found.findings.push(finding);
            }
        }
        let doubts = compare(&journal, audited, self.now());
        let ran = journal.iter().filter(|begun| !matches!(begun.end, Some((Told::Failed, _)))).count();
        Ok(Testimony { host, commands: Some(ran), doubts })
    }

    async fn ask_witness(&self, host: &str) -> Option<(Vec<Begun>, Vec<KeptHead>)> {
        let (mut journal, mut heads, mut after) = (Vec::new(), Vec::new(), None);
        loop {
            let call = ShellCall::Witness { after, limit: PAGE };
            let ShellAnswer::Witness { begun, more, heads: kept } =
                self.bus.call(host, &call, QUICK).await.ok()?
            else {
                return None;
            };
            after = begun.last().map(|begun| begun.exec);
            journal.extend(begun);
            heads.extend(kept);
            if !more || after.is_none() {
                return Some((journal, heads));
            }
        }
    }

    /// How the audit differs from a head that a host keeps.
    async fn differs(&self, kept: Head, by: &str) -> Answer<Option<Finding>> {
        if kept.count == 0 {
            return Ok(None);
        }
        let by = by.to_owned();
        let left = self.store.audit_head().await?.count;
        Ok(match self.store.audit_hash(kept.count).await? {
            Some(hash) if hash == kept.hash.to_string() => None,
            Some(_) => Some(Finding::Rewritten { seq: kept.count, by }),
            None => Some(Finding::Truncated { count: kept.count, left, by }),
        })
    }
}
