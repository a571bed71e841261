//! Debian packages: what the helper may be asked for, the one command line it becomes, and what apt says it would do.
//!
//! Owns: which words may stand in that line. A name is a package's name and perhaps a version: never an option, a path, a
//! pattern, or apt's way to say "remove" (A3). Runs nothing.

use serde::{Deserialize, Serialize};

/// The program.
pub const APT: &str = "/usr/bin/apt-get";
/// Packages of one request, at most.
pub const MOST: usize = 50;
/// Bytes of one name with its version, at most.
const LONGEST: usize = 200;

/// What the helper does.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "task")]
pub enum PackageTask {
    /// Fetches the lists of what there is, from the sources that the container knows.
    Refresh,
    /// Installs packages, with what they need and nothing that is merely recommended.
    Install {
        /// Their names, each perhaps with `=` and a version.
        packages: Vec<String>,
    },
}

impl PackageTask {
    /// Says what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        let Self::Install { packages } = self else { return Ok(()) };
        if packages.is_empty() || packages.len() > MOST {
            return Err(format!("name 1 to {MOST} packages"));
        }
        match packages.iter().find(|package| !is_package(package)) {
            Some(bad) => Err(format!(
                "{:?} is no name of a Debian package, with or without `=` and a version",
                bad.chars().take(60).collect::<String>()
            )),
            None => Ok(()),
        }
    }

    /// The words behind [`APT`], `options` of this machine first.
    pub fn words(&self, options: &[String]) -> Vec<String> {
        let mut words = options.to_vec();
        let mut add = |more: &[&str]| words.extend(more.iter().map(|&word| word.to_owned()));
        match self {
            Self::Refresh => add(&["-q", "-o", "APT::Update::Error-Mode=any", "update"]),
            Self::Install { packages } => {
                // A question about a changed file of configuration would wait for ever: the file that is there stays.
                add(&["-y", "-q", "--no-install-recommends", "-o", "Dpkg::Options::=--force-confold"]);
                add(&["-o", "Dpkg::Use-Pty=0", "install", "--"]);
                words.extend(packages.iter().cloned());
            }
        }
        words
    }

    /// The command line, as the card shows it: none of its words needs quotes.
    pub fn command(&self) -> String {
        std::iter::once(APT.to_owned()).chain(self.words(&[])).collect::<Vec<_>>().join(" ")
    }
}

/// Whether this names one package (Debian policy 5.6.1), perhaps with a version (5.6.12).
fn is_package(text: &str) -> bool {
    let (name, version) = text.split_once('=').map_or((text, None), |(name, version)| (name, Some(version)));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let named = name.len() >= 2
        && name.starts_with(plain)
        && name.chars().all(|c| plain(c) || "+.-".contains(c))
        // apt removes what ends so.
        && !name.ends_with('-');
    let version = version.is_none_or(|version| {
        version.starts_with(|c: char| c.is_ascii_digit())
            && version.chars().all(|c| c.is_ascii_alphanumeric() || ".+-:~".contains(c))
    });
    named && version && text.len() <= LONGEST
}

/// What apt would do, as it says itself when it is asked beforehand. Part of what an approval binds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PackagePlan {
    /// What would be installed or brought to another version.
    pub installs: Vec<PackageStep>,
    /// What would be removed.
    pub removes: Vec<PackageStep>,
    /// Bytes to be fetched.
    pub fetches: u64,
}

/// One package of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PackageStep {
    /// Its name.
    pub name: String,
    /// The version that would be there; of a removed one, the version that is.
    pub version: String,
    /// The version that is there now, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Where it comes from, and for which processors.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
}

impl PackagePlan {
    /// Reads what `apt-get -s` and `apt-get --print-uris` print.
    pub fn read(simulated: &str, uris: &str) -> Self {
        let mut plan = Self::default();
        for line in simulated.lines() {
            let mut words = line.splitn(3, ' ');
            let (Some(what), Some(name)) = (words.next(), words.next()) else { continue };
            let rest = words.next().unwrap_or_default();
            match what {
                "Inst" => plan.installs.push(installed(name, rest)),
                "Remv" | "Purg" => plan.removes.push(PackageStep {
                    name: name.to_owned(),
                    version: between(rest, '[', ']').unwrap_or_default().to_owned(),
                    before: None,
                    from: String::new(),
                }),
                _ => {}
            }
        }
        plan.fetches = uris.lines().filter_map(size).fold(0, u64::saturating_add);
        plan
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.installs.is_empty() && self.removes.is_empty()
    }
}

