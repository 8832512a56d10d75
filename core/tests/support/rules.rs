//! A configuration in miniature: resources with what is and what shall be, and the rules run on one. Whoever
//! takes this in has the providers in a constant `ENTRIES`.

use std::collections::BTreeMap;

use drctl_core::addr::Address;
use drctl_core::lang::expr::Expr;
use drctl_core::map::Map;
use drctl_core::plan::Action;
use drctl_core::provider::{AnyKind, Id, Observed, Pending, Place, Unobserved};
use drctl_core::rule::{Change, Effect, Note, Peer, Peers, Timing, World};
use drctl_core::schema::attribute;
use drctl_core::span::{FileId, Span};
use drctl_core::value::Value;
use serde_json::Value as Json;

use crate::ENTRIES;

/// The time of planning: a Saturday.
pub(crate) const NOW: &str = "2026-11-21T12:00:00Z";

/// One resource.
pub(crate) struct Case {
    address: Address,
    action: Action,
    before: Option<Observed>,
    desired: Map<String, Expr>,
    removed: Vec<String>,
    place: Place,
    arn: String,
}

fn object(json: Json) -> BTreeMap<String, Value> {
    match Value::from_json(&json) {
        Some(Value::Object(map)) => map,
        other => panic!("not an object: {other:?}"),
    }
}

fn kind(name: &str) -> &'static dyn AnyKind {
    ENTRIES.iter().flat_map(|entry| entry.kinds).copied().find(|k| k.name() == name).expect(name)
}

fn canonical(kind: &dyn AnyKind, name: &str, value: Value) -> Value {
    let row = attribute(kind.inputs(), name).unwrap_or_else(|| panic!("no attribute {name}"));
    (row.canonical)(value).unwrap_or_else(|e| panic!("{name}: {e}"))
}

impl Case {
    /// A resource that does not exist yet, in eu-west-1: its address, and what is written.
    pub(crate) fn new(address: &str, desired: Json) -> Case {
        let address: Address = address.parse().unwrap();
        let kind = kind(address.kind.as_str());
        let place = Place {
            account: Some("123456789012".into()),
            region: Some("eu-west-1".into()),
            ..Place::default()
        };
        let values: BTreeMap<_, _> =
            object(desired).into_iter().map(|(n, v)| (n.clone(), canonical(kind, &n, v))).collect();
        let id = kind.id(&values).expect("identity is written");
        let arn = kind.derived(&id, &place).get("arn").and_then(Value::as_str).unwrap_or(&id.0).to_owned();
        let desired =
            values.into_iter().map(|(n, v)| (n, Expr::literal(v, Span::new(FileId(0), 0, 0)))).collect();
        Case { address, action: Action::Create, before: None, desired, removed: vec![], place, arn }
    }

    /// It exists with these attributes.
    pub(crate) fn is(mut self, attributes: Json) -> Case {
        let kind = kind(self.address.kind.as_str());
        let attributes =
            object(attributes).into_iter().map(|(n, v)| (n.clone(), canonical(kind, &n, v))).collect();
        let values = self.desired.iter().filter_map(|(n, e)| Some((n.clone(), e.value()?))).collect();
        self.before = Some(Observed {
            id: kind.id(&values).unwrap_or(Id(String::new())),
            attributes,
            outputs: BTreeMap::new(),
            unobserved: BTreeMap::new(),
            pending: BTreeMap::new(),
            managed_by: BTreeMap::new(),
        });
        self.action = Action::Update;
        self
    }

    /// It has these outputs.
    pub(crate) fn has(mut self, outputs: Json) -> Case {
        self.before.as_mut().unwrap().outputs = object(outputs);
        self
    }

    /// An attribute was denied.
    pub(crate) fn denied(mut self, name: &str) -> Case {
        let why = Unobserved { class: drctl_core::provider::ErrorClass::Denied, message: "no".into() };
        self.before.as_mut().unwrap().unobserved.insert(name.into(), why);
        self
    }

    /// An attribute waits to become this.
    pub(crate) fn pending(mut self, name: &str, value: &str) -> Case {
        let pending = Pending { value: Value::from(value), timing: Timing::Restart };
        self.before.as_mut().unwrap().pending.insert(name.into(), pending);
        self
    }

