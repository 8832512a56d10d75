//! At apply: what was left open in the plan is filled in, from finished steps and sensitive
//! variables. Decides nothing: the same expressions, with more answers.

use std::collections::BTreeMap;

use super::canonical::canonical;
use super::walk::{walk_expr, walk_value};
use super::{Plan, ResourceChange};
use crate::addr::{Address, InstanceKey, Name};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::env::{Env, Lookup};
use crate::lang::expr::{PathStep, Reference, Subject};
use crate::lang::reduce;
use crate::lang::render;
use crate::provider::AnyKind;
use crate::schema::attribute as find;
use crate::value::Value;

/// The written attributes of a change, identity and secrets included, all known and canonical.
///
/// # Errors
/// When something is still not known, or does not fit its attribute.
pub fn resolve(
    kind: &dyn AnyKind,
    change: &ResourceChange,
    env: &dyn Env,
) -> Result<BTreeMap<String, Value>, Diagnostics> {
    let mut diags = Diagnostics::default();
    let mut values = BTreeMap::new();
    for (name, expr) in &change.desired {
        let reduced = reduce(expr, env, &mut diags);
        let Some(row) = find(kind.inputs(), name) else { continue };
        let Some(known) = canonical(row, reduced, &mut diags) else { continue };
        match known.value() {
            Some(value) => drop(values.insert(name.clone(), value)),
            None => diags.push(
                Diagnostic::error(
                    Code::StillOpen,
                    format!("`{name}` is still not known"),
                    expr.span,
                    format!("this waits for {}", render(&known)),
                )
                .about(change.address.clone()),
            ),
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok(values) }
}

/// The environment of an apply: the plan, and what has become known since.
pub struct Progress<'p> {
    /// The plan that is carried out.
    pub plan: &'p Plan,
    /// The variables, with whether each is sensitive.
    pub variables: &'p BTreeMap<Name, (Value, bool)>,
    /// What finished steps wrote, by address.
    pub written: BTreeMap<Address, BTreeMap<String, Value>>,
    /// The outputs as read after finished steps, by address.
    pub outputs: BTreeMap<Address, BTreeMap<String, Value>>,
}

impl Env for Progress<'_> {
    fn lookup(&self, reference: &Reference) -> Lookup {
        match &reference.subject {
            Subject::Variable(_, name) => match self.variables.get(name) {
                Some((value, sensitive)) => walk_value(value, &reference.path, *sensitive),
                None => Lookup::NotYet,
            },
            Subject::Resource(module, kind, name) => {
                let (key, rest) = match reference.path.split_first() {
                    Some((PathStep::Key(key), rest)) => (Some(key.clone()), rest),
                    Some((PathStep::Attribute(_), _)) | None => (None, reference.path.as_slice()),
                };
                let (module, kind, name) = (module.clone(), kind.clone(), name.clone());
                self.attribute(&Address { module, kind, name, key }, rest)
            }
            Subject::Local(..)
            | Subject::Block(..)
            | Subject::Module(..)
            | Subject::Scoped(_)
            | Subject::Path => Lookup::NotYet,
        }
    }
}

impl Progress<'_> {
    fn attribute(&self, address: &Address, path: &[PathStep]) -> Lookup {
        let Some((PathStep::Attribute(name) | PathStep::Key(InstanceKey::Each(name)), rest)) =
            path.split_first()
        else {
            return Lookup::NotYet;
        };
        let change = self.plan.change(address);
        let sensitive = change.and_then(|c| c.desired.get(name)).is_some_and(|e| e.any_sensitive());
        if let Some(value) = self.written.get(address).and_then(|all| all.get(name)) {
            return walk_value(value, rest, sensitive);
        }
        if let Some(value) = self.outputs.get(address).and_then(|all| all.get(name)) {
            return walk_value(value, rest, false);
        }
        let Some(change) = change else { return Lookup::NotYet };
        if let Some(expr) = change.desired.get(name) {
            let reduced = reduce(expr, self, &mut Diagnostics::default());
            return match walk_expr(&reduced, rest) {
                Lookup::Known { value, sensitive: below } => {
                    Lookup::Known { value, sensitive: sensitive || below }
                }
                Lookup::Expr(_) | Lookup::NotYet | Lookup::Failed | Lookup::Undeclared { .. } => {
                    Lookup::NotYet
                }
            };
        }
        let observed = change.observed.as_ref();
        match observed.and_then(|o| o.outputs.get(name).or_else(|| o.attributes.get(name))) {
            Some(value) => walk_value(value, rest, false),
            None => Lookup::NotYet,
        }
    }
}
