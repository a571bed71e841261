//! `cargo run -p metatron-system-tests --bin chaos -- --minutes N --seed S`: the real binaries under load, while services
//! and Redis are killed, stopped and emptied at random; at the end an oracle outside the product says what was broken.
//!
//! Needs the binaries: `cargo build --workspace --bins`. Prints one line of JSON; fails when anything was violated, and
//! then keeps the instance's folder.

mod fault;
mod load;
mod oracle;
mod plan;

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use metatron_testkit::model::obey;
use metatron_testkit::world::World;
use serde_json::json;

use crate::load::Book;
use crate::plan::Dice;

/// Conversations at once.
const OWNERS: u64 = 6;

/// What was asked for.
struct Wish {
    minutes: f64,
    seed: u64,
}

fn wish() -> Result<Wish> {
    let mut wish = Wish { minutes: 5.0, seed: 1 };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--minutes" => wish.minutes = value.parse()?,
            "--seed" => wish.seed = value.parse()?,
            _ => bail!("there is no {word}; there are --minutes N and --seed S"),
        }
    }
    Ok(wish)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let Wish { minutes, seed } = wish()?;
    let begun = Instant::now();
    let mut world = World::start().await?;
    world.model.follow(obey);
    let book = Arc::new(Book::open(&world, begun + Duration::from_secs_f64(minutes * 60.0))?);
    let mut owners = Vec::new();
    for number in 0..OWNERS {
        let (book, owner) = (Arc::clone(&book), world.owner.clone());
        #[expect(clippy::disallowed_methods, reason = "a test's load has no supervisor")]
        owners.push(tokio::spawn(load::converse(book, owner, Dice::new(seed, number + 1))));
    }
    let kills = fault::strike(&mut world.stack, &book, Dice::new(seed, 0)).await;
    for owner in owners {
        owner.await?;
    }
    let judged = oracle::judge(&world, &book).await;
    book.allow(judged, "it could not be judged");
    let (violations, summary) = book.close();
    let folder = (!violations.is_empty()).then(|| world.stack.keep());
    let line = json!({
        "seed": seed, "minutes": minutes, "kills": kills.kills, "flushes": kills.flushes, "pauses": kills.pauses,
        "runs": summary.runs, "states": summary.states, "commands": summary.commands, "starts": summary.starts,
        "facts": summary.facts, "violations": violations, "folder": folder,
    });
    writeln!(std::io::stdout(), "{line}")?;
    if violations.is_empty() { Ok(()) } else { bail!("{} violations", violations.len()) }
}
