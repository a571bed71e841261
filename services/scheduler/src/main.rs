//! The `scheduler` process: it keeps time.

use std::process::ExitCode;

fn main() -> ExitCode {
    metatron_process::run("scheduler", metatron_scheduler::start)
}
