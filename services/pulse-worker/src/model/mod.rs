//! What a model is to a run: asked with a conversation, it answers with a stream of pieces.
//!
//! Two kinds exist: a provider that speaks the shape of OpenAI's chat completions, and the built-in demonstration.

pub(crate) mod demo;
pub(crate) mod openai;
pub(crate) mod wire;

use futures::stream::BoxStream;
use metatron_domain::run::RunError;

/// One entry of the conversation that a model is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    /// What the owner, or a program for the owner, wrote.
    Owner(String),
    /// A complete turn of the model, with the calls it made.
    Model {
        /// What it said.
        text: String,
        /// Its tool calls: its own name for the call, the tool, the arguments as JSON text.
        calls: Vec<(String, String, String)>,
    },
    /// What came of a call.
    Result {
        /// The model's name for the call.
        call_id: String,
        /// What it is told.
        text: String,
    },
}

/// What a model is asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The system prompt.
    pub system: String,
    /// The conversation, oldest first.
    pub said: Vec<Said>,
    /// The tools on offer, in the provider's JSON shape.
    pub tools: Vec<serde_json::Value>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// More text.
    Text(String),
    /// More of a tool call.
    Call {
        /// Which call of the turn.
        index: u32,
        /// The model's name for it; sent once.
        id: Option<String>,
        /// The tool; sent once.
        name: Option<String>,
        /// More of its arguments.
        arguments: String,
    },
    /// What the call used.
    Usage {
        /// Tokens read.
        tokens_in: u64,
        /// Tokens written.
        tokens_out: u64,
    },
    /// The answer is whole, for this reason. Without it the stream was cut.
    Finish(String),
}

/// Why a model did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ModelError {
    /// Whether asking again at once may help.
    pub again: bool,
    /// What the owner is told.
    pub error: RunError,
}

impl ModelError {
    /// A cause that only the owner can mend.
    pub(crate) fn fatal(code: &str, detail: impl Into<String>, next_step: &str) -> Self {
        let error =
            RunError { code: code.to_owned(), detail: detail.into(), next_step: next_step.to_owned() };
        Self { again: false, error }
    }

    /// A cause that may be gone at the next attempt.
    pub(crate) fn passing(code: &str, detail: impl Into<String>, next_step: &str) -> Self {
        Self { again: true, ..Self::fatal(code, detail, next_step) }
    }
}

/// Something that answers.
pub(crate) trait Model: Send + Sync {
    /// Asks. Dropping the stream cancels the call.
    fn ask(&self, question: Question) -> BoxStream<'static, Result<Piece, ModelError>>;
}
