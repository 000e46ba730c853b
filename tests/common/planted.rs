//! What is planted to see whether it leaks: secrets, the places from which an error's text is printed, and logs and rows made of both.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// Secrets that their own form tells. None was ever valid.
pub const SHAPED: [&str; 46] = [
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
pub const NAMED: [&str; 6] = [
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYPLANTEDKEY",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "Q7Zt9wLm2Xy4Q7Zt9wLm2Xy4Q7Zt9wLm2Xy4Q7Zt",
    "hunter2Planted",
    "cGxhbnRlZDpwYXNzd29yZA==",
    "planted-Zq7-1234",
];

/// Where a secret stands in an error's words without a name; `§` is the secret.
pub const BARE: [&str; 8] = [
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
pub const BEHIND: [&str; 45] = [
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
pub const ECHOES: [&str; 38] = [
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

pub const PROMPT: &str = "PLANTEDPROMPT the merger is on Friday";

/// A record of a stream that broke with these words, and of the hop that was refused. The `number` makes it an incident of its own sort.
pub fn record(number: usize, words: &str) -> String {
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
pub fn planted() -> Vec<(String, &'static str)> {
    let bare = SHAPED.iter().flat_map(|secret| BARE.iter().map(move |place| (place.replace('§', secret), *secret)));
    let all = SHAPED.iter().chain(&NAMED);
    let behind = all.flat_map(|secret| BEHIND.iter().map(move |place| (place.replace('§', secret), *secret)));
    let urls = NAMED.iter().filter(|secret| !secret.contains('/')).map(|secret| (format!("postgresql://litellm:{secret}@db:5432/x"), *secret));
    bare.chain(behind).chain(urls).collect()
}

/// The log of planted errors, with prompts around them.
pub fn log() -> String {
    log_of(planted())
}

pub fn log_of(planted: Vec<(String, &str)>) -> String {
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
pub fn rows() -> Vec<Value> {
    let known = super::lines(&super::trace("1.85.0_F_generic_api"));
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
