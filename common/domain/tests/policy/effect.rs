//! What the card says a command would do: plausible where it claims to know, and unknown where it does not.

use crate::rig::{cases, judged};

const WORK: &str = "/home/agent/work";

#[test]
fn files_that_are_written_read_and_deleted_are_named() {
    let paths = |names: &[&str]| names.iter().map(|name| format!("{WORK}/{name}")).collect::<Vec<_>>();
    for (command, reads, writes, deletes) in [
        ("cp a b", &["a"][..], &["b"][..], &[][..]),
        ("mv a b", &["a"], &["b"], &["a"]),
        ("rm -f a b", &[], &[], &["a", "b"]),
        ("echo x > out", &[], &["out"], &[]),
        ("sed -i s/a/b/ f", &[], &["f"], &[]),
        ("chmod -R 755 src", &[], &["src"], &[]),
        ("dd if=a of=b", &["a"], &["b"], &[]),
        ("head -n 5 a", &["a"], &[], &[]),
        ("find src -name '*.o'", &["src"], &[], &[]),
        ("cat a | sort > b", &["a"], &["b"], &[]),
        ("cp -t c a b", &["a", "b"], &["c"], &[]),
        ("mv --target-directory=c a b", &["a", "b"], &["c"], &["a", "b"]),
        ("sort -k 2 -t , -o b a", &["a"], &["b"], &[]),
        ("uniq a b", &["a"], &["b"], &[]),
        ("truncate -s 0 a", &[], &["a"], &[]),
        ("install -m 755 a b", &["a"], &["b"], &[]),
        ("cut -d , -f 1-3 a", &["a"], &[], &[]),
        ("grep -A 3 x a", &["a"], &[], &[]),
        ("curl -o a https://h", &[], &["a"], &[]),
        ("rm $X/a b", &[], &[], &["b"]),
        ("cat a > $X/b", &["a"], &[], &[]),
    ] {
        let effects = judged(command).effects;
        assert_eq!(
            (effects.reads, effects.writes, effects.deletes),
            (paths(reads), paths(writes), paths(deletes)),
            "{command}"
        );
    }
}

#[test]
fn what_an_unknown_program_does_is_said_to_be_unknown() {
    for command in [
        "git push",
        "python3 x.py",
        "awk '{ print > \"out\" }' a",
        "./run",
        "make",
        "bash x.sh",
        "cargo build",
        "$X",
        "rm $X",
        "cat $X > a",
        "cat a > $X",
        "ls | xargs rm",
        "find . -exec rm {} +",
        "find . -fprint a",
        "sed 's/a/b/w c' d",
        "sort --compress-program=a b",
        "date -s 10:00",
    ] {
        let effects = judged(command).effects;
        assert!(!effects.unknown.is_empty(), "{command}");
        assert_ne!(effects.reversible, Some(true), "{command}");
        assert_ne!(effects.network, Some(false), "{command}");
    }
}

#[test]
fn more_names_than_the_card_lists_are_said_to_be_more() {
    let many = format!("rm {}", (0..100).map(|n| format!("f{n}")).collect::<Vec<_>>().join(" "));
    let effects = judged(&many).effects;
    assert_eq!((effects.deletes.len(), effects.unknown.len()), (64, 1));
    assert_eq!((effects.network, effects.privilege), (Some(false), Some(false)), "that much is known");
    assert!(judged("rm f1 f2").effects.unknown.is_empty());
}

/// A service that was restarted is not as it was, whatever is or isn't written.
#[test]
fn what_starts_or_stops_services_is_not_said_to_be_undone() {
    assert_eq!(judged("systemctl restart x").effects.reversible, None);
    assert_eq!(judged("ls").effects.reversible, Some(true));
}

#[test]
fn privilege_network_packages_and_services_are_seen_through_wrappers() {
    assert_eq!(judged("timeout 5 sudo ls").effects.privilege, Some(true));
    assert_eq!(judged("nice curl x").effects.network, Some(true));
    assert_eq!(judged("sudo apt-get install jq").effects.packages, Some(true));
    assert_eq!(judged("sudo systemctl restart x").effects.services, Some(true));
}

/// What runs without a question never claims to change anything.
#[test]
fn an_allowed_command_has_no_effect_but_reading() {
    for case in cases() {
        let judged = judged(&case.command);
        if judged.verdict == metatron_domain::policy::Verdict::Allow {
            let effects = judged.effects;
            assert!(effects.writes.is_empty() && effects.deletes.is_empty(), "{}", case.command);
            assert_ne!(effects.network, Some(true), "{}", case.command);
            assert_ne!(effects.privilege, Some(true), "{}", case.command);
        }
    }
}
