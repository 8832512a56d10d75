//! One attribute of one resource: what is observed against what is written, with everything that can
//! stand between them: secrets, pending values, other managers, what could not be read.

use std::collections::BTreeMap;

use super::base::stand_in;
use super::diff::{Leaf, diff, diff_values};
use super::instance::Instance;
use super::{After, Basis, Input};
use crate::codes::Code;
use crate::diag::Diagnostic;
use crate::lang::expr::Expr;
use crate::lang::render;
use crate::provider::Observed;
use crate::schema::{Attribute, Removal, Role, attribute as find};
use crate::state::{Owned, fingerprint};
use crate::value::Value;

/// What stands in place of a secret that is at the provider.
pub(super) const REDACTED: &str = "(sensitive value)";

/// Whether a difference is written to the provider.
pub(super) fn writes(leaf: &Leaf) -> bool {
    match leaf.after {
        After::Known(_) | After::Open(_) | After::Unset => true,
        After::Pending(_) | After::Unobserved(_) | After::ManagedBy(_) => false,
    }
}

/// A leaf for a whole attribute.
fn whole(name: &str, before: Option<Value>, after: After, expr: Option<&Expr>) -> Leaf {
    let (path, span) = (vec![name.to_owned()], expr.map(|e| e.span));
    Leaf { path, before, after, span, sensitive: false, json: false, fixed: false }
}

/// A leaf for an attribute of which neither side may be shown.
pub(super) fn secret_leaf(name: &str, before: bool, expr: &Expr) -> Leaf {
    let before = before.then(|| Value::from(REDACTED));
    Leaf { sensitive: true, ..whole(name, before, After::Open(Box::new(expr.clone())), Some(expr)) }
}

/// The leaves of an attribute that is compared with what was observed.
pub(super) fn managed(
    basis: Basis,
    (instance, observed): (&Instance, &Observed),
    (row, expr): (&Attribute, &Expr),
) -> Vec<Leaf> {
    let name = row.name;
    let written = instance.revealed(name).unwrap_or(expr);
    let secret = instance.secrets.contains_key(name);
    let live = observed.attributes.get(name);
    let shown = || if secret { live.map(|_| Value::from(REDACTED)) } else { live.cloned() };
    if let Some(why) = observed.unobserved.get(name) {
        return vec![Leaf {
            sensitive: secret,
            ..whole(name, None, After::Unobserved(Box::new(why.clone())), Some(expr))
        }];
    }
    let mut leaves = diff(row, live, written);
    if basis == Basis::Configuration {
        leaves.retain(|leaf| !reads_the_same(leaf));
    }
    if let Some(pending) = observed.pending.get(name) {
        match written.value() {
            Some(value) if value == pending.value && leaves.is_empty() => return leaves,
            Some(value) if value == pending.value => {
                let after = match secret {
                    true => After::Open(Box::new(expr.clone())),
                    false => After::Pending(Box::new(pending.clone())),
                };
                return vec![Leaf { sensitive: secret, ..whole(name, shown(), after, Some(expr)) }];
            }
            // What is accepted for later is not what is written, though what is now, is.
            Some(value) if leaves.is_empty() => {
                leaves.push(whole(name, Some(pending.value.clone()), After::Known(value), Some(expr)));
            }
            Some(_) | None => {}
        }
    }
    if leaves.is_empty() {
        return leaves;
    }
    if let Some(manager) = observed.managed_by.get(name) {
        let after = After::ManagedBy(manager.clone());
        return vec![Leaf { sensitive: secret, ..whole(name, shown(), after, Some(expr)) }];
    }
    if secret {
        let fixed = leaves.iter().any(|l| l.fixed);
        return vec![Leaf { fixed, ..secret_leaf(name, live.is_some(), expr) }];
    }
    leaves
}

/// Whether what is not known yet is written here as it is in the base.
fn reads_the_same(leaf: &Leaf) -> bool {
    match &leaf.after {
        After::Open(expr) => leaf.before.as_ref() == Some(&stand_in(expr)),
        After::Known(_) | After::Unset | After::Pending(_) | After::Unobserved(_) | After::ManagedBy(_) => {
            false
        }
    }
}

