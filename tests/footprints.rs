//! What each LiteLLM release and route leaves in a log, one row a footprint: texts as live runs wrote them, trimmed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::report_on;
use serde_json::Value;

const LISTS: &str =
    "Fallbacks=[{'claude-sonnet-4-5': ['claude-sonnet-4-6']}, {'gpt-4o': ['claude-opus-4-7', 'claude-sonnet-4-6-eu', 'claude-3-7-sonnet']}]";
const FRAMES: &str = "Traceback (most recent call last):\n  File \"/app/litellm/router.py\", line 1, in f\n    raise error\n";
const END: &str = "\n\n\nDebug Information:\nCooldown Deployments=[]\n";

fn body(id: &str) -> String {
    format!(
        r#"{{"type":"error","error":{{"type":"invalid_request_error","message":"This model does not support assistant message prefill. The conversation must end with a user message."}},"request_id":"{id}"}}"#
    )
}

fn refusal(id: &str) -> String {
    format!("litellm.BadRequestError: AnthropicException - b'{}'", body(id))
}

fn record(time: &str, logger: &str, origin: &str, message: &str) -> String {
    format!("\u{1b}[92m{time} - {logger}:ERROR\u{1b}[0m: {origin} - {message}\n")
}

fn own(time: &str, origin: &str, error: &str) -> String {
    let head = "litellm.router.py::async_function_with_fallbacks() - Error occurred while trying to do fallbacks - ";
    record(time, "LiteLLM Router", origin, &format!("{head}{error}"))
}

/// What one footprint must be read as.
struct Expected {
    verdict: &'static str,
    outcome: &'static str,
    failed: Option<&'static str>,
    kind: Option<&'static str>,
    targets: &'static [Option<&'static str>],
    route: Option<&'static str>,
}

fn check(name: &str, log: &str, expected: &Expected) {
    let report = report_on(log.as_bytes());
    let incidents = report["incidents"].as_array().unwrap();
    assert_eq!(incidents.len(), 1, "{name}: {report:#}");
    let i = &incidents[0];
    let targets: Vec<Option<&str>> = i["rejections"].as_array().unwrap().iter().map(|r| r["model_group"].as_str()).collect();
    let failure = &i["stream_failure"];
    assert_eq!((&i["verdict"], &i["outcome"]), (&Value::from(expected.verdict), &Value::from(expected.outcome)), "{name}: {i:#}");
    assert_eq!((failure["model_group"].as_str(), failure["kind"].as_str()), (expected.failed, expected.kind), "{name}: {i:#}");
    assert_eq!((targets.as_slice(), i["route"].as_str()), (expected.targets, expected.route), "{name}: {i:#}");
}

#[test]
fn mid_stream_footprints() {
    let mid = |failed, kind, targets, route| Expected { verdict: "mid_stream_fallback", outcome: "failed", failed, kind, targets, route };
    let none = format!("No fallback model group found for original model_group=T. {LISTS}");
    let chain_1_81 = format!(
        "Fallback also failed: litellm.ServiceUnavailableError: litellm.MidStreamFallbackError: litellm.RateLimitError: RateLimitError: \
         OpenAIException - Rate limit reached. Received Model Group=P\nAvailable Model Group Fallbacks=['T']\nError doing the fallback: {0}{none}. \
         Received Model Group=T\nAvailable Model Group Fallbacks=None\nError doing the fallback: {0}{none}, LiteLLM Max Retries: 1",
        refusal("req_0181")
    );
    let lookup = format!(
        "Fallback also failed: litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicError - Overloaded. Received Model Group=P\nAvailable \
         Model Group Fallbacks=['T']\nError doing the fallback: {}No fallback model group found for lookup_groups=T. {LISTS}. Received Model \
         Group=T\nAvailable Model Group Fallbacks=None\nError doing the fallback: x",
        refusal("req_1011")
    );
    let empty_cause = format!(
        "Fallback also failed: litellm.MidStreamFallbackError: litellm.APIConnectionError: AnthropicException - . Received Model Group=P\nAvailable \
         Model Group Fallbacks=['T']\nError doing the fallback: {}{none}. Received Model Group=T\nAvailable Model Group Fallbacks=None\nError doing \
         the fallback: x",
        refusal("req_empty")
    );
    let responses = format!(
        "Responses streaming fallback also failed: litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicError - Overloaded. Received \
         Model Group=P\nAvailable Model Group Fallbacks=['A']\nError doing the fallback: {}. Received Model Group=A\nAvailable Model Group \
         Fallbacks=['C']\nError doing the fallback: {}No fallback model group found for original model_group=C. {LISTS}. Received Model \
         Group=C\nAvailable Model Group Fallbacks=None\nError doing the fallback: x",
        refusal("req_188a"),
        refusal("req_188c")
    );
    let new_form = format!(
        "Responses streaming fallback also failed: litellm.MidStreamFallbackError: litellm.InternalServerError: AnthropicError - Overloaded\n\nLiteLLM: \
         model group 'p-over' failed with the error above. Fallback to fb46 also failed: {} Original exception: InternalServerError: x",
        refusal("req_1104")
    );
    let ordered = format!(
        "Fallback also failed: {0}{1}. Received Model Group=ordgrp\nAvailable Model Group Fallbacks=None\nError doing the fallback: {0}",
        refusal("req_order"),
        none.replace("=T.", "=ordgrp.")
    );
    let lazy = r#"Fallback also failed: litellm.BadRequestError: BedrockException - {"message":"This model does not support assistant message prefill. The conversation must end with a user message."}"#;
    let rows = [
        ("1.81", chain_1_81.as_str(), mid(Some("P"), Some("rate_limit"), &[Some("T")], Some("chat"))),
        ("1.101", &lookup, mid(Some("P"), Some("overloaded"), &[Some("T")], Some("chat"))),
        ("httpx timeout", &empty_cause, mid(Some("P"), Some("timeout"), &[Some("T")], Some("chat"))),
        ("responses 1.88", &responses, mid(Some("P"), Some("overloaded"), &[Some("A"), Some("C")], Some("responses"))),
        ("responses 1.104", &new_form, mid(Some("p-over"), Some("overloaded"), &[Some("fb46")], Some("responses"))),
        ("order-based 1.94", &ordered, mid(Some("ordgrp"), Some("unknown"), &[Some("ordgrp")], Some("chat"))),
        ("bedrock/invoke", lazy, mid(None, Some("unknown"), &[None], Some("chat"))),
    ];
    for (name, message, expected) in rows {
        check(name, &record("07:35:20", "LiteLLM Router", "router.py:2165", message), &expected);
    }
}

