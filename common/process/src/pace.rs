//! How the thread of a service waits. Where many want something at once, it takes a breath before it waits, and then finds
//! all that came meanwhile with one wake-up instead of many: what network cards call interrupt moderation. A wake-up of
//! a sleeping processor costs more than what most of them are for.
//!
//! Owns: who was heard lately, of this thread: every service lives on one. Few never wait for it.

use std::cell::RefCell;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Who was heard is counted over this time.
const SPAN: Duration = Duration::from_millis(100);
/// So many in that time are a crowd.
const MANY: usize = 32;
/// How long a breath is: what each wait of this thread takes longer at most, whoever it is for. A key and its echo pass three
/// such waits, which nobody feels.
const BREATH: Duration = Duration::from_millis(4);

thread_local! {
    static CROWD: RefCell<Crowd> = RefCell::new(Crowd::new(Instant::now()));
}

/// Somebody wants something of this thread. `who` tells one from another.
pub fn heard(who: u128) {
    CROWD.with_borrow_mut(|crowd| crowd.heard(who, Instant::now()));
}

/// Takes a breath, where there is a crowd. To be called before the thread waits, and at no other time.
pub(crate) fn breathe() {
    if CROWD.with_borrow(|crowd| crowd.is_there(Instant::now())) {
        std::thread::sleep(BREATH);
    }
}

/// Who was heard lately.
#[derive(Debug)]
struct Crowd {
    /// When the present span began.
    since: Instant,
    /// Who was heard in it.
    now: HashSet<u128>,
    /// How many were heard in the one before.
    before: usize,
}

impl Crowd {
    fn new(since: Instant) -> Self {
        Self { since, now: HashSet::new(), before: 0 }
    }

    fn heard(&mut self, who: u128, at: Instant) {
        let age = at.duration_since(self.since);
        if age >= SPAN {
            self.before = if age < SPAN * 2 { self.now.len() } else { 0 };
            self.now.clear();
            self.since = at;
        }
        self.now.insert(who);
    }

    fn is_there(&self, at: Instant) -> bool {
        self.before.max(self.now.len()) >= MANY && at.duration_since(self.since) < SPAN * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(crowd: &mut Crowd, who: std::ops::Range<u128>, at: Instant) {
        who.for_each(|who| crowd.heard(who, at));
    }

    #[test]
    fn one_who_wants_much_is_no_crowd() {
        let start = Instant::now();
        let mut crowd = Crowd::new(start);
        for n in 0..10_000 {
            crowd.heard(7, start + Duration::from_micros(n * 50));
            assert!(!crowd.is_there(start + Duration::from_micros(n * 50)));
        }
    }

    #[test]
    fn many_are_one_while_they_go_on_and_not_after_that() {
        let start = Instant::now();
        let mut crowd = Crowd::new(start);
        heard(&mut crowd, 0..31, start);
        assert!(!crowd.is_there(start));
        heard(&mut crowd, 31..32, start);
        assert!(crowd.is_there(start));
        // In the next span few were heard yet.
        heard(&mut crowd, 0..1, start + SPAN);
        assert!(crowd.is_there(start + SPAN));
        heard(&mut crowd, 0..1, start + SPAN * 2);
        assert!(!crowd.is_there(start + SPAN * 2));
        heard(&mut crowd, 0..40, start + SPAN * 3);
        assert!(crowd.is_there(start + SPAN * 4));
        assert!(!crowd.is_there(start + SPAN * 5), "nobody was heard any more");
        heard(&mut crowd, 0..1, start + SPAN * 6);
        assert!(!crowd.is_there(start + SPAN * 6), "what is long ago does not count");
    }
}
