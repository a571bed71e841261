//! The story that every fault strikes: a message, a command that needs the owner's word, its output, the answer. And what
//! must hold after it, asked of files that no part of the product writes.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::model::obey;
use metatron_testkit::patient::Patient;
use metatron_testkit::stack::Stack;
use metatron_testkit::world::World;
use serde_json::Value;

/// A world that can be struck again and again.
pub(crate) struct Theatre {
    pub(crate) world: World,
    pub(crate) owner: Patient,
    told: u32,
}

/// A command that says to its oracle that it was started, and then waits for the test.
#[derive(Clone)]
pub(crate) struct Marked {
    pub(crate) token: String,
    text: String,
    oracle: PathBuf,
    go: PathBuf,
}

impl Theatre {
    pub(crate) async fn open() -> Result<Self> {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Result<Self> {
        Self::on(Stack::start(settings)?).await
    }

    pub(crate) async fn on(stack: Stack) -> Result<Self> {
        let world = World::on(stack).await?;
        world.model.follow(obey);
        let owner = Patient::new(world.owner.clone());
        Ok(Self { world, owner, told: 0 })
    }

    /// The next command.
    pub(crate) fn command(&mut self) -> Result<Marked> {
        self.told += 1;
        let token = format!("story-{}", self.told);
        let work = self.world.stack.path("work");
        let (oracle, go) = (work.join("oracle"), work.join(format!("{token}.go")));
        if !oracle.exists() {
            File::create(&oracle)?.set_permissions(fs::Permissions::from_mode(0o666))?;
        }
        let text = format!(
            "echo {token} >> {}; echo begun; until [ -e {} ]; do sleep 0.02; done; echo done",
            oracle.display(),
            go.display()
        );
        Ok(Marked { token, text, oracle, go })
    }

    /// Says yes to what a run asks.
    pub(crate) async fn allow(&mut self, run: &str) -> Result<()> {
        let asked = self.owner.fact(|kind, data| kind == "approval.asked" && data["run_id"] == run).await?;
        self.owner.decide(asked["subject"].as_str().context("no question")?, "allow_once").await
    }

    /// Tells the story up to the point where the command runs.
    pub(crate) async fn begin(&mut self) -> Result<(String, Marked)> {
        let command = self.command()?;
        let (_, run) = self.owner.say(&command.request(), &command.token).await?;
        self.allow(&run).await?;
        self.owner.fact(|kind, data| kind == "exec.started" && data["run_id"] == run.as_str()).await?;
        Ok((run, command))
    }

    /// What must hold whatever happened: the facts have no hole, and the database is whole (R6).
    pub(crate) async fn is_sound(&self) -> Result<()> {
        let mut last = 0;
        loop {
            let page = self.owner.get(&format!("/events?after={last}&limit=1000")).await?;
            let items = page["items"].as_array().context("no page of facts")?;
            if items.is_empty() {
                break;
            }
            for fact in items {
                ensure!(fact["eid"] == last + 1, "fact {} follows {last}", fact["eid"]);
                last += 1;
            }
        }
        let database = self.world.stack.path("data/metatron.db");
        let checked = Command::new("sqlite3").arg(database).arg("pragma integrity_check").output()?;
        let said = String::from_utf8_lossy(&checked.stdout);
        ensure!(said.trim() == "ok", "R6: {said}{}", String::from_utf8_lossy(&checked.stderr));
        Ok(())
    }
}

impl Marked {
    /// How often it was started, whatever anybody says.
    pub(crate) fn starts(&self) -> Result<usize> {
        Ok(fs::read_to_string(&self.oracle)?.lines().filter(|line| *line == self.token).count())
    }

    /// Completes when it has started, whatever anybody says.
    pub(crate) async fn has_started(&self) -> Result<()> {
        while self.starts()? == 0 {
            // A file that a command writes has no other way to tell.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Lets it end.
    pub(crate) fn go(&self) -> Result<()> {
        File::create(&self.go)?;
        Ok(())
    }

    /// What the obedient model has to be told to ask for it.
    pub(crate) fn request(&self) -> String {
        format!("run: {}", self.text)
    }
}

/// The whole story. Every fact is shown to `witness` as it arrives. Returns the run as it ended.
pub(crate) async fn tell(
    owner: &mut Patient,
    command: &Marked,
    mut witness: impl FnMut(&str, &Value),
) -> Result<Value> {
    let (_, run) = owner.say(&command.request(), &command.token).await?;
    let ours = |data: &Value| data["run_id"] == run.as_str();
    let asked = owner
        .fact(|kind, data| {
            witness(kind, data);
            kind == "approval.asked" && ours(data)
        })
        .await?;
    owner.decide(asked["subject"].as_str().context("no question")?, "allow_once").await?;
    owner
        .fact(|kind, data| {
            witness(kind, data);
            // That it began is told only for the screen: its end alone may arrive.
            matches!(kind, "exec.started" | "exec.ended") && ours(data)
        })
        .await?;
    command.go()?;
    let mut ended = false;
    while !ended {
        owner
            .fact(|kind, data| {
                witness(kind, data);
                ended = kind == "run.ended" && ours(data);
                ended
            })
            .await?;
    }
    owner.get(&format!("/runs/{run}")).await
}
