//! What is measured of terminals, and how much of it. The peer is one Node process with Fastify and node-pty: no second
//! process, no Redis, no recording, no seal. A terminal of ours is reached as a browser reaches it, through the socket.
//!
//! Rooms: `host` is one side with its processes, `view` a socket at a terminal, `trial` what is done with them.

mod host;
mod trial;
mod view;

use anyhow::Result;

use crate::machine::Moment;
use crate::queue::Plan;
use crate::row::{Row, Target, print};
use host::Host;

/// How much of everything.
pub(crate) struct Amount {
    /// Keys whose echo is timed.
    keys: usize,
    /// Bytes of text that flow, in MB.
    megabytes: usize,
    /// Terminals at once, where many are meant.
    terminals: usize,
    /// Seconds for what is watched over a time.
    seconds: u64,
    /// Seconds of the long flood.
    soak: u64,
}

const REAL: Amount = Amount { keys: 1_000, megabytes: 200, terminals: 100, seconds: 10, soak: 600 };
const SMOKE: Amount = Amount { keys: 5, megabytes: 1, terminals: 2, seconds: 1, soak: 2 };

type Rows = &'static [(&'static str, &'static str, Target)];

/// What is measured together, and the rows that come of it.
struct Trial {
    rows: Rows,
    kind: trial::Kind,
}

const TRIALS: &[Trial] = &[
    Trial {
        rows: &[
            ("a key and its echo, cat, p50", "us", Target::AtMost(1.0)),
            ("a key and its echo, cat, p99", "us", Target::AtMost(1.1)),
        ],
        kind: trial::Kind::EchoOfCat,
    },
    Trial {
        rows: &[
            ("a key and its echo, bash, p50", "us", Target::AtMost(1.0)),
            ("a key and its echo, bash, p99", "us", Target::AtMost(1.1)),
        ],
        kind: trial::Kind::EchoOfBash,
    },
    Trial {
        rows: &[
            ("80-column text to one viewer", "MB/s", Target::AtLeast(1.0)),
            ("80-column text to one viewer, processor", "s", Target::AtMost(0.7)),
        ],
        kind: trial::Kind::Flow { viewers: 1 },
    },
    Trial {
        rows: &[
            ("80-column text to ten viewers", "MB/s each", Target::AtLeast(2.5)),
            ("80-column text to ten viewers, processor", "s", Target::AtMost(0.4)),
        ],
        kind: trial::Kind::Flow { viewers: 10 },
    },
    Trial {
        rows: &[("a key and its echo beside a flood, p99", "us", Target::AtMost(1.1))],
        kind: trial::Kind::EchoBesideFlood,
    },
    Trial {
        rows: &[("terminals that echo ten keys a second each, processor", "s per s", Target::AtMost(1.3))],
        kind: trial::Kind::Many,
    },
    Trial {
        rows: &[("memory that a viewer of 2 MB/s costs during a flood", "MB", Target::OursAtMost(16.0))],
        kind: trial::Kind::SlowViewer,
    },
    Trial {
        rows: &[
            (
                "memory that ten minutes of a flood cost, one viewer of it stuck",
                "MB",
                Target::OursAtMost(16.0),
            ),
            ("a key and its echo beside ten minutes of a flood, p99", "us", Target::OursAtMost(100_000.0)),
        ],
        kind: trial::Kind::Soak,
    },
    Trial { rows: &[("memory of an idle terminal", "MB", Target::OursAtMost(1.0))], kind: trial::Kind::Idle },
];

/// Measures, ours and the peer in turn, and prints a line for each row.
pub(crate) fn run(plan: &Plan) -> Result<()> {
    host::install_peer()?;
    let amount = if plan.smoke { SMOKE } else { REAL };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let named = |trial: &&Trial| trial.rows.iter().any(|row| row.0.contains(&plan.only));
    // The long one only where it is asked for.
    let short =
        |trial: &&Trial| plan.smoke || !plan.only.is_empty() || !matches!(trial.kind, trial::Kind::Soak);
    let chosen = TRIALS.iter().filter(named).filter(short);
    for Trial { rows, kind } in chosen {
        let mut reps: Vec<[Vec<f64>; 2]> = Vec::new();
        let mut steal = Vec::new();
        for _ in 0..plan.reps {
            let before = Moment::now();
            let ours =
                runtime.block_on(async { trial::measure(*kind, &mut Host::ours().await?, &amount).await })?;
            let peer =
                runtime.block_on(async { trial::measure(*kind, &mut Host::peer()?, &amount).await })?;
            steal.push(before.steal());
            reps.push([ours, peer]);
        }
        for (index, row) in rows.iter().enumerate() {
            let values: Vec<[f64; 2]> = reps.iter().map(|rep| [rep[0][index], rep[1][index]]).collect();
            print(&Row::new(*row, &values, &[], &steal))?;
        }
    }
    Ok(())
}
