//! The `pulse-worker` process: it carries runs.

use std::process::ExitCode;

fn main() -> ExitCode {
    metatron_process::run("pulse-worker", |frame| Box::pin(metatron_pulse_worker::start(frame)))
}
