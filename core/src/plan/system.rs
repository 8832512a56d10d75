//! The blocks that say what the system is, evaluated: from variables and locals alone, without asking
//! anybody.

use std::collections::BTreeMap;

use super::canonical::canonical;
use super::scope::{Known, Secrets};
use super::world::World;
use crate::addr::Name;
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::graph::Graph;
use crate::lang::reduce;
use crate::schema::{Attributes, attribute as find};
use crate::span::Span;
use crate::system::{BlockType, Blocks, Declared, Step, System, Written};
use crate::value::Value;

/// The system that is declared. What is not known or does not fit is an error.
pub fn system(config: &Config, variables: &BTreeMap<Name, Value>) -> (System, Diagnostics) {
    let world = World::default();
    let known = Known::new(config, variables, &world, None);
    let mut evaluation = Evaluation { known: &known, diags: Diagnostics::default() };
    let mut system = System::from_blocks(&mut evaluation);
    let mut diags = evaluation.diags;
    includes(&mut system, &mut diags);
    diags.extend(known.diags.take());
    (system, diags.sorted())
}

/// Reports each circle of procedures that include each other once, and takes its members out.
fn includes(system: &mut System, diags: &mut Diagnostics) {
    loop {
        let edges = system.procedures.iter().flat_map(|(name, procedure)| {
            let included = procedure.is.step.0.iter().filter_map(|s| Some(s.procedure.as_ref()?.0.clone()));
            included.map(move |other| (name.clone(), other))
        });
        let graph = Graph::build(system.procedures.keys().cloned(), edges.collect::<Vec<_>>());
        let Err(circle) = graph.order() else { return };
        let members: Vec<Name> = circle.0;
        let next = members.iter().cycle().skip(1);
        let spans: Vec<(Span, &Name)> = members
            .iter()
            .zip(next)
            .filter_map(|(from, to)| {
                let procedure = system.procedures.get(from)?;
                let includes = |s: &Step| s.procedure.as_ref().is_some_and(|p| p.0 == *to);
                let number = procedure.is.step.0.iter().position(includes)?.to_string();
                Some((procedure.written.at(&["step", &number, "procedure"]), to))
            })
            .collect();
        let names: Vec<String> = members.iter().map(|name| format!("procedure.{name}")).collect();
        let label = |to: &Name| format!("does the steps of procedure.{to}");
        if let Some(((span, to), others)) = spans.split_first() {
            let first = names.first().cloned().unwrap_or_default();
            let found = Diagnostic::error(Code::Cycle, "A procedure includes itself", *span, label(to))
                .help(format!("{} -> {first}", names.join(" -> ")));
            diags.push(others.iter().fold(found, |d, (span, to)| d.label(*span, label(to))));
        }
        system.procedures.retain(|name, _| !members.contains(name));
    }
}

struct Evaluation<'k> {
    known: &'k Known<'k>,
    diags: Diagnostics,
}

impl Blocks for Evaluation<'_> {
    fn all<T: Attributes>(&mut self, block: &'static BlockType) -> BTreeMap<Name, Declared<T>> {
        let Some(written) = self.known.config.declared.get(block.name) else { return BTreeMap::new() };
        let one = |(name, written): (&Name, &Written)| {
            let values = self.values(block, name, written)?;
            match T::from_values(values) {
                Ok(is) => Some((name.clone(), Declared { is, written: written.clone() })),
                Err(wrong) => {
                    let path: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
                    let headline = format!("`{} \"{name}\"` cannot be", block.name);
                    let span = written.at(&path);
                    self.diags.push(Diagnostic::error(Code::InvalidValue, headline, span, wrong.message));
                    None
                }
            }
        };
        written.iter().filter_map(one).collect()
    }
}

impl Evaluation<'_> {
    /// What is set, canonical; none when something could not be evaluated, which has been said.
    fn values(
        &mut self,
        block: &'static BlockType,
        name: &Name,
        written: &Written,
    ) -> Option<BTreeMap<String, Value>> {
        let mut values = BTreeMap::new();
        let mut whole = true;
        for (attribute, expr) in &written.attributes {
            let Some(row) = find(block.attributes, attribute) else { continue };
            let mut wrong = Diagnostics::default();
            let reduced = reduce(expr, &self.known.scope(Secrets::Hidden), &mut wrong);
            let fitting = canonical(row, reduced, &mut wrong);
            let failed = wrong.has_errors() || self.known.diags.borrow().has_errors();
            self.diags.extend(wrong);
            whole &= !failed;
            let Some(fitting) = fitting else { continue };
            match fitting.value() {
                Some(value) => drop(values.insert(attribute.clone(), value)),
                None if failed => {}
                None => {
                    whole = false;
                    let what = format!("`{attribute}` of {} `{name}`", block.name);
                    self.diags.push(still_open(&what, expr.span));
                }
            }
        }
        whole.then_some(values)
    }
}

fn still_open(what: &str, span: crate::span::Span) -> Diagnostic {
    let headline = format!("{what} must be known from the configuration");
    Diagnostic::error(Code::StillOpen, headline, span, "this is a secret or known after apply")
        .help("Use variables that are not sensitive and locals here, not attributes of resources.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::provider::Registry;
    use crate::span::SourceMap;

    fn evaluated(external: &str) -> (Vec<crate::system::Backup>, Diagnostics) {
        let mut sources = SourceMap::default();
        let text = format!(
            "variable \"token\" {{\n sensitive = true\n}}\ndatastore \"d\" {{\n}}\nlocals {{\n  every = rate(\"90m\")\n  broken = rate(\"often\")\n}}\n\
             backup \"b\" {{\n of = datastore.d\n external {{\n{external}\n}}\n}}\n"
        );
        sources.add("main.dr.hcl", text);
        let (config, diags) = config::load(&sources, &Registry { providers: &[] });
        assert!(!diags.has_errors(), "{diags:?}");
        let token = Name::new("token").unwrap();
        let (system, diags) = system(&config, &[(token, Value::from("hush"))].into());
        (system.backups.into_values().map(|b| b.is).collect(), diags)
    }

    #[test]
    fn locals_are_known_and_null_is_not_set() {
        let (found, diags) = evaluated("schedule = local.every\ntakes = null");
        assert!(diags.is_empty(), "{diags:?}");
        assert_eq!(found[0].method().schedules(), "rate(1h30m)");
        assert_eq!(found[0].method().takes, None);
    }

    #[test]
    fn a_secret_does_not_get_into_a_command() {
        let (found, diags) = evaluated("schedule = \"continuous\"\nrestore = [\"restore\", var.token]");
        let codes: Vec<Code> = diags.iter().map(|d| d.code).collect();
        assert_eq!(codes, [Code::StillOpen]);
        assert!(!format!("{found:?}{diags:?}").contains("hush"));
    }

    #[test]
    fn one_mistake_is_told_once() {
        let (found, diags) = evaluated("schedule = local.broken");
        let codes: Vec<Code> = diags.iter().map(|d| d.code).collect();
        assert_eq!((found, codes), (Vec::new(), vec![Code::WrongCall]));
    }
}
