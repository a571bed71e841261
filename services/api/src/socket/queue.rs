//! What waits for one client: bounded by bytes, so that who does not read costs a megabyte and no more. Answers and facts
//! go in front of what terminals show.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::SinkExt as _;
use futures::stream::SplitSink;
use tokio::sync::{Notify, mpsc};

/// Bytes that may wait. One frame may go beyond; nothing is put in behind it.
const FULL: usize = 1024 * 1024;
/// Bytes of one write, about: what can't be taken back when the client turns out to be too slow.
const WRITE: usize = 128 * 1024;

/// The end that is filled.
pub(super) struct Queue {
    ahead: mpsc::UnboundedSender<Message>,
    shown: mpsc::UnboundedSender<Message>,
    load: Arc<Load>,
}

/// The end that is written to the socket.
pub(super) struct Outlet {
    ahead: mpsc::UnboundedReceiver<Message>,
    shown: mpsc::UnboundedReceiver<Message>,
    load: Arc<Load>,
}

#[derive(Default)]
struct Load {
    bytes: AtomicUsize,
    closing: AtomicBool,
    eased: Notify,
}

/// The two ends of a new queue.
pub(super) fn queue() -> (Queue, Outlet) {
    let (ahead, ahead_out) = mpsc::unbounded_channel();
    let (shown, shown_out) = mpsc::unbounded_channel();
    let load = Arc::new(Load::default());
    (Queue { ahead, shown, load: load.clone() }, Outlet { ahead: ahead_out, shown: shown_out, load })
}

fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) | Message::Ping(bytes) | Message::Pong(bytes) => bytes.len(),
        Message::Close(_) => 0,
    }
}

impl Queue {
    /// Bytes that wait.
    pub(super) fn waiting(&self) -> usize {
        self.load.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting() >= FULL
    }

    /// An answer, a fact, a run's words: in their order, in front of what terminals show.
    pub(super) fn push(&self, message: Message) {
        self.put(&self.ahead, message);
    }

    /// What a terminal shows and tells beside it, in its order.
    pub(super) fn show(&self, message: Message) {
        self.put(&self.shown, message);
    }

    fn put(&self, lane: &mpsc::UnboundedSender<Message>, message: Message) {
        self.load.bytes.fetch_add(size(&message), Ordering::Relaxed);
        // The other end is gone: whoever fills this is about to notice.
        let _ = lane.send(message);
    }

    /// Says why this ends. What still waits is left out, nothing is sent behind it.
    pub(super) fn close(&self, code: u16, reason: &'static str) {
        self.load.closing.store(true, Ordering::Relaxed);
        self.push(Message::Close(Some(CloseFrame { code, reason: reason.into() })));
    }

    /// Waits until something was written, if it is full.
    pub(super) async fn eased(&self) {
        self.below(FULL).await;
    }

    /// Waits until fewer than `bytes` wait.
    pub(super) async fn below(&self, bytes: usize) {
        while self.waiting() >= bytes {
            let eased = self.load.eased.notified();
            if self.waiting() < bytes {
                return;
            }
            eased.await;
        }
    }
}

impl Outlet {
    /// Writes what is put in, until the other end is dropped, says to close, or one write takes longer than `patience`.
    pub(super) async fn drain(mut self, mut socket: SplitSink<WebSocket, Message>, patience: Duration) {
        while let Some(first) = self.next().await {
            let batch = async {
                let mut next = Some(first);
                let mut written = 0;
                let mut last = false;
                while let Some(message) = next {
                    written += size(&message);
                    last = matches!(message, Message::Close(_));
                    if last || !self.load.closing.load(Ordering::Relaxed) {
                        socket.feed(message).await?;
                    }
                    if last || written >= WRITE {
                        break;
                    }
                    next = self.ahead.try_recv().or_else(|_| self.shown.try_recv()).ok();
                }
                socket.flush().await?;
                Ok::<_, axum::Error>((written, last))
            };
            match tokio::time::timeout(patience, batch).await {
                Ok(Ok((written, false))) => {
                    self.load.bytes.fetch_sub(written, Ordering::Relaxed);
                    self.load.eased.notify_waiters();
                }
                _ => return,
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        tokio::select! {
            biased;
            message = self.ahead.recv() => message,
            message = self.shown.recv() => message,
        }
    }
}
