//! The last judge before a start (SECURITY decision 2, B5, P4): *allow* runs, *ask* runs with the owner's sealed
//! grant for exactly what is measured now or under what stands in the owner's sealed book, *deny* never runs. Decides; starts nothing and remembers no decision.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use metatron_bus::seal::LinkKey;
use metatron_domain::approval::{Grant, Measure};
use metatron_domain::clock::{Clock, Instant};
use metatron_domain::command::{CommandSpec, SpecOrigin};
use metatron_domain::elevated::{Elevated, Power, raised};
use metatron_domain::id::{ApprovalId, ChatId, ExecId, JournalId, RuleId};
use metatron_domain::mode::Mode;
use metatron_domain::policy::{Effects, Judgement, Setting, Verdict, judge};
use metatron_domain::rule::book::Void;
use metatron_domain::rule::warrant::{WARRANT, Warrant, WarrantKey};
use metatron_domain::rule::{Asked, Under};
use metatron_domain::taint::brings;

use crate::account::{Account, Chain, SHELL};
use crate::book::{BookError, Shelf};
use crate::measure::{Digests, Folder, Surroundings, Unmeasured, difference, measure};
use crate::package;

mod refusal;

pub use refusal::Refusal;

fn asked<'a>(
    spec: &'a CommandSpec,
    origin: &SpecOrigin,
    measure: &'a Measure,
    judgement: &'a Judgement,
) -> Asked<'a> {
    Asked { command: &spec.command, chat: Some(origin.chat), measure, judgement, tainted: origin.tainted }
}

/// Opens a sealed grant for the exec id it was sealed for; `None` when the seal does not hold.
pub type Opener = Arc<dyn Fn(ExecId, &str) -> Option<Grant> + Send + Sync>;

/// How commands run as root on this host.
#[derive(Debug, Clone)]
pub struct Root {
    /// Root.
    pub account: Account,
    /// How a command gets there.
    pub chain: Chain,
    /// Words that apt gets on this host before all others.
    pub apt: Vec<String>,
}

/// What the judge is told about this host.
#[derive(Debug, Clone)]
pub struct Premises {
    /// The AI's folder, without links.
    pub workspace: PathBuf,
    /// Folders no command may touch.
    pub protected: Vec<String>,
    /// Who runs commands, and where.
    pub around: Surroundings,
    /// How commands run as root; absent where this process is not root itself.
    pub root: Option<Root>,
}

/// A command that may start, once.
#[derive(Debug)]
pub struct Admitted {
    /// Its working folder, held since it was measured.
    pub folder: Folder,
    /// The digest of what was measured.
    pub digest: String,
    /// What it would do, as far as its words tell.
    pub effects: Effects,
    /// Whether the policy found that it only reads.
    pub reads_only: bool,
    /// The owner's answer that it uses up.
    pub approval: Option<ApprovalId>,
    /// The rule it starts under, and how often that may be used in all.
    pub rule: Option<(RuleId, Option<u32>)>,
    /// The conversation that untrusted content has entered, or enters with what it says.
    pub taints: Option<ChatId>,
}

/// The guard. One per process, shared by all requests.
pub struct Guard {
    premises: Premises,
    clock: Arc<dyn Clock>,
    open: Opener,
    digests: Digests,
    /// What the owner allowed beforehand; absent where nobody keeps it.
    shelf: Option<Arc<Shelf>>,
    /// The name of this host's journal.
    journal: Option<JournalId>,
    /// What was prepared lately, only to be able to say what changed. Never decides anything.
    prepared: Mutex<VecDeque<(ExecId, Measure)>>,
}

/// Prepared measurements remembered for the sake of a better sentence.
const REMEMBERED: usize = 64;

impl Guard {
    /// A guard with the machine's `premises`; `open` opens grants.
    pub fn new(premises: Premises, clock: Arc<dyn Clock>, open: Opener) -> Self {
        let (digests, prepared) = (Digests::default(), Mutex::default());
        Self { premises, clock, open, digests, shelf: None, journal: None, prepared }
    }

    /// The guard, which trusts no answer that was given while another journal was kept.
    #[must_use]
    pub fn beside(mut self, journal: Option<JournalId>) -> Self {
        self.journal = journal;
        self
    }

    /// The guard, with the owner's book at hand.
    #[must_use]
    pub fn with_shelf(mut self, place: Arc<Shelf>) -> Self {
        self.shelf = Some(place);
        self
    }

    /// Takes a book that api sealed. Blocks while it is kept.
    pub fn take_book(&self, version: u64, sealed: &str) -> Result<u64, BookError> {
        self.shelf.as_ref().ok_or(BookError::Forged)?.take(version, sealed)
    }

    /// What the judge is told about this host.
    pub fn premises(&self) -> &Premises {
        &self.premises
    }

