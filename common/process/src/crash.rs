//! Named places where a test ends the process as `kill -9` would: between two steps that can't be one.
//!
//! A debug build reads `TEST_CRASH_AT` (`name` or `name:nth`, counted from 1) and dies there; a release build holds
//! nothing of this but empty functions. It is no setting: nobody but a test may want it.

/// Lists every point once, so that a test can ask for each.
macro_rules! points {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        /// A place to die.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Point { $($(#[doc = $doc])+ $name,)+ }

        impl Point {
            /// Every point there is.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// What a test calls it; the word before the dot names the service.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

points! {
    /// A request's change is committed; it was neither carried to Redis nor answered.
    ApiCommitted = "api.committed";
    /// A change was answered; its facts and owed work have not left for Redis.
    ApiCarrying = "api.carrying";
    /// Owed work is in its queue; which entry carries it was not noted.
    ApiAnnounced = "api.announced";
    /// A terminal has its row; its host was not asked to open it.
    ApiOpening = "api.opening";
    /// A host has opened a terminal; its row does not say so.
    ApiOpened = "api.opened";
    /// What a shell host reported of a terminal is written down; its delivery is not acknowledged.
    ApiReported = "api.reported";
    /// A delivery's row is claimed, and nothing was done.
    PulseClaimed = "pulse-worker.claimed";
    /// A run's step is committed (a whole turn, a park, an end); Redis has not heard of it.
    PulseCommitted = "pulse-worker.committed";
    /// Owed work of a run's step is in its queue; which entry carries it was not noted.
    PulseAnnounced = "pulse-worker.announced";
    /// A job is finished in its row; its delivery is not acknowledged.
    PulseFinished = "pulse-worker.finished";
    /// A stopped run's command is ended; the run does not know that it is over.
    PulseHalting = "pulse-worker.halting";
    /// The number of what a run types is journalled; nothing was sent.
    PulseMinted = "pulse-worker.minted";
    /// It was typed; its run does not know.
    PulseTyped = "pulse-worker.typed";
    /// A shell host's report is written down; its delivery is not acknowledged.
    PulseReported = "pulse-worker.reported";
    /// A command may start; the journal does not know of it.
    ShellAdmitted = "shell-worker.admitted";
    /// What a command would touch is kept; the journal does not know of the command.
    ShellKept = "shell-worker.kept";
    /// `started` is on the disk; nothing was forked.
    ShellStarted = "shell-worker.started";
    /// The command's process runs; the journal does not know which one it is.
    ShellForked = "shell-worker.forked";
    /// The command has ended; its end is not journalled.
    ShellExited = "shell-worker.exited";
    /// `ended` is on the disk; it was not reported. (The report and the acknowledgement are one `MULTI`.)
    ShellEnded = "shell-worker.ended";
    /// A predecessor's command is cleaned up; that its outcome is unknown is not journalled.
    ShellCleaned = "shell-worker.cleaned";
    /// That a predecessor's command is lost is journalled; it was not reported.
    ShellLost = "shell-worker.lost";
    /// That a terminal opens is on the disk; nothing was forked.
    ShellTerminalOpening = "shell-worker.terminal-opening";
    /// A terminal's shell runs; the journal does not know which process it is.
    ShellTerminalForked = "shell-worker.terminal-forked";
    /// A terminal's shell has ended; its end is not journalled.
    ShellTerminalExited = "shell-worker.terminal-exited";
    /// A terminal's end is on the disk; it was not reported.
    ShellTerminalOver = "shell-worker.terminal-over";
    /// A terminal's end was reported; the journal does not know that.
    ShellTerminalTold = "shell-worker.terminal-told";
    /// A predecessor's terminal is cleaned up; that it is lost is not journalled.
    ShellTerminalCleaned = "shell-worker.terminal-cleaned";
    /// What an undo changes is kept; nothing was brought back.
    ShellUndoing = "shell-worker.undoing";
    /// Some of what an undo brings back is in its place, the rest is not.
    ShellRestoring = "shell-worker.restoring";
    /// The contents of a snapshot are kept; nothing names them.
    ShellSnapped = "shell-worker.snapped";
    /// A due change (an expired question, a planned heartbeat) is committed; Redis has not heard of it.
    SchedulerCommitted = "scheduler.committed";
    /// Questions that nobody answered are expired; neither they nor the runs they wake have left for Redis.
    SchedulerExpired = "scheduler.expired";
    /// Owed work of a due change is in its queue; which entry carries it was not noted.
    SchedulerAnnounced = "scheduler.announced";
    /// A page of owed work was carried again; which entries carry it was not noted.
    SchedulerCarried = "scheduler.carried";
    /// Everything owed was carried again; the generation that says so is not set.
    SchedulerPassed = "scheduler.passed";
}

/// The process may be killed here.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn point(_: Point) {}

/// The process may be killed here.
#[cfg(debug_assertions)]
pub fn point(point: Point) {
    use std::sync::OnceLock;
    static ARMED: OnceLock<Option<armed::Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| {
        std::env::var_os("TEST_CRASH_AT").and_then(|text| armed::Armed::parse(text.to_str()?))
    });
    if armed.as_ref().is_some_and(|armed| armed.is_hit(point)) {
        tracing::warn!(point = point.name(), "killed by a test");
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        // The signal may reach another thread first; nothing after this place must happen.
        loop {
            std::thread::park();
        }
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Point;

    /// The point that a test has chosen, and how often it is still to be passed.
    #[derive(Debug)]
    pub(super) struct Armed {
        point: Point,
        left: AtomicU64,
    }

    impl Armed {
        pub(super) fn parse(text: &str) -> Option<Self> {
            let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
            let point = *Point::ALL.iter().find(|point| point.name() == name)?;
            Some(Self { point, left: AtomicU64::new(nth.parse().ok()?) })
        }

        pub(super) fn is_hit(&self, point: Point) -> bool {
            self.point == point && self.left.fetch_sub(1, Ordering::Relaxed) == 1
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_named_point_is_hit_at_its_nth_time_and_no_other() {
            let armed = Armed::parse("shell-worker.started:2").unwrap();
            assert!(!armed.is_hit(Point::ShellStarted));
            assert!(!armed.is_hit(Point::ShellEnded));
            assert!(armed.is_hit(Point::ShellStarted));
            assert!(!armed.is_hit(Point::ShellStarted));
            assert!(Armed::parse("api.committed").unwrap().is_hit(Point::ApiCommitted));
            assert!(Armed::parse("nowhere").is_none());
        }
    }
}
