//! Routing patterns of `model_list` (`anthropic/*`): which names they serve, and what a name puts in the place of the star.

/// What of a name stands in the place of the pattern's first star; `None` if the pattern has no star or does not fit.
pub(super) fn part<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let mut pieces = pattern.split('*');
    let rest = name.strip_prefix(pieces.next()?)?;
    let pieces: Vec<&str> = pieces.collect();
    let (last, between) = pieces.split_last()?;
    let (mut at, mut end) = (0, None);
    for piece in between {
        let found = at + rest[at..].find(piece)?;
        // Of several stars, the first takes as little as it can.
        end.get_or_insert(found);
        at = found + piece.len();
    }
    let tail = rest[at..].strip_suffix(last)?;
    Some(&rest[..end.unwrap_or(tail.len())])
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn patterns_and_what_the_star_stands_for() {
        let cases = [
            ("anthropic/*", "anthropic/claude-opus-4-6", Some("claude-opus-4-6")),
            ("anthropic/*", "openai/gpt-4.1", None),
            ("*", "gpt-4.1", Some("gpt-4.1")),
            ("eu/*-prod", "eu/claude-prod", Some("claude")),
            ("eu/*-prod", "eu/claude", None),
            ("*/claude-*", "eu/claude-4", Some("eu")),
            ("*/claude-*", "eu/gpt", None),
            ("claude", "claude", None),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(part(pattern, name), expected, "{pattern} {name}");
        }
    }
}
