//! Two drivers, one keyboard: the owner's keys and orders, and what a run types while the keyboard is handed to it. Each
//! comes sealed, with a number that only rises; what is forged or played again does nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_bus::seal::LinkKey;
use metatron_domain::id::RunId;
use metatron_domain::terminal::message::Happened;
use metatron_domain::terminal::order::{
    KEYS, Keys, LONGEST_HAND_MINUTES, MOST_KEYS, MOST_LEAP, ORDER, Order, TYPED,
};
use metatron_domain::terminal::{Driver, Size};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::desk::{Hand, State};
use crate::events::{By, What};
use crate::floor::Floor;
use crate::guard::Premises;
use crate::lane::Typed;
use crate::session::{Purpose, Session, Stop};

/// How often it is told that something was forged.
const FORGED_PAUSE: std::time::Duration = std::time::Duration::from_mins(1);

/// Why something is not done. The code is stable, the sentence is for the owner and the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not sealed by those who may, or not for this.
    #[error("the seal does not hold")]
    SealBroken,
    /// Its number is not above the last one.
    #[error("it was asked before, or in the wrong order")]
    Replayed,
    /// Its number is above the last one by more than ever was on the way: somebody told the sender a false one.
    #[error("its number is far beyond the last one")]
    Leapt,
    /// Its time is over.
    #[error("its time is over")]
    Expired,
    /// The owner has the keyboard, or another run.
    #[error("the keyboard is not in this run's hands: the owner has taken it, or has never handed it over")]
    NotDriver,
    /// A password is asked.
    #[error("a program asks for a password, and only the owner may answer: wait until that is done")]
    Password,
    /// The policy denies what would be typed.
    #[error("the policy forbids what would be typed")]
    Forbidden,
    /// A password was sent, and nobody asks for one.
    #[error("no program asks for a password")]
    NoPasswordAsked,
    /// Root's terminal.
    #[error("its command runs as root: nobody but the owner types there")]
    Rooted,
    /// More is waiting than may.
    #[error("the program has not read what was typed before")]
    Busy,
    /// The terminal is gone.
    #[error("the terminal has ended")]
    Ended,
}

impl Denied {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SealBroken => "seal_broken",
            Self::Replayed => "replayed",
            Self::Leapt => "leapt",
            Self::Expired => "expired",
            Self::NotDriver => "not_driver",
            Self::Password => "password_asked",
            Self::Forbidden => "denied_by_policy",
            Self::NoPasswordAsked => "no_password_asked",
            Self::Rooted => "rooted",
            Self::Busy => "busy",
            Self::Ended => "ended",
        }
    }
}

impl From<Typed> for Result<(), Denied> {
    fn from(typed: Typed) -> Self {
        match typed {
            Typed::Taken => Ok(()),
            Typed::Full => Err(Denied::Busy),
            Typed::Gone => Err(Denied::Ended),
        }
    }
}

/// Refuses a number that does not come after `last`.
const fn after(last: u64, sequence: u64) -> Result<(), Denied> {
    match sequence.checked_sub(last) {
        None | Some(0) => Err(Denied::Replayed),
        Some(leap) if leap > MOST_LEAP => Err(Denied::Leapt),
        Some(_) => Ok(()),
    }
}

impl Session {
    fn unseal<T: DeserializeOwned>(&self, purpose: &str, sequence: u64, sealed: &str) -> Result<T, Denied> {
        let opened = self.ties.link.open(purpose, &self.terminal.to_string(), sequence, sealed);
        opened.ok().and_then(|text| serde_json::from_slice(&text).ok()).ok_or(Denied::SealBroken)
    }

    /// Types the owner's keys. They take the keyboard, unless they only answer a password prompt.
    pub fn press(&self, sequence: u64, sealed: &str) -> Result<(), Denied> {
        let Keys { base64, secret } = self.unseal(KEYS, sequence, sealed)?;
        let base64 = Zeroizing::new(base64);
        let bytes = STANDARD.decode(base64.as_bytes()).map(Zeroizing::new).map_err(|_| Denied::SealBroken)?;
        if bytes.len() > MOST_KEYS {
            return Err(Denied::Busy);
        }
        let hidden = self.hides();
        if self.is_over() {
            return Err(Denied::Ended);
        }
        let taken = {
            let mut state = self.desk.state();
            after(state.keys, sequence)?;
            state.keys = sequence;
            if secret && !hidden {
                return Err(Denied::NoPasswordAsked);
            }
            let taken = !secret && state.driver != Driver::Owner;
            if taken {
                (state.driver, state.hand) = (Driver::Owner, None);
            }
            taken
        };
        if taken {
            // Before anything is echoed: what comes from here on is the owner's.
            self.report(Happened::Drive);
        }
        let offset = self.progress.borrow().end;
        let kept = (!hidden && !secret).then(|| bytes.clone());
        Result::from(self.lane.push(bytes, Some(sequence)))?;
        if let Some(kept) = kept {
            self.events.typed(offset, By::Owner, &kept);
        }
        self.desk.poke();
        Ok(())
    }

