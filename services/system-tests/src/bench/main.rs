//! Benchmarks beside a peer on the same machine: `bench queue --reps 5`, `bench terminal`.
//!
//! Rooms: `queue` is the list of what is measured of queues, `role` the processes that do the work (ours in `ours`,
//! `BullMQ`'s in `bench/peer`), `rig` the Redis they share; `terminal` is what is measured of terminals (the peer's in
//! `bench/terminal`); `row` what is printed, `machine` what else was going on.
//!
//! The tests reach into no process; these programs are the processes: they use the product's own libraries, as its
//! services do.

mod machine;
mod ours;
mod queue;
mod rig;
mod role;
mod row;
mod terminal;

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::queue::Plan;

const USAGE: &str = "\
usage: bench queue|terminal [--reps N] [--only TEXT] [--smoke]
  --reps N      repetitions of each row, ours and the peer in turn (3)
  --only TEXT   only rows whose name holds TEXT
  --smoke       tiny numbers: shows that the benchmark works, measures nothing";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match start(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(words: &[String]) -> Result<()> {
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["role", spec] => ours::play(&serde_json::from_str(spec).context("the role can't be read")?),
        ["queue", options @ ..] => queue::run(&plan(options)?),
        ["terminal", options @ ..] => terminal::run(&plan(options)?),
        _ => bail!("{USAGE}"),
    }
}

fn plan(options: &[&str]) -> Result<Plan> {
    let mut plan = Plan { reps: 3, only: String::new(), smoke: false };
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--reps" => plan.reps = options.next().and_then(|n| n.parse().ok()).context(USAGE)?,
            "--only" => options.next().copied().context(USAGE)?.clone_into(&mut plan.only),
            "--smoke" => (plan.smoke, plan.reps) = (true, 1),
            _ => bail!("{USAGE}"),
        }
    }
    Ok(plan)
}
