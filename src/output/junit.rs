//! `--format junit`: a test case for each input, for whatever CI reads test results (JUnit XML).
//!
//! A case fails by what the policy forbids, so there is a failure exactly where the exit status is 1; an input that could not be read is an
//! error; one of which nothing can be concluded is skipped, never passed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::terminal::plain;
use super::witness;
use super::words::{counted, cut, outcomes_in};
use crate::input::{Problem, ProblemKind};
use crate::link::{Outcome, Verdict};
use crate::report::{Group, InputRead, Report, Standing};

/// The name of the run, of the suite, and of the cases' class.
const NAME: &str = "streamfall";
/// Characters of a name or sentence that anyone reads.
const LONGEST: usize = 1000;

/// Writes the document.
///
/// # Errors
///
/// What the writer gives.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut suite = TestSuite::new(NAME);
    suite.add_properties(counts(report));
    let groups = report.groups_by_input();
    suite.add_test_cases(report.inputs.iter().map(|input| case(report, input, groups.get(&input.index).map_or(&[], Vec::as_slice))));
    let (failures, notices) = elsewhere(report);
    suite.add_test_cases(failures.into_iter().map(|(name, problems)| unread(name, &problems)));
    if !notices.is_empty() {
        suite.set_system_out(notices.join("\n"));
    }
    let mut document = Document::new(NAME);
    document.add_test_suite(suite);
    document.serialize(out).map_err(io::Error::other)
}

/// The report's totals: test cases are inputs, and do not tell how many requests there were.
fn counts(report: &Report) -> Vec<(String, String)> {
    let verdicts = Verdict::ALL;
    let totals = [("requests", report.summary.requests), ("rejections", report.summary.rejections)];
    let totals = totals.into_iter().chain(verdicts.map(|verdict| (verdict.name(), report.with_verdict(verdict))));
    let outcomes = [("failed", Outcome::Failed), ("recovered", Outcome::Recovered)].map(|(name, outcome)| (name, report.with_outcome(outcome)));
    let numbers = totals.chain(outcomes).map(|(name, count)| (name.to_owned(), count.to_string()));
    numbers.chain([("complete".to_owned(), report.complete.to_string())]).collect()
}

/// The case of an input with all its sorts of incident.
fn case(report: &Report, input: &InputRead, groups: &[Group<'_>]) -> TestCase {
    let forbidden = |group: &&Group<'_>| report.standing(group) == Standing::Forbidden;
    let (fails, passes): (Vec<&Group<'_>>, Vec<&Group<'_>>) = groups.iter().partition(forbidden);
    let requests = |groups: &[&Group<'_>]| groups.iter().map(|group| group.requests).sum();
    let problem = input.problem.as_ref();
    let mut said: Vec<String> = problem.iter().map(|problem| line(&problem.to_string())).collect();
    let found = |groups: &[&Group<'_>]| groups.iter().map(|group| told(report, group)).collect::<Vec<_>>();
    let mut status = match problem {
        Some(problem) if problem.is_failure() => of_kind(NonSuccessKind::Error, "unread", &said[0]),
        _ if !fails.is_empty() => {
            let met = format!("{} met the prefill rejection", counted(requests(&fails), "request"));
            of_kind(NonSuccessKind::Failure, "prefill_rejected", &met)
        }
        Some(problem) if groups.is_empty() && says_nothing(problem) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(&said[0]);
            status
        }
        _ => TestCaseStatus::success(),
    };
    said.extend(found(&fails));
    if !matches!(status, TestCaseStatus::Success { .. }) {
        status.set_description(said.join("\n"));
        said.clear();
    }
    said.extend(found(&passes));
    let mut case = named(&input.name, status);
    if !said.is_empty() {
        case.set_system_out(said.join("\n"));
    }
    case
}

/// Whether nothing can be concluded from an input.
fn says_nothing(problem: &ProblemKind) -> bool {
    matches!(problem, ProblemKind::Empty | ProblemKind::NoRecords | ProblemKind::Twin(_) | ProblemKind::Earlier(_))
}

/// A sort of incident, in lines of text.
fn told(report: &Report, group: &Group<'_>) -> String {
    let standing = match report.standing(group) {
        Standing::Forbidden => "",
        Standing::Allowed => ", allowed by the policy",
        Standing::Known => ", known from the baseline",
    };
    let place = witness::clearest(&group.clearest.incident);
    let requests = counted(group.requests, "request");
    let first = format!("{} {}: {requests} ({}){standing}", group.verdict().name(), group.fingerprint(), outcomes_in(group));
    let place = format!("{}:{}, incident {}", report.source(place), place.line, group.clearest.id);
    format!("{}\n  {}\n  {}", line(&first), line(&group.sentence()), line(&place))
}

/// What is to be said of no input that was read: failures by what they concern, and notices.
fn elsewhere(report: &Report) -> (BTreeMap<&str, Vec<&Problem>>, Vec<String>) {
    let read: BTreeSet<&str> = report.inputs.iter().map(|input| input.name.as_str()).collect();
    let (mut failures, mut notices): (BTreeMap<&str, Vec<&Problem>>, Vec<String>) = (BTreeMap::new(), Vec::new());
    for problem in report.problems.iter().filter(|problem| !read.contains(problem.input.as_str())) {
        if problem.kind.is_failure() {
            failures.entry(&problem.input).or_default().push(problem);
        } else {
            notices.push(line(&problem.to_string()));
        }
    }
    (failures, notices)
}

/// The case of what could not be read at all.
fn unread(name: &str, problems: &[&Problem]) -> TestCase {
    let said: Vec<String> = problems.iter().map(|problem| line(&problem.kind.to_string())).collect();
    named(name, of_kind(NonSuccessKind::Error, "unread", &said.join("; ")))
}

fn of_kind(kind: NonSuccessKind, sort: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(sort).set_message(message);
    status
}

fn named(name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(line(name), status);
    case.set_classname(NAME);
    case
}

/// One line of text that XML 1.0 can hold. What it cannot hold is spelt out; left to the writer, it would go without a trace.
fn line(text: &str) -> String {
    let text = plain(text);
    let cut = cut(&text, LONGEST);
    if !cut.contains(is_no_xml) {
        return cut.into_owned();
    }
    cut.chars().map(|c| if is_no_xml(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Characters that are no control characters and yet none of XML's.
fn is_no_xml(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_text_of_xml() {
        let cases = [
            ("claude-opus-4-7", "claude-opus-4-7"),
            ("größe 🙂 <b>&", "größe 🙂 <b>&"),
            ("a\0b\x1b[31mc", "a\\u{0}b\\u{1b}[31mc"),
            ("a\nb", "a\\nb"),
            ("\u{fffe}\u{ffff}", "\\u{fffe}\\u{ffff}"),
        ];
        for (text, expected) in cases {
            assert_eq!(line(text), expected);
        }
    }
}
