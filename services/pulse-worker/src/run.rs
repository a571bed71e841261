//! One run, from claim to the point where it ends or has to wait. Everything it knows is in the journal: whoever takes
//! it over reads the same rows and goes on.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use metatron_bus::live::RunWriter;
use metatron_domain::cap::Cap;
use metatron_domain::exec::ExecState;
use metatron_domain::id::{RunId, SecretId};
use metatron_domain::run::{Origin, RunEnd, RunError, Waiting};
use metatron_domain::told;
use metatron_process::crash::{self, Point};
use metatron_store::Error;
use metatron_store::job::Claim;
use metatron_store::journal::{CompleteTurn, Intent};
use metatron_store::provider::{Provider, ProviderKind};
use metatron_store::run::{Run, Usage};
use tokio::time::Instant as Stopwatch;
use tokio_util::sync::CancellationToken;

use crate::call::{self, Answered};
use crate::desk::Desk;
use crate::model::demo::{self, Demo};
use crate::model::openai::OpenAi;
use crate::model::{Model, ModelError};
use crate::turn::{Answer, Tokens, Whole, ask};
use crate::work::Done;
use crate::{elsewhere, limit, prompt, report, tool};

/// Attempts at one turn before the run fails.
const ATTEMPTS: u32 = 3;
/// The pause before the second attempt; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(500);
/// Terminals that may be open in one conversation: each holds a place at its shell host.
const MOST_OPEN: usize = 8;
/// The demonstration's pause between two words.
const PACE: Duration = Duration::from_millis(25);

/// What a run does next.
enum Step {
    /// Look at the journal again.
    On,
    /// This delivery is over.
    Over(Done),
}

/// Carries `run` on under `claim` until it ends or waits.
pub(crate) async fn carry(
    desk: &Arc<Desk>,
    run: RunId,
    claim: &Claim,
    stop: &CancellationToken,
) -> Result<Done, Error> {
    let mut live = RunWriter::new(&desk.bus, run);
    loop {
        match step(desk, run, claim, stop, &mut live).await? {
            Step::On => {}
            Step::Over(done) => {
                if desk.store.run(run).await.is_ok_and(|run| run.state.is_terminal()) {
                    live.end().await;
                }
                return Ok(done);
            }
        }
    }
}

async fn step(
    desk: &Desk,
    id: RunId,
    claim: &Claim,
    stop: &CancellationToken,
    live: &mut RunWriter,
) -> Result<Step, Error> {
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    tx.hold(claim).await?;
    let run = tx.take_run(id, now).await?;
    if run.stop_requested {
        drop(tx);
        return halt(desk, &run, claim).await;
    }
    if tx.carry_on(id, now).await? {
        tx.finish(claim, now).await?;
        desk.commit(tx).await?;
        return Ok(Step::Over(Done::Finished));
    }
    desk.commit(tx).await?;
    let position = desk.store.position(id).await?;
    let calls = desk.store.calls(id, position.complete).await?;
    for call in calls.iter().filter(|call| call.result.is_none()) {
        if call.exec.is_some() {
            // The turn of this command has come.
            return Ok(Step::On);
        }
        let answered = call::answer(desk, &run, position.complete, call, claim, stop).await?;
        let unheard =
            matches!(answered, Answered::Asks(_)) && Box::pin(report::nobody_can_answer(desk, &run)).await?;
        let now = desk.now();
        let mut tx = desk.store.begin().await?;
        tx.hold(claim).await?;
        match answered {
            Answered::Told(result) => tx.answer_call(id, position.complete, call.index, &result).await?,
            Answered::Asks(_) if tx.questions_full(&run).await? => {
                tx.answer_call(id, position.complete, call.index, &told::capped(Cap::Questions)).await?;
            }
            Answered::Asks(ask) => {
                if unheard {
                    tx.end_unanswerable_hand(id, &ask, now).await?;
                } else {
                    tx.ask_hand(id, &ask, now).await?;
                }
                tx.finish(claim, now).await?;
                desk.commit(tx).await?;
                return Ok(Step::Over(Done::Finished));
            }
            Answered::Interrupted if desk.shutdown.is_cancelled() => return Ok(Step::Over(Done::GivenBack)),
            Answered::Interrupted => return Ok(Step::On),
        }
        desk.commit(tx).await?;
    }
    if position.complete > 0 && calls.is_empty() {
        let mut tx = desk.store.begin().await?;
        if tx.newest_owner_seq(run.chat).await? <= run.seen_seq {
            tx.finish(claim, desk.now()).await?;
            tx.end_run(id, RunEnd::Succeeded, None, desk.now()).await?;
            desk.commit(tx).await?;
            return Ok(Step::Over(Done::Finished));
        }
    }
    if let Some(error) = limit::reached(desk, &run).await? {
        return fail(desk, id, claim, error).await;
    }
    if position.attempts >= ATTEMPTS * 2 {
        return fail(desk, id, claim, worn_out()).await;
    }
    turn(desk, &run, position.complete + 1, claim, stop, live).await
}

