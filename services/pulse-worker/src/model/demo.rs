//! The built-in demonstration: no AI. It walks the same loop as a model does, word by word, so that chat, command,
//! approval and output can be seen before any account exists.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::{Value, json};

use super::{Model, ModelError, Piece, Question, Said};

/// The name it goes by wherever a model's name is shown.
pub(crate) const NAME: &str = "demonstration (no AI)";

/// What it runs to show that the machine can be seen without asking.
const LOOK: &str = "uname -sr && df -h /";
/// What it runs to show an approval: it writes one small file into the workspace.
const WRITE: &str = "echo 'hello from MetatronOS' > hello.txt && cat hello.txt && id -un";

/// Answers by rules. `pace` is the pause between two words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demo {
    /// The pause between two words.
    pub pace: Duration,
}

impl Model for Demo {
    fn ask(&self, question: Question) -> BoxStream<'static, Result<Piece, ModelError>> {
        let pace = self.pace;
        let pieces = answer(&question);
        stream::iter(pieces)
            .then(move |piece| async move {
                if matches!(piece, Piece::Text(_)) {
                    tokio::time::sleep(pace).await;
                }
                Ok(piece)
            })
            .boxed()
    }
}

/// What it says next, after what was said.
fn answer(question: &Question) -> Vec<Piece> {
    let asked = question.said.iter().rposition(|said| matches!(said, Said::Owner(_)));
    let since = asked.map_or(question.said.as_slice(), |at| &question.said[at + 1..]);
    let wish = match asked.map(|at| &question.said[at]) {
        Some(Said::Owner(text)) => text.as_str(),
        _ => "",
    };
    let result = since.iter().rev().find_map(|said| match said {
        Said::Result { text, .. } => Some(text.as_str()),
        _ => None,
    });
    match (result, quoted(wish)) {
        (Some(result), _) => words(&closing(result)),
        (None, Some(names)) if begins(wish, "install") && offers(question, "package_install") => {
            let packages: Vec<&str> = names.split_whitespace().collect();
            let why = "You asked for exactly these.";
            let arguments = json!({ "packages": packages, "why": why });
            call("You named packages. I ask for them:", "package_install", &arguments)
        }
        (None, None) if begins(wish, "refresh") && offers(question, "package_refresh") => {
            let arguments = json!({ "why": "You asked for the newest lists." });
            call("I ask for the lists of packages:", "package_refresh", &arguments)
        }
        (None, Some(command)) => {
            run("You named a command. I ask for it:", command, "You asked for exactly this.")
        }
        (None, None) if looks(wish) => run(
            "I am the built-in demonstration, not an AI. Reading needs no approval, so this runs at once:",
            LOOK,
            "To show the system and its disk; it only reads.",
        ),
        (None, None) => run(
            "I am the built-in demonstration, **not an AI**: I follow a fixed script, so that you can see how it works. \
             Writing a file needs your word. Please look at the card below:",
            WRITE,
            "To write hello.txt into the workspace and read it back.",
        ),
    }
}

fn looks(wish: &str) -> bool {
    let wish = wish.to_lowercase();
    ["disk", "look", "status", "system", "free", "memory"].iter().any(|word| wish.contains(word))
}

/// Whether this is the first word of a wish, behind a "please".
fn begins(wish: &str, word: &str) -> bool {
    let wish = wish.trim().to_lowercase();
    wish.strip_prefix("please ").unwrap_or(&wish).starts_with(word)
}

/// Whether this tool is on offer: those for packages are where the owner switched them on.
fn offers(question: &Question, tool: &str) -> bool {
    question.tools.iter().any(|offered| offered["function"]["name"] == tool)
}

/// The text between the first pair of back-quotes.
fn quoted(wish: &str) -> Option<&str> {
    let (_, rest) = wish.split_once('`')?;
    let (command, _) = rest.split_once('`')?;
    (!command.trim().is_empty()).then_some(command)
}

