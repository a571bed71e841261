//! Asks each shell host which of the owner's terminals it really has: reports may be lost with their host's disk, an
//! opening may have been heard by nobody, and a host that was cut off comes back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use metatron_domain::id::TerminalId;
use metatron_domain::terminal::message::{Status, TerminalAnswer, TerminalCall};
use metatron_domain::terminal::order::Order;
use metatron_domain::terminal::{Driver, TerminalKind, TerminalState};
use metatron_store::terminal::Terminal;
use metatron_store::terminal::report::Over;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::error::Answer;
use crate::host::QUICK;

/// How often.
const EVERY: Duration = Duration::from_secs(15);
/// How long a report of the end may be on its way until a terminal that its host does not know counts as lost.
const GRACE: Duration = Duration::from_mins(1);

/// Terminals that their host did not know when it was asked, and since when.
type Missing = HashMap<TerminalId, Instant>;

/// Asks until `shutdown`.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    let mut missing = Missing::new();
    loop {
        tokio::select! {
            looked = look(&app, &mut missing) => if let Err(error) = looked {
                tracing::warn!(?error, "the terminals could not be looked at");
            },
            () = shutdown.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.hosts.came_back() => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn look(app: &App, missing: &mut Missing) -> Answer<()> {
    let mut hosts: BTreeMap<String, Vec<Terminal>> = BTreeMap::new();
    // Also where only the AI has terminals: one may be in the hands of a run that is over.
    for (host, _) in app.store.running_by_host().await? {
        hosts.entry(host).or_default();
    }
    for terminal in app.store.open_terminals().await? {
        hosts.entry(terminal.host.clone()).or_default().push(terminal);
    }
    let open: HashSet<_> = hosts.values().flatten().map(|terminal| terminal.id).collect();
    missing.retain(|id, _| open.contains(id));
    for (host, terminals) in hosts {
        // Who does not answer is shown as unreachable; that it has nothing any more does not follow.
        let Ok(answer) = app.ask_host(&host, TerminalCall::Sessions, QUICK).await else { continue };
        let TerminalAnswer::Sessions { sessions } = answer else { continue };
        for terminal in terminals {
            match sessions.iter().find(|status| status.terminal == terminal.id) {
                Some(status) => found(app, &terminal, status, missing).await?,
                None => not_found(app, &terminal, missing).await?,
            }
        }
        for status in &sessions {
            take_from_ended(app, &host, status).await;
        }
        for status in sessions.iter().filter(|status| !open.contains(&status.terminal)) {
            close_stray(app, &host, status).await?;
        }
    }
    Ok(())
}

async fn found(app: &App, terminal: &Terminal, status: &Status, missing: &mut Missing) -> Answer<()> {
    missing.remove(&terminal.id);
    if terminal.state != status.state || status.reports > terminal.report {
        let now = app.now();
        let mut tx = app.store.begin().await?;
        tx.terminal_stands(status.reports, status, now, now).await?;
        app.commit(tx).await?;
    }
    Ok(())
}

async fn not_found(app: &App, terminal: &Terminal, missing: &mut Missing) -> Answer<()> {
    // What has ended there may be known still, although the report of it went down with Redis.
    if let Ok(status) = app.status_of(&terminal.host, terminal.id).await
        && status.state.is_terminal()
    {
        return found(app, terminal, &status, missing).await;
    }
    let since = *missing.entry(terminal.id).or_insert_with(Instant::now);
    if since.elapsed() < GRACE {
        return Ok(());
    }
    missing.remove(&terminal.id);
    tracing::warn!(terminal.id = %terminal.id, host = terminal.host, "a shell host does not know a terminal");
    let over = match terminal.state {
        // By now the wish to open it is too old for anybody to follow.
        TerminalState::Opening => Over::Refused("Its shell host has not heard of it."),
        _ => Over::Lost("Its shell host does not know it any more."),
    };
    app.over(terminal.id, over).await
}

/// A run that is over has no use for a keyboard: its key is gone already, and the owner should see whose it is.
async fn take_from_ended(app: &App, host: &str, status: &Status) {
    let Driver::Ai { run, until: Some(_), .. } = status.driver else { return };
    // A host that lies about the terminal of another one must not take a keyboard there.
    let row = app.store.find_terminal(status.terminal).await;
    let is_there = row.is_ok_and(|row| row.is_some_and(|row| row.host == host));
    if is_there
        && app.store.run(run).await.is_ok_and(|run| run.state.is_terminal())
        && let Err(error) = app.take_back(host, status.terminal).await
    {
        tracing::warn!(?error, terminal.id = %status.terminal, "a keyboard could not be taken back");
    }
}

/// What runs at a host although its row says that it never opened, or is over, would run unseen for ever.
async fn close_stray(app: &App, host: &str, status: &Status) -> Answer<()> {
    if status.kind != TerminalKind::Owner {
        return Ok(());
    }
    let row = app.store.find_terminal(status.terminal).await?;
    let over = |state| matches!(state, TerminalState::Refused | TerminalState::Lost);
    if row.is_some_and(|row| row.host == host && over(row.state)) {
        let closed = app.order(host, status.terminal, &Order::Close).await;
        tracing::warn!(terminal.id = %status.terminal, ?closed, "a terminal that ran unseen is closed");
    }
    Ok(())
}
