//! The tools a model is offered, and what each of its calls comes to.

pub(crate) mod git;
pub(crate) mod package;
pub(crate) mod shell;
pub(crate) mod terminal;

use metatron_domain::elevated::Elevated;
use metatron_store::journal::Intent;

use crate::elsewhere::Machine;

/// The names of all tools.
const NAMES: &[&str] = &[
    shell::RUN,
    shell::READ,
    git::READ,
    terminal::OPEN,
    terminal::READ,
    terminal::TYPE,
    terminal::WAIT,
    terminal::CLOSE,
    package::INSTALL,
    package::REFRESH,
];

/// The tools on offer, in the provider's JSON shape.
pub(crate) fn offered(machines: &[Machine], elevated: Elevated) -> Vec<serde_json::Value> {
    let mut all = vec![shell::run_schema(machines, elevated), shell::read_schema(), git::schema(machines)];
    all.extend(terminal::schemas(machines));
    all.extend(package::schemas(machines, elevated));
    all
}

/// What a call of a complete turn comes to. A call that makes no sense has no effect: the model is told why.
pub(crate) fn intent(name: &str, arguments: &str, machines: &[Machine], elevated: Elevated) -> Intent {
    match name {
        shell::RUN => shell::parse_run(arguments, machines, elevated).map_or_else(Intent::Told, Intent::Exec),
        git::READ => git::parse_read(arguments, machines).map_or_else(Intent::Told, Intent::Exec),
        package::INSTALL => {
            package::parse_install(arguments, machines, elevated).map_or_else(Intent::Told, Intent::Exec)
        }
        package::REFRESH => {
            package::parse_refresh(arguments, machines, elevated).map_or_else(Intent::Told, Intent::Exec)
        }
        terminal::OPEN => terminal::parse_open(arguments, machines).map_or_else(Intent::Told, Intent::Exec),
        shell::READ => open(shell::parse_read(arguments)),
        terminal::READ => open(terminal::parse_read(arguments)),
        terminal::TYPE => open(terminal::parse_type(arguments)),
        terminal::WAIT => open(terminal::parse_wait(arguments)),
        terminal::CLOSE => open(terminal::parse_close(arguments)),
        other => Intent::Told(format!("[no such tool: {other}] The tools are {}.", NAMES.join(", "))),
    }
}

fn open<T>(parsed: Result<T, String>) -> Intent {
    parsed.map_or_else(Intent::Told, |_| Intent::Open)
}
