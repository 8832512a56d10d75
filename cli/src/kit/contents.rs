//! What goes into a kit: what the configuration really reads, what is known of the world, and what people
//! read. Nothing that is secret, and nothing that is not named by one of these.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use drctl_core::addr::Name;
use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::kit::{ABOUT, About, Entries, EntryName, FORMAT_VERSION, Remark, Runbook};
use drctl_core::lang::expr::{Expr, ExprKind};
use drctl_core::lang::render;
use drctl_core::recovery::RecoveryPlan;
use drctl_engine::backups::Book;
use drctl_engine::files;
use drctl_engine::runs::{self, Folder, Stand};

use super::{BIN, PROJECT};
use crate::commands::version::VERSION;
use crate::failure::Failure;
use crate::load;
use crate::planning::{self, Loaded, VariableArgs};
use crate::project::{KIT_VALUES, OWN, Project};
use crate::render::kit as text;
use crate::render::runbook;
use crate::render::script::Told;
use crate::render::text::count;
use crate::ui::Ui;
use crate::ways::{self, Ground};

mod named;

/// Largest program that is packed, in bytes.
const MAX_PROGRAM_BYTES: u64 = 512 << 20;
/// Largest record of what was done that is packed, in bytes.
const MAX_RECORD_BYTES: u64 = 64 << 20;

/// Which program goes into a kit.
pub(crate) enum Program {
    /// This drctl, or another: for the machine from which one recovers.
    File(PathBuf),
    /// None.
    None,
}

/// What a kit is made of.
pub(crate) struct Contents {
    /// All entries.
    pub(crate) entries: Entries,
    /// What it says of itself.
    pub(crate) about: About,
}

/// Gathers it. No provider is asked: what was seen last is what is packed.
pub(crate) fn gather(
    project: &Project,
    variables: &VariableArgs,
    program: &Program,
    ui: &Ui,
) -> Result<Contents, Failure> {
    let loaded = planning::load(project, variables, ui)?;
    refuse_secrets(&loaded)?;
    let mut packing = Packing::default();
    packing.project(&loaded)?;
    packing.records(&loaded, project)?;
    if let Some(bytes) = read(&project.state_path(), MAX_RECORD_BYTES)? {
        packing.put(&own("state.json"), bytes)?;
    }
    packing.program(program)?;
    let config_sha256 = loaded.config_sha256.clone();
    let ground = ways::remembered(loaded, project, ui)?;
    let world = &ground.observation.memory.world;
    packing.put(&own("last-world.json"), world.to_json().into_bytes())?;
    let plans = packing.runbooks(&ground)?;
    named::pack(&mut packing, &plans, project)?;
    packing.known(&ground);
    packing.people(&ground, config_sha256)
}

/// A kit holds the text of the configuration: there must be no secret in it.
fn refuse_secrets(loaded: &Loaded) -> Result<(), Failure> {
    let mut found = Diagnostics::default();
    for (name, variable) in &loaded.config.variables {
        let Some(default) = variable.default.as_ref().filter(|_| variable.sensitive) else { continue };
        let headline = "A secret would go into the kit";
        let label = format!("the default of `{name}`, which is sensitive");
        let help = format!("Take the default out and give the value with `DRCTL_VAR_{name}`.");
        found.push(Diagnostic::error(Code::KitNotBuilt, headline, default.span, label).help(help));
    }
    if found.has_errors() { Err(loaded.failure(found)) } else { Ok(()) }
}

/// The name of a file of drctl's own folder.
fn own(name: &str) -> String {
    format!("{PROJECT}/{OWN}/{name}")
}

fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    files::read(path, limit).map_err(|error| {
        let help = "A kit without it would not know what is known here.";
        Failure::new(Code::KitNotBuilt, format!("The kit cannot be made: {error}"), help)
    })
}

fn remark(what: impl Into<String>, why: impl Into<String>) -> Remark {
    Remark { what: what.into(), why: why.into() }
}

/// A kit as it is filled.
#[derive(Default)]
struct Packing {
    entries: Entries,
    left_out: Vec<Remark>,
    missing: Vec<Remark>,
    scenarios: Vec<Runbook>,
}

impl Packing {
    /// Adds an entry; an equal name keeps the first.
    fn put(&mut self, name: &str, bytes: Vec<u8>) -> Result<EntryName, Failure> {
        let entry: EntryName = name.parse().map_err(|wrong: drctl_core::kit::Wrong| {
            let help = "Give the file another name.";
            Failure::new(Code::KitNotBuilt, format!("The kit cannot be made: {wrong}"), help)
        })?;
        self.entries.entry(entry.clone()).or_insert(bytes);
        Ok(entry)
    }

    /// The configuration, and the values of its variables that are no secrets.
    fn project(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        for (_, file) in loaded.sources.iter().take(loaded.config_files) {
            self.put(&format!("{PROJECT}/{}", file.name), file.text.clone().into_bytes())?;
        }
        let mut values = String::from("# The values of variables when the kit was made.\n");
        for (name, (value, sensitive)) in &loaded.values {
            if *sensitive {
                let why = format!("it is sensitive: set DRCTL_VAR_{name} where a step needs it");
                self.left_out.push(remark(format!("the value of `{name}`"), why));
                continue;
            }
            let span = loaded.config.variables[name].span;
            let value = Expr { kind: ExprKind::Literal(value.clone()), span, sensitive: false };
            values += &format!("{name} = {}\n", render::expr(&value));
        }
        self.put(&own(KIT_VALUES), values.into_bytes())?;
        Ok(())
    }

