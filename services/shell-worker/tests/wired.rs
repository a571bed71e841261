//! The real binary over a real Redis: requests in, reports, live bytes and answers out.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures::StreamExt as _;
use metatron_bus::Bus;
use metatron_bus::live::LiveTerminal;
use metatron_bus::queue::{Delivery, Disposition, Options, Worker};
use metatron_bus::seal::LinkKey;
use metatron_domain::approval::Grant;
use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_domain::command::{
    CommandSpec, JobKind, Priority, Queue, ShellAnswer, ShellCall, ShellReport, ShellRequest, Ticket,
};
use metatron_domain::exec::Exit;
use metatron_domain::id::{ApprovalId, ExecId, JobId, RunId, TerminalId};
use metatron_domain::policy::Verdict;
use metatron_testkit::redis::RedisServer;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long anything may take on a busy machine before it counts as never.
const PATIENCE: Duration = Duration::from_mins(1);

struct Rig {
    server: RedisServer,
    folder: PathBuf,
    key: LinkKey,
    bus: Bus,
    child: Child,
    reports: mpsc::UnboundedReceiver<(JobId, ShellReport)>,
    _tasks: JoinSet<()>,
}

impl Rig {
    fn new() -> Self {
        let server = RedisServer::start().unwrap();
        let folder = server.folder().to_owned();
        // The commands' user has to reach its workspace.
        rustix::fs::chmod(&folder, 0o755.into()).unwrap();
        std::fs::create_dir_all(folder.join("keys")).unwrap();
        std::fs::write(folder.join("keys/link.key"), LinkKey::generate().unwrap().as_bytes()).unwrap();
        let key = LinkKey::load(&folder.join("keys/link.key")).unwrap();
        let bus = Bus::connect(&server.url(), None, None, "pulse-worker-test");
        let (told, reports) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let renewing = bus.clone();
        tasks.spawn(async move {
            renewing.renew_forever(Duration::from_millis(500), CancellationToken::new()).await;
        });
        let worker = Worker::new(bus.clone(), Queue::Report, "pulse-worker", Options::default());
        let handler = move |delivery: Delivery| {
            let report = serde_json::from_value(delivery.body.unwrap()).unwrap();
            told.send((delivery.ticket.id, report)).unwrap();
            async { Disposition::Done }
        };
        tasks.spawn(async move { Box::pin(worker.run(handler, CancellationToken::new())).await });
        let child = service(&server, &folder);
        Self { server, folder, key, bus, child, reports, _tasks: tasks }
    }

    async fn ask(&self, request: &ShellRequest) -> JobId {
        let (kind, exec) = match request {
            ShellRequest::Prepare { spec } => (JobKind::Prepare, spec.exec),
            ShellRequest::Start { spec, .. } => (JobKind::Start, spec.exec),
        };
        let ticket = Ticket { v: 1, id: JobId::new(), kind, subject: exec.to_string() };
        let body = serde_json::to_value(request).unwrap();
        let queue = Queue::Shell("local".into());
        self.bus.enqueue(&queue, Priority::High, &ticket, Some(&body)).await.unwrap();
        ticket.id
    }

    async fn report(&mut self) -> (JobId, ShellReport) {
        tokio::time::timeout(PATIENCE, self.reports.recv()).await.expect("no report").unwrap()
    }

    /// From prepare to the report that it started.
    async fn started(&mut self, command: &str) -> (CommandSpec, ShellRequest, JobId) {
        let spec = CommandSpec {
            exec: ExecId::new(),
            run: RunId::new(),
            terminal: TerminalId::new(),
            command: command.into(),
            cwd: None,
            timeout_s: 60,
        };
        let asked = self.ask(&ShellRequest::Prepare { spec: spec.clone() }).await;
        let (job, ShellReport::Prepared { measure, judgement, .. }) = self.report().await else {
            panic!("not prepared")
        };
        assert_eq!((asked, judgement.verdict), (job, Verdict::Ask));
        let digest = measure.digest(spec.exec);
        let grant = Grant {
            approval: ApprovalId::new(),
            exec: spec.exec,
            run: spec.run,
            digest: digest.clone(),
            expires_at: SystemClock.now().after(Duration::from_hours(1)),
        };
        let text = serde_json::to_vec(&grant).unwrap();
        let grant = Some(self.key.seal("grant", &spec.exec.to_string(), 0, &text).unwrap());
        let start = ShellRequest::Start { spec: spec.clone(), digest, grant };
        let job = self.ask(&start).await;
        let (told, report) = self.report().await;
        assert!(matches!(report, ShellReport::Started { exec, .. } if exec == spec.exec), "{report:?}");
        assert_eq!(told, job);
        (spec, start, job)
    }

    async fn call(&self, call: &ShellCall) -> ShellAnswer {
        self.bus.call("local", call, PATIENCE).await.unwrap()
    }

