//! Dumps in the browser's terminal. What @xterm/headless makes of each was checked by `tests/xterm/dumps.mjs`; here it is
//! only held fast that they are still the same dumps.

use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use super::corpus::{entries, read};
use super::describe::describe;

#[test]
fn the_browser_has_been_shown_every_dump() {
    let checked = String::from_utf8(read("golden/dumps.txt")).expect("text");
    for entry in entries() {
        let line = format!("{} {}", hex::encode(Sha256::digest(entry.shown().dump())), entry.name);
        assert!(
            checked.lines().any(|known| known == line),
            "{} has another dump: see tests/xterm/dumps.mjs",
            entry.name
        );
    }
}

#[test]
#[ignore = "writes the dumps to EMULATOR_DUMPS for tests/xterm/dumps.mjs"]
fn the_dumps_are_written_for_the_browser_to_show() {
    let folder = PathBuf::from(std::env::var_os("EMULATOR_DUMPS").expect("EMULATOR_DUMPS"));
    for entry in entries() {
        let shown = entry.shown();
        std::fs::write(folder.join(&entry.name), shown.dump()).expect("written");
        std::fs::write(folder.join(format!("{}.json", entry.name)), describe(&shown).to_string())
            .expect("written");
    }
}
