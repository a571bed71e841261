//! What a process gives up before it holds its first secret.

use anyhow::Context as _;
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// No core files and no `/proc/<pid>/mem` for others of the same user: memory may hold keys and prompts.
pub(crate) fn forbid_core_dumps() -> anyhow::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .context("cannot forbid core files")?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).context("cannot make the process undumpable")
}
