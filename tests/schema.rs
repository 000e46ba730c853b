//! The JSON contract: real reports hold against the schema in the repository.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use boon::{Compiler, Schemas};
use common::{capture, report_of, report_on};
use serde_json::Value;

const SCHEMA: &str = include_str!("../schema/streamfall.report.v1.json");

fn assert_valid(name: &str, report: &Value) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    compiler.add_resource("report.json", schema).unwrap();
    let index = compiler.compile("report.json", &mut schemas).unwrap();
    if let Err(error) = schemas.validate(report, index) {
        panic!("{name}: {error:#}");
    }
}

#[test]
fn reports_hold_against_the_schema() {
    for name in ["1.77.7_A_default", "1.85.0_A_default", "1.85.0_B_debug", "1.85.0_C_info", "1.85.0_D_json_default", "1.85.7_X_clouds_default"] {
        assert_valid(name, &report_on(&capture(name).log));
    }
    assert_valid("empty", &report_on(b""));
    assert_valid("missing", &report_of(&["missing.log".into()]));
}

#[test]
fn what_only_options_add_holds_against_it_too() {
    for by in ["model", "kind", "team", "key", "route", "hour"] {
        let output = assert_cmd::cargo::cargo_bin_cmd!("streamfall")
            .args(["--format", "json", "--group-by", by, "--max", "3", "sample-logs"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_valid(by, &report);
        let rows = report["breakdown"]["rows"].as_array().unwrap();
        assert!(rows.iter().map(|row| row["requests"].as_u64().unwrap()).sum::<u64>() >= report["summary"]["requests"].as_u64().unwrap());
        assert_eq!((&report["breakdown"]["by"], &report["policy"]["fails"]), (&by.into(), &true.into()));
    }
}

#[test]
fn the_counts_add_up() {
    let report = report_on(&capture("1.85.0_A_default").log);
    let summary = &report["summary"];
    let sum = |map: &Value| map.as_object().unwrap().values().map(|v| v.as_u64().unwrap()).sum::<u64>();
    let requests = summary["requests"].as_u64().unwrap();
    let incidents = report["incidents"].as_array().unwrap();
    assert_eq!(incidents.len() as u64, requests);
    assert_eq!(sum(&summary["by_verdict"]), requests);
    assert_eq!(sum(&summary["by_outcome"]), requests);
    assert_eq!(sum(&summary["by_kind"]), summary["by_verdict"]["mid_stream_fallback"].as_u64().unwrap());
    assert_eq!(incidents.iter().map(|i| i["rejections"].as_array().unwrap().len() as u64).sum::<u64>(), summary["rejections"].as_u64().unwrap());
    let failures: u64 = report["failures"].as_array().unwrap().iter().map(|f| f["requests"].as_u64().unwrap()).sum();
    assert_eq!(failures, summary["by_verdict"]["mid_stream_fallback"].as_u64().unwrap());
}

#[test]
fn a_schema_that_is_broken_is_noticed() {
    let mut report = report_on(&capture("1.109.1_D_json_default").log);
    report["summary"]["requests"] = Value::from("many");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("report.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let index = compiler.compile("report.json", &mut schemas).unwrap();
    assert!(schemas.validate(&report, index).is_err());
}
