//! The AI's hands: what a run types. Only while the owner has handed it the keyboard, never a password, and never twice:
//! the number under which it is sent is journalled first, and the terminal takes each number once.

use std::time::Duration;

use metatron_bus::seal::LinkKey;
use metatron_domain::policy::{Setting, judge};
use metatron_domain::taint::{Source, brings};
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::terminal::message::{Status, TerminalAnswer, TerminalCall, Until};
use metatron_domain::terminal::order::TYPED;
use metatron_domain::terminal::{Driver, TerminalKind, Waits};
use metatron_process::crash::{self, Point};
use metatron_store::Error;
use metatron_store::job::Claim;
use metatron_store::journal::ToolCall;
use metatron_store::run::Run;
use metatron_store::terminal::owner::Hand;

use crate::call::{Answered, Place, SILENT, ask, place, screen, shown};
use crate::desk::Desk;
use crate::tool::terminal::{Typing, parse_type};

/// How often what got no answer is sent again, under the same number.
const TRIES: u32 = 3;
/// After what was typed the program gets this long to fall silent before the model is shown its screen.
const SETTLES: Duration = Duration::from_secs(3);
/// Silence that counts as such.
const QUIET_MS: u32 = 400;

/// Answers a `terminal_type`.
pub(crate) async fn types(
    desk: &Desk,
    run: &Run,
    turn: u32,
    call: &ToolCall,
    claim: &Claim,
) -> Result<Answered, Error> {
    let told = |text: &str| Ok(Answered::Told(text.to_owned()));
    let typing = match parse_type(&call.arguments) {
        Ok(typing) => typing,
        Err(why) => return told(&why),
    };
    let place = match place(desk, run, &typing.terminal).await? {
        Ok(place) => place,
        Err(why) => return told(&why),
    };
    if place.exec.as_ref().is_some_and(|exec| exec.power.is_root()) {
        return told(
            "[not typed: its command runs as root, and there nobody but the owner types. Tell the owner what to type]",
        );
    }
    let row = &place.row;
    let hand = desk.store.hand_of_terminal(&desk.vault, row.id, desk.now()).await?;
    let hand = hand.filter(|hand| hand.run == run.id);
    if let Some(sequence) = call.sequence {
        // A worker before this one may have sent it.
        return match hand {
            Some(hand) => send(desk, run, &place, &typing, &hand, sequence).await,
            None => {
                after_all(desk, run, &place, sequence, "the keyboard is not in your hands any more").await
            }
        };
    }
    let text = String::from_utf8_lossy(&typing.bytes(false)).into_owned();
    let status =
        match ask(desk, &row.host, TerminalCall::Judge { terminal: row.id, text }, Duration::ZERO).await {
            Some(TerminalAnswer::Status(status)) if !status.state.is_terminal() => status,
            Some(TerminalAnswer::Refused { code, detail }) if code == "denied_by_policy" => {
                return told(&format!(
                    "[not typed: forbidden by the policy] {detail} Do not try to get around it."
                ));
            }
            Some(_) => return shown(desk, run, &place, "").await.map(Answered::Told),
            None => return told(SILENT),
        };
    if status.waits == Some(Waits::Password) {
        return told(
            "[not typed: a program asks for a password, and only the owner may answer. The owner was told; terminal_wait waits \
             for the answer]",
        );
    }
    let Some(hand) = hand else {
        if desk.store.is_hand_revoked(row.id, run.id).await? {
            return revoked(desk, claim, &place).await;
        }
        return Ok(Answered::Asks(Box::new(question(&typing, &place, &status, turn, call.index))));
    };
    if !has_keyboard(&status.driver, run) {
        return revoked(desk, claim, &place).await;
    }
    let sequence = status.typed.saturating_add(1);
    let mut tx = desk.store.begin().await?;
    tx.hold(claim).await?;
    tx.mint_sequence(run.id, turn, call.index, sequence).await?;
    if brings(&judge(typing.text.trim_end().as_bytes(), &Setting::default())) {
        tx.taint_run(run.id, &Source::Typed, desk.now()).await?;
    }
    desk.commit(tx).await?;
    crash::point(Point::PulseMinted);
    send(desk, run, &place, &typing, &hand, sequence).await
}

fn has_keyboard(driver: &Driver, run: &Run) -> bool {
    matches!(driver, Driver::Ai { run: other, until: Some(_), .. } if *other == run.id)
}

