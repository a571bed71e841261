//! `shell_run` and `shell_read`: the AI's hands on the machine, and its eyes on what they did.

use metatron_domain::elevated::{Elevated, Power};
use metatron_domain::id::ExecId;
use metatron_domain::terminal::Size;
use metatron_store::journal::NewExec;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::elsewhere::Machine;

/// Runs a command.
pub(crate) const RUN: &str = "shell_run";
/// Reads more of an earlier command's output.
pub(crate) const READ: &str = "shell_read";

const DEFAULT_TIMEOUT_S: u32 = 120;
/// Seconds a command may take, at most.
pub(crate) const LONGEST_TIMEOUT_S: u32 = 6 * 3_600;
const MOST_LINES: u32 = 400;
/// SECURITY section 4: longer commands are malformed.
pub(crate) const LONGEST_COMMAND: usize = 64 * 1_024;

/// The machines are named only where there is a choice, root only where the owner switched it on.
pub(crate) fn run_schema(machines: &[Machine], elevated: Elevated) -> Value {
    let mut schema = json!({ "type": "function", "function": {
        "name": RUN,
        "description": "Run a command with bash on the owner's machine, in a fresh terminal without a memory of earlier \
            commands. Reading commands run at once; anything else waits for the owner's approval, which can take a while \
            and can be refused. You get the exit status and the last part of the output; of one that waits for input, its screen \
            and the id of its terminal.",
        "parameters": { "type": "object", "additionalProperties": false, "required": ["command", "why"], "properties": {
            "command": { "type": "string", "description": "The exact text for `bash -c`." },
            "cwd": { "type": "string", "description": "Absolute working folder. Default: the workspace." },
            "timeout": { "type": "integer", "minimum": 1, "maximum": LONGEST_TIMEOUT_S,
                "description": "Seconds until it is ended by force. Default 120." },
            "why": { "type": "string", "description": "One sentence for the owner: what it does and why you want it." },
        } },
    } });
    if elevated == Elevated::Commands {
        schema["function"]["parameters"]["properties"]["elevated"] = json!({ "type": "boolean", "description":
            "Run it as root in the container. The owner has to allow each such command with the password: ask for it only \
             where nothing else will do. Default false." });
    }
    offer(&mut schema, machines);
    schema
}

/// Lets a tool's machine be chosen, where there is a choice.
pub(super) fn offer(schema: &mut Value, machines: &[Machine]) {
    if let [first, _, ..] = machines {
        let name = |machine: &Machine| {
            let silent =
                if machine.answers { "" } else { " (does not answer now: a command would wait for it)" };
            format!("{}{silent}", machine.name)
        };
        let names = machines.iter().map(name).collect::<Vec<_>>().join(", ");
        schema["function"]["parameters"]["properties"]["host"] = json!({ "type": "string", "description":
            format!("The machine to run it on: {names}. Each has its own files. Default: {}.", first.name) });
    }
}

/// The machine that was chosen, or the first; an error is what the model is told.
pub(super) fn choose(tool: &str, host: Option<&str>, machines: &[Machine]) -> Result<String, String> {
    let machine = match host {
        None | Some("") => machines.first(),
        Some(host) => machines.iter().find(|machine| machine.name == host),
    };
    machine.map(|machine| machine.name.clone()).ok_or_else(|| {
        let names = machines.iter().map(|machine| machine.name.as_str()).collect::<Vec<_>>().join(", ");
        format!("[{tool}: there is no such host; there are: {names}]")
    })
}

pub(crate) fn read_schema() -> Value {
    json!({ "type": "function", "function": {
        "name": READ,
        "description": "Read more of the output of an earlier shell_run whose output was cut.",
        "parameters": { "type": "object", "additionalProperties": false, "required": ["exec"], "properties": {
            "exec": { "type": "string", "description": "The id named where the output was cut, exc_…" },
            "from_line": { "type": "integer", "minimum": 0, "description": "First line, from 0. Default 0." },
            "lines": { "type": "integer", "minimum": 1, "maximum": MOST_LINES, "description": "Default 200." },
        } },
    } })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    command: String,
    #[serde(default)]
    cwd: Option<String>,
    #[serde(default)]
    timeout: Option<u32>,
    #[serde(default)]
    why: String,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    elevated: bool,
}

