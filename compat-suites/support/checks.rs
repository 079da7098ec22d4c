//! How a suite's Rust checks are run. `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENCLAW_ORIGIN` and
//! `OPENCLAW_TOKEN` name the gateway.

use std::{any::Any, env, error::Error, panic::AssertUnwindSafe};

use futures::FutureExt;

pub type Checked = Result<(), Box<dyn Error>>;

const REASON_CHARACTERS: usize = 700;

/// Runs one check and prints its line: it passes if `test` returns `Ok` without a panic.
pub async fn check(name: &str, test: impl Future<Output = Checked>) {
    let prefixes: Vec<String> = env::args().skip(1).collect();
    if !prefixes.is_empty() && !prefixes.iter().any(|prefix| name.starts_with(prefix)) {
        return;
    }
    let reason = match AssertUnwindSafe(test).catch_unwind().await {
        Ok(Ok(())) => return println!("ok {name}"),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => said(panic),
    };
    let words: Vec<_> = reason.split_whitespace().collect();
    let told: String = words.join(" ").chars().take(REASON_CHARACTERS).collect();
    println!("not ok {name} - {told}");
}

fn said(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().unwrap_or(&"a panic").to_string(),
    }
}

/// What must be there.
pub fn some<T>(value: Option<T>, what: &str) -> Result<T, Box<dyn Error>> {
    value.ok_or_else(|| format!("no {what}").into())
}