    /// Measures and judges, for the card; and says what it could run under without one.
    pub fn prepare(&self, spec: &CommandSpec) -> Result<(Measure, Judgement, Option<Under>), Refusal> {
        let (measure, judgement, _) = self.look(spec)?;
        let now = self.clock.now();
        let under = spec.origin.as_ref().filter(|_| spec.power.is_agent()).and_then(|origin| {
            let book = self.shelf.as_ref()?.current(now)?;
            book.under(&asked(spec, origin, &measure, &judgement), &origin.actor, now)
        });
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        prepared.retain(|(exec, _)| *exec != spec.exec);
        if prepared.len() >= REMEMBERED {
            prepared.pop_front();
        }
        prepared.push_back((spec.exec, measure.clone()));
        Ok((measure, judgement, under))
    }

    /// Judges and measures anew, and says whether the command may start now.
    pub fn admit(
        &self,
        spec: &CommandSpec,
        digest: &str,
        grant: Option<&str>,
        under: Option<Under>,
    ) -> Result<Admitted, Refusal> {
        let (measure, judgement, folder) = self.look(spec)?;
        let now = measure.digest(spec.exec);
        let (approval, rule) = match (judgement.verdict, grant, under) {
            (Verdict::Deny, ..) => return Err(Refusal::Denied(judgement.reasons.join("; "))),
            (Verdict::Allow, ..) if !spec.power.is_root() => (None, None),
            (Verdict::Ask, warrant, Some(under)) if spec.power.is_agent() => {
                (None, self.allowed_under(spec, (digest, warrant), under, &measure, &judgement)?)
            }
            // What runs as root runs with the owner's own answer, or not at all.
            (Verdict::Ask | Verdict::Allow, grant, _) => {
                let approval = self.granted(spec, digest, grant)?;
                if self.mode(spec) == Mode::Plan {
                    return Err(Refusal::Planning);
                }
                (Some(approval), None)
            }
        };
        if now != digest {
            return Err(Refusal::Changed(self.what_changed(spec.exec, &measure)));
        }
        let taints = spec.origin.as_ref().filter(|it| it.tainted || brings(&judgement)).map(|it| it.chat);
        let (reads_only, effects) = (judgement.verdict == Verdict::Allow, judgement.effects);
        Ok(Admitted { folder, digest: now, effects, reads_only, approval, rule, taints })
    }

    /// The mode that counts for a command, by this host's own book.
    fn mode(&self, spec: &CommandSpec) -> Mode {
        let now = self.clock.now();
        let book = self.shelf.as_ref().and_then(|shelf| shelf.current(now));
        match (book, &spec.origin) {
            (Some(book), Some(origin)) => book.mode(Some(origin.chat), &origin.actor, now),
            _ => Mode::default(),
        }
    }

    /// The rule that allows a command, by this host's own book; none in the mode `full`.
    fn allowed_under(
        &self,
        spec: &CommandSpec,
        (digest, warrant): (&str, Option<&str>),
        under: Under,
        measure: &Measure,
        judgement: &Judgement,
    ) -> Result<Option<(RuleId, Option<u32>)>, Refusal> {
        let now = self.clock.now();
        let origin = spec.origin.as_ref().ok_or(Refusal::Void("the request does not say for whom"))?;
        let book = self.shelf.as_ref().and_then(|shelf| shelf.current(now));
        let book = book.ok_or(Refusal::Void("this host has no valid book of rules"))?;
        let asked = asked(spec, origin, measure, judgement);
        let rule = book.confirm(under, &asked, &origin.actor, now).map_err(|Void| {
            Refusal::Void("the rule or the mode was changed, ended or revoked, or is about something else")
        })?;
        self.warranted(spec, (digest, warrant), under, &book.key)?;
        Ok(rule.map(|rule| (rule.id, rule.times)))
    }

    /// Whether the request comes from somebody who may ask under a rule or a mode: whoever holds Redis alone may not.
    fn warranted(
        &self,
        spec: &CommandSpec,
        (digest, warrant): (&str, Option<&str>),
        under: Under,
        key: &WarrantKey,
    ) -> Result<(), Refusal> {
        let sealed = warrant.ok_or(Refusal::GrantMissing)?;
        let key = LinkKey::parse(key.text()).ok_or(Refusal::Void("this host's book has no key for it"))?;
        let opened = key.open(WARRANT, &spec.exec.to_string(), 0, sealed);
        let warrant: Warrant = opened
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .ok_or(Refusal::GrantInvalid("its seal does not open"))?;
        // A mark may have come since, and never gone.
        let is_its = |asked: &SpecOrigin| {
            let its = &warrant.origin;
            (its.chat, &its.actor) == (asked.chat, &asked.actor) && its.tainted <= asked.tainted
        };
        if (warrant.exec, warrant.run, warrant.under) != (spec.exec, spec.run, under)
            || !spec.origin.as_ref().is_some_and(is_its)
            || warrant.digest != digest
        {
            return Err(Refusal::GrantInvalid("it was given to something else"));
        }
        self.in_time(warrant.expires_at)
    }

