//! `--format github`: workflow commands, which GitHub Actions shows as annotations of a run.
//!
//! One annotation for each sort of incident, at its clearest record: an error for what the policy forbids, a warning for what it allows,
//! a notice for what the baseline knows. GitHub keeps ten of a level and drops the rest without a word, so the tenth says how many more there are.

use std::borrow::Cow;
use std::io::{self, Write};

use super::terminal::plain;
use super::witness;
use super::words::{counted, cut, left_out, meaning, outcomes, outcomes_in, when};
use crate::link::Verdict;
use crate::report::{Group, Report, Standing};

/// How many annotations of one level GitHub shows for a step.
const MOST: usize = 10;
/// Characters of a message that anyone reads.
const LONGEST: usize = 1000;

/// One annotation of a sort of incident, or of the run.
struct Annotation {
    title: String,
    /// The file and line, where the input is a file.
    place: Option<(String, u64)>,
    message: String,
    requests: u64,
}

/// Writes the annotations.
///
/// # Errors
///
/// What the writer gives.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut levels = [("error", Vec::new()), ("warning", Vec::new()), ("notice", Vec::new())];
    levels[0].1.extend((!report.complete).then(|| incomplete(report)));
    levels[2].1.push(summary(report));
    for group in report.groups() {
        levels[level(report.standing(&group))].1.push(of_group(report, &group));
    }
    if report.summary.requests > 0 {
        counts(report, out)?;
    }
    levels.iter().try_for_each(|(level, annotations)| write_level(level, annotations, out))
}

/// The level, by its index.
fn level(standing: Standing) -> usize {
    match standing {
        Standing::Forbidden => 0,
        Standing::Allowed => 1,
        Standing::Known => 2,
    }
}

/// The counts, folded in the run's log. No word of a log is in it, for the runner reads commands anywhere in a line.
fn counts(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "::group::streamfall: whose fault it was")?;
    for verdict in Verdict::ALL {
        writeln!(out, "{:>7}  {:<19}  {}", report.with_verdict(verdict), verdict.name(), meaning(verdict))?;
    }
    writeln!(out, "{}", outcomes(report))?;
    writeln!(out, "::endgroup::")
}

fn summary(report: &Report) -> Annotation {
    let s = &report.summary;
    let left_out = left_out(report).map(|said| format!("; {said}")).unwrap_or_default();
    let message = match s.requests {
        0 => {
            // That nothing was found may be due to what was given.
            let noticed = report.problems.iter().filter(|problem| !problem.kind.is_failure()).map(|problem| format!("; {problem}"));
            let noticed: String = noticed.collect();
            format!(
                "No request met the prefill rejection ({} read){left_out}{}",
                counted(report.inputs.len() as u64, "input"),
                cut(&noticed, LONGEST)
            )
        }
        requests => {
            let verdicts = Verdict::ALL;
            let verdicts = verdicts.map(|verdict| format!("{} {}", report.with_verdict(verdict), verdict.name())).join(", ");
            format!("{} met the prefill rejection: {verdicts}; {}; {}{left_out}", counted(requests, "request"), outcomes(report), when(report))
        }
    };
    Annotation { title: "streamfall".to_owned(), place: None, message, requests: 0 }
}

fn incomplete(report: &Report) -> Annotation {
    let failures: Vec<String> = report.problems.iter().filter(|problem| problem.kind.is_failure()).map(ToString::to_string).collect();
    let message = format!("This report is incomplete, not everything could be read: {}", cut(&failures.join("; "), LONGEST));
    Annotation { title: "streamfall".to_owned(), place: None, message, requests: 0 }
}

fn of_group(report: &Report, group: &Group<'_>) -> Annotation {
    let place = witness::clearest(&group.clearest.incident);
    let source = report.path(place);
    // No file of a repository is behind a pipe or in an archive.
    let is_file = source != "<stdin>" && !source.contains("!/");
    let requests = counted(group.requests, "request");
    Annotation {
        title: format!("prefill rejected: {}", group.verdict().name()),
        place: is_file.then(|| (source.to_owned(), place.line)),
        message: format!(
            "{requests} ({}): {}. Fingerprint {}, clearest incident {}",
            outcomes_in(group),
            cut(&group.sentence(), LONGEST),
            group.fingerprint(),
            group.clearest.id
        ),
        requests: group.requests,
    }
}

fn write_level(level: &str, annotations: &[Annotation], out: &mut dyn Write) -> io::Result<()> {
    let (shown, left) = annotations.split_at(annotations.len().min(MOST));
    for (index, annotation) in shown.iter().enumerate() {
        let mut message = annotation.message.clone();
        if index + 1 == MOST && !left.is_empty() {
            let requests: u64 = left.iter().map(|annotation| annotation.requests).sum();
            message = format!("{message} (and {} more of {}: GitHub shows {MOST})", counted(left.len() as u64, "sort"), counted(requests, "request"));
        }
        write!(out, "::{level} title={}", property(&annotation.title))?;
        if let Some((file, line)) = &annotation.place {
            write!(out, ",file={},line={line}", property(file))?;
        }
        writeln!(out, "::{}", data(&message))?;
    }
    Ok(())
}

/// A command's message, as the runner's own toolkit escapes it.
pub(super) fn data(text: &str) -> String {
    escaped(&plain(text), &[('%', "%25"), ('\r', "%0D"), ('\n', "%0A")])
}

/// The value of a command's property: what ends it is escaped, too.
pub(super) fn property(text: &str) -> String {
    escaped(&plain(text), &[('%', "%25"), ('\r', "%0D"), ('\n', "%0A"), (':', "%3A"), (',', "%2C")])
}

fn escaped(text: &str, escapes: &[(char, &'static str)]) -> String {
    let escape = |c: char| match escapes.iter().find(|(from, _)| *from == c) {
        Some((_, to)) => Cow::Borrowed(*to),
        None => Cow::Owned(c.to_string()),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_or_begins_another() {
        let cases = [
            ("claude-opus-4-7", "claude-opus-4-7", "claude-opus-4-7"),
            ("50% a,b", "50%25 a,b", "50%25 a%2Cb"),
            ("x::error::y", "x::error::y", "x%3A%3Aerror%3A%3Ay"),
            ("a\r\n::set-env name=A::b", "a\\r\\n::set-env name=A::b", "a\\r\\n%3A%3Aset-env name=A%3A%3Ab"),
            ("\u{1b}[31m", "\\u{1b}[31m", "\\u{1b}[31m"),
        ];
        for (text, message, value) in cases {
            assert_eq!((data(text).as_str(), property(text).as_str()), (message, value));
        }
    }
}
