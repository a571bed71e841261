//! Answers the calls of a turn that are no commands: looks at what was shown, and the AI's hands in a terminal. Whatever
//! has an effect is journalled first; all else can be asked again.

use metatron_domain::command::{Outcome, ShellAnswer, ShellCall};
use metatron_domain::exec::ExecState;
use metatron_domain::id::TerminalId;
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::terminal::message::{ScreenShot, Status, TerminalAnswer, TerminalCall, Until};
use metatron_domain::terminal::{Driver, TerminalKind, TerminalState, Waits};
use metatron_domain::told;
use metatron_store::Error;
use metatron_store::exec::Exec;
use metatron_store::job::Claim;
use metatron_store::journal::ToolCall;
use metatron_store::run::Run;
use metatron_store::terminal::Terminal;
use std::time::Duration;
use tokio::time::Instant as Stopwatch;
use tokio_util::sync::CancellationToken;

use crate::desk::Desk;
use crate::tool::{shell, terminal};
use crate::{hands, report};

/// What a shell host that says nothing is called to the model.
pub(crate) const SILENT: &str = "[the shell host does not answer; try again later]";
/// Bytes of a screen that the model is shown, at most.
const MOST_SHOWN: usize = 32 * 1024;
/// The longest piece of a wait: a stop is not noticed later.
const PIECE: Duration = Duration::from_secs(10);

/// What comes of a call.
pub(crate) enum Answered {
    /// The model is told this.
    Told(String),
    /// The owner has to be asked first.
    Asks(Box<HandAsk>),
    /// The owner stops the run, or the process ends.
    Interrupted,
}

/// Answers one call of the turn `turn`.
pub(crate) async fn answer(
    desk: &Desk,
    run: &Run,
    turn: u32,
    call: &ToolCall,
    claim: &Claim,
    stop: &CancellationToken,
) -> Result<Answered, Error> {
    let told = match call.name.as_str() {
        terminal::READ => read(desk, run, &call.arguments).await?,
        terminal::CLOSE => close(desk, run, &call.arguments).await?,
        terminal::TYPE => return hands::types(desk, run, turn, call, claim).await,
        terminal::WAIT => {
            return tokio::select! {
                told = wait(desk, run, &call.arguments) => told.map(Answered::Told),
                () = stop.cancelled() => Ok(Answered::Interrupted),
                () = desk.shutdown.cancelled() => Ok(Answered::Interrupted),
            };
        }
        _ => look(desk, run, &call.arguments).await,
    };
    Ok(Answered::Told(told))
}

/// Answers a `shell_read`.
async fn look(desk: &Desk, run: &Run, arguments: &str) -> String {
    let read = match shell::parse_read(arguments) {
        Ok(read) => read,
        Err(told) => return told,
    };
    let exec = match desk.store.exec(read.exec).await {
        // A run reads what its own conversation did, and nothing else.
        Ok(exec) if desk.store.run(exec.run).await.is_ok_and(|other| other.chat == run.chat) => exec,
        _ => return format!("[no such command in this conversation: {}]", read.exec),
    };
    lines(desk, &exec.host, exec.terminal, read.from_line, read.count()).await
}

async fn lines(desk: &Desk, host: &str, terminal: TerminalId, from_line: u64, lines: u32) -> String {
    let call = ShellCall::ReadText { terminal, from_line, lines };
    match desk.bus.call(host, &call, report::CALL).await {
        Ok(ShellAnswer::Text { text, lines }) => {
            format!("[lines from {from_line} of {lines} in all]\n{text}")
        }
        Ok(ShellAnswer::NotFound) => "[its output is not kept any more]".to_owned(),
        Ok(_) | Err(_) => SILENT.to_owned(),
    }
}

/// A terminal that a run works with.
pub(crate) struct Place {
    /// Its row.
    pub(crate) row: Terminal,
    /// The command in it, where it is one of the AI.
    pub(crate) exec: Option<Exec>,
}

/// The terminal that the model named, if it is one of this conversation or one of the owner's; else what it is told.
pub(crate) async fn place(desk: &Desk, run: &Run, name: &str) -> Result<Result<Place, String>, Error> {
    let unknown =
        || format!("[no such terminal in this conversation: {}]", name.chars().take(40).collect::<String>());
    let id: Option<TerminalId> = match name.parse() {
        Ok(id) => Some(id),
        // The id of its command means the same.
        Err(_) => match name.parse() {
            Ok(exec) => desk.store.exec(exec).await.ok().map(|exec| exec.terminal),
            Err(_) => None,
        },
    };
    let Some(id) = id else { return Ok(Err(unknown())) };
    let Some(row) = desk.store.find_terminal(id).await? else { return Ok(Err(unknown())) };
    let exec = match row.exec {
        Some(exec) => Some(desk.store.exec(exec).await?),
        None => None,
    };
    if row.kind == TerminalKind::Command && row.chat != Some(run.chat) {
        return Ok(Err(unknown()));
    }
    Ok(Ok(Place { row, exec }))
}

