//! The `shell-worker` process.

fn main() -> std::process::ExitCode {
    metatron_process::run("shell-worker", metatron_process::Threads::Two, metatron_shell_worker::run)
}
