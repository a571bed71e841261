//! The one fake there is: a scripted model at the far end of HTTP, in the shape of OpenAI's chat completions.
//!
//! Each request takes the next [`Answer`] of the script; a [`Rule`] answers where the script has ended. Where a test has
//! to act in the middle of a stream, the answer holds at a [`Gate`].

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};

/// Holds a stream until the test opens it.
#[derive(Debug, Clone)]
pub struct Gate {
    open: Arc<Semaphore>,
    reached: Arc<Semaphore>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { open: Arc::new(Semaphore::new(0)), reached: Arc::new(Semaphore::new(0)) }
    }
}

impl Gate {
    /// Lets the stream go on.
    pub fn open(&self) {
        self.open.add_permits(1);
    }

    /// Completes when the stream has come to the gate.
    pub async fn reached(&self) {
        if let Ok(permit) = self.reached.acquire().await {
            permit.forget();
        }
    }

    async fn pass(&self) {
        self.reached.add_permits(1);
        if let Ok(permit) = self.open.acquire().await {
            permit.forget();
        }
    }
}

/// A piece of a scripted answer.
#[derive(Debug, Clone)]
enum Beat {
    Chunk(Value),
    Hold(Gate),
    Cut,
}

/// What the model answers to one request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    beats: Vec<Beat>,
}

impl Answer {
    fn streamed() -> Self {
        Self { status: StatusCode::OK, headers: Vec::new(), body: None, beats: Vec::new() }
    }

    /// A whole answer of these words.
    pub fn text(text: &str) -> Self {
        Self::streamed().say(text).finish("stop")
    }

    /// A whole answer that asks for one command.
    pub fn command(command: &str) -> Self {
        let arguments = json!({ "command": command, "why": "the script says so" }).to_string();
        Self::streamed().call(0, "shell_run", &arguments).finish("tool_calls")
    }

    /// A whole answer that calls one tool.
    pub fn tool(name: &str, arguments: &Value) -> Self {
        Self::streamed().call(0, name, &arguments.to_string()).finish("tool_calls")
    }

    /// A whole answer that asks for one command on a host.
    pub fn command_on(host: &str, command: &str) -> Self {
        let arguments = json!({ "command": command, "why": "the script says so", "host": host }).to_string();
        Self::streamed().call(0, "shell_run", &arguments).finish("tool_calls")
    }

    /// An answer that fails with `status` and OpenAI's error body.
    pub fn refusal(status: u16, message: &str) -> Self {
        let body = json!({ "error": { "message": message, "type": "error", "param": null, "code": null } });
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: Vec::new(), body: Some(body), beats: Vec::new() }
    }

    /// An answer to be put together.
    pub fn build() -> Self {
        Self::streamed()
    }

    /// With this header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Then these words, each a chunk of its own.
    #[must_use]
    pub fn say(mut self, text: &str) -> Self {
        let chunks =
            text.split_inclusive(' ').map(|word| Beat::Chunk(delta(&json!({ "content": word }), None)));
        self.beats.extend(chunks);
        self
    }

    /// Then a tool call, its arguments in two halves.
    #[must_use]
    pub fn call(mut self, index: u32, name: &str, arguments: &str) -> Self {
        let (head, tail) = arguments.split_at(arguments.floor_char_boundary(arguments.len() / 2));
        let first = json!({ "tool_calls": [{ "index": index, "id": format!("call_{index}"), "type": "function",
            "function": { "name": name, "arguments": head } }] });
        let second = json!({ "tool_calls": [{ "index": index, "function": { "arguments": tail } }] });
        self.beats.extend([Beat::Chunk(delta(&first, None)), Beat::Chunk(delta(&second, None))]);
        self
    }

    /// Then it holds until the gate opens.
    #[must_use]
    pub fn hold(mut self, gate: &Gate) -> Self {
        self.beats.push(Beat::Hold(gate.clone()));
        self
    }

    /// Then it is whole, for this reason, with its usage.
    #[must_use]
    pub fn finish(mut self, reason: &str) -> Self {
        self.beats.push(Beat::Chunk(delta(&json!({}), Some(reason))));
        let usage = json!({ "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120 });
        let mut last = delta(&json!({}), None);
        last["choices"] = json!([]);
        last["usage"] = usage;
        self.beats.push(Beat::Chunk(last));
        self
    }

    /// Then the connection breaks.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.beats.push(Beat::Cut);
        self
    }
}

