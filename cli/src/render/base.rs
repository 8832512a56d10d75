//! What a pull request does, beside what an apply does: each under a headline that says from where
//! to where.

use std::fmt::Write;

use drctl_core::plan::Comparison;
use drctl_core::provider::Registry;
use serde_json::{Value as Json, json};

use super::json::{self as plan_json, PlanJson};
use super::markdown::{code, escape};
use super::palette::{Look, Tone};
use super::text::{safe, wrap};
use super::view::{Entry, Section, View, acceptance};
use super::{markdown, plan};
use crate::base::{Found, Since};

/// What is said when the base cannot be compared.
const BROKEN: &str = "The base has errors and cannot be compared:";
/// What is said in place of what an apply does.
const NO_PLAN: &str = "There is no plan: what is wrong is told beside this.";
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
    headed(since, apply.registry, look) + &plan::text(apply, look)
}

/// What the pull request does, where nobody can tell what an apply does.
pub(crate) fn text_alone(since: &Since, registry: &Registry, look: Look) -> String {
    headed(since, registry, look) + &format!("{}\n", look.paint(Tone::Bad, NO_PLAN))
}

/// What the pull request does, and the headline of the other part.
fn headed(since: &Since, registry: &Registry, look: Look) -> String {
    let arrow = look.arrow();
    let title = format!("This pull request (base {} {arrow} this configuration)", safe(&since.base));
    let mut text = format!("{}\n", look.paint(Tone::Strong, &title));
    match &since.found {
        Found::Errored(wrong) => {
            text += &format!("\n{}\n", look.paint(Tone::Bad, BROKEN));
            for line in errors(wrong) {
                let _ = writeln!(text, "{}", wrap("  - ", &safe(&line), look.width));
            }
        }
        Found::Compared(found) => text += &changes(found, &view(found, registry), look),
    }
    let title = format!("Apply (live {arrow} this configuration)");
    text + &format!("\n{}\n\n", look.paint(Tone::Strong, &title))
}

/// What is wrong with the base, each in a line with its code and its place.
fn errors(wrong: &[Json]) -> Vec<String> {
    let line = |one: &Json| {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        let place = &one["range"];
        let place = match (place["filename"].as_str(), place["start"]["line"].as_u64()) {
            (Some(file), Some(line)) => format!(" ({file}:{line})"),
            _ => String::new(),
        };
        format!("{} {}{place}", text("code"), text("summary"))
    };
    wrong.iter().filter(|one| one["severity"] == "error").map(line).collect()
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
    let text = headed_markdown(since, apply.registry);
    let used = text.chars().count();
    text + &markdown::plan_within(apply, markdown::BUDGET.saturating_sub(used))
}

/// What the pull request does, where nobody can tell what an apply does.
pub(crate) fn markdown_alone(since: &Since, registry: &Registry) -> String {
    headed_markdown(since, registry) + &format!("{NO_PLAN}\n")
}

fn headed_markdown(since: &Since, registry: &Registry) -> String {
    let mut text = format!("## This pull request (base {} → this configuration)\n", code(&since.base));
    match &since.found {
        Found::Errored(wrong) => {
            text += &format!("\n{BROKEN}\n\n");
            for line in errors(wrong) {
                let _ = writeln!(text, "- {}", escape(&line));
            }
        }
        Found::Compared(found) => {
            let view = view(found, registry);
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
    text + "\n## Apply (live → this configuration)\n\n"
}

/// For programs: the plan, and what the pull request does under `drctl.base`.
pub(crate) fn json(since: &Since, apply: &View<'_>) -> Json {
    let mut json = json!(PlanJson(apply));
    json["drctl"]["base"] = part(since, apply.registry);
    json
}

/// What the pull request does.
pub(crate) fn part(since: &Since, registry: &Registry) -> Json {
    match &since.found {
        Found::Errored(wrong) => json!({
            "dir": since.base,
            "errored": true,
            "diagnostics": wrong,
            "resource_changes": [],
            "let_go": [],
            "missing_acceptances": [],
        }),
        Found::Compared(found) => {
            let view = view(found, registry);
            let changes: Vec<Json> =
                found.plan.changes.iter().map(|c| plan_json::resource_change(&view, c)).collect();
            let gone: Vec<Json> =
                found.let_go.iter().map(|(address, id)| json!({ "address": address, "id": id })).collect();
            json!({
                "dir": since.base,
                "errored": false,
                "diagnostics": [],
                "resource_changes": changes,
                "let_go": gone,
                "missing_acceptances": view.missing.iter().map(acceptance).collect::<Vec<_>>(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::schema::{Of, schema};
    use crate::render::{sample, schema_check};

    #[test]
    fn both_outcomes_keep_to_the_schema() {
        let schema = schema(Of::Plan);
        let plan = sample::plan();
        let let_go = plan.changes.iter().take(1).map(|c| (c.address.clone(), c.id.clone())).collect();
        let compared = Comparison { plan: sample::plan(), let_go, diagnostics: Default::default() };
        for found in [Found::Compared(Box::new(compared)), Found::Errored(Vec::new())] {
            let since = Since { base: "main".to_owned(), found };
            let json = json(&since, &sample::view(&plan));
            assert_eq!(schema_check::check(&schema, &json), Vec::<String>::new());
            assert!(!json.to_string().contains("hunter2"));
        }
    }
}
