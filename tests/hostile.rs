//! Text that would do something where it is shown: planted in logs, names of files, members of archives, labels, models and teams, and
//! read back from every format with a parser of that format. Each text has the word `HOSTILE`, by which it is found again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::{Value, json};

const FORMATS: [&str; 9] = ["json", "ndjson", "csv", "html", "text", "markdown", "sarif", "junit", "github"];

/// What would do something: where, and the text.
const TEXTS: [(&str, &str); 50] = [
    ("a terminal: colour", "\u{1b}[31mHOSTILE\u{1b}[0m"),
    ("a terminal: moves", "\u{1b}[2J\u{1b}[HHOSTILE"),
    ("a terminal: title", "\u{1b}]0;HOSTILE\u{7}"),
    ("a terminal: link", "\u{1b}]8;;http://evil.example/\u{1b}\\HOSTILE\u{1b}]8;;\u{1b}\\"),
    ("a terminal: clipboard", "\u{1b}]52;c;SE9TVElMRQ==\u{7}HOSTILE"),
    ("a terminal: C1", "\u{9b}31mHOSTILE\u{9d}0;x\u{9c}"),
    ("a terminal: backspaces", "HOSTILE\u{8}\u{8}\u{8}\u{7f}ok"),
    ("a terminal: overwritten line", "HOSTILE\rNo request met"),
    ("a reader: right to left", "\u{202e}HOSTILE\u{202c}"),
    ("a reader: isolate", "\u{2066}HOSTILE\u{2069}\u{200f}\u{61c}"),
    ("a reader: invisible", "HOS\u{200b}TILE HOSTILE\u{feff}\u{2060}\u{180e}"),
    ("a reader: tags", "HOSTILE\u{e0041}\u{e0042}"),
    ("a reader: line separator", "HOSTILE\u{2028}next\u{2029}"),
    ("a parser: NUL", "HOSTILE\u{0}x"),
    ("XML: illegal", "HOSTILE\u{1}\u{b}\u{c}\u{fffe}\u{ffff}"),
    ("XML: end of CDATA", "HOSTILE]]><x/>"),
    ("XML: entity", "&HOSTILE;&lt;&#0;"),
    ("XML: attribute", "HOSTILE\" message=\"x' y='z"),
    ("HTML: script", "<script>alert('HOSTILE')</script>"),
    ("HTML: end of script", "</script></style><script>HOSTILE</script>"),
    ("HTML: image", "<img src=x onerror=alert(1) alt=HOSTILE>"),
    ("HTML: attribute", "\" onmouseover=\"HOSTILE"),
    ("HTML: apostrophe", "' onfocus='HOSTILE' autofocus='"),
    ("HTML: comment", "<!-- HOSTILE --!><svg/onload=x>"),
    ("HTML: template", "{{HOSTILE}}{% raw %}${x}"),
    ("Markdown: link", "[HOSTILE](javascript:alert(1))"),
    ("Markdown: image", "![HOSTILE](http://evil.example/x.png)"),
    ("Markdown: table", "HOSTILE | x | y"),
    ("Markdown: code", "``HOSTILE`` ` ``` x"),
    ("Markdown: fence", "````HOSTILE"),
    ("Markdown: mention", "@octocat HOSTILE #1 GH-1"),
    ("Markdown: heading", "# HOSTILE"),
    ("Markdown: HTML", "</code></details><h1>HOSTILE</h1>"),
    ("Markdown: backslash", "HOSTILE\\` \\| \\"),
    ("GitHub: command", "::error::HOSTILE"),
    ("GitHub: escaped newline", "HOSTILE%0A::error::x%0D%0A::add-mask::a"),
    ("GitHub: stop", "::stop-commands::HOSTILE"),
    ("GitHub: old command", "##[error]HOSTILE ##[add-path]/tmp"),
    ("Azure: command", "##vso[build.addbuildtag]HOSTILE"),
    ("TeamCity: command", "##teamcity[buildStatus text='HOSTILE']"),
    ("a reader: fillers", "HOS\u{ad}T\u{34f}I\u{115f}L\u{3164}E\u{ffa0}\u{180b}\u{17b4}HOSTILE\u{1d173}\u{e0100}"),
    ("GitHub: property", "HOSTILE,line=1,title=x::y"),
    ("CSV: formula", "=cmd|' /C calc'!HOSTILE"),
    ("CSV: plus", "+HOSTILE()"),
    ("CSV: minus", "-2+3+HOSTILE"),
    ("CSV: at", "@SUM(HOSTILE)"),
    ("CSV: full width", "＝1+HOSTILE"),
    ("CSV: behind a space", " =1+HOSTILE"),
    ("CSV: behind a wide space", "\u{a0}=1+HOSTILE"),
    ("CSV: quote", "HOSTILE\",\"=1+1"),
];

const LABEL: &str = "--label=\u{1b}]0;HOSTILE\u{7}<b>::error::x|`";

/// In no name that a log prints, and in no path.
fn as_name(text: &str) -> String {
    text.replace(['\n', '\r', '\'', '/', '\0'], "_")
}

