//! Whoever looks at Redis with a dashboard, under the rules that the service tree writes: it reads what is public.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use metatron_testkit::redis::RedisServer;

/// The tree's own shell functions, and the list they write.
const SCRIPT: &str = r#"
root= METATRON_RUN=$1 METATRON_KEYS=$1
mkdir -p "$1/password"
. "$2/accounts"
{ accounts; dashboard; } >"$1/users.acl"
"#;

/// A server under the tree's rules, where only the one who asks without a name may still do everything.
fn server(folder: &Path) -> Result<(RedisServer, String)> {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../s6");
    let written = Command::new("sh").args(["-euc", SCRIPT, "sh"]).arg(folder).arg(tree).status()?;
    ensure!(written.success(), "the rules were not written: {written}");
    let list = folder.join("users.acl");
    let rules = std::fs::read_to_string(&list)?;
    ensure!(rules.starts_with("user default off\n"), "a stranger gets in: {rules}");
    std::fs::write(&list, rules.replacen("user default off\n", "", 1))?;
    let server = RedisServer::with(&["--aclfile", &list.to_string_lossy(), "--slowlog-log-slower-than 0"])?;
    for words in [
        &["HSET", "metatron:service:api", "state", "up"][..],
        &["XADD", "metatron:stream:events", "1-1", "type", "run.started"],
        &["XGROUP", "CREATE", "metatron:stream:events", "api", "0"],
        &["XADD", "metatron-live:run:run_1", "1-1", "text", "private"],
        &["SET", "elsewhere", "somebody's"],
    ] {
        server.command(words)?;
    }
    let password = std::fs::read_to_string(folder.join("dashboard.password"))?.trim().to_owned();
    Ok((server, password))
}

#[test]
fn a_dashboard_reads_the_public_tree_and_how_redis_does() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (server, password) = server(folder.path())?;
    for (words, wanted) in [
        (&["SCAN", "0", "MATCH", "metatron:*"][..], "metatron:service:api"),
        (&["TYPE", "metatron:stream:events"], "stream"),
        (&["PTTL", "metatron:stream:events"], ":-1"),
        (&["HGETALL", "metatron:service:api"], "state"),
        (&["XRANGE", "metatron:stream:events", "-", "+"], "run.started"),
        (&["XINFO", "STREAM", "metatron:stream:events"], "radix-tree-keys"),
        (&["XINFO", "GROUPS", "metatron:stream:events"], "last-delivered-id"),
        (&["XPENDING", "metatron:stream:events", "api"], "*4"),
        (&["MEMORY", "USAGE", "metatron:stream:events"], ":"),
        (&["INFO"], "redis_version"),
        (&["SLOWLOG", "GET", "1"], "*1"),
        (&["DBSIZE"], ":4"),
        (&["CLIENT", "SETNAME", "dashboard"], "+OK"),
    ] {
        let reply = server.command_as("dashboard", &password, words).with_context(|| format!("{words:?}"))?;
        ensure!(reply.contains(wanted), "{words:?} says {reply}");
    }
    Ok(())
}

#[test]
fn a_dashboard_changes_nothing_and_reads_nothing_private() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (server, password) = server(folder.path())?;
    for words in [
        &["HSET", "metatron:service:api", "state", "down"][..],
        &["DEL", "metatron:service:api"],
        &["XADD", "metatron:queue:run:high", "*", "job", "{}"],
        &["XACK", "metatron:stream:events", "api", "1-1"],
        &["XREADGROUP", "GROUP", "api", "me", "STREAMS", "metatron:stream:events", ">"],
        &["EXPIRE", "metatron:stream:events", "1"],
        &["PUBLISH", "metatron-live:shell:local:call", "{}"],
        &["SUBSCRIBE", "metatron-live:run:run_1"],
        &["EVAL", "return 1", "0"],
        &["FLUSHALL"],
        &["CONFIG", "GET", "*"],
        &["CONFIG", "SET", "maxmemory", "1"],
        &["ACL", "LIST"],
        &["CLIENT", "LIST"],
        &["CLIENT", "KILL", "TYPE", "normal"],
        &["SLOWLOG", "RESET"],
        &["MONITOR"],
        &["KEYS", "*"],
        &["SHUTDOWN"],
        &["XRANGE", "metatron-live:run:run_1", "-", "+"],
        &["MEMORY", "USAGE", "metatron-live:run:run_1"],
        &["DUMP", "metatron-live:run:run_1"],
        &["TYPE", "metatron-live:run:run_1"],
        &["GET", "elsewhere"],
    ] {
        let refused = server.command_as("dashboard", &password, words).err();
        let refused = refused.with_context(|| format!("{words:?} was allowed"))?.to_string();
        ensure!(refused.starts_with("-NOPERM"), "{words:?}: {refused}");
    }
    let wrong = server.command_as("dashboard", "guessed", &["PING"]).err().context("any password will do")?;
    ensure!(wrong.to_string().starts_with("-WRONGPASS"), "{wrong}");
    ensure!(server.command(&["HGET", "metatron:service:api", "state"])?.contains("up"));
    Ok(())
}

#[test]
fn each_service_may_do_what_its_queues_ask_of_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (server, _) = server(folder.path())?;
    for (service, queue) in [
        ("api", "metatron:queue:run"),
        ("api", "metatron:queue:terminal"),
        ("scheduler", "metatron:queue:run"),
        ("pulse-worker", "metatron:queue:run"),
        ("shell-worker", "metatron:queue:shell:local"),
    ] {
        let password = std::fs::read_to_string(folder.path().join("password").join(service))?;
        let meta = format!("{queue}:meta");
        for words in
            [&["SUBSCRIBE", &meta][..], &["PUBLISH", &meta, "paused"], &["HINCRBY", &meta, "done", "1"]]
        {
            server
                .command_as(service, password.trim(), words)
                .with_context(|| format!("{service}: {words:?}"))?;
        }
    }
    // Users of shell hosts elsewhere are api's matter alone.
    for service in ["api", "scheduler", "pulse-worker", "shell-worker"] {
        let password = std::fs::read_to_string(folder.path().join("password").join(service))?;
        for words in
            [&["ACL", "SETUSER", "host-b", "reset"][..], &["ACL", "USERS"], &["ACL", "DELUSER", "host-b"]]
        {
            let done = server.command_as(service, password.trim(), words);
            ensure!(done.is_ok() == (service == "api"), "{service}: {words:?}: {done:?}");
        }
    }
    Ok(())
}
