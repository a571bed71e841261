//! The hard stops of a run: turns, wall time, tokens, money, and repetition.

use serde::{Deserialize, Serialize};

/// What a run may use at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Budget {
    /// Model turns.
    pub turns: u32,
    /// Tokens in and out together.
    pub tokens: u64,
    /// Money, in millionths of a US dollar.
    pub cost_micros: u64,
    /// Time in the state `running`, in seconds. Waiting is free.
    pub active_seconds: u64,
    /// Identical tool calls in a row.
    pub identical_calls: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            turns: 40,
            tokens: 2_000_000,
            cost_micros: 2_000_000,
            active_seconds: 3_600,
            identical_calls: 3,
        }
    }
}

/// What a run has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Model turns that were asked, attempts included.
    pub turns: u32,
    /// Tokens in and out together.
    pub tokens: u64,
    /// Millionths of a US dollar.
    pub cost_micros: u64,
    /// Seconds in the state `running`.
    pub active_seconds: u64,
}

/// The limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Too many model turns.
    Turns,
    /// Too many tokens.
    Tokens,
    /// Too much money.
    Cost,
    /// Too long at work.
    Time,
    /// The same tool call again and again.
    Repetition,
}

impl Limit {
    /// The sentence shown to the owner.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Turns => "The run used all the model turns it was given.",
            Self::Tokens => "The run used all the tokens it was given.",
            Self::Cost => "The run used all the money it was given.",
            Self::Time => "The run worked for as long as it was given.",
            Self::Repetition => "The AI asked for the same tool call three times in a row.",
        }
    }
}

impl Budget {
    /// The first limit that forbids another model turn, if any.
    pub fn exhausted(&self, spent: &Spent) -> Option<Limit> {
        if spent.turns >= self.turns {
            Some(Limit::Turns)
        } else if spent.tokens >= self.tokens {
            Some(Limit::Tokens)
        } else if spent.cost_micros >= self.cost_micros {
            Some(Limit::Cost)
        } else if spent.active_seconds >= self.active_seconds {
            Some(Limit::Time)
        } else {
            None
        }
    }

    /// Whether the last calls repeat one another often enough to stop. `calls` are name and arguments, oldest first.
    pub fn repeats(&self, calls: &[(String, String)]) -> Option<Limit> {
        let many = self.identical_calls.max(2) as usize;
        let tail = calls.len().checked_sub(many).map(|from| &calls[from..])?;
        tail.windows(2).all(|pair| pair[0] == pair[1]).then_some(Limit::Repetition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stops_at_its_first_limit() {
        let budget = Budget { turns: 2, ..Budget::default() };
        assert_eq!(budget.exhausted(&Spent { turns: 1, ..Spent::default() }), None);
        assert_eq!(budget.exhausted(&Spent { turns: 2, ..Spent::default() }), Some(Limit::Turns));
    }

    #[test]
    fn three_identical_calls_in_a_row_are_repetition() {
        let call = |a: &str| ("shell_run".to_owned(), a.to_owned());
        let budget = Budget::default();
        assert_eq!(budget.repeats(&[call("ls"), call("ls")]), None);
        assert_eq!(budget.repeats(&[call("ls"), call("pwd"), call("ls")]), None);
        assert_eq!(
            budget.repeats(&[call("pwd"), call("ls"), call("ls"), call("ls")]),
            Some(Limit::Repetition)
        );
    }
}
