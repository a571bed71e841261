//! Named, supervised tasks. The only place that calls `tokio::spawn`: nothing runs that nobody waits for.

use std::future::Future;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Spawns tasks and knows when all have ended. Owned by the frame; clones share the same set.
#[derive(Debug, Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    failed: mpsc::UnboundedSender<anyhow::Error>,
    shutdown: CancellationToken,
}

/// Where the first failure of a task arrives.
pub(crate) struct Failures(mpsc::UnboundedReceiver<anyhow::Error>);

impl Tasks {
    pub(crate) fn new(shutdown: CancellationToken) -> (Self, Failures) {
        let (failed, failures) = mpsc::unbounded_channel();
        (Self { tracker: TaskTracker::new(), failed, shutdown }, Failures(failures))
    }

    /// Runs `task` beside the others. It may end well at any time; if it ends with an error or a panic before the
    /// shutdown, the whole process goes down with that cause. What may fail alone has to handle its errors itself.
    #[expect(clippy::disallowed_methods, reason = "this is the place where tasks are spawned")]
    pub fn spawn<T, E>(&self, name: &'static str, task: T) -> JoinHandle<()>
    where
        T: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<anyhow::Error>,
    {
        let watch = Watch { name, failed: self.failed.clone() };
        let shutdown = self.shutdown.clone();
        tokio::spawn(self.tracker.track_future(async move {
            if let Err(error) = task.await {
                let error: anyhow::Error = error.into();
                if shutdown.is_cancelled() {
                    tracing::warn!(task = watch.name, error = format!("{error:#}"), "failed while stopping");
                } else {
                    watch.tell(error.context(format!("task {}", watch.name)));
                }
            }
            drop(watch);
        }))
    }

    /// Cancelled when the process has to end; the same token as the frame's.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    pub(crate) async fn all_ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Failures {
    pub(crate) async fn first(&mut self) -> anyhow::Error {
        match self.0.recv().await {
            Some(error) => error,
            // Every sender is gone: no task is left that could fail.
            None => std::future::pending().await,
        }
    }
}

/// Lives inside the task, so that a panic, which only unwinds, is told as well.
struct Watch {
    name: &'static str,
    failed: mpsc::UnboundedSender<anyhow::Error>,
}

impl Watch {
    fn tell(&self, error: anyhow::Error) {
        // Nobody listens any more once the process is on its way out.
        let _ = self.failed.send(error);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell(anyhow::anyhow!("task {} panicked", self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_well_is_no_failure() {
        let (tasks, mut failures) = Tasks::new(CancellationToken::new());
        tasks.spawn("good", async { anyhow::Ok(()) });
        tasks.all_ended().await;
        assert!(failures.0.try_recv().is_err());
    }

    #[tokio::test]
    async fn the_error_of_a_task_arrives_with_its_name() {
        let (tasks, mut failures) = Tasks::new(CancellationToken::new());
        tasks.spawn("bad", async { Err(anyhow::anyhow!("no luck")) });
        assert_eq!(format!("{:#}", failures.first().await), "task bad: no luck");
    }

    #[tokio::test]
    async fn the_panic_of_a_task_arrives_with_its_name() {
        let (tasks, mut failures) = Tasks::new(CancellationToken::new());
        let handle = tasks.spawn("broken", async {
            let number: Result<u8, _> = "x".parse();
            number.unwrap();
            anyhow::Ok(())
        });
        assert!(handle.await.is_err());
        assert_eq!(format!("{:#}", failures.first().await), "task broken panicked");
    }

    #[tokio::test]
    async fn an_error_after_the_shutdown_is_no_failure() {
        let shutdown = CancellationToken::new();
        let (tasks, mut failures) = Tasks::new(shutdown.clone());
        shutdown.cancel();
        tasks.spawn("late", async { Err(anyhow::anyhow!("the socket is gone")) });
        tasks.all_ended().await;
        assert!(failures.0.try_recv().is_err());
    }
}
