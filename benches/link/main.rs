//! `cargo bench --bench link`: how the link step grows, on facts files of up to a million incidents, as a Markdown table.
//!
//! It makes facts of a sample log's, as many incidents as asked for, in the shapes that differ for who links them: many processes, one,
//! and one in a storm. Then it has the release binary report on each, and tells how long that took and how much memory.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table, with notes on what it does")]

mod copies;
#[path = "../table/machine.rs"]
mod machine;
#[allow(dead_code, reason = "the other table prints more sorts of numbers")]
#[path = "../table/markdown.rs"]
mod markdown;
#[allow(dead_code, reason = "the other table runs other programs, too")]
#[path = "../table/measure.rs"]
mod measure;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Parser;

use copies::{Sample, Shape};
use measure::{Feed, Job, in_turn};

const SHAPES: [Shape; 3] = [
    Shape { name: "pods", sources: 200, seconds: None },
    Shape { name: "one", sources: 1, seconds: None },
    Shape { name: "storm", sources: 1, seconds: Some(12 * 3600) },
];

/// Measures how the link step grows with the number of incidents, and prints Markdown.
#[derive(Parser)]
#[command(name = "link", bin_name = "cargo bench --bench link --")]
struct Options {
    /// How many incidents
    #[arg(long, value_name = "N[,N]", value_delimiter = ',', default_value = "10000,100000,1000000")]
    incidents: Vec<u64>,
    /// Only these shapes: 200 processes; one; one that meets all of them in half a day
    #[arg(long, value_name = "NAME[,NAME]", value_delimiter = ',', value_parser = SHAPES.map(|shape| shape.name))]
    only: Vec<String>,
    /// Formats to print
    #[arg(long, value_name = "FORMAT[,FORMAT]", value_delimiter = ',', default_value = "text,json")]
    formats: Vec<String>,
    /// Folder for the facts files (default: target/bench-inputs); those that are there are used again
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-inputs"), hide_default_value = true)]
    dir: PathBuf,
    /// Counted runs of each, behind one that is not counted
    #[arg(long, value_name = "N", default_value_t = 1)]
    runs: u32,
    /// Only make the facts files
    #[arg(long)]
    make: bool,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// A facts file, and what is in it.
struct Made {
    path: PathBuf,
    incidents: u64,
    facts: u64,
    bytes: u64,
}

fn main() -> anyhow::Result<()> {
    // `cargo test --all-targets` runs benchmarks, too, and without this argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        eprintln!("nothing is measured in tests; see cargo bench --bench link -- --help");
        return Ok(());
    }
    let options = Options::parse();
    ensure!(!cfg!(debug_assertions), "this is a debug build: cargo bench makes an optimised one");
    println!("{}; streamfall {}\n", machine::description(), env!("CARGO_PKG_VERSION"));
    println!("{}", table(&options)?);
    Ok(())
}

fn table(options: &Options) -> anyhow::Result<String> {
    let sample = Sample::read()?;
    let shapes = SHAPES.iter().filter(|shape| options.only.is_empty() || options.only.iter().any(|name| name == shape.name));
    let mut rows = Vec::new();
    for shape in shapes {
        for &incidents in &options.incidents {
            let made = made(&sample, *shape, incidents, &options.dir)?;
            for format in options.formats.iter().filter(|_| !options.make) {
                rows.push(row(shape.name, &made, format, options.runs)?);
            }
        }
    }
    Ok(markdown::table(&["shape", "incidents", "facts", "size", "format", "time", "peak memory"], &rows))
}

/// The facts file of a shape, made if it is not there.
fn made(sample: &Sample, shape: Shape, incidents: u64, dir: &Path) -> anyhow::Result<Made> {
    fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let path = dir.join(format!("facts-{}-{incidents}.ndjson", shape.name));
    let counts = path.with_extension("made");
    if !(counts.exists() && path.exists()) {
        eprintln!("making {}", path.display());
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&path).with_context(|| format!("cannot make {}", path.display()))?);
        let (incidents, facts) = sample.write(shape, incidents, &mut out)?;
        out.flush()?;
        // It is written last: a file that is half made is made anew.
        fs::write(&counts, format!("{incidents} {facts}"))?;
    }
    let counts = fs::read_to_string(&counts)?;
    let (incidents, facts) = counts.split_once(' ').context("what the facts file holds was not written down: remove it")?;
    Ok(Made { bytes: fs::metadata(&path)?.len(), path, incidents: incidents.parse()?, facts: facts.parse()? })
}

fn row(shape: &str, made: &Made, format: &str, runs: u32) -> anyhow::Result<Vec<String>> {
    let args = ["--color", "never", "--progress", "never", "--format", format].map(Into::into).into_iter();
    let job = Job {
        program: env!("CARGO_BIN_EXE_streamfall").into(),
        args: args.chain([made.path.clone().into_os_string()]).collect(),
        feed: Feed::Nothing,
    };
    let seconds = in_turn(&job, None, runs)?.ours();
    Ok(vec![
        shape.to_owned(),
        made.incidents.to_string(),
        made.facts.to_string(),
        format!("{:.0} MiB", made.bytes as f64 / f64::from(1 << 20)),
        format.to_owned(),
        markdown::seconds(seconds),
        markdown::memory(job.peak()?),
    ])
}
