//! The real binary beside a real Redis, for each test one of its own.

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
use metatron_domain::host::HostReport;
use metatron_domain::id::{ApprovalId, ExecId, JobId, RunId, TerminalId};
use metatron_domain::policy::Verdict;
use metatron_domain::terminal::message::Report;
use metatron_testkit::redis::RedisServer;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long anything may take on a busy machine before it counts as never.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Rig {
    pub(crate) server: RedisServer,
    pub(crate) folder: PathBuf,
    pub(crate) key: LinkKey,
    pub(crate) bus: Bus,
    pub(crate) child: Child,
    pub(crate) terminals: mpsc::UnboundedReceiver<Report>,
    pub(crate) alarms: mpsc::UnboundedReceiver<HostReport>,
    reports: mpsc::UnboundedReceiver<(JobId, ShellReport)>,
    _tasks: JoinSet<()>,
}

impl Rig {
    pub(crate) fn new() -> Self {
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
        let (told, terminals) = mpsc::unbounded_channel();
        let worker = Worker::new(bus.clone(), Queue::Terminal, "api", Options::default());
        let (sounded, alarms) = mpsc::unbounded_channel();
        let handler = move |delivery: Delivery| {
            let body = delivery.body.unwrap();
            // A test that has seen enough is gone.
            if delivery.ticket.kind == JobKind::Host {
                let _ = sounded.send(serde_json::from_value(body).unwrap());
            } else {
                let _ = told.send(serde_json::from_value(body).unwrap());
            }
            async { Disposition::Done }
        };
        tasks.spawn(async move { Box::pin(worker.run(handler, CancellationToken::new())).await });
        let child = service(&server, &folder);
        Self { server, folder, key, bus, child, terminals, alarms, reports, _tasks: tasks }
    }

    pub(crate) async fn ask(&self, request: &ShellRequest) -> JobId {
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

    pub(crate) async fn report(&mut self) -> (JobId, ShellReport) {
        loop {
            let next = self.any_report().await;
            // A command that asks for something says so, whatever the test is about.
            if !matches!(next.1, ShellReport::Rests { .. }) {
                return next;
            }
        }
    }

    pub(crate) async fn any_report(&mut self) -> (JobId, ShellReport) {
        tokio::time::timeout(PATIENCE, self.reports.recv()).await.expect("no report").unwrap()
    }

    /// From prepare to the report that it started.
    pub(crate) async fn started(&mut self, command: &str) -> (CommandSpec, ShellRequest, JobId) {
        let spec = CommandSpec {
            exec: ExecId::new(),
            run: RunId::new(),
            terminal: TerminalId::new(),
            command: command.into(),
            cwd: None,
            timeout_s: 60,
            interactive: false,
            size: None,
            origin: None,
            power: metatron_domain::elevated::Power::Agent,
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
        let start = ShellRequest::Start { spec: spec.clone(), digest, grant, under: None };
        let job = self.ask(&start).await;
        let (told, report) = self.report().await;
        assert!(matches!(report, ShellReport::Started { exec, .. } if exec == spec.exec), "{report:?}");
        assert_eq!(told, job);
        (spec, start, job)
    }

    pub(crate) async fn call(&self, call: &ShellCall) -> ShellAnswer {
        self.bus.call("local", call, PATIENCE).await.unwrap()
    }

    /// Waits until the live stream has shown `text`; gives back all bytes up to then.
    pub(crate) async fn watched(&self, terminal: TerminalId, text: &str) -> Vec<u8> {
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
    pub(crate) fn terminate(&mut self) -> Option<i32> {
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

pub(crate) fn service(server: &RedisServer, folder: &std::path::Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_metatron-shell-worker"))
        .env_clear()
        .envs([("HOME", "/nowhere"), ("METATRON_AGENT_USER", "nobody"), ("METATRON_NOTIFY_FD", "1")])
        .env("METATRON_OWNER_USER", "nobody")
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
