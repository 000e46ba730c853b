//! Nothing secret leaves: planted keys, tokens, passwords, addresses, prompts and answers, in all places from which text of an input is
//! printed, through every format and through facts.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

const FORMATS: [&str; 9] = ["json", "ndjson", "csv", "html", "text", "markdown", "sarif", "junit", "github"];

/// Secrets that their own form tells. None was ever valid.
const SHAPED: [&str; 46] = [
    "sk-ant-api03-Zq7planted1234abcdXYZ-AA",
    "hvs.CAESZq7planted1234abcd",
    "SG.Zq7planted1234abcd.Zq7planted1234abcdXYZ",
    "flp_Zq7planted1234abcdXYZ",
    "tvly-Zq7planted1234abcdXYZ",
    "wandb_v1_Zq7planted1234abcdXYZ",
    "pcsk_Zq7planted1234abcdXYZ",
    "npm_Zq7planted1234abcdXYZ1234567890abcd",
    "SK-ANT-API03-ZQ7PLANTED1234",
    "sk%2Dant%2DZq7planted1234",
    "sk-90461234",
    "sk-proj-Zq7planted1234abcdXYZ",
    "sk-or-v1-Zq7planted1234abcdXYZ",
    "sk-Zq7planted1234abcdXYZ",
    "sk-lf-9planted-1234-abcd",
    "AKIAZQ7PLANTED123456",
    "ASIAZQ7PLANTED123456",
    "ABSKQmVkcm9ja0FQSVBsYW50ZWQxMjM0",
    "AIzaSyZq7planted1234abcdXYZ1234567890ab",
    "ya29.a0Zq7planted1234abcdXYZ",
    "GOCSPX-Zq7planted1234abcdXYZ",
    "6cG4fPlanted6cG4fPlanted6cG4fPlanted6cG4fPlanted1234JQQJ99BAACYeBjFXJ3w3AAABACOGabcd",
    "gsk_Zq7planted1234abcdXYZ",
    "hf_Zq7plantedabcdXYZabcdXYZ",
    "r8_Zq7planted1234abcdXYZ",
    "pplx-Zq7planted1234abcdXYZ",
    "xai-Zq7planted1234abcdXYZ",
    "nvapi-Zq7planted1234_abcd-XYZ",
    "fw_Zq7planted1234abcdXYZ",
    "tgp_v1_Zq7planted1234abcdXYZ",
    "csk-Zq7planted1234abcdXYZ",
    "dapi0123456789abcdef0123456789abcdef",
    "ghp_Zq7planted1234abcdXYZ1234567890abcd",
    "glpat-Zq7planted1234abcdXYZ",
    "xoxb-123456789012-Zq7planted",
    "xapp-1-A0B1C2D3-Zq7planted1234",
    "glsa_Zq7planted1234abcdXYZ_12345678",
    "whsec_Zq7planted1234abcdXYZ",
    "dop_v1_Zq7planted1234abcdXYZ",
    "shpat_Zq7planted1234abcdXYZ",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.Zq7planted",
    "jane.planted@example.com",
    "jürgen.planted+x@mail.example.org",
    "10.217.33.41",
    "2001:db8:7::41",
    "fd00:1234:5678:9abc:def0:1234:5678:9abc",
];

/// Secrets that only the name before them tells.
const NAMED: [&str; 6] = [
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYPLANTEDKEY",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "Q7Zt9wLm2Xy4Q7Zt9wLm2Xy4Q7Zt9wLm2Xy4Q7Zt",
    "hunter2Planted",
    "cGxhbnRlZDpwYXNzd29yZA==",
    "planted-Zq7-1234",
];

/// Where a secret stands in an error's words without a name; `§` is the secret.
const BARE: [&str; 8] = [
    "Incorrect key §",
    "the value '§' was refused",
    "got \"§\", expected another",
    "{\\\"value\\\": \\\"§\\\"}",
    "see https://example.net/v1?x=§&y=1",
    "first\\n§\\nthird",
    "(§)",
    "\\u0022§\\u0022",
];

