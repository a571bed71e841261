//! The hard stops: of one run, and of all that the clock begins.

use metatron_domain::clock::Instant;
use metatron_domain::run::RunError;
use metatron_store::Error;
use metatron_store::journal::ToolCall;
use metatron_store::provider::Price;
use metatron_store::run::Run;
use metatron_store::setting::Settings;

use crate::desk::Desk;
use crate::tool;

/// The hard stop that forbids a run another model turn, if any.
pub(crate) async fn reached(desk: &Desk, run: &Run) -> Result<Option<RunError>, Error> {
    if run.origin.is_by_clock() && spent_today(desk).await? && !desk.store.is_spoken_to(run).await? {
        return Ok(Some(RunError {
            code: "daily_spend".to_owned(),
            detail: "Work that nobody watches has cost today what it may cost in a day.".to_owned(),
            next_step: "Plan it again for tomorrow, or raise the sum in Settings.".to_owned(),
        }));
    }
    let turns = desk.store.turns_of_chat(run.chat).await?;
    let calls: Vec<_> = turns
        .into_iter()
        .filter(|turn| turn.run == run.id)
        .flat_map(|turn| {
            let number = turn.turn;
            turn.calls.into_iter().map(move |call| repeated(number, call))
        })
        .collect();
    let limit = run.budget.exhausted(&run.spent).or_else(|| run.budget.repeats(&calls));
    Ok(limit.map(|limit| RunError {
        code: "run_limit".to_owned(),
        detail: limit.sentence().to_owned(),
        next_step: "Write again to go on with a new run.".to_owned(),
    }))
}

/// Whether what the clock began has used up the sum of the owner's day. SECURITY P6.
async fn spent_today(desk: &Desk) -> Result<bool, Error> {
    let (settings, _) = desk.store.settings().await?;
    let spent = desk.store.spent_by_clock(midnight(&settings, desk.now())).await?;
    let sum = settings.unattended_micros_per_day;
    if sum > 0 {
        return Ok(spent >= sum);
    }
    // No sum at all: what costs nothing works on.
    Ok(desk.store.default_provider().await?.is_some_and(|provider| provider.price != Price::default()))
}

/// When the owner's day began.
fn midnight(settings: &Settings, now: Instant) -> Instant {
    let at = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    let zoned = at.in_tz(&settings.timezone).unwrap_or_else(|_| at.to_zoned(jiff::tz::TimeZone::UTC));
    // A day without a beginning lies at the end of time: all that was ever spent counts there.
    let start = zoned.start_of_day().map_or(0, |start| start.timestamp().as_millisecond());
    Instant::from_millis(start)
}

/// What makes a call the same as another one. In a terminal the same keys and the same look can be something else each
/// time: there it is the same only with the same answer; and who waits again for what takes long repeats nothing.
fn repeated(turn: u32, call: ToolCall) -> (String, String) {
    let mut asked = call.arguments;
    match call.name.as_str() {
        tool::terminal::WAIT => asked.push_str(&turn.to_string()),
        tool::terminal::READ | tool::terminal::TYPE => asked.push_str(&call.result.unwrap_or_default()),
        _ => {}
    }
    (call.name, asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p6_the_day_of_the_sum_is_the_owner_s() {
        let settings = Settings { timezone: "Asia/Kathmandu".to_owned(), ..Settings::default() };
        let at = |text: &str| Instant::parse(text).unwrap();
        assert_eq!(midnight(&settings, at("2026-11-22T20:00:00Z")), at("2026-11-22T18:15:00Z"));
        assert_eq!(midnight(&settings, at("2026-11-22T18:14:59Z")), at("2026-11-21T18:15:00Z"));
    }
}
