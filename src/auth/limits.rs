//! How much each caller may ask: requests and tokens a minute.
//!
//! GCRA over governor's keyed store: all that is kept of a caller is the moment at which its
//! allowance will be whole again. Requests are taken before the work begins. Tokens are known only
//! after it, so they are always taken, even where there are not so many: the caller is in debt
//! then, and begins nothing new until the debt is paid.

use crate::config;
use crate::types::{Caller, Subject};
use governor::clock::{Clock, DefaultClock, Reference};
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What the limits are counted over.
const MINUTE: Duration = Duration::from_secs(60);
/// No debt is longer than this, whatever figures a provider may send.
const MAX_DEBT: Duration = Duration::from_secs(24 * 60 * 60);
/// After so many requests, what is kept of callers that are whole again is forgotten.
const SWEEP_EVERY: u32 = 1_024;

/// The limits of all callers.
#[derive(Debug)]
pub struct Limits<C: Clock = DefaultClock> {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    clock: C,
    started: C::Instant,
    begun: AtomicU32,
}

/// One caller's share of the [`Limits`].
#[derive(Debug)]
pub struct Account<C: Clock = DefaultClock> {
    limits: Arc<Limits<C>>,
    subject: Subject,
}

/// What is left to a caller; absent where there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests.
    pub requests: Option<Allowance>,
    /// Tokens.
    pub tokens: Option<Allowance>,
}

/// What is left of one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// How many there are when nothing is used.
    pub limit: u32,
    /// How many are left.
    pub remaining: u32,
    /// When nothing will be used any more.
    pub reset: Duration,
}

/// A caller has asked for more than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// What there was too much of: `requests` or `tokens`.
    pub what: &'static str,
    /// How many of them a minute has.
    pub per_minute: u32,
    /// When the next request will be let in.
    pub wait: Duration,
}

/// There are not as many requests left as one stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Short {
    /// Not yet.
    Now(Exceeded),
    /// Not so many may come at once.
    Ever {
        /// How many may.
        capacity: u32,
    },
}

impl Limits {
    /// The limits that a config sets; none where it sets none.
    pub fn of(config: config::Limits) -> Option<Arc<Self>> {
        Self::with_clock(config, DefaultClock::default())
    }
}

impl<C: Clock> Limits<C> {
    fn with_clock(config: config::Limits, clock: C) -> Option<Arc<Self>> {
        let bucket = |per_minute: Option<u32>, burst: Option<u32>| {
            per_minute.filter(|n| *n > 0).map(|n| Bucket::new(n, burst.unwrap_or(n)))
        };
        let requests = bucket(config.requests_per_minute, config.burst);
        let tokens = bucket(config.tokens_per_minute, None);
        if requests.is_none() && tokens.is_none() {
            return None;
        }
        let (started, begun) = (clock.now(), AtomicU32::new(0));
        Some(Arc::new(Self { requests, tokens, clock, started, begun }))
    }

    /// The share of a caller.
    pub fn account(self: &Arc<Self>, caller: Caller) -> Account<C> {
        Account { limits: self.clone(), subject: caller.subject }
    }

    fn now(&self) -> u64 {
        self.clock.now().duration_since(self.started).into()
    }

    /// Keys do not go by themselves.
    fn sweep(&self, now: u64) {
        if self.begun.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            for bucket in self.requests.iter().chain(&self.tokens) {
                bucket.whole_at.retain_recent(Nanos::new(now));
            }
        }
    }
}

impl<C: Clock> Clone for Account<C> {
    fn clone(&self) -> Self {
        Self { limits: self.limits.clone(), subject: self.subject }
    }
}

impl<C: Clock> Account<C> {
    /// Takes one request. It is taken where tokens are what the caller lacks, too: asking again
    /// and again is not free.
    ///
    /// # Errors
    /// [`Exceeded`] when the caller has no request left, or no token.
    pub fn begin(&self) -> Result<(), Exceeded> {
        let now = self.limits.now();
        self.limits.sweep(now);
        if let Some(requests) = &self.limits.requests {
            requests
                .take_within(self.subject, now, 1)
                .map_err(|wait| requests.exceeded("requests", wait))?;
        }
        if let Some(tokens) = &self.limits.tokens {
            let wait = tokens.wait(tokens.used(self.subject, now), 1);
            if wait > 0 {
                return Err(tokens.exceeded("tokens", wait));
            }
        }
        Ok(())
    }

