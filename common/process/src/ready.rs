//! Says once that the service is ready: a newline on the descriptor that the supervisor gave.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// The announcement that is still to be made. Clones share it; whoever comes first makes it.
#[derive(Debug, Clone)]
pub struct Ready(Arc<Mutex<Option<Door>>>);

#[derive(Debug)]
enum Door {
    Stdout,
    File(File),
}

impl Ready {
    /// Opens the descriptor named by `METATRON_NOTIFY_FD`; `None` means that nobody waits.
    ///
    /// 1 is stdout (which carries nothing else: logs go to stderr), and the way for a service that runs as another
    /// user than its supervisor, because opening `/proc/self/fd/N` asks the pipe's owner for permission again.
    pub(crate) fn on(descriptor: Option<u16>) -> io::Result<Self> {
        let door = match descriptor {
            None => None,
            Some(1) => Some(Door::Stdout),
            Some(n) => Some(Door::File(File::options().write(true).open(format!("/proc/self/fd/{n}"))?)),
        };
        Ok(Self(Arc::new(Mutex::new(door))))
    }

    /// The service can do its work from now on. Later calls do nothing.
    pub fn announce(&self) {
        let door = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let told = match door {
            None => return,
            Some(Door::Stdout) => {
                let mut stdout = io::stdout();
                stdout.write_all(b"\n").and_then(|()| stdout.flush())
            }
            Some(Door::File(mut file)) => file.write_all(b"\n"),
        };
        match told {
            Ok(()) => tracing::info!("ready"),
            Err(error) => tracing::warn!(%error, "ready, but the supervisor could not be told"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn announces_once_with_a_newline_on_the_given_descriptor() {
        let (mut reader, writer) = io::pipe().unwrap();
        let descriptor = u16::try_from(writer.as_raw_fd()).unwrap();
        let ready = Ready::on(Some(descriptor)).unwrap();
        drop(writer);
        ready.announce();
        ready.clone().announce();
        let mut told = String::new();
        reader.read_to_string(&mut told).unwrap();
        assert_eq!(told, "\n");
    }

    #[test]
    fn a_descriptor_that_is_not_open_is_an_error() {
        assert!(Ready::on(Some(4000)).is_err());
    }
}
