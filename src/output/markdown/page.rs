//! The page that Markdown is set on, and the escapes that keep words from logs where they are put.
//!
//! Nothing from a log ever stands as running text: names are code spans and quotes are fenced, for in code GitHub makes no link, no
//! mention and no reference of anything. What a code span cannot hold is written in `<code>` with its punctuation as entities.

use std::fmt::Write as _;

use crate::output::terminal::plain;
use crate::output::words::cut;

/// Bytes after which no more is added; GitHub takes 1 MiB for the summary of a job.
const ENOUGH: usize = 512 << 10;
/// Bytes after which no more rows are: incidents have room whatever the tables hold.
const ENOUGH_ROWS: usize = ENOUGH / 2;
/// Characters of a name, and of a quoted line.
const LONGEST_NAME: usize = 200;
const LONGEST_LINE: usize = 600;

#[derive(Default)]
pub(in crate::output) struct Page {
    pub(in crate::output) text: String,
    /// Whether something was left out because the page is full.
    pub(in crate::output) is_cut: bool,
}

impl Page {
    pub(in crate::output) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Lines with a blank one behind them.
    pub(in crate::output) fn paragraph(&mut self, text: &str) {
        self.line(text);
        self.line("");
    }

    /// Whether there is room for one incident more. If not, the page says so at its end.
    pub(in crate::output) fn has_room(&mut self) -> bool {
        self.is_below(ENOUGH)
    }

    fn is_below(&mut self, enough: usize) -> bool {
        let is_below = self.text.len() < enough;
        self.is_cut |= !is_below;
        is_below
    }

    /// A table; columns in `numbers` are set to the right.
    pub(in crate::output) fn table<const N: usize>(&mut self, header: [&str; N], numbers: &[usize], rows: impl IntoIterator<Item = [String; N]>) {
        self.line(&format!("| {} |", header.join(" | ")));
        let rule = (0..N).map(|column| if numbers.contains(&column) { "---:" } else { "---" }).collect::<Vec<_>>();
        self.line(&format!("| {} |", rule.join(" | ")));
        for row in rows {
            if !self.is_below(ENOUGH_ROWS) {
                break;
            }
            self.line(&format!("| {} |", row.join(" | ")));
        }
        self.line("");
    }

    /// Lines as they are, in a fence that none of them can close.
    pub(in crate::output) fn fenced<'l>(&mut self, lines: impl IntoIterator<Item = &'l str>) {
        let lines: Vec<String> = lines.into_iter().map(|line| cut(&plain(line), LONGEST_LINE).into_owned()).collect();
        let longest = lines.iter().map(|line| longest_run(line, '`')).max().unwrap_or_default();
        let fence = "`".repeat(3.max(longest + 1));
        self.line(&format!("{fence}text"));
        for line in &lines {
            self.line(line);
        }
        self.paragraph(&fence);
    }
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or_default()
}

/// A name from a log, in running text or in a table.
pub(in crate::output) fn code(name: &str) -> String {
    let shown = plain(name);
    let shown = cut(&shown, LONGEST_NAME);
    let is_span = !shown.is_empty() && !shown.contains(['`', '|']) && shown.trim() == shown;
    if is_span { format!("`{shown}`") } else { html_code(name) }
}

/// The same inside of HTML, where Markdown is not read.
pub(in crate::output) fn html_code(name: &str) -> String {
    let shown = plain(name);
    let mut html = "<code>".to_owned();
    for c in cut(&shown, LONGEST_NAME).chars() {
        match c {
            ' ' | '-' => html.push(c),
            c if c.is_ascii_alphanumeric() || !c.is_ascii() => html.push(c),
            // `String` takes whatever is written.
            c => _ = write!(html, "&#{};", u32::from(c)),
        }
    }
    html + "</code>"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        let cases = [
            ("claude-opus-4-7", "`claude-opus-4-7`"),
            ("<script>alert(1)</script>", "`<script>alert(1)</script>`"),
            ("@octocat #123 https://evil", "`@octocat #123 https://evil`"),
            ("a|b", "<code>a&#124;b</code>"),
            ("a`b\\|", "<code>a&#96;b&#92;&#124;</code>"),
            (" x", "<code> x</code>"),
            ("", "<code></code>"),
            ("a\n\n# b\u{202e}", "`a\\n\\n# b\\u{202e}`"),
        ];
        for (name, expected) in cases {
            assert_eq!(code(name), expected);
        }
        assert_eq!(html_code("www.a@b</summary>"), "<code>www&#46;a&#64;b&#60;&#47;summary&#62;</code>");
    }

    #[test]
    fn no_line_closes_its_fence() {
        for (quoted, fence) in [("a", "```"), ("```", "````"), ("a `` b ````` c", "``````")] {
            let mut page = Page::default();
            page.fenced([quoted]);
            assert_eq!(page.text, format!("{fence}text\n{quoted}\n{fence}\n\n"));
        }
    }
}
