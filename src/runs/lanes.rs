//! The lanes of all sessions: who enters, who begins, who joins, and who gives way.

#[cfg(test)]
mod tests;

use super::admission::busy;
use super::engine::{Core, Job};
use super::lane::{Lane, Room, Waiting};
use super::member::{Member, Stopped, interrupted};
use crate::types::{Failure, Outcome, SessionKey};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A session's lane, and who leads the turn under way in it.
#[derive(Debug, Default)]
pub(super) struct Line {
    lane: Lane<Job>,
    leader: Option<Arc<Member>>,
}

impl Line {
    /// What waits to join the turn that `leader` leads; nothing once that was told to end.
    fn take_steering(&mut self, leader: &Arc<Member>, alike: [u8; 32]) -> Vec<Job> {
        if leader.stop.is_told() {
            return Vec::new();
        }
        let joining = self.lane.take_steering(alike);
        for job in &joining {
            job.member.follow(leader);
        }
        joining
    }
}

impl Core {
    /// Takes a turn of a session into its lane, where it begins or waits.
    pub(super) fn enter_lane(self: &Arc<Self>, key: &SessionKey, job: Job) -> Result<(), Failure> {
        let queue = &job.snapshot.config.messages.queue;
        let surface = job.request.origin.surface.as_str();
        let configured = || *queue.by_channel.get(surface).unwrap_or(&queue.mode);
        let mode = job.request.queue.unwrap_or_else(configured);
        let room = Room { cap: queue.cap, drops: queue.drop };
        let quiet_at = Instant::now() + Duration::from_millis(queue.debounce_ms);
        let (entered, watch) = {
            let mut shard = self.lanes.shard(key);
            let line = shard.entry(key.clone()).or_default();
            let waiting = Waiting { alike: job.alike, mode, job };
            let entered = line.lane.enter(waiting, room, quiet_at);
            if let Some(leader) = line.leader.as_ref().filter(|_| entered.interrupt) {
                leader.stop.tell(Stopped::Cancelled);
            }
            if let Some(job) = &entered.start {
                line.leader = Some(job.member.clone());
            }
            (entered, line.lane.watch())
        };
        if let Some(at) = watch {
            self.watch(key.clone(), at);
        }
        for job in entered.ended {
            self.end(&job.member, &Outcome::Aborted);
        }
        let full = || busy(format!("{} messages wait in this session already.", room.cap));
        if let Some(job) = entered.dropped {
            self.end(&job.member, &Outcome::Failed(full()));
        }
        if entered.refused.is_some() {
            return Err(full());
        }
        let Some(job) = entered.start else { return Ok(()) };
        let seat = Seat::of(self, key);
        match self.permit(&job) {
            Ok(permit) => self.spawn(vec![job], Some(permit), Some(seat)),
            Err(failure) => {
                seat.give_back();
                return Err(failure);
            }
        }
        Ok(())
    }

    /// Lets what waits in a lane begin, if it can now. It has waited already: where the gateway
    /// has no room at the moment it waits on, for that, in its lane's place.
    fn advance(self: &Arc<Self>, key: &SessionKey) {
        let turn = {
            let mut shard = self.lanes.shard(key);
            let Some(line) = shard.get_mut(key) else { return };
            let Some(turn) = line.lane.next(Instant::now()) else {
                if line.lane.is_idle() {
                    shard.remove(key);
                }
                return;
            };
            let (leader, followers) = turn.split_first().expect("a turn has a job");
            for job in followers {
                job.member.follow(&leader.member);
            }
            line.leader = Some(leader.member.clone());
            turn
        };
        let permit = self.permit(&turn[0]).ok();
        self.spawn(turn, permit, Some(Seat::of(self, key)));
    }

    /// Takes what waits to join the turn that `leader` leads out of its lane.
    pub(super) fn take_steering(&self, leader: &Arc<Member>, alike: [u8; 32]) -> Vec<Job> {
        let Some(key) = &leader.session else { return Vec::new() };
        let mut shard = self.lanes.shard(key);
        shard.get_mut(key).map_or_else(Vec::new, |line| line.take_steering(leader, alike))
    }

    /// Does what may tell a turn to end, at a moment at which nobody joins it: what waits has
    /// either joined before and ends with it, or becomes a turn of its own.
    pub(super) fn in_lane<T>(&self, member: &Member, act: impl FnOnce() -> T) -> T {
        let _shard = member.session.as_ref().map(|key| self.lanes.shard(key));
        act()
    }

    /// Takes a run out of its lane, if it still waits there.
    pub(super) fn take_waiting(&self, member: &Member) -> Option<Job> {
        let key = member.session.as_ref()?;
        let mut shard = self.lanes.shard(key);
        let line = shard.get_mut(key)?;
        let job = line.lane.remove(|job| job.member.id == member.id);
        if line.lane.is_idle() {
            shard.remove(key);
        }
        job
    }

    /// Lets a collected turn begin once no more has come for a while.
    fn watch(self: &Arc<Self>, key: SessionKey, mut at: Instant) {
        let core = self.clone();
        self.tasks.spawn(async move {
            let stopping = core.tasks.stopping();
            loop {
                let hurry = tokio::select! {
                    () = sleep_until(at) => false,
                    () = stopping.cancelled() => true,
                };
                let later = {
                    let mut shard = core.lanes.shard(&key);
                    let Some(line) = shard.get_mut(&key) else { return };
                    if hurry {
                        line.lane.hush();
                    }
                    line.lane.look_again(Instant::now())
                };
                match later {
                    Some(later) => at = later,
                    None => return core.advance(&key),
                }
            }
        });
    }
}

/// The place of the turn under way in a lane. Given back, it lets the next turn begin.
#[derive(Debug)]
pub(super) struct Seat {
    core: Arc<Core>,
    key: SessionKey,
    taken: bool,
}

impl Seat {
    fn of(core: &Arc<Core>, key: &SessionKey) -> Self {
        Self { core: core.clone(), key: key.clone(), taken: true }
    }

    /// Frees the lane and lets what waits begin.
    pub(super) fn give_back(mut self) {
        self.taken = false;
        if let Some(line) = self.core.lanes.shard(&self.key).get_mut(&self.key) {
            line.lane.release();
            line.leader = None;
        }
        self.core.advance(&self.key);
    }
}

impl Drop for Seat {
    /// A turn that was dropped, as when the process ends, takes along what waits behind it.
    fn drop(&mut self) {
        if !self.taken {
            return;
        }
        let line = self.core.lanes.shard(&self.key).remove(&self.key);
        for job in line.map(|mut line| line.lane.clear()).unwrap_or_default() {
            self.core.take_back(&job.member, interrupted());
        }
    }
}
