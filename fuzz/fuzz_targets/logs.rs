//! Logs as they stand: records, tracebacks, nested errors. What facts say of a log is what the log says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamfall_fuzz::{Files, facts, report};

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, log)) = bytes.split_first() else { return };
    let files = Files::new(&[("proxy.log", log)]);
    let told = report(&files.paths, *choice);
    let carried = files.add("proxy.facts", &facts(&files.paths));
    let again = report(&[carried], *choice);
    assert_eq!(told["incidents"], again["incidents"]);
    assert_eq!(told["summary"], again["summary"]);
});
