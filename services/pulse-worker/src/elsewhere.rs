//! The shell hosts on other machines, as far as runs have to do with them: which there are, and what each reports of its
//! commands. Each reports in a queue of its own, so that none can speak of another's commands.

use std::collections::HashMap;
use std::sync::Arc;

use metatron_bus::queue::Worker;
use metatron_domain::command::Queue;
use metatron_domain::host::HostState;
use metatron_store::Error;
use metatron_store::host::Host;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::{GROUP, report, reports};

/// A machine that commands can be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Machine {
    /// The name of its shell host.
    pub name: String,
    /// Whether it answered when it was asked last.
    pub answers: bool,
}

/// Those there are now, the one beside api first. One that has never joined is none yet.
pub(crate) async fn machines(desk: &Desk) -> Result<Vec<Machine>, Error> {
    let own = Machine { name: desk.host.clone(), answers: true };
    let others = desk.store.hosts().await?.into_iter().filter_map(|host| {
        let answers = host.state == HostState::Online;
        (answers || host.state == HostState::Unreachable).then_some(Machine { name: host.name, answers })
    });
    Ok(std::iter::once(own).chain(others).collect())
}

/// Takes in what they report, until `shutdown`.
pub(crate) async fn take(desk: Arc<Desk>, shutdown: CancellationToken) {
    let mut takers: HashMap<String, CancellationToken> = HashMap::new();
    let mut tasks = JoinSet::new();
    loop {
        match desk.store.hosts().await {
            Ok(hosts) => follow(&desk, hosts, &mut takers, &mut tasks, &shutdown),
            Err(error) => tracing::warn!(%error, "the shell hosts can't be read"),
        }
        tokio::select! {
            () = desk.hosts_change() => {}
            () = shutdown.cancelled() => break,
        }
    }
    while tasks.join_next().await.is_some() {}
}

fn follow(
    desk: &Arc<Desk>,
    mut hosts: Vec<Host>,
    takers: &mut HashMap<String, CancellationToken>,
    tasks: &mut JoinSet<()>,
    shutdown: &CancellationToken,
) {
    hosts.retain(|host| host.state != HostState::Revoked);
    takers.retain(|name, stop| {
        let stays = hosts.iter().any(|host| host.name == *name);
        if !stays {
            stop.cancel();
        }
        stays
    });
    for Host { name, .. } in hosts {
        takers.entry(name.clone()).or_insert_with(|| {
            let stop = shutdown.child_token();
            let worker = Worker::new(desk.bus.clone(), Queue::reports_of(&name), GROUP, reports(desk.lease));
            let desk = desk.clone();
            let handler = move |delivery| report::handle(desk.clone(), name.clone(), delivery);
            tasks.spawn(worker.run(handler, stop.clone()));
            stop
        });
    }
}
