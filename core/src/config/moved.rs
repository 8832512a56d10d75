//! `moved { … }`: a thing that has another address than it had. Moves are followed as far as they lead,
//! so that what was moved twice is found by those who have applied neither.

use std::collections::BTreeSet;

use super::block::{Source, missing};
use super::model::{Config, Moved};
use crate::addr::Address;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::span::Span;

/// `moved { … }`
pub(super) fn moved(source: Source<'_>, diags: &mut Diagnostics) -> Option<Moved> {
    source.labels(&[], diags);
    let parts = source.parts(&["from", "to"], &[], diags);
    for name in ["from", "to"] {
        if parts.get(name).is_none() {
            diags.push(missing(name, source.header(), "moved"));
        }
    }
    let (from, to) = (parts.get("from"), parts.get("to"));
    let from = source.address(from?, diags);
    let to = source.address(to?, diags);
    Some(Moved { from: from?, to: to?, span: source.header() })
}

impl Moved {
    /// The new address of an instance, or of a block, that this moves: one of a block that moves as a whole
    /// keeps its key.
    pub fn leads(&self, address: &Address) -> Option<Address> {
        if *address == self.from {
            return Some(self.to.clone());
        }
        let whole = self.from.key.is_none() && self.to.key.is_none() && address.block() == self.from;
        whole.then(|| Address { key: address.key.clone(), ..self.to.clone() })
    }
}

impl Config {
    /// Where the moves lead an address: itself where none does. Those in a circle lead nowhere and are an
    /// error of their own.
    pub fn moved_to(&self, address: &Address) -> Address {
        let path = path(&self.moved, address);
        path.last().map_or_else(|| address.clone(), |(_, to)| to.clone())
    }

    /// Whether a move begins at that address.
    pub(super) fn moves_on(&self, address: &Address) -> bool {
        next(&self.moved, address).is_some()
    }
}

/// The first of the moves that leads on from there; one that names an instance before one of its block.
fn next(moved: &[Moved], address: &Address) -> Option<(usize, Address)> {
    let exact = moved.iter().position(|one| one.from == *address);
    let found = exact.or_else(|| moved.iter().position(|one| one.leads(address).is_some()))?;
    Some((found, moved[found].leads(address)?))
}

/// The moves from there on, each once.
fn path(moved: &[Moved], address: &Address) -> Vec<(usize, Address)> {
    let (mut path, mut seen) = (Vec::new(), BTreeSet::new());
    let mut at = address.clone();
    while let Some((number, to)) = next(moved, &at).filter(|(number, _)| seen.insert(*number)) {
        at = to.clone();
        path.push((number, to));
    }
    path
}

/// Reports what leads in a circle, from what is declared, to another kind, or twice from or to one address.
/// That a target is declared is checked with all other names.
pub(super) fn check(config: &Config, diags: &mut Diagnostics) {
    for (number, one) in config.moved.iter().enumerate() {
        let (from, to) = (&one.from, &one.to);
        let mut wrong = |label: String, other: Option<(Span, &str)>, help: &str| {
            let found =
                Diagnostic::error(Code::WrongMove, format!("`{from}` cannot be moved"), one.span, label);
            let found = match other {
                Some((span, label)) => found.label(span, label),
                None => found,
            };
            diags.push(found.help(help));
        };
        let path = path(&config.moved, from);
        let end = path.last().and_then(|(_, end)| next(&config.moved, end));
        let circle = || path.iter().map(|(number, _)| *number);
        if from.kind != to.kind {
            let label = format!("`{}` does not become `{}`", from.kind, to.kind);
            wrong(label, None, "Give the new thing a block of its own.");
        } else if end.is_some_and(|(again, _)| again == number) {
            if circle().min() == Some(number) {
                let label = if from == to { "this leads to itself" } else { "these moves lead in a circle" };
                let last = path.last().map(|(last, _)| (config.moved[*last].span, "and back here"));
                let last = last.filter(|_| path.len() > 1);
                wrong(label.to_owned(), last, "Keep those that tell what was called how before.");
            }
        } else if let Some(declared) = declared(config, one) {
            let label = "this is still declared".to_owned();
            let help = "Take its block away, or the move: one thing has one address.";
            wrong(label, Some((declared, "declared here")), help);
        } else if let Some(other) = config.moved[..number].iter().find(|other| other.from == *from) {
            let label = "it is moved twice".to_owned();
            wrong(label, Some((other.span, "first moved here")), "Keep one of the two.");
        } else if let Some(other) = config.moved[..number].iter().find(|other| other.to == *to) {
            let label = format!("something else is moved to `{to}`, too");
            let help = "One address stands for one thing: keep the move of the one that it is.";
            wrong(label, Some((other.span, "the other one")), help);
        }
    }
}

/// Where what is moved away is declared, as far as the text tells: which keys there are is known later.
fn declared(config: &Config, one: &Moved) -> Option<Span> {
    let block = config.resource(&one.from.kind, &one.from.name)?;
    let several = block.count.is_some() || block.for_each.is_some();
    let within = one.to.block() == one.from.block();
    let still = one.from.key.is_none() && !(several && within);
    still.then_some(block.span)
}
