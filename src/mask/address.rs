//! Addresses of machines: IPv4, and IPv6 as its own parser knows it. Versions and times look alike.

use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

/// Four numbers, or hex digits and at least two colons; before both, browsers' versions, which are four numbers, and escapes, whose
/// digits are not an address's.
static LOOKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x-u:(?<no>(?:Chrome|Chromium|HeadlessChrome|Edge?A?|OPR|CriOS|Electron|Version)/[0-9.]+)
        |(?<escape>\\[abfnrtv]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2})
        |(?<four>[0-9]{1,3}(?:\.[0-9]{1,3}){3})
        |(?<six>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?:\.[0-9]{1,3}){0,3}))",
    )
    .ok()
});

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
        let six = captures.name("six").and_then(|six| six_in(text, six.range(), is_free));
        found.extend(six.or(is_four.then(|| whole.range())));
    }
    found
}

/// Whether four numbers are an address: each a byte, and no digits before (unless it `is_free` of them) or behind.
fn is_four(text: &str, range: std::ops::Range<usize>, is_free: bool) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    (is_free || !is_digit(range.start.checked_sub(1))) && !is_digit(Some(range.end)) && text[range].split('.').all(|part| part.parse::<u8>().is_ok())
}

/// The address at the start of what looks like one; a colon behind it is a sentence's.
fn six_in(text: &str, range: std::ops::Range<usize>, is_free: bool) -> Option<std::ops::Range<usize>> {
    let bytes = text.as_bytes();
    let is_name = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
    if !is_free && range.start.checked_sub(1).is_some_and(is_name) {
        return None;
    }
    let looks = &text[range.clone()];
    let own = if looks.ends_with("::") { looks } else { looks.trim_end_matches(':') };
    let end = range.start + own.len();
    let is_told = own.bytes().any(|byte| byte.is_ascii_hexdigit());
    (is_told && !(own.len() == looks.len() && is_name(end)) && own.parse::<Ipv6Addr>().is_ok()).then_some(range.start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_looks_like_them() {
        let cases: [(&str, &[&str]); 18] = [
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
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = find(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
