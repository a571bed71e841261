//! Commands as root over HTTP and with the real binaries: switched on with the password, asked one by one, audited. SECURITY
//! decision 6, S4, I6.

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::client::Watch;
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

async fn card(world: &World, watch: &mut Watch, run: &str) -> Result<Value> {
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run).await?;
    world.owner.get(&format!("/approvals/{}", asked["subject"].as_str().context("no id")?)).await
}

async fn switch(world: &World, level: &str) -> Result<Value> {
    world.owner.send(world.owner.request(Method::PUT, "/elevated").json(&json!({ "level": level }))).await
}

/// Which tools, and which parameters of `shell_run`, the model was offered.
fn offered(request: &Value) -> Result<(Vec<&str>, bool)> {
    let tools = request["tools"].as_array().context("no tools")?;
    let names = tools.iter().filter_map(|tool| tool["function"]["name"].as_str()).collect();
    let run = tools.iter().find(|tool| tool["function"]["name"] == "shell_run").context("no shell_run")?;
    Ok((names, run["function"]["parameters"]["properties"]["elevated"].is_object()))
}

#[tokio::test]
async fn s4_root_is_asked_for_when_the_owner_switched_it_on_and_runs_with_the_owner_s_answer_alone()
-> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    let before = world.owner.get("/elevated").await?;
    ensure!(before["level"] == "off" && before["since"].is_null() && before["possible"] == true, "{before}");
    let as_root = |command: &str| {
        Answer::tool("shell_run", &json!({ "command": command, "why": "it needs root", "elevated": true }))
    };
    world.model.push(as_root("id -u"));
    world.model.push(Answer::text("Then not."));
    let (chat, run) = world.owner.say("be root").await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let first = world.model.request().await?;
    let (names, elevated) = offered(&first)?;
    ensure!(!elevated && !names.contains(&"package_install"), "{names:?}");
    let told = world.model.request().await?;
    let told = told["messages"].as_array().and_then(|all| all.last()).context("no messages")?.clone();
    ensure!(told["content"].as_str().context("no text")?.contains("switched off"), "{told}");

    let on = switch(&world, "commands").await?;
    ensure!(on["level"] == "commands" && on["since"].is_string(), "{on}");
    // Not even in the mode that asks least, and not what only reads.
    let mode = json!({ "mode": "full", "minutes": 30 });
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{chat}/mode")).json(&mode)).await?;
    world.model.push(as_root("id -u"));
    world.model.push(Answer::text("Done."));
    let posted = world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": "now" })).await?;
    let run = posted["run"]["id"].as_str().context("no run")?.to_owned();
    let asked = card(&world, &mut watch, &run).await?;
    ensure!(asked["risk"] == "high" && asked["exec"]["user"] == "root", "{asked}");
    ensure!(asked["exec"]["power"]["as"] == "root" && asked["proposal"].is_null(), "{asked}");
    ensure!(
        asked["exec"]["reasons"][0].as_str().context("no reason")?.contains("as root in the container"),
        "{asked}"
    );
    ensure!(asked["effects"]["secrets"] == json!([]), "{asked}");
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(
        exec["output_text"].as_str().context("no output")?.trim() == "0" && exec["under"].is_null(),
        "{exec}"
    );

    // Switched off while the card waits: the yes is no yes any more.
    world.model.push(as_root("touch /root/never"));
    world.model.push(Answer::text("Then not."));
    let posted = world.owner.post(&format!("/chats/{chat}/messages"), &json!({ "text": "again" })).await?;
    let run = posted["run"]["id"].as_str().context("no run")?.to_owned();
    card(&world, &mut watch, &run).await?;
    switch(&world, "off").await?;
    world.owner.decide(&run, "allow_once", None).await?;
    world.owner.ended(&run).await?;
    ensure!(world.exec(&run).await?["error"]["code"] == "elevated_off");
    ensure!(!std::path::Path::new("/root/never").exists());
    let audit = world.owner.get("/audit?kind=elevated.changed").await?;
    let levels: Vec<_> =
        audit["items"].as_array().context("no audit")?.iter().map(|row| &row["data"]["level"]).collect();
    ensure!(levels.len() == 2, "{audit}");
    Ok(())
}

#[tokio::test]
async fn i6_no_token_switches_root_on() -> Result<()> {
    let world = World::start().await?;
    let token =
        world.owner.post("/tokens", &json!({ "name": "outside", "scopes": ["read", "chat", "run"] })).await?;
    let value = token["token"].as_str().context("no value")?;
    let url = format!("{}/api/v1/elevated", world.stack.url());
    let http = reqwest::Client::new();
    let response = http.put(&url).bearer_auth(value).json(&json!({ "level": "commands" })).send().await?;
    ensure!(response.status() == 403, "{response:?}");
    let shown: Value = http.get(&url).bearer_auth(value).send().await?.json().await?;
    ensure!(shown["level"] == "off", "{shown}");
    Ok(())
}

