//! What readers and workers say waits here until it is heard.
//!
//! Each time that a thread is woken costs more than most of what is said, so whoever hears wakes when there is much to hear, when all
//! is said, or when its patience ends. If it does not keep up, whoever speaks waits: else facts would pile up.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::event::Event;

/// How much there is to hear before anyone is woken for it, and at most.
const MUCH: usize = 64;
const MOST: usize = 1024;

/// Where events wait.
#[derive(Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
    arrived: Condvar,
    taken: Condvar,
}

#[derive(Default)]
struct State {
    events: Vec<Event>,
    /// Whether all is said.
    finished: bool,
    /// Whether nobody listens any more.
    deserted: bool,
}

impl Mailbox {
    /// Says something.
    pub(super) fn say(&self, event: Event) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |state: &mut State| state.events.len() >= MOST && !state.deserted;
        let mut state = self.taken.wait_while(state, is_full).unwrap_or_else(PoisonError::into_inner);
        state.finished |= matches!(event, Event::Finished);
        if !state.deserted {
            state.events.push(event);
        }
        if state.finished || state.events.len() >= MUCH {
            self.arrived.notify_one();
        }
    }

    /// What has been said since this was last asked; nothing if nothing came while patience lasted, and `None` if whoever spoke has died
    /// before all was said.
    pub(super) fn hear(self: &Arc<Mailbox>, patience: Duration) -> Option<Vec<Event>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_little = |state: &mut State| !state.finished && state.events.len() < MUCH;
        let (mut state, _) = self.arrived.wait_timeout_while(state, patience, is_little).unwrap_or_else(PoisonError::into_inner);
        let events = std::mem::take(&mut state.events);
        self.taken.notify_all();
        let is_dead = events.is_empty() && Arc::strong_count(self) == 1;
        (!is_dead).then_some(events)
    }

    /// Listens no more.
    pub(super) fn desert(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).deserted = true;
        self.taken.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_in_its_order() {
        let mailbox = Arc::new(Mailbox::default());
        let speaker = mailbox.clone();
        let speaking = std::thread::spawn(move || {
            (0..3 * MOST).for_each(|source| speaker.say(Event::Archive(source)));
            speaker.say(Event::Finished);
        });
        let mut heard = Vec::new();
        while !matches!(heard.last(), Some(Event::Finished)) {
            heard.extend(mailbox.hear(Duration::from_secs(5)).unwrap());
        }
        speaking.join().unwrap();
        assert_eq!(heard.len(), 3 * MOST + 1);
        assert!(heard.iter().take(3 * MOST).enumerate().all(|(at, event)| matches!(event, Event::Archive(source) if *source == at)));
        assert!(mailbox.hear(Duration::ZERO).is_none());
    }

    #[test]
    fn nobody_waits_for_who_is_gone() {
        let mailbox = Arc::new(Mailbox::default());
        mailbox.desert();
        (0..2 * MOST).for_each(|source| mailbox.say(Event::Archive(source)));
    }
}
