//! Contacts that nobody can reach.

use super::{Finding, RuleId, Subject, placeholder};

/// Contacts without a way to reach them, and with a placeholder in place of one.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
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