#[tokio::test]
async fn s4_p3_i6_what_a_token_s_run_wants_as_root_is_asked_although_a_rule_allows_the_same_words()
-> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    switch(&world, "commands").await?;
    let token =
        world.owner.post("/tokens", &json!({ "name": "outside", "scopes": ["read", "chat", "run"] })).await?;
    let (id, value) =
        (token["id"].as_str().context("no id")?, token["token"].as_str().context("no value")?.to_owned());
    let auto = world.owner.request(Method::PUT, &format!("/tokens/{id}/mode"));
    world.owner.send(auto.json(&json!({ "mode": "auto" }))).await?;
    let program = std::fs::canonicalize("/usr/bin/mkdir")?;
    let folder = std::fs::canonicalize(world.stack.path("work"))?;
    let body = json!({ "program": program, "words": ["-p", "out"], "folder": folder, "until": null });
    let rule = world.owner.post("/rules", &body).await?;

    let (http, url) = (reqwest::Client::new(), format!("{}/api/v1", world.stack.url()));
    let post = async |path: String, body: Value| -> Result<Value> {
        let request = http.post(format!("{url}{path}")).bearer_auth(&value).json(&body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    };
    let chat = post("/chats".to_owned(), json!({})).await?["id"].as_str().context("no chat")?.to_owned();
    let say = async || -> Result<String> {
        let posted = post(format!("/chats/{chat}/messages"), json!({ "text": "make it" })).await?;
        Ok(posted["run"]["id"].as_str().context("no run")?.to_owned())
    };
    // As the commands' user the rule allows it, also in such a run.
    world.model.push(Answer::command("mkdir -p out"));
    world.model.push(Answer::text("Done."));
    let run = say().await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(exec["under"]["rule"] == rule["id"] && exec["power"]["as"] != "root", "{exec}");
    std::fs::remove_dir(folder.join("out"))?;

    let as_root = json!({ "command": "mkdir -p out", "why": "it needs root", "elevated": true });
    world.model.push(Answer::tool("shell_run", &as_root));
    world.model.push(Answer::text("Done."));
    let run = say().await?;
    let asked = card(&world, &mut watch, &run).await?;
    ensure!(
        asked["state"] == "waiting" && asked["risk"] == "high" && asked["exec"]["power"]["as"] == "root",
        "{asked}"
    );
    ensure!(asked["proposal"].is_null() && asked["no_rule"].is_string(), "nor can there be one: {asked}");
    ensure!(!folder.join("out").exists(), "it waits");
    // The program that wants it can't say yes to it.
    let path = format!("{url}/approvals/{}/decision", asked["id"].as_str().context("no id")?);
    let yes = json!({ "decision": "allow_once", "digest": asked["digest"], "nonce": asked["nonce"] });
    let refused = http.post(&path).bearer_auth(&value).json(&yes).send().await?;
    ensure!(refused.status() == 403, "{refused:?}");
    // The owner's own answer runs it, under nothing else, and the rule was not used for it.
    world.owner.decide(&run, "allow_once", None).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let exec = world.exec(&run).await?;
    ensure!(exec["under"].is_null() && exec["exit"]["code"] == 0 && exec["user"] == "root", "{exec}");
    let rule = world.owner.get(&format!("/rules/{}", rule["id"].as_str().context("no rule")?)).await?;
    ensure!(rule["used"] == 1, "{rule}");
    Ok(())
}

#[tokio::test]
async fn s4_the_helper_s_card_shows_what_apt_says_and_a_package_nobody_knows_is_refused() -> Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let mut world = World::start().await?;
    let mut watch = world.owner.watch(0).await?;
    switch(&world, "packages").await?;
    // What the machine of this test has installed is simulated only: the card is denied.
    world.model.push(Answer::tool(
        "package_install",
        &json!({ "packages": ["no-such-package-at-all"], "why": "w" }),
    ));
    world.model.push(Answer::tool("package_refresh", &json!({ "why": "the lists may be old" })));
    world.model.push(Answer::text("Then not."));
    let (_, run) = world.owner.say("install something").await?;
    let asked = card(&world, &mut watch, &run).await?;
    ensure!(asked["exec"]["power"]["task"]["task"] == "refresh" && asked["risk"] == "high", "{asked}");
    ensure!(
        asked["exec"]["command"].as_str().context("no command")?.starts_with("/usr/bin/apt-get "),
        "{asked}"
    );
    ensure!(asked["exec"]["user"] == "root", "{asked}");
    let edit =
        json!({ "decision": "edit", "digest": asked["digest"], "nonce": asked["nonce"], "command": "id" });
    let path = format!("/approvals/{}/decision", asked["id"].as_str().context("no id")?);
    ensure!(world.owner.refused(&path, &edit).await?.1 == "invalid_field");
    world.owner.decide(&run, "deny", Some("not now")).await?;
    ensure!(world.owner.ended(&run).await?["state"] == "succeeded");
    let first = world.exec(&run).await?;
    ensure!(first["error"]["code"] == "packages_refused", "{first}");
    world.model.request().await?;
    let told = world.model.request().await?;
    let told = told["messages"].as_array().and_then(|all| all.last()).context("no messages")?.clone();
    ensure!(told["content"].as_str().context("no text")?.contains("no-such-package-at-all"), "{told}");
    Ok(())
}
