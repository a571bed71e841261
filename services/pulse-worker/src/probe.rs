//! A test call of a provider: one short question, so that the owner sees a real answer or a real cause.

use std::time::Duration;

use futures::StreamExt;
use metatron_domain::id::ProbeId;
use metatron_domain::run::RunError;
use metatron_store::Error;
use metatron_store::job::Claim;
use metatron_store::provider::Probe;

use crate::desk::Desk;
use crate::model::{ModelError, Piece, Question, Said};
use crate::run::speaker;
use crate::work::Done;

/// How long a provider may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// Characters of the answer that are shown.
const SHOWN: usize = 400;

/// Carries one test call; its subject is the probe.
pub(crate) async fn carry(desk: &Desk, subject: &str, claim: &Claim) -> Result<Done, Error> {
    let Ok(id) = subject.parse::<ProbeId>() else { return Err(Error::NotFound("the test call")) };
    let mut tx = desk.store.begin().await?;
    tx.hold(claim).await?;
    tx.start_probe(id).await?;
    desk.commit(tx).await?;
    let probe = desk.store.probe(id).await?;
    let outcome = match tokio::time::timeout(PATIENCE, ask(desk, &probe)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(ModelError::fatal(
            "model_silent",
            "The provider did not answer within a minute.",
            "Check that it runs; a local model may need time to load.",
        )),
    };
    let outcome: Result<String, RunError> = outcome.map_err(|error| error.error);
    let now = desk.now();
    let mut tx = desk.store.begin().await?;
    tx.end_probe(id, outcome.as_deref(), now).await?;
    tx.finish(claim, now).await?;
    desk.commit(tx).await?;
    Ok(Done::Finished)
}

async fn ask(desk: &Desk, probe: &Probe) -> Result<String, ModelError> {
    let key = crate::run::key(desk, probe.secret).await?;
    let model = speaker(probe.kind, &probe.base_url, &probe.model, key.as_deref())?;
    let question = Question {
        system: "Answer in one short sentence.".to_owned(),
        said: vec![Said::Owner("Say hello, and which model you are.".to_owned())],
        tools: vec![],
    };
    let mut stream = model.ask(question);
    let mut text = String::new();
    while let Some(piece) = stream.next().await {
        match piece? {
            Piece::Text(more) if text.len() < SHOWN => text.push_str(&more),
            Piece::Finish(_) => return Ok(text.chars().take(SHOWN).collect()),
            _ => {}
        }
    }
    Err(ModelError::fatal(
        "model_cut",
        "The provider's answer was cut off.",
        "Check the base URL; it often ends in /v1.",
    ))
}
