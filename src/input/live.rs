//! A pipe that does not end: a read from it gives up now and then, and when nothing comes for a moment, so that what came before can
//! be looked at.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long nothing must come, and how long a busy pipe is read without a break.
const SILENCE: Duration = Duration::from_millis(100);
const BLOCK_BYTES: usize = 256 << 10;
/// How many blocks may wait to be read: a fast writer is held back.
const MOST_WAITING: usize = 4;

/// Reads blocks that a thread of its own fetches. In silence and now and then a read fails with [`io::ErrorKind::WouldBlock`], unless it is patient.
#[derive(Debug)]
pub struct Live {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    at: usize,
    /// The block that was there at the last break.
    next: Option<io::Result<Vec<u8>>>,
    last_break: Instant,
    patient: Arc<AtomicBool>,
    caught_up: Arc<AtomicBool>,
}

impl Live {
    /// Reads what `open` gives, which is opened and read by a thread of its own. `caught_up` tells whether no more was there at the
    /// last break.
    pub fn new(open: impl FnOnce() -> io::Result<Box<dyn Read>> + Send + 'static, caught_up: Arc<AtomicBool>) -> Live {
        let (sender, blocks) = mpsc::sync_channel(MOST_WAITING);
        // Not joined: a read from a silent pipe may never return.
        std::thread::spawn(move || {
            let mut reader = match open() {
                Ok(reader) => reader,
                Err(error) => return drop(sender.send(Err(error))),
            };
            loop {
                let mut block = vec![0; BLOCK_BYTES];
                let read = reader.read(&mut block);
                let ended = match &read {
                    Ok(count) => *count == 0,
                    Err(error) => error.kind() != io::ErrorKind::Interrupted,
                };
                let given = read.map(|count| {
                    block.truncate(count);
                    block
                });
                // Nobody reads any more, or there is no more to read.
                if given.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
                    continue;
                }
                if sender.send(given).is_err() || ended {
                    return;
                }
            }
        });
        Live { blocks, block: Vec::new(), at: 0, next: None, last_break: Instant::now(), patient: Arc::default(), caught_up }
    }

    /// Whether reads wait for as long as it takes, to be set for what cannot be read in pieces.
    #[must_use]
    pub fn patience(&self) -> Arc<AtomicBool> {
        self.patient.clone()
    }

    fn next_block(&mut self) -> io::Result<Vec<u8>> {
        if let Some(block) = self.next.take() {
            return block;
        }
        let patient = self.patient.load(Ordering::Relaxed);
        let waiting = self.blocks.try_recv();
        if !patient && self.last_break.elapsed() >= SILENCE {
            (self.next, self.last_break) = (waiting.ok(), Instant::now());
            self.caught_up.store(self.next.is_none(), Ordering::Relaxed);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if let Ok(block) = waiting {
            return block;
        }
        let block = if patient { self.blocks.recv().map_err(|_| RecvTimeoutError::Disconnected) } else { self.blocks.recv_timeout(SILENCE) };
        match block {
            Ok(block) => block,
            Err(RecvTimeoutError::Timeout) => {
                self.last_break = Instant::now();
                self.caught_up.store(true, Ordering::Relaxed);
                Err(io::ErrorKind::WouldBlock.into())
            }
            Err(RecvTimeoutError::Disconnected) => Ok(Vec::new()),
        }
    }
}

impl Read for Live {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.block.len() {
            self.block = self.next_block()?;
            self.at = 0;
        }
        let count = buffer.len().min(self.block.len() - self.at);
        buffer[..count].copy_from_slice(&self.block[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one piece, is silent for a while, and gives another.
    struct Halting(Vec<(Duration, &'static [u8])>);

    impl Read for Halting {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((wait, bytes)) = self.0.pop() else { return Ok(0) };
            std::thread::sleep(wait);
            buffer[..bytes.len()].copy_from_slice(bytes);
            Ok(bytes.len())
        }
    }

    #[test]
    fn silence_is_told_and_nothing_is_lost() {
        let pieces: Vec<(Duration, &'static [u8])> = vec![(4 * SILENCE, b"two"), (Duration::ZERO, b"one ")];
        let caught_up = Arc::new(AtomicBool::new(false));
        let mut live = Live::new(|| Ok(Box::new(Halting(pieces))), caught_up.clone());
        let mut text = Vec::new();
        assert_eq!(live.read_to_end(&mut text).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!((text.as_slice(), caught_up.load(Ordering::Relaxed)), (b"one ".as_slice(), true));
        live.patience().store(true, Ordering::Relaxed);
        live.read_to_end(&mut text).unwrap();
        assert_eq!(text, b"one two");
    }
}
