//! A shell of its own for each test, in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use metatron_bus::seal::LinkKey;
use metatron_domain::approval::Grant;
use metatron_domain::clock::{FixedClock, Instant};
use metatron_domain::command::{CommandSpec, Outcome, ShellReport};
use metatron_domain::host::HostReport;
use metatron_domain::id::{ApprovalId, ExecId, RunId, TerminalId};
use metatron_domain::rule::Under;
use metatron_domain::rule::book::VALID;
use metatron_domain::rule::warrant::{WARRANT, Warrant, WarrantKey};
use metatron_domain::terminal::message::Report;
use metatron_shell_worker::account::{Account, Chain, Groups};
use metatron_shell_worker::alarm::Alarms;
use metatron_shell_worker::book::Shelf;
use metatron_shell_worker::guard::{Guard, Premises, Root};
use metatron_shell_worker::journal::Journal;
use metatron_shell_worker::keep::{Keeper, Places, Terms};
use metatron_shell_worker::kill::Families;
use metatron_shell_worker::measure::Surroundings;
use metatron_shell_worker::owner::Login;
use metatron_shell_worker::recording::Recordings;
use metatron_shell_worker::shell::{Answer, Parts, Shell};
use metatron_shell_worker::table;
use tokio::sync::mpsc;

pub(crate) const T: Instant = Instant::from_millis(1_800_000_000_000);

/// What the owner set.
pub(crate) const TERMS: Terms = Terms { quota: 1 << 30, keep: Duration::from_hours(7 * 24), every: None };

