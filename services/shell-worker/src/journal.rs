//! The journal: which command was started, which terminal was opened, and how it ended. The truth about starts of this
//! host (SECURITY R2, P4).
//!
//! Owns the folder `shell/`. A record is on the disk before [`Journal::begin`] or [`Journal::open_terminal`] returns, and
//! the same id begins once. It never starts or ends anything itself, and keeps no output in memory.

mod file;
mod mark;
mod record;
mod terminal;
mod undo;
mod witness;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metatron_domain::audit::KeptHead;
use metatron_domain::clock::Instant;
use metatron_domain::command::{Outcome, ShellReport};
use metatron_domain::id::{ApprovalId, ChatId, ExecId, JournalId, RuleId};

use file::{Place, Tape};
use mark::Mark;
pub use record::{Leader, Opened, Record, Spawned, Started, Subject};
use terminal::Terminals;
pub use undo::UndoKnown;
use undo::Undos;

/// How long an ended command is remembered. A grant is void long before that.
pub const KEPT: Duration = Duration::from_hours(7 * 24);

/// The journal can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another shell-worker has it.
    #[error("another shell-worker uses {0}: two of them must never share a journal")]
    InUse(String),
    /// A record in the middle is damaged: what it said may have been a start.
    #[error("{path} is damaged at byte {at}: move it away to forget what was started, or restore it")]
    Damaged {
        /// The file.
        path: String,
        /// Where the damage begins.
        at: u64,
    },
    /// The disk said no.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// What the journal knows of a command that did not begin just now.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    /// Started, and no end is known.
    Started(Box<Started>, Option<Spawned>),
    /// It has a final answer.
    Answered(Box<ShellReport>),
}

/// The answer to [`Journal::begin`].
#[derive(Debug, PartialEq)]
pub enum Begin {
    /// It is on the disk now that this command starts; whoever asked may start it.
    Fresh,
    /// It began before.
    Known(Known),
    /// The owner's yes was for another command, which has used it up.
    GrantUsed,
    /// The owner's rule was used as often as it may be.
    RuleUsed,
}

enum State {
    Started(Box<Started>, Option<Spawned>),
    Answered { at: Instant, place: Place },
}

struct Inner {
    tape: Tape,
    states: HashMap<ExecId, State>,
    approvals: HashMap<ApprovalId, ExecId>,
    /// How many commands began under a rule, those that are forgotten included.
    rules: HashMap<RuleId, u32>,
    /// The journal's name; absent where it was begun before journals had one.
    name: Option<JournalId>,
    /// Conversations that untrusted content has entered.
    tainted: HashSet<ChatId>,
    declined: HashMap<String, (Instant, Place)>,
    terminals: Terminals,
    undos: Undos,
    /// Heads of the audit, the oldest first.
    heads: Vec<KeptHead>,
    /// What vouches for all this; absent until somebody says where.
    mark: Option<Mark>,
}

/// The journal of one shell host. Shared by all sessions; the lock is held over the write, because the order of
/// records is the order of starts.
pub struct Journal(Mutex<Inner>);

impl Journal {
    /// Opens or makes the journal in `folder`. A record cut off at the end is dropped: it was never acknowledged.
    pub fn open(folder: &Path, now: Instant) -> Result<Self, JournalError> {
        let (tape, records) = Tape::open(folder)?;
        let fresh = records.is_empty();
        let mut inner = Inner {
            tape,
            states: HashMap::new(),
            approvals: HashMap::new(),
            rules: HashMap::new(),
            name: None,
            tainted: HashSet::new(),
            declined: HashMap::new(),
            terminals: Terminals::default(),
            undos: Undos::default(),
            heads: Vec::new(),
            mark: None,
        };
        for (record, place) in records {
            inner.learn(record, place);
        }
        if fresh {
            inner.write(Record::Born { journal: JournalId::new(), at: now })?;
        }
        inner.forget(now)?;
        Ok(Self(Mutex::new(inner)))
    }

