//! Requests from the queue, reports into it. A request for a start stays pending while the command runs, so that it is
//! found again when this process dies; the journal decides what that means.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use metatron_bus::Bus;
use metatron_bus::keys::Pressed;
use metatron_bus::queue::{Delivery, Disposition, Outgoing};
use metatron_domain::command::{JobKind, Priority, Queue, ShellReport, ShellRequest, Ticket};
use metatron_domain::id::{ExecId, JobId, TerminalId};
use tokio_util::sync::CancellationToken;

use crate::live;
use crate::rest::rests;
use crate::shell::{Answer, Shell};

/// The longest pause between two tries to report while Redis is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a start waits for the book of rules that it needs.
const BOOK_PAUSE: Duration = Duration::from_secs(1);

/// Does what one delivery asks.
pub async fn handle(shell: Arc<Shell>, bus: Bus, delivery: Delivery) -> Disposition {
    let Delivery { ticket, body, recovered_from, .. } = delivery;
    let Some(request) = body.and_then(|body| serde_json::from_value::<ShellRequest>(body).ok()) else {
        return Disposition::Dead { cause: "unreadable_request".to_owned() };
    };
    if let Some(dead) = recovered_from {
        tracing::info!(job.id = %ticket.id, from = dead, "taken over");
    }
    let host = shell.host().to_owned();
    let report = match request {
        ShellRequest::Prepare { spec } => {
            let prepared = tokio::task::spawn_blocking(move || shell.prepare(&spec)).await;
            prepared.ok()
        }
        ShellRequest::Start { spec, digest, grant, under } => {
            let (exec, interactive) = (spec.exec, spec.interactive);
            if under.is_some() && !newest_book(&shell, &bus, &host, exec).await {
                return Disposition::Later { after: BOOK_PAUSE, cause: "book_missing".to_owned() };
            }
            let follow = Arc::clone(&shell);
            let started = tokio::task::spawn_blocking(move || {
                shell.start_under(&spec, &digest, grant.as_deref(), under)
            })
            .await;
            match started {
                Ok(Answer::Report(report)) => Some(*report),
                Ok(Answer::Running(running)) => {
                    let started = ShellReport::Started { exec, at: running.at };
                    // Only for the screen; the end is what is owed. So it is tried once and never waited for.
                    let told = outgoing(&host, ticket.id, &started);
                    let session = Arc::clone(&running.session);
                    let telling = async {
                        if let Err(error) = send(&bus, told).await {
                            tracing::debug!(%error, "a start was not reported");
                        }
                        // Its run waits for this one: whoever follows the command tells it, for as long as it takes.
                        let rest = rests(&session, &follow.parts().recordings, interactive).await;
                        tell(&bus, &host, ticket.id, &ShellReport::Rests { exec, rest }).await;
                        std::future::pending::<()>().await;
                    };
                    tokio::select! {
                        report = running.ended() => report,
                        () = telling => None,
                    }
                }
                Ok(Answer::Leaving) | Err(_) => None,
            }
        }
    };
    match report.and_then(|report| outgoing(&host, ticket.id, &report)) {
        Some(outgoing) => Disposition::DoneWith(vec![outgoing]),
        // The runtime goes down in the middle of it: the next process finds the request and the journal.
        None => Disposition::Keep,
    }
}

/// Takes the newest book of rules before anything starts under it: this host may have been away when one was revoked.
/// `false` where none can be had, because Redis was emptied and api has not laid it again yet.
async fn newest_book(shell: &Arc<Shell>, bus: &Bus, host: &str, exec: ExecId) -> bool {
    // What began before is only followed.
    if matches!(shell.parts().journal.known(exec, ""), Ok(Some(_))) {
        return true;
    }
    let Ok(Some((version, sealed))) = bus.book_of(host).await else { return false };
    let keeper = Arc::clone(shell);
    // Where it is forged the own one counts.
    let _ = tokio::task::spawn_blocking(move || keeper.take_book(version, &sealed)).await;
    true
}

/// Types the owner's keys as they come. What is forged, played again or for nobody is dropped.
pub async fn keys(shell: Arc<Shell>, bus: Bus, host: &str, down: CancellationToken) {
    let mut keys = tokio::select! {
        keys = bus.follow_keys(host) => keys,
        () = down.cancelled() => return,
    };
    loop {
        let pressed = tokio::select! {
            biased;
            () = down.cancelled() => return,
            pressed = keys.next() => pressed,
        };
        let Some(pressed) = pressed else { return };
        press(&shell, &pressed);
    }
}

/// Types keys, from wherever they came: their seal decides. Never waits.
pub fn press(shell: &Shell, Pressed { terminal, sequence, sealed }: &Pressed) {
    let Some(session) = shell.session(*terminal) else { return };
    match session.press(*sequence, sealed) {
        // What is forged makes no crowd.
        Ok(()) => metatron_process::pace::heard(terminal.as_u128()),
        Err(denied) => session.warn_of(denied),
    }
}

/// Reports what a dead predecessor left, for as long as it takes, and ends its live streams.
pub async fn settle(bus: Bus, host: String, reports: Vec<(TerminalId, ShellReport)>) {
    for (terminal, report) in reports {
        tell(&bus, &host, JobId::new(), &report).await;
        if let ShellReport::Unknown { outcome, .. } = &report {
            live::lost(&bus, &host, terminal, outcome.bytes).await;
        }
    }
}

/// Reports, for as long as it takes.
async fn tell(bus: &Bus, host: &str, job: JobId, report: &ShellReport) {
    let mut pause = Duration::from_millis(100);
    while let Err(error) = send(bus, outgoing(host, job, report)).await {
        tracing::debug!(%error, "a report waits for Redis");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn send(bus: &Bus, outgoing: Option<Outgoing>) -> Result<(), metatron_bus::Error> {
    if let Some(Outgoing { queue, priority, ticket, body }) = outgoing {
        bus.enqueue(&queue, priority, &ticket, body.as_ref()).await?;
    }
    Ok(())
}

/// A report, as it travels. It carries the request's job, which stays owed until the report has been read.
fn outgoing(host: &str, job: JobId, report: &ShellReport) -> Option<Outgoing> {
    let ticket = Ticket { v: 1, id: job, kind: JobKind::Report, subject: report.exec().to_string() };
    let body = Some(serde_json::to_value(report).ok()?);
    Some(Outgoing { queue: Queue::reports_of(host), priority: Priority::High, ticket, body })
}