/// The same, where it is only looked at: the owner's are looked at while their keyboard is in this run's hands (B7).
async fn visible(desk: &Desk, run: &Run, name: &str) -> Result<Result<Place, String>, Error> {
    let place = match place(desk, run, name).await? {
        Ok(place) => place,
        Err(told) => return Ok(Err(told)),
    };
    if place.row.kind == TerminalKind::Owner {
        let hand = desk.store.hand_of_terminal(&desk.vault, place.row.id, desk.now()).await?;
        if hand.is_none_or(|hand| hand.run != run.id) {
            return Ok(Err(
                "[that terminal is the owner's: you see it only while its keyboard is in your hands]"
                    .to_owned(),
            ));
        }
    }
    Ok(Ok(place))
}

/// Asks the host of a terminal; nothing when it does not answer.
pub(crate) async fn ask(
    desk: &Desk,
    host: &str,
    call: TerminalCall,
    within: Duration,
) -> Option<TerminalAnswer> {
    let call = ShellCall::Terminal { call: Box::new(call) };
    match desk.bus.call(host, &call, report::CALL + within).await {
        Ok(ShellAnswer::Terminal { answer }) => Some(answer),
        Ok(other) => {
            tracing::warn!(?other, "a shell host answers something else");
            None
        }
        Err(error) => {
            tracing::debug!(%error, "a shell host does not answer");
            None
        }
    }
}

/// The screen of a terminal, also of one that has ended.
pub(crate) async fn screen(desk: &Desk, row: &Terminal) -> Option<ScreenShot> {
    match ask(desk, &row.host, TerminalCall::Screen { terminal: row.id }, Duration::ZERO).await {
        Some(TerminalAnswer::Screen(shot)) => Some(*shot),
        _ => None,
    }
}

/// Answers a `terminal_read`.
async fn read(desk: &Desk, run: &Run, arguments: &str) -> Result<String, Error> {
    let wanted = match terminal::parse_read(arguments) {
        Ok(wanted) => wanted,
        Err(told) => return Ok(told),
    };
    let place = match visible(desk, run, &wanted.terminal).await? {
        Ok(place) => place,
        Err(told) => return Ok(told),
    };
    if wanted.what == terminal::What::Screen {
        return shown(desk, run, &place, "").await;
    }
    let (row, count) = (&place.row, wanted.count());
    let from = if let Some(from) = wanted.from {
        from
    } else {
        // The last ones: how many there are is asked first.
        let call = ShellCall::ReadText { terminal: row.id, from_line: 0, lines: 1 };
        match desk.bus.call(&row.host, &call, report::CALL).await {
            Ok(ShellAnswer::Text { lines, .. }) => lines.saturating_sub(u64::from(count)),
            _ => return Ok(SILENT.to_owned()),
        }
    };
    Ok(lines(desk, &row.host, row.id, from, count).await)
}

/// Answers a `terminal_wait`. A password prompt is for the owner: what was asked for is waited for behind it.
async fn wait(desk: &Desk, run: &Run, arguments: &str) -> Result<String, Error> {
    let wanted = match terminal::parse_wait(arguments) {
        Ok(wanted) => wanted,
        Err(told) => return Ok(told),
    };
    let place = match visible(desk, run, &wanted.terminal).await? {
        Ok(place) => place,
        Err(told) => return Ok(told),
    };
    let (terminal, host) = (place.row.id, &place.row.host);
    let end = Stopwatch::now() + Duration::from_secs(u64::from(wanted.seconds));
    let mut asked = false;
    loop {
        let left = end.saturating_duration_since(Stopwatch::now()).min(PIECE);
        let until = if asked { Until::Answered } else { wanted.until.clone() };
        let within_ms = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        let (met, status) =
            match ask(desk, host, TerminalCall::Wait { terminal, until, within_ms }, left).await {
                Some(TerminalAnswer::Waited { met, status }) => (met, status),
                Some(TerminalAnswer::Refused { code, detail }) if code != "ended" => {
                    return Ok(format!("[not waited: {detail}]"));
                }
                Some(_) => return shown(desk, run, &place, "").await,
                None => return Ok(SILENT.to_owned()),
            };
        if status.state.is_terminal() {
            let told = ended(&status);
            return shown(desk, run, &place, &told).await;
        }
        let password = status.waits == Some(Waits::Password);
        if met && !password && !asked {
            return shown(desk, run, &place, "[it has come about]\n").await;
        }
        if Stopwatch::now() >= end {
            return shown(desk, run, &place, "[it has not come about in that time]\n").await;
        }
        asked = password && wanted.until != Until::Exit;
    }
}

