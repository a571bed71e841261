//! OpenAI's chat completions on the wire, as far as we use them: what is sent, and the chunks that come back.
//!
//! Our own small structs, since every provider adds and leaves out fields. Source: the chat completions reference,
//! <https://platform.openai.com/docs/api-reference/chat/streaming>.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Piece, Question, Said};

/// Tokens that one call may be charged with: what a provider says beyond that is no count.
const MOST_TOKENS: u64 = 100_000_000;

/// The request body.
pub(crate) fn request(model: &str, question: &Question) -> Value {
    let mut messages = vec![json!({ "role": "system", "content": question.system })];
    messages.extend(question.said.iter().map(message));
    let mut body = json!({
        "model": model,
        "messages": messages,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    if !question.tools.is_empty() {
        body["tools"] = Value::Array(question.tools.clone());
    }
    body
}

fn message(said: &Said) -> Value {
    match said {
        Said::Owner(text) => json!({ "role": "user", "content": text }),
        Said::Result { call_id, text } => json!({ "role": "tool", "tool_call_id": call_id, "content": text }),
        Said::Model { text, calls } if calls.is_empty() => json!({ "role": "assistant", "content": text }),
        Said::Model { text, calls } => {
            let calls: Vec<_> = calls
                .iter()
                .map(|(id, name, arguments)| {
                    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
                })
                .collect();
            json!({ "role": "assistant", "content": text, "tool_calls": calls })
        }
    }
}

/// One chunk of a streamed answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    #[serde(default)]
    content: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallDelta>>,
}

#[derive(Debug, Deserialize)]
struct CallDelta {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    function: Option<FunctionDelta>,
}

#[derive(Debug, Deserialize)]
struct FunctionDelta {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    arguments: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

impl Chunk {
    /// The pieces a chunk brings, in the order they matter.
    pub(crate) fn pieces(self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut finish = None;
        for choice in self.choices.into_iter().take(1) {
            if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
                pieces.push(Piece::Text(text));
            }
            for call in choice.delta.tool_calls.unwrap_or_default() {
                let (name, arguments) =
                    call.function.map_or((None, None), |function| (function.name, function.arguments));
                let name = name.filter(|name| !name.is_empty());
                let id = call.id.filter(|id| !id.is_empty());
                pieces.push(Piece::Call {
                    index: call.index,
                    id,
                    name,
                    arguments: arguments.unwrap_or_default(),
                });
            }
            finish = choice.finish_reason.filter(|reason| !reason.is_empty());
        }
        if let Some(usage) = self.usage {
            let (read, written) =
                (usage.prompt_tokens.min(MOST_TOKENS), usage.completion_tokens.min(MOST_TOKENS));
            pieces.push(Piece::Usage { tokens_in: read, tokens_out: written });
        }
        pieces.extend(finish.map(Piece::Finish));
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_and_its_result_stand_next_to_each_other_on_the_wire() {
        let call = ("call_1".to_owned(), "shell_run".to_owned(), "{\"command\":\"ls\"}".to_owned());
        let question = Question {
            system: "s".to_owned(),
            said: vec![
                Said::Owner("hi".to_owned()),
                Said::Model { text: String::new(), calls: vec![call] },
                Said::Result { call_id: "call_1".to_owned(), text: "a".to_owned() },
            ],
            tools: vec![],
        };
        let body = request("m", &question);
        assert_eq!(body["stream"], true);
        assert_eq!(body["messages"][2]["tool_calls"][0]["function"]["name"], "shell_run");
        assert_eq!(body["messages"][3]["tool_call_id"], "call_1");
        assert!(body.get("tools").is_none(), "an empty list is refused by some providers");
    }

    #[test]
    fn a_chunk_of_a_vendor_with_fields_of_its_own_is_read() {
        let text = r#"{"id":"x","choices":[{"index":0,"delta":{"content":null,"reasoning_content":"hm","tool_calls":
            [{"index":1,"id":"c","function":{"name":"f","arguments":"{"}}]},"finish_reason":"tool_calls"}],
            "usage":{"prompt_tokens":3,"completion_tokens":4},"timings":{}}"#;
        let pieces = serde_json::from_str::<Chunk>(text).unwrap().pieces();
        let call = Piece::Call {
            index: 1,
            id: Some("c".to_owned()),
            name: Some("f".to_owned()),
            arguments: "{".to_owned(),
        };
        let usage = Piece::Usage { tokens_in: 3, tokens_out: 4 };
        assert_eq!(pieces, [call, usage, Piece::Finish("tool_calls".to_owned())]);
    }
}
