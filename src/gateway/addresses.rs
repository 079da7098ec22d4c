//! From a bind setting to listening sockets.

use super::Error;
use crate::config::{Bind, Listen};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use tokio::net::TcpListener;

/// How often the system is asked for another free port when the one it picked is taken on a
/// further address.
const MAX_PICKS: u32 = 16;

/// The addresses a bind setting means, the first one mandatory.
pub(super) fn of(listen: &Listen) -> Vec<SocketAddr> {
    let loopback = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let addresses = match listen.bind {
        Bind::Loopback | Bind::Auto => loopback,
        Bind::Lan => vec![IpAddr::V4(Ipv4Addr::UNSPECIFIED)],
        Bind::Tailnet => tailnet().map_or(loopback, |address| vec![address]),
        // `config::listen` refuses a custom bind without an address.
        Bind::Custom => listen.custom_host.into_iter().collect(),
    };
    addresses.into_iter().map(|address| SocketAddr::new(address, listen.port)).collect()
}

/// Opens a socket on every address. With port 0 the system picks one, the same for all.
pub(super) async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Error> {
    let picks = addresses.iter().any(|address| address.port() == 0);
    let mut attempt = 1;
    loop {
        match bind_all(addresses).await {
            Err(Error::InUse(_)) if picks && attempt < MAX_PICKS => attempt += 1,
            result => return result,
        }
    }
}

async fn bind_all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Error> {
    let mut sockets: Vec<TcpListener> = Vec::with_capacity(addresses.len());
    for mut address in addresses.iter().copied() {
        if let Some(first) = sockets.first().and_then(|socket| socket.local_addr().ok()) {
            address.set_port(first.port());
        }
        match TcpListener::bind(address).await {
            Ok(socket) => sockets.push(socket),
            // A machine without IPv6 still has its 127.0.0.1. Where there is a `::1`, it has to
            // be ours: clients of `localhost` would show their token to whoever listens there.
            Err(error) if !sockets.is_empty() && !is_there(address.ip()) => {
                tracing::debug!(%address, %error, "not listening here: no such address");
            }
            Err(error) => return Err(refused(address, error)),
        }
    }
    Ok(sockets)
}

/// Whether the machine has this address.
fn is_there(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

fn refused(address: SocketAddr, error: io::Error) -> Error {
    match error.kind() {
        ErrorKind::AddrInUse => Error::InUse(address),
        _ => Error::Bind(address, error),
    }
}

/// This machine's Tailscale address: the source address the system would use towards 100.64/10,
/// if it lies in that range itself. Nothing is sent.
fn tailnet() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(100, 100, 100, 100), 53)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if is_tailnet(address) => Some(IpAddr::V4(address)),
        _ => None,
    }
}

/// Whether an address lies in 100.64.0.0/10.
fn is_tailnet(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && (64..128).contains(&second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bind: Bind, custom: Option<&str>, expected: &[&str]) {
        let custom_host = custom.map(|host| host.parse().expect("an address"));
        let got = of(&Listen { port: 1, bind, custom_host });
        let got: Vec<String> = got.iter().map(ToString::to_string).collect();
        assert_eq!(got, expected, "{bind:?}");
    }

    #[test]
    fn a_bind_setting_names_its_addresses() {
        check(Bind::Loopback, None, &["127.0.0.1:1", "[::1]:1"]);
        check(Bind::Auto, None, &["127.0.0.1:1", "[::1]:1"]);
        check(Bind::Lan, None, &["0.0.0.0:1"]);
        check(Bind::Custom, Some("127.0.0.2"), &["127.0.0.2:1"]);
        assert!(is_tailnet(Ipv4Addr::new(100, 127, 0, 1)));
        assert!(!is_tailnet(Ipv4Addr::new(100, 128, 0, 1)));
    }

    fn at(address: [u8; 4], port: u16) -> SocketAddr {
        SocketAddr::from((address, port))
    }

    #[tokio::test]
    async fn a_further_address_that_someone_else_holds_is_an_error() {
        let other = TcpListener::bind(at([127, 0, 0, 2], 0)).await.expect("a free port");
        let taken = other.local_addr().expect("bound");
        let ours = at([127, 0, 0, 1], taken.port());
        let result = bind(&[ours, taken]).await;
        assert!(matches!(result, Err(Error::InUse(address)) if address == taken), "{result:?}");
    }

    #[tokio::test]
    async fn a_further_address_that_the_machine_lacks_is_left_out() {
        // 192.0.2.0/24 is for documentation: no machine has it.
        let sockets = bind(&[at([127, 0, 0, 1], 0), at([192, 0, 2, 1], 0)]).await.expect("bound");
        assert_eq!(sockets.len(), 1);
        let missing = bind(&[at([192, 0, 2, 1], 0)]).await;
        assert!(matches!(missing, Err(Error::Bind(..))), "{missing:?}");
    }

    #[tokio::test]
    async fn with_port_0_all_addresses_get_the_same_port() {
        let sockets = bind(&[at([127, 0, 0, 1], 0), at([127, 0, 0, 2], 0)]).await.expect("bound");
        let ports: Vec<_> =
            sockets.iter().map(|socket| socket.local_addr().expect("bound").port()).collect();
        assert!(ports.len() == 2 && ports[0] == ports[1] && ports[0] != 0, "{ports:?}");
    }
}