/// Where one stands behind a name.
const BEHIND: [&str; 45] = [
    "{'x-api-key': ['§']}",
    "map[X-Api-Key:[§]]",
    "Authorization: ZenApiKey §",
    "Authorization: MyScheme §",
    "Authorization: Api-Key §",
    "aws_credentials=\"AKIAIOSFODNN7EXAMPLE:§\"",
    "x-api-key: 'AKIAIOSFODNN7EXAMPLE:§'",
    "%22x-api-key%22%3A%22§%22",
    "\\u0022x-api-key\\u0022: \\u0022§\\u0022",
    "&quot;x-api-key&quot;: &quot;§&quot;",
    "https://example.net/v1?key\\u003d§",
    "<SecretAccessKey>§</SecretAccessKey>",
    "<SessionToken>§</SessionToken>",
    "api_key    =    §",
    "streamfall --api-key § -x",
    "curl -u admin:§ https://example.net",
    "X-Auth-Key: §",
    "X-Vault-Token: §",
    "DD-APPLICATION-KEY: §",
    "password=$ecret&§",
    "Bearer §x9",
    "headers={'x-api-key': '§', 'accept': '*/*'}",
    "Headers([(b'x-api-key', b'§'), (b'accept', b'*/*')])",
    "{\"api-key\": \"§\"}",
    "{\\\"api-key\\\": \\\"§\\\"}",
    "{\\\\\\\"api-key\\\\\\\": \\\\\\\"§\\\\\\\"}",
    "x-api-key: §",
    "X-Goog-Api-Key: §",
    "Ocp-Apim-Subscription-Key: §",
    "Authorization: Bearer §",
    "Authorization: Basic §",
    "authorization: §",
    "{'Authorization': 'Bearer §'}",
    "\"Proxy-Authorization\": \"Basic §\"",
    "api_key='§', model='m'",
    "openai_api_key=§,",
    "AWS_SECRET_ACCESS_KEY=§",
    "'aws_session_token': '§'",
    "https://example.net/v1?key=§&alt=json",
    "https://example.net/v1?api_key=§",
    "https://example.net/blob?sv=1&sig=§",
    "client_secret=§&grant_type=x",
    "password=§ host=db",
    "{\"master_key\": \"§\"}",
    "LiteLLM Virtual Key expected. Received=§, expected to start with 'sk-'",
];

/// What a client asked and a model answered, where errors echo it.
const ECHOES: [&str; 38] = [
    "1 validation error [type=string_type, input_value='§', input_type=str]",
    "input_value={'role': 'user', 'content': \"it's §\"}, input_type=dict",
    "completion(model='m', messages=[{'role': 'user', 'content': '§'}], n=1)",
    "Invalid user message={'role': 'user', 'content': '§'} at index 0",
    "{\"messages\": [{\"role\": \"user\", \"content\": \"§\"}]}",
    "{\\\"prompt\\\": \\\"§\\\"}",
    "Received chunk: {'delta': {'text': '§'}}",
    "Error parsing chunk: §",
    "Received Messages=[{'content': '§'}]",
    "Original Response: §",
    "curl -X POST https://api.example.net -H 'a: b' -d '{\"x\": \"§\"}'",
    "'input': {'text': '§'}, 'url': 'https://errors.pydantic.dev'",
    "{'error': 'Violated guardrail policy', 'bedrock_guardrail_response': '§'}",
    "choices=[{'message': {'content': '§'}}]",
    "tool_calls=[{'function': {'arguments': '{\"a\": \"§\"}'}}]",
    "blocked content: §",
    "litellm.JSONSchemaValidationError: model=m, returned an invalid response=§, for schema={}",
    "Failed to decode JSON from chunk: {\"type\":\"x\",\"partial\":\"§",
    "Failed to decode chunk: §. Error: no JSON",
    "Failed to parse v2 chunk: x, chunk: §",
    "Empty or invalid response from LLM endpoint. Received: '§'. Check the logs",
    "Unable to convert openai tool calls={'a': '§'} to gemini tool calls",
    "Passed completion_response=§",
    "{\"error\":{\"code\":\"tool_use_failed\",\"failed_generation\":\"§\"}}",
    "{\"inputText\": \"§\"}",
    "{'toolUse': {'input': {'a': '§'}}}",
    "args=('§',), kwargs={'data': '§'}",
    "Original Response: None of the § plans",
    "Raw input: Yes) §",
    "raw_response: §",
    "Failed to parse, response.text: §",
    "Invalid tool arguments: {\"q\": \"§\"}",
    "prompt=Hello, plan=§",
    "prompt='Hello' §",
    "{\\u0022content\\u0022: \\u0022§\\u0022}",
    "{&quot;content&quot;: &quot;§&quot;}",
    "%22content%22%3A%22§%22",
    "content = '§'",
];

