//! What is printed: one JSON line for each row, with the median of the repetitions and all of them behind it.

use std::io::Write as _;

use anyhow::Result;
use serde::Serialize;

/// What a row is meant to reach, as ours divided by the peer's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// An absolute bound on ours.
    OursAtMost(f64),
}

impl Target {
    fn met(self, ours: f64, ratio: f64) -> bool {
        match self {
            Self::AtLeast(bound) => ratio >= bound,
            Self::AtMost(bound) => ratio <= bound,
            Self::OursAtMost(bound) => ours <= bound,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtLeast(bound) => format!("ratio >= {bound}"),
            Self::AtMost(bound) => format!("ratio <= {bound}"),
            Self::OursAtMost(bound) => format!("ours <= {bound}"),
        }
    }
}

/// What one side showed in one repetition, beside its values.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Cost {
    /// Commands that Redis carried out for a job, those inside of scripts included.
    pub(crate) redis_calls: f64,
    /// Processor time of the Redis process, in microseconds.
    pub(crate) redis_cpu_us: f64,
    /// Processor time of the measured process, in microseconds.
    pub(crate) process_cpu_us: f64,
}

impl Cost {
    /// What Redis and the measured process spent together.
    pub(crate) fn processor_us(&self) -> f64 {
        self.redis_cpu_us + self.process_cpu_us
    }

    /// The median of each of its figures.
    pub(crate) fn median(costs: impl Iterator<Item = Self>) -> Self {
        let costs: Vec<Self> = costs.collect();
        let of = |field: fn(&Self) -> f64| round(median(costs.iter().map(field)));
        Self {
            redis_calls: of(|cost| cost.redis_calls),
            redis_cpu_us: of(|cost| cost.redis_cpu_us),
            process_cpu_us: of(|cost| cost.process_cpu_us),
        }
    }
}

/// A row, as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Row<'a> {
    pub(crate) what: &'a str,
    pub(crate) ours: f64,
    pub(crate) peer: f64,
    pub(crate) ratio: f64,
    pub(crate) unit: &'a str,
    pub(crate) target: String,
    pub(crate) met: bool,
    /// Ours and the peer's of each repetition.
    pub(crate) reps: Vec<[f64; 2]>,
    /// What a job cost, ours and the peer's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_job: Option<[Cost; 2]>,
    /// What the hypervisor took in each repetition, in percent.
    pub(crate) steal: Vec<f64>,
    /// The load of the minute before the row was printed.
    pub(crate) load: f64,
}

impl<'a> Row<'a> {
    /// The row of these repetitions.
    pub(crate) fn new(
        (what, unit, target): (&'a str, &'a str, Target),
        reps: &[[f64; 2]],
        costs: &[[Cost; 2]],
        steal: &[f64],
    ) -> Self {
        let side = |side: usize| median(reps.iter().map(|rep| rep[side]));
        let (ours, peer) = (side(0), side(1));
        let ratio = ours / peer;
        let cost = |side: usize| Cost::median(costs.iter().map(|cost| cost[side]));
        Self {
            what,
            ours: round(ours),
            peer: round(peer),
            ratio: round(ratio),
            unit,
            target: target.text(),
            met: target.met(ours, ratio),
            reps: reps.iter().map(|rep| rep.map(round)).collect(),
            per_job: (!costs.is_empty()).then(|| [cost(0), cost(1)]),
            steal: steal.iter().copied().map(round).collect(),
            load: crate::machine::load(),
        }
    }
}

/// Prints one line.
pub(crate) fn print(row: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    Ok(writeln!(out, "{}", serde_json::to_string(row)?)?)
}

/// The value in the middle.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    percentile(values.collect(), 50)
}

/// The value below which `percent` of all lie.
pub(crate) fn percentile(mut values: Vec<f64>, percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() * percent / 100).copied().unwrap_or(f64::NAN)
}

/// Three digits behind the point are more than any of this is worth.
pub(crate) fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