fn closing(result: &str) -> String {
    let (head, output) = result.split_once('\n').unwrap_or((result, ""));
    if head.starts_with("[exit status 0]") {
        let output: Vec<_> = output.lines().rev().take(12).collect();
        let output = output.into_iter().rev().collect::<Vec<_>>().join("\n");
        format!(
            "Done. This is what the machine answered:\n\n```\n{output}\n```\n\nConnect a model in **Settings** and say what you want done."
        )
    } else if head.starts_with("[not run") {
        format!("Nothing was run. {}", head.trim_start_matches('[').replace(']', ":"))
    } else {
        format!("The command ended differently than planned: {}", head.trim_matches(['[', ']']))
    }
}

fn words(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<_> = text.split_inclusive(' ').map(|word| Piece::Text(word.to_owned())).collect();
    pieces.push(Piece::Usage { tokens_in: 0, tokens_out: 0 });
    pieces.push(Piece::Finish("stop".to_owned()));
    pieces
}

fn run(text: &str, command: &str, why: &str) -> Vec<Piece> {
    call(text, "shell_run", &json!({ "command": command, "why": why }))
}

fn call(text: &str, tool: &str, arguments: &Value) -> Vec<Piece> {
    let mut pieces: Vec<_> = text.split_inclusive(' ').map(|word| Piece::Text(word.to_owned())).collect();
    pieces.push(Piece::Call {
        index: 0,
        id: Some("demo_1".to_owned()),
        name: Some(tool.to_owned()),
        arguments: arguments.to_string(),
    });
    pieces.push(Piece::Finish("tool_calls".to_owned()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(said: Vec<Said>) -> Vec<Piece> {
        answer(&Question { system: String::new(), said, tools: vec![] })
    }

    #[test]
    fn it_asks_for_a_command_and_then_says_what_came_of_it() {
        let first = ask(vec![Said::Owner("hello".to_owned())]);
        assert!(
            first.iter().any(
                |piece| matches!(piece, Piece::Call { arguments, .. } if arguments.contains("hello.txt"))
            )
        );
        let result = Said::Result { call_id: "demo_1".to_owned(), text: "[exit status 0]\nagent".to_owned() };
        let second = ask(vec![Said::Owner("hello".to_owned()), result]);
        assert!(second.contains(&Piece::Finish("stop".to_owned())));
    }

    #[test]
    fn a_command_in_back_quotes_is_asked_for_as_it_stands() {
        let pieces = ask(vec![Said::Owner("please run `ls -l /tmp`".to_owned())]);
        assert!(pieces.iter().any(
            |piece| matches!(piece, Piece::Call { arguments, .. } if arguments.contains("\"ls -l /tmp\""))
        ));
    }

    #[test]
    fn packages_are_asked_for_by_their_own_tools_where_those_are_on_offer() {
        let asked_of = |wish: &str, tools: &[&str]| {
            let tools = tools.iter().map(|name| json!({ "function": { "name": name } })).collect();
            let said = vec![Said::Owner(wish.to_owned())];
            let pieces = answer(&Question { system: String::new(), said, tools });
            pieces.into_iter().find_map(|piece| match piece {
                Piece::Call { name, arguments, .. } => name.map(|name| (name, arguments)),
                _ => None,
            })
        };
        let asked = |wish: &str| asked_of(wish, &["package_install", "package_refresh"]);
        let (tool, arguments) = asked("Please install `tree htop`").unwrap();
        assert_eq!(tool, "package_install");
        assert!(arguments.contains(r#""packages":["tree","htop"]"#), "{arguments}");
        assert_eq!(asked("refresh the package lists").unwrap().0, "package_refresh");
        assert_eq!(asked("please run `apt install x`").unwrap().0, "shell_run");
        assert_eq!(asked_of("install it: `make install`", &["shell_run"]).unwrap().0, "shell_run");
    }
}
