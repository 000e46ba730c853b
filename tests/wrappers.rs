//! What runtimes and exporters put around a log: each shape, built from real logs, tells the same as the log itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::format_collect, clippy::format_push_string, reason = "short texts, and shorter to read")]

mod common;

use std::collections::BTreeMap;

use common::{capture, report_on};
use serde_json::{Value, json};

const POD: &str = "litellm-7c9d8f6b5d-x2k4q";
const DAY: u64 = 1_795_305_600;

/// A line with the instant at which it was written, in microseconds: the log's own clock is two hours ahead of UTC.
struct Line {
    text: String,
    micros: u64,
}

impl Line {
    fn iso(&self) -> String {
        let seconds = self.micros / 1_000_000 - DAY;
        format!("2026-11-22T{:02}:{:02}:{:02}.{:06}Z", seconds / 3600, seconds / 60 % 60, seconds % 60, self.micros % 1_000_000)
    }

    fn clock(&self) -> String {
        self.iso()[11..19].to_owned()
    }
}

/// The lines of a log, written a few microseconds after each other in the second that the log says.
fn lines(log: &[u8]) -> Vec<Line> {
    let (mut second, mut count) = (0, 0);
    let text = String::from_utf8_lossy(log).into_owned();
    text.lines()
        .map(|line| {
            let bare = line.trim_start_matches("\u{1b}[92m");
            let own = bare
                .get(..8)
                .filter(|t| bare.get(8..11) == Some(" - ") && t.as_bytes()[2] == b':')
                .or_else(|| line.split("T0").nth(1).and_then(|_| line.split_once("2026-11-22T")).and_then(|(_, rest)| rest.get(..8)));
            let number = |at: usize| own.and_then(|t| t.get(at..at + 2)).and_then(|t| t.parse::<u64>().ok());
            if let (Some(h), Some(m), Some(s)) = (number(0), number(3), number(6)) {
                let told = DAY + h * 3600 + m * 60 + s - 7200;
                (second, count) = if told == second { (second, count) } else { (told, 0) };
            }
            count += 1;
            Line { text: line.to_owned(), micros: second.max(DAY) * 1_000_000 + 300_000 + count }
        })
        .collect()
}

/// What a wrapped log must agree on with the bare one: per request its verdict, failed group, kind and outcome.
fn told(report: &Value) -> BTreeMap<String, Value> {
    let keyed = |i: &Value| {
        let name = |r: &Value| r["request_id"].as_str().map_or_else(|| r["model_group"].to_string(), str::to_owned);
        let ids: Vec<String> = i["rejections"].as_array().unwrap().iter().map(name).collect();
        (ids.join(" "), json!([i["verdict"], i["stream_failure"]["model_group"], i["stream_failure"]["kind"], i["outcome"]]))
    };
    report["incidents"].as_array().unwrap().iter().map(keyed).collect()
}

fn each(lines: &[Line], wrap: impl Fn(&Line) -> String) -> Vec<u8> {
    lines.iter().map(|line| wrap(line) + "\n").collect::<String>().into_bytes()
}

fn objects(lines: &[Line], wrap: impl Fn(&Line) -> Value) -> Vec<Value> {
    lines.iter().map(wrap).collect()
}

fn ndjson(rows: &[Value]) -> Vec<u8> {
    rows.iter().map(|row| format!("{row}\n")).collect::<String>().into_bytes()
}

fn reversed(mut rows: Vec<Value>) -> Vec<Value> {
    rows.reverse();
    rows
}

fn without_blanks(lines: &[Line]) -> Vec<Line> {
    lines.iter().filter(|line| !line.text.is_empty()).map(|line| Line { text: line.text.clone(), micros: line.micros }).collect()
}

/// A line in the pieces that a runtime cuts it into, with whether it goes on.
fn pieces(text: &str, size: usize) -> Vec<(String, bool)> {
    let chars: Vec<char> = text.chars().collect();
    let count = chars.chunks(size).count().max(1);
    let mut cut: Vec<(String, bool)> = chars.chunks(size).enumerate().map(|(n, piece)| (piece.iter().collect(), n + 1 < count)).collect();
    if cut.is_empty() {
        cut.push((String::new(), false));
    }
    cut
}

