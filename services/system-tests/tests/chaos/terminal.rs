//! `kill -9` at every named point of a terminal's life (R1, R2, R6): it is opened at most once, its end is told once, and
//! none stays `opening`.

use anyhow::{Context as _, Result, ensure};
use metatron_process::crash::Point;
use metatron_testkit::patient::Patient;
use serde_json::{Value, json};

use crate::crash::service;
use crate::story::Theatre;

/// Everything that was told of a terminal: the kind of each fact, and the state it names.
async fn told(theatre: &Theatre, id: &str) -> Result<Vec<(String, Value)>> {
    let page = theatre.owner.get("/events?after=0&limit=1000").await?;
    let facts = page["items"].as_array().context("no page of facts")?.iter();
    let ours = facts.filter(|fact| fact["subject"] == id);
    let pair =
        |fact: &Value| (fact["type"].as_str().unwrap_or_default().to_owned(), fact["data"]["state"].clone());
    Ok(ours.map(pair).collect())
}

/// Processes that carry the terminal's marker, and how many of them lead a session of their own, as its shell does.
fn processes(id: &str) -> Result<(usize, usize)> {
    let (mut all, mut leaders) = (0, 0);
    for entry in std::fs::read_dir("/proc")? {
        let folder = entry?.path();
        // What ends while it is looked at carries nothing.
        let environment = std::fs::read(folder.join("environ")).unwrap_or_default();
        if !environment.windows(id.len()).any(|part| part == id.as_bytes()) {
            continue;
        }
        all += 1;
        let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
        // Behind the name: state, parent, group, session.
        let session = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(3));
        leaders += usize::from(session.is_some_and(|session| folder.ends_with(session)));
    }
    Ok((all, leaders))
}

/// Asks for a terminal until that is answered; each time it is the same request.
async fn open(owner: &Patient) -> Result<Value> {
    let body = json!({ "size": { "columns": 80, "rows": 24 } });
    let (status, made) = owner.post("/terminals", &body, "open").await?;
    ensure!(status == 201, "{status}: {made}");
    Ok(made)
}

fn id(made: &Value) -> Result<String> {
    Ok(made["id"].as_str().context("no id")?.to_owned())
}

/// Waits until a terminal is told to be over.
async fn over(owner: &mut Patient, id: &str) -> Result<()> {
    owner.fact(|kind, data| kind == "terminal.ended" && data["subject"] == id).await.map(drop)
}

impl Theatre {
    /// Does `what` while the point's service dies there and is started again.
    async fn dying<T>(
        &mut self,
        point: Point,
        what: impl AsyncFnOnce(&mut Patient) -> Result<T>,
    ) -> Result<T> {
        self.arm(point, 1)?;
        let service = service(point)?;
        let Self { world, owner, .. } = self;
        let stack = &mut world.stack;
        let revived = async {
            stack.death(service).await?;
            ensure!(stack.log(service).contains(point.name()), "{service} died of something else");
            stack.restart(service)
        };
        let (done, revived) = tokio::join!(what(owner), revived);
        revived.with_context(|| format!("{} was not passed", point.name()))?;
        done
    }

    /// What must hold of a terminal that is over: opened at most once, ended once and so, and nothing of it runs.
    async fn is_over(&self, id: &str, opened: bool, state: &str) -> Result<()> {
        let told = told(self, id).await?;
        let count = |kind: &str| told.iter().filter(|(told, _)| told == kind).count();
        assert_eq!((count("terminal.opened"), count("terminal.ended")), (usize::from(opened), 1), "{told:?}");
        assert_eq!(self.owner.get(&format!("/terminals/{id}")).await?["state"], state);
        assert_eq!(processes(id)?, (0, 0), "nothing of it runs");
        self.is_sound().await
    }

    /// What must hold of a terminal that runs: opened once, by one process.
    async fn is_open(&self, id: &str) -> Result<()> {
        let told = told(self, id).await?;
        assert_eq!(told.iter().filter(|(kind, _)| kind == "terminal.opened").count(), 1, "R2: {told:?}");
        assert_eq!(self.owner.get(&format!("/terminals/{id}")).await?["state"], "running");
        assert_eq!(processes(id)?.1, 1, "R2: one shell");
        self.is_sound().await
    }
}

