//! All text of the inputs that a report holds, as far as it may be seen: done once, before any format sees it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{InputsRead, Names};
use crate::fact::Name;
use crate::input::{Problem, ProblemKind};
use crate::link::Incident;
use crate::mask::Secrets;

/// What was looked at so far: thousands of incidents hold the same few words.
pub(super) struct Masks {
    secrets: Secrets,
    known: HashMap<Name, Name>,
    messages: HashMap<Name, Name>,
}

impl Masks {
    pub(super) fn new(secrets: Secrets) -> Masks {
        Masks { secrets, known: HashMap::new(), messages: HashMap::new() }
    }

    /// An incident: the provider's words, who asked, and the names of groups, models and ids, in which a key may stand by mistake.
    pub(super) fn mask(&mut self, incident: &mut Incident) {
        if let Some(failure) = &mut incident.stream_failure {
            failure.message = failure.message.take().map(|message| self.message(message));
            for name in [&mut failure.model_group, &mut failure.model, &mut failure.class] {
                *name = self.maybe(name.as_ref());
            }
        }
        for evidence in &mut incident.evidence {
            evidence.quote = evidence.quote.take().map(|quote| self.secrets.in_text(&quote).as_ref().into());
        }
        for target in &mut incident.fallbacks {
            *target = self.name(target);
        }
        for rejection in &mut incident.rejections {
            rejection.request_id = rejection.request_id.take().map(|id| self.id(id));
            for name in [&mut rejection.model_group, &mut rejection.model] {
                *name = self.maybe(name.as_ref());
            }
        }
        let request = &mut incident.request;
        for id in [&mut request.call_id, &mut request.trace_id] {
            *id = id.take().map(|id| self.id(id));
        }
        let caller = &mut request.caller;
        let who = [&mut caller.key, &mut caller.team, &mut caller.user, &mut caller.end_user, &mut caller.user_agent];
        for field in who.into_iter().chain([&mut request.requested_model, &mut request.version]) {
            *field = self.maybe(field.as_ref());
        }
    }

    /// An id is of one request: to keep what was made of it would take more than to look again.
    fn id(&self, id: Name) -> Name {
        match self.secrets.in_name(&id) {
            Cow::Owned(masked) => masked.into(),
            Cow::Borrowed(_) => id,
        }
    }

    /// What inputs are called: their label, their path.
    pub(super) fn of_names(&mut self, mut names: Names) -> Names {
        for source in &mut names.sources {
            *source = self.path(source, names.label.as_deref());
        }
        for process in &mut names.processes {
            *process = self.text(process);
        }
        names.label = names.label.map(|label| self.text(&label));
        names
    }

    /// Inputs, and what is wrong with them.
    pub(super) fn of_inputs(&mut self, mut inputs: InputsRead) -> InputsRead {
        for read in &mut inputs.read {
            read.name = self.path(&read.name, None);
            read.problem = read.problem.take().map(|kind| self.secrets.in_problem_kind(kind));
        }
        inputs.problems = inputs.problems.into_iter().map(|problem| self.secrets.in_problem(problem)).collect();
        inputs
    }

    /// A caller's, or a request's.
    pub(super) fn text(&mut self, text: &str) -> String {
        self.secrets.in_name(text).into_owned()
    }

    /// A provider's words.
    fn message(&mut self, message: Name) -> Name {
        if let Some(known) = self.messages.get(&message) {
            return known.clone();
        }
        let masked: Name = self.secrets.in_text(&message).as_ref().into();
        self.messages.insert(message, masked.clone());
        masked
    }

    fn maybe(&mut self, name: Option<&Name>) -> Option<Name> {
        name.map(|name| self.name(name))
    }

    fn name(&mut self, name: &Name) -> Name {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let masked = self.id(name.clone());
        self.known.insert(name.clone(), masked.clone());
        masked
    }

    /// A label is taken by itself, so that it can be told from the path behind it.
    fn path(&mut self, path: &str, label: Option<&str>) -> String {
        let own = label.and_then(|label| Some((label, path.strip_prefix(label)?.strip_prefix(':')?)));
        match own {
            Some((label, path)) => format!("{}:{}", self.text(label), self.secrets.in_path(path)),
            None => self.secrets.in_path(path).into_owned(),
        }
    }
}

impl Secrets {
    /// A problem, as it is told: inputs have names, and readers quote what they could not read.
    #[must_use]
    pub fn in_problem(self, problem: Problem) -> Problem {
        Problem { input: self.in_path(&problem.input).into_owned(), kind: self.in_problem_kind(problem.kind) }
    }

    pub(crate) fn in_problem_kind(self, kind: ProblemKind) -> ProblemKind {
        let text = |text: String| self.in_text(&text).into_owned();
        match kind {
            ProblemKind::Unreadable(why) => ProblemKind::Unreadable(text(why)),
            ProblemKind::Broken { reason, bytes } => ProblemKind::Broken { reason: text(reason), bytes },
            ProblemKind::Refused(why) => ProblemKind::Refused(text(why)),
            ProblemKind::Earlier(of) => ProblemKind::Earlier(self.in_path(&of).into_owned()),
            ProblemKind::Twin(of) => ProblemKind::Twin(self.in_path(&of).into_owned()),
            ProblemKind::PassedOver { count, quoting } => {
                ProblemKind::PassedOver { count, quoting: quoting.iter().map(|name| self.in_path(name).into_owned()).collect() }
            }
            other => other,
        }
    }
}
