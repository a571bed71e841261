//! shell-worker's end: who is connected, who listens to which terminal.

use std::collections::{HashMap, HashSet};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use metatron_domain::id::TerminalId;
use tokio::net::UnixListener;
use tokio::sync::watch;

use super::frame::{Frame, Kind};
use super::line::Line;
use super::outlet::Outlet;
use crate::key;
use crate::keys::Pressed;

/// Connections at once: api has one, and one more while it is replaced.
const CONNECTIONS: usize = 4;
/// Who may connect: the owner of the socket's folder, and its group.
const MODE: u32 = 0o660;

/// Where connections come in.
#[derive(Debug)]
pub struct Door(UnixListener);

/// The end that speaks; to nobody, where no door is open. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Server {
    peers: Peers,
    outlets: Arc<Mutex<HashMap<String, Weak<Outlet>>>>,
    up: watch::Sender<bool>,
}

/// Who is connected.
#[derive(Debug, Clone, Default)]
pub(super) struct Peers(Arc<RwLock<Vec<Arc<Peer>>>>);

#[derive(Debug)]
struct Peer {
    line: Line,
    joined: Mutex<HashSet<String>>,
}

impl Peer {
    fn joined(&self) -> MutexGuard<'_, HashSet<String>> {
        self.joined.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peers {
    pub(super) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    fn all(&self) -> RwLockReadGuard<'_, Vec<Arc<Peer>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Peer>>)) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Says something to all who joined the channel; at leisure, where it is not `urgent`.
    pub(super) fn send(&self, channel: &str, parts: &[&[u8]], urgent: bool) {
        for peer in self.all().iter().filter(|peer| peer.joined().contains(channel)) {
            let line = &peer.line;
            let say = if urgent { Line::send } else { Line::send_later };
            // Who is gone finds everything in the recording.
            say(line, Kind::Message, channel, parts);
        }
    }
}

impl Server {
    /// Opens the door at `path`, in place of whatever a predecessor left there. To be called inside the runtime.
    pub fn open(path: &Path) -> Result<Door, Error> {
        // Made aside and then moved, so that nobody finds it with other rights than it shall have.
        let aside = path.with_extension("new");
        match std::fs::remove_file(&aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&aside)?;
        std::fs::set_permissions(&aside, std::fs::Permissions::from_mode(MODE))?;
        std::fs::rename(&aside, path)?;
        Ok(Door(listener))
    }

    /// Whether somebody is connected: then terminals speak here, and nowhere else.
    pub fn up(&self) -> watch::Receiver<bool> {
        self.up.subscribe()
    }

    pub(super) fn peers(&self) -> Peers {
        self.peers.clone()
    }

    fn outlets(&self) -> MutexGuard<'_, HashMap<String, Weak<Outlet>>> {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a terminal of `host` that begins its place on the line. It ends when the last owner drops it.
    pub fn outlet(&self, host: &str, terminal: TerminalId) -> Arc<Outlet> {
        let outlet = Arc::new(Outlet::new(self, host, terminal));
        let mut outlets = self.outlets();
        outlets.retain(|_, outlet| outlet.strong_count() > 0);
        // Who came before it began has joined already.
        let early = self.peers.all().iter().filter(|peer| peer.joined().contains(outlet.channel())).count();
        outlet.watchers.store(early, Ordering::Release);
        outlets.insert(outlet.channel().to_owned(), Arc::downgrade(&outlet));
        outlet
    }

    /// Serves whoever connects; gives `press` the keys for the terminals of `host`. Never returns.
    pub async fn serve(&self, Door(listener): Door, host: &str, press: impl Fn(Pressed)) {
        let keys = key::KEYS.fill(&[host]);
        let take = |peer: &Peer, frame: Frame| match frame.kind {
            Kind::Join => self.join(peer, frame.channel()),
            Kind::Leave => self.leave(peer, frame.channel()),
            Kind::Message if frame.channel() == keys => match serde_json::from_slice(&frame.payload) {
                Ok(pressed) => press(pressed),
                Err(error) => tracing::warn!(%error, "keys can't be read"),
            },
            Kind::Message | Kind::Absent => {}
        };
        let mut connected = FuturesUnordered::new();
        let _closing = Closing(self);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(_) if connected.len() >= CONNECTIONS => tracing::warn!("too many direct connections"),
                    Ok((stream, _)) => {
                        let peer = Arc::new(Peer { line: Line::new(stream), joined: Mutex::default() });
                        self.peers.change(|peers| peers.push(Arc::clone(&peer)));
                        self.up.send_replace(true);
                        connected.push(async move {
                            let error = peer.line.run(|frame| {
                                take(&peer, frame);
                                false
                            }).await;
                            tracing::debug!(%error, "a direct connection has ended");
                            peer
                        });
                    }
                    // Out of descriptors, perhaps: the door stays open.
                    Err(error) => {
                        tracing::warn!(%error, "a direct connection was not accepted");
                        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                    }
                },
                Some(gone) = connected.next(), if !connected.is_empty() => self.dismiss(&gone),
            }
        }
    }

    fn join(&self, peer: &Peer, channel: &str) {
        // Locked until it is done: a terminal that begins meanwhile must see who has joined.
        let outlets = self.outlets();
        if let Some(outlet) = outlets.get(channel).and_then(Weak::upgrade) {
            outlet.admit(|first| {
                for message in first {
                    peer.line.send(Kind::Message, channel, &[message]);
                }
                peer.joined().insert(channel.to_owned())
            });
        } else {
            peer.joined().insert(channel.to_owned());
            peer.line.send(Kind::Absent, channel, &[]);
        }
    }

    fn leave(&self, peer: &Peer, channel: &str) {
        let outlets = self.outlets();
        if peer.joined().remove(channel)
            && let Some(outlet) = outlets.get(channel).and_then(Weak::upgrade)
        {
            outlet.watchers.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn dismiss(&self, gone: &Arc<Peer>) {
        let joined = std::mem::take(&mut *gone.joined());
        let outlets = self.outlets();
        for outlet in joined.iter().filter_map(|channel| outlets.get(channel).and_then(Weak::upgrade)) {
            outlet.watchers.fetch_sub(1, Ordering::AcqRel);
        }
        self.peers.change(|peers| {
            peers.retain(|peer| !Arc::ptr_eq(peer, gone));
            self.up.send_replace(!peers.is_empty());
        });
    }
}

/// Whoever stops serving hangs up.
struct Closing<'a>(&'a Server);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.peers.change(|peers| {
            peers.clear();
            self.0.up.send_replace(false);
        });
    }
}
