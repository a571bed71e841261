//! Random secrets: claim code, cookies, tokens. From the system's generator (SECURITY C7), never stored as they are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::error::ApiError;

/// Crockford's base 32: nothing in it is mistaken for anything else.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What begins an API token, so that scanners find it where it does not belong.
pub(crate) const TOKEN_PREFIX: &str = "mtr_";

fn bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, ApiError> {
    let mut bytes = Zeroizing::new([0_u8; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(ApiError::internal)?;
    Ok(bytes)
}

/// A cookie's value: 256 bits.
pub(crate) fn cookie() -> Result<Zeroizing<String>, ApiError> {
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes::<32>()?.as_slice())))
}

/// A token's value: 256 bits behind the prefix.
pub(crate) fn token() -> Result<Zeroizing<String>, ApiError> {
    Ok(Zeroizing::new(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes::<32>()?.as_slice()))))
}

/// A claim code: 128 bits as groups that a person can copy.
pub(crate) fn claim_code() -> Result<Zeroizing<String>, ApiError> {
    let number = u128::from_be_bytes(*bytes::<16>()?);
    let mut code = Zeroizing::new(String::with_capacity(32));
    for i in 0..26_u32 {
        if i > 0 && i % 5 == 0 {
            code.push('-');
        }
        let shift = 125_u32.saturating_sub(5 * i);
        code.push(char::from(ALPHABET[((number >> shift) & 31) as usize]));
    }
    Ok(code)
}

/// The code as it was printed, whatever a person made of dashes, case and look-alikes.
pub(crate) fn normal_code(typed: &str) -> Zeroizing<String> {
    let letters =
        typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        });
    Zeroizing::new(letters.collect())
}

/// A short id for one request.
pub(crate) fn request_id() -> String {
    bytes::<8>().map_or_else(|_| "none".to_owned(), |bytes| hex::encode(bytes.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_code_survives_how_people_copy() {
        let code = claim_code().unwrap();
        assert_eq!(code.len(), 26 + 5);
        assert_eq!(*normal_code(&code), code.replace('-', ""));
        assert_eq!(*normal_code(" ab-oi l9\n"), "AB0119");
        assert_eq!(normal_code(&code.to_lowercase()), normal_code(&code));
    }

    #[test]
    fn h9_a_token_has_its_prefix_and_256_bits() {
        let token = token().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(token.strip_prefix("mtr_").unwrap()).unwrap().len(), 32);
        assert_ne!(token, super::token().unwrap());
    }
}