/// shell-worker dies while it opens a terminal: that one is lost, and the same request opens none in its place.
async fn dies_opening(point: Point) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let id = id(&theatre.dying(point, async |owner| open(owner).await).await?)?;
    over(&mut theatre.owner, &id).await?;
    let again = open(&theatre.owner).await?;
    assert_eq!((&again["id"], &again["state"]), (&json!(id), &json!("lost")));
    theatre.is_over(&id, false, "lost").await
}

#[tokio::test]
async fn shell_worker_killed_between_a_terminal_s_journal_and_the_fork_never_opens_it() -> Result<()> {
    dies_opening(Point::ShellTerminalOpening).await
}

#[tokio::test]
async fn shell_worker_killed_right_behind_a_terminal_s_fork_ends_what_it_forked() -> Result<()> {
    dies_opening(Point::ShellTerminalForked).await
}

/// api dies while a terminal opens: the same request, sent again, has it open once.
async fn api_dies_opening(point: Point) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let id = id(&theatre.dying(point, async |owner| open(owner).await).await?)?;
    theatre.owner.fact(|kind, data| kind == "terminal.opened" && data["subject"] == id.as_str()).await?;
    theatre.is_open(&id).await
}

#[tokio::test]
async fn api_may_die_before_it_asks_a_host_to_open_a_terminal() -> Result<()> {
    api_dies_opening(Point::ApiOpening).await
}

#[tokio::test]
async fn api_may_die_before_it_writes_down_that_a_terminal_runs() -> Result<()> {
    api_dies_opening(Point::ApiOpened).await
}

#[tokio::test]
async fn api_may_die_between_a_terminal_s_report_and_its_acknowledgement() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let id = id(&theatre.dying(Point::ApiReported, async |owner| open(owner).await).await?)?;
    // It comes a second time once the dead api's lease is over, and is then out of the queue.
    loop {
        let queues = theatre.owner.get("/queues").await?;
        let items = queues["items"].as_array().context("no queues")?;
        let queue = items.iter().find(|item| item["name"] == "terminal").context("it is not shown")?;
        if queue["depth"] == 0 {
            break;
        }
    }
    theatre.is_open(&id).await
}

/// shell-worker dies around the end of a terminal that its owner closes.
async fn dies_closing(point: Point, state: &str) -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let made = theatre
        .dying(point, async |owner| {
            let id = id(&open(owner).await?)?;
            owner.post(&format!("/terminals/{id}/close"), &json!({}), "close").await?;
            over(owner, &id).await?;
            Ok(id)
        })
        .await?;
    theatre.is_over(&made, true, state).await
}

#[tokio::test]
async fn shell_worker_killed_before_a_terminal_s_end_is_journalled_calls_it_lost() -> Result<()> {
    dies_closing(Point::ShellTerminalExited, "lost").await
}

#[tokio::test]
async fn shell_worker_killed_before_it_reports_a_terminal_s_end_reports_it_later() -> Result<()> {
    dies_closing(Point::ShellTerminalOver, "ended").await
}

#[tokio::test]
async fn shell_worker_killed_before_it_knows_that_an_end_was_told_tells_it_twice_and_it_counts_once()
-> Result<()> {
    dies_closing(Point::ShellTerminalTold, "ended").await
}

#[tokio::test]
async fn shell_worker_may_die_again_before_it_journals_that_a_terminal_is_lost() -> Result<()> {
    let mut theatre = Theatre::open().await?;
    let id = id(&open(&theatre.owner).await?)?;
    let stack = &mut theatre.world.stack;
    stack.kill("shell-worker")?;
    let armed = Point::ShellTerminalCleaned;
    stack.launch_with("shell-worker", &[("TEST_CRASH_AT", armed.name())])?;
    stack.death("shell-worker").await?;
    assert!(stack.log("shell-worker").contains(armed.name()));
    stack.restart("shell-worker")?;
    over(&mut theatre.owner, &id).await?;
    theatre.is_over(&id, true, "lost").await
}