    /// Its name: what was used before stood in another one. Absent where it began before journals had one.
    pub fn name(&self) -> Option<JournalId> {
        self.lock().name
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a command starts, unless it, or its grant, was used before.
    pub fn begin(&self, started: Started) -> Result<Begin, JournalError> {
        self.begin_within(started, None)
    }

    /// As [`Journal::begin`], unless the command's rule was used `times` times before.
    pub fn begin_within(&self, started: Started, times: Option<u32>) -> Result<Begin, JournalError> {
        let mut inner = self.lock();
        if let Some(known) = inner.known(started.exec)? {
            return Ok(Begin::Known(known));
        }
        if started.approval.is_some_and(|approval| inner.approvals.contains_key(&approval)) {
            return Ok(Begin::GrantUsed);
        }
        let used = started.rule.and_then(|rule| inner.rules.get(&rule)).copied().unwrap_or_default();
        if started.rule.is_some() && times.is_some_and(|times| used >= times) {
            return Ok(Begin::RuleUsed);
        }
        let (exec, at) = (started.exec, started.at);
        inner.write(Record::Started(started))?;
        if let (Some(name), Some(mark)) = (inner.name, &mut inner.mark) {
            mark.note(name, exec, at);
        }
        Ok(Begin::Fresh)
    }

    /// Records which process it became.
    pub fn spawned(&self, spawned: Spawned) -> Result<(), JournalError> {
        self.lock().write(Record::Spawned(spawned))
    }

    /// Records how it ended.
    pub fn ended(&self, exec: ExecId, outcome: Outcome) -> Result<(), JournalError> {
        self.lock().write(Record::Ended { exec, outcome })
    }

    /// Records that nobody will ever know how it ended.
    pub fn lost(&self, exec: ExecId, outcome: Outcome) -> Result<(), JournalError> {
        self.lock().write(Record::Lost { exec, outcome })
    }

    /// Records that a command which had begun could not be forked: it never ran.
    pub fn failed(&self, exec: ExecId, at: Instant, code: &str, detail: &str) -> Result<(), JournalError> {
        self.lock().write(Record::Failed { exec, at, code: code.to_owned(), detail: detail.to_owned() })
    }

    /// Records that a request was declined. The same request is declined again; another one is judged anew.
    pub fn declined(
        &self,
        exec: ExecId,
        request: &str,
        at: Instant,
        code: &str,
        detail: &str,
    ) -> Result<(), JournalError> {
        self.lock().write(Record::Declined {
            exec,
            request: request.to_owned(),
            at,
            code: code.to_owned(),
            detail: detail.to_owned(),
        })
    }

    /// What is known of a command, or of this very request for it.
    pub fn known(&self, exec: ExecId, request: &str) -> Result<Option<Known>, JournalError> {
        let inner = self.lock();
        if let Some(known) = inner.known(exec)? {
            return Ok(Some(known));
        }
        let Some((_, place)) = inner.declined.get(request) else { return Ok(None) };
        inner.report(place).map(|report| Some(Known::Answered(Box::new(report))))
    }

    /// Whether untrusted content has entered a conversation, as far as this host has seen and remembers.
    pub fn is_tainted(&self, chat: ChatId) -> bool {
        self.lock().tainted.contains(&chat)
    }

    /// Commands that were started and have no end: at start of the service, those of a dead predecessor.
    pub fn open_ends(&self) -> Vec<(Started, Option<Spawned>)> {
        let inner = self.lock();
        let open = inner.states.values().filter_map(|state| match state {
            State::Started(started, spawned) => Some(((**started).clone(), spawned.clone())),
            State::Answered { .. } => None,
        });
        open.collect()
    }

    /// Forgets what ended longer ago than [`KEPT`].
    pub fn prune(&self, now: Instant) -> Result<(), JournalError> {
        self.lock().forget(now)
    }
}

impl Inner {
    fn write(&mut self, record: Record) -> Result<(), JournalError> {
        let place = self.tape.append(&record)?;
        self.learn(record, place);
        Ok(())
    }

