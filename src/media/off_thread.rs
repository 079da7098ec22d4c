//! Work on many bytes, kept from the threads that serve everybody.

use std::panic;
use tokio::task::spawn_blocking;

/// Work on more bytes than these is done elsewhere; less of it takes no longer than the way there.
const MANY_BYTES: usize = 1024 * 1024;

/// Does a piece of work on so many bytes.
pub(super) async fn work_on<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if bytes <= MANY_BYTES {
        return work();
    }
    let done = spawn_blocking(work).await;
    // It is never cancelled, so it can only have panicked.
    done.unwrap_or_else(|error| panic::resume_unwind(error.into_panic()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::runtime;

    #[test]
    fn only_work_on_many_bytes_waits_for_another_thread() {
        let one = runtime::Builder::new_current_thread().max_blocking_threads(1).build();
        one.expect("a runtime").block_on(async {
            let (release, held) = mpsc::channel::<()>();
            // The only other thread is taken.
            let taken = spawn_blocking(move || held.recv().is_ok());
            assert_eq!(work_on(MANY_BYTES, || 1).await, 1);
            let mut large = Box::pin(work_on(MANY_BYTES + 1, || 2));
            assert!(futures_util::poll!(&mut large).is_pending());
            release.send(()).expect("it waits");
            assert_eq!((large.await, taken.await.ok()), (2, Some(true)));
        });
    }
}