fn record(number: usize, words: &str, group: &str, target: &str) -> String {
    let (minute, second) = (number / 60, number % 60);
    format!(
        "07:{minute:02}:{second:02} - LiteLLM Router:ERROR: router.py:5867 - Fallback also failed: litellm.MidStreamFallbackError: \
         litellm.InternalServerError: AnthropicException - {words}. Received Model Group={group}\nAvailable Model Group Fallbacks=['{target}']\n\
         Error doing the fallback: litellm.BadRequestError: AnthropicException - {{\"type\":\"error\",\"error\":{{\"type\":\"invalid_request_error\",\
         \"message\":\"This model does not support assistant message prefill.\"}},\"request_id\":\"req_0hostile{number:04}\"}}\n"
    )
}

fn log() -> Vec<u8> {
    let of = |(number, (_, text)): (usize, &(&str, &str))| {
        let name = as_name(text);
        record(number, text, &name, &name) + &record(number + TEXTS.len(), &format!("{}{text}", "long ".repeat(9)), "a", "b")
    };
    let mut log = TEXTS.iter().enumerate().map(of).collect::<String>().into_bytes();
    log.extend(b"07:59:00 - LiteLLM:ERROR: x.py:1 - HOSTILE \xff\xfe\xc3( \xed\xa0\x80\n");
    log
}

/// Rows of a trace: who asked, and for what.
fn rows() -> Vec<u8> {
    let known = common::lines(&common::trace("1.85.0_F_generic_api"));
    let is_refused = |row: &&Value| row["error_str"].as_str().is_some_and(|error| error.contains("does not support assistant message prefill"));
    let row = known.iter().find(is_refused).unwrap();
    let of = |(number, (_, text)): (usize, &(&str, &str))| {
        let mut row = row.clone();
        for field in ["user_api_key_alias", "user_api_key_team_alias", "user_api_key_user_id", "user_agent", "litellm_api_version"] {
            row["metadata"][field] = json!(text);
        }
        for field in ["end_user", "model_group", "model", "trace_id"] {
            row[field] = json!(text);
        }
        for field in ["id", "litellm_call_id"] {
            row[field] = json!(format!("{text}{number}"));
        }
        row["error_str"] = json!(row["error_str"].as_str().unwrap().replace("req_", &format!("req_{number}")));
        row
    };
    common::ndjson(&TEXTS.iter().enumerate().map(of).collect::<Vec<_>>())
}

/// Inputs whose content and names are hostile.
fn inputs(dir: &Path) -> Vec<PathBuf> {
    let put = |name: &str, bytes: &[u8]| {
        fs::write(dir.join(name), bytes).unwrap();
        dir.join(name)
    };
    let member = |number: usize| record(1000 + number, "Overloaded", "member", "b").into_bytes();
    let logs: Vec<(String, Vec<u8>)> = TEXTS.iter().enumerate().map(|(number, (_, text))| (text.replace('\0', "_"), member(number))).collect();
    let members: Vec<(&str, &[u8])> = logs.iter().map(|(name, log)| (name.as_str(), log.as_slice())).collect();
    let mut paths = vec![put("proxy.log", &log()), put("trace.jsonl", &rows()), put("x.tar", &common::tar(&members))];
    for (number, (_, text)) in TEXTS.iter().enumerate() {
        // A name of a file may hold anything but these two; a newline, too.
        let name = format!("{}\n::error::HOSTILE.log", text.replace(['/', '\0'], "_"));
        paths.push(put(&name, record(2000 + number, "Overloaded", "file", "b").as_bytes()));
        paths.push(dir.join(format!("missing {}", as_name(text))));
    }
    paths
}

/// What a run prints and writes, by format.
fn printed(dir: &Path) -> Vec<(&'static str, String)> {
    let out = tempfile::tempdir().unwrap();
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("streamfall");
    command.args(FORMATS.map(|format| format!("--output={format}={}", out.path().join(format).display())));
    command.args(["--incidents", "--top=100000", "--group-by=team", LABEL]).args(inputs(dir));
    let output = command.output().unwrap();
    let facts = assert_cmd::cargo::cargo_bin_cmd!("streamfall").args(["--format=facts", LABEL]).args(inputs(dir)).output().unwrap();
    let mut all = vec![("incidents", String::from_utf8(output.stdout).unwrap()), ("stderr", String::from_utf8(output.stderr).unwrap())];
    all.extend(FORMATS.map(|format| (format, fs::read_to_string(out.path().join(format)).unwrap())));
    all.push(("facts", String::from_utf8(facts.stdout).unwrap()));
    all
}

#[test]
fn no_text_does_anything() {
    let dir = tempfile::tempdir().unwrap();
    for (format, text) in printed(dir.path()) {
        assert!(text.contains("HOSTILE"), "{format} shows nothing");
        assert_eq!(raw(&text, format), None, "{format}");
        match format {
            "json" | "sarif" => drop(serde_json::from_str::<Value>(&text).unwrap()),
            "ndjson" | "facts" => assert!(common::lines(text.as_bytes()).len() > TEXTS.len()),
            "csv" => is_table(&text),
            "html" => is_page(&text),
            "markdown" => is_in_code(&text),
            "junit" => is_junit(&text),
            "github" => has_own_commands(&text),
            _ => begins_no_command(&text),
        }
    }
}

