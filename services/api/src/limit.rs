//! How long, how much, how often: what bounds every client, signed in or not (SECURITY section 5). The times are values,
//! so that a test can wait for the server's own close.

use std::time::Duration;

use tokio::time::Instant;

/// The bounds of one process.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// How long the head of a request may take to arrive.
    pub head: Duration,
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long a socket without cookie or header may take to say who it is.
    pub introduction: Duration,
    /// How long a socket's client may leave its queue full.
    pub slow: Duration,
    /// How long the last word to a client may take.
    pub farewell: Duration,
    /// Messages that a socket's client may send at once.
    pub burst: u32,
    /// How long it takes until it may send one more.
    pub pace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            introduction: Duration::from_secs(5),
            slow: Duration::from_secs(30),
            farewell: Duration::from_secs(2),
            burst: 256,
            pace: Duration::from_millis(10),
        }
    }
}

/// What one client may still send: a bucket of `burst` that one more message flows into every `pace`.
#[derive(Debug)]
pub(crate) struct Allowance {
    burst: u32,
    pace: Duration,
    /// When the bucket is full again if nothing more is taken.
    full_at: Instant,
}

impl Allowance {
    pub(crate) fn new(limits: &Limits, now: Instant) -> Self {
        Self { burst: limits.burst, pace: limits.pace, full_at: now }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.pace;
        let has_one = full_at - now <= self.pace * self.burst;
        if has_one {
            self.full_at = full_at;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_message_per_pace() {
        let pace = Duration::from_millis(10);
        let limits = Limits { burst: 3, pace, ..Limits::default() };
        let start = Instant::now();
        let mut allowance = Allowance::new(&limits, start);
        assert_eq!([(); 4].map(|()| allowance.take(start)), [true, true, true, false]);
        assert!(!allowance.take(start + pace / 2));
        assert!(allowance.take(start + pace));
        assert!(!allowance.take(start + pace));
        let later = start + pace * 100;
        assert_eq!(
            [(); 4].map(|()| allowance.take(later)),
            [true, true, true, false],
            "never more than a burst"
        );
    }
}