    /// Takes so many requests more, all of them or none: what was let in is as much work as they.
    ///
    /// # Errors
    /// [`Short::Now`] when not so many are left, [`Short::Ever`] when there never are.
    pub fn begin_more(&self, count: u32) -> Result<(), Short> {
        let Some(requests) = &self.limits.requests else { return Ok(()) };
        // One is what was let in.
        if count >= requests.capacity {
            return Err(Short::Ever { capacity: requests.capacity });
        }
        requests
            .take_within(self.subject, self.limits.now(), u64::from(count))
            .map_err(|wait| Short::Now(requests.exceeded("requests", wait)))
    }

    /// Takes so many tokens, whether they are there or not.
    pub fn charge(&self, tokens: u64) {
        if let (Some(bucket), true) = (&self.limits.tokens, tokens > 0) {
            bucket.take(self.subject, self.limits.now(), tokens);
        }
    }

    /// What is left by now.
    pub fn standing(&self) -> Standing {
        let now = self.limits.now();
        let left = |bucket: &Bucket| bucket.allowance(bucket.used(self.subject, now));
        Standing {
            requests: self.limits.requests.as_ref().map(left),
            tokens: self.limits.tokens.as_ref().map(left),
        }
    }
}

/// One limit. All times are nanoseconds, those of moments since the limits began.
#[derive(Debug)]
struct Bucket {
    per_minute: u32,
    /// How many there are when nothing is used.
    capacity: u32,
    /// How long one takes to come back.
    each: u64,
    /// When each caller's allowance will be whole again.
    whole_at: DashMapStateStore<Subject>,
}

impl Bucket {
    fn new(per_minute: u32, capacity: u32) -> Self {
        let each = nanos(MINUTE) / u64::from(per_minute.max(1));
        Self { per_minute, capacity: capacity.max(1), each, whole_at: DashMapStateStore::default() }
    }

    /// The time it takes until what a caller has used is back.
    fn used(&self, subject: Subject, now: u64) -> u64 {
        // Failing leaves the store as it is, so the error is the answer.
        let found: Result<Infallible, u64> =
            self.whole_at.measure_and_replace(&subject, |whole_at| {
                Err(whole_at.map_or(0, u64::from).saturating_sub(now))
            });
        match found {
            Err(used) => used,
        }
    }

    /// Takes so many where they are left; else the time until they are.
    fn take_within(&self, subject: Subject, now: u64, count: u64) -> Result<(), u64> {
        self.whole_at.measure_and_replace(&subject, |whole_at| {
            let used = whole_at.map_or(0, u64::from).saturating_sub(now);
            match self.wait(used, count) {
                0 => Ok((
                    (),
                    Nanos::new(
                        now.saturating_add(used).saturating_add(self.each.saturating_mul(count)),
                    ),
                )),
                wait => Err(wait),
            }
        })
    }

    /// Takes so many, left or not.
    fn take(&self, subject: Subject, now: u64, count: u64) {
        let more = self.each.saturating_mul(count);
        let taken: Result<(), Infallible> =
            self.whole_at.measure_and_replace(&subject, |whole_at| {
                let used = whole_at.map_or(0, u64::from).saturating_sub(now);
                let most = self.whole().saturating_add(nanos(MAX_DEBT));
                Ok(((), Nanos::new(now.saturating_add(used.saturating_add(more).min(most)))))
            });
        match taken {
            Ok(()) => {}
        }
    }

    /// The time until so many are left.
    fn wait(&self, used: u64, count: u64) -> u64 {
        used.saturating_add(self.each.saturating_mul(count)).saturating_sub(self.whole())
    }

    /// The time in which all of it comes back.
    fn whole(&self) -> u64 {
        self.each.saturating_mul(u64::from(self.capacity))
    }

    fn allowance(&self, used: u64) -> Allowance {
        let left = self.whole().saturating_sub(used) / self.each;
        Allowance {
            limit: self.capacity,
            remaining: u32::try_from(left).unwrap_or(u32::MAX),
            reset: Duration::from_nanos(used),
        }
    }

    fn exceeded(&self, what: &'static str, wait: u64) -> Exceeded {
        Exceeded { what, per_minute: self.per_minute, wait: Duration::from_nanos(wait) }
    }
}

