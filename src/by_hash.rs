//! Maps whose keys are hashes already: to hash them once more would take longer than to look them up.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values by hashes of 128 bits.
pub(crate) type ByHash<K, T> = HashMap<K, T, BuildHasherDefault<Hashed>>;

/// Takes a hash for its own.
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
        self.0
    }
}
