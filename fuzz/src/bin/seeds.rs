//! `seeds CAPTURES CORPUS`: cuts what the fuzzer starts from out of real logs and traces, for each target a folder.

use std::path::{Path, PathBuf};

use streamfall_fuzz::{Files, facts};

const SENTENCE: &[u8] = b"does not support assistant message prefill";
/// How much of a log a seed has, and how many seeds a log gives.
const WINDOW: usize = 6 << 10;
const WINDOWS: usize = 12;

struct Corpus {
    folder: PathBuf,
    count: usize,
}

impl Corpus {
    fn add(&mut self, target: &str, choice: u8, content: &[u8]) {
        let folder = self.folder.join(target);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("seed-{}", self.count)), [&[choice], content].concat()).expect("a seed");
        self.count += 1;
    }
}

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [captures, folder] = &arguments[..] else { panic!("seeds CAPTURES CORPUS") };
    let mut corpus = Corpus { folder: folder.clone(), count: 0 };
    let mut folders: Vec<PathBuf> = std::fs::read_dir(captures).expect("captures").map(|entry| entry.expect("a capture").path()).collect();
    folders.sort();
    for capture in &folders {
        for (number, window) in windows(&read(&capture.join("proxy.log.zst"))).into_iter().enumerate() {
            let choice = u8::try_from(number).unwrap_or_default();
            corpus.add("logs", choice, &window);
            corpus.add("wrapped", choice * 16 + choice, &window);
            corpus.add("archives", choice, &window);
            corpus.add("archives", 1, &zstd::encode_all(&*window, 1).expect("a stream"));
            corpus.add("facts", 0, &facts(&Files::new(&[("proxy.log", &window)]).paths));
            let order: Vec<u8> = window.iter().step_by(97).copied().collect();
            corpus.add("linker", order.len().try_into().unwrap_or_default(), &order);
        }
        let rows = streamfall::document::rows_of(&read(&capture.join("trace.zst"))).into_iter().map(|(_, row)| row);
        for row in rows.filter(|row| find(row, SENTENCE).is_some() && row.len() < 5 * WINDOW).take(WINDOWS) {
            corpus.add("traces", 0xfd, &row);
        }
    }
    println!("{} seeds from {} captures", corpus.count, folders.len());
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::File::open(path).ok().and_then(|file| zstd::decode_all(file).ok()).unwrap_or_default()
}

/// Parts of a log around its rejections.
fn windows(log: &[u8]) -> Vec<Vec<u8>> {
    let mut windows = Vec::new();
    let mut at = 0;
    while let Some(hit) = log.get(at..).and_then(|rest| find(rest, SENTENCE)).filter(|_| windows.len() < WINDOWS) {
        let begin = (at + hit).saturating_sub(WINDOW / 2);
        let line = log[begin..at + hit].iter().position(|byte| *byte == b'\n').map_or(begin, |end| begin + end + 1);
        windows.push(log[line..log.len().min(line + WINDOW)].to_vec());
        at += hit + log.len() / WINDOWS;
    }
    windows
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
