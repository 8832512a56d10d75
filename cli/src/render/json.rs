//! A plan for programs: Terraform's skeleton, so that existing policies and viewers work, and what
//! only drctl knows under keys of its own. See `cli/schemas/plan.schema.json`.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use drctl_core::addr::{Address, InstanceKey};
use drctl_core::findings::Checked;
use drctl_core::lang::expr::{Expr, ExprKind};
use drctl_core::plan::{Action, After, AttributeChange, OutputChange, ResourceChange};
use drctl_core::rule::{Effect, Note};
use drctl_core::value::Value;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value as Json, json};

use super::text::last_seen_json;
use super::value;
use super::view::{View, acceptance, acts, is_done, verb};

/// Version of this format: the first number grows when a reader must change, the second when
/// something is added.
const FORMAT_VERSION: &str = "1.0";

/// The whole plan. Its parts are made while they are written: no more than one resource is held as JSON
/// at a time, however large the plan is.
pub(crate) struct PlanJson<'v>(pub(crate) &'v View<'v>);

impl Serialize for PlanJson<'_> {
    /// Keys stand in alphabetical order here, as they do in all JSON of this program.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let PlanJson(view) = *self;
        let plan = view.plan;
        let outputs: BTreeMap<&String, Json> =
            plan.outputs.iter().map(|(name, o)| (name, output_change(o))).collect();
        let mut all = serializer.serialize_map(None)?;
        all.serialize_entry("applyable", &plan.changes.iter().any(is_done))?;
        all.serialize_entry("checks", &plan.checks.iter().map(check).collect::<Vec<_>>())?;
        all.serialize_entry("complete", &plan.complete)?;
        all.serialize_entry("config_sha256", &plan.config_sha256)?;
        all.serialize_entry("configuration", &json!({ "provider_config": provider_config(view) }))?;
        all.serialize_entry("drctl", &whole(view))?;
        all.serialize_entry("drctl_version", &plan.drctl_version)?;
        all.serialize_entry("errored", &false)?;
        all.serialize_entry("findings", &Each(|| findings(view)))?;
        all.serialize_entry("format_version", FORMAT_VERSION)?;
        all.serialize_entry("objectives", &super::objectives::json(&plan.objectives))?;
        all.serialize_entry("output_changes", &outputs)?;
        let planned = BTreeMap::from([("resources", Each(|| planned_values(view)))]);
        all.serialize_entry("planned_values", &BTreeMap::from([("root_module", planned)]))?;
        all.serialize_entry("prior_state", &PriorState(view))?;
        all.serialize_entry("relevant_attributes", &json!([]))?;
        let changes = || plan.changes.iter().map(|c| resource_change(view, c));
        all.serialize_entry("resource_changes", &Each(changes))?;
        let drift = || plan.changes.iter().filter(|c| !c.drift.is_empty()).map(resource_drift);
        all.serialize_entry("resource_drift", &Each(drift))?;
        all.serialize_entry("state", &json!(plan.state))?;
        all.serialize_entry("timestamp", &plan.timestamp)?;
        all.serialize_entry("unobserved", &unobserved(view))?;
        all.end()
    }
}

/// A list whose items are made while it is written: a second thread is a few ahead of the writing.
struct Each<F>(F);

/// How many items are held at most.
const AHEAD: usize = 32;

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I + Sync,
    I: Iterator<Item = Json>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (sender, made) = mpsc::sync_channel(AHEAD);
        thread::scope(|scope| {
            // Who writes has gone away when an item cannot be sent.
            let make = move || (self.0)().try_for_each(|item| sender.send(item)).unwrap_or_default();
            let thread = thread::Builder::new().stack_size(crate::STACK_BYTES);
            match thread.spawn_scoped(scope, make) {
                Ok(_thread) => serializer.collect_seq(made),
                Err(_none) => serializer.collect_seq((self.0)()),
            }
        })
    }
}

/// A `check` block in the shape that Terraform gives it.
fn check(checked: &Checked) -> Json {
    let Checked { name, holds, message } = checked;
    let (address, status) = (format!("check.{name}"), if *holds { "pass" } else { "fail" });
    let problems: Vec<Json> = if *holds { Vec::new() } else { vec![json!({ "message": message })] };
    json!({
        "address": { "kind": "check", "name": name, "to_display": address },
        "status": status,
        "instances": [{ "address": { "to_display": address }, "status": status, "problems": problems }],
    })
}

