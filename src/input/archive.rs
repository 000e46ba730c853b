//! Archives: tar, zip and 7z, read in place. Nothing is ever written to disk, so a member's name is only a name.
//!
//! A tar is read as a stream. A zip and a 7z have their directory at the end: a file is read where its members stand, anything else
//! is held in memory, up to a limit.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use super::Limits;
use super::compression::{check_expansion, expanding};

/// Where a tar's first member says that it is one.
const TAR_MAGIC_AT: usize = 257;

/// Kinds of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archive {
    /// tar, of any flavour that says `ustar`.
    Tar,
    /// zip.
    Zip,
    /// 7z.
    SevenZip,
}

/// Where an archive's bytes come from.
pub enum ArchiveBytes<'r> {
    /// A file that is the archive itself.
    File(File),
    /// Anything that can only be read from its start.
    Stream(Box<dyn Read + 'r>),
}

/// Takes a member's name and bytes; `false` ends the reading.
pub type TakeMember<'t> = dyn FnMut(String, Box<dyn Read + '_>) -> io::Result<bool> + 't;

impl Archive {
    /// What an archive's first bytes tell.
    #[must_use]
    pub fn of(start: &[u8]) -> Option<Archive> {
        match start {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Archive::Zip),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(Archive::SevenZip),
            _ => start.get(TAR_MAGIC_AT..)?.starts_with(b"ustar").then_some(Archive::Tar),
        }
    }

    /// Whether its members can only be found from its end.
    #[must_use]
    pub fn needs_seeking(self) -> bool {
        self != Archive::Tar
    }

    /// Gives all members that are files, one after the other.
    ///
    /// # Errors
    ///
    /// What breaks the archive itself, or what `take` gives; members before it have been given.
    pub fn for_each_member(self, bytes: ArchiveBytes<'_>, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
        match (self, bytes) {
            (Archive::Tar, ArchiveBytes::Stream(reader)) => tar_members(reader, limits, take),
            (Archive::Tar, ArchiveBytes::File(file)) => tar_members(Box::new(file), limits, take),
            (kind, ArchiveBytes::File(file)) => kind.members_of(BufReader::new(file), limits, take),
            (kind, ArchiveBytes::Stream(reader)) => kind.members_of(Cursor::new(in_memory(reader, limits)?), limits, take),
        }
    }

    fn members_of(self, bytes: impl Read + Seek, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
        if self == Archive::Zip { zip_members(bytes, limits, take) } else { seven_zip_members(bytes, limits, take) }
    }
}

fn in_memory(reader: Box<dyn Read + '_>, limits: Limits) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if reader.take(limits.memory + 1).read_to_end(&mut bytes)? as u64 > limits.memory {
        return Err(io::Error::new(
            io::ErrorKind::QuotaExceeded,
            format!(
                "an archive of more than {} MiB that is no file of its own cannot be held in memory; unpack it, or raise --max-memory",
                limits.memory >> 20
            ),
        ));
    }
    Ok(bytes)
}

fn tar_members(reader: Box<dyn Read + '_>, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    // Archives may stand one behind the other.
    archive.set_ignore_zeros(true);
    for member in archive.entries()? {
        let member = member?;
        let kind = member.header().entry_type();
        if !(kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) {
            continue;
        }
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        // The holes of a sparse file stand nowhere.
        let stored = member.header().entry_size()?;
        if !take(name, expanding(Box::new(member), stored, limits))? {
            break;
        }
    }
    Ok(())
}

fn zip_members(bytes: impl Read + Seek, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
    let mut archive = zip::ZipArchive::new(bytes).map_err(io::Error::other)?;
    for number in 0..archive.len() {
        let name = archive.by_index_raw(number).map(|member| (String::from_utf8_lossy(member.name_raw()).into_owned(), member.is_file()));
        let (name, is_file) = name.map_err(io::Error::other)?;
        if !is_file {
            continue;
        }
        let goes_on = match archive.by_index(number) {
            Ok(member) => {
                let stored = member.compressed_size();
                take(name, expanding(Box::new(member), stored, limits))?
            }
            // One that is encrypted, or packed in a way that is not known, says nothing of the others.
            Err(error) => take(name, Box::new(Unreadable(Some(io::Error::new(io::ErrorKind::Unsupported, error)))))?,
        };
        if !goes_on {
            break;
        }
    }
    Ok(())
}

fn seven_zip_members(mut bytes: impl Read + Seek, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
    let stored = bytes.seek(SeekFrom::End(0))?;
    bytes.rewind()?;
    let memory = usize::try_from(limits.memory >> 10).unwrap_or(usize::MAX);
    let password = sevenz_rust2::Password::empty();
    let mut archive = sevenz_rust2::ArchiveReader::new_with_memory_limit(bytes, password, memory).map_err(io::Error::other)?;
    // What is passed over is unpacked all the same: the blocks are solid.
    let unpacked: u64 = archive.archive().files.iter().map(|entry| entry.size).fold(0, u64::saturating_add);
    check_expansion(unpacked, stored, limits)?;
    // Errors of `take` are its own, and go past the library as they are.
    let mut failure = None;
    let read = archive.for_each_entries_with_decision(|entry, member| {
        if entry.is_directory {
            return Ok(sevenz_rust2::EntryDecision::Continue);
        }
        // Names of Windows have backslashes.
        match take(entry.name.replace('\\', "/"), expanding(Box::new(member), stored, limits)) {
            Ok(true) => return Ok(sevenz_rust2::EntryDecision::Continue),
            Ok(false) => {}
            Err(error) => failure = Some(error),
        }
        Ok(sevenz_rust2::EntryDecision::Stop)
    });
    failure.map_or(Ok(()), Err).and(read.map_err(io::Error::other))
}

/// A member that cannot be opened.
struct Unreadable(Option<io::Error>);

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
