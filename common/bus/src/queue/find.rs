//! What a queue holds, asked by who compares it with `SQLite`. Takes nothing out.

use std::collections::HashMap;

use metatron_domain::command::{Priority, Queue};
use metatron_domain::id::JobId;
use redis::streams::StreamRangeReply;

use super::EntryId;
use super::entry::{Entry, Read};
use crate::{Bus, Error, key};

/// Entries of one round trip.
const PAGE: usize = 1_000;

impl Bus {
    /// Which entry of a stream carries which job, waiting or being worked on; the newest one where there are two.
    pub async fn entries(&self, queue: &Queue, priority: Priority) -> Result<HashMap<JobId, EntryId>, Error> {
        let stream = key::stream(queue, priority);
        let (mut entries, mut from) = (HashMap::new(), "-".to_owned());
        loop {
            let mut pipe = redis::pipe();
            pipe.cmd("XRANGE").arg(&stream).arg(&from).arg("+").arg("COUNT").arg(PAGE);
            let (found,): (StreamRangeReply,) = self.run(&pipe).await?;
            let Some(last) = found.ids.last() else { return Ok(entries) };
            from = format!("({}", last.id);
            for id in found.ids {
                if let Read::Job(entry) = Entry::read(&id) {
                    entries.insert(entry.job.id, EntryId(id.id));
                }
            }
        }
    }
}
