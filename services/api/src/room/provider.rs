//! Model providers and their test calls. This service never calls a model: it owes the call to a worker.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_domain::event::EventKind;
use metatron_domain::id::{ProbeId, ProviderId};
use metatron_store::provider::{Probe as ProbeRow, ProbeState as ProbeStateRow, Provider as ProviderRow};
use metatron_store::provider::{ProviderFields, ProviderKind as KindRow};
use metatron_store::{About, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::check;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id};
use crate::money::usd;
use crate::once::{self, Key, Once};
use crate::secret::Secret;
use crate::session::{Caller, Owner, Reader};
use crate::state::OWNER;

const LONGEST_KEY: usize = 4_096;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(providers, add_provider))
        .routes(routes!(change_provider, remove_provider))
        .routes(routes!(make_default))
        .routes(routes!(test_provider))
        .routes(routes!(probe))
}

/// What speaks for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProviderKind {
    /// An HTTP API of the shape of OpenAI's.
    Openai,
    /// The built-in demonstration: no AI.
    Demo,
}

/// A model provider; its key never leaves the vault.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Provider {
    id: ProviderId,
    name: String,
    base_url: String,
    model: String,
    has_key: bool,
    is_default: bool,
    kind: ProviderKind,
    /// For a million tokens that it reads, in US dollars; 0 where the owner never said.
    read_usd: f64,
    /// For a million tokens that it writes, likewise.
    write_usd: f64,
}

impl From<ProviderRow> for Provider {
    fn from(row: ProviderRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            base_url: row.base_url,
            model: row.model,
            has_key: row.secret.is_some(),
            is_default: row.is_default,
            read_usd: usd(row.price.read),
            write_usd: usd(row.price.written),
            kind: match row.kind {
                KindRow::Openai => ProviderKind::Openai,
                KindRow::Demo => ProviderKind::Demo,
            },
        }
    }
}

/// Every provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Providers {
    items: Vec<Provider>,
}

/// A provider to be stored.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderBody {
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
    /// Such as `http://127.0.0.1:11434/v1`.
    #[schema(
        min_length = 8,
        max_length = 500,
        pattern = r"^https?://([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?(/[!$-;=A-Z_a-z~]*)?$"
    )]
    base_url: String,
    /// The model's name there.
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$")]
    model: String,
    /// When absent, a changed provider keeps its key as long as its address stays.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096, pattern = "^[!-~]+$")]
    api_key: Option<Secret>,
}

/// A provider to be tried: a stored one, or fields that are not stored.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum ProbeBody {
    /// A stored one.
    Stored(ProbeStored),
    /// One that is not stored.
    Fields(ProbeFields),
}

/// A stored provider to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProbeStored {
    id: ProviderId,
}

/// Fields to be tried.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProbeFields {
    #[schema(
        min_length = 8,
        max_length = 500,
        pattern = r"^https?://([0-9A-Za-z._-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?(/[!$-;=A-Z_a-z~]*)?$"
    )]
    base_url: String,
    #[schema(min_length = 1, max_length = 200, pattern = r"^[^\u0000-\u001f\u007f-\u009f]+$")]
    model: String,
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096, pattern = "^[!-~]+$")]
    api_key: Option<Secret>,
}

/// Where a test call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProbeState {
    /// Owed.
    Queued,
    /// Being made.
    Running,
    /// The model answered.
    Ok,
    /// It did not.
    Failed,
}

/// A test call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Probe {
    id: ProbeId,
    state: ProbeState,
    /// What the model said.
    reply: Option<String>,
    /// Why it failed, for programs: such as `model_key_refused`.
    code: Option<String>,
    /// Why it failed.
    detail: Option<String>,
    /// What to do about it.
    next_step: Option<String>,
}

impl From<ProbeRow> for Probe {
    fn from(row: ProbeRow) -> Self {
        let empty = Self {
            id: row.id,
            state: ProbeState::Queued,
            reply: None,
            code: None,
            detail: None,
            next_step: None,
        };
        match row.state {
            ProbeStateRow::Queued => empty,
            ProbeStateRow::Running => Self { state: ProbeState::Running, ..empty },
            ProbeStateRow::Ok { reply } => Self { state: ProbeState::Ok, reply: Some(reply), ..empty },
            ProbeStateRow::Failed { error } => Self {
                state: ProbeState::Failed,
                code: Some(error.code),
                detail: Some(error.detail),
                next_step: Some(error.next_step),
                ..empty
            },
        }
    }
}

fn check_fields(base_url: &str, model: &str, api_key: Option<&str>) -> Answer<()> {
    check::base_url(base_url)?;
    if !(1..=200).contains(&model.chars().count()) || model.chars().any(char::is_control) {
        return Err(ApiError::field("/model", "must have 1 to 200 characters"));
    }
    if api_key.is_some_and(|key| {
        key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|b| b.is_ascii_graphic())
    }) {
        return Err(ApiError::field(
            "/api_key",
            "must be printable, without spaces; leave it out where none is needed",
        ));
    }
    Ok(())
}

fn fields(body: &ProviderBody) -> Answer<ProviderFields<'_>> {
    if !(1..=80).contains(&body.name.trim().chars().count()) {
        return Err(ApiError::field("/name", "must have 1 to 80 characters"));
    }
    check_fields(&body.base_url, &body.model, body.api_key.as_ref().map(Secret::as_str))?;
    let base_url = body.base_url.trim_end_matches('/');
    Ok(ProviderFields { name: body.name.trim(), base_url, model: &body.model })
}

async fn record(app: &App, tx: &mut Tx, id: ProviderId, change: &str) -> Answer<()> {
    let about = About { subject: Some(id.to_string()), ..About::default() };
    tx.record(EventKind::ProviderChanged, app.now(), &OWNER, about, json!({ "change": change })).await?;
    Ok(())
}

