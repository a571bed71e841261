//! A second machine: a network namespace with an address of its own, joined to ours by a cable that can be cut, and a
//! shell-worker in it that has nothing but what it was given to join.
//!
//! Owns the namespace, the cable and the process, and takes them away when dropped. Needs root and `iproute2`.

use std::fs::File;
use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::redis::RedisServer;
use crate::stack::{Stack, binaries};

/// Networks of two machines that one process of tests may have at a time.
const EACH: u32 = 16;
static NEXT: AtomicU32 = AtomicU32::new(0);

/// The second machine. Owner: the test.
pub struct Machine {
    folder: TempDir,
    name: String,
    cable: String,
    here: Ipv4Addr,
    port: u16,
    child: Option<Child>,
}

impl Machine {
    /// A machine whose cable is in. Fails clearly where the kernel or our rights don't allow it.
    pub fn new() -> Result<Self> {
        let slot = NEXT.fetch_add(1, Ordering::Relaxed) % EACH;
        let number = (std::process::id() * EACH + slot) % 32_768;
        // Of 198.18.0.0/15, which is for tests between machines (RFC 2544): four addresses for each.
        let first = u32::from(Ipv4Addr::new(198, 18, 0, 0)) + number * 4;
        let here = Ipv4Addr::from(first + 1);
        let folder = tempfile::Builder::new().prefix("machine-").tempdir()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let (name, cable) = (format!("metatron-{number}"), format!("mtr{number}a"));
        let machine = Self { folder, name, cable, here, port, child: None };
        machine.lay(Ipv4Addr::from(first + 2)).context(
            "no network namespace can be made here: these tests need root, `ip` (iproute2) and a kernel that lets us",
        )?;
        Ok(machine)
    }

    fn lay(&self, there: Ipv4Addr) -> Result<()> {
        let (name, cable, here) = (&self.name, &self.cable, self.here);
        let end = format!("{cable}b");
        for line in [
            format!("netns add {name}"),
            format!("link add {cable} type veth peer name {end} netns {name}"),
            format!("address add {here}/30 dev {cable}"),
            format!("link set {cable} up"),
            format!("-n {name} address add {there}/30 dev {end}"),
            format!("-n {name} link set {end} up"),
            format!("-n {name} link set lo up"),
        ] {
            ip(&line)?;
        }
        Ok(())
    }

    /// What its network is called.
    pub fn network(&self) -> &str {
        &self.name
    }

    /// Our address, as it sees us, and a port that was free a moment ago.
    pub fn address(&self) -> String {
        format!("{}:{}", self.here, self.port)
    }

    /// A Redis that listens there, over TLS alone, with a certificate of an authority of its own, and a stack around it
    /// that other machines can join.
    pub fn stack(&self) -> Result<Stack> {
        let tls = self.path("tls");
        std::fs::create_dir_all(&tls)?;
        authority(&tls, self.here)?;
        let file = |name: &str| tls.join(name).display().to_string();
        let redis = RedisServer::with(&[
            &format!("--tls-port {} --tls-auth-clients no --bind {}", self.port, self.here),
            &format!("--tls-cert-file {} --tls-key-file {}", file("redis.pem"), file("redis.key")),
            &format!("--tls-ca-cert-file {} --tcp-keepalive 10 --protected-mode no", file("ca.pem")),
        ])?;
        let trust = |folder: &Path| {
            std::fs::copy(tls.join("ca.pem"), folder.join("keys/redis-ca.pem"))?;
            Ok(())
        };
        Stack::start_beside(redis, &[("METATRON_JOIN", &self.address())], trust)
    }

