//! `kill -9` at every named point between two steps that can't be one (SECURITY section 5, R1–R4, R6). After each, the run
//! ends, its command was started at most once, and the facts have no hole.

use anyhow::{Context as _, Result, ensure};
use metatron_process::crash::Point;
use metatron_testkit::model::Answer;
use metatron_testkit::shim::WallClock;
use metatron_testkit::stack::Stack;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::story::{Marked, Theatre, tell};

/// The service that a point is in.
pub(crate) fn service(point: Point) -> Result<&'static str> {
    let (service, _) = point.name().split_once('.').context("a point's name begins with its service")?;
    Ok(service)
}

impl Theatre {
    /// Starts the point's service anew, to die at the `nth` time it passes there.
    pub(crate) fn arm(&mut self, point: Point, nth: u32) -> Result<()> {
        let service = service(point)?;
        self.world.stack.kill(service)?;
        let armed = format!("{}:{nth}", point.name());
        self.world.stack.launch_with(service, &[("TEST_CRASH_AT", &armed)])?;
        self.world.stack.wait_ready(service)
    }

    /// Waits until the point is reached, and starts its service again.
    pub(crate) async fn struck(&mut self, point: Point) -> Result<()> {
        let service = service(point)?;
        self.world.stack.death(service).await?;
        ensure!(self.world.stack.log(service).contains(point.name()), "{service} died of something else");
        self.world.stack.restart(service)
    }

    /// Tells the whole story while the point's service dies at its `nth` passing. Returns the run and its command.
    async fn strike(&mut self, point: Point, nth: u32) -> Result<(Value, Marked)> {
        self.arm(point, nth)?;
        let command = self.command()?;
        let service = service(point)?;
        let Self { world, owner, .. } = self;
        let revived = async {
            world.stack.death(service).await?;
            world.stack.restart(service)
        };
        let (run, revived) = tokio::join!(tell(owner, &command, |_, _| {}), revived);
        revived.with_context(|| format!("{} was not passed {nth} times", point.name()))?;
        let run = run.with_context(|| format!("after {}:{nth}", point.name()))?;
        ensure!(self.world.stack.log(service).contains(point.name()), "{service} died of something else");
        ensure!(run["state"] == "succeeded", "R1: {run}");
        self.is_sound().await?;
        Ok((run, command))
    }

    /// As [`Theatre::strike`], at each of the first `times` passings: the command runs exactly once and is known to have.
    async fn strike_each(&mut self, point: Point, passings: impl Iterator<Item = u32>) -> Result<()> {
        for nth in passings {
            let (run, command) = self.strike(point, nth).await?;
            assert_eq!(command.starts()?, 1, "R2, {}:{nth}: {run}", point.name());
            assert_eq!(run["execs"][0]["exit"]["code"], 0, "{}:{nth}: {run}", point.name());
        }
        Ok(())
    }

    /// As [`Theatre::strike`] of shell-worker: what may have begun is unknown, and never repeated.
    async fn strike_shell(&mut self, point: Point, most: usize, state: &str) -> Result<()> {
        let (run, command) = self.strike(point, 1).await?;
        assert!(command.starts()? <= most, "R2: {run}");
        assert_eq!(run["execs"][0]["state"], state, "R3: {run}");
        Ok(())
    }
}

#[tokio::test]
async fn api_may_die_between_a_commit_and_its_answer() -> Result<()> {
    // The first commit of a life says that the service is up; then come chat, message and the owner's word.
    Theatre::open().await?.strike_each(Point::ApiCommitted, 2..=4).await
}

#[tokio::test]
async fn api_may_die_before_a_change_leaves_for_redis() -> Result<()> {
    Theatre::open().await?.strike_each(Point::ApiCarrying, 2..=4).await
}

#[tokio::test]
async fn api_may_die_before_it_notes_what_carries_a_job() -> Result<()> {
    // The run, and the start that the owner allowed.
    Theatre::open().await?.strike_each(Point::ApiAnnounced, 1..=2).await
}

