//! The owner's rules: what may run without a question. No token reads or changes them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::clock::Instant;
use metatron_domain::id::RuleId;
use metatron_domain::rule::Rule as Domain;
use metatron_domain::rule::draft::suggest;
use metatron_store::rule::Kept;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::draft::RuleBody;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id};
use crate::once::{self, Key, Once};
use crate::session::{Caller, FreshOwner, Owner, confirmed};
use crate::state::OWNER;
use crate::view::Exec;

/// Commands of the past that a preview looks at.
const PAST: u32 = 500;
/// Commands that a preview shows.
const SHOWN: usize = 20;
/// Uses of a rule that are shown.
const USES: u32 = 50;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(rules, add_rule))
        .routes(routes!(preview))
        .routes(routes!(suggestions))
        .routes(routes!(rule, change_rule, revoke_rule))
}

/// A rule with what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rule {
    #[serde(flatten)]
    terms: Domain,
    /// How often it was used.
    used: u32,
    /// Whether anything can still start under it.
    in_force: bool,
    created_at: Instant,
    last_used_at: Option<Instant>,
    revoked_at: Option<Instant>,
}

impl Rule {
    fn of(kept: Kept, now: Instant) -> Self {
        let Kept { rule, used, created_at, last_used_at, revoked_at } = kept;
        let left = rule.times.is_none_or(|times| used < times);
        let in_force = left && revoked_at.is_none() && rule.is_current(now);
        Self { terms: rule, used, in_force, created_at, last_used_at, revoked_at }
    }
}

/// Every rule that was not revoked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rules {
    items: Vec<Rule>,
}

/// A rule with the commands that used it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleDetail {
    #[serde(flatten)]
    about: Rule,
    /// The newest first, 50 at most.
    uses: Vec<Exec>,
}

/// A change of a rule: all of it anew, on top of the version that was read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleChange {
    /// The version that was read.
    version: u32,
    /// The rule as it shall be.
    rule: RuleBody,
}

/// What a rule would have allowed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// How many of the commands of the past it would have allowed.
    matched: usize,
    /// How many there were: the newest 500 that the owner was asked about.
    of: usize,
    /// The newest of them, 20 at most.
    commands: Vec<String>,
}

/// A rule that would have saved questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suggestion {
    rule: Domain,
    /// How often the owner allowed what it allows.
    seen: usize,
}

/// Rules that would have saved questions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suggestions {
    items: Vec<Suggestion>,
}

/// List the rules
///
/// Those whose time or uses are over included; revoked ones not.
#[utoipa::path(get, path = "/rules", tag = "rule", responses((status = OK, body = Rules)), security(("session" = [])))]
async fn rules(State(app): State<App>, _owner: Owner) -> Answer<Json<Rules>> {
    let now = app.now();
    let items = app.store.rules().await?.into_iter().map(|kept| Rule::of(kept, now)).collect();
    Ok(Json(Rules { items }))
}

/// Show a rule and what used it
#[utoipa::path(
    get, path = "/rules/{id}", tag = "rule", params(("id" = RuleId, Path,)), responses((status = OK, body = RuleDetail)),
    security(("session" = []))
)]
async fn rule(State(app): State<App>, _owner: Owner, Id(id): Id<RuleId>) -> Answer<Json<RuleDetail>> {
    let about = Rule::of(app.store.rule(id).await?, app.now());
    let mut uses = Vec::new();
    for exec in app.store.rule_uses(id, USES).await? {
        uses.push(Exec::of(&app, app.store.exec(exec).await?).await?);
    }
    Ok(Json(RuleDetail { about, uses }))
}

/// Make a rule
///
/// What it allows runs without a question in conversations in mode `auto`. Never for interpreters, wrappers, network
/// tools or what destroys. Needs the password to have been given within five minutes.
#[utoipa::path(
    post, path = "/rules", tag = "rule", request_body = RuleBody, security(("session" = [])),
    responses((status = CREATED, body = Rule))
)]
async fn add_rule(
    State(app): State<App>,
    FreshOwner(session): FreshOwner,
    key: Key,
    body: Body<RuleBody>,
) -> Answer<(StatusCode, Json<Rule>)> {
    let once = Once::new(key, &Caller::Owner(session.clone()), body.digest);
    let id: RuleId = if let Some(made) = once.before(&app).await? {
        once::id(&made)?
    } else {
        let now = app.now();
        let rule = body.value.rule(RuleId::new(), 1, now)?;
        let mut tx = app.store.begin().await?;
        confirmed(&mut tx, &session, now).await?;
        tx.add_rule(&rule, &OWNER, now).await?;
        once.remember(&app, &mut tx, &rule.id.to_string()).await?;
        app.commit(tx).await?;
        app.turn_page().await;
        rule.id
    };
    Ok((StatusCode::CREATED, Json(Rule::of(app.store.rule(id).await?, app.now()))))
}

