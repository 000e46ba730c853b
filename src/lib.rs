//! Tells what really failed behind LiteLLM's "assistant message prefill" 400, from logs and traces.
//!
//! [`analyze()`] reads files, archives and folders, and gives a [`report::Report`]:
//!
//! ```
//! use streamfall::report::{Outcome, Verdict};
//! use streamfall::{Options, analyze};
//!
//! let report = analyze(&["sample-logs/proxy-1.85.0-text.log".into()], Options::default())?;
//! assert!(report.complete, "{:?}", report.problems);
//! let broke = report.incidents.iter().map(|reported| &reported.incident).filter(|incident| incident.verdict == Verdict::MidStreamFallback);
//! for incident in broke.filter(|incident| incident.outcome == Outcome::Failed) {
//!     let failure = incident.stream_failure.as_ref().expect("what broke the stream");
//!     println!("{:?} failed with {}, and {:?} were tried", failure.model_group, failure.kind.name(), incident.fallbacks);
//! }
//! # Ok::<(), streamfall::AnalyzeError>(())
//! ```
//!
//! An [`output::Format`] prints it:
//!
//! ```
//! use streamfall::output::{Format, Shown};
//! use streamfall::{Options, analyze};
//!
//! let report = analyze(&["sample-logs".into()], Options::default())?;
//! let mut page = Vec::new();
//! Format::Markdown.write(&report, &Shown { top: Some(5), ..Shown::default() }, &mut page)?;
//! assert!(String::from_utf8(page)?.contains("client_prefill"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Logs of many machines are read where they lie, and linked once: [`read()`] gives [`Findings`], which are written as facts, and facts files are
//! inputs like any other.
//!
//! ```
//! use streamfall::{Options, analyze, read};
//!
//! let dir = tempfile::tempdir()?;
//! let facts = dir.path().join("host-a.facts");
//! let options = Options { facts: true, label: Some("host-a".to_owned()), ..Options::default() };
//! read(&["sample-logs/proxy-1.85.0-json.log".into()], options)?.write_facts(&mut std::fs::File::create(&facts)?)?;
//! assert!(analyze(&[facts], Options::default())?.summary.requests > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! That is the API, and what it names. Modules that the documentation does not show are the steps of the program, for its tests and benchmarks;
//! they change in any release. Without the feature `cli`, which is on by default, the library needs nothing of what a command line does.
#![deny(missing_docs)]

mod analyze;
mod by_hash;
#[doc(hidden)]
pub mod compare;
mod disjoint;
#[doc(hidden)]
pub mod document;
#[doc(hidden)]
pub mod envelope;
mod escape;
#[doc(hidden)]
pub mod fact;
#[doc(hidden)]
pub mod input;
#[doc(hidden)]
pub mod knowledge;
#[doc(hidden)]
pub mod link;
mod mask;
mod needle;
pub mod output;
#[doc(hidden)]
pub mod preflight;
#[doc(hidden)]
pub mod record;
pub mod report;
#[doc(hidden)]
pub mod scan;
#[doc(hidden)]
pub mod stream;
#[doc(hidden)]
pub mod wire;

pub use analyze::{AnalyzeError, Findings, FollowError, LargeInput, Options, Progress, Show, analyze, follow, read};
pub use input::{Limits, Selection};
pub use mask::Secrets;
pub use scan::Wanted;
pub use stream::Completion;
