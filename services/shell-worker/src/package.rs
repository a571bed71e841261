//! What apt would do: asked of apt itself before the card is shown, and once more before the start. Only asks; the start is
//! the shell's. Its words are fixed, and so is its environment.

use std::process::{Command, Stdio};

use metatron_domain::package::{APT, PackagePlan, PackageTask};

use crate::environment::PATH;

/// Bytes of apt's complaint that are passed on, at most.
const MOST_SAID: usize = 1_000;

/// What an installation would change; nothing where it is not one. An error is a sentence for the owner and the model.
/// Blocks while apt reads its lists.
pub fn plan(task: &PackageTask, options: &[String]) -> Result<Option<PackagePlan>, String> {
    task.check()?;
    let PackageTask::Install { packages } = task else {
        return if std::path::Path::new(APT).exists() {
            Ok(None)
        } else {
            Err(format!("this machine has no {APT}"))
        };
    };
    let ask = |how: &[&str]| {
        let mut words: Vec<&str> = options.iter().map(String::as_str).collect();
        words.extend_from_slice(how);
        words.extend(["-o", "Debug::NoLocking=1", "--no-install-recommends", "install", "--"]);
        words.extend(packages.iter().map(String::as_str));
        asked(&words)
    };
    let plan = PackagePlan::read(&ask(&["-s", "-q"])?, &ask(&["-qq", "--print-uris"])?);
    if plan.is_empty() {
        return Err("they are installed already, in the newest version that is known here".to_owned());
    }
    Ok(Some(plan))
}

fn asked(words: &[&str]) -> Result<String, String> {
    let done = Command::new(APT)
        .args(words)
        .env_clear()
        .envs([("PATH", PATH), ("LANG", "C.UTF-8"), ("DEBIAN_FRONTEND", "noninteractive")])
        .current_dir("/")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{APT} can't be asked: {error}"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let said: String = said.trim().chars().take(MOST_SAID).collect();
    let hint = if said.contains("Unable to locate") {
        "; the lists may be missing or old: refresh them first"
    } else {
        ""
    };
    Err(format!("{said}{hint}"))
}
