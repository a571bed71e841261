//! How long a judgement takes: ordinary commands, long ones, and shapes made to be slow (P1).
//!
//! `cargo run --release -p metatron-domain --example judge_speed`. The verdict never depends on a clock: what bounds
//! the work is a count of steps; this only shows what the count costs.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement prints, and fails loudly"
)]
#![expect(dead_code, reason = "the rig serves the tests as well")]

use std::time::{Duration, Instant};

use metatron_domain::policy::{Setting, judge};

#[path = "../tests/policy/everyday.rs"]
mod everyday;
#[path = "../tests/policy/hostile.rs"]
mod hostile;
#[path = "../tests/policy/rig.rs"]
mod rig;

const ROUNDS: usize = 4;

fn main() {
    let size = std::env::args().nth(1).and_then(|size| size.parse().ok());
    if size.is_none() {
        corpora();
    }
    slowest(size.unwrap_or(64 * 1024));
}

fn corpora() {
    let ordinary: Vec<String> = rig::cases().into_iter().map(|case| case.command).collect();
    report("ordinary, the tables", &ordinary);
    let many: Vec<String> =
        ordinary.chunks(12).map(|part| part.join("\n")).filter(|text| text.len() <= 1024).collect();
    report("ordinary, up to 1 KiB", &many);
    let long: Vec<String> = sizes().map(|size| filled(&ordinary, size)).collect();
    report("ordinary, 4 to 64 KiB", &long);
    let everyday = |size| everyday::SHAPES.iter().map(move |shape| everyday::filled(*shape, size));
    let hostile = |size| texts(size).map(|(_, text)| text);
    for size in [1024, 8 * 1024, 64 * 1024] {
        report(&format!("everyday, {} KiB", size / 1024), &everyday(size).collect::<Vec<_>>());
    }
    report("everyday, up to 64 KiB", &sizes().flat_map(everyday).collect::<Vec<_>>());
    for size in [1024, 8 * 1024, 64 * 1024] {
        report(&format!("hostile, {} KiB", size / 1024), &hostile(size).collect::<Vec<_>>());
    }
    report("hostile, up to 64 KiB", &sizes().step_by(3).flat_map(hostile).collect::<Vec<_>>());
}

/// Sizes of commands, evenly spread.
fn sizes() -> impl Iterator<Item = usize> {
    (1..=16).map(|step| step * 4096)
}

/// Names the worst, so that they can be mended.
fn slowest(size: usize) {
    let long =
        everyday::SHAPES.iter().map(|shape| (shape.0.to_owned() + shape.1, everyday::filled(*shape, size)));
    for (kind, texts) in [("everyday", long.collect::<Vec<_>>()), ("hostile", texts(size).collect())] {
        println!("\nthe slowest {kind} shapes of {size} bytes");
        let mut slow: Vec<(Duration, String)> =
            texts.into_iter().map(|(name, text)| (fastest(&text), name)).collect();
        slow.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        for (time, name) in slow.iter().take(16) {
            println!("{:>9.3} ms  {name:?}", millis(*time));
        }
    }
}

/// Ordinary commands one per line, up to a size.
fn filled(commands: &[String], size: usize) -> String {
    let mut text = String::new();
    for command in commands.iter().cycle().take(100_000) {
        if text.len() + command.len() + 1 > size {
            break;
        }
        text.push_str(command);
        text.push('\n');
    }
    text
}

/// The best of a few rounds: what the work costs when nothing else runs.
fn fastest(text: &str) -> Duration {
    let once = || {
        let start = Instant::now();
        std::hint::black_box(judge(text.as_bytes(), &Setting::default()));
        start.elapsed()
    };
    (0..ROUNDS).map(|_| once()).min().unwrap_or_default()
}

fn report(name: &str, texts: &[String]) {
    let mut times: Vec<Duration> = texts.iter().map(|text| fastest(text)).collect();
    times.sort();
    let at = |share: usize| times[(times.len() * share / 1000).min(times.len() - 1)];
    println!(
        "{name:<24} {:>5} texts  p50 {:>8.3} ms  p99 {:>8.3} ms  max {:>8.3} ms",
        times.len(),
        millis(at(500)),
        millis(at(990)),
        millis(at(1000))
    );
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What stands in front of them.
const BEFORE: &[&str] = &["", "rm -rf ", "cat ", "echo \"", "for i in ", "x=", "ls | ", "bash <<E\n"];

/// Every shape, repeated up to a size, behind every beginning; and pairs of shapes.
fn texts(size: usize) -> impl Iterator<Item = (String, String)> {
    let single = BEFORE
        .iter()
        .flat_map(|before| hostile::SHAPES.iter().map(move |shape| (*before, (*shape).to_owned())));
    let paired = hostile::SHAPES.iter().enumerate().map(|(at, shape)| {
        let other = hostile::SHAPES[(at * 31 + 17) % hostile::SHAPES.len()];
        ("", format!("{shape}{other}"))
    });
    single.chain(paired).map(move |(before, shape)| {
        let count = (size - before.len()) / shape.len();
        (format!("{before}{shape}"), before.to_owned() + &shape.repeat(count))
    })
}
