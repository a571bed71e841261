//! pulse-worker carries runs: it shows a model the conversation, journals what it says, has its commands carried out by
//! shell-worker, and waits for outcomes and answers without holding anything.
//!
//! Rooms: [`desk`] is what all share; [`work`] takes deliveries; [`run`] is one run, [`turn`] one model call, [`prompt`] what
//! it is shown; [`call`] answers what is no command, [`hands`] types; [`report`] takes what shell-workers report,
//! [`elsewhere`] knows those on other machines; [`stop`] hears the owner's stop; [`probe`] and [`tick`] are
//! the small kinds of work; [`push`] sends notifications. [`model`] and [`tool`] are what a run talks to.
//!
//! Never spawns a process, never answers an approval.

mod call;
mod desk;
mod elsewhere;
mod halt;
mod hands;
mod limit;
mod model;
mod probe;
mod prompt;
mod push;
mod report;
mod run;
mod stop;
mod tick;
mod tool;
mod turn;
mod work;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metatron_bus::queue::{Options, Worker};
use metatron_bus::{Access, Bus};
use metatron_domain::clock::{Clock, SystemClock};
use metatron_domain::command::Queue;
use metatron_process::{Fatal, Frame};
use metatron_store::vault::Vault;
use metatron_store::{Error, Store};

use crate::desk::Desk;

/// Runs at once. One of these slots is always kept for the owner's chat.
const RUNS: usize = 8;
/// Reports handled at once: SQLite has one writer anyway.
const REPORTS: usize = 4;
/// How long writing one report down may take; a busy database included.
const REPORT: Duration = Duration::from_mins(1);
/// The consumer group, named after this service.
const GROUP: &str = "pulse-worker";

/// Builds the service and starts its tasks.
pub async fn start(frame: Frame) -> anyhow::Result<()> {
    let config = frame.config.clone();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::open(&config.database()).await.context("the database can't be opened")?;
    let vault = match Vault::open(&store, &config.master_key(), clock.now()).await {
        Err(Error::Key(message)) => return Err(Fatal::new(message).into()),
        other => Arc::new(other.context("the vault can't be opened")?),
    };
    let password = config.redis_password()?;
    let ca = config.redis_ca()?;
    let user = config.redis_user.as_deref();
    let access = Access { user, password: password.as_deref(), ca: ca.as_deref() };
    let bus = Bus::enter(&config.redis_url, access, &frame.instance);
    let desk = Arc::new(Desk::new(store.clone(), bus.clone(), vault, clock, &frame));
    Box::pin(push::found(&desk)).await?;

    let shutdown = frame.shutdown.clone();
    let lease = config.lease;
    let tasks = &frame.tasks;
    tasks.spawn("lease", {
        let (bus, shutdown) = (bus.clone(), shutdown.clone());
        async move {
            bus.renew_forever(lease, shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    tasks.spawn("beat", {
        let (bus, shutdown) = (bus.clone(), shutdown.clone());
        async move {
            bus.beat_forever("pulse-worker", env!("CARGO_PKG_VERSION"), std::process::id(), shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    tasks.spawn("stops", {
        let (desk, shutdown) = (desk.clone(), shutdown.clone());
        async move {
            stop::listen(desk, shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    tasks.spawn("halts", {
        let (desk, shutdown) = (desk.clone(), shutdown.clone());
        async move {
            halt::listen(desk, shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    tasks.spawn("reports", {
        let worker = Worker::new(bus.clone(), Queue::reports_of(&desk.host), GROUP, reports(lease));
        let (desk, shutdown) = (desk.clone(), shutdown.clone());
        let handler = move |delivery| report::handle(desk.clone(), desk.host.clone(), delivery);
        async move {
            Box::pin(worker.run(handler, shutdown)).await;
            Ok::<_, Infallible>(())
        }
    });
    tasks.spawn("elsewhere", {
        let (desk, shutdown) = (desk.clone(), shutdown.clone());
        async move {
            elsewhere::take(desk, shutdown).await;
            Ok::<_, Infallible>(())
        }
    });
    tasks.spawn("runs", {
        let options = Options { concurrency: RUNS, reserved_high: 1, lease, ..Options::default() };
        let worker = Worker::new(bus, Queue::Run, GROUP, options);
        async move {
            Box::pin(worker.run(move |delivery| work::handle(desk.clone(), delivery), shutdown)).await;
            store.close().await;
            Ok::<_, Infallible>(())
        }
    });
    frame.ready.announce();
    Ok(())
}

/// How reports are taken in.
fn reports(lease: Duration) -> Options {
    Options {
        concurrency: REPORTS,
        reserved_high: 0,
        prefetch: 16,
        lease,
        timeout: Some(REPORT),
        ..Options::default()
    }
}
