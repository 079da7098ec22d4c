//! The egress guard: fetches addresses that callers name, and never one that is not public.
//!
//! A name is looked up once a hop; all its addresses are checked, and the connection goes to these
//! and no others, so that a name cannot mean something else by the time it is asked. Every
//! redirect is a hop like the first. Nothing is shared with the connections to providers: no pool,
//! no proxy, no cookie, no credential.

mod address;
mod connection;
mod error;
mod target;
#[cfg(test)]
mod tests;

pub use error::{Error, Refusal};

use address::{Class, class};
use bytes::{Bytes, BytesMut};
use connection::{Exchange, Pinned, broken};
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use target::Target;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

/// Fetches under way at once, of all callers together.
const MAX_FETCHES: usize = 32;
/// How long a fetch waits for its turn.
const TURN_LIMIT: Duration = Duration::from_secs(2);
/// Names being looked up at once. A look-up cannot be given up: one whose name server does not
/// answer keeps its thread after its fetch has ended, and so its place.
const MAX_LOOKUPS: usize = 32;
/// What a fetch calls itself unless it is told otherwise.
const USER_AGENT: &str = concat!("openclaw/", env!("CARGO_PKG_VERSION"));

/// What may be asked, and how much it may answer.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// When there, only these hosts, on every hop: a name, or `*.name` for all below it.
    pub allowlist: Option<&'a [String]>,
    /// Hosts that may have private addresses; never those of a cloud's metadata.
    pub private_hosts: &'a [String],
    /// Bytes of an answer that are taken.
    pub max_bytes: usize,
    /// What becomes of an answer with more of them.
    pub overlong: Overlong,
    /// Redirects followed.
    pub max_redirects: u32,
    /// How long it may take, redirects and body included.
    pub time: Duration,
}

/// What becomes of an answer with too many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlong {
    /// It is an error.
    Refuse,
    /// Its beginning is taken.
    Cut,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The address as the caller wrote it.
    pub url: &'a str,
    /// The `Accept` header.
    pub accept: &'static str,
    /// The `User-Agent` header; `openclaw/<version>` by default.
    pub user_agent: Option<&'a str>,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it came from, all redirects followed.
    pub url: String,
    /// The status, 200 to 299.
    pub status: u16,
    /// What it is said to be.
    pub content_type: Option<String>,
    /// It.
    pub body: Bytes,
    /// Whether there was more of it.
    pub cut: bool,
}

/// Looks a name up; it may block.
type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The guard. A clone shares its limits.
#[derive(Clone)]
pub struct Egress(Arc<Inner>);

struct Inner {
    lookup: Arc<Lookup>,
    lookups: Arc<Semaphore>,
    fetches: Semaphore,
    tls: OnceCell<Arc<rustls::ClientConfig>>,
}

