//! Which addresses are public, after IANA's special-purpose registries for IPv4 and IPv6.

use ipnet::{Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to somebody who asks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Reachable from anywhere, so that asking it gives nothing away.
    Public,
    /// Of this machine, this network, or no address of a host at all.
    Private,
    /// Where a cloud gives its machines their credentials; never to be asked for others.
    Metadata,
}

const fn v4(address: [u8; 4], prefix: u8) -> Ipv4Net {
    let [a, b, c, d] = address;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

const fn v6(first: [u16; 4], prefix: u8) -> Ipv6Net {
    let [a, b, c, d] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0), prefix)
}

/// IPv4 that is not public; all else is.
const PRIVATE_V4: [Ipv4Net; 15] = [
    v4([0, 0, 0, 0], 8),       // this network
    v4([10, 0, 0, 0], 8),      // private
    v4([100, 64, 0, 0], 10),   // carrier-grade NAT
    v4([127, 0, 0, 0], 8),     // loopback
    v4([169, 254, 0, 0], 16),  // link-local
    v4([172, 16, 0, 0], 12),   // private
    v4([192, 0, 0, 0], 24),    // protocol assignments
    v4([192, 0, 2, 0], 24),    // documentation
    v4([192, 88, 99, 0], 24),  // 6to4 relays
    v4([192, 168, 0, 0], 16),  // private
    v4([198, 18, 0, 0], 15),   // benchmarking
    v4([198, 51, 100, 0], 24), // documentation
    v4([203, 0, 113, 0], 24),  // documentation
    v4([224, 0, 0, 0], 4),     // multicast
    v4([240, 0, 0, 0], 4),     // reserved, and broadcast
];

/// Clouds' metadata and credential services in IPv4. The whole neighbourhood of the usual address
/// goes with it: clouds keep adding to it.
const METADATA_V4: [Ipv4Net; 5] = [
    v4([169, 254, 169, 0], 24), // AWS, Google, Azure, Oracle, DigitalOcean, …
    v4([169, 254, 170, 0], 24), // AWS: credentials of containers
    v4([100, 100, 100, 200], 32), // Alibaba
    v4([168, 63, 129, 16], 32), // Azure's host, although its range is a public one
    v4([192, 0, 0, 192], 32),   // Oracle, formerly
];

/// The only part of IPv6 that is given out for public use.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0], 3);

/// What in [`GLOBAL_V6`] is not public.
const PRIVATE_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0, 0], 23), // protocol assignments: Teredo, benchmarking, ORCHID
    v6([0x2001, 0xdb8, 0, 0], 32), // documentation
    v6([0x2002, 0, 0, 0], 16), // 6to4: an IPv4 address in disguise
    v6([0x3ffe, 0, 0, 0], 16), // the former test network
    v6([0x3fff, 0, 0, 0], 20), // documentation
];

/// Clouds' metadata services in IPv6.
const METADATA_V6: [Ipv6Net; 2] = [
    v6([0xfd00, 0x0ec2, 0, 0], 32), // AWS
    v6([0xfd20, 0x00ce, 0, 0], 32), // Google
];

/// Prefixes whose addresses stand for the IPv4 address in their last 32 bits.
const NAT64: Ipv6Net = v6([0x0064, 0xff9b, 0, 0], 96);
const MAPPED: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96);

/// What an address is.
pub(super) fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

fn class_v4(address: Ipv4Addr) -> Class {
    if METADATA_V4.iter().any(|range| range.contains(&address)) {
        Class::Metadata
    } else if PRIVATE_V4.iter().any(|range| range.contains(&address)) {
        Class::Private
    } else {
        Class::Public
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    let disguised = || embedded(address).into_iter().flatten();
    let metadata = METADATA_V6.iter().any(|range| range.contains(&address))
        || disguised().any(|inner| class_v4(inner) == Class::Metadata);
    if metadata {
        return Class::Metadata;
    }
    // Where a network has no IPv4, its resolver answers so for every public name that has no IPv6.
    if NAT64.contains(&address) || MAPPED.contains(&address) {
        return class_v4(last_bits(address));
    }
    let public = GLOBAL_V6.contains(&address)
        && !PRIVATE_V6.iter().any(|range| range.contains(&address))
        && disguised().all(|inner| class_v4(inner) == Class::Public);
    if public { Class::Public } else { Class::Private }
}

/// The IPv4 addresses for which an IPv6 address may stand: in whichever way of several a router
/// may understand it.
fn embedded(address: Ipv6Addr) -> [Option<Ipv4Addr>; 4] {
    let s = address.segments();
    let pair = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    let last = last_bits(address);
    let (teredo, six_to_four) = (s[0] == 0x2001 && s[1] == 0, s[0] == 0x2002);
    let local_nat64 = s[0] == 0x64 && s[1] == 0xff9b && s[2] == 1;
    let low = s[..4] == [0; 4] || NAT64.contains(&address);
    // ISATAP has the same mark in any prefix, with or without its universal bit.
    let isatap = matches!(s[4], 0 | 0x200) && s[5] == 0x5efe;
    [
        (low || local_nat64 || isatap).then_some(last),
        six_to_four.then(|| pair(s[1], s[2])),
        // The server of a Teredo address, and its client, whose bits are turned round.
        teredo.then(|| pair(s[2], s[3])),
        teredo.then(|| Ipv4Addr::from(!u32::from(last))),
    ]
}

fn last_bits(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
