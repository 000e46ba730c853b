//! Facts in, facts out: what many runs find of their own inputs, and one run links, is what one run over all inputs tells.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;
use streamfall::scan::Wanted;
use streamfall::{Options, read};

/// Logs whose names are theirs alone.
const CAPTURES: [&str; 6] =
    ["1.77.7_A_default", "1.85.0_C_info", "1.85.0_D_json_default", "1.96.2_A_default", "1.85.7_X_clouds_default", "1.109.1_D_json_default"];

/// What a run finds of paths, as a facts file; `label` as `--label`.
fn facts_of(paths: &[PathBuf], label: Option<&str>) -> Vec<u8> {
    let options =
        Options { threads: 2, facts: true, wanted: Wanted { quotes: true, requests: true }, label: label.map(str::to_owned), ..Options::default() };
    let mut facts = Vec::new();
    read(paths, options).unwrap().write_facts(&mut facts).unwrap();
    facts
}

/// A report without its list of inputs.
fn told(paths: &[PathBuf]) -> Value {
    let mut report = common::report_of(paths);
    report.as_object_mut().unwrap().remove("inputs");
    report
}

/// Writes files and gives their paths.
fn write(dir: &Path, files: Vec<(String, Vec<u8>)>) -> Vec<PathBuf> {
    let place = |(name, bytes): (String, Vec<u8>)| {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    };
    files.into_iter().map(place).collect()
}

/// Where a log is cut: behind a line, or in one, before a word that shows that its rest is an error's. Of any other line, the rest might be a
/// prompt's, and is not carried.
const BORDERS: [&[u8]; 4] = [b"\n", b"Exception - ", b"litellm", b".py\""];

/// The parts of a log that was cut at these places, in thousandths of it, and at the next such border.
fn cut(log: &[u8], at: &[(usize, usize)]) -> Vec<Vec<u8>> {
    let border = |(at, border): &(usize, usize)| {
        let at = log.len() * at / 1000;
        let found = memchr::memmem::find(&log[at..], BORDERS[*border]);
        let at = found.map_or(log.len(), |found| at + found + usize::from(*border == 0));
        let line = memchr::memrchr(b'\n', &log[..at]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &log[at..]).map_or(log.len(), |newline| at + newline + 1);
        // A JSON record is one line, and contents in it are withheld to its end.
        if log[line..].starts_with(b"{") && memchr::memmem::find(&log[line..end], b" chunk: ").is_some() { end } else { at }
    };
    let mut at: Vec<usize> = at.iter().map(border).collect();
    at.sort_unstable();
    let ends = at.iter().copied().chain([log.len()]);
    std::iter::once(0).chain(at.iter().copied()).zip(ends).map(|(from, to)| log[from..to].to_vec()).collect()
}

/// What an operator may have on disk.
#[derive(Debug, Clone)]
struct Dump {
    /// Which logs stand as they are.
    whole: Vec<usize>,
    /// A log that was rotated, and where.
    rotated: (usize, Vec<(usize, usize)>),
    /// Where an export of two pods has its pages.
    pages: Vec<usize>,
    /// Whether a log and its trace are there, and an archive.
    traced: bool,
    archived: bool,
}

impl Dump {
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let log = |index: usize| common::capture(CAPTURES[index]).log;
        let mut files: Vec<(String, Vec<u8>)> = self.whole.iter().map(|index| (format!("{}/whole.log", CAPTURES[*index]), log(*index))).collect();
        let parts = cut(&log(self.rotated.0), &self.rotated.1);
        let count = parts.len();
        let name = |at: usize| if at + 1 == count { "rotated/proxy.log".to_owned() } else { format!("rotated/proxy.log.{}", count - 1 - at) };
        files.extend(parts.into_iter().enumerate().map(|(at, part)| (name(at), part)));
        let pods = common::pods(&[&log(1), &log(3)]);
        let pages: Vec<_> = self.pages.iter().map(|at| (*at, 0)).collect();
        files.extend(cut(&pods, &pages).into_iter().enumerate().map(|(page, lines)| (format!("pods/{page:03}.log"), lines)));
        if self.traced {
            files.push(("traced/proxy.log".into(), common::capture("1.85.0_F_generic_api").log));
            files.push(("traced/payloads.jsonl".into(), common::trace("1.85.0_F_generic_api")));
        }
        if self.archived {
            let members = [("b/proxy.log", &log(5)[..]), ("a/proxy.log", &log(0)[..])];
            files.push(("dump.tar.gz".into(), common::gzip(&common::tar(&members))));
        }
        files
    }
}

prop_compose! {
    fn dump()(
        whole in proptest::sample::subsequence(vec![0, 2, 4], 0..=2),
        rotated in (0_usize..CAPTURES.len(), proptest::collection::vec((0_usize..=1000, 0..BORDERS.len()), 0..4)),
        pages in proptest::collection::vec(0_usize..=1000, 0..3),
        traced in proptest::bool::weighted(0.3),
        archived in proptest::bool::weighted(0.3),
    ) -> Dump {
        Dump { whole, rotated, pages, traced, archived }
    }
}

/// A case reads megabytes several times: few unless `PROPTEST_CASES` asks for more.
fn few() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(10);
    ProptestConfig { cases, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn the_facts_of_all_shards_are_the_report_of_all_inputs(dump in dump(), shards in proptest::collection::vec(0_usize..5, 24), seed in any::<u64>()) {
        let dir = tempfile::tempdir().unwrap();
        let paths = write(dir.path(), dump.files());
        let expected = told(&paths);
        // Shard 0 stays as it is, 1 is compressed, 2 and 3 are read and written once more, together.
        let of = |shard: usize| paths.iter().zip(&shards).filter(|(_, of)| **of == shard).map(|(path, _)| path.clone()).collect::<Vec<_>>();
        let mut linked = of(0);
        let mut parts = Vec::new();
        for shard in 1..5 {
            let own = of(shard);
            if !own.is_empty() {
                let facts = facts_of(&own, None);
                let facts = if shard == 1 { common::gzip(&facts) } else { facts };
                let part = write(dir.path(), vec![(format!("facts/part-{shard}"), facts)]);
                if shard == 2 || shard == 3 { parts.extend(part) } else { linked.extend(part) }
            }
        }
        if !parts.is_empty() {
            linked.extend(write(dir.path(), vec![("facts/both".into(), facts_of(&parts, None))]));
        }
        if seed % 2 == 0 { linked.reverse() }
        let found = told(&linked);
        for (key, value) in expected.as_object().unwrap() {
            prop_assert_eq!(&found[key], value, "{}", key);
        }
    }
}
