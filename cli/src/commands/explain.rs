//! `drctl explain`: how a number comes about, why a point is taken, what a rule or a fact says, and what
//! keeps a service from coming back from a scenario.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::ValueEnum;
use drctl_core::addr::Name;
use drctl_core::fact::Fact;
use drctl_core::findings::RuleId;
use drctl_core::objective::{Judgement, Metric};
use drctl_core::recovery::{Blocked, RecoveryPlan};
use drctl_core::system::System;
use serde_json::{Value as Json, json};

use super::objectives::{self, Asked, Judged, judged, whence};
use super::points;
use crate::case;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::planning::PlanningArgs;
use crate::project::Project;
use crate::reading::OfflineArgs;
use crate::registry::REGISTRY;
use crate::render::objectives as render;
use crate::render::palette::{Look, Tone};
use crate::render::recovery::{loss, shown};
use crate::render::text::{last_seen_json, safe, wrap};
use crate::ui::{Format, Ui};
use crate::ways::{self, WayArgs};

/// Options of `drctl explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What is explained
    #[arg(value_enum)]
    what: What,
    /// Of what: `datastore.NAME` for data and points, `service.NAME` for downtime, `DR801` or `S3` for a
    /// rule or a fact, `SERVICE/SCENARIO` for a cell
    subject: String,
    /// In this scenario; in all of them without it
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    #[command(flatten)]
    planning: PlanningArgs,
    #[command(flatten)]
    offline: OfflineArgs,
}

impl Args {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        self.offline.kit()
    }
}

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The data that can be lost.
    Rpo,
    /// The time until service is back.
    Rto,
    /// The point that a datastore comes back to, and why not the others.
    Point,
    /// A rule of `findings`, or a fact about a provider.
    Rule,
    /// A cell of the matrix: how long a service is away, what is lost, and what is in the way.
    Cell,
}

/// Explains and prints.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let number = |metric| {
        let asked = Asked { metric, subject: &args.subject, scenario: args.scenario.as_deref() };
        objectives::explain(&asked, (&args.planning, &args.offline), project, ui)
    };
    match args.what {
        What::Rpo => number(Metric::Rpo),
        What::Rto => number(Metric::Rto),
        What::Point => {
            let PlanningArgs { variables, parallelism, .. } = &args.planning;
            let ways = WayArgs::new(variables.clone(), args.offline.clone(), *parallelism);
            points::explain(&args.subject, args.scenario.as_deref(), &ways, project, ui)
        }
        What::Rule => rule(&args.subject, ui),
        What::Cell => cell(args, project, ui),
    }
}

/// A rule by its id or its name, or a fact by its id.
fn rule(wanted: &str, ui: &Ui) -> Result<Exit, Failure> {
    let rule =
        RuleId::ALL.iter().find(|rule| wanted.eq_ignore_ascii_case(rule.id()) || wanted == rule.name());
    let facts = || REGISTRY.providers.iter().flat_map(|provider| provider.facts);
    let fact = facts().find(|fact| wanted.eq_ignore_ascii_case(fact.id));
    let (text, json) = match (rule, fact) {
        (Some(rule), _) => (rule_text(*rule, ui.look()), rule_json(*rule)),
        (None, Some(fact)) => (fact_text(fact, ui.look()), fact_json(fact)),
        (None, None) => {
            let rules = RuleId::ALL.iter().flat_map(|rule| [rule.id(), rule.name()]);
            let known: Vec<String> = rules.chain(facts().map(|fact| fact.id)).map(str::to_owned).collect();
            let Some(near) = drctl_core::lang::near(wanted, known.iter().map(String::as_str)) else {
                let (first, last) = (RuleId::ALL.first(), RuleId::ALL.last());
                let range = first.zip(last).map(|(a, b)| format!("{} to {}", a.id(), b.id()));
                let known = [
                    format!("the rules {}", range.unwrap_or_default()),
                    "the facts of docs/facts.md".to_owned(),
                ];
                return Err(points::unknown("rule or fact", wanted, &known));
            };
            return Err(points::unknown("rule or fact", wanted, &[near.to_owned()]));
        }
    };
    match ui.format {
        Format::Text => ui.print(&text)?,
        Format::Json => ui.print(&format!("{json:#}\n"))?,
    }
    Ok(Exit::Success)
}

fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn rule_text(rule: RuleId, look: Look) -> String {
    let head = format!("{} {}   {}", rule.id(), rule.name(), severity(rule));
    format!(
        "{}\n{}\n\nTo live with it until a day, which is still shown and counts for nothing:\n{}",
        look.paint(Tone::Strong, &head),
        wrap("    ", &paragraph(rule.docs()), look.width),
        waiver(rule)
    )
}

fn severity(rule: RuleId) -> String {
    json!(rule.severity()).as_str().unwrap_or_default().to_owned()
}

fn waiver(rule: RuleId) -> String {
    format!(
        "    waiver \"NAME\" {{\n      finding = \"{}\"\n      of      = [ADDRESS]\n      reason  = \"WHY\"\n      owner   = \
         contact.NAME\n      until   = \"DAY\"\n    }}\n",
        rule.id()
    )
}

fn rule_json(rule: RuleId) -> Json {
    json!({
        "format_version": "1.0", "kind": "rule", "id": rule.id(), "name": rule.name(),
        "severity": rule.severity(), "text": paragraph(rule.docs()), "waiver": waiver(rule),
    })
}

