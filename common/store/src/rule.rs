//! The owner's rules: their row, their uses, and the book that shell hosts get of them. Every change raises the version of
//! the book, and is made only at the owner's wish.

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ChatId, ExecId, RuleId};
use metatron_domain::rule::book::{Book, ChatMode, TokenMode, VALID};
use metatron_domain::rule::draft::Past;
use metatron_domain::rule::warrant::WarrantKey;
use metatron_domain::rule::{Asked, Rule, Scope, Under};
use serde_json::json;
use sqlx::SqliteExecutor;

use crate::error::{Error, count, json as read_json, parse, to_json};
use crate::exec::Exec;
use crate::{About, Store, Tx};

/// A rule with what became of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The rule.
    pub rule: Rule,
    /// How often it was used.
    pub used: u32,
    /// When it was made.
    pub created_at: Instant,
    /// When it was used last.
    pub last_used_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

struct Row {
    id: String,
    version: i64,
    program: String,
    words: String,
    open: i64,
    folder: String,
    chat_id: Option<String>,
    until: Option<i64>,
    times: Option<i64>,
    used: i64,
    created_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl TryFrom<Row> for Kept {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let scope = match row.chat_id {
            None => Scope::Everywhere,
            Some(chat) => Scope::Chat { chat: parse("chat id", &chat)? },
        };
        let rule = Rule {
            id: parse("rule id", &row.id)?,
            version: count("version", row.version)?,
            program: row.program,
            words: read_json("words", &row.words)?,
            open: row.open != 0,
            folder: row.folder,
            scope,
            until: row.until.map(Instant::from_millis),
            times: row.times.map(|times| count("uses", times)).transpose()?,
        };
        Ok(Self {
            rule,
            used: count("uses", row.used)?,
            created_at: Instant::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Instant::from_millis),
            revoked_at: row.revoked_at.map(Instant::from_millis),
        })
    }
}

async fn read(db: impl SqliteExecutor<'_>, rule: RuleId) -> Result<Kept, Error> {
    let id = rule.to_string();
    sqlx::query_as!(
        Row,
        "select id, version, program, words, open, folder, chat_id, until, times, used, created_at, last_used_at, revoked_at
         from rule where id = ?",
        id,
    )
    .fetch_optional(db)
    .await?
    .ok_or(Error::NotFound("the rule"))?
    .try_into()
}

/// Rules at most.
const MOST: i64 = 1_000;

async fn list(db: impl SqliteExecutor<'_>) -> Result<Vec<Kept>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, version, program, words, open, folder, chat_id, until, times, used, created_at, last_used_at,
           revoked_at
         from rule where revoked_at is null order by created_at desc, id desc limit ?",
        MOST,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Kept::try_from).collect()
}

fn chat_of(rule: &Rule) -> Option<ChatId> {
    match rule.scope {
        Scope::Everywhere => None,
        Scope::Chat { chat } => Some(chat),
    }
}

impl Tx {
    /// What shell hosts know is no longer the newest.
    ///
    /// The version is the time in milliseconds, or one more than before where that is not more: a database that was brought
    /// back from an older copy is not behind any more when the owner changes something in it.
    pub(crate) async fn turn_page(&mut self, now: Instant) -> Result<(), Error> {
        let now_ms = now.as_millis();
        sqlx::query!("update book set version = max(version + 1, ?) where id = 1", now_ms)
            .execute(self.db())
            .await?;
        Ok(())
    }

    async fn tell_rule(&mut self, rule: &Rule, what: &str, by: &Actor, now: Instant) -> Result<(), Error> {
        let about = About { chat: chat_of(rule), subject: Some(rule.id.to_string()), ..About::default() };
        let data = json!({ "change": what, "version": rule.version });
        self.record(EventKind::RuleChanged, now, by, about, data).await?;
        Ok(())
    }

    /// One rule, as this unit of work sees it.
    pub async fn rule(&mut self, rule: RuleId) -> Result<Kept, Error> {
        read(self.db(), rule).await
    }

