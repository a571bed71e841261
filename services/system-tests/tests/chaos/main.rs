//! The running system under faults that strike at chosen points. Deterministic: nothing here waits for time to pass.

mod backlog;
mod clock;
mod crash;
mod disk;
mod flush;
mod kill;
mod readonly;
mod redis;
mod redis_clock;
mod story;
mod task;
mod terminal;
mod undo;
