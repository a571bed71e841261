//! The process: what is opened at start, in order, and the tasks that run until the end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metatron_bus::access::service;
use metatron_bus::direct::{Door, Server};
use metatron_bus::queue::{Options, Worker};
use metatron_bus::seal::LinkKey;
use metatron_bus::{Access, Bus};
use metatron_domain::clock::{Clock, Instant, SystemClock};
use metatron_domain::command::{Queue, ShellReport};
use metatron_domain::id::TerminalId;
use metatron_domain::policy::PROTECTED;
use metatron_domain::terminal::message::Report;
use metatron_process::{Config, Fatal, Frame};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::account::{Account, Chain, Groups};
use crate::alarm::Alarms;
use crate::book::Shelf;
use crate::guard::{Guard, Opener, Premises, Root};
use crate::journal::{Journal, JournalError};
use crate::keep::{Keeper, Places, Terms};
use crate::kill::Families;
use crate::measure::Surroundings;
use crate::owner::Login;
use crate::recording::Recordings;
use crate::session::Session;
use crate::shell::{Parts, Shell};
use crate::{calls, live, report, serve};

/// The name of its consumer group.
const NAME: &str = "shell-worker";
/// Requests at once. A start holds its slot while the command runs, and must not stand before those who only prepare.
const AT_ONCE: usize = 64;
/// How long a command may still take when this process has to go down.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often what is old is forgotten.
const TIDY: Duration = Duration::from_hours(1);
/// Bytes all recordings may take together.
const QUOTA: u64 = 8 * 1024 * 1024 * 1024;
/// How long it waits for Redis before it says that it is ready.
const HEARD: Duration = Duration::from_secs(2);
/// Orphans that end are reaped together, at most so often.
const REAP: Duration = Duration::from_millis(200);

/// Builds the service and starts its tasks.
pub async fn run(frame: Frame) -> anyhow::Result<()> {
    let config = Arc::clone(&frame.config);
    let (started, begun) = mpsc::unbounded_channel();
    let (reports, told) = mpsc::unbounded_channel();
    let (alarms, sounded) = mpsc::unbounded_channel();
    let shell = Shell::new(parts(&config, reports, Alarms::new(alarms))?, started);
    let lost = shell.recover().await.context("the journal can't be written")?;
    let password = config.redis_password()?;
    let ca = config.redis_ca()?;
    let user = config.redis_user.as_deref();
    let access = Access { user, password: password.as_deref(), ca: ca.as_deref() };
    let bus = Bus::enter(&config.redis_url, access, &frame.instance);
    let heard = tasks(&frame, &bus, &shell, lost, begun)?;
    let quiet = CancellationToken::new();
    let carrying = report::carry(Arc::clone(&shell), bus.clone(), told, quiet.clone());
    frame.tasks.spawn("reports", always(carrying));
    let alarming = report::alarm(bus.clone(), config.host.clone(), sounded, quiet.clone());
    frame.tasks.spawn("alarms", always(alarming));
    // Ready is who hears questions. Without Redis there are none, and what waits here is worth starting all the same.
    tokio::select! {
        _ = tokio::time::timeout(HEARD, heard) => {}
        () = frame.shutdown.cancelled() => {}
    }
    frame.ready.announce();
    frame.shutdown.cancelled().await;
    shell.drain(PATIENCE).await;
    // What happened until now is still told.
    quiet.cancel();
    Ok(())
}

fn parts(config: &Config, reports: mpsc::UnboundedSender<Report>, alarms: Alarms) -> anyhow::Result<Parts> {
    let account = Account::choose(&config.agent_user).map_err(fatal)?;
    if account.separated {
        tracing::info!(user = account.name, "commands run as a user of their own");
    } else {
        tracing::warn!(
            user = account.name,
            "NO SEPARATION: without root, commands run as the same user as the services and can read their keys, \
             database and recordings. Use the container, or start as root, wherever that matters."
        );
    }
    let chain = Chain::probe(&account, Groups::None).map_err(fatal)?;
    let workspace = workspace(&config.workspace, &account)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let protected = config.protected_folders().into_iter().map(|path| path.to_string_lossy().into_owned());
    let protected = PROTECTED.iter().map(ToString::to_string).chain(protected).collect();
    let around = Surroundings { account, host: config.host.clone(), timezone: config.timezone.clone() };
    let places = Places {
        workspace: workspace.clone(),
        home: around.account.home.clone(),
        shut: config.protected_folders(),
    };
    let terms = Terms { quota: config.keep_quota, keep: config.undo_days, every: config.snapshot_every };
    let keeper = Keeper::open(&config.kept(), places, terms, Arc::clone(&clock))
        .context("the folder of what is kept")?;
    let premises = Premises { workspace, protected, around, root: root() };
    let journal = Journal::open(&config.shell_journal(), clock.now()).map_err(|error| match error {
        JournalError::Damaged { .. } => anyhow::Error::from(fatal(error)),
        other => other.into(),
    })?;
    vouch(config, &journal, &alarms, clock.now());
    let link = Arc::new(LinkKey::load(&config.link_key()).map_err(fatal)?);
    let shelf = Arc::new(Shelf::open(&config.shell_journal(), Arc::clone(&link), &config.host));
    Ok(Parts {
        guard: Guard::new(premises, Arc::clone(&clock), opener(Arc::clone(&link)))
            .with_shelf(shelf)
            .beside(journal.name()),
        journal,
        recordings: Recordings::open(&config.recordings()).context("the folder of recordings")?,
        families: Arc::new(Families::adopting().context("orphans can't be adopted")?),
        chain,
        keeper,
        clock,
        login: login(&config.owner_user),
        link,
        direct: Server::default(),
        reports,
        alarms,
    })
}