#[tokio::test]
async fn pulse_worker_may_die_with_a_fresh_claim() -> Result<()> {
    Theatre::open().await?.strike_each(Point::PulseClaimed, 1..=2).await
}

#[tokio::test]
async fn pulse_worker_may_die_after_each_commit_of_a_run() -> Result<()> {
    // Take, ask, journal; prepared, started, ended; take, ask, journal, take, end.
    Theatre::open().await?.strike_each(Point::PulseCommitted, 1..=11).await
}

#[tokio::test]
async fn pulse_worker_may_die_before_it_notes_what_carries_a_job() -> Result<()> {
    // The prepare that the turn owes, and the run that the command's end owes.
    Theatre::open().await?.strike_each(Point::PulseAnnounced, 1..=2).await
}

#[tokio::test]
async fn pulse_worker_may_die_between_a_finish_and_its_acknowledgement() -> Result<()> {
    Theatre::open().await?.strike_each(Point::PulseFinished, 1..=2).await
}

#[tokio::test]
async fn pulse_worker_may_die_between_a_report_s_commit_and_its_acknowledgement() -> Result<()> {
    Theatre::open().await?.strike_each(Point::PulseReported, 1..=3).await
}

#[tokio::test]
async fn shell_worker_killed_before_the_journal_knows_starts_it_later() -> Result<()> {
    Theatre::open().await?.strike_each(Point::ShellAdmitted, 1..=1).await
}

#[tokio::test]
async fn shell_worker_killed_between_started_and_the_fork_never_starts_it() -> Result<()> {
    Theatre::open().await?.strike_shell(Point::ShellStarted, 0, "unknown").await
}

#[tokio::test]
async fn shell_worker_killed_right_behind_the_fork_ends_what_it_forked() -> Result<()> {
    Theatre::open().await?.strike_shell(Point::ShellForked, 1, "unknown").await
}

#[tokio::test]
async fn shell_worker_killed_before_an_end_is_journalled_says_unknown() -> Result<()> {
    Theatre::open().await?.strike_shell(Point::ShellExited, 1, "unknown").await
}

#[tokio::test]
async fn shell_worker_killed_before_it_reports_an_end_reports_it_later() -> Result<()> {
    Theatre::open().await?.strike_each(Point::ShellEnded, 1..=1).await
}

/// Dies a second time while it cleans up behind the first death.
async fn dies_cleaning_up(point: Point) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let command = theatre.command()?;
    let Theatre { world, owner, .. } = &mut theatre;
    let stack = &mut world.stack;
    let mut began = false;
    let (killed, go) = tokio::sync::oneshot::channel();
    let mut killed = Some(killed);
    let story = tell(owner, &command, |kind, _| {
        if kind == "exec.started" && !std::mem::replace(&mut began, true) {
            killed.take().map(|killed| killed.send(()));
        }
    });
    let deaths = async {
        go.await?;
        stack.kill("shell-worker")?;
        stack.launch_with("shell-worker", &[("TEST_CRASH_AT", point.name())])?;
        stack.death("shell-worker").await?;
        stack.restart("shell-worker")
    };
    let (run, deaths) = tokio::join!(story, deaths);
    deaths?;
    let run = run?;
    assert_eq!(run["state"], "succeeded", "R1: {run}");
    assert_eq!(run["execs"][0]["state"], "unknown", "R3: {run}");
    assert!(command.starts()? <= 1, "R2");
    assert!(theatre.world.stack.log("shell-worker").contains(point.name()));
    theatre.is_sound().await
}

#[tokio::test]
async fn shell_worker_may_die_again_before_it_journals_what_was_lost() -> Result<()> {
    dies_cleaning_up(Point::ShellCleaned).await
}

#[tokio::test]
async fn shell_worker_may_die_again_before_it_reports_what_was_lost() -> Result<()> {
    dies_cleaning_up(Point::ShellLost).await
}

