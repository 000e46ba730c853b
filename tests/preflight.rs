//! `streamfall preflight`: the real binary and the library on configs, small ones written here and those of real proxies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin_cmd;
use boon::{Compiler, Schemas};
use common::{capture, captures_dir};
use serde_json::Value;
use streamfall::Secrets;
use streamfall::output::Shown;
use streamfall::output::prediction::PredictionFormat;
use streamfall::preflight::{Asked, Config, Outlook, Pair, Preflight, observed};

const SCHEMA: &str = include_str!("../schema/streamfall.preflight.v1.json");
const FORMATS: [(&str, PredictionFormat); 5] = [
    ("text", PredictionFormat::Text),
    ("json", PredictionFormat::Json),
    ("markdown", PredictionFormat::Markdown),
    ("sarif", PredictionFormat::Sarif),
    ("github", PredictionFormat::Github),
];

/// Groups of every sort, for configs that are about their fallbacks.
const MODELS: &str = "model_list:
- {model_name: new, litellm_params: {model: anthropic/claude-opus-4-7}}
- {model_name: newer, litellm_params: {model: claude-sonnet-6}}
- {model_name: old, litellm_params: {model: anthropic/claude-haiku-4-5}}
- {model_name: mixed, litellm_params: {model: anthropic/claude-opus-4-7}}
- {model_name: mixed, litellm_params: {model: openai/gpt-4.1}}
- {model_name: ordered, litellm_params: {model: openai/gpt-4.1, order: 1}}
- {model_name: ordered, litellm_params: {model: anthropic/claude-opus-4-7, order: 2}}
- {model_name: gpt, litellm_params: {model: openai/gpt-4.1}}
- {model_name: untold, litellm_params: {model: openai/prod-chat}}
- {model_name: arn, litellm_params: {model: 'bedrock/arn:aws:bedrock:x:1:application-inference-profile/a'}, model_info: {base_model: claude-opus-4-6, id: by-id}}
- {model_name: liar, litellm_params: {model: anthropic/claude-opus-4-7}, model_info: {supports_assistant_prefill: true}}
- {model_name: 'any/*', litellm_params: {model: 'anthropic/*'}}
- {model_name: bedrock, litellm_params: {model: bedrock/anthropic.claude-3-haiku-20240307-v1:0}}
- {model_name: vectors, litellm_params: {model: openai/text-embedding-3-small}, model_info: {mode: embedding}}
";

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn config(text: &str) -> Config {
    Config::of_bytes("config.yaml", text.as_bytes().to_vec(), Path::new("")).unwrap()
}

fn asked(version: &str) -> Asked {
    Asked { version: Some(version.parse().unwrap()), routes: Vec::new() }
}

/// Pairs as `failed > via > target verdict line`.
fn told(text: &str, version: &str) -> Vec<String> {
    let preflight = Preflight::new(&config(text), asked(version)).unwrap();
    preflight.pairs.iter().map(said).collect()
}

fn said(pair: &Pair) -> String {
    let names: Vec<&str> = [&pair.failed].into_iter().chain(&pair.via).chain([&pair.target]).map(|name| &**name).collect();
    format!("{} {} {}", names.join(" > "), pair.outlook.name(), pair.spot.line)
}

/// The pairs of a config in which the settings stand behind the models; lines count from the settings.
fn told_of(settings: &str, version: &str) -> Vec<String> {
    let models = MODELS.lines().count();
    let relative = |said: String| {
        let (pair, line) = said.rsplit_once(' ').unwrap();
        let line: usize = line.parse().unwrap();
        if line > models { format!("{pair} {}", line - models) } else { pair.to_owned() }
    };
    let own = |said: &String| !said.starts_with("ordered > ordered ");
    told(&format!("{MODELS}{settings}"), version).into_iter().map(relative).filter(own).collect()
}

