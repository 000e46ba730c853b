//! Disjoint sets of numbers, as they are united.

/// So many numbers from 0 on, each in a set of its own at first. The lowest of a set stands for it.
#[derive(Debug)]
pub(crate) struct Sets(Vec<usize>);

impl Sets {
    pub(crate) fn of(count: usize) -> Sets {
        Sets((0..count).collect())
    }

    /// What stands for the set of a number.
    pub(crate) fn root(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    pub(crate) fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::Sets;

    #[test]
    fn the_lowest_stands_for_all() {
        let mut sets = Sets::of(6);
        for (one, other) in [(4, 5), (5, 2), (0, 1), (2, 2)] {
            sets.unite(one, other);
        }
        assert_eq!((0..6).map(|of| sets.root(of)).collect::<Vec<_>>(), [0, 0, 2, 3, 2, 2]);
    }
}
