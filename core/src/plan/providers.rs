//! The `provider` blocks, evaluated: what connections are made from, before anything is observed.

use std::collections::BTreeMap;

use super::canonical::canonical;
use super::scope::{Known, Secrets};
use super::world::World;
use crate::addr::{Name, ProviderAddress};
use crate::codes::Code;
use crate::config::Config;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lang::reduce;
use crate::provider::Registry;
use crate::schema::attribute as find;
use crate::value::Value;

/// The attributes of every `provider` block, known and canonical. What is not known before anything
/// is observed, or does not fit, is an error.
pub fn providers(
    config: &Config,
    variables: &BTreeMap<Name, Value>,
    registry: &Registry,
) -> (BTreeMap<ProviderAddress, BTreeMap<String, Value>>, Diagnostics) {
    let mut diags = Diagnostics::default();
    let world = World::default();
    let known = Known::new(config, variables, &world, None);
    let mut found = BTreeMap::new();
    for (address, block) in &config.providers {
        let Some(entry) = registry.provider(address.name.as_str()) else { continue };
        let mut values = BTreeMap::new();
        for (name, expr) in &block.attributes {
            let Some(row) = find(entry.config, name) else { continue };
            let reduced = reduce(expr, &known.scope(Secrets::Revealed), &mut diags);
            let Some(fitting) = canonical(row, reduced, &mut diags) else { continue };
            let hidden = || reduce(expr, &known.scope(Secrets::Hidden), &mut Diagnostics::default()).value();
            if row.sensitive && hidden().is_some_and(|value| value != Value::Null) {
                let headline = format!("`{name}` is a secret and stands in the open");
                let label = "whoever reads the configuration can read this";
                diags.push(
                    Diagnostic::error(Code::PlainSecret, headline, expr.span, label)
                        .help("Declare a variable with `sensitive = true` and refer to it."),
                );
            }
            match fitting.value() {
                Some(Value::Null) => {}
                Some(value) => drop(values.insert(name.clone(), value)),
                None => diags.push(
                    Diagnostic::error(
                        Code::StillOpen,
                        format!("`{name}` of provider `{address}` must be known before anything is read"),
                        expr.span,
                        "this is known after apply",
                    )
                    .help("Use variables and locals here, not attributes of resources."),
                ),
            }
        }
        found.insert(address.clone(), values);
    }
    diags.extend(known.diags.take());
    (found, diags.sorted())
}
