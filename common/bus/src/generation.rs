//! Whether Redis was emptied: a value that only a reconcile pass writes.

use redis::Pipeline;

use crate::{Bus, Error, key};

const FIELD: &str = "generation";

impl Bus {
    /// The generation that the last complete reconcile left. Missing or another than expected: Redis was emptied.
    pub async fn generation(&self) -> Result<Option<String>, Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("HGET").arg(key::META.pattern).arg(FIELD);
        let (generation,): (Option<String>,) = self.run(&pipe).await?;
        Ok(generation)
    }

    /// Records that everything owed is in the queues. Call it after the pass, never before.
    pub async fn set_generation(&self, generation: &str) -> Result<(), Error> {
        let mut pipe: Pipeline = redis::pipe();
        pipe.cmd("HSET").arg(key::META.pattern).arg(FIELD).arg(generation).ignore();
        self.run(&pipe).await
    }
}