    fn learn(&mut self, record: Record, place: Place) {
        match record {
            Record::Started(started) => {
                if let Some(approval) = started.approval {
                    self.approvals.insert(approval, started.exec);
                }
                if let Some(rule) = started.rule {
                    *self.rules.entry(rule).or_default() += 1;
                }
                self.tainted.extend(started.taints);
                self.states.insert(started.exec, State::Started(Box::new(started), None));
            }
            Record::Spawned(spawned) => {
                if let Some(State::Started(_, slot)) = self.states.get_mut(&spawned.exec) {
                    *slot = Some(spawned);
                }
            }
            Record::Ended { exec, outcome } | Record::Lost { exec, outcome } => {
                self.states.insert(exec, State::Answered { at: outcome.ended_at, place });
            }
            Record::Failed { exec, at, .. } => {
                self.states.insert(exec, State::Answered { at, place });
            }
            // Says nothing about the command: another request for it may have begun it meanwhile.
            Record::Declined { request, at, .. } => {
                self.declined.insert(request, (at, place));
            }
            Record::Head(kept) => self.heads.push(kept),
            Record::Born { journal, .. } => self.name = Some(journal),
            Record::Uses { rule, count } => *self.rules.entry(rule).or_default() += count,
            Record::Undoing { .. } | Record::Undone { .. } => self.undos.learn(record),
            other => self.terminals.learn(other, place),
        }
    }

    fn known(&self, exec: ExecId) -> Result<Option<Known>, JournalError> {
        Ok(match self.states.get(&exec) {
            None => None,
            Some(State::Started(started, spawned)) => Some(Known::Started(started.clone(), spawned.clone())),
            Some(State::Answered { place, .. }) => Some(Known::Answered(Box::new(self.report(place)?))),
        })
    }

    fn report(&self, place: &Place) -> Result<ShellReport, JournalError> {
        Ok(match self.tape.read(place)? {
            Record::Ended { exec, outcome } => ShellReport::Ended { exec, outcome },
            Record::Lost { exec, outcome } => ShellReport::Unknown { exec, outcome },
            Record::Failed { exec, code, detail, .. } | Record::Declined { exec, code, detail, .. } => {
                ShellReport::Declined { exec, code, detail }
            }
            _ => {
                return Err(
                    std::io::Error::other("the journal's index names a record without an answer").into()
                );
            }
        })
    }

    fn forget(&mut self, now: Instant) -> Result<(), JournalError> {
        let old = |at: &Instant| now.since(*at) > KEPT;
        let any_declined = self.declined.values().any(|(at, _)| old(at));
        let commands = self.states.iter();
        let gone: HashSet<Subject> = commands
            .filter(|(_, state)| matches!(state, State::Answered { at, .. } if old(at)))
            .map(|(exec, _)| Subject::Exec(*exec))
            .chain(self.terminals.over(old).map(Subject::Terminal))
            .chain(self.undos.over(old).map(Subject::Undo))
            .collect();
        if gone.is_empty() && !any_declined {
            return Ok(());
        }
        let newest = self.heads.last().copied();
        let records = self.tape.rewrite(|mut all| {
            // How often a rule may be used does not begin anew because its first uses are long ago.
            let mut uses: HashMap<RuleId, u32> = HashMap::new();
            all.retain(|record| {
                let counted = match record {
                    Record::Uses { rule, count } => Some((*rule, *count)),
                    Record::Started(Started { rule: Some(rule), .. }) if gone.contains(&record.subject()) => {
                        Some((*rule, 1))
                    }
                    _ => None,
                };
                if let Some((rule, count)) = counted {
                    *uses.entry(rule).or_default() += count;
                    return false;
                }
                if let Record::Head(kept) = record {
                    return Some(*kept) == newest || !old(&kept.at);
                }
                let declined_long_ago = matches!(record, Record::Declined { at, .. } if old(at));
                !declined_long_ago && !gone.contains(&record.subject())
            });
            all.extend(uses.into_iter().map(|(rule, count)| Record::Uses { rule, count }));
            all
        })?;
        self.states.clear();
        self.approvals.clear();
        self.rules.clear();
        self.tainted.clear();
        self.declined.clear();
        self.terminals = Terminals::default();
        self.undos = Undos::default();
        self.heads.clear();
        for (record, place) in records {
            self.learn(record, place);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