/// What was observed.
struct PriorState<'v>(&'v View<'v>);

impl Serialize for PriorState<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let resources = BTreeMap::from([("resources", Each(|| prior_values(self.0)))]);
        let mut state = serializer.serialize_map(None)?;
        state.serialize_entry("format_version", FORMAT_VERSION)?;
        state.serialize_entry("values", &BTreeMap::from([("root_module", resources)]))?;
        state.end()
    }
}

/// What only drctl knows of the whole.
fn whole(view: &View<'_>) -> Json {
    let plan = view.plan;
    let mut json = json!({
        "sha256": view.digest(),
        "simulated": view.simulated(),
        "providers": plan.providers,
        "selection": plan.selection,
        "accepted": plan.accepted.iter().map(acceptance).collect::<Vec<_>>(),
        "missing_acceptances": view.missing.iter().map(acceptance).collect::<Vec<_>>(),
        "steps": plan.steps,
    });
    if let Some(seen) = plan.last_seen {
        json["last_seen"] = last_seen_json(seen, plan.timestamp);
    }
    json
}

/// An object of parts that are already made: `json!` would copy each of them.
fn object<const N: usize>(parts: [(&str, Json); N]) -> Json {
    Json::Object(parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect())
}

fn provider_config(view: &View<'_>) -> Json {
    let providers = view.plan.providers.iter().map(|(address, head)| {
        let config = json!({
            "name": address.name,
            "alias": address.alias,
            "region": head.place.region,
            "endpoint": head.place.endpoint,
        });
        (address.to_string(), config)
    });
    Json::Object(providers.collect())
}

/// Address, type, name and index, as Terraform writes them.
fn identity(change: &ResourceChange) -> Map<String, Json> {
    let Address { module, kind, name, key } = &change.address;
    let mut object = Map::new();
    object.insert("address".to_owned(), json!(change.address));
    if !module.0.is_empty() {
        object.insert("module_address".to_owned(), json!(module.to_string()));
    }
    if let Some(previous) = &change.previous_address {
        object.insert("previous_address".to_owned(), json!(previous));
    }
    object.insert("mode".to_owned(), json!("managed"));
    object.insert("type".to_owned(), json!(kind));
    object.insert("name".to_owned(), json!(name));
    match key {
        Some(InstanceKey::Index(index)) => object.insert("index".to_owned(), json!(index)),
        Some(InstanceKey::Each(key)) => object.insert("index".to_owned(), json!(key)),
        None => None,
    };
    object.insert("provider_name".to_owned(), json!(change.provider));
    object
}

pub(crate) fn resource_change(view: &View<'_>, change: &ResourceChange) -> Json {
    let sides = Sides::of(view, change);
    let exists_after = !matches!(change.action, Action::Forget | Action::Delete);
    let mut detail = object([
        ("actions", json!(actions(change))),
        ("before", if change.observed.is_some() { Json::Object(sides.before) } else { Json::Null }),
        ("after", if exists_after { Json::Object(sides.after) } else { Json::Null }),
        ("after_unknown", Json::Object(sides.unknown)),
        ("before_sensitive", Json::Object(sides.before_sensitive)),
        ("after_sensitive", Json::Object(sides.after_sensitive)),
    ]);
    if change.action == Action::Adopt {
        detail["importing"] = json!({ "id": change.id });
    }
    let mut object = identity(change);
    object.insert("change".to_owned(), detail);
    object.insert("drctl".to_owned(), drctl(view, change));
    Json::Object(object)
}

fn actions(change: &ResourceChange) -> &'static [&'static str] {
    match change.action {
        Action::Create => &["create"],
        Action::Update => &["update"],
        Action::Adopt if !change.attributes.is_empty() => &["update"],
        Action::Adopt | Action::Keep | Action::Unobserved => &["no-op"],
        Action::Forget => &["forget"],
        Action::Delete => &["delete"],
    }
}