const PROMPT: &str = "PLANTEDPROMPT the merger is on Friday";

/// A record of a stream that broke with these words, and of the hop that was refused. The `number` makes it an incident of its own sort.
fn record(number: usize, words: &str) -> String {
    let (minute, second) = (number / 60 % 60, number % 60);
    format!(
        "07:{minute:02}:{second:02} - LiteLLM Router:ERROR: router.py:5867 - Fallback also failed: litellm.MidStreamFallbackError: \
         litellm.AuthenticationError: AnthropicException - {words}. Received Model Group=group-{number}\nAvailable Model Group \
         Fallbacks=['target-{number}']\nError doing the fallback: litellm.BadRequestError: AnthropicException - {{\"type\":\"error\",\"error\":\
         {{\"type\":\"invalid_request_error\",\"message\":\"This model does not support assistant message prefill.\"}},\
         \"request_id\":\"req_0planted{number:04}\"}}\n"
    )
}

/// The words of all planted errors, each with what must not be printed of it.
fn planted() -> Vec<(String, &'static str)> {
    let bare = SHAPED.iter().flat_map(|secret| BARE.iter().map(move |place| (place.replace('§', secret), *secret)));
    let all = SHAPED.iter().chain(&NAMED);
    let behind = all.flat_map(|secret| BEHIND.iter().map(move |place| (place.replace('§', secret), *secret)));
    let urls = NAMED.iter().filter(|secret| !secret.contains('/')).map(|secret| (format!("postgresql://litellm:{secret}@db:5432/x"), *secret));
    bare.chain(behind).chain(urls).collect()
}

/// The log of planted errors, with prompts around them.
fn log() -> String {
    log_of(planted())
}

fn log_of(planted: Vec<(String, &str)>) -> String {
    let secrets = planted.into_iter().map(|(words, _)| words);
    let echoes = ECHOES.iter().map(|place| place.replace('§', PROMPT));
    let mut log: String = secrets.chain(echoes).enumerate().map(|(number, words)| record(number, &words)).collect();
    // What stands beside errors: a request at DEBUG, a traceback's source, an access line.
    write!(
        log,
        "07:59:58 - LiteLLM:DEBUG: utils.py:348 - \n07:59:58 - LiteLLM:DEBUG: utils.py:348 - Request to litellm:\n07:59:58 - LiteLLM:DEBUG: utils.py:348 - \
         litellm.completion(model='m', messages=[{{'role': 'user', 'content': '{PROMPT}'}}], api_key='{0}')\n{1}Traceback (most recent call last):\n  File \
         \"/app/x.py\", line 1, in f\n    ask(messages=[{{'content': '{PROMPT}'}}], api_key='{0}')\nValueError: {PROMPT} input_value='{PROMPT}' {0}\n\
         07:59:59 - LiteLLM:ERROR: x.py:1 - request {{'messages': [{{'content': '{PROMPT}'}}], 'api_key': '{0}'}}\n",
        SHAPED[0],
        record(3001, "Overloaded"),
    )
    .unwrap();
    log
}

