//! Every setting of MetatronOS, listed once. The only place that reads the environment.
//!
//! A setting comes from its environment variable or, under the same name in lower case without `METATRON_`, from the
//! TOML file named by `METATRON_CONFIG`. All that is wrong is reported at once. Secrets are never settings: they live
//! in files, and only the paths are known here.

mod source;
mod value;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing_subscriber::filter::Targets;

pub use source::Errors;
use source::Source;
pub use value::{Network, PublicUrl, Role};

/// One setting, as the documentation shows it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The environment variable.
    pub name: &'static str,
    /// What holds when it is not set.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// Where the file is looked for when `METATRON_CONFIG` is not set.
const CONFIG_FILE: &str = "/etc/metatron/metatron.toml";

/// Makes the struct, the reader and the table of settings from one list, so that none can be forgotten.
macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty = $name:literal or $default:literal, $parse:expr;)+) => {
        /// The settings of this process, checked. Read once at start, then shared and never changed.
        #[derive(Debug, Clone)]
        pub struct Config { $($(#[doc = $doc])+ pub $field: $type,)+ }

        impl Config {
            /// Every setting with its default, in the order of the documentation.
            pub const KEYS: &[Key] =
                &[$(Key { name: $name, default: $default, doc: concat!($($doc),+) }),+];

            fn read(source: &mut Source) -> Option<Self> {
                $(let $field: Option<$type> = source.take($name, $default, $parse);)+
                Some(Self { $($field: $field?,)+ })
            }
        }
    };
}

settings! {
    /// Folder of the database, its backups, the recordings and the shell journal.
    data: PathBuf = "METATRON_DATA" or "~/.local/share/metatron/data", value::path;
    /// Folder of `master.key` and `link.key`. Keep it out of every backup of the data.
    keys: PathBuf = "METATRON_KEYS" or "~/.local/share/metatron/keys", value::path;
    /// Folder of the sockets and of the `claim-code` file.
    run: PathBuf = "METATRON_RUN" or "~/.local/share/metatron/run", value::path;
    /// Folder in which the AI works.
    workspace: PathBuf = "METATRON_WORKSPACE" or "~/.local/share/metatron/work", value::path;
    /// Folder of the built web app.
    web: PathBuf = "METATRON_WEB" or "/usr/share/metatron/web", value::path;
    /// Redis: `unix://…`, `redis://…` or `rediss://…`, without user and password.
    redis_url: String = "METATRON_REDIS" or "unix://$METATRON_RUN/redis.sock", value::redis;
    /// ACL user at Redis.
    redis_user: Option<String> = "METATRON_REDIS_USER" or "", value::optional(value::redis_user);
    /// File with the password of the ACL user.
    redis_password_file: Option<PathBuf> = "METATRON_REDIS_PASSWORD_FILE" or "", value::optional(value::path);
    /// Where the Redis of the service tree listens for dashboards as well; a port alone is one of loopback. In the
    /// environment only. They sign in as `dashboard`, with the password in `$METATRON_KEYS/dashboard.password`.
    redis_expose: Option<SocketAddr> = "METATRON_REDIS_EXPOSE" or "", value::optional(value::socket);
    /// Name or address, and port, under which other machines reach this Redis over TLS, like `vps.example.org:6391`. The
    /// Redis of the service tree then listens there, with a certificate of its own making.
    join: Option<String> = "METATRON_JOIN" or "", value::optional(value::join);
    /// File with the certificate (PEM) of the authority that signed Redis's own, for `rediss://…`. Then only that one is
    /// trusted, else the public ones.
    redis_ca_file: Option<PathBuf> = "METATRON_REDIS_CA_FILE" or "", value::optional(value::path);
    /// Address and port of the web server.
    listen: SocketAddr = "METATRON_LISTEN" or "127.0.0.1:7770", value::socket;
    /// The address that browsers use when a proxy stands in front, for example `https://ai.example.org`. Adds it to
    /// the allowed hosts and origins; with `https` the cookies are `Secure`.
    public_url: Option<PublicUrl> = "METATRON_PUBLIC_URL" or "", value::optional(PublicUrl::parse);
    /// Address or network (`10.0.0.0/8`) of the proxy whose `X-Forwarded-*` headers are believed.
    trusted_proxy: Option<Network> = "METATRON_TRUSTED_PROXY" or "", value::optional(Network::parse);
    /// What the service tree runs here: `all`, or `shell-worker` alone, on a second machine. In the environment only.
    role: Role = "METATRON_ROLE" or "all", value::role;
    /// Name of this shell host; several hosts each have their own.
    host: String = "METATRON_HOST" or "local", value::host;
    /// The user that the AI's commands run as, where shell-worker runs as root.
    agent_user: String = "METATRON_AGENT_USER" or "agent", value::user;
    /// The user that the owner's terminals run as, where shell-worker runs as root.
    owner_user: String = "METATRON_OWNER_USER" or "owner", value::user;
    /// IANA time zone until the owner chooses one.
    timezone: String = "METATRON_TIMEZONE" or "UTC", value::zone;
    /// Gigabytes that snapshots of the workspace and what is kept for undo may take together on this host; 0 keeps nothing.
    keep_quota: u64 = "METATRON_KEEP_GB" or "10", value::gigabytes;
    /// Days for which what a command changed can be undone.
    undo_days: Duration = "METATRON_UNDO_DAYS" or "7", value::days;
    /// Seconds between two snapshots of the workspace; 0 makes none.
    snapshot_every: Option<Duration> = "METATRON_SNAPSHOT_S" or "3600", value::seconds;
    /// What is logged: `info`, `debug`, or by module: `info,metatron_bus=debug`.
    log: Targets = "METATRON_LOG" or "info", value::log;
    /// Milliseconds after which a worker that stopped renewing its lease is taken for dead.
    lease: Duration = "METATRON_LEASE_MS" or "5000", value::millis;
    /// Milliseconds between two comparisons of the owed work with Redis.
    reconcile: Duration = "METATRON_RECONCILE_MS" or "5000", value::millis;
    /// Seconds between two heartbeats of the AI; 0 is off.
    heartbeat: Option<Duration> = "METATRON_HEARTBEAT_S" or "0", value::seconds;
    /// Descriptor on which a newline says that the process is ready; set by the supervisor.
    notify_fd: Option<u16> = "METATRON_NOTIFY_FD" or "", value::optional(value::descriptor);
}

impl Config {
    /// Reads the environment and the file that `METATRON_CONFIG` names.
    pub fn load() -> Result<Self, Errors> {
        let (environment, mut errors) = source::environment(std::env::vars_os());
        let file = match source::file(environment.get(source::CONFIG).map(String::as_str), CONFIG_FILE) {
            Ok(text) => text,
            Err(error) => {
                errors.push(error);
                None
            }
        };
        Self::check(environment, file.as_deref(), errors)
    }

    /// The settings that `environment` and the text of a TOML file give, without looking anywhere else.
    pub fn parse<'a>(
        environment: impl IntoIterator<Item = (&'a str, &'a str)>,
        file: Option<&str>,
    ) -> Result<Self, Errors> {
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self::check(environment, file, Errors::default())
    }

    fn check(
        environment: BTreeMap<String, String>,
        file: Option<&str>,
        errors: Errors,
    ) -> Result<Self, Errors> {
        let mut source = Source::new(environment, file, errors);
        let config = Self::read(&mut source);
        let errors = source.finish(Self::KEYS);
        config.filter(|_| errors.is_empty()).ok_or(errors)
    }

    /// The table of all settings as Markdown, for the README.
    pub fn document() -> String {
        let mut text = String::from("| variable | default | meaning |\n|---|---|---|\n");
        for key in Self::KEYS {
            let default =
                if key.default.is_empty() { "not set".into() } else { format!("`{}`", key.default) };
            let _ = writeln!(text, "| `{}` | {default} | {} |", key.name, key.doc.trim());
        }
        text
    }

    /// The SQLite database.
    pub fn database(&self) -> PathBuf {
        self.data.join("metatron.db")
    }

    /// Where a copy of the database is put before it is migrated.
    pub fn backup(&self) -> PathBuf {
        self.data.join("backup")
    }

    /// The recordings of terminals.
    pub fn recordings(&self) -> PathBuf {
        self.data.join("recordings")
    }

    /// What can be undone, and snapshots of the workspace.
    pub fn kept(&self) -> PathBuf {
        self.data.join("kept")
    }

    /// The socket of shell-worker at which api hears and types directly. It lies where both may be: who reads recordings may
    /// also see them being made.
    pub fn direct(&self) -> PathBuf {
        self.recordings().join("direct.sock")
    }

    /// Whether shell-worker and api share this machine: who shares a socket with Redis shares a disk as well.
    pub fn is_beside(&self) -> bool {
        self.redis_url.starts_with("unix:")
    }

    /// What shell-worker has started and seen end.
    pub fn shell_journal(&self) -> PathBuf {
        self.data.join("shell")
    }

    /// Where it is noted what shell-worker started last, the better place first: not on the volume of its journal, so that a
    /// copy of that one brought back is noticed.
    pub fn journal_marks(&self) -> [PathBuf; 2] {
        let name = format!("journal-{}.mark", self.host);
        [self.keys.join(&name), self.run.join(&name)]
    }

    /// The key that wraps every secret at rest.
    pub fn master_key(&self) -> PathBuf {
        self.keys.join("master.key")
    }

    /// The key under which api and shell-worker seal what they send each other.
    pub fn link_key(&self) -> PathBuf {
        self.keys.join("link.key")
    }

    /// Where the one-time code of the first owner is put for whoever may read this folder.
    pub fn claim_code(&self) -> PathBuf {
        self.run.join("claim-code")
    }

    /// The password of the ACL user, read anew from its file; `None` where none is set.
    pub fn redis_password(&self) -> Result<Option<String>, crate::Fatal> {
        let text = read("METATRON_REDIS_PASSWORD_FILE", self.redis_password_file.as_deref())?;
        Ok(text.map(|text| text.trim_end_matches(['\r', '\n']).to_owned()))
    }

    /// The certificate of the authority that is trusted at Redis, read anew from its file; `None` where none is set.
    pub fn redis_ca(&self) -> Result<Option<Vec<u8>>, crate::Fatal> {
        Ok(read("METATRON_REDIS_CA_FILE", self.redis_ca_file.as_deref())?.map(String::into_bytes))
    }

    /// The folders that no command of the AI may touch, wherever they are.
    pub fn protected_folders(&self) -> Vec<PathBuf> {
        vec![self.data.clone(), self.keys.clone(), self.run.clone(), "/etc/metatron".into()]
    }
}

/// The text of the file that a setting names.
fn read(setting: &str, path: Option<&Path>) -> Result<Option<String>, crate::Fatal> {
    let Some(path) = path else { return Ok(None) };
    let told = |error| crate::Fatal::new(format!("{setting}: cannot read {}: {error}", path.display()));
    std::fs::read_to_string(path).map(Some).map_err(told)
}

#[cfg(test)]
mod tests;
