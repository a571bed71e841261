//! Two drivers, one keyboard: the AI opens a terminal, asks for its keyboard, types, reads and waits; the owner's word and
//! the owner's keys count above it (SECURITY section 4, B7).

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::client::Watch;
use metatron_testkit::model::{Answer, Gate};
use metatron_testkit::world::World;
use serde_json::{Value, json};

use crate::terminal::{Tab, recording};

/// A run that has a shell in a terminal of its own.
pub(crate) struct Scene {
    pub(crate) world: World,
    watch: Watch,
    chat: String,
    run: String,
    terminal: String,
}

/// What the model was told last.
pub(crate) fn told(request: &Value) -> Result<&str> {
    let messages = request["messages"].as_array().context("no messages")?;
    let last = messages.iter().rev().find(|message| message["role"] == "tool").context("no result")?;
    last["content"].as_str().context("no text")
}

fn types(terminal: &str, text: &str) -> Answer {
    Answer::tool("terminal_type", &json!({ "terminal": terminal, "text": text, "why": "to see what comes" }))
}

pub(crate) fn waits(terminal: &str, until: &str, value: &str) -> Answer {
    let wanted = json!({ "terminal": terminal, "until": until, "value": value, "seconds": 60 });
    Answer::tool("terminal_wait", &wanted)
}

impl Scene {
    /// The model asks for a command in a terminal; nobody has answered yet.
    async fn ask(world: World, tool: &str, arguments: &Value) -> Result<Self> {
        let mut watch = world.owner.watch(0).await?;
        world.model.push(Answer::tool(tool, arguments));
        let (chat, run) = world.owner.say("use a terminal").await?;
        let mut scene =
            Self { watch: world.owner.watch(0).await?, world, chat, run, terminal: String::new() };
        let card = scene.card().await?;
        watch.fact("exec.proposed", |event| event["run_id"] == scene.run.as_str()).await?;
        scene.terminal = card["exec"]["terminal_id"].as_str().context("no terminal")?.to_owned();
        Ok(scene)
    }

    /// A shell is open; the model does next what `then` says of its terminal.
    pub(crate) async fn open(then: impl Fn(&str) -> Vec<Answer>) -> Result<Self> {
        let world = World::start().await?;
        let mut scene = Self::ask(world, "terminal_open", &json!({ "why": "to work in it" })).await?;
        for answer in then(&scene.terminal) {
            scene.world.model.push(answer);
        }
        scene.yes().await?;
        scene.world.model.request().await?;
        Ok(scene)
    }

    /// The next question that this run asks.
    async fn card(&mut self) -> Result<Value> {
        let run = self.run.clone();
        let asked = self.watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
        let id = asked["subject"].as_str().context("no id")?.to_owned();
        self.world.owner.get(&format!("/approvals/{id}")).await
    }

    async fn yes(&self) -> Result<Value> {
        self.world.owner.decide(&self.run, "allow_once", None).await
    }

    /// What the model is told next.
    pub(crate) async fn told(&mut self) -> Result<String> {
        let request = self.world.model.request().await?;
        Ok(told(&request)?.to_owned())
    }

    pub(crate) async fn ends(&mut self) -> Result<Value> {
        self.world.owner.ended(&self.run).await
    }

    /// The keyboard is in the run's hands, and `echo ready` was typed.
    async fn handed(then: impl Fn(&str) -> Vec<Answer>) -> Result<Self> {
        let first = |id: &str| vec![types(id, "echo rea''dy\n")];
        let mut scene = Self::open(|id| first(id).into_iter().chain(then(id)).collect()).await?;
        scene.told().await?;
        scene.card().await?;
        scene.yes().await?;
        let told = scene.told().await?;
        ensure!(told.starts_with("[typed]") && told.contains("\nready"), "{told}");
        Ok(scene)
    }
}

