//! What real programs and hand-written files show.

use std::path::PathBuf;

use metatron_domain::terminal::Size;
use serde::Deserialize;
use serde_json::Value;

use super::describe::describe;
use super::deviation::DEVIATIONS;
use crate::emulator::Emulator;

/// One file of the corpus.
#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    columns: u16,
    rows: u16,
    #[serde(default)]
    resize: Vec<Resize>,
}

#[derive(Deserialize)]
struct Resize {
    at: usize,
    columns: u16,
    rows: u16,
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

pub(super) fn read(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(super) fn entries() -> Vec<Entry> {
    serde_json::from_slice(&read("corpus/index.json")).expect("the corpus has an index")
}

impl Entry {
    pub(super) fn size(&self) -> Size {
        Size::new(self.columns, self.rows).expect("a size of the corpus")
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        read(&format!("corpus/{}.bin", self.name))
    }

    /// The emulator at its end, resized where the real one was.
    pub(super) fn shown(&self) -> Emulator {
        let bytes = self.bytes();
        let mut emulator = Emulator::new(self.size());
        let mut from = 0;
        for resize in &self.resize {
            emulator.feed(&bytes[from..resize.at]);
            emulator.resize(Size::new(resize.columns, resize.rows).expect("a size of the corpus"));
            from = resize.at;
        }
        emulator.feed(&bytes[from..]);
        emulator
    }
}

/// What differs, as lines to read.
fn differences(name: &str, ours: &Value, theirs: &Value) -> Vec<String> {
    let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object()) else {
        return vec![format!("{name}: not an object")];
    };
    let mut found = Vec::new();
    for (field, expected) in theirs {
        let actual = &ours[field];
        if actual == expected {
            continue;
        }
        match (actual.as_array(), expected.as_array()) {
            (Some(a), Some(b)) if a.iter().any(Value::is_string) && a.len() == b.len() => {
                for (row, (a, b)) in a.iter().zip(b).enumerate().filter(|(_, (a, b))| a != b) {
                    found.push(format!("{name}.{field}[{row}]\n  ours   {a}\n  theirs {b}"));
                }
            }
            _ => found.push(format!("{name}.{field}\n  ours   {actual}\n  theirs {expected}")),
        }
    }
    found
}

#[test]
fn every_file_of_the_corpus_shows_what_the_browser_shows() {
    let mut wrong = Vec::new();
    for entry in entries() {
        let mut golden: Value =
            serde_json::from_slice(&read(&format!("golden/{}.json", entry.name))).expect("golden JSON");
        let mut ours = describe(&entry.shown());
        for deviation in DEVIATIONS.iter().filter(|deviation| deviation.file == entry.name) {
            for field in deviation.fields {
                assert_ne!(ours[field], golden[field], "{} is no deviation any more", deviation.why);
                ours[field] = Value::Null;
                golden[field] = Value::Null;
            }
        }
        wrong.extend(differences(&entry.name, &ours, &golden));
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_dump_makes_a_new_terminal_the_same_in_everything() {
    let mut wrong = Vec::new();
    for entry in entries() {
        let shown = entry.shown();
        let dump = shown.dump();
        let mut copy = Emulator::new(shown.size());
        copy.feed(&dump);
        wrong.extend(differences(&entry.name, &describe(&copy), &describe(&shown)));
        assert_eq!(copy.dump(), dump, "{}: a dump of the dump", entry.name);
        assert_eq!((copy.text(), copy.cursor()), (shown.text(), shown.cursor()), "{}", entry.name);
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
