//! Which files of a folder or archive are read: globs as ripgrep's `-g` and `.gitignore` have them.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};

/// A choice of files by their paths below the folder or archive that holds them.
#[derive(Debug, Clone)]
pub struct Selection {
    include: Override,
    exclude: Override,
}

impl Default for Selection {
    fn default() -> Selection {
        Selection { include: Override::empty(), exclude: Override::empty() }
    }
}

impl Selection {
    /// The files that any of `include` names (all, if there is none) and none of `exclude`. A glob without a slash is for names at
    /// any depth, one with a slash for whole paths; a folder that is named is so with all that is below it.
    ///
    /// # Errors
    ///
    /// The glob that is none.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Selection, ignore::Error> {
        let named = |globs: &[String]| {
            let mut builder = OverrideBuilder::new("");
            for glob in globs {
                builder.add(glob)?;
            }
            builder.build()
        };
        Ok(Selection { include: named(include)?, exclude: named(exclude)? })
    }

    /// Whether a file is chosen, by its path below what holds it.
    #[must_use]
    pub fn takes(&self, path: &Path) -> bool {
        (self.include.is_empty() || names(&self.include, path)) && !names(&self.exclude, path)
    }
}

/// Whether any of the globs names a file or a folder that it is in.
fn names(globs: &Override, path: &Path) -> bool {
    let mut folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    globs.matched(path, false).is_whitelist() || folders.any(|folder| globs.matched(folder, true).is_whitelist())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_choose_files() {
        let cases: [(&[&str], &[&str], &str, bool); 11] = [
            (&[], &[], "a/b.log", true),
            (&["*.log"], &[], "a/b.log", true),
            (&["*.log"], &[], "a/b.txt", false),
            (&["*.log"], &["old/"], "a/old/b.log", false),
            (&[], &["*.gz"], "a/b.log.gz", false),
            (&["/a/*.log"], &[], "b/a/x.log", false),
            (&["a/**/*.log"], &[], "a/b/c/x.log", true),
            (&["*.{log,json}"], &["b*"], "x.json", true),
            (&["web-*/"], &[], "web-1/a.log", true),
            (&["web-*/"], &[], "db-1/a.log", false),
            (&["web-*/"], &["*.gz"], "web-1/a.log.gz", false),
        ];
        for (include, exclude, path, expected) in cases {
            let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
            let selection = Selection::new(&owned(include), &owned(exclude)).unwrap();
            assert_eq!(selection.takes(Path::new(path)), expected, "{include:?} {exclude:?} {path}");
        }
    }
}
