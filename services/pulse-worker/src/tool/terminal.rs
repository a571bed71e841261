//! The tools with which the AI works in a terminal as a person does: opens a program, looks, types, waits, closes.

use metatron_domain::terminal::Size;
use metatron_domain::terminal::hand::{HAND_MINUTES, MOST_ASKED_MINUTES};
use metatron_domain::terminal::keys::{LONGEST_TEXT, MOST_NAMED, key, typed};
use metatron_domain::terminal::message::Until;
use metatron_store::journal::NewExec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::shell::{LONGEST_COMMAND, LONGEST_TIMEOUT_S, choose, offer, parse};
use crate::elsewhere::Machine;

/// Opens a terminal with a program in it.
pub(crate) const OPEN: &str = "terminal_open";
/// Looks at one.
pub(crate) const READ: &str = "terminal_read";
/// Types into one.
pub(crate) const TYPE: &str = "terminal_type";
/// Waits for something in one.
pub(crate) const WAIT: &str = "terminal_wait";
/// Ends one.
pub(crate) const CLOSE: &str = "terminal_close";

const SHELL: &str = "bash --noprofile --norc";
const DEFAULT_TIMEOUT_S: u32 = 3_600;
const DEFAULT_WAIT_S: u32 = 30;
const LONGEST_WAIT_S: u32 = 300;
const DEFAULT_QUIET_MS: u32 = 1_000;
const LONGEST_PATTERN: usize = 1_000;
/// Lines of one look, at most, and unless it says otherwise.
const MOST_LINES: u32 = 400;
const LINES: u32 = 100;

/// What each of them is for, in the provider's JSON shape.
pub(crate) fn schemas(machines: &[Machine]) -> Vec<Value> {
    let id = json!({ "type": "string", "description": "The terminal's id, trm_…" });
    let tool = |name: &str, description: &str, required: &[&str], properties: Value| {
        json!({ "type": "function", "function": { "name": name, "description": description,
            "parameters": { "type": "object", "additionalProperties": false, "required": required,
                "properties": properties } } })
    };
    let mut all = vec![
        tool(
            OPEN,
            "Open a terminal with a program that you mean to type into: a shell, a REPL, an editor, a debugger. Its start is \
             judged and approved as that of shell_run. You get its id and its screen once it has come to rest; it goes on \
             running, also behind the end of this run, until it exits, is closed or its timeout is over. For a single \
             command use shell_run.",
            &["why"],
            json!({
                "command": { "type": "string", "description": "The exact text for `bash -c`. Default: an interactive bash." },
                "cwd": { "type": "string", "description": "Absolute working folder. Default: the workspace." },
                "columns": { "type": "integer", "minimum": 2, "maximum": 500, "description": "Default 120." },
                "rows": { "type": "integer", "minimum": 1, "maximum": 200, "description": "Default 40." },
                "timeout": { "type": "integer", "minimum": 1, "maximum": LONGEST_TIMEOUT_S,
                    "description": "Seconds until it is ended by force. Default 3600." },
                "why": { "type": "string", "description": "One sentence for the owner: what you want to do in it and why." },
            }),
        ),
        tool(
            READ,
            "Look at a terminal: its screen as a person sees it, or lines of all it has shown, and how it stands.",
            &["terminal"],
            json!({
                "terminal": id,
                "what": { "type": "string", "enum": ["screen", "lines"], "description": "Default: screen." },
                "from": { "type": "integer", "minimum": 0, "description": "First line, from 0. Default: the last ones." },
                "limit": { "type": "integer", "minimum": 1, "maximum": MOST_LINES, "description": "Lines. Default 100." },
            }),
        ),
        tool(
            TYPE,
            "Type into a terminal: first `text`, then `keys`. The first time the owner is asked to hand you the keyboard, \
             for some minutes; a no is final. Any key of the owner takes it back. What is typed into a program is not \
             undone: type in small steps and look. You never type a password: the owner does.",
            &["terminal", "why"],
            json!({
                "terminal": id,
                "text": { "type": "string", "description": "Text; the end of a line is Enter." },
                "keys": { "type": "array", "maxItems": MOST_NAMED, "items": { "type": "string" },
                    "description": "Keys pressed behind the text: Enter, Tab, Shift-Tab, Escape, Space, Backspace, Delete, \
                        Insert, Up, Down, Left, Right, Home, End, PageUp, PageDown, F1 to F12, Ctrl-C, Alt-x." },
                "minutes": { "type": "integer", "minimum": 1, "maximum": MOST_ASKED_MINUTES,
                    "description": "For how long you need the keyboard, where you don't have it. Default 10." },
                "why": { "type": "string", "description": "One sentence for the owner: what you will do there and why." },
            }),
        ),
        tool(
            WAIT,
            "Wait for something in a terminal, then look at it. The end of the terminal always ends the wait.",
            &["terminal", "until"],
            json!({
                "terminal": id,
                "until": { "type": "string", "enum": ["quiet", "pattern", "input", "exit"],
                    "description": "No output for a while; a line of the screen matches; the program in front waits for \
                        input; the terminal ends." },
                "value": { "type": "string", "description": "For pattern: a regular expression. For quiet: milliseconds, \
                    default 1000." },
                "seconds": { "type": "integer", "minimum": 1, "maximum": LONGEST_WAIT_S, "description": "Default 30." },
            }),
        ),
        tool(
            CLOSE,
            "End a terminal that you opened, with all that it started.",
            &["terminal"],
            json!({ "terminal": id }),
        ),
    ];
    offer(&mut all[0], machines);
    all
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    #[serde(default)]
    command: Option<String>,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    columns: Option<u16>,
    #[serde(default)]
    rows: Option<u16>,
    #[serde(default)]
    timeout: Option<u32>,
    #[serde(default)]
    why: String,
    #[serde(default)]
    host: Option<String>,
}

