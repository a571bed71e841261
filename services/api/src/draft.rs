//! A rule as it is asked for, in the room of rules and on a card.

use metatron_domain::clock::Instant;
use metatron_domain::id::{ChatId, RuleId};
use metatron_domain::rule::draft::check;
use metatron_domain::rule::{Rule, Scope};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};

const MOST_TIMES: u32 = 1_000_000;

/// A rule to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleBody {
    /// The program's absolute path, without links.
    #[schema(min_length = 2, max_length = 4096, pattern = "^/")]
    program: String,
    /// The words behind the program's name that must stand there exactly.
    #[schema(max_items = 64)]
    words: Vec<String>,
    /// Whether further words may follow. Only for few programs, and never beyond a year.
    #[serde(default)]
    open: bool,
    /// The folder the command must start in, or below.
    #[schema(min_length = 1, max_length = 4096, pattern = "^/")]
    folder: String,
    /// The conversation it counts in; everywhere when absent.
    chat_id: Option<ChatId>,
    /// From this instant it is void. When absent it lasts until it is revoked, which only an exact command may.
    until: Option<Instant>,
    /// How often it may be used; any number of times when absent.
    #[schema(minimum = 1, maximum = 1_000_000)]
    times: Option<u32>,
}

impl RuleBody {
    /// The rule it describes, if that may be one.
    pub(crate) fn rule(self, id: RuleId, version: u32, now: Instant) -> Answer<Rule> {
        let Self { program, words, open, folder, chat_id, until, times } = self;
        if times.is_some_and(|times| times > MOST_TIMES) {
            return Err(ApiError::field("/times", format!("must be at most {MOST_TIMES}")));
        }
        let scope = chat_id.map_or(Scope::Everywhere, |chat| Scope::Chat { chat });
        let rule = Rule { id, version, program, words, open, folder, scope, until, times };
        check(&rule, now).map_err(|(pointer, detail)| ApiError::field(pointer, detail))?;
        Ok(rule)
    }
}
