//! `drctl sim`: fills, breaks and inspects the simulated cloud. Nothing here touches a real one.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use drctl_core::codes::Code;
use drctl_sim::world::{Contents, Outage};
use drctl_sim::{Sim, SimWorld};
use jiff::{SignedDuration, Span};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::{self, Project, Simulation};
use crate::render::palette::{Look, Tone};
use crate::render::text::{count, safe};
use crate::ui::{Format, Ui};

/// Options of `drctl sim`.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Adds what a seed file describes
    Seed {
        /// The seed: a JSON file
        file: PathBuf,
    },
    /// Shows what is in the cloud
    Show,
    /// Cuts a region off
    FailRegion {
        /// The region
        region: String,
        /// How it fails
        #[arg(long, value_enum, default_value = "unavailable")]
        how: How,
    },
    /// Brings a region back
    RestoreRegion {
        /// The region
        region: String,
    },
    /// Denies operations: `PutBucketVersioning`, `GetBucketPolicy:invoices`, `*:invoices`
    Deny {
        /// Operation, or operation and resource with a colon between; `*` matches anything
        pattern: String,
    },
    /// Takes a denial back
    Allow {
        /// As it was denied
        pattern: String,
    },
    /// Moves the clock: `30m`, `12h`, `7d`
    Advance {
        /// By how much
        duration: String,
    },
    /// Writes an object into a bucket
    PutObject {
        /// The bucket
        bucket: String,
        /// The object's key
        key: String,
    },
    /// Shows every call that was made
    Log,
    /// Forgets everything; the next use starts from the seed again
    Reset,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum How {
    /// Connections are refused
    Unavailable,
    /// Nothing answers
    Timeout,
}

/// Runs one of them.
pub(crate) fn run(args: &Args, project: &Project, ui: &mut Ui) -> Result<Exit, Failure> {
    if let Command::Reset = args.command {
        return reset(project, ui);
    }
    let Simulation { sim, seeded_from } = project.simulation()?;
    if let Some(seed) = seeded_from {
        ui.tell(&format!("SIM: filled from {}\n", seed.display()));
    }
    match &args.command {
        Command::Seed { file } => {
            let seed = project::seed(file)?;
            change(&sim, |world| world.sow(&seed))?.map_err(project::failed)?;
            say(ui, &format!("filled from {}", file.display()))
        }
        Command::Show => show(&sim, ui),
        Command::FailRegion { region, how } => {
            let outage = match how {
                How::Unavailable => Outage::Unavailable,
                How::Timeout => Outage::Timeout,
            };
            set_outage(&sim, region, Some(outage))?;
            say(ui, &format!("{} is cut off", safe(region)))
        }
        Command::RestoreRegion { region } => {
            set_outage(&sim, region, None)?;
            say(ui, &format!("{} is back", safe(region)))
        }
        Command::Deny { pattern } => {
            change(&sim, |world| world.denied.insert(pattern.clone()))?;
            say(ui, &format!("{} is denied", safe(pattern)))
        }
        Command::Allow { pattern } => {
            if !change(&sim, |world| world.denied.remove(pattern))? {
                let denied = read(&sim, |world| world.denied.iter().cloned().collect::<Vec<_>>().join(", "))?;
                let help = if denied.is_empty() {
                    "Nothing is denied.".to_owned()
                } else {
                    format!("Denied: {denied}.")
                };
                return Err(bad(format!("`{}` is not denied", safe(pattern)), &help));
            }
            say(ui, &format!("{} is allowed", safe(pattern)))
        }
        Command::Advance { duration } => {
            let by = parse_duration(duration)?;
            let now =
                change(&sim, |world| world.advance(by).map(|()| world.now))?.map_err(project::failed)?;
            say(ui, &format!("it is {now} now"))
        }
        Command::PutObject { bucket, key } => {
            let put = change(&sim, |world| world.put_object(bucket, key))?;
            let version =
                put.map_err(|e| bad(safe(&e.to_string()), "`drctl sim show` lists the buckets."))?;
            say(ui, &format!("{}/{} has version {version}", safe(bucket), safe(key)))
        }
        Command::Log => log(&sim, ui),
        Command::Reset => Ok(Exit::Success),
    }
}

fn say(ui: &mut Ui, what: &str) -> Result<Exit, Failure> {
    match ui.format {
        Format::Text => ui.print(&format!("SIM: {what}\n"))?,
        Format::Json => ui.print(&format!("{}\n", json!({ "simulated": true, "message": what })))?,
    }
    Ok(Exit::Success)
}

fn bad(headline: String, help: &str) -> Failure {
    Failure::new(Code::BadArgument, headline, help)
}

fn read<T>(sim: &Sim, look: impl FnOnce(&SimWorld) -> T) -> Result<T, Failure> {
    sim.read(look).map_err(project::failed)
}

