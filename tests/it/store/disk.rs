//! What the store does when the disk takes no more, the umask is anything, or the process is
//! killed.
//!
//! These need a process of their own: this test binary, started again for one ignored test, which
//! does nothing unless it is told a folder.

use super::contract::{append, batch, event};
use openclaw::store::{Clock, Error, Listing, Page, Slot, Store};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Names the folder for a child.
const FOLDER: &str = "OPENCLAW_TEST_STORE";
/// Gives a child a file system of 4 MiB in a mount namespace of its own.
const SMALL_DISK: &str = "mount -t tmpfs -o size=4m tmpfs \"$OPENCLAW_TEST_STORE\"";

/// This binary as a child that runs one ignored test, after `first` in a shell.
fn child(name: &str, first: &str, folder: &Path) -> Command {
    let script =
        format!("{first} && exec \"$0\" --ignored --exact --nocapture store::disk::{name}");
    let mut command = Command::new("sh");
    command.arg("-c").arg(script).arg(std::env::current_exe().expect("this binary"));
    command.env(FOLDER, folder);
    command
}

fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

fn assert_passed(output: &Output) {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

fn open(folder: &Path) -> Store {
    Store::open(&folder.join("store"), Clock::system()).expect("opened")
}

/// Appends until the store refuses, and says how many it took.
async fn append_until_refused(store: &Store) -> (usize, Error) {
    let large = "x".repeat(20_000);
    for taken in 0.. {
        if let Err(error) = store.commit(batch(|b| b.append("journal", event(&large)))).await {
            return (taken, error);
        }
    }
    unreachable!("no disk is endless")
}

async fn length(store: &Store) -> usize {
    let all = Page::After { sequence: 0, limit: usize::MAX };
    store.events("journal", all).await.expect("read").len()
}

#[test]
fn a_full_disk_loses_nothing_and_ends() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let namespace = Command::new("unshare").args(["-rm", "true"]).output();
    if !namespace.is_ok_and(|tried| tried.status.success()) {
        println!("not tried: this system lets nobody mount a small disk");
        return;
    }
    let inner = child("child_on_a_small_disk", SMALL_DISK, place.path());
    let mut outer = Command::new("unshare");
    outer.arg("-rm").arg(inner.get_program()).args(inner.get_args()).env(FOLDER, place.path());
    assert_passed(&outer.output().expect("started"));
}

#[tokio::test]
#[ignore = "started by a_full_disk_loses_nothing_and_ends"]
async fn child_on_a_small_disk() {
    let Some(folder) = folder() else { return };
    let ballast = folder.join("ballast");
    fs::write(&ballast, vec![0; 1024 * 1024]).expect("there is room for it");
    let store = open(&folder);
    let (taken, error) = append_until_refused(&store).await;
    assert_eq!(error, Error::Full(folder.join("store")));
    assert!(taken > 20, "{taken}");
    assert_eq!(length(&store).await, taken, "what was taken is there, what was refused is not");
    let refused = store.backup(&folder.join("copy")).await;
    assert_eq!(refused, Err(Error::Full(folder.join("copy"))));
    let mut left: Vec<_> = fs::read_dir(&folder)
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    left.sort();
    assert_eq!(left, ["ballast", "store", "store-shm", "store-wal"]);

    // One that is too much only when all are committed, and one that is as soon as it is made.
    for (round, large) in [600 * 1024, 8 * 1024 * 1024].into_iter().enumerate() {
        leave_room(&ballast, 400 * 1024);
        small_ones_find_room(&folder, &store, &"x".repeat(large), round as u64).await;
    }
    fs::remove_file(&ballast).expect("removed");
    assert_eq!(append(&store, "journal", event("{}")).await, taken as u64 + 1);
    store.check().await.expect("whole");
    store.close().await;
    assert_eq!(length(&open(&folder)).await, taken + 1);
}

/// Fills the disk but for this much.
fn leave_room(ballast: &Path, bytes: u64) {
    let mut file = fs::File::options().append(true).open(ballast).expect("opened");
    while file.write_all(&[0; 4096]).is_ok() {}
    let length = file.metadata().expect("there").len();
    file.set_len(length - bytes).expect("cut");
}

/// A large batch and small ones wait together for a lock.
async fn small_ones_find_room(folder: &Path, store: &Store, large: &str, round: u64) {
    let other = rusqlite::Connection::open(folder.join("store")).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE;").expect("locked");
    let mut commits = vec![Box::pin(store.commit(batch(|b| b.append("large", event(large)))))];
    for _ in 0..2 {
        commits.push(Box::pin(store.commit(batch(|b| b.append("small", event("{}"))))));
    }
    for commit in &mut commits {
        let _ = futures_util::poll!(commit);
    }
    other.execute_batch("ROLLBACK;").expect("unlocked");
    let done = futures_util::future::join_all(commits).await;
    assert_eq!(done[0], Err(Error::Full(folder.join("store"))), "round {round}");
    for (i, small) in (1..).zip(&done[1..]) {
        let small = small.as_ref().expect("there is room for it");
        assert_eq!(small.sequences, [round * 2 + i]);
    }
}

