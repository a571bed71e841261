//! The owner's terminals, as a browser has them: opened over HTTP, typed into and watched over the socket.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use metatron_testkit::client::{Frame, Owner, Watch};
use metatron_testkit::world::World;
use reqwest::Method;
use serde_json::{Value, json};

/// One tab of a browser with a terminal in it.
pub(crate) struct Tab {
    pub(crate) watch: Watch,
    pub(crate) id: String,
    channel: u32,
    /// Bytes of keys that were sent.
    typed: u64,
    /// What it was shown: from which offset on, and what.
    from: u64,
    pub(crate) seen: Vec<u8>,
}

impl Tab {
    /// Opens a terminal and watches it from its first byte.
    pub(crate) async fn open(owner: &Owner) -> Result<Self> {
        let body = json!({ "name": "test", "size": { "columns": 80, "rows": 24 } });
        let made = owner.post("/terminals", &body).await?;
        ensure!(made["state"] == "running", "{made}");
        Self::on(owner, made["id"].as_str().context("no id")?, json!(0)).await
    }

    /// Watches a terminal from an offset, or from its `screen`.
    pub(crate) async fn on(owner: &Owner, id: &str, from: Value) -> Result<Self> {
        let mut watch = owner.watch(0).await?;
        let answer = watch.subscribe(&json!({ "topic": format!("terminal.{id}"), "from": from })).await?;
        let channel = u32::try_from(answer["channel"].as_u64().context("no channel")?)?;
        let from = from.as_u64().unwrap_or(0);
        Ok(Self { watch, id: id.to_owned(), channel, typed: 0, from, seen: Vec::new() })
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/terminals/{}{rest}", self.id)
    }

    /// The offset of the byte that comes next.
    fn at(&self) -> u64 {
        self.from + self.seen.len() as u64
    }

    pub(crate) async fn types(&mut self, text: &str) -> Result<()> {
        self.watch.keys(self.channel, self.typed, text.as_bytes()).await?;
        self.typed += text.len() as u64;
        Ok(())
    }

    /// Reads on until the text was shown, byte by byte or on a screen.
    pub(crate) async fn until(&mut self, text: &str) -> Result<()> {
        let mut looked = 0;
        loop {
            let fresh = &self.seen[looked.min(self.seen.len())..];
            if fresh.windows(text.len()).any(|part| part == text.as_bytes()) {
                return Ok(());
            }
            looked = self.seen.len().saturating_sub(text.len());
            match self.watch.frame().await? {
                Frame::Bytes(channel, offset, bytes) => {
                    ensure!(channel == self.channel && offset == self.at(), "{offset} came at {}", self.at());
                    self.seen.extend(bytes);
                }
                Frame::Screen(_, offset, dump) => {
                    (self.from, self.seen) = (offset, Vec::new());
                    if dump.windows(text.len()).any(|part| part == text.as_bytes()) {
                        return Ok(());
                    }
                }
                Frame::Json(frame) => ensure!(frame["error"].is_null(), "{frame}"),
            }
        }
    }
}

/// Every byte that the terminal has shown.
pub(crate) async fn recording(owner: &Owner, id: &str) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let path = format!("/terminals/{id}/output?from={}", all.len());
        let piece = owner.request(Method::GET, &path).send().await?.error_for_status()?.bytes().await?;
        if piece.is_empty() {
            return Ok(all);
        }
        all.extend(piece);
    }
}

async fn text(owner: &Owner, path: &str) -> Result<String> {
    Ok(owner.request(Method::GET, path).send().await?.error_for_status()?.text().await?)
}

#[tokio::test]
async fn what_is_typed_runs_and_a_reload_shows_the_same() -> Result<()> {
    let world = World::start().await?;
    let owner = &world.owner;
    let mut tab = Tab::open(owner).await?;
    tab.types("echo h''i\r").await?;
    tab.until("hi\r\n").await?;
    let mut again = Tab::on(owner, &tab.id, json!(3)).await?;
    again.until("hi\r\n").await?;
    // One of them may have been told of the next prompt already.
    let both = again.seen.len().min(tab.seen.len() - 3);
    ensure!(again.seen[..both] == tab.seen[3..both + 3], "from an offset");
    let mut watch = owner.watch(0).await?;
    watch.subscribe(&json!({ "topic": format!("terminal.{}", tab.id), "from": "screen" })).await?;
    let dump = loop {
        if let Frame::Screen(_, _, dump) = watch.frame().await? {
            break dump;
        }
    };
    ensure!(String::from_utf8_lossy(&dump).contains("hi"), "from the screen");
    let screen = owner.get(&tab.path("/screen")).await?;
    ensure!(screen["text"].as_str().context("no text")?.contains("\nhi"), "{screen}");
    Ok(())
}

