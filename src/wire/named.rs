//! What lines have named, by number. Lines are kept in sections that can be read each by itself: so it is noted what a section asks for
//! of all that was named before it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// Values by number.
#[derive(Debug)]
pub(super) struct Named<T> {
    /// Those from `first` on.
    values: Vec<T>,
    first: u32,
    /// Of those before, what was given.
    given: HashMap<u32, T>,
    /// The first number of the section at hand, and how many sections there were before.
    begin: u32,
    sections: u32,
    /// What the section at hand asked for of what stands before it; and of each such value, which section did so last.
    asked: RefCell<Vec<u32>>,
    asked_by: Vec<Cell<u32>>,
}

/// What a section needs of what was named before it.
#[derive(Debug)]
pub(super) struct Given<T> {
    /// The first number that it names itself.
    first: u32,
    values: Vec<(u32, T)>,
}

const BY_NONE: u32 = u32::MAX;

impl<T> Default for Named<T> {
    fn default() -> Named<T> {
        Named { values: Vec::new(), first: 0, given: HashMap::new(), begin: 0, sections: 0, asked: RefCell::default(), asked_by: Vec::new() }
    }
}

impl<T: Clone> Named<T> {
    /// As it stood where a section began.
    pub(super) fn with(given: &Given<T>) -> Named<T> {
        Named { first: given.first, begin: given.first, given: given.values.iter().cloned().collect(), ..Named::default() }
    }

    pub(super) fn push(&mut self, value: T) {
        self.values.push(value);
    }

    pub(super) fn get(&self, number: u32) -> Result<&T, String> {
        let value = match number.checked_sub(self.first) {
            Some(at) => self.values.get(at as usize),
            None => self.given.get(&number),
        };
        if number < self.begin
            && let Some(by) = self.asked_by.get(number as usize)
            && by.replace(self.sections) != self.sections
        {
            self.asked.borrow_mut().push(number);
        }
        value.ok_or_else(|| format!("{number} was not told before"))
    }

    /// Ends the section at hand, and begins the next.
    pub(super) fn end_section(&mut self) -> Given<T> {
        let asked = std::mem::take(&mut *self.asked.borrow_mut());
        let values = asked.into_iter().filter_map(|number| Some((number, self.values.get(number as usize)?.clone())));
        let given = Given { first: self.begin, values: values.collect() };
        self.begin = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.sections += 1;
        self.asked_by.resize(self.values.len(), Cell::new(BY_NONE));
        given
    }
}
