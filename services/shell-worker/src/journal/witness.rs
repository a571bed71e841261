//! The journal as a witness: what it says of commands, and the audit's head that it keeps for whoever checks the audit.

use metatron_domain::audit::{Begun, KeptHead, Told};
use metatron_domain::id::ExecId;

use super::{Journal, JournalError, Record, State};

impl Journal {
    /// Records a head of the audit behind those that are known. One that counts no more rows says nothing new, and never
    /// replaces what was said before.
    pub fn keep_head(&self, kept: KeptHead) -> Result<(), JournalError> {
        let mut inner = self.lock();
        if inner.heads.last().is_some_and(|known| known.head.count >= kept.head.count) {
            return Ok(());
        }
        inner.write(Record::Head(kept))
    }

    /// The newest heads that were recorded, at most so many, the oldest first.
    pub fn heads(&self, most: usize) -> Vec<KeptHead> {
        let inner = self.lock();
        inner.heads[inner.heads.len().saturating_sub(most)..].to_vec()
    }

    /// What is known of at most `limit` commands behind `after`, in the order of their ids, and whether there are more.
    pub fn begun(&self, after: Option<ExecId>, limit: u32) -> std::io::Result<(Vec<Begun>, bool)> {
        let inner = self.lock();
        let mut known: Vec<_> = inner.states.iter().filter(|(exec, _)| Some(**exec) > after).collect();
        known.sort_unstable_by_key(|(exec, _)| **exec);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = known.len() > limit;
        let begun = known.into_iter().take(limit).map(|(exec, state)| match state {
            State::Started(started, _) => Ok(Begun { exec: *exec, at: started.at, end: None }),
            State::Answered { place, .. } => match inner.tape.read(place).map_err(std::io::Error::other)? {
                Record::Ended { exec, outcome } => {
                    let end = Some((Told::Ended, outcome.ended_at));
                    Ok(Begun { exec, at: outcome.started_at, end })
                }
                Record::Lost { exec, outcome } => {
                    let end = Some((Told::Lost, outcome.ended_at));
                    Ok(Begun { exec, at: outcome.started_at, end })
                }
                Record::Failed { exec, at, .. } => Ok(Begun { exec, at, end: Some((Told::Failed, at)) }),
                _ => Err(std::io::Error::other("the journal's index names a record without an answer")),
            },
        });
        Ok((begun.collect::<std::io::Result<_>>()?, more))
    }
}
