//! `drctl schema`: the JSON Schema of what another command prints. The schemas are the files of
//! `cli/schemas`; what several share stands in `common.schema.json` and is put into each that uses it.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::Value as Json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::ui::Ui;

/// Options of `drctl schema`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Of {
    /// `drctl plan --json` and `drctl show --json`
    Plan,
    /// `drctl recover --json`
    Recovery,
    /// `drctl findings --json`
    Findings,
    /// `drctl matrix --json`, `drctl explain rpo --json` and `drctl explain rto --json`
    Objectives,
    /// `drctl advise --json`
    Advice,
    /// `drctl ready --json`
    Ready,
    /// `drctl scenarios --json`
    Scenarios,
    /// `drctl timeline --json`
    Timeline,
    /// `drctl points --json` and `drctl explain point --json`
    Points,
    /// `drctl graph --json`
    Graph,
    /// `drctl explain cell --json`
    Cell,
    /// `drctl explain rule --json`
    Rule,
    /// `drctl drill --json`
    Drill,
    /// `drctl drill history --json`
    History,
    /// `drctl due --json` and `drctl drill due --json`
    Due,
    /// `drctl backup list --json`
    BackupList,
    /// `drctl backup run --json`
    BackupRun,
    /// `drctl backup verify --json`
    BackupVerify,
    /// `drctl validate --json`
    Validate,
    /// `--format sarif` of `findings`, `plan`, `show` and `validate`: the part of SARIF 2.1.0 that is written
    Sarif,
    /// `drctl recover runs --json`
    Runs,
    /// `drctl recover show RUN --json`
    Run,
    /// `drctl kit build --json`, `drctl kit open --json` and `drctl kit verify --json`
    Kit,
    /// Each line of `drctl apply --json` and of `drctl recover --execute --json`
    Events,
}

/// Prints it.
pub(crate) fn run(args: &Args, ui: &Ui) -> Result<Exit, Failure> {
    ui.print(&format!("{:#}\n", schema(args.of)))?;
    Ok(Exit::Success)
}

/// The schema, with all that it refers to.
pub(crate) fn schema(of: Of) -> Json {
    let text = match of {
        Of::Plan => include_str!("../../schemas/plan.schema.json"),
        Of::Recovery => include_str!("../../schemas/recovery.schema.json"),
        Of::Findings => include_str!("../../schemas/findings.schema.json"),
        Of::Objectives => include_str!("../../schemas/objectives.schema.json"),
        Of::Advice => include_str!("../../schemas/advice.schema.json"),
        Of::Ready => include_str!("../../schemas/ready.schema.json"),
        Of::Scenarios => include_str!("../../schemas/scenarios.schema.json"),
        Of::Timeline => include_str!("../../schemas/timeline.schema.json"),
        Of::Points => include_str!("../../schemas/points.schema.json"),
        Of::Graph => include_str!("../../schemas/graph.schema.json"),
        Of::Cell => include_str!("../../schemas/cell.schema.json"),
        Of::Rule => include_str!("../../schemas/rule.schema.json"),
        Of::Drill => include_str!("../../schemas/drill.schema.json"),
        Of::History => include_str!("../../schemas/history.schema.json"),
        Of::Due => include_str!("../../schemas/due.schema.json"),
        Of::BackupList => include_str!("../../schemas/backup-list.schema.json"),
        Of::BackupRun => include_str!("../../schemas/backup-run.schema.json"),
        Of::BackupVerify => include_str!("../../schemas/backup-verify.schema.json"),
        Of::Validate => include_str!("../../schemas/validate.schema.json"),
        Of::Sarif => include_str!("../../schemas/sarif.schema.json"),
        Of::Runs => include_str!("../../schemas/runs.schema.json"),
        Of::Run => include_str!("../../schemas/run.schema.json"),
        Of::Kit => include_str!("../../schemas/kit.schema.json"),
        Of::Events => include_str!("../../schemas/events.schema.json"),
    };
    let read = |text| serde_json::from_str::<Json>(text).expect("the schemas are JSON: a test reads them");
    let common = read(include_str!("../../schemas/common.schema.json"));
    let mut schema = read(text);
    loop {
        let mut wanted = BTreeSet::new();
        references(&schema, &mut wanted);
        let missing = wanted.iter().find(|name| schema["$defs"].get(name.as_str()).is_none());
        let Some(name) = missing else { return schema };
        schema["$defs"][name] =
            common["$defs"].get(name).cloned().expect("what is referred to is there: a test looks");
    }
}

/// The names of all definitions that are referred to.
fn references(schema: &Json, found: &mut BTreeSet<String>) {
    match schema {
        Json::Object(object) => {
            let to = object.get("$ref").and_then(Json::as_str).and_then(|to| to.strip_prefix("#/$defs/"));
            found.extend(to.map(str::to_owned));
            object.values().for_each(|part| references(part, found));
        }
        Json::Array(all) => all.iter().for_each(|part| references(part, found)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_has_all_that_it_refers_to_and_nothing_else() {
        for of in Of::value_variants() {
            let schema = schema(*of);
            let mut wanted = BTreeSet::new();
            references(&schema, &mut wanted);
            let has: BTreeSet<String> =
                schema["$defs"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
            assert_eq!(has, wanted, "{of:?}");
            assert!(schema["description"].is_string(), "{of:?}");
        }
    }
}
