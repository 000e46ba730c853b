//! `cargo bench --bench table`: streamfall beside other tools on large logs, as a Markdown table.
//!
//! It makes its inputs from the sample logs, runs whole processes in turn, and prints medians. No test and no CI step depends
//! on a time: a time says something about one machine in one hour.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints tables, with notes on what it does")]

mod compare;
mod everyday;
mod growth;
mod inputs;
mod machine;
mod markdown;
mod measure;
mod rows;
mod samples;
mod template;
mod tools;

use std::path::PathBuf;

use anyhow::ensure;
use clap::Parser;

use inputs::Inputs;
use rows::{ROWS, Row};
use samples::Samples;
use tools::Tools;

/// Measures streamfall beside other tools on large logs, and prints Markdown.
#[derive(Parser)]
#[command(name = "table", bin_name = "cargo bench --bench table --")]
struct Options {
    /// Size of each input in MiB
    #[arg(long, value_name = "N", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=65536))]
    mib: u32,
    /// Folder for the inputs (default: target/bench-inputs); those that are there are used again
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench-inputs"), hide_default_value = true)]
    dir: PathBuf,
    /// Counted runs of each program, behind one that is not counted
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Only these rows
    #[arg(long, value_name = "NAME[,NAME]", value_delimiter = ',', value_parser = ROWS.map(|row| row.name))]
    only: Vec<String>,
    /// Also measure 4 × the size, other numbers of threads, and 10 × the size through a pipe
    #[arg(long)]
    growth: bool,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    // `cargo test --all-targets` runs benchmarks, too, and without this argument.
    if !std::env::args().any(|arg| arg == "--bench") {
        eprintln!("nothing is measured in tests; see cargo bench --bench table -- --help");
        return Ok(());
    }
    run(&Options::parse())
}

fn run(options: &Options) -> anyhow::Result<()> {
    let rows: Vec<&Row> = ROWS.iter().filter(|row| options.only.is_empty() || options.only.iter().any(|name| name == row.name)).collect();
    ensure!(!cfg!(debug_assertions), "this is a debug build: cargo bench makes an optimised one");
    let samples = Samples::read()?;
    let tools = Tools::look();
    let inputs = Inputs::new(&samples, &options.dir, options.mib)?;

    println!("{}\n", machine::description());
    println!("{}; streamfall {}\n", tools.versions(), env!("CARGO_PKG_VERSION"));
    println!("Size of the inputs: {} MiB. Counted runs: {}, in turn; medians, ratios pair by pair.\n", options.mib, options.runs);
    println!("{}", compare::table(&rows, &inputs, &tools, options.runs)?);
    if options.growth {
        let larger = Inputs::new(&samples, &options.dir, options.mib * growth::TIMES)?;
        println!("{}", growth::sizes(&rows, &inputs, &larger, options.runs)?);
        println!("{}", growth::threads_and_pipe(&rows, &inputs, options.runs)?);
    }
    Ok(())
}
