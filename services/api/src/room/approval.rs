//! Questions put to the owner. Only the owner's browser session answers (I6); a yes is sealed for shell-worker alone, in
//! the commit that records it.

#![expect(unused_qualifications, reason = "the path macro names the parameters of this module in full")]

use axum::Json;
use axum::extract::State;
use metatron_domain::actor::Actor;
use metatron_domain::approval::{Answer as Say, ApprovalState, Grant, Measure};
use metatron_domain::clock::Instant;
use metatron_domain::elevated::Power;
use metatron_domain::id::{ApprovalId, ChatId, RuleId, RunId};
use metatron_domain::mode::Mode;
use metatron_domain::policy::{Effects, Risk, may_stay_open};
use metatron_domain::rule::draft::narrowest;
use metatron_domain::rule::{Rule, Scope};
use metatron_domain::taint::{Taint, asks};
use metatron_domain::terminal::hand::HandAsk;
use metatron_store::Error as StoreError;
use metatron_store::Tx;
use metatron_store::approval::{Approval as ApprovalRow, Decision};
use metatron_store::exec::Exec as ExecRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::keyboard;
use crate::App;
use crate::draft::{RuleBody, asked, fitting};
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id, Params};
use crate::judged::{edited, own_risk};
use crate::session::{Owner, Reader, fresh, still_open};
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
    /// Who began that run.
    run_actor: Actor,
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
    /// From where the answer came.
    decided_from: Option<Place>,
    /// The rule that was made with the answer.
    rule_id: Option<RuleId>,
    /// What was measured, and will be measured again at the start.
    measure: Option<Measure>,
    /// What the command would touch.
    effects: Option<Effects>,
    /// What came from outside into its run, where that is a reason to ask whatever rules and modes say.
    taint: Option<Taint>,
    /// While it waits: the narrowest rule that would allow it.
    proposal: Option<Proposal>,
    /// While it waits: why there can be no rule for it.
    no_rule: Option<String>,
}

/// From where an answer came.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Place {
    /// What the browser calls itself.
    device: String,
    /// Its address.
    address: String,
}

/// A rule that could be made with the answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Proposal {
    rule: Rule,
    /// Whether further words may be left open.
    may_open: bool,
}

/// What the owner answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OwnerAnswer {
    /// Run exactly this, exactly once.
    AllowOnce,
    /// Run exactly this, and make a rule for the next times.
    AllowRule,
    /// Put `command` in its place; it is measured and asked anew.
    Edit,
    /// Do not run it.
    Deny,
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
    /// With `edit`: the exact text that shall count, 64 KiB at most.
    #[schema(max_length = 65_536)]
    command: Option<String>,
    /// With `allow_rule`: the rule. It must allow what is asked.
    rule: Option<RuleBody>,
    /// With `allow_rule`: the conversation works in mode `auto` from now on, so that the rule counts there.
    #[serde(default)]
    auto: bool,
}

impl Approval {
    async fn of(app: &App, row: ApprovalRow) -> Answer<Self> {
        let command = match row.exec {
            Some(exec) => Some(app.store.exec(exec).await?),
            None => None,
        };
        let own = command.as_ref().map_or(Risk::Low, own_risk);
        // A rule is about words, and a helper's are only shown.
        let waits = command
            .as_ref()
            .filter(|exec| row.state == ApprovalState::Waiting && !matches!(exec.power, Power::Git { .. }));
        let (proposal, no_rule) = match waits.and_then(|exec| proposal(exec, row.chat, app.now())) {
            Some(Ok(proposal)) => (Some(proposal), None),
            Some(Err(reason)) => (None, Some(reason)),
            None => (None, None),
        };
        let measure = command.as_ref().and_then(|exec| exec.measure.clone());
        let judgement = command.as_ref().and_then(|exec| exec.judgement.as_ref());
        let effects = judgement.map(|judgement| judgement.effects.clone());
        let run = app.store.run(row.run).await?;
        let taint = run.taint.filter(|_| judgement.is_some_and(asks));
        let exec = match command {
            Some(command) => Some(Exec::of(app, command).await?),
            None => None,
        };
        Ok(Self {
            id: row.id,
            run_id: row.run,
            run_actor: run.actor,
            chat_id: row.chat,
            chat_title: row.chat_title,
            exec,
            hand: row.hand,
            state: row.state,
            risk: row.risk.max(own),
            digest: row.digest,
            nonce: row.nonce,
            asked_at: row.asked_at,
            expires_at: row.expires_at,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            reason: row.reason,
            decided_from: row.decided_from.map(|from| Place { device: from.device, address: from.address }),
            rule_id: row.rule,
            measure,
            effects,
            taint,
            proposal,
            no_rule,
        })
    }
}

