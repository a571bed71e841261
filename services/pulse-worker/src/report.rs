//! Takes what shell-workers report and writes it down. A report may come twice; the second changes nothing.

use std::sync::Arc;
use std::time::Duration;

use metatron_bus::queue::{Delivery, Disposition};
use metatron_bus::seal::LinkKey;
use metatron_domain::command::{ShellAnswer, ShellCall, ShellReport};
use metatron_domain::id::ExecId;
use metatron_domain::policy::Verdict;
use metatron_domain::rule::Under;
use metatron_domain::rule::warrant::{WARRANT, Warrant};
use metatron_process::crash::{self, Point};
use metatron_store::Error;
use metatron_store::run::Run;
use metatron_store::warrant::Seal;

use crate::desk::Desk;
use crate::work::failed;

/// How long a shell-worker may take to answer a stop.
pub(crate) const CALL: Duration = Duration::from_secs(5);

/// One report of `host`.
pub(crate) async fn handle(desk: Arc<Desk>, host: String, delivery: Delivery) -> Disposition {
    let Some(report) = delivery.body.and_then(|body| serde_json::from_value::<ShellReport>(body).ok()) else {
        return Disposition::Dead { cause: "unreadable report".to_owned() };
    };
    let exec = report.exec();
    let started = matches!(report, ShellReport::Started { .. });
    match write(&desk, &host, report).await {
        Ok(()) => {
            crash::point(Point::PulseReported);
            if started {
                stop_if_asked(&desk, exec).await;
            }
            Disposition::Done
        }
        Err(error) => failed(&error),
    }
}

async fn write(desk: &Desk, host: &str, report: ShellReport) -> Result<(), Error> {
    let unanswerable = match &report {
        ShellReport::Prepared { exec, judgement, .. } if judgement.verdict == Verdict::Ask => {
            let run = desk.store.run(desk.store.exec(*exec).await?.run).await?;
            Box::pin(nobody_can_answer(desk, &run)).await?
        }
        _ => false,
    };
    let key = match &report {
        ShellReport::Prepared { under: Some(_), .. } => Box::pin(warrants(desk, host)).await?,
        _ => None,
    };
    let seal = key.as_ref().map(|key| move |warrant: &Warrant| sealed(key, warrant));
    // Without the key there is nothing that the host would start it under.
    let beforehand = |under: Option<Under>| under.zip(seal.as_ref().map(|seal| seal as Seal<'_>));
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    let exec = tx.exec(report.exec()).await?;
    if exec.host != host {
        // A host that lies, or that has another's disk.
        tracing::warn!(exec.id = %exec.id, host, "a host reports what it was never asked");
        return Err(Error::NotFound("the command"));
    }
    match report {
        ShellReport::Prepared { exec, measure, judgement, under, .. } if unanswerable => {
            tx.exec_prepared_unanswerable(exec, &measure, &judgement, beforehand(under), now).await?;
        }
        ShellReport::Prepared { exec, measure, judgement, under, forecast } => {
            tx.exec_prepared(exec, &measure, &judgement, beforehand(under), now).await?;
            if let Some(forecast) = forecast {
                tx.exec_foreseen(exec, &measure, &forecast).await?;
            }
        }
        ShellReport::Started { exec, at } => tx.exec_started(exec, at, now).await?,
        ShellReport::Rests { exec, rest } => tx.exec_rests(exec, &rest, now).await?,
        ShellReport::Declined { exec, code, detail } => tx.exec_declined(exec, &code, &detail, now).await?,
        ShellReport::Ended { exec, outcome } | ShellReport::Unknown { exec, outcome } => {
            tx.exec_ended(exec, &outcome, now).await?;
        }
    }
    desk.commit(tx).await
}

/// The key of the warrants for `host`; nothing while the owner allowed nothing beforehand.
async fn warrants(desk: &Desk, host: &str) -> Result<Option<LinkKey>, Error> {
    let key = desk.store.warrant_key(&desk.vault, host).await?;
    Ok(key.and_then(|key| LinkKey::parse(key.text())))
}

fn sealed(key: &LinkKey, warrant: &Warrant) -> Result<String, Error> {
    let broken = |cause: String| Error::Key(format!("a warrant can't be sealed: {cause}"));
    let text = serde_json::to_vec(warrant).map_err(|cause| broken(cause.to_string()))?;
    key.seal(WARRANT, &warrant.exec.to_string(), 0, &text).map_err(|cause| broken(cause.to_string()))
}

/// Whether a run that nobody watches would wait for an answer that can't come: no device is notified, and no page of the
/// owner is open. While Redis can't tell, somebody may be looking.
pub(crate) async fn nobody_can_answer(desk: &Desk, run: &Run) -> Result<bool, Error> {
    if !run.origin.is_unattended() || !desk.store.devices().await?.is_empty() {
        return Ok(false);
    }
    Ok(!desk.bus.is_watched().await.unwrap_or(true))
}

/// A command that started although its run was stopped meanwhile is ended.
async fn stop_if_asked(desk: &Desk, exec: ExecId) {
    let Ok(exec) = desk.store.exec(exec).await else { return };
    if desk.store.run(exec.run).await.is_ok_and(|run| run.stop_requested) {
        stop(desk, &exec.host, exec.id, false).await;
    }
}

/// Asks a shell-worker to end a command, or never to start it. Returns whether it did. `by_run` where its own
/// run closes it.
pub(crate) async fn stop(desk: &Desk, host: &str, exec: ExecId, by_run: bool) -> bool {
    match desk.bus.call(host, &ShellCall::Stop { exec, by_run }, CALL).await {
        Ok(ShellAnswer::Stopped) => return true,
        Ok(other) => tracing::warn!(exec.id = %exec, ?other, "the shell host did not stop a command"),
        Err(error) => tracing::warn!(exec.id = %exec, %error, "the shell host does not answer the stop"),
    }
    false
}
