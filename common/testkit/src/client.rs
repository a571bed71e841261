//! The owner at a browser, for tests: a cookie, JSON over HTTP, and one WebSocket. Knows only what stands in the API.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::{SinkExt as _, StreamExt as _};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What the owner's password is in tests.
pub const PASSWORD: &str = "correct horse battery staple";
/// A test that waits longer than this has found a defect.
const PATIENCE: Duration = Duration::from_mins(1);

/// The owner, logged in.
#[derive(Clone)]
pub struct Owner {
    http: reqwest::Client,
    url: String,
    cookie: String,
}

/// A live view of what happens.
pub struct Watch {
    socket: WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>,
    next_id: u64,
    /// The number of the last fact that was seen.
    pub last: i64,
}

/// A frame that arrived.
#[derive(Debug)]
pub enum Frame {
    /// A JSON frame.
    Json(Value),
    /// Terminal bytes: channel, start offset, bytes.
    Bytes(u32, u64, Vec<u8>),
    /// A terminal's screen: channel, offset, what to feed a terminal that was just reset.
    Screen(u32, u64, Vec<u8>),
}

/// Keeps no connection open: a killed server would leave it stale.
fn client() -> Result<reqwest::Client> {
    // Somebody may have installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().timeout(PATIENCE).pool_max_idle_per_host(0).build()?)
}

impl Owner {
    /// Claims a fresh instance.
    pub async fn claim(url: &str, code: &str) -> Result<Self> {
        let body = json!({ "code": code, "password": PASSWORD });
        Self::enter(url, "/api/v1/setup/claim", &body).await
    }

    /// Logs in to a claimed instance.
    pub async fn login(url: &str) -> Result<Self> {
        Self::enter(url, "/api/v1/login", &json!({ "password": PASSWORD })).await
    }

