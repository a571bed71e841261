//! The house rules that no compiler knows, as tests. Each failure lists every place, with what to do instead.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail it by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

const MOST_LINES: usize = 400;
const GENERATED: &[&str] = &["web/src/api/schema.ts"];
const NOT_OURS: &[&str] = &["target", "node_modules", "dist", "test-results", "playwright-report"];
const DRAWERS: &[&str] =
    &["util", "utils", "helper", "helpers", "misc", "type", "types", "shared", "stuff", "lib2"];

/// What may lie beside dotfiles on the top level.
const TOP_LEVEL: &[&str] = &[
    "CLAUDE.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "common",
    "compose.yaml",
    "deny.toml",
    "migrations",
    "s6",
    "services",
    "target",
    "web",
];

/// Each technology has one home: a crate from here may be named by these members and no others.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlx", &["metatron-store"]),
    ("aes-gcm", &["metatron-store", "metatron-bus"]),
    ("redis", &["metatron-bus"]),
    ("deadpool-redis", &["metatron-bus"]),
    ("apalis", &["metatron-bus"]),
    ("apalis-core", &["metatron-bus"]),
    ("axum", &["metatron-api", "metatron-testkit"]),
    ("argon2", &["metatron-api"]),
    ("portable-pty", &["metatron-shell-worker"]),
    ("async-openai", &["metatron-pulse-worker"]),
    ("brush-parser", &["metatron-domain"]),
];

/// What each member may use of the others, beside testkit in tests. Nobody uses a service.
const DIRECTION: &[(&str, &[&str])] = &[
    ("metatron-domain", &[]),
    // Its migrate binary is a process as well.
    ("metatron-store", &["metatron-domain", "metatron-process"]),
    ("metatron-bus", &["metatron-domain"]),
    ("metatron-process", &["metatron-domain"]),
    ("metatron-testkit", &["metatron-domain", "metatron-store", "metatron-bus", "metatron-process"]),
    ("metatron-api", &["metatron-domain", "metatron-store", "metatron-bus", "metatron-process"]),
    ("metatron-pulse-worker", &["metatron-domain", "metatron-store", "metatron-bus", "metatron-process"]),
    ("metatron-scheduler", &["metatron-domain", "metatron-store", "metatron-bus", "metatron-process"]),
    ("metatron-shell-worker", &["metatron-domain", "metatron-bus", "metatron-process"]),
    ("metatron-system-tests", &["metatron-domain", "metatron-process", "metatron-testkit"]),
];

#[test]
fn every_file_is_short_enough_to_read_in_one_sitting() {
    check("split them by what they own", |file, text| {
        let lines = text.lines().count();
        let exempt = GENERATED.contains(&file) || !is_code(file) || lines <= MOST_LINES;
        (!exempt).then(|| format!("{lines} lines"))
    });
}

#[test]
fn every_module_says_what_it_owns() {
    check("open them with //! and what the module owns and must never do", |file, text| {
        (extension(file) == "rs" && !text.starts_with("//!")).then(|| "no //! in its first line".into())
    });
}

#[test]
fn no_module_is_a_drawer() {
    check("name them after what they own", |file, _| {
        let named = |part: &str| DRAWERS.contains(&part.split('.').next().unwrap_or(part));
        (is_code(file) && file.split('/').any(named)).then(|| "a drawer's name".into())
    });
}

#[test]
fn every_todo_has_an_owner() {
    let mark = ["TO", "DO"].concat();
    check("write who owns it in brackets behind it", |file, text| {
        let orphan = |line: &str| {
            let Some((_, comment)) = line.split_once("//") else { return false };
            let owned = |at: usize| comment[at + mark.len()..].starts_with('(');
            comment.match_indices(&mark).any(|(at, _)| is_word(comment, at, &mark) && !owned(at))
        };
        let line = text.lines().position(orphan).filter(|_| is_code(file))?;
        Some(format!("line {}", line + 1))
    });
}

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    let strangers: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()))
        .collect();
    assert!(strangers.is_empty(), "these belong into a folder: {strangers:?}");
}

#[test]
fn each_technology_stays_in_its_home() {
    let metadata = metadata();
    let mut strays = Vec::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            let home = HOMES.iter().find(|(name, _)| *name == dependency.name);
            if let Some((_, members)) = home
                && !members.contains(&package.name.as_str())
            {
                strays
                    .push(format!("{} uses {}, which belongs to {members:?}", package.name, dependency.name));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn members_depend_on_each_other_in_one_direction() {
    let metadata = metadata();
    let allowed: BTreeMap<&str, &[&str]> = DIRECTION.iter().copied().collect();
    let mut strays = Vec::new();
    for package in &metadata.packages {
        let Some(allowed) = allowed.get(package.name.as_str()) else {
            strays.push(format!("{} is in no row of DIRECTION", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let for_tests = dependency.kind == cargo_metadata::DependencyKind::Development;
            let fits = allowed.contains(&dependency.name.as_str())
                || (for_tests && dependency.name == "metatron-testkit");
            if !fits {
                strays.push(format!("{} must not use {}", package.name, dependency.name));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn there_is_one_redis_in_the_lock() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let versions: Vec<&str> = lock
        .split("[[package]]")
        .filter(|package| package.contains("\nname = \"redis\"\n"))
        .filter_map(|package| package.lines().find(|line| line.starts_with("version")))
        .collect();
    assert_eq!(versions.len(), 1, "{versions:?}");
}

/// Applies `rule` to every text file of ours and fails with all that it finds.
fn check(advice: &str, rule: impl Fn(&str, &str) -> Option<String>) {
    let mut found = BTreeSet::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with('.') || NOT_OURS.contains(&name.as_str()) || path.is_symlink() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = fs::read_to_string(&path) {
                let file = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.extend(rule(&file, &text).map(|what| format!("{file}: {what}")));
            }
        }
    }
    assert!(found.is_empty(), "{advice}:\n{}", found.into_iter().collect::<Vec<_>>().join("\n"));
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn is_code(file: &str) -> bool {
    matches!(extension(file), "rs" | "ts" | "tsx")
}

fn is_word(line: &str, at: usize, word: &str) -> bool {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    !line[..at].ends_with(letter) && !line[at + word.len()..].starts_with(letter)
}
