//! Who is asking, by network address.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// The header that a trusted proxy writes: `server.client_ip_header`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`: addresses, comma-separated.
    XForwardedFor,
    /// `Forwarded` (RFC 7239): the `for` parameter of each element.
    Forwarded,
}

/// The visitor's address in canonical form: an IPv4-mapped IPv6 address is the IPv4 address.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(IpAddr);

/// What a rate limit counts: an IPv4 address, or an IPv6 network.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork(IpAddr);

/// The outcome of [`ClientAddress::resolve`].
pub struct Resolved {
    /// The visitor.
    pub address: ClientAddress,
    /// The peer is not trusted but sent the header: either a forgery, or a proxy missing from `trusted_proxies`.
    pub header_ignored: bool,
}

impl ClientAddress {
    /// An address in canonical form.
    #[must_use]
    pub fn new(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Finds the visitor by walking the forwarding header right to left, over all its lines.
    ///
    /// The walk starts at the socket peer and goes on while the address at hand is a trusted proxy, for only such a one
    /// is believed about who spoke to it. An entry that does not parse ends the walk at the last good address.
    #[must_use]
    pub fn resolve<'a>(
        peer: IpAddr,
        header: ForwardingHeader,
        lines: impl DoubleEndedIterator<Item = &'a [u8]>,
        trusted: &[IpNet],
    ) -> Resolved {
        let trusts = |address: Self| trusted.iter().any(|network| network.contains(&address.0));
        let mut lines = lines.peekable();
        let mut client = Self::new(peer);
        if !trusts(client) {
            return Resolved { address: client, header_ignored: lines.peek().is_some() };
        }
        'walk: for line in lines.rev() {
            // Bytes that are no text spoil the entry they stand in, not the one that our proxy wrote behind it.
            let line = String::from_utf8_lossy(line);
            for entry in header.entries(&line).into_iter().rev() {
                let Some(address) = entry.and_then(node_address) else { break 'walk };
                client = Self::new(address);
                if !trusts(client) {
                    break 'walk;
                }
            }
        }
        Resolved { address: client, header_ignored: false }
    }

    /// The address itself, for the upstream and siteverify.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// What limits count: IPv6 by its prefix, because one household has a whole network.
    #[must_use]
    pub fn network(self, ipv6_prefix: u8) -> ClientNetwork {
        ClientNetwork(cut(self.0, 32, ipv6_prefix))
    }

    /// The address as logs may show it: cut to /24 or /64.
    #[must_use]
    pub fn coarse(self) -> IpAddr {
        cut(self.0, 24, 64)
    }
}

impl ClientNetwork {
    /// The network's bytes, for a store's key.
    #[must_use]
    pub fn octets(self) -> [u8; 16] {
        match self.0 {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => address.octets(),
        }
    }
}

fn cut(address: IpAddr, ipv4_prefix: u8, ipv6_prefix: u8) -> IpAddr {
    let prefix = if address.is_ipv4() { ipv4_prefix } else { ipv6_prefix };
    IpNet::new(address, prefix).map_or(address, |network| network.network())
}

impl ForwardingHeader {
    /// The header's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }

    /// The entries of one line from left to right; `None` stands for one that cannot be read.
    fn entries(self, line: &str) -> Vec<Option<&str>> {
        match self {
            Self::XForwardedFor => line.split(',').map(|entry| Some(entry.trim())).collect(),
            // A quote that stays open is a visitor's: what our proxy wrote behind it has its own.
            Self::Forwarded => {
                let elements = split_quoted(line, ',').unwrap_or_else(|| line.split(',').collect());
                elements.into_iter().map(for_parameter).collect()
            }
        }
    }
}

/// The value of `for` in one element of a `Forwarded` header, without its quotes.
fn for_parameter(element: &str) -> Option<&str> {
    split_quoted(element, ';')?.into_iter().find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        name.trim().eq_ignore_ascii_case("for").then_some(bare.unwrap_or(value))
    })
}

/// Splits at a separator outside quotes; `None` when a quote stays open.
fn split_quoted(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut quoted = false;
    let mut escaped = false;
    let parts = text
        .split(|c: char| {
            let splits = c == separator && !quoted;
            if escaped {
                escaped = false;
            } else if quoted && c == '\\' {
                escaped = true;
            } else if c == '"' {
                quoted = !quoted;
            }
            splits
        })
        .map(str::trim)
        .collect();
    (!quoted).then_some(parts)
}

