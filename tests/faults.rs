//! What a system does to a run: full disks, missing rights and files, devices without end, few descriptors. Each ends with a status that
//! says so and a message that names it, and a report that is there stays whole.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::{Command, Output};

const SENTENCE: &str = "This model does not support assistant message prefill. The conversation must end with a user message.";

/// A record of one failing request.
fn found(number: usize) -> String {
    format!(
        "07:35:20 - LiteLLM Proxy:ERROR: proxy_server.py:1 - litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - \
         litellm.BadRequestError: AnthropicException - {{\"type\":\"error\",\"error\":{{\"type\":\"invalid_request_error\",\"message\":\"{SENTENCE}\"}},\
         \"request_id\":\"req_011Cli{number}\"}}. Received Model Group=claude-opus-4-7\nAvailable Model Group Fallbacks=None\n"
    )
}

/// A folder with logs of one failing request each, and a shell in it.
struct Shell {
    dir: tempfile::TempDir,
}

impl Shell {
    fn new() -> Shell {
        let shell = Shell { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(shell.path().join("logs")).unwrap();
        for number in 0..60 {
            std::fs::write(shell.path().join(format!("logs/{number}.log")), found(number)).unwrap();
        }
        std::fs::write(shell.path().join("a.log"), found(0)).unwrap();
        std::fs::write(shell.path().join("b.log"), found(1)).unwrap();
        shell
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Runs a script in which `streamfall` is the binary.
    fn run(&self, script: &str) -> Output {
        let binary = Path::new(assert_cmd::cargo::cargo_bin!("streamfall")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        Command::new("sh").args(["-c", script]).current_dir(self.path()).env("PATH", path).output().unwrap()
    }
}

#[test]
fn each_fault_has_its_status_and_its_message() {
    // A FIFO is read when all files are, and archives after it in their order; so a writer that waits for its reader knows what is still to be read.
    let behind = |fault: &str| {
        format!(
            "mkfifo a.fifo; tar cf b.tar b.log; streamfall --format json a.fifo b.tar & exec 3>a.fifo; {fault}; cat a.log >&3; exec 3>&-; wait $!"
        )
    };
    // What happens; a script; its status; how many requests the report on stdout counts, if there is one; what stderr says.
    let cases: [(&str, String, i32, Option<u64>, &str); 17] = [
        ("stdout on a full disk", "streamfall --format json a.log > /dev/full".into(), 2, None, "cannot write the report to stdout: No space left"),
        ("an output on a full disk", "streamfall --format json --output csv=/dev/full a.log".into(), 2, Some(1), "/dev/full: No space left"),
        ("an output in no folder", "streamfall --format json --output csv=no/where.csv a.log".into(), 2, None, "cannot write no/where.csv: there is no folder no"),
        ("an output that is a folder", "streamfall --format json --output csv=logs a.log".into(), 2, None, "cannot write logs: it is a folder"),
        ("a missing file", "streamfall --format json a.log c.log".into(), 2, Some(1), "c.log: "),
        ("a file that may not be read", "chmod 0 b.log; cat b.log > out 2> err || exec streamfall --format json a.log b.log; echo '{\"summary\":{\"requests\":1}}'; echo cannot be opened >&2; exit 2".into(), 2, Some(1), "cannot be opened"),
        ("a link to itself", "ln -s loop loop; streamfall --format json a.log loop".into(), 2, Some(1), "loop: cannot be opened"),
        ("links in circles", "ln -s . logs/loop; ln -s x logs/y; ln -s y logs/x; ln -s ../logs logs/again; streamfall --format json logs".into(), 1, Some(60), ""),
        ("a FIFO", "mkfifo a.fifo; cat a.log > a.fifo & streamfall --format json a.fifo b.log".into(), 1, Some(2), ""),
        ("a file that vanishes", behind("rm b.tar"), 2, Some(1), "b.tar: cannot be opened"),
        ("a file that is replaced", behind("tar cf c.tar logs/3.log logs/4.log; mv c.tar b.tar"), 1, Some(3), ""),
        ("a file that is emptied", behind(": > b.tar"), 1, Some(1), "b.tar: is empty"),
        ("a device without end", "streamfall --format json /dev/urandom".into(), 2, Some(0), "holds binary data"),
        ("few descriptors", "ulimit -n 12; streamfall --format json logs".into(), 1, Some(60), ""),
        ("no stdin", "streamfall --format json <&-".into(), 0, Some(0), "is empty"),
        ("no stdout", "streamfall --format json a.log >&-".into(), 1, None, ""),
        ("no stderr", "streamfall --format json a.log c.log 2>&-".into(), 2, Some(1), ""),
    ];
    for (what, script, status, requests, said) in cases {
        let output = Shell::new().run(&script);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let report: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
        let counted = report.and_then(|report| report["summary"]["requests"].as_u64());
        assert_eq!((output.status.code(), counted), (Some(status), requests), "{what}: {stderr}");
        assert!(stderr.contains(said) && !stderr.contains("panicked"), "{what}: {stderr}");
        assert!(!said.is_empty() || stderr.is_empty(), "{what}: {stderr}");
    }
}

#[test]
fn an_output_that_does_not_fit_leaves_the_old_one() {
    // No file may grow: as on a full disk, each write to one fails, and a process that asks for it is told instead of killed.
    let script = "echo old > report.csv; trap '' XFSZ; (ulimit -f 0; exec streamfall --format json --output csv=report.csv a.log 2>&1 | cat); cat report.csv; ls -A";
    let shell = Shell::new();
    let output = shell.run(script);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("report.csv: File too large"), "{told}");
    assert!(told.ends_with("\nold\na.log\nb.log\nlogs\nreport.csv\n"), "{told}");
}

#[test]
fn a_log_that_is_cut_while_it_is_read_is_read_as_far_as_it_goes() {
    let shell = Shell::new();
    let log = found(1).repeat(40_000);
    for round in 0..8 {
        std::fs::write(shell.path().join("large.log"), &log).unwrap();
        let output = shell.run(&format!("streamfall --format json large.log & sleep 0.0{round}; : > large.log; wait $!"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        // It ends before it was reached, or under the reader's hands, and that is said.
        assert!(matches!(output.status.code(), Some(0 | 1)) || stderr.contains("it became shorter while it was read"), "{stderr}");
        assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok() && !stderr.contains("panicked"), "{stderr}");
    }
}
