//! `drctl sim`: fills, breaks and inspects the simulated cloud. Nothing here touches a real one.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use drctl_core::addr::ProviderAddress;
use drctl_core::codes::Code;
use drctl_machine::fake::Fake;
use drctl_sim::admin::{self, Scope, Target};
use drctl_sim::world::Outage;
use drctl_sim::{Sim, SimError};
use jiff::{SignedDuration, Span};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::project::{self, Project, Simulation};
use crate::render::text::safe;
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
    /// Throttles the next calls to a region
    Throttle {
        /// The region
        region: String,
        /// How many calls; 0 ends it
        calls: u32,
    },
    /// Denies operations: `PutBucketVersioning`, `s3:GetBucketPolicy:invoices`, `*:invoices`
    Deny {
        /// `[service:]Operation[:resource]`; `*` matches anything
        pattern: String,
        /// Only in this region
        #[arg(long)]
        region: Option<String>,
    },
    /// Takes a denial back
    Allow {
        /// As it was denied
        pattern: String,
        /// The region it was denied in, when it was only one
        #[arg(long)]
        region: Option<String>,
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
        /// What is in it: the same text has the same checksum
        #[arg(long, value_name = "TEXT")]
        content: Option<String>,
    },
    /// Deletes an object as S3 does without a version id
    DeleteObject {
        /// The bucket
        bucket: String,
        /// The object's key
        key: String,
    },
    /// Changes an attribute of a bucket behind drctl's back
    SetBucket {
        /// The bucket
        bucket: String,
        /// Where it stands in `drctl sim show --json`: `/versioning/status`
        pointer: String,
        /// The value: JSON, or else a text
        value: String,
    },
    /// Changes an attribute of a database instance behind drctl's back
    SetDbInstance {
        /// The region
        region: String,
        /// The instance
        identifier: String,
        /// Where it stands in `drctl sim show --json`: `/backup_retention_period`
        pointer: String,
        /// The value: JSON, or else a text
        value: String,
    },
    /// Restarts the simulated server of a provider configuration
    RestartServer {
        /// `postgres`, `postgres.ALIAS`
        provider: ProviderAddress,
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
    if let Some(done) = without_the_cloud(&args.command, project, ui) {
        return done;
    }
    let Simulation { sim, seeded_from } = project.simulation()?;
    if let Some(seed) = seeded_from {
        ui.tell(&format!("SIM: filled from {}\n", seed.display()));
    }
    match &args.command {
        Command::Seed { file } => {
            admin::seed(&sim, &project::seed(file)?).map_err(refused)?;
            say(ui, &format!("filled from {}", file.display()))
        }
        Command::Show => show(&sim, ui),
        Command::FailRegion { region, how } => {
            let outage = match how {
                How::Unavailable => Outage::Unavailable,
                How::Timeout => Outage::Timeout,
            };
            admin::fail_region(&sim, region, outage).map_err(refused)?;
            say(ui, &format!("{} is cut off", safe(region)))
        }
        Command::RestoreRegion { region } => {
            admin::restore_region(&sim, region).map_err(refused)?;
            say(ui, &format!("{} is back", safe(region)))
        }
        Command::Throttle { region, calls } => {
            admin::throttle(&sim, region, *calls).map_err(refused)?;
            say(ui, &format!("{}: the next {calls} calls are throttled", safe(region)))
        }
        Command::Deny { pattern, region } => {
            admin::deny(&sim, scope(region.as_deref()), pattern).map_err(refused)?;
            say(ui, &format!("{} is denied", safe(pattern)))
        }
        Command::Allow { pattern, region } => {
            admin::allow(&sim, scope(region.as_deref()), pattern).map_err(refused)?;
            say(ui, &format!("{} is allowed", safe(pattern)))
        }
        Command::Advance { duration } => {
            let now = admin::advance(&sim, parse_duration(duration)?).map_err(refused)?;
            say(ui, &format!("it is {now} now"))
        }
        Command::PutObject { bucket, key, content } => {
            let version = match content {
                Some(text) => admin::put_text(&sim, bucket, key, text),
                None => admin::put_object(&sim, bucket, key),
            };
            let version = version.map_err(refused)?;
            say(ui, &format!("{}/{} has version {version}", safe(bucket), safe(key)))
        }
        Command::DeleteObject { bucket, key } => {
            admin::delete_object(&sim, bucket, key).map_err(refused)?;
            say(ui, &format!("{}/{} is deleted", safe(bucket), safe(key)))
        }
        Command::SetBucket { bucket, pointer, value } => {
            admin::set(&sim, Target::Bucket(bucket), pointer, parse_value(value)).map_err(refused)?;
            say(ui, &format!("{}: {} is set", safe(bucket), safe(pointer)))
        }
        Command::SetDbInstance { region, identifier, pointer, value } => {
            let account = sim.default_account().map_err(project::failed)?;
            let target = Target::Database { account: &account, region, identifier };
            admin::set(&sim, target, pointer, parse_value(value)).map_err(refused)?;
            say(ui, &format!("{}: {} is set", safe(identifier), safe(pointer)))
        }
        Command::Log => log(&sim, ui),
        Command::Reset | Command::RestartServer { .. } => Ok(Exit::Success),
    }
}

