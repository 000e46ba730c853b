//! What names a fact's request, in whatever stream it is: only what shares one of these is ever joined across streams.

use super::{ErrorText, Fact, Statement};

impl Fact {
    /// All ids in it: the provider's, LiteLLM's calls, what names the request in its writer's own ids.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let (error, call) = match &self.statement {
            Statement::Error(error) => (Some(error), None),
            Statement::Call(call) => (None, Some(call)),
            _ => (None, None),
        };
        let of_error = error.into_iter().flat_map(|error| error.texts()).flat_map(ids_in);
        let earlier = call.into_iter().flat_map(|call| &call.earlier);
        let of_earlier = earlier.flat_map(|error| ids_in(&error.text).chain([&*error.call_id]));
        let of_call = call.map(|call| &*call.call_id);
        self.request_names().chain(of_error).chain(of_call).chain(of_earlier)
    }
}

/// The provider's ids of a text's errors.
fn ids_in(text: &ErrorText) -> impl Iterator<Item = &str> {
    text.request_ids().map(|id| &**id)
}
