//! What can go wrong in the store, as far as a caller can act on it.

use metatron_domain::Refused;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// The row is not in a state, or not at a version, that permits it.
    #[error("{0}")]
    Conflict(String),
    /// The owner has everything stopped: nothing begins by itself.
    #[error("everything is stopped; nothing begins by itself until the owner lets it go on")]
    Halted,
    /// The transition is not permitted.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Another writer held the database for too long.
    #[error("the database is busy: {0}")]
    Busy(sqlx::Error),
    /// The disk is full: nothing was stored.
    #[error("the disk is full: {0}")]
    Full(sqlx::Error),
    /// The disk is read-only or failing: nothing was stored.
    #[error("the database can't be written: {0}")]
    Unwritable(sqlx::Error),
    /// A stored value can't be read as what it should be.
    #[error("a stored {what} is damaged: {cause}")]
    Corrupt {
        /// What was read.
        what: &'static str,
        /// Why it can't be read.
        cause: String,
    },
    /// A migration failed; the copy made before it is untouched.
    #[error("the database can't be migrated: {0}")]
    Migrate(String),
    /// A key is missing, wrong or unreadable.
    #[error("{0}")]
    Key(String),
    /// Anything else the database says.
    #[error("the database failed: {0}")]
    Database(sqlx::Error),
}

impl Error {
    /// A damaged value of kind `what`.
    pub fn corrupt(what: &'static str) -> impl Fn(String) -> Self {
        move |cause| Self::Corrupt { what, cause }
    }
}

impl Error {
    /// The error of something that several units of work shared, for one of them.
    pub(crate) fn shared(cause: &sqlx::Error) -> Self {
        let text = sqlx::Error::Protocol(cause.to_string());
        match primary_code(cause) {
            Some(5 | 6) => Self::Busy(text),
            Some(13) => Self::Full(text),
            Some(8 | 10) => Self::Unwritable(text),
            _ => Self::Database(text),
        }
    }

    /// The same error, for another of those whom it struck together.
    pub(crate) fn repeated(&self) -> Self {
        let again = |cause: &sqlx::Error| sqlx::Error::Protocol(cause.to_string());
        match self {
            Self::Busy(cause) => Self::Busy(again(cause)),
            Self::Unwritable(cause) => Self::Unwritable(again(cause)),
            Self::Database(cause) => Self::Database(again(cause)),
            other => Self::Database(sqlx::Error::Protocol(other.to_string())),
        }
    }
}

/// Whether another connection holds the file.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(5 | 6))
}

/// `SQLite`'s primary result code.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(inner) = error else { return None };
    inner.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        // Primary result codes: https://www.sqlite.org/rescode.html
        match primary_code(&error) {
            Some(5 | 6) => Self::Busy(error),
            Some(13) => Self::Full(error),
            Some(8 | 10) => Self::Unwritable(error),
            _ if matches!(error, sqlx::Error::PoolTimedOut) => Self::Busy(error),
            _ => Self::Database(error),
        }
    }
}

/// Reads a stored text as `T`; `what` names it in the error.
pub(crate) fn parse<T>(what: &'static str, text: &str) -> Result<T, Error>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|cause: T::Err| Error::Corrupt { what, cause: cause.to_string() })
}

/// Reads a stored JSON text as `T`; `what` names it in the error.
pub(crate) fn json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|cause| Error::Corrupt { what, cause: cause.to_string() })
}

/// Writes `value` as JSON text.
pub(crate) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|cause| Error::Corrupt { what, cause: cause.to_string() })
}

/// Reads a stored count or size.
pub(crate) fn count<T: TryFrom<i64>>(what: &'static str, value: i64) -> Result<T, Error> {
    T::try_from(value).map_err(|_| Error::Corrupt { what, cause: format!("{value} is out of range") })
}
