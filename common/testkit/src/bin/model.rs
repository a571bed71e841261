//! Starts the scripted model alone, prints its base URL, and ends when standard input closes. For a client library that
//! nobody here wrote: it has to understand what the tests' model says. `.ci/openai-client` asks in this order.

use std::io::{Read as _, Write as _};

use metatron_testkit::model::{Answer, FakeModel};

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> anyhow::Result<()> {
    let model = FakeModel::start().await?;
    for _ in 0..2 {
        // Once streamed, once in one piece.
        model.push(Answer::text("Hello from the script."));
        model.push(Answer::command("uptime --pretty"));
    }
    model.push(Answer::refusal(401, "no such key"));
    model.push(Answer::refusal(429, "too fast").header("retry-after", "1"));
    model.push(Answer::build().say("Half an ").cut());
    writeln!(std::io::stdout(), "{}", model.base_url())?;
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
