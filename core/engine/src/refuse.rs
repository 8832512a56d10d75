//! What must not be begun: a plan that nobody accepted, that saw only half of the world, or that was
//! made for another configuration, state or account.

use std::collections::BTreeMap;

use drctl_core::addr::{Address, ProviderAddress};
use drctl_core::plan::{Acceptance, Action, Op, ResourceChange};
use drctl_core::state::State;

use crate::execute::Apply;
use crate::session::Session;

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The plan needs a person's word for these.
    #[error("{} changes have not been accepted", .0.len())]
    Unaccepted(Vec<Acceptance>),
    /// These could not be observed.
    #[error("{} resources could not be observed", .0.len())]
    Unobserved(Vec<Address>),
    /// The plan was made with another configuration or another state.
    #[error("the plan is stale: {0}")]
    Stale(String),
    /// A provider configuration leads elsewhere than when the plan was made.
    #[error("{0}: {1}")]
    Elsewhere(ProviderAddress, String),
    /// The plan contradicts itself.
    #[error("the plan is damaged: {0}")]
    Damaged(String),
}

/// Refuses what must not be begun; the changes by address.
pub(crate) fn check<'a>(
    apply: &Apply<'a>,
    session: &Session,
) -> Result<BTreeMap<Address, &'a ResourceChange>, Refusal> {
    let plan = apply.plan;
    let mut in_force = plan.clone();
    in_force.accepted.retain(|a| a.until.is_none_or(|until| until >= apply.clock.now()));
    let missing = in_force.missing_acceptances();
    if !missing.is_empty() {
        return Err(Refusal::Unaccepted(missing));
    }
    let unobserved: Vec<Address> =
        (plan.changes.iter()).filter(|c| c.action == Action::Unobserved).map(|c| c.address.clone()).collect();
    if !unobserved.is_empty() {
        return Err(Refusal::Unobserved(unobserved));
    }
    if plan.config_sha256 != apply.config_sha256 {
        return Err(Refusal::Stale("the configuration has changed since it was made".to_owned()));
    }
    if plan.state != session.state.as_ref().map(State::reference) {
        return Err(Refusal::Stale("the state has been written since it was made".to_owned()));
    }
    let changes: BTreeMap<Address, &ResourceChange> =
        plan.changes.iter().map(|c| (c.address.clone(), c)).collect();
    for step in &plan.steps {
        let Some(change) = changes.get(&step.address) else {
            return Err(Refusal::Damaged(format!("step {} is about no resource", step.id.0)));
        };
        if apply.registry.kind(step.address.kind.as_str()).is_none() {
            return Err(Refusal::Damaged(format!("there is no kind `{}`", step.address.kind)));
        }
        match step.op {
            Op::Create | Op::Update | Op::Delete => check_place(apply, &change.provider)?,
            Op::Record | Op::Forget => {}
        }
    }
    Ok(changes)
}

/// Nothing is written into another account, region or endpoint than the plan was made for.
fn check_place(apply: &Apply<'_>, provider: &ProviderAddress) -> Result<(), Refusal> {
    let elsewhere = |why: String| Err(Refusal::Elsewhere(provider.clone(), why));
    let Some(planned) = apply.plan.providers.get(provider) else {
        return Err(Refusal::Damaged(format!("`{provider}` is not in its head")));
    };
    let Some(now) = apply.connections.clouds.get(provider).map(|c| &c.head) else {
        return elsewhere("there is no such provider configuration any more".to_owned());
    };
    if let Some(why) = &now.unobserved {
        return elsewhere(format!("account and caller cannot be told: {}", why.message));
    }
    let said = |v: &Option<String>| v.clone().unwrap_or_else(|| "none".to_owned());
    for (what, before, after) in [
        ("account", &planned.place.account, &now.place.account),
        ("region", &planned.place.region, &now.place.region),
        ("endpoint", &planned.place.endpoint, &now.place.endpoint),
    ] {
        if before != after {
            return elsewhere(format!("the plan is for {what} {}, this is {}", said(before), said(after)));
        }
    }
    if planned.simulated != now.simulated {
        return elsewhere("one of plan and connection is simulated, the other is not".to_owned());
    }
    Ok(())
}
