//! Whether Redis was emptied: a value that only a reconcile pass writes. Beside it stands who writes there.

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

    /// Tells people who look at Redis what writes there: the `version` of the program, the `schema` of its database, since
    /// when, and where its API is described.
    pub async fn introduce(
        &self,
        version: &str,
        schema: i64,
        started_at: &str,
        docs: &str,
    ) -> Result<(), Error> {
        let mut pipe: Pipeline = redis::pipe();
        pipe.cmd("HSET").arg(key::META.pattern).arg("version").arg(version).arg("schema").arg(schema);
        pipe.arg("started_at").arg(started_at).arg("docs").arg(docs).ignore();
        self.run(&pipe).await
    }
}
