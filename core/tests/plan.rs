//! The planner against cases as data: `testdata/plan/<case>/` holds a configuration, a cloud, maybe a
//! state, and what the plan must be. `DRCTL_UPDATE=1` rewrites the expectations.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "cases are files, and a test without its case has failed"
)]

mod toy;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use drctl_core::addr::Name;
use drctl_core::config::Config;
use drctl_core::diag::Diagnostics;
use drctl_core::lang::render;
use drctl_core::plan::{
    Acceptance, After, AttributeChange, Base, Input, Observation, Op, Plan, Progress, Selection, World,
    check, expanded, plan, requests, resolve, since,
};
use drctl_core::provider::Observed;
use drctl_core::span::SourceMap;
use drctl_core::state::State;
use drctl_core::value::Value;

/// What can stand in a case's `options.json`.
#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    selection: Option<Selection>,
    accepted: Vec<Acceptance>,
    rules_off: BTreeSet<String>,
}

struct Case {
    sources: SourceMap,
    config: Config,
    diags: Diagnostics,
    variables: BTreeMap<Name, Value>,
    cloud: World,
    state: Option<State>,
    options: Options,
}

impl Case {
    fn new(text: &str, cloud: World, state: Option<State>) -> Case {
        let mut sources = SourceMap::default();
        sources.add("main.dr.hcl", text);
        let (config, diags) = drctl_core::config::load(&sources, &toy::registry());
        let variables = config
            .variables
            .iter()
            .filter_map(|(name, v)| Some((name.clone(), v.default.as_ref()?.value()?)))
            .collect();
        Case { sources, config, diags, variables, cloud, state, options: Options::default() }
    }

    fn read(dir: &Path) -> Case {
        let text = |name: &str| std::fs::read_to_string(dir.join(name)).ok();
        let cloud = text("cloud.json").map(|t| serde_json::from_str(&t).unwrap()).unwrap_or_default();
        let state = text("state.json").map(|t| State::from_json(&t).unwrap());
        let mut case = Case::new(&text("main.dr.hcl").unwrap(), cloud, state);
        case.options = text("options.json").map(|t| serde_json::from_str(&t).unwrap()).unwrap_or_default();
        case
    }

    /// Observes in waves, as the engine does; what the cloud does not have is absent.
    fn world(&self) -> World {
        let mut world = World { places: self.cloud.places.clone(), ..World::default() };
        for _ in 0..10 {
            let found =
                expanded(&self.config, &self.variables, &world, &toy::registry(), self.state.as_ref());
            let open = requests(&found.instances, &world);
            if open.is_empty() {
                return world;
            }
            for request in open {
                let seen = self.cloud.observations.get(&request.address).cloned();
                world.observations.insert(request.address, seen.unwrap_or(Observation::Absent));
            }
        }
        panic!("observing does not end")
    }

    fn plan(&self) -> (Plan, Diagnostics) {
        let (plan, diags) = self.with_input(&self.world(), plan);
        assert_eq!(check(&plan), Vec::<String>::new(), "the plan is sound");
        (plan, diags)
    }

