//! Who leads, who is told when, and what is looked at: what a plan says of people.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::model::{Input, Owner};
use super::told::{Called, Calls, Checks, Notice, ToldAt};
use super::written::owner;
use crate::addr::Name;
use crate::system::{
    ChannelRef, Checklist, Declared, Escalation, Level, Moment, Notify, Scenario, ScenarioRef, Trouble,
};

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
            escalation.is.level.iter().map(|level| called(input, (name, &escalation.is), level))
        })
        .collect();
    // A level without a time stands after the one before it.
    let mut last: Option<(Name, i64)> = None;
    let mut placed: Vec<(i64, Called)> = Vec::new();
    for level in called {
        let before = last.filter(|(name, _)| *name == level.escalation).map_or(0, |(_, at)| at);
        let at = level.calls.after_s.unwrap_or(before);
        last = Some((level.escalation.clone(), at));
        placed.push((at, level));
    }
    placed.sort_by(|(a, one), (b, other)| (a, &one.escalation).cmp(&(b, &other.escalation)));
    placed.into_iter().map(|(_, level)| level).collect()
}

/// One level, and what a run tells those of it.
fn called(input: &Input<'_>, (name, escalation): (&Name, &Escalation), level: &Level) -> Called {
    let Level { name: label, contacts, after: _, unanswered, on, when, via } = level;
    let calls = Calls {
        after_s: level.on_the_clock().map(|d| d.as_secs()),
        unanswered_s: unanswered.map(|d| d.as_secs()),
        rto_at_risk: on.iter().flatten().any(|Trouble::RtoAtRisk| true),
    };
    let addresses: Vec<String> = contacts.iter().map(|c| format!("contact.{}", c.0)).collect();
    let notice = |via: &ChannelRef| Notice {
        whom: format!("{} (escalation.{name}, level {label})", addresses.join(", ")),
        calls: Some(calls.clone()),
        ..through(input, via, ToldAt::Escalated)
    };
    Called {
        escalation: name.clone(),
        description: escalation.description.clone(),
        level: label.clone(),
        when: when.clone(),
        contacts: contacts.iter().map(|c| owner(input.system, &c.0)).collect(),
        channel: via.as_ref().map(|via| via.0.clone()),
        notice: via.as_ref().map(notice),
        calls,
    }
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

/// What goes through a channel, to nobody yet.
fn through(input: &Input<'_>, via: &ChannelRef, at: ToldAt) -> Notice {
    let channel = input.system.channels.get(&via.0).map(|c| &c.is);
    Notice {
        at,
        after_s: None,
        clock_s: None,
        whom: String::new(),
        channel: via.0.clone(),
        description: channel.and_then(|c| c.description.clone()),
        reached: channel.into_iter().flat_map(|c| c.url.iter().chain(&c.via)).cloned().collect(),
        command: channel.and_then(|c| c.run.clone()).unwrap_or_default(),
        env: channel.and_then(|c| c.env.clone()).unwrap_or_default(),
        webhook: channel.and_then(|c| c.webhook.clone()),
        text: None,
        owner: None,
        calls: None,
    }
}

/// One notice for each time that a rule names.
fn told(input: &Input<'_>, notify: &Notify) -> Vec<Notice> {
    let Notify { whom, via, on, within, every, after_downtime, text, owner: by } = notify;
    let detection = scenario(input).and_then(|s| s.detection).unwrap_or_default();
    let notice = |at: ToldAt, after: Option<SignedDuration>| Notice {
        after_s: after.map(|d| d.as_secs()),
        clock_s: match at {
            ToldAt::Started => Some(0),
            ToldAt::Downtime => after.map(|d| (d - detection).as_secs().max(0)),
            ToldAt::Every | ToldAt::Resolved | ToldAt::Escalated => None,
        },
        whom: whom.clone(),
        text: text.clone(),
        owner: by.as_ref().map(|o| owner(input.system, &o.0)),
        ..through(input, via, at)
    };
    let moments = on.iter().flatten().map(|moment| match moment {
        Moment::Started => notice(ToldAt::Started, *within),
        Moment::Resolved => notice(ToldAt::Resolved, *within),
    });
    let often = every.map(|d| notice(ToldAt::Every, Some(d)));
    let late = after_downtime.map(|d| notice(ToldAt::Downtime, Some(d)));
    moments.chain(often).chain(late).collect()
}
