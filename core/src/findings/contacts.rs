//! Contacts and channels that nobody can reach.

use super::{Finding, RuleId, Subject, placeholder};
use crate::system::Channel;

/// Contacts and channels without a way to reach them, and with a placeholder in place of one.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    contacts(subject, found);
    channels(subject, found);
}

fn channels(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, channel) in &subject.system.channels {
        let Channel { description: _, url, run, via, env: _, webhook } = &channel.is;
        let address = format!("channel.{name}");
        let mut find = |at, summary: String, fix: &str| {
            found.push(
                Finding::new(RuleId::PlaceholderContact, &address, at, summary)
                    .why("Who waits for a message gets none while somebody looks for where it goes.")
                    .fix(fix),
            );
        };
        if url.is_none() && run.is_none() && via.is_none() && webhook.is_none() {
            let summary = "Nothing says where its messages go".to_owned();
            find(channel.written.span, summary, "Give it `url`, `via`, `run` or `webhook`.");
        }
        let texts = [("url", url), ("via", via)];
        let texts =
            texts.into_iter().filter_map(|(a, text)| Some((a, placeholder::in_text(text.as_ref()?)?)));
        let words = run.iter().flatten().filter_map(|word| Some(("run", placeholder::in_command(word)?)));
        for (attribute, placeholder) in texts.chain(words) {
            let summary = format!("`{attribute}` is a placeholder: {placeholder}");
            find(channel.written.at(&[attribute]), summary, "Write down what it stands for.");
        }
    }
}

fn contacts(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    for (name, contact) in &subject.system.contacts {
        let is = &contact.is;
        let address = format!("contact.{name}");
        let ways = [("phone", &is.phone), ("email", &is.email), ("via", &is.via)];
        if ways.iter().all(|(_, way)| way.is_none()) {
            let summary = format!("Nothing says how {} is reached", is.role);
            found.push(
                Finding::new(RuleId::PlaceholderContact, &address, contact.written.span, summary)
                    .why("Who is needed in the night must be found without asking anybody.")
                    .fix("Give it `phone`, `email` or `via`."),
            );
        }
        let role = ("role", Some(&is.role));
        let all = ways.into_iter().map(|(attribute, way)| (attribute, way.as_ref())).chain([role]);
        for (attribute, text) in all {
            let Some(placeholder) = text.and_then(|text| placeholder::in_text(text)) else { continue };
            let summary = format!("`{attribute}` is a placeholder: {placeholder}");
            found.push(
                Finding::new(RuleId::PlaceholderContact, &address, contact.written.at(&[attribute]), summary)
                    .why("Who is needed in the night must be found without asking anybody.")
                    .fix("Write down what it stands for."),
            );
        }
    }
}