/// What only drctl knows of a change.
fn drctl(view: &View<'_>, change: &ResourceChange) -> Json {
    let has = |effect| acts(change.action) && change.notes.iter().any(|n| n.effect == effect);
    let lets_go = matches!(change.action, Action::Forget | Action::Delete);
    let protection = match change.action {
        Action::Unobserved => "unobserved",
        _ if has(Effect::Weakens) || lets_go => "weakens",
        _ if has(Effect::Strengthens) => "strengthens",
        _ => "neutral",
    };
    let mut facts: Vec<&str> = change.notes.iter().map(|n| &*n.fact.0).collect();
    facts.sort_unstable();
    facts.dedup();
    let missing: Vec<String> = view.missing_of(&change.address).map(acceptance).collect();
    object([
        ("action", json!(verb(change.action))),
        ("why", json!(change.why)),
        ("id", json!(change.id)),
        ("protection", json!(protection)),
        ("irreversible", json!(has(Effect::Irreversible) || change.action == Action::Delete)),
        ("outage", json!(has(Effect::Outage))),
        ("attributes", change.attributes.iter().map(attribute).collect()),
        ("facts", json!(facts)),
        ("reasons", json!(change.notes)),
        ("needs_accept", json!(missing)),
        ("observed_sha256", json!(change.observed_sha256)),
        ("unobserved", json!(change.unobserved)),
        ("source", json!(change.source)),
    ])
}

fn attribute(attribute: &AttributeChange) -> Json {
    let AttributeChange { path, before, after, sensitive, timing, json: _, source } = attribute;
    let mut object = json!({
        "path": path,
        "name": value::path(path),
        "timing": timing,
        "sensitive": sensitive,
        "source": source,
    });
    if *sensitive {
        return object;
    }
    object["before"] = before.as_deref().map_or(Json::Null, Value::to_json);
    match after {
        After::Known(value) => object["after"] = value.to_json(),
        After::Unset => object["after"] = Json::Null,
        After::Open(expr) => object["after_unknown"] = json!(value::open(expr)),
        After::Pending(pending) => {
            object["after"] = pending.value.to_json();
            object["pending"] = json!(pending.timing);
        }
        After::Unobserved(why) => object["unobserved"] = json!(why),
        After::ManagedBy(owner) => object["managed_by"] = json!(owner),
    }
    object
}

/// Before and after, attribute by attribute, without anything that must not be shown.
#[derive(Default)]
struct Sides {
    before: Map<String, Json>,
    after: Map<String, Json>,
    unknown: Map<String, Json>,
    before_sensitive: Map<String, Json>,
    after_sensitive: Map<String, Json>,
}

impl Sides {
    fn of(view: &View<'_>, change: &ResourceChange) -> Sides {
        let kind = view.registry.kind(change.address.kind.as_str());
        let secret = |name: &str| {
            kind.is_some_and(|k| k.inputs().iter().chain(k.outputs()).any(|a| a.name == name && a.sensitive))
                || change.attributes.iter().any(|a| a.sensitive && a.path.first().is_some_and(|p| p == name))
        };
        let mut sides = Sides::default();
        let empty = BTreeMap::new();
        let (attributes, outputs) =
            change.observed.as_ref().map_or((&empty, &empty), |o| (&o.attributes, &o.outputs));
        for (name, value) in attributes.iter().chain(outputs) {
            if secret(name) {
                sides.before_sensitive.insert(name.clone(), json!(true));
                sides.after_sensitive.insert(name.clone(), json!(true));
                continue;
            }
            sides.before.insert(name.clone(), value.to_json());
            sides.after.insert(name.clone(), value.to_json());
        }
        for (name, expr) in &change.desired {
            sides.after.remove(name);
            if secret(name) {
                sides.after_sensitive.insert(name.clone(), json!(true));
                continue;
            }
            let parts = Parts::of(expr);
            sides.after.insert(name.clone(), parts.value);
            sides.unknown.extend(parts.unknown.map(|u| (name.clone(), u)));
            sides.after_sensitive.extend(parts.sensitive.map(|s| (name.clone(), s)));
        }
        if change.action == Action::Create
            && let Some(kind) = kind
        {
            for output in kind.outputs().iter().filter(|o| !change.desired.contains_key(o.name)) {
                sides.unknown.insert(output.name.to_owned(), json!(true));
            }
        }
        sides
    }
}