/// Rows of a trace, in whose fields a secret stands each.
fn rows() -> Vec<Value> {
    let known = common::lines(&common::trace("1.85.0_F_generic_api"));
    let is_refused = |row: &&Value| row["error_str"].as_str().is_some_and(|error| error.contains("does not support assistant message prefill"));
    let row = known.iter().find(is_refused).unwrap();
    let mut rows = Vec::new();
    for (number, secret) in SHAPED.iter().enumerate() {
        let mut row = row.clone();
        for field in ["user_api_key_alias", "user_api_key_team_alias", "user_api_key_user_id", "user_agent"] {
            row["metadata"][field] = json!(secret);
        }
        for field in ["end_user", "model_group", "trace_id", "id", "litellm_call_id"] {
            row[field] = json!(secret);
        }
        row["metadata"]["requester_ip_address"] = json!("10.217.33.41");
        row["messages"] = json!([{"role": "user", "content": PROMPT}]);
        row["response"] = json!({"choices": [{"message": {"content": PROMPT}}]});
        let error = row["error_str"].as_str().unwrap().replace("req_", &format!("req_{number}"));
        row["error_str"] = json!(format!("{error} {secret} input_value='{PROMPT}'"));
        rows.push(row);
    }
    rows
}

/// A folder of inputs: the log, the trace, an archive and a folder whose names are secrets.
fn inputs(dir: &Path) -> Vec<PathBuf> {
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    };
    let named: Vec<(String, String)> =
        SHAPED.iter().enumerate().map(|(number, secret)| (format!("{secret}/{secret}.log"), record(4000 + number, "Overloaded"))).collect();
    let members: Vec<(&str, &[u8])> = named.iter().map(|(name, log)| (name.as_str(), log.as_bytes())).collect();
    let mut paths = vec![put("proxy.log", log().as_bytes()), put("trace.jsonl", &common::ndjson(&rows())), put("dump.zip", &common::zip(&members))];
    for (number, secret) in SHAPED.iter().enumerate() {
        paths.push(put(&format!("hosts/{secret}/proxy.log.{}", number + 1), record(5000 + number, "Overloaded").as_bytes()));
        // Something to say on stderr.
        paths.push(dir.join(format!("missing/{secret}.log")));
    }
    paths
}

fn run(args: &[String]) -> Output {
    assert_cmd::cargo::cargo_bin_cmd!("streamfall").args(args).output().unwrap()
}

/// All that a run over inputs prints and writes, by what printed it.
fn printed(inputs: &[PathBuf], facts: Option<&Path>, more: &[&str]) -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let mut args: Vec<String> = more.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(["--incidents", "--top=100000"].map(str::to_owned));
    args.extend(FORMATS.map(|format| format!("--output={format}={}", dir.path().join(format).display())));
    args.extend(facts.map(|facts| format!("--output=facts={}", facts.display())));
    args.extend(inputs.iter().map(|path| path.display().to_string()));
    let output = run(&args);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut all = vec![("incidents".to_owned(), text(&output.stdout)), ("stderr".to_owned(), text(&output.stderr))];
    all.extend(FORMATS.map(|format| (format.to_owned(), fs::read_to_string(dir.path().join(format)).unwrap())));
    all
}

/// A text as a reader has it, whatever its format escaped, and without the breaks of lines that a page has.
fn read(text: &str) -> String {
    let spelt = [
        ("\\\\", "\\"),
        ("\\\"", "\""),
        ("&amp;", "&"),
        ("&#38;", "&"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("%3A", ":"),
        ("%25", "%"),
        ("%40", "@"),
        ("%2F", "/"),
    ];
    let plain = spelt.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain));
    plain.lines().map(str::trim_start).collect()
}

/// Which secrets stand in texts.
fn leaks(texts: &[(String, String)]) -> Vec<String> {
    let secrets: Vec<&str> = SHAPED.iter().chain(&NAMED).copied().chain(["PLANTEDPROMPT", "merger"]).collect();
    let mut found = Vec::new();
    for (format, text) in texts {
        for text in [text, &read(text)] {
            let leaked = secrets.iter().filter_map(|secret| memchr::memmem::find(text.as_bytes(), secret.as_bytes()).map(|at| (secret, at)));
            found.extend(leaked.map(|(secret, at)| format!("{format}: {secret} in {:?}", around(text, at))));
        }
    }
    found
}

