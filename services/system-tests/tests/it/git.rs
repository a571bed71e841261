//! The AI looks at a repository by its own tool, without a question, in every mode. SECURITY section 4.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::json;

fn git(folder: &Path, words: &[&str]) -> Result<()> {
    let done = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"])
        .args(words)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .context("git is missing")?;
    ensure!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

#[tokio::test]
async fn a_look_at_a_repository_needs_no_question_even_where_only_reading_is_allowed() -> Result<()> {
    let mut world = World::start().await?;
    let top = world.stack.path("work/repo");
    std::fs::create_dir(&top)?;
    git(&top, &["init", "-q"])?;
    std::fs::write(top.join("a.txt"), "one\n")?;
    git(&top, &["add", "-A"])?;
    git(&top, &["commit", "-qm", "the first of all"])?;
    ensure!(Command::new("chmod").args(["-R", "a+rX"]).arg(&top).status()?.success());

    let chat = world.owner.post("/chats", &json!({})).await?;
    let id = chat["id"].as_str().context("no id")?;
    let plan = json!({ "mode": "plan" });
    world.owner.send(world.owner.request(Method::PUT, &format!("/chats/{id}/mode")).json(&plan)).await?;
    let look = json!({ "what": "log", "folder": top, "patch": true, "why": "to see" });
    world.model.push(Answer::tool("git_read", &look));
    world.model.push(Answer::tool("git_read", &json!({ "what": "log", "revision": "--output=x" })));
    world.model.push(Answer::command("git status"));
    world.model.push(Answer::text("So it is."));
    let posted = world.owner.post(&format!("/chats/{id}/messages"), &json!({ "text": "look" })).await?;
    let run = posted["run"]["id"].as_str().context("no run")?;
    ensure!(world.owner.ended(run).await?["state"] == "succeeded");

    let detail = world.owner.get(&format!("/runs/{run}")).await?;
    let (looked, by_words) = (&detail["execs"][0], &detail["execs"][1]);
    ensure!(looked["verdict"] == "allow" && looked["exit"]["code"] == 0, "{looked}");
    ensure!(looked["power"]["as"] == "git" && looked["approval_id"].is_null(), "{looked}");
    ensure!(by_words["error"]["code"] == "plan_mode", "by its own words git asks: {by_words}");
    let mut told = String::new();
    for _ in 0..4 {
        told = world.model.request().await?.to_string();
    }
    ensure!(told.contains("the first of all") && told.contains("+one"), "{told}");
    ensure!(told.contains("is no revision"), "{told}");
    Ok(())
}
