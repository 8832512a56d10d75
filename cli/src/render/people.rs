//! What a recovery plan says of people: who leads, who is told when and how, and what is looked at.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use drctl_core::recovery::{Called, Calls, Checks, Notice, Owner, RecoveryPlan, ToldAt, readable};
use drctl_core::system::When;

use super::palette::Look;
use super::steps::command;
use super::text::{safe, wrap};

/// Who leads and who is told when, on the clock of the steps.
pub(super) fn told(out: &mut String, plan: &RecoveryPlan, look: Look) {
    if let Some(commander) = &plan.commander {
        let line = format!("leads: {}", known(commander));
        let _ = writeln!(out, "{}", wrap("  ", &safe(&line), look.width));
    }
    if !plan.escalation.is_empty() {
        let _ = writeln!(out, "\nWho is called next when it does not go on");
        for called in &plan.escalation {
            let _ = writeln!(out, "{}", wrap("  ", &format!("{}:", called_at(called)), look.width));
            let _ = writeln!(out, "{}", wrap("    - ", &safe(&called_who(called)), look.width));
            if let Some(words) = called.notice.as_ref().and_then(sends) {
                let _ = writeln!(out, "{}", command(&words, None, look));
            }
        }
    }
    if plan.notices.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nWho is told");
    let mut time = None;
    let mut told = BTreeSet::new();
    for notice in &plan.notices {
        let when = when(plan, notice);
        if time.as_ref() != Some(&when) {
            let _ = writeln!(out, "{}", wrap("  ", &format!("{when}:"), look.width));
            time = Some(when);
        }
        if !told.insert((how(notice), &notice.text, &notice.command)) {
            let again = format!("{}, by channel.{}, as before", notice.whom, notice.channel);
            let _ = writeln!(out, "{}", wrap("    - ", &safe(&again), look.width));
            continue;
        }
        let _ = writeln!(out, "{}", wrap("    - ", &safe(&how(notice)), look.width));
        if let Some(text) = &notice.text {
            let _ = writeln!(out, "{}", wrap("       say: ", &safe(text), look.width));
        }
        if let Some(words) = sends(notice) {
            let _ = writeln!(out, "{}", command(&words, None, look));
        }
    }
}

/// When somebody is called, on the clock of the steps.
pub(super) fn called_at(called: &Called) -> String {
    let Calls { after_s, unanswered_s, rto_at_risk } = &called.calls;
    let at = after_s.map(|after| match after {
        0 => "at once".to_owned(),
        after => format!("T+{}", readable(after)),
    });
    let unanswered = unanswered_s.map(|s| format!("when a step waits {} for a person", readable(s)));
    let at_risk = rto_at_risk.then(|| "when the RTO is at risk".to_owned());
    let when = called.when.as_ref().map(|when| format!("when: {}", safe(when)));
    at.into_iter().chain(unanswered).chain(at_risk).chain(when).collect::<Vec<_>>().join(", or ")
}

/// Who is called, and by which rule.
pub(super) fn called_who(called: &Called) -> String {
    let all: Vec<String> = called.contacts.iter().map(known).collect();
    let by = called.notice.as_ref().map_or_else(String::new, |notice| {
        format!("; a run calls them once, by channel.{}{}", notice.channel, found(notice))
    });
    format!("{} (escalation.{}, level {}){by}", all.join(", "), called.escalation, called.level)
}

/// The lists of that time.
pub(super) fn lists(out: &mut String, plan: &RecoveryPlan, when: When, look: Look) {
    for list in plan.checklists.iter().filter(|list| list.when == when) {
        let _ = writeln!(out, "{}\n", wrap("", &safe(&list_title(list)), look.width));
        for item in &list.items {
            let _ = writeln!(out, "{}", wrap("  [ ] ", &safe(item), look.width));
        }
        let _ = writeln!(out);
    }
}

/// What a list is and who goes through it.
pub(super) fn list_title(list: &Checks) -> String {
    let when = match list.when {
        When::Before => "before the first step",
        When::During => "beside the steps",
        When::After => "after the last step",
    };
    let what = list.description.as_ref().map_or(String::new(), |d| format!(", {d}"));
    let who = list.owner.as_ref().map_or(String::new(), |owner| format!("; {}", known(owner)));
    format!("checklist.{}{what}: {when}{who}", list.name)
}

/// When somebody is told, in words.
pub(super) fn when(plan: &RecoveryPlan, notice: &Notice) -> String {
    let time = notice.after_s.map(readable);
    match (notice.at, time) {
        (ToldAt::Started, None) => "at once".to_owned(),
        (ToldAt::Started, Some(time)) => format!("within {time}"),
        (ToldAt::Every, time) => format!("every {} until it is over", time.unwrap_or_default()),
        (ToldAt::Downtime, time) => {
            let clock = notice.clock_s.map_or(String::new(), |at| format!(" (T+{})", readable(at)));
            let back = plan.whole.p95_s.zip(notice.after_s).is_some_and(|(back, told)| back < told);
            let back = if back { ", not when all goes as planned" } else { "" };
            format!("after {} of downtime{clock}{back}", time.unwrap_or_default())
        }
        (ToldAt::Resolved, None) => "when it is over".to_owned(),
        (ToldAt::Resolved, Some(time)) => format!("within {time} after it is over"),
        (ToldAt::Escalated, _) => "when it does not go on".to_owned(),
    }
}

/// The command that sends the message, as a person would type it.
pub(super) fn sends(notice: &Notice) -> Option<Vec<String>> {
    let message = notice.text.clone().unwrap_or_else(|| "MESSAGE".to_owned());
    let words = notice.command.iter().cloned().chain([message]);
    (!notice.command.is_empty()).then(|| words.collect())
}

/// Who is told, through what and by whom.
pub(super) fn how(notice: &Notice) -> String {
    let by = notice.owner.as_ref().map_or(String::new(), |owner| format!("; {} does it", known(owner)));
    format!("{}, by channel.{}{}{by}", notice.whom, notice.channel, found(notice))
}

/// What the channel is and where it is found, in brackets.
fn found(notice: &Notice) -> String {
    let webhook = notice.webhook.as_ref().map(|variable| format!("the webhook in {variable}"));
    let channel = notice.description.iter().chain(&notice.reached).chain(&webhook);
    let channel: Vec<&str> = channel.map(String::as_str).collect();
    if channel.is_empty() { String::new() } else { format!(" ({})", channel.join(", ")) }
}

/// A contact with how they are reached.
pub(super) fn known(owner: &Owner) -> String {
    let reached: Vec<&str> =
        owner.name.iter().chain(&owner.role).chain(&owner.reached).map(String::as_str).collect();
    let reached = if reached.is_empty() { String::new() } else { format!(" ({})", reached.join(", ")) };
    format!("contact.{}{reached}", owner.contact)
}
