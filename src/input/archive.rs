//! Archives: tar and zip, read in place. Nothing is ever written to disk, so a member's name is only a name.
//!
//! A tar is read as a stream. A zip has its directory at its end: it is held in memory, up to a limit.

use std::io::{self, Cursor, Read};

use super::Limits;

/// Where a tar's first member says that it is one.
const TAR_MAGIC_AT: usize = 257;

/// Kinds of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archive {
    /// tar, of any flavour that says `ustar`.
    Tar,
    /// zip.
    Zip,
}

/// Takes a member's name and bytes; `false` ends the reading.
pub type TakeMember<'t> = dyn FnMut(String, Box<dyn Read + '_>) -> io::Result<bool> + 't;

impl Archive {
    /// What an archive's first bytes tell.
    #[must_use]
    pub fn of(start: &[u8]) -> Option<Archive> {
        match start {
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Archive::Zip),
            _ => start.get(TAR_MAGIC_AT..)?.starts_with(b"ustar").then_some(Archive::Tar),
        }
    }

    /// Gives all members that are files, one after the other.
    ///
    /// # Errors
    ///
    /// What breaks the archive itself, or what `take` gives; members before it have been given.
    pub fn for_each_member(self, reader: Box<dyn Read + '_>, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
        match self {
            Archive::Tar => tar_members(reader, take),
            Archive::Zip => zip_members(reader, limits, take),
        }
    }
}

fn tar_members(reader: Box<dyn Read + '_>, take: &mut TakeMember<'_>) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    for member in archive.entries()? {
        let member = member?;
        if !member.header().entry_type().is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(&member.path_bytes()).into_owned();
        if !take(name, Box::new(member))? {
            break;
        }
    }
    Ok(())
}

fn zip_members(reader: Box<dyn Read + '_>, limits: Limits, take: &mut TakeMember<'_>) -> io::Result<()> {
    let mut bytes = Vec::new();
    if reader.take(limits.memory + 1).read_to_end(&mut bytes)? as u64 > limits.memory {
        return Err(io::Error::other(format!(
            "a zip of more than {} MiB cannot be held in memory; unpack it, or raise --max-memory",
            limits.memory >> 20
        )));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    for number in 0..archive.len() {
        let member = archive.by_index(number).map_err(io::Error::other)?;
        if !member.is_file() {
            continue;
        }
        let name = String::from_utf8_lossy(member.name_raw()).into_owned();
        if !take(name, Box::new(member))? {
            break;
        }
    }
    Ok(())
}
