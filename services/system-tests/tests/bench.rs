//! The benchmark itself: with tiny numbers it must end, and have something to say of both sides. Nothing is timed.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

#[test]
fn the_benchmark_of_the_queues_says_something_of_both_sides() -> Result<()> {
    let done = Command::new(env!("CARGO_BIN_EXE_bench")).args(["queue", "--smoke"]).output()?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let rows = String::from_utf8(done.stdout)?;
    let rows: Vec<Value> = rows.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(rows.len() >= 10, "rows are missing: {rows:#?}");
    for row in &rows {
        let table = row.get("waiting").is_some();
        for side in if table { &["ours"][..] } else { &["ours", "peer", "ratio"] } {
            let value = row[side].as_f64().with_context(|| format!("no number under {side}: {row}"))?;
            // An idle worker may be silent for as short a time.
            ensure!(value > 0.0 || row["unit"] == "per s", "{row}");
        }
    }
    Ok(())
}