#[tokio::test]
async fn pulse_worker_may_die_between_a_stop_and_the_run_s_end() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    theatre.arm(Point::PulseHalting, 1)?;
    let (run, command) = theatre.begin().await?;
    theatre.owner.post(&format!("/runs/{run}/stop"), &json!({}), "stop").await?;
    theatre.struck(Point::PulseHalting).await?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "cancelled", "{ended}");
    assert_eq!(ended["execs"][0]["exit"]["how"], "stopped", "{ended}");
    assert!(command.starts()? <= 1, "R2");
    theatre.is_sound().await
}

/// A model that says what it was told last.
fn repeat(request: &Value) -> Answer {
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    Answer::text(messages.last().and_then(|message| message["content"].as_str()).unwrap_or_default())
}

/// A run has the keyboard of a terminal, types, and pulse-worker dies at `point`. What it typed stands there once.
async fn dies_typing(point: Point, told: &str) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    theatre.arm(point, 1)?;
    let model = &theatre.world.model;
    model.push(Answer::tool("terminal_open", &json!({ "why": "to type" })));
    let (chat, run) = theatre.owner.say("type", "typing").await?;
    let asked = theatre.owner.fact(|kind, _| kind == "approval.asked").await?;
    let question = asked["subject"].as_str().context("no question")?.to_owned();
    let card = theatre.owner.get(&format!("/approvals/{question}")).await?;
    let terminal = card["exec"]["terminal_id"].as_str().context("no terminal")?;
    let typed = json!({ "terminal": terminal, "text": "echo o''nce\n", "why": "to see it" });
    theatre.world.model.push(Answer::tool("terminal_type", &typed));
    theatre.world.model.follow(repeat);
    theatre.owner.decide(&question, "allow_once").await?;
    theatre.allow(&run).await?;
    theatre.struck(point).await?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "succeeded", "R1: {ended}");
    let path = format!("/terminals/{terminal}/screen");
    let screen = theatre.owner.get(&path).await?;
    let text = screen["text"].as_str().context("no screen")?;
    assert_eq!(text.lines().filter(|line| *line == "once").count(), 1, "{text}");
    let last = theatre.world.owner.last_words(&chat).await?;
    assert!(last.starts_with(told), "{last}");
    theatre.is_sound().await
}

#[tokio::test]
async fn pulse_worker_may_die_before_it_sends_what_a_run_types() -> Result<()> {
    dies_typing(Point::PulseMinted, "[typed]").await
}

#[tokio::test]
async fn pulse_worker_may_die_behind_what_a_run_typed_and_never_types_it_twice() -> Result<()> {
    dies_typing(Point::PulseTyped, "[this was typed before the interruption").await
}

#[tokio::test]
async fn a_stop_that_the_shell_host_does_not_hear_is_owed_to_it() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let (run, _) = theatre.begin().await?;
    // It stands still and its connection is gone: it hears nothing, and its command runs on.
    theatre.world.stack.signal("shell-worker", Signal::STOP)?;
    theatre.world.stack.redis.restart()?;
    theatre.owner.post(&format!("/runs/{run}/stop"), &json!({}), "stop").await?;
    theatre.world.stack.logged("pulse-worker", "the shell host does not answer the stop").await?;
    theatre.world.stack.signal("shell-worker", Signal::CONT)?;
    let ended = theatre.owner.ended(&run).await?;
    assert_eq!(ended["state"], "cancelled", "{ended}");
    assert_eq!(ended["execs"][0]["exit"]["how"], "stopped", "{ended}");
    Ok(())
}

