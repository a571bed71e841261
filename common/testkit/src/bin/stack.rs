//! Starts a whole instance on a folder of its own, prints one JSON line that says where it is, and ends it when
//! standard input closes. A service that dies meanwhile is started again. For the browser's tests and for looking at it
//! by hand.

use std::io::Read as _;
use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use metatron_testkit::machine::joinable;

/// How often it is looked whether a service has died.
const LOOK: Duration = Duration::from_millis(100);

fn main() -> anyhow::Result<()> {
    let web = std::env::args().nth(1).unwrap_or_default();
    // The product's own times, not the short ones of tests: what is measured here is what an owner gets.
    let mut settings = vec![("METATRON_LEASE_MS", "5000"), ("METATRON_RECONCILE_MS", "5000")];
    if !web.is_empty() {
        settings.push(("METATRON_WEB", &web));
    }
    let mut stack = joinable(&settings)?;
    let code = stack.claim_code()?;
    writeln!(std::io::stdout(), r#"{{"url":"{}","claim_code":"{code}"}}"#, stack.url())?;
    let (closed, closing) = mpsc::channel();
    std::thread::spawn(move || {
        // That it can't be read any more is an end too.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = closed.send(());
    });
    while closing.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        stack.revive()?;
    }
    Ok(())
}
