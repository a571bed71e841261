//! A whole machine: `s6/boot` as process 1, with users, folders and services of its own making, as in the container.
//!
//! Owns namespaces of processes and mounts, so that nothing of it is left on this machine, and ends all of it when dropped.
//! Needs root, util-linux and s6.

use std::fs::File;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::stack::binaries;

/// What a boot may take on a machine with other work to do.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// Becomes process 1 of the machine. What it writes to lies in memory or in the folder `$0`.
const ENTER: &str = r#"
set -eu
mount --make-rprivate /
mount --bind "$0/etc" /etc
for path in /run /var/lib /home; do mount -t tmpfs -o mode=755 tmpfs "$path"; done
mount -t proc proc /proc
mkdir /run/s6 /run/bin
mount --bind "$1" /run/s6
mount --bind "$2" /run/bin
PATH=/run/bin:$PATH
export PATH
exec /run/s6/boot
"#;

/// A machine that boots, or has.
pub struct Booted {
    folder: TempDir,
    child: Child,
}

impl Booted {
    /// Boots with this environment and these files in the folder of keys; in the network of `network`, or in ours.
    pub fn start(
        network: Option<&str>,
        environment: &[(&str, &str)],
        files: &[(&str, &str)],
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("booted-").tempdir()?;
        // Its services run as users of their own.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let copied = Command::new("cp").args(["-a", "/etc"]).arg(folder.path()).status()?;
        ensure!(copied.success(), "/etc can't be copied");
        let keys = folder.path().join("etc/metatron/keys");
        std::fs::create_dir_all(&keys)?;
        for (name, content) in files {
            std::fs::write(keys.join(name), content)?;
        }
        let log = File::create(folder.path().join("log"))?;
        let mut command = match network {
            Some(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name, "unshare"]);
                command
            }
            None => Command::new("unshare"),
        };
        command.args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER]).arg(folder.path());
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../s6")).arg(binaries()?);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(environment.iter().copied());
        let child = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        Ok(Self { folder, child })
    }

    /// As [`Booted::start`], with what registering a second machine gave, and nothing else.
    pub fn join(network: &str, papers: &Value) -> Result<Self> {
        let pairs = |list: &str, value: &str| -> Result<Vec<(String, String)>> {
            let items = papers[list].as_array().context("no papers")?.iter();
            let pair =
                |item: &Value| Some((item["name"].as_str()?.to_owned(), item[value].as_str()?.to_owned()));
            items.map(|item| pair(item).context("no name or no value")).collect()
        };
        let (environment, files) = (pairs("environment", "value")?, pairs("files", "content")?);
        let environment: Vec<_> = environment.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let files: Vec<_> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        Self::start(Some(network), &environment, &files)
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Waits until it has logged `text`; returns the rest of that line.
    pub async fn logged(&mut self, text: &str) -> Result<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let log = self.log();
            if let Some((_, rest)) = log.split_once(text) {
                return Ok(rest.lines().next().unwrap_or_default().to_owned());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}:\n{log}");
            }
            ensure!(Instant::now() < deadline, "{text:?} was never logged:\n{log}");
            // Nobody else can tell when a file has grown.
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A path of it, as it sees it.
    pub fn path(&self, path: &str) -> Result<PathBuf> {
        Ok(PathBuf::from(format!("/proc/{}/root{path}", self.first()?)))
    }

    /// Its process 1, by our number.
    fn first(&self) -> Result<u32> {
        let unshare = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children"))?;
        Ok(children.split_whitespace().next().context("it has no process")?.parse()?)
    }

    /// Ends it as a container is ended, and says how its process 1 ended and after how long.
    pub async fn stop(mut self) -> Result<(ExitStatus, Duration)> {
        let begun = Instant::now();
        let done = Command::new("kill").args(["-TERM", &self.first()?.to_string()]).status()?;
        ensure!(done.success(), "it can't be told to end");
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, begun.elapsed()));
            }
            ensure!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.log());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Drop for Booted {
    fn drop(&mut self) {
        // What is gone already is as good. With process 1 the kernel ends all others.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
