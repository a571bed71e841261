//! The drop to the commands' user (SECURITY B2). Only root can test it; elsewhere these pass without a look.

use metatron_shell_worker::account::Account;
use metatron_shell_worker::kill::Families;

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_has_its_user_and_nothing_else() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let nobody = Account::named("nobody").unwrap();
    let (uid, gid) = (nobody.uid, nobody.gid);
    let bench = Bench::with(nobody, Families::default());
    let (_, outcome) = bench
        .run("grep -E '^(Uid|Gid|Groups|NoNewPrivs|Cap)' /proc/self/status; cat /proc/self/oom_score_adj; \
              ulimit -u -c -f; id -un; echo to stderr > /dev/stderr; echo to tty > /dev/tty; touch mine && stat -c %a mine")
        .await;
    let text = outcome.text;
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |name: &str, count: usize| -> Vec<&str> {
        let at = words.iter().position(|word| *word == name).unwrap();
        words[at + 1..=at + count].to_vec()
    };
    assert_eq!(after("Uid:", 4), vec![uid.to_string(); 4], "{text}");
    assert_eq!(after("Gid:", 4), vec![gid.to_string(); 4], "{text}");
    assert_eq!(after("Groups:", 1), ["CapInh:"], "no group is left: {text}");
    assert_eq!(after("NoNewPrivs:", 1), ["1"]);
    // Without CAP_SETPCAP the bounding set can't be emptied; with no_new_privs it gives nothing back.
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    let own = own.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap();
    let setpcap = u64::from_str_radix(own.trim(), 16).unwrap() & (1 << 8) != 0;
    let bounding = setpcap.then_some("CapBnd:");
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"].into_iter().chain(bounding) {
        assert_eq!(after(set, 1), ["0000000000000000"], "{set}");
    }
    assert!(text.contains("\n500\n") && text.contains("512") && text.contains("10485760"), "{text}");
    assert!(text.contains("to stderr\nto tty\n600"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_can_t_read_what_the_service_keeps() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = Bench::with(Account::named("nobody").unwrap(), Families::default());
    let (_, outcome) = bench
        .run("cat ../recordings/*.out ../shell/journal; ls ../recordings ../shell; cat /proc/$PPID/environ; kill -0 $PPID")
        .await;
    assert_eq!(outcome.text.matches("ermission denied").count(), 5, "{}", outcome.text);
    assert!(outcome.text.contains("not permitted"), "{}", outcome.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn b4_a_command_can_t_begin_behind_a_door_that_is_closed_to_its_user() {
    use std::os::unix::fs::PermissionsExt as _;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let bench = Bench::with(Account::named("nobody").unwrap(), Families::default());
    let home = tempfile::tempdir().unwrap();
    let inside = home.path().join("projects");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join("notes"), "the owner's\n").unwrap();
    for (path, mode) in [(home.path(), 0o700), (inside.as_path(), 0o755)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    // A link of its own leads there no better.
    std::os::unix::fs::symlink(&inside, bench.work.join("link")).unwrap();
    for cwd in [inside.to_str().unwrap(), "link"] {
        let spec = metatron_domain::command::CommandSpec { cwd: Some(cwd.to_owned()), ..spec("cat notes") };
        let said = declined(bench.start(&spec, "", None));
        assert!(said.starts_with("cwd_missing: ") && said.contains("ermission denied"), "{said}");
    }
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let spec = metatron_domain::command::CommandSpec { cwd: Some("link".to_owned()), ..spec("cat notes") };
    let digest = bench.prepared(&spec);
    assert_eq!(ended(bench.start(&spec, &digest, None)).await.text, "the owner's\n");
}
