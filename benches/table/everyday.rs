//! The log of a day on which hardly anything fails: blocks of a MiB, no two alike.
//!
//! Lines are those of the samples; their peers and times differ, so that no search can profit from repetition, and the clock
//! runs once through twenty hours over the whole log. Where asked for, a real failing request stands behind every second block.

use std::io::{self, Write};

use crate::samples::Samples;
use crate::template::{Template, Values};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 1 << 20;

/// One line of each kind of the info level follows so many access lines.
const ACCESS_LINES: [u32; 2] = [5, 11];

const BEGIN: u32 = 2 * 3600;
const SPAN: u32 = 20 * 3600;

/// The lines that blocks are made of.
pub(crate) struct Everyday {
    access: Vec<Template>,
    info: Vec<Vec<Template>>,
    failing: Template,
}

impl Everyday {
    pub(crate) fn new(samples: &Samples) -> anyhow::Result<Self> {
        Ok(Self { access: samples.access_lines()?, info: samples.info_lines()?, failing: samples.failing_request()? })
    }

    /// Writes a log of so many blocks, with a failing request behind every second one or with none.
    pub(crate) fn write(&self, out: &mut dyn Write, blocks: u32, fails: bool) -> io::Result<()> {
        for index in 0..blocks {
            let (block, second) = self.block(index, blocks)?;
            out.write_all(&block)?;
            if fails && index.is_multiple_of(2) {
                self.write_failing(out, index / 2, second)?;
            }
        }
        Ok(())
    }

    /// The block of that number, and the time of its last line.
    pub(crate) fn block(&self, index: u32, blocks: u32) -> io::Result<(Vec<u8>, u32)> {
        let begin = BEGIN + scaled(SPAN, index as usize, blocks as usize);
        let span = (SPAN / blocks).max(1);
        let mut block = Vec::with_capacity(BLOCK + 1024);
        let mut values = Values { number: 0, second: begin, peer: 0x9E37_79B9_u32.wrapping_mul(index + 1) };
        while block.len() < BLOCK {
            values.number += 1;
            values.peer = values.peer.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            values.second = begin + scaled(span, block.len(), BLOCK);
            in_turn(&self.access, values.number).write(&mut block, values)?;
            for (lines, every) in self.info.iter().zip(ACCESS_LINES) {
                if values.number.is_multiple_of(every) {
                    in_turn(lines, values.number / every).write(&mut block, values)?;
                }
            }
        }
        Ok((block, values.second))
    }

    /// Writes the failing request once more.
    pub(crate) fn write_failing(&self, out: &mut dyn Write, number: u32, second: u32) -> io::Result<()> {
        self.failing.write(out, Values { number, second, peer: 0 })
    }
}

fn in_turn(lines: &[Template], number: u32) -> &Template {
    &lines[number as usize % lines.len()]
}

/// `part` of `whole` of a value.
fn scaled(value: u32, part: usize, whole: usize) -> u32 {
    u32::try_from(value as usize * part / whole).unwrap_or(value)
}