#[test]
fn client_footprints() {
    let client = |outcome, targets, route| Expected { verdict: "client_prefill", outcome, failed: None, kind: None, targets, route };
    let plain = format!("litellm.BadRequestError: AnthropicException - {}", body("req_plain"));
    let handled = |text: &str| record("07:35:20", "LiteLLM Proxy", "common_request_processing.py:1", text);
    let function = "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - ";
    let rows = [
        ("not streaming", own("07:35:20", "router.py:5867", &format!("{plain}{END}")), client("unknown", &[None], None)),
        ("1.109, call id", handled(&format!("{function}litellm_call_id=27c2aa72 - {}", refusal("req_1109"))), client("failed", &[None], None)),
        (
            "ordinary fallback",
            handled(&format!(
                "{function}litellm.InternalServerError: AnthropicError - b'x'. Received Model Group=P\nAvailable Model Group Fallbacks=['T']\nError doing \
                 the fallback: {}No fallback model group found for original model_group=T. {LISTS}. Received Model Group=T\nAvailable Model Group \
                 Fallbacks=None\nError doing the fallback: x",
                refusal("req_ordinary")
            )),
            client("failed", &[Some("T")], None),
        ),
        (
            "messages",
            handled(&format!("litellm.proxy.proxy_server.anthropic_response(): Exception occured - {}", body("req_messages"))),
            client("failed", &[None], Some("messages")),
        ),
        (
            "1.98, no traceback",
            own("07:35:20", "router.py:6515", &format!("{}\nDebug Information:\nCooldown Deployments=[]", refusal("req_1098"))),
            client("unknown", &[None], None),
        ),
    ];
    for (name, log, expected) in rows {
        check(name, &log, &expected);
    }
}

#[test]
fn what_cannot_be_told_is_unknown() {
    let unknown = |outcome, targets| Expected { verdict: "unknown", outcome, failed: None, kind: None, targets, route: None };
    let hop = |group: &str, id: &str| {
        let error = format!("{}No fallback model group found for original model_group={group}. {LISTS} LiteLLM Retried: 1 times", refusal(id));
        own("07:35:20", "router.py:5867", &format!("{error}\n{FRAMES}litellm.exceptions.BadRequestError: {}{END}", refusal(id)))
    };
    let later = own("07:36:20", "router.py:5867", &format!("litellm.APIError: APIError: OpenAIException - x{END}"));
    let recovered = format!("{}{}{later}", hop("claude-opus-4-7", "req_hop1"), hop("claude-sonnet-4-6-eu", "req_hop2"));
    let responses_may = own("07:35:20", "router.py:7467", &format!("{}\nDebug Information:\nCooldown Deployments=[]", refusal("req_1104")));
    let rows = [
        ("recovered 1.85", recovered, unknown("recovered", &[Some("claude-opus-4-7"), Some("claude-sonnet-4-6-eu")])),
        ("1.104 may continue responses", responses_may, unknown("unknown", &[None])),
        ("end of the log", hop("claude-opus-4-7", "req_last"), unknown("unknown", &[Some("claude-opus-4-7")])),
    ];
    for (name, log, expected) in rows {
        check(name, &log, &expected);
    }
}

#[test]
fn time_rolls_over_midnight_and_no_date_is_invented() {
    let hop = |time: &str, group: &str, id: &str| {
        own(time, "router.py:5867", &format!("{}No fallback model group found for original model_group={group}. {LISTS}{END}", refusal(id)))
    };
    let log = format!("{}{}", hop("23:59:59", "claude-opus-4-7", "req_before"), hop("00:00:00", "claude-sonnet-4-6-eu", "req_after"));
    let report = report_on(log.as_bytes());
    let incident = &report["incidents"][0];
    assert_eq!((&incident["time"], &incident["end_time"]), (&"23:59:59".into(), &"00:00:00".into()), "{report:#}");
    let summary = &report["summary"];
    assert_eq!((&summary["first_seen"], &summary["last_seen"]), (&"23:59:59".into(), &"00:00:00".into()), "{report:#}");
    let json =
        r#"{"message": "MESSAGE", "level": "ERROR", "timestamp": "2026-11-22T07:36:15.560479", "component": "LiteLLM Proxy", "logger": "a.py:1"}"#;
    let message = format!("litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - {}", refusal("req_json"));
    let report = report_on(json.replace("MESSAGE", &message.replace('"', "\\\"")).as_bytes());
    assert_eq!((&report["summary"]["first_seen"], &report["summary"]["first_seen_local"]), (&Value::Null, &"2026-11-22T07:36:15.560479".into()));
}
