//! Bytes that are read into again and again.
//!
//! A vector that is cleared and grown again is filled with zeros each time before it can be read into; at ten gigabytes a second that
//! is a pass of its own.

use std::ops::Deref;

/// How much memory is kept for the next use.
const MOST_KEPT: usize = 2 << 20;

/// A buffer that keeps what was once made ready to be read into.
#[derive(Debug, Default)]
pub struct Buffer {
    ready: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// Empties it.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// The buffer as it is kept for what is read next: one record of many megabytes does not hold its memory for ever.
    #[must_use]
    pub fn kept(self) -> Buffer {
        if self.ready.capacity() > MOST_KEPT { Buffer::default() } else { self }
    }

    /// Keeps no more than the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Its memory, for whoever appends to a vector.
    #[must_use]
    pub fn into_empty(mut self) -> Vec<u8> {
        self.ready.clear();
        self.ready
    }

    /// Appends bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Room for so many more bytes, with anything in it; [`Buffer::filled`] tells how many were read into it.
    pub fn room(&mut self, count: usize) -> &mut [u8] {
        let end = self.len + count;
        if self.ready.len() < end {
            self.ready.resize(end, 0);
        }
        &mut self.ready[self.len..end]
    }

    /// How much room there is that was made ready before.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.ready.len() - self.len
    }

    /// Takes so many bytes of the room as read.
    pub fn filled(&mut self, count: usize) {
        self.len = (self.len + count).min(self.ready.len());
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.ready[..self.len]
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Buffer {
        Buffer { len: bytes.len(), ready: bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_before_is_not_seen() {
        let mut buffer = Buffer::from(b"before".to_vec());
        buffer.clear();
        buffer.extend_from_slice(b"ab");
        buffer.room(8)[..1].copy_from_slice(b"c");
        buffer.filled(1);
        assert_eq!(&*buffer, b"abc");
        buffer.truncate(1);
        assert_eq!(&*buffer, b"a");
    }
}
