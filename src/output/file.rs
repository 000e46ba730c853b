//! Writes a file whole or not at all: when the disk is full, or the run is stopped, what was there before stays.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Replaces a file's content with what `write` gives. A pipe or a device is written to as it is.
///
/// # Errors
///
/// The system's, or what `write` gives.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if is_stream(path) {
        // What is a file behind it is written on: the report may have gone there, too.
        let mut out = BufWriter::new(OpenOptions::new().append(true).open(path)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    // A link stays one: what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let found = fs::metadata(&target).ok();
    if found.as_ref().is_some_and(|found| !found.is_file()) {
        let mut out = BufWriter::new(OpenOptions::new().write(true).open(&target)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".streamfall-");
    if let Some(permissions) = found.map(|found| found.permissions()).or_else(usual_permissions) {
        builder.permissions(permissions);
    }
    // The error's own text names the file that was to be made, which nobody knows.
    let file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(&target).map(|_| ()).map_err(|error| error.error)
}

/// Whether a path names a stream of this process, whatever it leads to: `/dev/stdout`, `/dev/fd/3`.
fn is_stream(path: &Path) -> bool {
    let is_std = ["/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream));
    is_std || path.starts_with("/dev/fd") || (path.starts_with("/proc") && path.parent().is_some_and(|folder| folder.ends_with("fd")))
}

/// Those of any new file, which the system narrows by its mask.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "there are none elsewhere")]
fn usual_permissions() -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn usual_permissions() -> Option<Permissions> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_leaves_what_was_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report.json");
        replace(&path, |out| out.write_all(b"first")).unwrap();
        let failed = replace(&path, |out| out.write_all(b"second").and_then(|()| Err(io::Error::other("full"))));
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        replace(&path, |out| out.write_all(b"third")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        replace(&link, |out| out.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }
}
