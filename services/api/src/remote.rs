//! Attends the shell hosts on other machines: sees to it that each has its user at Redis, which forgets them when it
//! restarts; takes in what each reports; asks whether it answers. Where none is registered it does nothing at all.

use std::collections::HashMap;
use std::time::Duration;

use futures::future::join_all;
use metatron_bus::Error as BusError;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::host::HostState;
use metatron_store::host::Host;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::error::Answer;
use crate::host::QUICK;
use crate::report;

/// How often they are asked. With [`QUICK`], a host that was cut off is shown as unreachable within ten seconds.
const EVERY: Duration = Duration::from_secs(4);

/// Attends them until `shutdown`.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut takers = Takers::default();
    let mut tasks = JoinSet::new();
    // The rules may be those of an older version.
    let mut renewed = false;
    loop {
        let looked = tokio::select! {
            looked = look(&app, &mut renewed) => looked,
            () = shutdown.cancelled() => break,
        };
        let quiet = match looked {
            Ok(hosts) => {
                takers.follow(&app, &hosts, &shutdown, &mut tasks);
                hosts.is_empty()
            }
            Err(error) => {
                tracing::warn!(?error, "the shell hosts elsewhere could not be looked at");
                false
            }
        };
        tokio::select! {
            () = tokio::time::sleep(EVERY), if !quiet => {}
            () = app.hosts.changed() => {}
            () = shutdown.cancelled() => break,
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Who takes in the reports of which host.
#[derive(Default)]
struct Takers(HashMap<String, CancellationToken>);

impl Takers {
    fn follow(&mut self, app: &App, hosts: &[Host], shutdown: &CancellationToken, tasks: &mut JoinSet<()>) {
        self.0.retain(|name, stop| {
            let stays = hosts.iter().any(|host| host.name == *name);
            if !stays {
                stop.cancel();
            }
            stays
        });
        for host in hosts {
            self.0.entry(host.name.clone()).or_insert_with(|| {
                let stop = shutdown.child_token();
                tasks.spawn(report::take(app.clone(), host.name.clone(), stop.clone()));
                stop
            });
        }
    }
}

/// One look at all of them. Returns those that may be at work.
async fn look(app: &App, renewed: &mut bool) -> Answer<Vec<Host>> {
    let all = app.store.hosts().await?;
    if all.is_empty() {
        return Ok(all);
    }
    let hosts: Vec<Host> = all.into_iter().filter(|host| host.state != HostState::Revoked).collect();
    match let_in(app, &hosts, !*renewed).await {
        Ok(()) => *renewed = true,
        Err(error) => {
            if let BusError::Wire(cause) = &error {
                app.hosts.troubled(cause);
            }
            tracing::warn!(%error, "the users of shell hosts at Redis could not be made");
        }
    }
    for asked in join_all(hosts.iter().map(|host| ask(app, host))).await {
        asked?;
    }
    Ok(hosts)
}

/// Makes the users that are missing, and takes away those that nobody registered.
async fn let_in(app: &App, hosts: &[Host], again: bool) -> Result<(), BusError> {
    let there = app.bus.admitted().await?;
    for host in hosts.iter().filter(|host| again || !there.contains(&host.name)) {
        if host.state == HostState::Waiting && !there.contains(&host.name) {
            // What another of this name was asked is nothing to it.
            app.bus.clear_host(&host.name).await?;
        }
        app.bus.admit(&host.name, &host.password_sha256).await?;
        tracing::info!(host = host.name, "a shell host may sign in at Redis");
    }
    for name in there.iter().filter(|name| !hosts.iter().any(|host| host.name == **name)) {
        app.bus.expel(name).await?;
        app.bus.clear_host(name).await?;
        tracing::info!(host = name, "a shell host was shut out of Redis");
    }
    app.hosts.untroubled();
    Ok(())
}

/// Asks one of them who it is, and writes down what is news.
async fn ask(app: &App, host: &Host) -> Answer<()> {
    let answer = app.bus.call(&host.name, &ShellCall::Describe, QUICK).await;
    let version = match answer {
        Ok(ShellAnswer::Description { version, .. }) => Some(version),
        Ok(_) => Some(String::new()),
        // Whether it is there is not known while Redis is not.
        Err(BusError::Full(_) | BusError::Wire(_)) => return Ok(()),
        Err(BusError::Timeout | BusError::Unavailable(_)) => None,
    };
    if host.state == HostState::Unreachable && version.is_none() {
        // As it was before this process began.
        app.hosts.silent_from(&host.name, host.state_at);
    }
    app.heard(&host.name, version.is_some());
    let news = match host.state {
        HostState::Online => version.is_none(),
        HostState::Waiting | HostState::Unreachable => version.is_some(),
        HostState::Revoked => false,
    };
    if news {
        let (now, seen) = (app.now(), app.hosts.seen(&host.name));
        let mut tx = app.store.begin().await?;
        if tx.host_stands(&host.name, version.as_deref(), seen, now).await? {
            app.commit(tx).await?;
            tracing::info!(host = host.name, answers = version.is_some(), "a shell host elsewhere");
        }
    }
    Ok(())
}
