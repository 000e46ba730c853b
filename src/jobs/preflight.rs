//! `streamfall preflight`.

use std::io::{self, Write};

use crate::cli;
use crate::exit::Exit;
use anyhow::Context;
use streamfall::Secrets;
use streamfall::output::{self, Shown, text};
use streamfall::preflight::{Config, Preflight};

use super::look;

pub(crate) fn preflight(asked: &cli::Preflight) -> anyhow::Result<Exit> {
    let preflight = Preflight::new(&Config::read(&asked.config, Secrets::Masked)?, asked.asked())?;
    let shown = Shown { top: asked.top, look: look(asked.color), ..Shown::default() };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let printed = asked.format.write(&preflight, &shown, &mut out).and_then(|()| out.flush());
    output::unless_closed(printed).context("cannot write the predictions to stdout")?;
    let shown = Shown { look: text::Look::default(), ..shown };
    for file in &asked.output {
        let written = output::replace(&file.path, |out| file.format.write(&preflight, &shown, out));
        written.with_context(|| format!("cannot write {}", file.path.display()))?;
    }
    Ok(Exit::of_preflight(&preflight))
}
