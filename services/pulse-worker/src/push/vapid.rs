//! Who sends it: a token signed with this instance's own key, so that a push service takes messages for its devices from
//! nobody else (RFC 8292).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use metatron_domain::clock::Instant;
use metatron_store::Error;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;
use zeroize::Zeroizing;

/// How long a token is worth anything, in seconds; 24 hours are the most that is allowed (RFC 8292, 2).
const VALID_S: i64 = 12 * 3_600;

/// A new key: its public half as browsers take it, and the whole as PKCS #8.
pub(super) fn generate() -> Result<(String, Zeroizing<Vec<u8>>), Error> {
    let random = SystemRandom::new();
    let made =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| broken())?;
    let private = Zeroizing::new(made.as_ref().to_vec());
    let public = URL_SAFE_NO_PAD.encode(pair(&private)?.public_key().as_ref());
    Ok((public, private))
}

/// The value of `Authorization` for the push service at `origin`. `contact` is whom it may turn to: a `mailto:` or
/// `https:` address.
pub(super) fn authorization(
    private: &[u8],
    public: &str,
    origin: &str,
    contact: &str,
    now: Instant,
) -> Result<String, Error> {
    let claims = json!({ "aud": origin, "exp": now.as_millis() / 1_000 + VALID_S, "sub": contact });
    let head = URL_SAFE_NO_PAD.encode(json!({ "typ": "JWT", "alg": "ES256" }).to_string());
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = pair(private)?.sign(&SystemRandom::new(), signed.as_bytes()).map_err(|_| broken())?;
    Ok(format!("vapid t={signed}.{}, k={public}", URL_SAFE_NO_PAD.encode(signature.as_ref())))
}

fn pair(private: &[u8]) -> Result<EcdsaKeyPair, Error> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private, &SystemRandom::new())
        .map_err(|_| broken())
}

fn broken() -> Error {
    Error::Key("the key for notifications can't be used".to_owned())
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_token_names_the_push_service_and_is_signed_with_the_key_that_browsers_know() {
        let (public, private) = generate().unwrap();
        let now = Instant::from_millis(1_800_000_000_000);
        let header =
            authorization(&private, &public, "https://push.example", "mailto:a@example.org", now).unwrap();
        let token = header.strip_prefix("vapid t=").unwrap().strip_suffix(&format!(", k={public}")).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, URL_SAFE_NO_PAD.decode(&public).unwrap());
        key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["aud"], "https://push.example");
        assert_eq!(claims["exp"], 1_800_000_000 + VALID_S);
    }
}
