//! The tolerant reader of shell text: text → tree, in one pass, never failing.
//!
//! Owns: the tree that every stage reads, and what the text contains that a plain command may not ([`Marks`]).
//! Must never recurse without a bound, panic, or drop a part of the text: what it cannot place becomes a command of
//! its own, so that deny rules see it (I7, I8).

mod compound;
mod document;
mod raw;
mod reader;
mod reserved;

use std::rc::Rc;

pub(super) use raw::Word;
pub(super) use reader::read;

/// A list of commands.
pub(super) type List = Vec<Step>;

/// What stands before a pipeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Join {
    /// Nothing, or what ends a list.
    #[default]
    Fresh,
    /// `&&`.
    And,
    /// `||`: it runs when something before it failed.
    Or,
    /// `else`, `;;`: it runs where what stands before it did not.
    Branch,
}

/// One pipeline and how it is left.
#[derive(Debug, Clone, Default)]
pub(super) struct Step {
    /// How it hangs on what stands before it.
    pub(super) join: Join,
    /// The stages, in order.
    pub(super) stages: Vec<Command>,
    /// Followed by `&`, alone or as the end of its and-or list.
    pub(super) background: bool,
}

/// A command and its redirections.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// What it is.
    pub(super) kind: Kind,
    /// Its redirections, in order.
    pub(super) redirects: Vec<Redirect>,
}

/// The kinds of command.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Raw words, assignments included.
    Simple(Vec<Word>),
    /// A group, subshell or control structure.
    Group {
        /// Runs in a process of its own.
        subshell: bool,
        /// Words outside commands: `for` values, `case` word and patterns.
        words: Vec<Word>,
        /// What it runs.
        body: List,
        /// Whether all of it runs, and how often.
        runs: Runs,
    },
    /// A function definition.
    Function {
        /// Its name.
        name: String,
        /// Its body.
        body: Rc<Command>,
    },
    /// `[[ … ]]`.
    Test(Vec<Word>),
    /// `(( … ))`.
    Arithmetic(String),
}

/// How often what a group holds runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Runs {
    /// All of it, once.
    Once,
    /// All of it, beside the shell, which reads and writes it: `coproc`.
    Beside,
    /// One part of it or another: `if`, `case`.
    Partly,
    /// Again and again, or not at all: loops.
    Often,
}

/// One redirection.
#[derive(Debug, Clone)]
pub(super) struct Redirect {
    /// The descriptor before the operator, as written.
    pub(super) fd: String,
    /// The operator.
    pub(super) op: &'static str,
    /// The raw target; for a here-document its delimiter.
    pub(super) target: Word,
    /// The body of a here-document, by index into [`Tree::bodies`].
    pub(super) body: Option<usize>,
}

/// A here-document's body.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    /// Its text.
    pub(super) text: String,
    /// Whether expansions happen in it.
    pub(super) expands: bool,
}

/// What the text has that plain commands joined by `&& || ; newline |` do not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Groups, control flow, functions, `!`, `time`, `coproc`, `&`, `|&`, comments, here-documents.
    pub(super) structure: bool,
    /// Nesting or length beyond what is read as a tree.
    pub(super) too_deep: bool,
    /// Something was left open or closed too often.
    pub(super) broken: bool,
}

/// The tree of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    /// The commands.
    pub(super) list: List,
    /// Bodies of here-documents.
    pub(super) bodies: Vec<Body>,
    /// What was noticed on the way.
    pub(super) marks: Marks,
}
