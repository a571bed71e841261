//! A process with a part to play: it says `ready`, hears a line, works, and tells as JSON when it began and ended.
//!
//! Ours is this binary again, the peer's is `bench/peer/peer.js`; both are given the same [`Spec`] and speak the same
//! lines, with times of the machine's monotonic clock, which all processes share.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// Whose queue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Peer,
}

/// What a process has to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Puts `jobs` into the queue.
    #[default]
    Enqueue,
    /// Puts one job into the queue for each line it hears, with the present instant as its subject.
    Paced,
    /// Takes jobs out until `jobs` are acknowledged.
    Work,
}

/// A part, with its numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) role: Part,
    /// The socket of Redis.
    pub(crate) socket: PathBuf,
    /// How many jobs in all.
    pub(crate) jobs: usize,
    /// Of these (to work) or before them (to enqueue): not counted.
    pub(crate) warm: usize,
    /// Callers at once that put jobs in.
    pub(crate) callers: usize,
    /// Jobs in one call; 0 is the call for a single job.
    pub(crate) batch: usize,
    /// Handlers at once.
    pub(crate) concurrency: usize,
    /// Jobs read ahead of a free handler; ours only.
    pub(crate) prefetch: usize,
    /// Whether to tell, at each handler's start, how long ago the job was put in.
    pub(crate) tell: bool,
    /// Whether the queue holds more than `jobs`, so that the end is told by their number alone; ours only.
    pub(crate) endless: bool,
    /// The database that owes and fences the jobs; ours only, and only where that is what is measured.
    pub(crate) database: Option<PathBuf>,
}

/// What a process tells at the end.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// When the first counted job began, in nanoseconds.
    pub(crate) first: u64,
    /// When the last one was acknowledged.
    pub(crate) last: u64,
    /// What a job cost this process in processor time, in microseconds.
    pub(crate) cpu_us: f64,
}

/// A process at its part. Owner: one measurement; it is killed where it did not end by itself.
pub(crate) struct Role {
    child: Child,
    said: BufReader<ChildStdout>,
    ear: Option<ChildStdin>,
}

impl Role {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(side: Side, spec: &Spec) -> Result<Self> {
        let mut command = match side {
            Side::Ours => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("role");
                command
            }
            Side::Peer => {
                let mut command = Command::new("node");
                command.arg(peer().join("peer.js"));
                command
            }
        };
        command.arg(serde_json::to_string(spec)?).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?} can't be started"))?;
        let said = BufReader::new(child.stdout.take().context("no standard output")?);
        let ear = child.stdin.take();
        let mut role = Self { child, said, ear };
        ensure!(role.hear()? == "ready", "{side:?} is not ready");
        Ok(role)
    }

    /// Says that it may go on.
    pub(crate) fn go(&mut self) -> Result<()> {
        let ear = self.ear.as_mut().context("the process hears no more")?;
        Ok(ear.write_all(b"go\n")?)
    }

    /// Waits for its next line.
    pub(crate) fn hear(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.said.read_line(&mut line)? == 0 {
            bail!("a process ended in the middle: {}", self.child.wait()?);
        }
        Ok(line.trim_end().to_owned())
    }

    /// Waits for what it tells at the end.
    pub(crate) fn outcome(&mut self) -> Result<Outcome> {
        let line = self.hear()?;
        serde_json::from_str(&line).with_context(|| format!("not an outcome: {line}"))
    }

    /// Lets it end, and waits for that.
    pub(crate) fn end(mut self) -> Result<()> {
        drop(self.ear.take());
        let status = self.child.wait()?;
        ensure!(status.success(), "a process ended with {status}");
        Ok(())
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the peer lives.
fn peer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/peer")
}

/// Installs the peer as its lock file says, where it is not there yet.
pub(crate) fn install_peer() -> Result<()> {
    if peer().join("node_modules/bullmq").exists() {
        return Ok(());
    }
    let status = Command::new("npm")
        .args(["ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(peer())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("npm can't be started: the peer needs Node.js")?;
    ensure!(status.success(), "npm ci ended with {status}");
    Ok(())
}
