//! The `shell-worker` process.

fn main() {}
