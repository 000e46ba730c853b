//! What a terminal can show, and what it must never be shown: text from logs and file names may hold anything.

use std::borrow::Cow;

use crate::escape::is_hostile;

/// The width where none is known, as in a pipe.
const DEFAULT_WIDTH: u16 = 80;
/// Lines longer than this are hard to read.
const MAX_WIDTH: u16 = 140;
const MIN_WIDTH: u16 = 40;

/// The width to print for, in columns.
#[must_use]
pub fn width() -> u16 {
    // A terminal that is not where the text goes says nothing of its width.
    let found = terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| width.0);
    found.unwrap_or(DEFAULT_WIDTH).clamp(MIN_WIDTH, MAX_WIDTH)
}

/// Whether the environment wants colour on a terminal (`NO_COLOR`, `TERM=dumb`).
#[must_use]
pub fn colour_wanted() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Whether the environment wants colour wherever the text goes (`CLICOLOR_FORCE`); `NO_COLOR` beats it.
#[must_use]
pub fn is_forced() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    is_set("CLICOLOR_FORCE") && !is_set("NO_COLOR")
}

/// How runners' commands begin, wherever in a line of a log, behind the two signs: GitHub's of the old form, Azure's, TeamCity's.
const COMMANDS: [&str; 3] = ["[", "vso[", "teamcity["];

/// The text with control characters and invisible or direction-changing ones spelt out, and without what the runner of a CI obeys.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    let text = without_commands(text);
    if !text.chars().any(is_hostile) {
        return text;
    }
    let spelt =
        text.chars().flat_map(|c| if is_hostile(c) { c.escape_default().collect::<String>() } else { c.to_string() }.chars().collect::<Vec<_>>());
    Cow::Owned(spelt.collect())
}

/// A space between the two signs makes a command a text.
fn without_commands(text: &str) -> Cow<'_, str> {
    let is_command =
        |behind: &str| COMMANDS.iter().any(|command| behind.get(..command.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(command)));
    let (mut safe, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices('#') {
        if text[..at].ends_with('#') && is_command(&text[at + 1..]) {
            safe.extend([&text[from..at], " "]);
            from = at;
        }
    }
    if from == 0 { Cow::Borrowed(text) } else { Cow::Owned(safe + &text[from..]) }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_reaches_a_terminal_raw() {
        let cases = [
            ("claude-sonnet-4-5", "claude-sonnet-4-5"),
            ("##[error]x", "# #[error]x"),
            ("###[a]##vso[b]##VSO[c]##teamcity[d]## e", "## #[a]# #vso[b]# #VSO[c]# #teamcity[d]## e"),
            ("soft\u{ad}hyphen", "soft\\u{ad}hyphen"),
            ("größe 🙂", "größe 🙂"),
            ("a\x1b[31mb", "a\\u{1b}[31mb"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{202e}evil", "\\u{202e}evil"),
            ("\x1b]8;;http://x\x07", "\\u{1b}]8;;http://x\\u{7}"),
        ];
        for (given, expected) in cases {
            assert_eq!(plain(given), expected);
        }
    }
}
