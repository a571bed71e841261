//! The one pub/sub connection of a process, shared by everybody who follows something.
//!
//! Must never wait for a follower: one who is too slow loses messages, is told so, and reads the stream instead.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use redis::aio::{PubSub, PubSubSink};
use tokio::sync::{mpsc, oneshot};

use crate::background::Background;
use crate::direct::Client;
use crate::link::{Backoff, Dialer};
use crate::{Bus, Error};

/// Messages that may wait for one follower.
const PATIENCE: usize = 256;
/// How long the server may take to confirm a subscription.
const CONFIRM: Duration = Duration::from_secs(3);

/// What a subscriber is told.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// A message.
    Message(Bytes),
    /// Messages may have been lost: the connection was, or the subscriber was too slow.
    Again,
    /// Whoever would speak directly is not there: what there is, is in the stream.
    Absent,
}

/// Follows live streams over the process's one pub/sub connection. Get it from [`Bus::hub`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub {
    bus: Bus,
    exchange: Exchange,
}

impl Hub {
    pub(crate) fn new(bus: Bus, exchange: Exchange) -> Self {
        Self { bus, exchange }
    }

    pub(super) fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The direct line, where what `host` says comes over one.
    pub(super) fn direct_to(&self, host: &str) -> Option<Client> {
        self.bus.direct().filter(|direct| direct.is_of(host)).cloned()
    }

    /// Completes when the server has confirmed: what is published from then on arrives.
    pub(crate) async fn subscribe(&self, channel: &str) -> Subscription {
        let (subscription, confirmation) = self.exchange.subscribe(channel, None);
        // An error means that the exchange ended; then the subscription ends too.
        drop(confirmation.await);
        subscription
    }

    /// As [`Hub::subscribe`], hearing what comes over the direct line as well; while that is up, nothing waits for Redis.
    pub(super) async fn subscribe_both(&self, channel: &str, direct: &Client) -> Subscription {
        let (subscription, confirmation) = self.exchange.subscribe(channel, Some(direct));
        if !direct.is_up() {
            drop(confirmation.await);
        }
        subscription
    }
}

/// The hub's working half, without the bus that owns it.
#[derive(Debug, Clone)]
pub(crate) struct Exchange {
    requests: mpsc::UnboundedSender<Request>,
    next: Arc<AtomicU64>,
    _task: Arc<Background>,
}

#[derive(Debug)]
enum Request {
    Join(String, Member),
    Leave(String, u64),
}

/// Who listens, as whoever speaks sees it.
#[derive(Debug)]
pub(crate) struct Member {
    id: u64,
    notices: mpsc::Sender<Notice>,
    lagged: Arc<AtomicBool>,
    /// Waits for the first confirmation.
    confirmed: Option<oneshot::Sender<()>>,
}

/// One subscription; it ends when dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    channel: String,
    id: u64,
    notices: mpsc::Receiver<Notice>,
    lagged: Arc<AtomicBool>,
    requests: mpsc::UnboundedSender<Request>,
    direct: Option<Client>,
}

impl Subscription {
    /// The next notice; none when the process's connection is closed for good.
    pub(crate) async fn next(&mut self) -> Option<Notice> {
        // Set only while messages wait, so there is always something to wake up for.
        if self.lagged.swap(false, Ordering::AcqRel) {
            return Some(Notice::Again);
        }
        self.notices.recv().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(direct) = &self.direct {
            direct.remove(&self.channel, self.id);
        }
        // The exchange may be gone already.
        drop(self.requests.send(Request::Leave(std::mem::take(&mut self.channel), self.id)));
    }
}

impl Exchange {
    pub(crate) fn start(dialer: Dialer) -> Self {
        let (requests, queue) = mpsc::unbounded_channel();
        let task = Background::start("hub", Desk { dialer, members: HashMap::new() }.run(queue));
        Self { requests, next: Arc::new(AtomicU64::new(0)), _task: Arc::new(task) }
    }

    fn subscribe(&self, channel: &str, direct: Option<&Client>) -> (Subscription, oneshot::Receiver<()>) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (notices, queue) = mpsc::channel(PATIENCE);
        let lagged = Arc::new(AtomicBool::new(false));
        let (confirmed, confirmation) = oneshot::channel();
        let member = |confirmed| Member { id, notices: notices.clone(), lagged: lagged.clone(), confirmed };
        if let Some(direct) = direct {
            direct.add(channel, member(None));
        }
        // The exchange ends with the process only.
        drop(self.requests.send(Request::Join(channel.to_owned(), member(Some(confirmed)))));
        let (requests, direct) = (self.requests.clone(), direct.cloned());
        let channel = channel.to_owned();
        (Subscription { channel, id, notices: queue, lagged, requests, direct }, confirmation)
    }
}

