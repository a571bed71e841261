//! Logs: readable lines on a terminal, JSON lines elsewhere, always on stderr. Never bytes of a terminal, a prompt
//! or a secret.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging for this process; the first call wins, so that a test may call it too.
pub fn start(service: &'static str, filter: &Targets) {
    let registry = tracing_subscriber::registry().with(filter.clone());
    let started = if io::stderr().is_terminal() {
        registry.with(fmt::layer().compact().with_ansi(false).with_writer(io::stderr)).try_init()
    } else {
        let json = fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(io::stderr);
        registry.with(json).try_init()
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(move |panic| {
            // The message may quote what was being handled, so only the place is logged.
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(service, place, "panic");
        }));
    }
}
