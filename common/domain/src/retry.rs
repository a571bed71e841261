//! When failed work is tried again, and when it is given up: one policy for each kind of job.

use std::time::Duration;

use crate::command::JobKind;
use crate::id::JobId;

/// Exponential back-off with jitter: the pause doubles with every failed delivery, up to `longest`, and a part of it
/// that differs from job to job keeps those that failed together from coming back together.
///
/// Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 ("equal jitter").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The pause after the first failure, jitter aside.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
    /// Deliveries in all, after which the job is given up.
    pub most: u64,
}

impl JobKind {
    /// How work of this kind is tried again. What is not the job's fault (a full disk, a worker that stops) does not
    /// count here: see `Disposition::Later` of the bus.
    pub const fn retry(self) -> Retry {
        match self {
            // Its own turns retry by themselves: a run that fails as a whole five times is broken.
            Self::Run => Retry::new(1_000, 60_000, 5),
            // The owner looks at the screen: better a clear failure soon.
            Self::Probe => Retry::new(500, 2_000, 2),
            // The next instant comes anyway.
            Self::Tick => Retry::new(1_000, 10_000, 3),
            Self::Prepare | Self::Start => Retry::new(500, 30_000, 5),
            // What happened can't be asked for again: it is tried for about a day.
            Self::Report | Self::Terminal | Self::Host => Retry::new(200, 60_000, 1_500),
            // A question may wait for hours; the notification is dropped when it is answered or over.
            Self::Push => Retry::new(2_000, 300_000, 40),
        }
    }
}

impl Retry {
    const fn new(first_ms: u64, longest_ms: u64, most: u64) -> Self {
        Self { first: Duration::from_millis(first_ms), longest: Duration::from_millis(longest_ms), most }
    }

    /// The pause after the failed delivery number `deliveries` (the first is 1) of `job`; nothing when it is given up.
    ///
    /// The jitter comes from the job's id, whose random bits are as good as any, so that it needs no other source and
    /// a test knows it.
    pub fn pause(&self, deliveries: u64, job: JobId) -> Option<Duration> {
        if deliveries >= self.most {
            return None;
        }
        let doublings = u32::try_from(deliveries.saturating_sub(1)).unwrap_or(u32::MAX).min(32);
        let whole = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest);
        // Between one half and the whole, in 1024 steps.
        let step = u32::try_from(mix(job.as_u128(), deliveries) % 1_024).unwrap_or(0);
        Some(whole / 2 + whole / 2 * step / 1_024)
    }
}

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
const fn mix(id: u128, deliveries: u64) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half of the id is its random half")]
    let mut z = (id as u64) ^ deliveries.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [JobKind; 9] = [
        JobKind::Run,
        JobKind::Probe,
        JobKind::Tick,
        JobKind::Prepare,
        JobKind::Start,
        JobKind::Report,
        JobKind::Terminal,
        JobKind::Host,
        JobKind::Push,
    ];

    #[test]
    fn pauses_double_up_to_the_longest_and_end_with_giving_up() {
        for kind in KINDS {
            let retry = kind.retry();
            let job = JobId::new();
            for n in 1..retry.most {
                let doublings = u32::try_from(n - 1).unwrap().min(20);
                let whole = (retry.first * 2_u32.pow(doublings)).min(retry.longest);
                let pause = retry.pause(n, job).unwrap();
                assert!(pause >= whole / 2 && pause <= whole, "{kind:?} {n}: {pause:?}");
            }
            assert_eq!(retry.pause(retry.most, job), None);
        }
    }

    #[test]
    fn jobs_that_failed_together_come_back_apart() {
        let retry = JobKind::Run.retry();
        let pauses: std::collections::BTreeSet<_> =
            (0..100).map(|_| retry.pause(3, JobId::new()).unwrap()).collect();
        assert!(pauses.len() > 80, "{}", pauses.len());
    }
}
