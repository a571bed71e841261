//! Whether the owner looks: open sockets of the owner's pages, and which conversation each shows. Told to Redis, where
//! whoever sends notifications reads it; said again while it is so. No socket waits for that.

use std::sync::atomic::{AtomicUsize, Ordering};

use metatron_bus::Bus;
use metatron_domain::id::{ChatId, DeviceId};
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

use crate::App;

/// Words that may wait for Redis. What does not fit is said again soon.
const WAITING: usize = 256;

enum Word {
    Here(Option<(DeviceId, ChatId)>),
    Away(DeviceId),
    Gone,
}

/// How many of the owner's sockets are open, and what is to be told of them.
pub(crate) struct Presence {
    open: AtomicUsize,
    sender: mpsc::Sender<Word>,
    receiver: Mutex<mpsc::Receiver<Word>>,
}

impl Default for Presence {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        Self { open: AtomicUsize::new(0), sender, receiver: Mutex::new(receiver) }
    }
}

impl Presence {
    fn say(&self, word: Word) {
        // Nobody waits for it, and it comes again.
        let _ = self.sender.try_send(word);
    }

    /// Tells Redis until `shutdown`.
    pub(crate) async fn run(&self, bus: &Bus, shutdown: CancellationToken) {
        let mut receiver = self.receiver.lock().await;
        loop {
            let word = tokio::select! {
                word = receiver.recv() => word,
                () = shutdown.cancelled() => return,
            };
            let told = match word {
                Some(Word::Here(shows)) => bus.is_here(shows).await,
                Some(Word::Away(device)) => bus.looks_away(device).await,
                Some(Word::Gone) => bus.is_gone().await,
                None => return,
            };
            if let Err(error) = told {
                tracing::debug!(%error, "where the owner looks was not told; it is noticed soon");
            }
        }
    }
}

/// One open socket of the owner. Dropping it says that it is gone.
pub(crate) struct Here {
    app: App,
    shows: Option<(DeviceId, ChatId)>,
}

impl Here {
    /// A socket was opened.
    pub(crate) fn new(app: &App) -> Self {
        app.presence.open.fetch_add(1, Ordering::AcqRel);
        let here = Self { app: app.clone(), shows: None };
        here.again();
        here
    }

    /// It is still open.
    pub(crate) fn again(&self) {
        self.app.presence.say(Word::Here(self.shows));
    }

    /// The page says what it shows: nothing, where it is hidden.
    pub(crate) fn shows(&mut self, shows: Option<(DeviceId, ChatId)>) {
        if let Some((device, _)) = self.shows.filter(|known| shows.is_none_or(|now| now.0 != known.0)) {
            self.app.presence.say(Word::Away(device));
        }
        self.shows = shows;
        self.again();
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        if let Some((device, _)) = self.shows {
            self.app.presence.say(Word::Away(device));
        }
        if self.app.presence.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.app.presence.say(Word::Gone);
        }
    }
}