fn fact_text(fact: &Fact, look: Look) -> String {
    let known = match fact.general_knowledge {
        true => "general knowledge; not checked against a source",
        false => "checked against its source",
    };
    let waived = "A fact is how the provider works and cannot be waived. A change that it makes weaken protection, \
                  interrupt or stay for good needs a person's word: `--accept KIND:ADDRESS`.";
    let line = |first: &str, text: &str| wrap(first, text, look.width);
    format!(
        "{}\n{}\n{}\n{}\n\n{}\n",
        look.paint(Tone::Strong, &format!("{}   a fact about the provider", fact.id)),
        line("    ", fact.text),
        line("    source: ", fact.source),
        line("    known:  ", known),
        line("", waived),
    )
}

fn fact_json(fact: &Fact) -> Json {
    json!({
        "format_version": "1.0", "kind": "fact", "id": fact.id, "text": fact.text, "source": fact.source,
        "general_knowledge": fact.general_knowledge, "waiver": null,
    })
}

/// What one scenario does to one service.
fn cell(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let Some((service, scenario)) = args.subject.split_once('/') else {
        let known = ["a cell as `SERVICE/SCENARIO`".to_owned()];
        return Err(points::unknown("cell", &args.subject, &known));
    };
    let Judged { plan, ground } = judged(&args.planning, &args.offline, project, ui)?;
    let objectives::Ground { loaded, observation, state } = ground;
    let ground = ways::on(loaded, observation, state.as_ref())?;
    let system = &ground.system;
    let service = service.strip_prefix("service.").unwrap_or(service);
    let known = || system.services.keys();
    let Some(service) = known().find(|name| name.as_str() == service) else {
        return Err(points::unknown(
            "service",
            service,
            &known().map(ToString::to_string).collect::<Vec<_>>(),
        ));
    };
    let (scenario, declared) = case::scenario(scenario, system)?;
    let back = ground.plan(scenario, &declared.is)?;
    let data = data(system, service);
    let subjects: BTreeSet<String> = std::iter::once(format!("service.{service}"))
        .chain(data.iter().map(|name| format!("datastore.{name}")))
        .collect();
    let judged: Vec<Judgement> = plan
        .objectives
        .iter()
        .filter(|j| j.scenario == *scenario && subjects.contains(&j.subject))
        .cloned()
        .collect();
    let cell = Cell { service, data, back: &back, judged };
    match ui.format {
        Format::Text => {
            let text = whence(&plan, ui) + &cell.text(ui.look());
            ui.print(&shown(text, ui.look()))?;
        }
        Format::Json => {
            let mut json = cell.json();
            json["as_of"] = json!(plan.timestamp);
            json["simulated"] = ground.simulated().into();
            json["last_seen"] = json!(plan.last_seen.map(|seen| last_seen_json(seen, plan.timestamp)));
            ui.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(Exit::Success)
}

/// The data that a service does not work without, itself or through others.
fn data<'s>(system: &'s System, service: &'s Name) -> BTreeSet<&'s Name> {
    let (mut seen, mut open, mut data) = (BTreeSet::new(), vec![service], BTreeSet::new());
    while let Some(name) = open.pop() {
        let Some(service) = system.services.get(name).filter(|_| seen.insert(name)) else { continue };
        data.extend(service.is.data.iter().flatten().map(|datastore| &datastore.0));
        open.extend(service.is.depends_on.iter().flatten().map(|service| &service.0));
    }
    data
}

/// One service in one scenario.
struct Cell<'c> {
    service: &'c Name,
    data: BTreeSet<&'c Name>,
    back: &'c RecoveryPlan,
    judged: Vec<Judgement>,
}

impl Cell<'_> {
    fn is_hit(&self) -> bool {
        self.back.hit.services.contains_key(self.service)
    }

    /// Steps that cannot be done: those of other services are in the way as well, for all follow one plan.
    fn blocked(&self) -> impl Iterator<Item = &Blocked> {
        self.back.blocked.iter().filter(|b| b.service.as_ref().is_none_or(|service| service == self.service))
    }

    fn text(&self, look: Look) -> String {
        let scenario = self.back.scenario.as_ref().map(Name::as_str).unwrap_or_default();
        let title = format!("service.{} / {scenario}", self.service);
        let mut out = format!("{}\n", look.paint(Tone::Strong, &title));
        let mut line = |first: &str, text: &str| {
            let _ = writeln!(out, "{}", wrap(first, &safe(text), look.width));
        };
        match self.back.hit.services.get(self.service) {
            Some(why) => line("  hit: ", why),
            None => line("  ", "this scenario does not touch it"),
        }
        for infeasible in self.back.infeasible.iter().filter(|i| self.data.contains(&i.datastore)) {
            line("  ✗ ", &format!("datastore.{} has no way back: {}", infeasible.datastore, infeasible.why));
            line("      → ", &infeasible.help);
        }
        for blocked in self.blocked() {
            let step = blocked.step.map_or(String::new(), |step| format!("step {step}: "));
            line("  ✗ ", &format!("{step}{}", blocked.why));
        }
        for choice in self.back.chosen_points.iter().filter(|c| self.data.contains(&c.datastore)) {
            line("  → ", &format!("datastore.{} {}: {}", choice.datastore, loss(choice), choice.from));
        }
        for one in &self.judged {
            out += "\n";
            out += &render::explained(one, look);
        }
        out
    }

    fn json(&self) -> Json {
        let chosen: Vec<_> =
            self.back.chosen_points.iter().filter(|c| self.data.contains(&c.datastore)).collect();
        let infeasible: Vec<_> =
            self.back.infeasible.iter().filter(|i| self.data.contains(&i.datastore)).collect();
        json!({
            "format_version": "1.0",
            "service": self.service,
            "scenario": self.back.scenario,
            "hit": self.is_hit(),
            "why": self.back.hit.services.get(self.service),
            "data": self.data,
            "chosen_points": chosen,
            "infeasible": infeasible,
            "blocked": self.blocked().collect::<Vec<_>>(),
            "objectives": render::json(&self.judged),
        })
    }
}
