//! `drctl apply`: carries out exactly the plan that was shown or saved, or refuses.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use drctl_core::addr::Address;
use drctl_core::codes::Code;
use drctl_core::diag::Diagnostics;
use drctl_core::plan::{self, Expanded, Plan, World};
use drctl_core::state::State;
use drctl_engine::clock::SystemClock;
use drctl_engine::connect::Connections;
use drctl_engine::diagnose;
use drctl_engine::execute::{Applied, Apply, ExecuteError, Refusal, execute, settle_outputs};
use drctl_engine::hooks::NoHooks;
use drctl_engine::reporter::{Level, Reporter};
use drctl_engine::session::{Paths, Session, SessionError};
use serde_json::json;
use tokio::sync::watch;

use super::plan::warn;
use super::recover;
use super::show::{self, PlanFormat};
use crate::exit::Exit;
use crate::failure::{Failure, Reported};
use crate::planfile;
use crate::planning::{self, Gaps, Loaded, Look, Observation, PlanningArgs, SharedClock};
use crate::project::Project;
use crate::registry::REGISTRY;
use crate::render::applied;
use crate::render::progress::{Progress, Show};
use crate::render::view::{View, acceptance};
use crate::session;
use crate::signals::Signals;
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

/// Plans, asks, applies, and says what came of it. With `--json`, standard output is a stream of
/// events whatever happens.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let clock = session::clock(ui);
    let stamps: SharedClock = match &clock {
        Ok(clock) => Arc::clone(clock),
        Err(_) => Arc::new(SystemClock),
    };
    let progress = Progress::new(ui, stamps, Show::Steps);
    progress.open();
    let done = clock.and_then(|clock| {
        let runtime = session::runtime()?;
        runtime.block_on(apply(args, project, (&progress, &clock), ui))
    });
    if let Err(Failure::Diagnostics(reported)) = &done {
        let Reported { diagnostics, sources, hidden, .. } = reported.as_ref();
        progress.diagnostics(diagnostics, sources, hidden);
    }
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
    recover::open::none_open(project, None)?;
    let look = Look {
        parallelism: args.planning.parallelism,
        reporter: progress,
        clock: clock.as_ref(),
        gaps: Gaps::Unobserved,
    };
    let (mut observation, expanded) = planning::look(&loaded, held.state.as_ref(), project, look, ui).await?;
    let plan = match &args.plan {
        Some(path) => saved(path)?,
        None => {
            let seen = (&observation, expanded.clone());
            let (plan, found) = planning::make(&loaded, seen, held.state.as_ref(), &args.planning);
            if found.has_errors() {
                return Err(loaded.failure(found));
            }
            progress.diagnostics(&loaded.diagnostics, &loaded.sources, &loaded.hidden);
            progress.diagnostics(&found, &loaded.sources, &loaded.hidden);
            warn(&loaded, found, ui);
            plan
        }
    };
    progress.pause();
    if ui.format == Format::Text {
        show::print((&plan, None), &REGISTRY, (PlanFormat::Text, &project.dir), ui)?;
    } else {
        applied::announce(&plan, progress);
    }
    refuse(args, &plan)?;
    if plan.is_empty() {
        return only_outputs(&loaded, &plan, (progress, clock), &mut held, ui);
    }
    if !approved(args, ui)? {
        ui.tell("Nothing was changed.\n");
        return Ok(Exit::Error);
    }
    let result =
        carry_out(&loaded, &plan, &observation.connections, (args, progress, clock), &mut held).await;
    if let Ok(applied) = &result {
        remember(&plan, applied, (&loaded, held.state.as_ref()), (&mut observation, &expanded), progress);
    }
    finish(&plan, result, held.state.as_ref(), progress, ui)
}

/// No step is to be done: at most outputs have changed, which is nobody's business but the state's.
fn only_outputs(
    loaded: &Loaded,
    plan: &Plan,
    (progress, clock): (&Progress, &SharedClock),
    held: &mut Session,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let known = plan::Progress {
        plan,
        variables: &loaded.values,
        written: BTreeMap::new(),
        outputs: BTreeMap::new(),
    };
    let current = plan.state == held.state.as_ref().map(State::reference)
        && plan.config_sha256 == loaded.config_sha256
        && !plan.selection.refresh_only;
    if current {
        settle_outputs(held, &known, &session::unique(clock.as_ref())).map_err(session::state_failed)?;
    }
    // All is as the configuration says: nothing that a killed run was doing is open.
    if current && plan.complete {
        let failed = |error| Failure::from(diagnose::session(&SessionError::Journal(error)));
        held.clear_leftover().map_err(failed)?;
    }
    tell_outputs(held.state.as_ref(), progress, ui)?;
    Ok(Exit::Success)
}

/// Says what the root outputs are.
fn tell_outputs(state: Option<&State>, progress: &Progress, ui: &Ui) -> Result<(), Failure> {
    match ui.format {
        Format::Text => ui.print(&applied::outputs(state, ui.look()))?,
        Format::Json => applied::tell_outputs(state, progress),
    }
    Ok(())
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
    let plan = planfile::read(path)?.plan;
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
) -> Result<Applied, Failure> {
    let signals = Signals::listen()?;
    let (stop, interrupt) = watch::channel(false);
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
    tokio::select! {
        done = execute(&apply, held) => done.map_err(failed),
        () = signals.twice(&stop, |text| progress.message(Level::Warning, text)) => Err(cut_short()),
    }
}

/// Keeps what was seen of each thing after its step, as what was last seen.
fn remember(
    plan: &Plan,
    applied: &Applied,
    (loaded, state): (&Loaded, Option<&State>),
    (observation, expanded): (&mut Observation, &Expanded),
    progress: &Progress,
) {
    let done = plan.steps.iter().filter(|s| applied.outcome.succeeded.contains(&s.id));
    let seen = |address: &Address| Some((address.clone(), applied.world.observations.get(address)?.clone()));
    let observations = done.filter_map(|step| seen(&step.address)).collect();
    let world = World { observations, ..World::default() };
    let known = (&loaded.config, state);
    let wrong = observation.memory.keep((&world, &expanded.instances), known, observation.now);
    for wrong in wrong {
        progress.message(Level::Warning, &wrong.headline);
    }
}

/// Interrupted twice: nobody waited for what was in flight. The journal says what that was.
fn cut_short() -> Failure {
    Failure::new(
        Code::StepFailed,
        "Stopped at once: what was in flight may or may not have been done",
        "The journal names it. `drctl plan` shows where things stand, `drctl apply` goes on from there.",
    )
    .exit(Exit::Interrupted)
}

/// Says what came of it.
fn finish(
    plan: &Plan,
    result: Result<Applied, Failure>,
    state: Option<&State>,
    progress: &Progress,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let done = result?;
    progress.pause();
    let view = View::new(plan, &REGISTRY);
    match ui.format {
        Format::Text => ui.print(&applied::text(&view, &done, ui.look()))?,
        Format::Json => {
            let summary = applied::summary(&done);
            progress.event("change_summary", "info", "Apply complete", json!({ "changes": summary }));
        }
    }
    tell_outputs(state, progress, ui)?;
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
