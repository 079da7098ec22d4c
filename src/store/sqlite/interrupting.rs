//! Ends what a connection is at when nobody waits for it any more.

use rusqlite::InterruptHandle;

/// Interrupts its connection, which is used for one thing only, when it is dropped.
pub(super) struct Interrupting(pub(super) InterruptHandle);

impl Drop for Interrupting {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}
