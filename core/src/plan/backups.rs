//! The `backup` blocks, evaluated: from variables and locals alone, without asking anybody.

use std::collections::BTreeMap;

use super::canonical::canonical;
use super::scope::{Known, Secrets};
use super::world::World;
use crate::addr::Name;
use crate::backup::{Backup, External};
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::reduce;
use crate::schema::{Attributes, attribute as find};
use crate::value::Value;

/// The declared backups, by name. What is not known or does not fit is an error.
pub fn backups(config: &Config, variables: &BTreeMap<Name, Value>) -> (Vec<Backup>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let world = World::default();
    let known = Known::new(config, variables, &world, None);
    let mut found = Vec::new();
    for (name, block) in &config.backups {
        let mut values = BTreeMap::new();
        for (attribute, expr) in &block.external {
            let Some(row) = find(External::ATTRIBUTES, attribute) else { continue };
            let mut wrong = Diagnostics::default();
            let reduced = reduce(expr, &known.scope(Secrets::Hidden), &mut wrong);
            let fitting = canonical(row, reduced, &mut wrong);
            let failed = wrong.has_errors() || known.diags.borrow().has_errors();
            diags.extend(wrong);
            let Some(fitting) = fitting else { continue };
            match fitting.value() {
                Some(value) => drop(values.insert(attribute.clone(), value)),
                None if failed => {}
                None => diags.push(
                    Diagnostic::error(
                        Code::StillOpen,
                        format!("`{attribute}` of backup `{name}` must be known from the configuration"),
                        expr.span,
                        "this is a secret or known after apply",
                    )
                    .help(
                        "Use variables that are not sensitive and locals here, not attributes of resources.",
                    ),
                ),
            }
        }
        // What is missing or does not fit has been said.
        if let Ok(external) = External::from_values(values) {
            found.push(Backup { name: name.clone(), datastore: block.of.0.clone(), external });
        }
    }
    diags.extend(known.diags.take());
    (found, diags.sorted())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::provider::Registry;
    use crate::span::SourceMap;

    fn evaluated(external: &str) -> (Vec<Backup>, Diagnostics) {
        let mut sources = SourceMap::default();
        let text = format!(
            "variable \"token\" {{\n sensitive = true\n}}\ndatastore \"d\" {{\n}}\nlocals {{\n  every = rate(\"90m\")\n  broken = rate(\"often\")\n}}\n\
             backup \"b\" {{\n of = datastore.d\n external {{\n{external}\n}}\n}}\n"
        );
        sources.add("main.dr.hcl", text);
        let (config, diags) = config::load(&sources, &Registry { providers: &[] });
        assert!(!diags.has_errors(), "{diags:?}");
        let token = Name::new("token").unwrap();
        backups(&config, &[(token, Value::from("hush"))].into())
    }

    #[test]
    fn locals_are_known_and_null_is_not_set() {
        let (found, diags) = evaluated("schedule = local.every\ntakes = null");
        assert!(diags.is_empty(), "{diags:?}");
        assert_eq!(found[0].external.schedule.to_string(), "rate(1h30m)");
        assert_eq!(found[0].external.takes, None);
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
