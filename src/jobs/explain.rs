//! `streamfall explain`.

use std::io;

use crate::cli::When;
use streamfall::knowledge::explain;
use streamfall::output::{Shown, explanation};

use super::look;

/// Prints what is known of a failure, or a list of all; an error if there is none of this name.
pub(crate) fn explain(name: Option<&str>) -> anyhow::Result<io::Result<()>> {
    let shown = Shown { look: look(When::Auto), ..Shown::default() };
    let mut out = io::stdout().lock();
    Ok(match name {
        Some(name) => explanation::write(&explain::find(name).map_err(anyhow::Error::msg)?, &shown, &mut out),
        None => explanation::write_list(&shown, &mut out),
    })
}