/// The narrowest rule for a command, or why there is none; nothing while it is measured.
fn proposal(exec: &ExecRow, chat: ChatId, now: Instant) -> Option<Result<Proposal, String>> {
    let asked = asked(exec, chat)?;
    Some(narrowest(&asked, Scope::Chat { chat }, now).map(|rule| {
        let words: Vec<String> = std::iter::once(&rule.program).chain(&rule.words).cloned().collect();
        Proposal { may_open: may_stay_open(&words), rule }
    }))
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
/// what was seen. Allowing a command of high risk, or under a rule, needs the password to have been given within five
/// minutes. No token can do this.
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
    let DecisionBody { decision, digest, nonce, reason, command, rule, auto } = body.value;
    if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
        return Err(ApiError::field("/reason", format!("must have at most {LONGEST_REASON} characters")));
    }
    let now = app.now();
    let question = app.store.approval(id).await?;
    let risky = decision == OwnerAnswer::AllowOnce && question.risk == Risk::High;
    if (risky || decision == OwnerAnswer::AllowRule) && question.state == ApprovalState::Waiting {
        fresh(&session, now)?;
    }
    let Some(exec) = question.exec else {
        let row = keyboard::answer(&app, question, &session, decision, (digest, nonce, reason)).await?;
        return Ok(Json(Approval::of(&app, row).await?));
    };
    let exec = app.store.exec(exec).await?;
    let (command, rule) = match decision {
        OwnerAnswer::Edit => (Some(edited(command, &exec)?), None),
        OwnerAnswer::AllowRule => (None, Some(fitting(rule, &exec, question.chat, now)?)),
        OwnerAnswer::AllowOnce | OwnerAnswer::Deny => (None, None),
    };
    let mut tx = app.store.begin().await?;
    let session = still_open(&mut tx, &session, now).await?;
    let row = if let Some(command) = command {
        tx.edit_command(id, (&digest, &nonce), &command, &OWNER, now).await
    } else {
        let answer = if decision == OwnerAnswer::Deny { Say::Deny } else { Say::AllowOnce };
        tx.decide(id, &Decision { answer, digest, nonce, reason }, &OWNER, now, |grant| {
            seal(&app, &exec.host, grant)
        })
        .await
    };
    let row = row.map_err(refusal)?;
    if decision == OwnerAnswer::AllowRule {
        fresh(&session, now)?;
    }
    if decision == OwnerAnswer::AllowOnce {
        // The question may have been put anew since it was looked at; this is what the answer is about.
        let exec = tx.exec(exec.id).await?;
        if row.risk.max(own_risk(&exec)) == Risk::High {
            fresh(&session, now)?;
        }
    }
    if decision != OwnerAnswer::Edit {
        tx.answered_from(id, session.id).await?;
    }
    let page_turned = rule.is_some();
    if let Some(rule) = rule {
        make_rule(&mut tx, id, &rule, auto.then_some(question.chat), now).await?;
    }
    app.commit(tx).await?;
    if page_turned {
        app.turn_page().await;
    }
    Ok(Json(Approval::of(&app, app.store.approval(id).await?).await?))
}

/// Why an answer does not count.
pub(super) fn refusal(error: StoreError) -> ApiError {
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

async fn make_rule(
    tx: &mut Tx,
    approval: ApprovalId,
    rule: &Rule,
    auto: Option<ChatId>,
    now: Instant,
) -> Answer<()> {
    tx.add_rule(rule, &OWNER, now).await?;
    tx.answered_with(approval, rule.id).await?;
    if let Some(chat) = auto {
        tx.set_mode(chat, Mode::Auto, None, &OWNER, now).await?;
    }
    Ok(())
}

/// The grant, as only the shell-worker of `host` can open it.
fn seal(app: &App, host: &str, grant: &Grant) -> Result<String, StoreError> {
    let text = serde_json::to_vec(grant).map_err(|error| StoreError::Key(error.to_string()))?;
    let link = app.links.of(host).ok_or(StoreError::NotFound("the host"))?;
    link.seal(GRANT, &grant.exec.to_string(), 0, &text).map_err(|error| StoreError::Key(error.to_string()))
}
