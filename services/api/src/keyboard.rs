//! The keyboards of running terminals, as far as api sends: every order and every piece of keys has a number above the
//! one before, so one at a time is on its way, and whoever holds Redis can play none of them twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_bus::keys::Pressed;
use metatron_bus::seal::LinkKey;
use metatron_domain::id::{RunId, TerminalId};
use metatron_domain::terminal::message::{TerminalAnswer, TerminalCall};
use metatron_domain::terminal::order::{KEYS, Keys, MOST_KEYS, MOST_LEAP, ORDER, Order};
use metatron_store::terminal::owner::Hand;
use zeroize::{Zeroize as _, Zeroizing};

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::host::{QUICK, something_else, unanswered};

/// What a run reads beside a keyboard that is handed to it.
pub(crate) enum Note {
    /// The owner's own words, which the terminal's history tells as well.
    Said(String),
    /// What the AI had said it wants it for.
    Claimed(String),
}

/// The keyboards that were used since this process began.
#[derive(Default)]
pub(crate) struct Keyboards(Mutex<HashMap<TerminalId, Arc<Keyboard>>>);

/// The last numbers of one terminal; absent until its host was asked.
#[derive(Default)]
struct Keyboard {
    keys: tokio::sync::Mutex<Option<u64>>,
    orders: tokio::sync::Mutex<Option<u64>>,
}

impl Keyboards {
    fn of(&self, terminal: TerminalId) -> Arc<Keyboard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(terminal).or_default().clone()
    }

    /// The terminal is over.
    pub(crate) fn forget(&self, terminal: TerminalId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&terminal);
    }
}

/// The refusal for a terminal that nothing can be done with any more.
pub(crate) fn ended() -> ApiError {
    ApiError::new(Code::TerminalEnded, "Nothing can be typed or changed there any more. Open another one.")
}

impl App {
    /// Gives an order to a running terminal.
    pub(crate) async fn order(&self, host: &str, terminal: TerminalId, order: &Order) -> Answer<()> {
        let text = Zeroizing::new(serde_json::to_vec(order).map_err(ApiError::internal)?);
        let keyboard = self.keyboards.of(terminal);
        let mut number = keyboard.orders.lock().await;
        for again in [false, true] {
            let last = match *number {
                Some(last) if !again => last,
                _ => self.status_of(host, terminal).await?.orders,
            };
            let sequence = last.saturating_add(1);
            *number = Some(sequence);
            let link = self.link_of(host)?;
            let sealed =
                link.seal(ORDER, &terminal.to_string(), sequence, &text).map_err(ApiError::internal)?;
            match self.ask_host(host, TerminalCall::Order { terminal, sequence, sealed }, QUICK).await? {
                TerminalAnswer::Status(_) => return Ok(()),
                // Another process gave orders before this one began, or somebody in Redis answered with a false number:
                // ask for it once more.
                TerminalAnswer::Refused { code, .. } if code == "replayed" || code == "leapt" => {
                    *number = None;
                }
                other => return Err(something_else(&other)),
            }
        }
        Err(ApiError::new(Code::Conflict, "Somebody else gives orders to this terminal. Try again."))
    }

    /// Hands the keyboard of a terminal to a run, for so many minutes from now.
    pub(crate) async fn hand_over(
        &self,
        host: &str,
        terminal: TerminalId,
        run: RunId,
        minutes: u16,
        with: Note,
    ) -> Answer<()> {
        let until = self.now().after(Duration::from_mins(u64::from(minutes)));
        let key = LinkKey::generate().map_err(ApiError::internal)?;
        // First the key, then the keyboard: a run that has no key yet types nothing, and one that has it alone can't.
        let (note, is_said) = match with {
            Note::Said(words) => (words, true),
            Note::Claimed(words) => (words, false),
        };
        let hand = Hand { run, until, key: Zeroizing::new(key.as_str().to_owned()), note };
        let mut tx = self.store.begin().await?;
        tx.hand_terminal(&self.vault, terminal, &hand, self.now()).await?;
        if is_said && !hand.note.is_empty() {
            tx.note_hand(terminal, &hand).await?;
        }
        self.commit(tx).await?;
        let handed =
            self.order(host, terminal, &Order::Hand { run, until, key: key.as_str().to_owned() }).await;
        if handed.is_err() {
            let mut tx = self.store.begin().await?;
            tx.take_terminal(terminal, self.now()).await?;
            self.commit(tx).await?;
        }
        handed
    }

    /// Takes the keyboard of a terminal back, whoever holds it.
    pub(crate) async fn take_back(&self, host: &str, terminal: TerminalId) -> Answer<()> {
        self.order(host, terminal, &Order::Take).await?;
        let mut tx = self.store.begin().await?;
        tx.revoke_terminal(terminal, self.now()).await?;
        self.commit(tx).await?;
        Ok(())
    }

    /// Sends at most [`MOST_KEYS`] bytes of keys; returns their number, which its host will tell once they were typed.
    pub(crate) async fn press(
        &self,
        host: &str,
        terminal: TerminalId,
        bytes: &[u8],
        secret: bool,
    ) -> Answer<u64> {
        debug_assert!(bytes.len() <= MOST_KEYS, "cut before");
        self.worth_asking(host).map_err(|error| unanswered(host, error))?;
        let keyboard = self.keyboards.of(terminal);
        let mut number = keyboard.keys.lock().await;
        let last = match *number {
            Some(last) => last,
            None => self.status_of(host, terminal).await?.keys,
        };
        let sequence = last.saturating_add(1);
        let mut keys = Keys { base64: STANDARD.encode(bytes), secret };
        let text = serde_json::to_vec(&keys).map(Zeroizing::new);
        keys.base64.zeroize();
        let sealed = self
            .link_of(host)?
            .seal(KEYS, &terminal.to_string(), sequence, &text.map_err(ApiError::internal)?)
            .map_err(ApiError::internal)?;
        *number = Some(sequence);
        let pressed = Pressed { terminal, sequence, sealed };
        // Under the lock: what is numbered first must be sent first.
        self.bus.press(host, &pressed).await.map_err(|error| unanswered(host, error))?;
        Ok(sequence)
    }

    /// Asks the host for the number of the last keys it typed, and goes on from there.
    pub(crate) async fn recount(&self, host: &str, terminal: TerminalId) -> Answer<u64> {
        let keyboard = self.keyboards.of(terminal);
        let mut number = keyboard.keys.lock().await;
        let status = self.status_of(host, terminal).await?;
        if status.state.is_terminal() {
            return Err(ended());
        }
        // What is on its way is counted here already. A number that its host would not take was a false one, told in Redis.
        let ahead = number.filter(|number| number.saturating_sub(status.keys) <= MOST_LEAP);
        *number = Some(status.keys.max(ahead.unwrap_or(0)));
        Ok(status.keys)
    }
}
