//! A text of a sample with the places where each copy differs: ids, clocks, peers.
//!
//! What is copied a thousand times must not be found once: streamfall counts a rejection by its id, so copies with the same
//! ids would measure how fast it forgets. All other bytes stay as a real proxy wrote them, which is what makes a copy a log.

use std::io::{self, Write};
use std::ops::Range;

use regex::bytes::Regex;

/// What differs from copy to copy.
#[derive(Clone, Copy)]
pub(crate) enum Slot {
    /// The last six characters of a request's or call's id.
    Id,
    /// The time of day of a record's head.
    Clock,
    /// Address and port of an access line.
    Peer,
}

/// What one copy puts into its slots.
#[derive(Clone, Copy)]
pub(crate) struct Values {
    /// The copy's number.
    pub(crate) number: u32,
    /// Seconds since midnight.
    pub(crate) second: u32,
    /// Bits to make an address of.
    pub(crate) peer: u32,
}

/// A text, and where it is filled in.
pub(crate) struct Template {
    text: Vec<u8>,
    slots: Vec<(Range<usize>, Slot)>,
}

impl Slot {
    /// Group 1 is what is replaced.
    fn pattern(self) -> &'static str {
        match self {
            Self::Id => r"(?:req_(?:vrtx_)?[A-Za-z0-9]{2,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{6})([A-Za-z0-9]{6})",
            Self::Clock => r"(?m)^(?:\x1b\[\d+m)?(\d\d:\d\d:\d\d) - LiteLLM",
            Self::Peer => r"(?m)^INFO: +([0-9.]+:\d+) - ",
        }
    }

    fn write(self, out: &mut dyn Write, values: Values) -> io::Result<()> {
        let Values { number, second, peer } = values;
        match self {
            Self::Id => write!(out, "{number:06x}"),
            Self::Clock => write!(out, "{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
            Self::Peer => write!(out, "10.{}.{}.{}:{}", peer >> 24 & 7, peer >> 16 & 255, peer >> 8 & 255, 32768 + (peer >> 10 & 32767)),
        }
    }
}

impl Template {
    /// The text with the slots of these kinds; it ends with a newline whether the sample did or not.
    pub(crate) fn new(text: &[u8], kinds: &[Slot]) -> anyhow::Result<Self> {
        let mut text = text.to_vec();
        if !text.ends_with(b"\n") {
            text.push(b'\n');
        }
        let mut slots = Vec::new();
        for kind in kinds {
            let places = Regex::new(kind.pattern())?;
            slots.extend(places.captures_iter(&text).filter_map(|found| found.get(1)).map(|place| (place.range(), *kind)));
        }
        slots.sort_by_key(|(place, _)| place.start);
        Ok(Self { text, slots })
    }

    /// How long a copy is, but for peers of another length.
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Writes one copy.
    pub(crate) fn write(&self, out: &mut dyn Write, values: Values) -> io::Result<()> {
        let mut at = 0;
        for (place, slot) in &self.slots {
            out.write_all(&self.text[at..place.start])?;
            slot.write(out, values)?;
            at = place.end;
        }
        out.write_all(&self.text[at..])
    }
}
