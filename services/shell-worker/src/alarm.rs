//! What this host has to tell of itself: that something was forged which only api may say, or that its journal was an older
//! copy. Told to api, who audits it (SECURITY B5, P4).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::host::{Claimed, HostHappened, HostReport};
use metatron_domain::id::JournalId;
use tokio::sync::mpsc;

/// How often it is told that something was forged: whoever holds Redis could send many.
pub const PAUSE: Duration = Duration::from_mins(1);

/// What was forged since it was last told, and when that was.
#[derive(Default)]
struct Forged {
    count: u32,
    told: Option<Instant>,
}

/// The way out. One per process, shared by all requests.
pub struct Alarms {
    out: mpsc::UnboundedSender<HostReport>,
    forged: Mutex<BTreeMap<Claimed, Forged>>,
}

impl Alarms {
    /// Tells `out`.
    pub fn new(out: mpsc::UnboundedSender<HostReport>) -> Self {
        Self { out, forged: Mutex::default() }
    }

    /// Something was forged or played again, and dropped: told at once, and then at most once a minute how often.
    pub fn forged(&self, what: Claimed, now: Instant) {
        let mut all = self.forged.lock().unwrap_or_else(PoisonError::into_inner);
        let forged = all.entry(what).or_default();
        forged.count += 1;
        if forged.told.is_none_or(|told| told > now || now.since(told) >= PAUSE) {
            let count = std::mem::take(&mut forged.count);
            forged.told = Some(now);
            tracing::warn!(
                ?what,
                count,
                "dropped: something that only api may say was forged or played again"
            );
            self.tell(now, HostHappened::Forged { what, count });
        }
    }

    /// The journal has another name.
    pub fn rewound(&self, journal: JournalId, now: Instant) {
        tracing::error!(
            journal = %journal,
            "the journal is older than what was started last, or nobody can tell: no answer counts that was given before"
        );
        self.tell(now, HostHappened::Rewound { journal });
    }

    fn tell(&self, at: Instant, what: HostHappened) {
        // Nobody listens while this process goes down.
        let _ = self.out.send(HostReport { at, what });
    }
}
