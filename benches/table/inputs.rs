//! Makes the inputs: as large as asked for, the same bytes each time, each made once and then used again.
//!
//! A stamp beside an input says what it was made of. It is written last, so an input without its stamp, or with another one, is
//! half made or out of date, and is made anew. Memory holds one block, or one sample, at a time.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::everyday::Everyday;
use crate::samples::Samples;
use crate::template::Values;

/// To be counted up when other bytes are made of the same samples.
const GENERATION: u32 = 1;

/// What an input holds.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Nothing,
    Everyday {
        fails: bool,
    },
    /// A sample over and over.
    Copies(&'static str),
    /// Everyday logs of half a MiB each, in folders of a hundred.
    Folder,
}

/// How an input is compressed.
#[derive(Clone, Copy)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// One input, by the name of its file or folder.
#[derive(Clone, Copy)]
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) content: Content,
    pub(crate) packing: Packing,
}

/// All inputs of one size.
pub(crate) struct Inputs<'a> {
    samples: &'a Samples,
    everyday: Everyday,
    folder: PathBuf,
    mib: u32,
}

impl<'a> Inputs<'a> {
    pub(crate) fn new(samples: &'a Samples, dir: &Path, mib: u32) -> anyhow::Result<Self> {
        let folder = dir.join(format!("{mib}-mib"));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self { samples, everyday: Everyday::new(samples)?, folder, mib })
    }

    /// Where the input is; makes it if need be, and reads it once, so that it is in the page cache as far as there is room.
    pub(crate) fn ready(&self, input: &Input) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(input.name);
        let stamp = format!("generation {GENERATION}, samples {:016x}\n", self.samples.hash());
        if fs::read_to_string(self.stamp(input)).ok().as_deref() != Some(&stamp) || !path.exists() {
            eprintln!("making {}, {} MiB", input.name, self.mib);
            self.remove(input)?;
            self.make(input, &path).with_context(|| format!("cannot make {}", path.display()))?;
            fs::write(self.stamp(input), stamp)?;
        }
        read_all(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(path)
    }

    /// Removes the input, if it was made.
    pub(crate) fn remove(&self, input: &Input) -> anyhow::Result<()> {
        let path = self.folder.join(input.name);
        for path in [&self.stamp(input), &path] {
            let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
            removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
        }
        Ok(())
    }

    fn stamp(&self, input: &Input) -> PathBuf {
        self.folder.join(format!("{}.stamp", input.name))
    }

    fn make(&self, input: &Input, path: &Path) -> anyhow::Result<()> {
        if matches!(input.content, Content::Folder) {
            return self.make_folder(path);
        }
        let file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        match input.packing {
            Packing::Plain => written(self.filled(input.content, file)?),
            Packing::Gzip => written(self.filled(input.content, GzEncoder::new(file, Compression::new(6)))?.finish()?),
            Packing::Zstd => written(self.filled(input.content, zstd::Encoder::new(file, 3)?)?.finish()?),
        }
    }

    fn filled<W: Write>(&self, content: Content, mut out: W) -> anyhow::Result<W> {
        match content {
            Content::Nothing | Content::Folder => {}
            Content::Everyday { fails } => self.everyday.write(&mut out, self.mib, fails)?,
            Content::Copies(sample) => {
                let template = self.samples.whole(sample)?;
                let copies = (u64::from(self.mib) << 20) / template.len() as u64;
                for number in 0..u32::try_from(copies)?.max(1) {
                    template.write(&mut out, Values { number, second: 0, peer: 0 })?;
                }
            }
        }
        Ok(out)
    }

    /// Two files for each block; one in four ends with a failing request.
    fn make_folder(&self, path: &Path) -> anyhow::Result<()> {
        for index in 0..self.mib {
            let folder = path.join(format!("{:03}", index / 50));
            fs::create_dir_all(&folder)?;
            let (mut block, second) = self.everyday.block(index, self.mib)?;
            let middle = block.len() / 2;
            let cut = memchr::memchr(b'\n', &block[middle..]).map_or(block.len(), |end| middle + end + 1);
            if index % 2 == 1 {
                self.everyday.write_failing(&mut block, index / 2, second)?;
            }
            for (half, bytes) in [&block[..cut], &block[cut..]].into_iter().enumerate() {
                let mut file = BufWriter::new(File::create(folder.join(format!("proxy-{index:05}-{half}.txt")))?);
                file.write_all(bytes)?;
                written(file)?;
            }
        }
        Ok(())
    }
}

/// Waits until the file is on the disk: what is still to be written would be written while the clock runs.
fn written(file: BufWriter<File>) -> anyhow::Result<()> {
    Ok(file.into_inner()?.sync_all()?)
}

fn read_all(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return fs::read_dir(path)?.try_for_each(|entry| read_all(&entry?.path()));
    }
    io::copy(&mut BufReader::with_capacity(1 << 20, File::open(path)?), &mut io::sink()).map(|_| ())
}
