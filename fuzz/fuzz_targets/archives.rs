//! Archives and compression: well made around hostile members, or hostile themselves; the first byte says which.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use streamfall_fuzz::{Files, parts, report};

fn tar(bytes: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (number, member) in parts(bytes).enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(member.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, format!("logs/{number}.log"), member).expect("a member");
    }
    tar.into_inner().expect("an archive")
}

fn zip(bytes: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (number, member) in parts(bytes).enumerate() {
        zip.start_file(format!("{number}.log"), zip::write::SimpleFileOptions::default()).expect("a member");
        zip.write_all(member).expect("its bytes");
    }
    zip.finish().expect("an archive").into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("bytes");
    gzip.finish().expect("a stream")
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, content)) = bytes.split_first() else { return };
    let file = match choice % 8 {
        0..=2 => content.to_vec(),
        3 => tar(content),
        4 => zip(content),
        5 => gzip(&tar(content)),
        6 => zstd::encode_all(gzip(content).as_slice(), 1).expect("a stream"),
        _ => tar(&zip(content)),
    };
    // Its end may be missing.
    let kept = file.len() - if choice / 8 % 2 == 1 { file.len() / 3 } else { 0 };
    report(&Files::new(&[("dump", &file[..kept])]).paths, *choice);
});