/// A message whose job Redis has lost is carried again by a scheduler that dies at `point` first.
async fn dies_carrying_again(point: Point) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    theatre.world.stack.kill("scheduler")?;
    theatre.world.stack.kill("pulse-worker")?;
    let command = theatre.command()?;
    let (_, run) = theatre.owner.say(&command.request(), "lost").await?;
    // api carries it behind its answer: what comes after the loss is not lost.
    let carried = ["XREAD", "BLOCK", "60000", "STREAMS", "metatron:queue:run:high", "0"];
    ensure!(theatre.world.stack.redis.command(&carried)?.contains("job_"), "nothing was carried");
    theatre.world.stack.redis.flushall()?;
    theatre.world.stack.launch_with("scheduler", &[("TEST_CRASH_AT", point.name())])?;
    theatre.struck(point).await?;
    theatre.world.stack.restart("pulse-worker")?;
    theatre.allow(&run).await?;
    command.go()?;
    assert_eq!(theatre.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(command.starts()?, 1, "R2");
    theatre.is_sound().await
}

#[tokio::test]
async fn scheduler_may_die_in_the_middle_of_carrying_again() -> Result<()> {
    dies_carrying_again(Point::SchedulerCarried).await
}

#[tokio::test]
async fn scheduler_may_die_before_it_says_that_all_is_carried() -> Result<()> {
    dies_carrying_again(Point::SchedulerPassed).await
}

#[tokio::test]
async fn a_heartbeat_planned_by_a_scheduler_that_died_comes_once() -> Result<()> {
    let mut theatre = Theatre::with(&[("METATRON_HEARTBEAT_S", "2")]).await?;
    theatre.world.stack.kill("scheduler")?;
    let armed = Point::SchedulerCommitted;
    theatre.world.stack.launch_with("scheduler", &[("TEST_CRASH_AT", armed.name())])?;
    theatre.struck(armed).await?;
    let mut instants = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let tick = theatre.owner.fact(|kind, _| kind == "tick.done").await?;
        assert!(instants.insert(tick["data"]["instant"].to_string()), "twice: {tick}");
    }
    theatre.is_sound().await
}

/// A question expires, and the scheduler that has seen to that dies at `point`.
async fn dies_expiring(point: Point) -> Result<()> {
    let sky = WallClock::new()?;
    let environment = sky.environment();
    let pairs: Vec<_> = environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut theatre = Theatre::on(Stack::start(&pairs)?).await?;
    theatre.arm(point, 1)?;
    let command = theatre.command()?;
    let (_, run) = theatre.owner.say(&command.request(), "late").await?;
    theatre.owner.fact(|kind, _| kind == "approval.asked").await?;
    sky.set(3 * 24 * 3_600)?;
    theatre.sign_in().await?;
    theatre.struck(point).await?;
    let mut expired = 0;
    theatre
        .owner
        .fact(|kind, data| {
            expired += u32::from(kind == "approval.expired");
            kind == "run.ended" && data["run_id"] == run.as_str()
        })
        .await?;
    assert_eq!(expired, 1, "it is told once");
    let ended = theatre.owner.get(&format!("/runs/{run}")).await?;
    assert_eq!(ended["state"], "succeeded", "R1: {ended}");
    assert_eq!(ended["execs"][0]["state"], "denied", "no answer in time means no: {ended}");
    assert_eq!(command.starts()?, 0, "R4");
    theatre.is_sound().await
}

#[tokio::test]
async fn scheduler_may_die_between_an_expiry_and_its_announcement() -> Result<()> {
    dies_expiring(Point::SchedulerExpired).await
}

#[tokio::test]
async fn scheduler_may_die_before_it_notes_what_carries_the_run_of_an_expired_question() -> Result<()> {
    dies_expiring(Point::SchedulerAnnounced).await
}

#[test]
fn every_point_stands_in_one_place_and_has_its_test() -> Result<()> {
    let services = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    let mut folders: Vec<_> =
        std::fs::read_dir(&services)?.map(|entry| Ok(entry?.path().join("src"))).collect::<Result<_>>()?;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    let tests = concat!(include_str!("crash.rs"), include_str!("terminal.rs"), include_str!("undo.rs"));
    for point in Point::ALL {
        let mark = format!("crash::point(Point::{point:?})");
        assert_eq!(sources.matches(&mark).count(), 1, "{mark}");
        assert!(tests.contains(&format!("Point::{point:?}")), "{point:?} has no test");
    }
    Ok(())
}
