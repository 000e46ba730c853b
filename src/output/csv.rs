//! `--format csv`: one incident a row (RFC 4180), for spreadsheets and databases.
//!
//! A cell that a spreadsheet would take for a formula begins with an apostrophe: names in it come from logs.

use std::borrow::Cow;
use std::io::{self, Write};

use super::terminal::plain;
use crate::link::Incident;
use crate::report::{Report, ReportedIncident};

/// The columns, in their order.
const COLUMNS: [&str; 25] = [
    "id",
    "fingerprint",
    "verdict",
    "confidence",
    "outcome",
    "time",
    "end_time",
    "route",
    "failed_group",
    "failure_kind",
    "failure_category",
    "failure_class",
    "failure_status",
    "failure_message",
    "fallbacks",
    "rejecting_groups",
    "rejecting_providers",
    "request_ids",
    "call_id",
    "trace_id",
    "key",
    "team",
    "user",
    "litellm_version",
    "evidence",
];

/// Writes a header and a row for each incident.
///
/// # Errors
///
/// What the writer gives.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    table.write_record(COLUMNS)?;
    for reported in &report.incidents {
        table.write_record(row(report, reported).iter().map(|cell| safe(cell).into_owned()))?;
    }
    table.flush()
}

fn row(report: &Report, reported: &ReportedIncident) -> [String; COLUMNS.len()] {
    let i: &Incident = &reported.incident;
    let r = &i.request;
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let failure = i.stream_failure.as_ref();
    let refused = |of: &dyn Fn(&crate::link::IncidentRejection) -> Option<String>| {
        let mut all: Vec<String> = i.rejections.iter().filter_map(of).collect();
        all.dedup();
        all.join(" ")
    };
    let place = i.evidence.first().map(|evidence| format!("{}:{}", report.source(evidence.place), evidence.place.line));
    [
        reported.id.clone(),
        reported.fingerprint.as_ref().to_owned(),
        i.verdict.name().to_owned(),
        text(i.confidence.map(crate::link::Confidence::name)),
        i.outcome.name().to_owned(),
        r.start.map(|time| time.to_string()).unwrap_or_default(),
        r.end.map(|time| time.to_string()).unwrap_or_default(),
        text(r.route),
        text(failure.and_then(|f| f.model_group.as_deref())),
        text(failure.map(|f| f.kind.name())),
        text(failure.and_then(|f| f.category).map(crate::knowledge::failure::Category::name)),
        text(failure.and_then(|f| f.class.as_deref())),
        failure.and_then(|f| f.status).map(|status| status.to_string()).unwrap_or_default(),
        text(failure.and_then(|f| f.message.as_deref())),
        i.fallbacks.join(" "),
        refused(&|rejection| rejection.model_group.as_deref().map(str::to_owned)),
        refused(&|rejection| rejection.provider.map(str::to_owned)),
        refused(&|rejection| rejection.request_id.as_deref().map(str::to_owned)),
        text(r.call_id.as_deref()),
        text(r.trace_id.as_deref()),
        text(r.caller.key.as_deref()),
        text(r.caller.team.as_deref()),
        text(r.caller.user.as_deref()),
        text(r.version.as_deref()),
        place.unwrap_or_default(),
    ]
}

/// A cell that is nothing but text to whoever opens it: what begins a formula (OWASP's list) stands behind an apostrophe, and control
/// characters are spelt out.
fn safe(cell: &str) -> Cow<'_, str> {
    // Some skip spaces, and take signs of full width for their own.
    let begins = |text: &str| text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let begins_formula = (cell.starts_with(['\t', '\r']) || begins(cell.trim_start())) && cell.parse::<f64>().is_err();
    match plain(cell) {
        text if begins_formula => Cow::Owned(format!("'{text}")),
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn no_cell_is_a_formula() {
        let cases = [
            ("claude-opus-4-7", "claude-opus-4-7"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1", "+1"),
            ("-5 requests", "'-5 requests"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\\t=1"),
            (" =1+1", "' =1+1"),
            ("\u{a0}=1+1", "'\u{a0}=1+1"),
            ("＝1+1", "'＝1+1"),
            ("a\nb", "a\\nb"),
        ];
        for (cell, expected) in cases {
            assert_eq!(safe(cell), expected);
        }
    }
}
