//! The book of the owner's rules and modes, as this host knows it: the newest that api sealed, kept on the disk so that an
//! older one never counts again (SECURITY B5). Without a valid book there are no rules, and every mode is `ask`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metatron_bus::seal::LinkKey;
use metatron_domain::clock::Instant;
use metatron_domain::rule::book::{BOOK, Book};
use serde::{Deserialize, Serialize};

/// What is kept on the disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    version: u64,
    sealed: String,
}

/// A book that is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// Not sealed by api for this host and version.
    #[error("the book's seal does not hold")]
    Forged,
    /// It can't be kept, so it would be forgotten by the next shell-worker.
    #[error("the book can't be kept: {0}")]
    Unwritable(#[from] std::io::Error),
}

/// The place of the book. One per process, shared by all requests.
pub struct Shelf {
    link: Arc<LinkKey>,
    host: String,
    path: PathBuf,
    book: Mutex<Option<Book>>,
}

impl Shelf {
    /// Finds the book that was kept in `folder`; one that does not open is as good as none.
    pub fn open(folder: &Path, link: Arc<LinkKey>, host: &str) -> Self {
        let shelf =
            Self { link, host: host.to_owned(), path: folder.join("book.json"), book: Mutex::default() };
        let kept =
            std::fs::read(&shelf.path).ok().and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
        if let Some(kept) = kept {
            let book = shelf.read(kept.version, &kept.sealed);
            if book.is_none() {
                tracing::warn!(
                    "the kept book of rules does not open: nothing counts but the owner's answers"
                );
            }
            *shelf.lock() = book;
        }
        shelf
    }

    fn lock(&self) -> MutexGuard<'_, Option<Book>> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, version: u64, sealed: &str) -> Option<Book> {
        let text = self.link.open(BOOK, &self.host, version, sealed).ok()?;
        let book: Book = serde_json::from_slice(&text).ok()?;
        (book.version == version && book.host == self.host).then_some(book)
    }

    /// Takes a book, unless a newer one is known. Returns the version that counts from now on. Blocks while it is kept.
    pub fn take(&self, version: u64, sealed: &str) -> Result<u64, BookError> {
        let book = self.read(version, sealed).ok_or(BookError::Forged)?;
        let mut known = self.lock();
        if let Some(old) = known.as_ref()
            && (old.version, old.expires_at) >= (book.version, book.expires_at)
        {
            return Ok(old.version);
        }
        // A rule that was revoked must be void at once, also where the disk is full.
        *known = Some(book);
        self.keep(&Kept { version, sealed: sealed.to_owned() })?;
        Ok(version)
    }

    fn keep(&self, kept: &Kept) -> std::io::Result<()> {
        let fresh = self.path.with_extension("new");
        let mut file = std::fs::File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.sync_all()?;
        std::fs::rename(&fresh, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all())
    }

    /// The book that counts at `now`.
    pub fn current(&self, now: Instant) -> Option<Book> {
        self.lock().clone().filter(|book| now < book.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use metatron_domain::elevated::Elevated;
    use metatron_domain::rule::warrant::WarrantKey;

    use super::*;

    const T: Instant = Instant::from_millis(1_000_000);

    fn key(byte: &str) -> Arc<LinkKey> {
        Arc::new(LinkKey::parse(&byte.repeat(32)).unwrap())
    }

    fn sealed(key: &LinkKey, host: &str, version: u64, until: Instant) -> String {
        let (rules, chats, tokens) = (vec![], vec![], vec![]);
        let book = Book {
            version,
            host: host.to_owned(),
            expires_at: until,
            rules,
            chats,
            tokens,
            key: WarrantKey::default(),
            elevated: Elevated::Off,
        };
        key.seal(BOOK, host, version, &serde_json::to_vec(&book).unwrap()).unwrap()
    }

    #[test]
    fn b5_a_forged_or_foreign_or_older_book_never_counts() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), key("07"), "local");
        let later = Instant::from_millis(2_000_000);
        let good = sealed(&key("07"), "local", 5, later);
        assert!(matches!(shelf.take(5, &sealed(&key("08"), "local", 5, later)), Err(BookError::Forged)));
        assert!(matches!(shelf.take(5, &sealed(&key("07"), "other", 5, later)), Err(BookError::Forged)));
        assert!(matches!(shelf.take(6, &good), Err(BookError::Forged)), "it was sealed as version 5");
        assert_eq!(shelf.take(5, &good).unwrap(), 5);
        assert_eq!(shelf.take(4, &sealed(&key("07"), "local", 4, later)).unwrap(), 5, "the newer one stays");
        // Nor after a restart.
        let again = Shelf::open(folder.path(), key("07"), "local");
        assert_eq!(again.take(4, &sealed(&key("07"), "local", 4, later)).unwrap(), 5);
        assert_eq!(again.current(T).unwrap().version, 5);
        assert_eq!(again.current(later), None, "an expired book means no rules");
    }

    #[test]
    fn a_renewed_book_lasts_longer_and_an_earlier_renewal_shortens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), key("07"), "local");
        let (soon, later) = (Instant::from_millis(2_000_000), Instant::from_millis(3_000_000));
        shelf.take(1, &sealed(&key("07"), "local", 1, later)).unwrap();
        shelf.take(1, &sealed(&key("07"), "local", 1, soon)).unwrap();
        assert!(shelf.current(soon).is_some());
    }
}
