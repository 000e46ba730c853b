//! What the numbers were measured on, for whoever reads them elsewhere.

use std::fs::read_to_string;

/// Processor, cores, memory, system, as far as the system tells.
pub(crate) fn description() -> String {
    let cores = std::thread::available_parallelism().map_or("?".into(), |cores| cores.to_string());
    let parts = [processor(), format!("{cores} cores"), memory(), system()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn processor() -> String {
    field("/proc/cpuinfo", "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.into())
}

fn memory() -> String {
    let kib = field("/proc/meminfo", "MemTotal", ':').and_then(|size| size.strip_suffix(" kB")?.parse::<u32>().ok());
    kib.map(|kib| format!("{:.0} GiB", f64::from(kib) / f64::from(1 << 20))).unwrap_or_default()
}

fn system() -> String {
    let name = field("/etc/os-release", "PRETTY_NAME", '=').map(|name| name.trim_matches('"').to_owned() + ", ").unwrap_or_default();
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{name}{} {}", std::env::consts::OS, kernel.trim().split('-').next().unwrap_or_default()).trim_end().to_owned()
}

/// The first value of a key in a file of keys and values.
fn field(path: &str, key: &str, between: char) -> Option<String> {
    let text = read_to_string(path).ok()?;
    text.lines().filter_map(|line| line.split_once(between)).find(|(found, _)| found.trim() == key).map(|(_, value)| value.trim().to_owned())
}
