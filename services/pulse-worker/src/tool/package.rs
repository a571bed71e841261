//! `package_install` and `package_refresh`: Debian packages through one helper, which the owner switched on and is asked about
//! each time. The model names packages; it writes no word of the command line.

use metatron_domain::elevated::{Elevated, Power};
use metatron_domain::package::{MOST, PackageTask};
use metatron_domain::terminal::Size;
use metatron_store::journal::NewExec;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::elsewhere::Machine;
use crate::tool::shell::{choose, offer, parse};

/// Installs packages.
pub(crate) const INSTALL: &str = "package_install";
/// Fetches the lists of packages.
pub(crate) const REFRESH: &str = "package_refresh";

/// Seconds that either may take: a mirror may be slow.
const TIMEOUT_S: u32 = 1_800;

/// The tools, where the owner switched them on.
pub(crate) fn schemas(machines: &[Machine], elevated: Elevated) -> Vec<Value> {
    if elevated < Elevated::Packages {
        return Vec::new();
    }
    let why = json!({ "type": "string", "description": "One sentence for the owner: why you want it." });
    let mut install = json!({ "type": "function", "function": {
        "name": INSTALL,
        "description": "Install Debian packages as root, with what they need. The owner is shown what apt would do and has to allow \
            it with the password. What is unknown may need package_refresh first.",
        "parameters": { "type": "object", "additionalProperties": false, "required": ["packages", "why"], "properties": {
            "packages": { "type": "array", "minItems": 1, "maxItems": MOST, "items": { "type": "string" },
                "description": "Names of packages, each perhaps with = and a version: htop, or git=1:2.39.5-0+deb12u3." },
            "why": why,
        } },
    } });
    let mut refresh = json!({ "type": "function", "function": {
        "name": REFRESH,
        "description": "Fetch the lists of Debian packages anew, as root. The owner has to allow it with the password.",
        "parameters": { "type": "object", "additionalProperties": false, "required": ["why"], "properties": { "why": why } },
    } });
    offer(&mut install, machines);
    offer(&mut refresh, machines);
    vec![install, refresh]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Install {
    packages: Vec<String>,
    #[serde(default)]
    why: String,
    #[serde(default)]
    host: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refresh {
    #[serde(default)]
    why: String,
    #[serde(default)]
    host: Option<String>,
}

/// The arguments of [`INSTALL`]; an error is what the model is told.
pub(crate) fn parse_install(
    arguments: &str,
    machines: &[Machine],
    elevated: Elevated,
) -> Result<NewExec, String> {
    let Install { packages, why, host } = parse(INSTALL, arguments)?;
    let task = PackageTask::Install { packages };
    task.check().map_err(|why| format!("[{INSTALL}: {why}]"))?;
    helped(INSTALL, task, (&why, host.as_deref()), machines, elevated)
}

/// The arguments of [`REFRESH`]; an error is what the model is told.
pub(crate) fn parse_refresh(
    arguments: &str,
    machines: &[Machine],
    elevated: Elevated,
) -> Result<NewExec, String> {
    let Refresh { why, host } = parse(REFRESH, arguments)?;
    helped(REFRESH, PackageTask::Refresh, (&why, host.as_deref()), machines, elevated)
}

fn helped(
    tool: &str,
    task: PackageTask,
    (why, host): (&str, Option<&str>),
    machines: &[Machine],
    elevated: Elevated,
) -> Result<NewExec, String> {
    if elevated < Elevated::Packages {
        return Err(format!(
            "[{tool}: package installs are switched off; the owner can turn them on in Settings]"
        ));
    }
    Ok(NewExec {
        command: task.command(),
        cwd: Some("/".to_owned()),
        timeout_s: TIMEOUT_S,
        why: why.chars().take(500).collect(),
        host: choose(tool, host, machines)?,
        interactive: false,
        size: Size::COMMAND,
        power: Power::Packages { task },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machines() -> Vec<Machine> {
        vec![Machine { name: "local".to_owned(), answers: true }]
    }

    #[test]
    fn s4_the_helper_is_there_when_it_is_switched_on_and_takes_names_only() {
        assert!(schemas(&machines(), Elevated::Off).is_empty());
        assert_eq!(schemas(&machines(), Elevated::Packages).len(), 2);
        let install = |text: &str, level| parse_install(text, &machines(), level);
        assert!(install(r#"{"packages":["htop"]}"#, Elevated::Off).unwrap_err().contains("switched off"));
        let new = install(r#"{"packages":["htop","tree"]}"#, Elevated::Packages).unwrap();
        assert!(new.command.ends_with("install -- htop tree"), "{}", new.command);
        for bad in [
            r#"{"packages":[]}"#,
            r#"{"packages":["-y"]}"#,
            r#"{"packages":["a b"]}"#,
            r#"{"packages":["x"],"o":1}"#,
        ] {
            assert!(install(bad, Elevated::Commands).is_err(), "{bad}");
        }
    }
}
