//! Values of variables from outside: what an opened kit holds, `DRCTL_VAR_x`, then files in their order, then
//! `--var`; the later one stands.

use std::collections::BTreeMap;

use drctl_core::codes::Code;
use drctl_core::config::Config;
use drctl_core::config::variables::{self, Given, GivenValue, Values};
use drctl_core::diag::Diagnostics;
use drctl_core::span::{SourceMap, Span};

use crate::failure::Failure;
use crate::load;
use crate::planning::VariableArgs;
use crate::project::Project;
use crate::ui::Ui;

/// What a variable's environment variable begins with.
const PREFIX: &str = "DRCTL_VAR_";

/// What becomes of values for variables that the configuration does not declare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeclared {
    /// They are errors.
    Refused,
    /// They are left out: they are meant for another configuration.
    LeftOut,
}

/// The values of all variables. Files are added to the sources; ranges of them that hold secrets to
/// the hidden ones.
pub(crate) fn resolve(
    config: &Config,
    (sources, hidden): (&mut SourceMap, &mut Vec<Span>),
    (args, undeclared): (&VariableArgs, Undeclared),
    project: &Project,
    ui: &Ui,
) -> Result<(Values, Diagnostics), Failure> {
    let mut diagnostics = Diagnostics::default();
    let mut given = BTreeMap::new();
    let kept = project.kit_values();
    if let Some(path) = &kept {
        let name = path.display().to_string();
        let text = load::text(path, &name, load::MAX_FILE_BYTES).map_err(|d| Failure::from(*d))?;
        let file = sources.add(name, text);
        let (values, found) = variables::file(sources, file);
        diagnostics.extend(found);
        given.extend(values);
    }
    for (variable, text) in &ui.env {
        if let Some(name) = variable.strip_prefix(PREFIX) {
            given.insert(name.to_owned(), from_text(text, variable));
        }
    }
    for path in &args.var_file {
        let name = path.display().to_string();
        let text = match load::text(&project.here.join(path), &name, load::MAX_FILE_BYTES) {
            Ok(text) => text,
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                continue;
            }
        };
        let file = sources.add(name, text);
        let (values, found) = variables::file(sources, file);
        for (name, value) in &values {
            let secret = config.variables.iter().any(|(n, v)| n.as_str() == name && v.sensitive);
            hidden.extend(value.span.filter(|_| secret));
        }
        diagnostics.extend(found);
        given.extend(values);
    }
    for text in &args.var {
        let (name, value) = text.split_once('=').ok_or_else(|| {
            let headline = "`--var` needs a name, `=` and a value";
            Failure::new(Code::BadArgument, headline, "Write it as `--var name=value`.")
        })?;
        given.insert(name.trim().to_owned(), from_text(value, "--var"));
    }
    if undeclared == Undeclared::LeftOut {
        given.retain(|name, _| config.variables.keys().any(|n| n.as_str() == name));
    }
    // Secrets are in no kit: what needs one is not known there.
    let resolve = if kept.is_some() { variables::resolve_without_secrets } else { variables::resolve };
    let (values, found) = resolve(config, &given);
    diagnostics.extend(found);
    Ok((values, diagnostics))
}

fn from_text(text: &str, source: &str) -> GivenValue {
    GivenValue { value: Given::Text(text.to_owned()), source: source.to_owned(), span: None }
}