/// Who listens to what, and the connection.
struct Desk {
    dialer: Dialer,
    members: HashMap<String, Vec<Member>>,
}

impl Desk {
    async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        let mut backoff = Backoff::new();
        loop {
            // Without a listener there is no connection to be had.
            while self.members.is_empty() {
                match requests.recv().await {
                    Some(request) => self.note(request),
                    None => return,
                }
            }
            let error = match self.dialer.pubsub().await {
                Ok(pubsub) => match self.serve(pubsub, &mut requests, &mut backoff).await {
                    Ok(()) => return,
                    Err(error) => error,
                },
                Err(error) => error,
            };
            if backoff.is_fresh() {
                tracing::warn!(%error, "live streams are interrupted; trying again");
            }
            let pause = tokio::time::sleep(backoff.next());
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    request = requests.recv() => match request {
                        Some(request) => self.note(request),
                        None => return,
                    },
                }
            }
        }
    }

    /// Serves one connection. `Ok` when nobody can ask any more.
    async fn serve(
        &mut self,
        pubsub: PubSub,
        requests: &mut mpsc::UnboundedReceiver<Request>,
        backoff: &mut Backoff,
    ) -> Result<(), Error> {
        let (mut sink, mut messages) = pubsub.split();
        let channels: Vec<String> = self.members.keys().cloned().collect();
        if !channels.is_empty() {
            confirm(sink.subscribe(channels)).await?;
        }
        backoff.reset();
        for member in self.members.values_mut().flatten() {
            member.confirm_or(Notice::Again);
        }
        loop {
            tokio::select! {
                message = messages.next() => {
                    let Some(message) = message else {
                        return Err(Error::Unavailable("the connection was closed".to_owned()));
                    };
                    let bytes = Bytes::copy_from_slice(message.get_payload_bytes());
                    for member in self.members.get_mut(message.get_channel_name()).into_iter().flatten() {
                        member.tell(Notice::Message(bytes.clone()));
                    }
                }
                request = requests.recv() => match request {
                    Some(request) => self.change(&mut sink, request).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn change(&mut self, sink: &mut PubSubSink, request: Request) -> Result<(), Error> {
        match request {
            Request::Join(channel, member) => {
                let first = !self.members.contains_key(&channel);
                self.note(Request::Join(channel.clone(), member));
                if first {
                    confirm(sink.subscribe(&channel)).await?;
                }
                for member in self.members.get_mut(&channel).into_iter().flatten() {
                    member.confirm();
                }
            }
            Request::Leave(channel, id) => {
                self.note(Request::Leave(channel.clone(), id));
                if !self.members.contains_key(&channel) {
                    confirm(sink.unsubscribe(&channel)).await?;
                }
            }
        }
        Ok(())
    }

    /// Keeps the list, without a word to the server.
    fn note(&mut self, request: Request) {
        match request {
            Request::Join(channel, member) => self.members.entry(channel).or_default().push(member),
            Request::Leave(channel, id) => {
                if let Some(members) = self.members.get_mut(&channel) {
                    members.retain(|member| member.id != id);
                    if members.is_empty() {
                        self.members.remove(&channel);
                    }
                }
            }
        }
    }
}

impl Member {
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    /// Never waits.
    pub(crate) fn tell(&self, notice: Notice) {
        if self.notices.try_send(notice).is_err() {
            self.lagged.store(true, Ordering::Release);
        }
    }

    fn confirm(&mut self) {
        let waits = self.confirmed.take().map(|confirmed| confirmed.send(()).is_ok());
        if waits == Some(false) {
            // It did not wait, and may have missed what was published before.
            self.tell(Notice::Again);
        }
    }

    /// The first time it is confirmed; later it is told that something may be missing.
    fn confirm_or(&mut self, notice: Notice) {
        if self.confirmed.is_some() { self.confirm() } else { self.tell(notice) }
    }
}

async fn confirm(asked: impl Future<Output = redis::RedisResult<()>>) -> Result<(), Error> {
    match tokio::time::timeout(CONFIRM, asked).await {
        Ok(confirmed) => Ok(confirmed?),
        Err(_) => Err(Error::Timeout),
    }
}