fn change<T>(sim: &Sim, act: impl FnOnce(&mut SimWorld) -> T) -> Result<T, Failure> {
    sim.change(act).map_err(project::failed)
}

fn set_outage(sim: &Sim, region: &str, outage: Option<Outage>) -> Result<(), Failure> {
    let set = |world: &mut SimWorld| world.regions.get_mut(region).map(|state| state.outage = outage);
    change(sim, set)?.ok_or_else(|| {
        let help = "Regions are named as the provider names them, such as eu-west-1.";
        bad(format!("There is no region `{}`", safe(region)), help)
    })
}

/// `7d`, `12h30m`; longer units than days are not the same length everywhere and are refused.
fn parse_duration(text: &str) -> Result<SignedDuration, Failure> {
    let wrong = || bad(format!("`{}` is no duration", safe(text)), "Write it as `30m`, `12h` or `7d`.");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if duration.is_negative() { Err(wrong()) } else { Ok(duration) }
}

/// Forgets the world: the file and the record of calls.
fn reset(project: &Project, ui: &mut Ui) -> Result<Exit, Failure> {
    for name in ["cloud.json", "calls.log"] {
        let path = project.sim_dir().join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let headline = format!("`{}` cannot be removed: {error}", path.display());
                return Err(Failure::new(Code::Unwritable, headline, "Remove it by hand."));
            }
            Ok(()) | Err(_) => {}
        }
    }
    say(ui, "everything in it is forgotten")
}

fn log(sim: &Sim, ui: &mut Ui) -> Result<Exit, Failure> {
    let calls = sim.calls().map_err(project::failed)?;
    let mut text = String::new();
    for call in &calls {
        let _ = match ui.format {
            Format::Json => writeln!(text, "{}", json!(call)),
            Format::Text => writeln!(
                text,
                "{:5}  {:14}  {}  {}  {}",
                call.nature,
                safe(&call.region),
                safe(&call.operation),
                safe(&call.resource),
                safe(&call.outcome)
            ),
        };
    }
    ui.print(&text)?;
    Ok(Exit::Success)
}

fn show(sim: &Sim, ui: &mut Ui) -> Result<Exit, Failure> {
    let look = ui.look();
    let text = read(sim, |world| match ui.format {
        Format::Json => format!("{:#}\n", json!(world)),
        Format::Text => world_text(world, look),
    })?;
    ui.print(&text)?;
    Ok(Exit::Success)
}

fn world_text(world: &SimWorld, look: Look) -> String {
    let mut text = format!("SIM: a simulated cloud; its clock says {}\n", world.now);
    for (region, state) in &world.regions {
        if let Some(outage) = state.outage {
            let how = match outage {
                Outage::Unavailable => "connections are refused",
                Outage::Timeout => "nothing answers",
            };
            let _ = writeln!(text, "{}", look.paint(Tone::Bad, &format!("! {region} is cut off: {how}")));
        }
    }
    for pattern in &world.denied {
        let _ = writeln!(text, "{}", look.paint(Tone::Caution, &format!("! denied: {}", safe(pattern))));
    }
    for (number, account) in &world.accounts {
        let _ = writeln!(text, "\naccount {}  {}", safe(number), safe(&account.caller));
        for (region, contents) in &account.regions {
            text += &contents_text(region, contents, look);
        }
    }
    text
}

fn contents_text(region: &str, contents: &Contents, look: Look) -> String {
    let mut text = String::new();
    for (name, database) in &contents.db_instances {
        let instance = &database.instance;
        let _ = writeln!(
            text,
            "    db instance  {}  backups kept {} days, {} taken",
            safe(name),
            instance.backup_retention_period,
            database.backups.len()
        );
    }
    for source in contents.replicated_backups.keys() {
        let _ = writeln!(text, "    replicated backups of  {}", safe(source));
    }
    for (name, snapshot) in &contents.db_snapshots {
        let _ = writeln!(text, "    db snapshot  {}  of {}", safe(name), safe(&snapshot.snapshot.instance));
    }
    for (name, bucket) in &contents.buckets {
        let lock = if bucket.object_lock.is_some() { ", object lock" } else { "" };
        let copies = if bucket.replication.is_some() { ", replicated" } else { "" };
        let objects = count(bucket.objects.len(), "object");
        let _ = writeln!(text, "    bucket  {}  {objects}{lock}{copies}", safe(name));
    }
    if text.is_empty() {
        return text;
    }
    format!("  {}\n{text}", look.paint(Tone::Strong, &safe(region)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_positive_and_of_fixed_length() {
        for (text, seconds) in [("30m", 1800), ("12h30m", 45_000), ("7d", 604_800)] {
            assert_eq!(parse_duration(text).unwrap().as_secs(), seconds);
        }
        for text in ["", "x", "-1h", "1mo", "999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
