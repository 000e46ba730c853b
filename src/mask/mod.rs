//! Keeps secrets, personal data and prompts out of what is printed.
//!
//! Logs hold what nobody may paste into a ticket. Before a format, or a facts file, sees text of an input, two things are done to it:
//!
//! - **Contents** (`content`): what a client asked and a model answered never leaves, whatever is asked for. Errors echo it
//!   (`input_value=…`, `messages=[…]`, a chunk that could not be parsed); the value behind such a key is withheld.
//! - **Secrets** (`search`, by the tables in `shapes` and `named`) are replaced by their kind and a hash of their value:
//!   `[key:43c15242]`. `--show-secrets` shows them.
//!
//! The mask is a function of kind and value alone, so two runs and two workers agree, and a value still correlates with itself. It is
//! no encryption: whoever can guess a value (an address of a small network, a colleague's e-mail, a short password) can hash it and
//! compare. Masking what is masked changes nothing, so a report made of facts is the report made of the logs.
//!
//! Only text that is printed is looked at, never what is scanned.

mod address;
mod content;
mod named;
mod plain;
mod search;
mod shapes;
mod value;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use regex::Regex;

pub(crate) use content::{WITHHELD, withheld};

/// Makes ready what most texts are masked with, if it is not yet: that takes as long as to read many MB, so a worker does it while others
/// read.
pub(crate) fn make_ready() {
    static IS_READY: AtomicBool = AtomicBool::new(false);
    if !IS_READY.swap(true, Ordering::Relaxed) {
        // What is no name alone is held against all.
        let _ = Secrets::Masked.in_text(":");
    }
}

/// How often text is gone through until nothing changes.
const MOST_ROUNDS: usize = 8;

/// Whether secrets may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// A mask stands for each.
    #[default]
    Masked,
    /// As the input has them: asked for with `--show-secrets`.
    Shown,
}

impl Secrets {
    /// Text of an input, as far as it may be seen.
    #[must_use]
    pub fn in_text(self, text: &str) -> Cow<'_, str> {
        if self == Secrets::Shown {
            return withheld(text);
        }
        let mut seen = Cow::Borrowed(text);
        // A mask may end a word before it, and so make a key of what follows.
        for _ in 0..MOST_ROUNDS {
            let next = match withheld(&seen) {
                Cow::Borrowed(kept) => match search::masked(kept) {
                    Cow::Borrowed(_) => break,
                    Cow::Owned(masked) => masked,
                },
                Cow::Owned(kept) => search::masked(&kept).into_owned(),
            };
            if next == seen {
                break;
            }
            seen = Cow::Owned(next);
        }
        seen
    }

    /// A name that an input gives: of a group, a caller, a request. It holds no contents.
    pub(crate) fn in_name(self, name: &str) -> Cow<'_, str> {
        match self {
            Secrets::Masked => search::masked(name),
            Secrets::Shown => Cow::Borrowed(name),
        }
    }

    /// The name of a source. Folder by folder, and without the ending of a file: an address ends before `.log.1`, so that rotated files
    /// still are some.
    pub(crate) fn in_path(self, path: &str) -> Cow<'_, str> {
        if self == Secrets::Shown || matches!(search::masked(path), Cow::Borrowed(_)) {
            return Cow::Borrowed(path);
        }
        let folders = folders(path);
        let last = folders.len().saturating_sub(1);
        let masked = folders.into_iter().enumerate().map(|(at, folder)| {
            // What a `!` ends is an archive, whose members stand behind it.
            if at == last || folder.ends_with('!') { masked_file(folder) } else { search::masked(folder).into_owned() }
        });
        Cow::Owned(masked.collect::<Vec<_>>().join("/"))
    }
}

/// The parts of a path. The server of a URL, and who asks it, stay with the `://` by which they are known.
fn folders(path: &str) -> Vec<&str> {
    let (mut folders, mut from) = (Vec::new(), 0);
    for (slash, _) in path.match_indices('/') {
        let is_of_url = path[from..slash].ends_with(":/") || path[from..slash].ends_with(':') && path[slash..].starts_with("//");
        if !is_of_url {
            folders.push(&path[from..slash]);
            from = slash + 1;
        }
    }
    folders.push(&path[from..]);
    folders
}

