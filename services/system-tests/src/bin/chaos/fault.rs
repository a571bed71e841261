//! What strikes: `kill -9` of a service or two, of Redis; an emptied Redis; a process that stands still for a while.

use std::io::Write as _;
use std::time::Instant;

use metatron_testkit::stack::{SERVICES, Stack};
use rustix::process::Signal;

use crate::load::Book;
use crate::plan::Dice;

/// How often each kind struck.
#[derive(Debug, Default)]
pub(crate) struct Struck {
    /// Processes ended by `kill -9`.
    pub(crate) kills: u32,
    /// `FLUSHALL`s.
    pub(crate) flushes: u32,
    /// Processes that stood still for a while.
    pub(crate) pauses: u32,
}

/// Strikes until the book's time is over, and leaves everything running.
pub(crate) async fn strike(stack: &mut Stack, book: &Book, mut dice: Dice) -> Struck {
    let mut struck = Struck::default();
    let begun = Instant::now();
    while !book.is_over() {
        tokio::time::sleep(dice.time(500, 2_500)).await;
        revive(stack, book, true);
        let (what, pause) = (dice.below(100), dice.time(0, 1_500));
        let service = dice.one_of(&SERVICES);
        let told = match what {
            0..60 => {
                let mut dead = vec![service];
                if what < 10 {
                    dead.extend(SERVICES.into_iter().find(|other| *other != service));
                }
                for service in &dead {
                    book.allow(stack.kill(service), "kill");
                    struck.kills += 1;
                }
                tokio::time::sleep(pause).await;
                revive(stack, book, false);
                format!("killed {}", dead.join(" and "))
            }
            60..75 => {
                stack.redis.kill();
                struck.kills += 1;
                tokio::time::sleep(pause).await;
                book.allow(stack.redis.restart(), "Redis does not start again");
                "killed redis".to_owned()
            }
            75..88 => {
                book.allow(stack.redis.flushall(), "FLUSHALL");
                struck.flushes += 1;
                "emptied redis".to_owned()
            }
            _ => {
                // Longer than a lease: others take its work, and it wakes as a zombie.
                book.allow(stack.signal(service, Signal::STOP), "SIGSTOP");
                tokio::time::sleep(pause * 3).await;
                book.allow(stack.signal(service, Signal::CONT), "SIGCONT");
                struck.pauses += 1;
                format!("{service} stood still for {} ms", (pause * 3).as_millis())
            }
        };
        let at = begun.elapsed().as_secs_f64();
        let _ = writeln!(std::io::stderr(), "{at:8.1} s  {told}");
    }
    revive(stack, book, true);
    struck
}

/// Starts whatever does not run. One that ended without being told to is a violation.
fn revive(stack: &mut Stack, book: &Book, unasked: bool) {
    for service in SERVICES {
        if unasked && let Some(status) = stack.ended_by_itself(service) {
            book.violated(format!("{service} ended by itself with {status}"));
        }
        if stack.pid(service).is_none() {
            book.allow(stack.launch(service), "a service does not start");
            let ready = tokio::task::block_in_place(|| stack.wait_ready(service));
            book.allow(ready, "a service is not ready");
        }
    }
}