/// Has the journal compared with what was noted beside it, in the first place that can be written.
fn vouch(config: &Config, journal: &Journal, alarms: &Alarms, now: Instant) {
    for mark in config.journal_marks() {
        match journal.vouched_by(&mark, now) {
            Ok(None) => return,
            Ok(Some(name)) => return alarms.rewound(name, now),
            Err(error) => {
                tracing::warn!(%error, path = %mark.display(), "the journal's mark can't be kept there");
            }
        }
    }
    tracing::error!(
        "nothing vouches for the journal: an older copy of it, brought back, would not be noticed"
    );
}

/// How commands run as root here, where the owner wants that: only where this process does.
fn root() -> Option<Root> {
    let account = Account::root()?;
    let chain = Chain::rooted().inspect_err(|error| {
        tracing::warn!("no command can run as root here, whatever the owner wants: {error}");
    });
    Some(Root { account, chain: chain.ok()?, apt: Vec::new() })
}

/// The owner on this host. Without such a user no terminal opens, and everything else goes on.
fn login(user: &str) -> Option<Login> {
    let account = Account::choose(user);
    let login = account.and_then(|account| {
        let chain = Chain::probe(&account, Groups::Own)?;
        Ok(Login { account, chain })
    });
    login
        .inspect_err(|error| {
            tracing::warn!("the owner can't open terminals here ({error}): see METATRON_OWNER_USER");
        })
        .ok()
}

fn fatal(error: impl std::fmt::Display) -> Fatal {
    Fatal::new(error.to_string())
}

fn opener(key: Arc<LinkKey>) -> Opener {
    Arc::new(move |exec, sealed| {
        let grant = key.open("grant", &exec.to_string(), 0, sealed).ok()?;
        serde_json::from_slice(&grant).ok()
    })
}

/// The AI's folder, without links; made for its user where it is missing.
fn workspace(path: &Path, account: &Account) -> anyhow::Result<PathBuf> {
    if !path.exists() {
        std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        if account.separated {
            std::os::unix::fs::chown(path, Some(account.uid), Some(account.gid))?;
        }
    }
    std::fs::canonicalize(path).with_context(|| format!("the workspace {}", path.display()))
}

fn tasks(
    frame: &Frame,
    bus: &Bus,
    shell: &Arc<Shell>,
    lost: Vec<(TerminalId, ShellReport)>,
    begun: mpsc::UnboundedReceiver<Arc<Session>>,
) -> anyhow::Result<oneshot::Receiver<()>> {
    let Frame { config, shutdown, tasks, .. } = frame;
    let (lease, host, down) = (config.lease, config.host.clone(), shutdown.clone());
    let renewing = bus.clone();
    tasks.spawn("lease", always(async move { renewing.renew_forever(lease, down).await }));

    let (beating, name, down) = (bus.clone(), service(&config.host), shutdown.clone());
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    tasks.spawn("beat", always(async move { beating.beat_forever(&name, version, pid, down).await }));

    let (pressed, typing) = (bus.clone(), Arc::clone(shell));
    let (place, down) = (config.host.clone(), shutdown.clone());
    tasks.spawn("keys", always(async move { serve::keys(typing, pressed, &place, down).await }));

    if config.is_beside() {
        match Server::open(&config.direct()) {
            Ok(door) => {
                let (typing, place) = (Arc::clone(shell), config.host.clone());
                tasks.spawn("direct", direct(frame.shutdown.clone(), typing, door, place));
            }
            // Everything goes through Redis then.
            Err(error) => tracing::warn!(%error, "there is no direct line to api"),
        }
    }

    let (asked, answering, down) = (bus.clone(), Arc::clone(shell), shutdown.clone());
    let answer = move |call| calls::answer(Arc::clone(&answering), call);
    let (begins, listening) = oneshot::channel::<()>();
    // Dropped is as good as sent.
    let hear = move || drop(begins);
    tasks.spawn("calls", always(async move { asked.serve_calls(&host, answer, hear, down).await }));

    let options = Options { concurrency: AT_ONCE, reserved_high: 8, lease, ..Options::default() };
    let worker = Worker::new(bus.clone(), Queue::Shell(config.host.clone()), NAME, options);
    let (reporting, starting) = (bus.clone(), Arc::clone(shell));
    let handler = move |delivery| serve::handle(Arc::clone(&starting), reporting.clone(), delivery);
    tasks.spawn("requests", always(Box::pin(worker.run(handler, shutdown.clone()))));

    let (telling, place, down) = (bus.clone(), config.host.clone(), shutdown.clone());
    tasks.spawn(
        "lost",
        always(async move {
            tokio::select! {
                () = serve::settle(telling, place, lost) => {}
                () = down.cancelled() => {}
            }
        }),
    );

    tasks.spawn("live", follow(frame.clone(), bus.clone(), Arc::clone(shell), begun));
    tasks.spawn("tidy", tidy(frame.clone(), Arc::clone(shell)));
    tasks.spawn("snapshots", always(snap(Arc::clone(shell), shutdown.clone())));
    let children = signal(SignalKind::child()).context("SIGCHLD")?;
    tasks.spawn("orphans", reap(frame.clone(), Arc::clone(&shell.parts().families), children));
    Ok(listening)
}

