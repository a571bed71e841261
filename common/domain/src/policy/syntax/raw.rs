//! One raw word.
//!
//! Owns: [`Word`]. Must never copy what already stands in the text that it was read from.

use std::ops::{Deref, Range};
use std::rc::Rc;

/// A raw word: a part of the text it stands in, which all words of that text share. What it is decoded to shares it as
/// well where it stands for itself, as most words do.
#[derive(Clone, Debug)]
pub(in crate::policy) struct Word {
    text: Rc<str>,
    /// Bytes of it; always whole characters.
    part: Range<usize>,
}

impl Word {
    /// The bytes of `text` in `part`; none where that is no part of it.
    pub(super) fn within(text: &Rc<str>, part: Range<usize>) -> Option<Self> {
        text.get(part.clone())?;
        Some(Self { text: Rc::clone(text), part })
    }
}

impl Deref for Word {
    type Target = str;

    fn deref(&self) -> &str {
        self.text.get(self.part.clone()).unwrap_or_default()
    }
}

impl<T: Into<Rc<str>>> From<T> for Word {
    fn from(text: T) -> Self {
        let text = text.into();
        Self { part: 0..text.len(), text }
    }
}