#[test]
fn who_refuses() {
    let cases: [(&str, &[&str]); 14] = [
        ("- gpt: [new]", &["gpt > new will_break 3"]),
        ("- gpt: [old]", &["gpt > old safe 3"]),
        ("- gpt: [newer]", &["gpt > newer will_break 3"]),
        ("- gpt: [mixed]", &["gpt > mixed may_break 3"]),
        ("- gpt: [ordered]", &["gpt > ordered may_break 3"]),
        ("- gpt: [untold]", &["gpt > untold unknown 3"]),
        ("- gpt: [arn]", &["gpt > arn will_break 3"]),
        ("- gpt: [by-id]", &["gpt > by-id will_break 3"]),
        ("- gpt: [any/claude-opus-4-6, any/claude-3-haiku]", &["gpt > any/claude-opus-4-6 will_break 3", "gpt > any/claude-3-haiku safe 3"]),
        ("- gpt: [missing]", &["gpt > missing unknown 3"]),
        ("- gpt: [os.environ/TARGET]", &["gpt > os.environ/TARGET unknown 3"]),
        ("- gpt: [{model: new, max_tokens: 5}, {max_tokens: 5}]", &["gpt > new will_break 3"]),
        ("- bedrock: [new]", &["bedrock > new may_break 3"]),
        ("- gpt: [gpt, new]", &["gpt > new will_break 3"]),
    ];
    for (list, expected) in cases {
        assert_eq!(told_of(&format!("router_settings:\n  fallbacks:\n  {list}\n"), "1.85.0"), expected, "{list}");
    }
}

#[test]
fn who_is_turned_to() {
    let cases: [(&str, &[&str]); 13] = [
        // All of a flat list, as long as each before must fail.
        ("fallbacks: [{gpt: [new, newer]}]", &["gpt > new will_break 2", "gpt > newer will_break 2"]),
        ("fallbacks: [{gpt: [old, new]}]", &["gpt > old safe 2", "gpt > new may_break 2"]),
        // The target's own fallbacks.
        ("fallbacks: [{gpt: [new]}, {new: [newer]}]", &["new > newer will_break 2", "gpt > new will_break 2", "gpt > new > newer will_break 2"]),
        ("fallbacks: [{gpt: [old]}, {old: [new]}]", &["old > new will_break 2", "gpt > old safe 2", "gpt > old > new may_break 2"]),
        ("fallbacks: [{gpt: [new]}, {new: [gpt]}]", &["new > gpt safe 2", "gpt > new will_break 2"]),
        ("max_fallbacks: 1, fallbacks: [{gpt: [new]}, {new: [newer]}]", &["new > newer will_break 2", "gpt > new will_break 2"]),
        // Names: with a provider, by alias, globs that are none.
        ("fallbacks: [{x: [new]}], model_group_alias: {x: gpt}", &["x > new will_break 2"]),
        ("fallbacks: [{gpt: [x]}], model_group_alias: {x: {model: new, hidden: true}}", &["gpt > x will_break 2"]),
        ("fallbacks: [{gpt: [new]}], model_group_alias: {x: gpt}", &["gpt > new will_break 2", "x > new safe 2"]),
        ("fallbacks: [{'any/*': [new]}, {any/claude-3-haiku: [new]}]", &["any/claude-3-haiku > new will_break 2"]),
        // What is for other errors.
        ("context_window_fallbacks: [{gpt: [new]}], content_policy_fallbacks: [{gpt: [new]}]", &[]),
        ("fallbacks: [{gpt: [new]}, {gpt: [old]}]", &["gpt > new will_break 2"]),
        ("fallbacks: []", &[]),
    ];
    for (settings, expected) in cases {
        let told = told_of(&format!("router_settings:\n  {{{settings}}}\n"), "1.85.0");
        let told: Vec<&String> = told.iter().filter(|pair| !pair.starts_with("any/* ")).collect();
        assert_eq!(told, expected.iter().collect::<Vec<_>>(), "{settings}");
    }
}

#[test]
fn defaults_serve_all_who_have_none_and_the_router_wins() {
    let told = told_of("litellm_settings:\n  default_fallbacks: [new]\n  fallbacks: [{gpt: [old]}]\n", "1.85.0");
    assert!(told.contains(&"gpt > old safe 3".to_owned()) && told.contains(&"old > new will_break 2".to_owned()), "{told:?}");
    assert!(told.contains(&"gpt > old > new may_break 2".to_owned()) && !told.iter().any(|pair| pair.starts_with("vectors")), "{told:?}");
    let both = format!("{MODELS}router_settings: {{fallbacks: [{{gpt: [old]}}]}}\nlitellm_settings: {{fallbacks: [{{gpt: [new]}}]}}\n");
    assert!(Preflight::new(&config(&both), asked("1.85.0")).unwrap().pairs.iter().all(|pair| &*pair.target != "new"));
    assert!(config(&both).notes.iter().any(|note| note.text.contains("do not count")));
}