#[tokio::test]
async fn a_size_reaches_the_programs_and_names_and_lists_and_searches_go() -> Result<()> {
    let world = World::start().await?;
    let owner = &world.owner;
    let mut tab = Tab::open(owner).await?;
    let size = json!({ "columns": 101, "rows": 33 });
    let topic = format!("terminal.{}", tab.id);
    tab.watch.ask(&json!({ "op": "resize", "topic": topic, "size": size })).await?;
    tab.types("stty size\r").await?;
    let mut fresh = Tab::on(owner, &tab.id, json!(0)).await?;
    fresh.until("33 101\r\n").await?;
    let name = owner.request(Method::PATCH, &tab.path("")).json(&json!({ "name": "mine" }));
    ensure!(owner.send(name).await?["name"] == "mine");
    let list = owner.get("/terminals?state=open&kind=owner").await?;
    ensure!(list["items"][0]["id"] == tab.id.as_str() && list["items"][0]["name"] == "mine", "{list}");
    let found = owner.get(&tab.path("/search?q=33%20101")).await?;
    ensure!(found["lines"][0]["text"].as_str().is_some_and(|line| line.contains("33 101")), "{found}");
    let cast = text(owner, &tab.path("/cast")).await?;
    let head: Value = serde_json::from_str(cast.lines().next().context("empty")?)?;
    ensure!(head["version"] == 2, "{head}");
    ensure!(cast.lines().skip(1).all(|line| serde_json::from_str::<(f64, String, Value)>(line).is_ok()));
    ensure!(cast.contains("33 101"), "{cast}");
    Ok(())
}

#[tokio::test]
async fn when_api_is_killed_nothing_of_the_output_is_lost() -> Result<()> {
    let mut world = World::start().await?;
    let mut tab = Tab::open(&world.owner).await?;
    tab.types("seq 1 100000; echo en''d\r").await?;
    tab.until("\r\n5000\r\n").await?;
    world.stack.kill("api")?;
    world.stack.restart("api")?;
    let mut after = Tab::on(&world.owner, &tab.id, json!(tab.at())).await?;
    after.until("100000\r\nend\r\n").await?;
    after.types("echo still her''e\r").await?;
    after.until("still here\r\n").await?;
    let mut seen = tab.seen;
    seen.extend(&after.seen);
    let whole = recording(&world.owner, &tab.id).await?;
    ensure!(whole.starts_with(&seen), "byte for byte");
    let lines = String::from_utf8(seen)?;
    // In front of the first one stands what the shell tells its terminal when a command begins.
    let number = |line: &str| line.trim_end().rsplit('\r').next()?.parse::<u32>().ok();
    let mut numbers = lines.lines().filter_map(number);
    ensure!((1..=100_000).all(|n| numbers.next() == Some(n)), "every line");
    Ok(())
}

#[tokio::test]
async fn an_emptied_redis_loses_no_output() -> Result<()> {
    let world = World::start().await?;
    let mut tab = Tab::open(&world.owner).await?;
    tab.types("seq 1 100000; echo en''d\r").await?;
    tab.until("\r\n5000\r\n").await?;
    world.stack.redis.command(&["FLUSHALL"])?;
    tab.until("100000\r\nend\r\n").await?;
    tab.types("echo still her''e\r").await?;
    tab.until("still here\r\n").await?;
    ensure!(recording(&world.owner, &tab.id).await?.starts_with(&tab.seen), "byte for byte");
    Ok(())
}

#[tokio::test]
async fn typing_goes_on_while_redis_is_away() -> Result<()> {
    let mut world = World::start().await?;
    let mut tab = Tab::open(&world.owner).await?;
    tab.types("echo befor''e\r").await?;
    tab.until("before\r\n").await?;
    world.stack.redis.kill();
    tab.types("seq 1 20000; echo durin''g\r").await?;
    tab.until("20000\r\nduring\r\n").await?;
    world.stack.redis.restart()?;
    tab.types("echo afte''r\r").await?;
    tab.until("after\r\n").await?;
    ensure!(recording(&world.owner, &tab.id).await?.starts_with(&tab.seen), "byte for byte");
    Ok(())
}

