//! Two machines through the real `s6/boot`, each as process 1 of its own: the second one joins by its environment alone.

use std::net::TcpListener;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::boot::Booted;
use metatron_testkit::client::Owner;
use metatron_testkit::machine::Machine;
use metatron_testkit::model::{Answer, FakeModel};
use serde_json::json;

const HOST: &str = "build";
/// A container that takes longer is killed.
const STOPPED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_second_machine_boots_with_what_it_was_given_joins_runs_what_it_is_asked_and_has_nothing_else()
-> Result<()> {
    let network = Machine::new()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let listen = format!("127.0.0.1:{port}");
    let settings = [("METATRON_JOIN", network.address()), ("METATRON_LISTEN", listen.clone())];
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut first = Booted::start(None, &settings, &[])?;
    let code = first.logged("#code=").await?;
    let code = code.split('"').next().context("no code")?.to_owned();
    first.logged("\"listening\"").await?;
    let url = format!("http://{listen}");
    let model = FakeModel::start().await?;
    let owner = Owner::claim(&url, &code).await?;
    owner.connect_model(&model.base_url()).await?;

    let mut watch = owner.watch(0).await?;
    let papers = owner.post("/hosts", &json!({ "name": HOST })).await?;
    let mut second = Booted::join(network.network(), &papers)?;
    let stands = |state: &'static str| {
        move |event: &serde_json::Value| event["subject"] == HOST && event["data"]["state"] == state
    };
    let joined = watch.fact("host.changed", stands("online")).await;
    ensure!(joined.is_ok(), "it never joined:\n{}", second.log());
    model.push(Answer::command_on(HOST, "id -un; pwd"));
    model.push(Answer::text("done"));
    let (_, run) = owner.say("where").await?;
    ensure!(owner.ended(&run).await?["state"] == "succeeded");
    let exec = owner.get(&format!("/runs/{run}")).await?["execs"][0].clone();
    ensure!(exec["host"] == HOST && exec["output_text"] == "agent\n/home/agent/work\n", "{exec}");
    let size = json!({ "columns": 80, "rows": 24 });
    let made = owner.post("/terminals", &json!({ "size": size, "host": HOST })).await?;
    ensure!(made["state"] == "running" && made["user"] == "owner", "{made}");

    // It has what it was given, and no service, key or data of the first one.
    let names = |path: &str| -> Result<Vec<String>> {
        let mut names = Vec::new();
        for item in std::fs::read_dir(second.path(path)?)? {
            names.push(item?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    };
    let given = ["link.key", "redis-ca.pem", "redis.password"];
    let keys: Vec<_> = names("/etc/metatron/keys")?;
    // Beside what it was given stands what vouches for its journal.
    let (mark, keys): (Vec<_>, Vec<_>) = keys.into_iter().partition(|name| name.starts_with("journal-"));
    ensure!(mark == [format!("journal-{HOST}.mark")] && keys == given, "{mark:?} {keys:?}");
    ensure!(
        names("/run/metatron/service")?
            .iter()
            .all(|name| ["launch", "shell-worker"].contains(&name.as_str()) || name.starts_with('.'))
    );
    ensure!(names("/var/lib/metatron")?.iter().all(|name| !name.contains(".db")), "it has no database");
    ensure!(names("/run/metatron/password")?.is_empty());
    second.logged("\"ready\"").await?;

    let (status, took) = second.stop().await?;
    ensure!(status.success() && took < STOPPED, "{status} after {took:?}");
    watch.fact("host.changed", stands("unreachable")).await?;
    ensure!(
        owner.get(&format!("/terminals/{}", made["id"].as_str().context("no id")?)).await?["state"] == "lost"
    );
    let (status, took) = first.stop().await?;
    ensure!(status.success() && took < STOPPED, "{status} after {took:?}");
    Ok(())
}

#[tokio::test]
async fn a_second_machine_without_an_address_to_join_says_what_is_missing() -> Result<()> {
    let mut lost = Booted::start(None, &[("METATRON_ROLE", "shell-worker")], &[])?;
    let said = lost.logged("METATRON_ROLE=shell-worker ").await?;
    ensure!(said == "needs METATRON_REDIS", "{said}");
    Ok(())
}
