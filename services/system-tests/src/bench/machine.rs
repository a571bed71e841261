//! What else was going on: a figure from a busy machine says so.

use std::fs;

/// The state of the machine's counters at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    all: u64,
    stolen: u64,
}

impl Moment {
    /// Now.
    pub(crate) fn now() -> Self {
        let text = fs::read_to_string("/proc/stat").unwrap_or_default();
        let ticks = text.lines().next().unwrap_or_default().split_whitespace().skip(1);
        let ticks: Vec<u64> = ticks.map(|tick| tick.parse().unwrap_or(0)).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; what follows is part of user and nice.
        Self { all: ticks.iter().take(8).sum(), stolen: ticks.get(7).copied().unwrap_or(0) }
    }

    /// What the hypervisor took for others since then, in percent.
    pub(crate) fn steal(self) -> f64 {
        let now = Self::now();
        let (all, stolen) = (now.all.saturating_sub(self.all), now.stolen.saturating_sub(self.stolen));
        #[expect(clippy::cast_precision_loss, reason = "clock ticks of a benchmark")]
        let percent = if all == 0 { 0.0 } else { stolen as f64 * 100.0 / all as f64 };
        percent
    }
}

/// The load of the last minute.
pub(crate) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}
