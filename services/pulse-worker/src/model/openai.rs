//! A provider over HTTP, through async-openai with the bytes in our own shape.
//!
//! The client's own policy repeats what was refused for the moment (429, 5xx) and honours `Retry-After`; a stream that
//! is cut later is for the run to ask again, since it was charged.

use std::time::Duration;

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::wire::{Chunk, request};
use super::{Model, ModelError, Piece, Question};

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a stream may be silent. A local model may read a long prompt for minutes.
const SILENCE: Duration = Duration::from_mins(5);

/// One model of one provider.
#[derive(Debug)]
pub(crate) struct OpenAi {
    client: Client<OpenAIConfig>,
    base_url: String,
    model: String,
}

impl OpenAi {
    /// A client for `model` at `base_url`. `key` is held for as long as the client lives: one run's turn.
    pub(crate) fn new(base_url: &str, model: &str, key: Option<&str>) -> Result<Self, ModelError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|cause| {
                ModelError::fatal(
                    "model_unreachable",
                    format!("No HTTP client could be made: {cause}."),
                    "Look at the log.",
                )
            })?;
        let config = OpenAIConfig::new()
            .with_api_base(base_url.trim_end_matches('/'))
            .with_api_key(key.unwrap_or_default());
        let client = Client::build(http, config);
        Ok(Self { client, base_url: base_url.to_owned(), model: model.to_owned() })
    }
}

impl Model for OpenAi {
    fn ask(&self, question: Question) -> BoxStream<'static, Result<Piece, ModelError>> {
        let (client, base_url, model) = (self.client.clone(), self.base_url.clone(), self.model.clone());
        let body = request(&model, &question);
        stream::once(async move {
            let said = move |error: &OpenAIError| explain(error, &base_url, &model);
            match client.chat().create_stream_byot::<_, Chunk>(body).await {
                Err(error) => stream::iter([Err(said(&error))]).boxed(),
                Ok(chunks) => chunks
                    .flat_map(move |chunk| {
                        stream::iter(match chunk {
                            Ok(chunk) => chunk.pieces().into_iter().map(Ok).collect(),
                            Err(error) => vec![Err(said(&error))],
                        })
                    })
                    .boxed(),
            }
        })
        .flatten()
        .boxed()
    }
}

/// A client's error in words for the owner: cause and next step.
fn explain(error: &OpenAIError, base_url: &str, model: &str) -> ModelError {
    match error {
        OpenAIError::ApiError(refusal) => {
            let status = refusal.status_code.as_u16();
            let message = cut(&refusal.api_error.message);
            match status {
                401 | 403 => ModelError::fatal(
                    "model_key_refused",
                    format!("The model provider refused the key ({status}): {message}"),
                    "Replace the key in Settings › Models.",
                ),
                404 => ModelError::fatal(
                    "model_not_found",
                    format!("The provider at {base_url} has no model {model} ({status}): {message}"),
                    "Check the base URL and the model's name in Settings › Models.",
                ),
                402 => ModelError::fatal(
                    "model_unpaid",
                    format!("The provider wants to be paid first ({status}): {message}"),
                    "Top up the account there, or choose another provider.",
                ),
                429 => ModelError::passing(
                    "model_busy",
                    format!("The provider limits how often it is asked ({status}): {message}"),
                    "Wait a little and write again, or choose another provider.",
                ),
                500.. => ModelError::passing(
                    "model_failing",
                    format!("The provider fails ({status}): {message}"),
                    "Write again later, or choose another provider.",
                ),
                _ => ModelError::fatal(
                    "model_refused",
                    format!("The provider refused the request ({status}): {message}"),
                    "Check the model's name, or choose another model.",
                ),
            }
        }
        OpenAIError::Reqwest(cause) if cause.is_connect() => ModelError::fatal(
            "model_unreachable",
            format!("Nothing answers at {base_url}."),
            "Check the base URL in Settings › Models, and that the provider runs.",
        ),
        OpenAIError::Reqwest(cause) if cause.is_timeout() => {
            ModelError::passing("model_silent", "The provider stopped answering.", "Write again.")
        }
        OpenAIError::Reqwest(cause) if cause.is_builder() => ModelError::fatal(
            "model_unreachable",
            format!("{base_url} is not an address that can be called."),
            "Correct the base URL in Settings › Models.",
        ),
        OpenAIError::JSONDeserialize(..) => ModelError::passing(
            "model_unreadable",
            format!("What {base_url} answers is not the OpenAI shape."),
            "Check the base URL in Settings › Models; it often ends in /v1.",
        ),
        other => ModelError::passing(
            "model_cut",
            format!("The answer was cut off: {}.", cut(&other.to_string())),
            "Write again.",
        ),
    }
}

/// A provider's own words, short enough for a card.
fn cut(text: &str) -> String {
    let line = text.trim().replace(['\n', '\r'], " ");
    if line.chars().count() > 300 {
        format!("{}…", line.chars().take(299).collect::<String>())
    } else {
        line
    }
}