#[test]
fn releases_and_routes() {
    let pair = "router_settings: {fallbacks: [{gpt: [new, liar]}]}\n";
    let asked_for = "router_settings: {enable_mid_stream_fallback_continuation: true, fallbacks: [{gpt: [new, liar]}]}\n";
    let cases = [
        (pair, "1.74.12", ["safe", "safe"]),
        (pair, "1.74.13", ["may_break", "may_break"]),
        (pair, "1.85.0", ["will_break", "will_break"]),
        (pair, "1.98.1", ["safe", "safe"]),
        (pair, "1.104.9", ["will_break", "will_break"]),
        (pair, "1.109.1", ["safe", "safe"]),
        (asked_for, "1.109.1", ["safe", "will_break"]),
        (asked_for, "1.100.5", ["safe", "safe"]),
    ];
    for (settings, version, expected) in cases {
        let preflight = Preflight::new(&config(&format!("{MODELS}{settings}")), asked(version)).unwrap();
        let told: Vec<&str> = preflight.pairs.iter().filter(|pair| &*pair.failed == "gpt").map(|pair| pair.outlook.name()).collect();
        assert_eq!(told, expected, "{version} {settings}");
    }
    let any = Preflight::new(&config(&format!("{MODELS}{pair}")), Asked::default()).unwrap();
    let new = any.pairs.iter().find(|pair| &*pair.target == "new").unwrap();
    let on: Vec<String> = new
        .routes
        .iter()
        .map(|on| format!("{} {} {:?}", on.route.name(), on.outlook.name(), on.versions.iter().map(ToString::to_string).collect::<Vec<_>>()))
        .collect();
    let expected = [
        r#"chat will_break ["1.74.14–1.96.x"]"#,
        r#"responses will_break ["1.87.0–1.92.x", "1.104.0–1.108.x"]"#,
        r#"messages safe ["all releases"]"#,
    ];
    assert_eq!(on, expected);
    assert_eq!(
        any.upgrades.iter().map(|(route, version)| format!("{} {version}", route.name())).collect::<Vec<_>>(),
        ["chat 1.97.0", "responses 1.109.0"]
    );
}

#[test]
fn hops_inside_a_group() {
    let order = |version| told(MODELS, version);
    assert_eq!(order("1.82.6"), ["ordered > ordered safe 8"]);
    assert_eq!(order("1.83.0"), ["ordered > ordered may_break 8"]);
    assert_eq!(order("1.88.6"), ["ordered > ordered will_break 8"]);
    assert_eq!(order("1.98.1"), ["ordered > ordered safe 8"]);
    let weighted = told_of("router_settings:\n  enable_weighted_failover: true\n", "1.88.6");
    assert_eq!(weighted, ["mixed > mixed may_break 2"]);
    assert!(told_of("router_settings:\n  routing_strategy: least-busy\n  enable_weighted_failover: true\n", "1.88.6").is_empty());
}

#[test]
fn the_smallest_change() {
    let edit = |settings: &str, version: &str| {
        let preflight = Preflight::new(&config(&format!("{MODELS}router_settings:\n  {settings}\n")), asked(version)).unwrap();
        let pair = preflight.pairs.into_iter().find(|pair| &*pair.failed == "gpt").unwrap();
        pair.edit.map(|edit| format!("{} {}", edit.spot, edit.what)).unwrap_or_default()
    };
    let cases = [
        ("fallbacks: [{gpt: [new]}]", "1.85.0", "config.yaml:17 take `new` out of the fallbacks of `gpt`, or put `old` there, which accepts it"),
        ("default_fallbacks: [new]", "1.85.0", "config.yaml:17 take `new` out of `default_fallbacks`, or put `old` there, which accepts it"),
        (
            "fallbacks: [{gpt: [mixed]}]",
            "1.85.0",
            "config.yaml:5 take `anthropic/claude-opus-4-7` out of `mixed`, or that group out of the fallbacks (config.yaml:17)",
        ),
        ("fallbacks: [{gpt: [old]}]", "1.85.0", ""),
        (
            "{enable_mid_stream_fallback_continuation: true, fallbacks: [{gpt: [liar]}]}",
            "1.109.1",
            "config.yaml:12 say `supports_assistant_prefill: false` of `anthropic/claude-opus-4-7`: it rejects prefill",
        ),
    ];
    for (settings, version, expected) in cases {
        assert_eq!(edit(settings, version), expected, "{settings}");
    }
}

