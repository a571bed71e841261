//! The `scheduler` process: it keeps time.

use std::process::ExitCode;

use metatron_process::Threads;

fn main() -> ExitCode {
    metatron_process::run("scheduler", Threads::One, metatron_scheduler::start)
}