/// `[1.0] (2.0 Debian:12.5/stable [amd64]) []`, the first part only where it is there already.
fn installed(name: &str, rest: &str) -> PackageStep {
    let before = rest.starts_with('[').then(|| between(rest, '[', ']')).flatten();
    let inside = rest.split_once('(').map_or("", |(_, tail)| tail.split_once(')').map_or(tail, |(it, _)| it));
    let (version, from) = inside.split_once(' ').unwrap_or((inside, ""));
    PackageStep {
        name: name.to_owned(),
        version: version.to_owned(),
        before: before.map(str::to_owned),
        from: from.to_owned(),
    }
}

fn between(text: &str, open: char, close: char) -> Option<&str> {
    text.split_once(open)?.1.split_once(close).map(|(inside, _)| inside)
}

/// `'http://…' name.deb 1601364 SHA256:…`
fn size(line: &str) -> Option<u64> {
    line.strip_prefix('\'')?.split_once("' ")?.1.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(name: &str) -> PackageTask {
        PackageTask::Install { packages: vec![name.to_owned()] }
    }

    #[test]
    fn a3_only_names_of_packages_and_versions_reach_the_command_line() {
        for good in ["htop", "g++", "libstdc++6", "python3.11", "git=1:2.39.5-0+deb12u3", "0ad"] {
            install(good).check().unwrap_or_else(|why| panic!("{good}: {why}"));
        }
        for bad in [
            "",
            "x",
            "-y",
            "--allow-unauthenticated",
            "git-",
            "-o=Dpkg::Pre-Invoke::=id",
            "./evil.deb",
            "/tmp/x.deb",
            "a b",
            "vim*",
            "^vim$",
            "Vim",
            "vim:amd64",
            "vim/sid",
            "vim=",
            "vim=$(id)",
            "vim=-1",
            "a\nb",
            "b\u{e9}b",
            "vim;id",
        ] {
            assert!(install(bad).check().is_err(), "{bad:?}");
        }
        assert!(PackageTask::Install { packages: vec![] }.check().is_err());
        assert!(PackageTask::Install { packages: vec!["ab".to_owned(); MOST + 1] }.check().is_err());
    }

    #[test]
    fn the_line_on_the_card_is_the_line_that_runs() {
        let task = PackageTask::Install { packages: vec!["htop".to_owned(), "tree=2.1.0-1".to_owned()] };
        let words: Vec<String> = task.command().split(' ').map(str::to_owned).collect();
        assert_eq!(words[0], APT);
        assert_eq!(words[1..], task.words(&[]));
        assert!(task.command().ends_with("install -- htop tree=2.1.0-1"));
    }

    #[test]
    fn what_apt_says_is_read_with_versions_sizes_and_what_it_removes() {
        let said = "Reading package lists...\nRemv exim4 [4.96-15]\nInst curl [7.88-9] (7.88-10 Debian:12.5/stable [amd64]) []\n\
             Inst htop (3.2.2-2 Debian:12.5/stable [amd64])\nConf htop (3.2.2-2 Debian:12.5/stable [amd64])\n";
        let uris = "'http://deb.debian.org/pool/main/h/htop_3.2.2-2_amd64.deb' htop_3.2.2-2_amd64.deb 151000 SHA256:ab\nnoise\n\
             'http://deb.debian.org/pool/main/c/curl.deb' curl.deb 315000 \n";
        let plan = PackagePlan::read(said, uris);
        assert_eq!(plan.fetches, 466_000);
        assert_eq!(plan.removes[0].name, "exim4");
        assert_eq!(plan.installs.len(), 2);
        assert_eq!(plan.installs[0].before.as_deref(), Some("7.88-9"));
        assert_eq!(plan.installs[0].version, "7.88-10");
        assert_eq!((plan.installs[1].name.as_str(), plan.installs[1].version.as_str()), ("htop", "3.2.2-2"));
        assert_eq!(plan.installs[1].from, "Debian:12.5/stable [amd64]");
    }
}
