//! From start to exit: what happens around a service, in order. Nothing here is particular to one of them.

use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::ready::Ready;
use crate::task::{Failures, Tasks};
use crate::{harden, pace, telemetry};

/// How long a service may take to finish what it holds after a SIGTERM. `timeout-kill` in `s6/` is above it.
pub const DRAIN: Duration = Duration::from_secs(8);

/// The exit status for settings or keys that are wrong: starting again won't help, so s6 leaves the service down.
const BAD_CONFIGURATION: u8 = 78;

/// What a service is given to be built from. Owned by the service; clones share the same process.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The settings, checked.
    pub config: Arc<Config>,
    /// Cancelled once, when the process has to end: stop taking work, finish what is held.
    pub shutdown: CancellationToken,
    /// `{service}-{host}-{boot id}`: names this life of the process; no other ever has the same.
    pub instance: String,
    /// Where every long-lived task is spawned.
    pub tasks: Tasks,
    /// To be announced when the service can do its work.
    pub ready: Ready,
}

/// An error that no restart can mend (a wrong key, a broken setting): the process exits with 78 and stays down.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fatal(String);

impl Fatal {
    /// `message` names the cause and what the owner has to do.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Whether it is anywhere in `error`: as the error itself, as context, or as a source.
    fn in_error(error: &anyhow::Error) -> bool {
        error.downcast_ref::<Self>().is_some()
            || error.chain().any(<dyn std::error::Error + 'static>::is::<Self>)
    }
}

/// Runs a service until it ends by itself, a task of it fails, or SIGTERM or SIGINT asks it to stop.
///
/// The service is the future that `build` returns together with every task spawned on [`Frame::tasks`]; it may
/// return as soon as its tasks run. After a signal it has [`DRAIN`] to finish.
pub fn run<F, Fut>(name: &'static str, build: F) -> ExitCode
where
    F: FnOnce(Frame) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    // Whoever asks rustls for a connection needs a provider; an Err only says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = match Config::load() {
        Ok(config) => Arc::new(config),
        Err(errors) => {
            eprintln!("{name}: the settings are wrong:\n{errors}");
            return ExitCode::from(BAD_CONFIGURATION);
        }
    };
    telemetry::start(name, &config.log);
    match start(name, config, build) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "{name} ends");
            if Fatal::in_error(&error) { ExitCode::from(BAD_CONFIGURATION) } else { ExitCode::FAILURE }
        }
    }
}

fn start<F, Fut>(name: &'static str, config: Arc<Config>, build: F) -> anyhow::Result<()>
where
    F: FnOnce(Frame) -> Fut,
    Fut: Future<Output = anyhow::Result<()>>,
{
    let ready = Ready::on(config.notify_fd).context("METATRON_NOTIFY_FD")?;
    harden::forbid_core_dumps()?;
    let instance = format!("{name}-{}-{}", config.host, boot_id()?);
    let runtime = runtime(name).context("cannot start the async runtime")?;
    let outcome = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        let (tasks, failures) = Tasks::new(shutdown.clone());
        let frame = Frame { config, shutdown: shutdown.clone(), instance, tasks: tasks.clone(), ready };
        tracing::info!(instance = frame.instance, version = env!("CARGO_PKG_VERSION"), "{name} starts");
        let service = async move {
            build(frame).await?;
            tasks.all_ended().await;
            Ok(())
        };
        supervise(service, failures, &shutdown).await
    });
    // A blocking thread that still hangs (a PTY read) must not hold the exit up.
    runtime.shutdown_background();
    outcome
}

/// The runtime of a process called `name`: one thread, since services mostly wait, and tasks on one thread wake each other
/// without asking the kernel. What computes or waits for a disk belongs on `spawn_blocking`. How it waits is told in [`pace`].
pub fn runtime(name: &'static str) -> std::io::Result<Runtime> {
    Builder::new_current_thread().thread_name(name).on_thread_park(pace::breathe).enable_all().build()
}

async fn supervise(
    service: impl Future<Output = anyhow::Result<()>>,
    mut failures: Failures,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut service = pin!(service);
    let cause = tokio::select! {
        ended = &mut service => return ended,
        failure = failures.first() => Err(failure),
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = interrupt.recv() => Ok("SIGINT"),
    };
    if let Ok(signal) = cause {
        tracing::info!(signal, "stopping");
    }
    shutdown.cancel();
    let drained = tokio::time::timeout(DRAIN, service).await;
    match (cause, drained) {
        (Err(failure), _) => Err(failure),
        (Ok(_), Ok(ended)) => ended,
        (Ok(_), Err(_)) => anyhow::bail!("not finished {} s after the signal", DRAIN.as_secs()),
    }
}

/// Twelve characters of the kernel's randomness: enough that two lives of a process never share a name.
fn boot_id() -> anyhow::Result<String> {
    let uuid = std::fs::read_to_string("/proc/sys/kernel/random/uuid")
        .context("cannot read a random id from /proc/sys/kernel/random/uuid")?;
    Ok(uuid.trim().replace('-', "").chars().take(12).collect())
}
