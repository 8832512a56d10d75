//! `drctl ready`: whether the way back from a scenario could be gone today: what cannot be done, and what is
//! missing on this machine and in the contacts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use drctl_core::addr::Name;
use drctl_core::recovery::{Loss, Needed, RecoveryPlan, needed, numbered};
use drctl_core::stored::behind;
use drctl_core::system::{Declared, Scenario, System};
use serde::Serialize;
use serde_json::json;

use crate::case::scenario;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::kit::KitArgs;
use crate::project::Project;
use crate::render::junit::{self, Case, Outcome, Suite};
use crate::render::palette::Look;
use crate::render::text::{last_seen, last_seen_json, safe, wrap};
use crate::secrets;
use crate::tools;
use crate::ui::{CheckFormat, Ui};
use crate::ways::{self, Ground, WayArgs};

/// Options of `drctl ready`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["scenario", "all"]))]
pub(crate) struct Args {
    #[command(flatten)]
    ways: WayArgs,
    /// For this scenario
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// For every scenario
    #[arg(long)]
    all: bool,
    /// Exits with 6 when something is not known: what was not observed, what is not looked for here
    #[arg(long)]
    require_complete: bool,
    /// How to print it
    #[arg(long, value_enum, default_value = "text")]
    format: CheckFormat,
}

impl Args {
    /// The kit that is worked on.
    pub(crate) fn kit(&self) -> &KitArgs {
        self.ways.kit()
    }
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Stands {
    /// It is there.
    Ok,
    /// It keeps the way back from being gone.
    Missing,
    /// Nobody can tell.
    Unknown,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    status: Stands,
    what: String,
    why: String,
    fix: Option<String>,
}

/// A scenario with what was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Readiness {
    scenario: Name,
    ready: bool,
    complete: bool,
    checks: Vec<Check>,
}

/// Plans every way back that was asked for, looks around and prints.
pub(crate) fn run(args: &Args, project: &Project, ui: &Ui) -> Result<Exit, Failure> {
    let mut ground = ways::ground(&args.ways, project, ui)?;
    ground.look_into(tools::is_made, project, ui)?;
    let asked: Vec<(&Name, &Declared<Scenario>)> = match &args.scenario {
        Some(wanted) => vec![scenario(wanted, &ground.system)?],
        None => ground.system.scenarios.iter().collect(),
    };
    let here = Here { dir: &project.dir, ui };
    let mut all = Vec::new();
    for (name, scenario) in asked {
        let plan = ground.plan(name, &scenario.is)?;
        let mut checks = stuck(&plan);
        checks.extend(kept(&plan, &ground));
        // What is lost with drctl's own files has been told.
        checks.extend(journal(&ground.system, &scenario.is).filter(|_| plan.own_files.is_none()));
        checks.extend(here.checks(&needed(&plan)));
        checks.extend(plan.warnings.iter().map(|why| check(Stands::Unknown, "plan", why, None)));
        checks.extend(unobserved(&ground));
        let no = |status| !checks.iter().any(|c: &Check| c.status == status);
        let (ready, complete) = (no(Stands::Missing), no(Stands::Unknown));
        all.push(Readiness { scenario: name.clone(), ready, complete, checks });
    }
    match args.format.or(ui.format) {
        CheckFormat::Text => ui.print(&text(&all, &ground, ui))?,
        CheckFormat::Json => ui.print(&json(&all, &ground))?,
        CheckFormat::Junit => {
            let suites: Vec<Suite> = all.iter().map(|one| suite(one, args.require_complete)).collect();
            let name = junit::named("ready", ground.simulated());
            ui.print(&junit::xml(&name, &suites, ground.observation.now))?;
        }
    }
    let mut exit = Exit::Success;
    if all.iter().any(|one| !one.ready) {
        exit = exit.and(Exit::Objective);
    }
    if args.require_complete && all.iter().any(|one| !one.complete) {
        exit = exit.and(Exit::Incomplete);
    }
    Ok(exit)
}

fn check(status: Stands, what: impl Into<String>, why: impl Into<String>, fix: Option<&str>) -> Check {
    Check { status, what: what.into(), why: why.into(), fix: fix.map(str::to_owned) }
}

