//! The life of a worker, with scripts for workers.

use super::{eventually, install, kill, lives};
use openclaw::providers::local::{ErrorKind, Settings, Workers};
use openclaw::tasks::Tasks;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

const MODEL: &str = "tiny";

struct Rig {
    state: TempDir,
    tasks: Tasks,
    workers: Workers,
}

impl Rig {
    fn new(script: &str, change: impl FnOnce(&mut Settings)) -> Rig {
        let state = tempfile::tempdir().expect("a folder");
        install(state.path(), MODEL);
        let tasks = Tasks::new();
        let mut settings = Settings::new(state.path().to_owned());
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workers");
        settings.program = Some(scripts.join(script));
        change(&mut settings);
        let workers = Workers::new(settings, &tasks);
        Rig { state, tasks, workers }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.state.path().join("workers").join(name)
    }

    /// Ids of the workers started so far.
    fn pids(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.file("pids")).unwrap_or_default();
        text.lines().map(|line| line.parse().expect("a process id")).collect()
    }
}

#[tokio::test]
async fn one_worker_serves_all_who_ask() {
    let rig = Rig::new("steady", |_| {});
    assert!(rig.pids().is_empty(), "nothing starts before it is asked for");
    let asking: Vec<_> = (0..10)
        .map(|_| {
            let workers = rig.workers.clone();
            tokio::spawn(async move { workers.endpoint(MODEL).await })
        })
        .collect();
    for asked in asking {
        asked.await.expect("no panic").expect("an endpoint");
    }
    assert_eq!(rig.pids().len(), 1);
}

#[tokio::test]
async fn a_model_never_pulled_names_the_command() {
    let rig = Rig::new("steady", |settings| settings.command = "openclaw --dev".to_owned());
    let mended = install(rig.state.path(), "mended");
    let manifest = fs::read_to_string(mended.join("manifest.json")).expect("a manifest");
    let from_hub = manifest.replace(r#""test""#, r#""hub owner/repo:Mended.gguf""#);
    fs::write(mended.join("manifest.json"), from_hub).expect("a manifest");
    fs::remove_file(mended.join("model.gguf")).expect("a file");
    for (model, command) in [
        ("gemma-3-270m", "run `openclaw --dev models pull gemma-3-270m`"),
        ("mended", "run `openclaw --dev models pull owner/repo:Mended.gguf`"),
        ("unheard-of", "run `openclaw --dev models list`"),
        ("../tiny", "run `openclaw --dev models list`"),
    ] {
        let error = rig.workers.endpoint(model).await.expect_err("not installed");
        assert_eq!(error.kind, ErrorKind::NotInstalled);
        assert!(error.message.contains(command), "{}", error.message);
        assert!(!error.message.contains("/tmp"), "{}", error.message);
    }
    assert!(rig.pids().is_empty());
}

#[tokio::test]
async fn a_killed_worker_is_replaced() {
    let rig = Rig::new("steady", |_| {});
    rig.workers.endpoint(MODEL).await.expect("an endpoint");
    let first = rig.pids()[0];
    kill(first);
    eventually("the end of the first worker", || !lives(first)).await;
    while rig.pids().len() < 2 {
        rig.workers.endpoint(MODEL).await.expect("an endpoint");
    }
    assert!(lives(rig.pids()[1]));
}

#[tokio::test]
async fn a_worker_that_cannot_start_is_not_tried_in_a_loop() {
    let rig = Rig::new("failing", |_| {});
    for _ in 0..2 {
        let error = rig.workers.endpoint(MODEL).await.expect_err("it fails");
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.message.contains("failed"), "{}", error.message);
    }
    for _ in 0..20 {
        let error = rig.workers.endpoint(MODEL).await.expect_err("it pauses");
        assert_eq!(error.kind, ErrorKind::Overloaded);
        let rest = error.retry_after.expect("a pause has an end");
        assert!(!rest.is_zero() && rest <= Duration::from_millis(500), "{rest:?}");
        assert!(error.message.contains("tried again in"), "{}", error.message);
    }
    assert_eq!(rig.pids().len(), 2);
}

#[tokio::test]
async fn a_worker_that_never_answers_is_given_up() {
    let rig = Rig::new("mute", |settings| settings.start_limit = Duration::from_millis(300));
    let error = rig.workers.endpoint(MODEL).await.expect_err("it is mute");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let pid = rig.pids()[0];
    eventually("the end of the mute worker", || !lives(pid)).await;
}

#[tokio::test]
async fn an_idle_worker_is_stopped_and_comes_back() {
    let rig = Rig::new("steady", |settings| settings.idle = Duration::from_millis(20));
    rig.workers.endpoint(MODEL).await.expect("an endpoint");
    let first = rig.pids()[0];
    eventually("the end of the idle worker", || !lives(first)).await;
    rig.workers.endpoint(MODEL).await.expect("an endpoint");
    assert_eq!(rig.pids().len(), 2);
}

#[tokio::test]
async fn a_worker_with_a_request_in_hand_is_not_idle() {
    let rig = Rig::new("toiling", |settings| settings.idle = Duration::from_millis(20));
    rig.workers.endpoint(MODEL).await.expect("an endpoint");
    let pid = rig.pids()[0];
    eventually("the end of the worker", || !lives(pid)).await;
    assert!(rig.file("over").exists(), "it was stopped with a request in hand");
}

#[tokio::test]
async fn a_drain_lets_the_request_in_hand_end_and_then_ends_the_worker() {
    let rig = Rig::new("toiling", |_| {});
    rig.workers.endpoint(MODEL).await.expect("an endpoint");
    let pid = rig.pids()[0];
    assert!(rig.tasks.drain(super::PATIENCE).await, "the supervisor ends");
    assert!(rig.file("over").exists(), "it was stopped with a request in hand");
    assert!(!lives(pid));
    let error = rig.workers.endpoint(MODEL).await.expect_err("no new worker");
    assert_eq!(error.kind, ErrorKind::Unavailable);
}