fn delta(delta: &Value, finish: Option<&str>) -> Value {
    json!({ "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
}

/// Answers by looking at the request, so that it says the same however often it is asked.
pub type Rule = fn(&Value) -> Answer;

/// The rule of an obedient model: each line `run: …` of the newest message is a command to be run, one a turn; then it
/// says `Done.` and is quiet.
pub fn obey(request: &Value) -> Answer {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let newest = messages.iter().rposition(|message| message["role"] == "user").unwrap_or_default();
    let answered = messages.iter().skip(newest).filter(|message| message["role"] == "tool").count();
    let said = messages.get(newest).and_then(|message| message["content"].as_str()).unwrap_or_default();
    let mut commands = said.lines().filter_map(|line| line.strip_prefix("run: "));
    commands.nth(answered).map_or_else(|| Answer::text("Done."), Answer::command)
}

#[derive(Clone)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    rule: Arc<Mutex<Option<Rule>>>,
    requests: mpsc::UnboundedSender<Value>,
}

/// A scripted model on loopback. Ends with the test's runtime.
pub struct FakeModel {
    address: SocketAddr,
    script: Script,
    requests: mpsc::UnboundedReceiver<Value>,
}

impl FakeModel {
    /// Starts a model with an empty script: it answers 500 until something is pushed.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port")?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::unbounded_channel();
        let script = Script { answers: Arc::default(), rule: Arc::default(), requests: sender };
        let router = Router::new().route("/v1/chat/completions", post(answer)).with_state(script.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's server has no supervisor")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, script, requests })
    }

    /// The base URL a provider is configured with.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds an answer to the end of the script.
    pub fn push(&self, answer: Answer) {
        self.script.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(answer);
    }

    /// Answers by `rule` wherever the script has ended.
    pub fn follow(&self, rule: Rule) {
        *self.script.rule.lock().unwrap_or_else(PoisonError::into_inner) = Some(rule);
    }

    /// The next request that arrived, as its JSON body.
    pub async fn request(&mut self) -> Result<Value> {
        self.requests.recv().await.context("the model was stopped")
    }

    /// Requests that arrived and were not looked at.
    pub fn unread(&self) -> usize {
        self.requests.len()
    }
}

async fn answer(State(script): State<Script>, Json(request): Json<Value>) -> Response {
    let next = script.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let rule = *script.rule.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = match (next, rule) {
        (Some(answer), _) => answer,
        (None, Some(rule)) => rule(&request),
        (None, None) => Answer::refusal(400, "the script has ended"),
    };
    let streamed = request["stream"] == true;
    // Under a rule nobody looks at requests, and there may be many.
    if rule.is_none() {
        let _ = script.requests.send(request);
    }
    let mut response = if let Some(body) = answer.body {
        (answer.status, Json(body)).into_response()
    } else if !streamed {
        Json(whole(&answer.beats)).into_response()
    } else {
        let body = Body::from_stream(sse(answer.beats));
        (answer.status, [(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
    };
    for (name, value) in answer.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The same answer, in one piece.
fn whole(beats: &[Beat]) -> Value {
    let (mut content, mut calls, mut finish, mut usage) =
        (String::new(), Vec::<Value>::new(), None, Value::Null);
    for chunk in
        beats.iter().filter_map(|beat| if let Beat::Chunk(chunk) = beat { Some(chunk) } else { None })
    {
        let choice = &chunk["choices"][0];
        content.push_str(choice["delta"]["content"].as_str().unwrap_or_default());
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let more = call["function"]["arguments"].as_str().unwrap_or_default();
            match calls.iter_mut().find(|known| known["index"] == call["index"]) {
                Some(known) => {
                    let so_far = known["function"]["arguments"].as_str().unwrap_or_default();
                    known["function"]["arguments"] = json!(format!("{so_far}{more}"));
                }
                None => calls.push(call.clone()),
            }
        }
        finish = choice["finish_reason"].as_str().or(finish);
        if chunk["usage"].is_object() {
            usage = chunk["usage"].clone();
        }
    }
    let mut message = json!({ "role": "assistant", "content": content });
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    json!({ "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted", "usage": usage,
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }] })
}

fn sse(beats: Vec<Beat>) -> BoxStream<'static, std::io::Result<Bytes>> {
    let done = stream::iter([Ok(Bytes::from_static(b"data: [DONE]\n\n"))]);
    stream::iter(beats)
        .filter_map(|beat| async move {
            match beat {
                Beat::Chunk(chunk) => Some(Ok(Bytes::from(format!("data: {chunk}\n\n")))),
                Beat::Cut => Some(Err(std::io::Error::other("cut by the script"))),
                Beat::Hold(gate) => {
                    gate.pass().await;
                    None
                }
            }
        })
        .chain(done)
        .boxed()
}
