//! Names that surely hold no secret: most of what a report prints is a path, the name of a model or a group, an id.
//!
//! To make the patterns of all secrets ready takes longer than to read a small log, so names are looked at for what every secret that
//! may stand in one has. A test draws strings from each pattern of the tables, and finds none of them plain.

/// What stands in each secret that has a form of its own and no character but those of names.
const MARKS: [&str; 57] = [
    "sk-", "sk_", "pk-", "pk_", "rk-", "rk_", "sess-", "AKIA", "ASIA", "ABIA", "ACCA", "ABSK", "api-", "AIza", "ya29.", "GOCSPX", "1//0", "JQQJ9",
    "hf_", "org_", "r8_", "pplx-", "xai-", "fw_", "_v1_", "pa-", "jina_", "dapi", "secret_", "ALTAK", "LTAI", "vck_", "cpk_", "lsv2_", "ls__", "phc",
    "phx", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "pat", "xox", "app-", "glsa_", "glc_", "whsec_", "shp", "hooks", "hv", "SG.", "flp_", "tvly-",
    "npm_", "ip-", "eyJ",
];

/// The first two characters of each mark, in lower case, as a set: what holds none of them needs no look at all marks.
const BEGINNINGS: [u64; 1 << 10] = {
    let mut set = [0; 1 << 10];
    let mut at = 0;
    while at < MARKS.len() {
        let mark = MARKS[at].as_bytes();
        let pair = pair(mark[0], mark[1]);
        set[pair / 64] |= 1 << (pair % 64);
        at += 1;
    }
    set
};

const fn pair(one: u8, other: u8) -> usize {
    (one.to_ascii_lowercase() as usize) << 8 | other.to_ascii_lowercase() as usize
}

/// Fewer numbers behind full stops are no address.
const ADDRESS_STOPS: usize = 3;

/// Whether a text is a name, or a path of such, that holds no secret.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    let stops = bytes.windows(2).filter(|pair| pair[0] == b'.' && pair[1].is_ascii_digit()).count();
    bytes.iter().all(is_of_name) && stops < ADDRESS_STOPS && !holds_mark(bytes)
}

/// Whether a mark stands in a text, in any case.
fn holds_mark(text: &[u8]) -> bool {
    let begins = |window: &[u8]| {
        let pair = pair(window[0], window[1]);
        BEGINNINGS[pair / 64] & 1 << (pair % 64) != 0
    };
    let is_here = |at: usize| {
        let is_mark = |mark: &&str| text[at..].get(..mark.len()).is_some_and(|part| part.eq_ignore_ascii_case(mark.as_bytes()));
        MARKS.iter().any(is_mark)
    };
    text.windows(2).enumerate().any(|(at, window)| begins(window) && is_here(at))
}

#[cfg(test)]
mod tests {
    use proptest::strategy::{Strategy, ValueTree};
    use proptest::string::string_regex;
    use proptest::test_runner::TestRunner;

    use super::super::named::{IS, NAMED, SAYS};
    use super::super::shapes::{EMAIL, SHAPES};
    use super::is_plain;

    /// The pattern with what stands for its parts, and without anchors: strings are drawn from what they stand around.
    fn drawable(pattern: &str) -> String {
        let mut pattern = pattern.replace("EDGE", "").replace("IS", IS).replace("SAYS", SAYS).replace("QUOTE", "[\"']");
        for anchor in [r"(?-u:\b)", r"(?-u:\B)", r"\A|", r"|\z"] {
            pattern = pattern.replace(anchor, "");
        }
        format!("(?i-s:{pattern})")
    }

    #[test]
    fn no_secret_is_plain() {
        let mut runner = TestRunner::deterministic();
        let patterns = SHAPES.iter().chain([&EMAIL]).map(|shape| shape.pattern).chain(NAMED.iter().map(|named| named.pattern));
        for pattern in patterns {
            let strategy = string_regex(&drawable(pattern)).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            for _ in 0..300 {
                let secret = strategy.new_tree(&mut runner).unwrap().current();
                assert!(!is_plain(&secret), "{secret} of {pattern}");
            }
        }
        for address in ["10.0.0.1", "a/192.168.1.20.log", "ip-10-0-0-1"] {
            assert!(!is_plain(address), "{address}");
        }
    }

    #[test]
    fn names_are_plain() {
        for name in ["/var/log/litellm/proxy.log.1.gz", "anthropic/claude-sonnet-4-5-20250929", "req_011C4LHegTP5carjhuWw55qe", "1.85.0", ""] {
            assert!(is_plain(name), "{name}");
        }
        for name in ["a:b", "a b", "é", "a=b"] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
