//! The whole product, as real binaries on a folder of its own: Redis, the migration, the four services.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use crate::redis::RedisServer;

/// The services, in the order they are started.
pub const SERVICES: [&str; 4] = ["shell-worker", "pulse-worker", "scheduler", "api"];

/// A death that takes longer than this does not happen.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running instance. Dropping it ends every process it started.
pub struct Stack {
    folder: TempDir,
    /// Its Redis.
    pub redis: RedisServer,
    port: u16,
    settings: BTreeMap<String, String>,
    services: BTreeMap<&'static str, Child>,
}

/// The folder where the binaries were built: beside the test's own.
pub(crate) fn binaries() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.ancestors().find(|folder| folder.join("metatron-api").exists());
    folder
        .map(Path::to_path_buf)
        .context("the binaries are not built: run `cargo build --workspace --bins` first")
}

/// A loopback port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Stack {
    /// Starts everything and waits until each service says that it is ready. `extra` are further settings.
    pub fn start(extra: &[(&str, &str)]) -> Result<Self> {
        Self::start_on(extra, |_| Ok(()))
    }

    /// As [`Stack::start`], after `prepare` has changed the instance's empty folder, for example by a mount.
    pub fn start_on(extra: &[(&str, &str)], prepare: impl FnOnce(&Path) -> Result<()>) -> Result<Self> {
        Self::start_beside(RedisServer::start()?, extra, prepare)
    }

    /// As [`Stack::start_on`], with a Redis that was started otherwise.
    pub fn start_beside(
        redis: RedisServer,
        extra: &[(&str, &str)],
        prepare: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("metatron-").tempdir()?;
        let port = free_port()?;
        let mut settings = BTreeMap::new();
        for (name, path) in
            [("DATA", "data"), ("KEYS", "keys"), ("RUN", "run"), ("WORKSPACE", "work"), ("WEB", "web")]
        {
            let path = folder.path().join(path);
            std::fs::create_dir_all(&path)?;
            settings.insert(format!("METATRON_{name}"), path.to_string_lossy().into_owned());
        }
        settings.insert("METATRON_REDIS".to_owned(), redis.url());
        settings.insert("METATRON_LISTEN".to_owned(), format!("127.0.0.1:{port}"));
        settings.insert("METATRON_CONFIG".to_owned(), "/dev/null".to_owned());
        // A killed worker's work moves soon, so that no test waits for long.
        settings.insert("METATRON_LEASE_MS".to_owned(), "1000".to_owned());
        settings.insert("METATRON_RECONCILE_MS".to_owned(), "500".to_owned());
        // Where tests run as root, commands drop to a user that every Debian has.
        settings.insert("METATRON_AGENT_USER".to_owned(), "nobody".to_owned());
        settings.insert("METATRON_OWNER_USER".to_owned(), "nobody".to_owned());
        settings.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut stack = Self { folder, redis, port, settings, services: BTreeMap::new() };
        stack.open_workspace()?;
        prepare(stack.folder.path())?;
        std::fs::write(stack.path("keys/link.key"), random_key()?)?;
        let migrated = stack.command("metatron-migrate")?.status()?;
        ensure!(migrated.success(), "the migration ended with {migrated}");
        for name in SERVICES {
            stack.launch(name)?;
        }
        for name in SERVICES {
            stack.wait_ready(name)?;
        }
        Ok(stack)
    }

    /// The user of commands must reach the workspace through the temporary folder.
    fn open_workspace(&self) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let open = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode));
        open(self.folder.path(), 0o711)?;
        open(&self.path("work"), 0o777)?;
        Ok(())
    }

    /// A path inside the instance's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Where a browser would go.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The code that claims it.
    pub fn claim_code(&self) -> Result<String> {
        let text =
            std::fs::read_to_string(self.path("run/claim-code")).context("no claim code was written")?;
        Ok(text.trim().to_owned())
    }

    /// What a service has logged so far.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }

    /// Waits until a service has logged `text`: for what nobody outside can see.
    pub async fn logged(&self, name: &str, text: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.log(name).contains(text) {
            ensure!(Instant::now() < deadline, "{name} never says {text:?}:\n{}", self.log(name));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    fn command(&self, binary: &str) -> Result<Command> {
        let mut command = Command::new("sh");
        // Standard output becomes descriptor 3, on which readiness is told.
        let script = r#"exec "$0" 3>&1 >>"$1" 2>&1"#;
        let log = self.path(&format!("{}.log", binary.trim_start_matches("metatron-")));
        command.arg("-c").arg(script).arg(binaries()?.join(binary)).arg(log);
        command.env_clear().envs(&self.settings);
        for name in ["PATH", "HOME", "RUST_BACKTRACE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Ok(command)
    }

    /// Starts a service without waiting for it.
    pub fn launch(&mut self, name: &'static str) -> Result<()> {
        self.launch_with(name, &[])
    }

    /// As [`Stack::launch`], with more in the environment of this one life: a point to die at (`TEST_CRASH_AT`), or a
    /// wall clock of its own.
    pub fn launch_with(&mut self, name: &'static str, environment: &[(&str, &str)]) -> Result<()> {
        let mut command = self.command(&format!("metatron-{name}"))?;
        command.envs(environment.iter().copied());
        let child = command.env("METATRON_NOTIFY_FD", "3").stdout(Stdio::piped()).spawn()?;
        self.services.insert(name, child);
        Ok(())
    }

    /// Waits until a launched service says that it is ready.
    pub fn wait_ready(&mut self, name: &'static str) -> Result<()> {
        let child = self.services.get_mut(name).context("it was not launched")?;
        let mut told = [0];
        let count = child.stdout.take().context("it was waited for already")?.read(&mut told)?;
        if count == 0 {
            let status = child.wait()?;
            bail!("{name} ended with {status}:\n{}", self.log(name));
        }
        Ok(())
    }

    /// Starts a service that was killed or stopped.
    pub fn restart(&mut self, name: &'static str) -> Result<()> {
        self.launch(name)?;
        self.wait_ready(name)
    }

    /// The process id of a service.
    pub fn pid(&self, name: &str) -> Option<u32> {
        self.services.get(name).map(Child::id)
    }

    /// `kill -9`.
    pub fn kill(&mut self, name: &'static str) -> Result<()> {
        let mut child = self.services.remove(name).context("it does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Waits until a service has died by itself; returns how.
    pub async fn death(&mut self, name: &'static str) -> Result<ExitStatus> {
        let child = self.services.get_mut(name).context("it does not run")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait()? {
                self.services.remove(name);
                return Ok(status);
            }
            ensure!(Instant::now() < deadline, "{name} does not die");
            // Waiting for a child blocks; the scripted model has to go on meanwhile.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How a service ended, if nobody ended it and it does not run any more.
    pub fn ended_by_itself(&mut self, name: &str) -> Option<ExitStatus> {
        let status = self.services.get_mut(name)?.try_wait().ok()??;
        self.services.remove(name);
        Some(status)
    }

    /// Starts again what died by itself, as a supervisor does.
    pub fn revive(&mut self) -> Result<()> {
        for name in SERVICES {
            if self.ended_by_itself(name).is_some() {
                self.restart(name)?;
            }
        }
        Ok(())
    }

    /// Leaves the instance's folder behind when it ends; returns where it is.
    pub fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_path_buf()
    }

    /// Sends a signal to a service.
    pub fn signal(&self, name: &str, signal: rustix::process::Signal) -> Result<()> {
        let child = self.services.get(name).context("it does not run")?;
        Ok(rustix::process::kill_process(rustix::process::Pid::from_child(child), signal)?)
    }

    /// SIGTERM, as an upgrade would; returns how it ended.
    pub fn stop(&mut self, name: &'static str) -> Result<ExitStatus> {
        self.signal(name, rustix::process::Signal::TERM)?;
        let mut child = self.services.remove(name).context("it does not run")?;
        let status = child.wait()?;
        ensure!(status.signal().is_none(), "{name} was ended by a signal: {status}");
        Ok(status)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for child in self.services.values_mut() {
            // Already gone is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A key's file: 64 hexadecimal digits.
fn random_key() -> Result<String> {
    let mut bytes = [0_u8; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
