//! The long check, which ends early when nobody waits for it any more.

use super::fault::{Fault, told};
use super::interrupting::Interrupting;
use super::{connection, schema};
use crate::store::Error;
use std::path::Path;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Reads all of the store at `file` and says what is damaged.
pub(in crate::store) async fn check(file: &Path, closing: &CancellationToken) -> Result<(), Error> {
    if closing.is_cancelled() {
        return Err(Error::Closed);
    }
    let path = file.to_owned();
    let opening = spawn_blocking(move || connection::reader(&path)).await;
    let Ok(opened) = opening else { return Err(Error::Closed) };
    let connection = opened.map_err(|error| told(file, &error))?;
    let _interrupting = Interrupting(connection.get_interrupt_handle());
    let checking = spawn_blocking(move || schema::check(&connection));
    let checked = tokio::select! {
        checked = checking => checked,
        () = closing.cancelled() => return Err(Error::Closed),
    };
    checked.unwrap_or(Err(Fault::Refused(Error::Closed))).map_err(|fault| fault.at(file))
}
