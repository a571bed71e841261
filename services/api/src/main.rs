//! The only network door of MetatronOS.

use std::process::ExitCode;

fn main() -> ExitCode {
    metatron_process::run("api", |frame| Box::pin(metatron_api::build(frame)))
}
