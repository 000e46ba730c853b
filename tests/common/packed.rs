//! Archives, compressed files and wrapped lines, made of a log.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

pub fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // The builder refuses names that climb out of the archive; an attacker's does not.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn seven_zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = sevenz_rust2::ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    for (name, bytes) in members {
        writer.push_archive_entry(sevenz_rust2::ArchiveEntry::new_file(name), Some(*bytes)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The lines of several pods in turn, each with the time of its record, as `kubectl logs --prefix --timestamps` gives them.
pub fn pods(logs: &[&[u8]]) -> Vec<u8> {
    let mut queues: Vec<Vec<String>> = logs.iter().map(|log| String::from_utf8_lossy(log).lines().rev().map(str::to_owned).collect()).collect();
    let clock = regex::Regex::new(r"0(\d):(\d\d):(\d\d)").unwrap();
    let (mut text, mut number, mut last) = (String::new(), 0_u64, "05:00:00".to_owned());
    while queues.iter().any(|queue| !queue.is_empty()) {
        for (pod, queue) in queues.iter_mut().enumerate() {
            let Some(line) = queue.pop() else { continue };
            number += 1;
            // The proxy's clock is two hours ahead.
            let own = clock.captures(&line).map(|time| format!("0{}:{}:{}", time[1].parse::<u8>().unwrap() - 2, &time[2], &time[3]));
            last = own.filter(|own| *own > last).unwrap_or(last);
            writeln!(text, "[pod/litellm-7c9d8f6b5d-x2k4{pod}/litellm] 2026-11-22T{last}.{number:06}Z {line}").unwrap();
        }
    }
    text.into_bytes()
}
