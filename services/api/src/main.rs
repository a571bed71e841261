//! The only network door of MetatronOS.

use std::process::ExitCode;

use metatron_process::Threads;

fn main() -> ExitCode {
    metatron_process::run("api", Threads::Two, |frame| Box::pin(metatron_api::build(frame)))
}
