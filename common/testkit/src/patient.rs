//! An owner who does not give up: the same request again while the server is away, the facts from where they stopped.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::client::{Frame, Owner, Watch};

/// How long a server may be away before that is a defect.
const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// An owner whose browser reconnects. Sees every fact exactly once, in order, without a hole.
pub struct Patient {
    /// The owner.
    pub owner: Owner,
    watch: Option<Watch>,
    last: i64,
}

impl Patient {
    /// Begins before the first fact.
    pub fn new(owner: Owner) -> Self {
        Self { owner, watch: None, last: 0 }
    }

    /// Goes on as `owner`, who has signed in anew.
    pub fn become_owner(&mut self, owner: Owner) {
        self.owner = owner;
        self.watch = None;
    }

    /// POST under `key` until it is answered; returns the status and the body.
    pub async fn post(&self, path: &str, body: &Value, key: &str) -> Result<(u16, Value)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.owner.post_once(path, body, key).await;
            match answer {
                Ok((status, answer)) if !status.is_server_error() => return Ok((status.as_u16(), answer)),
                other if Instant::now() > deadline => {
                    bail!("{path} was not answered in a minute; last: {other:?}")
                }
                _ => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// GET until it is answered.
    pub async fn get(&self, path: &str) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.owner.get(path).await {
                Ok(answer) => return Ok(answer),
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Begins a conversation with a message; `key` must be new. Returns the ids of the chat and of its run.
    pub async fn say(&self, text: &str, key: &str) -> Result<(String, String)> {
        let (_, chat) = self.post("/chats", &json!({}), &format!("{key}-chat")).await?;
        let chat = chat["id"].as_str().with_context(|| format!("no chat: {chat}"))?.to_owned();
        let path = format!("/chats/{chat}/messages");
        let (_, posted) = self.post(&path, &json!({ "text": text }), &format!("{key}-message")).await?;
        let run = posted["run"]["id"].as_str().with_context(|| format!("no run: {posted}"))?.to_owned();
        Ok((chat, run))
    }

    /// Answers a question. That it was answered or taken back meanwhile is as good.
    pub async fn decide(&self, approval: &str, decision: &str) -> Result<()> {
        let card = self.get(&format!("/approvals/{approval}")).await?;
        let body = json!({ "decision": decision, "digest": card["digest"], "nonce": card["nonce"] });
        let (status, answer) = self.post(&format!("/approvals/{approval}/decision"), &body, approval).await?;
        let decided = status == 200 || answer["code"] == "approval_already_decided";
        ensure!(decided, "the answer was refused with {status}: {answer}");
        Ok(())
    }

    /// The next fact: `{eid, ev, data}`.
    pub async fn next(&mut self) -> Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = match &mut self.watch {
                Some(watch) => watch.frame().await,
                None => match self.owner.watch(self.last).await {
                    Ok(watch) => {
                        self.watch = Some(watch);
                        continue;
                    }
                    Err(error) => Err(error),
                },
            };
            match found {
                Ok(Frame::Json(frame)) if frame["eid"].is_i64() && frame["ev"].is_string() => {
                    let eid = frame["eid"].as_i64().unwrap_or_default();
                    ensure!(eid == self.last + 1, "fact {eid} came after {}", self.last);
                    self.last = eid;
                    return Ok(frame);
                }
                Ok(_) => {}
                Err(error) if Instant::now() > deadline => return Err(error),
                Err(_) => {
                    self.watch = None;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Waits for a fact for which `wanted(kind, data)` holds, and returns its data.
    pub async fn fact(&mut self, mut wanted: impl FnMut(&str, &Value) -> bool) -> Result<Value> {
        loop {
            let mut fact = self.next().await?;
            if wanted(fact["ev"].as_str().unwrap_or_default(), &fact["data"]) {
                return Ok(fact["data"].take());
            }
        }
    }

    /// Waits until the run has ended and returns it.
    pub async fn ended(&mut self, run: &str) -> Result<Value> {
        self.fact(|kind, data| kind == "run.ended" && data["run_id"] == run).await?;
        self.get(&format!("/runs/{run}")).await
    }
}
