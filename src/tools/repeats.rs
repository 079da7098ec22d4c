//! Repeats of a request: run once, answered alike.

use super::{Error, Output};
use crate::tasks::Tasks;
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::Instrument;

/// How long an answer is kept.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// How many are kept; beyond it the oldest gives way.
const MAX_KEPT: usize = 1_000;

/// Whose key it is, and the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Origin {
    pub(super) namespace: Option<&'static str>,
    pub(super) key: String,
}

/// The answers of the last minutes, by their idempotency key.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    book: Arc<Mutex<HashMap<Origin, Kept>>>,
}

/// A request that may be a repeat.
#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) origin: Origin,
    /// A digest of what is asked.
    pub(super) print: [u8; 32],
}

type Answer = Result<Output, Error>;

#[derive(Debug)]
struct Kept {
    print: [u8; 32],
    since: Instant,
    /// None until the first one is done.
    answer: watch::Receiver<Option<Answer>>,
}

impl Kept {
    fn done(&self) -> bool {
        self.answer.borrow().is_some()
    }
}

impl Repeats {
    /// The answer of `work`, or of the work that was begun under this key already. Once begun,
    /// work goes on to its end even when nobody waits for it any more.
    pub(super) async fn once(
        &self,
        repeat: Repeat,
        work: impl Future<Output = Answer> + Send + 'static,
        tasks: &Tasks,
    ) -> Answer {
        let Repeat { origin, print } = repeat;
        let mut answer = {
            let mut book = self.current();
            match book.get(&origin) {
                Some(kept) if kept.print != print => return Err(Error::Conflict),
                Some(kept) => kept.answer.clone(),
                None => {
                    make_room(&mut book)?;
                    let (done, answer) = watch::channel(None);
                    let since = Instant::now();
                    book.insert(origin, Kept { print, since, answer: answer.clone() });
                    let work = async move { drop(done.send(Some(work.await))) };
                    tasks.spawn(work.in_current_span());
                    answer
                }
            }
        };
        let done = answer.wait_for(Option::is_some).await;
        done.map_or(Err(Error::Failed), |answer| answer.clone().unwrap_or(Err(Error::Failed)))
    }

    /// Whether a request under this key could be answered.
    pub(super) fn check(&self, origin: &Origin, print: [u8; 32]) -> Result<(), Error> {
        match self.current().get(origin) {
            Some(kept) if kept.print != print => Err(Error::Conflict),
            _ => Ok(()),
        }
    }

    /// The book without what has expired.
    fn current(&self) -> MutexGuard<'_, HashMap<Origin, Kept>> {
        let mut book = self.book.lock().expect("nobody panics with the book in hand");
        book.retain(|_, kept| kept.since.elapsed() < KEPT_FOR || !kept.done());
        book
    }
}

fn make_room(book: &mut HashMap<Origin, Kept>) -> Result<(), Error> {
    if book.len() < MAX_KEPT {
        return Ok(());
    }
    let done = book.iter().filter(|(_, kept)| kept.done());
    let oldest = done.min_by_key(|(_, kept)| kept.since).map(|(origin, _)| origin.clone());
    let oldest = oldest.ok_or(Error::Busy("too many uses of tools are under way"))?;
    book.remove(&oldest);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::oneshot;

    fn origin(key: &str) -> Origin {
        Origin { namespace: None, key: key.to_owned() }
    }

    fn repeat(origin: Origin) -> Repeat {
        Repeat { origin, print: [0; 32] }
    }

    fn answer(text: &str) -> Answer {
        Ok(Output { content: vec![text.to_owned()], details: json!(null) })
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_for_five_minutes() {
        let (repeats, tasks) = (Repeats::default(), Tasks::new());
        let ask = |text: &'static str| {
            repeats.once(repeat(origin("k")), async move { answer(text) }, &tasks)
        };
        assert_eq!(ask("first").await, answer("first"));
        tokio::time::advance(KEPT_FOR - Duration::from_millis(1)).await;
        assert_eq!(ask("second").await, answer("first"));
        assert_eq!(repeats.check(&origin("k"), [1; 32]), Err(Error::Conflict));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(repeats.check(&origin("k"), [1; 32]), Ok(()));
        assert_eq!(ask("third").await, answer("third"));
    }

    #[tokio::test]
    async fn the_work_goes_on_when_its_first_reader_leaves() {
        let (repeats, tasks) = (Repeats::default(), Tasks::new());
        let (go, gone) = oneshot::channel::<()>();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let work = async move {
            counted.fetch_add(1, Ordering::Relaxed);
            gone.await.expect("told to go on");
            answer("whole")
        };
        let mut first = Box::pin(repeats.once(repeat(origin("k")), work, &tasks));
        assert!(futures_util::poll!(&mut first).is_pending());
        drop(first);
        let second = repeats.once(repeat(origin("k")), async { answer("again") }, &tasks);
        go.send(()).expect("the work is there");
        assert_eq!(second.await, answer("whole"));
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn the_oldest_answer_gives_way() {
        let (repeats, tasks) = (Repeats::default(), Tasks::new());
        for i in 0..=MAX_KEPT {
            let key = origin(&i.to_string());
            let done = repeats.once(repeat(key), async { answer("x") }, &tasks).await;
            assert_eq!(done, answer("x"));
        }
        assert_eq!(repeats.current().len(), MAX_KEPT);
        assert_eq!(repeats.check(&origin("0"), [1; 32]), Ok(()));
        assert_eq!(repeats.check(&origin("1"), [1; 32]), Err(Error::Conflict));
    }

    #[tokio::test]
    async fn too_much_under_way_is_refused() {
        let (repeats, tasks) = (Repeats::default(), Tasks::new());
        for i in 0..MAX_KEPT {
            let never = std::future::pending();
            let mut asked = Box::pin(repeats.once(repeat(origin(&i.to_string())), never, &tasks));
            assert!(futures_util::poll!(&mut asked).is_pending());
        }
        let more = repeats.once(repeat(origin("more")), async { answer("x") }, &tasks).await;
        assert!(matches!(more, Err(Error::Busy(_))), "{more:?}");
    }
}