/// The arguments of [`OPEN`]; an error is what the model is told.
pub(crate) fn parse_open(arguments: &str, machines: &[Machine]) -> Result<NewExec, String> {
    let open: Open = parse(OPEN, arguments)?;
    let command = open.command.filter(|command| !command.trim().is_empty());
    let command = command.unwrap_or_else(|| SHELL.to_owned());
    if command.len() > LONGEST_COMMAND {
        return Err(format!("[{OPEN}: the command is longer than 64 KiB; write it to a file first]"));
    }
    if open.cwd.as_deref().is_some_and(|cwd| !cwd.starts_with('/')) {
        return Err(format!("[{OPEN}: cwd must be an absolute path]"));
    }
    let (columns, rows) =
        (open.columns.unwrap_or(Size::COMMAND.columns()), open.rows.unwrap_or(Size::COMMAND.rows()));
    let size = Size::new(columns, rows).ok().filter(|size| size.columns() <= 500 && size.rows() <= 200);
    Ok(NewExec {
        command,
        cwd: open.cwd,
        timeout_s: open.timeout.unwrap_or(DEFAULT_TIMEOUT_S).clamp(1, LONGEST_TIMEOUT_S),
        why: open.why.chars().take(500).collect(),
        host: choose(OPEN, open.host.as_deref(), machines)?,
        interactive: true,
        power: metatron_domain::elevated::Power::Agent,
        size: size.ok_or_else(|| format!("[{OPEN}: the size must be from 2x1 to 500x200]"))?,
    })
}

/// What of a terminal is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Its screen.
    #[default]
    Screen,
    /// Lines of all that it has shown.
    Lines,
}

/// What [`READ`] asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    /// Which terminal.
    pub terminal: String,
    /// What of it.
    #[serde(default)]
    pub what: What,
    /// The first line; the last ones when absent.
    #[serde(default)]
    pub from: Option<u64>,
    /// How many.
    #[serde(default)]
    pub limit: Option<u32>,
}

impl Read {
    /// How many lines, within bounds.
    pub(crate) fn count(&self) -> u32 {
        self.limit.unwrap_or(LINES).clamp(1, MOST_LINES)
    }
}

/// The arguments of [`READ`]; an error is what the model is told.
pub(crate) fn parse_read(arguments: &str) -> Result<Read, String> {
    parse(READ, arguments)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Type {
    terminal: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    minutes: Option<u16>,
    #[serde(default)]
    why: String,
}

/// What [`TYPE`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Typing {
    /// Which terminal.
    pub terminal: String,
    /// The text.
    pub text: String,
    /// The keys behind it.
    pub keys: Vec<String>,
    /// For how many minutes the keyboard is wanted.
    pub minutes: u16,
    /// Why.
    pub why: String,
}

impl Typing {
    /// The bytes a terminal sends for them, under this mode of its cursor keys.
    pub(crate) fn bytes(&self, application: bool) -> Vec<u8> {
        let mut bytes = typed(&self.text).unwrap_or_default();
        bytes.extend(self.keys.iter().filter_map(|name| key(name, application)).flatten());
        bytes
    }

    /// Whether that mode makes a difference.
    pub(crate) fn depends_on_mode(&self) -> bool {
        self.bytes(true) != self.bytes(false)
    }
}

