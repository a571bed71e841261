//! What can be undone: before a command that changes files starts, what it would touch is kept here; hourly, the workspace.
//!
//! Owns the folder `kept/`, which only this process's user can enter (SECURITY I14, B4): `content/` by SHA-256, and one
//! manifest for each command, undo and snapshot, which names its contents. Never follows a link of the commands' user.

mod blob;
mod compare;
mod fit;
mod forecast;
mod manifest;
mod plan;
mod restore;
mod shelf;
mod snapshot;
mod take;
mod tree;
mod undo;

use std::collections::{HashMap, HashSet};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use metatron_domain::clock::{Clock, Instant};
use metatron_domain::id::ExecId;
use metatron_domain::policy::Effects;
use metatron_domain::undo::{Gap, Kept, KeptState, Unkept};

use blob::Blobs;
use manifest::Manifest;
pub use manifest::Root;
use plan::plan;
pub use plan::{Places, Plan};
use take::{Index, Into, stamps};
use tree::{Above, Budget, Stamp};
pub use undo::{NoUndo, Undoing};

/// How long a command may be held up.
const PATIENCE: Duration = Duration::from_secs(3);
/// Paths that one command may touch, at most.
const PATHS: u64 = 20_000;
/// Bytes that one command may touch and no snapshot has, at most.
const BYTES: u64 = 256 * 1024 * 1024;
/// Bytes from which on it is worth while to ask the last snapshot what it has already.
const WORTH_ASKING: u64 = 4 * 1024 * 1024;

/// What the owner set.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Bytes that everything kept may take together; 0 keeps nothing.
    pub quota: u64,
    /// How long a command can be undone.
    pub keep: Duration,
    /// Time between two snapshots; absent where none are made.
    pub every: Option<Duration>,
}

/// The store. One per process, shared by all sessions.
pub struct Keeper {
    folder: PathBuf,
    places: Places,
    terms: Terms,
    clock: Arc<dyn Clock>,
    blobs: Blobs,
    /// Held for reading while something is kept that no manifest names yet; for writing while contents are deleted.
    gate: RwLock<()>,
    /// Held while a command is looked at and until it has begun: nobody keeps for the same command what it changed.
    turn: Mutex<()>,
    /// Why nothing was kept for commands that run.
    unkept: Mutex<HashMap<ExecId, Unkept>>,
    /// Held while something is brought back.
    undoing: Mutex<()>,
    /// Held while a snapshot is made.
    snapping: Mutex<()>,
    /// Why the last snapshot was not made, and when that was.
    trouble: Mutex<Option<(Unkept, Instant)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A command's turn to be looked at and begun.
pub struct Turn<'a>(#[expect(dead_code, reason = "held, never looked at")] MutexGuard<'a, ()>);

impl Keeper {
    /// Uses `folder`, made with no access for others where it is missing.
    pub fn open(
        folder: &Path,
        mut places: Places,
        terms: Terms,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        // Also where somebody made it before, with rights of their own.
        rustix::fs::chmod(folder, rustix::fs::Mode::RWXU)?;
        let folder = std::fs::canonicalize(folder)?;
        places.home = std::fs::canonicalize(&places.home).unwrap_or(places.home);
        let shut =
            places.shut.iter().map(|shut| std::fs::canonicalize(shut).unwrap_or_else(|_| shut.clone()));
        places.shut = shut.chain([folder.clone()]).collect();
        Ok(Self {
            blobs: Blobs::open(&folder.join("content"))?,
            folder,
            places,
            terms,
            clock,
            gate: RwLock::default(),
            turn: Mutex::default(),
            unkept: Mutex::default(),
            undoing: Mutex::default(),
            snapping: Mutex::default(),
            trouble: Mutex::default(),
        })
    }

    fn path(&self, id: &impl std::fmt::Display, kind: &str) -> PathBuf {
        // Ids are typed, so that no text of a request becomes part of a path (SECURITY I21).
        self.folder.join(format!("{id}.{kind}"))
    }

    /// Whether something is to be kept before this command: then [`Keeper::turn`] comes first.
    pub fn plan(&self, command: &str, effects: &Effects, reads_only: bool, cwd: &Path) -> Plan {
        plan(command, effects, reads_only, cwd, &self.places, plan::LOOKS)
    }

