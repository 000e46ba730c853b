//! `streamfall.toml`: options that are always the same, by the names that they have on the command line.
//!
//! A setting is what it would be if it were typed: it becomes an argument, unless the same option was typed. So whatever is true of an
//! option (its values, its errors, its help) is true of the setting.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use toml::de::{DeTable, DeValue};

use super::Cli;
use streamfall::Secrets;
use streamfall::output::plain;

/// The file that is looked for in the working directory.
const FILE: &str = "streamfall.toml";
/// Options that make no sense as a setting.
const NEVER: [&str; 7] = ["settings", "help", "version", "follow", "incident", "write-baseline", "show-secrets"];
/// Options that say how reports are printed, and where to: comparisons and predictions are none.
const OF_REPORTS: [&str; 2] = ["format", "output"];
/// Subcommands that read logs, and take settings.
const WITH_SETTINGS: [&str; 1] = ["compare"];
/// How alike two keys must be for one to be meant by the other.
const ALIKE: f64 = 0.7;

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read the settings {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// It is no TOML.
    #[error("{0}:{1}: this is no TOML: {2}")]
    NoToml(PathBuf, usize, String),
    /// A key or value is none.
    #[error("{0}:{1}: {2}")]
    Wrong(PathBuf, usize, String),
}

/// What was typed, with the settings for what was not. Bad usage ends the run.
///
/// # Errors
///
/// When there are settings that cannot be used.
pub(crate) fn parse(typed: Vec<OsString>) -> Result<Cli, SettingsError> {
    let matches = matches_of(&typed);
    if matches.subcommand_name().is_some_and(|name| !WITH_SETTINGS.contains(&name)) {
        return Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()));
    }
    let of = matches.subcommand().map_or(&matches, |(_, matches)| matches);
    let given = of.get_one::<PathBuf>("settings").cloned();
    let path = given.or_else(|| Some(PathBuf::from(FILE)).filter(|path| path.is_file()));
    let matches = match path {
        Some(path) => with_settings(&path, typed, &matches)?,
        None => matches,
    };
    Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

/// What is typed, understood. What is wrong with it is said of its plain text: a line of an argument could begin a runner's command.
fn matches_of(typed: &[OsString]) -> ArgMatches {
    Cli::command().try_get_matches_from(typed).unwrap_or_else(|error| {
        let safe = typed.iter().map(|argument| plain(&argument.to_string_lossy()).into_owned());
        Cli::command().try_get_matches_from(safe).err().unwrap_or(error).exit()
    })
}

fn with_settings(path: &Path, typed: Vec<OsString>, matches: &ArgMatches) -> Result<ArgMatches, SettingsError> {
    let text = std::fs::read_to_string(path).map_err(|error| SettingsError::Unreadable(path.to_owned(), error))?;
    let settings = arguments(&text, path)?;
    let (subcommand, matches) = matches.subcommand().map_or((None, matches), |(name, matches)| (Some(name), matches));
    let was_typed = |key: &str| {
        matches.try_contains_id(&key.replace('-', "_")).is_ok() && matches.value_source(&key.replace('-', "_")) == Some(ValueSource::CommandLine)
    };
    // Of what is set for the main job, a subcommand takes what it understands.
    let fits = |key: &str, arguments: &[String]| subcommand.is_none_or(|name| !OF_REPORTS.contains(&key) && understands(name, arguments));
    let wanted = settings.into_iter().filter(|(key, arguments)| !was_typed(key) && fits(key, arguments)).flat_map(|(_, arguments)| arguments);
    // Behind the program's name, and behind a subcommand's, which is first if there is one.
    let at = if subcommand.is_some() { 2 } else { 1 };
    let mut all = typed;
    all.splice(at..at, wanted.map(OsString::from));
    Ok(matches_of(&all))
}

/// Whether a subcommand has these options, with these values.
fn understands(subcommand: &str, arguments: &[String]) -> bool {
    let command = Cli::command().find_subcommand(subcommand).cloned().unwrap_or_default();
    let tried = std::iter::once(subcommand.to_owned()).chain(arguments.iter().cloned());
    let error = command.try_get_matches_from(tried).err();
    // That its paths are missing says nothing of the options.
    error.is_none_or(|error| error.kind() == clap::error::ErrorKind::MissingRequiredArgument)
}

