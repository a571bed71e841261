//! The way to Redis: a pool for ordinary commands, connections of their own for whatever blocks.
//!
//! Owns connecting, reconnecting and retrying. Must never make a caller fail because Redis was absent at start, and
//! never drop a blocking read halfway: what it was served would be pending for nobody.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use deadpool_redis::{Manager, Pool, Runtime};
use metatron_domain::clock::{Clock, SystemClock};
use metatron_domain::command::Queue;
use redis::aio::{MultiplexedConnection, PubSub};
use redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, Pipeline, TlsCertificates};
use tokio::sync::watch;

use crate::Error;
use crate::direct;
use crate::error::{is_broken, is_wrong_type};
use crate::live::{Exchange, Hub};
use crate::queue::InHand;

/// How long an ordinary command may take.
const RESPONSE: Duration = Duration::from_secs(3);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// Silence after which a TCP connection is probed, and how often without an answer.
const PROBE: Duration = Duration::from_secs(10);
const PROBES: u32 = 2;
/// Connections of one process, besides those that block.
const CONNECTIONS: usize = 8;

/// The handle to Redis. Owner: each process has one; sharers: everybody, by clone; lifetime: the process.
#[derive(Clone)]
pub struct Bus {
    inner: Arc<Inner>,
}

struct Inner {
    /// Absent when the URL can't be read: then every command says so.
    client: Result<(Client, Pool), String>,
    lanes: [Lane; 2],
    instance: String,
    clock: Arc<dyn Clock>,
    hub: OnceLock<Exchange>,
    direct: OnceLock<direct::Client>,
    /// Workers that still run a handler or owe an acknowledgement.
    busy: watch::Sender<usize>,
    /// What this process has in hand, for each stream and group that it reads.
    in_hand: Mutex<HashMap<(String, String), InHand>>,
}

/// What it takes to be let in.
#[derive(Debug, Clone, Copy, Default)]
pub struct Access<'a> {
    /// The ACL user.
    pub user: Option<&'a str>,
    /// Its password.
    pub password: Option<&'a str>,
    /// The certificate, in PEM, of the one authority that is trusted for `rediss://`; the public ones when absent.
    pub ca: Option<&'a [u8]>,
}

/// Which of the two shared connections carries a command: bulk never stands in front of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Via {
    /// Small commands whose latency matters.
    Command,
    /// Terminal bytes and a model's words.
    Bulk,
}

/// One pooled connection, kept and shared: it is multiplexed, so a command costs one round trip and not the two that
/// taking it from the pool each time would cost.
#[derive(Default)]
struct Lane {
    held: Mutex<Option<(u64, deadpool_redis::Connection)>>,
    next: AtomicU64,
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the URL: it may hold a password.
        f.debug_struct("Bus").field("instance", &self.inner.instance).finish_non_exhaustive()
    }
}

impl Bus {
    /// A handle to the Redis at `url` (`unix://…`, `redis://…`, `rediss://…`), for the process called `instance`.
    ///
    /// Connects to nothing yet, so it never fails because Redis is absent. A URL that can't be read is told by
    /// [`Bus::check_url`], and by every command.
    pub fn connect(url: &str, user: Option<&str>, password: Option<&str>, instance: &str) -> Self {
        Self::enter(url, Access { user, password, ca: None }, instance)
    }

    /// As [`Bus::connect`], where a private authority has signed the certificate of Redis.
    pub fn enter(url: &str, access: Access<'_>, instance: &str) -> Self {
        Self::build(url, access, instance, Arc::new(SystemClock))
    }

    /// As [`Bus::connect`], with a clock of the caller's for due times and beats.
    pub fn with_clock(
        url: &str,
        user: Option<&str>,
        password: Option<&str>,
        instance: &str,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::build(url, Access { user, password, ca: None }, instance, clock)
    }

    fn build(url: &str, access: Access<'_>, instance: &str, clock: Arc<dyn Clock>) -> Self {
        let client = open(url, access);
        Self {
            inner: Arc::new(Inner {
                client,
                lanes: [Lane::default(), Lane::default()],
                instance: instance.to_owned(),
                clock,
                hub: OnceLock::new(),
                direct: OnceLock::new(),
                busy: watch::Sender::new(0),
                in_hand: Mutex::default(),
            }),
        }
    }

    /// Whether `url` can be read at all; says nothing of whether Redis is there.
    pub fn check_url(url: &str) -> Result<(), Error> {
        open(url, Access::default()).map(|_| ()).map_err(Error::Wire)
    }

