//! What the owner writes on a card or in the room of rules: a rule.

use metatron_domain::clock::Instant;
use metatron_domain::id::{ChatId, RuleId};
use metatron_domain::rule::draft::check;
use metatron_domain::rule::{Asked, Rule, Scope};
use metatron_store::exec::Exec as ExecRow;
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

/// A command with what was measured and judged of it.
pub(crate) fn asked(exec: &ExecRow, chat: ChatId) -> Option<Asked<'_>> {
    let (measure, judgement) = (exec.measure.as_ref()?, exec.judgement.as_ref()?);
    Some(Asked { command: &exec.command, chat: Some(chat), measure, judgement, tainted: false })
}

/// The rule to be made with the answer; it allows what is asked.
pub(crate) fn fitting(body: Option<RuleBody>, exec: &ExecRow, chat: ChatId, now: Instant) -> Answer<Rule> {
    let body = body.ok_or_else(|| ApiError::field("/rule", "must be there with `allow_rule`"))?;
    let rule = body.rule(RuleId::new(), 1, now)?;
    if asked(exec, chat).is_some_and(|asked| rule.matches(&asked)) {
        return Ok(rule);
    }
    Err(ApiError::field("/rule", "does not allow the command that is asked about"))
}
