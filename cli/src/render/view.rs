//! A plan sorted for reading: what it does to protection first, then the rest. Text and Markdown
//! are written from this one order.

use std::sync::OnceLock;

use drctl_core::addr::Address;
use drctl_core::plan::{AcceptKind, Acceptance, Action, After, AttributeChange, Plan, ResourceChange};
use drctl_core::provider::Registry;
use drctl_core::rule::{Effect, Note, Timing};

/// A plan with what is computed from it.
pub(crate) struct View<'p> {
    /// The plan.
    pub(crate) plan: &'p Plan,
    /// Its digest, once somebody has asked: it takes as long as half of the planning.
    pub(crate) digest: OnceLock<String>,
    /// Acceptances that apply would refuse for.
    pub(crate) missing: Vec<Acceptance>,
    /// Where facts are looked up.
    pub(crate) registry: &'p Registry,
}

/// A part of a plan under one headline, in the order of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Section {
    /// Data is less protected afterwards.
    Weakens,
    /// There is no way back.
    Irreversible,
    /// The service is interrupted.
    Interrupts,
    /// It could not be observed.
    Unobserved,
    /// Data is better protected afterwards.
    Strengthens,
    /// Everything else that changes.
    Changes,
    /// Accepted by the provider, not in effect yet.
    Pending,
    /// Standing findings about what does not change.
    Warnings,
}

impl Section {
    /// Its symbol, with a meaning of its own.
    pub(crate) fn symbol(self) -> char {
        match self {
            Section::Weakens | Section::Interrupts | Section::Warnings => '!',
            Section::Irreversible => '=',
            Section::Unobserved => '?',
            Section::Strengthens => '+',
            Section::Changes => '~',
            Section::Pending => '@',
        }
    }

    /// Its headline.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Section::Weakens => "WEAKENS PROTECTION",
            Section::Irreversible => "IRREVERSIBLE",
            Section::Interrupts => "INTERRUPTS SERVICE",
            Section::Unobserved => "UNOBSERVED",
            Section::Strengthens => "STRENGTHENS",
            Section::Changes => "OTHER CHANGES",
            Section::Pending => "PENDING AT THE PROVIDER",
            Section::Warnings => "WARNINGS",
        }
    }
}

/// How much of a change is shown at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Its attributes and these notes.
    Full,
    /// Only these notes: its attributes stand in an earlier section.
    NotesOnly,
}

/// A change under one headline.
pub(crate) struct Entry<'p> {
    /// The change.
    pub(crate) change: &'p ResourceChange,
    /// The notes that belong here.
    pub(crate) notes: Vec<&'p Note>,
    /// How much of it.
    pub(crate) detail: Detail,
}

/// Whether something is done, if only in the state: what is as it should be may have another address.
pub(crate) fn is_done(change: &ResourceChange) -> bool {
    acts(change.action) || is_moved(change)
}

/// Whether all that is new about a thing is its address.
pub(crate) fn is_moved(change: &ResourceChange) -> bool {
    change.action == Action::Keep && change.previous_address.is_some()
}

/// Whether the action does something.
pub(crate) fn acts(action: Action) -> bool {
    match action {
        Action::Create | Action::Update | Action::Adopt | Action::Forget | Action::Delete => true,
        Action::Keep | Action::Unobserved => false,
    }
}

fn section_of(effect: Effect, action: Action) -> Option<Section> {
    match effect {
        _ if !acts(action) => match effect {
            Effect::Refuse | Effect::Irreversible | Effect::Weakens | Effect::Outage | Effect::Warn => {
                Some(Section::Warnings)
            }
            Effect::Strengthens | Effect::Inform => None,
        },
        Effect::Irreversible => Some(Section::Irreversible),
        Effect::Weakens => Some(Section::Weakens),
        Effect::Outage => Some(Section::Interrupts),
        Effect::Strengthens => Some(Section::Strengthens),
        Effect::Refuse | Effect::Warn | Effect::Inform => None,
    }
}