#[tokio::test]
async fn the_ai_works_in_a_terminal_after_the_owner_has_handed_it_the_keyboard() -> Result<()> {
    let mut scene = Scene::open(|id| {
        vec![
            types(id, "echo $((6 * 7))-ok\n"),
            waits(id, "pattern", "^42-ok"),
            Answer::tool("terminal_read", &json!({ "terminal": id, "what": "lines" })),
            Answer::tool(
                "terminal_type",
                &json!({ "terminal": id, "keys": ["Up", "Enter"], "why": "again" }),
            ),
            types(id, "exit 7\n"),
            waits(id, "exit", ""),
            Answer::text("Done."),
        ]
    })
    .await?;
    let opened = scene.told().await?;
    assert!(opened.contains(&format!("it runs on in terminal {}", scene.terminal)), "{opened}");
    assert!(opened.contains("waits for input") && opened.contains('$'), "{opened}");

    let card = scene.card().await?;
    assert_eq!(card["hand"]["text"], "echo $((6 * 7))-ok\n", "{card}");
    assert_eq!(
        (&card["hand"]["terminal_id"], &card["hand"]["minutes"]),
        (&json!(scene.terminal), &json!(10))
    );
    assert_eq!((&card["hand"]["kind"], &card["exec"]), (&json!("command"), &Value::Null), "{card}");
    let run = scene.world.owner.get(&format!("/runs/{}", scene.run)).await?;
    assert_eq!(run["state"], "waiting_approval", "it holds nothing while it waits");
    let bytes = recording(&scene.world.owner, &scene.terminal).await?;
    assert!(!String::from_utf8_lossy(&bytes).contains("42"), "nothing is typed before the owner's word");
    let yes = scene.yes().await?;
    assert_eq!(yes["state"], "allowed", "{yes}");

    let typed = scene.told().await?;
    assert!(typed.starts_with("[typed]\n[terminal") && typed.contains("\n42-ok"), "{typed}");
    assert!(typed.contains("you have the keyboard until"), "{typed}");
    let came = scene.told().await?;
    assert!(came.starts_with("[it has come about]") && came.contains("\n42-ok"), "{came}");
    let lines = scene.told().await?;
    assert!(lines.starts_with("[lines from 0 of") && lines.contains("\n42-ok"), "{lines}");
    let again = scene.told().await?;
    assert_eq!(again.matches("\n42-ok").count(), 2, "one grant is good until its time is over: {again}");
    scene.told().await?;
    let ended = scene.told().await?;
    assert!(ended.starts_with("[exit status 7]"), "{ended}");
    assert_eq!(scene.ends().await?["state"], "succeeded");
    let parts = scene.world.owner.get(&format!("/chats/{}/messages", scene.chat)).await?;
    assert!(parts.to_string().contains(r#""type":"hand""#), "{parts}");
    Ok(())
}

#[tokio::test]
async fn a_no_to_the_keyboard_is_told_with_its_reason_and_nothing_is_typed() -> Result<()> {
    let mut scene = Scene::open(|id| vec![types(id, "touch no''pe\n"), Answer::text("Then not.")]).await?;
    scene.told().await?;
    scene.card().await?;
    scene.world.owner.decide(&scene.run, "deny", Some("not in there")).await?;
    let no = scene.told().await?;
    assert!(no.contains("does not hand the keyboard over") && no.contains("not in there"), "{no}");
    assert_eq!(scene.ends().await?["state"], "succeeded");
    assert!(!scene.world.stack.path("work/nope").exists());
    // The end of a run leaves its terminal: the next run of the conversation finds it, and nobody else's.
    let list = scene.world.owner.get("/terminals?state=open").await?;
    assert_eq!(list["items"][0]["id"], scene.terminal.as_str(), "{list}");
    let read = Answer::tool("terminal_read", &json!({ "terminal": scene.terminal }));
    scene.world.model.push(read.clone());
    scene.world.model.push(Answer::text("There it is."));
    let path = format!("/chats/{}/messages", scene.chat);
    scene.world.owner.post(&path, &json!({ "text": "look again" })).await?;
    let request = scene.world.model.request().await?;
    let system = request["messages"][0]["content"].as_str().context("no prompt")?;
    assert!(system.contains(&scene.terminal), "{system}");
    assert!(scene.told().await?.contains("waits for input"));
    scene.world.model.push(read);
    scene.world.model.push(Answer::text("Not mine."));
    scene.world.owner.say("look there").await?;
    scene.world.model.request().await?;
    assert!(scene.told().await?.starts_with("[no such terminal in this conversation"));
    Ok(())
}

#[tokio::test]
async fn a_key_of_the_owner_takes_the_keyboard_and_the_ai_is_told() -> Result<()> {
    let gate = Gate::default();
    let mut scene = Scene::handed(|id| {
        let text = json!({ "terminal": id, "text": "echo mi''ne\n", "why": "to go on" }).to_string();
        let held = || Answer::build().hold(&gate).call(0, "terminal_type", &text).finish("tool_calls");
        vec![held(), held(), Answer::text("I stop.")]
    })
    .await?;
    let mut tab = Tab::on(&scene.world.owner, &scene.terminal, json!(0)).await?;
    tab.types("echo yo''urs\r").await?;
    tab.until("yours\r\n").await?;
    gate.open();
    let refused = scene.told().await?;
    assert!(refused.starts_with("[not typed: the owner has taken the keyboard"), "{refused}");
    gate.open();
    // Once it knows, it may ask again.
    scene.card().await?;
    scene.world.owner.decide(&scene.run, "deny", None).await?;
    scene.told().await?;
    assert_eq!(scene.ends().await?["state"], "succeeded");
    let bytes = recording(&scene.world.owner, &scene.terminal).await?;
    assert!(!String::from_utf8_lossy(&bytes).contains("\nmine"), "not one letter of it");
    Ok(())
}

#[tokio::test]
async fn a_keyboard_that_is_taken_back_by_its_button_types_no_more() -> Result<()> {
    let gate = Gate::default();
    let mut scene = Scene::handed(|id| {
        let text = json!({ "terminal": id, "text": "echo mi''ne\n", "why": "to go on" }).to_string();
        let held = Answer::build().hold(&gate).call(0, "terminal_type", &text).finish("tool_calls");
        vec![held, Answer::text("I stop.")]
    })
    .await?;
    let path = format!("/terminals/{}/take", scene.terminal);
    let taken = scene.world.owner.post(&path, &json!({})).await?;
    assert_eq!(taken["driver"]["by"], "owner", "{taken}");
    gate.open();
    let refused = scene.told().await?;
    assert!(refused.starts_with("[not typed: the owner has taken the keyboard"), "{refused}");
    assert_eq!(scene.ends().await?["state"], "succeeded");
    Ok(())
}

#[tokio::test]
async fn what_the_policy_denies_is_never_typed_and_asks_nobody() -> Result<()> {
    let mut scene = Scene::open(|id| vec![types(id, "rm -rf /\n"), Answer::text("It is forbidden.")]).await?;
    scene.told().await?;
    let refused = scene.told().await?;
    assert!(refused.starts_with("[not typed: forbidden by the policy]"), "{refused}");
    assert_eq!(scene.ends().await?["state"], "succeeded");
    let asked = scene.world.owner.get("/approvals?state=history").await?;
    assert_eq!(asked["items"].as_array().context("no list")?.len(), 1, "only its start was asked: {asked}");
    Ok(())
}

#[tokio::test]
async fn a_password_is_the_owners_to_type_and_then_the_ai_goes_on() -> Result<()> {
    let mut scene = Scene::handed(|id| {
        vec![
            types(id, "read -rs it; echo \"<${#it}>\"\n"),
            types(id, "guess\n"),
            waits(id, "pattern", "^<\\d+>"),
            Answer::text("Done."),
        ]
    })
    .await?;
    let terminal = scene.terminal.clone();
    let mine = |event: &Value| event["subject"] == terminal.as_str() && event["data"]["waits"] == "password";
    let asks = scene.watch.fact("terminal.waits", mine).await?;
    assert_eq!(asks["data"]["driver"]["paused"], true, "{asks}");
    scene.told().await?;
    let refused = scene.told().await?;
    assert!(refused.contains("asks for a password, and only the owner may answer"), "{refused}");
    let path = format!("/terminals/{terminal}/secret");
    scene.world.owner.post(&path, &json!({ "text": "hunter2" })).await?;
    let came = scene.told().await?;
    assert!(came.starts_with("[it has come about]") && came.contains("\n<7>"), "{came}");
    assert_eq!(scene.ends().await?["state"], "succeeded");
    Ok(())
}

#[tokio::test]
async fn a_command_that_waits_for_input_is_told_with_its_screen_and_can_be_answered() -> Result<()> {
    let command = json!({ "command": "touch x; read -rp 'Continue? ' it; echo \"<$it>\"", "why": "to ask" });
    let mut scene = Scene::ask(World::start().await?, "shell_run", &command).await?;
    let id = scene.terminal.clone();
    for answer in [types(&id, "yes\n"), waits(&id, "exit", ""), Answer::text("Done.")] {
        scene.world.model.push(answer);
    }
    scene.yes().await?;
    scene.world.model.request().await?;
    let asks = scene.told().await?;
    assert!(asks.contains("waits for input") && asks.contains("\nContinue?"), "{asks}");
    scene.card().await?;
    scene.yes().await?;
    let typed = scene.told().await?;
    assert!(typed.starts_with("[typed]"), "{typed}");
    let ended = scene.told().await?;
    assert!(ended.starts_with("[exit status 0]") && ended.contains("<yes>"), "{ended}");
    assert_eq!(scene.ends().await?["state"], "succeeded");
    let exec = scene.world.exec(&scene.run).await?;
    assert_eq!((&exec["state"], &exec["exit"]["code"]), (&json!("ended"), &json!(0)), "{exec}");
    Ok(())
}

#[tokio::test]
async fn b7_the_owners_terminal_is_neither_seen_nor_typed_into_without_the_owners_word() -> Result<()> {
    let mut world = World::start().await?;
    let mut tab = Tab::open(&world.owner).await?;
    tab.types("echo sec''ret\r").await?;
    tab.until("secret\r\n").await?;
    let read = Answer::tool("terminal_read", &json!({ "terminal": tab.id }));
    for answer in [read.clone(), types(&tab.id, "echo fr''om-ai\n"), read, Answer::text("Done.")] {
        world.model.push(answer);
    }
    let mut watch = world.owner.watch(0).await?;
    let (_, run) = world.owner.say("help me there").await?;
    world.model.request().await?;
    let request = world.model.request().await?;
    let refused = told(&request)?;
    assert!(refused.contains("only while its keyboard is in your hands"), "{refused}");
    let asked = watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
    let card =
        world.owner.get(&format!("/approvals/{}", asked["subject"].as_str().context("no id")?)).await?;
    assert_eq!(card["hand"]["kind"], "owner", "{card}");
    world.owner.decide(&run, "allow_once", None).await?;
    tab.until("from-ai\r\n").await?;
    world.model.request().await?;
    let request = world.model.request().await?;
    assert!(told(&request)?.contains("secret"), "now it is seen");
    assert_eq!(world.owner.ended(&run).await?["state"], "succeeded");
    Ok(())
}

#[tokio::test]
async fn a_stop_takes_the_question_back_and_ends_the_runs_terminals() -> Result<()> {
    let mut scene = Scene::open(|id| vec![types(id, "echo never\n")]).await?;
    scene.told().await?;
    let card = scene.card().await?;
    scene.world.owner.post(&format!("/runs/{}/stop", scene.run), &json!({})).await?;
    assert_eq!(scene.ends().await?["state"], "cancelled");
    let id = card["id"].as_str().context("no id")?;
    assert_eq!(scene.world.owner.get(&format!("/approvals/{id}")).await?["state"], "withdrawn");
    let exec = scene.world.exec(&scene.run).await?;
    assert_eq!(exec["exit"]["how"], "stopped", "{exec}");
    let answer = json!({ "decision": "allow_once", "digest": card["digest"], "nonce": card["nonce"] });
    let path = format!("/approvals/{id}/decision");
    assert_eq!(scene.world.owner.refused(&path, &answer).await?.1, "approval_already_decided");
    Ok(())
}

#[tokio::test]
async fn the_keyboard_is_handed_over_only_for_what_the_owner_saw() -> Result<()> {
    let mut scene = Scene::open(|id| vec![types(id, "echo o''nce\n"), Answer::text("Done.")]).await?;
    scene.told().await?;
    let card = scene.card().await?;
    let path = format!("/approvals/{}/decision", card["id"].as_str().context("no id")?);
    let other = json!({ "decision": "allow_once", "digest": "00", "nonce": card["nonce"] });
    assert_eq!(scene.world.owner.refused(&path, &other).await?.1, "digest_mismatch");
    let terminal = scene.world.owner.get(&format!("/terminals/{}", scene.terminal)).await?;
    assert_eq!(terminal["driver"].get("until"), None, "not handed over: {terminal}");
    scene.yes().await?;
    assert!(scene.told().await?.contains("\nonce"));
    assert_eq!(scene.ends().await?["state"], "succeeded");
    Ok(())
}

#[tokio::test]
async fn a_keyboard_that_was_handed_to_a_run_is_the_owners_again_when_the_run_is_over() -> Result<()> {
    let mut scene = Scene::handed(|_| vec![Answer::text("Done.")]).await?;
    let terminal = scene.terminal.clone();
    let mut watch = scene.world.owner.watch(scene.watch.last).await?;
    assert_eq!(scene.ends().await?["state"], "succeeded");
    let back =
        |event: &Value| event["subject"] == terminal.as_str() && event["data"]["driver"]["by"] == "owner";
    watch.fact("terminal.drive", back).await?;
    let now = scene.world.owner.get(&format!("/terminals/{terminal}")).await?;
    assert_eq!((&now["driver"]["by"], &now["state"]), (&json!("owner"), &json!("running")), "{now}");
    Ok(())
}

#[tokio::test]
async fn handing_over_where_the_terminal_is_shown_answers_the_run_that_waits_for_it() -> Result<()> {
    let mut scene = Scene::open(|id| vec![types(id, "echo o''nce\n"), Answer::text("Done.")]).await?;
    scene.told().await?;
    let card = scene.card().await?;
    let hand = json!({ "run_id": scene.run, "minutes": 5 });
    scene.world.owner.post(&format!("/terminals/{}/hand", scene.terminal), &hand).await?;
    assert!(scene.told().await?.contains("\nonce"));
    assert_eq!(scene.ends().await?["state"], "succeeded");
    let path = format!("/approvals/{}", card["id"].as_str().context("no id")?);
    let question = scene.world.owner.get(&path).await?;
    assert_eq!(question["state"], "allowed", "{question}");
    assert!(question["decided_from"]["address"].is_string(), "{question}");
    let late = json!({ "decision": "deny", "digest": card["digest"], "nonce": card["nonce"] });
    let refused = scene.world.owner.refused(&format!("{path}/decision"), &late).await?;
    assert_eq!(refused.1, "approval_already_decided");
    Ok(())
}
