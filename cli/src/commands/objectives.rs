//! `drctl matrix` and the numbers of `drctl explain`: what can be lost and how long it takes, for every scenario, and
//! how each number comes about.

use drctl_core::advise::{self, Advice, Cell, advise};
use drctl_core::codes::Code;
use drctl_core::lang::near;
use drctl_core::objective::{Judgement, Metric};
use drctl_core::plan::Plan;
use drctl_core::state::State;

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::planning::{self, Gaps, Loaded, Observation, PlanningArgs};
use crate::project::Project;
use crate::reading::{self, OfflineArgs};
use crate::registry::REGISTRY;
use crate::render::text::{last_seen, last_seen_json, safe, wrap};
use crate::render::{junit, objectives};
use crate::session;
use crate::ui::{CheckFormat, Format, Ui};

/// Options of `drctl matrix`.
#[derive(Debug, clap::Args)]
pub(crate) struct MatrixArgs {
    #[command(flatten)]
    planning: PlanningArgs,
    #[command(flatten)]
    offline: OfflineArgs,
    /// Exits with 3 when an objective is missed or not known to be met
    #[arg(long)]
    check_objectives: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: CheckFormat,
}

impl MatrixArgs {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        self.offline.kit()
    }
}

/// A number that is explained.
pub(crate) struct Asked<'a> {
    /// Which.
    pub(crate) metric: Metric,
    /// Of what: `datastore.NAME` for data, `service.NAME` for downtime.
    pub(crate) subject: &'a str,
    /// In this scenario; in all of them without it.
    pub(crate) scenario: Option<&'a str>,
}

/// One row for each datastore and service, one column for each scenario.
pub(crate) fn matrix(args: &MatrixArgs, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let Judged { plan, .. } = judged(&args.planning, &args.offline, project, ui)?;
    let judged = &plan.objectives;
    match args.format.or(ui.format) {
        CheckFormat::Text if judged.is_empty() => {
            ui.print("No scenario hits a declared datastore or service.\n")?;
        }
        CheckFormat::Text => {
            ui.print(&format!("{}{}", whence(&plan, ui), objectives::matrix(judged, ui.look())))?;
        }
        CheckFormat::Json => print(&plan, judged, ui)?,
        CheckFormat::Junit => {
            let simulated = plan.providers.values().any(|head| head.simulated);
            let name = junit::named("objectives", simulated);
            ui.print(&junit::xml(&name, &junit::objectives(judged), plan.timestamp))?;
        }
    }
    let missed = args.check_objectives && judged.iter().any(objectives::is_missed);
    Ok(if missed { Exit::Objective } else { Exit::Success })
}

/// How the numbers of one datastore or service come about.
pub(crate) fn explain(
    args: &Asked<'_>,
    (planning, offline): (&PlanningArgs, &OfflineArgs),
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let Judged { plan, ground } = judged(planning, offline, project, ui)?;
    let metric = args.metric;
    let of: Vec<&Judgement> = plan.objectives.iter().filter(|j| j.metric == metric).collect();
    let asked =
        |j: &Judgement| j.subject == args.subject && args.scenario.is_none_or(|s| j.scenario.as_str() == s);
    let found: Vec<Judgement> = of.iter().filter(|j| asked(j)).map(|j| (*j).clone()).collect();
    if found.is_empty() {
        return Err(nothing(args, &of));
    }
    match ui.format {
        Format::Text => {
            let text = |j: &Judgement| {
                let way = ground.way(j).map(|advice| objectives::way(j, &advice, ui.look()));
                objectives::explained(j, ui.look()) + &way.unwrap_or_default()
            };
            let texts: Vec<String> = found.iter().map(text).collect();
            ui.print(&format!("{}{}", whence(&plan, ui), texts.join("\n")))?;
        }
        Format::Json => print(&plan, &found, ui)?,
    }
    Ok(Exit::Success)
}

/// What was looked at, where that is not the world as it is.
pub(super) fn whence(plan: &Plan, ui: &Ui) -> String {
    let mut text = String::new();
    if plan.providers.values().any(|head| head.simulated) {
        text += "SIM: a simulated cloud, nothing real is read or changed\n";
    }
    if let Some(seen) = plan.last_seen {
        text += &format!("{}\n", wrap("", &last_seen(seen, plan.timestamp), ui.look().width));
    }
    if text.is_empty() { text } else { text + "\n" }
}

fn print(plan: &Plan, judged: &[Judgement], ui: &Ui) -> Result<(), Failure> {
    let json = serde_json::json!({
        "format_version": "1.1",
        "as_of": plan.timestamp,
        "simulated": plan.providers.values().any(|head| head.simulated),
        "last_seen": plan.last_seen.map(|seen| last_seen_json(seen, plan.timestamp)),
        "objectives": objectives::json(judged),
    });
    Ok(ui.print(&format!("{json:#}\n"))?)
}

fn nothing(args: &Asked<'_>, of: &[&Judgement]) -> Failure {
    let known: std::collections::BTreeSet<&str> = of.iter().map(|j| j.subject.as_str()).collect();
    let help = match near(args.subject, known.iter().copied()) {
        Some(near) if near != args.subject => format!("Did you mean `{near}`?"),
        _ if known.is_empty() => "No scenario hits anything that has such a number.".to_owned(),
        _ => format!("There is {}.", known.into_iter().collect::<Vec<_>>().join(", ")),
    };
    let place = args.scenario.map(|s| format!(" in scenario `{}`", safe(s))).unwrap_or_default();
    let headline = format!("Nothing is known of `{}`{place}", safe(args.subject));
    Failure::new(Code::NothingToExplain, headline, help)
}

/// What was judged, and from what.
pub(super) struct Judged {
    pub(super) plan: Plan,
    pub(super) ground: Ground,
}

/// Everything that is read.
pub(super) struct Ground {
    pub(super) loaded: Loaded,
    pub(super) observation: Observation,
    pub(super) state: Option<State>,
}

impl Ground {
    /// The cheapest changes that meet one loss of data that is not met.
    fn way(&self, one: &Judgement) -> Option<Advice> {
        let wanted = one.metric == Metric::Rpo && objectives::is_missed(one);
        wanted.then(|| {
            advise(&advise::Input {
                sources: &self.loaded.sources,
                files: self.loaded.config_files,
                registry: &REGISTRY,
                variables: &self.loaded.variables,
                world: &self.observation.world,
                state: self.state.as_ref(),
                now: self.observation.now,
                spread: crate::threads::spread,
                meet: None,
                only: Some(Cell::of(one)),
            })
        })?
    }
}

/// A plan made now, or of what was last seen.
pub(super) fn judged(
    args: &PlanningArgs,
    offline: &OfflineArgs,
    project: &Project,
    ui: &Ui,
) -> Result<Judged, Failure> {
    let clock = session::clock(ui)?;
    let loaded = planning::load(project, &args.variables, ui)?;
    let state = session::load_state(project)?;
    let reading = offline.reading(args.parallelism, Gaps::Unobserved);
    let (observation, expanded) = reading::read(reading, (&loaded, state.as_ref()), project, &clock, ui)?;
    let (plan, diagnostics) = planning::make(&loaded, (&observation, expanded), state.as_ref(), args);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, diagnostics, ui);
    Ok(Judged { plan, ground: Ground { loaded, observation, state } })
}
