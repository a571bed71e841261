//! Faults that only a process's own libc can show it: a small library of ours is put in front of that, and a switch in a
//! file tells it, at any moment, what the process is to see.
//!
//! The C sources lie in `shim/` and are compiled for each test: whoever can build this workspace has a `cc`.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// Bytes of a switch.
const SIZE: usize = 4096;

/// A compiled library and its switch. Owner: a test, for longer than the processes that have it: they look at the file.
#[derive(Debug)]
struct Shim {
    folder: TempDir,
    switch: File,
}

impl Shim {
    fn build(source: &str) -> Result<Self> {
        let folder = TempDir::with_prefix("shim-")?;
        std::fs::write(folder.path().join("shim.c"), source)?;
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", "shim.so", "shim.c", "-ldl"])
            .current_dir(folder.path())
            .output()
            .context("cc can't be started: install a C compiler (gcc and libc6-dev)")?;
        ensure!(output.status.success(), "cc refuses: {}", String::from_utf8_lossy(&output.stderr));
        let switch = File::create(folder.path().join("switch"))?;
        switch.write_all_at(&[0; SIZE], 0)?;
        Ok(Self { folder, switch })
    }

    fn environment(&self) -> [(String, String); 2] {
        let path = |name: &str| self.folder.path().join(name).to_string_lossy().into_owned();
        [("LD_PRELOAD".to_owned(), path("shim.so")), ("SHIM_SWITCH".to_owned(), path("switch"))]
    }
}

/// A wall clock that can be set while its processes run.
#[derive(Debug)]
pub struct WallClock(Shim);

impl WallClock {
    /// One that shows the true time.
    pub fn new() -> Result<Self> {
        Shim::build(include_str!("../shim/clock.c")).map(Self)
    }

    /// Sets it to the true time and `seconds`.
    pub fn set(&self, seconds: i64) -> Result<()> {
        Ok(self.0.switch.write_all_at(&seconds.to_ne_bytes(), 0)?)
    }

    /// What a process needs in its environment to be under it.
    pub fn environment(&self) -> [(String, String); 2] {
        self.0.environment()
    }
}

/// A folder that can be made read-only while its processes have files of it open.
#[derive(Debug)]
pub struct ReadOnly(Shim);

impl ReadOnly {
    /// One that lets everything through.
    pub fn new() -> Result<Self> {
        Shim::build(include_str!("../shim/read_only.c")).map(Self)
    }

    /// Nothing below `folder` can be changed any more.
    pub fn close(&self, folder: &Path) -> Result<()> {
        let text = folder.to_str().context("the folder's name is no text")?.as_bytes();
        ensure!(text.len() < SIZE, "the folder's name is too long");
        // The first byte last: whoever looks meanwhile sees nothing closed.
        self.0.switch.write_all_at(&text[1..], 1)?;
        Ok(self.0.switch.write_all_at(&text[..1], 0)?)
    }

    /// Everything can be changed again.
    pub fn open(&self) -> Result<()> {
        Ok(self.0.switch.write_all_at(&[0; SIZE], 0)?)
    }

    /// What a process needs in its environment to be under it.
    pub fn environment(&self) -> [(String, String); 2] {
        self.0.environment()
    }
}
