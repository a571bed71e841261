//! What can go wrong on the way to Redis, told by what the caller can do about it.

use redis::RedisError;

/// A command that did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Redis can't be reached, refuses us, or nobody listens. Try again later; nothing owed is lost, `SQLite` has it.
    #[error("Redis is not available: {0}")]
    Unavailable(String),
    /// Redis is at its `maxmemory` and evicts nothing. Free memory or raise the limit.
    #[error("Redis is full: {0}")]
    Full(String),
    /// Redis answered, but not with what this version of the program understands.
    #[error("Redis answered something unexpected: {0}")]
    Wire(String),
    /// No answer in time. Whether it was done is not known.
    #[error("Redis did not answer in time")]
    Timeout,
}

impl From<RedisError> for Error {
    fn from(error: RedisError) -> Self {
        let text = error.to_string();
        if error.is_timeout() {
            Self::Timeout
        } else if says(&error, &["OOM"]) {
            Self::Full(text)
        } else if is_broken(&error) || error.is_io_error() || is_refusal(&error) {
            Self::Unavailable(text)
        } else {
            Self::Wire(text)
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Wire(error.to_string())
    }
}

impl From<deadpool_redis::PoolError> for Error {
    fn from(error: deadpool_redis::PoolError) -> Self {
        match error {
            deadpool_redis::PoolError::Timeout(_) => Self::Unavailable("connecting took too long".to_owned()),
            deadpool_redis::PoolError::Backend(cause) => match Self::from(cause) {
                Self::Timeout => Self::Unavailable("connecting took too long".to_owned()),
                other => other,
            },
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// Whether the connection is gone, so that another one may succeed at once.
pub(crate) fn is_broken(error: &RedisError) -> bool {
    error.is_connection_dropped() || error.is_connection_refusal() || error.is_unrecoverable_error()
}

/// Whether the server is there, but won't serve us now.
fn is_refusal(error: &RedisError) -> bool {
    error.kind() == redis::ErrorKind::AuthenticationFailed
        || says(
            error,
            &["LOADING", "NOAUTH", "WRONGPASS", "NOPERM", "MASTERDOWN", "READONLY", "MISCONF", "BUSY"],
        )
}

/// Whether the server answered with one of `codes`, to the one command or to any of a pipeline.
pub(crate) fn says(error: &RedisError, codes: &[&str]) -> bool {
    error.code().is_some_and(|code| codes.contains(&code))
        || error.clone().into_server_errors().is_some_and(|all| {
            // A transaction is given up as a whole; the reason stands beside it, or in its text.
            all.iter().any(|(_, one)| {
                codes.contains(&one.code())
                    || (one.code() == "EXECABORT"
                        && one.details().is_some_and(|text| codes.iter().any(|code| text.contains(code))))
            })
        })
}

/// Whether a key holds another type than the command is for.
pub(crate) fn is_wrong_type(error: &RedisError) -> bool {
    says(error, &["WRONGTYPE"])
}

/// Whether the consumer group is gone: Redis was emptied, or the key was deleted under a blocked reader.
pub(crate) fn is_no_group(error: &RedisError) -> bool {
    says(error, &["NOGROUP", "UNBLOCKED"])
}
