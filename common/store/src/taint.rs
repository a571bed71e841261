//! The mark of runs that untrusted content has entered: added in the commit that lets it in, and never taken away.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, RunId};
use metatron_domain::taint::{Source, Taint};
use serde_json::json;

use crate::error::{Error, json as read_json, parse, to_json};
use crate::{About, Tx};

/// A mark as its row has it.
pub(crate) fn taint(at: Option<i64>, source: Option<&str>) -> Result<Option<Taint>, Error> {
    let Some((at, source)) = at.zip(source) else { return Ok(None) };
    Ok(Some(Taint { at: Instant::from_millis(at), source: read_json("mark", source)? }))
}

impl Tx {
    /// Untrusted content enters a run. What is marked already keeps its first mark.
    pub async fn taint_run(&mut self, run: RunId, source: &Source, now: Instant) -> Result<(), Error> {
        let (id, now_ms, text) = (run.to_string(), now.as_millis(), to_json("mark", source)?);
        let done = sqlx::query!(
            "update run set tainted_at = ?, taint = ? where id = ? and tainted_at is null",
            now_ms,
            text,
            id,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        let chat = self.run(run).await?.chat;
        let about = About { chat: Some(chat), run: Some(run), subject: Some(id) };
        self.record(EventKind::RunTainted, now, &Actor::Schedule, about, json!(source)).await?;
        Ok(())
    }

    /// A run begins in a conversation: it is shown what the earlier ones were told, and has their mark.
    pub(crate) async fn inherit_taint(
        &mut self,
        chat: ChatId,
        run: RunId,
        now: Instant,
    ) -> Result<(), Error> {
        let id = chat.to_string();
        let earlier = sqlx::query_scalar!(
            r#"select id as "id!: String" from run where chat_id = ? and tainted_at is not null
               order by tainted_at limit 1"#,
            id,
        )
        .fetch_optional(self.db())
        .await?;
        match earlier {
            Some(earlier) => {
                self.taint_run(run, &Source::Earlier { run: parse("run id", &earlier)? }, now).await
            }
            None => Ok(()),
        }
    }
}
