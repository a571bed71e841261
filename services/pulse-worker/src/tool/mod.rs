//! The tools a model is offered, and what each of its calls comes to.

pub(crate) mod shell;

use metatron_store::journal::Intent;

use crate::elsewhere::Machine;

/// The tools on offer, in the provider's JSON shape.
pub(crate) fn offered(machines: &[Machine]) -> Vec<serde_json::Value> {
    vec![shell::run_schema(machines), shell::read_schema()]
}

/// What a call of a complete turn comes to. A call that makes no sense has no effect: the model is told why.
pub(crate) fn intent(name: &str, arguments: &str, machines: &[Machine]) -> Intent {
    match name {
        shell::RUN => match shell::parse_run(arguments, machines) {
            Ok(new) => Intent::Exec(new),
            Err(told) => Intent::Told(told),
        },
        shell::READ => match shell::parse_read(arguments) {
            Ok(_) => Intent::Open,
            Err(told) => Intent::Told(told),
        },
        other => {
            Intent::Told(format!("[no such tool: {other}] The tools are {} and {}.", shell::RUN, shell::READ))
        }
    }
}