    fn in_time(&self, expires_at: Instant) -> Result<(), Refusal> {
        if self.clock.now() >= expires_at {
            return Err(Refusal::GrantExpired(expires_at));
        }
        Ok(())
    }

    fn granted(&self, spec: &CommandSpec, digest: &str, grant: Option<&str>) -> Result<ApprovalId, Refusal> {
        let sealed = grant.ok_or(Refusal::GrantMissing)?;
        let grant = (self.open)(spec.exec, sealed).ok_or(Refusal::GrantInvalid("its seal does not open"))?;
        if grant.exec != spec.exec {
            return Err(Refusal::GrantInvalid("it names another command"));
        }
        if grant.run != spec.run {
            return Err(Refusal::GrantInvalid("it names another run"));
        }
        if grant.digest != digest {
            return Err(Refusal::GrantInvalid("the owner saw something else"));
        }
        self.in_time(grant.expires_at)?;
        Ok(grant.approval)
    }

    /// What of root this host needs for a command, if the owner switched it on.
    fn root(&self, power: &Power) -> Result<Option<&Root>, Refusal> {
        if !power.is_root() {
            return Ok(None);
        }
        let root = self.premises.root.as_ref().ok_or(Refusal::NoRoot)?;
        let book = self.shelf.as_ref().and_then(|shelf| shelf.current(self.clock.now()));
        if book.map_or(Elevated::Off, |book| book.elevated) < power.needs() {
            let what = if *power == Power::Root { "commands" } else { "package installs" };
            return Err(Refusal::ElevatedOff(what));
        }
        Ok(Some(root))
    }

    fn judged(&self, spec: &CommandSpec, cwd: &str, root: Option<&Root>) -> Judgement {
        let Premises { workspace, protected, around, .. } = &self.premises;
        let judged = |account: &Account| {
            let setting = Setting {
                cwd,
                home: &account.home.to_string_lossy(),
                user: &account.name,
                workspace: &workspace.to_string_lossy(),
                protected,
            };
            judge(spec.command.as_bytes(), &setting)
        };
        let own = judged(&around.account);
        if let Power::Git { task } = &spec.power {
            return task.lowered(own, Some(cwd).filter(|cwd| Path::new(cwd).starts_with(workspace)));
        }
        let Some(root) = root else { return own };
        // The AI's own home stays what it is: who denies it, as either user, is heard.
        let judgement = if own.verdict == Verdict::Deny { own } else { judged(&root.account) };
        raised(judgement, &spec.power)
    }

    fn look(&self, spec: &CommandSpec) -> Result<(Measure, Judgement, Folder), Refusal> {
        if !Path::new(SHELL).exists() {
            return Err(Refusal::NoProgram);
        }
        let root = self.root(&spec.power)?;
        let packages = match (&spec.power, root) {
            (Power::Packages { task }, Some(root)) => {
                if task.check().is_ok() && task.command() != spec.command {
                    return Err(Refusal::Packages("the request contradicts itself".to_owned()));
                }
                package::plan(task, &root.apt).map_err(Refusal::Packages)?
            }
            (Power::Git { task }, _) => {
                task.check().map_err(Refusal::Git)?;
                if task.command() != spec.command {
                    return Err(Refusal::Git("the request contradicts itself".to_owned()));
                }
                None
            }
            _ => None,
        };
        let Premises { workspace, around, .. } = &self.premises;
        let missing = |cause: std::io::Error| Refusal::CwdMissing {
            path: spec.cwd.clone().unwrap_or_else(|| workspace.to_string_lossy().into_owned()),
            cause: cause.to_string(),
        };
        let runs_as = root.map_or(&around.account, |root| &root.account);
        let folder = Folder::open(workspace, spec.cwd.as_deref(), Some(runs_as)).map_err(missing)?;
        let judgement = self.judged(spec, &folder.path.to_string_lossy(), root);
        let measured = measure(spec, &judgement, &folder, (around, runs_as), &self.digests);
        let measure = measured.map_err(|error| match error {
            Unmeasured::Folder(cause) => missing(cause),
            Unmeasured::TooMany => Refusal::TooManyFiles,
        })?;
        Ok((Measure { packages, journal: self.journal, ..measure }, judgement, folder))
    }

    fn what_changed(&self, exec: ExecId, now: &Measure) -> String {
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let before = prepared.iter().find(|(known, _)| *known == exec);
        let changed = before.map(|(_, before)| difference(before, now)).filter(|text| !text.is_empty());
        changed.unwrap_or_else(|| "which part is not known any more".to_owned())
    }
}
