//! The README's examples are run and their output compared. `UPDATE_README=1 cargo test --test readme` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

const OPEN: &str = "```console\n";
const CLOSE: &str = "```";

/// What a command line of the README prints; `| head -n N` and `| tail -n N` are understood.
fn printed(line: &str) -> String {
    let (command, filter) = line.split_once(" | ").map_or((line, None), |(command, filter)| (command, Some(filter)));
    let args: Vec<&str> = command.strip_prefix("$ streamfall ").unwrap().split(' ').collect();
    let output = Command::new(assert_cmd::cargo::cargo_bin!("streamfall")).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{line}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let shown = match filter {
        None => lines.as_slice(),
        Some(filter) => {
            let (side, count) = filter.split_once(" -n ").unwrap();
            let count: usize = count.parse().unwrap();
            if side == "head" { &lines[..count] } else { &lines[lines.len() - count..] }
        }
    };
    shown.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "{line}").unwrap();
        text
    })
}

#[test]
fn the_examples_print_what_the_readme_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let mut fresh = String::new();
    let mut rest = readme.as_str();
    let mut examples = 0;
    while let Some(at) = rest.find(OPEN) {
        let (before, block) = rest.split_at(at + OPEN.len());
        let end = block.find(CLOSE).unwrap();
        let command = block.lines().next().unwrap();
        fresh.push_str(before);
        write!(fresh, "{command}\n{}", printed(command)).unwrap();
        rest = &block[end..];
        examples += 1;
    }
    fresh.push_str(rest);
    assert!(examples >= 3);
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(fresh == readme, "the README is out of date; run UPDATE_README=1 cargo test --test readme");
}

#[test]
fn the_readme_names_every_option() {
    let help = Command::new(assert_cmd::cargo::cargo_bin!("streamfall")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let options: Vec<&str> = help
        .lines()
        .filter_map(|line| line.trim_start().split(' ').find(|word| word.starts_with("--")))
        .map(|word| word.trim_end_matches([',', '.', ')']))
        .collect();
    assert!(options.len() >= 5, "{help}");
    for option in options.iter().filter(|option| !["--help", "--version"].contains(option)) {
        assert!(readme.contains(&format!("`{option}")), "{option} is not in the README");
    }
}
