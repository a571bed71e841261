//! Chunks are cut anywhere.

use super::corpus::entries;
use crate::emulator::Emulator;

#[test]
fn chunks_may_be_cut_anywhere() {
    for entry in entries() {
        let bytes = entry.bytes();
        let mut whole = Emulator::new(entry.size());
        whole.feed(&bytes);
        for length in [1, 3, 64] {
            let mut cut = Emulator::new(entry.size());
            bytes.chunks(length).for_each(|chunk| cut.feed(chunk));
            assert_eq!(cut.dump(), whole.dump(), "{} in chunks of {length}", entry.name);
        }
    }
}