    /// Starts a shell-worker there with what registering it gave, and nothing else.
    pub fn start(&mut self, papers: &Value) -> Result<()> {
        for (name, mode) in [("keys", 0o700), ("data", 0o700), ("run", 0o700), ("work", 0o777)] {
            std::fs::create_dir_all(self.path(name))?;
            std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode))?;
        }
        std::fs::set_permissions(self.folder.path(), std::fs::Permissions::from_mode(0o711))?;
        for file in papers["files"].as_array().context("no files")? {
            let name = file["name"].as_str().context("no name")?;
            std::fs::write(self.path("keys").join(name), file["content"].as_str().context("no content")?)?;
        }
        let log = self.path("shell-worker.log");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, "sh", "-c", r#"exec "$0" 3>&1 >>"$1" 2>&1"#]);
        command.arg(binaries()?.join("metatron-shell-worker")).arg(log);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let keys = self.path("keys").display().to_string();
        for setting in papers["environment"].as_array().context("no environment")? {
            let (name, value) = (setting["name"].as_str(), setting["value"].as_str());
            let value = value.context("no value")?.replace("/etc/metatron/keys", &keys);
            command.env(name.context("no name")?, value);
        }
        for (name, path) in
            [("DATA", "data"), ("KEYS", "keys"), ("RUN", "run"), ("WORKSPACE", "work"), ("WEB", "web")]
        {
            command.env(format!("METATRON_{name}"), self.path(path));
        }
        for (name, value) in [
            ("CONFIG", "/dev/null"),
            ("AGENT_USER", "nobody"),
            ("OWNER_USER", "nobody"),
            ("LEASE_MS", "1000"),
            ("NOTIFY_FD", "3"),
        ] {
            command.env(format!("METATRON_{name}"), value);
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut told = [0];
        let said = child.stdout.take().context("no output")?.read(&mut told)?;
        self.child = Some(child);
        ensure!(said == 1, "the second machine's shell-worker does not start:\n{}", self.log());
        Ok(())
    }

    /// `kill -9` of its shell-worker.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("it does not run")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Cuts the cable: nothing arrives any more, and nobody is told.
    pub fn cut(&self) -> Result<()> {
        ip(&format!("link set {} down", self.cable))
    }

    /// Puts the cable in again.
    pub fn mend(&self) -> Result<()> {
        ip(&format!("link set {} up", self.cable))
    }

    /// A path of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What its shell-worker has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("shell-worker.log")).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What is gone already is as good.
        let _ = self.kill();
        let _ = ip(&format!("link del {}", self.cable));
        let _ = ip(&format!("netns del {}", self.name));
    }
}

fn ip(line: &str) -> Result<()> {
    let done = Command::new("ip").args(line.split_whitespace()).output().context("`ip` can't be started")?;
    if !done.status.success() {
        bail!("ip {line}: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

/// A stack that other machines can join, by an address of this machine alone.
pub fn joinable(settings: &[(&str, &str)]) -> Result<Stack> {
    let tls = tempfile::tempdir()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    authority(tls.path(), Ipv4Addr::LOCALHOST)?;
    let file = |name: &str| tls.path().join(name).display().to_string();
    let redis = RedisServer::with(&[
        &format!("--tls-port {port} --tls-auth-clients no"),
        &format!("--tls-cert-file {} --tls-key-file {}", file("redis.pem"), file("redis.key")),
    ])?;
    let address = format!("127.0.0.1:{port}");
    let settings: Vec<_> = settings.iter().copied().chain([("METATRON_JOIN", address.as_str())]).collect();
    Stack::start_beside(redis, &settings, |folder| {
        std::fs::copy(tls.path().join("ca.pem"), folder.join("keys/redis-ca.pem"))?;
        Ok(())
    })
}

/// An authority of its own, and what it signs for `address`.
fn authority(folder: &Path, address: Ipv4Addr) -> Result<()> {
    let openssl = |line: &str| {
        let log = File::create(folder.join("openssl.log"))?;
        let done =
            Command::new("openssl").args(line.split_whitespace()).current_dir(folder).stderr(log).status();
        ensure!(done.context("is the package openssl installed?")?.success(), "openssl {line}");
        Ok(())
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=test-authority -days 2"))?;
    openssl(&format!("req {key} -keyout redis.key -out redis.csr -subj /CN=redis"))?;
    std::fs::write(
        folder.join("names"),
        format!("subjectAltName=IP:{address}\nbasicConstraints=CA:FALSE\n"),
    )?;
    openssl(
        "x509 -req -in redis.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -days 2 -out redis.pem",
    )
}