/// A character that stands in a text raw and does something there.
fn raw(text: &str, format: &str) -> Option<String> {
    let is_raw = |c: char| {
        let is_own = c == '\n' || (c == '\r' && format == "csv");
        !is_own
            && (c.is_control()
                || matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}' | '\u{ffa0}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0100}'..='\u{e01ef}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'))
    };
    // An inlined script's and style's own.
    text.find(is_raw).map(|at| text[at..].chars().take(40).collect::<String>().escape_debug().to_string())
}

fn is_table(text: &str) {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    for row in table.records() {
        for cell in &row.unwrap() {
            assert!(!cell.starts_with(['\t', '\r']) && !cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{cell:?}");
        }
    }
}

/// Tags and attributes are the page's own.
fn is_page(text: &str) {
    const TAGS: &str = "a article aside blockquote body button caption code dd details div dl dt em figcaption figure footer g h1 h2 h3 h4 head header html \
        input label li line link main mark meta nav ol optgroup option p path pre rect script section select small span strong style sub summary sup svg \
        table tbody td text tfoot th thead title tr ul time kbd b i br hr abbr doctype tspan defs desc circle use";
    let own: BTreeSet<&str> = TAGS.split_whitespace().collect();
    let inlined = Regex::new(r"(?s)<(script|style)>.*?</(?:script|style)>").unwrap();
    assert_eq!(inlined.find_iter(text).count(), 2);
    let page = inlined.replace_all(text, "");
    let tag = Regex::new(r#"<[/!]?([A-Za-z0-9]+)((?:\s+[A-Za-z:-]+(?:=(?:"[^"]*"|'[^']*'|[^\s"'>]+))?)*)\s*/?>"#).unwrap();
    assert_eq!(tag.find_iter(&page).count(), page.matches('<').count(), "each < begins a tag that is whole");
    let attributes = Regex::new(r#"\s([A-Za-z:-]+)(?:=(?:"([^"]*)"|'([^']*)'|(\S+)))?"#).unwrap();
    for found in tag.captures_iter(&page) {
        assert!(own.contains(found[1].to_lowercase().as_str()), "{}", &found[0]);
        for attribute in attributes.captures_iter(&found[2]) {
            let value = (2..5).find_map(|group| attribute.get(group)).map_or("", |value| value.as_str());
            assert!(!attribute[1].starts_with("on") && (!matches!(&attribute[1], "href" | "src") || !value.contains("HOSTILE")), "{}", &found[0]);
        }
    }
}

/// Outside of code, no word is a log's.
fn is_in_code(text: &str) {
    let (mut outside, mut fence) = (String::new(), None::<String>);
    for line in text.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
        }
    }
    assert_eq!(fence, None, "each fence is closed");
    for code in [r"<code>[^<]*</code>", r"`[^`\n]+`"] {
        outside = Regex::new(code).unwrap().replace_all(&outside, "CODE").into_owned();
    }
    for word in ["HOSTILE", "octocat", "evil.example", "<img", "<script", "javascript:"] {
        assert!(!outside.contains(word), "{word}: {:?}", outside.lines().find(|line| line.contains(word)));
    }
}

fn is_junit(text: &str) {
    let document = quick_junit::Report::deserialize_from_str(text).unwrap();
    assert!(document.test_suites[0].test_cases.len() > TEXTS.len());
    // XML 1.0 has no such character, not even as a reference.
    assert!(!text.contains(['\u{fffe}', '\u{ffff}']) && !text.contains("&#0;") && !text.contains("<x/>"));
}

/// What a runner takes for a command is the format's own.
fn has_own_commands(text: &str) {
    for line in text.lines() {
        let command = line.trim_start().strip_prefix("::").map(|rest| rest.split([' ', ':']).next().unwrap());
        assert!(command.is_none_or(|name| ["error", "warning", "notice", "group", "endgroup"].contains(&name)), "{line}");
        // The old form counts anywhere in a line that is no command of the new one.
        assert!(command.is_some() || !has_old_command(line), "{line}");
    }
}

/// In a CI's log, no line begins what a runner would obey.
fn begins_no_command(text: &str) {
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::") && !has_old_command(line), "{line}");
    }
}

fn has_old_command(line: &str) -> bool {
    ["##[", "##vso[", "##teamcity["].iter().any(|command| line.contains(command))
}

/// What is typed is quoted where it cannot be understood.
#[test]
fn nor_does_what_is_typed() {
    for typed in ["--since=\n::error::HOSTILE", "--\n::error::HOSTILE", "--format=\n##vso[HOSTILE]"] {
        let output = assert_cmd::cargo::cargo_bin_cmd!("streamfall").args([typed, "x.log"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains("HOSTILE"), "{said}");
        begins_no_command(&said);
    }
}
