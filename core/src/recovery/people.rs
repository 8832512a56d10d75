//! Who leads, who is told when, and what is looked at: what a plan says of people.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::model::{Input, Owner};
use super::told::{Called, Checks, Notice, ToldAt};
use super::written::owner;
use crate::addr::Name;
use crate::system::{Checklist, Declared, Escalation, Moment, Notify, Scenario, ScenarioRef};

/// Who leads.
pub(crate) fn commander(input: &Input<'_>) -> Option<Owner> {
    let contact = scenario(input)?.commander.as_ref()?;
    Some(owner(input.system, &contact.0))
}

/// Who is told, in the order of the clock.
pub(crate) fn notices(input: &Input<'_>) -> Vec<Notice> {
    let own = scenario(input).and_then(|s| s.notify.as_ref()).into_iter().flatten();
    let common = input.system.communications.values().filter(|c| concerns(input, c.is.scenarios.as_deref()));
    let all = own.chain(common.flat_map(|c| &c.is.notify));
    let mut notices: Vec<Notice> = all.flat_map(|notify| told(input, notify)).collect();
    notices.sort_by_key(|n| (n.at, n.after_s));
    notices
}

/// Who is called next, in the order of the clock: by the scenario's own escalation, and by those of all.
pub(crate) fn escalation(input: &Input<'_>) -> Vec<Called> {
    let own = scenario(input).and_then(|s| s.escalation.as_ref());
    let common = input.system.communications.values().filter(|c| concerns(input, c.is.scenarios.as_deref()));
    let names: BTreeSet<&Name> =
        own.into_iter().chain(common.filter_map(|c| c.is.escalation.as_ref())).map(|e| &e.0).collect();
    let known = names.into_iter().filter_map(|name| input.system.escalations.get_key_value(name));
    let called: Vec<Called> = known
        .flat_map(|(name, escalation)| {
            let Escalation { description, level } = &escalation.is;
            level.iter().map(|level| Called {
                escalation: name.clone(),
                description: description.clone(),
                level: level.name.clone(),
                after_s: match (level.after, &level.when) {
                    (None, Some(_)) => None,
                    (after, _) => Some(after.unwrap_or_default().as_secs()),
                },
                when: level.when.clone(),
                contacts: level.contacts.iter().map(|c| owner(input.system, &c.0)).collect(),
            })
        })
        .collect();
    // A level without a time stands after the one before it.
    let mut last: Option<(Name, i64)> = None;
    let mut placed: Vec<(i64, Called)> = Vec::new();
    for level in called {
        let before = last.filter(|(name, _)| *name == level.escalation).map_or(0, |(_, at)| at);
        let at = level.after_s.unwrap_or(before);
        last = Some((level.escalation.clone(), at));
        placed.push((at, level));
    }
    placed.sort_by(|(a, one), (b, other)| (a, &one.escalation).cmp(&(b, &other.escalation)));
    placed.into_iter().map(|(_, level)| level).collect()
}

/// What is looked at, by when and name.
pub(crate) fn checklists(input: &Input<'_>) -> Vec<Checks> {
    let all = input.system.checklists.iter().filter(|(_, c)| concerns(input, c.is.scenarios.as_deref()));
    let one = |(name, list): (&Name, &Declared<Checklist>)| Checks {
        name: name.clone(),
        description: list.is.description.clone(),
        when: list.is.when,
        items: list.is.items.clone(),
        owner: list.is.owner.as_ref().map(|o| owner(input.system, &o.0)),
    };
    all.map(one).collect()
}

fn scenario<'a>(input: &Input<'a>) -> Option<&'a Scenario> {
    input.system.scenarios.get(input.scenario?).map(|s| &s.is)
}

/// Whether something is for the scenario at hand.
fn concerns(input: &Input<'_>, scenarios: Option<&[ScenarioRef]>) -> bool {
    scenarios.is_none_or(|all| input.scenario.is_some_and(|name| all.iter().any(|s| s.0 == *name)))
}

/// One notice for each time that a rule names.
fn told(input: &Input<'_>, notify: &Notify) -> Vec<Notice> {
    let Notify { whom, via, on, within, every, after_downtime, text, owner: by } = notify;
    let channel = input.system.channels.get(&via.0).map(|c| &c.is);
    let detection = scenario(input).and_then(|s| s.detection).unwrap_or_default();
    let notice = |at: ToldAt, after: Option<SignedDuration>| Notice {
        at,
        after_s: after.map(|d| d.as_secs()),
        clock_s: match at {
            ToldAt::Started => Some(0),
            ToldAt::Downtime => after.map(|d| (d - detection).as_secs().max(0)),
            ToldAt::Every | ToldAt::Resolved => None,
        },
        whom: whom.clone(),
        channel: via.0.clone(),
        description: channel.and_then(|c| c.description.clone()),
        reached: channel.into_iter().flat_map(|c| c.url.iter().chain(&c.via)).cloned().collect(),
        command: channel.and_then(|c| c.run.clone()).unwrap_or_default(),
        env: channel.and_then(|c| c.env.clone()).unwrap_or_default(),
        webhook: channel.and_then(|c| c.webhook.clone()),
        text: text.clone(),
        owner: by.as_ref().map(|o| owner(input.system, &o.0)),
    };
    let moments = on.iter().flatten().map(|moment| match moment {
        Moment::Started => notice(ToldAt::Started, *within),
        Moment::Resolved => notice(ToldAt::Resolved, *within),
    });
    let often = every.map(|d| notice(ToldAt::Every, Some(d)));
    let late = after_downtime.map(|d| notice(ToldAt::Downtime, Some(d)));
    moments.chain(often).chain(late).collect()
}