fn csv(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// LiteLLM's JSON record as an exporter takes it apart, its keys in another order.
fn parsed(line: &Line) -> Value {
    serde_json::from_str(&line.text).unwrap_or_else(|_| json!(line.text))
}

fn text_shapes(lines: &[Line]) -> Vec<(&'static str, Vec<u8>)> {
    let labels = json!({"app": "litellm", "pod": POD, "namespace": "llm"});
    let k8s = json!({"pod_name": POD, "namespace_name": "llm", "container_name": "litellm"});
    let nanos = |line: &Line| format!("{}000", line.micros);
    vec![
        ("docker logs -t", each(lines, |l| format!("{} {}", l.iso(), l.text))),
        ("docker json-file, in pieces", lines.iter().flat_map(|l| pieces(&l.text, 1000).into_iter().map(|(text, more)| format!("{}\n", json!({"log": text + if more { "" } else { "\n" }, "stream": "stderr", "time": l.iso()})))).collect::<String>().into_bytes()),
        ("compose", each(lines, |l| format!("litellm-1  | {}", l.text))),
        ("compose, old and coloured", each(lines, |l| format!("\u{1b}[36mlitellm_1  |\u{1b}[0m {}", l.text))),
        ("compose around docker -t", each(lines, |l| format!("litellm-1  | {} {}", l.iso(), l.text))),
        ("CRI, in pieces", lines.iter().flat_map(|l| pieces(&l.text, 1000).into_iter().map(|(text, more)| format!("{} stderr {} {text}\n", l.iso(), if more { "P" } else { "F" }))).collect::<String>().into_bytes()),
        ("kubectl --prefix", each(lines, |l| format!("[pod/{POD}/litellm] {}", l.text))),
        ("kubectl --prefix --timestamps", each(lines, |l| format!("[pod/{POD}/litellm] {} {}", l.iso(), l.text))),
        ("journald short", each(&without_blanks(lines), |l| format!("Nov 22 {} host litellm[2419]: {}", l.clock(), l.text))),
        ("journald short-iso", each(&without_blanks(lines), |l| format!("2026-11-22T{}+0000 host litellm[2419]: {}", l.clock(), l.text))),
        ("journald json", ndjson(&objects(&without_blanks(lines), |l| json!({"__REALTIME_TIMESTAMP": l.micros.to_string(), "_PID": "2419", "_HOSTNAME": "h", "MESSAGE": if l.text.contains('\u{1b}') { json!(l.text.as_bytes()) } else { json!(l.text) }})))),
        ("syslog 5424", each(lines, |l| format!("<13>1 {} host litellm 2419 - [x y=\"a]b\"] {}", l.iso(), l.text))),
        ("syslog 3164", each(lines, |l| format!("<13>Nov 22 {} host litellm[2419]: {}", l.clock(), l.text))),
        ("logcli, newest first", ndjson(&reversed(objects(lines, |l| json!({"labels": labels, "line": l.text, "timestamp": l.iso()}))))),
        ("Loki query_range, newest first", json!({"status": "success", "data": {"resultType": "streams", "result": [{"stream": labels, "values": reversed(objects(lines, |l| json!([nanos(l), l.text])))}]}}).to_string().into_bytes()),
        ("Loki push", json!({"streams": [{"stream": labels, "values": objects(lines, |l| json!([nanos(l), l.text]))}]}).to_string().into_bytes()),
        ("Grafana, newest first, pretty", serde_json::to_vec_pretty(&reversed(objects(lines, |l| json!({"line": l.text, "timestamp": nanos(l), "date": l.iso(), "fields": labels})))).unwrap()),
        ("CloudWatch events, pretty", serde_json::to_vec_pretty(&json!({"events": objects(&without_blanks(lines), |l| json!({"logStreamName": "litellm/x", "timestamp": l.micros / 1000, "message": l.text, "ingestionTime": 1, "eventId": "1"})), "searchedLogStreams": []})).unwrap()),
        ("CloudWatch subscription", without_blanks(lines).chunks(50).map(|batch| json!({"messageType": "DATA_MESSAGE", "logGroup": "g", "logStream": "s", "logEvents": objects(batch, |l| json!({"id": "1", "timestamp": l.micros / 1000, "message": l.text}))}).to_string()).collect::<String>().into_bytes()),
        ("CloudWatch export to S3", each(&without_blanks(lines), |l| format!("{} {}", l.iso(), l.text))),
        ("aws logs tail", each(&without_blanks(lines), |l| format!("{} litellm/litellm/0a1b {}", l.iso().replace('Z', "+00:00"), l.text))),
        ("Logs Insights, newest first", json!({"results": reversed(objects(&without_blanks(lines), |l| json!([{"field": "@timestamp", "value": l.iso()}, {"field": "@message", "value": l.text}]))), "status": "Complete"}).to_string().into_bytes()),
        ("GCP, newest first, pretty", serde_json::to_vec_pretty(&reversed(objects(&without_blanks(lines), |l| json!({"insertId": "1", "logName": "projects/p/logs/stderr", "timestamp": l.iso(), "textPayload": l.text, "resource": {"labels": {"pod_name": POD}}})))).unwrap()),
        ("Azure tables", json!({"tables": [{"name": "PrimaryResult", "columns": [{"name": "TimeGenerated"}, {"name": "PodName"}, {"name": "LogEntry"}], "rows": objects(lines, |l| json!([l.iso(), POD, l.text]))}]}).to_string().into_bytes()),
        ("Azure command line", serde_json::to_vec_pretty(&objects(lines, |l| json!({"TimeGenerated": l.iso(), "LogMessage": l.text, "PodName": POD, "LogSource": "stderr"}))).unwrap()),
        ("Azure CSV", csv(&["TimeGenerated", "LogEntry", "PodName"], lines.iter().map(|l| vec![l.iso(), l.text.clone(), POD.to_owned()]))),
        ("Datadog v2", json!({"data": objects(&without_blanks(lines), |l| json!({"id": "1", "type": "log", "attributes": {"service": "litellm", "timestamp": l.iso(), "message": l.text, "tags": [format!("pod_name:{POD}")]}}))}).to_string().into_bytes()),
        ("Datadog v1", json!({"logs": objects(&without_blanks(lines), |l| json!({"id": "1", "content": {"service": "litellm", "timestamp": l.iso(), "message": l.text}}))}).to_string().into_bytes()),
        ("Datadog CSV", csv(&["Date", "Host", "Service", "Message"], lines.iter().map(|l| vec![l.iso(), "h".to_owned(), "litellm".to_owned(), l.text.clone()]))),
        ("Elasticsearch hits", json!({"took": 1, "hits": {"total": {"value": 1}, "hits": objects(&without_blanks(lines), |l| json!({"_index": "i", "_source": {"@timestamp": l.iso(), "message": l.text, "stream": "stderr", "kubernetes": {"pod": {"name": POD}}}}))}}).to_string().into_bytes()),
        ("Filebeat", ndjson(&objects(&without_blanks(lines), |l| json!({"@timestamp": l.iso(), "message": l.text, "stream": "stderr", "log": {"file": {"path": "/x"}}})))),
        ("Vector", ndjson(&objects(lines, |l| json!({"message": l.text, "timestamp": l.iso(), "source_type": "kubernetes_logs", "kubernetes": {"pod_name": POD}})))),
        ("Fluent Bit", ndjson(&objects(lines, |l| json!({"date": l.micros as f64 / 1e6, "stream": "stderr", "_p": "F", "log": l.text, "kubernetes": k8s})))),
        ("Fluentd", each(lines, |l| format!("{}\tkube.litellm\t{}", l.iso(), json!({"log": format!("{}\n", l.text), "stream": "stderr"})))),
        ("VictoriaLogs", ndjson(&objects(lines, |l| json!({"_time": l.iso(), "_stream": format!("{{pod=\"{POD}\"}}"), "_msg": l.text})))),
        ("GELF", ndjson(&objects(lines, |l| json!({"version": "1.1", "host": "h", "short_message": l.text, "timestamp": l.micros as f64 / 1e6})))),
        ("Splunk lines, newest first", ndjson(&reversed(objects(lines, |l| json!({"preview": false, "result": {"_raw": l.text, "_time": l.iso(), "host": "h"}}))))),
        ("Splunk results", json!({"results": objects(lines, |l| json!({"_raw": l.text, "_time": l.iso()}))}).to_string().into_bytes()),
        ("Splunk CSV", csv(&["_raw", "_time", "host"], lines.iter().map(|l| vec![l.text.clone(), l.iso(), "h".to_owned()]))),
        ("OTLP logs", json!({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": objects(lines, |l| json!({"timeUnixNano": nanos(l), "body": {"stringValue": l.text}}))}]}]}).to_string().into_bytes()),
    ]
}

/// What people do to a log before they hand it on, and what tools without a form of their own put before its lines.
fn pasted_shapes(log: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(log).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let join = |change: &dyn Fn(usize, &str) -> String| (1..).zip(&lines).map(|(n, l)| change(n, l) + "\n").collect::<String>().into_bytes();
    let markdown = |l: &str| l.trim_start().replace('\u{1b}', "").replace("/_", "/\\_") + "\n";
    vec![
        ("CRLF", join(&|_, l| format!("{l}\r"))),
        ("without blank lines", lines.iter().filter(|l| !l.trim().is_empty()).flat_map(|l| [l, "\n"]).collect::<String>().into_bytes()),
        ("blank lines between", join(&|_, l| format!("{l}\n"))),
        ("ESC stripped", join(&|_, l| l.replace('\u{1b}', ""))),
        ("ESC as ^[", join(&|_, l| l.replace('\u{1b}', "^["))),
        ("ESC as \\u001b", join(&|_, l| l.replace('\u{1b}', "\\u001b"))),
        ("indentation lost", join(&|_, l| l.trim_start().to_owned())),
        ("Markdown, fenced", [b"```\n".as_slice(), &join(&|_, l| markdown(l)), b"```\n"].concat()),
        ("quoted", join(&|_, l| format!("> {l}").trim_end().to_owned())),
        ("indented", join(&|_, l| format!("    {l}"))),
        ("grep -Hn", join(&|n, l| format!("logs/proxy.log:{n}:{l}"))),
        ("cat -n", join(&|n, l| format!("{n:>6}\t{l}"))),
        ("stern", join(&|_, l| format!("{POD} litellm {l}"))),
        ("bracketed", join(&|_, l| format!("[litellm] {l}"))),
        ("heroku", join(&|_, l| format!("2026-11-22T05:48:21.997668+00:00 app[web.1]: {l}"))),
        ("railway", join(&|_, l| format!("2026-11-22T05:48:21.997668000Z [err]  {l}"))),
        ("supervisor", join(&|n, l| format!("2026-11-22 07:48:21,{:03} {} litellm {l}", n % 1000, if n % 7 == 0 { "ERROR" } else { "INFO" }))),
        ("pm2", join(&|_, l| format!("0|litellm  | {l}"))),
        ("syslog without a process", join(&|_, l| format!("Nov 22 07:48:21 host litellm: {l}"))),
    ]
}

#[test]
fn every_shape_of_a_text_log_tells_what_the_log_tells() {
    type Shapes = fn(&[u8]) -> Vec<(&'static str, Vec<u8>)>;
    let (exported, pasted): (Shapes, Shapes) = (|log| text_shapes(&lines(log)), pasted_shapes);
    for (name, shapes) in
        [("1.85.0_C_info", exported), ("1.85.7_X_clouds_default", exported), ("1.85.0_C_info", pasted), ("1.96.2_A_default", pasted)]
    {
        let log = capture(name).log;
        let bare = told(&report_on(&log));
        assert!(bare.len() > 20, "{name}");
        for (shape, wrapped) in shapes(&log) {
            let report = report_on(&wrapped);
            assert_eq!((&report["complete"], &report["inputs"][0]["problems"]), (&json!(true), &json!([])), "{name}, {shape}");
            let now = told(&report);
            let different: Vec<_> =
                bare.iter().filter(|(ids, told)| now.get(*ids) != Some(told)).map(|(ids, told)| (ids, told, now.get(ids))).collect();
            assert!(different.is_empty() && now.len() == bare.len(), "{name}, {shape}: {different:#?}");
        }
    }
}

#[test]
fn a_json_log_that_an_exporter_took_apart_is_put_together_again() {
    let log = capture("1.85.0_D_json_default").log;
    let bare = told(&report_on(&log));
    let lines = lines(&log);
    let message = |l: &Line| parsed(l).get("message").cloned().unwrap_or_else(|| json!(l.text));
    let attributes = |l: &Line| {
        let mut attributes = json!({"timestamp": l.iso(), "message": message(l)});
        if parsed(l).is_object() {
            attributes["attributes"] = parsed(l);
        }
        json!({"attributes": attributes})
    };
    let gcp = |l: &Line| {
        let payload = if parsed(l).is_object() { "jsonPayload" } else { "textPayload" };
        json!({"insertId": "1", "logName": "projects/p/logs/stdout", "timestamp": l.iso(), payload: parsed(l)})
    };
    let filebeat = |l: &Line| {
        let mut entry = json!({"@timestamp": l.iso(), "message": message(l), "stream": "stdout"});
        if parsed(l).is_object() {
            entry["json"] = parsed(l);
        }
        entry
    };
    let shapes: [(&str, Vec<u8>); 5] = [
        ("GCP jsonPayload", serde_json::to_vec_pretty(&objects(&lines, gcp)).unwrap()),
        ("Datadog attributes", json!({"data": objects(&lines, attributes)}).to_string().into_bytes()),
        ("Filebeat json", ndjson(&objects(&lines, filebeat))),
        ("docker json-file", ndjson(&objects(&lines, |l| json!({"log": format!("{}\n", l.text), "stream": "stdout", "time": l.iso()})))),
        ("Azure LogMessage", serde_json::to_vec(&objects(&lines, |l| json!({"TimeGenerated": l.iso(), "LogMessage": parsed(l)}))).unwrap()),
    ];
    for (shape, wrapped) in shapes {
        assert_eq!(told(&report_on(&wrapped)), bare, "{shape}");
    }
}

#[test]
fn the_envelope_gives_date_and_zone() {
    let log = capture("1.85.0_A_default").log;
    let wrapped = each(&lines(&log), |l| format!("[pod/{POD}/litellm] {} {}", l.iso(), l.text));
    let (bare, report) = (report_on(&log), report_on(&wrapped));
    assert_eq!((&bare["summary"]["first_seen"], &report["summary"]["first_seen"]), (&json!("07:35:20"), &json!("2026-11-22T05:35:20Z")));
    let evidence = &report["incidents"][0]["evidence"][0];
    assert_eq!((&evidence["process"], &evidence["line"]), (&json!(format!("{POD}/litellm")), &bare["incidents"][0]["evidence"][0]["line"]));
}

#[test]
fn interleaved_pods_are_told_apart() {
    let (one, other) = (lines(&capture("1.85.0_A_default").log), lines(&capture("1.85.0_D_json_default").log));
    let apart = [told(&report_on(&capture("1.85.0_A_default").log)), told(&report_on(&capture("1.85.0_D_json_default").log))];
    let mut mixed = String::new();
    let mut queues = [one.iter().peekable(), other.iter().peekable()];
    let mut dice = common::Dice::new(7);
    while queues.iter_mut().any(|queue| queue.peek().is_some()) {
        let pod = dice.below(2);
        for line in queues[pod].by_ref().take(1 + dice.below(4)) {
            mixed += &format!("[pod/pod-{pod}/litellm] {} {}\n", line.iso(), line.text);
        }
    }
    let together = told(&report_on(mixed.as_bytes()));
    assert_eq!(together.len(), apart[0].len() + apart[1].len());
    assert!(apart.iter().flatten().all(|(ids, told)| together.get(ids) == Some(told)));
}

#[test]
fn whatever_names_a_process_keeps_it_apart() {
    type Shape = fn(&str, &Line) -> Value;
    let attribute = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let shapes: [(&str, Shape); 7] = [
        ("Filebeat", |name, l| json!({"@timestamp": l.iso(), "message": l.text, "container": {"id": name}, "input": {"type": "container"}})),
        ("docker labels", |name, l| json!({"log": format!("{}\n", l.text), "stream": "stderr", "time": l.iso(), "attrs": {"com.example.app": name}})),
        ("Loki", |name, l| json!({"labels": {"app": "litellm", "host": name}, "line": l.text, "timestamp": l.iso()})),
        ("Vector", |name, l| json!({"message": l.text, "timestamp": l.iso(), "source_type": "docker_logs", "container_name": name})),
        (
            "GELF",
            |name, l| json!({"version": "1.1", "host": "h", "short_message": l.text, "timestamp": l.micros as f64 / 1e6, "_container_id": name}),
        ),
        (
            "Datadog",
            |name, l| json!({"attributes": {"service": "litellm", "timestamp": l.iso(), "message": l.text, "tags": [format!("task_arn:{name}")]}}),
        ),
        ("journald", |name, l| json!({"MESSAGE": l.text, "__REALTIME_TIMESTAMP": l.micros.to_string(), "_HOSTNAME": "h", "CONTAINER_ID": name})),
    ];
    let logs = [capture("1.85.0_A_default").log, capture("1.96.2_A_default").log];
    let apart: Vec<_> = logs.iter().flat_map(|log| told(&report_on(log))).collect();
    let [one, other] = logs.each_ref().map(|log| lines(log));
    let mut dice = common::Dice::new(11);
    let (mut queues, mut mixed) = ([one.iter(), other.iter()], Vec::new());
    while queues.iter().any(|queue| queue.len() > 0) {
        let pod = dice.below(2);
        mixed.extend(queues[pod].by_ref().take(1 + dice.below(4)).map(|line| (["first", "second"][pod], line)));
    }
    let resource = |name: &str, l: &Line| {
        let record = json!({"timeUnixNano": format!("{}000", l.micros), "body": {"stringValue": l.text}});
        json!({"resource": {"attributes": [attribute("k8s.pod.name", name)]}, "scopeLogs": [{"scope": {}, "logRecords": [record]}]})
    };
    // CloudWatch writes the events last.
    let subscription = |name: &str, l: &Line| {
        let events = json!([{"id": "1", "timestamp": l.micros / 1000, "message": l.text}]);
        format!(r#"{{"messageType":"DATA_MESSAGE","logGroup":"g","logStream":"{name}","logEvents":{events}}}"#)
    };
    let mut cases: Vec<(&str, Vec<u8>)> =
        shapes.iter().map(|(name, shape)| (*name, ndjson(&mixed.iter().map(|(pod, line)| shape(pod, line)).collect::<Vec<_>>()))).collect();
    cases.push(("OTLP", json!({"resourceLogs": mixed.iter().map(|(pod, line)| resource(pod, line)).collect::<Vec<_>>()}).to_string().into_bytes()));
    let events = mixed.iter().filter(|(_, line)| !line.text.trim().is_empty());
    cases.push(("CloudWatch subscription", events.map(|(pod, line)| subscription(pod, line)).collect::<String>().into_bytes()));
    for (name, wrapped) in cases {
        let together = told(&report_on(&wrapped));
        let different: Vec<_> = apart.iter().filter(|(ids, told)| together.get(ids) != Some(told)).collect();
        assert!(different.is_empty() && together.len() == apart.len(), "{name}: {} of {}", different.len(), apart.len());
    }
}

#[test]
fn what_an_exporter_left_out_is_said() {
    let log = capture("1.85.0_A_default").log;
    let entry = |l: &Line| json!({"MESSAGE": if l.text.len() < 400 { json!(l.text) } else { Value::Null }, "__REALTIME_TIMESTAMP": l.micros.to_string(), "_PID": "1"});
    let event = |l: &Line| json!({"logStreamName": "x", "timestamp": l.micros / 1000, "message": l.text, "ingestionTime": 1});
    let cases = [
        ("journalctl without --all", ndjson(&objects(&lines(&log), entry)), "export it again with --all"),
        (
            "one page",
            json!({"events": objects(&without_blanks(&lines(&log)), event), "nextToken": "x"}).to_string().into_bytes(),
            "one page of several",
        ),
    ];
    for (name, wrapped, says) in cases {
        let report = report_on(&wrapped);
        let problem = report["inputs"][0]["problems"][0].as_str().unwrap_or_default();
        assert!(problem.contains(says) && report["complete"] == true, "{name}: {problem}");
    }
}

#[test]
fn what_is_around_text_of_another_program_is_no_log() {
    let other = each(&lines(b"one\ntwo\nthree\n"), |l| format!("{} {}", l.iso(), l.text));
    let report = report_on(&other);
    assert_eq!((&report["complete"], &report["summary"]["requests"]), (&json!(true), &json!(0)));
    assert!(report["problems"][0]["problem"].as_str().unwrap().starts_with("holds no LiteLLM record"));
}
