//! `drctl points`: the restore points of a datastore, or of a group that comes back to one moment: which
//! one is taken after a loss, and why not the others.

use drctl_core::addr::Name;
use drctl_core::codes::Code;
use drctl_core::lang::near;
use drctl_core::recovery::{RecoveryPlan, groups};
use drctl_core::system::{Backup, System};

use super::backup::list::{self, Listed, Unlisted};
use crate::case::{self, Case, LossArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::project::Project;
use crate::render::points::{self, Told};
use crate::render::text::safe;
use crate::session;
use crate::ui::{Format, Ui};
use crate::ways::{self, Ground, Opened, WayArgs};

/// Options of `drctl points`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The datastore, or `group.NAME`
    #[arg(value_name = "DATASTORE")]
    subject: String,
    #[command(flatten)]
    ways: WayArgs,
    #[command(flatten)]
    loss: LossArgs,
}

impl Args {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        self.ways.kit()
    }
}

/// Whose points are listed.
pub(crate) enum Subject {
    /// Those of one datastore.
    Datastore(Name),
    /// Those of all datastores of a group.
    Group(String, Vec<Name>),
}

impl Subject {
    fn members(&self) -> &[Name] {
        match self {
            Subject::Datastore(name) => std::slice::from_ref(name),
            Subject::Group(_, members) => members,
        }
    }
}

/// Plans the way back and prints what it chooses from. Without a loss, all of the data is lost.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let opened = ways::open(&args.ways, project, ui)?;
    let subject = subject(&args.subject, &opened.system)?;
    let now = session::clock(ui)?.now();
    let named = args.loss.scenario.is_some() || !args.loss.lose.is_empty();
    let asked = if named { case::asked(&args.loss, &opened.system, now)? } else { None };
    let (case, heading) = match asked {
        Some(case) => {
            let heading = case.heading();
            (case, heading)
        }
        None => {
            let (case, heading) = gone(&subject, !args.loss.corrupt_since.is_empty());
            (case::instants(&args.loss, &opened.system, now, case)?, heading.to_owned())
        }
    };
    list(opened, &args.ways, (&subject, &case, &heading), project, ui)
}

/// The same for a scenario, or for the loss of the data.
pub(crate) fn explain(
    wanted: &str,
    scenario: Option<&str>,
    args: &WayArgs,
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let opened = ways::open(args, project, ui)?;
    let subject = subject(wanted, &opened.system)?;
    let (case, heading) = match scenario {
        Some(scenario) => {
            let (name, scenario) = case::scenario(scenario, &opened.system)?;
            let case = Case::of(name, &scenario.is);
            let heading = case.heading();
            (case, heading)
        }
        None => {
            let (case, heading) = gone(&subject, false);
            (case, heading.to_owned())
        }
    };
    list(opened, args, (&subject, &case, &heading), project, ui)
}

/// The loss of just this data.
fn gone(subject: &Subject, is_wrong: bool) -> (Case, &'static str) {
    let mut case = Case::default();
    for name in subject.members().iter().cloned() {
        match is_wrong {
            true => drop(case.loss.data.insert(name, None)),
            false => drop(case.loss.datastores.insert(name)),
        }
    }
    (case, if is_wrong { "if its data is wrong" } else { "if all of its data is gone" })
}

fn list(
    opened: Opened,
    args: &WayArgs,
    (subject, case, heading): (&Subject, &Case, &str),
    project: &Project,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let mut ground = opened.look(args, project, ui)?;
    let of = |backup: &Backup| subject.members().contains(&backup.of.0);
    ground.look_into(|_, backup| of(backup), project, ui)?;
    let plan = ground.back(case)?;
    let told = Told {
        plan: &plan,
        system: &ground.system,
        heading,
        simulated: ground.simulated(),
        seen: ground.last_seen(),
    };
    match ui.format {
        Format::Text => {
            let mut text = points::text(&told, subject, ui.look());
            for one in repositories(&ground, project)? {
                text += &format!("\nIn the repository of {}", list::text(&one, plan.as_of, ui.look()));
            }
            ui.print(&text)?;
        }
        Format::Json => {
            let mut json = points::json(&told, subject);
            json["repositories"] = repositories(&ground, project)?.iter().map(list::object).collect();
            ui.print(&format!("{json:#}\n"))?;
        }
    }
    Ok(exit(&plan, subject))
}

/// What stands in the repositories that were looked into, with how far each point was verified.
fn repositories<'g>(ground: &'g Ground, project: &Project) -> Result<Vec<Listed<'g>>, Failure> {
    let listed = ground.system.listed.iter().map(|(name, found)| {
        let found = found.clone().map_err(Unlisted::Unobserved);
        Ok(Listed { name, found, record: list::record(project, name)? })
    });
    listed.collect()
}

/// 3 when there is nothing to come back from.
fn exit(plan: &RecoveryPlan, subject: &Subject) -> Exit {
    let gone = |name: &Name| plan.infeasible.iter().any(|i| i.datastore == *name);
    if subject.members().iter().any(gone) { Exit::Objective } else { Exit::Success }
}

/// The datastore or the group of that name.
fn subject(wanted: &str, system: &System) -> Result<Subject, Failure> {
    let groups = groups(system);
    if let Some(group) = wanted.strip_prefix("group.") {
        if let Some((name, members)) = groups.get_key_value(group) {
            let members = members.iter().map(|name| (*name).clone()).collect();
            return Ok(Subject::Group((*name).to_owned(), members));
        }
        let known: Vec<String> = groups.keys().map(|group| format!("group.{group}")).collect();
        return Err(unknown("group of datastores", wanted, &known));
    }
    let name = wanted.strip_prefix("datastore.").unwrap_or(wanted);
    match system.datastores.keys().find(|known| known.as_str() == name) {
        Some(found) => Ok(Subject::Datastore(found.clone())),
        None => {
            let known: Vec<String> = system.datastores.keys().map(ToString::to_string).collect();
            Err(unknown("datastore", name, &known))
        }
    }
}

/// That nothing has this name, and what has one like it.
pub(crate) fn unknown(what: &str, wanted: &str, known: &[String]) -> Failure {
    let help = match near(wanted, known.iter().map(String::as_str)) {
        Some(near) => format!("Did you mean `{near}`?"),
        None if known.is_empty() => format!("The configuration declares no {what}."),
        None => format!("There is {}.", known.join(", ")),
    };
    Failure::new(Code::NothingToExplain, format!("There is no {what} `{}`", safe(wanted)), help)
}