fn is_pending(attribute: &AttributeChange) -> bool {
    matches!(attribute.after, After::Pending(_))
}

fn is_unobserved(change: &ResourceChange) -> bool {
    change.action == Action::Unobserved
        || change.attributes.iter().any(|a| matches!(a.after, After::Unobserved(_)))
}

/// The sections in which a change appears, in the order of reading.
fn sections_of(change: &ResourceChange) -> Vec<Section> {
    let mut sections: Vec<Section> =
        change.notes.iter().filter_map(|n| section_of(n.effect, change.action)).collect();
    // Letting go of a thing takes its protection out of drctl's sight, whatever the facts say.
    if matches!(change.action, Action::Forget | Action::Delete) {
        sections.push(Section::Weakens);
    }
    if is_unobserved(change) {
        sections.push(Section::Unobserved);
    }
    if sections.is_empty() && is_done(change) {
        sections.push(Section::Changes);
    }
    if !acts(change.action) && change.attributes.iter().any(is_pending) {
        sections.push(Section::Pending);
    }
    sections.sort();
    sections.dedup();
    sections
}

impl<'p> View<'p> {
    /// The plan's digest.
    pub(crate) fn digest(&self) -> &str {
        self.digest.get_or_init(|| self.plan.digest())
    }

    /// The view on a plan.
    pub(crate) fn new(plan: &'p Plan, registry: &'p Registry) -> View<'p> {
        View { plan, digest: OnceLock::new(), missing: plan.missing_acceptances(), registry }
    }

    /// The plan in the order of reading; sections without content are left out.
    pub(crate) fn sections(&self) -> Vec<(Section, Vec<Entry<'p>>)> {
        let mut found: std::collections::BTreeMap<Section, Vec<Entry<'p>>> = Default::default();
        for change in &self.plan.changes {
            let sections = sections_of(change);
            for (i, section) in sections.iter().enumerate() {
                let mut notes: Vec<&Note> = change
                    .notes
                    .iter()
                    .filter(|n| match section_of(n.effect, change.action) {
                        Some(of) => of == *section,
                        // Notes without a section of their own stand where the attributes stand.
                        None => i == 0,
                    })
                    .collect();
                // Nothing is planned for what is not observed, so nothing follows from it either.
                if change.action == Action::Unobserved {
                    notes.clear();
                }
                notes.sort_by_key(|n| n.effect);
                notes.dedup_by(|a, b| a.reason == b.reason && a.fact == b.fact && a.help == b.help);
                let detail = if i == 0 { Detail::Full } else { Detail::NotesOnly };
                found.entry(*section).or_default().push(Entry { change, notes, detail });
            }
        }
        found.into_iter().collect()
    }

    /// The acceptances that a change lacks for this section.
    pub(crate) fn missing(&self, change: &ResourceChange, section: Section) -> Vec<&Acceptance> {
        let belongs = |a: &&Acceptance| match a.kind {
            AcceptKind::Weakens | AcceptKind::Delete => section == Section::Weakens,
            AcceptKind::Irreversible => section == Section::Irreversible,
            AcceptKind::Outage => section == Section::Interrupts,
        };
        self.missing_of(&change.address).filter(belongs).collect()
    }

    /// The acceptances that an address lacks: they are sorted by kind and address.
    pub(crate) fn missing_of(&self, address: &Address) -> impl Iterator<Item = &Acceptance> {
        let kinds = [AcceptKind::Weakens, AcceptKind::Irreversible, AcceptKind::Outage, AcceptKind::Delete];
        let at = |kind| self.missing.binary_search_by(|a| (a.kind, &a.address).cmp(&(kind, address)));
        kinds.into_iter().filter_map(move |kind| self.missing.get(at(kind).ok()?))
    }

    /// How many changes have this action.
    pub(crate) fn count(&self, action: Action) -> usize {
        self.plan.changes.iter().filter(|c| c.action == action).count()
    }

    /// Whether any provider is the simulation.
    pub(crate) fn simulated(&self) -> bool {
        self.plan.providers.values().any(|p| p.simulated)
    }

    /// What a note rests on and when it takes effect: `S5; for new data only`. A fact that was never
    /// checked against a source is called so.
    pub(crate) fn about(&self, note: &Note, action: Action) -> String {
        let unchecked = self.registry.fact(&note.fact.0).is_some_and(|f| f.general_knowledge);
        let mut about = note.fact.to_string();
        if unchecked && !note.reason.contains("general knowledge") {
            about += ", general knowledge";
        }
        match note.timing.as_ref().map(|t| timing_of(t, action)) {
            Some(when) if !when.is_empty() => format!("{about}; {when}"),
            Some(_) | None => about,
        }
    }

    /// The summary: "Plan: 1 to create, 2 to update; 3 unchanged".
    pub(crate) fn summary(&self) -> String {
        let doing = [
            (Action::Create, "to create"),
            (Action::Adopt, "to adopt"),
            (Action::Update, "to update"),
            (Action::Forget, "to forget"),
            (Action::Delete, "to delete"),
        ];
        let parts = |counted: Vec<(usize, &str)>| -> Vec<String> {
            let counted = counted.into_iter().filter(|(n, _)| *n > 0);
            counted.map(|(n, words)| format!("{n} {words}")).collect()
        };
        let moved = self.plan.changes.iter().filter(|c| is_moved(c)).count();
        let kept = self.count(Action::Keep) - moved;
        let rest = parts(vec![(kept, "unchanged"), (self.count(Action::Unobserved), "unobserved")]);
        let doing = doing.map(|(action, words)| (self.count(action), words)).into_iter();
        let doing = parts(doing.chain([(moved, "to move")]).collect());
        let mut text =
            if doing.is_empty() { "No changes".to_owned() } else { format!("Plan: {}", doing.join(", ")) };
        if !rest.is_empty() {
            text += &format!("; {}", rest.join(", "));
        }
        text + "."
    }
}

