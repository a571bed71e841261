//! The audit: searched, checked and exported, by the owner alone.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::body::Body as HttpBody;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use metatron_domain::actor::Actor;
use metatron_domain::audit::{AuditKind, Doubt, FORMAT, Finding, Hash, Head, Row};
use metatron_domain::clock::Instant;
use metatron_store::About;
use metatron_store::audit::{Filter, Shown};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Params};
use crate::session::Owner;
use crate::state::OWNER;
use crate::view::{bad_cursor, limit};
use crate::witness::{SealState, Testimony, Verification};

/// Bytes of a text that is searched for, at most.
const LONGEST_TEXT: usize = 200;
/// Rows of an export read together.
const PAGE: u32 = 1_000;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(audit)).routes(routes!(verify)).routes(routes!(export))
}

/// Who did it.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActorFilter {
    Owner,
    Ai,
    Schedule,
    Token,
}

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditPage {
    /// Only these kinds, or all of a room, with commas between: `exec,approval.decided`.
    #[param(max_length = 200, pattern = r"^([a-z]+(\.[a-z]+)?(,[a-z]+(\.[a-z]+)?)*)?$")]
    kind: Option<String>,
    /// Only what this kind of actor did.
    #[param(inline)]
    actor: Option<ActorFilter>,
    /// Only rows that hold this text: in their kind, ids or data, or in the command they are about. Case does not matter.
    #[param(min_length = 1, max_length = 200)]
    q: Option<String>,
    /// Only at or after this instant.
    since: Option<Instant>,
    /// Only before this instant.
    until: Option<Instant>,
    /// Items at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A row of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditRow {
    /// Its place, from 1.
    seq: i64,
    at: Instant,
    /// What happened, such as `approval.decided`.
    kind: String,
    actor: Actor,
    chat_id: Option<String>,
    run_id: Option<String>,
    /// The id of what it is about.
    subject: Option<String>,
    /// Ids, states and digests.
    #[schema(value_type = Object)]
    data: Value,
    /// SHA-256 over this row and the hash before it.
    hash: String,
    /// The command it is about, as its own row has it; no part of the audit.
    command: Option<String>,
    /// Whether that text is another than the one that was proposed; known where the row has its digest.
    command_changed: Option<bool>,
}

/// A page of the audit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditRows {
    /// The newest first. With a filter a page may be short or empty although there is more.
    items: Vec<AuditRow>,
    next_cursor: Option<String>,
}

impl AuditRow {
    fn of(shown: Shown) -> Self {
        let Shown { row, command } = shown;
        let Row { seq, at, kind, actor, chat, run, subject, data, hash } = row;
        // What somebody made unreadable is shown all the same: the check tells.
        let data: Value = serde_json::from_str(&data).unwrap_or(Value::String(data));
        let digest = data.get("command_sha256").and_then(Value::as_str);
        let command_changed = command
            .as_ref()
            .zip(digest)
            .map(|(command, digest)| hex::encode(Sha256::digest(command.as_bytes())) != digest);
        Self {
            seq,
            at: Instant::from_millis(at),
            kind,
            actor: serde_json::from_str(&actor).unwrap_or(Actor::Schedule),
            chat_id: chat,
            run_id: run,
            subject,
            data,
            hash,
            command,
            command_changed,
        }
    }
}

fn filter(page: &AuditPage) -> Answer<Filter> {
    let refuse = |detail: String| Err(ApiError::new(Code::BadRequest, detail));
    let mut kinds = Vec::new();
    for kind in page.kind.as_deref().unwrap_or_default().split(',').filter(|kind| !kind.is_empty()) {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !kind.split('.').all(word) || kind.split('.').count() > 2 || kinds.len() >= 40 {
            return refuse("`kind` must be kinds or rooms of the audit, with commas between.".to_owned());
        }
        kinds.push(kind.to_owned());
    }
    if page.q.as_ref().is_some_and(|q| !(1..=LONGEST_TEXT).contains(&q.len())) {
        return refuse(format!("`q` must have 1 to {LONGEST_TEXT} bytes."));
    }
    let actor = page.actor.map(|actor| match actor {
        ActorFilter::Owner => "owner",
        ActorFilter::Ai => "ai",
        ActorFilter::Schedule => "schedule",
        ActorFilter::Token => "token",
    });
    Ok(Filter {
        kinds,
        actor: actor.map(str::to_owned),
        text: page.q.clone(),
        since: page.since.map(Instant::as_millis),
        until: page.until.map(Instant::as_millis),
    })
}

/// Search the audit
///
/// Each page looks at a bounded part of it: go on while there is a `next_cursor`.
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(AuditPage), responses((status = OK, body = AuditRows)),
    security(("session" = []))
)]
async fn audit(
    State(app): State<App>,
    _owner: Owner,
    Params(page): Params<AuditPage>,
) -> Answer<Json<AuditRows>> {
    let limit = limit(page.limit)?;
    let before =
        page.cursor.as_deref().map(|text| text.parse::<i64>().map_err(|_| bad_cursor())).transpose()?;
    let found = app.store.audit_page(&filter(&page)?, limit, before).await?;
    let next_cursor = found.before.map(|seq| seq.to_string());
    Ok(Json(AuditRows { items: found.rows.into_iter().map(AuditRow::of).collect(), next_cursor }))
}

/// A head of the audit.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditHead {
    /// How many rows.
    #[schema(minimum = 0)]
    count: i64,
    /// The hash of the last.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    hash: String,
}

