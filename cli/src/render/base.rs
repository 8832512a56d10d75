//! What a pull request does, beside what an apply does: each under a headline that says from where
//! to where.

use std::fmt::Write;

use drctl_core::plan::Comparison;
use drctl_core::provider::Registry;
use serde_json::{Value as Json, json};

use super::diagnostics;
use super::json::{self as plan_json, PlanJson};
use super::markdown::{code, escape};
use super::palette::{Look, Tone};
use super::text::{safe, wrap};
use super::view::{Entry, Section, View, acceptance};
use super::{markdown, plan};
use crate::base::Since;

/// What is said when the base cannot be compared.
const BROKEN: &str = "The base has errors and cannot be compared; they are told beside the plan.";
/// What is said when nothing changes.
const NOTHING: &str = "This pull request changes nothing that drctl manages.";

/// The view on what changes.
pub(crate) fn view<'p>(found: &'p Comparison, registry: &'p Registry) -> View<'p> {
    View { missing: found.missing_acceptances(), ..View::new(&found.plan, registry) }
}

/// Sections of what changes; what was to be said of the base already is left out.
fn sections<'p>(view: &View<'p>) -> Vec<(Section, Vec<Entry<'p>>)> {
    let all = view.sections().into_iter();
    all.filter(|(section, _)| !matches!(section, Section::Warnings | Section::Pending)).collect()
}

fn let_go(found: &Comparison) -> Vec<(String, String)> {
    let planned = found.let_go.iter().filter(|(address, _)| found.plan.change(address).is_some());
    planned
        .map(|(address, id)| {
            let words = "stays at the provider, and drctl no longer watches over it";
            (address.to_string(), format!("named `{id}` in the base: that one {words}"))
        })
        .collect()
}

/// Both, for people.
pub(crate) fn text(since: &Since, apply: &View<'_>, look: Look) -> String {
    let arrow = look.arrow();
    let title = format!("This pull request (base {} {arrow} this configuration)", safe(&since.dir));
    let mut text = format!("{}\n", look.paint(Tone::Strong, &title));
    match &since.found {
        Err(_) => text += &format!("\n{}\n", look.paint(Tone::Bad, BROKEN)),
        Ok(found) => text += &changes(found, &view(found, apply.registry), look),
    }
    let title = format!("Apply (live {arrow} this configuration)");
    text += &format!("\n{}\n\n", look.paint(Tone::Strong, &title));
    text + &plan::text(apply, look)
}

fn changes(found: &Comparison, view: &View<'_>, look: Look) -> String {
    let (sections, gone) = (sections(view), let_go(found));
    if sections.is_empty() && gone.is_empty() {
        return format!("\n{NOTHING}\n");
    }
    let mut text = String::new();
    if !gone.is_empty() {
        text += &format!("\n{}\n", look.paint(Tone::Bad, &format!("! LET GO ({})", gone.len())));
        for (address, why) in gone {
            let _ = writeln!(text, "  - {}", look.paint(Tone::Strong, &safe(&address)));
            let _ = writeln!(text, "{}", wrap("      ", &safe(&why), look.width));
        }
    }
    for (section, entries) in sections {
        text += &plan::section(view, section, &entries, look);
    }
    text += &format!("\n{}\n", look.paint(Tone::Strong, &summary(view)));
    if !view.missing.is_empty() {
        text += "A person has to accept, knowing what it means:\n";
        for missing in &view.missing {
            let _ = writeln!(text, "    --accept {}", acceptance(missing));
        }
    }
    text
}

fn summary(view: &View<'_>) -> String {
    view.summary().replacen("Plan: ", "Pull request: ", 1)
}

/// Both, for a comment.
pub(crate) fn markdown(since: &Since, apply: &View<'_>) -> String {
    let mut text = format!("## This pull request (base {} → this configuration)\n", code(&since.dir));
    match &since.found {
        Err(_) => text += &format!("\n{BROKEN}\n"),
        Ok(found) => {
            let view = view(found, apply.registry);
            let (sections, gone) = (sections(&view), let_go(found));
            if sections.is_empty() && gone.is_empty() {
                text += &format!("\n{NOTHING}\n");
            } else {
                text += &format!("\n{}\n", summary(&view));
                for (address, why) in gone {
                    let _ = write!(text, "\n- {} {}\n", code(&address), escape(&why));
                }
                let used = text.chars().count();
                text +=
                    &markdown::sections(&view, sections, (used, markdown::BUDGET / 2), "drctl plan --base");
            }
        }
    }
    text += "\n## Apply (live → this configuration)\n\n";
    let used = text.chars().count();
    text + &markdown::plan_within(apply, markdown::BUDGET.saturating_sub(used))
}

/// For programs: the plan, and what the pull request does under `drctl.base`.
pub(crate) fn json(since: &Since, apply: &View<'_>) -> Json {
    let mut json = json!(PlanJson(apply));
    json["drctl"]["base"] = match &since.found {
        Err(wrong) => json!({
            "dir": since.dir,
            "errored": true,
            "diagnostics": diagnostics::list(&wrong.diagnostics, &wrong.sources, &wrong.hidden),
            "resource_changes": [],
            "let_go": [],
            "missing_acceptances": [],
        }),
        Ok(found) => {
            let view = view(found, apply.registry);
            let changes: Vec<Json> =
                found.plan.changes.iter().map(|c| plan_json::resource_change(&view, c)).collect();
            let gone: Vec<Json> =
                found.let_go.iter().map(|(address, id)| json!({ "address": address, "id": id })).collect();
            json!({
                "dir": since.dir,
                "errored": false,
                "diagnostics": [],
                "resource_changes": changes,
                "let_go": gone,
                "missing_acceptances": view.missing.iter().map(acceptance).collect::<Vec<_>>(),
            })
        }
    };
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::schema::{Of, schema};
    use crate::failure::Reported;
    use crate::render::{sample, schema_check};

    #[test]
    fn both_outcomes_keep_to_the_schema() {
        let schema = schema(Of::Plan);
        let plan = sample::plan();
        let let_go = plan.changes.iter().take(1).map(|c| (c.address.clone(), c.id.clone())).collect();
        let compared = Comparison { plan: sample::plan(), let_go, diagnostics: Default::default() };
        for found in [Ok(compared), Err(Reported::default())] {
            let since = Since { dir: "main".to_owned(), found };
            let json = json(&since, &sample::view(&plan));
            assert_eq!(schema_check::check(&schema, &json), Vec::<String>::new());
            assert!(!json.to_string().contains("hunter2"));
        }
    }
}
