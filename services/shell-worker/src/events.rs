//! What happened to a terminal beside its output: how it began, its sizes, what was typed and by whom. `{terminal}.event`
//! holds a line of JSON for each, with the milliseconds since the beginning and the offset of the output at that moment.
//! Answers to a password prompt never come here.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use metatron_domain::clock::Instant;
use metatron_domain::terminal::Size;
use serde::{Deserialize, Serialize};

/// Bytes of input kept of one terminal, about.
const CAP: usize = 16 * 1024 * 1024;

/// How a terminal began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// When.
    pub at: Instant,
    /// Its first size.
    pub size: Size,
    /// Its user.
    pub user: String,
    /// The command; absent for a login shell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// Whose keys they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The owner's.
    Owner,
    /// A run's, at the owner's wish.
    Ai,
    /// A run's that a schedule began.
    Schedule,
    /// A run's that a token began.
    Token,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum What {
    /// Something was typed.
    Input {
        /// By whom.
        by: By,
        /// The bytes, in base 64.
        base64: String,
    },
    /// It got another size.
    Resized {
        /// The new one.
        size: Size,
    },
    /// Another program has the keyboard.
    Program {
        /// Its name.
        name: String,
    },
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since the beginning.
    pub ms: u64,
    /// Bytes of output at that moment.
    pub offset: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// The file of a running terminal. Shared by all who type into it.
#[derive(Debug)]
pub struct Events {
    begun: time::Instant,
    kept: Mutex<(File, usize)>,
}

impl Events {
    /// Writes the first line of an empty `file`.
    pub fn begin(mut file: File, beginning: &Beginning) -> std::io::Result<Self> {
        let mut line = serde_json::to_vec(beginning)?;
        line.push(b'\n');
        file.write_all(&line)?;
        Ok(Self { begun: time::Instant::now(), kept: Mutex::new((file, 0)) })
    }

    /// Keeps what was typed.
    pub fn typed(&self, offset: u64, by: By, bytes: &[u8]) {
        self.add(offset, What::Input { by, base64: STANDARD.encode(bytes) }, bytes.len());
    }

    /// Keeps what else happened.
    pub fn happened(&self, offset: u64, what: What) {
        self.add(offset, what, 0);
    }

    fn add(&self, offset: u64, what: What, size: usize) {
        let ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let Ok(mut line) = serde_json::to_vec(&Event { ms, offset, what }) else { return };
        line.push(b'\n');
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1 += size;
        // Only a replay needs it: neither a full disk nor a flood of keys stops the terminal.
        if size == 0 || kept.1 <= CAP {
            let _ = kept.0.write_all(&line);
        }
    }
}

/// How a terminal began, and all that happened, in order; a line that was cut off by a crash is left out.
pub fn read(file: File) -> std::io::Result<(Option<Beginning>, impl Iterator<Item = Event>)> {
    let mut lines = BufReader::new(file);
    let mut first = String::new();
    lines.read_line(&mut first)?;
    let beginning = serde_json::from_str(&first).ok();
    let events = lines.lines().map_while(Result::ok).filter_map(|line| serde_json::from_str(&line).ok());
    Ok((beginning, events))
}
