//! A push service on this machine: takes what is sent to its devices, and answers as a test wants.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A test that waits longer than this has found a defect.
const PATIENCE: Duration = Duration::from_mins(1);

/// What was sent to a device.
#[derive(Debug)]
pub struct Sent {
    /// To which.
    pub device: String,
    /// Its headers, by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// Its body, encrypted.
    pub body: Vec<u8>,
    /// What was answered.
    pub status: u16,
}

#[derive(Clone)]
struct Desk {
    answers: Arc<Mutex<VecDeque<u16>>>,
    sent: mpsc::UnboundedSender<Sent>,
}

/// The push service.
pub struct PushService {
    address: SocketAddr,
    desk: Desk,
    arrived: mpsc::UnboundedReceiver<Sent>,
}

impl PushService {
    /// Starts one that takes everything.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port")?;
        let address = listener.local_addr()?;
        let (sent, arrived) = mpsc::unbounded_channel();
        let desk = Desk { answers: Arc::default(), sent };
        let router = Router::new().route("/push/{device}", post(take)).with_state(desk.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's server has no supervisor")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, desk, arrived })
    }

    /// The endpoint of a device.
    pub fn endpoint(&self, device: &str) -> String {
        format!("http://{}/push/{device}", self.address)
    }

    /// Its origin, as a token has to name it.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers one message with `status` instead of taking it.
    pub fn answer(&self, status: u16) {
        self.desk.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(status);
    }

    /// The next message that arrived.
    pub async fn next(&mut self) -> Result<Sent> {
        let next = tokio::time::timeout(PATIENCE, self.arrived.recv());
        next.await.context("nothing was sent in a minute")?.context("the push service was stopped")
    }

    /// Messages that arrived and were not looked at.
    pub fn unread(&self) -> usize {
        self.arrived.len()
    }
}

async fn take(
    State(desk): State<Desk>,
    Path(device): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    let status = desk.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front().unwrap_or(201);
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    // Nobody looks any more when the test has ended.
    let _ = desk.sent.send(Sent { device, headers, body: body.to_vec(), status });
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
