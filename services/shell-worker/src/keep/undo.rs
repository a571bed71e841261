//! What was kept is compared with what is, and brought back. Bringing back keeps what it changes first, so that it can be
//! undone itself.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use metatron_domain::id::UndoId;
use metatron_domain::undo::message::{Preview, Take};
use metatron_domain::undo::{UndoOf, Undone, Unkept};
use metatron_process::crash::{self, Point};
use rustix::fs::AtFlags;

use super::Keeper;
use super::compare::{self, Looked, Sides};
use super::manifest::{Manifest, Root};
use super::restore::{self, FRESH};
use super::snapshot::KIND;
use super::tree::{self, Budget};

/// Paths that are compared, at most.
const PATHS: u64 = 4_000_000;

/// The owner waits for it: it may take as long as it takes.
const fn whole() -> Budget {
    Budget { until: None, paths: PATHS, bytes: u64::MAX }
}

/// What is about to be brought back. Only one is at a time.
pub struct Undoing<'a> {
    keeper: &'a Keeper,
    looked: Looked,
    _one: MutexGuard<'a, ()>,
}

/// Why nothing can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoUndo {
    /// Nothing is kept of it, or not any more.
    Gone,
    /// There is more than can be looked at.
    TooMuch(Unkept),
    /// Something else is being brought back.
    Busy,
    /// It is not as the owner saw it.
    Changed,
}

impl Keeper {
    fn sides(&self, of: &UndoOf) -> Option<Sides> {
        let pair = |id: &dyn std::fmt::Display| {
            let before = Manifest::load(&self.path(&id, "before"))?;
            let after = Manifest::load(&self.path(&id, "after"))?;
            Some(Sides { before, after: Some(after) })
        };
        match of {
            UndoOf::Exec { exec } => pair(exec),
            UndoOf::Undo { undo } => pair(undo),
            UndoOf::Snapshot { snapshot, path } => {
                let mut before = Manifest::load(&self.path(snapshot, KIND))?;
                let root = self.inside(path)?;
                let above = before.entries.iter().filter(|it| it.path != root && root.starts_with(&it.path));
                before.above = above.cloned().collect();
                before.entries.retain(|entry| entry.path.starts_with(&root));
                if before.entries.is_empty() {
                    return None;
                }
                before.roots = vec![Root { path: root, deep: true }];
                Some(Sides { before, after: None })
            }
        }
    }

    fn compared(&self, of: &UndoOf) -> Result<Looked, NoUndo> {
        let sides = self.sides(of).ok_or(NoUndo::Gone)?;
        compare::compare(of, sides, &self.places, whole()).map_err(NoUndo::TooMuch)
    }

    /// What an undo would do now. Blocks while it looks.
    pub fn look(&self, of: &UndoOf) -> Result<Preview, NoUndo> {
        Ok(self.compared(of)?.preview)
    }

    /// Makes ready to undo exactly what the owner saw.
    pub fn undoing(&self, of: &UndoOf, digest: &str) -> Result<Undoing<'_>, NoUndo> {
        let one = match self.undoing.try_lock() {
            Ok(one) => one,
            Err(std::sync::TryLockError::Poisoned(one)) => one.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => return Err(NoUndo::Busy),
        };
        // Whoever deletes contents at this moment has not seen that something is brought back.
        drop(self.gate.read().unwrap_or_else(PoisonError::into_inner));
        let looked = self.compared(of)?;
        if looked.preview.digest != digest {
            return Err(NoUndo::Changed);
        }
        Ok(Undoing { keeper: self, looked, _one: one })
    }

    /// Removes what an undo that was cut off had not yet put in its place, and writes down how things stand.
    pub fn mend(&self, undo: UndoId) {
        let Some(before) = Manifest::load(&self.path(&undo, "before")) else { return };
        let begins = format!("{FRESH}{undo}.");
        let folders: BTreeSet<&Path> = before.roots.iter().filter_map(|root| root.path.parent()).collect();
        for folder in folders.into_iter().filter_map(|folder| tree::folder(folder).ok()) {
            let Ok(names) = tree::list(&folder) else { continue };
            for name in names.flatten() {
                if name.file_name().to_bytes().starts_with(begins.as_bytes()) {
                    let _ = rustix::fs::unlinkat(&folder, name.file_name(), AtFlags::empty());
                }
            }
        }
        if let Err(why) = self.settle(&undo, &before, whole()) {
            tracing::warn!(undo.id = %undo, ?why, "what an undo did can't be undone");
        }
    }
}

impl Undoing<'_> {
    /// Brings everything back, but for the conflicts that are not ticked.
    pub fn run(self, undo: UndoId, take: &Take) -> Undone {
        let Self { keeper, looked, .. } = &self;
        let touched = looked.changes.iter().enumerate().filter(|(n, change)| {
            change.conflict.is_none() || take.has(u32::try_from(*n).unwrap_or(u32::MAX))
        });
        let roots: Vec<Root> =
            touched.map(|(_, change)| Root { path: change.path.clone(), deep: false }).collect();
        let kept = keeper.keep(&undo, roots, Vec::new(), whole());
        if let Err(why) = kept {
            // The owner wants it back: that it can't be undone once more is no reason to refuse.
            tracing::warn!(undo.id = %undo, ?why, "what an undo changes is not kept");
        }
        crash::point(Point::ShellUndoing);
        let undone = restore::restore(looked, take, undo, &keeper.blobs, &keeper.places);
        if let Ok(folder) = tree::folder(&keeper.places.workspace)
            && let Ok(open) = rustix::fs::openat(
                &folder,
                ".",
                rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::CLOEXEC,
                rustix::fs::Mode::empty(),
            )
        {
            let _ = rustix::fs::syncfs(open);
        }
        if kept.is_ok()
            && let Some(before) = Manifest::load(&keeper.path(&undo, "before"))
            && let Err(why) = keeper.settle(&undo, &before, whole())
        {
            tracing::warn!(undo.id = %undo, ?why, "what an undo did can't be undone");
        }
        undone
    }
}
