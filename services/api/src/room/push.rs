//! Notifications: the owner's devices, and trying whether they arrive. This service sends nothing: a worker does.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::uri::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use metatron_domain::address::is_public;
use metatron_domain::clock::Instant;
use metatron_domain::id::DeviceId;
use metatron_process::trial;
use metatron_store::push::Device as DeviceRow;
use metatron_store::push::device::NewDevice;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::extract::{Body, Id};
use crate::session::Owner;
use crate::state::OWNER;

const LONGEST_ENDPOINT: usize = 2_048;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(devices, add_device))
        .routes(routes!(rename_device, remove_device))
        .routes(routes!(try_device))
}

/// A device that gets notifications.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Device {
    id: DeviceId,
    name: String,
    /// The push service it is reached by.
    service: String,
    created_at: Instant,
    /// When its push service last took a message.
    sent_at: Option<Instant>,
    /// Why the last message did not arrive.
    failure: Option<String>,
}

impl From<DeviceRow> for Device {
    fn from(row: DeviceRow) -> Self {
        // Of its address only the host: the rest names the device to its push service.
        let service = row.endpoint.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        Self {
            id: row.id,
            name: row.name,
            service: service.unwrap_or_default(),
            created_at: row.created_at,
            sent_at: row.sent_at,
            failure: row.failure,
        }
    }
}

/// Every device, and what a browser needs to become one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Devices {
    items: Vec<Device>,
    /// `applicationServerKey`, in base64url; absent until a worker has made it.
    public_key: Option<String>,
}

/// A device as its browser describes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceBody {
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
    /// `endpoint` of the subscription.
    #[schema(
        min_length = 12,
        max_length = 2048,
        pattern = r"^https://[0-9A-Za-z.-]+\.[A-Za-z]{2,63}(:443)?/[!$-;=A-Z_a-z~?]*$"
    )]
    endpoint: String,
    keys: DeviceKeys,
}

/// `keys` of a subscription.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceKeys {
    /// The device's public key, in base64url.
    #[schema(pattern = "^B[A-Za-z0-9_-]{85}[AEIMQUYcgkosw048]$")]
    p256dh: String,
    /// Its authentication secret, in base64url.
    #[schema(pattern = "^[A-Za-z0-9_-]{21}[AQgw]$")]
    auth: String,
}

/// Another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceName {
    /// 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80, pattern = r"\S")]
    name: String,
}

fn check_name(name: &str) -> Answer<&str> {
    let name = name.trim();
    if (1..=80).contains(&name.chars().count()) {
        return Ok(name);
    }
    Err(ApiError::field("/name", "must have 1 to 80 characters"))
}

/// Refuses what is no address of a push service; whoever sends looks again, at what the name resolves to.
fn check_endpoint(text: &str) -> Answer<()> {
    let bad = || ApiError::field("/endpoint", "must be an HTTPS address on the public network");
    if text.len() > LONGEST_ENDPOINT {
        return Err(bad());
    }
    let uri: Uri = text.parse().map_err(|_| bad())?;
    let authority = uri.authority().ok_or_else(bad)?;
    let address = authority.host().trim_matches(['[', ']']).parse::<IpAddr>().ok();
    if trial::push_stays_here() && address.is_some_and(|address| address.is_loopback()) {
        return Ok(());
    }
    let named = address.is_none() && authority.host().contains('.') && !authority.as_str().contains('@');
    if uri.scheme_str() == Some("https") && (named || address.is_some_and(is_public)) {
        return Ok(());
    }
    Err(bad())
}

fn check_key(pointer: &'static str, text: &str, first: Option<u8>, length: usize) -> Answer<()> {
    let decoded = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() == length);
    match decoded {
        Some(bytes) if first.is_none_or(|first| bytes.first() == Some(&first)) => Ok(()),
        _ => Err(ApiError::field(pointer, format!("must be {length} bytes in base64url"))),
    }
}

/// List the devices that get notifications
#[utoipa::path(
    get, path = "/push/devices", tag = "push", responses((status = OK, body = Devices)), security(("session" = []))
)]
async fn devices(State(app): State<App>, _owner: Owner) -> Answer<Json<Devices>> {
    let items = app.store.devices().await?.into_iter().map(Device::from).collect();
    Ok(Json(Devices { items, public_key: app.store.push_key().await? }))
}

/// Add a device
///
/// A browser that comes again with the endpoint it had stays the same device.
#[utoipa::path(
    post, path = "/push/devices", tag = "push", request_body = DeviceBody, security(("session" = [])),
    responses((status = CREATED, body = Device))
)]
async fn add_device(
    State(app): State<App>,
    _owner: Owner,
    body: Body<DeviceBody>,
) -> Answer<(StatusCode, Json<Device>)> {
    let DeviceBody { name, endpoint, keys } = &body.value;
    let name = check_name(name)?;
    check_endpoint(endpoint)?;
    check_key("/keys/p256dh", &keys.p256dh, Some(4), 65)?;
    check_key("/keys/auth", &keys.auth, None, 16)?;
    let new = NewDevice { name, endpoint, p256dh: &keys.p256dh, auth: &keys.auth };
    let mut tx = app.store.begin().await?;
    let id = tx.add_device_for_push(&new, app.now()).await?;
    app.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(app.store.device(id).await?.into())))
}

/// Give a device another name
#[utoipa::path(
    patch, path = "/push/devices/{id}", tag = "push", params(("id" = DeviceId, Path,)), request_body = DeviceName,
    security(("session" = [])), responses((status = OK, body = Device))
)]
async fn rename_device(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<DeviceId>,
    body: Body<DeviceName>,
) -> Answer<Json<Device>> {
    let name = check_name(&body.value.name)?;
    let mut tx = app.store.begin().await?;
    tx.rename_device(id, name, app.now()).await?;
    app.commit(tx).await?;
    Ok(Json(app.store.device(id).await?.into()))
}

/// Remove a device
#[utoipa::path(
    delete, path = "/push/devices/{id}", tag = "push", params(("id" = DeviceId, Path,)), security(("session" = [])),
    responses((status = NO_CONTENT))
)]
async fn remove_device(State(app): State<App>, _owner: Owner, Id(id): Id<DeviceId>) -> Answer<StatusCode> {
    let mut tx = app.store.begin().await?;
    tx.remove_device(id, &OWNER, app.now()).await?;
    app.commit(tx).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try whether notifications arrive
///
/// Owes one to the device; whether its push service took it, the device's own `sent_at` and `failure` tell.
#[utoipa::path(
    post, path = "/push/devices/{id}/test", tag = "push", params(("id" = DeviceId, Path,)), security(("session" = [])),
    responses((status = ACCEPTED, body = Device))
)]
async fn try_device(
    State(app): State<App>,
    _owner: Owner,
    Id(id): Id<DeviceId>,
) -> Answer<(StatusCode, Json<Device>)> {
    if app.store.push_key().await?.is_none() {
        return Err(ApiError::new(
            Code::Conflict,
            "The key for notifications is not made yet. Try again in a moment.",
        ));
    }
    let device = app.store.device(id).await?;
    let mut tx = app.store.begin().await?;
    tx.try_push(id, app.now()).await?;
    app.commit(tx).await?;
    Ok((StatusCode::ACCEPTED, Json(device.into())))
}