impl From<Head> for AuditHead {
    fn from(head: Head) -> Self {
        Self { count: head.count, hash: head.hash.to_string() }
    }
}

/// What to check it against.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyBody {
    /// A head that was noted elsewhere: in a log, or in an export.
    head: Option<AuditHead>,
}

/// Whether the last seal holds.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuditSealState {
    /// It does.
    Holds,
    /// It was not made with this instance's key.
    Broken,
    /// There is none.
    Missing,
}

/// What a shell host says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditWitness {
    host: String,
    /// Whether it answered.
    answered: bool,
    /// Commands that it knows of.
    commands: usize,
    /// Where it and the audit do not agree.
    doubts: Vec<Doubt>,
}

impl From<Testimony> for AuditWitness {
    fn from(said: Testimony) -> Self {
        let (answered, commands) = (said.commands.is_some(), said.commands.unwrap_or(0));
        Self { host: said.host, answered, commands, doubts: said.doubts }
    }
}

/// What a check found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuditVerification {
    /// Whether nothing is wrong, as far as could be seen.
    ok: bool,
    /// Whether every witness answered.
    complete: bool,
    /// Where the audit ends: note it elsewhere, and check against it later.
    head: AuditHead,
    /// What is wrong, the first so many.
    findings: Vec<Finding>,
    /// How much is wrong in all.
    finding_count: u64,
    #[schema(inline)]
    seal: AuditSealState,
    /// When the head was sealed last.
    sealed_at: Option<Instant>,
    /// What the shell hosts say.
    witnesses: Vec<AuditWitness>,
    checked_at: Instant,
}

impl AuditVerification {
    fn of(found: Verification, checked_at: Instant) -> Self {
        Self {
            ok: found.is_clean(),
            complete: found.witnesses.iter().all(|witness| witness.commands.is_some()),
            head: found.head.into(),
            finding_count: found.count,
            findings: found.findings,
            seal: match found.seal {
                SealState::Holds => AuditSealState::Holds,
                SealState::Broken => AuditSealState::Broken,
                SealState::Missing => AuditSealState::Missing,
            },
            sealed_at: found.sealed.map(|seal| seal.at),
            witnesses: found.witnesses.into_iter().map(AuditWitness::from).collect(),
            checked_at,
        }
    }
}

/// Check the audit
///
/// Every row is hashed again, and compared with the sealed head, with the shell hosts' journals, and with the head that is
/// given.
#[utoipa::path(
    post, path = "/audit/verify", tag = "audit", request_body = VerifyBody, security(("session" = [])),
    responses((status = OK, body = AuditVerification))
)]
async fn verify(
    State(app): State<App>,
    _owner: Owner,
    body: Body<VerifyBody>,
) -> Answer<Json<AuditVerification>> {
    let given = match body.value.head {
        None => None,
        Some(AuditHead { count, hash }) => {
            let bad = || ApiError::field("/head/hash", "must be 64 hexadecimal digits");
            if count < 0 {
                return Err(ApiError::field("/head/count", "must not be negative"));
            }
            Some(Head { count, hash: hash.parse::<Hash>().map_err(|_| bad())? })
        }
    };
    let found = AuditVerification::of(app.verify_audit(given).await?, app.now());
    let mut tx = app.store.begin().await?;
    let data = json!({ "ok": found.ok, "complete": found.complete, "rows": found.head.count, "findings": found.finding_count });
    tx.audit(AuditKind::AuditVerified, app.now(), &OWNER, About::default(), data);
    app.commit(tx).await?;
    Ok(Json(found))
}

/// Download the audit
///
/// As JSON lines: the sealed head first, then each row with the texts exactly as they are hashed.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", security(("session" = [])),
    responses((status = OK, content_type = "application/jsonl", body = Vec<u8>))
)]
async fn export(State(app): State<App>, _owner: Owner) -> Answer<Response> {
    let seal = app.store.audit_seal(&app.vault).await?.filter(|(_, holds)| *holds).map(|(seal, _)| seal);
    let head = json!({
        "format": FORMAT,
        "instance": app.vault.instance(),
        "exported_at": app.now(),
        "sealed": seal.map(|seal| json!({
            "count": seal.head.count, "hash": seal.head.hash, "at": seal.at, "tag": seal.tag(&app.vault),
        })),
    });
    let rows = stream::unfold(Some(0), move |after| {
        let app = app.clone();
        async move {
            match app.store.audit_after(after?, PAGE).await {
                Ok(rows) if rows.is_empty() => None,
                Ok(rows) => {
                    let last = rows.last().map(|row| row.seq);
                    Some((Ok(rows.iter().map(line).collect::<String>()), last))
                }
                // Cut, so that nobody takes the beginning for the whole.
                Err(error) => Some((Err(std::io::Error::other(error.to_string())), None)),
            }
        }
    });
    let first = stream::iter([Ok::<_, std::io::Error>(format!("{head}\n"))]);
    let mut response = HttpBody::from_stream(futures::StreamExt::chain(first, rows)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jsonl"));
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"audit.jsonl\""),
    );
    Ok(response)
}

/// A row as it is exported: `actor` and `data` are texts, since the hash covers them as they stand.
fn line(row: &Row) -> String {
    let Row { seq, at, kind, actor, chat, run, subject, data, hash } = row;
    let line = json!({
        "seq": seq, "at": at, "kind": kind, "actor": actor, "chat_id": chat, "run_id": run, "subject": subject, "data": data,
        "hash": hash,
    });
    format!("{line}\n")
}
