//! Much output in little memory, measured in a process of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "it/support.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod support;

use sha2::{Digest as _, Sha256};
use support::Bench;

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_megabytes_arrive_whole_and_memory_stays_flat() {
    let bench = Bench::new();
    bench.run("true").await;
    let before = resident();
    let (_, outcome) = bench.run("stty -opost; yes 0123456789abcdef | head -c 20000000").await;
    let grown = resident().saturating_sub(before);
    let wanted = b"0123456789abcdef\n".repeat(20_000_000 / 17 + 1);
    assert_eq!(outcome.sha256, hex::encode(Sha256::digest(&wanted[..20_000_000])));
    assert_eq!(outcome.bytes, 20_000_000);
    assert!(outcome.truncated && outcome.text.len() < 17 * 1024);
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes more");
}
