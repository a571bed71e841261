//! Asking a shell host about its terminals, and remembering which hosts do not answer.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::Size;
use metatron_domain::terminal::message::{ScreenShot, Status, TerminalAnswer, TerminalCall};
use metatron_domain::terminal::order::{OPEN, Opening};
use metatron_process::crash::{self, Point};
use metatron_store::terminal::report::Over;

use crate::App;
use crate::error::{Answer, ApiError, Code};
use crate::keyboard::ended;

/// How long a host may take for what it knows at once.
pub(crate) const QUICK: Duration = Duration::from_secs(3);
/// How long it may take to open a terminal, or to look through a recording.
pub(crate) const SLOW: Duration = Duration::from_secs(10);
/// How long a sealed opening is worth anything.
const OPENING: Duration = Duration::from_mins(1);

/// Which shell hosts did not answer when they were asked last.
#[derive(Debug, Default)]
pub(crate) struct Hosts(Mutex<HashSet<String>>);

impl Hosts {
    /// Whether a host answered when it was asked last.
    pub(crate) fn answers(&self, host: &str) -> bool {
        !self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }

    fn heard(&self, host: &str, answers: bool) {
        let mut silent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers {
            silent.remove(host);
        } else if !silent.contains(host) {
            silent.insert(host.to_owned());
        }
    }
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
    /// Asks the host, and remembers whether it answered.
    async fn hear_host(
        &self,
        host: &str,
        call: TerminalCall,
        patience: Duration,
    ) -> Result<TerminalAnswer, metatron_bus::Error> {
        let call = ShellCall::Terminal { call: Box::new(call) };
        let answer = self.bus.call(host, &call, patience).await;
        self.hosts.heard(host, answer.is_ok());
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
        match self.ask_host(host, TerminalCall::Screen { terminal }, QUICK).await? {
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
        let sealed = self.link.seal(OPEN, &terminal.to_string(), 0, &text).map_err(ApiError::internal)?;
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
