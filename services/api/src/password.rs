//! Argon2id (SECURITY C5): 64 MiB, three passes, four lanes; at most two at once; the memory goes back afterwards.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::error::{ApiError, Code};

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// Calculations at once; each holds 64 MiB.
const AT_ONCE: usize = 2;
/// Characters of a password, at least.
const SHORTEST: usize = 10;
/// Bytes of a password, at most.
const LONGEST: usize = 1_024;

/// Makes and checks password hashes, a few at a time.
pub(crate) struct Hasher {
    slots: Semaphore,
}

/// What a check said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Another password.
    Wrong,
    /// The password.
    Right,
    /// The password, but hashed under weaker parameters than today's.
    Outdated,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { slots: Semaphore::new(AT_ONCE) }
    }
}

/// Refuses what can't be a password.
pub(crate) fn check_length(password: &str) -> Result<(), ApiError> {
    if password.chars().count() < SHORTEST {
        return Err(ApiError::field("/password", format!("must have at least {SHORTEST} characters")));
    }
    if password.len() > LONGEST {
        return Err(ApiError::field("/password", format!("must have at most {LONGEST} bytes")));
    }
    Ok(())
}

fn engine() -> Result<Argon2<'static>, ApiError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(ApiError::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

impl Hasher {
    /// The hash to be stored, with its parameters and a fresh salt.
    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, ApiError> {
        self.calculate(move || {
            let hash = engine()?.hash_password(password.as_bytes()).map_err(ApiError::internal)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `password` is the one that `stored` was made of.
    pub(crate) async fn check(
        &self,
        password: Zeroizing<String>,
        stored: String,
    ) -> Result<Verdict, ApiError> {
        if password.len() > LONGEST {
            return Ok(Verdict::Wrong);
        }
        self.calculate(move || {
            let stored = PasswordHash::new(&stored).map_err(ApiError::internal)?;
            if engine()?.verify_password(password.as_bytes(), &stored).is_err() {
                return Ok(Verdict::Wrong);
            }
            let used = Params::try_from(&stored).map_err(ApiError::internal)?;
            let today = (used.m_cost(), used.t_cost(), used.p_cost()) == (MEMORY_KIB, PASSES, LANES);
            Ok(if today { Verdict::Right } else { Verdict::Outdated })
        })
        .await
    }

    async fn calculate<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let _slot = self.slots.acquire().await.map_err(ApiError::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)?
    }
}

/// Refuses with [`Code::WrongPassword`].
pub(crate) fn wrong() -> ApiError {
    ApiError::new(Code::WrongPassword, "Try again; after five wrong tries you have to wait.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(password: &str) -> Zeroizing<String> {
        Zeroizing::new(password.to_owned())
    }

    #[tokio::test]
    async fn c5_the_hash_carries_the_parameters_and_a_salt_of_its_own() {
        let hasher = Hasher::default();
        let hash = hasher.hash(text("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"), "{hash}");
        assert_ne!(hash, hasher.hash(text("correct horse")).await.unwrap());
        assert_eq!(hasher.check(text("correct horse"), hash.clone()).await.unwrap(), Verdict::Right);
        assert_eq!(hasher.check(text("battery staple"), hash).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn c5_a_hash_of_weaker_parameters_is_told_apart() {
        let weak =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None).unwrap());
        let hash = weak.hash_password(b"correct horse").unwrap().to_string();
        let verdict = Hasher::default().check(text("correct horse"), hash).await.unwrap();
        assert_eq!(verdict, Verdict::Outdated);
    }
}
