//! A second machine: its own address, link key and Redis user, a cable that is cut and put in again.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use metatron_bus::seal::LinkKey;
use metatron_testkit::client::{Owner, Watch};
use metatron_testkit::machine::Machine;
use metatron_testkit::model::Answer;
use metatron_testkit::world::World;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::terminal::{Tab, recording};

const HOST: &str = "build";
/// A cut is shown within this time.
const SHOWN: Duration = Duration::from_secs(10);

/// Two machines, of which the second has joined.
struct Pair {
    world: World,
    machine: Machine,
    papers: Value,
    watch: Watch,
}

impl Pair {
    async fn start() -> Result<Self> {
        let mut machine = Machine::new()?;
        let world = World::on(machine.stack()?).await?;
        let mut watch = world.owner.watch(0).await?;
        let papers = world.owner.post("/hosts", &json!({ "name": HOST })).await?;
        ensure!(papers["host"]["state"] == "waiting", "{papers}");
        machine.start(&papers)?;
        stands(&mut watch, "online").await?;
        Ok(Self { world, machine, papers, watch })
    }

    fn owner(&self) -> &Owner {
        &self.world.owner
    }

    async fn host(&self) -> Result<Value> {
        let hosts = self.owner().get("/hosts").await?;
        let items = hosts["items"].as_array().context("no list")?;
        items.iter().find(|host| host["name"] == HOST).cloned().context("it is not on the list")
    }

    /// Cuts the cable and waits until that is shown.
    async fn cut(&mut self) -> Result<()> {
        let cut = Instant::now();
        self.machine.cut()?;
        stands(&mut self.watch, "unreachable").await?;
        ensure!(cut.elapsed() < SHOWN, "shown after {:?}", cut.elapsed());
        Ok(())
    }

    async fn mend(&mut self) -> Result<()> {
        self.machine.mend()?;
        stands(&mut self.watch, "online").await
    }

    /// Asks for a command there, allows it and waits until it runs. Returns the run and the exec.
    async fn run(&mut self, command: &str) -> Result<(String, Value)> {
        self.world.model.push(Answer::command_on(HOST, command));
        self.world.model.push(Answer::text("done"));
        let (_, run) = self.owner().say("please").await?;
        self.watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
        self.owner().decide(&run, "allow_once", None).await?;
        self.watch.fact("exec.started", |event| event["run_id"] == run.as_str()).await?;
        let exec = self.world.exec(&run).await?;
        ensure!(exec["host"] == HOST, "{exec}");
        Ok((run, exec))
    }

    /// Has a command that only reads run there, and waits for its outcome.
    async fn reads(&self, text: &str) -> Result<()> {
        self.world.model.push(Answer::command_on(HOST, "pwd"));
        self.world.model.push(Answer::text("done"));
        let (_, run) = self.owner().say(text).await?;
        ensure!(self.owner().ended(&run).await?["state"] == "succeeded");
        ensure!(self.world.exec(&run).await?["state"] == "ended");
        Ok(())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.machine.path("work").join(name)
    }

    /// A pipe that a command there reads from.
    fn pipe(&self, name: &str) -> Result<PathBuf> {
        let path = self.file(name);
        ensure!(std::process::Command::new("mkfifo").arg(&path).status()?.success(), "no fifo");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666))?;
        Ok(path)
    }

    fn lines(&self, name: &str) -> Result<usize> {
        Ok(std::fs::read_to_string(self.file(name))?.lines().count())
    }
}

/// Waits for the fact that the second machine is in this state.
async fn stands(watch: &mut Watch, state: &str) -> Result<()> {
    watch
        .fact("host.changed", |event| event["subject"] == HOST && event["data"]["state"] == state)
        .await
        .with_context(|| format!("never {state}"))
        .map(drop)
}

fn release(pipe: &Path, word: &str) -> Result<()> {
    let mut pipe = std::fs::OpenOptions::new().write(true).open(pipe)?;
    Ok(writeln!(pipe, "{word}")?)
}

/// What a program that prints the numbers from 1 on, each behind `word`, shows.
fn numbers(word: &str, to: u32) -> String {
    (1..=to).fold(String::new(), |text, n| text + word + &n.to_string() + "\r\n")
}