/// What cannot be done, and what cannot come back.
fn stuck(plan: &RecoveryPlan) -> Vec<Check> {
    let mut found: Vec<Check> = Vec::new();
    for blocked in &plan.blocked {
        let step = blocked.step.and_then(|id| plan.steps.iter().find(|s| s.id == id));
        let (what, fix) = match (step, &blocked.service) {
            (Some(step), _) => {
                let name = step.written.as_ref();
                let name = name.map(|w| format!(" `{}` of procedure.{}", w.step, w.procedure));
                let fix = "write it so that it does without, or another that is done `instead_of` it";
                (format!("step {}{}", step.id, name.unwrap_or_default()), Some(fix))
            }
            (None, Some(service)) => (format!("service.{service}"), None),
            (None, None) => ("the plan".to_owned(), None),
        };
        found.push(check(Stands::Missing, what, &blocked.why, fix));
    }
    found.extend(plan.own_files.as_ref().map(|why| {
        let fix = "name a place outside of this loss in a `last_world_copy`, and in the `journal_copy` if there is \
                   one, of the `drctl` block";
        check(Stands::Missing, "drctl's own files", why, Some(fix))
    }));
    let gone = plan.infeasible.iter();
    found.extend(gone.map(|i| {
        let what = format!("datastore.{} has no way back", i.datastore);
        check(Stands::Missing, what, &i.why, Some(&i.help))
    }));
    found.extend(plan.chosen_points.iter().map(|choice| {
        let why = format!("comes back from {} ({})", choice.from, choice.mechanism);
        check(Stands::Ok, format!("datastore.{}", choice.datastore), why, None)
    }));
    found
}

/// Where a run's journal is written besides.
fn journal(system: &System, scenario: &Scenario) -> Option<Check> {
    let copy = system.own.journal.as_ref()?;
    let (at, lost) = (copy.url(""), Loss::of(scenario).regions);
    let (status, why) = match &copy.region {
        Some(region) if lost.contains(region) => {
            (Stands::Ok, format!("is written here alone: {at} is in {region}, which is lost"))
        }
        Some(region) => (Stands::Ok, format!("is copied to {at} in {region}")),
        None => (Stands::Unknown, format!("is copied to {at}, and nothing says in which region that is")),
    };
    Some(check(status, "journal of the run", why, None))
}

/// What the repositories hold of what has to come back, against what their schedules say. One that was not seen
/// is a warning of the plan where the way back counts on it.
fn kept(plan: &RecoveryPlan, ground: &Ground) -> Vec<Check> {
    let chosen = plan.chosen_points.iter().map(|choice| &choice.datastore);
    let hit: BTreeSet<&Name> = chosen.chain(plan.infeasible.iter().map(|i| &i.datastore)).collect();
    let looked_into = ground.system.listed.iter().filter_map(|(name, found)| {
        let backup = &ground.system.backups.get(name)?.is;
        hit.contains(&backup.of.0).then_some((name, backup, found.as_ref().ok()?))
    });
    let checked = looked_into.map(|(name, backup, points)| {
        let what = format!("backup.{name}");
        match behind(points, &backup.method(), ground.observation.now) {
            None => check(Stands::Ok, what, "is in its repository as its schedule says", None),
            Some(why) => {
                let fix = format!("make one and see what goes wrong: drctl backup run {name}");
                check(Stands::Missing, what, why, Some(&fix))
            }
        }
    });
    checked.collect()
}

fn unobserved(ground: &Ground) -> Vec<Check> {
    let all = ground.unobserved().into_iter();
    all.map(|(why, of)| check(Stands::Unknown, of.join(", "), format!("not observed: {why}"), None)).collect()
}

/// The machine that drctl runs on.
struct Here<'h> {
    dir: &'h Path,
    ui: &'h Ui,
}

impl Here<'_> {
    fn checks(&self, needed: &Needed) -> Vec<Check> {
        let mut checks = Vec::new();
        for ((dir, program), steps) in &needed.programs {
            let (status, why, fix) = match self.has(dir.as_deref(), program) {
                Some(true) => (Stands::Ok, "is here", None),
                Some(false) if program.contains('/') => {
                    let fix = "put it there as a file that can be run, or correct the path";
                    (Stands::Missing, "is not where the step says", Some(fix))
                }
                Some(false) => {
                    (Stands::Missing, "is not on this machine", Some("install it where the steps are run"))
                }
                None => (
                    Stands::Unknown,
                    "cannot be looked for: its name is not known yet, or there is no `PATH`",
                    None,
                ),
            };
            checks.push(check(status, format!("program `{program}`"), run_by(why, steps), fix));
        }
        for (file, steps) in &needed.secret_files {
            let (status, why) = match secrets::unusable(self.dir, file) {
                None => (Stands::Ok, "is here".to_owned()),
                Some(why) => (Stands::Missing, why),
            };
            checks.push(check(status, format!("secret file `{}`", file.path), run_by(&why, steps), None));
        }
        for (name, steps) in &needed.env {
            let (status, why) = match self.ui.env.contains_key(name) {
                true => (Stands::Ok, "is set"),
                false => (Stands::Unknown, "is not set here, and has to be then"),
            };
            checks.push(check(status, format!("variable {name}"), run_by(why, steps), None));
        }
        for (contact, steps) in &needed.unreachable {
            let fix = "give it `phone`, `email` or `via`";
            let why = run_by("nothing says how they are reached", steps);
            checks.push(check(Stands::Missing, format!("contact.{contact}"), why, Some(fix)));
        }
        checks
    }

    /// Whether a program can be run; none when nobody can tell: without a `PATH`, and when its name is
    /// known only then.
    fn has(&self, dir: Option<&str>, program: &str) -> Option<bool> {
        if program.contains("${") {
            return None;
        }
        if program.contains('/') {
            return Some(runs(&self.dir.join(dir.unwrap_or_default()).join(program)));
        }
        let path = self.ui.env.get("PATH").filter(|path| !path.is_empty())?;
        Some(std::env::split_paths(path).any(|folder| runs(&self.dir.join(folder).join(program))))
    }
}