    fn with_input<T>(&self, world: &World, make: impl FnOnce(&Input<'_>) -> T) -> T {
        let nothing = Selection::default();
        make(&Input {
            config: &self.config,
            sources: &self.sources,
            registry: &toy::registry(),
            variables: &self.variables,
            world,
            state: self.state.as_ref(),
            now: "2026-11-21T00:00:00Z".parse().unwrap(),
            spread: drctl_core::spread::in_turn,
            selection: self.options.selection.as_ref().unwrap_or(&nothing),
            accepted: &self.options.accepted,
            rules_off: &self.options.rules_off,
            drctl_version: "0.0.0",
            config_sha256: "0",
        })
    }
}

fn value(value: &Value) -> String {
    value.to_json().to_string()
}

fn attribute(out: &mut String, sign: char, a: &AttributeChange) {
    let before = a.before.as_deref().map_or("-".to_owned(), value);
    let after = match &a.after {
        After::Known(v) => value(v),
        After::Open(e) => format!("known after apply: {}", render(e)),
        After::Unset => "-".to_owned(),
        After::Pending(p) => format!("pending {}", value(&p.value)),
        After::Unobserved(u) => format!("? {:?}", u.class),
        After::ManagedBy(who) => format!("managed by {who}"),
    };
    let line = a.source.as_ref().map(|s| format!("  :{}", s.start.line)).unwrap_or_default();
    let secret = if a.sensitive { " sensitive" } else { "" };
    writeln!(out, "  {sign} {} {before} -> {after}{secret} {:?}{line}", a.path.join("."), a.timing).unwrap();
}

fn show(plan: &Plan, diags: &Diagnostics, sources: &SourceMap) -> String {
    let mut out = String::new();
    for change in &plan.changes {
        writeln!(out, "{:?} {} ({}): {}", change.action, change.address, change.id, change.why).unwrap();
        if let Some(previous) = &change.previous_address {
            writeln!(out, "  moved from {previous}").unwrap();
        }
        change.attributes.iter().for_each(|a| attribute(&mut out, '~', a));
        change.drift.iter().for_each(|a| attribute(&mut out, '!', a));
        for n in &change.notes {
            writeln!(out, "  {} {:?} {:?}: {}", n.fact, n.effect, n.attribute, n.reason).unwrap();
        }
    }
    for step in &plan.steps {
        let needs: Vec<String> = step.needs.iter().map(|n| n.0.to_string()).collect();
        writeln!(out, "step {} {:?} {} after [{}]", step.id.0, step.op, step.address, needs.join(" "))
            .unwrap();
    }
    for (name, output) in &plan.outputs {
        let value = output.value.as_ref().map_or("gone".to_owned(), render);
        writeln!(out, "output {name} = {value}").unwrap();
    }
    for missing in plan.missing_acceptances() {
        writeln!(out, "needs --accept {:?}:{}", missing.kind, missing.address).unwrap();
    }
    for d in diags.iter() {
        writeln!(out, "{:?} {}: {}", d.severity, d.code, d.headline).unwrap();
        for label in &d.labels {
            let line = sources.position(label.span.file, label.span.start).line;
            writeln!(out, "  :{line} {}", label.text).unwrap();
        }
    }
    writeln!(out, "complete {} empty {}", plan.complete, plan.is_empty()).unwrap();
    out
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/plan")
}

#[test]
fn every_case_gives_its_plan() {
    let mut failed = Vec::new();
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(root()).unwrap().map(|d| d.unwrap().path()).collect();
    dirs.sort();
    assert!(dirs.len() > 10, "the cases are found");
    for dir in dirs {
        let case = Case::read(&dir);
        assert!(!case.diags.has_errors(), "{}: {:?}", dir.display(), case.diags);
        let (plan, diags) = case.plan();
        let text = show(&plan, &diags, &case.sources);
        let json = serde_json::to_string(&plan).unwrap();
        assert!(!json.contains("hunter2") && !text.contains("hunter2"), "{}: a secret", dir.display());
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan, "{}: reads back", dir.display());
        assert_eq!(serde_json::to_string(&case.plan().0).unwrap(), json, "{}: same bytes", dir.display());
        let expected = dir.join("plan.txt");
        if std::env::var_os("DRCTL_UPDATE").is_some() {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            failed.push(format!("== {}\n{text}", dir.display()));
        }
    }
    assert!(failed.is_empty(), "DRCTL_UPDATE=1 rewrites\n{}", failed.join("\n"));
}