    /// How long steps and backups took here: estimates are made of that. A run that is open stays where it is,
    /// so that nobody goes on with it twice.
    fn records(&mut self, loaded: &Loaded, project: &Project) -> Result<(), Failure> {
        let folders =
            Folder::all(&project.data).map_err(|error| crate::commands::recover::open::unusable(&error))?;
        for folder in folders {
            let Ok(Some(run)) = folder.read() else { continue };
            if runs::stand(&run.run) == Stand::Open {
                let why = "it is open: it is gone on with from where it was begun";
                self.left_out.push(remark(format!("run {}", run.header.run), why));
                continue;
            }
            self.record(&folder.journal(), project)?;
        }
        for name in planning::backups(&loaded.config, &loaded.variables) {
            self.record(&Book::new(&project.data, name.as_str()).record(), project)?;
        }
        Ok(())
    }

    /// A file below drctl's own folder, if it is there.
    fn record(&mut self, path: &Path, project: &Project) -> Result<(), Failure> {
        let below = path.strip_prefix(&project.data).expect("records are below drctl's own folder");
        let name = own(&below.to_string_lossy());
        if let Some(bytes) = read(path, MAX_RECORD_BYTES)? {
            self.put(&name, bytes)?;
        }
        Ok(())
    }

    fn program(&mut self, program: &Program) -> Result<(), Failure> {
        let Program::File(path) = program else {
            self.missing.push(remark("drctl", "it was left out: have it where you recover"));
            return Ok(());
        };
        let bytes = read(path, MAX_PROGRAM_BYTES)?.ok_or_else(|| {
            let headline = format!("There is no program `{}`", path.display());
            Failure::new(
                Code::KitNotBuilt,
                headline,
                "Name one with `--binary FILE`, or say `--without-binary`.",
            )
        })?;
        self.put(&format!("{BIN}/drctl"), bytes)?;
        Ok(())
    }

    /// A runbook for each scenario.
    fn runbooks(&mut self, ground: &Ground) -> Result<Vec<(Name, RecoveryPlan)>, Failure> {
        let mut plans = Vec::new();
        for (name, scenario) in &ground.system.scenarios {
            let plan = ground.plan(name, &scenario.is)?;
            let heading = format!("scenario {name}");
            let (simulated, seen) = (ground.simulated(), ground.last_seen());
            let markdown = runbook::markdown(&Told { plan: &plan, heading: &heading, simulated, seen });
            let file = self
                .put(&format!("runbooks/{}.md", files::plain_name(name.as_str())), markdown.into_bytes())?;
            let feasible = plan.is_feasible();
            if !feasible {
                let why = "not everything in it has a way back; its runbook says what";
                self.missing.push(remark(format!("scenario {name}"), why));
            }
            self.scenarios.push(Runbook { scenario: name.clone(), file, feasible });
            plans.push((name.clone(), plan));
        }
        Ok(plans)
    }

    /// Says what is not known of the world.
    fn known(&mut self, ground: &Ground) {
        let Some(seen) = ground.last_seen() else { return };
        if seen.never > 0 {
            let why = "never observed: plan while the providers answer, then make the kit again";
            self.missing.push(remark(count(seen.never, "resource"), why));
        }
    }

    /// What people read, and what the kit says of itself.
    fn people(mut self, ground: &Ground, config_sha256: String) -> Result<Contents, Failure> {
        self.put("contacts.md", text::contacts(&ground.system).into_bytes())?;
        let about = About {
            format_version: FORMAT_VERSION.to_owned(),
            drctl_version: VERSION.to_owned(),
            built_at: ground.observation.now,
            simulated: ground.simulated(),
            last_seen: ground.last_seen().and_then(|seen| seen.as_of),
            config_sha256,
            scenarios: std::mem::take(&mut self.scenarios),
            left_out: std::mem::take(&mut self.left_out),
            missing: std::mem::take(&mut self.missing),
        };
        self.put("START.md", text::start(&about, &ground.system).into_bytes())?;
        self.put(ABOUT, about.to_json().into_bytes())?;
        Ok(Contents { entries: self.entries, about })
    }
}

/// The file of the project that is meant, and its name in a kit. None when it is not one of the project's own:
/// outside of it, by a link too, or no plain file.
fn of_project(project: &Project, dir: Option<&str>, file: &str) -> Option<(PathBuf, String)> {
    let here = if project.dir.as_os_str().is_empty() { Path::new(".") } else { project.dir.as_path() };
    let root = here.canonicalize().ok()?;
    let path = root.join(dir.unwrap_or_default()).join(file).canonicalize().ok()?;
    let below = path.strip_prefix(&root).ok()?;
    // Where secrets stand by custom.
    if below.file_name()?.to_str()?.starts_with(".env") {
        return None;
    }
    let name = format!("{PROJECT}/{}", below.to_str()?);
    path.is_file().then_some((path, name))
}

/// The bytes of a file of the project.
fn bytes(path: &Path) -> Option<Vec<u8>> {
    files::read(path, load::MAX_FILE_BYTES).ok().flatten()
}

/// Each once, in order.
fn listed(all: BTreeSet<String>) -> String {
    all.into_iter().collect::<Vec<_>>().join(", ")
}
