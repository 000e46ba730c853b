//! The Router's fallback configuration, as it prints it into its messages: `Fallbacks=[{'a': ['b', 'c']}, …]`.
//!
//! It is what the Router had, whatever a config file says: `default_fallbacks` show up as `'*'`.

use crate::record::python;

/// Which groups a group falls back to, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct FallbackLists(Vec<(String, Vec<String>)>);

impl FallbackLists {
    /// Reads the list that `text` starts with.
    #[must_use]
    pub fn parse(text: &str) -> Option<FallbackLists> {
        let (value, _) = python::literal(text)?;
        let python::Literal::List(entries) = value else { return None };
        let mut lists = Vec::new();
        for entry in entries {
            let python::Literal::Dict(pairs) = entry else { return None };
            for (group, targets) in pairs {
                lists.push((group, python::group_names(targets)));
            }
        }
        Some(FallbackLists(lists))
    }

    /// The targets of a group; its own list, else the default one.
    #[must_use]
    pub fn of(&self, group: &str) -> Option<&[String]> {
        let find = |name: &str| self.0.iter().find(|(g, _)| g == name).map(|(_, targets)| targets.as_slice());
        find(group).or_else(|| find("*"))
    }

    /// All groups with their targets.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(group, targets)| (group.as_str(), targets.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_lists() {
        let lists =
            FallbackLists::parse("[{'a': ['b', \"c'd\"]}, {'x': [{'model': 'y', '_target_order': 2}]}, {'*': ['z']}] LiteLLM Retried").unwrap();
        assert_eq!(lists.of("a"), Some(["b".to_owned(), "c'd".to_owned()].as_slice()));
        assert_eq!(lists.of("x"), Some(["y".to_owned()].as_slice()));
        assert_eq!(lists.of("other"), Some(["z".to_owned()].as_slice()));
        assert_eq!(FallbackLists::parse("None"), None);
        assert_eq!(FallbackLists::parse("[{'a': ['b'"), None);
    }
}
