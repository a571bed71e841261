//! Brings the database to the present shape before the services start, and makes the master key the first time.

use std::process::ExitCode;

use metatron_domain::clock::{Clock as _, SystemClock};
use metatron_process::{Fatal, Frame};
use metatron_store::vault::Vault;
use metatron_store::{Error, Store};

fn main() -> ExitCode {
    metatron_process::run("migrate", |frame| async move {
        match migrate(&frame).await {
            Ok(()) => Ok(()),
            // Starting again mends neither: the owner has to.
            Err(error @ (Error::Key(_) | Error::Migrate(_))) => Err(Fatal::new(error.to_string()).into()),
            Err(error) => Err(error.into()),
        }
    })
}

async fn migrate(frame: &Frame) -> Result<(), Error> {
    let path = frame.config.database();
    if let Some(copy) = metatron_store::migrate(&path, &frame.config.backup()).await? {
        tracing::info!(copy = %copy.display(), "copied the database before changing its shape");
    }
    let store = Store::open(&path).await?;
    let opened = Vault::open(&store, &frame.config.master_key(), SystemClock.now()).await;
    store.close().await;
    opened.map(drop)
}
