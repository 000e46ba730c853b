//! What is known of LiteLLM and of providers, as data tables.
//!
//! A new LiteLLM release, provider word or failure text is a new row here, never new code elsewhere. Each table names the
//! source of its rows.

pub mod advice;
pub mod container;
pub mod continuation;
pub mod explain;
pub mod failure;
pub mod kinds;
pub mod metric;
pub mod model;
pub mod neighbour;
pub mod origin;
pub mod provider;
pub mod route;
pub mod signature;
pub mod span;
pub mod version;
