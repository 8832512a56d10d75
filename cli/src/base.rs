//! `--base DIR`: what a pull request does, beside what an apply does. The base's configuration is
//! read with the same variables, as far as it declares them; nothing of it is asked at a provider.

use std::path::Path;

use drctl_core::diag::{Diagnostic, Diagnostics};
use drctl_core::plan::{self, Comparison};
use drctl_core::span::SourceMap;
use drctl_core::state::State;

use crate::exit::Exit;
use crate::failure::{Failure, Reported};
use crate::load;
use crate::planning::{self, Loaded, Observation, PlanningArgs};
use crate::project::Project;
use crate::ui::Ui;
use crate::variables::Undeclared;

/// What became of comparing with the base.
pub(crate) struct Since {
    /// The directory of the base, as it was given.
    pub(crate) dir: String,
    /// What changes, or what is wrong with the base.
    pub(crate) found: Result<Comparison, Reported>,
}

/// Compares with the configuration in `dir`. `told` was said of this configuration already.
pub(crate) fn since(
    dir: &Path,
    project: &Project,
    (loaded, observation, state): (&Loaded, &Observation, Option<&State>),
    (args, told): (&PlanningArgs, &Diagnostics),
    ui: &Ui,
) -> Result<Since, Failure> {
    let texts = named(load::directory(&project.dir.join(dir)), dir);
    let found = match planning::evaluate(texts, project, (&args.variables, Undeclared::LeftOut), ui) {
        Ok(base) => {
            let before = plan::Base { config: &base.config, variables: &base.variables };
            planning::with_input(loaded, observation, state, args, |input| plan::since(input, &before, told))
                .map_err(|diagnostics| Reported {
                    diagnostics,
                    sources: base.sources,
                    hidden: base.hidden,
                    exit: Exit::Error,
                })
        }
        Err(Failure::Diagnostics(reported)) => Err(*reported),
        Err(other) => return Err(other),
    };
    let found =
        found.map_err(|reported| Reported { diagnostics: of_the_base(&reported.diagnostics), ..reported });
    Ok(Since { dir: dir.display().to_string(), found })
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