/// The settings as arguments, by their keys. Each is tried as one, so that what is wrong has its line.
fn arguments(text: &str, path: &Path) -> Result<Vec<(String, Vec<String>)>, SettingsError> {
    let line = |span: Range<usize>| text[..span.start.min(text.len())].matches('\n').count() + 1;
    // The line itself may hold a secret.
    let no_toml = |error: toml::de::Error| SettingsError::NoToml(path.to_owned(), error.span().map_or(1, line), error.message().to_owned());
    let table = DeTable::parse(text).map_err(no_toml)?;
    let mut all = Vec::new();
    for (key, value) in table.get_ref() {
        let wrong = |why: String| SettingsError::Wrong(path.to_owned(), line(key.span()), why);
        let key = key.get_ref().as_ref();
        if !known_keys().iter().any(|known| known == key) {
            return Err(wrong(Secrets::Masked.in_text(&unknown(key)).into_owned()));
        }
        let arguments = typed(key, value.get_ref()).ok_or_else(|| {
            wrong(format!("`{key}` takes no such value: a switch takes true or false, any other a text, a number, or a list of these"))
        })?;
        let tried = std::iter::once("streamfall".to_owned()).chain(arguments.iter().cloned());
        if let Err(error) = Cli::command().try_get_matches_from(tried) {
            return Err(wrong(Secrets::Masked.in_text(&first_line(&error)).into_owned()));
        }
        all.push((key.to_owned(), arguments));
    }
    // As they stand in the file.
    Ok(all)
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let shown: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Usage")).map(str::trim).filter(|line| !line.is_empty()).collect();
    let shown: Vec<&str> = shown.into_iter().filter(|line| !line.starts_with("For more information")).collect();
    shown.join("; ").trim_start_matches("error: ").to_owned()
}

/// A setting as it would be typed; `None` if it could not be.
fn typed(key: &str, value: &DeValue<'_>) -> Option<Vec<String>> {
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Datetime(date) => Some(date.to_string()),
        _ => None,
    };
    let is_switch = Cli::command().get_arguments().any(|argument| argument.get_long() == Some(key) && !argument.get_action().takes_values());
    match value {
        DeValue::Boolean(_) if !is_switch => None,
        DeValue::Boolean(true) => Some(vec![format!("--{key}")]),
        DeValue::Boolean(false) => Some(Vec::new()),
        DeValue::Array(values) => values.iter().map(|value| one(value.get_ref()).map(|value| format!("--{key}={value}"))).collect(),
        value => one(value).map(|value| vec![format!("--{key}={value}")]),
    }
}

/// The options that can be set.
fn known_keys() -> Vec<String> {
    let command = Cli::command();
    command.get_arguments().filter_map(|argument| argument.get_long()).filter(|long| !NEVER.contains(long)).map(str::to_owned).collect()
}

fn unknown(key: &str) -> String {
    let alike = known_keys().into_iter().map(|known| (strsim::jaro_winkler(key, &known), known)).filter(|(alike, _)| *alike >= ALIKE);
    let nearest = alike.max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((_, nearest)) => format!("there is no setting `{key}`; did you mean `{nearest}`?"),
        None => format!("there is no setting `{key}`; they are named like the options of streamfall --help"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_become_arguments() {
        let text = "fail-on = \"mid-stream\"\nmax = [5, \"client=2\"]\nincidents = true\nthreads = 2\n";
        let told: Vec<String> = arguments(text, Path::new("streamfall.toml")).unwrap().into_iter().flat_map(|(_, arguments)| arguments).collect();
        let mut sorted = told.clone();
        sorted.sort();
        assert_eq!(sorted, ["--fail-on=mid-stream", "--incidents", "--max=5", "--max=client=2", "--threads=2"]);
    }

    #[test]
    fn what_is_wrong_has_its_line_and_a_way_out() {
        let cases = [
            ("\nfail_on = \"any\"", "streamfall.toml:2: there is no setting `fail_on`; did you mean `fail-on`?"),
            ("zzz = 1", "streamfall.toml:1: there is no setting `zzz`; they are named like the options of streamfall --help"),
            ("follow = true", "streamfall.toml:1: there is no setting `follow`"),
            ("threads = \"many\"", "streamfall.toml:1: invalid value 'many' for '--threads <N>'"),
            ("fail-on = \"midstream\"", "streamfall.toml:1: invalid value 'midstream' for '--fail-on <WHICH>'"),
            ("incidents = 3.5", "streamfall.toml:1: `incidents` takes no such value"),
            ("fail-on = false", "streamfall.toml:1: `fail-on` takes no such value"),
            ("fail-on = ", "streamfall.toml:1: this is no TOML"),
        ];
        for (text, says) in cases {
            let error = arguments(text, Path::new("streamfall.toml")).unwrap_err().to_string();
            assert!(error.starts_with(says), "{error}");
        }
    }
}
