//! What every engine under the store has to do, told by its public face only.
//!
//! An engine runs all of it with `contract::tests!(ground)`, where `ground` makes a [`Ground`].

pub(crate) mod batches;
pub(crate) mod journals;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod life;
pub(crate) mod outbox;
pub(crate) mod records;
pub(crate) mod search;

use openclaw::store::{
    Batch, Clock, Error, Expect, Listing, NewEvent, NewRecord, Order, Slot, Store,
};
use std::time::Duration;

/// A day of the year 2026, for clocks that stand still.
pub(crate) const NOON: i64 = 1_780_000_000_000;
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Where one store lives: it can be opened, closed, and opened again.
pub(crate) struct Ground {
    open: Box<dyn Fn(Clock) -> Result<Store, Error> + Send + Sync>,
}

impl Ground {
    pub(crate) fn new(
        open: impl Fn(Clock) -> Result<Store, Error> + Send + Sync + 'static,
    ) -> Self {
        Self { open: Box::new(open) }
    }

    pub(crate) fn open(&self) -> Store {
        self.open_at(&Clock::system())
    }

    pub(crate) fn open_at(&self, clock: &Clock) -> Store {
        (self.open)(clock.clone()).expect("the store opens")
    }
}

/// An event without a mark that no search finds.
pub(crate) fn event(body: &str) -> NewEvent {
    NewEvent { kind: "note", body: body.to_owned(), once: None, text: None }
}

pub(crate) fn marked(body: &str, once: &str) -> NewEvent {
    NewEvent { once: Some(once.to_owned()), ..event(body) }
}

pub(crate) fn worded(text: &str) -> NewEvent {
    NewEvent { text: Some(text.to_owned()), ..event("{}") }
}

pub(crate) fn record(value: &str) -> NewRecord {
    NewRecord { value: value.to_owned(), ..NewRecord::default() }
}

/// Every record of a space, by key.
pub(crate) fn everything() -> Listing {
    Listing {
        prefix: String::new(),
        group: None,
        order: Order::Key,
        from_rank: None,
        below_rank: None,
        skip: 0,
        limit: usize::MAX,
    }
}

/// A batch made in one go.
pub(crate) fn batch(fill: impl FnOnce(&mut Batch)) -> Batch {
    let mut batch = Batch::new();
    fill(&mut batch);
    batch
}

/// Puts a record, whatever is there.
pub(crate) async fn put(store: &Store, space: &str, key: &str, value: &str) -> u64 {
    let done =
        store.commit(batch(|b| b.put(Slot { space, key }, record(value), Expect::Any))).await;
    done.expect("committed").revisions[0]
}

/// Appends one event.
pub(crate) async fn append(store: &Store, stream: &str, event: NewEvent) -> u64 {
    let done = store.commit(batch(|b| b.append(stream, event))).await;
    done.expect("committed").sequences[0]
}

/// A runtime for property tests, which are not asynchronous.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// One test for each promise, on the store that `$ground` makes.
macro_rules! tests {
    ($ground:path) => {
        $crate::store::contract::tests! { $ground;
            batches: all_or_nothing, a_refused_batch_leaves_the_others,
                concurrent_batches_all_commit, a_batch_outlives_its_caller,
                an_empty_batch_is_fine;
            journals: sequences_have_no_gaps, pages_lead_through_a_journal_both_ways,
                a_mark_is_unique_in_its_journal, a_removed_journal_begins_anew, a_page_is_bounded_by_bytes,
                names_of_journals_come_in_order, a_journal_is_trimmed_in_steps,
                events_carry_the_time_of_the_clock, journals_do_what_a_list_does;
            records: revisions_count_and_never_repeat, expectations_guard_a_record,
                a_race_for_a_record_has_one_winner, counters_add_up, records_do_what_a_map_does,
                names_of_every_kind_are_kept_apart;
            leases: a_lease_has_one_holder, a_stale_writer_cannot_append,
                the_same_holder_takes_over_at_once, an_expired_lease_is_free_but_not_stale,
                a_released_lease_is_stale, only_an_expired_lease_is_forgotten, a_race_for_a_lease_has_one_winner;
            outbox: parcels_come_in_order_and_once, a_claimed_parcel_comes_back,
                a_postponed_parcel_waits, a_delivered_parcel_is_gone,
                a_mark_is_remembered_for_a_day, consumers_never_share_a_parcel,
                topics_are_apart;
            keys: a_key_is_found_by_its_hash, a_revoked_key_is_not_found,
                an_expired_key_is_not_found, a_key_is_added_once;
            search: all_words_must_be_there, words_are_found_whatever_their_form,
                scripts_without_spaces_are_found, hostile_words_are_only_words,
                a_prefix_narrows, a_removed_journal_is_not_found, a_snippet_shows_the_words;
            life: everything_is_there_after_reopening, a_closed_store_says_so,
                closing_finishes_what_is_queued, two_open_stores_share_a_file,
                a_backup_is_a_store, a_backup_is_one_moment_while_others_write,
                a_backup_replaces_nothing, compacting_gives_room_back, a_whole_store_checks;
        }
    };
    ($ground:path; $($topic:ident: $($promise:ident),+;)+) => {
        $(mod $topic {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let ground = $ground();
                let promise = $crate::store::contract::$topic::$promise(&ground);
                $crate::support::soon(promise).await;
            })+
        })+
    };
}
pub(crate) use tests;
