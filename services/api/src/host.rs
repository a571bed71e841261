//! Asking a shell host about its terminals, under its own link key, and remembering which hosts do not answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metatron_bus::seal::LinkKey;
use metatron_domain::clock::Instant;

use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::Size;
use metatron_domain::terminal::message::{ScreenShot, Status, TerminalAnswer, TerminalCall};
use metatron_domain::terminal::order::{OPEN, Opening};
use metatron_process::crash::{self, Point};
use metatron_store::terminal::report::Over;
use metatron_store::vault::Vault;
use metatron_store::{Error as StoreError, Store};
use tokio::sync::Notify;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::keyboard::ended;

/// How long a host may take for what it knows at once.
pub(crate) const QUICK: Duration = Duration::from_secs(3);
/// How long it may take to open a terminal, or to look through a recording.
pub(crate) const SLOW: Duration = Duration::from_secs(10);
/// How long a sealed opening is worth anything.
const OPENING: Duration = Duration::from_mins(1);

/// What each shell host said when it was asked last. A host that was never asked counts as one that answers.
#[derive(Debug, Default)]
pub(crate) struct Hosts {
    heard: Mutex<HashMap<String, Heard>>,
    /// Why those elsewhere can't be let in to Redis.
    trouble: Mutex<Option<String>>,
    back: Notify,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Heard {
    seen: Option<Instant>,
    silent_since: Option<Instant>,
}

impl Hosts {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when a host does not answer; nothing when it answered the last time.
    pub(crate) fn silent_since(&self, host: &str) -> Option<Instant> {
        self.all().get(host).and_then(|heard| heard.silent_since)
    }

    /// When a host answered last, as far as this process knows.
    pub(crate) fn seen(&self, host: &str) -> Option<Instant> {
        self.all().get(host).and_then(|heard| heard.seen)
    }

    /// A host was silent before this process began.
    pub(crate) fn silent_from(&self, host: &str, since: Instant) {
        self.all().entry(host.to_owned()).or_default().silent_since.get_or_insert(since);
    }

    /// Nothing is known of a host that is new.
    pub(crate) fn forget(&self, host: &str) {
        self.all().remove(host);
    }

    /// Completes when a host answers again that did not.
    pub(crate) async fn came_back(&self) {
        self.back.notified().await;
    }

    /// Completes when one was registered or revoked.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// One was registered or revoked.
    pub(crate) fn change(&self) {
        self.changed.notify_one();
    }

    /// Those elsewhere can't be let in.
    pub(crate) fn troubled(&self, cause: &str) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause.to_owned());
    }

    /// They can.
    pub(crate) fn untroubled(&self) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Why they can't.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The link keys: that of the host beside this process, from its file, and those of the others, out of the vault.
pub(crate) struct Links {
    local: String,
    keys: Mutex<BTreeMap<String, Option<Arc<LinkKey>>>>,
}

impl Links {
    /// Those of every host that is registered.
    pub(crate) async fn load(
        local: String,
        key: LinkKey,
        store: &Store,
        vault: &Vault,
    ) -> Result<Self, StoreError> {
        let mut keys = BTreeMap::new();
        for host in store.hosts().await? {
            let text = store.host_key(vault, &host).await?;
            let key = text.map(|text| LinkKey::parse(&text).ok_or_else(|| broken(&host.name))).transpose()?;
            keys.insert(host.name, key.map(Arc::new));
        }
        keys.insert(local.clone(), Some(Arc::new(key)));
        Ok(Self { local, keys: Mutex::new(keys) })
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Option<Arc<LinkKey>>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a host that may be asked.
    pub(crate) fn of(&self, host: &str) -> Option<Arc<LinkKey>> {
        self.all().get(host).cloned().flatten()
    }

    /// A host was registered, or revoked.
    pub(crate) fn set(&self, host: &str, key: Option<LinkKey>) {
        self.all().insert(host.to_owned(), key.map(Arc::new));
    }

    /// The hosts that may be asked, the one beside this process first.
    pub(crate) fn names(&self) -> Vec<String> {
        let keys = self.all();
        let others = keys.iter().filter(|(name, key)| key.is_some() && **name != self.local);
        std::iter::once(&self.local).chain(others.map(|(name, _)| name)).cloned().collect()
    }
}

fn broken(host: &str) -> StoreError {
    StoreError::Corrupt { what: "link key", cause: format!("that of the host {host} is none") }
}

/// A refusal for a host that did not answer.
pub(crate) fn unanswered(host: &str, error: metatron_bus::Error) -> ApiError {
    match error {
        metatron_bus::Error::Timeout | metatron_bus::Error::Unavailable(_) => {
            let detail = format!("The shell service of host {host} does not answer. Try again in a moment.");
            ApiError::new(Code::ShellUnavailable, detail)
        }
        other => ApiError::internal(other),
    }
}

/// A refusal for an answer that is none to the question.
pub(crate) fn something_else(answer: &TerminalAnswer) -> ApiError {
    match answer {
        TerminalAnswer::NotFound => ApiError::not_found("terminal"),
        TerminalAnswer::Refused { code, detail } => match code.as_str() {
            "ended" => ended(),
            "no_password_asked" => ApiError::new(Code::NoPasswordAsked, detail),
            _ => ApiError::new(Code::Conflict, detail),
        },
        _ => ApiError::internal("shell-worker answered something else"),
    }
}

impl App {
    /// The link key of a host that may be asked; a refusal that names those there are.
    pub(crate) fn link_of(&self, host: &str) -> Answer<Arc<LinkKey>> {
        if let Some(key) = self.links.of(host) {
            return Ok(key);
        }
        if self.links.all().contains_key(host) {
            let detail = format!("Your keys were taken back from {host}. Register it again, or use another.");
            return Err(ApiError::new(Code::HostRevoked, detail));
        }
        let names = self.links.names().join(", ");
        Err(ApiError::field("/host", format!("must be the name of a machine; there are: {names}")))
    }

