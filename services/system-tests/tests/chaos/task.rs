//! A planned task and a scheduler that dies over it: its instant is claimed in the commit that owes its run, so it works once.

use anyhow::{Context as _, Result, ensure};
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_process::crash::Point;
use serde_json::json;
use std::time::Duration;

use crate::story::Theatre;

/// The scheduler dies at `point` of the commit that begins a task.
async fn dies_beginning(point: Point) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    theatre.world.stack.kill("scheduler")?;
    let command = theatre.command()?;
    let at = SystemClock.now().after(Duration::from_millis(500)).to_string();
    let body = json!({ "text": command.request(), "at": at });
    let task = theatre.world.owner.post("/tasks", &body).await?;
    theatre.world.stack.launch_with("scheduler", &[("TEST_CRASH_AT", point.name())])?;
    theatre.struck(point).await?;

    let mut begun = 0;
    let asked = theatre
        .owner
        .fact(|kind, data| {
            begun += u32::from(kind == "task.begun" && data["subject"] == task["id"]);
            kind == "approval.asked"
        })
        .await?;
    let run = asked["run_id"].as_str().context("no run")?.to_owned();
    theatre.owner.decide(asked["subject"].as_str().context("no question")?, "allow_once").await?;
    command.has_started().await?;
    command.go()?;
    let ended =
        theatre.owner.fact(|kind, data| kind == "task.ended" && data["subject"] == task["id"]).await?;
    ensure!(ended["data"]["state"] == "done" && ended["run_id"] == run.as_str(), "{ended}");
    ensure!(begun == 1 && command.starts()? == 1, "R4: begun {begun} times");
    theatre.is_sound().await
}

#[tokio::test]
async fn a_task_begun_by_a_scheduler_that_died_before_it_told_anybody_works_once() -> Result<()> {
    dies_beginning(Point::SchedulerCommitted).await
}

#[tokio::test]
async fn a_task_begun_by_a_scheduler_that_died_before_it_noted_what_carries_it_works_once() -> Result<()> {
    dies_beginning(Point::SchedulerAnnounced).await
}
