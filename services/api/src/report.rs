//! Takes what shell-workers report of terminals and writes it down. A report may come twice, late or out of turn: what is
//! older than what is known changes nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metatron_bus::queue::{Delivery, Disposition, Options, Worker};
use metatron_domain::actor::Actor;
use metatron_domain::audit::AuditKind;
use metatron_domain::command::{JobKind, Queue};
use metatron_domain::host::{Claimed, HostHappened, HostReport};
use metatron_domain::terminal::message::{Happened, Report};
use metatron_process::crash::{self, Point};
use metatron_store::{About, Error};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::error::ApiError;

/// The consumer group.
const GROUP: &str = "api";
/// Reports taken in at once.
const AT_ONCE: usize = 4;
/// Reports read ahead.
const AHEAD: usize = 16;
/// How long one may take.
const TAKING: Duration = Duration::from_secs(30);
/// The leases of other workers that make one of ours. There is one api, and what a dead one had in hand the comparison
/// with the hosts makes good sooner: so an idle system is not made less silent for it.
pub(crate) const LEASES: u32 = 12;
/// How often the same of a host is audited.
const ALARM_PAUSE: Duration = Duration::from_secs(50);
/// How long until the database is tried again.
const STORE_PAUSE: Duration = Duration::from_secs(2);

/// Takes in what the shell host beside this process reports, until `shutdown`.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let host = app.host.clone();
    take(app, host, shutdown).await;
}

/// Takes in what `host` reports, until `shutdown`.
pub(crate) async fn take(app: App, host: String, shutdown: CancellationToken) {
    let options = Options {
        concurrency: AT_ONCE,
        reserved_high: 0,
        prefetch: AHEAD,
        lease: app.lease,
        timeout: Some(TAKING),
        ..Options::default()
    };
    let worker = Worker::new(app.bus.clone(), Queue::terminals_of(&host), GROUP, options);
    let heard = Arc::new(Heard::default());
    let handler = move |delivery: Delivery| {
        let (app, host, heard) = (app.clone(), host.clone(), Arc::clone(&heard));
        async move {
            if delivery.ticket.kind == JobKind::Host {
                return alarm(&app, &host, &heard, delivery).await;
            }
            handle(app, host, delivery).await
        }
    };
    Box::pin(worker.run(handler, shutdown)).await;
}

/// When a host was last heard to tell what, so that whoever holds Redis fills no audit in its name.
#[derive(Default)]
struct Heard(Mutex<BTreeMap<&'static str, Instant>>);

impl Heard {
    /// Whether it is time to hear it again.
    fn is_due(&self, what: &'static str, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = all.get(what).is_none_or(|at| now.duration_since(*at) >= ALARM_PAUSE);
        if due {
            all.insert(what, now);
        }
        due
    }
}

/// Audits what a host tells of itself.
async fn alarm(app: &App, host: &str, heard: &Heard, delivery: Delivery) -> Disposition {
    let Some(report) = delivery.body.and_then(|body| serde_json::from_value::<HostReport>(body).ok()) else {
        return Disposition::Dead { cause: "unreadable report".to_owned() };
    };
    let (kind, what, data) = match report.what {
        HostHappened::Forged { what: Claimed::Opening, count } => forged("opening", count),
        HostHappened::Forged { what: Claimed::Book, count } => forged("book", count),
        HostHappened::Forged { what: Claimed::Head, count } => forged("head", count),
        HostHappened::Forged { what: Claimed::Undo, count } => forged("undo", count),
        HostHappened::Rewound { journal } => {
            (AuditKind::HostRewound, "rewound", json!({ "journal": journal }))
        }
    };
    if !heard.is_due(what, Instant::now()) {
        return Disposition::Done;
    }
    let audited = async {
        let mut tx = app.store.begin().await?;
        let about = About { subject: Some(host.to_owned()), ..About::default() };
        tx.audit(kind, app.now(), &Actor::Schedule, about, data);
        app.commit(tx).await.map_err(TakeIn::Commit)
    };
    if let Err(error) = audited.await {
        tracing::error!(?error, host, "what a host tells of itself is tried again");
        return Disposition::Later { after: STORE_PAUSE, cause: "store failed".to_owned() };
    }
    // Behind the commit: who reads this finds the row.
    tracing::error!(
        host,
        what,
        "a host tells that something was forged, or that its journal was brought back"
    );
    Disposition::Done
}

fn forged(what: &'static str, count: u32) -> (AuditKind, &'static str, serde_json::Value) {
    (AuditKind::HostForged, what, json!({ "what": what, "count": count }))
}

/// One report.
async fn handle(app: App, host: String, delivery: Delivery) -> Disposition {
    let Some(report) = delivery.body.and_then(|body| serde_json::from_value::<Report>(body).ok()) else {
        return Disposition::Dead { cause: "unreadable report".to_owned() };
    };
    match take_in(&app, &host, &report).await {
        Ok(true) => {
            crash::point(Point::ApiReported);
            if report.status.state.is_terminal() {
                app.keyboards.forget(report.terminal);
            }
            Disposition::Done
        }
        // The report that the command started is still on its way.
        Ok(false) => Disposition::Retry { cause: "its command has not started".to_owned() },
        Err(TakeIn::Store(Error::Conflict(_) | Error::NotFound(_) | Error::Refused(_))) => {
            tracing::info!(terminal.id = %report.terminal, "a report about a terminal is dropped");
            Disposition::Done
        }
        Err(error) => {
            tracing::error!(?error, "a report about a terminal is tried again");
            Disposition::Later { after: STORE_PAUSE, cause: "store failed".to_owned() }
        }
    }
}

/// Why a report could not be written down.
#[derive(Debug)]
enum TakeIn {
    Store(Error),
    Commit(#[expect(dead_code, reason = "shown in the log")] ApiError),
}

impl From<Error> for TakeIn {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

/// Whether it was taken in; `false` while its command's terminal has no row.
async fn take_in(app: &App, host: &str, report: &Report) -> Result<bool, TakeIn> {
    let mut tx = app.store.begin().await?;
    let on = tx.host_of_terminal(report.status.terminal).await?;
    if report.terminal != report.status.terminal || on.is_some_and(|on| on != host) {
        // A host that lies, or that has another's disk.
        tracing::warn!(terminal.id = %report.terminal, host, "a host reports what is not on it");
        return Err(Error::NotFound("the terminal").into());
    }
    let news = tx.find_terminal(report.terminal).await?.filter(|before| report.number > before.report);
    match tx.terminal_stands(report.number, &report.status, report.at, app.now()).await {
        Err(Error::NotFound(_)) if tx.is_command_terminal(report.terminal).await? => return Ok(false),
        other => other?,
    };
    if let (Happened::Forged { code, count }, Some(terminal)) = (&report.what, news) {
        // Also where the terminal is over by now: it happened.
        let about = About { chat: terminal.chat, run: terminal.run, subject: Some(terminal.id.to_string()) };
        let data = json!({ "code": code, "count": count, "host": host });
        tx.audit(AuditKind::TerminalForged, app.now(), &Actor::Schedule, about, data);
    }
    app.commit(tx).await.map_err(TakeIn::Commit)?;
    if let Happened::Forged { code, count } = &report.what {
        // Behind the commit: who reads this finds the row.
        tracing::warn!(terminal.id = %report.terminal, host, code, count, "keys were forged or played again");
    }
    Ok(true)
}
