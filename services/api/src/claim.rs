//! The claim code: made anew at each start while nobody owns the instance, valid for an hour, usable once (SECURITY H8).
//!
//! It is written to the log once and to a file that only this user reads; the database has its digest.

use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use metatron_domain::clock::Instant;
use metatron_store::Store;
use metatron_store::auth::digest;

use crate::error::ApiError;
use crate::random;

/// How long a code is valid after the start.
const VALID: Duration = Duration::from_hours(1);

/// Where the code is put for the owner to find.
#[derive(Debug)]
pub(crate) struct Claims {
    file: PathBuf,
    listen: SocketAddr,
}

impl Claims {
    pub(crate) const fn new(file: PathBuf, listen: SocketAddr) -> Self {
        Self { file, listen }
    }

    /// Makes a code and says where to use it; does nothing once the instance has an owner.
    pub(crate) async fn announce(&self, store: &Store, now: Instant) -> Result<(), ApiError> {
        let code = random::claim_code()?;
        let mut tx = store.begin().await?;
        let unclaimed = tx.put_claim_code(&digest(&random::normal_code(&code)), now.after(VALID)).await?;
        let _ = tx.commit().await?;
        if !unclaimed {
            self.forget();
            return Ok(());
        }
        if let Err(error) = self.write(&code) {
            tracing::warn!(file = %self.file.display(), %error, "the claim code could not be written to its file");
        }
        let port = self.listen.port();
        tracing::info!("nobody owns this instance yet; claim it within an hour");
        tracing::info!("claim here:      http://127.0.0.1:{port}/setup#code={}", code.as_str());
        tracing::info!(
            "from elsewhere:  ssh -L {port}:127.0.0.1:{port} this-machine, then open the same address"
        );
        Ok(())
    }

    fn write(&self, code: &str) -> std::io::Result<()> {
        if let Some(folder) = self.file.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // A new file each time: an older one, whoever made it, would keep its mode.
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.file)?;
        writeln!(file, "{code}")
    }

    /// Removes the file: its code is used, or there is nothing to claim.
    pub(crate) fn forget(&self) {
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(file = %self.file.display(), %error, "the file of the claim code could not be removed");
            }
            _ => {}
        }
    }
}
