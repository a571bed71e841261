//! The owner's settings: one document, guarded by its version.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use metatron_domain::event::EventKind;
use metatron_store::About;
use metatron_store::setting::{Settings as SettingsRow, Theme as ThemeRow};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::check;
use crate::error::{Answer, ApiError, Code};
use crate::extract::Body;
use crate::money;
use crate::session::{Owner, Reader};
use crate::state::OWNER;

const LONGEST_INSTRUCTION: usize = 16 * 1024;
/// The largest sum of a day, in US dollars.
const MOST_DAILY: f64 = 10_000.0;

/// This room's routes.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(settings, change_settings))
}

/// Which colours the owner sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Theme {
    /// As the device is set.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What the owner set.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settings {
    /// A BCP 47 language tag.
    language: String,
    /// An IANA time zone.
    timezone: String,
    theme: Theme,
    /// The owner's standing instruction to the AI.
    instruction: String,
    /// What work that the clock begins may cost on one day of the owner's, in US dollars.
    unattended_usd_per_day: f64,
}

/// What is to change; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    /// A BCP 47 language tag.
    #[schema(max_length = 35, pattern = "^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$")]
    language: Option<String>,
    /// An IANA time zone that the machine knows.
    #[schema(max_length = 63, pattern = "^[A-Za-z0-9_+-][A-Za-z0-9_+/-]*$")]
    timezone: Option<String>,
    theme: Option<Theme>,
    /// 16 KiB at most.
    #[schema(max_length = 16_384)]
    instruction: Option<String>,
    /// US dollars, to the ten-thousandth of one; at 0 only what costs nothing works.
    #[schema(minimum = 0, maximum = 10_000)]
    unattended_usd_per_day: Option<f64>,
}

fn shown(row: SettingsRow, version: i64) -> Answer<Response> {
    let theme = match row.theme {
        ThemeRow::System => Theme::System,
        ThemeRow::Light => Theme::Light,
        ThemeRow::Dark => Theme::Dark,
    };
    let SettingsRow { language, timezone, instruction, unattended_micros_per_day, .. } = row;
    let unattended_usd_per_day = money::usd(unattended_micros_per_day);
    let mut response =
        Json(Settings { language, timezone, theme, instruction, unattended_usd_per_day }).into_response();
    let tag = HeaderValue::from_str(&etag(version)).map_err(ApiError::internal)?;
    response.headers_mut().insert(header::ETAG, tag);
    Ok(response)
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// Show the settings
#[utoipa::path(
    get, path = "/settings", tag = "setting", security(("session" = []), ("token" = ["read"])),
    responses((status = OK, body = Settings, headers(("ETag" = String, description = "The version"))))
)]
async fn settings(State(app): State<App>, _reader: Reader) -> Answer<Response> {
    let (row, version) = app.store.settings().await?;
    shown(row, version)
}

/// Change the settings
///
/// With `If-Match` only when nobody changed them meanwhile.
#[utoipa::path(
    patch, path = "/settings", tag = "setting", request_body = SettingsBody, security(("session" = [])),
    params(("If-Match" = Option<String>, Header, description = "The ETag that was seen")),
    responses((status = OK, body = Settings, headers(("ETag" = String, description = "The version"))))
)]
async fn change_settings(
    State(app): State<App>,
    _owner: Owner,
    headers: HeaderMap,
    body: Body<SettingsBody>,
) -> Answer<Response> {
    let (mut row, version) = app.store.settings().await?;
    let changed =
        || ApiError::new(Code::ChangedMeanwhile, "Look at the settings again, then repeat the change.");
    if let Some(seen) = headers.get(header::IF_MATCH)
        && seen.as_bytes() != b"*"
        && seen.as_bytes() != etag(version).as_bytes()
    {
        return Err(changed());
    }
    let SettingsBody { language, timezone, theme, instruction, unattended_usd_per_day: daily } = body.value;
    let fields = [
        ("language", language.is_some()),
        ("timezone", timezone.is_some()),
        ("theme", theme.is_some()),
        ("instruction", instruction.is_some()),
        ("unattended_usd_per_day", daily.is_some()),
    ];
    let fields: Vec<_> = fields.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    if let Some(language) = language {
        check::language(&language)?;
        row.language = language;
    }
    if let Some(timezone) = timezone {
        check::timezone(&timezone)?;
        row.timezone = timezone;
    }
    if let Some(theme) = theme {
        row.theme = match theme {
            Theme::System => ThemeRow::System,
            Theme::Light => ThemeRow::Light,
            Theme::Dark => ThemeRow::Dark,
        };
    }
    if let Some(instruction) = instruction {
        if instruction.len() > LONGEST_INSTRUCTION {
            return Err(ApiError::field(
                "/instruction",
                format!("must have at most {LONGEST_INSTRUCTION} bytes"),
            ));
        }
        row.instruction = instruction;
    }
    if let Some(daily) = daily {
        if !(0.0..=MOST_DAILY).contains(&daily) {
            let detail = format!("must be from 0 to {MOST_DAILY} US dollars");
            return Err(ApiError::field("/unattended_usd_per_day", detail));
        }
        row.unattended_micros_per_day = money::micros(daily);
    }
    let now = app.now();
    let mut tx = app.store.begin().await?;
    let version = match tx.put_settings(&row, version, now).await {
        Err(metatron_store::Error::Conflict(_)) => return Err(changed()),
        other => other?,
    };
    let data = json!({ "version": version, "fields": fields });
    tx.record(EventKind::SettingChanged, now, &OWNER, About::default(), data).await?;
    app.commit(tx).await?;
    shown(row, version)
}
