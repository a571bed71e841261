//! Undo and snapshots over HTTP, with the real binaries: an approved `rm -r` comes back. SECURITY I14, I6.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::client::Owner;
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// Lets a command run to its end, with the owner's yes. Returns it as the API shows it.
async fn run(world: &World, command: &str) -> Result<Value> {
    world.model.push(Answer::command(command));
    world.model.push(Answer::text("Done."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("please").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.owner.decide(&run, "allow_once", None).await?;
    world.owner.ended(&run).await?;
    world.exec(&run).await
}

fn of(exec: &Value) -> Value {
    json!({ "of": "exec", "exec": exec["id"] })
}

async fn preview(owner: &Owner, of: &Value) -> Result<Value> {
    owner.post("/undos/preview", &json!({ "of": of })).await
}

/// Previews, undoes, and waits until it is over.
async fn undo(owner: &Owner, of: &Value) -> Result<Value> {
    let seen = preview(owner, of).await?;
    let mut watch = owner.watch(0).await?;
    let begun = owner.post("/undos", &json!({ "of": of, "digest": seen["digest"] })).await?;
    watch.fact("undo.ended", |event| event["subject"] == begun["id"]).await?;
    owner.get(&format!("/undos/{}", begun["id"].as_str().context("no id")?)).await
}

/// Every path below a folder with what an undo brings back.
fn picture(folder: &Path) -> Result<Vec<String>> {
    let (mut all, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at)? {
            let path = entry?.path();
            let meta = fs::symlink_metadata(&path)?;
            let content = if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else if meta.is_symlink() {
                fs::read_link(&path)?.into_os_string().into_encoded_bytes()
            } else {
                fs::read(&path)?
            };
            let time = if meta.is_symlink() { 0 } else { meta.mtime_nsec() + meta.mtime() * 1_000_000_000 };
            let name = path.strip_prefix(folder)?.display().to_string();
            all.push(format!("{name} {:o} {} {} {time} {content:?}", meta.mode(), meta.uid(), meta.gid()));
        }
    }
    all.sort();
    Ok(all)
}

fn furnish(world: &World) -> Result<std::path::PathBuf> {
    let album = world.stack.path("work/album");
    fs::create_dir_all(album.join("deep"))?;
    fs::write(album.join("one"), "first")?;
    fs::write(album.join("deep/two"), "second")?;
    fs::set_permissions(album.join("deep/two"), fs::Permissions::from_mode(0o640))?;
    symlink("one", album.join("link"))?;
    // The commands' user must be able to delete it.
    for folder in [&album, &album.join("deep")] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777))?;
    }
    Ok(album)
}

#[tokio::test]
async fn i14_an_approved_rm_is_previewed_undone_audited_and_undone_again() -> Result<()> {
    let world = World::start().await?;
    let album = furnish(&world)?;
    let before = picture(&album)?;
    let exec = run(&world, "rm -rf album").await?;
    ensure!(
        exec["forecast"]["will"] == "keeps" && exec["forecast"]["files"] == 3,
        "the card said so: {exec}"
    );
    ensure!(!album.exists() && exec["kept"]["state"] == "kept" && exec["kept"]["changed"] == 5, "{exec}");
    let seen = preview(&world.owner, &of(&exec)).await?;
    ensure!(seen["counts"]["create"] == 5 && seen["counts"]["conflicts"] == 0, "{seen}");

    let done = undo(&world.owner, &of(&exec)).await?;
    ensure!(
        done["state"] == "done" && done["undone"]["restored"] == 5 && done["undone"]["failed"] == 0,
        "{done}"
    );
    ensure!(picture(&album)? == before, "{:?} is not {before:?}", picture(&album)?);
    let listed = world.owner.get(&format!("/undos?of={}", exec["id"].as_str().context("no id")?)).await?;
    ensure!(listed["items"][0]["id"] == done["id"], "{listed}");
    let audit = world.owner.get("/audit?kind=undo.ended").await?;
    ensure!(audit["items"][0]["data"]["of"] == exec["id"], "{audit}");

    let back = undo(&world.owner, &json!({ "of": "undo", "undo": done["id"] })).await?;
    ensure!(back["undone"]["removed"] == 5 && !album.exists(), "{back}");
    Ok(())
}

