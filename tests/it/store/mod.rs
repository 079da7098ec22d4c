//! The store: what every engine promises, and what this one does when its disk or file fails it.

mod contract;
mod disk;
mod faults;
mod reading;

use contract::Ground;
use openclaw::store::Store;

/// A fresh store on SQLite.
fn sqlite() -> Ground {
    let folder = tempfile::tempdir().expect("a temporary folder");
    Ground::new(move |clock| Store::open(&folder.path().join("store.sqlite"), clock))
}

contract::tests!(super::sqlite);
