//! Any bytes are judged, and what is allowed is text of at most 8 KiB (S3, P1).
//!
//! `cargo +nightly fuzz run judge -- -runs=10000000 -max_len=4096 -timeout=5`, in the folder `common/domain`.

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
