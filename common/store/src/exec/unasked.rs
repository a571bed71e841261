//! What ran without a question: under a rule, or in the mode `full`.

use metatron_domain::id::ExecId;

use crate::Store;
use crate::error::{Error, parse};
use crate::exec::Exec;

impl Store {
    /// At most `limit` commands that the owner had allowed beforehand, the newest first, from behind the one that was seen
    /// last.
    pub async fn unasked(&self, limit: u32, after: Option<ExecId>) -> Result<Vec<Exec>, Error> {
        let after = after.map(|id| id.to_string());
        let rows = sqlx::query_scalar!(
            r#"select id as "id!: String" from exec where under is not null and (?1 is null or id < ?1)
               order by id desc limit ?2"#,
            after,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        let mut execs = Vec::with_capacity(rows.len());
        for id in rows {
            execs.push(self.exec(parse("exec id", &id)?).await?);
        }
        Ok(execs)
    }
}
