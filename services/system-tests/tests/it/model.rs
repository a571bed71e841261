//! Models that fail: each failure has a cause and a next step for the owner, and costs nothing that was accepted.

use anyhow::{Context as _, Result};
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use serde_json::{Value, json};

async fn fails(world: &World) -> Result<Value> {
    let (_, run) = world.owner.say("hello").await?;
    let ended = world.owner.ended(&run).await?;
    assert_eq!(ended["state"], "failed", "{ended}");
    let error = ended["error"].clone();
    assert!(!error["next_step"].as_str().context("no next step")?.is_empty(), "{error}");
    Ok(error)
}

#[tokio::test]
async fn a_refused_key_is_named_and_never_shown() -> Result<()> {
    let world = World::start().await?;
    world.model.push(Answer::refusal(401, "Incorrect API key provided"));
    let error = fails(&world).await?;
    assert_eq!(error["code"], "model_key_refused");
    for name in metatron_testkit::stack::SERVICES {
        assert!(!world.stack.log(name).contains("sk-planted-secret"), "I19: {name} logs the key");
    }
    Ok(())
}

#[tokio::test]
async fn a_base_url_where_nothing_answers_is_named() -> Result<()> {
    let world = World::start().await?;
    // Port 9 on loopback is discard: nobody listens there.
    world.owner.connect_model("http://127.0.0.1:9/v1").await?;
    let error = fails(&world).await?;
    assert_eq!(error["code"], "model_unreachable");
    assert!(error["detail"].as_str().context("no detail")?.contains("127.0.0.1:9"));
    Ok(())
}

#[tokio::test]
async fn a_stream_cut_in_the_middle_is_asked_again_and_its_text_replaced() -> Result<()> {
    let mut world = World::start().await?;
    let arguments = json!({ "command": "touch partial.txt", "why": "x" }).to_string();
    world.model.push(Answer::build().say("This is half of").call(0, "shell_run", &arguments).cut());
    world.model.push(Answer::text("This is whole."));
    let (chat, run) = world.owner.say("hello").await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "This is whole.");
    assert!(world.owner.get(&format!("/runs/{run}")).await?["execs"].as_array().is_some_and(Vec::is_empty));
    world.model.request().await?;
    world.model.request().await?;
    assert_eq!(world.owner.get(&format!("/runs/{run}")).await?["turns"], 2, "both attempts are charged");
    Ok(())
}

#[tokio::test]
async fn a_stream_that_is_always_cut_ends_the_run_with_a_cause() -> Result<()> {
    let world = World::start().await?;
    for _ in 0..3 {
        world.model.push(Answer::build().say("half").cut());
    }
    assert_eq!(fails(&world).await?["code"], "model_cut");
    Ok(())
}

#[tokio::test]
async fn arguments_that_make_no_sense_go_back_to_the_model() -> Result<()> {
    let mut world = World::start().await?;
    world.model.push(
        Answer::build().call(0, "shell_run", "{\"command\":7}").call(1, "launch", "{}").finish("tool_calls"),
    );
    world.model.push(Answer::text("Sorry."));
    let (chat, run) = world.owner.say("hello").await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    assert_eq!(world.owner.last_words(&chat).await?, "Sorry.");
    world.model.request().await?;
    let second = world.model.request().await?;
    assert!(second["messages"][3]["content"].as_str().context("no result")?.contains("can't be read"));
    assert!(second["messages"][4]["content"].as_str().context("no result")?.contains("no such tool"));
    Ok(())
}

#[tokio::test]
async fn a_command_that_does_not_exist_and_binary_output_are_results_like_others() -> Result<()> {
    let mut world = World::start().await?;
    let both = "no-such-program-here; head -c 64 /dev/urandom; printf '\\377\\000\\033[31mred'";
    world.model.push(Answer::command(both));
    world.model.push(Answer::text("Odd."));
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("hello").await?;
    watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    world.owner.decide(&run, "allow_once", None).await?;
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    world.model.request().await?;
    let second = world.model.request().await?;
    let told = second["messages"][3]["content"].as_str().context("no result")?;
    assert!(told.contains("command not found"), "{told:?}");
    assert!(!told.contains('\u{1b}'), "escape codes never reach the model: {told:?}");
    Ok(())
}

#[tokio::test]
async fn the_same_call_three_times_in_a_row_ends_the_run() -> Result<()> {
    let world = World::start().await?;
    for _ in 0..3 {
        world.model.push(Answer::command("echo again"));
    }
    assert_eq!(fails(&world).await?["code"], "run_limit");
    Ok(())
}