/// Asks the model for one turn, again where that may help, and journals it.
async fn turn(
    desk: &Desk,
    run: &Run,
    turn: u32,
    claim: &Claim,
    stop: &CancellationToken,
    live: &mut RunWriter,
) -> Result<Step, Error> {
    let (model, provider) = match choose(desk, run).await {
        Ok(chosen) => chosen,
        Err(error) => return fail(desk, run.id, claim, error.error).await,
    };
    let mut tries = 0;
    loop {
        tries += 1;
        let (question, seen) = prompt::question(desk, run).await?;
        let mut tx = desk.store.begin().await?;
        tx.hold(claim).await?;
        let attempt = tx.ask_turn(run.id, turn, &provider.model, desk.now()).await?;
        tx.seen(run.id, seen).await?;
        desk.commit(tx).await?;
        live.turn(turn, attempt);
        let clock = Stopwatch::now();
        let (answer, tokens) = ask(&*model, question, live, stop, &desk.shutdown).await;
        let usage = usage(&provider, tokens, clock.elapsed());
        let cut = match answer {
            Answer::Whole(whole) => {
                return journal(desk, run, (turn, attempt), whole, &provider, usage, claim).await;
            }
            Answer::Interrupted => return Ok(Step::Over(Done::GivenBack)),
            Answer::Stopped => stopped(),
            Answer::Cut(error) => error,
        };
        tracing::info!(run.id = %run.id, turn, attempt, code = cut.error.code, "a model call came to nothing");
        let mut tx = desk.store.begin().await?;
        tx.hold(claim).await?;
        tx.cut_turn(run.id, (turn, attempt), &cut.error.code, &usage, desk.now()).await?;
        desk.commit(tx).await?;
        if stop.is_cancelled() {
            return Ok(Step::On);
        }
        if !cut.again || tries >= ATTEMPTS {
            return fail(desk, run.id, claim, cut.error).await;
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE * 2_u32.pow(tries - 1)) => {}
            () = stop.cancelled() => return Ok(Step::On),
            () = desk.shutdown.cancelled() => return Ok(Step::Over(Done::GivenBack)),
        }
    }
}

/// Writes a whole turn down. Where it asks for commands the run is parked in the same commit.
async fn journal(
    desk: &Desk,
    run: &Run,
    (turn, attempt): (u32, u32),
    whole: Whole,
    provider: &Provider,
    usage: Usage,
    claim: &Claim,
) -> Result<Step, Error> {
    let machines = elsewhere::machines(desk).await?;
    let (elevated, _) = desk.store.elevated().await?;
    let mut open = desk.store.terminals_of_chat(run.chat).await?.len();
    let calls: Vec<_> = whole
        .calls
        .into_iter()
        .map(|(id, name, arguments)| {
            open += usize::from(name == tool::terminal::OPEN);
            let intent = if name == tool::terminal::OPEN && open > MOST_OPEN {
                Intent::Told(format!(
                    "[not opened: {MOST_OPEN} terminals are open in this conversation; close one]"
                ))
            } else {
                tool::intent(&name, &arguments, &machines, elevated)
            };
            (id, name, arguments, intent)
        })
        .collect();
    let commands = calls.iter().any(|(.., intent)| matches!(intent, Intent::Exec(_)));
    let complete = CompleteTurn {
        turn,
        attempt,
        text: whole.text,
        finish_reason: whole.finish_reason,
        model: provider.model.clone(),
        usage,
        calls,
    };
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    tx.hold(claim).await?;
    tx.complete_turn(run.id, run.chat, &complete, now).await?;
    let parked = commands && tx.carry_on(run.id, now).await?;
    if parked {
        tx.finish(claim, now).await?;
    }
    desk.commit(tx).await?;
    Ok(if parked { Step::Over(Done::Finished) } else { Step::On })
}

