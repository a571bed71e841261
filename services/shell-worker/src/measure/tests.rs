//! What a measurement sees, and what it says has changed.

use metatron_domain::id::{ExecId, RunId, TerminalId};
use metatron_domain::policy::{Setting, judge};

use super::*;

fn spec(command: &str) -> CommandSpec {
    CommandSpec {
        exec: ExecId::new(),
        run: RunId::new(),
        terminal: TerminalId::new(),
        command: command.into(),
        cwd: None,
        timeout_s: 5,
        interactive: false,
        size: None,
        origin: None,
        power: metatron_domain::elevated::Power::Agent,
    }
}

fn measured(spec: &CommandSpec, folder: &Path) -> Measure {
    let around = Surroundings { account: Account::own(), host: "local".into(), timezone: "UTC".into() };
    let setting = Setting { cwd: "/w", home: "/h", user: "u", workspace: "/w", protected: &[] };
    let judgement = judge(spec.command.as_bytes(), &setting);
    let folder = Folder::open(folder, spec.cwd.as_deref(), None).unwrap();
    measure(spec, &judgement, &folder, (&around, &around.account), &Digests::default()).unwrap()
}

#[test]
fn the_same_command_measures_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec("ls -l");
    let (first, second) = (measured(&spec, folder.path()), measured(&spec, folder.path()));
    assert_eq!(first.digest(spec.exec), second.digest(spec.exec));
    assert_eq!(first.programs[0].word, "ls");
    assert!(first.programs[0].path.ends_with("/ls") && first.programs[0].sha256.len() == 64);
}

#[test]
fn a_changed_script_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.sh"), "echo a").unwrap();
    let spec = spec("bash x.sh");
    let before = measured(&spec, folder.path());
    std::fs::write(folder.path().join("x.sh"), "echo b").unwrap();
    let now = measured(&spec, folder.path());
    assert_eq!(difference(&before, &now), "the script x.sh");
    std::fs::remove_file(folder.path().join("x.sh")).unwrap();
    assert_eq!(difference(&before, &measured(&spec, folder.path())), "the script x.sh");
}

#[test]
fn a_folder_put_in_the_place_of_another_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("work");
    std::fs::create_dir(&work).unwrap();
    let spec = spec("ls");
    let before = measured(&spec, &work);
    std::fs::rename(&work, folder.path().join("old")).unwrap();
    std::fs::create_dir(&work).unwrap();
    assert_eq!(difference(&before, &measured(&spec, &work)), "the working folder");
}
