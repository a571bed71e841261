//! Binary frames: `u8` kind, `u32` channel, `u64` number (both big endian), then bytes.

use bytes::{BufMut as _, Bytes, BytesMut};

/// The head of a binary frame.
const HEAD: usize = 13;
/// Output of a terminal.
const OUTPUT: u8 = 1;
/// Keys of the owner.
const KEYS: u8 = 2;
/// A screen.
const SCREEN: u8 = 3;

fn binary(kind: u8, channel: u32, number: u64, bytes: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + bytes.len());
    frame.put_u8(kind);
    frame.put_u32(channel);
    frame.put_u64(number);
    frame.put_slice(bytes);
    frame.freeze()
}

/// A piece of a terminal's output as a binary frame.
pub(crate) fn output(channel: u32, offset: u64, bytes: &[u8]) -> Bytes {
    binary(OUTPUT, channel, offset, bytes)
}

/// A terminal's screen as a binary frame.
pub(crate) fn screen(channel: u32, offset: u64, dump: &[u8]) -> Bytes {
    binary(SCREEN, channel, offset, dump)
}

/// The channel and the bytes of a client's binary frame; nothing when it is none of ours.
pub(crate) fn keys(frame: &Bytes) -> Option<(u32, Bytes)> {
    let (&kind, rest) = frame.split_first()?;
    let (channel, rest) = rest.split_first_chunk::<4>()?;
    // How many bytes it sent before is the client's own count.
    rest.split_first_chunk::<8>()?;
    (kind == KEYS).then(|| (u32::from_be_bytes(*channel), frame.slice(HEAD..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_frame_has_its_bytes_in_place() {
        let frame = output(7, 0x0102, b"hi");
        assert_eq!(frame.as_ref(), b"\x01\0\0\0\x07\0\0\0\0\0\0\x01\x02hi");
    }

    #[test]
    fn a_frame_of_keys_is_read_and_any_other_is_not() {
        let frame = Bytes::from_static(b"\x02\0\0\0\x07\0\0\0\0\0\0\x01\x02hi");
        assert_eq!(keys(&frame), Some((7, Bytes::from_static(b"hi"))));
        for other in
            [&b""[..], b"\x02", b"\x02\0\0\0\x07\0\0\0\0\0\0\x01", b"\x01\0\0\0\x07\0\0\0\0\0\0\x01\x02hi"]
        {
            assert_eq!(keys(&Bytes::from_static(other)), None, "{other:?}");
        }
    }
}
