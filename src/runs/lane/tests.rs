use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

const DEBOUNCE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Copy)]
enum Act {
    Enter(QueueMode, u8),
    Release,
    Next,
    Steer(u8),
    Remove(usize),
    Wait(u64),
}

fn mode() -> impl Strategy<Value = QueueMode> {
    use QueueMode::{Collect, Followup, Interrupt, Steer};
    prop_oneof![Just(Steer), Just(Followup), Just(Collect), Just(Interrupt)]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (mode(), 0..2_u8).prop_map(|(mode, alike)| Act::Enter(mode, alike)),
        2 => Just(Act::Release),
        2 => Just(Act::Next),
        1 => (0..2_u8).prop_map(Act::Steer),
        1 => (0..40_usize).prop_map(Act::Remove),
        1 => (0..800_u64).prop_map(Act::Wait),
    ]
}

/// A lane and where each of its jobs has gone.
struct Model {
    lane: Lane<usize>,
    busy: bool,
    waiting: Vec<(usize, QueueMode, u8)>,
    gone: BTreeSet<usize>,
    now: Instant,
    quiet_at: Option<Instant>,
}

impl Model {
    fn waits(&self, job: usize) -> Option<(usize, QueueMode, u8)> {
        self.waiting.iter().copied().find(|(waiting, ..)| *waiting == job)
    }

    /// A job leaves the queue, for the first and only time.
    fn leaves(&mut self, job: usize) {
        assert!(self.gone.insert(job), "{job} twice");
        self.waiting.retain(|(waiting, ..)| *waiting != job);
    }

    fn enter(&mut self, waiting: Waiting<usize>, room: Room) {
        let quiet_at = self.now + DEBOUNCE;
        let Waiting { job, mode, alike: [alike, ..] } = waiting;
        let entered = self.lane.enter(waiting, room, quiet_at);
        assert_eq!(entered.interrupt, self.busy && mode == QueueMode::Interrupt);
        if mode == QueueMode::Interrupt {
            let waited: Vec<_> = self.waiting.iter().map(|(job, ..)| *job).collect();
            assert_eq!(entered.ended, waited, "all that wait give way, in order");
        }
        for ended in entered.ended {
            self.leaves(ended);
        }
        if let Some(dropped) = entered.dropped {
            assert_eq!(dropped, self.waiting[0].0, "the oldest");
            self.leaves(dropped);
        }
        if let Some(started) = entered.start {
            assert!(!self.busy, "two turns at once");
            assert!(started == job && self.waiting.is_empty(), "nobody is overtaken");
            self.busy = true;
            self.gone.insert(job);
        } else if entered.refused.is_some() {
            assert_eq!(self.waiting.len(), room.cap);
            self.gone.insert(job);
        } else {
            self.waiting.push((job, mode, alike));
            if mode == QueueMode::Collect {
                self.quiet_at = Some(quiet_at);
            }
        }
        assert!(self.waiting.len() <= room.cap);
    }

    fn next(&mut self) {
        let Some(turn) = self.lane.next(self.now) else {
            let front = self.waiting.first();
            let gathers = |(_, mode, _): &(usize, QueueMode, u8)| {
                *mode == QueueMode::Collect && self.quiet_at.is_some_and(|at| self.now < at)
            };
            assert!(self.busy || front.is_none_or(gathers), "somebody could begin");
            return;
        };
        assert!(!self.busy, "two turns at once");
        self.busy = true;
        assert_eq!(turn[0], self.waiting[0].0, "first come, first served");
        let (_, mode, alike) = self.waits(turn[0]).expect("it waited");
        if turn.len() > 1 {
            assert!(matches!(mode, QueueMode::Collect | QueueMode::Steer));
        }
        if mode == QueueMode::Collect {
            assert!(self.quiet_at.is_none_or(|at| at <= self.now), "not quiet yet");
        }
        for job in turn {
            let (_, own, asked) = self.waits(job).expect("it waited");
            assert_eq!((own, asked), (mode, alike), "only what asks the same is merged");
            self.leaves(job);
        }
        let left = self.waiting.iter().any(|(_, own, asked)| (*own, *asked) == (mode, alike));
        assert!(!left || mode == QueueMode::Followup || mode == QueueMode::Interrupt);
    }
}

proptest! {
    #[test]
    fn one_turn_at_a_time_and_every_job_goes_one_way(
        acts in prop::collection::vec(act(), 1..60),
        cap in 1..5_usize,
        old in any::<bool>(),
    ) {
        let room = Room { cap, drops: if old { Drops::Old } else { Drops::New } };
        let mut model = Model {
            lane: Lane::default(),
            busy: false,
            waiting: Vec::new(),
            gone: BTreeSet::new(),
            now: Instant::now(),
            quiet_at: None,
        };
        for (job, act) in acts.into_iter().enumerate() {
            match act {
                Act::Enter(mode, alike) => model.enter(Waiting { job, mode, alike: [alike; 32] }, room),
                Act::Release => {
                    model.lane.release();
                    model.busy = false;
                }
                Act::Next => model.next(),
                Act::Steer(alike) => {
                    for joined in model.lane.take_steering([alike; 32]) {
                        let (_, mode, asked) = model.waits(joined).expect("it waited");
                        assert_eq!((mode, asked), (QueueMode::Steer, alike));
                        model.leaves(joined);
                    }
                }
                Act::Remove(job) => {
                    let removed = model.lane.remove(|waiting| *waiting == job);
                    assert_eq!(removed, model.waits(job).map(|(job, ..)| job));
                    if removed.is_some() {
                        model.leaves(job);
                    }
                }
                Act::Wait(millis) => model.now += Duration::from_millis(millis),
            }
        }
        let left = model.lane.clear();
        let waited: Vec<_> = model.waiting.iter().map(|(job, ..)| *job).collect();
        assert_eq!(left, waited, "nobody is lost");
    }
}

#[test]
fn who_watches_looks_again_as_long_as_more_comes() {
    let (mut lane, now) = (Lane::default(), Instant::now());
    let room = Room { cap: 9, drops: Drops::New };
    let collect = |job| Waiting { job, mode: QueueMode::Collect, alike: [0; 32] };
    assert!(lane.enter(collect(1), room, now + DEBOUNCE).start.is_none());
    assert_eq!(lane.watch(), Some(now + DEBOUNCE));
    assert_eq!(lane.watch(), None, "one watches already");
    let later = now + DEBOUNCE / 2;
    lane.enter(collect(2), room, later + DEBOUNCE);
    assert_eq!(lane.look_again(now + DEBOUNCE), Some(later + DEBOUNCE));
    assert_eq!(lane.next(now + DEBOUNCE), None);
    assert_eq!(lane.look_again(later + DEBOUNCE), None);
    assert_eq!(lane.next(later + DEBOUNCE), Some(vec![1, 2]));
    lane.release();
    assert!(lane.is_idle());
}
