//! A message that only the device can read: `aes128gcm` (RFC 8188) under a key agreed with it (RFC 8291), in one record.

use ring::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use ring::rand::{SecureRandom, SystemRandom};

/// Bytes of an uncompressed point of P-256.
pub(super) const POINT: usize = 65;
/// Bytes of a device's authentication secret.
pub(super) const AUTH: usize = 16;
/// Bytes of the salt.
const SALT: usize = 16;
/// Every message is filled up to this length, so that its size says nothing. A push service takes 4096 bytes.
const FILLED: usize = 768;
/// The size of a record that is told: larger than the one there is (RFC 8188, 2).
const RECORD: u32 = 4096;

/// It can't be encrypted: the device's key is no point of the curve, the message is too long, or there is no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the message can't be encrypted for this device")]
pub(super) struct Unencryptable;

impl From<ring::error::Unspecified> for Unencryptable {
    fn from(_: ring::error::Unspecified) -> Self {
        Self
    }
}

/// Encrypts `text` for the holder of `device` and `auth`, under a key pair made for this message alone.
pub(super) fn encrypt(
    text: &[u8],
    device: &[u8; POINT],
    auth: &[u8; AUTH],
) -> Result<Vec<u8>, Unencryptable> {
    let random = SystemRandom::new();
    let mut salt = [0; SALT];
    random.fill(&mut salt)?;
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let mut own = [0; POINT];
    own.copy_from_slice(private.compute_public_key()?.as_ref());
    let peer = UnparsedPublicKey::new(&ECDH_P256, device);
    agree_ephemeral(private, &peer, |secret| seal(text, FILLED, secret, auth, device, &own, &salt))?
}

/// The body of the message (RFC 8291, 4): header and record.
fn seal(
    text: &[u8],
    filled: usize,
    secret: &[u8],
    auth: &[u8; AUTH],
    device: &[u8; POINT],
    own: &[u8; POINT],
    salt: &[u8; SALT],
) -> Result<Vec<u8>, Unencryptable> {
    if text.len() > FILLED {
        return Err(Unencryptable);
    }
    let (key, nonce) = derive(secret, auth, device, own, salt)?;
    let mut record = text.to_vec();
    // The mark of the last record, then what fills it up (RFC 8188, 2).
    record.push(2);
    record.resize(record.len().max(filled + 1), 0);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
    let mut body = Vec::with_capacity(SALT + 4 + 1 + POINT + record.len());
    body.extend_from_slice(salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(u8::try_from(POINT).map_err(|_| Unencryptable)?);
    body.extend_from_slice(own);
    body.extend_from_slice(&record);
    Ok(body)
}

/// The content key and nonce (RFC 8291, 3.3 and 3.4; RFC 8188, 2.2 and 2.3).
fn derive(
    secret: &[u8],
    auth: &[u8; AUTH],
    device: &[u8; POINT],
    own: &[u8; POINT],
    salt: &[u8; SALT],
) -> Result<([u8; 16], [u8; 12]), Unencryptable> {
    let mut input = [0; 32];
    expand(&Salt::new(HKDF_SHA256, auth).extract(secret), &[b"WebPush: info\0", device, own], &mut input)?;
    let prk = Salt::new(HKDF_SHA256, salt).extract(&input);
    let (mut key, mut nonce) = ([0; 16], [0; 12]);
    expand(&prk, &[b"Content-Encoding: aes128gcm\0"], &mut key)?;
    expand(&prk, &[b"Content-Encoding: nonce\0"], &mut nonce)?;
    Ok((key, nonce))
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand(prk: &Prk, info: &[&[u8]], out: &mut [u8]) -> Result<(), Unencryptable> {
    Ok(prk.expand(info, Length(out.len()))?.fill(out)?)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        URL_SAFE_NO_PAD.decode(text).unwrap().try_into().unwrap()
    }

    #[test]
    fn the_example_of_rfc_8291_comes_out_byte_for_byte() {
        // RFC 8291, 5 and appendix A, from the agreed secret on: that is what ring does not let a test choose.
        let secret: [u8; 32] = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let auth: [u8; AUTH] = bytes("BTBZMqHH6r4Tts7J_aSIgg");
        let device =
            bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4");
        let own =
            bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
        let text = b"When I grow up, I want to be a watermelon";
        let body = seal(text, 0, &secret, &auth, &device, &own, &salt).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w\
             EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(URL_SAFE_NO_PAD.encode(body), expected);
    }

    #[test]
    fn messages_of_all_lengths_look_the_same_from_outside_and_none_repeats() {
        let random = SystemRandom::new();
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &random).unwrap();
        let device: [u8; POINT] = private.compute_public_key().unwrap().as_ref().try_into().unwrap();
        let one = encrypt(b"a", &device, &[7; AUTH]).unwrap();
        let other = encrypt(&[b'a'; 500], &device, &[7; AUTH]).unwrap();
        assert_eq!(one.len(), other.len());
        assert!(one.len() <= 4096);
        assert_ne!(encrypt(b"a", &device, &[7; AUTH]).unwrap()[..SALT], one[..SALT]);
        assert!(encrypt(&[b'a'; FILLED + 1], &device, &[7; AUTH]).is_err());
        assert!(encrypt(b"a", &[4; POINT], &[7; AUTH]).is_err(), "no point of the curve");
    }
}
