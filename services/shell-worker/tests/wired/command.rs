//! Commands, from request to report.

use futures::StreamExt as _;
use metatron_bus::live::LiveTerminal;
use metatron_domain::command::{ShellAnswer, ShellCall, ShellReport};
use metatron_domain::exec::Exit;
use metatron_domain::terminal::Waits;

use crate::rig::{PATIENCE, Rig, service};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_goes_from_request_to_report_and_is_watched_meanwhile() {
    let mut rig = Rig::new();
    let (spec, start, job) = rig.started("touch x; echo hello; read answer; echo bye").await;
    assert_eq!(rig.watched(spec.terminal, "hello").await, b"hello\r\n");
    let answer = rig.call(&ShellCall::ReadOutput { terminal: spec.terminal, from: 2, limit: 3 }).await;
    let ShellAnswer::Output { base64, end: 7, ended: false, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(base64, "bGxv");
    assert_eq!(rig.call(&ShellCall::Stop { exec: spec.exec, by_run: false }).await, ShellAnswer::Stopped);
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
async fn a_command_that_waits_for_input_is_reported_with_its_screen_and_goes_on() {
    let mut rig = Rig::new();
    let (spec, start, job) = rig.started("touch x; read -rp 'Continue? ' it; echo bye").await;
    let (told, report) = rig.any_report().await;
    let ShellReport::Rests { exec, rest } = report else { panic!("{report:?}") };
    assert_eq!((told, exec, rest.screen.as_str()), (job, spec.exec, "Continue?"));
    assert_eq!(rest.waits, Some(Waits::Input));
    // Whoever follows it anew, because Redis lost the request, tells it again.
    rig.ask(&start).await;
    loop {
        if let (_, ShellReport::Rests { exec, .. }) = rig.any_report().await {
            assert_eq!(exec, spec.exec);
            break;
        }
    }
    let stop = ShellCall::Stop { exec: spec.exec, by_run: true };
    assert_eq!(rig.call(&stop).await, ShellAnswer::Stopped);
    let (_, report) = rig.report().await;
    let ShellReport::Ended { outcome, .. } = report else { panic!("{report:?}") };
    assert!(outcome.text.ends_with("[closed by the AI]\n"), "{outcome:?}");
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
