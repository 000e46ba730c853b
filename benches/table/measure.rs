//! Runs programs, and tells how long they took and how much memory they had.
//!
//! A run is a whole process, from before it is started until it has ended, with stdout read to its end through a pipe: what a
//! person waits for. Two programs run in turn, A B A B, and are compared pair by pair: a machine is now faster, now slower, and
//! what is near in time is alike. Memory is looked at in a run of its own, as looking takes time.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

/// A program to run.
pub(crate) struct Job {
    pub(crate) program: OsString,
    pub(crate) args: Vec<OsString>,
    pub(crate) feed: Feed,
}

/// What a program gets on stdin.
pub(crate) enum Feed {
    Nothing,
    /// A file, through a pipe from `cat`.
    Cat(PathBuf),
    /// A file so many times over, through a pipe from here.
    Repeated(PathBuf, u32),
}

/// A program that runs, and what feeds it.
struct Running {
    child: Child,
    cat: Option<Child>,
    feeder: Option<JoinHandle<io::Result<()>>>,
}

/// Seconds of each run of two programs, in pairs; of one, where there is no other.
pub(crate) struct Runs {
    pub(crate) ours: Vec<f64>,
    pub(crate) others: Vec<f64>,
}

impl Job {
    fn start(&self) -> anyhow::Result<Running> {
        let (mut cat, mut feeder) = (None, None);
        let stdin = match &self.feed {
            Feed::Nothing => Stdio::null(),
            Feed::Repeated(..) => Stdio::piped(),
            Feed::Cat(path) => {
                let cat = cat.insert(Command::new("cat").arg(path).stdout(Stdio::piped()).spawn().context("cannot start cat")?);
                cat.stdout.take().context("cat has no stdout")?.into()
            }
        };
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        if let (Feed::Repeated(path, times), Some(stdin)) = (&self.feed, child.stdin.take()) {
            let (path, times) = (path.clone(), *times);
            feeder = Some(std::thread::spawn(move || feed(stdin, &path, times)));
        }
        Ok(Running { child, cat, feeder })
    }

    /// Runs it, and gives the seconds it took.
    pub(crate) fn seconds(&self) -> anyhow::Result<f64> {
        let begin = Instant::now();
        let mut running = self.start()?;
        if let Some(mut stdout) = running.child.stdout.take() {
            io::copy(&mut stdout, &mut io::sink())?;
        }
        let status = running.child.wait()?;
        let seconds = begin.elapsed().as_secs_f64();
        self.end(running, status)?;
        Ok(seconds)
    }

    /// Runs it, and gives the most memory that it had, in KiB; nothing where the system does not tell.
    pub(crate) fn peak(&self) -> anyhow::Result<Option<u64>> {
        let mut running = self.start()?;
        let drain = running.child.stdout.take().map(|mut stdout| std::thread::spawn(move || io::copy(&mut stdout, &mut io::sink())));
        let mut peak = None;
        // The high-water mark only rises, so the last one that is seen counts.
        let status = loop {
            peak = high_water_mark(running.child.id()).or(peak);
            if let Some(status) = running.child.try_wait()? {
                break status;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        drain.map(joined).transpose()?;
        self.end(running, status)?;
        Ok(peak)
    }

    /// 1 is no failure: rg says so that nothing was found, streamfall that something was.
    fn end(&self, running: Running, status: ExitStatus) -> anyhow::Result<()> {
        ensure!(matches!(status.code(), Some(0 | 1)), "{} {:?} ended with {status}", self.program.display(), self.args);
        if let Some(mut cat) = running.cat {
            ensure!(cat.wait()?.success(), "cat failed");
        }
        running.feeder.map(joined).transpose().context("cannot feed the pipe")?;
        Ok(())
    }
}

fn joined<T>(thread: JoinHandle<io::Result<T>>) -> io::Result<T> {
    thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread has panicked")))
}

fn feed(mut stdin: ChildStdin, path: &PathBuf, times: u32) -> io::Result<()> {
    (0..times).try_for_each(|_| io::copy(&mut File::open(path)?, &mut stdin).map(|_| ()))
}

/// `VmHWM`: the most memory that a process ever had at once. Linux tells it.
fn high_water_mark(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Runs two programs in turn, once unmeasured and then so many times.
pub(crate) fn in_turn(ours: &Job, other: Option<&Job>, runs: u32) -> anyhow::Result<Runs> {
    let mut seconds = Runs { ours: Vec::new(), others: Vec::new() };
    for run in 0..=runs {
        let our = ours.seconds()?;
        let others = other.map(Job::seconds).transpose()?;
        if run > 0 {
            seconds.ours.push(our);
            seconds.others.extend(others);
        }
    }
    Ok(seconds)
}

impl Runs {
    pub(crate) fn ours(&self) -> f64 {
        median(self.ours.iter().copied()).unwrap_or_default()
    }

    pub(crate) fn other(&self) -> Option<f64> {
        median(self.others.iter().copied())
    }

    /// The median of what the pairs' ratios are.
    pub(crate) fn ratio(&self) -> Option<f64> {
        median(self.ours.iter().zip(&self.others).map(|(ours, other)| ours / other))
    }

    /// The median of how much longer than the other ours took, in seconds.
    pub(crate) fn extra(&self) -> Option<f64> {
        median(self.ours.iter().zip(&self.others).map(|(ours, other)| ours - other))
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 { upper } else { f64::midpoint(values[middle - 1], upper) })
}