/// What is done with it, in a word.
pub(crate) fn done_with(change: &ResourceChange) -> &'static str {
    if is_moved(change) { "move" } else { verb(change.action) }
}

/// What is done, in a word.
pub(crate) fn verb(action: Action) -> &'static str {
    match action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Adopt => "adopt",
        Action::Keep => "keep",
        Action::Forget => "forget",
        Action::Delete => "delete",
        Action::Unobserved => "unobserved",
    }
}

/// The symbol of an action.
pub(crate) fn symbol(action: Action) -> char {
    match action {
        Action::Create => '+',
        Action::Update | Action::Adopt => '~',
        Action::Keep => '.',
        Action::Forget | Action::Delete => '-',
        Action::Unobserved => '?',
    }
}

/// The word for an acceptance, as it is typed: `irreversible:aws_s3_bucket.invoices`.
pub(crate) fn acceptance(acceptance: &Acceptance) -> String {
    let kind = match acceptance.kind {
        AcceptKind::Weakens => "weakens",
        AcceptKind::Irreversible => "irreversible",
        AcceptKind::Outage => "outage",
        AcceptKind::Delete => "delete",
    };
    let word = format!("{kind}:{}", acceptance.address);
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || ":._-".contains(c));
    if plain { word } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// As [`timing`]; a thing that is being made has no old data to tell from the new.
pub(crate) fn timing_of(when: &Timing, action: Action) -> String {
    match when {
        Timing::NewDataOnly if action == Action::Create => String::new(),
        when => timing(when),
    }
}

/// When something takes effect, in words; empty for at once.
pub(crate) fn timing(timing: &Timing) -> String {
    match timing {
        Timing::Immediate => String::new(),
        Timing::NewDataOnly => "for new data only".to_owned(),
        Timing::Restart => "when the server is restarted".to_owned(),
        Timing::MaintenanceWindow(next) => {
            let at = next.at.map(|at| format!(", next {at:.0}")).unwrap_or_default();
            format!("in the maintenance window {}{at}", super::text::safe(&next.window))
        }
        Timing::From { at } => format!("from {at:.0}"),
    }
}
