//! `--base DIR|PLAN`: what a pull request does, beside what an apply does. The base's configuration is
//! read with the same variables, as far as it declares them, or taken from a plan that was made of it;
//! nothing of it is asked at a provider.

use std::path::{Path, PathBuf};

use drctl_core::codes::Code;
use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::plan::{self, Comparison, Plan, Selection};
use drctl_core::span::SourceMap;
use drctl_core::state::State;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::exit::Exit;
use crate::failure::{Failure, Reported};
use crate::load;
use crate::planfile;
use crate::planning::{self, Loaded, Observation, PlanningArgs};
use crate::project::Project;
use crate::render::diagnostics;
use crate::ui::Ui;
use crate::variables::Undeclared;

/// What became of comparing with the base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Since {
    /// The directory or the plan of the base, as it was given.
    pub(crate) base: String,
    /// What changes, or what is wrong with the base.
    pub(crate) found: Found,
}

/// What comparing has found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Found {
    /// What changes.
    Compared(Box<Comparison>),
    /// What is wrong with the base, as programs are told it.
    Errored(Vec<Json>),
}

impl Since {
    /// What changes, unless the base has errors.
    pub(crate) fn compared(&self) -> Option<&Comparison> {
        match &self.found {
            Found::Compared(comparison) => Some(comparison),
            Found::Errored(_) => None,
        }
    }
}

/// Compares with the configuration in a directory or with a saved plan. `told` was said of this
/// configuration already. Tells what is wrong with the base.
pub(crate) fn since(
    base: &Path,
    project: &Project,
    (loaded, observation, state): (&Loaded, &Observation, Option<&State>),
    (args, told): (&PlanningArgs, &Diagnostics),
    ui: &Ui,
) -> Result<Since, Failure> {
    let compare = |before: &plan::Base<'_>| {
        planning::with_input(loaded, observation, state, args, |input| plan::since(input, before, told))
    };
    let compared = match saved(base, project) {
        Some(path) => whole(&path).and_then(|plan| {
            compare(&plan::Base::Plan(&plan)).map_err(|diagnostics| in_no_file(diagnostics).into())
        }),
        None => {
            let texts = named(load::directory(&project.dir.join(base)), base);
            planning::evaluate(texts, project, (&args.variables, Undeclared::LeftOut), ui).and_then(|base| {
                let before = plan::Base::Text { config: &base.config, variables: &base.variables };
                compare(&before).map_err(|diagnostics| {
                    Failure::Diagnostics(Box::new(Reported {
                        diagnostics,
                        sources: base.sources,
                        hidden: base.hidden,
                        exit: Exit::Error,
                    }))
                })
            })
        }
    };
    let found = match compared {
        Ok(comparison) => Found::Compared(Box::new(comparison)),
        Err(Failure::Diagnostics(reported)) => {
            let Reported { diagnostics, sources, hidden, .. } = *reported;
            let diagnostics = of_the_base(&diagnostics);
            ui.tell(&diagnostics::text(&diagnostics, &sources, &hidden, ui.err_look()));
            Found::Errored(diagnostics::list(&diagnostics, &sources, &hidden))
        }
        Err(other) => return Err(other),
    };
    Ok(Since { base: base.display().to_string(), found })
}

/// The file, when the base is one: from the directory of the configuration, or from where one is, as
/// `--out` has it.
fn saved(base: &Path, project: &Project) -> Option<PathBuf> {
    [project.dir.join(base), base.to_owned()].into_iter().find(|path| path.is_file())
}

/// Reads the plan of the base. One that leaves out a part would make that part look new.
fn whole(path: &Path) -> Result<Plan, Failure> {
    let plan = planfile::read(path)?.plan;
    if plan.selection != Selection::default() {
        let headline = format!("`{}` is a plan of a part only", path.display());
        let help = "Save one that was made without `--target`, `--exclude` and `--refresh-only`.";
        return Err(Failure::new(Code::BadArgument, headline, help));
    }
    Ok(plan)
}

fn in_no_file(diagnostics: Diagnostics) -> Reported {
    Reported { diagnostics, exit: Exit::Error, ..Reported::default() }
}

/// The texts, under names that say which directory they are in.
fn named((files, diagnostics): (SourceMap, Diagnostics), dir: &Path) -> (SourceMap, Diagnostics) {
    let mut sources = SourceMap::default();
    for (_, file) in files.iter() {
        sources.add(dir.join(&file.name).display().to_string(), file.text.clone());
    }
    (sources, diagnostics)
}

fn of_the_base(diagnostics: &Diagnostics) -> Diagnostics {
    let mut labelled = Diagnostics::default();
    labelled.extend(diagnostics.iter().cloned().map(|d| {
        let headline = format!("In the base: {}", d.headline);
        Diagnostic { headline, ..d }
    }));
    labelled
}
