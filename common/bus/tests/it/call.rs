//! Questions to a shell-worker.

use std::time::Duration;

use metatron_bus::Error;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::id::ExecId;

use super::{PATIENCE, Rig, until, within};

fn answer(call: &ShellCall) -> ShellAnswer {
    match call {
        ShellCall::Describe => ShellAnswer::Description {
            user: "agent".to_owned(),
            separated: true,
            workspace: "/w".to_owned(),
            version: String::new(),
        },
        ShellCall::ReadText { from_line, .. } => ShellAnswer::Text { text: from_line.to_string(), lines: 1 },
        _ => ShellAnswer::NotFound,
    }
}

#[tokio::test]
async fn a_call_is_answered_each_asker_by_its_own_answer() {
    let mut rig = Rig::new();
    let (api, shell) = (rig.bus("api"), rig.bus("shell"));
    let stop = rig.stop.clone();
    rig.run(
        async move { shell.serve_calls("local", |call| async move { answer(&call) }, || {}, stop).await },
    );
    until("it listens", async || api.call("local", &ShellCall::Describe, PATIENCE).await.is_ok()).await;
    let terminal = metatron_domain::id::TerminalId::new();
    let asked = (0..20).map(|from_line| {
        let api = api.clone();
        async move {
            let call = ShellCall::ReadText { terminal, from_line, lines: 1 };
            let text = within(api.call("local", &call, PATIENCE)).await.unwrap();
            assert_eq!(text, ShellAnswer::Text { text: from_line.to_string(), lines: 1 });
        }
    });
    futures::future::join_all(asked).await;
    // Connections are lost in between: the next call works.
    rig.server.cut_clients().unwrap();
    until("it answers again", async || {
        let stop = ShellCall::Stop { exec: ExecId::new(), by_run: false };
        api.call("local", &stop, Duration::from_secs(1))
            .await
            .is_ok_and(|answer| answer == ShellAnswer::NotFound)
    })
    .await;
    rig.finish().await;
}

#[tokio::test]
async fn a_host_where_nobody_listens_is_told_at_once_and_a_silent_one_in_time() {
    let mut rig = Rig::new();
    let api = rig.bus("api");
    let nobody = within(api.call("nowhere", &ShellCall::Describe, Duration::from_hours(1))).await;
    assert!(matches!(&nobody, Err(Error::Unavailable(cause)) if cause.contains("nowhere")), "{nobody:?}");
    let (shell, stop) = (rig.bus("shell"), rig.stop.clone());
    rig.run(async move { shell.serve_calls("silent", |_| std::future::pending(), || {}, stop).await });
    until("it is silent", async || {
        matches!(
            api.call("silent", &ShellCall::Describe, Duration::from_millis(100)).await,
            Err(Error::Timeout)
        )
    })
    .await;
    rig.finish().await;
}