#[tokio::test]
async fn a_limit_on_files_loses_nothing() {
    let place = tempfile::tempdir().expect("a temporary folder");
    // 1 or 2 MiB, depending on the shell's blocks. The signal that comes first would end the child.
    let limited = child("child_under_a_limit", "trap '' XFSZ && ulimit -f 2048", place.path());
    let output = tokio::task::spawn_blocking(move || {
        let mut limited = limited;
        limited.output()
    });
    let output = output.await.expect("no panic").expect("started");
    assert_passed(&output);
    let out = String::from_utf8_lossy(&output.stdout);
    let taken = out.lines().find_map(|line| line.split_once("taken: ")).expect("it was told").1;
    let store = open(place.path());
    assert_eq!(length(&store).await.to_string(), taken, "and nothing that was refused");
    append(&store, "journal", event("{}")).await;
    store.check().await.expect("whole");
}

#[tokio::test]
#[ignore = "started by a_limit_on_files_loses_nothing"]
async fn child_under_a_limit() {
    let Some(folder) = folder() else { return };
    let store = open(&folder);
    let (taken, error) = append_until_refused(&store).await;
    assert!(matches!(&error, Error::Unusable { .. }), "{error}");
    assert!(error.to_string().contains("quotas and limits"), "{error}");
    assert_eq!(length(&store).await, taken);
    println!("\ntaken: {taken}");
}

#[test]
fn files_are_private_under_any_umask() {
    for umask in ["000", "022", "077", "777"] {
        let place = tempfile::tempdir().expect("a temporary folder");
        let output = child("child_with_a_umask", &format!("umask {umask}"), place.path()).output();
        assert_passed(&output.expect("started"));
    }
}

#[tokio::test]
#[ignore = "started by files_are_private_under_any_umask"]
async fn child_with_a_umask() {
    let Some(folder) = folder() else { return };
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let state = folder.join("a").join("b");
    let store = Store::open(&state.join("store"), Clock::system()).expect("opened");
    append(&store, "journal", event("{}")).await;
    store.backup(&state.join("copy")).await.expect("copied");
    for name in ["store", "store-wal", "store-shm", "copy"] {
        assert_eq!(mode(&state.join(name)), 0o600, "{name}");
    }
    assert_eq!(fs::read_dir(&state).expect("listed").count(), 4);
    for made in [&folder.join("a"), &state] {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
}

/// Kills a writer in the middle, over and over: what it was told is committed is there.
#[tokio::test]
async fn a_killed_process_loses_nothing_it_was_promised() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut before = 0;
    for round in 0..12 {
        let mut writer = child("child_that_is_killed", "true", place.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
        let told = lines
            .map(|line| line.expect("text"))
            .filter_map(|line| line.strip_prefix("committed ").map(str::to_owned))
            .take(3 + 17 * round)
            .map(|sequence| sequence.parse().expect("a number"))
            .max();
        writer.kill().expect("killed");
        writer.wait().expect("ended");
        let store = open(place.path());
        let events = store.events("journal", Page::After { sequence: 0, limit: usize::MAX }).await;
        let events = events.expect("read");
        let last = events.last().map_or(0, |event| event.sequence);
        assert!(last >= told.unwrap_or(u64::MAX), "round {round}: {last} of {told:?}");
        assert!(last > before, "round {round} wrote something");
        assert_eq!(events.len() as u64, last, "no gap");
        let count = store.count("rows", &Listing::default()).await;
        assert_eq!(count, Ok(last), "each batch is there whole");
        store.check().await.expect("whole");
        before = last;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a_killed_process_loses_nothing_it_was_promised"]
async fn child_that_is_killed() {
    use openclaw::store::Expect;
    let Some(folder) = folder() else { return };
    let store = open(&folder);
    println!();
    let writers = (0..8).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for i in 0.. {
                let key = format!("{} {writer} {i}", std::process::id());
                let both = batch(|b| {
                    b.append("journal", event("{}"));
                    b.put(
                        Slot { space: "rows", key: &key },
                        super::contract::record(""),
                        Expect::Absent,
                    );
                });
                let done = store.commit(both).await.expect("committed");
                println!("committed {}", done.sequences[0]);
            }
        })
    });
    futures_util::future::join_all(writers).await;
}
