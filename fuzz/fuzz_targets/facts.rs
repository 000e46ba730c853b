//! Facts files that no run wrote; the first byte says whether a good header stands before them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use streamfall_fuzz::{Files, facts, report};

const HEADER: &str = "{\"schema\":\"streamfall.facts/1\",\"generator\":\"streamfall 0.1.0\",\"source\":{\"path\":\"a.log\",\"label\":null,\"bytes\":9,\"hash\":null,\
    \"start\":\"0000000000000001\",\"run\":\"0000000000000002\",\"forms\":[\"text\"],\"mentions\":1,\"requests\":1,\"streams\":[{\"number\":0,\"lines\":9}],\"facts\":3}}\n";

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, lines)) = bytes.split_first() else { return };
    let file = if choice % 2 == 0 { lines.to_vec() } else { [HEADER.as_bytes(), lines].concat() };
    let files = Files::new(&[("part", &file)]);
    report(&files.paths, *choice);
    // What was read can be written and read again.
    let again = files.add("again", &facts(&files.paths));
    report(&[again], *choice);
});