impl Egress {
    /// A guard that asks the system's resolver.
    pub fn new() -> Self {
        Self::resolving(|name| {
            let found = (name, 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }

    fn resolving(lookup: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            lookup: Arc::new(lookup),
            lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)),
            fetches: Semaphore::new(MAX_FETCHES),
            tls: OnceCell::new(),
        }))
    }

    /// Fetches an address, and follows where it leads. Dropping the future closes the connection.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn fetch(&self, ask: Ask<'_>, policy: Policy<'_>) -> Result<Fetched, Error> {
        let Ok(turn) = timeout(TURN_LIMIT, self.0.fetches.acquire()).await else {
            return Err(Error::Busy);
        };
        let _turn = turn.expect("the semaphore is never closed");
        let late = |_| Err(Error::Timeout { limit: policy.time });
        timeout(policy.time, Box::pin(self.follow(ask, policy))).await.unwrap_or_else(late)
    }

    async fn follow(&self, ask: Ask<'_>, policy: Policy<'_>) -> Result<Fetched, Error> {
        let mut target = Target::parse(ask.url)?;
        for _ in 0..=policy.max_redirects {
            // Its connection lives as long as it does.
            let exchange = self.hop(&target, ask, policy).await?;
            let response = exchange.response;
            let status = response.status();
            if let Some(next) = location(status, response.headers()) {
                target = target.follow(next?)?;
                continue;
            }
            if !status.is_success() {
                return Err(Error::Status(status.as_u16()));
            }
            let content_type = response.headers().get(header::CONTENT_TYPE);
            let content_type = content_type.and_then(|value| value.to_str().ok());
            let content_type = content_type.map(str::to_owned);
            plain(response.headers())?;
            let (body, cut) = read(response.into_body(), policy).await?;
            let (url, status) = (target.url().to_owned(), status.as_u16());
            return Ok(Fetched { url, status, content_type, body, cut });
        }
        Err(Error::TooManyRedirects { limit: policy.max_redirects })
    }

    /// Asks one address, which no redirect is too good for.
    async fn hop(
        &self,
        target: &Target,
        ask: Ask<'_>,
        policy: Policy<'_>,
    ) -> Result<Exchange, Error> {
        target.check(&policy)?;
        let addresses = self.resolve(target, policy).await?;
        let request = request(target, ask)?;
        Pinned(addresses).send(target, self.tls().await?, request).await
    }

    /// The addresses of a target, all of which may be asked.
    async fn resolve(&self, target: &Target, policy: Policy<'_>) -> Result<Vec<SocketAddr>, Error> {
        let found = match target.host() {
            Ok(address) => vec![address],
            Err(name) => self.look_up(name.to_owned()).await?,
        };
        let may_be_private = target.may_be_private(&policy);
        // One private address refuses the name. To ask only the others would be as safe, but then
        // it would hang on a resolver's mood whether a fetch works, and a name that has both is
        // either misconfigured or a trap.
        let refused = found.iter().any(|address| match class(*address) {
            Class::Public => false,
            Class::Private => !may_be_private,
            Class::Metadata => true,
        });
        if refused {
            // Whoever asked is not told so much.
            let (host, addresses) = (target.host_name(), &found);
            tracing::info!(host, ?addresses, "refused to fetch from a host that is not public");
            return Err(Error::Refused(Refusal::Private));
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, target.port)).collect())
    }

    async fn look_up(&self, name: String) -> Result<Vec<IpAddr>, Error> {
        let place = self.0.lookups.clone().acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let lookup = self.0.lookup.clone();
        let found = tokio::task::spawn_blocking(move || {
            let _place = place;
            lookup(&name)
        });
        let found = found.await.map_err(|_| Error::Busy)?.unwrap_or_default();
        let nobody = Error::Unreachable("there is no such host");
        if found.is_empty() { Err(nobody) } else { Ok(found) }
    }

    /// How TLS is spoken: read once, since it means reading a few hundred certificates.
    async fn tls(&self) -> Result<Arc<rustls::ClientConfig>, Error> {
        let config = self.0.tls.get_or_try_init(|| async {
            let config = super::connect::tls_config().await.map_err(|error| {
                tracing::error!(%error, "cannot read this machine's root certificates");
                Error::Unreachable("this gateway has no root certificates for TLS")
            })?;
            Ok(Arc::new(config))
        });
        config.await.cloned()
    }
}

impl Default for Egress {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = self.0.fetches.available_permits();
        f.debug_struct("Egress").field("under_way", &(MAX_FETCHES - free)).finish()
    }
}

fn request(target: &Target, ask: Ask<'_>) -> Result<Request<Empty<Bytes>>, Error> {
    let uri = target.uri()?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().ok_or(Error::Url)?.as_str();
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, ask.user_agent.unwrap_or(USER_AGENT))
        .header(header::ACCEPT, ask.accept)
        // A few bytes of a compressed body may become any number of them.
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    request.body(Empty::new()).map_err(|_| Error::Url)
}

/// Where an answer leads, if it leads anywhere.
fn location(status: StatusCode, headers: &HeaderMap) -> Option<Result<&str, Error>> {
    let leads = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let nowhere = Error::Unreachable("it redirects without saying where to");
    leads
        .then(|| headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).ok_or(nowhere))
}

/// Refuses an answer that is compressed although nobody asked for it.
fn plain(headers: &HeaderMap) -> Result<(), Error> {
    let encoding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    match encoding {
        None | Some(b"" | b"identity") => Ok(()),
        Some(_) => Err(Error::Unreachable("the answer is compressed, which was not asked for")),
    }
}

/// Reads a body, and says whether there was more of it than is taken.
async fn read(mut body: Incoming, policy: Policy<'_>) -> Result<(Bytes, bool), Error> {
    let limit = policy.max_bytes;
    let too_large = Error::TooLarge { limit };
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit && policy.overlong == Overlong::Refuse {
        return Err(too_large);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| broken())?.into_data() else { continue };
        let room = limit - whole.len();
        if data.len() > room {
            whole.extend_from_slice(&data[..room]);
            return match policy.overlong {
                Overlong::Refuse => Err(too_large),
                Overlong::Cut => Ok((whole.freeze(), true)),
            };
        }
        whole.extend_from_slice(&data);
    }
    Ok((whole.freeze(), false))
}