    /// Waits until the live stream has shown `text`; gives back all bytes up to then.
    async fn watched(&self, terminal: TerminalId, text: &str) -> Vec<u8> {
        let mut live = self.bus.hub().follow_terminal(terminal, 0);
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            match tokio::time::timeout(PATIENCE, live.next()).await.expect("not shown").unwrap() {
                LiveTerminal::Bytes { from, bytes } => {
                    assert_eq!(from, seen.len() as u64);
                    seen.extend_from_slice(&bytes);
                }
                other => panic!("{other:?} before {text:?}"),
            }
        }
        seen
    }

    /// Waits for SIGTERM's effect; gives back the exit status.
    fn terminate(&mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // Gone already where the test ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn service(server: &RedisServer, folder: &std::path::Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_metatron-shell-worker"))
        .env_clear()
        .envs([("HOME", "/nowhere"), ("METATRON_AGENT_USER", "nobody"), ("METATRON_NOTIFY_FD", "1")])
        .envs([("METATRON_LEASE_MS", "500"), ("METATRON_CONFIG", "/dev/null")])
        .env("METATRON_DATA", folder.join("data"))
        .env("METATRON_KEYS", folder.join("keys"))
        .env("METATRON_RUN", folder.join("run"))
        .env("METATRON_WORKSPACE", folder.join("work"))
        .env("METATRON_REDIS", server.url())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0];
    child.stdout.take().unwrap().read_exact(&mut line).expect("it is ready");
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_goes_from_request_to_report_and_is_watched_meanwhile() {
    let mut rig = Rig::new();
    let (spec, start, job) = rig.started("touch x; echo hello; read answer; echo bye").await;
    assert_eq!(rig.watched(spec.terminal, "hello").await, b"hello\r\n");
    let answer = rig.call(&ShellCall::ReadOutput { terminal: spec.terminal, from: 2, limit: 3 }).await;
    let ShellAnswer::Output { base64, end: 7, ended: false, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(base64, "bGxv");
    assert_eq!(rig.call(&ShellCall::Stop { exec: spec.exec }).await, ShellAnswer::Stopped);
    let (told, report) = rig.report().await;
    let ShellReport::Ended { ref outcome, .. } = report else { panic!("{report:?}") };
    assert_eq!((told, &outcome.exit), (job, &Some(Exit::Stopped)));
    let answer = rig.call(&ShellCall::ReadText { terminal: spec.terminal, from_line: 0, lines: 1 }).await;
    assert_eq!(answer, ShellAnswer::Text { text: "hello\n".into(), lines: 3 });
    let mut live = rig.bus.hub().follow_terminal(spec.terminal, outcome.bytes);
    let end = tokio::time::timeout(PATIENCE, live.next()).await.unwrap().unwrap();
    assert!(matches!(end, LiveTerminal::End(ref end) if end.bytes == outcome.bytes), "{end:?}");
    // Asked again, it answers and starts nothing.
    rig.ask(&start).await;
    assert_eq!(rig.report().await.1, report);
    let description = rig.call(&ShellCall::Describe).await;
    let root = rustix::process::geteuid().is_root();
    assert!(matches!(description, ShellAnswer::Description { separated, .. } if separated == root));
    assert_eq!(rig.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_leaves_nothing_running_and_its_successor_says_unknown() {
    let mut rig = Rig::new();
    let (spec, _, job) =
        rig.started("echo started >> oracle; echo hello; setsid sleep 1000 & sleep 1000").await;
    rig.watched(spec.terminal, "hello").await;
    rig.child.kill().unwrap();
    rig.child.wait().unwrap();
    rig.child = service(&rig.server, &rig.folder);
    // Once at start, once for the request that is taken over; both say the same.
    let (first, second) = (rig.report().await, rig.report().await);
    assert_eq!(first.1, second.1);
    assert!(first.0 == job || second.0 == job);
    let ShellReport::Unknown { ref outcome, .. } = first.1 else { panic!("{first:?}") };
    assert!(outcome.text.starts_with("hello\n") && outcome.exit.is_none(), "{outcome:?}");
    let marker = spec.terminal.to_string();
    let alive = metatron_shell_worker::table::read().into_keys();
    let left = alive.filter(|pid| {
        metatron_shell_worker::table::has_variable(*pid, "METATRON_SESSION", &marker) == Some(true)
    });
    assert_eq!(left.count(), 0);
    assert_eq!(std::fs::read_to_string(rig.folder.join("work/oracle")).unwrap(), "started\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_marks_what_it_ends_and_reports_it() {
    let mut rig = Rig::new();
    let (spec, _, job) = rig.started("echo hello; touch x; sleep 1000").await;
    rig.watched(spec.terminal, "hello").await;
    assert_eq!(rig.terminate(), Some(0));
    let (told, report) = rig.report().await;
    let ShellReport::Ended { outcome, .. } = report else { panic!("{report:?}") };
    assert_eq!((told, outcome.exit), (job, Some(Exit::Stopped)));
    assert_eq!(outcome.text, "hello\n\n[ended: the shell worker was stopped]\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_ends_while_redis_is_away_is_reported_when_it_is_back() {
    let mut rig = Rig::new();
    let (_, start, _) = rig.started("touch begun; until test -e go; do sleep 0.05; done; echo done").await;
    rig.server.kill();
    std::fs::write(rig.folder.join("work/go"), "").unwrap();
    rig.server.restart().unwrap();
    // Redis is empty now: what is owed is asked again, as the scheduler does.
    rig.ask(&start).await;
    let outcome = loop {
        match rig.report().await.1 {
            // It may still run when it is asked for again.
            ShellReport::Started { .. } => {}
            ShellReport::Ended { outcome, .. } => break outcome,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((outcome.exit, outcome.text.as_str()), (Some(Exit::Code { code: 0 }), "done\n"));
}
