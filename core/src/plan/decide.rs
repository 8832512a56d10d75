//! What is done with one resource instance, and what differs: the decision, before the provider's
//! facts are asked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::compare::{drift, fixed, managed, record_differs, secret_leaf, unset, write_only, writes};
use super::diff::{Leaf, diff};
use super::expand::block_span;
use super::instance::{Instance, Origin};
use super::world::Observation;
use super::{AcceptKind, Action, After, Basis, Input, Op, Selection};
use crate::codes::Code;
use crate::diag::{Diagnostic, Diagnostics};
use crate::provider::{ErrorClass, Id, Observed, Unobserved};
use crate::schema::{Attribute, Removal, Role, attribute as find};
use crate::state::Owned;
use crate::value::Value;

/// The decision for one instance.
pub(super) struct Decision {
    pub(super) action: Action,
    /// The step it takes; none when there is nothing to do.
    pub(super) op: Option<Op>,
    pub(super) why: Cow<'static, str>,
    pub(super) leaves: Vec<Leaf>,
    pub(super) drift: Vec<Leaf>,
    /// What was applied earlier and is no longer written.
    pub(super) removed: Vec<String>,
    pub(super) unobserved: Option<Unobserved>,
    /// Whether everything that matters for it was observed.
    pub(super) complete: bool,
}

impl Decision {
    fn new(action: Action, op: Option<Op>, why: impl Into<Cow<'static, str>>) -> Decision {
        Decision {
            action,
            op,
            why: why.into(),
            leaves: Vec::new(),
            drift: Vec::new(),
            removed: Vec::new(),
            unobserved: None,
            complete: true,
        }
    }

    /// Has it written down that the thing has another address, where nothing else is written of it.
    pub(super) fn moved(&mut self, selection: &Selection) {
        if self.action == Action::Keep && !selection.refresh_only {
            self.op.get_or_insert(Op::Record);
        }
    }

    fn unobserved(why: Unobserved) -> Decision {
        Decision {
            complete: false,
            why: format!("it could not be observed: {}", why.message).into(),
            unobserved: Some(why),
            ..Decision::new(Action::Unobserved, None, "")
        }
    }
}

/// Decides for one instance.
pub(super) fn decide(input: &Input<'_>, instance: &Instance, diags: &mut Diagnostics) -> Decision {
    let observation = input.world.observations.get(&instance.address);
    let owned = input.state.and_then(|s| s.resources.get(&instance.address));
    let mut found = match instance.origin {
        Origin::Removed => removed(input, instance, owned, observation, diags),
        Origin::Declared(_) => {
            diags.extend(another_thing(input, instance, owned));
            let owned = owned.filter(|o| Some(&o.id) == instance.id.as_ref());
            declared(input, instance, owned, observation, diags)
        }
    };
    found.leaves.shrink_to_fit();
    if let (Some(owned), Some(Observation::Present(observed))) = (owned, observation) {
        found.drift = drift(instance, owned, observed);
    }
    if input.selection.refresh_only && found.action != Action::Unobserved {
        let gone = matches!(observation, Some(Observation::Absent));
        let why =
            if gone { "it is not at the provider" } else { "only what has changed at the provider is shown" };
        found = Decision {
            drift: found.drift,
            complete: found.complete,
            ..Decision::new(Action::Keep, None, why)
        };
    }
    found
}

fn declared(
    input: &Input<'_>,
    instance: &Instance,
    owned: Option<&Owned>,
    observation: Option<&Observation>,
    diags: &mut Diagnostics,
) -> Decision {
    check(input, instance, diags);
    let may_be_there = input.world.basis == Basis::Configuration;
    let span = block_span(input.config, instance);
    let error = |code, headline: String, label: String| {
        Diagnostic::error(code, headline, span, label).about(instance.address.clone())
    };
    let Some(id) = &instance.id else {
        let message = "its name at the provider is not known".to_owned();
        return Decision::unobserved(Unobserved { class: ErrorClass::NotFound, message });
    };
    match observation {
        Some(Observation::Present(observed)) => compare(input, instance, owned, observed, diags),
        None => {
            let message = "it was not asked for".to_owned();
            Decision::unobserved(Unobserved { class: ErrorClass::Unavailable, message })
        }
        Some(Observation::Unobserved(why)) => {
            diags.extend(taken(id, why, &error));
            Decision::unobserved(why.clone())
        }
        Some(Observation::Absent) if may_be_there => create(instance, owned, diags, error),
        Some(Observation::Absent) if instance.imported => {
            let label = format!("`{id}` is not at the provider");
            diags.push(error(Code::ImportDiffers, "There is nothing to import".to_owned(), label));
            Decision::new(Action::Keep, None, "there is nothing to import")
        }
        Some(Observation::Absent) if !instance.kind.creates() => {
            diags.push(
                error(
                    Code::NotCreated,
                    format!("drctl never creates {}", instance.kind.name()),
                    format!("`{id}` is not at the provider"),
                )
                .help("Create it with the tool that owns it, or correct its name, account or region."),
            );
            Decision::new(Action::Keep, None, "it is not there, and drctl does not create it")
        }
        Some(Observation::Absent) => create(instance, owned, diags, error),
    }
}

