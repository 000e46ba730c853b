//! What can be asked for: a report in one of its formats, or the facts that one is made of.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use streamfall::output::Format;

/// What is to be printed or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A report.
    Report(Format),
    /// Facts, for another run to link.
    Facts,
}

/// All that can be asked for.
const ALL: [Asked; 10] = [
    Asked::Report(Format::Text),
    Asked::Report(Format::Json),
    Asked::Report(Format::Ndjson),
    Asked::Report(Format::Csv),
    Asked::Report(Format::Html),
    Asked::Report(Format::Markdown),
    Asked::Report(Format::Github),
    Asked::Report(Format::Junit),
    Asked::Report(Format::Sarif),
    Asked::Facts,
];

impl ValueEnum for Asked {
    fn value_variants<'a>() -> &'a [Asked] {
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Asked::Report(format) => format.to_possible_value(),
            Asked::Facts => Some(PossibleValue::new("facts").help("What was found, masked, for a later run to link: schema streamfall.facts/1")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_can_be_asked_for() {
        let formats: Vec<Asked> = Format::value_variants().iter().map(|format| Asked::Report(*format)).collect();
        assert_eq!(ALL.split_last(), Some((&Asked::Facts, formats.as_slice())));
    }
}