/// Endings of logs and archives, what a rotation adds to them, and the `!` before a member.
static ENDING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let kinds = "log|txt|out|err|json|jsonl|ndjson|csv|yaml|yml|tar|tgz|zip|7z|gz|zst|xz|bz2|lz4";
    Regex::new(&format!(r"(?i-u)(?:\.(?:{kinds})(?:[.-][0-9][0-9T:_-]{{0,24}})?)+!?\z")).ok()
});

fn masked_file(name: &str) -> String {
    let end = ENDING.as_ref().and_then(|ending| ending.find(name)).map_or(name.len(), |ending| ending.start());
    let (stem, ending) = name.split_at(end);
    // An address may end like a file.
    search::masked(&format!("{}{ending}", search::masked(stem))).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn endings_of_files_stay() {
        let cases = [
            ("logs/proxy.log.1", "logs/proxy.log.1"),
            ("logs/jane@example.com.log.1.gz", "logs/[email:bb84a2eb].log.1.gz"),
            ("10.1.2.3/proxy-10.1.2.3.log", "[ip:2d6afb4f]/proxy-[ip:2d6afb4f].log"),
            ("a.tar!/sk-ant-abcdefgh12/x.log", "a.tar!/[key:d8a31c5c]/x.log"),
            ("jane.doe@mail.outlook.com.log", "[email:00000000].log"),
            ("bob@corp.target.com/proxy.log", "[email:00000000]/proxy.log"),
            ("jane.outlaw@example.com.log-20261122.gz", "[email:00000000].log-20261122.gz"),
            ("jane@x.json.io", "[email:00000000]"),
            ("jane@example.zip", "[email:00000000]"),
            ("jane@example.com.tar.gz!/x/mary.logan@example.com.txt", "[email:00000000].tar.gz!/x/[email:00000000].txt"),
            ("https://jane:hunter2Planted@db/proxy.log", "https://[password:00000000]@db/proxy.log"),
            ("a//b/10.1.2.3.log", "a//b/[ip:00000000].log"),
        ];
        for (path, expected) in cases {
            let masked = Secrets::Masked.in_path(path);
            assert_eq!(shape(&masked), shape(expected), "{masked}");
            assert_eq!(Secrets::Masked.in_path(&masked), masked);
        }
    }

    /// A text without the hashes of its masks.
    fn shape(text: &str) -> String {
        regex::Regex::new(r":[0-9a-f]{8}\]").unwrap().replace_all(text, ":]").into_owned()
    }

    proptest! {
        /// Text of pieces that masks are made of, in any order.
        #[test]
        fn what_is_masked_stays_as_it_is(pieces in proptest::collection::vec(0..PIECES.len(), 0..14)) {
            let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
            let once = Secrets::Masked.in_text(&text).into_owned();
            prop_assert_eq!(Secrets::Masked.in_text(&once), once.as_str());
            let path = Secrets::Masked.in_path(&text).into_owned();
            prop_assert_eq!(Secrets::Masked.in_path(&path), path.as_str());
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_masked(text in "(?s).{0,80}(api_key|messages|sk-|@|://|chunk:)[=: \"'\\\\]{0,3}.{0,80}") {
            let once = Secrets::Masked.in_text(&text).into_owned();
            prop_assert_eq!(Secrets::Masked.in_text(&once), once.as_str());
        }
    }

    const PIECES: [&str; 63] = [
        "sk-",
        "abcd1234efgh",
        "AKIA",
        "IOSFODNN7EXAMPLE",
        "Bearer ",
        "Basic ",
        "authorization",
        "api_key",
        "password",
        "token",
        "=",
        ": ",
        "\"",
        "'",
        "\\",
        "\\\"",
        "\\n",
        " ",
        "@",
        "example.com",
        ".",
        "10.1.2.3",
        "fe80::1",
        ":",
        "://",
        "/",
        "[",
        "]",
        "{",
        "}",
        "[key:0123abcd]",
        "[password:",
        "[withheld]",
        "messages",
        "input_value",
        "content",
        "eyJabcdefgh",
        "-----BEGIN PRIVATE KEY-----",
        "é",
        "\u{a0}",
        ",",
        "%22",
        "\\u0022",
        "&quot;",
        "&",
        "key",
        "sk-1234",
        "ip-10-1-2-3",
        ">",
        "</",
        "(",
        "response",
        "Overloaded",
        "2001%3Adb8%3A%3A41",
        ":443",
        "MyScheme ",
        "data",
        "$",
        "--token ",
        "chunk:",
        "None",
        "o'",
        "postgres://",
    ];
}
