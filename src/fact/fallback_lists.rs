//! The Router's fallback configuration, as it prints it into its messages: `Fallbacks=[{'a': ['b', 'c']}, …]`.
//!
//! It is what the Router had, whatever a config file says: `default_fallbacks` show up as `'*'`.

use std::sync::Arc;

use super::texts::{Name, Texts};
use crate::record::python;

/// Which groups a group falls back to, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FallbackLists(Vec<(Name, Arc<[Name]>)>);

impl FallbackLists {
    /// Of groups with their targets.
    #[must_use]
    pub fn new(lists: Vec<(Name, Arc<[Name]>)>) -> FallbackLists {
        FallbackLists(lists)
    }

    /// Reads the list that `text` starts with; gives how many bytes it took, too.
    pub(super) fn read(text: &str, texts: &mut Texts) -> Option<(FallbackLists, usize)> {
        let (value, used) = python::literal(text)?;
        let python::Literal::List(entries) = value else { return None };
        let mut lists = Vec::new();
        for entry in entries {
            let python::Literal::Dict(pairs) = entry else { return None };
            for (group, targets) in pairs {
                let targets = python::group_names(targets).iter().map(|name| texts.name(name)).collect();
                lists.push((texts.name(&group), targets));
            }
        }
        Some((FallbackLists(lists), used))
    }

    /// The targets of a group; its own list, else the default one.
    #[must_use]
    pub fn of(&self, group: &str) -> Option<&[Name]> {
        let find = |name: &str| self.0.iter().find(|(g, _)| **g == *name).map(|(_, targets)| &**targets);
        find(group).or_else(|| find("*"))
    }

    /// All groups with their targets.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[Name])> {
        self.0.iter().map(|(group, targets)| (&**group, &**targets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_lists() {
        let mut texts = Texts::default();
        let mut read = |text: &str| FallbackLists::read(text, &mut texts).map(|(lists, _)| lists);
        let lists = read("[{'a': ['b', \"c'd\"]}, {'x': [{'model': 'y', '_target_order': 2}]}, {'*': ['z']}] LiteLLM Retried").unwrap();
        for (group, targets) in [("a", vec!["b", "c'd"]), ("x", vec!["y"]), ("other", vec!["z"])] {
            let found: Vec<&str> = lists.of(group).unwrap().iter().map(|name| &**name).collect();
            assert_eq!(found, targets, "{group}");
        }
        assert_eq!(read("None"), None);
        assert_eq!(read("[{'a': ['b'"), None);
    }
}
