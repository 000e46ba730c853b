//! Finds files: the paths given, and all files below a folder in the order of their paths.
//!
//! A dump is no repository: ignore files and the hidden flag mean nothing here. Links to folders are not followed below a
//! folder, so no loop can form.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

use super::{Inputs, Origin, Problem, ProblemKind, Selection, Source};

/// Finds the sources that the paths name, of folders only those of the selection; no path or `-` is stdin.
#[must_use]
pub fn find(paths: &[PathBuf], selection: &Selection) -> Inputs {
    let mut inputs = Inputs::default();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    if paths.is_empty() {
        inputs.sources.push(stdin());
    }
    // Named files first, and in the order of their names: neither the order of the paths nor a folder that holds them changes
    // what is read as what.
    let mut paths: Vec<&PathBuf> = paths.iter().collect();
    paths.sort_by_key(|path| (path.is_dir(), path.as_os_str().len(), *path));
    for path in paths {
        if path.as_os_str() == "-" {
            if !inputs.sources.iter().any(|s| s.origin == Origin::Stdin) {
                inputs.sources.push(stdin());
            }
        } else {
            inputs.add(path, selection, &mut seen);
        }
    }
    inputs.problems.sort_by(|a, b| a.input.cmp(&b.input));
    inputs.sources.sort_by(|a, b| a.name.cmp(&b.name));
    inputs
}

fn stdin() -> Source {
    Source { name: "<stdin>".into(), origin: Origin::Stdin }
}

impl Inputs {
    fn add(&mut self, path: &Path, selection: &Selection, seen: &mut HashSet<PathBuf>) {
        let name = path.display().to_string();
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && has_glob(path) => self.walk_glob(path, selection, seen),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => self.fail(name, ProblemKind::Missing),
            Err(error) => self.fail(name, ProblemKind::Unreadable(error.to_string())),
            Ok(found) if found.is_dir() => {
                self.folders.push(name);
                self.walk(path, &|below| selection.takes(below), seen);
            }
            Ok(_) => {
                if first_time(path, seen) {
                    self.sources.push(Source { name, origin: Origin::Named(path.to_owned()) });
                }
            }
        }
    }

    /// Reads the files that a glob names, which no shell has expanded.
    fn walk_glob(&mut self, glob: &Path, selection: &Selection, seen: &mut HashSet<PathBuf>) {
        let folder: PathBuf = glob.components().take_while(|part| !has_glob(Path::new(part))).collect();
        let rest = glob.strip_prefix(&folder).unwrap_or(glob).display().to_string();
        let name = glob.display().to_string();
        match Selection::new(&[format!("/{rest}")], &[]) {
            // A name with a bracket is no pattern, and no file.
            Err(_) => self.fail(name, ProblemKind::Missing),
            Ok(named) => {
                let before = self.sources.len();
                self.folders.push(name.clone());
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
                self.walk(folder, &|below| named.takes(below) && selection.takes(below), seen);
                if self.sources.len() == before {
                    self.folders.pop();
                    self.fail(name, ProblemKind::Missing);
                }
            }
        }
    }

    fn walk(&mut self, folder: &Path, takes: &dyn Fn(&Path) -> bool, seen: &mut HashSet<PathBuf>) {
        let walk = WalkBuilder::new(folder).standard_filters(false).sort_by_file_path(Path::cmp).build();
        let own = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        for entry in walk {
            match entry {
                // Links to files are read: Kubernetes keeps its container logs so. Links to folders are not followed.
                Ok(entry) if is_file(&entry) => {
                    let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
                    if takes(below) && if entry.path_is_symlink() { first_time(entry.path(), seen) } else { seen.insert(own.join(below)) } {
                        let name = entry.path().display().to_string();
                        self.sources.push(Source { name, origin: Origin::Walked { path: entry.into_path(), folder: self.folders.len() - 1 } });
                    }
                }
                Ok(_) => {}
                Err(error) => self.fail(folder.display().to_string(), ProblemKind::Unreadable(error.to_string())),
            }
        }
    }

    fn fail(&mut self, input: String, kind: ProblemKind) {
        self.problems.push(Problem { input, kind });
    }
}

/// Whether an entry is a file, or a link to one; the folder's own listing tells most.
fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file() || (kind.is_symlink() && entry.path().is_file()))
}

/// Whether a path has characters of a glob.
fn has_glob(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'{'))
}

/// Whether a file was not found before under another spelling of its path.
fn first_time(path: &Path, seen: &mut HashSet<PathBuf>) -> bool {
    seen.insert(path.canonicalize().unwrap_or_else(|_| path.to_owned()))
}
