//! `drctl apply`: carries out exactly the plan that was shown or saved, or refuses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use drctl_core::addr::Address;
use drctl_core::codes::Code;
use drctl_core::diag::Diagnostics;
use drctl_core::plan::{self, Plan};
use drctl_engine::connect::Connections;
use drctl_engine::diagnose;
use drctl_engine::execute::{Applied, Apply, ExecuteError, Refusal, execute};
use drctl_engine::hooks::NoHooks;
use drctl_engine::session::{Paths, Session, SessionError};
use serde_json::json;
use tokio::sync::watch;

use super::plan::warn;
use super::show::{self, PlanFormat};
use crate::exit::Exit;
use crate::failure::{Failure, Reported};
use crate::planfile;
use crate::planning::{self, Loaded, PlanningArgs, SharedClock};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::applied;
use crate::render::progress::{Progress, Show};
use crate::render::view::{View, acceptance};
use crate::session;
use crate::ui::{Format, Ui};

/// Options of `drctl apply`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A plan saved by `drctl plan --out`; without it a new plan is made and shown
    #[arg(value_name = "PLANFILE")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    planning: PlanningArgs,
    /// Does not ask; never stands in for `--accept`
    #[arg(long)]
    auto_approve: bool,
    /// Refuses unless the plan has this digest: what was reviewed is what is applied
    #[arg(long, value_name = "DIGEST")]
    expect_digest: Option<String>,
    /// How long another process that holds the state is waited for, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "3")]
    lock_timeout: u64,
}

/// Plans, asks, applies, and says what came of it.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let clock: SharedClock = Arc::from(session::clock(ui)?);
    let progress = Progress::new(ui, Arc::clone(&clock), Show::Steps);
    progress.open();
    let runtime = session::runtime()?;
    let done = runtime.block_on(apply(args, project, (&progress, &clock), ui));
    progress.finish();
    done
}

async fn apply(
    args: &Args,
    project: &Project,
    (progress, clock): (&Progress, &SharedClock),
    ui: &Ui,
) -> Result<Exit, Failure> {
    let loaded = planning::load(project, &args.planning.variables, ui)?;
    let mut held = open(args, project, clock, ui).await?;
    let look = (args.planning.parallelism, progress as _, clock.as_ref());
    let observation = planning::look(&loaded, held.state.as_ref(), project, look, ui).await?;
    let plan = match &args.plan {
        Some(path) => saved(path)?,
        None => {
            let (plan, found) = planning::make(&loaded, &observation, held.state.as_ref(), &args.planning);
            if found.has_errors() {
                return Err(loaded.failure(found));
            }
            warn(&loaded, found, ui);
            plan
        }
    };
    progress.pause();
    if ui.format == Format::Text {
        show::print(&plan, &REGISTRY, PlanFormat::Text, ui)?;
    } else {
        applied::announce(&plan, progress);
    }
    refuse(args, &plan)?;
    if plan.is_empty() {
        return Ok(Exit::Success);
    }
    if !approved(args, ui)? {
        ui.tell("Nothing was changed.\n");
        return Ok(Exit::Error);
    }
    let result =
        carry_out(&loaded, &plan, &observation.connections, (args, progress, clock), &mut held).await;
    finish(&plan, result, progress, ui)
}

/// Takes the lock and reads the state.
async fn open(args: &Args, project: &Project, clock: &SharedClock, ui: &Ui) -> Result<Session, Failure> {
    project.make_data()?;
    let paths = Paths { state: project.state_path(), data: project.data.clone() };
    let holder = session::holder(ui, "apply", clock.as_ref());
    let timeout = Duration::from_secs(args.lock_timeout);
    Session::open(paths, &holder, timeout, clock.as_ref()).await.map_err(|error| match error {
        SessionError::Lock(error) => session::lock_failed(error),
        SessionError::State(_) | SessionError::Journal(_) => Failure::from(diagnose::session(&error)),
    })
}

/// A saved plan, checked before it is trusted.
fn saved(path: &std::path::Path) -> Result<Plan, Failure> {
    let plan = planfile::read(path)?;
    let wrong = plan::check(&plan);
    if wrong.is_empty() {
        return Ok(plan);
    }
    let headline = format!("`{}` contradicts itself: {}", path.display(), wrong.join("; "));
    Err(Failure::new(Code::DamagedPlan, headline, "Plan again; a plan file must not be edited."))
}

