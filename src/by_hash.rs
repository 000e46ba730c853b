//! Maps whose keys are hashes already: to hash them once more would take longer than to look them up.
//!
//! What is hashed may be a hostile log's, made so that hashes fall into one place. So a number of this run alone moves them; no output
//! depends on the order of such a map.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::LazyLock;

/// Values by hashes of 128 bits.
pub(crate) type ByHash<K, T> = HashMap<K, T, BuildHasherDefault<Hashed>>;

/// Hashes of 128 bits.
pub(crate) type Hashes<K> = HashSet<K, BuildHasherDefault<Hashed>>;

static SECRET: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));

/// Takes a hash for its own, but for where it falls.
#[derive(Debug, Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = u64::try_from(hash >> 64).unwrap_or_default();
    }

    fn finish(&self) -> u64 {
        const MULTIPLE: u128 = 0x9e37_79b9_7f4a_7c15;
        let product = u128::from(self.0 ^ *SECRET) * MULTIPLE;
        u64::try_from((product >> 64) ^ (product & u128::from(u64::MAX))).unwrap_or_default()
    }
}