/// Change a rule
///
/// What was allowed under the version before and has not started is refused. Needs the password to have been given within
/// five minutes.
#[utoipa::path(
    put, path = "/rules/{id}", tag = "rule", params(("id" = RuleId, Path,)), request_body = RuleChange,
    responses((status = OK, body = Rule)), security(("session" = []))
)]
async fn change_rule(
    State(app): State<App>,
    FreshOwner(session): FreshOwner,
    Id(id): Id<RuleId>,
    body: Body<RuleChange>,
) -> Answer<Json<Rule>> {
    let now = app.now();
    let RuleChange { version, rule } = body.value;
    let next = version
        .checked_add(1)
        .filter(|_| version > 0)
        .ok_or_else(|| ApiError::field("/version", "must be the version that was read"))?;
    let rule = rule.rule(id, next, now)?;
    app.store.rule(id).await?;
    let mut tx = app.store.begin().await?;
    confirmed(&mut tx, &session, now).await?;
    tx.change_rule(&rule, &OWNER, now).await.map_err(|error| match error {
        metatron_store::Error::Conflict(_) => ApiError::new(
            Code::Conflict,
            "The rule was changed, used more often or revoked meanwhile. Look at it again, then change it.",
        ),
        other => other.into(),
    })?;
    app.commit(tx).await?;
    app.turn_page().await;
    Ok(Json(Rule::of(app.store.rule(id).await?, app.now())))
}

/// Revoke a rule
///
/// Nothing starts under it from now on, also what was allowed by it already.
#[utoipa::path(
    delete, path = "/rules/{id}", tag = "rule", params(("id" = RuleId, Path,)), security(("session" = [])),
    responses((status = NO_CONTENT))
)]
async fn revoke_rule(State(app): State<App>, _owner: Owner, Id(id): Id<RuleId>) -> Answer<StatusCode> {
    let mut tx = app.store.begin().await?;
    tx.revoke_rule(id, &OWNER, app.now()).await?;
    app.commit(tx).await?;
    app.turn_page().await;
    Ok(StatusCode::NO_CONTENT)
}

/// See which commands of the past a rule would have allowed
#[utoipa::path(
    post, path = "/rules/preview", tag = "rule", request_body = RuleBody, security(("session" = [])),
    responses((status = OK, body = Preview))
)]
async fn preview(State(app): State<App>, _owner: Owner, body: Body<RuleBody>) -> Answer<Json<Preview>> {
    let rule = body.value.rule(RuleId::new(), 1, app.now())?;
    let past = app.store.past(false, PAST).await?;
    let preview = aside(move || {
        let matched: Vec<_> = past.iter().filter(|(_, past)| rule.matches(&past.asked())).collect();
        let commands = matched.iter().take(SHOWN).map(|(_, past)| past.command.clone()).collect();
        Preview { matched: matched.len(), of: past.len(), commands }
    });
    Ok(Json(preview.await?))
}

/// Suggest rules for what was allowed again and again
///
/// Never for what destroys, fetches, or runs other programs.
#[utoipa::path(
    get, path = "/rules/suggestions", tag = "rule", responses((status = OK, body = Suggestions)),
    security(("session" = []))
)]
async fn suggestions(State(app): State<App>, _owner: Owner) -> Answer<Json<Suggestions>> {
    let past: Vec<_> = app.store.past(true, PAST).await?.into_iter().map(|(_, past)| past).collect();
    let known: Vec<_> = app.store.rules().await?.into_iter().map(|kept| kept.rule).collect();
    let now = app.now();
    let found = aside(move || suggest(&past, &known, now)).await?;
    let items = found.into_iter().take(SHOWN).map(|it| Suggestion { rule: it.rule, seen: it.seen }).collect();
    Ok(Json(Suggestions { items }))
}

/// Computes on a thread of its own: a command is read for each rule, and others wait on this one.
async fn aside<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> Answer<T> {
    tokio::task::spawn_blocking(compute).await.map_err(ApiError::internal)
}