fn question(typing: &Typing, place: &Place, status: &Status, turn: u32, index: u32) -> HandAsk {
    // Of the owner's terminal nothing is told before it is handed over; the owner sees it in the question.
    HandAsk {
        terminal_id: place.row.id,
        kind: place.row.kind,
        name: match (&place.exec, place.row.kind) {
            (Some(exec), TerminalKind::Command) => exec.command.chars().take(200).collect(),
            _ => place.row.name.clone(),
        },
        host: place.row.host.clone(),
        user: status.user.clone(),
        cwd: status.cwd.clone(),
        program: status.program.clone(),
        text: typing.text.clone(),
        keys: typing.keys.clone(),
        minutes: typing.minutes,
        why: typing.why.clone(),
        turn,
        index,
    }
}

/// The owner has taken the keyboard: the key is of no use any more. Asked once more, the owner is asked once more.
async fn revoked(desk: &Desk, claim: &Claim, place: &Place) -> Result<Answered, Error> {
    let mut tx = desk.store.begin().await?;
    tx.hold(claim).await?;
    tx.take_terminal(place.row.id, desk.now()).await?;
    desk.commit(tx).await?;
    Ok(Answered::Told(
        "[not typed: the owner has taken the keyboard. Look what they did before you go on; if you still need it, the next \
         terminal_type asks them again]"
            .to_owned(),
    ))
}

/// Sends it under its number, again under the same one where there is no answer.
async fn send(
    desk: &Desk,
    run: &Run,
    place: &Place,
    typing: &Typing,
    hand: &Hand,
    sequence: u64,
) -> Result<Answered, Error> {
    let row = &place.row;
    let application =
        typing.depends_on_mode() && screen(desk, row).await.is_some_and(|shot| shot.application_cursor);
    let broken = || Error::Key("the key of a keyboard can't be used".to_owned());
    let key = LinkKey::parse(&hand.key).ok_or_else(broken)?;
    let sealed =
        key.seal(TYPED, &row.id.to_string(), sequence, &typing.bytes(application)).map_err(|_| broken())?;
    for _ in 0..TRIES {
        let call = TerminalCall::Type { terminal: row.id, run: run.id, sequence, sealed: sealed.clone() };
        match ask(desk, &row.host, call, Duration::ZERO).await {
            Some(TerminalAnswer::Status(_)) => {
                crash::point(Point::PulseTyped);
                return settled(desk, run, place, "[typed]\n").await;
            }
            Some(TerminalAnswer::Refused { detail, .. }) => {
                return after_all(desk, run, place, sequence, &detail).await;
            }
            Some(_) => return after_all(desk, run, place, sequence, "the terminal is gone").await,
            None => {}
        }
    }
    Ok(Answered::Told(
        "[the shell host does not answer: it is not known whether this was typed. Look before you type it again]".to_owned(),
    ))
}

/// It was refused: because it was typed before, or because it must not be typed. The terminal's own count tells.
async fn after_all(
    desk: &Desk,
    run: &Run,
    place: &Place,
    sequence: u64,
    detail: &str,
) -> Result<Answered, Error> {
    let row = &place.row;
    let first = match ask(desk, &row.host, TerminalCall::Status { terminal: row.id }, Duration::ZERO).await {
        Some(TerminalAnswer::Status(status)) if status.typed >= sequence => {
            "[this was typed before the interruption, and not a second time]\n".to_owned()
        }
        Some(TerminalAnswer::Status(_)) => format!("[not typed: {detail}]\n"),
        _ => "[the terminal has ended; whether this was typed before is not known]\n".to_owned(),
    };
    settled(desk, run, place, &first).await
}

/// What the terminal shows once it has come to rest.
async fn settled(desk: &Desk, run: &Run, place: &Place, first: &str) -> Result<Answered, Error> {
    let within_ms = u32::try_from(SETTLES.as_millis()).unwrap_or(u32::MAX);
    let until = Until::Quiet { ms: QUIET_MS };
    let call = TerminalCall::Wait { terminal: place.row.id, until, within_ms };
    // Whatever comes of it, the screen is shown as it is then.
    let _ = ask(desk, &place.row.host, call, SETTLES).await;
    shown(desk, run, place, first).await.map(Answered::Told)
}