fn around(text: &str, at: usize) -> String {
    let before = text[..at].chars().rev().take(60).collect::<Vec<_>>();
    before.into_iter().rev().chain(text[at..].chars().take(60)).collect()
}

#[test]
fn nothing_planted_leaves_by_any_format() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = inputs(dir.path());
    let facts = dir.path().join("facts.ndjson");
    let strip = |texts: Vec<(String, String)>| -> Vec<(String, String)> {
        // The folder is the test's own, and has no secret.
        texts.into_iter().map(|(name, text)| (name, text.replace(&dir.path().display().to_string(), ""))).collect()
    };
    let label = format!("--label={}", SHAPED[0]);
    let mut all = strip(printed(&inputs, Some(&facts), &[&label]));
    let requests: Value = serde_json::from_str(&all.iter().find(|(format, _)| format == "json").unwrap().1).unwrap();
    assert!(requests["summary"]["requests"].as_u64() >= u64::try_from(planted().len()).ok(), "{}", requests["summary"]["requests"]);
    all.push(("facts".to_owned(), fs::read_to_string(&facts).unwrap()));
    let of_facts = strip(printed(&[facts], None, &[]));
    all.extend(of_facts.into_iter().map(|(format, text)| (format!("facts to {format}"), text)));
    let found = leaks(&all);
    assert!(
        found.is_empty(),
        "{} leaks of {} planted errors:\n{}",
        found.len(),
        planted().len(),
        found.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
}

/// The test above can fail: what is shown is seen.
#[test]
fn secrets_are_shown_if_that_is_asked_for_and_prompts_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("proxy.log");
    // Markdown shows no more than a runner takes: each secret once.
    let mut seen = BTreeSet::new();
    fs::write(&path, log_of(planted().into_iter().filter(|(_, secret)| seen.insert(*secret)).collect())).unwrap();
    let all = printed(std::slice::from_ref(&path), None, &["--show-secrets"]);
    let of = |name: &str| all.iter().find(|(format, _)| format == name).unwrap().1.as_str();
    for format in ["json", "ndjson", "csv", "html", "markdown", "incidents"] {
        let text = [(format.to_owned(), of(format).to_owned())];
        for secret in SHAPED.iter().chain(&NAMED) {
            assert!(leaks(&text).iter().any(|leak| leak.contains(secret)), "{format} does not show {secret}");
        }
        assert!(!of(format).contains("PLANTEDPROMPT"), "{format}");
    }
    assert!(of("stderr").contains("warning: --show-secrets"));
    let fingerprints = |json: &str| {
        serde_json::from_str::<Value>(json).unwrap()["incidents"].as_array().unwrap().iter().map(|i| i["fingerprint"].to_string()).collect::<Vec<_>>()
    };
    let masked = printed(&[path], None, &[]);
    assert_eq!(fingerprints(of("json")), fingerprints(&masked.iter().find(|(format, _)| format == "json").unwrap().1));
}

#[test]
fn facts_and_baselines_never_hold_them() {
    for (args, says) in [
        (&["--format=facts"][..], "--show-secrets is not for facts"),
        (&["--output=facts=f.ndjson"], "--show-secrets is not for facts"),
        (&["--baseline=b.json", "--write-baseline"], "--show-secrets is not for a baseline"),
    ] {
        let output = run(&args.iter().copied().chain(["--show-secrets", "x.log"]).map(str::to_owned).collect::<Vec<_>>());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(says) && output.stdout.is_empty(), "{args:?}: {said}");
    }
}

