//! Answering the question for a keyboard: the AI wants to type into a terminal for some minutes.

use metatron_domain::approval::{Answer as Say, ApprovalState};
use metatron_store::approval::{Approval as ApprovalRow, Decision};
use metatron_store::auth::Session;

use super::approval::{OwnerAnswer, refusal};
use crate::App;
use crate::error::{Answer, ApiError};
use crate::keyboard::Note;
use crate::session::still_open;
use crate::state::OWNER;

/// A yes is first done and then written down: the run goes on with the keyboard in its hands, or not at all.
pub(super) async fn answer(
    app: &App,
    question: ApprovalRow,
    session: &Session,
    said: OwnerAnswer,
    (digest, nonce, reason): (String, String, Option<String>),
) -> Answer<ApprovalRow> {
    let answer = match said {
        OwnerAnswer::AllowOnce => Say::AllowOnce,
        OwnerAnswer::Deny => Say::Deny,
        OwnerAnswer::Edit | OwnerAnswer::AllowRule => {
            return Err(ApiError::field(
                "/decision",
                "must be `allow_once` or `deny` where a keyboard is asked for",
            ));
        }
    };
    let hand = question.hand.ok_or_else(|| ApiError::not_found("question"))?;
    let decision = Decision { answer, digest, nonce, reason };
    let decide = async || {
        let mut tx = app.store.begin().await?;
        still_open(&mut tx, session, app.now()).await?;
        tx.decide_hand(question.id, &decision, &OWNER, app.now()).await.map_err(refusal)?;
        tx.answered_from(question.id, session.id).await?;
        let row = tx.approval(question.id).await?;
        Ok::<_, ApiError>((tx, row))
    };
    let (tx, row) = decide().await?;
    if answer == Say::Deny {
        app.commit(tx).await?;
        return Ok(row);
    }
    drop(tx);
    let claim = Note::Claimed(hand.why.clone());
    app.hand_over(&hand.host, hand.terminal_id, row.run, hand.minutes, claim).await?;
    let decided = match decide().await {
        Ok((tx, row)) => app.commit(tx).await.map(|_| row),
        Err(error) => Err(error),
    };
    if decided.is_err() {
        // Somebody else answered meanwhile, or it can't be written down: then there is no yes. Another yes, given where the
        // terminal is shown, stands.
        let now = app.store.approval(question.id).await?.state;
        if now != ApprovalState::Allowed {
            app.take_back(&hand.host, hand.terminal_id).await?;
        }
    }
    decided
}