/// The error for a block that stood for something else until now: that would be left at the provider
/// with nobody watching over it, and no word said. Against a base, which is nobody's, it is told there.
fn another_thing(input: &Input<'_>, instance: &Instance, owned: Option<&Owned>) -> Option<Diagnostic> {
    let (owned, id) = (owned?, instance.id.as_ref()?);
    if owned.id == *id || input.world.basis == Basis::Configuration {
        return None;
    }
    let label = format!("this named `{}` until now, and names `{id}` now", owned.id);
    let help = format!(
        "Give `{id}` a block of its own: the plan then says what letting go of `{}` means, and asks for it. Or let \
         go of it first with `drctl state rm '{}'`; it stays at the provider.",
        owned.id, instance.address
    );
    let span = block_span(input.config, instance);
    let found =
        Diagnostic::error(Code::AnotherThing, "A block stands for another thing than before", span, label);
    Some(found.about(instance.address.clone()).help(help))
}

/// The error for a name that is known to belong to somebody else, or to be somewhere else.
fn taken(
    id: &Id,
    why: &Unobserved,
    error: &impl Fn(Code, String, String) -> Diagnostic,
) -> Option<Diagnostic> {
    match why.class {
        ErrorClass::Foreign => Some(
            error(
                Code::ForeignName,
                format!("`{id}` belongs to another account"),
                "this name is taken".to_owned(),
            )
            .help("Choose another name, or use the credentials of the account it belongs to."),
        ),
        ErrorClass::Elsewhere => Some(
            error(Code::ElsewhereName, format!("`{id}` is in another region"), why.message.clone())
                .help("Use a provider configuration of that region."),
        ),
        ErrorClass::Denied
        | ErrorClass::Throttled
        | ErrorClass::Timeout
        | ErrorClass::Unavailable
        | ErrorClass::NotFound
        | ErrorClass::Conflict
        | ErrorClass::Rejected
        | ErrorClass::Credentials
        | ErrorClass::Malformed
        | ErrorClass::Failed => None,
    }
}

fn create(
    instance: &Instance,
    owned: Option<&Owned>,
    diags: &mut Diagnostics,
    error: impl Fn(Code, String, String) -> Diagnostic,
) -> Decision {
    let mut found = Decision::new(Action::Create, Some(Op::Create), "it is not at the provider");
    if owned.is_some() {
        found.why = "it was there and is gone: a new, empty one is made".into();
        let label = "this was applied earlier and is no longer there".to_owned();
        diags.push(
            error(Code::Gone, "Something of ours is gone at the provider".to_owned(), label)
                .warning()
                .help("A new one is empty. If it held data, recover that first."),
        );
    }
    for (name, expr) in &instance.desired {
        let Some(row) = find(instance.kind.inputs(), name) else { continue };
        if row.role == Role::Option {
            continue;
        }
        match instance.secrets.contains_key(name) || row.role == Role::WriteOnly {
            true => found.leaves.push(secret_leaf(name, false, expr)),
            false => found.leaves.extend(diff(row, None, expr)),
        }
    }
    found
}

/// Checks the written values as a whole, as far as they are known.
fn check(input: &Input<'_>, instance: &Instance, diags: &mut Diagnostics) {
    let span = block_span(input.config, instance);
    let mut report = |message: String| {
        diags.push(
            Diagnostic::error(
                Code::InvalidValue,
                format!("`{}` cannot be like this", instance.address),
                span,
                message,
            )
            .about(instance.address.clone()),
        );
    };
    let values: Option<BTreeMap<String, Value>> =
        instance.desired.keys().map(|n| Some((n.clone(), instance.revealed(n)?.value()?))).collect();
    match values {
        // What is wrong within an attribute was reported at its place already.
        Some(values) => match instance.kind.check(values) {
            Err(invalid) if invalid.path.is_empty() => report(invalid.message),
            Err(_) | Ok(()) => {}
        },
        None => {
            for row in instance.kind.inputs() {
                if row.required && !instance.desired.contains_key(row.name) {
                    report(format!("`{}` is required", row.name));
                }
            }
        }
    }
}

