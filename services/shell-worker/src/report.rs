//! What is told of terminals, into the queue that api reads: in order, for as long as it takes. The end of a terminal is
//! told again by the next process when this one may not have managed to.

use std::sync::Arc;
use std::time::Duration;

use metatron_bus::Bus;
use metatron_domain::command::{JobKind, Priority, Queue, Ticket};
use metatron_domain::host::HostReport;
use metatron_domain::id::JobId;
use metatron_domain::terminal::message::{Happened, Report};
use metatron_process::crash::{self, Point};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::live;
use crate::owner::AFTER_ALL;
use crate::shell::Shell;

/// The longest pause between two tries while Redis is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Tells all that comes, until `down`; then what is left, as far as Redis is there.
pub async fn carry(
    shell: Arc<Shell>,
    bus: Bus,
    mut reports: mpsc::UnboundedReceiver<Report>,
    down: CancellationToken,
) {
    loop {
        let report = tokio::select! {
            biased;
            report = reports.recv() => report,
            () = down.cancelled() => return,
        };
        let Some(report) = report else { return };
        let mut pause = Duration::from_millis(100);
        while let Err(error) = send(&bus, shell.host(), &report).await {
            tracing::debug!(%error, "a report waits for Redis");
            if down.is_cancelled() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        if report.number == AFTER_ALL {
            // The process that wrote its live stream is gone.
            live::lost(&bus, shell.host(), report.terminal, report.status.bytes).await;
        }
        if matches!(report.what, Happened::Ended | Happened::Lost) {
            crash::point(Point::ShellTerminalTold);
            let told = Arc::clone(&shell);
            let written = tokio::task::spawn_blocking(move || {
                let parts = told.parts();
                parts.journal.told(report.terminal, parts.clock.now())
            });
            if let Ok(Err(error)) = written.await {
                // Then it is told once more by the next process, which changes nothing.
                tracing::warn!(%error, "the journal can't be written");
            }
        }
    }
}

async fn send(bus: &Bus, host: &str, report: &Report) -> Result<(), metatron_bus::Error> {
    let ticket =
        Ticket { v: 1, id: JobId::new(), kind: JobKind::Terminal, subject: report.terminal.to_string() };
    let body = serde_json::to_value(report)?;
    bus.enqueue(&Queue::terminals_of(host), Priority::High, &ticket, Some(&body)).await.map(drop)
}

/// Tells what this host has to say of itself, until `down`. What is on its way then is told by the next life only where it
/// happens again.
pub async fn alarm(
    bus: Bus,
    host: String,
    mut alarms: mpsc::UnboundedReceiver<HostReport>,
    down: CancellationToken,
) {
    loop {
        let report = tokio::select! {
            report = alarms.recv() => report,
            () = down.cancelled() => return,
        };
        let Some(report) = report else { return };
        let mut pause = Duration::from_millis(100);
        while let Err(error) = sound(&bus, &host, &report).await {
            tracing::debug!(%error, "a report waits for Redis");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = down.cancelled() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

async fn sound(bus: &Bus, host: &str, report: &HostReport) -> Result<(), metatron_bus::Error> {
    let ticket = Ticket { v: 1, id: JobId::new(), kind: JobKind::Host, subject: host.to_owned() };
    let body = serde_json::to_value(report)?;
    bus.enqueue(&Queue::terminals_of(host), Priority::High, &ticket, Some(&body)).await.map(drop)
}
