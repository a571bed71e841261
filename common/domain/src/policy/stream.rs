//! Redirections: what flows into a command, what it writes, which descriptors hold network output.
//!
//! Owns: [`Input`], and how a redirection changes it. Must never lose that something came from the network.

use std::rc::Rc;

use super::deny;
use super::syntax::{Redirect, Tree};
use super::walk::Walker;
use super::word::{Arg, Look as _, decode, decode_text};

/// What is known of a command's standard input.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    /// It comes from the network, perhaps through filters.
    pub(super) network: bool,
    /// Its literal text.
    pub(super) text: Option<Rc<str>>,
}

impl Walker<'_> {
    /// Follows one redirection.
    pub(super) fn redirect(
        &mut self,
        tree: &Tree,
        redirect: &Redirect,
        input: &mut Input,
        printed: &mut bool,
    ) {
        if !self.spend(60 + self.deep()) {
            return;
        }
        let reads = redirect.op.starts_with('<');
        let stdin = reads && matches!(redirect.fd.as_str(), "" | "0");
        if let Some(body) = redirect.body.and_then(|index| tree.bodies.get(index)) {
            let arg =
                if body.expands { decode_text(&body.text, self) } else { Arg::plain(body.text.as_str()) };
            self.gives(redirect, stdin, &arg, arg.text(), input);
            return;
        }
        if redirect.op == "<<<" {
            let arg = super::wrapper::join(&decode(&redirect.target, self));
            self.gives(redirect, stdin, &arg, &format!("{}\n", arg.text()), input);
            return;
        }
        for arg in decode(&redirect.target, self) {
            let number = redirect.op.ends_with('&') && arg.literal().is_some_and(is_descriptor);
            let copied = redirect.op == "<&";
            let source = descriptor(if arg.is_unknown() { &redirect.target } else { arg.text() });
            let same = if copied { source == "0" } else { is_stdin(arg.text()) };
            if stdin && same {
                // The same pipe, opened again.
                continue;
            }
            let tainted = arg.is_from_network() || copied && self.tainted.contains(&source);
            let text = if copied { self.texts.get(&source).cloned() } else { self.held(&arg) };
            if reads && !stdin {
                let fd = descriptor(&redirect.fd);
                if tainted || same && input.network {
                    self.taint(fd.clone());
                }
                if let Some(text) = text.clone().or_else(|| input.text.clone().filter(|_| same)) {
                    self.texts.insert(fd, text);
                }
            }
            if stdin {
                *input = Input { network: tainted, text };
            } else if !number {
                *printed = false;
            }
            if !number {
                deny::redirect(self, &arg, reads, redirect.op.contains('>'));
            }
        }
    }
}

impl Walker<'_> {
    /// Takes in the text of a here-document or here-string.
    fn gives(&mut self, redirect: &Redirect, stdin: bool, arg: &Arg, text: &str, input: &mut Input) {
        if stdin {
            *input = Input { network: arg.is_from_network(), text: Some(Rc::from(text)) };
            return;
        }
        let fd = descriptor(&redirect.fd);
        if arg.is_from_network() {
            self.taint(fd.clone());
        }
        self.texts.insert(fd, Rc::from(text));
    }

    /// The literal text behind a file's name, where that is a descriptor.
    pub(super) fn held(&self, file: &Arg) -> Option<Rc<str>> {
        let folders = ["/dev/fd/", "/proc/self/fd/"];
        let fd = folders.iter().find_map(|folder| file.text().strip_prefix(folder))?;
        self.texts.get(fd).cloned()
    }
}

/// A descriptor's name: a number as it is counted, or the variable that holds it.
fn descriptor(text: &str) -> String {
    let bare = text.trim_matches(['{', '}', '$', '"', '-']);
    let number = bare.trim_start_matches('0');
    if number.is_empty() && !bare.is_empty() { "0".to_owned() } else { number.to_owned() }
}

/// Whether this names the standard input by its path.
pub(super) fn is_stdin(text: &str) -> bool {
    matches!(text, "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// Whether this names a descriptor that is open, or closes one: no file.
fn is_descriptor(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}
