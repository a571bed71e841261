//! Shell hosts: the machines that commands and terminals can be sent to. The owner alone registers one and takes its keys
//! back; what another machine needs to join is shown once.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use metatron_bus::seal::LinkKey;
use metatron_domain::clock::Instant;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::host::{HostState, LOCAL, is_name};
use metatron_store::Error as StoreError;
use metatron_store::auth::digest;
use metatron_store::host::Host as Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code, Problem};
use crate::extract::{Body, Id};
use crate::random;
use crate::session::{FreshOwner, Owner, Reader, confirmed};

/// How long the host beside api may take to say who it is; a page must not wait long for it.
const PATIENCE: Duration = Duration::from_millis(400);

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(hosts, register_host)).routes(routes!(revoke_host))
}

/// A shell host's name, as it stands in a path.
struct Name(String);

impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if is_name(text) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// One shell host.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Host {
    name: String,
    /// Whether it is the one beside this service, which nobody registers or revokes.
    local: bool,
    state: HostState,
    /// Since when it is in that state; absent where it has been since this service began.
    since: Option<Instant>,
    /// When it answered last.
    last_seen_at: Option<Instant>,
    /// The version of its shell-worker.
    version: Option<String>,
    /// Terminals that run there, those of commands included, as far as is known.
    running: u32,
    /// Why it can't join.
    detail: Option<String>,
}

/// Every shell host.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hosts {
    /// The one beside this service first.
    items: Vec<Host>,
    /// Whether another machine can join: Redis can be reached from elsewhere.
    joinable: bool,
    /// Subscribe after this fact: nothing is lost between.
    eid: i64,
}

/// A machine to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostBody {
    /// 1 to 63 of a-z, 0-9 and -, not beginning with -.
    #[schema(min_length = 1, max_length = 63, pattern = r"^[a-z0-9][a-z0-9-]*$")]
    name: String,
}

/// A setting of the other machine's shell-worker.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Setting {
    name: String,
    value: String,
}

/// A file for the other machine.
#[derive(Serialize, ToSchema)]
pub(crate) struct File {
    /// Its name in the folder of keys.
    name: String,
    content: String,
}

/// A machine that was just registered, with what it needs to join: shown now and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewHost {
    host: Host,
    environment: Vec<Setting>,
    files: Vec<File>,
    /// Both as one text for a shell of that machine: it makes a folder with them and a `compose.yaml`, and starts it.
    script: String,
}

impl Host {
    fn of(app: &App, row: Row, running: u32) -> Self {
        let waits = row.state == HostState::Waiting;
        Self {
            local: false,
            state: row.state,
            since: Some(row.state_at),
            last_seen_at: app.hosts.seen(&row.name).max(row.seen_at),
            version: row.version.filter(|version| !version.is_empty()),
            running,
            detail: app.hosts.trouble().filter(|_| waits),
            name: row.name,
        }
    }

    /// The one beside this service, by its own word.
    async fn local(app: &App, running: u32) -> Self {
        let answer = app.bus.call(&app.host, &ShellCall::Describe, PATIENCE).await;
        app.heard(&app.host, answer.is_ok());
        let version = match answer {
            Ok(ShellAnswer::Description { version, .. }) => Some(version),
            _ => None,
        };
        let since = app.hosts.silent_since(&app.host);
        Self {
            name: app.host.clone(),
            local: true,
            state: if since.is_some() { HostState::Unreachable } else { HostState::Online },
            since,
            last_seen_at: app.hosts.seen(&app.host),
            version,
            running,
            detail: None,
        }
    }
}

/// List the shell hosts
#[utoipa::path(
    get, path = "/hosts", tag = "host", responses((status = OK, body = Hosts)),
    security(("session" = []), ("token" = ["read"]))
)]
async fn hosts(State(app): State<App>, _reader: Reader) -> Answer<Json<Hosts>> {
    let eid = app.eid().await?;
    let mut running: HashMap<String, u32> = app.store.running_by_host().await?.into_iter().collect();
    let mut items = vec![Host::local(&app, running.remove(&app.host).unwrap_or(0)).await];
    for row in app.store.hosts().await? {
        let running = running.remove(&row.name).unwrap_or(0);
        items.push(Host::of(&app, row, running));
    }
    Ok(Json(Hosts { items, joinable: app.join.is_some(), eid }))
}