#[tokio::test]
async fn a_viewer_that_does_not_read_holds_up_nobody() -> Result<()> {
    let world = World::start().await?;
    let mut tab = Tab::open(&world.owner).await?;
    let mut idle = Tab::on(&world.owner, &tab.id, json!("screen")).await?;
    tab.types("seq 1 200000; echo en''d\r").await?;
    tab.until("200000\r\nend\r\n").await?;
    // It sees the last screen, and what comes then.
    idle.types("echo behin''d\r").await?;
    idle.until("behind").await?;
    tab.until("behind\r\n").await?;
    Ok(())
}

#[tokio::test]
async fn a_crowd_of_terminals_typed_into_at_once_is_answered_to_the_last_key() -> Result<()> {
    let world = World::start().await?;
    let mut tabs = Vec::new();
    // More than a service answers one by one.
    for _ in 0..40 {
        tabs.push(Tab::open(&world.owner).await?);
    }
    for round in 0..5 {
        for tab in &mut tabs {
            tab.types(&format!("echo roun''d {round}\r")).await?;
        }
        for tab in &mut tabs {
            tab.until(&format!("round {round}\r\n")).await?;
        }
    }
    for tab in &tabs {
        ensure!(recording(&world.owner, &tab.id).await?.starts_with(&tab.seen), "byte for byte");
    }
    Ok(())
}

#[tokio::test]
async fn closing_a_terminal_ends_what_it_started() -> Result<()> {
    let world = World::start().await?;
    let owner = &world.owner;
    let mut tab = Tab::open(owner).await?;
    // Quoted, so that what the shell echoes of the line does not look like its answer.
    tab.types("setsid sleep 4711 & echo pid=$!':'\r").await?;
    tab.until(":\r\n").await?;
    let seen = String::from_utf8_lossy(&tab.seen).into_owned();
    let pid = seen.split("pid=").find_map(|part| part.split(':').next()?.parse::<u32>().ok());
    let pid = pid.with_context(|| format!("no pid in {seen}"))?;
    owner.post(&tab.path("/close"), &json!({})).await?;
    let id = tab.id.clone();
    let mut watch = owner.watch(0).await?;
    watch.fact("terminal.ended", |event| event["subject"] == id.as_str()).await?;
    ensure!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} lives on");
    ensure!(owner.get(&tab.path("")).await?["state"] == "ended");
    ensure!(owner.refused(&tab.path("/take"), &json!({})).await?.1 == "terminal_ended");
    // What it has shown stays.
    let mut later = Tab::on(owner, &tab.id, json!(0)).await?;
    later.until("pid=").await?;
    Ok(())
}

#[tokio::test]
async fn a_password_is_asked_for_and_stays_nowhere() -> Result<()> {
    const WORD: &str = "open-sesame-4711";
    let world = World::start().await?;
    let owner = &world.owner;
    let mut tab = Tab::open(owner).await?;
    let mut watch = owner.watch(0).await?;
    let answer = json!({ "text": WORD });
    ensure!(owner.refused(&tab.path("/secret"), &answer).await?.1 == "no_password_asked");
    // A value for the test's own check, made of what was read without showing it.
    tab.types("read -s x; echo g''ot ${#x}\r").await?;
    watch.fact("terminal.waits", |event| event["data"]["waits"] == "password").await?;
    owner.post(&tab.path("/secret"), &answer).await?;
    tab.until(&format!("got {}\r\n", WORD.len())).await?;
    ensure!(!recording(owner, &tab.id).await?.windows(WORD.len()).any(|part| part == WORD.as_bytes()));
    ensure!(!text(owner, &tab.path("/cast")).await?.contains(WORD));
    nowhere(&world.stack.path(""), WORD.as_bytes())?;
    Ok(())
}

/// Looks into every file of the instance.
fn nowhere(folder: &Path, word: &[u8]) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = std::fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            nowhere(&path, word)?;
        } else if kind.is_file() && std::fs::read(&path)?.windows(word.len()).any(|part| part == word) {
            bail!("{} holds it", path.display());
        }
    }
    Ok(())
}
