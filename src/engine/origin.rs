//! The rule of `allowed_origins`.

/// Whether the host of an `Origin` header matches one of the patterns.
///
/// `*` alone lets everybody in, without an origin too. Otherwise the host, without scheme and port,
/// is held against each pattern, where `*` stands for any run of characters, dots included.
/// Host names have no case (RFC 9110, section 4.2.3).
pub(super) fn is_allowed(patterns: &[String], origin: Option<&str>) -> bool {
    patterns.iter().any(|pattern| pattern == "*")
        || origin
            .and_then(host)
            .is_some_and(|host| patterns.iter().any(|pattern| matches(pattern, host)))
}

fn host(origin: &str) -> Option<&str> {
    let (_scheme, authority) = origin.split_once("://")?;
    let authority = authority.split(['/', '?', '#']).next()?;
    let authority = authority
        .rsplit_once('@')
        .map_or(authority, |(_, rest)| rest);
    let host = if authority.starts_with('[') {
        authority.split_inclusive(']').next()?
    } else {
        authority.split(':').next()?
    };
    (!host.is_empty()).then_some(host)
}

/// Compares from the left; on a mismatch the last `*` takes one character more.
fn matches(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.as_bytes(), host.as_bytes());
    let (mut p, mut h) = (0, 0);
    let mut last_star = None;
    while h < host.len() {
        match pattern.get(p) {
            Some(b'*') => {
                last_star = Some((p, h));
                p += 1;
            }
            Some(byte) if byte.eq_ignore_ascii_case(&host[h]) => {
                p += 1;
                h += 1;
            }
            _ => {
                let Some((star, taken)) = last_star else {
                    return false;
                };
                last_star = Some((star, taken + 1));
                p = star + 1;
                h = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn hosts_match_patterns() {
        for (pattern, origin, allowed) in [
            ("*", None, true),
            ("*", Some("null"), true),
            ("laravel.com", None, false),
            ("laravel.com", Some("null"), false),
            ("laravel.com", Some("laravel.com"), false),
            ("laravel.com", Some("https://laravel.com"), true),
            ("laravel.com", Some("https://laravel.com:8443/x"), true),
            ("laravel.com", Some("https://LARAVEL.com"), true),
            ("laravel.com", Some("https://sub.laravel.com"), false),
            ("laravel.com", Some("https://laravel.com.evil.org"), false),
            ("laravel.com", Some("https://laravel.com@evil.org"), false),
            ("*.laravel.com", Some("https://laravel.com"), false),
            ("*.laravel.com", Some("https://a.b.laravel.com"), true),
            ("*laravel*", Some("https://my-laravel.org"), true),
            ("[::1]", Some("http://[::1]:8000"), true),
        ] {
            assert_eq!(
                is_allowed(&[pattern.to_owned()], origin),
                allowed,
                "{pattern} {origin:?}"
            );
        }
    }
}