#[tokio::test]
async fn i14_what_changed_after_the_preview_refuses_and_a_hostile_link_leads_nowhere() -> Result<()> {
    let world = World::start().await?;
    let album = furnish(&world)?;
    let outside = world.stack.path("outside");
    fs::create_dir(&outside)?;
    let exec = run(&world, "rm -f album/one").await?;
    let seen = preview(&world.owner, &of(&exec)).await?;
    fs::write(album.join("one"), "another")?;
    let body = json!({ "of": of(&exec), "digest": seen["digest"] });
    let response = world.owner.request(Method::POST, "/undos").json(&body).send().await?;
    ensure!(response.status() == StatusCode::PRECONDITION_FAILED, "{}", response.text().await?);
    ensure!(fs::read_to_string(album.join("one"))? == "another");

    // The folder on the way is a link that leads out by now.
    fs::rename(&album, world.stack.path("work/away"))?;
    symlink(&outside, &album)?;
    let seen = preview(&world.owner, &of(&exec)).await?;
    let mut watch = world.owner.watch(0).await?;
    let all = json!({ "of": of(&exec), "digest": seen["digest"], "take_all": true });
    let begun = world.owner.post("/undos", &all).await?;
    watch.fact("undo.ended", |event| event["subject"] == begun["id"]).await?;
    ensure!(fs::read_dir(&outside)?.next().is_none(), "nothing comes out of the workspace");
    Ok(())
}

#[tokio::test]
async fn i6_no_token_sees_or_does_an_undo_or_a_snapshot() -> Result<()> {
    let world = World::start().await?;
    furnish(&world)?;
    let exec = run(&world, "rm -f album/one").await?;
    let body = json!({ "name": "t", "scopes": ["read", "chat", "run"], "expires_in_days": 1 });
    let token = world.owner.post("/tokens", &body).await?;
    let token = token["token"].as_str().or_else(|| token["value"].as_str()).context("no token")?.to_owned();
    let client = reqwest::Client::new();
    for (method, path, body) in [
        (Method::POST, "/undos/preview", json!({ "of": of(&exec) })),
        (Method::POST, "/undos", json!({ "of": of(&exec), "digest": "x" })),
        (Method::GET, "/undos", Value::Null),
        (Method::GET, "/snapshots", Value::Null),
        (Method::POST, "/snapshots", json!({})),
    ] {
        let url = format!("{}/api/v1{path}", world.stack.url());
        let mut request = client.request(method, url).bearer_auth(&token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let problem: Value = request.send().await?.json().await?;
        ensure!(problem["code"] == "owner_only", "{path}: {problem}");
    }
    ensure!(!world.stack.path("work/album/one").exists());
    Ok(())
}

#[tokio::test]
async fn i14_the_workspace_comes_back_from_a_snapshot() -> Result<()> {
    let world = World::start().await?;
    let album = furnish(&world)?;
    let before = picture(&album)?;
    let made = world.owner.post("/snapshots", &json!({})).await?;
    let id = made["id"].as_str().context("no id")?;
    let listed = world.owner.get("/snapshots").await?;
    ensure!(listed["items"].as_array().is_some_and(|all| all.iter().any(|it| it["id"] == id)), "{listed}");
    let folder = world.owner.get(&format!("/snapshots/{id}?path=album")).await?;
    ensure!(folder["items"][0]["name"] == "deep" && folder["items"][0]["kind"] == "folder", "{folder}");
    fs::remove_dir_all(&album)?;
    let done = undo(&world.owner, &json!({ "of": "snapshot", "snapshot": id, "path": "" })).await?;
    ensure!(done["undone"]["restored"] == 5, "{done}");
    ensure!(picture(&album)? == before);
    Ok(())
}