/// The leaf of an attribute that cannot be read back, when its fingerprint has changed or is not known.
pub(super) fn write_only(
    input: &Input<'_>,
    instance: &Instance,
    owned: Option<&Owned>,
    (name, expr): (&String, &Expr),
) -> Option<Leaf> {
    let earlier = owned.and_then(|o| o.fingerprints.get(name));
    let now = secret_fingerprint(input, instance, name);
    match (earlier, now) {
        (Some(earlier), Some(now)) if *earlier == now => None,
        (earlier, _) => Some(secret_leaf(name, earlier.is_some(), expr)),
    }
}

fn secret_fingerprint(input: &Input<'_>, instance: &Instance, name: &str) -> Option<String> {
    let value = instance.revealed(name)?.value()?;
    Some(fingerprint(&input.state?.lineage, instance.id.as_ref()?, name, &value))
}

/// An attribute that was applied earlier and is no longer written.
pub(super) fn unset(instance: &Instance, observed: &Observed, name: &str) -> Option<Leaf> {
    let row = find(instance.kind.inputs(), name)?;
    if row.role != Role::Managed || observed.managed_by.contains_key(name) {
        return None;
    }
    if let Some(why) = observed.unobserved.get(name) {
        return Some(whole(name, None, After::Unobserved(Box::new(why.clone())), None));
    }
    let live = observed.attributes.get(name).filter(|v| **v != Value::Null)?;
    let after = match row.removal {
        Removal::Unset => After::Unset,
        Removal::Keeps => return None,
        Removal::Becomes(value) if value() == *live => return None,
        Removal::Becomes(value) => After::Known(value()),
    };
    Some(whole(name, Some(live.clone()), after, None))
}

/// The error for a difference that would need a replacement.
pub(super) fn fixed(instance: &Instance, leaf: &Leaf, expr: &Expr) -> Diagnostic {
    let label = match &leaf.before {
        Some(live) if !leaf.sensitive => {
            format!("it is {} and stays so", render(&Expr::literal(live.clone(), expr.span)))
        }
        Some(_) | None => "this differs from what the provider has".to_owned(),
    };
    Diagnostic::error(
        Code::FixedDiffers,
        format!("`{}` is fixed at creation", leaf.path.join(".")),
        leaf.span.unwrap_or(expr.span),
        label,
    )
    .about(instance.address.clone())
    .help(
        "drctl never replaces a resource. Write what is there, or declare a new resource under another name.",
    )
}

/// Whether the state says something else than what is now in force.
pub(super) fn record_differs(
    input: &Input<'_>,
    instance: &Instance,
    owned: &Owned,
    observed: &Observed,
) -> bool {
    let ours = |n: &str| !observed.unobserved.contains_key(n) && !observed.managed_by.contains_key(n);
    let mut applied: BTreeMap<&String, Value> = BTreeMap::new();
    for (name, expr) in &instance.desired {
        let Some(row) = find(instance.kind.inputs(), name) else { continue };
        if row.role == Role::WriteOnly || instance.secrets.contains_key(name) {
            if row.role == Role::Managed
                && owned.fingerprints.get(name) != secret_fingerprint(input, instance, name).as_ref()
            {
                return true;
            }
        } else if row.role == Role::Managed && ours(name) {
            applied.extend(expr.value().map(|v| (name, v)));
        }
    }
    let earlier: Vec<(&String, &Value)> = owned.applied.iter().filter(|(n, _)| ours(n)).collect();
    let wanted: Vec<(&String, &Value)> = applied.iter().map(|(n, v)| (*n, v)).collect();
    owned.provider != instance.provider || earlier != wanted
}

/// What has changed at the provider since drctl last applied.
pub(super) fn drift(instance: &Instance, owned: &Owned, observed: &Observed) -> Vec<Leaf> {
    let mut found = Vec::new();
    for (name, applied) in &owned.applied {
        let Some(row) = find(instance.kind.inputs(), name) else { continue };
        let pending = observed.pending.get(name).is_some_and(|p| p.value == *applied);
        let told = !observed.unobserved.contains_key(name) && !observed.managed_by.contains_key(name);
        if told && !pending && !row.sensitive && !instance.secrets.contains_key(name) {
            found.extend(diff_values(row, Some(applied), observed.attributes.get(name)));
        }
    }
    found
}