    /// Another manager owns an attribute.
    pub(crate) fn managed_by(mut self, name: &str, owner: &str) -> Case {
        self.before.as_mut().unwrap().managed_by.insert(name.into(), owner.into());
        self
    }

    /// An attribute is no longer written.
    pub(crate) fn removed(mut self, name: &str) -> Case {
        self.removed.push(name.into());
        self
    }

    /// It is deleted.
    pub(crate) fn deleted(mut self) -> Case {
        self.action = Action::Delete;
        self
    }

    /// It is in another region.
    pub(crate) fn in_region(mut self, region: &str) -> Case {
        self.place.region = Some(region.into());
        self
    }

    fn change(&self) -> Change<'_> {
        Change {
            address: &self.address,
            action: self.action,
            before: self.before.as_ref(),
            desired: &self.desired,
            removed: &self.removed,
            place: Some(&self.place),
        }
    }

    /// All notes of all rules on this resource, alone.
    pub(crate) fn notes(&self) -> Vec<Note> {
        self.notes_beside(&[])
    }

    /// All notes of all rules on this resource, beside others.
    pub(crate) fn notes_beside(&self, others: &[&Case]) -> Vec<Note> {
        let all = Others { subject: self, others: others.to_vec() };
        let world = World { peers: &all, now: NOW.parse().unwrap(), seen_at: NOW.parse().unwrap() };
        let rules = kind(self.address.kind.as_str()).rules();
        rules
            .iter()
            .flat_map(|rule| {
                let notes = (rule.check)(&self.change(), &world);
                assert!(notes.iter().all(|n| n.fact.0 == rule.fact.id), "a note cites its rule's fact");
                notes
            })
            .collect()
    }
}

struct Others<'c> {
    subject: &'c Case,
    others: Vec<&'c Case>,
}

fn peer(case: &Case) -> Peer<'_> {
    Peer { change: case.change(), kind: case.address.kind.as_str() }
}

impl Peers for Others<'_> {
    fn target(&self, of: &Address, path: &[&str]) -> Option<Peer<'_>> {
        let all = || std::iter::once(&self.subject).chain(&self.others);
        let from = all().find(|c| c.address == *of)?;
        let mut value = from.desired.get(path[0])?.value()?;
        for name in &path[1..] {
            value = value.get(name)?.clone();
        }
        let name = |c: &Case| {
            kind(c.address.kind.as_str()).id(&c
                .desired
                .iter()
                .filter_map(|(n, e)| Some((n.clone(), e.value()?)))
                .collect())
        };
        let text = value.as_str()?;
        all()
            .find(|c| c.arn == text || c.address != *of && name(c).is_some_and(|i| i.0 == text))
            .map(|c| peer(c))
    }
    fn of_kind(&self, kind: &str) -> Vec<Peer<'_>> {
        self.others.iter().filter(|c| c.address.kind.as_str() == kind).map(|c| peer(c)).collect()
    }
}

/// The one note of a fact with an effect.
pub(crate) fn one(notes: &[Note], fact: &str, effect: Effect) -> Note {
    let found: Vec<_> = notes.iter().filter(|n| n.fact.0 == fact && n.effect == effect).collect();
    assert_eq!(found.len(), 1, "{fact} {effect:?} among {notes:#?}");
    found[0].clone()
}

/// That a fact has nothing to say.
pub(crate) fn silent(notes: &[Note], fact: &str) {
    assert!(notes.iter().all(|n| n.fact.0 != fact), "{fact} among {notes:#?}");
}

/// That each fact that a rule enforces has a test in this file that bears its id.
pub(crate) fn each_has_a_test(file: &str) {
    let tests: Vec<&str> =
        file.lines().filter_map(|l| l.trim_start().split_once("fn ")).map(|(_, f)| f).collect();
    let bears = |id: &str| {
        let id = id.to_lowercase();
        tests.iter().any(|name| name.split(['_', '(']).any(|part| part == id))
    };
    let kinds = ENTRIES.iter().flat_map(|entry| entry.kinds);
    let facts = kinds.flat_map(|kind| kind.rules()).map(|rule| rule.fact.id);
    assert_eq!(facts.filter(|id| !bears(id)).collect::<Vec<_>>(), Vec::<&str>::new());
}
