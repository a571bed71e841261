//! What the owner should know about this installation, shown on every page until it is mended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_domain::command::{ShellAnswer, ShellCall};
use tokio::sync::Mutex;

use crate::App;
use crate::place::Place;

/// How long an answer of the shell host counts.
const FRESH: Duration = Duration::from_mins(1);
/// A page must not wait long for it.
const PATIENCE: Duration = Duration::from_millis(400);

/// What is known to be wrong.
#[derive(Default)]
pub(crate) struct Warnings {
    /// What the shell host last said of itself.
    separated: Mutex<Option<(Instant, bool)>>,
    /// A shell host knows newer rules than the database.
    behind: AtomicBool,
}

impl Warnings {
    /// Whether a shell host knows newer rules than the database, so that none of those here count.
    pub(crate) fn behind(&self, is: bool) {
        self.behind.store(is, Ordering::Relaxed);
    }
}

impl App {
    /// The present warnings, by code.
    pub(crate) async fn warnings(&self, place: &Place) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.shell_is_separated().await == Some(false) {
            warnings.push("runs_without_root".to_owned());
        }
        if !place.local && !self.gate.uses_secure_cookies(place) {
            warnings.push("insecure".to_owned());
        }
        if self.warnings.behind.load(Ordering::Relaxed) {
            warnings.push("rules_behind".to_owned());
        }
        warnings
    }

    /// Whether commands run as another user than the services; `None` while nobody can say.
    pub(crate) async fn shell_is_separated(&self) -> Option<bool> {
        let now = self.now();
        let mut known = self.warnings.separated.lock().await;
        match *known {
            Some((at, separated)) if now.since(at) < FRESH && at <= now => return Some(separated),
            _ => {}
        }
        if let Ok(ShellAnswer::Description { separated, .. }) =
            self.bus.call(&self.host, &ShellCall::Describe, PATIENCE).await
        {
            *known = Some((now, separated));
        }
        known.map(|(_, separated)| separated)
    }
}
