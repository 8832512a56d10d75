//! As much of JSON Schema as `cli/schemas` uses, to hold the renderers to what they promise.

use serde_json::Value as Json;

/// Where and how a document breaks its schema.
pub(crate) fn check(schema: &Json, document: &Json) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(schema, schema, document, "$", &mut wrong);
    wrong
}

fn walk(root: &Json, schema: &Json, document: &Json, at: &str, wrong: &mut Vec<String>) {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.strip_prefix("#/$defs/").expect("only local references");
        let found = &root["$defs"][name];
        assert!(found.is_object(), "no such definition: {target}");
        return walk(root, found, document, at, wrong);
    }
    if let Some(expected) = schema.get("const")
        && expected != document
    {
        wrong.push(format!("{at}: is not {expected}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(document)
    {
        wrong.push(format!("{at}: {document} is not allowed"));
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one.as_str()],
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.iter().any(|t| is_a(document, t)) {
        wrong.push(format!("{at}: is no {}", types.join(" or ")));
    }
    if let Json::Array(items) = document
        && let Some(of) = schema.get("items")
    {
        for (i, item) in items.iter().enumerate() {
            walk(root, of, item, &format!("{at}[{i}]"), wrong);
        }
    }
    let Json::Object(object) = document else { return };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
        if !object.contains_key(name) {
            wrong.push(format!("{at}: `{name}` is missing"));
        }
    }
    for (name, value) in object {
        let at = format!("{at}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(of), _) => walk(root, of, value, &at, wrong),
            (None, Some(Json::Bool(false))) => wrong.push(format!("{at}: is not in the schema")),
            (None, Some(of @ Json::Object(_))) => walk(root, of, value, &at, wrong),
            (None, _) => {}
        }
    }
}

fn is_a(document: &Json, name: &str) -> bool {
    match name {
        "object" => document.is_object(),
        "array" => document.is_array(),
        "string" => document.is_string(),
        "boolean" => document.is_boolean(),
        "null" => document.is_null(),
        "integer" => document.is_i64() || document.is_u64(),
        other => panic!("unknown type {other}"),
    }
}