    /// A host was asked, and answered or did not.
    pub(crate) fn heard(&self, host: &str, answers: bool) {
        let now = self.now();
        let mut all = self.hosts.all();
        let heard = all.entry(host.to_owned()).or_default();
        if answers {
            heard.seen = Some(now);
            if heard.silent_since.take().is_some() {
                self.hosts.back.notify_one();
            }
        } else {
            heard.silent_since.get_or_insert(now);
        }
    }

    /// Whether asking a host is worth while. One elsewhere that is silent is asked again and again anyway, by
    /// [`crate::remote`]; who waits for an answer would wait in vain, and what is sent may be lost.
    pub(crate) fn worth_asking(&self, host: &str) -> Result<(), metatron_bus::Error> {
        if host != self.host && self.hosts.silent_since(host).is_some() {
            return Err(metatron_bus::Error::Unavailable(format!("the host {host} does not answer")));
        }
        Ok(())
    }

    /// Asks the host, and remembers whether it answered.
    async fn hear_host(
        &self,
        host: &str,
        call: TerminalCall,
        patience: Duration,
    ) -> Result<TerminalAnswer, metatron_bus::Error> {
        self.worth_asking(host)?;
        let call = ShellCall::Terminal { call: Box::new(call) };
        let answer = self.bus.call(host, &call, patience).await;
        self.heard(host, answer.is_ok());
        Ok(match answer? {
            ShellAnswer::Terminal { answer } => answer,
            ShellAnswer::Failed { detail } => TerminalAnswer::Refused { code: "failed".to_owned(), detail },
            _ => TerminalAnswer::NotFound,
        })
    }

    /// Asks the shell-worker of `host` about a terminal.
    pub(crate) async fn ask_host(
        &self,
        host: &str,
        call: TerminalCall,
        patience: Duration,
    ) -> Answer<TerminalAnswer> {
        self.hear_host(host, call, patience).await.map_err(|error| unanswered(host, error))
    }

    /// How a terminal stands, by the word of its host.
    pub(crate) async fn status_of(&self, host: &str, terminal: TerminalId) -> Answer<Status> {
        match self.ask_host(host, TerminalCall::Status { terminal }, QUICK).await? {
            TerminalAnswer::Status(status) if status.terminal == terminal => Ok(*status),
            other => Err(something_else(&other)),
        }
    }

    /// The screen of a terminal.
    pub(crate) async fn screen_of(&self, host: &str, terminal: TerminalId) -> Answer<ScreenShot> {
        // Behind a flood that nobody has looked at it is made only now.
        match self.ask_host(host, TerminalCall::Screen { terminal }, SLOW).await? {
            TerminalAnswer::Screen(shot) => Ok(*shot),
            TerminalAnswer::NotFound => Err(ApiError::not_found("screen")),
            other => Err(something_else(&other)),
        }
    }

    /// Asks the host to open a terminal whose row is there, and writes down what came of it. Where the host heard it and
    /// stays silent the row stays as it is: a report decides, or the reconciler.
    pub(crate) async fn open_on_host(
        &self,
        terminal: TerminalId,
        host: &str,
        size: Size,
        cwd: Option<String>,
    ) -> Answer<()> {
        let opening = Opening { terminal, size, cwd, expires_at: self.now().after(OPENING) };
        let text = serde_json::to_vec(&opening).map_err(ApiError::internal)?;
        let sealed =
            self.link_of(host)?.seal(OPEN, &terminal.to_string(), 0, &text).map_err(ApiError::internal)?;
        match self.hear_host(host, TerminalCall::Open { terminal, sealed }, SLOW).await {
            Ok(TerminalAnswer::Status(status)) if status.terminal == terminal => {
                crash::point(Point::ApiOpened);
                let now = self.now();
                let mut tx = self.store.begin().await?;
                tx.terminal_stands(status.reports, &status, now, now).await?;
                self.commit(tx).await?;
                Ok(())
            }
            // It has opened it already, or is about to: an earlier try of the same request was heard.
            Ok(TerminalAnswer::Refused { code, .. }) if code == "replayed" => Ok(()),
            Ok(TerminalAnswer::Refused { detail, .. }) => self.over(terminal, Over::Refused(&detail)).await,
            Ok(other) => {
                self.over(terminal, Over::Refused("The shell service does not know terminals.")).await?;
                tracing::warn!(terminal.id = %terminal, ?other, "a shell host did not open a terminal");
                Ok(())
            }
            Err(metatron_bus::Error::Timeout) => Ok(()),
            Err(error) => {
                self.over(terminal, Over::Refused("The shell service did not answer.")).await?;
                Err(unanswered(host, error))
            }
        }
    }

    /// A terminal is over without an end.
    pub(crate) async fn over(&self, terminal: TerminalId, over: Over<'_>) -> Answer<()> {
        let mut tx = self.store.begin().await?;
        tx.terminal_over(terminal, over, self.now()).await?;
        self.commit(tx).await?;
        self.keyboards.forget(terminal);
        Ok(())
    }
}
