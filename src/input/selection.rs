//! Which files of a folder or archive are read: globs as ripgrep's `-g` and `.gitignore` have them.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};

/// A choice of files by their paths below the folder or archive that holds them.
#[derive(Debug, Clone)]
pub struct Selection(Override);

impl Default for Selection {
    fn default() -> Selection {
        Selection(Override::empty())
    }
}

impl Selection {
    /// The files that any of `include` names (all, if there is none) and none of `exclude`. A glob without a slash is for names at
    /// any depth, one with a slash for whole paths.
    ///
    /// # Errors
    ///
    /// The glob that is none.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Selection, ignore::Error> {
        let mut globs = OverrideBuilder::new("");
        for glob in include {
            globs.add(glob)?;
        }
        for glob in exclude {
            globs.add(&format!("!{glob}"))?;
        }
        globs.build().map(Selection)
    }

    /// Whether a file is chosen, by its path below what holds it.
    #[must_use]
    pub fn takes(&self, path: &Path) -> bool {
        let within_excluded = || path.ancestors().skip(1).any(|folder| self.0.matched(folder, true).is_ignore());
        !self.0.matched(path, false).is_ignore() && !within_excluded()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_choose_files() {
        let cases: [(&[&str], &[&str], &str, bool); 8] = [
            (&[], &[], "a/b.log", true),
            (&["*.log"], &[], "a/b.log", true),
            (&["*.log"], &[], "a/b.txt", false),
            (&["*.log"], &["old/"], "a/old/b.log", false),
            (&[], &["*.gz"], "a/b.log.gz", false),
            (&["/a/*.log"], &[], "b/a/x.log", false),
            (&["a/**/*.log"], &[], "a/b/c/x.log", true),
            (&["*.{log,json}"], &["b*"], "x.json", true),
        ];
        for (include, exclude, path, expected) in cases {
            let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect::<Vec<_>>();
            let selection = Selection::new(&owned(include), &owned(exclude)).unwrap();
            assert_eq!(selection.takes(Path::new(path)), expected, "{include:?} {exclude:?} {path}");
        }
    }
}
