//! The steps of the GitHub Action, run as a runner would: what they do with odd inputs decides whether a job passes.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

/// Inputs; what the step sets, and whether it adds to the summary.
type Case<'c> = (&'c [(&'c str, &'c str)], &'c str, bool);

/// The shell of the step that analyzes, as it stands in the action.
fn step() -> String {
    let action = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml")).unwrap();
    let (_, behind) = action.split_once("id: run\n").unwrap();
    let (_, script) = behind.split_once("run: |\n").unwrap();
    let lines = script.lines().take_while(|line| line.is_empty() || line.starts_with("        "));
    lines.map(|line| line.strip_prefix("        ").unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// What the step sets, and what it adds to the job's summary.
fn run(dir: &Path, inputs: &[(&str, &str)]) -> (String, String) {
    let binary = assert_cmd::cargo::cargo_bin!("streamfall");
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let (output, summary) = (dir.join("output"), dir.join("summary"));
    std::fs::write(&output, "").unwrap();
    std::fs::write(&summary, "").unwrap();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step()]).current_dir(dir).env("PATH", path);
    for (name, value) in [("FAIL_ON", ""), ("MAX", ""), ("BASELINE", ""), ("ARGS", ""), ("SARIF", "out/x.sarif"), ("SUMMARY", "true"), ("PATHS", "")]
    {
        let given = inputs.iter().find(|(input, _)| *input == name).map_or(value, |(_, value)| value);
        command.env(name, given);
    }
    command.env("GITHUB_OUTPUT", &output).env("GITHUB_STEP_SUMMARY", &summary).env("RUNNER_TEMP", dir);
    let status = command.output().unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    (std::fs::read_to_string(output).unwrap(), std::fs::read_to_string(summary).unwrap())
}

#[test]
fn inputs_are_lines_and_nothing_passes_unread() {
    let dir = tempfile::tempdir().unwrap();
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/proxy-1.85.0-text.log");
    std::fs::create_dir(dir.path().join("my logs")).unwrap();
    std::fs::copy(log, dir.path().join("my logs/a b.log")).unwrap();
    let paths = ("PATHS", "my logs/\n");
    let cases: [Case<'_>; 7] = [
        (&[paths], "status=1\nwritten=true\n", true),
        (&[paths, ("FAIL_ON", "never")], "status=0\nwritten=true\n", true),
        (&[paths, ("MAX", "mid-stream=13\n\n5\n")], "status=0\nwritten=true\n", true),
        (&[paths, ("ARGS", "--label=x y"), ("SUMMARY", "false")], "status=1\nwritten=true\n", false),
        (&[paths, ("MAX", "many")], "status=2\n", false),
        (&[("PATHS", "")], "status=2\n", false),
        (&[("PATHS", "no such.log")], "status=2\nwritten=true\n", true),
    ];
    for (inputs, outputs, has_summary) in cases {
        let (told, summary) = run(dir.path(), inputs);
        assert_eq!((told.as_str(), !summary.is_empty()), (outputs, has_summary), "{inputs:?}");
    }
}
