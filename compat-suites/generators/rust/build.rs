//! Makes progenitor's client of the document beside this file.

use std::{any::Any, env, error::Error, fs, panic::catch_unwind, path::Path};

use serde_json::Value;

const DOCUMENT: &str = "openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let whole: Value = serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?;
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("progenitor.rs"), client(&part(&whole))?)?;
    // A panic of progenitor's is its way to refuse a document.
    let refusal = match catch_unwind(|| client(&whole).err().map(|error| error.to_string())) {
        Ok(error) => error,
        Err(panic) => Some(said(&*panic)),
    };
    fs::write(Path::new(&out).join("refusal.rs"), format!("{refusal:?}"))?;
    Ok(())
}

fn client(document: &Value) -> Result<String, Box<dyn Error>> {
    let document = serde_json::from_value(document.clone())?;
    let tokens = progenitor::Generator::default().generate_tokens(&document)?;
    Ok(prettyplease::unparse(&syn::parse2(tokens)?))
}

/// The document without the operations beside OpenAI's: those have errors of two kinds.
fn part(whole: &Value) -> Value {
    let mut part = whole.clone();
    if let Some(paths) = part["paths"].as_object_mut() {
        paths.retain(|path, _| path.starts_with("/v1/"));
    }
    part
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_string()
}
