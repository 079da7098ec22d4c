//! Makes progenitor's client of the document beside this file.

use std::{env, error::Error, fs, path::Path};

const DOCUMENT: &str = "openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    let document = serde_json::from_str(&fs::read_to_string(DOCUMENT)?)?;
    let tokens = progenitor::Generator::default().generate_tokens(&document)?;
    let client = prettyplease::unparse(&syn::parse2(tokens)?);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("progenitor.rs"), client)?;
    Ok(())
}
