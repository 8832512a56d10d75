//! `drctl backup list`: what is in the repositories, with how far each point was verified.

use std::fmt::Write as _;

use drctl_core::addr::Name;
use drctl_core::duration;
use drctl_core::stored::Stored;
use drctl_core::system::Backup;
use drctl_engine::backups::{Book, Entries};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::super::recover::open::unusable;
use super::{around, named, simulated, system};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::render::palette::{Look, Tone};
use crate::render::text::{bytes, paragraph, safe, wrap};
use crate::session;
use crate::tools::{Around, Kept};
use crate::ui::{Format, Ui};

/// Options of `drctl backup list`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup; all, when none is named
    #[arg(value_name = "NAME")]
    backup: Option<String>,
    #[command(flatten)]
    variables: VariableArgs,
}

/// What is in the repository of a backup, or why nobody knows.
pub(crate) struct Listed<'a> {
    pub(crate) name: &'a Name,
    pub(crate) found: Result<Vec<Stored>, Unlisted>,
    pub(crate) record: Entries,
}

/// Why it is not known what is in a repository.
pub(crate) enum Unlisted {
    /// Somebody else keeps it, and drctl has no way to ask.
    NotOurs(String),
    /// Its tool does not tell.
    Unobserved(String),
}

/// Lists them.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let (loaded, system) = system(&args.variables, project, ui)?;
    let wanted: Vec<(&Name, &Backup)> = match &args.backup {
        Some(name) => vec![named(&system, name)?],
        None => system.backups.iter().map(|(name, backup)| (name, &backup.is)).collect(),
    };
    let around = around(&loaded, &wanted, project, ui)?;
    let listed = listed(&wanted, &around, project)?;
    let now = session::clock(ui)?.now();
    match ui.format {
        Format::Text if listed.is_empty() => ui.print("No `backup` block is declared.\n")?,
        Format::Text => {
            let texts: Vec<String> = listed.iter().map(|one| text(one, now, ui.look())).collect();
            ui.print(&format!("{}{}", simulated(&around), texts.join("\n")))?;
        }
        Format::Json => {
            let all: Vec<Json> = listed.iter().map(object).collect();
            ui.print_json(&json!({
                "format_version": "1.0",
                "as_of": now,
                "simulated": around.depots.simulated,
                "backups": all,
            }))?;
        }
    }
    let unseen = |one: &Listed<'_>| matches!(one.found, Err(Unlisted::Unobserved(_)));
    Ok(if listed.iter().any(unseen) { Exit::Error } else { Exit::Success })
}

/// Asks the tools of all of them at once.
pub(crate) fn listed<'a>(
    wanted: &[(&'a Name, &'a Backup)],
    around: &Around,
    project: &Project,
) -> Result<Vec<Listed<'a>>, Failure> {
    let ask = wanted.iter().map(|(name, backup)| async {
        let found = match Kept::of(around, name, backup) {
            Err(why) => Err(Unlisted::NotOurs(why)),
            Ok(kept) => kept.list().await.map_err(|error| Unlisted::Unobserved(error.to_string())),
        };
        Ok(Listed { name, found, record: record(project, name)? })
    });
    session::runtime()?.block_on(join_all(ask)).into_iter().collect()
}

/// What drctl did for a backup.
pub(crate) fn record(project: &Project, name: &Name) -> Result<Entries, Failure> {
    Book::new(&project.data, name.as_str()).read().map_err(|error| unusable(&error))
}

/// What is in the repository of one backup.
pub(crate) fn text(one: &Listed<'_>, now: Timestamp, look: Look) -> String {
    let mut out = format!("backup.{}\n", one.name);
    match &one.found {
        Err(Unlisted::NotOurs(why)) => {
            let _ = writeln!(out, "{}", wrap("  not listed: ", &safe(why), look.width));
        }
        Err(Unlisted::Unobserved(why)) => {
            let told = look.paint(Tone::Caution, "  UNOBSERVED: ");
            let _ = writeln!(out, "{told}nobody knows what is in its repository");
            let _ = writeln!(out, "{}", wrap("  ", &paragraph(why), look.width));
        }
        Ok(points) if points.is_empty() => {
            let _ = writeln!(out, "  {}", look.paint(Tone::Bad, "NONE: there is nothing to restore from"));
        }
        Ok(points) => {
            for point in points.iter().rev() {
                out += &line(point, &one.record, now, look);
            }
        }
    }
    if one.record.unreadable > 0 {
        let _ = writeln!(out, "  {} lines of the record cannot be read", one.record.unreadable);
    }
    out
}

/// One point: when, what, how old, how large; below, what it is called and what was proved of it.
fn line(point: &Stored, record: &Entries, now: Timestamp, look: Look) -> String {
    let age = SignedDuration::from_secs(now.duration_since(point.began).as_secs().max(0));
    let size = point.bytes.map_or_else(String::new, bytes);
    let mut out = String::new();
    let repository =
        point.repository.filter(|n| *n > 1).map(|n| format!("  repository {n}")).unwrap_or_default();
    let _ = writeln!(
        out,
        "  {:.0}  {:<12}  {:>9}  {} ago{repository}",
        point.began,
        point.made.as_str(),
        size,
        ago(age)
    );
    let _ = writeln!(out, "    {}", safe(&point.id));
    if let Some(flaw) = &point.flaw {
        let _ =
            writeln!(out, "{}", look.paint(Tone::Bad, &wrap("    NOT USABLE: ", &safe(flaw), look.width)));
    }
    if let Some(until) = point.locked_until.filter(|until| *until > now) {
        let _ = writeln!(out, "    locked until {until:.0}");
    }
    let told = match record.best(&point.id) {
        None => "never verified".to_owned(),
        Some((at, verified)) => {
            let level = verified.reached().map_or("", |level| level.as_str());
            let lost = verified
                .rpo_s
                .map(|s| format!(", would have lost {}", duration::text(SignedDuration::from_secs(s))));
            format!("verified up to `{level}` at {at:.0}{}", lost.unwrap_or_default())
        }
    };
    let _ = writeln!(out, "    {told}");
    out
}

/// The two largest parts of an age are all that anybody reads.
fn ago(age: SignedDuration) -> String {
    let whole = |unit: i64| SignedDuration::from_secs(age.as_secs() / unit * unit);
    duration::text(match age.as_secs() {
        s if s >= 86_400 => whole(3_600),
        s if s >= 3_600 => whole(60),
        _ => age,
    })
}

/// The same for programs.
pub(crate) fn object(one: &Listed<'_>) -> Json {
    let point = |point: &Stored| {
        let best = one.record.best(&point.id);
        let mut json = json!(point);
        json["verified"] = best.and_then(|(_, verified)| verified.reached()).map_or(Json::Null, |l| json!(l));
        json["verified_at"] = json!(best.map(|(at, _)| at));
        json["rpo_s"] = json!(best.and_then(|(_, verified)| verified.rpo_s));
        json
    };
    let (points, unobserved, not_ours) = match &one.found {
        Ok(points) => (Some(points.iter().map(point).collect::<Vec<_>>()), None, None),
        Err(Unlisted::Unobserved(why)) => (None, Some(why), None),
        Err(Unlisted::NotOurs(why)) => (None, None, Some(why)),
    };
    json!({ "name": one.name, "points": points, "unobserved": unobserved, "not_listed": not_ours })
}