fn compare(
    input: &Input<'_>,
    instance: &Instance,
    owned: Option<&Owned>,
    observed: &Observed,
    diags: &mut Diagnostics,
) -> Decision {
    let mut found = Decision::new(Action::Keep, None, "");
    for (name, expr) in &instance.desired {
        let Some(row) = find(instance.kind.inputs(), name) else { continue };
        match row.role {
            Role::Identity | Role::Option | Role::Label => {}
            Role::WriteOnly => found.leaves.extend(write_only(input, instance, owned, (name, expr))),
            Role::Managed | Role::Fixed => {
                let leaves = managed(input.world.basis, (instance, observed), (row, expr));
                for leaf in leaves.iter().filter(|l| l.fixed && writes(l)) {
                    diags.push(fixed(instance, leaf, expr));
                }
                found.leaves.extend(leaves);
            }
        }
    }
    if let Some(owned) = owned {
        for name in owned.applied.keys().filter(|n| !instance.desired.contains_key(*n)) {
            let stays = |row: &Attribute| matches!(row.removal, Removal::Keeps);
            if !find(instance.kind.inputs(), name).is_some_and(stays) {
                found.removed.push(name.clone());
            }
            found.leaves.extend(unset(instance, observed, name));
        }
    }
    found.leaves.sort_by(|a, b| a.path.cmp(&b.path));
    found.complete = !found.leaves.iter().any(|l| matches!(l.after, After::Unobserved(_)));
    let differs = found.leaves.iter().any(writes);
    (found.action, found.op, found.why) = match (owned, differs) {
        (Some(_), true) => (Action::Update, Some(Op::Update), "it differs from the configuration".into()),
        (Some(owned), false) => {
            let record = record_differs(input, instance, owned, observed).then_some(Op::Record);
            (Action::Keep, record, "it is as the configuration says".into())
        }
        (None, differs) => {
            let op = if differs { Op::Update } else { Op::Record };
            let why = match input.state {
                None => "it is there, and without a state nothing says that it is ours",
                Some(_) => "it is there under this name and not in the state yet",
            };
            (Action::Adopt, Some(op), why.into())
        }
    };
    found
}

fn removed(
    input: &Input<'_>,
    instance: &Instance,
    owned: Option<&Owned>,
    observation: Option<&Observation>,
    diags: &mut Diagnostics,
) -> Decision {
    let id = instance.id.as_ref().map(ToString::to_string).unwrap_or_default();
    let applied: Vec<&str> = owned.into_iter().flat_map(|o| o.applied.keys().map(String::as_str)).collect();
    let stays = if applied.is_empty() { String::new() } else { format!(" with its {}", applied.join(", ")) };
    let forget = |why: String| Decision::new(Action::Forget, Some(Op::Forget), why);
    let let_go = || {
        if let Some(run) = owned.and_then(|owned| owned.made_by.as_ref()) {
            return forget(format!(
                "{run} made `{id}`, and no block declares it: `drctl recover show {run} --patch` prints one. Without \
                 it drctl no longer watches over it; it stays at the provider"
            ));
        }
        forget(format!(
            "its block is gone: `{id}` stays at the provider{stays}, and drctl no longer watches over it"
        ))
    };
    if matches!(observation, Some(Observation::Absent)) {
        return forget(format!("its block is gone, and so is `{id}` at the provider"));
    }
    if !super::accept::accepts(input, AcceptKind::Delete, &instance.address) {
        return let_go();
    }
    let refuse = |why: &str| {
        Diagnostic::error_nowhere(
            Code::DeleteRefused,
            format!("`{}` is not deleted: {why}", instance.address),
        )
        .about(instance.address.clone())
    };
    match observation {
        Some(Observation::Present(_)) if owned.is_some_and(|o| o.created) => Decision::new(
            Action::Delete,
            Some(Op::Delete),
            "its block is gone, and its deletion was accepted",
        ),
        Some(Observation::Present(_) | Observation::Absent) => {
            diags.push(
                refuse("drctl did not create it")
                    .help("drctl only deletes what it created. Delete it with the tool that made it."),
            );
            let_go()
        }
        Some(Observation::Unobserved(why)) => {
            diags.push(refuse("it could not be observed"));
            Decision::unobserved(why.clone())
        }
        None => {
            diags.push(refuse("it could not be observed, because its provider is not configured"));
            let_go()
        }
    }
}
