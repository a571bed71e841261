//! Questions put to the owner. Only the owner's browser session answers (I6); a yes is sealed for shell-worker alone, in
//! the commit that records it.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::extract::State;
use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer as OwnerAnswer, ApprovalState, Grant, Measure};
use metatron_domain::clock::Instant;
use metatron_domain::id::{ApprovalId, ChatId, RunId};
use metatron_domain::policy::{Effects, Risk};
use metatron_domain::terminal::hand::HandAsk;
use metatron_store::Error as StoreError;
use metatron_store::approval::{Approval as ApprovalRow, Decision};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id, Params};
use crate::session::{Owner, Reader, fresh};
use crate::state::OWNER;
use crate::view::{Exec, bad_cursor, limit};

/// What a grant is sealed for; shell-worker opens it for nothing else.
const GRANT: &str = "grant";
const LONGEST_REASON: usize = 2_000;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(approvals)).routes(routes!(approval)).routes(routes!(decide))
}

/// Which questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApprovalFilter {
    /// Those that wait, the most urgent first.
    Waiting,
    /// The others, the newest first.
    History,
}

/// Which page of the questions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ApprovalPage {
    /// Those that wait unless `history`.
    #[param(inline)]
    state: Option<ApprovalFilter>,
    /// Items at most, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A question put to the owner.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Approval {
    id: ApprovalId,
    run_id: RunId,
    chat_id: ChatId,
    chat_title: String,
    /// The command it is about; absent where it is about a keyboard.
    exec: Option<Exec>,
    /// The keyboard it is about: the AI wants to type into a terminal.
    hand: Option<HandAsk>,
    state: ApprovalState,
    risk: Risk,
    /// What the answer must repeat: the digest of what was measured.
    digest: String,
    /// What the answer must repeat: a word made for this question.
    nonce: String,
    asked_at: Instant,
    /// When no answer means no.
    expires_at: Instant,
    decided_at: Option<Instant>,
    decided_by: Option<Actor>,
    /// What the owner gave as a reason.
    reason: Option<String>,
    /// What was measured, and will be measured again at the start.
    measure: Option<Measure>,
    /// What the command would touch.
    effects: Option<Effects>,
}

/// A page of questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Approvals {
    items: Vec<Approval>,
    next_cursor: Option<String>,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// The owner's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecisionBody {
    #[schema(inline)]
    decision: OwnerAnswer,
    /// The digest on the card.
    digest: String,
    /// The nonce of the card.
    nonce: String,
    /// Why, for the model to read.
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl Approval {
    async fn of(app: &App, row: ApprovalRow) -> Answer<Self> {
        let command = match row.exec {
            Some(exec) => Some(app.store.exec(exec).await?),
            None => None,
        };
        let measure = command.as_ref().and_then(|exec| exec.measure.clone());
        let judgement = command.as_ref().and_then(|exec| exec.judgement.as_ref());
        let effects = judgement.map(|judgement| judgement.effects.clone());
        let exec = match command {
            Some(command) => Some(Exec::of(app, command).await?),
            None => None,
        };
        Ok(Self {
            id: row.id,
            run_id: row.run,
            chat_id: row.chat,
            chat_title: row.chat_title,
            exec,
            hand: row.hand,
            state: row.state,
            risk: row.risk,
            digest: row.digest,
            nonce: row.nonce,
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            reason: row.reason,
            measure,
            effects,
        })
    }
}

/// List the questions
#[utoipa::path(
    get, path = "/approvals", tag = "approval", params(ApprovalPage), responses((status = OK, body = Approvals)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn approvals(
    State(app): State<App>,
    _reader: Reader,
    Params(page): Params<ApprovalPage>,
) -> Answer<Json<Approvals>> {
    let limit = limit(page.limit)?;
    let waiting = page.state != Some(ApprovalFilter::History);
    let after = page.cursor.as_deref().map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
    let eid = app.eid().await?;
    let mut rows = app.store.approvals(waiting, limit + 1, after).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(Approval::of(&app, row).await?);
    }
    Ok(Json(Approvals { items, next_cursor, eid }))
}

/// Show a question
#[utoipa::path(
    get, path = "/approvals/{id}", tag = "approval", params(("id" = ApprovalId, Path,)),
    responses((status = OK, body = Approval)), security(("session" = []), ("token" = ["read"]))
)]
async fn approval(State(app): State<App>, _reader: Reader, Id(id): Id<ApprovalId>) -> Answer<Json<Approval>> {
    let row = app.store.approval(id).await?;
    Ok(Json(Approval::of(&app, row).await?))
}

