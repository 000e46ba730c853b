//! Addresses of machines: IPv4, and IPv6 as its own parser knows it. Versions and times look alike.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

/// Four numbers, or hex digits and at least two colons; before both, versions, which are four numbers, and escapes, whose digits are not an
/// address's.
static LOOKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x-u:(?<no>(?:Chrome|Chromium|HeadlessChrome|Edge?A?|OPR|CriOS|FxiOS|Firefox|Safari|Teams|Electron|Version)/[0-9.]+|\bv[0-9]+(?:\.[0-9]+)+)
        |(?<escape>\\[abfnrtv]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2})
        |(?<four>[0-9]{1,3}(?:\.[0-9]{1,3}){3})
        |(?<spelt>[0-9A-Fa-f]{1,4}(?:%3[Aa][0-9A-Fa-f]{0,4}){2,7})
        |(?<six>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}))",
    )
    .ok()
});

/// Ports that a host is printed with, and that could be the last group of its address.
const PORTS: [&str; 12] = ["80", "443", "3000", "3128", "4000", "5000", "5432", "6379", "8000", "8080", "8443", "9000"];

/// From how many colons on an address is known in the midst of a word.
const MANY_COLONS: usize = 3;

/// The ranges of the addresses in a text.
pub(super) fn find(text: &str) -> Vec<std::ops::Range<usize>> {
    let Some(looks) = LOOKS.as_ref() else { return Vec::new() };
    let (mut found, mut at, mut behind_escape) = (Vec::new(), 0, 0);
    while let Some(captures) = looks.captures_at(text, at) {
        let Some(whole) = captures.get(0) else { break };
        at = whole.end().max(at + 1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
        if captures.name("escape").is_some() {
            behind_escape = whole.end();
        }
        let is_free = whole.start() == behind_escape;
        let is_four = captures.name("four").is_some_and(|four| is_four(text, four.range(), is_free));
        let is_spelt = captures.name("spelt").is_some_and(|spelt| is_spelt(text, spelt.range(), is_free));
        let six = captures.name("six").and_then(|six| six_in(text, six.range(), is_free));
        found.extend(six.or((is_four || is_spelt).then(|| whole.range())));
    }
    found
}

/// Whether it is an address with colons as URLs spell them.
fn is_spelt(text: &str, range: std::ops::Range<usize>, is_free: bool) -> bool {
    let is_begun = is_free || !text[..range.start].ends_with(|c: char| c.is_ascii_alphanumeric());
    let plain = text[range].replace("%3A", ":").replace("%3a", ":");
    is_begun && plain.bytes().any(|byte| byte.is_ascii_digit()) && plain.parse::<Ipv6Addr>().is_ok()
}

/// Whether four numbers are an address: each a byte, and no digits before (unless it `is_free` of them) or behind.
fn is_four(text: &str, range: std::ops::Range<usize>, is_free: bool) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    (is_free || !is_digit(range.start.checked_sub(1))) && !is_digit(Some(range.end)) && text[range].split('.').all(|part| part.parse::<u8>().is_ok())
}

/// The address at the start of what looks like one; a colon behind it is a sentence's, and what stands behind that may be a port.
fn six_in(text: &str, range: std::ops::Range<usize>, is_free: bool) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let looks = &text[range.clone()];
    let is_plain = looks.bytes().filter(|byte| *byte == b':').count() < MANY_COLONS;
    let is_name = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b':' || (is_plain && *byte == b'_'));
    if !is_free && range.start.checked_sub(1).is_some_and(is_name) {
        return None;
    }
    let is_address = |own: &str| own.bytes().any(|byte| byte.is_ascii_digit()) && own.parse::<Ipv6Addr>().is_ok();
    if let Some(own) = before_port(&text[range.start..], looks).filter(|own| is_address(own)) {
        return Some(range.start..range.start + own.len());
    }
    let own = if looks.ends_with("::") { looks } else { looks.trim_end_matches(':') };
    let end = range.start + own.len();
    let goes_on = own.len() == looks.len() && is_name(end) && !(own.contains('.') && bytes.get(end) == Some(&b':'));
    (!goes_on && is_address(own)).then_some(range.start..end)
}

/// What stands before a port, if the last group is one: it has five digits, is the ninth, or a port that servers have.
fn before_port<'t>(rest: &str, looks: &'t str) -> Option<&'t str> {
    let (own, _) = looks.rsplit_once(':')?;
    let group = &rest[own.len() + 1..];
    let group = &group[..group.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(group.len())];
    let is_last = !rest[own.len() + 1 + group.len()..].starts_with("::") && group.parse::<u16>().is_ok() && !group.starts_with('+');
    let is_port = group.len() == 5 || looks.parse::<Ipv6Addr>().is_err() || PORTS.contains(&group);
    (is_last && is_port && !own.ends_with(':')).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_looks_like_them() {
        let cases: [(&str, &[&str]); 28] = [
            ("connect 10.1.2.3:4000 failed", &["10.1.2.3"]),
            ("ip_10.1.2.3_x", &["10.1.2.3"]),
            ("proxy-10.1.2.3.1", &["10.1.2.3"]),
            ("http://[2001:db8::1]:443/", &["2001:db8::1"]),
            ("to fe80::1%eth0: refused", &["fe80::1"]),
            ("from ::ffff:10.1.2.3.", &["::ffff:10.1.2.3"]),
            ("2001:0db8:85a3:0000:0000:8a2e:0370:7334: no", &["2001:0db8:85a3:0000:0000:8a2e:0370:7334"]),
            ("\\nfe80::1\\n", &["fe80::1"]),
            ("\\u002210.1.2.3\\u0022", &["10.1.2.3"]),
            ("x%3D10.1.2.3%20\\u0022fe80::1\\u0022", &["10.1.2.3", "fe80::1"]),
            ("07:35:20.123 - 2026-11-22T07:35:20Z", &[]),
            ("litellm 1.85.0, gpt-4.1", &[]),
            ("999.1.2.3 1234.1.2.3", &[]),
            ("Chrome/120.0.0.0 Safari/537.36", &[]),
            ("std::fade::bad Foo::bar ::error::x", &[]),
            ("arn:aws:bedrock:us-east-1::foundation-model/x", &[]),
            ("aa:bb:cc:dd:ee:ff", &[]),
            ("é:: ::", &[]),
            ("cannot reach 2001:db8:7::41:38058", &["2001:db8:7::41"]),
            ("2001:db8:7::41:443 ssl:default", &["2001:db8:7::41"]),
            ("fd00:1234:5678:9abc:def0:1234:5678:9abc:443 ssl", &["fd00:1234:5678:9abc:def0:1234:5678:9abc"]),
            ("ip_2001:db8:7::41_x", &["2001:db8:7::41"]),
            ("%5B2001%3Adb8%3A7%3A%3A41%5D", &["2001%3Adb8%3A7%3A%3A41"]),
            ("Firefox/115.0.1.2 Teams/1.6.0.0 v2.0.0.1", &[]),
            ("dead::beef ::ffff", &[]),
            ("http://[::1]:4000", &["::1"]),
            ("::1:4000 refused", &["::1"]),
            ("from ::ffff:10.1.2.3:443", &["::ffff:10.1.2.3"]),
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = find(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
