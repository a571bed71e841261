//! What is asked meanwhile: conversations that run commands, some allowed by the policy, some by the owner, some refused,
//! some stopped in the middle.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use metatron_testkit::client::Owner;
use metatron_testkit::patient::Patient;
use metatron_testkit::world::World;
use serde_json::{Value, json};

use crate::oracle;
use crate::plan::Dice;

/// A conversation that takes longer than this has lost something.
const PATIENCE: Duration = Duration::from_mins(3);

/// What a conversation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Two commands that the owner allows.
    Allowed,
    /// A command that the owner refuses.
    Denied,
    /// Commands that only read, and whose output is known.
    Reading,
    /// A long command that the owner stops in the middle.
    Stopped,
}

/// A command that was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What it writes into the oracle; a reading one writes nothing.
    pub(crate) token: String,
    /// Of what conversation.
    pub(crate) kind: Kind,
}

/// What everybody writes down.
pub(crate) struct Book {
    over: Instant,
    /// The file that commands append their tokens to.
    pub(crate) oracle: PathBuf,
    next: AtomicU64,
    pages: Mutex<Pages>,
}

/// What was written down.
#[derive(Default)]
pub(crate) struct Pages {
    /// Every run that was accepted, and what its commands were.
    pub(crate) runs: BTreeMap<String, Vec<Asked>>,
    /// Facts there are.
    pub(crate) facts: u64,
    /// How often runs ended how.
    pub(crate) states: BTreeMap<String, u64>,
    /// Starts that the oracle has seen.
    pub(crate) starts: u64,
    violations: Vec<String>,
}

/// The sum.
pub(crate) struct Summary {
    pub(crate) runs: usize,
    pub(crate) commands: usize,
    pub(crate) states: BTreeMap<String, u64>,
    pub(crate) starts: u64,
    pub(crate) facts: u64,
}

impl Book {
    /// An empty book; conversations begin until `over`.
    pub(crate) fn open(world: &World, over: Instant) -> Result<Self> {
        let oracle = world.stack.path("work/oracle");
        File::create(&oracle)?.set_permissions(fs::Permissions::from_mode(0o666))?;
        Ok(Self { over, oracle, next: AtomicU64::new(1), pages: Mutex::default() })
    }

    /// Whether nothing new begins.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.over
    }

    pub(crate) fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a violation down.
    pub(crate) fn violated(&self, what: String) {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "VIOLATION: {what}");
        self.pages().violations.push(what);
    }

    /// What must not fail.
    pub(crate) fn allow<T>(&self, outcome: Result<T>, what: &str) {
        if let Err(error) = outcome {
            self.violated(format!("{what}: {error:#}"));
        }
    }

    /// Everything that was violated, and the sum.
    pub(crate) fn close(&self) -> (Vec<String>, Summary) {
        let pages = self.pages();
        let summary = Summary {
            runs: pages.runs.len(),
            commands: pages.runs.values().map(Vec::len).sum(),
            states: pages.states.clone(),
            starts: pages.starts,
            facts: pages.facts,
        };
        (pages.violations.clone(), summary)
    }
}

/// One owner's conversations, one after the other.
pub(crate) async fn converse(book: std::sync::Arc<Book>, owner: Owner, mut dice: Dice) {
    let mut owner = Patient::new(owner);
    while !book.is_over() {
        let kind = match dice.below(10) {
            0..4 => Kind::Allowed,
            4..6 => Kind::Denied,
            6..8 => Kind::Reading,
            _ => Kind::Stopped,
        };
        let number = book.next.fetch_add(1, Ordering::Relaxed);
        let told = tokio::time::timeout(PATIENCE, tell(&book, &mut owner, kind, number, &mut dice)).await;
        match told {
            Ok(Ok(())) => {}
            Ok(Err(error)) => book.violated(format!("story {number} ({kind:?}): {error:#}")),
            Err(_) => book.violated(format!("R1: story {number} ({kind:?}) has no end")),
        }
    }
}

/// The commands of a conversation.
fn commands(book: &Book, kind: Kind, number: u64, dice: &mut Dice) -> Vec<(Asked, String)> {
    let asked = |index: u32| Asked { token: format!("token-{number}-{index}"), kind };
    let oracle = book.oracle.display();
    let mut marked = |index: u32, seconds: f64| {
        let asked = asked(index);
        let lines = dice.below(400);
        let text =
            format!("echo {} >> {oracle}; seq 1 {lines}; sleep {seconds}; echo over-{index}", asked.token);
        (asked, text)
    };
    match kind {
        Kind::Allowed => vec![marked(0, 0.3), marked(1, 0.05)],
        Kind::Denied => vec![marked(0, 0.0)],
        Kind::Stopped => vec![marked(0, 30.0)],
        Kind::Reading => {
            vec![(asked(0), format!("seq 1 {number}000")), (asked(1), format!("echo read-{number}"))]
        }
    }
}

async fn tell(book: &Book, owner: &mut Patient, kind: Kind, number: u64, dice: &mut Dice) -> Result<()> {
    let commands = commands(book, kind, number, dice);
    let text: Vec<String> = commands.iter().map(|(_, text)| format!("run: {text}")).collect();
    let (chat, run) = owner.say(&text.join("\n"), &format!("story-{number}")).await?;
    book.pages().runs.insert(run.clone(), commands.into_iter().map(|(asked, _)| asked).collect());
    // A stop comes before the question, at it, or while the command runs.
    let stop_at = dice.one_of(&["run.queued", "approval.asked", "exec.started", "exec.started"]);
    let mut stopped = false;
    loop {
        let fact = owner.fact(|_, data| data["run_id"] == run.as_str()).await?;
        let name = fact["type"].as_str().context("a fact without a kind")?.to_owned();
        if kind == Kind::Stopped && name == stop_at && !stopped {
            stopped = true;
            owner.post(&format!("/runs/{run}/stop"), &json!({}), &format!("stop-{number}")).await?;
        } else if name == "approval.asked" {
            let word = if kind == Kind::Denied { "deny" } else { "allow_once" };
            let question = fact["subject"].as_str().context("no question")?;
            owner.decide(question, word).await?;
        } else if name == "run.ended" {
            break;
        }
    }
    let detail = owner.get(&format!("/runs/{run}")).await?;
    *book.pages().states.entry(detail["state"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    check(book, kind, &detail, stopped);
    for exec in detail["execs"].as_array().into_iter().flatten() {
        book.allow(oracle::output(&owner.owner, exec).await, "R8");
    }
    let words = owner.get(&format!("/chats/{chat}/messages")).await?;
    if detail["state"] == "succeeded" && !words.to_string().contains("Done.") {
        book.violated(format!("R1: {run} succeeded without an answer: {words}"));
    }
    Ok(())
}

/// What a run's own account must say.
fn check(book: &Book, kind: Kind, detail: &Value, stopped: bool) {
    let state = detail["state"].as_str().unwrap_or_default();
    let ran_through = detail["execs"].as_array().into_iter().flatten().any(|exec| exec["exit"]["code"] == 0);
    if stopped && (state == "succeeded" || ran_through) {
        book.violated(format!("a stop was lost: {detail}"));
    }
    // What failed must have failed for a reason that chaos can give: too many deaths at the same step.
    let excused = ["run_given_up", "run_worn_out", "model_cut", "model_unreachable"];
    if state == "failed" && !excused.iter().any(|code| detail["error"]["code"] == *code) {
        book.violated(format!("R1: it failed: {detail}"));
    }
    if kind != Kind::Stopped && state == "cancelled" {
        book.violated(format!("nobody stopped it: {detail}"));
    }
}