/// The stored provider, unless it is the demonstration.
async fn own(app: &App, id: ProviderId) -> Answer<ProviderRow> {
    let row = app.store.provider(id).await?;
    if row.kind == KindRow::Demo {
        return Err(ApiError::new(Code::ProviderBuiltin, "Add a provider of your own beside it."));
    }
    Ok(row)
}

/// List the providers
#[utoipa::path(
    get, path = "/providers", tag = "provider", responses((status = OK, body = Providers)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn providers(State(app): State<App>, _reader: Reader) -> Answer<Json<Providers>> {
    let items = app.store.providers().await?.into_iter().map(Provider::from).collect();
    Ok(Json(Providers { items }))
}

/// Add a provider
#[utoipa::path(
    post, path = "/providers", tag = "provider", request_body = ProviderBody, security(("session" = [])),
    responses((status = CREATED, body = Provider))
)]
async fn add_provider(
    State(app): State<App>,
    owner: Owner,
    key: Key,
    body: Body<ProviderBody>,
) -> Answer<(StatusCode, Json<Provider>)> {
    let once = Once::new(key, &Caller::Owner(owner.0), body.digest);
    let id = if let Some(made) = once.before(&app).await? {
        once::id(&made)?
    } else {
        let fields = fields(&body.value)?;
        let api_key = body.value.api_key.as_ref().map(Secret::as_str);
        let mut tx = app.store.begin().await?;
        let id = tx.add_provider(&app.vault, &fields, api_key, app.now()).await?;
        once.remember(&app, &mut tx, &id.to_string()).await?;
        record(&app, &mut tx, id, "added").await?;
        app.commit(tx).await?;
        id
    };
    Ok((StatusCode::CREATED, Json(app.store.provider(id).await?.into())))
}

/// Change a provider
///
/// With another address the key has to be given again: it never goes to a server it was not given for.
#[utoipa::path(
    put, path = "/providers/{id}", tag = "provider", params(("id" = ProviderId, Path,)), request_body = ProviderBody,
    security(("session" = [])), responses((status = OK, body = Provider))
)]
async fn change_provider(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<ProviderId>,
    body: Body<ProviderBody>,
) -> Answer<Json<Provider>> {
    let former = own(&app, id).await?;
    let fields = fields(&body.value)?;
    let api_key = body.value.api_key.as_ref().map(Secret::as_str);
    let mut tx = app.store.begin().await?;
    tx.change_provider(&app.vault, &former, &fields, api_key, app.now()).await?;
    record(&app, &mut tx, id, "changed").await?;
    app.commit(tx).await?;
    Ok(Json(app.store.provider(id).await?.into()))
}

/// Remove a provider and its key
#[utoipa::path(
    delete, path = "/providers/{id}", tag = "provider", params(("id" = ProviderId, Path,)), security(("session" = [])),
    responses((status = NO_CONTENT))
)]
async fn remove_provider(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<ProviderId>,
) -> Answer<StatusCode> {
    let former = own(&app, id).await?;
    let mut tx = app.store.begin().await?;
    tx.remove_provider(&former, app.now()).await?;
    record(&app, &mut tx, id, "removed").await?;
    app.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Use a provider by default
#[utoipa::path(
    post, path = "/providers/{id}/default", tag = "provider", params(("id" = ProviderId, Path,)),
    security(("session" = [])), responses((status = OK, body = Provider))
)]
async fn make_default(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<ProviderId>,
) -> Answer<Json<Provider>> {
    let mut tx = app.store.begin().await?;
    tx.make_default(id).await?;
    record(&app, &mut tx, id, "default").await?;
    app.commit(tx).await?;
    Ok(Json(app.store.provider(id).await?.into()))
}

/// Try a provider
///
/// Owes one short real call; ask `/probes/{id}` or wait for the event `probe.ended`.
#[utoipa::path(
    post, path = "/providers/test", tag = "provider", request_body = ProbeBody, security(("session" = [])),
    responses((status = ACCEPTED, body = Probe))
)]
async fn test_provider(
    State(app): State<App>,
    owner: Owner,
    key: Key,
    body: Body<ProbeBody>,
) -> Answer<(StatusCode, Json<Probe>)> {
    let once = Once::new(key, &Caller::Owner(owner.0), body.digest);
    let id = if let Some(made) = once.before(&app).await? {
        once::id(&made)?
    } else {
        let mut tx = app.store.begin().await?;
        let id = match &body.value {
            ProbeBody::Stored(stored) => {
                let provider = app.store.provider(stored.id).await?;
                tx.probe_provider(&provider, app.now()).await?
            }
            ProbeBody::Fields(ProbeFields { base_url, model, api_key }) => {
                let api_key = api_key.as_ref().map(Secret::as_str);
                check_fields(base_url, model, api_key)?;
                let base_url = base_url.trim_end_matches('/');
                let fields = ProviderFields { name: "", base_url, model };
                tx.probe_fields(&app.vault, &fields, api_key, app.now()).await?
            }
        };
        once.remember(&app, &mut tx, &id.to_string()).await?;
        app.commit(tx).await?;
        id
    };
    Ok((StatusCode::ACCEPTED, Json(app.store.probe(id).await?.into())))
}

/// Show a test call
#[utoipa::path(
    get, path = "/probes/{id}", tag = "provider", params(("id" = ProbeId, Path,)), security(("session" = [])),
    responses((status = OK, body = Probe))
)]
async fn probe(State(app): State<App>, _owner: Owner, Id(id): Id<ProbeId>) -> Answer<Json<Probe>> {
    Ok(Json(app.store.probe(id).await?.into()))
}