    /// Keeps a new rule. That it may be one at all is the caller's to see (`domain::rule::draft`).
    pub async fn add_rule(&mut self, rule: &Rule, by: &Actor, now: Instant) -> Result<(), Error> {
        let kept = sqlx::query_scalar!(r#"select count(*) as "n: i64" from rule where revoked_at is null"#)
            .fetch_one(self.db())
            .await?;
        if kept >= MOST {
            // A book holds no more, and a rule that is in none would not count.
            return Err(Error::Conflict(format!("{MOST} rules are kept already; revoke one first")));
        }
        let (id, words, now_ms) = (rule.id.to_string(), to_json("words", &rule.words)?, now.as_millis());
        let (chat, until) = (chat_of(rule).map(|chat| chat.to_string()), rule.until.map(Instant::as_millis));
        sqlx::query!(
            "insert into rule (id, version, program, words, open, folder, chat_id, until, times, created_at)
             values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            rule.version,
            rule.program,
            words,
            rule.open,
            rule.folder,
            chat,
            until,
            rule.times,
            now_ms,
        )
        .execute(self.db())
        .await?;
        self.turn_page(now).await?;
        self.tell_rule(rule, "made", by, now).await
    }

    /// Puts `rule` in the place of the version before it; what was allowed under that one and has not started is refused.
    pub async fn change_rule(&mut self, rule: &Rule, by: &Actor, now: Instant) -> Result<(), Error> {
        let (id, words) = (rule.id.to_string(), to_json("words", &rule.words)?);
        let (chat, until) = (chat_of(rule).map(|chat| chat.to_string()), rule.until.map(Instant::as_millis));
        let before = rule.version.saturating_sub(1);
        let done = sqlx::query!(
            "update rule set version = ?1, program = ?2, words = ?3, open = ?4, folder = ?5, chat_id = ?6, until = ?7,
               times = ?8
             where id = ?9 and version = ?10 and revoked_at is null and (?8 is null or used <= ?8)",
            rule.version,
            rule.program,
            words,
            rule.open,
            rule.folder,
            chat,
            until,
            rule.times,
            id,
            before,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::Conflict(
                "the rule was changed, used more often or revoked meanwhile".to_owned(),
            ));
        }
        self.turn_page(now).await?;
        self.tell_rule(rule, "changed", by, now).await
    }

    /// Revokes a rule: nothing starts under it any more.
    pub async fn revoke_rule(&mut self, rule: RuleId, by: &Actor, now: Instant) -> Result<(), Error> {
        let kept = self.rule(rule).await?;
        let (id, now_ms) = (rule.to_string(), now.as_millis());
        let done =
            sqlx::query!("update rule set revoked_at = ? where id = ? and revoked_at is null", now_ms, id)
                .execute(self.db())
                .await?;
        if done.rows_affected() == 0 {
            return Err(Error::NotFound("the rule"));
        }
        self.turn_page(now).await?;
        self.tell_rule(&kept.rule, "revoked", by, now).await
    }

    /// Uses a rule for a command, once. Returns whether the rule still allows it: it counts in the same statement that
    /// looks, so that of many at once as many go through as uses are left.
    pub(crate) async fn use_rule(
        &mut self,
        rule: RuleId,
        version: u32,
        exec: ExecId,
        now: Instant,
    ) -> Result<bool, Error> {
        let (id, exec, now_ms) = (rule.to_string(), exec.to_string(), now.as_millis());
        let done = sqlx::query!(
            "update rule set used = used + 1, last_used_at = ?1 where id = ?2 and version = ?3 and revoked_at is null
               and (times is null or used < times) and (until is null or until > ?1)
               and not exists (select 1 from rule_use where exec_id = ?4)",
            now_ms,
            id,
            version,
            exec,
        )
        .execute(self.db())
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query!("insert into rule_use (exec_id, rule_id, at) values (?, ?, ?)", exec, id, now_ms)
            .execute(self.db())
            .await?;
        let kept = self.rule(rule).await?;
        self.tell_rule(&kept.rule, "used", &Actor::Schedule, now).await?;
        Ok(true)
    }

    /// Uses whichever rule allows a measured command and has a use left.
    pub(crate) async fn use_another_rule(
        &mut self,
        exec: &Exec,
        chat: ChatId,
        now: Instant,
    ) -> Result<Option<Under>, Error> {
        let (Some(measure), Some(judgement)) = (&exec.measure, &exec.judgement) else { return Ok(None) };
        let asked = Asked { command: &exec.command, chat: Some(chat), measure, judgement, tainted: false };
        for Kept { rule, .. } in list(self.db()).await? {
            if rule.is_current(now)
                && rule.matches(&asked)
                && self.use_rule(rule.id, rule.version, exec.id, now).await?
            {
                return Ok(Some(Under::Rule { rule: rule.id, version: rule.version }));
            }
        }
        Ok(None)
    }

