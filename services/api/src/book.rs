//! The book of the owner's rules and modes on its way to the shell hosts: sealed here, sent at each change and renewed
//! before it expires. A host that does not get it has no rules after an hour.

use std::time::Duration;

use metatron_bus::Error as BusError;
use metatron_domain::command::{ShellAnswer, ShellCall};
use metatron_domain::rule::book::{BOOK, VALID};
use metatron_domain::rule::warrant::WarrantKey;
use tokio_util::sync::CancellationToken;

use crate::App;
use crate::error::{Answer, ApiError};

/// How often a book is renewed; four tries fit into the hour it is valid.
const RENEW: Duration = Duration::from_mins(12);
/// How soon it is tried again where a host did not take it.
const AGAIN: Duration = Duration::from_secs(15);
/// How long a host may take to keep a book: the owner waits for it.
const PATIENCE: Duration = Duration::from_secs(3);

impl App {
    /// A rule or a mode has changed: every shell host hears of it before the owner does. One that does not answer is told
    /// again soon; what is true is committed already.
    pub(crate) async fn turn_page(&self) {
        match self.send_book().await {
            Ok(true) => {}
            Ok(false) => self.turned.notify_one(),
            Err(error) => {
                tracing::warn!(?error, "the book of rules could not be made");
                self.turned.notify_one();
            }
        }
    }

    /// Sends the newest book to every shell host. Returns whether all of them took it.
    async fn send_book(&self) -> Answer<bool> {
        if self.store.book_version().await? == 0 {
            // There never was a rule or a mode: hosts know nothing, and need to know nothing.
            return Ok(true);
        }
        let mut all = true;
        for host in self.links.names() {
            // A host that is away finds it before it comes to what waits for it.
            if let Err(error) = self.lay_book(&host).await? {
                all = false;
                tracing::warn!(%error, host, "a book of rules could not be laid");
            }
            if self.hosts.silent_since(&host).is_some() {
                // It is told when it is there again; until then nothing starts there.
                all = false;
            } else if let Err(error) = self.send_book_to(&host).await? {
                all = false;
                tracing::warn!(%error, host, "a shell host did not take the book of rules");
            }
        }
        if all {
            self.warnings.behind(false);
        }
        Ok(all)
    }

    /// The key of the warrants for a host; made when the first book is.
    async fn warrant_key(&self, host: &str) -> Answer<WarrantKey> {
        if let Some(key) = self.store.warrant_key(&self.vault, host).await? {
            return Ok(key);
        }
        let mut tx = self.store.begin().await?;
        tx.make_warrant_key(&self.vault, self.now()).await?;
        self.commit(tx).await?;
        let key = self.store.warrant_key(&self.vault, host).await?;
        key.ok_or_else(|| ApiError::internal("the key of the warrants is no key"))
    }

    /// The newest book for a host, sealed, and its version.
    async fn sealed_book(&self, host: &str) -> Answer<(u64, String)> {
        let mut book = self.store.book(host, self.now()).await?;
        book.key = self.warrant_key(host).await?;
        let text = serde_json::to_vec(&book).map_err(ApiError::internal)?;
        let link = self.links.of(host).ok_or_else(|| ApiError::not_found("host"))?;
        let sealed = link.seal(BOOK, host, book.version, &text).map_err(ApiError::internal)?;
        Ok((book.version, sealed))
    }

    async fn lay_book(&self, host: &str) -> Answer<Result<(), BusError>> {
        let (version, sealed) = self.sealed_book(host).await?;
        Ok(self.bus.lay_book(host, version, &sealed, VALID).await)
    }

    async fn send_book_to(&self, host: &str) -> Answer<Result<(), BusError>> {
        let (sent, sealed) = self.sealed_book(host).await?;
        let call = ShellCall::Book { version: sent, sealed };
        Ok(match self.bus.call(host, &call, PATIENCE).await {
            Ok(ShellAnswer::Book { version }) if version == sent => Ok(()),
            // Somebody of ours sent a newer one meanwhile.
            Ok(ShellAnswer::Book { version })
                if version > sent && version <= self.store.book_version().await? =>
            {
                Ok(())
            }
            // Brought back with it would be what was revoked since: only the owner's next change makes it count.
            Ok(ShellAnswer::Book { version }) if version > sent => {
                self.warnings.behind(true);
                tracing::warn!(
                    host,
                    version,
                    sent,
                    "THE RULES HERE ARE OLDER THAN WHAT A SHELL HOST KNOWS: this database was brought back from a copy, and \
                     rules and modes count again after the next change of one"
                );
                Err(BusError::Timeout)
            }
            Ok(other) => {
                tracing::warn!(host, ?other, "a shell host answered a book with something else");
                Err(BusError::Timeout)
            }
            Err(error) => Err(error),
        })
    }
}

/// A host did not take the newest page: it is tried again in a moment.
async fn soon(app: &App) {
    app.turned.notified().await;
    tokio::time::sleep(AGAIN).await;
}

/// Redis was emptied, and no host finds its book there: until it does, nothing starts under it.
async fn lost(app: &App) {
    loop {
        tokio::time::sleep(AGAIN).await;
        if app.store.book_version().await.unwrap_or_default() > 0
            && app.bus.has_books(&app.links.names()).await.is_ok_and(|all| !all)
        {
            return;
        }
    }
}

/// Renews the book until `shutdown`.
pub(crate) async fn run(app: App, shutdown: CancellationToken) {
    loop {
        let all = tokio::select! {
            sent = app.send_book() => sent.unwrap_or_else(|error| {
                tracing::warn!(?error, "the book of rules could not be made");
                false
            }),
            () = shutdown.cancelled() => return,
        };
        let pause = if all { RENEW } else { AGAIN };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = soon(&app) => {}
            () = lost(&app) => {}
            () = shutdown.cancelled() => return,
        }
    }
}
