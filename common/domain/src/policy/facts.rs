//! What the walk saw in a part of the tree.
//!
//! Owns: [`Facts`]. Must never hold what is only true of one branch: facts of all branches add up.

use std::rc::Rc;

/// What was seen in a part of the tree.
#[expect(clippy::struct_excessive_bools, reason = "independent observations, not a state")]
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// A network program runs.
    pub(super) network: bool,
    /// A raw network client runs.
    pub(super) raw: bool,
    /// An interpreter runs.
    pub(super) interpreter: bool,
    /// `rm` or its like runs.
    pub(super) removes: bool,
    /// The literal text it prints.
    pub(super) output: Option<Rc<str>>,
}

impl Facts {
    /// Takes over what was seen elsewhere.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.network |= other.network;
        self.raw |= other.raw;
        self.interpreter |= other.interpreter;
        self.removes |= other.removes;
    }
}