    /// Writes down what the owner allowed a command under beforehand, with the sealed warrant for it.
    pub(crate) async fn note_under(
        &mut self,
        exec: ExecId,
        under: Under,
        warrant: &str,
    ) -> Result<(), Error> {
        let (id, text) = (exec.to_string(), to_json("grant", &under)?);
        sqlx::query!("update exec set under = ?, warrant = ? where id = ?", text, warrant, id)
            .execute(self.db())
            .await?;
        Ok(())
    }
}

impl Store {
    /// One rule.
    pub async fn rule(&self, rule: RuleId) -> Result<Kept, Error> {
        read(self.reader(), rule).await
    }

    /// The rules that were not revoked, the newest first; those whose time or uses are over included.
    pub async fn rules(&self) -> Result<Vec<Kept>, Error> {
        list(self.reader()).await
    }

    /// The commands that used a rule, the newest first.
    pub async fn rule_uses(&self, rule: RuleId, limit: u32) -> Result<Vec<ExecId>, Error> {
        let id = rule.to_string();
        let rows = sqlx::query_scalar!(
            "select exec_id from rule_use where rule_id = ? order by at desc limit ?",
            id,
            limit
        )
        .fetch_all(self.reader())
        .await?;
        rows.iter().map(|id| parse("exec id", id)).collect()
    }

    /// The version of the book; 0 while there never was a rule or a mode.
    pub async fn book_version(&self) -> Result<u64, Error> {
        let version =
            sqlx::query_scalar!("select version from book where id = 1").fetch_one(self.reader()).await?;
        count("version", version)
    }

    /// The book for a shell host, as it is at `now`; the key of its warrants is not in it yet.
    pub async fn book(&self, host: &str, now: Instant) -> Result<Book, Error> {
        // Read first: what the rows show is at least as new, and the next page corrects it.
        let version = self.book_version().await?;
        let in_force = |kept: &Kept| {
            let used_up = kept.rule.times.is_some_and(|times| kept.used >= times);
            // What was allowed by its last use may still be on its way; the host counts as well.
            let just_now = kept.last_used_at.is_some_and(|at| now.since(at) < VALID);
            kept.rule.is_current(now) && (!used_up || just_now)
        };
        let rules = self.rules().await?.into_iter().filter(in_force).map(|kept| kept.rule).collect();
        let now_ms = now.as_millis();
        let chats = sqlx::query!(
            r#"select id as "id!: String", mode as "mode!: String", mode_until from chat
               where mode is not null and deleted_at is null and (mode_until is null or mode_until > ?)"#,
            now_ms,
        )
        .fetch_all(self.reader())
        .await?;
        let chats = chats
            .into_iter()
            .map(|row| {
                Ok(ChatMode {
                    chat: parse("chat id", &row.id)?,
                    mode: parse("mode", &row.mode)?,
                    until: row.mode_until.map(Instant::from_millis),
                })
            })
            .collect::<Result<_, Error>>()?;
        let tokens = sqlx::query!(
            r#"select id as "id!: String", mode as "mode!: String" from token
               where mode is not null and revoked_at is null and expires_at > ?"#,
            now_ms,
        )
        .fetch_all(self.reader())
        .await?;
        let tokens = tokens
            .into_iter()
            .map(|row| Ok(TokenMode { token: parse("token id", &row.id)?, mode: parse("mode", &row.mode)? }))
            .collect::<Result<_, Error>>()?;
        let host = host.to_owned();
        let (expires_at, key) = (now.after(VALID), WarrantKey::default());
        let (elevated, _) = self.elevated().await?;
        Ok(Book { version, host, expires_at, rules, chats, tokens, elevated, key })
    }

    /// The newest commands that the owner was asked about, at most `limit`; only those that were allowed where
    /// `allowed` says so.
    pub async fn past(&self, allowed: bool, limit: u32) -> Result<Vec<(ExecId, Past)>, Error> {
        let rows = sqlx::query!(
            r#"select e.id as "id!: String", e.command, r.chat_id, e.measure as "measure!: String",
                 e.judgement as "judgement!: String"
               from approval a join exec e on e.id = a.exec_id join run r on r.id = e.run_id
               where e.measure is not null and e.judgement is not null and (not ?1 or a.state = 'allowed')
               order by a.id desc limit ?2"#,
            allowed,
            limit,
        )
        .fetch_all(self.reader())
        .await?;
        let past = rows.into_iter().map(|row| {
            let past = Past {
                command: row.command,
                chat: parse("chat id", &row.chat_id)?,
                measure: read_json("measurement", &row.measure)?,
                judgement: read_json("judgement", &row.judgement)?,
            };
            Ok((parse("exec id", &row.id)?, past))
        });
        past.collect()
    }
}
