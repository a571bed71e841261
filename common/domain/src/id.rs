//! Identifiers: a readable prefix and a sortable UUIDv7, spelled as a TypeID (`run_01j…`).
//!
//! Source of the spelling: the `TypeID` specification 0.3 (26 characters of Crockford base 32, lower case).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id that begins with `{expected}_`")]
pub struct BadId {
    /// The prefix the place called for.
    pub expected: &'static str,
}

fn encode(uuid: Uuid) -> String {
    let n = uuid.as_u128();
    (0..26).map(|i| char::from(ALPHABET[((n >> (125 - 5 * i)) & 31) as usize])).collect()
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != 26 || text.as_bytes()[0] > b'7' {
        return None;
    }
    let mut n: u128 = 0;
    for byte in text.bytes() {
        let digit = ALPHABET.iter().position(|&c| c == byte)?;
        n = (n << 5) | digit as u128;
    }
    Some(Uuid::from_u128(n))
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
fn fresh() -> Uuid {
    Uuid::now_v7()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The readable part in front of the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, later than every earlier one of this process.
            #[expect(clippy::new_without_default, reason = "an id is made on purpose, never by default")]
            pub fn new() -> Self {
                Self(fresh())
            }

            /// The id as a number: its upper 48 bits are milliseconds, its lower 62 are random.
            pub const fn as_u128(self) -> u128 {
                self.0.as_u128()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or(BadId { expected: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .into()
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}
    )*};
}

ids! {
    /// One agent run.
    RunId = "run";
    /// A conversation with the owner.
    ChatId = "cht";
    /// One message of a conversation.
    MessageId = "msg";
    /// One command asked for by the AI: minted once, when the model turn that asks is journalled.
    ExecId = "exc";
    /// One question put to the owner.
    ApprovalId = "apr";
    /// One PTY session.
    TerminalId = "trm";
    /// One piece of owed work.
    JobId = "job";
    /// An API token, never its value.
    TokenId = "tok";
    /// A model provider.
    ProviderId = "prv";
    /// A stored secret, never its value.
    SecretId = "sec";
    /// A browser session, never its cookie.
    SessionId = "ses";
    /// A test call of a provider.
    ProbeId = "prb";
    /// A rule of the owner: what may run without a question.
    RuleId = "rul";
    /// A device that gets notifications.
    DeviceId = "dev";
    /// One notification to one device.
    PushId = "psh";
    /// One undo that the owner asked for.
    UndoId = "und";
    /// One snapshot of a workspace.
    SnapshotId = "snp";
    /// What the owner planned for later.
    TaskId = "tsk";
    /// The journal of one shell host: a new one begins where an old one was lost.
    JournalId = "jrn";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself() {
        let id = RunId::new();
        assert_eq!(id.to_string().parse::<RunId>().unwrap(), id);
        assert!(id.to_string().starts_with("run_0"));
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let id = ChatId::new().to_string();
        assert_eq!(id.parse::<RunId>(), Err(BadId { expected: "run" }));
        assert!("run_8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<RunId>().is_err());
    }

    #[test]
    fn the_specification_s_example_holds() {
        let uuid: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        assert_eq!(encode(uuid), "01h455vb4pex5vsknk084sn02q");
    }
}
