//! Asks the provider's rules about every resource: refusals and warnings become diagnostics, the
//! rest stays with the change.

use super::Input;
use super::expand::block_span;
use super::instance::{Instance, Origin};
use super::peers::Neighbourhood;
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::fact::Fact;
use crate::lang::expr::{Expr, ExprKind};
use crate::rule::{Effect, Note, World};
use crate::span::Span;

/// What the rules say of one resource, worst first, refusals and warnings included.
pub(super) fn notes(
    input: &Input<'_>,
    instances: &[Instance],
    peers: &Neighbourhood<'_>,
    i: usize,
) -> Vec<(&'static Fact, Note)> {
    let earlier = input.world.earlier.get(&instances[i].address);
    let world = World { peers, now: input.now, seen_at: earlier.map_or(input.now, |e| e.observed_at) };
    let rules = instances[i].kind.rules().iter().filter(|r| !input.rules_off.contains(r.fact.id));
    let mut found: Vec<(&'static Fact, Note)> = Vec::new();
    for rule in rules {
        for mut note in (rule.check)(&peers.change(i), &world) {
            if rule.fact.general_knowledge {
                note.reason.to_mut().push_str(" (general knowledge, not checked)");
            }
            found.push((rule.fact, note));
        }
    }
    let key = |n: &Note| (n.effect, n.fact.clone(), n.attribute.clone(), n.reason.clone());
    found.sort_by_key(|(_, n)| key(n));
    found.dedup_by(|a, b| a.1 == b.1);
    found
}

/// Turns refusals and warnings into diagnostics; what is left stays with the change.
pub(super) fn report(
    input: &Input<'_>,
    instance: &Instance,
    notes: Vec<(&'static Fact, Note)>,
    diags: &mut Diagnostics,
) -> Vec<Note> {
    let mut rest = Vec::new();
    for (fact, note) in notes {
        let (code, is_warning) = match note.effect {
            Effect::Refuse => (Code::FactRefuses, false),
            Effect::Warn => (Code::FactWarns, true),
            Effect::Irreversible
            | Effect::Weakens
            | Effect::Outage
            | Effect::Strengthens
            | Effect::Inform => {
                rest.push(note);
                continue;
            }
        };
        let headline = match note.effect {
            Effect::Refuse => format!("The provider does not allow this ({})", fact.id),
            _ => format!("This may not do what it seems to do ({})", fact.id),
        };
        // A block that is gone has no place to point at: the reason goes into the headline then.
        let mut found = match instance.origin {
            Origin::Removed => Diagnostic::error_nowhere(code, format!("{headline}: {}", note.reason)),
            Origin::Declared(_) => {
                let span = span_of(input, instance, note.attribute.as_deref());
                Diagnostic::error(code, headline, span, note.reason)
            }
        };
        found = found.about(instance.address.clone()).fact(note.fact);
        let background = format!("Fact {}: {}", fact.id, fact.text);
        found.help = Some(note.help.map(|help| format!("{help} {background}")).unwrap_or(background));
        diags.push(if is_warning { found.warning() } else { found });
    }
    rest.shrink_to_fit();
    rest
}

/// The place of `object_lock.years` in a resource: as deep as it is written.
fn span_of(input: &Input<'_>, instance: &Instance, attribute: Option<&str>) -> Span {
    let block = block_span(input.config, instance);
    let Some(attribute) = attribute else { return block };
    let mut parts = attribute.split('.');
    let name = parts.next().unwrap_or_default();
    let Some(mut at) = instance.desired.get(name) else {
        return written_at(input, instance, name).unwrap_or(block);
    };
    for part in parts {
        match below(at, part) {
            Some(next) => at = next,
            None => break,
        }
    }
    at.span
}

/// The place of an attribute that is written and yet not set, as `null` is.
fn written_at(input: &Input<'_>, instance: &Instance, name: &str) -> Option<Span> {
    match instance.origin {
        Origin::Declared(i) => input.config.resources.get(i)?.attributes.get(name).map(|e| e.span),
        Origin::Removed => None,
    }
}

fn below<'e>(expr: &'e Expr, name: &str) -> Option<&'e Expr> {
    match &expr.kind {
        ExprKind::Object(pairs) => {
            pairs.iter().find(|(k, _)| super::canonical::key_of(k).is_some_and(|k| k == name)).map(|(_, v)| v)
        }
        ExprKind::List(items) => name.parse::<usize>().ok().and_then(|i| items.get(i)),
        _ => None,
    }
}
