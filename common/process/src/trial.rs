//! What only a trial may do. A debug build reads it from its environment; a release build holds nothing of it but what
//! always says no. It is no setting: nobody but a test may want it.

/// Whether notifications may go to a push service on this machine, without TLS (`TEST_PUSH_STAYS_HERE`).
#[cfg(not(debug_assertions))]
#[inline]
pub const fn push_stays_here() -> bool {
    false
}

/// Whether notifications may go to a push service on this machine, without TLS (`TEST_PUSH_STAYS_HERE`).
#[cfg(debug_assertions)]
pub fn push_stays_here() -> bool {
    std::env::var_os("TEST_PUSH_STAYS_HERE").is_some()
}
