"""The readers of the formats that are written in Python, and the hostile logs that they are given."""

import csv
import json
import re
import sys
import xml.dom.minidom
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

# What a model group, a fallback or a provider's words may be called by whoever can write into a log.
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></summary><h1>evil",
    "[click](https://evil.example)",
    "![](https://evil.example/a.png)",
    "<https://evil.example>",
    "https://evil.example www.evil.example evil@evil.example",
    "@octocat and #123 and GH-123 and evil/evil#1",
    "a|b|c",
    "a\\|b",
    "\\`a` ``b`` |",
    "``` ~~~",
    "`````",
    "**bold** _it_ ~~no~~ $x^2$ :bug:",
    "]]></failure><testcase name='x'/>",
    "&lt;b&gt; &#64;octocat &amp;",
    "%0A::error::x",
    "::set-env name=A::b",
    "##[error]x",
    "=HYPERLINK(\"https://evil.example\")",
    "a,\"b\";c\ttab",
    "{0} {{1}} {",
    "\x1b[31mred\x1b]0;title\x07",
    "\u202eright to left \u2066 \u200b",
    "nul \x00 \ufffe \uffff \x85 \x7f",
    "- list\r# heading",
    "x" * 5000,
]
RECORD = (
    "07:35:{second:02} - LiteLLM Router:ERROR: router.py:5867 - Fallback also failed: litellm.MidStreamFallbackError: "
    "litellm.AuthenticationError: AnthropicException - {name}. Received Model Group={name}\n"
    "Available Model Group Fallbacks=[{fallback!r}]\n"
    'Error doing the fallback: litellm.BadRequestError: BedrockException - {{"message":"This model does not support assistant message '
    'prefill."}}\n'
)
FILES = ["plain.log", "a|b `c` <b>.log", "[x](y) @octocat #1.log", "::error::,%.log", "new\nline.log", "größe ?#%41.log"]

TAGS = {"h2", "h3", "p", "strong", "b", "em", "a", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "code"}
ATTRIBUTES = {"a": {"href"}, "code": {"class"}, "th": {"style", "align"}, "td": {"style", "align"}}
LINK = re.compile(r"https://github\.com/BerriAI/litellm/issues/\d+")
# Nothing of these may stand anywhere but in code.
MARKS = re.compile(r"evil|octocat|[@#<>|`]|alert|HYPERLINK")
# The tool has no page of its own yet.
LET_PASS = {"SARIF2005"}


def write_hostile(folder):
    folder.mkdir()
    for number, file in enumerate(FILES):
        names = [name for index, name in enumerate(HOSTILE) if index % len(FILES) == number or number == 0]
        records = [RECORD.format(second=second, name=name, fallback=HOSTILE[-second - 1]) for second, name in enumerate(names)]
        (folder / file).write_text("".join(records), encoding="utf-8", newline="")


class Rendered(HTMLParser):
    """HTML of which every tag, attribute, link and word outside of code is held against what the format may print."""

    def __init__(self, html):
        super().__init__()
        self.open = []
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        assert tag in TAGS, f"<{tag}>"
        for name, value in attributes:
            assert name in ATTRIBUTES.get(tag, ()), (tag, name)
            assert name != "href" or LINK.fullmatch(value), value
            assert name != "class" or value == "language-text", value
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        raise AssertionError(f"<{tag}/>")

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}>"

    def handle_comment(self, comment):
        raise AssertionError(comment)

    def handle_data(self, text):
        if "code" not in self.open and "a" not in self.open:
            assert not MARKS.search(text), text


def check_markdown(case):
    from markdown_it import MarkdownIt

    text = (case / "report.markdown").read_text(encoding="utf-8")
    assert len(text.encode()) < 1 << 20
    Rendered(MarkdownIt("gfm-like", {"html": True, "linkify": True}).render(text))
    Rendered((case / "marked.html").read_text(encoding="utf-8"))


def check_sarif(case, report):
    found = json.loads((case / "validated.json").read_text(encoding="utf-8-sig"))["runs"][0].get("results", [])
    found = [result for result in found if result["ruleId"] not in LET_PASS]
    assert not found, json.dumps(found, indent=1)[:4000]
    run = json.loads((case / "report.sarif").read_text(encoding="utf-8"))["runs"][0]
    requests = Counter()
    for result in run["results"]:
        requests[result["ruleId"]] += result["properties"]["requests"]
    assert +Counter(report["summary"]["by_verdict"]) == requests
    assert run["invocations"][0]["executionSuccessful"] == report["complete"]


def check_junit(case, report):
    from junitparser import Error, Failure, JUnitXml

    document = JUnitXml.fromfile(str(case / "report.junit"))
    suites = list(document)
    assert [suite.name for suite in suites] == ["streamfall"]
    (suite,) = suites
    totals = {each.name: each.value for each in suite.properties()}
    assert int(totals["requests"]) == report["summary"]["requests"]
    results = [result for test in suite for result in test.result]
    assert suite.failures == sum(isinstance(result, Failure) for result in results)
    assert suite.errors == sum(isinstance(result, Error) for result in results)
    assert suite.tests == len(list(suite)) >= len(report["inputs"])
    assert (suite.errors == 0) == report["complete"]
    xml.dom.minidom.parse(str(case / "report.junit"))


def check_csv(case, report):
    import duckdb

    with open(case / "report.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert [row["id"] for row in rows] == [incident["id"] for incident in report["incidents"]]
    assert not any(cell[:1] in "=+@\t\r" and cell[:1] for row in rows for cell in row.values())
    query = "select verdict, count(*) from read_csv(?, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"') group by all"
    counted = dict(duckdb.execute(query, [str(case / "report.csv")]).fetchall())
    assert +Counter(report["summary"]["by_verdict"]) == Counter(counted), counted


def check_github(case, report):
    """The commands as the runner reads them: one a line, and none in a line that is none."""
    lines = (case / "report.github").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    commands = Counter()
    for line in lines:
        command = re.fullmatch(r"::(group|endgroup|error|warning|notice)(?: ((?:\w+=[^,:]*)(?:,\w+=[^,:]*)*))?::(.*)", line)
        assert command or not re.search(r"^\s*::|##\[", line), line
        commands[command[1] if command else "text"] += 1
    assert commands["notice"] >= 1 and max(commands[level] for level in ("error", "warning", "notice")) <= 10, commands
    assert (commands["group"] == 1) == (report["summary"]["requests"] > 0)


def check(case):
    report = json.loads((case / "report.json").read_text(encoding="utf-8"))
    check_markdown(case)
    check_sarif(case, report)
    check_junit(case, report)
    check_csv(case, report)
    check_github(case, report)
    sorts = len({incident["fingerprint"] for incident in report["incidents"]})
    print(f"{case.name}: {report['summary']['requests']} requests of {sorts} sorts, all formats are read as they are meant")


if __name__ == "__main__":
    {"write-hostile": write_hostile, "check": check}[sys.argv[1]](Path(sys.argv[2]))