/// Register a shell host
///
/// Makes the link key and the Redis user of another machine. Needs the password to have been given within five minutes.
#[utoipa::path(
    post, path = "/hosts", tag = "host", request_body = HostBody, security(("session" = [])),
    responses(
        (status = CREATED, body = NewHost),
        (status = CONFLICT, body = Problem, description = "`host_exists`; `join_unavailable`: `METATRON_JOIN` is not set"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, description = "The name is not valid"),
    )
)]
async fn register_host(
    State(app): State<App>,
    FreshOwner(session): FreshOwner,
    body: Body<HostBody>,
) -> Answer<(StatusCode, Json<NewHost>)> {
    let name = body.value.name;
    if !is_name(&name) {
        return Err(ApiError::field("/name", "must be 1 to 63 of a-z, 0-9 and -, not beginning with -"));
    }
    if name == LOCAL || name == app.host {
        return Err(exists());
    }
    let join = app.join.clone().ok_or_else(|| {
        let detail = "Set METATRON_JOIN to the name and port under which other machines reach this one, and start it again.";
        ApiError::new(Code::JoinUnavailable, detail)
    })?;
    let key = LinkKey::generate().map_err(ApiError::internal)?;
    let link = LinkKey::parse(&key).ok_or_else(|| ApiError::internal("a new link key can't be read"))?;
    let password = random::cookie()?;
    let papers = join.papers(&name, &key, &password).map_err(|error| {
        ApiError::new(Code::JoinUnavailable, format!("The certificate of Redis can't be read: {error}."))
    })?;
    let now = app.now();
    let mut tx = app.store.begin().await?;
    confirmed(&mut tx, &session, now).await?;
    let row = tx.register_host(&app.vault, &name, &key, &digest(&password), now).await;
    let row = row.map_err(|error| match error {
        StoreError::Refused(_) => exists(),
        other => other.into(),
    })?;
    app.commit(tx).await?;
    app.links.set(&name, Some(link));
    app.hosts.forget(&name);
    // Its user at Redis is made behind this, for as long as it takes.
    app.hosts.change();
    let environment = papers.environment.into_iter();
    let new = NewHost {
        host: Host::of(&app, row, 0),
        environment: environment.map(|(name, value)| Setting { name: name.to_owned(), value }).collect(),
        files: papers
            .files
            .into_iter()
            .map(|(name, content)| File { name: name.to_owned(), content: content.to_string() })
            .collect(),
        script: papers.script.to_string(),
    };
    Ok((StatusCode::CREATED, Json(new)))
}

fn exists() -> ApiError {
    ApiError::new(Code::HostExists, "Choose another name, or revoke that one first.")
}

/// Revoke a shell host
///
/// It can't sign in any more, and nothing is sent to it. What runs there is not ended; here it counts as lost.
#[utoipa::path(
    delete, path = "/hosts/{name}", tag = "host", security(("session" = [])),
    params(("name" = String, Path, description = "The host's name")),
    responses(
        (status = NO_CONTENT),
        (status = NOT_FOUND, body = Problem, description = "There is no such host"),
        (status = CONFLICT, body = Problem, description = "It was revoked before: `host_revoked`"),
    )
)]
async fn revoke_host(State(app): State<App>, _owner: Owner, Id(name): Id<Name>) -> Answer<StatusCode> {
    let Name(name) = name;
    let mut tx = app.store.begin().await?;
    tx.revoke_host(&name, app.now()).await.map_err(|error| match error {
        StoreError::Refused(_) => ApiError::new(Code::HostRevoked, "Nothing is left to take back."),
        other => other.into(),
    })?;
    app.commit(tx).await?;
    app.links.set(&name, None);
    // At once where Redis is there; otherwise as soon as it is.
    let shut_out = async { app.bus.expel(&name).await.and(app.bus.clear_host(&name).await) };
    if let Err(error) = shut_out.await {
        tracing::warn!(%error, host = name, "a revoked host is not shut out of Redis yet");
    }
    app.hosts.change();
    Ok(StatusCode::NO_CONTENT)
}