    /// The name of this process, unique among all that ever ran: consumer of queues, holder of leases and rows.
    pub fn instance(&self) -> &str {
        &self.inner.instance
    }

    /// Whether Redis is there and answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut pipe = redis::pipe();
        pipe.cmd("PING").ignore();
        self.run(&pipe).await
    }

    /// The process's one pub/sub connection. To be called inside the runtime.
    pub fn hub(&self) -> Hub {
        let exchange = self.inner.hub.get_or_init(|| Exchange::start(self.dialer()));
        Hub::new(self.clone(), exchange.clone())
    }

    /// Uses a direct line to the shell-worker of `host`, whose socket is at `path`, as long as there is one: for what its
    /// terminals show and what is typed into them. To be called once, inside the runtime.
    pub fn use_direct(&self, host: &str, path: PathBuf) {
        self.inner.direct.get_or_init(|| direct::Client::start(host, path));
    }

    pub(crate) fn direct(&self) -> Option<&direct::Client> {
        self.inner.direct.get()
    }

    /// The wall clock in milliseconds, for due times.
    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.clock.now().as_millis()
    }

    /// The wall clock as text, for people who read Redis.
    pub(crate) fn now_text(&self) -> String {
        self.inner.clock.now().to_string()
    }

    /// Opens connections without holding the bus: the hub must not keep itself alive.
    fn dialer(&self) -> Dialer {
        Dialer { client: self.inner.client.as_ref().map(|(client, _)| client.clone()).map_err(Clone::clone) }
    }

    /// Marks a worker as busy until the guard is dropped.
    pub(crate) fn occupy(&self) -> Busy {
        self.inner.busy.send_modify(|count| *count += 1);
        Busy(self.clone())
    }

    /// What this process has in hand of `queue`, read as `group`: one list, however many workers read.
    pub(crate) fn in_hand(&self, queue: &Queue, group: &str) -> InHand {
        let mut all = self.inner.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry((queue.name(), group.to_owned())).or_default().clone()
    }

    /// Completes when no worker of this process is busy.
    pub(crate) async fn idle(&self) {
        let mut busy = self.inner.busy.subscribe();
        // An error means that the sender is gone, which is idle too.
        let _ = busy.wait_for(|count| *count == 0).await;
    }

    /// Runs ordinary commands in one write and reads all replies.
    ///
    /// A connection that turns out to be gone is replaced once, at once. That may do a command twice; every command of
    /// this crate bears that.
    pub(crate) async fn run<T: FromRedisValue>(&self, pipe: &Pipeline) -> Result<T, Error> {
        self.run_via(Via::Command, pipe).await
    }

    /// As [`Bus::run`], over the connection of choice. A key that holds another type than it should is moved aside, and
    /// the commands are run again, once.
    pub(crate) async fn run_via<T: FromRedisValue>(&self, via: Via, pipe: &Pipeline) -> Result<T, Error> {
        match self.raw(via, pipe).await? {
            Err(error) if is_wrong_type(&error) => {
                self.mend(pipe).await;
                self.raw(via, pipe).await?.map_err(Error::from)
            }
            other => other.map_err(Error::from),
        }
    }

    /// As [`Bus::run_via`]; what the server itself said comes back as it is.
    pub(crate) async fn raw<T: FromRedisValue>(
        &self,
        via: Via,
        pipe: &Pipeline,
    ) -> Result<Result<T, redis::RedisError>, Error> {
        let lane = &self.inner.lanes[via as usize];
        let mut again = true;
        loop {
            let (id, mut connection) = self.held(lane).await?;
            match pipe.query_async(&mut connection).await {
                Ok(reply) => return Ok(Ok(reply)),
                Err(error) if is_broken(&error) && again => {
                    lane.drop_held(id);
                    again = false;
                }
                Err(error) if is_broken(&error) || error.is_timeout() => {
                    lane.drop_held(id);
                    return Err(error.into());
                }
                Err(error) => return Ok(Err(error)),
            }
        }
    }

    async fn held(&self, lane: &Lane) -> Result<(u64, MultiplexedConnection), Error> {
        if let Some((id, connection)) = &*lane.lock() {
            return Ok((*id, MultiplexedConnection::clone(connection)));
        }
        let fresh = self.pooled().await?;
        let shared = MultiplexedConnection::clone(&fresh);
        let id = lane.next.fetch_add(1, Ordering::Relaxed);
        *lane.lock() = Some((id, fresh));
        Ok((id, shared))
    }

    /// A connection for the caller alone, for as long as it holds it: `WATCH` needs that.
    pub(crate) async fn pooled(&self) -> Result<deadpool_redis::Connection, Error> {
        let (_, pool) = self.inner.client.as_ref().map_err(|cause| Error::Unavailable(cause.clone()))?;
        Ok(pool.get().await?)
    }

    /// A connection outside the pool, for blocking reads: it waits for its replies without limit.
    pub(crate) async fn dedicated(&self) -> Result<MultiplexedConnection, Error> {
        self.dialer().dedicated().await
    }
}

