//! Tests of the running system; nothing lives here.
