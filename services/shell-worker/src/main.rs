//! The `shell-worker` process.

fn main() -> std::process::ExitCode {
    // One thread for all that waits: a key must not wake two. What reads terminals or disks has threads of its own.
    metatron_process::run("shell-worker", metatron_shell_worker::run)
}
