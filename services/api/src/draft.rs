//! What the owner writes on a card or in the room of rules: a rule, or other words for a command.

use metatron_domain::clock::Instant;
use metatron_domain::elevated::Power;
use metatron_domain::id::{ChatId, RuleId};
use metatron_domain::policy::{Setting, Verdict, judge};
use metatron_domain::rule::draft::check;
use metatron_domain::rule::{Asked, Rule, Scope};
use metatron_store::exec::Exec as ExecRow;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{Answer, ApiError};

const MOST_TIMES: u32 = 1_000_000;
/// SECURITY section 4: longer commands are malformed.
const LONGEST_COMMAND: usize = 64 * 1_024;

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

/// The words that the owner puts in the place of the AI's. What the policy denies is said here already; shell-worker
/// judges it again.
pub(crate) fn edited(command: Option<String>, exec: &ExecRow) -> Answer<String> {
    if matches!(exec.power, Power::Packages { .. }) {
        let detail = "must be `allow_once` or `deny` for packages: their command line is not made of words";
        return Err(ApiError::field("/decision", detail));
    }
    let command = command.filter(|text| !text.trim().is_empty() && text.len() <= LONGEST_COMMAND);
    let command = command.ok_or_else(|| {
        ApiError::field("/command", format!("must have 1 to {LONGEST_COMMAND} bytes that are not blank"))
    })?;
    let cwd = exec.measure.as_ref().map(|measure| measure.cwd.as_str());
    let setting = Setting { cwd: cwd.unwrap_or(Setting::default().cwd), ..Setting::default() };
    let judgement = judge(command.as_bytes(), &setting);
    if judgement.verdict == Verdict::Deny {
        let reasons = judgement.reasons.join(" ");
        return Err(ApiError::field("/command", format!("is forbidden by the policy: {reasons}")));
    }
    Ok(command)
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
