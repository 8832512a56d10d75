//! `drctl backups`: the declared backups, when the next one is made and how much can be lost between
//! two of them. Asks no provider.

use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::duration;
use drctl_core::plan;
use drctl_core::schedule::{Gap, Schedule};
use drctl_core::system::{Backup, Exposure, External};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::plan::warn;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::{self, VariableArgs};
use crate::project::Project;
use crate::render::palette::Look;
use crate::render::recovery::command;
use crate::render::text::{safe, wrap};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl backups`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    variables: VariableArgs,
}

/// Evaluates the blocks and prints what follows from them.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.variables, ui)?;
    let (system, diagnostics) = plan::system(&loaded.config, &loaded.variables);
    if diagnostics.has_errors() {
        return Err(loaded.failure(diagnostics));
    }
    warn(&loaded, diagnostics, ui);
    let now = session::clock(ui)?.now();
    let backups: Vec<(&Name, &Backup)> = system.backups.iter().map(|(name, b)| (name, &b.is)).collect();
    match ui.format {
        Format::Text if backups.is_empty() => ui.print("No `backup` block is declared.\n")?,
        Format::Text => {
            let texts: Vec<String> = backups.iter().map(|b| text(*b, now, ui.look())).collect();
            ui.print(&texts.join("\n"))?;
        }
        Format::Json => {
            let all: Vec<Json> = backups.iter().map(|b| object(*b, now)).collect();
            ui.print(&format!("{:#}\n", json!({ "format_version": "1.0", "as_of": now, "backups": all })))?;
        }
    }
    Ok(Exit::Success)
}

fn text((name, backup): (&Name, &Backup), now: Timestamp, look: Look) -> String {
    let Exposure { next, gap, loss } = backup.external.exposure(now);
    let external = &backup.external;
    let mut out = format!("backup.{name} of datastore.{}\n", backup.of.0);
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "{}", wrap(&format!("  {name:<13}"), &safe(&text), look.width));
    };
    line("schedule", external.schedule.to_string());
    line("next", upcoming(&external.schedule, next, now));
    line(
        "largest gap",
        gap.map_or("no bound: at some time in the next year there is no newer one".to_owned(), stretch),
    );
    line("can be lost", lost(gap, external, loss));
    for (name, words) in [("list", &external.list), ("restore", &external.restore)] {
        if let Some(words) = words {
            let _ = writeln!(out, "  {name}\n{}", command(words, None, look));
        }
    }
    out
}

fn upcoming(schedule: &Schedule, next: Option<Timestamp>, now: Timestamp) -> String {
    let late = match schedule {
        Schedule::Continuous => return "all the time".to_owned(),
        Schedule::Every(_) => ", at the latest",
        Schedule::Calendar(_) => "",
    };
    match next {
        Some(next) => {
            let wait = SignedDuration::from_secs(next.duration_since(now).as_secs());
            format!("{next}, in {}{late}", duration::text(wait))
        }
        None => "never again".to_owned(),
    }
}

fn stretch(gap: Gap) -> String {
    match gap.between {
        Some((since, until)) => format!("{}, from {since} to {until}", duration::text(gap.length)),
        None => duration::text(gap.length),
    }
}

fn lost(gap: Option<Gap>, external: &External, loss: Option<SignedDuration>) -> String {
    match (gap, external.takes, loss) {
        (Some(_), Some(takes), Some(loss)) => {
            let (loss, takes) = (duration::text(loss), duration::text(takes));
            format!("up to {loss}: the largest gap, and {takes} until one can be restored")
        }
        (Some(gap), None, _) => {
            let gap = duration::text(gap.length);
            format!("{gap} and the time one takes, which is not declared (`takes`)")
        }
        (None, ..) | (Some(_), Some(_), None) => "no bound".to_owned(),
    }
}

fn object((name, backup): (&Name, &Backup), now: Timestamp) -> Json {
    let Exposure { next, gap, loss } = backup.external.exposure(now);
    let between = gap.and_then(|gap| gap.between);
    let external = &backup.external;
    json!({
        "name": name,
        "datastore": backup.of.0,
        "schedule": external.schedule.to_string(),
        "next": next,
        "largest_gap_s": gap.map(|gap| gap.length.as_secs()),
        "largest_gap_from": between.map(|(since, _)| since),
        "largest_gap_to": between.map(|(_, until)| until),
        "takes_s": external.takes.map(|takes| takes.as_secs()),
        "loss_s": loss.map(|loss| loss.as_secs()),
        "list": external.list,
        "restore": external.restore,
    })
}
