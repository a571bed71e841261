//! A run that nobody watches needs the owner's word, and no device of the owner can be reached: it ends at once and says
//! so, rather than wait for hours for an answer that can't come (SECURITY P6).

use metatron_domain::actor::Actor;
use metatron_domain::clock::Instant;
use metatron_domain::event::EventKind;
use metatron_domain::exec::ExecState;
use metatron_domain::id::RunId;
use metatron_domain::run::{RunEnd, RunError};
use metatron_domain::terminal::hand::HandAsk;
use metatron_domain::told;

use crate::Tx;
use crate::error::Error;
use crate::exec::Exec;

impl Tx {
    /// Somebody has to be asked about a measured command, and nobody can be.
    pub(super) async fn end_unanswerable(&mut self, mut exec: Exec, now: Instant) -> Result<(), Error> {
        self.note_error(exec.id, "owner_unreachable", "").await?;
        self.advance(&mut exec, ExecState::Denied, EventKind::ExecEnded, &Actor::Schedule, now).await?;
        self.tell(&exec, &told::unreachable()).await?;
        for other in self.open_execs(exec.run).await? {
            self.cancel_exec(other.id, now).await?;
        }
        let error = unreachable("A command needed your word, and no device of yours could be reached.");
        self.end_run(exec.run, RunEnd::Expired, Some(error), now).await
    }

    /// The same where a keyboard has to be asked for.
    pub async fn end_unanswerable_hand(
        &mut self,
        run: RunId,
        ask: &HandAsk,
        now: Instant,
    ) -> Result<(), Error> {
        self.answer_call(run, ask.turn, ask.index, &told::unreachable()).await?;
        for other in self.open_execs(run).await? {
            self.cancel_exec(other.id, now).await?;
        }
        let error = unreachable("The AI asked for a keyboard, and no device of yours could be reached.");
        self.end_run(run, RunEnd::Expired, Some(error), now).await
    }
}

fn unreachable(detail: &str) -> RunError {
    RunError {
        code: "owner_unreachable".to_owned(),
        detail: detail.to_owned(),
        next_step:
            "Turn on notifications in Settings on one device, or keep a page open, then start it again."
                .to_owned(),
    }
}
