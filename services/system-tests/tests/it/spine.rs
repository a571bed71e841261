//! The whole loop: claim, chat, approve, output, answer.

use anyhow::{Context as _, Result};
use metatron_testkit::client::{Frame, Owner};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use serde_json::json;

#[tokio::test]
async fn from_claim_to_answer_with_the_owner_s_word_in_between() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(Answer::command("echo 'made by the AI' > made.txt && cat made.txt"));
    world.model.push(Answer::text("The file **made.txt** is there."));
    let mut watch = world.owner.watch(0).await?;
    let (chat, run) = world.owner.say("make a file").await?;

    let asked = watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    assert_eq!(world.owner.get(&format!("/runs/{run}")).await?["state"], "waiting_approval");
    assert!(!world.stack.path("work/made.txt").exists(), "nothing runs before the owner's word");
    let card =
        world.owner.get(&format!("/approvals/{}", asked["subject"].as_str().context("no id")?)).await?;
    assert_eq!(card["exec"]["command"], "echo 'made by the AI' > made.txt && cat made.txt");
    assert_eq!(card["exec"]["why"], "the script says so");
    world.owner.decide(&run, "allow_once", None).await?;

    let ended = watch.fact("exec.ended", |event| event["run_id"] == run.as_str()).await?;
    assert_eq!(ended["data"]["state"], "ended");
    watch.fact("run.ended", |event| event["run_id"] == run.as_str()).await?;
    let detail = world.owner.get(&format!("/runs/{run}")).await?;
    assert_eq!(detail["state"], "succeeded", "{detail}");
    let exec = &detail["execs"][0];
    assert_eq!(exec["exit"]["code"], 0, "{exec}");
    assert!(exec["output_text"].as_str().context("no output")?.contains("made by the AI"));
    assert_eq!(world.owner.last_words(&chat).await?, "The file **made.txt** is there.");
    assert_eq!(std::fs::read_to_string(world.stack.path("work/made.txt"))?, "made by the AI\n");

    let first = world.model.request().await?;
    assert_eq!(first["messages"][1]["content"], "make a file");
    let second = world.model.request().await?;
    let told = second["messages"][3]["content"].as_str().context("no result")?;
    assert!(told.starts_with("[exit status 0]"), "{told}");
    assert!(told.contains("made by the AI"), "{told}");
    assert_eq!(world.model.unread(), 0);
    Ok(())
}

#[tokio::test]
async fn reading_needs_no_word_and_its_bytes_reach_a_viewer() -> Result<()> {
    let world = World::start().await?;
    world.model.push(Answer::command("echo one && echo two"));
    world.model.push(Answer::text("Read."));
    let (_, run) = world.owner.say("look").await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    let exec = world.exec(&run).await?;
    assert!(exec["approval_id"].is_null(), "{exec}");
    let terminal = exec["terminal_id"].as_str().context("no terminal")?;
    let mut watch = world.owner.watch(0).await?;
    watch.subscribe(&json!({ "topic": format!("terminal.{terminal}"), "from": 5 })).await?;
    let mut bytes = Vec::new();
    while bytes.len() < 5 {
        if let Frame::Bytes(_, offset, more) = watch.frame().await? {
            assert_eq!(offset, 5 + bytes.len() as u64);
            bytes.extend(more);
        }
    }
    assert_eq!(bytes, b"two\r\n", "from the offset that was asked for, byte for byte");
    Ok(())
}

#[tokio::test]
async fn a_no_with_a_reason_is_read_by_the_model_and_nothing_runs() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(Answer::command("touch never.txt"));
    world.model.push(Answer::text("I leave it."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("do it").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.owner.decide(&run, "deny", Some("not on a Sunday")).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    world.model.request().await?;
    let second = world.model.request().await?;
    assert!(second["messages"][3]["content"].as_str().context("no result")?.contains("not on a Sunday"));
    assert!(!world.stack.path("work/never.txt").exists());
    Ok(())
}

#[tokio::test]
async fn what_the_policy_denies_asks_nobody() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(Answer::command("rm -rf /"));
    world.model.push(Answer::text("It is forbidden."));
    let (_, run) = world.owner.say("wipe it").await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    let exec = world.exec(&run).await?;
    assert_eq!(exec["state"], "denied");
    world.model.request().await?;
    let second = world.model.request().await?;
    assert!(
        second["messages"][3]["content"].as_str().context("no result")?.contains("forbidden by the policy")
    );
    Ok(())
}

#[tokio::test]
async fn an_approval_is_answered_once_and_only_for_what_was_seen() -> Result<()> {
    let world = World::start().await?;
    world.model.push(Answer::command("touch once.txt"));
    world.model.push(Answer::text("Done."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("do it").await?;
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    let id = asked["subject"].as_str().context("no id")?;
    let card = world.owner.get(&format!("/approvals/{id}")).await?;
    let path = format!("/approvals/{id}/decision");
    let other = json!({ "decision": "allow_once", "digest": "00", "nonce": card["nonce"] });
    assert_eq!(world.owner.refused(&path, &other).await?.1, "digest_mismatch");
    let answer = json!({ "decision": "allow_once", "digest": card["digest"], "nonce": card["nonce"] });
    world.owner.post(&path, &answer).await?;
    assert_eq!(world.owner.refused(&path, &answer).await?.1, "approval_already_decided");
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    Ok(())
}

#[tokio::test]
async fn an_instance_has_one_owner() -> Result<()> {
    let world = World::start().await?;
    assert!(Owner::claim(&world.stack.url(), "AAAA-BBBB").await.is_err());
    assert!(Owner::login(&world.stack.url()).await.is_ok());
    Ok(())
}
