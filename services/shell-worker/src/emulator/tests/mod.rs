//! The emulator beside the browser's terminal, over the same bytes: `tests/corpus` are the bytes, `tests/golden` is what
//! @xterm/headless made of them (`node tests/xterm/golden.mjs`).

mod corpus;
mod describe;
mod deviation;
mod dumps;
mod property;
mod split;
mod stretch;