/// Answer a question
///
/// The first answer wins. It must repeat the digest and the nonce of the card, so that nothing else is allowed than
/// what was seen. Allowing a command of high risk needs the password to have been given within five minutes. No token
/// can do this.
///
/// Where it is about a keyboard, a yes hands it to the run for the minutes on the card, and the run types.
#[utoipa::path(
    post, path = "/approvals/{id}/decision", tag = "approval", params(("id" = ApprovalId, Path,)),
    request_body = DecisionBody, responses((status = OK, body = Approval)), security(("session" = []))
)]
async fn decide(
    State(app): State<App>,
    Owner(session): Owner,
    Id(id): Id<ApprovalId>,
    body: Body<DecisionBody>,
) -> Answer<Json<Approval>> {
    let DecisionBody { decision: answer, digest, nonce, reason } = body.value;
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(ApiError::field("/reason", format!("must have at most {LONGEST_REASON} characters")));
    }
    let now = app.now();
    if let Some(hand) = app.store.approval(id).await?.hand {
        let decision = Decision { answer, digest, nonce, reason };
        let row = hand_over(&app, id, &hand, &decision).await?;
        return Ok(Json(Approval::of(&app, row).await?));
    }
    let mut tx = app.store.begin().await?;
    let question = tx.approval(id).await?;
    let risky = answer == OwnerAnswer::AllowOnce && question.risk == Risk::High;
    if risky && question.state == ApprovalState::Waiting {
        fresh(&session, now)?;
    }
    let decision = Decision { answer, digest, nonce, reason };
    let exec = question.exec.ok_or_else(|| ApiError::not_found("command"))?;
    let host = tx.exec(exec).await?.host;
    let decided = tx.decide(id, &decision, &OWNER, now, |grant| seal(&app, &host, grant)).await;
    let row = decided.map_err(not_decided)?;
    app.commit(tx).await?;
    Ok(Json(Approval::of(&app, row).await?))
}

/// Answers the question about a keyboard. A yes is first done and then written down: the run goes on with the keyboard
/// in its hands, or not at all.
async fn hand_over(
    app: &App,
    id: ApprovalId,
    hand: &HandAsk,
    decision: &Decision,
) -> Result<ApprovalRow, ApiError> {
    let decide = async || {
        let mut tx = app.store.begin().await?;
        let row = tx.decide_hand(id, decision, &OWNER, app.now()).await.map_err(not_decided)?;
        Ok::<_, ApiError>((tx, row))
    };
    let (tx, row) = decide().await?;
    if decision.answer == OwnerAnswer::Deny {
        app.commit(tx).await?;
        return Ok(row);
    }
    drop(tx);
    let note = hand.why.clone();
    app.hand_over(&hand.host, hand.terminal_id, row.run, hand.minutes, note).await?;
    let decided = match decide().await {
        Ok((tx, row)) => app.commit(tx).await.map(|_| row),
        Err(error) => Err(error),
    };
    if decided.is_err() {
        // Somebody else answered meanwhile, or it can't be written down: then there is no yes.
        app.take_back(&hand.host, hand.terminal_id).await?;
    }
    decided
}

/// Why an answer does not count.
fn not_decided(error: StoreError) -> ApiError {
    match error {
        StoreError::Refused(refused) if refused.state == "expired" => ApiError::new(
            Code::ApprovalExpired,
            "It was not answered in time, and that meant no. Ask the AI again.",
        ),
        StoreError::Refused(refused) => {
            let detail = format!("It is {} already; the first answer counts.", refused.state);
            ApiError::new(Code::ApprovalAlreadyDecided, detail)
        }
        StoreError::Conflict(_) => ApiError::new(
            Code::DigestMismatch,
            "What waits is not what the card showed. Look at it again, then answer.",
        ),
        other => other.into(),
    }
}

/// The grant, as only the shell-worker of `host` can open it.
fn seal(app: &App, host: &str, grant: &Grant) -> Result<String, StoreError> {
    let text = serde_json::to_vec(grant).map_err(|error| StoreError::Key(error.to_string()))?;
    let link = app.links.of(host).ok_or(StoreError::NotFound("the host"))?;
    link.seal(GRANT, &grant.exec.to_string(), 0, &text).map_err(|error| StoreError::Key(error.to_string()))
}