/// The arguments of [`RUN`]; an error is what the model is told.
pub(crate) fn parse_run(
    arguments: &str,
    machines: &[Machine],
    elevated: Elevated,
) -> Result<NewExec, String> {
    let run: Run = parse(RUN, arguments)?;
    if run.command.trim().is_empty() {
        return Err(format!("[{RUN}: the command is empty]"));
    }
    if run.command.len() > LONGEST_COMMAND {
        return Err(format!("[{RUN}: the command is longer than 64 KiB; write it to a file first]"));
    }
    if run.cwd.as_deref().is_some_and(|cwd| !cwd.starts_with('/')) {
        return Err(format!("[{RUN}: cwd must be an absolute path]"));
    }
    if run.elevated && elevated < Elevated::Commands {
        return Err(format!(
            "[{RUN}: commands as root are switched off; the owner can turn them on in Settings]"
        ));
    }
    let host = choose(RUN, run.host.as_deref(), machines)?;
    Ok(NewExec {
        command: run.command,
        cwd: run.cwd,
        timeout_s: run.timeout.unwrap_or(DEFAULT_TIMEOUT_S).clamp(1, LONGEST_TIMEOUT_S),
        why: run.why.chars().take(500).collect(),
        host,
        interactive: false,
        size: Size::COMMAND,
        power: if run.elevated { Power::Root } else { Power::Agent },
    })
}

/// What [`READ`] asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Read {
    /// Which command.
    pub exec: ExecId,
    /// The first line.
    #[serde(default)]
    pub from_line: u64,
    /// How many.
    #[serde(default)]
    pub lines: Option<u32>,
}

impl Read {
    /// How many lines, within bounds.
    pub(crate) fn count(&self) -> u32 {
        self.lines.unwrap_or(200).clamp(1, MOST_LINES)
    }
}

/// The arguments of [`READ`]; an error is what the model is told.
pub(crate) fn parse_read(arguments: &str) -> Result<Read, String> {
    parse(READ, arguments)
}

/// The arguments of a tool; an error is what the model is told.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(tool: &str, arguments: &str) -> Result<T, String> {
    serde_json::from_str(arguments).map_err(|cause| format!("[{tool}: the arguments can't be read: {cause}]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machines() -> Vec<Machine> {
        let machine = |name: &str, answers| Machine { name: name.to_owned(), answers };
        vec![machine("local", true), machine("build", false)]
    }

    #[test]
    fn the_host_is_offered_where_there_is_a_choice_and_only_one_of_those_is_taken() {
        let host = |machines: &[Machine]| {
            run_schema(machines, Elevated::Off)["function"]["parameters"]["properties"]["host"].clone()
        };
        assert!(host(&machines()[..1]).is_null());
        let told = host(&machines())["description"].to_string();
        assert!(told.contains("local, build (does not answer"), "{told}");
        let parsed = |text: &str| parse_run(text, &machines(), Elevated::Off).map(|new| new.host);
        assert_eq!(parsed(r#"{"command":"ls"}"#).unwrap(), "local");
        assert_eq!(parsed(r#"{"command":"ls","host":"build"}"#).unwrap(), "build");
        assert!(
            parsed(r#"{"command":"ls","host":"other"}"#).unwrap_err().contains("there are: local, build")
        );
    }

    #[test]
    fn arguments_that_make_no_sense_are_told_to_the_model() {
        for bad in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"command":" "}"#,
            r#"{"command":"ls","cwd":"x"}"#,
            r#"{"command":"ls","sudo":true}"#,
        ] {
            assert!(parse_run(bad, &machines(), Elevated::Off).is_err(), "{bad}");
        }
        assert!(parse_read(r#"{"exec":"run_1"}"#).is_err());
    }

    #[test]
    fn s4_root_is_offered_and_taken_only_where_the_owner_switched_it_on() {
        let offered = |level| {
            run_schema(&machines(), level)["function"]["parameters"]["properties"]["elevated"].is_object()
        };
        let parsed =
            |level| parse_run(r#"{"command":"id","elevated":true}"#, &machines(), level).map(|new| new.power);
        for level in [Elevated::Off, Elevated::Packages] {
            assert!(!offered(level));
            assert!(parsed(level).unwrap_err().contains("switched off"));
        }
        assert!(offered(Elevated::Commands));
        assert_eq!(parsed(Elevated::Commands).unwrap(), Power::Root);
    }

    #[test]
    fn a_command_is_taken_byte_for_byte() {
        let new =
            parse_run(r#"{"command":" echo  'a\tb' \n","why":"w","timeout":0}"#, &machines(), Elevated::Off)
                .unwrap();
        assert_eq!(new.command, " echo  'a\tb' \n");
        assert_eq!(new.timeout_s, 1);
    }
}