/// `testdata/plan-base/<case>/`: what changes from `base.dr.hcl` to `main.dr.hcl`, without any cloud.
#[test]
fn every_base_gives_its_comparison() {
    let root = root().join("../plan-base");
    let mut failed = Vec::new();
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|d| d.unwrap().path()).collect();
    dirs.sort();
    assert!(dirs.len() > 5, "the cases are found");
    for dir in dirs {
        let mut case = Case::read(&dir);
        let base =
            Case::new(&std::fs::read_to_string(dir.join("base.dr.hcl")).unwrap(), World::default(), None);
        for loaded in [&case, &base] {
            assert!(!loaded.diags.has_errors(), "{}: {:?}", dir.display(), loaded.diags);
        }
        case.cloud.places.insert("toy".parse().unwrap(), head());
        let world = World { places: case.cloud.places.clone(), ..World::default() };
        let before = Base::Text { config: &base.config, variables: &base.variables };
        let found = case.with_input(&world, |input| since(input, &before, &Diagnostics::default()));
        let text = match &found {
            Ok(found) => {
                let mut text = show(&found.plan, &found.diagnostics, &case.sources);
                for (address, id) in &found.let_go {
                    writeln!(text, "let go {address}: {id}").unwrap();
                }
                let json = serde_json::to_string(&found.plan).unwrap();
                assert!(!json.contains("hunter2"), "{}: a secret", dir.display());
                text
            }
            Err(diags) => {
                let told =
                    diags.iter().map(|d| format!("base: {:?} {}: {}\n", d.severity, d.code, d.headline));
                told.collect()
            }
        };
        assert!(!text.contains("hunter2"), "{}: a secret\n{text}", dir.display());
        let (planned, diags) = base.with_input(&world, plan);
        if !diags.has_errors() {
            let before = Base::Plan(&planned);
            let again = case.with_input(&world, |input| since(input, &before, &Diagnostics::default()));
            let again = again.unwrap();
            let text_again = show(&again.plan, &again.diagnostics, &case.sources);
            let json = serde_json::to_string(&again.plan).unwrap();
            assert!(!json.contains("hunter2"), "{}: a secret", dir.display());
            let found = found.as_ref().unwrap();
            let expected = match dir.ends_with("secret") {
                // A plan holds no secret: one that is written the same is taken for the same.
                true => std::fs::read_to_string(dir.join("from-plan.txt")).unwrap(),
                false => show(&found.plan, &found.diagnostics, &case.sources),
            };
            assert_eq!(text_again, expected, "{}", dir.display());
            assert_eq!(again.let_go, found.let_go, "{}", dir.display());
        }
        let expected = dir.join("plan.txt");
        if std::env::var_os("DRCTL_UPDATE").is_some() {
            std::fs::write(&expected, &text).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != text {
            failed.push(format!("== {}\n{text}", dir.display()));
        }
    }
    assert!(failed.is_empty(), "DRCTL_UPDATE=1 rewrites\n{}", failed.join("\n"));
}

/// Carries the plan out on a copy of the case: as the engine would on a provider that obeys.
fn applied(case: &Case, plan: &Plan) -> Case {
    let registry = toy::registry();
    let mut cloud = case.cloud.clone();
    let mut state = case.state.clone().unwrap_or_else(|| State::new("line"));
    let sensitive = |name: &Name| case.config.variables[name].sensitive;
    let variables: BTreeMap<Name, (Value, bool)> =
        case.variables.iter().map(|(n, v)| (n.clone(), (v.clone(), sensitive(n)))).collect();
    let mut progress =
        Progress { plan, variables: &variables, written: BTreeMap::new(), outputs: BTreeMap::new() };
    for step in &plan.steps {
        let change = plan.change(&step.address).unwrap();
        let kind = registry.kind(step.address.kind.as_str()).unwrap();
        let values = resolve(kind, change, &progress).unwrap();
        let mut outputs = change.observed.as_ref().map(|o| o.outputs.clone()).unwrap_or_default();
        if let Some(previous) = &change.previous_address {
            state.rename(previous, &change.address).unwrap();
        }
        match step.op {
            Op::Forget | Op::Delete => drop(cloud.observations.remove(&step.address)),
            Op::Record => {}
            Op::Create | Op::Update => {
                if step.op == Op::Create {
                    outputs.insert("arn".to_owned(), Value::from(format!("arn:{}", change.id)));
                    outputs.insert("serial".to_owned(), Value::from(format!("serial-{}", change.id)));
                }
                let mut observed = match cloud.observations.get(&step.address) {
                    Some(Observation::Present(observed)) => Observed::clone(observed),
                    _ => Observed {
                        id: change.id.clone(),
                        attributes: BTreeMap::new(),
                        outputs: outputs.clone(),
                        unobserved: BTreeMap::new(),
                        pending: BTreeMap::new(),
                        managed_by: BTreeMap::new(),
                    },
                };
                for name in change.changed() {
                    observed.pending.remove(&name);
                    observed.attributes.remove(&name);
                    let readable = name != "password" && name != "name";
                    observed
                        .attributes
                        .extend(values.get(&name).filter(|_| readable).map(|v| (name, v.clone())));
                }
                cloud.observations.insert(step.address.clone(), Some(observed).into());
            }
        }
        state.record(kind, (step.op, change), &values, &outputs);
        progress.written.insert(step.address.clone(), values);
        progress.outputs.insert(step.address.clone(), outputs);
    }
    assert!(!state.to_json().contains("hunter2"), "a secret in the state");
    Case {
        sources: case.sources.clone(),
        config: case.config.clone(),
        diags: Diagnostics::default(),
        variables: case.variables.clone(),
        cloud,
        state: Some(state),
        options: Options::default(),
    }
}