fn nanos(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn account(
        requests: u32,
        tokens: u32,
        burst: Option<u32>,
    ) -> (Account<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let config = config::Limits {
            requests_per_minute: (requests > 0).then_some(requests),
            tokens_per_minute: (tokens > 0).then_some(tokens),
            burst,
        };
        let limits = Limits::with_clock(config, clock.clone()).expect("a limit");
        (limits.account(Caller::OPERATOR), clock)
    }

    fn refused(account: &Account<FakeRelativeClock>) -> (&'static str, u64) {
        let Exceeded { what, wait, .. } = account.begin().expect_err("too much");
        (what, wait.as_secs())
    }

    #[test]
    fn nothing_is_kept_where_nothing_is_limited() {
        assert!(Limits::of(config::Limits { burst: Some(3), ..Default::default() }).is_none());
    }

    #[test]
    fn requests_come_back_one_by_one() {
        let (account, clock) = account(6, 0, Some(2));
        let left = |remaining, reset| {
            let reset = Duration::from_secs(reset);
            Some(Allowance { limit: 2, remaining, reset })
        };
        assert_eq!(account.standing(), Standing { requests: left(2, 0), tokens: None });
        assert_eq!((account.begin(), account.begin()), (Ok(()), Ok(())));
        assert_eq!(account.standing().requests, left(0, 20));
        assert_eq!(refused(&account), ("requests", 10));
        clock.advance(Duration::from_secs(9));
        assert_eq!(refused(&account), ("requests", 1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(account.begin(), Ok(()));
        assert_eq!(refused(&account), ("requests", 10));
        clock.advance(Duration::from_secs(60));
        assert_eq!(account.standing().requests, left(2, 0));
    }

    #[test]
    fn a_request_that_stands_for_several_takes_all_of_them_or_none() {
        let (account, clock) = account(60, 0, Some(4));
        let left = || account.standing().requests.expect("limited").remaining;
        assert_eq!((account.begin(), account.begin_more(2), left()), (Ok(()), Ok(()), 1));
        assert_eq!(account.begin(), Ok(()));
        let Err(Short::Now(exceeded)) = account.begin_more(3) else { panic!("none is left") };
        assert_eq!((exceeded.wait.as_secs(), left()), (3, 0));
        clock.advance(exceeded.wait);
        assert_eq!((account.begin_more(3), left()), (Ok(()), 0));
        assert_eq!(account.begin_more(4), Err(Short::Ever { capacity: 4 }));
    }

    #[test]
    fn a_debt_of_tokens_is_paid_before_more_work_begins() {
        let (account, clock) = account(0, 60, None);
        let left = || account.standing().tokens.expect("limited").remaining;
        assert_eq!(account.begin(), Ok(()));
        account.charge(50);
        assert_eq!((account.begin(), left()), (Ok(()), 10));
        // A minute's worth and a half more than there is.
        account.charge(100);
        assert_eq!((refused(&account), left()), (("tokens", 91), 0));
        clock.advance(Duration::from_secs(90));
        assert_eq!((refused(&account), left()), (("tokens", 1), 0));
        clock.advance(Duration::from_secs(1));
        assert_eq!((account.begin(), left()), (Ok(()), 1));
        account.charge(u64::MAX);
        let (_, wait) = refused(&account);
        assert_eq!(wait, MAX_DEBT.as_secs() + 1, "no figure blocks a caller for ever");
    }

    #[test]
    fn the_largest_burst_is_no_fault() {
        let (account, _clock) = account(1, 0, Some(1_000_000_000));
        assert_eq!((account.begin(), account.begin_more(999_999_999)), (Ok(()), Ok(())));
    }

    #[test]
    fn callers_have_allowances_of_their_own_and_none_is_kept_for_ever() {
        let (operator, clock) = account(1, 0, None);
        let someone = Caller { subject: Subject::Anonymous, ..Caller::OPERATOR };
        let someone = operator.limits.account(someone);
        assert_eq!((operator.begin(), someone.begin()), (Ok(()), Ok(())));
        assert_eq!((refused(&operator).0, refused(&someone).0), ("requests", "requests"));
        clock.advance(MINUTE * 2);
        for _ in 0..SWEEP_EVERY {
            let _refused = someone.begin();
        }
        let kept = &operator.limits.requests.as_ref().expect("limited").whole_at;
        assert_eq!(kept.len(), 1, "the operator's is whole again");
    }
}