    /// Tells api, who audits it, that something forged or played again was dropped: at once, and then at most once in a
    /// minute how often, because whoever holds Redis could send many (SECURITY B5).
    pub fn warn_of(&self, denied: Denied) {
        if !matches!(denied, Denied::SealBroken | Denied::Replayed | Denied::Leapt) {
            return;
        }
        let now = self.ties.clock.now();
        let due = {
            let mut state = self.desk.state();
            state.forged += 1;
            let due = state.forged_at.is_none_or(|at| at > now || now.since(at) >= FORGED_PAUSE);
            due.then(|| {
                state.forged_at = Some(now);
                std::mem::take(&mut state.forged)
            })
        };
        if let Some(count) = due {
            tracing::warn!(terminal.id = %self.terminal, code = denied.code(), count, "dropped: {denied}");
            self.report(Happened::Forged { code: denied.code().to_owned(), count });
        }
    }

    /// Whether what is typed now is not shown, because it is a password.
    fn hides(&self) -> bool {
        self.master.modes().is_some_and(crate::pty::Modes::hide)
    }

    /// Does what the owner asks.
    pub fn order(&self, sequence: u64, sealed: &str) -> Result<(), Denied> {
        let order: Order = self.unseal(ORDER, sequence, sealed)?;
        {
            let mut state = self.desk.state();
            after(state.orders, sequence)?;
            state.orders = sequence;
        }
        match order {
            Order::Resize { size } => self.resize(size),
            Order::Take => {
                let taken = {
                    let mut state = self.desk.state();
                    let taken = state.driver != Driver::Owner;
                    (state.driver, state.hand) = (Driver::Owner, None);
                    taken
                };
                if taken {
                    self.report(Happened::Drive);
                }
            }
            // Each command as root is asked one by one; a keyboard there would be any number of them.
            Order::Hand { .. } if matches!(self.purpose, Purpose::Command { rooted: true, .. }) => {
                return Err(Denied::Rooted);
            }
            Order::Hand { run, until, key } => {
                let now = self.ties.clock.now();
                let key = LinkKey::parse(&Zeroizing::new(key)).ok_or(Denied::SealBroken)?;
                let longest = std::time::Duration::from_secs(60 * u64::from(LONGEST_HAND_MINUTES));
                let until = until.min(now.after(longest));
                if until <= now {
                    return Err(Denied::Expired);
                }
                let paused = self.hides();
                {
                    let mut state = self.desk.state();
                    state.driver = Driver::Ai { run, until: Some(until), paused };
                    state.hand = Some(Hand { run, until, key });
                    state.floor = Floor::default();
                }
                self.report(Happened::Drive);
                self.desk.poke();
            }
            Order::Close => self.stop(Stop::Owner),
        }
        Ok(())
    }

    fn resize(&self, size: Size) {
        if let Err(error) = self.master.resize(size) {
            tracing::warn!(%error, terminal.id = %self.terminal, "a terminal can't be resized");
            return;
        }
        let offset = self.progress.borrow().end;
        {
            let mut state = self.desk.state();
            if state.size() == size {
                return;
            }
            // Sizes between which nothing was shown leave no trace.
            match state.sizes.last_mut() {
                Some(last) if last.0 == offset => last.1 = size,
                _ => state.sizes.push((offset, size)),
            }
        }
        self.events.happened(offset, What::Resized { size });
        self.desk.touch();
        // It is reported when the window is no longer being dragged.
        self.desk.poke();
    }

    /// Types what a run wants, while the keyboard is in its hands.
    pub fn type_in(
        &self,
        premises: &Premises,
        run: RunId,
        sequence: u64,
        sealed: &str,
    ) -> Result<(), Denied> {
        if self.is_over() {
            return Err(Denied::Ended);
        }
        let hidden = self.hides();
        let open = |state: &State| {
            let hand = state.hand.as_ref().filter(|hand| hand.run == run).ok_or(Denied::NotDriver)?;
            if self.ties.clock.now() >= hand.until {
                return Err(Denied::Expired);
            }
            let opened = hand.key.open(TYPED, &self.terminal.to_string(), sequence, sealed);
            opened.map_err(|_| Denied::SealBroken)
        };
        let wanted = open(&self.desk.state())?;
        // Judged outside of the lock: a key of the owner must not wait for that.
        let forbidden = self.objection(premises, &wanted).is_some();
        let (offset, bytes) = {
            let mut state = self.desk.state();
            // The owner may have taken the keyboard meanwhile.
            let bytes = open(&state)?;
            after(state.typed, sequence)?;
            if hidden {
                return Err(Denied::Password);
            }
            if forbidden {
                return Err(Denied::Forbidden);
            }
            if bytes.len() > MOST_KEYS {
                return Err(Denied::Busy);
            }
            // Before anything is echoed: what comes from here on is the run's.
            let offset = self.progress.borrow().end;
            // Its number counts only for what was taken: the run asks for that.
            Result::from(self.lane.push(bytes.clone(), None))?;
            state.typed = sequence;
            state.floor.took(&bytes);
            (offset, bytes)
        };
        self.events.typed(offset, By::Ai, &bytes);
        self.desk.poke();
        Ok(())
    }
}
