//! Lines that name hosts: in lists of those that may be asked.

use ::url::Host;

/// One line of such a list: `name`, `*.name` for all below it, or an IP address (IPv6 with or
/// without brackets), each with or without `:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRule {
    host: Host,
    below: bool,
    port: Option<u16>,
}

impl HostRule {
    /// Reads a line.
    ///
    /// # Errors
    /// What was expected, when it is none.
    pub fn parse(line: &str) -> Result<Self, &'static str> {
        const FORM: &str = "expected a host such as example.com, *.example.com, 10.0.0.5 or \
                            intranet:8080, without scheme and path";
        let line = line.trim();
        let (line, below) = match line.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (line, false),
        };
        let (name, port) = match line.rsplit_once(':') {
            // The colons of an IPv6 address without brackets are its own.
            Some((name, port)) if name.ends_with(']') || !name.contains(':') => {
                (name, Some(port.parse().map_err(|_| FORM)?))
            }
            _ => (line, None),
        };
        let bare = name.contains(':') && !name.starts_with('[');
        let host = if bare { Host::parse(&format!("[{name}]")) } else { Host::parse(name) };
        let host = host.map_err(|_| FORM)?;
        // A star is a letter like any other to the parser.
        if name.contains('*') || (below && !matches!(host, Host::Domain(_))) {
            return Err(FORM);
        }
        Ok(Self { host, below, port })
    }

    /// Whether it means more than one host.
    pub fn is_pattern(&self) -> bool {
        self.below
    }

    /// Whether it means this host, asked at this port.
    pub fn fits(&self, host: &Host, port: u16) -> bool {
        let same = match (&self.host, host) {
            (Host::Domain(rule), Host::Domain(name)) => {
                let (rule, name) = (without_dot(rule), without_dot(name));
                match self.below {
                    false => rule == name,
                    true => name
                        .strip_suffix(rule)
                        .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                }
            }
            (rule, host) => rule == host,
        };
        same && self.port.is_none_or(|own| own == port)
    }
}

/// `example.com.` is the same host as `example.com`.
fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, host: &str, expected: bool) {
        let rule = HostRule::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let url = ::url::Url::parse(&format!("http://{host}/")).expect("a URL");
        let port = url.port_or_known_default().expect("a port");
        let found = rule.fits(&url.host().expect("a host").to_owned(), port);
        assert_eq!(found, expected, "{line} {host}");
    }

    #[test]
    fn a_line_means_its_host_and_no_other() {
        check("example.com", "example.com", true);
        check(" Example.COM ", "EXAMPLE.com.", true);
        check("example.com", "a.example.com", false);
        check("example.com", "example.com.evil.test", false);
        check("*.example.com", "a.example.com", true);
        check("*.example.com", "a.b.example.com", true);
        check("*.example.com", "example.com", false);
        check("*.example.com", "badexample.com", false);
        check("example.com:8080", "example.com:8080", true);
        check("example.com:8080", "example.com", false);
        check("example.com:80", "example.com", true);
        check("127.0.0.1", "0x7f.1", true);
        check("127.0.0.1:9", "127.0.0.1:9", true);
        check("127.0.0.1", "127.0.0.2", false);
        check("::1", "[::1]", true);
        check("[::1]:9", "[::1]:9", true);
        check("[::1]:9", "[::1]:8", false);
        check("bücher.example", "xn--bcher-kva.example", true);
    }

    #[test]
    fn what_is_no_host_is_not_taken() {
        for line in [
            "",
            "*",
            "*.",
            "*.10.0.0.1",
            "http://example.com",
            "example.com/x",
            "a:b",
            "a:99999",
            "a b",
            "user@example.com",
            "*.*.example.com",
            "::1::",
        ] {
            assert!(HostRule::parse(line).is_err(), "{line}");
        }
    }
}