/// Names in a config are masked as in logs, so that a pair that was seen is found in it.
#[test]
fn nor_by_the_names_in_a_config() {
    let dir = tempfile::tempdir().unwrap();
    let [folder, log] = [dir.path().join("jane.planted@example.com"), dir.path().join("proxy.log")];
    fs::create_dir(&folder).unwrap();
    let config = folder.join("config.yaml");
    let mut yaml = "model_list:\n".to_owned();
    for secret in SHAPED {
        writeln!(yaml, "- {{model_name: '{secret}', litellm_params: {{model: anthropic/claude-opus-4-7}}}}").unwrap();
        writeln!(yaml, "- {{model_name: 'a {secret}', litellm_params: {{model: 'openai/{secret}'}}}}").unwrap();
    }
    yaml += "litellm_settings:\n  fallbacks:\n";
    for secret in SHAPED {
        writeln!(yaml, "  - 'a {secret}': ['{secret}']").unwrap();
    }
    fs::write(&config, yaml).unwrap();
    let pair = |secret: &str| {
        let refused = format!("model_group=a {secret}. Fallbacks=[{{'a {secret}': ['{secret}']}}]");
        record(1, "Overloaded").replace("group-1", &format!("a {secret}")).replace("target-1", secret) + &refused
    };
    fs::write(&log, pair("sk-ant-api03-Zq7planted1234abcdXYZ-AA")).unwrap();
    let mut all = Vec::new();
    for format in ["text", "json", "markdown", "sarif", "github"] {
        let asked = [format!("--format={format}"), format!("--config={}", config.display()), log.display().to_string()];
        for args in [vec!["preflight".to_owned(), asked[0].clone(), config.display().to_string()], asked.to_vec()] {
            let output = run(&args);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&dir.path().display().to_string(), "");
            assert!(output.stdout.len() > 100, "{args:?}: {}", text(&output.stderr));
            all.push((args[..2].join(" "), text(&output.stdout) + &text(&output.stderr)));
        }
    }
    assert_eq!(leaks(&all), [""; 0]);
    for more in [None, Some("--show-secrets".to_owned())] {
        let args = ["--format=json".to_owned(), format!("--config={}", config.display()), log.display().to_string()];
        let check = &serde_json::from_slice::<Value>(&run(&args.into_iter().chain(more).collect::<Vec<_>>()).stdout).unwrap()["config"];
        let may_have_failed = check["orphans"][0]["may_have_failed"].as_array().unwrap();
        assert_eq!(may_have_failed.len(), 1, "{check}");
    }
}

/// A comparison, and what is said of a config with secrets in it.
#[test]
fn nor_by_the_other_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let inputs = inputs(dir.path());
    let config = dir.path().join("config.yaml");
    let secret = SHAPED[0];
    let yaml = format!(
        "model_list:\n  - model_name: a\n    litellm_params: {{model: anthropic/claude-sonnet-4-5, api_key: {secret}, api_base: 'https://u:hunter2Planted@10.217.33.41/'}}\n  \
         - model_name: b\n    litellm_params: {{model: anthropic/claude-opus-4-7, api_key: {secret}}}\nlitellm_settings: {{fallbacks: [{{a: [b]}}]}}\n\
         general_settings: {{master_key: {secret}, database_url: 'postgresql://x:hunter2Planted@db/x'}}\n"
    );
    fs::write(&config, yaml).unwrap();
    let name = |path: &Path| path.display().to_string();
    let mut all = Vec::new();
    for format in ["text", "json", "markdown"] {
        let args = ["compare".to_owned(), format!("--format={format}"), name(&inputs[0]), name(&inputs[2])];
        all.push((format!("compare {format}"), run(&args)));
    }
    for format in ["text", "json", "markdown", "sarif", "github"] {
        all.push((format!("preflight {format}"), run(&["preflight".to_owned(), format!("--format={format}"), name(&config)])));
        all.push((format!("config {format}"), run(&[format!("--format={format}"), format!("--config={}", name(&config)), name(&inputs[0])])));
    }
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let all: Vec<(String, String)> = all.into_iter().map(|(job, output)| (job, text(&output.stdout) + &text(&output.stderr))).collect();
    assert!(all.iter().all(|(_, text)| text.len() > 100), "{all:?}");
    assert_eq!(leaks(&all), [""; 0]);
}
