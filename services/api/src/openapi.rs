//! The OpenAPI document, made from the code. A test keeps the committed `openapi.json` equal to it; the committed text is
//! what is served, so that no process holds the document as a tree.

use std::collections::BTreeMap;

use utoipa::Modify;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Content, ContentBuilder, OpenApi, Ref, RefOr, Required, Response, ResponseBuilder, Schema,
};
use utoipa_axum::router::OpenApiRouter;

use crate::App;
use crate::error::{FieldError, Problem};
use crate::room;
use crate::socket::frame::{ClientFrame, ServerFrame};

/// The document as it is committed and served.
pub(crate) const TEXT: &str = include_str!("../openapi.json");
/// Where the API begins.
pub(crate) const PREFIX: &str = "/api/v1";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "MetatronOS",
        version = "1",
        description = "One owner, one machine, one AI that can use it.\n\nA browser signs in with a cookie; a program sends \
            `Authorization: Bearer mtr_…`. Changes are JSON, and from a browser only from our own pages. A refusal is \
            `application/problem+json` with a stable `code`. POSTs that make something take an `Idempotency-Key`.\n\n\
            Everything that happens is told on one WebSocket, `/api/v1/ws`, subprotocol `metatron.v1`: the client sends \
            `ClientFrame`, the server `ServerFrame`, and what belongs to a terminal as binary frames (`u8` kind, `u32` \
            channel, `u64` number, big endian, then bytes). Kind 1, from the server: output, the number is the offset of \
            its first byte. Kind 2, from the owner: keys, the number is how many bytes of keys were sent before on this \
            channel; at most 48 KiB in one frame. Kind 3, from the server: a screen, to be fed to a terminal of the size \
            named in the frame before it and just reset; output goes on from its offset. Resume with the last `eid` you \
            saw. Close codes: 4401 not signed in, 4403 forbidden, 4409 another protocol, 4429 too slow.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem, FieldError, ClientFrame, ServerFrame)),
    modifiers(&Rules)
)]
struct Document;

struct Rules;

impl Modify for Rules {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description("metatron", "The owner's browser session"));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("mtr_").build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// Every route under [`PREFIX`] with its part of the document.
pub(crate) fn router() -> OpenApiRouter<App> {
    let rooms = OpenApiRouter::new()
        .merge(room::setup::router())
        .merge(room::auth::router())
        .merge(room::setting::router())
        .merge(room::provider::router())
        .merge(room::price::router())
        .merge(room::token::router())
        .merge(room::chat::router())
        .merge(room::run::router())
        .merge(room::task::router())
        .merge(room::halt::router())
        .merge(room::exec::router())
        .merge(room::terminal::router())
        .merge(room::approval::router())
        .merge(room::elevated::router())
        .merge(room::rule::router())
        .merge(room::mode::router())
        .merge(room::queue::router())
        .merge(room::host::router())
        .merge(room::service::router())
        .merge(room::event::router())
        .merge(room::push::router())
        .merge(room::undo::router())
        .merge(room::snapshot::router())
        .merge(room::audit::router());
    OpenApiRouter::with_openapi(<Document as utoipa::OpenApi>::openapi()).nest(PREFIX, rooms)
}

/// The document, made from the code.
pub fn document() -> OpenApi {
    let (_, mut document) = router().split_for_parts();
    let schemas =
        document.components.as_ref().map(|components| components.schemas.clone()).unwrap_or_default();
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            let refusal = ResponseBuilder::new()
                .description("Refused: the code says why")
                .content("application/problem+json", problem)
                .build();
            operation.responses.responses.insert("default".to_owned(), RefOr::T(refusal));
            operation.responses.responses.values_mut().for_each(name_problem);
            if let Some(RefOr::T(body)) = &mut operation.request_body
                && !requires(body, &schemas)
            {
                body.required = Some(Required::False);
            }
        }
    }
    document
}

/// Refusals that an operation names itself have the media type of all others.
fn name_problem(response: &mut RefOr<Response>) {
    const JSON: &str = "application/json";
    let RefOr::T(response) = response else { return };
    let is_problem = matches!(response.content.get(JSON), Some(RefOr::T(Content { schema: Some(RefOr::Ref(named)), .. }))
        if named.ref_location.ends_with("/Problem"));
    if is_problem && let Some(content) = response.content.shift_remove(JSON) {
        response.content.insert("application/problem+json".to_owned(), content);
    }
}

/// Whether something in this body is required. Where nothing is, the body itself may be left out.
fn requires(body: &RequestBody, schemas: &BTreeMap<String, RefOr<Schema>>) -> bool {
    body.content.values().any(|content| {
        let RefOr::T(Content { schema: Some(RefOr::Ref(named)), .. }) = content else { return true };
        let name = named.ref_location.rsplit('/').next().unwrap_or_default();
        !matches!(schemas.get(name), Some(RefOr::T(Schema::Object(object))) if object.required.is_empty())
    })
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten()
}