    async fn enter(url: &str, path: &str, body: &Value) -> Result<Self> {
        let http = client()?;
        let response = http.post(format!("{url}{path}")).header("origin", url).json(body).send().await?;
        let status = response.status();
        let cookie = response
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok()?.split(';').next())
            .collect::<Vec<_>>()
            .join("; ");
        let text = response.text().await?;
        ensure!(status.is_success() && !cookie.is_empty(), "{path} answered {status}: {text}");
        Ok(Self { http, url: url.to_owned(), cookie })
    }

    /// A request as the browser would send it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        request.header("cookie", &self.cookie).header("origin", &self.url)
    }

    /// Sends, and wants success.
    pub async fn send(&self, request: RequestBuilder) -> Result<Value> {
        let response = request.send().await?;
        let (status, path) = (response.status(), response.url().path().to_owned());
        let text = response.text().await?;
        ensure!(status.is_success(), "{path} answered {status}: {text}");
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// GET, and wants success.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST of JSON, and wants success.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// POST of JSON, and wants a refusal; returns its status and its code.
    pub async fn refused(&self, path: &str, body: &Value) -> Result<(StatusCode, String)> {
        let response: Response = self.request(Method::POST, path).json(body).send().await?;
        let status = response.status();
        let problem: Value = response.json().await?;
        ensure!(!status.is_success(), "{path} was not refused: {problem}");
        Ok((status, problem["code"].as_str().unwrap_or_default().to_owned()))
    }

    /// POST of JSON under an `Idempotency-Key`; the answer as it came, whatever it says.
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Result<(StatusCode, Value)> {
        let request = self.request(Method::POST, path).header("idempotency-key", key).json(body);
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// Connects a model at `base_url` and makes it the default.
    pub async fn connect_model(&self, base_url: &str) -> Result<String> {
        let body = json!({ "name": "scripted", "base_url": base_url, "model": "scripted-1", "api_key": "sk-planted-secret" });
        let provider = self.post("/providers", &body).await?;
        let id = provider["id"].as_str().context("no provider id")?.to_owned();
        self.post(&format!("/providers/{id}/default"), &json!({})).await?;
        Ok(id)
    }

    /// Begins a conversation with a message. Returns the ids of the chat and of its run.
    pub async fn say(&self, text: &str) -> Result<(String, String)> {
        let chat = self.post("/chats", &json!({})).await?;
        let chat = chat["id"].as_str().context("no chat id")?.to_owned();
        let posted = self.post(&format!("/chats/{chat}/messages"), &json!({ "text": text })).await?;
        let run = posted["run"]["id"].as_str().context("no run id")?.to_owned();
        Ok((chat, run))
    }

    /// Answers the question that waits for the run.
    pub async fn decide(&self, run: &str, decision: &str, reason: Option<&str>) -> Result<Value> {
        let waiting = self.get("/approvals?state=waiting").await?;
        let items = waiting["items"].as_array().context("no list")?;
        let card = items.iter().find(|card| card["run_id"] == run).context("nothing waits for that run")?;
        let mut body = json!({ "decision": decision, "digest": card["digest"], "nonce": card["nonce"] });
        if let Some(reason) = reason {
            body["reason"] = json!(reason);
        }
        let id = card["id"].as_str().context("no approval id")?;
        self.post(&format!("/approvals/{id}/decision"), &body).await
    }

    /// Opens a WebSocket and watches every fact after the number `after`.
    pub async fn watch(&self, after: i64) -> Result<Watch> {
        let mut request =
            format!("{}/api/v1/ws", self.url.replacen("http", "ws", 1)).into_client_request()?;
        for (name, value) in [
            ("cookie", self.cookie.as_str()),
            ("origin", &self.url),
            ("sec-websocket-protocol", "metatron.v1"),
        ] {
            request.headers_mut().insert(name, value.parse()?);
        }
        let (socket, _) = connect_async(request).await?;
        let mut watch = Watch { socket, next_id: 1, last: after };
        watch.subscribe(&json!({ "topic": "events", "after": after })).await?;
        Ok(watch)
    }

    /// Waits until the run has ended and returns it.
    pub async fn ended(&self, run: &str) -> Result<Value> {
        let mut watch = self.watch(0).await?;
        watch.fact("run.ended", |event| event["run_id"] == run).await?;
        self.get(&format!("/runs/{run}")).await
    }

    /// The text the AI said last in a conversation.
    pub async fn last_words(&self, chat: &str) -> Result<String> {
        let messages = self.get(&format!("/chats/{chat}/messages")).await?;
        let items = messages["items"].as_array().context("no list")?;
        let last =
            items.iter().rev().find(|message| message["role"] == "ai").context("the AI said nothing")?;
        let parts = last["parts"].as_array().context("no parts")?;
        Ok(parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join(""))
    }
}

impl Watch {
    /// Subscribes to a topic; `what` holds `topic` and where to begin. Returns the server's answer.
    pub async fn subscribe(&mut self, what: &Value) -> Result<Value> {
        let mut what = what.clone();
        what["op"] = json!("sub");
        self.ask(&what).await
    }

    /// Sends a frame that is answered, and wants success. What else arrives meanwhile is dropped.
    pub async fn ask(&mut self, what: &Value) -> Result<Value> {
        let id = self.next_id;
        self.next_id += 1;
        let mut frame = what.clone();
        frame["id"] = json!(id);
        self.socket.send(Message::text(frame.to_string())).await?;
        loop {
            if let Frame::Json(answer) = self.frame().await?
                && answer["id"] == id
            {
                ensure!(answer["ok"] == true, "{what} was refused: {answer}");
                return Ok(answer);
            }
        }
    }

    /// Presses keys on a terminal's channel; `before` is how many bytes of them were sent already.
    pub async fn keys(&mut self, channel: u32, before: u64, bytes: &[u8]) -> Result<()> {
        let mut frame = vec![2];
        frame.extend(channel.to_be_bytes());
        frame.extend(before.to_be_bytes());
        frame.extend(bytes);
        Ok(self.socket.send(Message::binary(frame)).await?)
    }

    /// The next frame, whatever it is.
    pub async fn frame(&mut self) -> Result<Frame> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next());
            match next.await.context("nothing arrived in a minute")?.context("the socket was closed")?? {
                Message::Text(text) => return Ok(Frame::Json(serde_json::from_str(&text)?)),
                Message::Binary(bytes) => {
                    ensure!(bytes.len() >= 13, "a short binary frame");
                    let channel = u32::from_be_bytes(bytes[1..5].try_into()?);
                    let offset = u64::from_be_bytes(bytes[5..13].try_into()?);
                    let (kind, bytes) = (bytes[0], bytes[13..].to_vec());
                    let is_screen = kind == 3;
                    return Ok(if is_screen {
                        Frame::Screen(channel, offset, bytes)
                    } else {
                        Frame::Bytes(channel, offset, bytes)
                    });
                }
                Message::Close(reason) => bail!("the socket was closed: {reason:?}"),
                _ => {}
            }
        }
    }

    /// Waits for a fact of this kind for which `wanted` holds. The numbers of facts must rise.
    pub async fn fact(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let Frame::Json(frame) = self.frame().await? else { continue };
            // A terminal's own topic tells some of them as well.
            let Some(eid) = frame["eid"].as_i64().filter(|_| frame["topic"] == "events") else { continue };
            ensure!(eid > self.last, "fact {eid} came after {}", self.last);
            self.last = eid;
            if frame["ev"] == kind && wanted(&frame["data"]) {
                return Ok(frame["data"].clone());
            }
        }
    }
}