fn scope(region: Option<&str>) -> Scope<'_> {
    region.map_or(Scope::Everywhere, Scope::Region)
}

/// JSON where it is some, a text otherwise: `true`, `14`, `Suspended`.
fn parse_value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// What was asked for is wrong; or the simulation itself is.
fn refused(error: SimError) -> Failure {
    match error {
        SimError::Request(_) | SimError::Refused(_) => {
            bad(safe(&error.to_string()), "Nothing was changed. `drctl sim show` tells what is there.")
        }
        SimError::File { .. } | SimError::Malformed { .. } | SimError::Seed(_) => project::failed(error),
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

/// `7d`, `12h30m`; longer units than days are not the same length everywhere and are refused.
fn parse_duration(text: &str) -> Result<SignedDuration, Failure> {
    let wrong = || bad(format!("`{}` is no duration", safe(text)), "Write it as `30m`, `12h` or `7d`.");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if duration.is_negative() { Err(wrong()) } else { Ok(duration) }
}

/// Runs what does not ask the simulated cloud.
fn without_the_cloud(command: &Command, project: &Project, ui: &mut Ui) -> Option<Result<Exit, Failure>> {
    if let Command::RestartServer { provider } = command {
        return Some(restart_server(provider, project, ui));
    }
    matches!(command, Command::Reset).then(|| reset(project, ui))
}

/// Restarts a simulated server, which is no part of the cloud.
fn restart_server(provider: &ProviderAddress, project: &Project, ui: &mut Ui) -> Result<Exit, Failure> {
    let folder = project.machines_dir().join(provider.to_string());
    let restarted = Fake::dir(&folder).and_then(|server| server.restart());
    restarted
        .map_err(|error| bad(error.to_string(), "Correct the file, or start over with `drctl sim reset`."))?;
    say(ui, &format!("the server of {provider} was restarted"))
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
    let machines = project.machines_dir();
    match std::fs::remove_dir_all(&machines) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let headline = format!("`{}` cannot be removed: {error}", machines.display());
            return Err(Failure::new(Code::Unwritable, headline, "Remove it by hand."));
        }
        Ok(()) | Err(_) => {}
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
    let text = match ui.format {
        Format::Json => {
            let world = sim.read(|world| json!(world)).map_err(project::failed)?;
            format!("{world:#}\n")
        }
        Format::Text => {
            let text = admin::show(sim).map_err(project::failed)?;
            text.lines().map(|line| format!("{}\n", safe(line))).collect()
        }
    };
    ui.print(&text)?;
    Ok(Exit::Success)
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
