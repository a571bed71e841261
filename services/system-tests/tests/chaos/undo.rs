//! `kill -9` between the steps of undo and of snapshots (SECURITY I14, R2, R3): what was kept is whole or not there, and what
//! was cut off can be done once more.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use metatron_process::crash::Point;
use metatron_testkit::model::Answer;
use metatron_testkit::patient::Patient;
use metatron_testkit::world::World;
use serde_json::{Value, json};

/// shell-worker dies at the `nth` passing of a point from now on.
fn arm(world: &mut World, point: Point, nth: u32) -> Result<()> {
    world.stack.kill("shell-worker")?;
    let armed = format!("{}:{nth}", point.name());
    world.stack.launch_with("shell-worker", &[("TEST_CRASH_AT", &armed)])?;
    world.stack.wait_ready("shell-worker")
}

async fn revive(world: &mut World) -> Result<()> {
    world.stack.death("shell-worker").await?;
    world.stack.restart("shell-worker")
}

/// Allows a command; returns its run.
async fn allow(world: &World, command: &str) -> Result<String> {
    world.model.push(Answer::command(command));
    world.model.push(Answer::text("Done."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("please").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.owner.decide(&run, "allow_once", None).await?;
    Ok(run)
}

async fn start_undo(world: &World, of: &Value) -> Result<String> {
    let seen = world.owner.post("/undos/preview", &json!({ "of": of })).await?;
    let body = json!({ "of": of, "digest": seen["digest"] });
    let begun = world.owner.post("/undos", &body).await?;
    Ok(begun["id"].as_str().context("no id")?.to_owned())
}

async fn end_of(world: &World, undo: &str) -> Result<Value> {
    let mut watch = world.owner.watch(0).await?;
    watch.fact("undo.ended", |event| event["subject"] == undo).await?;
    world.owner.get(&format!("/undos/{undo}")).await
}

fn furnish(world: &World) -> Result<()> {
    let folder = world.stack.path("work/f");
    fs::create_dir_all(&folder)?;
    for n in 0..10 {
        fs::write(folder.join(n.to_string()), format!("content {n}"))?;
    }
    // The commands' user must be able to delete it.
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
    Ok(())
}

#[tokio::test]
async fn shell_worker_may_die_between_what_it_keeps_and_the_start() -> Result<()> {
    let mut world = World::start().await?;
    furnish(&world)?;
    arm(&mut world, Point::ShellKept, 1)?;
    let run = allow(&world, "rm -rf f").await?;
    revive(&mut world).await?;
    world.owner.ended(&run).await?;
    let exec = world.exec(&run).await?;
    ensure!(
        exec["exit"]["code"] == 0 && exec["kept"]["changed"] == 11,
        "it was kept anew, and ran once: {exec}"
    );
    let undo = start_undo(&world, &json!({ "of": "exec", "exec": exec["id"] })).await?;
    let done = end_of(&world, &undo).await?;
    ensure!(done["undone"]["restored"] == 11, "{done}");
    Ok(())
}

#[tokio::test]
async fn shell_worker_may_die_in_the_middle_of_an_undo_and_it_is_done_once_more() -> Result<()> {
    for (point, nth) in [(Point::ShellUndoing, 1), (Point::ShellRestoring, 1), (Point::ShellRestoring, 6)] {
        let mut world = World::start().await?;
        furnish(&world)?;
        let run = allow(&world, "rm -rf f").await?;
        world.owner.ended(&run).await?;
        let exec = world.exec(&run).await?;
        let of = json!({ "of": "exec", "exec": exec["id"] });
        arm(&mut world, point, nth)?;
        let undo = start_undo(&world, &of).await?;
        revive(&mut world).await?;
        let cut = end_of(&world, &undo).await?;
        ensure!(cut["state"] == "cut", "{cut}");
        let folder = world.stack.path("work/f");
        let names = fs::read_dir(&folder).into_iter().flatten();
        for name in names {
            let name = name?.file_name().to_string_lossy().into_owned();
            let text = fs::read_to_string(folder.join(&name))?;
            ensure!(text == format!("content {name}"), "each file is whole: {name} {text}");
        }
        let again = start_undo(&world, &of).await?;
        let done = end_of(&world, &again).await?;
        ensure!(done["state"] == "done" && done["undone"]["failed"] == 0, "{done}");
        ensure!(fs::read_dir(&folder)?.count() == 10);
    }
    Ok(())
}

#[tokio::test]
async fn shell_worker_may_die_before_it_names_what_a_snapshot_keeps() -> Result<()> {
    let mut world = World::with(&[("METATRON_SNAPSHOT_S", "0")]).await?;
    furnish(&world)?;
    arm(&mut world, Point::ShellSnapped, 1)?;
    let owner = world.owner.clone();
    let dies = async {
        world.stack.death("shell-worker").await?;
        world.stack.restart("shell-worker")
    };
    // Asked until it is heard: the one before has just been killed, and api may still take it for gone.
    let asks = async move {
        loop {
            let asked = owner.request(reqwest::Method::POST, "/snapshots").json(&json!({})).send().await?;
            ensure!(!asked.status().is_success(), "it did not die of it");
        }
    };
    tokio::select! {
        death = dies => death?,
        asked = asks => asked?,
    }
    let owner = Patient::new(world.owner.clone());
    let listed = owner.get("/snapshots").await?;
    ensure!(listed["items"] == json!([]), "half a snapshot is none: {listed}");
    let (_, made) = owner.post("/snapshots", &json!({}), "another").await?;
    ensure!(made["files"] == 12, "{made}");
    Ok(())
}
