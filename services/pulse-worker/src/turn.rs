//! One model call: its pieces go to whoever watches, and become a whole turn or nothing.
//!
//! A stream that ends without saying that it is whole was cut: no call of it is ever carried out.

use std::collections::BTreeMap;

use futures::StreamExt;
use metatron_bus::live::RunWriter;
use tokio_util::sync::CancellationToken;

use crate::model::{Model, ModelError, Piece, Question};

/// Bytes of text, and of all arguments, that one turn may have.
const LARGEST: usize = 1024 * 1024;
/// Tool calls that one turn may have.
const MOST_CALLS: usize = 16;

/// A whole turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole {
    /// What the model said.
    pub text: String,
    /// Why it stopped.
    pub finish_reason: String,
    /// Its calls: the model's name, tool, arguments.
    pub calls: Vec<(String, String, String)>,
}

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A whole turn.
    Whole(Whole),
    /// Nothing that can be used.
    Cut(ModelError),
    /// The owner stopped it.
    Stopped,
    /// The process ends.
    Interrupted,
}

/// What was used, as far as the provider says; otherwise estimated from the bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// Read.
    pub read: u64,
    /// Written.
    pub written: u64,
}

#[derive(Debug, Default)]
struct Draft {
    text: String,
    calls: BTreeMap<u32, (Option<String>, Option<String>, String)>,
    bytes: usize,
    usage: Option<Tokens>,
    finish: Option<String>,
}

/// Asks `model`, streaming its words to `live`.
pub(crate) async fn ask(
    model: &dyn Model,
    question: Question,
    live: &mut RunWriter,
    stop: &CancellationToken,
    shutdown: &CancellationToken,
) -> (Answer, Tokens) {
    let shown = estimate(&question);
    let mut stream = model.ask(question);
    let mut draft = Draft::default();
    let answer = loop {
        let piece = tokio::select! {
            biased;
            () = stop.cancelled() => break Answer::Stopped,
            () = shutdown.cancelled() => break Answer::Interrupted,
            piece = stream.next() => piece,
        };
        match piece {
            None => break draft.whole(),
            Some(Err(error)) => break Answer::Cut(error),
            Some(Ok(piece)) => {
                if let Piece::Text(text) = &piece {
                    live.delta(text).await;
                }
                if let Err(error) = draft.add(piece) {
                    break Answer::Cut(error);
                }
            }
        }
    };
    let tokens = draft.usage.unwrap_or(Tokens { read: shown, written: draft.bytes as u64 / 4 });
    (answer, tokens)
}

/// About four bytes are a token.
fn estimate(question: &Question) -> u64 {
    let said: usize = question.said.iter().map(|said| format!("{said:?}").len()).sum();
    (question.system.len() + said) as u64 / 4
}

impl Draft {
    fn add(&mut self, piece: Piece) -> Result<(), ModelError> {
        match piece {
            Piece::Text(text) => {
                self.bytes += text.len();
                self.text.push_str(&text);
            }
            Piece::Call { index, id, name, arguments } => {
                self.bytes += arguments.len();
                let call = self.calls.entry(index).or_default();
                call.0 = call.0.take().or(id);
                call.1 = call.1.take().or(name);
                call.2.push_str(&arguments);
            }
            Piece::Usage { tokens_in, tokens_out } => {
                self.usage = Some(Tokens { read: tokens_in, written: tokens_out });
            }
            Piece::Finish(reason) => self.finish = Some(reason),
        }
        if self.bytes > LARGEST || self.calls.len() > MOST_CALLS {
            return Err(ModelError::passing(
                "model_flood",
                "The model's answer was larger than any answer should be, and was cut off.",
                "Write again, or choose another model.",
            ));
        }
        Ok(())
    }

    fn whole(&mut self) -> Answer {
        let Some(finish_reason) = self.finish.take() else {
            return Answer::Cut(ModelError::passing(
                "model_cut",
                "The model's answer was cut off in the middle.",
                "Write again; if it happens often, look at the provider or the network.",
            ));
        };
        // Cut by its own limit in the middle of a call: the arguments are not whole.
        if finish_reason == "length" && !self.calls.is_empty() {
            return Answer::Cut(ModelError::passing(
                "model_out_of_tokens",
                "The model reached its output limit in the middle of a tool call.",
                "Ask for a smaller step, or choose a model with a larger limit.",
            ));
        }
        let calls = std::mem::take(&mut self.calls)
            .into_iter()
            .map(|(index, (id, name, arguments))| {
                let id = id.unwrap_or_else(|| format!("call_{index}"));
                let arguments = if arguments.trim().is_empty() { "{}".to_owned() } else { arguments };
                (id, name.unwrap_or_default(), arguments)
            })
            .collect();
        Answer::Whole(Whole { text: std::mem::take(&mut self.text), finish_reason, calls })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(index: u32, id: Option<&str>, name: Option<&str>, arguments: &str) -> Piece {
        Piece::Call {
            index,
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
            arguments: arguments.to_owned(),
        }
    }

    #[test]
    fn a_stream_cut_anywhere_runs_no_partial_call() {
        let pieces = [
            Piece::Text("I look.".to_owned()),
            call(0, Some("c1"), Some("shell_run"), "{\"comm"),
            call(0, None, None, "and\":\"ls\"}"),
            Piece::Finish("tool_calls".to_owned()),
        ];
        for cut in 0..pieces.len() {
            let mut draft = Draft::default();
            for piece in &pieces[..cut] {
                draft.add(piece.clone()).unwrap();
            }
            assert!(matches!(draft.whole(), Answer::Cut(_)), "cut after {cut}");
        }
        let mut draft = Draft::default();
        for piece in &pieces {
            draft.add(piece.clone()).unwrap();
        }
        let Answer::Whole(whole) = draft.whole() else { unreachable!() };
        let expected = ("c1".to_owned(), "shell_run".to_owned(), "{\"command\":\"ls\"}".to_owned());
        assert_eq!(whole.calls, [expected]);
    }

    #[test]
    fn a_call_that_the_model_s_limit_cut_is_not_carried_out() {
        let mut draft = Draft::default();
        draft.add(call(0, Some("c"), Some("shell_run"), "{}")).unwrap();
        draft.add(Piece::Finish("length".to_owned())).unwrap();
        assert!(matches!(draft.whole(), Answer::Cut(_)));
    }

    #[test]
    fn a_flood_is_cut() {
        let mut draft = Draft::default();
        assert!(draft.add(Piece::Text("x".repeat(LARGEST + 1))).is_err());
    }
}
