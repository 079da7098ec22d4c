//! How the gateway is doing, made on demand.
//!
//! [`Health`] is a cheap handle: `gateway` moves its phase, the probes read it. It holds no
//! history and touches no upstream.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// The gateway's state of life.
#[derive(Debug, Clone)]
pub struct Health {
    phase: Arc<AtomicU8>,
}

/// Where in its life the gateway is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Not everything is up yet.
    Starting = 0,
    /// Serving.
    Ready = 1,
    /// Finishing what runs, taking nothing new.
    Draining = 2,
}

impl Health {
    /// A gateway that starts now.
    pub fn starting() -> Self {
        Self { phase: Arc::new(AtomicU8::new(Phase::Starting as u8)) }
    }

    /// Moves to another phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// The phase it is in.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }
}