impl Lane {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(u64, deadpool_redis::Connection)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the connection `id`, unless somebody has replaced it already.
    fn drop_held(&self, id: u64) {
        let broken = {
            let mut held = self.lock();
            if held.as_ref().is_some_and(|(now, _)| *now == id) { held.take() } else { None }
        };
        if let Some((_, connection)) = broken {
            // Out of the pool for good.
            drop(deadpool_redis::Connection::take(connection));
        }
    }
}

/// Opens connections of their own; holds none.
#[derive(Clone)]
pub(crate) struct Dialer {
    client: Result<Client, String>,
}

impl Dialer {
    fn client(&self) -> Result<&Client, Error> {
        self.client.as_ref().map_err(|cause| Error::Unavailable(cause.clone()))
    }

    /// A connection for blocking reads.
    pub(crate) async fn dedicated(&self) -> Result<MultiplexedConnection, Error> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(None);
        Ok(self.client()?.get_multiplexed_async_connection_with_config(&config).await?)
    }

    /// A pub/sub connection.
    pub(crate) async fn pubsub(&self) -> Result<PubSub, Error> {
        let connecting = self.client()?.get_async_pubsub();
        match tokio::time::timeout(CONNECT, connecting).await {
            Ok(connected) => Ok(connected?),
            Err(_) => Err(Error::Unavailable("connecting took too long".to_owned())),
        }
    }
}

/// A worker that still runs or owes an acknowledgement.
pub(crate) struct Busy(Bus);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.inner.busy.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// A connection over a network that was cut is given up after some twenty seconds, also by whoever only listens.
fn patience() -> TcpSettings {
    let probes = TcpKeepalive::new().with_time(PROBE).with_interval(PROBE / 2).with_retries(PROBES);
    TcpSettings::default().set_nodelay(true).set_keepalive(probes).set_user_timeout(PROBE * 2)
}

fn open(url: &str, access: Access<'_>) -> Result<(Client, Pool), String> {
    let info = url.into_connection_info().map_err(|error| format!("the Redis URL can't be read: {error}"))?;
    let mut settings = info.redis_settings().clone();
    if let Some(user) = access.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = access.password {
        settings = settings.set_password(password);
    }
    let info = info.set_redis_settings(settings).set_tcp_settings(patience());
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(RESPONSE));
    let refused = |error: redis::RedisError| format!("the Redis URL can't be used: {error}");
    let client = match access.ca {
        Some(ca) => {
            let certificates = TlsCertificates { client_tls: None, root_cert: Some(ca.to_vec()) };
            Client::build_with_tls(info, certificates).map_err(refused)?
        }
        None => Client::open(info).map_err(refused)?,
    };
    // What the client trusts stands in its own copy of the address.
    let manager = Manager::new_with_config(client.get_connection_info().clone(), config).map_err(refused)?;
    let pool = Pool::builder(manager)
        .max_size(CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(RESPONSE))
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(CONNECT))
        .build()
        .map_err(|error| error.to_string())?;
    Ok((client, pool))
}

/// Waits longer after each failure: 50 ms, doubled up to 2 s.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    const FIRST: Duration = Duration::from_millis(50);
    const LAST: Duration = Duration::from_secs(2);

    pub(crate) const fn new() -> Self {
        Self(Self::FIRST)
    }

    /// It worked: the next failure waits for the shortest time again.
    pub(crate) fn reset(&mut self) {
        self.0 = Self::FIRST;
    }

    /// Whether nothing has failed since it last worked: the moment to say so in the log, once.
    pub(crate) fn is_fresh(&self) -> bool {
        self.0 == Self::FIRST
    }

    /// The time to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(Self::LAST);
        now
    }
}