/// The arguments of [`TYPE`]; an error is what the model is told.
pub(crate) fn parse_type(arguments: &str) -> Result<Typing, String> {
    let Type { terminal, text, keys, minutes, why } = parse(TYPE, arguments)?;
    if text.is_empty() && keys.is_empty() {
        return Err(format!("[{TYPE}: there is nothing to type]"));
    }
    if text.len() > LONGEST_TEXT || keys.len() > MOST_NAMED {
        return Err(format!(
            "[{TYPE}: at most {LONGEST_TEXT} bytes of text and {MOST_NAMED} keys in one call]"
        ));
    }
    if typed(&text).is_none() {
        return Err(format!("[{TYPE}: the text holds a control character; name keys in `keys` instead]"));
    }
    if let Some(unknown) = keys.iter().find(|name| key(name, false).is_none()) {
        return Err(format!(
            "[{TYPE}: there is no key {unknown:?}; write for example Enter, Ctrl-C, Up, F1, Alt-x]"
        ));
    }
    let minutes = minutes.unwrap_or(HAND_MINUTES).clamp(1, MOST_ASKED_MINUTES);
    Ok(Typing { terminal, text, keys, minutes, why: why.chars().take(500).collect() })
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum For {
    Quiet,
    Pattern,
    Input,
    Exit,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Waited {
    terminal: String,
    until: For,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    seconds: Option<u32>,
}

/// What [`WAIT`] asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wait {
    /// Which terminal.
    pub terminal: String,
    /// For what.
    pub until: Until,
    /// Seconds, at most.
    pub seconds: u32,
}

/// The arguments of [`WAIT`]; an error is what the model is told.
pub(crate) fn parse_wait(arguments: &str) -> Result<Wait, String> {
    let Waited { terminal, until, value, seconds } = parse(WAIT, arguments)?;
    // Models write numbers as text and text as numbers.
    let value = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let until = match until {
        For::Quiet => {
            let ms = value.as_deref().map_or(Ok(DEFAULT_QUIET_MS), str::parse);
            Until::Quiet {
                ms: ms.map_err(|_| format!("[{WAIT}: value must be milliseconds]"))?.clamp(50, 30_000),
            }
        }
        For::Pattern => {
            let regex = value.filter(|regex| !regex.is_empty() && regex.len() <= LONGEST_PATTERN);
            Until::Pattern {
                regex: regex.ok_or_else(|| format!("[{WAIT}: value must be a regular expression]"))?,
            }
        }
        For::Input => Until::Input,
        For::Exit => Until::Exit,
    };
    Ok(Wait { terminal, until, seconds: seconds.unwrap_or(DEFAULT_WAIT_S).clamp(1, LONGEST_WAIT_S) })
}

/// What [`CLOSE`] asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    /// Which terminal.
    pub terminal: String,
}

/// The arguments of [`CLOSE`]; an error is what the model is told.
pub(crate) fn parse_close(arguments: &str) -> Result<Close, String> {
    parse(CLOSE, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local() -> [Machine; 1] {
        [Machine { name: "local".to_owned(), answers: true }]
    }

    #[test]
    fn a_terminal_is_a_shell_for_an_hour_unless_it_is_said_otherwise() {
        let open = parse_open(r#"{"why":"w"}"#, &local()).unwrap();
        assert_eq!((open.command.as_str(), open.timeout_s, open.interactive), (SHELL, 3_600, true));
        let open =
            parse_open(r#"{"command":"python3","columns":80,"rows":24,"timeout":99999,"why":"w"}"#, &local());
        let open = open.unwrap();
        assert_eq!((open.size, open.timeout_s), (Size::new(80, 24).unwrap(), LONGEST_TIMEOUT_S));
        for bad in [
            r#"{"columns":1,"why":""}"#,
            r#"{"rows":501,"why":""}"#,
            r#"{"cwd":"x","why":""}"#,
            r#"{"sudo":1}"#,
        ] {
            assert!(parse_open(bad, &local()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_can_not_be_typed_is_told_to_the_model() {
        for bad in [
            r#"{"terminal":"trm_1"}"#,
            r#"{"terminal":"trm_1","text":"\u001b[A"}"#,
            r#"{"terminal":"trm_1","keys":["Hyper"]}"#,
            r#"{"text":"ls"}"#,
        ] {
            assert!(parse_type(bad).is_err(), "{bad}");
        }
        let keys = parse_type(r#"{"terminal":"t","text":"ls\n","keys":["Up"],"minutes":0}"#).unwrap();
        assert_eq!((keys.bytes(true), keys.minutes), (b"ls\r\x1bOA".to_vec(), 1));
        assert!(keys.depends_on_mode());
    }

    #[test]
    fn a_wait_is_bounded_and_its_value_may_be_a_number() {
        let wait = parse_wait(r#"{"terminal":"t","until":"quiet","value":500,"seconds":9999}"#).unwrap();
        assert_eq!((wait.until, wait.seconds), (Until::Quiet { ms: 500 }, LONGEST_WAIT_S));
        assert!(parse_wait(r#"{"terminal":"t","until":"pattern"}"#).is_err());
        assert!(parse_wait(r#"{"terminal":"t","until":"quiet","value":"soon"}"#).is_err());
    }
}
