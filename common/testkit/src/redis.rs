//! A real redis-server for one test: on a unix socket in a folder of its own, without persistence.
//!
//! Owns the process and ends it by its id. Knows nothing of the bus; speaks the few words it needs by hand.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

/// How long a server may take to answer its first `PING`.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running redis-server. Owner: the test; it ends, and its folder goes, when dropped.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    child: Option<Child>,
    extra: Vec<String>,
    environment: Vec<(String, String)>,
}

impl RedisServer {
    /// Starts a server that refuses to evict and keeps nothing on disk, and waits until it answers.
    pub fn start() -> Result<Self> {
        Self::with(&[])
    }

    /// As [`RedisServer::start`], with more arguments, such as `--maxmemory 2mb`.
    pub fn with(extra: &[&str]) -> Result<Self> {
        Self::launch(extra, &[])
    }

    /// As [`RedisServer::start`], with more in its environment, such as a wall clock of its own.
    pub fn under(environment: &[(String, String)]) -> Result<Self> {
        Self::launch(&[], environment)
    }

    fn launch(extra: &[&str], environment: &[(String, String)]) -> Result<Self> {
        let mut server = Self {
            folder: TempDir::with_prefix("redis-").context("no folder for Redis")?,
            child: None,
            extra: extra.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect(),
            environment: environment.to_vec(),
        };
        server.restart()?;
        Ok(server)
    }

    /// The URL of its socket.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Its folder, for whatever else belongs to the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its process; none while it is killed.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills it, as a crash would. Does nothing when it does not run.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Both fail only when it is gone already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it again, empty, on the same socket.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let socket = self.socket();
        let _ = std::fs::remove_file(&socket);
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"])
            .args(["--daemonize", "no", "--logfile", "redis.log", "--unixsocketperm", "700"])
            .arg("--unixsocket")
            .arg(&socket)
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.extra)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("redis-server can't be started: is the package redis-server installed?")?;
        self.child = Some(child);
        let deadline = Instant::now() + PATIENCE;
        while self.command(&["PING"]).is_err() {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                let log = std::fs::read_to_string(self.folder.path().join("redis.log")).unwrap_or_default();
                bail!("redis-server ended at once ({status}): {log}");
            }
            if Instant::now() > deadline {
                bail!("redis-server does not answer");
            }
            // Polling until the socket is there: the server has no other way to say that it is ready.
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Empties it.
    pub fn flushall(&self) -> Result<()> {
        self.command(&["FLUSHALL"]).map(|_| ())
    }

    /// Runs one command and returns the reply as Redis wrote it (RESP), errors as `Err`.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        self.converse(&encode(words))
    }

    /// As [`RedisServer::command`], as a user of the server's access list.
    pub fn command_as(&self, user: &str, password: &str, words: &[&str]) -> Result<String> {
        let reply = self.converse(&(encode(&["AUTH", user, password]) + &encode(words)))?;
        let reply = reply.strip_prefix("+OK\r\n").context("the sign-in was not answered")?.to_owned();
        if reply.starts_with('-') {
            bail!("{}", reply.trim_end());
        }
        Ok(reply)
    }

    fn converse(&self, request: &str) -> Result<String> {
        let mut stream = UnixStream::connect(self.socket())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // QUIT makes the server close behind the reply, so that the reply's end needs no parsing.
        stream.write_all((request.to_owned() + &encode(&["QUIT"])).as_bytes())?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply)?;
        let reply = String::from_utf8_lossy(&reply).into_owned();
        let reply = reply.strip_suffix("+OK\r\n").unwrap_or(&reply).to_owned();
        if reply.starts_with('-') {
            bail!("{}", reply.trim_end());
        }
        if reply.is_empty() {
            bail!("no reply");
        }
        Ok(reply)
    }

    /// Runs one command whose reply is a list of strings.
    pub fn strings(&self, words: &[&str]) -> Result<Vec<String>> {
        let reply = self.command(words)?;
        // Every other line is a length: the strings of interest hold no line breaks.
        Ok(reply.lines().filter(|line| !line.starts_with(['*', '$', ':'])).map(str::to_owned).collect())
    }

    /// Closes the connections of every client but the one that asks, as a broken network would.
    pub fn cut_clients(&self) -> Result<()> {
        for kind in ["normal", "pubsub"] {
            self.command(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"])?;
        }
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A command as it travels.
fn encode(words: &[&str]) -> String {
    let texts: Vec<String> = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
    format!("*{}\r\n{}", words.len(), texts.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_is_emptied_and_comes_back_empty() {
        let mut server = RedisServer::start().unwrap();
        server.command(&["SET", "a", "1"]).unwrap();
        assert_eq!(server.strings(&["KEYS", "*"]).unwrap(), ["a"]);
        server.flushall().unwrap();
        assert_eq!(server.command(&["GET", "a"]).unwrap(), "$-1\r\n");
        server.command(&["SET", "a", "1"]).unwrap();
        server.restart().unwrap();
        assert_eq!(server.command(&["DBSIZE"]).unwrap(), ":0\r\n");
        assert!(server.command(&["NO-SUCH"]).unwrap_err().to_string().contains("unknown command"));
        let socket = server.socket();
        drop(server);
        assert!(UnixStream::connect(socket).is_err());
    }
}
