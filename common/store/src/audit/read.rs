//! Rows of the audit as the owner looks at them: the newest first, searched, in pages that never cost much.

use metatron_domain::audit::Row;

use crate::Store;
use crate::error::{Error, to_json};

/// Rows that one search looks at, at most: what is rare is found by going on, and no page takes long.
const LOOKED_AT: i64 = 50_000;

/// Which rows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of these kinds, or of all kinds of a room: `exec` or `exec.started`. All when empty.
    pub kinds: Vec<String>,
    /// Only by this kind of actor: `owner`, `ai`, `schedule` or `token`.
    pub actor: Option<String>,
    /// Only those that hold this text: in their kind, ids or data, or in the command they are about. Case does not matter.
    pub text: Option<String>,
    /// Only those at or after this instant, in milliseconds.
    pub since: Option<i64>,
    /// Only those before this instant, in milliseconds.
    pub until: Option<i64>,
}

/// A row, with the command that it is about as its own row has it.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The row.
    pub row: Row,
    /// The command's text; not a part of the audit.
    pub command: Option<String>,
}

/// A page of rows.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows, the newest first.
    pub rows: Vec<Shown>,
    /// Rows before this one were not looked at; absent when there are none.
    pub before: Option<i64>,
}

struct Found {
    seq: i64,
    at: i64,
    kind: String,
    actor: String,
    chat_id: Option<String>,
    run_id: Option<String>,
    subject: Option<String>,
    data: String,
    hash: String,
    command: Option<String>,
}

impl From<Found> for Shown {
    fn from(found: Found) -> Self {
        let Found { seq, at, kind, actor, chat_id: chat, run_id: run, subject, data, hash, command } = found;
        Self { row: Row { seq, at, kind, actor, chat, run, subject, data, hash }, command }
    }
}

impl Store {
    /// At most `limit` rows before the row `before`.
    pub async fn audit_page(&self, filter: &Filter, limit: u32, before: Option<i64>) -> Result<Page, Error> {
        let end = match before {
            Some(before) => before.max(1),
            None => super::newest(self.reader()).await?.count + 1,
        };
        let begin = end.saturating_sub(LOOKED_AT).max(1);
        let kinds = to_json("audit filter", &filter.kinds)?;
        let text = filter.text.as_ref().map(|text| text.to_lowercase());
        let found = sqlx::query_as!(
            Found,
            r#"select a.seq as "seq!: i64", a.at, a.kind, a.actor, a.chat_id, a.run_id, a.subject, a.data, a.hash,
                 e.command as "command?"
               from audit a
               left join exec e on e.id = case when a.kind not like 'approval.%' then a.subject when json_valid(a.data) then a.data ->> 'exec_id' end
               where a.seq >= ?1 and a.seq < ?2
                 and (?3 = '[]' or exists (select 1 from json_each(?3) k
                        where a.kind = k.value or a.kind like k.value || '.%'))
                 and (?4 is null or case when json_valid(a.actor) then a.actor ->> 'kind' end = ?4)
                 and (?5 is null or instr(lower(a.kind || ' ' || coalesce(a.subject, '') || ' ' || coalesce(a.run_id, '')
                        || ' ' || coalesce(a.chat_id, '') || ' ' || a.data || ' ' || coalesce(e.command, '')), ?5) > 0)
                 and (?6 is null or a.at >= ?6) and (?7 is null or a.at < ?7)
               order by a.seq desc limit ?8"#,
            begin,
            end,
            kinds,
            filter.actor,
            text,
            filter.since,
            filter.until,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        let rows: Vec<Shown> = found.into_iter().map(Shown::from).collect();
        let full = rows.len() == limit as usize;
        let reached = if full { rows.last().map_or(begin, |last| last.row.seq) } else { begin };
        Ok(Page { rows, before: (reached > 1).then_some(reached) })
    }

    /// At most `limit` rows behind the row `after`, in their order.
    pub async fn audit_after(&self, after: i64, limit: u32) -> Result<Vec<Row>, Error> {
        let found = sqlx::query_as!(
            Found,
            r#"select seq as "seq!: i64", at, kind, actor, chat_id, run_id, subject, data, hash, null as "command?: String"
               from audit where seq > ? order by seq limit ?"#,
            after,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        Ok(found.into_iter().map(|found| Shown::from(found).row).collect())
    }
}
