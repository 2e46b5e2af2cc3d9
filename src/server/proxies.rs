//! Who a client is that came through a proxy.
//!
//! `X-Forwarded-For` is a list to which each proxy appends whom it was called by. It is read from its
//! end, and only as far as it was written by somebody who is trusted: what stands before that may have
//! been written by anyone.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// The proxies that are believed.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    /// Whoever calls is a proxy.
    all_callers: bool,
    networks: Vec<IpNet>,
}

impl Proxies {
    /// Reads addresses, networks such as `10.0.0.0/8`, and `*` for whoever calls; none if one is wrong.
    pub(super) fn parse(names: &[String]) -> Option<Self> {
        let mut proxies = Self::default();
        for name in names {
            if name == "*" {
                proxies.all_callers = true;
            } else {
                proxies.networks.push(network(name)?);
            }
        }
        Some(proxies)
    }

    /// The address of the client behind a call, given the lines of its `X-Forwarded-For`.
    pub(super) fn client<'h>(
        &self,
        caller: IpAddr,
        lines: impl DoubleEndedIterator<Item = &'h [u8]>,
    ) -> IpAddr {
        let mut client = caller.to_canonical();
        let mut is_trusted = self.all_callers || self.trusts(client);
        let mut entries = lines
            .rev()
            .flat_map(|line| line.rsplit(|byte| *byte == b','));
        while is_trusted && let Some(entry) = entries.next() {
            let Some(address) = address(entry) else {
                break;
            };
            client = address;
            is_trusted = self.trusts(client);
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

fn network(name: &str) -> Option<IpNet> {
    let address = name.parse::<IpAddr>().map(IpNet::from);
    address.or_else(|_| name.parse()).ok()
}

/// An entry: an address, perhaps with a port, and then an IPv6 one in brackets.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry.trim_ascii()).ok()?;
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse();
    let address = address.or_else(|_| text.parse().map(|with_port: SocketAddr| with_port.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::Proxies;

    fn client(trusted: &[&str], caller: &str, lines: &[&str]) -> String {
        let names: Vec<String> = trusted.iter().map(ToString::to_string).collect();
        let proxies = Proxies::parse(&names).expect("proxies");
        let caller = caller.parse().expect("an address");
        let lines = lines.iter().map(|line| line.as_bytes());
        proxies.client(caller, lines).to_string()
    }

    #[test]
    fn a_client_is_whom_the_last_trusted_proxy_was_called_by() {
        for (trusted, caller, lines, expected) in [
            // Nobody is believed unless the operator says so.
            (&[][..], "10.0.0.1", &["1.2.3.4"][..], "10.0.0.1"),
            (&["10.0.0.2"], "10.0.0.1", &["1.2.3.4"], "10.0.0.1"),
            (&["10.0.0.1"], "10.0.0.1", &[], "10.0.0.1"),
            (&["10.0.0.1"], "10.0.0.1", &["1.2.3.4"], "1.2.3.4"),
            (&["10.0.0.0/8"], "10.9.8.7", &["1.2.3.4"], "1.2.3.4"),
            // What the client itself has sent stands to the left of what the proxy appended.
            (&["10.0.0.1"], "10.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            (
                &["10.0.0.1"],
                "10.0.0.1",
                &["6.6.6.6", "1.2.3.4"],
                "1.2.3.4",
            ),
            (&["10.0.0.1"], "10.0.0.1", &["10.0.0.1, 1.2.3.4"], "1.2.3.4"),
            // Several proxies, one behind another.
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["6.6.6.6, 1.2.3.4,10.0.0.3", "10.0.0.2"],
                "1.2.3.4",
            ),
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["10.0.0.3, 10.0.0.2"],
                "10.0.0.3",
            ),
            // Any caller is the proxy, but only the caller.
            (&["*"], "10.0.0.1", &["6.6.6.6, 1.2.3.4"], "1.2.3.4"),
            (
                &["*", "1.2.3.4"],
                "10.0.0.1",
                &["6.6.6.6, 1.2.3.4"],
                "6.6.6.6",
            ),
            // The ways in which addresses are written.
            (&["*"], "::1", &["2001:db8::7"], "2001:db8::7"),
            (&["*"], "::1", &["[2001:DB8::7]"], "2001:db8::7"),
            (&["*"], "::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["*"], "::1", &[" 1.2.3.4:4711 "], "1.2.3.4"),
            (
                &["127.0.0.1"],
                "::ffff:127.0.0.1",
                &["::ffff:1.2.3.4"],
                "1.2.3.4",
            ),
            (&["2001:db8::/32"], "2001:db8::1", &["fe80::2"], "fe80::2"),
            // At rubbish the trail ends with whom is known last.
            (&["*"], "10.0.0.1", &["1.2.3.4, unknown"], "10.0.0.1"),
            (&["*"], "10.0.0.1", &[""], "10.0.0.1"),
            (&["*"], "10.0.0.1", &["1.2.3.4,"], "10.0.0.1"),
            (&["*"], "10.0.0.1", &["1.2.3.400"], "10.0.0.1"),
            (&["*"], "10.0.0.1", &["1.2.3.4:99999"], "10.0.0.1"),
            (&["*"], "10.0.0.1", &["[1.2.3.4"], "10.0.0.1"),
            (&["*"], "10.0.0.1", &["\u{1f4a9}"], "10.0.0.1"),
            (
                &["*", "10.0.0.2"],
                "10.0.0.1",
                &["1.2.3.4, ?, 10.0.0.2"],
                "10.0.0.2",
            ),
        ] {
            assert_eq!(
                client(trusted, caller, lines),
                expected,
                "{trusted:?} {caller} {lines:?}"
            );
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused() {
        for name in [
            "",
            "nginx",
            "10.0.0.0/33",
            "10.0.0",
            "1.2.3.4:80",
            "::/129",
            "**",
        ] {
            assert!(
                Proxies::parse(&["*".to_owned(), name.to_owned()]).is_none(),
                "{name}"
            );
        }
    }
}
