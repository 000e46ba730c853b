//! LiteLLM's versions, and what a record's place in LiteLLM's source tells of them.
//!
//! Default-level logs do not name the version. The line number of the Router's error record does, near enough for the
//! rules that depend on it. Source: the logs of live runs of each version named here.

use std::fmt;
use std::str::FromStr;

/// A release of LiteLLM. What its name adds to the three numbers (`-stable`, `.post1`, `-nightly`) changes nothing that is told here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

/// The newest release whose source was read.
pub const LAST_READ: Version = Version(1, 109, 1);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl FromStr for Version {
    type Err = String;

    /// Reads a release as people have it at hand: `1.85.0`, `v1.83.14-stable`, `litellm==1.85.0`, an image with its tag.
    fn from_str(text: &str) -> Result<Version, String> {
        let wrong = || "give all three numbers of LiteLLM's version, as in 1.85.0".to_owned();
        let tag = text.trim().rsplit([':', '=']).next().unwrap_or_default();
        let tag = tag.strip_prefix("main-").unwrap_or(tag);
        let tag = tag.strip_prefix('v').unwrap_or(tag);
        let mut parts = tag.splitn(3, '.');
        let mut number = || parts.next().and_then(|part| part.parse().ok());
        let (Some(major), Some(minor)) = (number(), number()) else { return Err(wrong()) };
        let rest = parts.next().ok_or_else(wrong)?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Ok(Version(major, minor, rest[..digits].parse().map_err(|_| wrong())?))
    }
}

/// Releases from one on, up to another that is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first; 0.0.0 is any.
    pub from: Version,
    /// The first that is no more among them.
    pub until: Option<Version>,
}

impl Range {
    /// From one release on, before another.
    #[must_use]
    pub const fn new(from: Version, until: Version) -> Range {
        Range { from, until: Some(until) }
    }

    /// From one release on.
    #[must_use]
    pub const fn from(from: Version) -> Range {
        Range { from, until: None }
    }

    fn holds(&self, version: Version) -> bool {
        version >= self.from && self.until.is_none_or(|until| version < until)
    }

    /// Whether any of these ranges has a release; of none, all have it.
    #[must_use]
    pub fn any_holds(ranges: &[Range], version: Version) -> bool {
        ranges.is_empty() || ranges.iter().any(|range| range.holds(version))
    }

    /// The ranges in words; empty if there are none.
    #[must_use]
    pub fn in_words(ranges: &[Range]) -> String {
        ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = |until: Version| match until {
            Version(major, minor, 0) => format!("{major}.{}.x", minor.saturating_sub(1)),
            Version(major, minor, patch) => format!("{major}.{minor}.{}", patch - 1),
        };
        match (self.from, self.until.map(last)) {
            (Version(0, 0, 0), None) => f.write_str("all releases"),
            (Version(0, 0, 0), Some(last)) => write!(f, "≤{last}"),
            (from, None) => write!(f, "≥{from}"),
            (from, Some(last)) if from.to_string() == last => f.write_str(&last),
            (from, Some(last)) => write!(f, "{from}–{last}"),
        }
    }
}

/// Line numbers of `async_function_with_fallbacks() - Error occurred …`, by source file, with the version that printed them.
pub const OWN_RECORD_LINES: [(&str, u32, &str); 19] = [
    ("router.py", 3829, "1.74.15"),
    ("router.py", 3843, "1.77.7"),
    ("router.py", 4447, "1.80.11"),
    ("router.py", 5421, "1.82.6"),
    ("router.py", 5566, "1.83.14"),
    ("router.py", 5867, "1.85.0"),
    ("router.py", 5875, "1.85.7"),
    ("router.py", 6571, "1.88.6"),
    ("router.py", 6167, "1.91.5"),
    ("router.py", 6197, "1.92.2"),
    ("router.py", 6329, "1.94.3"),
    ("router.py", 6327, "1.96.2"),
    ("router.py", 6515, "1.98.1"),
    ("router.py", 7034, "1.100.5"),
    ("router.py", 7333, "1.101.6"),
    ("router.py", 7545, "1.102.4"),
    ("router.py", 7467, "1.104.9"),
    ("router.py", 8255, "1.108.11"),
    ("router_python_core.py", 9334, "1.109.1"),
];

