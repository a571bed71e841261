//! The running system under faults that strike at chosen points. Deterministic: nothing here waits for time to pass.

mod crash;
mod kill;
mod redis;
mod story;
