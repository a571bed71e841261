//! Places whose reading always asks: credentials, devices, `/proc`.
//!
//! Owns: the list of A's "never". Must never be shorter than the policy's text.

use std::sync::LazyLock;

use super::Setting;
use super::glob::{Unit, can_be, is, literal, meets, names, pattern, text};
use super::path::{Components, above, components, other_process, same, within};

/// Names that are sensitive wherever they are; those that begin with a star are names of files, not of the folders that
/// lead to one.
const NAMES: &[&str] = &[
    ".env*",
    "*.pem",
    "*.key",
    ".ssh",
    ".aws",
    ".azure",
    ".gnupg",
    ".kube",
    ".docker",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".pgpass",
    ".my.cnf",
    ".mylogin.cnf",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".s3cfg",
    ".boto",
    ".vault-token",
    ".terraformrc",
    ".password-store",
    ".htpasswd",
    ".oci",
    ".ibmcloud",
    ".bluemix",
    ".linode-cli",
    ".doctl",
    ".heroku",
    ".fly",
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_ecdsa_sk",
    "id_ed25519_sk",
    "gcloud",
    ".rclone.conf",
    ".gitcookies",
];
/// The same, beyond the policy's text: a glob has to name their ending, so that `a*s` does not ask for keystores.
const SPOKEN: &[&str] = &[
    ".p12",
    ".pfx",
    ".kdbx",
    ".keystore",
    ".jks",
    ".ppk",
    ".ovpn",
    "credentials.tfrc.json",
    "default_credentials.json",
];
/// Sensitive places below any home directory's usual folders.
const TAILS: &[&str] = &[
    ".config/gcloud",
    ".config/gh",
    ".config/hub",
    ".config/glab-cli",
    ".config/git/credentials",
    ".config/rclone",
    ".config/doctl",
    ".config/op",
    ".config/sops",
    ".config/age",
    ".config/containers/auth.json",
    ".config/helm",
    ".config/pip/pip.conf",
    ".cargo/credentials*",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".terraform.d",
    ".local/share/keyrings",
    ".databricks",
    ".snowflake",
    ".config/azure",
    ".subversion/auth",
    ".nuget/nuget.config",
    ".config/heroku",
    ".config/configstore",
    ".config/netlify",
];
/// Sensitive absolute places.
const PLACES: &[&str] = &[
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/ssh/ssh_host_*",
    "/etc/ssl/private",
    "/etc/krb5.keytab",
    "/etc/security/opasswd",
    "/etc/passwd-",
    "/etc/mtab",
    "/etc/master.passwd",
    "/run/secrets",
    "/var/backups",
    "/root/.ssh",
    "/root/.aws",
    "/var/run/secrets",
    "/etc/letsencrypt",
    "/etc/wireguard",
    "/etc/openvpn",
    "/etc/kubernetes",
    "/etc/docker/key.json",
    "/etc/git-credentials",
    "/etc/boto.cfg",
    "/etc/gcloud",
    "/etc/NetworkManager/system-connections",
];
const PROC: &[&str] = &["cpuinfo", "meminfo", "loadavg", "uptime", "version"];

fn place(path: &str) -> Components {
    path.split('/').filter(|part| !part.is_empty()).map(pattern).collect()
}

/// One of [`NAMES`].
struct Name {
    /// Its fixed text.
    text: &'static str,
    /// Where its `*` stands.
    open: Open,
    units: Vec<Unit>,
}

enum Open {
    No,
    Before,
    Behind,
}

impl Name {
    fn new(name: &'static str) -> Self {
        let (text, open) = match (name.strip_prefix('*'), name.strip_suffix('*')) {
            (Some(text), _) => (text, Open::Before),
            (_, Some(text)) => (text, Open::Behind),
            _ => (name, Open::No),
        };
        Self { text, open, units: pattern(name) }
    }

    fn is(&self, name: &str) -> bool {
        match self.open {
            Open::No => name == self.text,
            Open::Before => name.ends_with(self.text),
            Open::Behind => name.starts_with(self.text),
        }
    }
}

static NAME_PATTERNS: LazyLock<Vec<Name>> =
    LazyLock::new(|| NAMES.iter().map(|name| Name::new(name)).collect());
static TAIL_PATTERNS: LazyLock<Vec<Components>> =
    LazyLock::new(|| TAILS.iter().map(|name| place(name)).collect());
