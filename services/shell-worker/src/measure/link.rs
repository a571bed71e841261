//! Words of a command that lead elsewhere than they say, by a symbolic link in their path (SECURITY P3, P5). Looks; follows
//! nothing on anybody's behalf.

use std::path::{Component, Path, PathBuf};

use metatron_domain::approval::MeasuredLink;
use metatron_domain::policy::single;

use super::FILES;

/// Those of one plain command, as seen from `cwd`, which has no links itself. What is no plain command has no rule, and so
/// needs none.
pub(super) fn links(command: &str, cwd: &Path) -> Vec<MeasuredLink> {
    let words = single(command).unwrap_or_default();
    let mut found: Vec<MeasuredLink> = Vec::new();
    for word in words.iter().skip(1).take(FILES) {
        // `--option=path` names a path as well.
        for part in [Some(word.as_str()), word.split_once('=').map(|(_, value)| value)].into_iter().flatten()
        {
            let path = plain(&cwd.join(part));
            let led = leads(&path);
            if led != path && found.iter().all(|known| known.word != *word) {
                found.push(MeasuredLink { word: word.clone(), path: led.to_string_lossy().into_owned() });
            }
        }
    }
    found
}

/// Where a path leads: what is there of it without links, and the rest as it stands.
fn leads(path: &Path) -> PathBuf {
    for part in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (std::fs::canonicalize(part), path.strip_prefix(part)) {
            return if rest.as_os_str().is_empty() { real } else { real.join(rest) };
        }
        // A link to what is not there can be made to lead anywhere.
        if part.is_symlink() {
            let target = std::fs::read_link(part).unwrap_or_default();
            return part.parent().unwrap_or(part).join(target);
        }
    }
    path.to_owned()
}

/// Without `.` and `..`; as it stands where a `..` is behind a link, which only the system can follow.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if plain.is_symlink() => return path.to_owned(),
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
