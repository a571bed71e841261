//! One thing that is said: length of the rest, kind, length of the channel's name, the name, the payload. Numbers are
//! big endian.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

/// Bytes of a frame, at most: the largest is a piece of keys or of output, sealed and in base 64.
const LIMIT: usize = 256 * 1024;
/// Bytes of the length.
const LENGTH: usize = 4;
/// Bytes of kind and name's length.
const HEAD: usize = 3;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The sender wants what is said on this channel.
    Join = 1,
    /// It wants it no more.
    Leave = 2,
    /// Something is said on the channel.
    Message = 3,
    /// Nobody speaks on the channel that was joined, not now.
    Absent = 4,
}

/// A frame as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    channel: Bytes,
    pub(super) payload: Bytes,
}

impl Frame {
    pub(super) fn channel(&self) -> &str {
        // It was looked at when it was read.
        std::str::from_utf8(&self.channel).unwrap_or_default()
    }
}

/// What was read is no frame.
#[derive(Debug)]
pub(super) struct Malformed;

/// Appends a frame whose payload are these `parts`.
pub(super) fn write(out: &mut BytesMut, kind: Kind, channel: &str, parts: &[&[u8]]) {
    let length = HEAD + channel.len() + parts.iter().map(|part| part.len()).sum::<usize>();
    out.reserve(LENGTH + length);
    out.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    out.put_u8(kind as u8);
    out.put_u16(u16::try_from(channel.len()).unwrap_or(u16::MAX));
    out.put_slice(channel.as_bytes());
    for part in parts {
        out.put_slice(part);
    }
}

/// Takes the first frame of what was read, where it is there as a whole.
pub(super) fn read(from: &mut BytesMut) -> Result<Option<Frame>, Malformed> {
    let Some(length) = from.first_chunk::<LENGTH>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    if !(HEAD..=LIMIT).contains(&length) {
        return Err(Malformed);
    }
    if from.len() < LENGTH + length {
        return Ok(None);
    }
    from.advance(LENGTH);
    let mut rest = from.split_to(length).freeze();
    let kind = match rest.get_u8() {
        1 => Kind::Join,
        2 => Kind::Leave,
        3 => Kind::Message,
        4 => Kind::Absent,
        _ => return Err(Malformed),
    };
    let name = usize::from(rest.get_u16());
    if name > rest.len() {
        return Err(Malformed);
    }
    let channel = rest.split_to(name);
    std::str::from_utf8(&channel).map_err(|_| Malformed)?;
    Ok(Some(Frame { kind, channel, payload: rest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_itself_however_it_was_cut() {
        let mut whole = BytesMut::new();
        write(&mut whole, Kind::Message, "a", &[b"bc", b"", b"d"]);
        write(&mut whole, Kind::Leave, "x", &[]);
        assert_eq!(whole.as_ref(), b"\0\0\0\x07\x03\0\x01abcd\0\0\0\x04\x02\0\x01x");
        for cut in 0..whole.len() {
            let mut came = BytesMut::from(&whole[..cut]);
            let mut seen = Vec::new();
            for rest in [&b""[..], &whole[cut..]] {
                came.extend_from_slice(rest);
                while let Some(frame) = read(&mut came).unwrap() {
                    seen.push((frame.kind, frame.channel().to_owned(), frame.payload));
                }
            }
            let message = (Kind::Message, "a".to_owned(), Bytes::from_static(b"bcd"));
            assert_eq!(seen, [message, (Kind::Leave, "x".to_owned(), Bytes::new())]);
        }
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for bad in
            [&b"\0\0\0\x02\x01\0"[..], b"\xff\xff\xff\xff", b"\0\0\0\x03\x09\0\0", b"\0\0\0\x03\x01\0\x01"]
        {
            assert!(read(&mut BytesMut::from(bad)).is_err(), "{bad:?}");
        }
        assert!(read(&mut BytesMut::from(&b"\0\0\0\x04\x01\0\x01\xff"[..])).is_err(), "no text");
    }
}