static PLACE_PATTERNS: LazyLock<Vec<Components>> =
    LazyLock::new(|| PLACES.iter().map(|name| place(name)).collect());
/// What `?` and `[…]` are also held against as if they matched a leading dot: whoever writes `?env` means it.
static HIDDEN: LazyLock<Vec<Vec<Unit>>> = LazyLock::new(|| {
    [".env", ".env.local", ".env.production", ".env.development", ".ssh", ".aws", ".netrc"]
        .map(literal)
        .to_vec()
});

/// Whether one name of a path, the `last` or one before it, is, or as a glob can be, one of [`NAMES`].
fn is_name(part: &[Unit], last: bool) -> bool {
    let counts = |name: &&Name| last || !matches!(name.open, Open::Before);
    if part.iter().all(|unit| matches!(unit, Unit::Lit(_))) {
        // All others have one of these in them.
        if !part.iter().any(|unit| matches!(unit, Unit::Lit('.' | '_'))) {
            return is(part, "gcloud");
        }
        let name = text(part);
        return NAME_PATTERNS.iter().filter(counts).any(|known| known.is(&name)) || last && is_spoken(&name);
    }
    // A glob on the way stands for folders.
    let folder = |name: &&Name| last || name.text.starts_with('.');
    NAME_PATTERNS.iter().filter(counts).filter(folder).any(|known| names(part, &known.units))
        || last && is_spoken(&text(part))
        || matches!(part.first(), Some(Unit::One | Unit::Class(_)))
            && HIDDEN.iter().any(|name| meets(part, name))
}

/// Whether a name ends as one of [`SPOKEN`].
fn is_spoken(name: &str) -> bool {
    SPOKEN.iter().any(|ending| name.ends_with(ending))
}

/// Whether a path is, or as a glob can be, sensitive.
pub(super) fn is_sensitive(path: &Components) -> bool {
    let tail = |tail: &Components| {
        path.windows(tail.len()).any(|part| part.iter().zip(tail).all(|(a, b)| names(a, b)))
    };
    // Every tail begins with a dot, which no glob matches.
    let hidden = path.iter().any(|part| part.first() == Some(&Unit::Lit('.')));
    path.iter().enumerate().any(|(at, part)| is_name(part, at + 1 == path.len()))
        || PLACE_PATTERNS.iter().any(|place| within(path, place))
        || (hidden && TAIL_PATTERNS.iter().any(tail))
        || special(path)
}

/// Whether a plain name below this path can be sensitive, though nothing in the name says so.
pub(super) fn is_near(path: &Components) -> bool {
    is_sensitive(path) || PLACE_PATTERNS.iter().any(|place| above(path, place))
}

/// Devices except `/dev/null`, and `/proc` except five files.
fn special(path: &Components) -> bool {
    let Some(first) = path.first() else { return false };
    let fixed = |names: &[&str]| path.len() == 2 && names.iter().any(|name| is(&path[1], name));
    if can_be(first, "dev") && !(path.len() == 2 && is(first, "dev") && fixed(&["null"])) {
        return first.iter().any(Unit::is_glob) && path.len() > 1 || is(first, "dev");
    }
    if can_be(first, "proc") && !(is(first, "proc") && fixed(PROC)) {
        return first.iter().any(Unit::is_glob) && path.len() > 1 || is(first, "proc") || other_process(path);
    }
    false
}

/// Whether a recursive read of this path reaches a sensitive or protected place that is fixed.
pub(super) fn reaches(setting: &Setting<'_>, protected: &[Components], path: &Components) -> bool {
    static FIXED: LazyLock<Vec<Components>> = LazyLock::new(|| ["/dev/x", "/proc/x"].map(place).to_vec());
    static SSH: LazyLock<Components> = LazyLock::new(|| place(".ssh"));
    let home = components(setting.home);
    // Below home itself only the way down to a place matters, elsewhere only the part of it that is left.
    let holds = |tail: &Components| {
        if path.len() <= home.len() {
            return above(path, &home);
        }
        path.len() <= home.len() + tail.len()
            && home.iter().zip(path).all(|(name, part)| names(part, name))
            && path[home.len()..].iter().zip(tail).all(|(part, name)| names(part, name))
    };
    protected.iter().any(|place| above(path, place))
        || PLACE_PATTERNS.iter().chain(FIXED.iter()).any(|place| above(path, place) && !same(path, place))
        || TAIL_PATTERNS.iter().chain(std::iter::once(&*SSH)).any(holds)
}