#[test]
fn what_is_wrong_has_its_line_and_a_way_out() {
    let cases: [(&[u8], &str); 18] = [
        (b"model_list:\n- model_name: a\n", "config.yaml:2: `a` has no `litellm_params`"),
        (b"model_list:\n- litellm_params: {model: x}\n", "config.yaml:2: this deployment has no `model_name`"),
        (b"model_list:\n- model_name: a\n  litellm_params: {}\n", "config.yaml:3: `a` has no `litellm_params.model`"),
        (b"model_list: {a: b}\n", "config.yaml:1: expected a list under `model_list`, found a map"),
        (b"model_list: [a]\n", "config.yaml:1: expected a deployment"),
        (
            b"model_list: []\nrouter_settings:\n  fallbacks: {a: [b]}\n",
            "config.yaml:3: expected a list of maps with one group each under `fallbacks`",
        ),
        (
            b"router_settings: {fallbacks: [{a: b}]}\n",
            "config.yaml:1: expected a list of groups to fall back to, as in `[b, c]`, found a single value",
        ),
        (b"router_settings: {fallbacks: [a]}\n", "config.yaml:1: expected a map with one group"),
        (b"router_settings: {fallbacks: [{a: [[b]]}]}\n", "config.yaml:1: expected the name of a group"),
        (b"router_settings: {model_group_alias: [a]}\n", "config.yaml:1: expected a map of aliases"),
        (b"router_settings: [a]\n", "config.yaml:1: expected a map under `router_settings`, found a list"),
        (b"- a\n", "config.yaml:1: expected a LiteLLM config"),
        (b"hello: world\n", "config.yaml:1: this is no LiteLLM config"),
        (b"", "config.yaml:1: this is empty"),
        (b"kind: ConfigMap\ndata: {config.yaml: x}\n", "config.yaml:1: this is a Kubernetes object, with the config as a text in it"),
        (b"a: [b\n", "config.yaml:2: this is no YAML"),
        (b"model_list:\n- model_name: caf\xe9\n", "config.yaml:2: this is not UTF-8"),
        (b"include: [missing.yaml]\n", "config.yaml:1: cannot read the included file missing.yaml"),
    ];
    for (text, says) in cases {
        match Config::of_bytes("config.yaml", text.to_vec(), Path::new("")) {
            Err(error) => assert!(error.to_string().starts_with(says), "{error}"),
            Ok(_) => assert!(says.is_empty(), "{says}"),
        }
    }
}

#[test]
fn includes_are_put_together_as_litellm_does() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write(
        "config.yaml",
        "include: [models.yaml, more.yaml]\nmodel_list:\n- {model_name: gpt, litellm_params: {model: openai/gpt-4.1}}\nrouter_settings: {fallbacks: []}\n",
    );
    write("models.yaml", "model_list:\n- model_name: new\n  litellm_params:\n    model: claude-opus-4-7\n");
    write("more.yaml", "include: [models.yaml]\nrouter_settings:\n  fallbacks:\n  - gpt: [new]\n");
    let config = Config::read(&dir.path().join("config.yaml"), Secrets::Masked).unwrap();
    let preflight = Preflight::new(&config, asked("1.85.0")).unwrap();
    let pair = &preflight.pairs[0];
    assert_eq!((preflight.pairs.len(), pair.outlook), (1, Outlook::WillBreak));
    assert!(pair.spot.to_string().ends_with("more.yaml:4") && pair.served[0].spot.to_string().ends_with("models.yaml:4"), "{pair:?}");
    let notes: Vec<&str> = config.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(notes.iter().any(|text| text.contains("included already")) && notes.iter().any(|text| text.contains("takes the place of")), "{notes:?}");
}