/// The owner stopped the run: what has not started never will, what runs is ended, and then the run is over. The job is
/// given back only when the shell host has answered: until then the stop is owed.
async fn halt(desk: &Desk, run: &Run, claim: &Claim) -> Result<Step, Error> {
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    tx.hold(claim).await?;
    let mut at_work = Vec::new();
    for exec in tx.unended_execs(run.id).await? {
        match exec.state {
            ExecState::Approved | ExecState::Running => at_work.push(exec),
            _ => tx.cancel_exec(exec.id, now).await?,
        }
    }
    tx.withdraw_hand(run.id, now).await?;
    tx.take_run(run.id, now).await?;
    desk.commit(tx).await?;
    let heard = join_all(at_work.iter().map(|exec| report::stop(desk, &exec.host, exec.id, false))).await;
    if heard.contains(&false) {
        return Ok(Step::Over(Done::Unheard));
    }
    crash::point(Point::PulseHalting);
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    tx.finish(claim, now).await?;
    if tx.unended_execs(run.id).await?.is_empty() {
        tx.end_run(run.id, RunEnd::Cancelled, None, now).await?;
    } else {
        // Its end is on its way here.
        tx.park_run(run.id, Waiting::Command, now).await?;
    }
    desk.commit(tx).await?;
    Ok(Step::Over(Done::Finished))
}

async fn fail(desk: &Desk, run: RunId, claim: &Claim, error: RunError) -> Result<Step, Error> {
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    tx.finish(claim, now).await?;
    tx.end_run(run, RunEnd::Failed, Some(error), now).await?;
    desk.commit(tx).await?;
    Ok(Step::Over(Done::Finished))
}

/// The model that speaks in this run.
async fn choose(desk: &Desk, run: &Run) -> Result<(Box<dyn Model>, Provider), ModelError> {
    let none = || {
        ModelError::fatal(
            "no_model",
            "No model is connected yet.",
            "Connect one in Settings › Models, or choose the demonstration.",
        )
    };
    let broken =
        |error: Error| ModelError::fatal("provider_unreadable", error.to_string(), "Look at the log.");
    let mut provider = match run.provider {
        Some(id) => desk.store.provider(id).await.map_err(broken)?,
        None => desk.store.default_provider().await.map_err(broken)?.ok_or_else(none)?,
    };
    if run.origin == Origin::Practice {
        provider.kind = ProviderKind::Demo;
    }
    if provider.kind == ProviderKind::Demo {
        demo::NAME.clone_into(&mut provider.model);
    }
    let key = key(desk, provider.secret).await?;
    let model = speaker(provider.kind, &provider.base_url, &provider.model, key.as_deref())?;
    Ok((model, provider))
}

/// What speaks for a provider of this kind.
pub(crate) fn speaker(
    kind: ProviderKind,
    base_url: &str,
    model: &str,
    key: Option<&str>,
) -> Result<Box<dyn Model>, ModelError> {
    Ok(match kind {
        ProviderKind::Demo => Box::new(Demo { pace: PACE }),
        ProviderKind::Openai => Box::new(OpenAi::new(base_url, model, key)?),
    })
}

/// A provider's key, out of the vault for as long as it is held.
pub(crate) async fn key(desk: &Desk, secret: Option<SecretId>) -> Result<Option<String>, ModelError> {
    let Some(secret) = secret else { return Ok(None) };
    let unreadable = |cause: String| {
        ModelError::fatal(
            "model_key_unreadable",
            format!("The provider's key can't be read: {cause}."),
            "Enter it again in Settings › Models.",
        )
    };
    let bytes =
        desk.store.reveal(&desk.vault, secret).await.map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes.to_vec()).map(Some).map_err(|_| unreadable("it is not text".to_owned()))
}

fn usage(provider: &Provider, tokens: Tokens, took: Duration) -> Usage {
    Usage {
        tokens_in: tokens.read,
        tokens_out: tokens.written,
        cost_micros: provider.price.of(tokens.read, tokens.written),
        active_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    }
}

fn stopped() -> ModelError {
    ModelError::fatal("stopped", "The owner stopped the run.", "")
}

fn worn_out() -> RunError {
    RunError {
        code: "run_worn_out".to_owned(),
        detail: "The same model turn was begun again and again without an end.".to_owned(),
        next_step: "Look at the services' log, then write again.".to_owned(),
    }
}
