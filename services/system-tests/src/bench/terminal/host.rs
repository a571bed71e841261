//! One side: its processes, how a terminal is opened there, and what its processes cost.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::client::Owner;
use metatron_testkit::stack::{SERVICES, Stack};
use serde_json::json;

use super::view::View;

/// Seconds of processor time in one tick of `/proc`: Linux counts 100 a second for programs, on every machine.
const TICK_S: f64 = 0.01;

/// A side, running.
pub(crate) enum Host {
    /// The whole product, as release or debug binaries, whatever this program is.
    Ours { stack: Box<Stack>, owner: Owner },
    /// The Node process.
    Peer { node: Node },
}

/// The peer's process. It ends with its standard input.
pub(crate) struct Node {
    child: Child,
    port: u16,
    opened: usize,
}

impl Host {
    pub(crate) async fn ours() -> Result<Self> {
        let stack = Box::new(Stack::start(&[])?);
        let owner = Owner::claim(&stack.url(), &stack.claim_code()?).await?;
        Ok(Self::Ours { stack, owner })
    }

    pub(crate) fn peer() -> Result<Self> {
        let mut command = Command::new("node");
        command.arg(home().join("peer.js")).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("node can't be started")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no standard output")?).read_line(&mut line)?;
        let port = line.trim().parse().context("the peer named no port")?;
        Ok(Self::Peer { node: Node { child, port, opened: 0 } })
    }

    /// Opens a terminal of 80 × 24 with a login shell, and a view of it. Returns its name for further views.
    pub(crate) async fn open(&mut self) -> Result<(String, View)> {
        let name = match self {
            Self::Ours { owner, .. } => {
                let body = json!({ "size": { "columns": 80, "rows": 24 } });
                let made = owner.post("/terminals", &body).await?;
                made["id"].as_str().context("no terminal")?.to_owned()
            }
            Self::Peer { node } => {
                node.opened += 1;
                format!("t{}", node.opened)
            }
        };
        let view = self.view(&name).await?;
        Ok((name, view))
    }

    /// Another view of a terminal.
    pub(crate) async fn view(&self, name: &str) -> Result<View> {
        match self {
            Self::Ours { owner, .. } => View::ours(owner, name).await,
            Self::Peer { node } => View::peer(node.port, name).await,
        }
    }

    /// The processes that carry terminals, Redis included; not the shells.
    fn pids(&self) -> Vec<u32> {
        match self {
            Self::Ours { stack, .. } => {
                SERVICES.iter().filter_map(|name| stack.pid(name)).chain(stack.redis.pid()).collect()
            }
            Self::Peer { node } => vec![node.child.id()],
        }
    }

    /// Processor seconds they have used.
    pub(crate) fn processor(&self) -> f64 {
        self.pids().into_iter().map(processor).sum()
    }

    /// Their memory in MB: what they alone hold, and their share of what they hold together.
    pub(crate) fn memory(&self) -> f64 {
        self.pids().into_iter().map(memory).sum()
    }

    /// The memory in MB of the process that owns the terminals.
    pub(crate) fn worker_memory(&self) -> f64 {
        match self {
            Self::Ours { stack, .. } => stack.pid("shell-worker").map_or(f64::NAN, memory),
            Self::Peer { node } => memory(node.child.id()),
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It may have ended already.
        let _ = self.child.wait();
    }
}

fn processor(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything: state is the first field, utime and stime the twelfth and thirteenth.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * TICK_S
}

fn memory(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
}

/// Where the peer lives.
fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/terminal")
}

/// Installs the peer as its lock file says, where it is not there yet. node-pty is compiled, for which Node's headers
/// have to be on the machine.
pub(crate) fn install_peer() -> Result<()> {
    if home().join("node_modules/node-pty/build/Release/pty.node").exists() {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--silent", "--no-audit", "--no-fund"]).current_dir(home());
    if Path::new("/usr/include/node/node.h").exists() {
        command.env("npm_config_nodedir", "/usr");
    }
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.context("npm can't be started: the peer needs Node.js")?;
    ensure!(status.success(), "npm ci ended with {status}");
    Ok(())
}
