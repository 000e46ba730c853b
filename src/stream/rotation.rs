//! Which files are one log: a rotation, a split or an export gives its parts names that differ in a number or a date alone.
//!
//! The names only say which files may belong together and in which order to try them; times decide.

use std::sync::LazyLock;

use regex::Regex;

/// Endings of compressed files: a rotation compresses all but the newest.
const COMPRESSED: [&str; 7] = [".gz", ".zst", ".xz", ".bz2", ".lz4", ".bz", ".zstd"];

/// What the differing part of a name is, as patterns for a file's name. The first that fits counts.
const FORMS: [(&str, Form); 4] = [
    // logrotate's dateext, kubelet, Python's TimedRotatingFileHandler; also before the ending.
    (
        r"^(?<before>.+)[.\-_](?<part>[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[T_.\-]?[0-9]{2}[-:]?[0-9]{2}(?:[-:]?[0-9]{2})?|[T_.\-][0-9]{2})?)(?<after>(?:\.[A-Za-z]+)?)$",
        Form::Date,
    ),
    // logrotate, Docker, Python's RotatingFileHandler; log4j has it before the ending.
    (r"^(?<before>.+)\.(?<part>[0-9]{1,6})(?<after>(?:\.[A-Za-z]+)?)$", Form::Number),
    // split -d, exports: CloudWatch's `000000.gz`.
    (r"^(?<before>(?:.*[.\-_])?)(?<part>[0-9]{3,})(?<after>(?:\.[A-Za-z]+)?)$", Form::Piece),
    // split.
    (r"^(?<before>.+\.(?:log|txt|out|json|jsonl|ndjson)\.|x)(?<part>[a-z]{2,4})(?<after>)$", Form::Piece),
];

static PATTERNS: LazyLock<Vec<(Regex, Form)>> =
    LazyLock::new(|| FORMS.iter().filter_map(|(pattern, form)| Some((Regex::new(pattern).ok()?, *form))).collect());

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Date,
    Number,
    Piece,
}

/// Where a file stands among those of its log, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// By its date.
    Date(String),
    /// By a number that counts back.
    Number(std::cmp::Reverse<u64>),
    /// By a number or letters that count on.
    Piece(usize, String),
    /// The one that is written to.
    Live,
}

impl Rank {
    /// Whether no other naming looks so: instances of a service have numbers, too.
    pub(super) fn is_rotation(&self) -> bool {
        !matches!(self, Rank::Piece(..))
    }

    /// Whether nothing is missing between this one and the next, as far as names tell, in either direction.
    pub(super) fn adjoins(&self, next: &Rank) -> bool {
        match (self, next) {
            (Rank::Number(one), Rank::Number(other)) => one.0.abs_diff(other.0) == 1,
            (Rank::Number(one), Rank::Live) | (Rank::Live, Rank::Number(one)) => one.0 <= 1,
            (Rank::Piece(_, one), Rank::Piece(_, other)) => {
                let numbers = one.parse::<u64>().ok().zip(other.parse::<u64>().ok());
                numbers.is_none_or(|(one, other)| one.abs_diff(other) == 1)
            }
            _ => true,
        }
    }
}

/// The name that all files of a log share, with their folder, and the rank of this one.
pub(super) fn of(path: &str) -> (String, Rank) {
    let (folder, file) = path.rsplit_once('/').map_or(("", path), |(folder, file)| (folder, file));
    let mut name = file;
    while let Some(shorter) = COMPRESSED.iter().find_map(|ending| name.strip_suffix(ending)) {
        name = shorter;
    }
    let found = PATTERNS.iter().find_map(|(pattern, form)| Some((pattern.captures(name)?, *form)));
    let Some((parts, form)) = found else { return (format!("{folder}/{name}"), Rank::Live) };
    let text = |group: &str| parts.name(group).map_or("", |part| part.as_str());
    let (before, part, after) = (text("before"), text("part"), text("after"));
    match (form, part.parse::<u64>()) {
        (Form::Date, _) => (format!("{folder}/{before}{after}"), Rank::Date(part.replace(['-', ':', '_', 'T', '.'], ""))),
        // Nobody who counts back pads with zeros, or gets as far as ports; and before the ending, instances have their numbers.
        (Form::Number, Ok(number)) if after.is_empty() && (part.len() == 1 || !part.starts_with('0')) && number < 1000 => {
            (format!("{folder}/{before}"), Rank::Number(std::cmp::Reverse(number)))
        }
        _ => (format!("{folder}/{before}#{after}"), Rank::Piece(part.len(), part.to_owned())),
    }
}

/// Whether a file is by its name one of several parts, and not the first.
#[must_use]
pub fn is_part(path: &str) -> bool {
    of(path).1 != Rank::Live
}

/// Whether two files are by their names different parts of one log, and whether it was split: then parts may well be the same.
#[must_use]
pub fn are_neighbours(one: &str, other: &str) -> (bool, bool) {
    let (one, other) = (of(one), of(other));
    (one.0 == other.0 && one.1 != other.1, matches!(one.1, Rank::Piece(..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), FORMS.len());
    }

    #[test]
    fn files_of_one_log_share_a_name_and_have_an_order() {
        let sets: [(&str, &[&str]); 9] = [
            ("d/proxy.log", &["d/proxy.log.10.gz", "d/proxy.log.2", "d/proxy.log.1", "d/proxy.log"]),
            ("/proxy.log", &["proxy.log-20261120.gz", "proxy.log-20261121", "proxy.log"]),
            ("/0.log", &["0.log.20261122-074821.gz", "0.log.20261122-080000", "0.log"]),
            ("/proxy.log", &["proxy.log.2026-11-21", "proxy.log.2026-11-22_07", "proxy.log"]),
            ("/proxy.log", &["proxy-2026-11-21.log", "proxy.2026-11-22.log", "proxy.log"]),
            ("/app#.log", &["app.1.log", "app.2.log"]),
            ("export/#", &["export/000000.gz", "export/000001.gz"]),
            ("/proxy.log.#", &["proxy.log.aa", "proxy.log.ab"]),
            ("/part-#.log", &["part-0001.log", "part-0002.log"]),
        ];
        for (shared, files) in sets {
            let found: Vec<_> = files.iter().map(|file| of(file)).collect();
            assert!(found.iter().all(|(name, _)| name == shared), "{found:?}");
            assert!(found.is_sorted_by(|a, b| a.1 < b.1), "{found:?}");
        }
        for (one, other, expected) in
            [("p.log.2", "p.log.1", true), ("p.log.3", "p.log.1", false), ("p.log.1", "p.log", true), ("x.0001", "x.0003", false)]
        {
            assert_eq!(of(one).1.adjoins(&of(other).1), expected, "{one} {other}");
        }
        for (one, other) in [("a/proxy.log", "b/proxy.log.1"), ("litellm-1.log", "litellm-2.log"), ("proxy.log", "proxy.err")] {
            assert_ne!(of(one).0, of(other).0);
        }
    }
}