/// Whether the file is one that can be run.
fn runs(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|is| is.is_file() && is.permissions().mode() & 0o111 != 0)
}

fn run_by(why: &str, steps: &BTreeSet<u32>) -> String {
    let step = if steps.len() == 1 { "step" } else { "steps" };
    format!("{why} ({step} {})", numbered(steps))
}

fn json(all: &[Readiness], ground: &Ground) -> String {
    let (now, seen) = (ground.observation.now, ground.observation.world.last_seen());
    let json = json!({
        "format_version": "1.0",
        "as_of": now,
        "simulated": ground.simulated(),
        "last_seen": seen.map(|seen| last_seen_json(seen, now)),
        "ready": all.iter().all(|one| one.ready),
        "complete": all.iter().all(|one| one.complete),
        "scenarios": all,
    });
    format!("{json:#}\n")
}

fn text(all: &[Readiness], ground: &Ground, ui: &Ui) -> String {
    let (now, seen) = (ground.observation.now, ground.observation.world.last_seen());
    let look = ui.look();
    let mut text = String::new();
    if ground.simulated() {
        text += "SIM: a simulated cloud, nothing real is read or changed\n";
    }
    if let Some(seen) = seen {
        let _ = writeln!(text, "{}", wrap("", &last_seen(seen, now), look.width));
    }
    if all.is_empty() {
        text += "No scenario is declared.\n";
    }
    for one in all {
        let blank = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{blank}{}", told(one, look));
    }
    text
}

/// What was looked at for one scenario. What nobody can tell fails a build only where it must be told.
fn suite(one: &Readiness, complete: bool) -> Suite {
    let cases = one.checks.iter().map(|check| {
        let fix = check.fix.as_ref().map_or_else(String::new, |fix| format!(" → {fix}"));
        let why = format!("{}{fix}", check.why);
        let outcome = match check.status {
            Stands::Ok => Outcome::Passed(Some(why)),
            Stands::Missing => Outcome::Failed("missing", why),
            Stands::Unknown if complete => Outcome::Unknown("unknown", why),
            Stands::Unknown => Outcome::Skipped(format!("not known: {why}")),
        };
        let of = format!("scenario.{}", one.scenario);
        Case { of, name: check.what.clone(), outcome, took_s: 0, properties: Vec::new() }
    });
    Suite { name: format!("scenario.{}", one.scenario), cases: cases.collect() }
}

/// The verdict in a line, then what is missing, what is not known, and what is there.
fn told(one: &Readiness, look: Look) -> String {
    let of = |status| one.checks.iter().filter(move |c: &&Check| c.status == status);
    let (missing, unknown) = (of(Stands::Missing).count(), of(Stands::Unknown).count());
    let verdict = match (missing, unknown) {
        (0, 0) => "READY".to_owned(),
        (0, n) => format!("READY as far as is known; {n} not known"),
        (n, 0) => format!("NOT READY: {n} missing"),
        (n, m) => format!("NOT READY: {n} missing, {m} not known"),
    };
    let mut text = format!("{}   {verdict}\n", one.scenario);
    for (status, sign) in [(Stands::Missing, '✗'), (Stands::Unknown, '?'), (Stands::Ok, '✓')] {
        for found in of(status) {
            let line = format!("{}: {}", found.what, found.why);
            let _ = writeln!(text, "{}", wrap(&format!("  {sign} "), &safe(&line), look.width));
            if let Some(fix) = &found.fix {
                let _ = writeln!(text, "{}", wrap("      → ", &safe(fix), look.width));
            }
        }
    }
    crate::render::recovery::shown(text, look)
}
