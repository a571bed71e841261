//! The WebSocket: facts and live text as JSON, terminal bytes as binary frames.
//!
//! A page of ours comes with its cookie; a program with its token, in the header or in its first frame (H4). Nobody's
//! slowness reaches anybody else: each socket has a bounded queue, and what does not fit is read again later or told as a
//! gap. The right to be here is looked at each minute and whenever rights change (A1).

mod connection;
pub(crate) mod frame;
mod live;
mod queue;
mod terminal;
mod typing;
pub(crate) mod viewers;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures::StreamExt as _;
use metatron_store::auth::Scope;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::guard::own_page;
use crate::place::Place;
use crate::session::{Caller, not_signed_in};

use frame::{ClientFrame, PROTOCOL, close};

/// Bytes of one frame of a client.
const FRAME_LIMIT: usize = 64 * 1024;

/// Bytes of a client that are read at once.
const READ: usize = 4 * 1024;

/// Who is at the other end, as far as the handshake told.
enum Greeting {
    Known(Caller),
    /// The first frame will tell.
    Silent,
    Refused(u16),
}

/// Opens a socket.
pub(crate) async fn open(State(app): State<App>, request: Request) -> Answer<Response> {
    let (mut parts, _) = request.into_parts();
    let place = parts.extensions.get::<Place>().cloned().ok_or_else(|| ApiError::internal("no place"))?;
    let has_header = parts.headers.contains_key(header::AUTHORIZATION);
    let has_cookie = parts.headers.contains_key(header::COOKIE);
    let has_origin = parts.headers.contains_key(header::ORIGIN);
    // A browser always names the page that opens a socket. A cookie without it comes from no page of ours (I2).
    if has_cookie && !has_header && !has_origin {
        return Err(ApiError::new(
            Code::OriginRefused,
            "A socket with a cookie must name our own page as its origin.",
        ));
    }
    if has_origin {
        own_page(&app, &place, &parts.headers)?;
    }
    let greeting = if !offers_protocol(&parts.headers) {
        Greeting::Refused(close::VERSION)
    } else if has_header || has_cookie {
        match app.caller(&parts).await {
            Ok(caller) => Greeting::Known(caller),
            // A page can't read the status of a refused handshake, but it can read why a socket closes.
            Err(refusal) if refusal.code() == Code::NotSignedIn => Greeting::Refused(close::AUTH),
            Err(other) => return Err(other),
        }
    } else {
        Greeting::Silent
    };
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &app)
        .await
        .map_err(|_| ApiError::new(Code::BadRequest, "This address speaks WebSocket only."))?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(FRAME_LIMIT).max_frame_size(FRAME_LIMIT);
    // A client sends keys: the room for them is zeroed at each reading.
    let upgrade = upgrade.read_buffer_size(READ);
    Ok(upgrade.on_upgrade(move |socket| Box::pin(greet(app, socket, greeting))))
}

fn offers_protocol(headers: &HeaderMap) -> bool {
    let offers =
        headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|offer| offer.to_str().ok());
    offers.flat_map(|offer| offer.split(',')).any(|offer| offer.trim() == PROTOCOL)
}

async fn greet(app: App, mut socket: WebSocket, greeting: Greeting) {
    let caller = match greeting {
        Greeting::Known(caller) => Ok(caller),
        Greeting::Refused(code) => Err(code),
        Greeting::Silent => {
            let said = tokio::time::timeout(app.limits.introduction, introduce(&app, &mut socket)).await;
            said.ok().and_then(Result::ok).ok_or(close::AUTH)
        }
    };
    let caller = caller.and_then(|caller| match caller.may(Scope::Read) {
        Ok(()) => Ok(caller),
        Err(_) => Err(close::FORBIDDEN),
    });
    match caller {
        Ok(caller) => connection::serve(app, caller, socket).await,
        Err(code) => {
            // The other end may be gone already.
            let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason(code).into() }))).await;
        }
    }
}

/// Reads the first frame, which must say who is there.
async fn introduce(app: &App, socket: &mut WebSocket) -> Answer<Caller> {
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) => {
                let Ok(ClientFrame::Auth { token, id }) = serde_json::from_str(&text) else { break };
                let caller = app.caller_by_token(&token).await?;
                if let Some(id) = id {
                    let (ok, eid) = (true, app.eid().await?);
                    let frame = frame::OkFrame { id, ok, eid, channel: None, pong: None };
                    let text = serde_json::to_string(&frame).map_err(ApiError::internal)?;
                    let _ = socket.send(Message::Text(text.into())).await;
                }
                return Ok(caller);
            }
            Message::Ping(_) | Message::Pong(_) => {}
            Message::Binary(_) | Message::Close(_) => break,
        }
    }
    Err(not_signed_in())
}

const fn reason(code: u16) -> &'static str {
    match code {
        close::AUTH => "not signed in",
        close::FORBIDDEN => "the scope read is missing",
        close::VERSION => "offer the subprotocol metatron.v1",
        close::TOO_MUCH => "read faster or ask less",
        close::RESTART => "the server restarts",
        _ => "not what was agreed",
    }
}