/// Work that cannot fail, as a task.
async fn always(work: impl Future<Output = ()>) -> anyhow::Result<()> {
    work.await;
    Ok(())
}

/// Talks to an api on this machine without Redis in between.
async fn direct(down: CancellationToken, shell: Arc<Shell>, door: Door, host: String) -> anyhow::Result<()> {
    let line = shell.parts().direct.clone();
    tokio::select! {
        () = line.serve(door, &host, |pressed| serve::press(&shell, &pressed)) => {}
        () = down.cancelled() => {}
    }
    Ok(())
}

/// Gives each session that begins its live stream.
async fn follow(
    frame: Frame,
    bus: Bus,
    shell: Arc<Shell>,
    mut begun: mpsc::UnboundedReceiver<Arc<Session>>,
) -> anyhow::Result<()> {
    loop {
        let session = tokio::select! {
            session = begun.recv() => session,
            () = frame.shutdown.cancelled() => None,
        };
        let Some(session) = session else { return Ok(()) };
        let (host, parts) = (frame.config.host.clone(), shell.parts());
        let ways =
            live::Ways { bus: bus.clone(), beside: frame.config.is_beside(), direct: parts.direct.up() };
        let carrying = live::carry(ways, host, parts.recordings.clone(), session);
        frame.tasks.spawn("terminal", always(carrying));
    }
}

/// Forgets what is old, once at start and then every hour.
async fn tidy(frame: Frame, shell: Arc<Shell>) -> anyhow::Result<()> {
    loop {
        let tidied = Arc::clone(&shell);
        let tidied = tokio::task::spawn_blocking(move || {
            let parts = tidied.parts();
            if let Err(error) = parts.journal.prune(parts.clock.now()) {
                tracing::warn!(%error, "the journal could not be tidied");
            }
            let running = tidied.sessions();
            let live = |stem: &str| running.iter().any(|it| it.terminal.to_string() == stem);
            parts.keeper.prune();
            if let Err(error) = parts.recordings.prune(QUOTA, parts.clock.now(), &live) {
                tracing::warn!(%error, "recordings could not be tidied");
            }
        });
        tokio::select! {
            _ = tidied => {}
            () = frame.shutdown.cancelled() => return Ok(()),
        }
        tokio::select! {
            () = tokio::time::sleep(TIDY) => {}
            () = frame.shutdown.cancelled() => return Ok(()),
        }
    }
}

/// How often the clock is asked whether a snapshot is due: a machine that slept makes the missed one soon.
const LOOK: Duration = Duration::from_mins(1);

/// Makes snapshots when they are due, on a thread that yields to all others.
async fn snap(shell: Arc<Shell>, down: CancellationToken) {
    loop {
        let (working, (done, over)) = (Arc::clone(&shell), oneshot::channel());
        let spawned = std::thread::Builder::new().name("snapshot".to_owned()).spawn(move || {
            // On Linux this is the thread's own.
            let _ = rustix::process::setpriority_process(None, 19);
            working.parts().keeper.tend();
            let _ = done.send(());
        });
        if let Err(error) = spawned {
            tracing::warn!(%error, "no thread for a snapshot");
        }
        tokio::select! {
            _ = over => {}
            () = down.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = down.cancelled() => return,
        }
    }
}

/// Reaps orphans of sessions as they end.
async fn reap(
    frame: Frame,
    families: Arc<Families>,
    mut children: tokio::signal::unix::Signal,
) -> anyhow::Result<()> {
    loop {
        tokio::select! {
            _ = children.recv() => families.reap_orphans(),
            () = frame.shutdown.cancelled() => return Ok(()),
        }
        tokio::time::sleep(REAP).await;
    }
}