pub(crate) struct Bench {
    pub(crate) shell: Arc<Shell>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) work: PathBuf,
    pub(crate) reports: mpsc::UnboundedReceiver<Report>,
    pub(crate) alarms: mpsc::UnboundedReceiver<HostReport>,
    /// Removed with the bench.
    kept: Option<tempfile::TempDir>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Account::own(), Families::default())
    }

    /// Where the owner set something else.
    pub(crate) fn under(terms: Terms) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self::made(folder.path(), Account::own(), Families::default(), None, terms);
        bench.kept = Some(folder);
        bench
    }

    pub(crate) fn with(account: Account, families: Families) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self::at(folder.path(), account, families);
        bench.kept = Some(folder);
        bench
    }

    /// As where the service does not run as root.
    pub(crate) fn rootless() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Self::made(folder.path(), Account::own(), Families::default(), None, TERMS);
        bench.kept = Some(folder);
        bench
    }

    pub(crate) fn at(folder: &Path, account: Account, families: Families) -> Self {
        let rooted = |account| Root { account, chain: Chain::rooted().unwrap(), apt: apt(folder) };
        Self::made(folder, account, families, Account::root().map(rooted), TERMS)
    }

    fn made(folder: &Path, account: Account, families: Families, root: Option<Root>, terms: Terms) -> Self {
        let work = folder.join("work");
        std::fs::create_dir_all(&work).unwrap();
        if account.separated {
            std::os::unix::fs::chown(&work, Some(account.uid), Some(account.gid)).unwrap();
            rustix::fs::chmod(folder, 0o755.into()).unwrap();
        }
        let clock = Arc::new(FixedClock::new(T));
        let chain = Chain::probe(&account, Groups::None).unwrap();
        // The owner lives in the workspace here, so that nothing of a test is left in somebody's home.
        let owner = Account { home: work.clone(), ..account.clone() };
        let login = Login { chain: Chain::probe(&owner, Groups::Own).unwrap(), account: owner };
        let (told, reports) = mpsc::unbounded_channel();
        let (sounded, alarms) = mpsc::unbounded_channel();
        let sounding = Alarms::new(sounded);
        let around = Surroundings { account, host: "local".into(), timezone: "UTC".into() };
        let workspace = std::fs::canonicalize(&work).unwrap();
        let places = Places {
            workspace: workspace.clone(),
            home: workspace.clone(),
            shut: vec![folder.join("shell"), folder.join("recordings")],
        };
        let keeper = Keeper::open(&folder.join("kept"), places, terms, clock.clone()).unwrap();
        let premises = Premises { workspace, protected: vec!["/etc/metatron".into()], around, root };
        // The seal itself is the bus's; here the right seal is the word in front.
        let open =
            Arc::new(|_: ExecId, sealed: &str| serde_json::from_str(sealed.strip_prefix("right key:")?).ok());
        let books = Arc::new(Shelf::open(&folder.join("shell"), Arc::new(link()), "local"));
        let journal = Journal::open(&folder.join("shell"), T).unwrap();
        if let Some(name) = journal.vouched_by(&folder.join("journal.mark"), T).unwrap() {
            sounding.rewound(name, T);
        }
        let shell = Shell::new(
            Parts {
                guard: Guard::new(premises, clock.clone(), open).with_shelf(books).beside(journal.name()),
                journal,
                recordings: Recordings::open(&folder.join("recordings")).unwrap(),
                families: Arc::new(families),
                chain,
                keeper,
                clock: clock.clone(),
                login: Some(login),
                link: Arc::new(link()),
                direct: metatron_bus::direct::Server::default(),
                reports: told,
                alarms: sounding,
            },
            mpsc::unbounded_channel().0,
        );
        Self { shell, clock, work, reports, alarms, kept: None }
    }

    /// The digest that the card would show.
    pub(crate) fn prepared(&self, spec: &CommandSpec) -> String {
        match self.shell.prepare(spec) {
            ShellReport::Prepared { measure, .. } => measure.digest(spec.exec),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn start(&self, spec: &CommandSpec, digest: &str, grant: Option<&Grant>) -> Answer {
        self.shell.start(spec, digest, grant.map(sealed).as_deref())
    }

    /// From the card to the start, as the owner wants it.
    pub(crate) fn approved(&self, spec: &CommandSpec) -> Answer {
        let digest = self.prepared(spec);
        self.start(spec, &digest, Some(&grant(spec, &digest)))
    }

    pub(crate) async fn run(&self, command: &str) -> (CommandSpec, Outcome) {
        let spec = spec(command);
        let outcome = ended(self.approved(&spec)).await;
        (spec, outcome)
    }

    pub(crate) fn output(&self, spec: &CommandSpec) -> Vec<u8> {
        let (bytes, end) = self.shell.parts().recordings.read(spec.terminal, 0, u32::MAX).unwrap().unwrap();
        assert_eq!(bytes.len() as u64, end);
        bytes
    }
}

/// What makes apt work on a system of its own below `folder`, where a test has made one.
pub(crate) fn apt(folder: &Path) -> Vec<String> {
    let at = folder.join("system");
    let options = [
        format!("Dir={}/", at.display()),
        format!("Dir::State::status={}/var/lib/dpkg/status", at.display()),
        "Dir::Bin::methods=/usr/lib/apt/methods".to_owned(),
        "Dir::Bin::dpkg=/usr/bin/dpkg".to_owned(),
        format!("DPkg::Options::=--root={}", at.display()),
    ];
    options.into_iter().flat_map(|option| ["-o".to_owned(), option]).collect()
}

/// The key between the owner's side and the shell's.
pub(crate) fn link() -> LinkKey {
    LinkKey::parse(&"07".repeat(32)).unwrap()
}

pub(crate) fn spec(command: &str) -> CommandSpec {
    CommandSpec {
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
    }
}

pub(crate) fn grant(spec: &CommandSpec, digest: &str) -> Grant {
    Grant {
        approval: ApprovalId::new(),
        exec: spec.exec,
        run: spec.run,
        digest: digest.to_owned(),
        expires_at: T.after(Duration::from_hours(1)),
    }
}

pub(crate) fn sealed(grant: &Grant) -> String {
    format!("right key:{}", serde_json::to_string(grant).unwrap())
}

pub(crate) async fn ended(answer: Answer) -> Outcome {
    let report = match answer {
        Answer::Running(running) => running.ended().await.unwrap(),
        Answer::Report(report) => *report,
        Answer::Leaving => panic!("it goes down"),
    };
    match report {
        ShellReport::Ended { outcome, .. } => outcome,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn declined(answer: Answer) -> String {
    match answer {
        Answer::Report(report) => match *report {
            ShellReport::Declined { code, detail, .. } => format!("{code}: {detail}"),
            other => panic!("{other:?}"),
        },
        Answer::Running(_) | Answer::Leaving => panic!("it was not declined"),
    }
}

/// Living processes that carry the marker of a terminal.
pub(crate) fn marked(terminal: TerminalId) -> usize {
    let marker = terminal.to_string();
    let alive = table::read().into_values().filter(|entry| !entry.zombie);
    alive.filter(|entry| table::has_variable(entry.pid, "METATRON_SESSION", &marker) == Some(true)).count()
}

/// Waits until the terminal has shown `text`; a wait for an event, not for time.
pub(crate) async fn shown(bench: &Bench, terminal: TerminalId, text: &str) {
    let session = bench.shell.session(terminal).expect("it runs");
    let mut progress = session.progress.clone();
    loop {
        let now = *progress.borrow_and_update();
        let read = bench.shell.parts().recordings.read(terminal, 0, u32::MAX).unwrap().unwrap().0;
        if String::from_utf8_lossy(&read).contains(text) {
            return;
        }
        assert!(!now.ended, "it ended without showing {text:?}");
        progress.changed().await.unwrap();
    }
}

/// The key of the warrants for this host.
pub(crate) fn warrant_key() -> WarrantKey {
    WarrantKey::of(&[7; 32], "local").unwrap()
}

/// What whoever wrote a command down says of it.
pub(crate) fn warrant(spec: &CommandSpec, digest: &str, under: Option<Under>) -> Option<Warrant> {
    let (under, origin) = (under?, spec.origin.clone()?);
    let expires_at = T.after(VALID + Duration::from_mins(1));
    Some(Warrant { exec: spec.exec, run: spec.run, origin, digest: digest.to_owned(), under, expires_at })
}

pub(crate) fn sealed_warrant(warrant: &Warrant) -> String {
    let key = LinkKey::parse(warrant_key().text()).unwrap();
    key.seal(WARRANT, &warrant.exec.to_string(), 0, &serde_json::to_vec(warrant).unwrap()).unwrap()
}

pub(crate) fn start(bench: &Bench, spec: &CommandSpec, digest: &str, under: Option<Under>) -> Answer {
    let warrant = warrant(spec, digest, under).map(|warrant| sealed_warrant(&warrant));
    bench.shell.start_under(spec, digest, warrant.as_deref(), under)
}
