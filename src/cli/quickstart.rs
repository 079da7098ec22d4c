//! `openclaw quickstart`: from nothing to a running gateway.

use super::gateway::{self, Flags};
use super::{Context, Exit, models, output};
use crate::auth;
use crate::config;
use crate::gateway::{Credential, Gateway, Prepared};
use crate::providers::local::Store;
use crate::providers::local::catalogue::{self, Entry};
use anyhow::anyhow;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The config that a machine without one gets.
const MINIMAL_CONFIG: &str = r#"{
  // This machine runs the gateway.
  gateway: { mode: "local" },

  // Which model answers. Without this, each start looks for one: a key in the environment, a model
  // server on this machine, else the local models of `openclaw models list`.
  // agents: { defaults: { model: "local/gemma-3-270m" } },
}
"#;

/// Finds or fetches a model, writes a config if there is none, and runs the gateway.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Exit> {
    let file = &context.paths.config_file;
    if !file.exists() {
        config::write_new(&context.paths, MINIMAL_CONFIG)?;
        output::note(format_args!("wrote {}", file.display()));
    }
    super::runtime()?.block_on(async {
        let prepared = gateway::prepare(context, &args.flags).await?;
        output::note(prepared.why());
        fetch_missing(context, &prepared).await?;
        let started = |gateway: &Gateway| quietly(welcome(context, gateway));
        Box::pin(gateway::serve(context, &args.flags, prepared, started)).await
    })
}

/// Fetches the local models that agents will use and that are not there yet.
async fn fetch_missing(context: &Context, prepared: &Prepared) -> Result<(), Exit> {
    let store = Store::at(&context.paths.state_dir);
    let used = prepared.local_models();
    let missing: Vec<&String> = used.iter().filter(|name| store.find(name).is_none()).collect();
    let known: Vec<&'static Entry> =
        missing.iter().filter_map(|name| catalogue::find(name)).collect();
    let unknown: Vec<String> = missing
        .iter()
        .filter(|name| catalogue::find(name).is_none())
        .map(|name| format!("local/{name}"))
        .collect();
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        let error = anyhow!("the config names models that are not on this machine: {names}");
        return Err(Exit::new(error).hint(
            "fetch each with `openclaw models pull owner/repo:file.gguf`, or name a model of \
             `openclaw models list` in the config",
        ));
    }
    for entry in known {
        models::fetch(&store, entry, prepared.env()).await?;
    }
    Ok(())
}

/// Tells how to reach the gateway, on stdout so that it can be read by a script.
fn welcome(context: &Context, gateway: &Gateway) -> io::Result<()> {
    let Some(address) = gateway.addresses().first() else { return Ok(()) };
    let mut out = io::stdout().lock();
    let base = format!("http://{}/v1", reachable(*address));
    writeln!(out, "Base URL: {base}")?;
    if address.ip().is_unspecified() {
        let port = address.port();
        writeln!(out, "          from other machines: port {port} of this machine's address")?;
    }
    let header = match gateway.notes().credential {
        Credential::None => String::new(),
        Credential::Minted => {
            let path = auth::minted_path(&context.paths.state_dir);
            writeln!(out, "Token:    in {} (mode 0600)", path.display())?;
            format!(" -H \"Authorization: Bearer $(cat '{}')\"", path.display())
        }
        Credential::From(origin) => {
            writeln!(out, "Token:    the value of {origin}")?;
            " -H \"Authorization: Bearer $OPENCLAW_TOKEN\"".to_owned()
        }
    };
    writeln!(out, "Model:    {}", gateway.notes().chat_model)?;
    writeln!(out, "Try:")?;
    writeln!(
        out,
        "curl {base}/chat/completions{header} -H 'Content-Type: application/json' -d \
         '{{\"model\": \"openclaw\", \"messages\": [{{\"role\": \"user\", \"content\": \"What is the \
         capital of France?\"}}]}}'"
    )
}

/// The address for a client on this machine: nobody can connect to "all addresses".
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

/// A reader of stdout that has gone away is no reason to stop the gateway.
fn quietly(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_url_can_be_connected_to() {
        let check = |address: &str, expected: &str| {
            let address = reachable(address.parse().expect("an address"));
            assert_eq!(address.to_string(), expected);
        };
        check("0.0.0.0:18789", "127.0.0.1:18789");
        check("[::]:18789", "127.0.0.1:18789");
        check("127.0.0.2:1", "127.0.0.2:1");
        check("[::1]:1", "[::1]:1");
    }
}
