//! Stop requests: the first SIGINT or SIGTERM ends the reading and the report so far is printed; a second one ends all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::exit::Exit;

/// Whether and how the run was asked to stop.
#[derive(Debug, Clone)]
pub(crate) struct StopRequests(Arc<AtomicUsize>);

impl StopRequests {
    /// Listens from now on.
    ///
    /// # Errors
    ///
    /// When the system lets no handler be installed.
    pub(crate) fn listen() -> std::io::Result<StopRequests> {
        let asked = Arc::new(AtomicUsize::new(0));
        for (signal, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
            let again = Arc::new(AtomicBool::new(false));
            // In this order: the shutdown looks at the flag before it is set, so it acts on the second signal.
            flag::register_conditional_shutdown(signal, i32::from(exit.status()), again.clone())?;
            flag::register(signal, again)?;
            flag::register_usize(signal, asked.clone(), usize::from(exit.status()))?;
        }
        Ok(StopRequests(asked))
    }

    /// How the run is to end, if it was asked to.
    #[must_use]
    pub(crate) fn asked(&self) -> Option<Exit> {
        let status = self.0.load(Ordering::Relaxed);
        [Exit::Interrupted, Exit::Terminated].into_iter().find(|exit| usize::from(exit.status()) == status)
    }
}