    /// Waits for the turn of a command that something is kept for.
    pub fn turn(&self) -> Turn<'_> {
        Turn(lock(&self.turn))
    }

    /// Keeps what `plan` names before a command starts. Blocks for at most a few seconds; what can't be kept is remembered,
    /// and refuses nothing.
    pub fn before(&self, exec: ExecId, plan: Plan) {
        let (roots, gaps) = match plan {
            Plan::Nothing => return,
            Plan::Not(why) => {
                lock(&self.unkept).insert(exec, why);
                return;
            }
            Plan::Keep(roots, gaps) => (roots, gaps),
        };
        if let Err(why) = self.keep(&exec, roots, gaps, Self::a_moment()) {
            tracing::info!(exec.id = %exec, ?why, "what a command touches is not kept");
            self.discard(exec);
            lock(&self.unkept).insert(exec, why);
        }
    }

    fn a_moment() -> Budget {
        Budget { until: Some(std::time::Instant::now() + PATIENCE), paths: PATHS, bytes: BYTES }
    }

    fn keep(
        &self,
        id: &impl std::fmt::Display,
        mut roots: Vec<Root>,
        gaps: Vec<Gap>,
        mut budget: Budget,
    ) -> Result<(), Unkept> {
        if self.terms.quota == 0 {
            return Err(Unkept::Off);
        }
        let found = stamps(&roots, &self.places, &mut budget)?;
        // What is not there yet is all the command's, with whatever comes to lie in it.
        let there: HashSet<&Path> = found.iter().map(|(path, _)| path.as_path()).collect();
        for root in &mut roots {
            root.deep |= !there.contains(root.path.as_path());
        }
        let roots = plan::normal(roots);
        let bytes: u64 = found.iter().map(|(_, stamp)| content(stamp)).sum();
        let index = if bytes >= WORTH_ASKING { self.newest_index() } else { Index::default() };
        let room = self.blobs.room(self.terms.quota);
        if room == 0 && bytes > 0 {
            return Err(Unkept::NoRoom);
        }
        let tight = room < budget.bytes;
        budget.bytes = budget.bytes.min(room);
        let _gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let taken = take::take(
            (roots, gaps),
            &found,
            &index,
            &self.places,
            Into::Store(&self.blobs),
            &mut budget,
            self.clock.now(),
        );
        let manifest =
            taken.map_err(|why| if tight && why == Unkept::TooBig { Unkept::NoRoom } else { why })?;
        self.blobs.sync().map_err(|_| Unkept::Failed)?;
        manifest.save(&self.path(id, "before")).map_err(blob::no_room)
    }

    /// The command never started: nothing of it is to be undone.
    pub fn discard(&self, exec: ExecId) {
        lock(&self.unkept).remove(&exec);
        self.drop_pair(&exec);
    }

    fn drop_pair(&self, id: &impl std::fmt::Display) {
        for kind in ["before", "after"] {
            let _ = std::fs::remove_file(self.path(id, kind));
        }
    }

    /// The command has ended: what it changed of what was kept; `None` where there was nothing to keep. Blocks for at most a
    /// few seconds.
    pub fn after(&self, exec: ExecId) -> Option<Kept> {
        if let Some(why) = lock(&self.unkept).remove(&exec) {
            return Some(Kept::not(why));
        }
        let before = Manifest::load(&self.path(&exec, "before"))?;
        match self.settle(&exec, &before, Self::a_moment()) {
            Ok(changed) => {
                let until = before.at.after(self.terms.keep);
                if changed == 0 {
                    self.drop_pair(&exec);
                }
                let gaps = before.gaps;
                Some(Kept { state: KeptState::Kept, why: None, gaps, changed, until: Some(until) })
            }
            Err(why) => {
                self.drop_pair(&exec);
                Some(Kept::not(why))
            }
        }
    }

    /// Writes down how things stand right afterwards. Returns how many paths were changed.
    fn settle(
        &self,
        id: &impl std::fmt::Display,
        before: &Manifest,
        mut budget: Budget,
    ) -> Result<u32, Unkept> {
        let index = Index::of(before);
        let found = stamps(&before.roots, &self.places, &mut budget)?;
        let (mut open, mut entries) = (Above::default(), Vec::with_capacity(found.len()));
        for (path, stamp) in found {
            entries.extend(take::entry(
                &mut open,
                &path,
                stamp,
                index.get(&stamp),
                Into::Digest,
                &mut budget,
            )?);
        }
        let (at, roots) = (self.clock.now(), before.roots.clone());
        let after = Manifest { at, roots, gaps: Vec::new(), above: Vec::new(), entries };
        let changed = compare::differing(before, &after);
        after.save(&self.path(id, "after")).map_err(blob::no_room)?;
        Ok(changed)
    }

    fn newest_index(&self) -> Index {
        let newest = self.newest_snapshot().and_then(|path| Manifest::load(&path));
        newest.map_or_else(Index::default, |manifest| Index::of(&manifest))
    }

    /// The file of the newest snapshot.
    fn newest_snapshot(&self) -> Option<PathBuf> {
        let newest = self.snapshots().into_iter().next()?;
        Some(self.path(&newest.id, snapshot::KIND))
    }

    /// What the time is here.
    fn now(&self) -> Instant {
        self.clock.now()
    }
}

/// Bytes of content that a path has.
fn content(stamp: &Stamp) -> u64 {
    if stamp.kind() == metatron_domain::undo::message::FileKind::File { stamp.size } else { 0 }
}
