//! The `pulse-worker` process.

fn main() {}
