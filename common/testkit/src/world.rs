//! An instance with an owner and a scripted model: where most stories of the running system begin.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::client::Owner;
use crate::model::{Answer, FakeModel};
use crate::stack::Stack;

/// A claimed instance whose default model is scripted.
pub struct World {
    /// The running binaries.
    pub stack: Stack,
    /// The model they talk to.
    pub model: FakeModel,
    /// The owner, logged in.
    pub owner: Owner,
}

/// A command that appends a line to its oracle, prints `begun`, waits for the test, and prints `done`.
pub struct Held {
    /// The text for the shell.
    pub command: String,
    oracle: PathBuf,
    fifo: PathBuf,
}

impl World {
    /// Starts everything and claims it.
    pub async fn start() -> Result<Self> {
        Self::with(&[]).await
    }

    /// As [`World::start`], with further settings.
    pub async fn with(settings: &[(&str, &str)]) -> Result<Self> {
        Self::on(Stack::start(settings)?).await
    }

    /// Claims an instance that was started otherwise.
    pub async fn on(stack: Stack) -> Result<Self> {
        let model = FakeModel::start().await?;
        let owner = Owner::claim(&stack.url(), &stack.claim_code()?).await?;
        owner.connect_model(&model.base_url()).await?;
        Ok(Self { stack, model, owner })
    }

    /// A command that the test holds in the middle. What it did stands in a file that no part of the product writes.
    pub fn held(&self) -> Result<Held> {
        let (oracle, fifo) = (self.stack.path("work/oracle"), self.stack.path("work/go"));
        std::fs::write(&oracle, "")?;
        ensure!(Command::new("mkfifo").arg(&fifo).status()?.success(), "no fifo");
        for path in [&oracle, &fifo] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))?;
        }
        let command = format!(
            "echo started >> {oracle}; echo begun; read -r word < {fifo}; echo \"done: $word\"",
            oracle = oracle.display(),
            fifo = fifo.display()
        );
        Ok(Held { command, oracle, fifo })
    }

    /// Asks for a command, allows it, and waits until it runs. Returns the chat, the run and the exec.
    pub async fn run_command(&self, command: &str) -> Result<(String, String, Value)> {
        self.model.push(Answer::command(command));
        let mut watch = self.owner.watch(0).await?;
        let (chat, run) = self.owner.say("please").await?;
        watch.fact("approval.asked", |event| event["run_id"] == run.as_str()).await?;
        self.owner.decide(&run, "allow_once", None).await?;
        watch.fact("exec.started", |event| event["run_id"] == run.as_str()).await?;
        let exec = self.exec(&run).await?;
        Ok((chat, run, exec))
    }

    /// The first command of a run.
    pub async fn exec(&self, run: &str) -> Result<Value> {
        let detail = self.owner.get(&format!("/runs/{run}")).await?;
        detail["execs"].get(0).cloned().context("the run has no command")
    }
}

impl Held {
    /// Lets the command go on; waits until it is there to hear it.
    pub fn release(&self, word: &str) -> Result<()> {
        let mut fifo = OpenOptions::new().write(true).open(&self.fifo)?;
        Ok(writeln!(fifo, "{word}")?)
    }

    /// Waits until the command itself has written that it runs: the journal says `started` before the process exists.
    pub async fn begun(&self) -> Result<()> {
        while self.starts()? == 0 {
            // Nobody else can tell when a file has grown.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// How often the command was started, whatever anybody says.
    pub fn starts(&self) -> Result<usize> {
        Ok(std::fs::read_to_string(&self.oracle)?.lines().count())
    }
}
