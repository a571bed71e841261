//! api's end: connects as soon as somebody is there, and hands what it hears to those who listen.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::UnixStream;

use super::frame::{Frame, Kind};
use super::line::Line;
use crate::background::Background;
use crate::link::Backoff;
use crate::live::{self, Member, Notice};

/// The end that listens. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    desk: Arc<Desk>,
    _task: Arc<Background>,
}

#[derive(Debug)]
struct Desk {
    host: String,
    path: PathBuf,
    line: Mutex<Option<Arc<Line>>>,
    members: Mutex<HashMap<String, Vec<Member>>>,
}

impl Client {
    /// The line to the shell-worker of `host`, from now on.
    pub(crate) fn start(host: &str, path: PathBuf) -> Self {
        let (line, members) = (Mutex::default(), Mutex::default());
        let desk = Arc::new(Desk { host: host.to_owned(), path, line, members });
        let task = Background::start("direct", Arc::clone(&desk).run());
        Self { desk, _task: Arc::new(task) }
    }

    /// Whether it leads to the shell-worker of `host`.
    pub(crate) fn is_of(&self, host: &str) -> bool {
        self.desk.host == host
    }

    /// Whether there is a connection.
    pub(crate) fn is_up(&self) -> bool {
        self.desk.line().is_some()
    }

    /// Says something on a channel that is mostly answered by bytes, at once. `false` when there is no line.
    pub(crate) fn send(&self, channel: &str, payload: &[u8]) -> bool {
        let line = self.desk.line().clone();
        line.is_some_and(|line| {
            let sent = line.send(Kind::Message, channel, &[payload]);
            line.expect();
            sent
        })
    }

    /// Listens to a channel, and has the other end say how far it is, or that nobody speaks there. `false` when there is
    /// no line.
    pub(crate) fn join(&self, channel: &str) -> bool {
        self.say(Kind::Join, channel, &[])
    }

    fn say(&self, kind: Kind, channel: &str, payload: &[u8]) -> bool {
        let line = self.desk.line().clone();
        line.is_some_and(|line| line.send(kind, channel, &[payload]))
    }

    /// One more who listens to what comes on `channel`.
    pub(crate) fn add(&self, channel: &str, member: Member) {
        self.desk.members().entry(channel.to_owned()).or_default().push(member);
    }

    /// One less.
    pub(crate) fn remove(&self, channel: &str, id: u64) {
        let mut members = self.desk.members();
        let Some(listening) = members.get_mut(channel) else { return };
        listening.retain(|member| member.id() != id);
        if listening.is_empty() {
            members.remove(channel);
            self.say(Kind::Leave, channel, &[]);
        }
    }
}

impl Desk {
    fn line(&self) -> MutexGuard<'_, Option<Arc<Line>>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn members(&self) -> MutexGuard<'_, HashMap<String, Vec<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>) {
        let mut backoff = Backoff::new();
        loop {
            if let Ok(stream) = UnixStream::connect(&self.path).await {
                backoff.reset();
                let line = Arc::new(Line::new(stream));
                *self.line() = Some(Arc::clone(&line));
                self.tell_all();
                let error = line.run(|frame| self.hear(&frame)).await;
                *self.line() = None;
                tracing::info!(%error, "the direct line to the shell-worker is cut; Redis carries what flows");
                self.tell_all();
            }
            tokio::time::sleep(backoff.next()).await;
        }
    }

    /// Whether it was a terminal's bytes.
    fn hear(&self, frame: &Frame) -> bool {
        let notice = match frame.kind {
            Kind::Message => Notice::Message(frame.payload.clone()),
            Kind::Absent => Notice::Absent,
            Kind::Join | Kind::Leave => return false,
        };
        for member in self.members().get(frame.channel()).into_iter().flatten() {
            member.tell(notice.clone());
        }
        matches!(&notice, Notice::Message(message) if live::frame::Kind::is_bytes(message))
    }

    /// Everybody has to see anew where they are.
    fn tell_all(&self) {
        for member in self.members().values().flatten() {
            member.tell(Notice::Again);
        }
    }
}
