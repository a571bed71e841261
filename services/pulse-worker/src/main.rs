//! The `pulse-worker` process: it carries runs.

use std::process::ExitCode;

use metatron_process::Threads;

fn main() -> ExitCode {
    metatron_process::run("pulse-worker", Threads::One, |frame| Box::pin(metatron_pulse_worker::start(frame)))
}
