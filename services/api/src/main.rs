//! The `api` process.

fn main() {}