/// How a terminal ended whose row does not know it yet.
fn ended(status: &Status) -> String {
    match &status.exit {
        Some(exit) => {
            let known = Outcome {
                started_at: metatron_domain::clock::Instant::from_millis(0),
                ended_at: metatron_domain::clock::Instant::from_millis(0),
                exit: Some(exit.clone()),
                text: " ".to_owned(),
                truncated: false,
                bytes: 0,
                sha256: String::new(),
                kept: None,
            };
            format!("{}\n", told::outcome(&known).trim_end())
        }
        None => "[the terminal has ended]\n".to_owned(),
    }
}

/// Answers a `terminal_close`.
async fn close(desk: &Desk, run: &Run, arguments: &str) -> Result<String, Error> {
    let wanted = match terminal::parse_close(arguments) {
        Ok(wanted) => wanted,
        Err(told) => return Ok(told),
    };
    let place = match place(desk, run, &wanted.terminal).await? {
        Ok(place) => place,
        Err(told) => return Ok(told),
    };
    let Some(exec) = &place.exec else {
        return Ok("[not closed: the terminal is the owner's]".to_owned());
    };
    if exec.state != ExecState::Running {
        return shown(desk, run, &place, "").await;
    }
    let closed = report::stop(desk, &exec.host, exec.id, true).await;
    Ok(if closed { "[closed, with all that it started]".to_owned() } else { SILENT.to_owned() })
}

/// How a terminal stands and what it shows, as the model is told: behind `first`.
pub(crate) async fn shown(desk: &Desk, run: &Run, place: &Place, first: &str) -> Result<String, Error> {
    let row = &place.row;
    let shot = screen(desk, row).await;
    let text = shot.map_or_else(|| "(its screen is not to be had)".to_owned(), |shot| cut(shot.text));
    let answer = ask(desk, &row.host, TerminalCall::Status { terminal: row.id }, Duration::ZERO).await;
    if let Some(TerminalAnswer::Status(status)) = answer
        && !status.state.is_terminal()
    {
        return Ok(format!("{first}{}\n{text}", stands(run, &status)));
    }
    if !first.is_empty() {
        return Ok(format!("{first}{text}"));
    }
    // The row is read again: the end may have been written down meanwhile.
    let exec = match &place.exec {
        Some(exec) => Some(desk.store.exec(exec.id).await?),
        None => None,
    };
    Ok(match exec {
        Some(exec) if exec.state.is_terminal() => told::outcome(&Outcome {
            started_at: exec.started_at.unwrap_or(row.created_at),
            ended_at: exec.ended_at.unwrap_or(row.created_at),
            exit: exec.exit,
            text,
            truncated: false,
            bytes: exec.output_bytes.unwrap_or(0),
            sha256: String::new(),
            kept: None,
        }),
        _ if desk.store.terminal(row.id).await?.state == TerminalState::Running => {
            format!("{SILENT}\n{text}")
        }
        _ => format!("[the terminal has ended]\n{text}"),
    })
}

/// One line on how a terminal stands.
fn stands(run: &Run, status: &Status) -> String {
    let program = status.program.as_deref().unwrap_or("a program");
    let waits = match status.waits {
        Some(Waits::Input) => "waits for input",
        Some(Waits::Password) => {
            "asks for a password; only the owner may answer, and was told: terminal_wait waits for it"
        }
        None => "runs",
    };
    let keyboard = match &status.driver {
        Driver::Ai { run: other, until: Some(until), .. } if *other == run.id => {
            format!("you have the keyboard until {until}")
        }
        Driver::Ai { until: Some(_), .. } => "another run has the keyboard".to_owned(),
        Driver::Ai { until: None, .. } => "terminal_type asks the owner for the keyboard".to_owned(),
        Driver::Owner => "the owner has the keyboard".to_owned(),
    };
    format!("[terminal {}: {program} {waits}; {keyboard}]", status.terminal)
}

/// What fits; the end of it, where that is not all.
fn cut(text: String) -> String {
    if text.len() <= MOST_SHOWN {
        return if text.is_empty() { "(the screen is empty)".to_owned() } else { text };
    }
    let from = text.ceil_char_boundary(text.len() - MOST_SHOWN);
    format!("[{from} bytes left out]\n{}", &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_cut_at_its_beginning_and_says_so() {
        let text = cut(format!("{}é{}", "x".repeat(10), "y".repeat(MOST_SHOWN - 1)));
        assert!(text.starts_with("[12 bytes left out]\ny"), "{}", &text[..40]);
        assert_eq!(cut(String::new()), "(the screen is empty)");
    }
}
