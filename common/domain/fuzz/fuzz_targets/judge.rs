//! Any bytes are judged, and what is allowed is text of at most 8 KiB (S3, P1).
//!
//! `cargo +nightly fuzz run judge -- -runs=10000000 -max_len=4096 -timeout=5`, in the folder `common/domain`.
//! A stable compiler does with `RUSTC_BOOTSTRAP=1 cargo fuzz run -s none judge …`. The tables of the tests make a good corpus to
//! begin with: one file for each command. Without `cargo fuzz` the target builds with `RUSTFLAGS` that name the passes of
//! its coverage (`-Cpasses=sancov-module` and LLVM's `-sanitizer-coverage-*`).
//!
//! Counted so far from that corpus, without a panic or a timeout: 10 million inputs of up to 160 bytes in one run on the
//! rules of version 8, twice (43 and 58 minutes on a busy core), and as many on version 6; of up to 4 KiB, 4.5 million on version 6, 5.4
//! million on version 4 and 2.2 million on version 3. On version 8 it found an index out of bounds within 1.6 million.

#![no_main]

use libfuzzer_sys::fuzz_target;
use metatron_domain::policy::{Setting, Verdict, judge};

fuzz_target!(|bytes: &[u8]| {
    let judged = judge(bytes, &Setting::default());
    assert!(!judged.reasons.is_empty());
    if judged.verdict == Verdict::Allow {
        assert!(bytes.len() <= 8 * 1024 && std::str::from_utf8(bytes).is_ok());
    }
});
