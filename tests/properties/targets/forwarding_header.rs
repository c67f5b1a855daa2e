use std::net::IpAddr;

use ipnet::IpNet;
use signup_gateway::domain::client::{ClientAddress, ForwardingHeader};

/// The visitor is the peer, or an address that stands in the header; an untrusted peer is believed nothing; and what
/// a visitor writes in front of the header changes nobody's identity.
///
/// The first byte chooses header and peer; the rest are its lines.
pub fn forwarding_header(bytes: &[u8]) {
    let Some((choice, lines)) = bytes.split_first() else { return };
    let header = if choice & 1 == 0 { ForwardingHeader::XForwardedFor } else { ForwardingHeader::Forwarded };
    let peer: IpAddr = if choice & 2 == 0 { [10, 0, 0, 1].into() } else { [203, 0, 113, 9].into() };
    let trusted: Vec<IpNet> = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|network| network.parse().unwrap()).to_vec();
    let trusts = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let resolve = |lines: &[&[u8]]| ClientAddress::resolve(peer, header, lines.iter().copied(), &trusted).address.ip();

    let lines: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    let visitor = resolve(&lines);
    assert_eq!(visitor, visitor.to_canonical(), "one visitor by two names");
    if trusts(peer) {
        assert!(visitor == peer || stands_in(visitor, &lines), "{visitor} is made up");
    } else {
        assert_eq!(visitor, peer, "an untrusted peer was believed");
    }
    if !trusts(visitor) {
        let forged: &[u8] = match header {
            ForwardingHeader::XForwardedFor => b"198.51.100.66, ",
            ForwardingHeader::Forwarded => b"for=198.51.100.66, ",
        };
        let first = [forged, lines[0]].concat();
        let lines: Vec<&[u8]> = [first.as_slice()].into_iter().chain(lines[1..].iter().copied()).collect();
        assert_eq!(resolve(&lines), visitor, "a forged entry was believed");
    }
}

/// Whether some run of address characters in the header is this address, with or without a port.
fn stands_in(address: IpAddr, lines: &[&[u8]]) -> bool {
    let is_address_byte = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    lines.iter().flat_map(|line| line.split(|byte| !is_address_byte(byte))).any(|run| {
        let run = std::str::from_utf8(run).unwrap_or_default();
        let bare = run.rsplit_once(':').map_or(run, |(bare, _port)| bare);
        [run, bare].iter().any(|text| text.parse().is_ok_and(|found: IpAddr| found.to_canonical() == address))
    })
}
