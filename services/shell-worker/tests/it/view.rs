//! What the first look at a terminal costs. It is told in bytes that its screen has to be fed, not in time.

use std::time::Duration;

use metatron_domain::terminal::message::{ScreenShot, TerminalAnswer, TerminalCall};

use crate::sitting::*;
use crate::support::*;

/// Longer than any flood here takes to be shown.
const PATIENCE: Duration = Duration::from_secs(60);
/// More than is left to be shown at a look.
const FLOOD: u64 = 6_000_000;
/// Colours let nothing of it scroll away unseen.
const COLOURED: &str = "yes $'\\e[31mred\\e[32mgreen\\e[0m' | head -c 6000000; tput sgr0; echo; echo \"la\"st-line";

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