#[test]
fn no_config_takes_long() {
    let names = |n: usize| (0..n).map(|at| format!("g{at}")).collect::<Vec<_>>();
    let models = |n| {
        names(n).iter().map(|name| format!("- {{model_name: {name}, litellm_params: {{model: claude-opus-4-7}}}}\n")).collect::<Vec<_>>().concat()
    };
    let full = |n| names(n).iter().map(|name| format!("  - {name}: [{}]\n", names(n).join(", "))).collect::<Vec<_>>().concat();
    let ring = |n: usize| (0..n).map(|at| format!("  - g{at}: [g{}]\n", (at + 1) % n)).collect::<Vec<_>>().concat();
    let aliased = format!("a: &a [{}]\nrouter_settings:\n  fallbacks: [{}]\n", names(1000).join(", "), vec!["{x: *a}"; 1000].join(", "));
    let cases = [
        (format!("model_list:\n{}router_settings:\n  fallbacks:\n{}", models(100), full(100)), ""),
        (format!("model_list:\n{}router_settings:\n  fallbacks:\n{}", models(400), full(400)), "more than 20000 fallback targets"),
        (format!("model_list:\n{}router_settings:\n  default_fallbacks: [{}]\n", models(2000), names(200).join(", ")), "more pairs of groups"),
        (format!("model_list:\n{}router_settings:\n  max_fallbacks: 1000000\n  fallbacks:\n{}", models(200), ring(200)), ""),
        (
            format!("m: &m {{model_name: a, litellm_params: {{model: b}}}}\nmodel_list: [{}]\n", vec!["*m"; 60_000].join(", ")),
            "more than 50000 deployments",
        ),
        (aliased, "more than 20000 fallback targets"),
        (format!("model_list:\n{}router_settings:\n  default_fallbacks: [{}]\n", models(20_000), names(20_000).join(", ")), "more pairs of groups"),
        (
            format!(
                "m: &m {{model_name: 'a*', litellm_params: {{model: 'b*'}}}}\nmodel_list: [{}]\nrouter_settings:\n  fallbacks: [{{x: [{}]}}]\n",
                vec!["*m"; 50_000].join(", "),
                (0..20_000).map(|at| format!("a{at}")).collect::<Vec<_>>().join(", ")
            ),
            "more pairs of groups",
        ),
    ];
    for (text, says) in cases {
        let started = Instant::now();
        let told = Config::of_bytes("c.yaml", text.into_bytes(), Path::new("")).and_then(|config| Preflight::new(&config, Asked::default()));
        let error = told.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(says) && error.is_empty() == says.is_empty(), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20), "{says}: {:?}", started.elapsed());
    }
}

#[test]
fn predictions_agree_with_what_happened() {
    let mut hops = 0;
    let folders = std::fs::read_dir(captures_dir()).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir());
    for capture in folders.map(|folder| capture(&folder.file_name().into_string().unwrap())) {
        let file = if capture.name.contains("clouds") { "clouds.yaml" } else { "proxy.yaml" };
        let config = Config::read(&folder().join("tests/configs").join(file), Secrets::Masked).unwrap();
        let asked = asked(capture.name.split('_').next().unwrap());
        let mid = capture.truth.values().filter(|truth| truth.verdict == "mid_stream_fallback");
        for truth in mid {
            let seen: Vec<(&str, &str)> = truth.failed.iter().flat_map(|f| truth.target.iter().map(|t| (f.as_str(), t.as_str()))).collect();
            let told = observed(&config, &asked, &seen).unwrap();
            let outlooks: Vec<_> = told.iter().map(|one| one.pair.as_ref().map(|pair| pair.outlook)).collect();
            assert!(outlooks.contains(&Some(Outlook::WillBreak)), "{} {seen:?}: {outlooks:?}", capture.name);
            hops += 1;
        }
        let will = Preflight::new(&config, asked).unwrap().count(Outlook::WillBreak);
        assert_eq!(will > 0, capture.truth.values().any(|truth| truth.verdict == "mid_stream_fallback"), "{}", capture.name);
    }
    assert!(hops > 300, "{hops}");
}