#[tokio::test]
async fn what_runs_on_a_machine_that_is_cut_off_goes_on_and_nothing_of_it_is_lost_or_done_twice() -> Result<()>
{
    let mut pair = Pair::start().await?;
    let seen = pair.host().await?;
    ensure!(seen["state"] == "online" && seen["version"] == env!("CARGO_PKG_VERSION"), "{seen}");
    let go = pair.pipe("go")?;
    let command = format!(
        "echo started >> oracle; seq 1 3000; read -r word < {}; seq 3001 60000; echo \"got $word\"",
        go.display()
    );
    let (run, exec) = pair.run(&command).await?;
    let owner = pair.owner().clone();
    let mut shown = Tab::on(&owner, exec["terminal_id"].as_str().context("no id")?, json!(0)).await?;
    shown.until("\r\n3000\r\n").await?;
    let size = json!({ "columns": 80, "rows": 24 });
    let made = owner.post("/terminals", &json!({ "size": size, "host": HOST })).await?;
    ensure!(made["state"] == "running" && made["host"] == HOST && made["reachable"] == true, "{made}");
    let mut own = Tab::on(&owner, made["id"].as_str().context("no id")?, json!(0)).await?;
    own.types("for i in $(seq 1 800); do echo line $i; sleep 0.02; done; echo wh''ole\r").await?;
    own.until("line 20\r\n").await?;

    pair.cut().await?;
    let there = owner.get(&own.path("")).await?;
    ensure!(there["state"] == "running" && there["reachable"] == false, "{there}");
    ensure!(there["unreachable_since"].is_string(), "{there}");
    ensure!(pair.host().await?["state"] == "unreachable");
    let refused = owner.refused("/terminals", &json!({ "size": size, "host": HOST })).await?;
    ensure!(refused == (StatusCode::SERVICE_UNAVAILABLE, "shell_unavailable".to_owned()), "{refused:?}");
    // It goes on there, and ends there, while nobody can see it.
    release(&go, "word")?;
    let deadline = Instant::now() + Duration::from_secs(30);
    while !pair.machine.log().contains("a command ended") {
        ensure!(Instant::now() < deadline, "the command does not end:\n{}", pair.machine.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ensure!(owner.get(&format!("/runs/{run}")).await?["state"] == "waiting_command");

    pair.mend().await?;
    ensure!(owner.ended(&run).await?["state"] == "succeeded");
    let exec = pair.world.exec(&run).await?;
    ensure!(exec["state"] == "ended" && exec["exit"] == json!({ "how": "code", "code": 0 }), "{exec}");
    ensure!(pair.lines("oracle")? == 1, "it ran twice");
    let whole = format!("{}got word\r\n", numbers("", 60_000));
    ensure!(recording(&owner, &shown.id).await? == whole.as_bytes(), "the recording is not whole");
    shown.until("got word\r\n").await?;
    ensure!(shown.seen == whole.as_bytes(), "what was watched is not whole");
    own.until("whole\r\n").await?;
    let lines = numbers("line ", 800);
    let text = String::from_utf8_lossy(&own.seen).into_owned();
    ensure!(text.contains(&lines), "lines are missing: {text}");
    ensure!(recording(&owner, &own.id).await?.starts_with(&own.seen));
    ensure!(owner.get(&own.path("")).await?["reachable"] == true);
    // Screen, search and asciicast come from there as well.
    let found = owner.get(&own.path("/search?q=line%20799")).await?;
    ensure!(found["lines"].as_array().is_some_and(|lines| lines.len() == 1), "{found}");
    let cast = owner.request(Method::GET, &own.path("/cast")).send().await?.text().await?;
    ensure!(cast.contains("\"version\":2") && cast.contains("line 799"), "{cast}");
    Ok(())
}

#[tokio::test]
async fn a_stop_given_while_a_machine_is_cut_off_is_owed_and_carried_out_after() -> Result<()> {
    let mut pair = Pair::start().await?;
    let (run, _) = pair.run("echo started >> oracle; sleep 4713; echo never >> oracle").await?;
    pair.cut().await?;
    pair.owner().post(&format!("/runs/{run}/stop"), &json!({})).await?;
    // Asked in vain at least once.
    pair.world.stack.logged("pulse-worker", "the shell host does not answer the stop").await?;
    ensure!(pair.owner().get(&format!("/runs/{run}")).await?["ended_at"].is_null());
    pair.mend().await?;
    ensure!(pair.owner().ended(&run).await?["state"] == "cancelled");
    let exec = pair.world.exec(&run).await?;
    ensure!(exec["exit"]["how"] == "stopped", "{exec}");
    ensure!(pair.lines("oracle")? == 1);
    Ok(())
}

#[tokio::test]
async fn what_only_reads_runs_there_at_once_and_a_machine_that_nobody_knows_is_named_as_such() -> Result<()> {
    let mut pair = Pair::start().await?;
    pair.world.model.push(Answer::command_on("elsewhere", "true"));
    pair.world.model.push(Answer::command_on(HOST, "pwd"));
    pair.world.model.push(Answer::text("done"));
    let (_, run) = pair.owner().say("where").await?;
    ensure!(pair.owner().ended(&run).await?["state"] == "succeeded");
    let exec = pair.world.exec(&run).await?;
    let work = pair.machine.path("work").display().to_string();
    ensure!(
        exec["host"] == HOST && exec["output_text"].as_str().is_some_and(|text| text.trim() == work),
        "{exec}"
    );
    let offered = pair.world.model.request().await?.to_string();
    ensure!(offered.contains("The machine to run it on: local, build."), "{offered}");
    let told = pair.world.model.request().await?.to_string();
    ensure!(told.contains("there is no such host; there are: local, build"), "{told}");
    // Emptying Redis loses nobody their user; a restart does, and they are made again.
    pair.world.stack.redis.flushall()?;
    pair.reads("again").await?;
    pair.world.stack.redis.restart()?;
    pair.reads("once more").await
}

#[tokio::test]
async fn b5_a_machine_s_redis_user_can_neither_read_nor_act_for_another_host() -> Result<()> {
    let pair = Pair::start().await?;
    let redis = &pair.world.stack.redis;
    let file = |name: &str| {
        let mut files = pair.papers["files"].as_array().into_iter().flatten();
        let found = files.find(|file| file["name"] == name);
        found.and_then(|file| file["content"].as_str()).map(str::trim).context("no such file")
    };
    let password = file("redis.password")?;
    let user = "host-build";
    for words in [
        &["XRANGE", "metatron-live:queue:shell:local:high", "-", "+"][..],
        &["XADD", "metatron-live:queue:shell:local:high", "*", "job", "{}"],
        &["XADD", "metatron-live:queue:report:high", "*", "job", "{}"],
        &["XADD", "metatron-live:queue:terminal:high", "*", "job", "{}"],
        &["XADD", "metatron-live:queue:report:build-2:high", "*", "job", "{}"],
        &["XADD", "metatron-live:terminal:trm_1", "1-1", "b", "forged"],
        &["XADD", "metatron-live:terminal:build-2:trm_1", "1-1", "b", "forged"],
        &["XADD", "metatron:stream:events", "*", "type", "run.ended"],
        &["XADD", "metatron:stream:dead", "*", "job", "{}"],
        &["XRANGE", "metatron:stream:events", "-", "+"],
        &["XRANGE", "metatron-live:run:run_1", "-", "+"],
        &["PUBLISH", "metatron-live:shell:local:call", "{}"],
        &["PUBLISH", "metatron-live:shell:local:keys", "{}"],
        &["PUBLISH", "metatron-live:shell:local:reply:api-local-0123456789ab", "{}"],
        &["SUBSCRIBE", "metatron-live:shell:local:keys"],
        &["SUBSCRIBE", "metatron-live:run:run_1"],
        &["PSUBSCRIBE", "*"],
        &["HSET", "metatron:lease:shell-worker-local-0123456789ab", "counter", "gone"],
        &["HSET", "metatron:lease:shell-worker-build-2-0123456789ab", "counter", "gone"],
        &["HSET", "metatron:service:shell-worker", "state", "down"],
        &["DEL", "metatron:services"],
        &["SREM", "metatron:services", "api"],
        &["HSET", "metatron:queue:shell:local:meta", "paused", "1"],
        &["ACL", "LIST"],
        &["ACL", "SETUSER", "host-build", "~*"],
        &["CONFIG", "GET", "*"],
        &["FLUSHALL"],
        &["KEYS", "*"],
        &["SCAN", "0"],
        &["PUBSUB", "CHANNELS"],
        &["CLIENT", "LIST"],
        &["EVAL", "return 1", "0"],
    ] {
        let refused = redis.command_as(user, password, words).err();
        let refused = refused.with_context(|| format!("{words:?} was allowed"))?.to_string();
        ensure!(refused.starts_with("-NOPERM"), "{words:?}: {refused}");
    }
    ensure!(redis.command_as(user, "guessed", &["PING"]).is_err());
    // What is sealed for one host opens under no other's key.
    let own = LinkKey::parse(file("link.key")?).context("no key")?;
    let local = LinkKey::load(&pair.world.stack.path("keys/link.key"))?;
    let sealed = local.seal("grant", "exc_1", 0, b"yes")?;
    ensure!(
        local.open("grant", "exc_1", 0, &sealed).is_ok() && own.open("grant", "exc_1", 0, &sealed).is_err()
    );

    // A report about a command of another host, in its own queue, changes nothing.
    let held = pair.world.held()?;
    let (_, run, exec) = pair.world.run_command(&held.command).await?;
    pair.world.model.push(Answer::text("done"));
    held.begun().await?;
    let outcome = json!({ "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:00Z",
        "exit": { "how": "code", "code": 0 }, "text": "forged", "truncated": false, "bytes": 0, "sha256": "" });
    let body = json!({ "type": "ended", "exec": exec["id"], "outcome": outcome }).to_string();
    let job =
        json!({ "v": 1, "id": "job_01jd0000000000000000000000", "kind": "report", "subject": exec["id"] });
    let words =
        ["XADD", "metatron-live:queue:report:build:high", "*", "job", &job.to_string(), "body", &body];
    redis.command_as(user, password, &words)?;
    pair.world.stack.logged("pulse-worker", "a host reports what it was never asked").await?;
    ensure!(pair.world.exec(&run).await?["state"] == "running");
    held.release("truth")?;
    ensure!(pair.owner().ended(&run).await?["state"] == "succeeded");
    let exec = pair.world.exec(&run).await?;
    ensure!(exec["output_text"].as_str().is_some_and(|text| text.contains("done: truth")), "{exec}");
    Ok(())
}

#[tokio::test]
async fn a_machine_whose_keys_are_taken_back_is_shut_out_and_what_waited_for_it_ends() -> Result<()> {
    let mut pair = Pair::start().await?;
    let owner = pair.owner().clone();
    let size = json!({ "columns": 80, "rows": 24 });
    let made = owner.post("/terminals", &json!({ "size": size, "host": HOST })).await?;
    let (run, _) = pair.run("sleep 4714").await?;
    let gone = owner.request(Method::DELETE, "/hosts/build").send().await?;
    ensure!(gone.status() == StatusCode::NO_CONTENT);
    pair.watch.fact("run.ended", |event| event["run_id"] == run.as_str()).await?;
    let exec = pair.world.exec(&run).await?;
    ensure!(exec["state"] == "unknown", "{exec}");
    let id = made["id"].as_str().context("no id")?;
    ensure!(owner.get(&format!("/terminals/{id}")).await?["state"] == "lost");
    ensure!(pair.host().await?["state"] == "revoked");
    let mut files = pair.papers["files"].as_array().into_iter().flatten();
    let password = files.find(|file| file["name"] == "redis.password").context("no password")?;
    let password = password["content"].as_str().context("no content")?.trim().to_owned();
    let refused = pair.world.stack.redis.command_as("host-build", &password, &["PING"]);
    ensure!(refused.is_err_and(|error| error.to_string().starts_with("-WRONGPASS")));
    let refused = owner.refused("/terminals", &json!({ "size": size, "host": HOST })).await?;
    ensure!(refused == (StatusCode::CONFLICT, "host_revoked".to_owned()), "{refused:?}");
    let refused = owner.refused("/terminals", &json!({ "size": size, "host": "nowhere" })).await?;
    ensure!(refused.1 == "invalid_field", "{refused:?}");
    // Registered again it has other keys, and the old ones open nothing.
    pair.machine.kill()?;
    let papers = owner.post("/hosts", &json!({ "name": HOST })).await?;
    ensure!(papers["files"] != pair.papers["files"]);
    ensure!(owner.refused("/hosts", &json!({ "name": HOST })).await?.1 == "host_exists");
    pair.machine.start(&papers)?;
    stands(&mut pair.watch, "online").await?;
    Ok(())
}
