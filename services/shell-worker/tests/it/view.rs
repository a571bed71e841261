//! What the first look at a terminal costs, in bytes that its screen has to be fed and not in time; and who drove, as a screen
//! tells it.

use std::time::Duration;

use metatron_domain::id::RunId;
use metatron_domain::terminal::Holder;
use metatron_domain::terminal::message::{ScreenShot, TerminalAnswer, TerminalCall};
use metatron_domain::terminal::order::Order;

use crate::sitting::*;
use crate::support::*;

/// Longer than any flood here takes to be shown.
const PATIENCE: Duration = Duration::from_mins(1);
/// More than is left to be shown at a look.
const FLOOD: u64 = 6_000_000;
/// Colours let nothing of it scroll away unseen.
const COLOURED: &str =
    "yes $'\\e[31mred\\e[32mgreen\\e[0m' | head -c 6000000; tput sgr0; echo; echo \"la\"st-line";

/// Waits until a screen that nobody asked for has been made of the whole flood.
async fn made_ahead(sitting: &Sitting) -> u64 {
    let mut shown = sitting.session.shown.subscribe();
    let ahead = tokio::time::timeout(PATIENCE, shown.wait_for(|shown| *shown >= FLOOD)).await;
    *ahead.expect("nobody makes it ahead").unwrap()
}

async fn look(bench: &Bench, sitting: &Sitting) -> ScreenShot {
    match ask(bench, TerminalCall::Screen { terminal: sitting.terminal() }).await {
        TerminalAnswer::Screen(shot) => *shot,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_look_behind_a_coloured_flood_that_has_come_to_rest_has_next_to_nothing_to_show() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press(format!("{COLOURED}\r"));
    let ahead = made_ahead(&sitting).await;
    let shot = look(&bench, &sitting).await;
    assert!(shot.text.contains("\nlast-line\n"), "{}", shot.text);
    assert!(shot.offset > FLOOD);
    let fed = *sitting.session.shown.borrow() - ahead;
    assert!(fed < 1_000, "{fed} bytes were fed at the look");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_goes_on_without_a_word_behind_its_flood_is_shown_ahead_as_well() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press(format!("{COLOURED}; sleep 1000\r"));
    let ahead = made_ahead(&sitting).await;
    let shot = look(&bench, &sitting).await;
    assert!(shot.text.ends_with("\nlast-line"), "{}", shot.text);
    assert_eq!(*sitting.session.shown.borrow(), ahead, "there is nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_again_pays_only_for_what_came_since() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press(format!("{COLOURED}\r"));
    made_ahead(&sitting).await;
    let first = look(&bench, &sitting).await;
    let before = *sitting.session.shown.borrow();
    sitting.press("echo on\"e\"-more\r");
    sitting.shows(&bench, "^one-more").await;
    let second = look(&bench, &sitting).await;
    assert_eq!(*sitting.session.shown.borrow() - before, second.offset - first.offset);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_tells_who_drove_also_when_it_is_made_again_from_the_recording() {
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    let (run, key) = (RunId::new(), "ab".repeat(32));
    sitting.press("PS1='r''eady$ '; clear; echo on\"e\"\r");
    sitting.shows(&bench, "^ready\\$$").await;
    let until = T.after(Duration::from_mins(5));
    sitting.order(&bench, &Order::Hand { run, until, key: key.clone() }).await;
    sitting.typed(&bench, run, 1, &key, "echo tw\"o\"\r").await;
    sitting.shows(&bench, "^two$").await;
    sitting.shows(&bench, "^ready\\$$").await;
    sitting.press("echo thre\"e\"\r");
    sitting.shows(&bench, "^three$").await;
    let drivers = |shot: &ScreenShot| shot.stretches.iter().map(|it| it.by).collect::<Vec<_>>();
    let both = [Holder::Owner, Holder::Ai, Holder::Owner];
    let shot = look(&bench, &sitting).await;
    assert_eq!(drivers(&shot), both, "{}\n{:?}", shot.text, shot.stretches);
    let line = |text: &str| shot.text.lines().position(|line| line == text).unwrap();
    let rows: Vec<usize> = shot.stretches.iter().map(|it| usize::from(it.row)).collect();
    // Each prompt is theirs who typed at it.
    assert_eq!(rows, [0, line("two") - 1, line("three") - 1]);

    sitting.order(&bench, &Order::Close).await;
    sitting.session.over().await.unwrap();
    let kept = bench.work.parent().unwrap().join(format!("recordings/{}.screen", sitting.terminal()));
    std::fs::remove_file(kept).unwrap();
    let again = look(&bench, &sitting).await;
    assert_eq!(again.stretches, shot.stretches, "{}", again.text);
}
