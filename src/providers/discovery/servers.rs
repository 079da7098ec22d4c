//! Model servers on this machine.

use super::Source;
use crate::config::Provider;
use crate::net::{self, body};
use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use http_body_util::Full;
use serde::Deserialize;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::timeout;

/// How long a model server on this machine may take to list its models.
const PROBE_TIMEOUT: Duration = Duration::from_millis(300);
/// The longest list that is read.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// The ids of the providers, in order of preference.
pub(super) const IDS: [&str; 3] = ["ollama", "lmstudio", "llamacpp"];

/// Where model servers on this machine are looked for.
#[derive(Debug, Clone, Copy)]
pub struct Servers {
    /// Ollama.
    pub ollama: SocketAddr,
    /// LM Studio.
    pub lm_studio: SocketAddr,
    /// llama.cpp's server.
    pub llama_cpp: SocketAddr,
}

impl Default for Servers {
    fn default() -> Self {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { ollama: at(11434), lm_studio: at(1234), llama_cpp: at(8080) }
    }
}

struct Server {
    id: &'static str,
    name: &'static str,
    address: SocketAddr,
}

/// All of them, whether they run or not: one that an agent names may be started later.
pub(super) async fn sources(servers: &Servers) -> Vec<Source> {
    let [ollama, lm_studio, llama_cpp] = IDS;
    let client = net::Client::tcp();
    let all = [
        Server { id: ollama, name: "Ollama", address: servers.ollama },
        Server { id: lm_studio, name: "LM Studio", address: servers.lm_studio },
        Server { id: llama_cpp, name: "llama.cpp's server", address: servers.llama_cpp },
    ];
    join_all(all.iter().map(|server| server.ask(&client))).await
}

impl Server {
    async fn ask(&self, client: &net::Client) -> Source {
        let Self { id, name, address } = self;
        let models = models_at(client, *address).await;
        let warning = models.is_none().then(|| {
            format!("agents or aliases name the provider `{id}`, but no model server answers at {address} yet")
        });
        let models = models.unwrap_or_default();
        let embeds = |model: &&String| model.to_ascii_lowercase().contains("embed");
        Source {
            id,
            settings: Ok(Provider {
                base_url: Some(format!("http://{address}/v1")),
                ..Provider::default()
            }),
            chat: models.iter().find(|model| !embeds(model)).cloned(),
            embedding: models.iter().find(embeds).cloned(),
            because: format!("{name} runs on this machine and no key is set"),
            warning,
        }
    }
}

#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

/// The models of the server at `address`; `None` unless it answers in time, in OpenAI's form.
async fn models_at(client: &net::Client, address: SocketAddr) -> Option<Vec<String>> {
    let url = format!("http://{address}/v1/models");
    let request = Request::get(url).body(Full::<Bytes>::default()).ok()?;
    let answer = async {
        let response = client.send(request).await.ok()?;
        let (head, body) = response.into_parts();
        let bytes = body::collect(body, MAX_LIST_BYTES).await.ok()?;
        head.status.is_success().then_some(bytes)
    };
    let bytes = timeout(PROBE_TIMEOUT, answer).await.ok()??;
    let list: List = serde_json::from_slice(&bytes).ok()?;
    Some(list.data.into_iter().map(|model| model.id).collect())
}
