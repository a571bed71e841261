//! Who did it: the owner, the AI, the clock, or an outside program with a token.

use serde::{Deserialize, Serialize};

/// The author of an act. Stored and sent as one word, a token's with its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// The person whose machine this is, in a browser session.
    Owner,
    /// The model, inside a run.
    Ai,
    /// The scheduler, the pulse, or another part of the system acting by itself.
    Schedule,
    /// A program outside, by its token.
    Token {
        /// Which one.
        id: crate::id::TokenId,
    },
}
