//! The book of rules and modes: one document that api seals for each shell host, versioned and expiring. The rows in
//! `SQLite` are what it is made from; shell-worker knows nothing but the newest one it has seen.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::warrant::WarrantKey;
use super::{Asked, Rule, Under};
use crate::actor::Actor;
use crate::clock::Instant;
use crate::elevated::Elevated;
use crate::id::{ChatId, TokenId};
use crate::mode::{Mode, effective, is_floor};
use crate::policy::Verdict;
use crate::taint::asks;

/// What a book is sealed for; its subject is the host, its position the version.
pub const BOOK: &str = "rules";
/// How long a book is worth anything: without api there are no rules after it.
pub const VALID: Duration = Duration::from_hours(1);

/// What was allowed beforehand does not count, or not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rule or the mode was changed, ended or revoked, or is about something else")]
pub struct Void;

/// The mode of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMode {
    /// Which conversation.
    pub chat: ChatId,
    /// Its mode.
    pub mode: Mode,
    /// Until when; absent: until it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// The mode of the runs that a token begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMode {
    /// Which token.
    pub token: TokenId,
    /// Their mode.
    pub mode: Mode,
}

/// All that the owner allowed beforehand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Rises with every change of a rule or a mode, and is never below the time of that in milliseconds.
    pub version: u64,
    /// Which shell host it is for.
    pub host: String,
    /// From this instant it is void.
    pub expires_at: Instant,
    /// The rules that are in force.
    pub rules: Vec<Rule>,
    /// Conversations whose mode the owner set.
    pub chats: Vec<ChatMode>,
    /// Tokens whose mode the owner set.
    pub tokens: Vec<TokenMode>,
    /// The key of the warrants for this host.
    #[serde(default, skip_serializing_if = "WarrantKey::is_empty")]
    pub key: WarrantKey,
    /// What may be asked for as root.
    #[serde(default, skip_serializing_if = "Elevated::is_off")]
    pub elevated: Elevated,
}

impl Book {
    /// The mode that counts for a run of `chat` that `actor` began.
    pub fn mode(&self, chat: Option<ChatId>, actor: &Actor, now: Instant) -> Mode {
        let of_chat = self.chats.iter().find(|it| Some(it.chat) == chat);
        let of_token = match actor {
            Actor::Token { id } => self.tokens.iter().find(|it| it.token == *id).map(|it| it.mode),
            _ => None,
        };
        let chat = of_chat.filter(|it| it.until.is_none_or(|until| now < until)).map(|it| it.mode);
        effective(chat, of_token, actor)
    }

    /// What a command of `actor` could run under at `now`, without an answer.
    pub fn under(&self, asked: &Asked<'_>, actor: &Actor, now: Instant) -> Option<Under> {
        let mode = self.mode(asked.chat, actor, now);
        if mode < Mode::Auto || asked.judgement.verdict != Verdict::Ask || is_floor(asked.judgement) {
            return None;
        }
        if mode == Mode::Full && !(asked.tainted && asks(asked.judgement)) {
            return Some(Under::Full);
        }
        let rule = self.rules.iter().find(|rule| rule.is_current(now) && rule.matches(asked))?;
        Some(Under::Rule { rule: rule.id, version: rule.version })
    }

    /// The rule that `under` names, where it still allows this command; none in the mode `full`.
    pub fn confirm(
        &self,
        under: Under,
        asked: &Asked<'_>,
        actor: &Actor,
        now: Instant,
    ) -> Result<Option<&Rule>, Void> {
        let mode = self.mode(asked.chat, actor, now);
        if asked.judgement.verdict != Verdict::Ask || is_floor(asked.judgement) {
            return Err(Void);
        }
        let (holds, rule) = match under {
            Under::Full => (mode == Mode::Full && !(asked.tainted && asks(asked.judgement)), None),
            Under::Rule { rule, version } => {
                let found = self.rules.iter().find(|it| it.id == rule && it.version == version);
                let matches = found.is_some_and(|rule| rule.is_current(now) && rule.matches(asked));
                (mode >= Mode::Auto && matches, found)
            }
        };
        if holds { Ok(rule) } else { Err(Void) }
    }
}
