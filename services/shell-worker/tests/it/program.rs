//! Full-screen programs in the owner's terminal, as they are seen from outside.

use metatron_domain::terminal::Size;
use metatron_domain::terminal::Waits;
use metatron_domain::terminal::message::Until;
use metatron_domain::terminal::order::Order;

use crate::sitting::*;
use crate::support::*;

/// A test without its program would pass and show nothing.
fn require(program: &str) {
    let path = std::path::Path::new("/usr/bin").join(program);
    assert!(path.exists(), "{} is missing: install {program} to test terminals", path.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn vim_draws_takes_keys_and_a_new_size_and_leaves_the_page_as_it_was() {
    require("vim");
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("PS1='ready$ '; echo b$((1+1))fore; vim -u NONE -N note\r");
    sitting.shows(&bench, "\"note\" \\[New\\]").await;
    sitting.press("iHello, wörld\x1b");
    sitting.shows(&bench, "^Hello, wörld$").await;
    let status = sitting.wait(&bench, Until::Input).await;
    assert_eq!((status.program.as_deref(), status.waits), (Some("vim"), Some(Waits::Input)));
    assert!(sitting.screen(&bench).lines().nth(1) == Some("~"));
    sitting.order(&bench, &Order::Resize { size: Size::new(60, 10).unwrap() }).await;
    // The page is drawn anew, over whatever is written meanwhile.
    sitting.wait(&bench, Until::Quiet { ms: 500 }).await;
    sitting.press(":set lines?\r");
    sitting.shows(&bench, "lines=10").await;
    sitting.press(":wq\r");
    sitting.shows(&bench, "^ready\\$").await;
    let screen = sitting.screen(&bench);
    assert!(screen.contains("b2fore") && screen.lines().all(|line| line != "~"), "{screen}");
    assert_eq!(std::fs::read_to_string(bench.work.join("note")).unwrap(), "Hello, wörld\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn htop_draws_its_page() {
    require("htop");
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("htop\r");
    sitting.shows(&bench, "PID.*USER").await;
    sitting.shows(&bench, "F1.?Help").await;
    sitting.press("q");
    sitting.wait(&bench, Until::Input).await;
    assert!(!sitting.screen(&bench).contains("F1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tmux_draws_its_page_and_its_server_ends_with_the_terminal() {
    require("tmux");
    let bench = Bench::new();
    let mut sitting = Sitting::open(&bench).await;
    sitting.press("unset TMUX; tmux -L \"$METATRON_SESSION\" -f /dev/null new -s inner\r");
    sitting.shows(&bench, "\\[inner\\]").await;
    sitting.press("echo i$((1+1))side\r");
    sitting.shows(&bench, "^i2side").await;
    sitting.press("\x02d");
    sitting.shows(&bench, "detached \\(from session inner\\)").await;
    sitting.order(&bench, &Order::Close).await;
    sitting.session.over().await.unwrap();
    assert_eq!(marked(sitting.terminal()), 0, "the server of tmux ended too");
}
