//! What the binary can be asked to do, a file each: read what is asked for, print it, tell the exit status.

mod compare;
mod explain;
mod facts;
mod preflight;
mod report;
mod usage;

use std::io::{self, IsTerminal, Write};

pub(crate) use compare::compare;
pub(crate) use explain::explain;
pub(crate) use preflight::preflight;
pub(crate) use report::report;

use crate::cli::{Reading, When};
use streamfall::input::Problem;
use streamfall::output::{self, text};

fn look(colour: When) -> text::Look {
    let auto = output::is_forced() || (io::stdout().is_terminal() && output::colour_wanted());
    text::Look { width: output::width(), colour: colour.decide(auto) }
}

fn is_progress_shown(reading: &Reading) -> bool {
    reading.progress.decide(io::stderr().is_terminal() && std::env::var_os("CI").is_none())
}

/// Says what could not be read, and of what was merely noticed the first few.
fn say_problems(problems: &[Problem]) {
    const MOST_NOTICES: usize = 20;
    let notices = |notice: bool| problems.iter().filter(move |problem| problem.kind.is_failure() != notice);
    for problem in notices(false).chain(notices(true).take(MOST_NOTICES)) {
        note(&output::plain(&problem.to_string()));
    }
    let more = notices(true).count().saturating_sub(MOST_NOTICES);
    if more > 0 {
        note(&format!("… and {more} more notices like these (--format json has all)"));
    }
}

/// Warns of what `--show-secrets` does, once, before anything is read.
fn warn_of_secrets(reading: &Reading) {
    if reading.show_secrets {
        note("warning: --show-secrets prints keys, tokens, passwords and addresses as they stand in the input; do not hand this output on");
    }
}

/// Says something on stderr; that nobody listens is no error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "streamfall: {text}");
}
