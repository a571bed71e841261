//! The `pulse-worker` process: it carries runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    metatron_process::run("pulse-worker", metatron_pulse_worker::start)
}
