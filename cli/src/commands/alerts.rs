//! `drctl alerts`: which thresholds are crossed, and telling the channels of those that are. Made to be run by a
//! timer, beside the backups.

use std::collections::{BTreeMap, BTreeSet};

use drctl_core::addr::Name;
use drctl_core::alert::{Known, Newest, Record, Standing, Watched, watched};
use drctl_core::codes::Code;
use drctl_core::recovery;
use drctl_core::system::{Alert, Backup, On, System};
use drctl_engine::alerts::{Came, tell};
use futures_util::future::join_all;
use jiff::Timestamp;

use super::backup::list;
use super::points::unknown;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::Project;
use crate::render::alerts as render;
use crate::render::text::paragraph;
use crate::session;
use crate::tools;
use crate::ui::{Format, Ui};
use crate::ways::{self, Ground, WayArgs};

/// Options of `drctl alerts`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this alert
    name: Option<String>,
    /// Tells the channels of what is firing or not known, once for each occurrence
    #[arg(long)]
    send: bool,
    #[command(flatten)]
    ways: WayArgs,
}

/// Looks, tells, and says how all of them stand.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let mut opened = ways::open(&args.ways, project, ui)?;
    if let Some(wanted) = &args.name {
        let wanted = wanted.strip_prefix("alert.").unwrap_or(wanted);
        let known: Vec<String> = opened.system.alerts.keys().map(ToString::to_string).collect();
        if !known.iter().any(|name| name == wanted) {
            return Err(unknown("alert", wanted, &known));
        }
        opened.system.alerts.retain(|name, _| name.as_str() == wanted);
    }
    let records = records(opened.system.backups.keys(), project)?;
    let mut known = Known { records, ..Known::default() };
    let (system, now, simulated) = if looks(&opened.system) {
        let mut ground = opened.look(&args.ways, project, ui)?;
        observe(&mut ground, &mut known, project, ui)?;
        let (now, simulated) = (ground.observation.now, ground.simulated());
        (ground.system, now, simulated)
    } else {
        (opened.system, session::clock(ui)?.now(), false)
    };
    if simulated && args.send {
        let headline = "`--send` tells real people of a simulated cloud";
        return Err(Failure::new(
            Code::SimulationConflict,
            headline,
            "Leave `--send` out, or name the real endpoint.",
        ));
    }
    let found = watched(&system, &known, now);
    let told = match args.send {
        true => Some(send(&system, (&found, now), project, ui)?),
        false => None,
    };
    match ui.format {
        Format::Text => ui.print(&render::text((&system, simulated), &found, told.as_deref(), ui.look()))?,
        Format::Json => ui.print_json(&render::json((&system, simulated), (&found, now), told.as_deref()))?,
    }
    Ok(exit(&found))
}

/// Tells the alerts of one backup that its record alone decides: right after it was made, or was not.
pub(super) fn made(
    system: &System,
    backup: &Name,
    project: &Project,
    now: Timestamp,
    ui: &Ui,
) -> Result<(), Failure> {
    let mut system = system.clone();
    system.backups.retain(|name, _| name == backup);
    system.alerts.retain(|_, alert| alert.is.on.is_recorded());
    let records = records(system.backups.keys(), project)?;
    let found = watched(&system, &Known { records, ..Known::default() }, now);
    let told = send(&system, (&found, now), project, ui)?;
    for (one, came) in found.iter().zip(&told) {
        if let Some(line) = render::told(&system, one, came) {
            ui.tell(&format!("alert.{}: {}: {line}\n", one.alert, one.of));
        }
    }
    Ok(())
}

fn records<'n>(
    backups: impl Iterator<Item = &'n Name>,
    project: &Project,
) -> Result<BTreeMap<Name, Record>, Failure> {
    backups.map(|name| Ok((name.clone(), list::record(project, name)?.record()))).collect()
}

/// Whether anything is watched that is not in drctl's own files.
fn looks(system: &System) -> bool {
    let beyond = |alert: &Alert| match alert.on {
        On::PointAge | On::Storage => true,
        On::BackupFailed | On::BackupSlow | On::SizeChanged | On::NotVerified | On::DrillOverdue => false,
    };
    system.alerts.values().any(|alert| beyond(&alert.is))
}

/// Looks into the repositories, at the resources and at the logs that are watched. With `--offline` at none.
fn observe(ground: &mut Ground, known: &mut Known, project: &Project, ui: &Ui) -> Result<(), Failure> {
    let alerts: Vec<Alert> = ground.system.alerts.values().map(|alert| alert.is.clone()).collect();
    let wants = |on: &[On], name: &Name, of: &Name| {
        alerts.iter().any(|alert| on.contains(&alert.on) && alert.watches("backup", name, Some(of)))
    };
    let wanted: BTreeSet<Name> = (ground.system.backups.iter())
        .filter(|(name, backup)| wants(&[On::PointAge, On::Storage], name, &backup.is.of.0))
        .map(|(name, _)| name.clone())
        .collect();
    ground.look_into(|name, _| wanted.contains(name), project, ui)?;
    if !ground.simulated() && ground.last_seen().is_none() {
        let host = tools::host(project, ui);
        let backups: Vec<(&Name, &Backup)> = (ground.system.backups.iter())
            .filter(|(name, backup)| wants(&[On::PointAge], name, &backup.is.of.0))
            .map(|(name, backup)| (name, &backup.is))
            .collect();
        let ask = backups.iter().map(|backup| tools::archived(&host, *backup));
        let answers = session::runtime()?.block_on(join_all(ask));
        known.archived = (backups.iter().zip(answers))
            .filter_map(|((name, _), answer)| {
                Some(((*name).clone(), answer?.map_err(|e| paragraph(&e.to_string()))))
            })
            .collect();
    }
    known.restorable = restorable(ground);
    Ok(())
}

/// The newest point that each datastore's resource can be restored to.
fn restorable(ground: &Ground) -> BTreeMap<Name, Newest> {
    let components = ground.components();
    let remembered = ground.last_seen().map(|_| "the provider was not asked");
    let each = ground.system.datastores.iter().filter_map(|(name, datastore)| {
        let resource = &datastore.is.resource.as_ref()?.0;
        let newest = recovery::newest(&components, resource, ground.observation.now)?;
        Some((
            name.clone(),
            match (newest, remembered) {
                // There may be a newer one by now.
                (Newest::Seen(Some(at)), Some(why)) => Newest::NotBefore(at, why.to_owned()),
                (Newest::Seen(None), Some(why)) => Newest::Unobserved(why.to_owned()),
                (newest, _) => newest,
            },
        ))
    });
    each.collect()
}

fn send(
    system: &System,
    (found, now): (&[Watched], Timestamp),
    project: &Project,
    ui: &Ui,
) -> Result<Vec<Came>, Failure> {
    let host = tools::host(project, ui);
    Ok(session::runtime()?.block_on(tell(&project.data, system, (found, now), &host)))
}

/// 5 when something fires, 6 when something is not known.
fn exit(found: &[Watched]) -> Exit {
    let each = found.iter().map(|one| match one.standing {
        Standing::Firing => Exit::Finding,
        Standing::Unknown => Exit::Incomplete,
        Standing::Ok => Exit::Success,
    });
    each.fold(Exit::Success, Exit::and)
}
