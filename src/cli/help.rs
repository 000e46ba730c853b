//! Longer texts of `--help`: examples and exit statuses.

/// Examples of all jobs.
pub(super) const EXAMPLES: &str = "Examples:
  streamfall proxy.log                     the root cause of an incident
  kubectl logs deploy/litellm | streamfall from a pipe
  streamfall proxy.log traces/*.json       a log and its traces, as one report
  streamfall dump.tar.gz                   an archive, read in place
  kubectl logs -f deploy/litellm | streamfall --follow
                                           each request as soon as it is known
  streamfall --incidents dump/             each request, with file and line
  streamfall --incident 98dceff9 dump/     one of them, unfolded
  streamfall --format json *.log.gz        for scripts
  streamfall --fail-on mid-stream --output sarif=out.sarif --output html=report.html test-logs/
                                           in CI
  streamfall --baseline known.json test-logs/
                                           in CI: only what is not known fails
  streamfall compare before.log after.log  did the change help?
  streamfall preflight config.yaml         which fallbacks will break?";

const EXIT_STATUS: &str = "Exit status, the same for every format:
  0    nothing was found that the policy forbids
  1    found: any request that met the rejection, unless --fail-on, --max or --baseline
       say otherwise
  2    the job could not be done in full: bad usage, a path that is missing, a folder
       without logs, binary data, or an input that could not be read to its end;
       the report of what was read is printed all the same
  130  stopped by Ctrl-C, 143 by SIGTERM: the report so far is printed

Options that are always the same can stand in streamfall.toml (see --settings).
A file that is named like a subcommand is given as ./name.";

/// Examples, and what the exit status says.
pub(super) fn long() -> String {
    format!("{EXAMPLES}\n\n{EXIT_STATUS}")
}