/// An expression as Terraform writes it: the known part, a tree that marks what is not known, and
/// one that marks what must not be shown.
struct Parts {
    value: Json,
    unknown: Option<Json>,
    sensitive: Option<Json>,
}

impl Parts {
    fn of(expr: &Expr) -> Parts {
        if expr.sensitive {
            return Parts { value: Json::Null, unknown: None, sensitive: Some(json!(true)) };
        }
        match &expr.kind {
            ExprKind::Literal(value) => Parts { value: value.to_json(), unknown: None, sensitive: None },
            ExprKind::List(items) => {
                let parts: Vec<Parts> = items.iter().map(Parts::of).collect();
                let marks = |mark: fn(&Parts) -> &Option<Json>| {
                    let any = parts.iter().any(|p| mark(p).is_some());
                    any.then(|| parts.iter().map(|p| mark(p).clone().unwrap_or(json!(false))).collect())
                };
                Parts {
                    unknown: marks(|p| &p.unknown),
                    sensitive: marks(|p| &p.sensitive),
                    value: parts.iter().map(|p| p.value.clone()).collect(),
                }
            }
            ExprKind::Object(pairs) if pairs.iter().all(|(k, _)| k.value().is_some()) => {
                let (mut value, mut unknown, mut sensitive) = (Map::new(), Map::new(), Map::new());
                for (key, item) in pairs {
                    let Some(Value::String(key)) = key.value() else { continue };
                    let parts = Parts::of(item);
                    unknown.extend(parts.unknown.map(|u| (key.clone(), u)));
                    sensitive.extend(parts.sensitive.map(|s| (key.clone(), s)));
                    value.insert(key, parts.value);
                }
                let some = |map: Map<String, Json>| (!map.is_empty()).then_some(Json::Object(map));
                Parts { value: Json::Object(value), unknown: some(unknown), sensitive: some(sensitive) }
            }
            _ if expr.any_sensitive() => {
                Parts { value: Json::Null, unknown: Some(json!(true)), sensitive: Some(json!(true)) }
            }
            _ => Parts { value: Json::Null, unknown: Some(json!(true)), sensitive: None },
        }
    }
}

fn resource_drift(change: &ResourceChange) -> Json {
    let mut object = identity(change);
    object.insert("change".to_owned(), json!({ "actions": ["update"] }));
    let drift = change.drift.iter().map(attribute).collect();
    object.insert("drctl".to_owned(), self::object([("attributes", drift)]));
    Json::Object(object)
}

fn output_change(output: &OutputChange) -> Json {
    let sensitive = output.is_sensitive();
    let after = output.value.as_ref().and_then(Expr::value);
    let action = match (&output.before, output.before_sensitive) {
        _ if output.value.is_none() => "delete",
        _ if !output.differs() => "no-op",
        (None, false) => "create",
        (Some(_), _) | (None, true) => "update",
    };
    let shown = |value: Option<&Value>| match value {
        Some(value) if !sensitive => value.to_json(),
        Some(_) | None => Json::Null,
    };
    json!({
        "actions": [action],
        "before": shown(output.before.as_ref()),
        "after": shown(after.as_ref()),
        "after_unknown": output.value.is_some() && after.is_none(),
        "before_sensitive": output.before_sensitive || sensitive,
        "after_sensitive": output.value.is_some() && sensitive,
    })
}

fn resource_values(change: &ResourceChange, values: Map<String, Json>, sensitive: Map<String, Json>) -> Json {
    let mut object = identity(change);
    object.insert("schema_version".to_owned(), json!(0));
    object.insert("values".to_owned(), Json::Object(values));
    object.insert("sensitive_values".to_owned(), Json::Object(sensitive));
    Json::Object(object)
}

fn planned_values<'v>(view: &'v View<'v>) -> impl Iterator<Item = Json> + 'v {
    let stays = |c: &&ResourceChange| !matches!(c.action, Action::Forget | Action::Delete);
    let values = move |c: &ResourceChange| {
        let sides = Sides::of(view, c);
        resource_values(c, sides.after, sides.after_sensitive)
    };
    view.plan.changes.iter().filter(stays).map(values)
}