/// Refuses what nobody has accepted, and what is not what was reviewed.
fn refuse(args: &Args, plan: &Plan) -> Result<(), Failure> {
    let digest = plan.digest();
    if let Some(expected) = args.expect_digest.as_ref().filter(|e| **e != digest) {
        let headline =
            format!("This is not the plan that was reviewed: its digest is {digest}, expected {expected}");
        let help = "Something has changed since: plan again and have that plan reviewed.";
        return Err(Failure::new(Code::OtherPlan, headline, help).exit(Exit::Stale));
    }
    let unobserved: Vec<Address> = plan.unobserved().cloned().collect();
    if !unobserved.is_empty() {
        return Err(failed(ExecuteError::Refused(Refusal::Unobserved(unobserved))));
    }
    let missing = plan.missing_acceptances();
    if missing.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = missing.iter().map(|a| format!("--accept {}", acceptance(a))).collect();
    let headline =
        "Some changes weaken protection, interrupt or cannot be undone, and nobody has accepted them";
    let help = match args.plan {
        Some(_) => format!("A saved plan carries its acceptances: plan again with {}", words.join(" ")),
        None => format!("When this is what you want: {}", words.join(" ")),
    };
    Err(Failure::new(Code::Unaccepted, headline, help).exit(Exit::Weakens))
}

/// Asks a person, unless the plan was saved and reviewed or `--auto-approve` says so.
fn approved(args: &Args, ui: &Ui) -> Result<bool, Failure> {
    if args.auto_approve || args.plan.is_some() {
        return Ok(true);
    }
    let Some(answer) = ui.ask("\nApply this plan? Only `yes` is accepted: ") else {
        return Err(Failure::new(
            Code::BadArgument,
            "Nobody is there to approve the plan",
            "Add `--auto-approve`, or apply a saved plan: `drctl plan --out FILE`, then `drctl apply FILE`.",
        ));
    };
    Ok(answer == "yes")
}

async fn carry_out(
    loaded: &Loaded,
    plan: &Plan,
    connections: &Connections,
    (args, progress, clock): (&Args, &Progress, &SharedClock),
    held: &mut Session,
) -> Result<Applied, ExecuteError> {
    let (stop, interrupt) = watch::channel(false);
    let watcher = tokio::spawn(watch_for_interrupt(stop));
    let run = session::unique(clock.as_ref());
    let apply = Apply {
        plan,
        config_sha256: &loaded.config_sha256,
        run: &run,
        registry: REGISTRY,
        connections,
        variables: &loaded.values,
        parallelism: usize::from(args.planning.parallelism).div_ceil(3),
        interrupt,
        clock: clock.as_ref(),
        reporter: progress,
        hooks: &NoHooks,
    };
    let done = execute(&apply, held).await;
    watcher.abort();
    done
}

/// Ctrl-C stops the run: what is in flight is waited for.
async fn watch_for_interrupt(stop: watch::Sender<bool>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        // The receiver is gone only when the run is over.
        let _ = stop.send(true);
    }
    // A second Ctrl-C must not end the process either: the journal would be left open.
    std::future::pending::<()>().await;
}

/// Says what came of it.
fn finish(
    plan: &Plan,
    result: Result<Applied, ExecuteError>,
    progress: &Progress,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let done = result.map_err(failed)?;
    progress.pause();
    let view = View::new(plan, &REGISTRY);
    match ui.format {
        Format::Text => ui.print(&applied::text(&view, &done, ui.look()))?,
        Format::Json => {
            let summary = applied::summary(&done);
            progress.event("change_summary", "info", "Apply complete", json!({ "changes": summary }));
        }
    }
    Ok(match () {
        () if done.outcome.interrupted => Exit::Interrupted,
        () if done.is_stale() => Exit::Stale,
        () if done.outcome.is_success() => Exit::Success,
        () => Exit::Error,
    })
}

fn failed(error: ExecuteError) -> Failure {
    let exit = match &error {
        ExecuteError::Refused(Refusal::Stale(_)) => Exit::Stale,
        ExecuteError::Refused(Refusal::Unobserved(_)) => Exit::Incomplete,
        ExecuteError::Refused(Refusal::Unaccepted(_)) => Exit::Weakens,
        ExecuteError::Refused(Refusal::Elsewhere(..) | Refusal::Damaged(_))
        | ExecuteError::Journal(_)
        | ExecuteError::State(_)
        | ExecuteError::Illegal(_) => Exit::Error,
    };
    let mut diagnostics = Diagnostics::default();
    diagnose::execution(&error).into_iter().for_each(|d| diagnostics.push(d));
    Failure::Diagnostics(Box::new(Reported { diagnostics, exit, ..Reported::default() }))
}