/// A line number, in `router.py`, up to which only releases lie whose own records keep the whole exception chain (1.80.11).
/// 1.82.6 still keeps it and 1.83.14 ends it by `raise … from None`; of the releases between, only 1.82.6's own row counts.
const LAST_LINE_WITH_CHAIN: u32 = 4447;

/// Whether the release that wrote an own record from this place keeps the cause in the record's exception chain (≤1.82.6).
#[must_use]
pub fn keeps_exception_chain(file: &str, line: u32) -> bool {
    file == "router.py" && (line <= LAST_LINE_WITH_CHAIN || of_own_record(file, line) == Some("1.82.6"))
}

/// How many lines of the function that writes own records lie between that place and the frames of it that a traceback has: 17 in
/// 1.77.7, with room for other releases.
const LINES_OF_WRITER: u32 = 200;

/// Whether the frames of a traceback are of the release that wrote the record from this line of `router.py`: a damaged line
/// number would tell another release.
#[must_use]
pub fn is_of_frames(line: u32, traceback: &str) -> bool {
    const FRAME: &str = "router.py\", line ";
    let numbers = memchr::memmem::find_iter(traceback.as_bytes(), FRAME).map(|at| &traceback[at + FRAME.len()..]);
    let of_writer = numbers.filter_map(|rest| rest.split_once(", in ")).filter(|(_, rest)| rest.starts_with("async_function_with_fallbacks"));
    of_writer.filter_map(|(number, _)| number.parse().ok()).any(|frame: u32| frame.abs_diff(line) <= LINES_OF_WRITER)
}

/// The release that a known place of the own record belongs to.
#[must_use]
pub fn of_own_record(file: &str, line: u32) -> Option<&'static str> {
    OWN_RECORD_LINES.iter().find(|(f, l, _)| *f == file && *l == line).map(|(_, _, v)| *v)
}

/// Whether a release continues broken streams by a prefill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continues {
    /// On no route.
    Never,
    /// Only with `enable_mid_stream_fallback_continuation` (≥1.109.0).
    IfAsked,
    /// On some route, or it is not known.
    Perhaps,
}

/// What a release does that writes own records without a traceback from this place (all from 1.97.0 write them so): chat ended
/// continuations in 1.97.0, but 1.104.0–1.108.x still send one on `/v1/responses`. A place in `router.py` that is in no row may
/// be one of theirs.
#[must_use]
pub fn continues_streams(file: &str, line: u32) -> Continues {
    match of_own_record(file, line) {
        Some(version) if ["1.98.", "1.100.", "1.101.", "1.102."].iter().any(|minor| version.starts_with(minor)) => Continues::Never,
        _ if file == "router_python_core.py" => Continues::IfAsked,
        _ => Continues::Perhaps,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_people_have_them() {
        let read =
            ["1.85.0", "v1.85.0", " 1.85.0-stable", "litellm==1.85.0", "ghcr.io/berriai/litellm:main-v1.85.0-stable", "1.85.0.post1", "1.85.0rc1"];
        for text in read {
            assert_eq!(text.parse(), Ok(Version(1, 85, 0)), "{text}");
        }
        for text in ["", "1.85", "latest", "main-stable", "1.85.x", "-1.2.3", "1.2.99999999999"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!(Version(1, 109, 0) > Version(1, 97, 3) && Version(1, 83, 14) > Version(1, 83, 2));
    }

    #[test]
    fn a_line_number_that_its_frames_do_not_bear_out_tells_nothing() {
        let frames = "  File \"/app/litellm/router.py\", line 5850, in async_function_with_fallbacks_common_utils\n    raise original_exception\n";
        let cases = [(5867, frames, true), (3867, frames, false), (5867, "", false), (5867, "router.py\", line 5850, in make_call", false)];
        for (line, traceback, expected) in cases {
            assert_eq!(is_of_frames(line, traceback), expected, "{line} {traceback}");
        }
    }

    #[test]
    fn only_releases_up_to_1_82_keep_the_chain() {
        for (file, line, version) in OWN_RECORD_LINES {
            let minor: u32 = version.split('.').nth(1).and_then(|m| m.parse().ok()).unwrap_or_default();
            assert_eq!(keeps_exception_chain(file, line), minor <= 82, "{version}");
            assert_eq!(of_own_record(file, line), Some(version));
        }
    }
}