fn prior_values<'v>(view: &'v View<'v>) -> impl Iterator<Item = Json> + 'v {
    let values = move |c: &ResourceChange| {
        let sides = Sides::of(view, c);
        resource_values(c, sides.before, sides.before_sensitive)
    };
    view.plan.changes.iter().filter(|c| c.observed.is_some()).map(values)
}

/// Everything that could not be observed: whole resources and single attributes.
fn unobserved(view: &View<'_>) -> Vec<Json> {
    let mut found = Vec::new();
    for change in &view.plan.changes {
        if let Some(why) = &change.unobserved {
            found.push(json!({
                "address": change.address, "error_class": why.class, "message": why.message,
            }));
        }
        for attribute in &change.attributes {
            if let After::Unobserved(why) = &attribute.after {
                found.push(json!({
                    "address": change.address, "attribute": value::path(&attribute.path),
                    "error_class": why.class, "message": why.message,
                }));
            }
        }
    }
    found
}

/// How bad a note is, in the words of findings; none for what is only good to know.
pub(crate) fn severity(note: &Note) -> Option<&'static str> {
    match note.effect {
        Effect::Refuse => Some("error"),
        Effect::Irreversible | Effect::Weakens | Effect::Outage | Effect::Warn => Some("warning"),
        Effect::Strengthens | Effect::Inform => None,
    }
}

/// What rules have to say: of the resources, then of the declared system.
fn findings<'v>(view: &'v View<'v>) -> impl Iterator<Item = Json> + 'v {
    let notes = view.plan.changes.iter().flat_map(|change| change.notes.iter().map(move |n| (change, n)));
    let noted = notes.filter_map(|(change, note)| {
        Some(json!({
            "rule": note.fact, "name": null, "severity": severity(note)?, "summary": note.reason, "detail": "",
            "address": change.address, "attribute": note.attribute, "range": change.source,
            "facts": [note.fact], "fix": note.help, "waiver": null,
        }))
    });
    noted.chain(view.plan.findings.iter().map(super::findings::object))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::schema::{Of, schema};
    use crate::render::sample;

    #[test]
    fn a_plan_has_terraforms_skeleton_and_no_secret() {
        let plan = sample::plan();
        let json = json!(PlanJson(&sample::view(&plan)));
        assert!(!json.to_string().contains("hunter2"));
        let change = |address: &str| {
            let all = json["resource_changes"].as_array().unwrap();
            all.iter().find(|c| c["address"] == address).unwrap().clone()
        };
        let main = change("aws_db_instance.main");
        assert_eq!(main["change"]["actions"], json!(["update"]));
        assert_eq!(main["change"]["importing"], json!({ "id": "main" }));
        assert_eq!(main["change"]["before"]["backup_retention_period"], json!(14));
        assert_eq!(main["change"]["after"]["backup_retention_period"], json!(3));
        assert_eq!(main["change"]["before_sensitive"], json!({ "master_user_password": true }));
        assert_eq!(main["drctl"]["protection"], "weakens");
        assert_eq!(main["drctl"]["needs_accept"], json!(["weakens:aws_db_instance.main"]));
        let bucket = change("aws_s3_bucket.invoices[\"eu\"]");
        assert_eq!(bucket["index"], "eu");
        assert_eq!(bucket["change"]["after_unknown"], json!({ "replication": { "destination": true } }));
        assert_eq!(bucket["drctl"]["irreversible"], true);
        assert_eq!(change("aws_s3_bucket.old")["change"]["actions"], json!(["forget"]));
        assert_eq!(change("aws_s3_bucket.audit")["drctl"]["protection"], "unobserved");
        assert_eq!(json["unobserved"][0]["error_class"], "denied");
    }

    #[test]
    fn a_plan_keeps_to_its_schema() {
        let schema = schema(Of::Plan);
        let plan = sample::plan();
        let json = json!(PlanJson(&sample::view(&plan)));
        assert_eq!(crate::render::schema_check::check(&schema, &json), Vec::<String>::new());
        let wrong = json!({ "format_version": 1, "extra": 0 });
        let found = crate::render::schema_check::check(&schema, &wrong);
        assert!(found.contains(&"$.format_version: is no string".to_owned()), "{found:?}");
        assert!(found.contains(&"$.extra: is not in the schema".to_owned()), "{found:?}");
    }
}