#[test]
fn what_was_applied_is_not_planned_again() {
    let mut checked = 0;
    for dir in std::fs::read_dir(root()).unwrap().map(|d| d.unwrap().path()) {
        let case = Case::read(&dir);
        let (plan, diags) = case.plan();
        if diags.has_errors() || !plan.complete {
            continue;
        }
        let (again, diags) = applied(&case, &plan).plan();
        let text = show(&again, &diags, &case.sources);
        let refreshes = case.options.selection.is_some_and(|s| s.refresh_only);
        assert!(refreshes || again.is_empty(), "{}\n{text}", dir.display());
        checked += 1;
    }
    assert!(checked > 15, "{checked} cases were applied");
}

#[test]
fn what_is_still_open_at_apply_is_refused() {
    let case = Case::read(&root().join("order"));
    let (plan, _) = case.plan();
    let change = plan.change(&"toy_bucket.a[\"x\"]".parse().unwrap()).unwrap();
    let kind = toy::registry().kind("toy_bucket").unwrap();
    let diags = resolve(kind, change, &drctl_core::lang::Nothing).unwrap_err();
    assert_eq!(diags.iter().map(|d| d.code.id()).collect::<Vec<_>>(), ["DR417"]);
}

#[test]
fn the_digest_does_not_depend_on_time_caller_or_acceptances() {
    let mut case = Case::read(&root().join("weakens"));
    let (plan, _) = case.plan();
    let mut other = plan.clone();
    other.timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    other.providers.values_mut().for_each(|h| h.place.caller = Some("else".to_owned()));
    other.accepted = plan.missing_acceptances();
    assert_eq!(other.digest(), plan.digest());
    assert!(other.missing_acceptances().is_empty());
    case.cloud.observations.clear();
    assert_ne!(case.plan().0.digest(), plan.digest());
}

#[test]
fn ten_thousand_instances_are_planned_without_quadratic_steps() {
    let text = "resource \"toy_bucket\" \"a\" {\n  count = 5000\n  name = \"a-${count.index}\"\n  days = 3\n}\n\
        resource \"toy_bucket\" \"b\" {\n  count = 5000\n  name = \"b-${count.index}\"\n  \
        tags = { of = toy_bucket.a[count.index].arn }\n}\n";
    let mut case = Case::new(text, World::default(), None);
    case.cloud.places.insert("toy".parse().unwrap(), head());
    let (plan, diags) = case.plan();
    assert!(!diags.has_errors(), "{diags:?}");
    assert_eq!((plan.changes.len(), plan.steps.len()), (10_000, 10_000));
    assert!(plan.steps.iter().all(|s| s.needs.len() <= 1), "each needs its own one only");
}

fn head() -> drctl_core::plan::ProviderHead {
    serde_json::from_str(r#"{"account":"1","caller":null,"region":"r1","endpoint":"sim","simulated":true}"#)
        .unwrap()
}