/// An address with an optional port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn node_address(entry: &str) -> Option<IpAddr> {
    if let Some(rest) = entry.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_is_sound = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse::<Ipv6Addr>().ok().filter(|_| port_is_sound).map(IpAddr::V6);
    }
    if let Ok(address) = entry.parse() {
        return Some(address);
    }
    let (address, port) = entry.rsplit_once(':')?;
    let address: std::net::Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(IpAddr::V4(address))
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn resolve(header: ForwardingHeader, peer: &str, lines: &[&str], trusted: &[&str]) -> (String, bool) {
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let lines = lines.iter().map(|line| line.as_bytes());
        let resolved = ClientAddress::resolve(peer.parse().unwrap(), header, lines, &trusted);
        (resolved.address.ip().to_string(), resolved.header_ignored)
    }

    #[test]
    fn the_x_forwarded_for_walk_ends_at_the_first_address_that_is_not_ours() {
        let ours = ["10.0.0.0/8", "2001:db8:ffff::/48"];
        for (name, peer, lines, expected) in [
            ("no header", "10.0.0.1", &[][..], "10.0.0.1"),
            ("one hop", "10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("spoofed left entry", "10.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            ("untrimmed", "10.0.0.1", &["198.51.100.1,\t203.0.113.7 "], "203.0.113.7"),
            ("two of our proxies", "10.0.0.1", &["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            ("two header lines", "10.0.0.1", &["198.51.100.1", "203.0.113.7, 10.9.9.9"], "203.0.113.7"),
            ("walk into an earlier line", "10.0.0.1", &["203.0.113.7", "10.0.0.3"], "203.0.113.7"),
            ("all ours", "10.0.0.1", &["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
            ("garbage stops", "10.0.0.1", &["203.0.113.7, <script>"], "10.0.0.1"),
            ("garbage behind a good entry", "10.0.0.1", &["203.0.113.7, unknown, 10.0.0.5"], "10.0.0.5"),
            ("empty entry stops", "10.0.0.1", &["203.0.113.7,,10.0.0.5"], "10.0.0.5"),
            ("empty header", "10.0.0.1", &[""], "10.0.0.1"),
            ("port", "10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7"),
            ("IPv6", "10.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            ("IPv6 with port", "10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("IPv6 proxy", "2001:db8:ffff::1", &["2001:db8::1"], "2001:db8::1"),
            ("mapped peer", "::ffff:10.0.0.1", &["203.0.113.7"], "203.0.113.7"),
            ("mapped entry", "10.0.0.1", &["::ffff:203.0.113.7"], "203.0.113.7"),
            ("leading zeros are not an address", "10.0.0.1", &["203.0.113.007"], "10.0.0.1"),
            ("zone id is not an address", "10.0.0.1", &["fe80::1%eth0"], "10.0.0.1"),
            ("bad port", "10.0.0.1", &["203.0.113.7:99999"], "10.0.0.1"),
        ] {
            assert_eq!(resolve(ForwardingHeader::XForwardedFor, peer, lines, &ours).0, expected, "{name}");
        }
    }

    #[test]
    fn the_forwarded_header_is_read_by_its_own_grammar() {
        for (name, line, expected) in [
            ("plain", "for=203.0.113.7", "203.0.113.7"),
            ("quoted IPv6", "for=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
            ("case and other parameters", "proto=https;For=203.0.113.7;by=10.0.0.1", "203.0.113.7"),
            ("comma inside quotes", "for=203.0.113.7;host=\"a,b\"", "203.0.113.7"),
            ("spoofed left element", "for=198.51.100.1, for=203.0.113.7", "203.0.113.7"),
            ("unknown stops", "for=203.0.113.7, for=unknown", "10.0.0.1"),
            ("obfuscated stops", "for=203.0.113.7, for=_hidden", "10.0.0.1"),
            ("no for stops", "for=203.0.113.7, proto=https", "10.0.0.1"),
            ("open quote stops", "for=203.0.113.7, for=\"198.51.100.1", "10.0.0.1"),
            ("open quote to the left", "for=\"198.51.100.1, for=203.0.113.7", "203.0.113.7"),
            ("open quote, and quotes of ours", "for=\"x, for=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
        ] {
            let resolved = resolve(ForwardingHeader::Forwarded, "10.0.0.1", &[line], &["10.0.0.0/8"]);
            assert_eq!(resolved.0, expected, "{name}");
        }
    }

    #[test]
    fn a_header_from_an_untrusted_peer_is_ignored_and_reported() {
        let spoofed = resolve(ForwardingHeader::XForwardedFor, "203.0.113.9", &["198.51.100.1"], &[]);
        assert_eq!(spoofed, ("203.0.113.9".to_owned(), true));
        let silent = resolve(ForwardingHeader::XForwardedFor, "203.0.113.9", &[], &[]);
        assert_eq!(silent, ("203.0.113.9".to_owned(), false));
    }

    proptest! {
        /// Whatever stands to the left of the entry our own proxy wrote, the visitor stays the same.
        #[test]
        fn nothing_a_client_writes_changes_who_it_is(
            spoof in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..60),
                "(for=)?[\",;=a-f0-9.: \\\\]{0,40}".prop_map(String::into_bytes),
            ],
        ) {
            for (header, ours) in [
                (ForwardingHeader::XForwardedFor, ", 203.0.113.7, 10.0.0.2"),
                (ForwardingHeader::Forwarded, ", for=203.0.113.7;proto=https, for=10.0.0.2"),
            ] {
                let line = [&spoof, ours.as_bytes()].concat();
                let trusted = ["10.0.0.0/8".parse().unwrap()];
                let peer = [10, 0, 0, 1].into();
                let resolved = ClientAddress::resolve(peer, header, [line.as_slice()].into_iter(), &trusted);
                prop_assert_eq!(resolved.address.ip().to_string(), "203.0.113.7");
            }
        }
    }

    #[test]
    fn limits_count_ipv4_addresses_and_ipv6_networks() {
        let network = |text: &str| ClientAddress::new(text.parse().unwrap()).network(64).octets();
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("203.0.113.7"), network("::ffff:203.0.113.7"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
    }

    #[test]
    fn logs_see_only_a_coarse_address() {
        let coarse = |text: &str| ClientAddress::new(text.parse().unwrap()).coarse().to_string();
        assert_eq!(coarse("203.0.113.7"), "203.0.113.0");
        assert_eq!(coarse("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