#[test]
fn every_format() {
    let read = |name: &str| std::fs::read(folder().join("tests/configs").join(name)).unwrap();
    let cases =
        [("capture", read("clouds.yaml"), Some("1.85.7")), ("empty", b"model_list: []\n".to_vec(), None), ("hostile", read("hostile.yaml"), None)];
    for (name, bytes, version) in cases {
        let config = Config::of_bytes("config.yaml", bytes, Path::new("")).unwrap();
        let asked = version.map_or_else(Asked::default, asked);
        let preflight = Preflight::new(&config, asked).unwrap();
        for (format_name, format) in FORMATS {
            let mut out = Vec::new();
            format.write(&preflight, &Shown::default(), &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(!text.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{format_name} {name}");
            insta::assert_snapshot!(format!("preflight-{format_name}-{name}"), text.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
        }
    }
}

fn run(args: &[&str]) -> Output {
    cargo_bin_cmd!("streamfall").arg("preflight").args(args).current_dir(folder()).output().unwrap()
}

#[test]
fn the_status_and_the_schema() {
    let proxy = "tests/configs/proxy.yaml";
    let cases: [(&[&str], i32); 7] = [
        (&[proxy], 1),
        (&["--litellm-version", "1.85.0", proxy], 1),
        (&["--litellm-version", "v1.98.1-stable", proxy], 0),
        (&["--litellm-version", "1.104.9", proxy], 1),
        (&["--litellm-version", "1.104.9", "--route", "chat", proxy], 0),
        (&["--route", "messages", proxy], 0),
        (&["--litellm-version", "1.110.3", "tests/configs/hostile.yaml"], 0),
    ];
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("preflight.json", serde_json::from_str(SCHEMA).unwrap()).unwrap();
    let index = compiler.compile("preflight.json", &mut schemas).unwrap();
    for (args, status) in cases {
        let output = run(&[args, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(status), "{args:?}");
        let predictions: Value = serde_json::from_slice(&output.stdout).unwrap();
        if let Err(error) = schemas.validate(&predictions, index) {
            panic!("{args:?}: {error:#}");
        }
        let counts: u64 = predictions["by_verdict"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(counts, predictions["pairs"].as_array().unwrap().len() as u64);
    }
    for args in [&["missing.yaml"][..], &["--litellm-version", "1.85", proxy], &["Cargo.toml"], &["src"]] {
        let output = run(args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
    }
}

#[test]
fn further_formats_go_to_files_and_a_pipe_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.sarif");
    let output = run(&["--format", "github", "--output", &format!("sarif={}", path.display()), "tests/configs/proxy.yaml"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("::error file=tests/configs/proxy.yaml,line="));
    let sarif: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 8);
    let yaml = std::fs::read(folder().join("tests/configs/proxy.yaml")).unwrap();
    let piped = cargo_bin_cmd!("streamfall").args(["preflight", "-"]).write_stdin(yaml).output().unwrap();
    assert_eq!(piped.status.code(), Some(1));
    assert!(String::from_utf8(piped.stdout).unwrap().contains("<stdin>:"));
}

#[test]
fn what_stands_in_the_environment_never_passes_unread() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("router_settings: {fallbacks: os.environ/FB}", "`fallbacks` stands in the environment"),
        ("router_settings: {fallbacks: [{gpt: [old]}], max_fallbacks: os.environ/MAX}", "`max_fallbacks` stands in the environment"),
        (
            "router_settings: {fallbacks: [{gpt: [liar]}], enable_mid_stream_fallback_continuation: os.environ/ON}",
            "`enable_mid_stream_fallback_continuation` stands in the environment",
        ),
    ];
    for (settings, says) in cases {
        let path = dir.path().join("config.yaml");
        std::fs::write(&path, format!("{MODELS}{settings}\n")).unwrap();
        let output = cargo_bin_cmd!("streamfall").args(["preflight", "--litellm-version", "1.109.1"]).arg(&path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains("not all that decides could be read") && flat.contains(says), "{text}");
    }
}

#[test]
fn what_a_newer_release_does_not_end_is_not_promised_to_end() {
    let settings = "router_settings: {fallbacks: [{gpt: [liar]}], enable_mid_stream_fallback_continuation: true}\n";
    let preflight = Preflight::new(&config(&format!("{MODELS}{settings}")), Asked::default()).unwrap();
    assert!(preflight.upgrades.iter().all(|(route, _)| route.name() != "chat"), "{:?}", preflight.upgrades);
}
