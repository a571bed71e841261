//! A question to the shell-worker of a host, answered at once or not at all: never owed, never stored.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use metatron_domain::command::{ShellAnswer, ShellCall};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::link::Via;
use crate::live::Notice;
use crate::{Bus, Error, key};

/// Questions answered at once, at most.
const AT_ONCE: usize = 32;

#[derive(Debug, Serialize, Deserialize)]
struct Question {
    id: u64,
    reply_to: String,
    call: ShellCall,
}

#[derive(Debug, Serialize, Deserialize)]
struct Reply {
    id: u64,
    answer: ShellAnswer,
}

/// How long it may take until answers can be heard.
const LISTENING: Duration = Duration::from_secs(3);

static NEXT: AtomicU64 = AtomicU64::new(1);

impl Bus {
    /// Asks the shell-worker of `host`. [`Error::Unavailable`] at once when none listens, and soon when Redis is away; [`Error::Timeout`] when it
    /// heard us and stays silent.
    pub async fn call(&self, host: &str, call: &ShellCall, timeout: Duration) -> Result<ShellAnswer, Error> {
        let deadline = tokio::time::Instant::now() + timeout;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        // A channel for each host: none can answer for another.
        let reply_to = key::REPLY.fill(&[host, self.instance()]);
        let hub = self.hub();
        // However long the answer may take: whether Redis is there shows sooner.
        let listening = deadline.min(tokio::time::Instant::now() + LISTENING);
        let mut replies = tokio::time::timeout_at(listening, hub.subscribe(&reply_to))
            .await
            .map_err(|_| Error::Unavailable("no connection within the time given".to_owned()))?;
        let question = serde_json::to_string(&Question { id, reply_to, call: call.clone() })?;
        let mut pipe = redis::pipe();
        pipe.cmd("PUBLISH").arg(key::CALL.fill(&[host])).arg(question);
        let (heard,): (u64,) = self.run(&pipe).await?;
        if heard == 0 {
            return Err(Error::Unavailable(format!("no shell-worker of host {host} listens")));
        }
        let answer = async {
            while let Some(notice) = replies.next().await {
                let Notice::Message(bytes) = notice else { continue };
                match serde_json::from_slice::<Reply>(&bytes) {
                    Ok(reply) if reply.id == id => return Ok(reply.answer),
                    // The answer to another question of this process, or of another version.
                    _ => {}
                }
            }
            Err(Error::Unavailable("the connection is closed".to_owned()))
        };
        tokio::time::timeout_at(deadline, answer).await.map_err(|_| Error::Timeout)?
    }

    /// Answers the questions to `host` until `shutdown`, several at once. `heard` is called when it begins to hear them:
    /// whoever asks before that is told that nobody is there.
    pub async fn serve_calls<H, F>(
        &self,
        host: &str,
        handler: H,
        heard: impl FnOnce() + Send,
        shutdown: CancellationToken,
    ) where
        H: Fn(ShellCall) -> F + Send + Sync,
        F: Future<Output = ShellAnswer> + Send,
    {
        let hub = self.hub();
        let channel = key::CALL.fill(&[host]);
        let mut questions = tokio::select! {
            questions = hub.subscribe(&channel) => questions,
            () = shutdown.cancelled() => return,
        };
        heard();
        let handler = &handler;
        let mut answering = FuturesUnordered::new();
        loop {
            tokio::select! {
                notice = questions.next(), if answering.len() < AT_ONCE => {
                    let Some(notice) = notice else { return };
                    let Notice::Message(bytes) = notice else { continue };
                    match serde_json::from_slice::<Question>(&bytes) {
                        Ok(question) => answering.push(async move {
                            let answer = handler(question.call).await;
                            self.reply(host, &question.reply_to, question.id, answer).await;
                        }),
                        Err(error) => tracing::warn!(%error, "a call can't be read"),
                    }
                }
                Some(()) = answering.next() => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn reply(&self, host: &str, reply_to: &str, id: u64, answer: ShellAnswer) {
        // Only to a reply channel of ours: a question must not make us publish anywhere else.
        if reply_to.strip_prefix(&key::REPLY.fill(&[host, ""])).is_none_or(str::is_empty) {
            tracing::warn!("a call names no reply channel");
            return;
        }
        let sent = match serde_json::to_string(&Reply { id, answer }) {
            Ok(text) => {
                let mut pipe = redis::pipe();
                pipe.cmd("PUBLISH").arg(reply_to).arg(text).ignore();
                self.run_via::<()>(Via::Bulk, &pipe).await
            }
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "an answer was not sent");
        }
    }
}
