//! The `scheduler` process.

fn main() {}
