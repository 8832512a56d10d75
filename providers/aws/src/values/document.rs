//! A policy document: JSON text of which equal meanings are equal values.

use std::collections::BTreeMap;

use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::value::Value;
use serde_json::Value as Json;

/// Largest policy that S3 takes, in bytes.
const POLICY_BYTES_MAX: usize = 20 * 1024;

/// A JSON document in canonical form: keys sorted, one-element lists as the element, lists without
/// order sorted, accounts as the ARN that AWS stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonDocument(String);

impl JsonDocument {
    /// Reads what the provider stores.
    pub fn observed(text: &str) -> JsonDocument {
        serde_json::from_str(text).map_or_else(|_| JsonDocument(text.to_owned()), |json| canonical(&json))
    }
    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The document.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.0).unwrap_or(Json::Null)
    }
}

impl AttributeType for JsonDocument {
    const TYPE: Type = Type::String("a JSON document");
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let Value::String(text) = value else { return Err(Invalid::wrong_type("a JSON document", &value)) };
        let json: Json =
            serde_json::from_str(&text).map_err(|e| Invalid::new(format!("is not valid JSON: {e}")))?;
        if !json.get("Statement").is_some_and(|s| s.is_array() || s.is_object()) {
            return Err(Invalid::new("must be a policy: a JSON object with `Version` and `Statement`"));
        }
        let document = canonical(&json);
        if document.0.len() > POLICY_BYTES_MAX {
            return Err(Invalid::new(format!(
                "a bucket policy has at most {POLICY_BYTES_MAX} bytes, this one has {}",
                document.0.len()
            )));
        }
        Ok(document)
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

fn canonical(json: &Json) -> JsonDocument {
    let mut document = sorted(json);
    if let Some(statement) = document.get_mut("Statement") {
        if !statement.is_array() {
            *statement = Json::Array(vec![statement.take()]);
        }
        for one in statement.as_array_mut().into_iter().flatten() {
            canonical_statement(one);
        }
    }
    JsonDocument(document.to_string())
}

fn canonical_statement(statement: &mut Json) {
    let Some(fields) = statement.as_object_mut() else { return };
    for (name, value) in fields.iter_mut() {
        match name.as_str() {
            "Action" | "NotAction" | "Resource" | "NotResource" => {
                *value = without_order(value, str::to_owned)
            }
            "Principal" | "NotPrincipal" => canonical_principal(value),
            "Condition" => {
                for operator in value.as_object_mut().into_iter().flat_map(|m| m.values_mut()) {
                    for values in operator.as_object_mut().into_iter().flat_map(|m| m.values_mut()) {
                        *values = without_order(values, str::to_owned);
                    }
                }
            }
            _ => {}
        }
    }
}

/// An account id means its root ARN, and AWS stores the latter.
fn canonical_principal(principal: &mut Json) {
    let Some(kinds) = principal.as_object_mut() else { return };
    for (kind, names) in kinds.iter_mut() {
        let account = |name: &str| match kind.as_str() {
            "AWS" if name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit()) => {
                format!("arn:aws:iam::{name}:root")
            }
            _ => name.to_owned(),
        };
        *names = without_order(names, account);
    }
}

/// Sorts a list of scalars as text and writes a list of one as the one.
fn without_order(value: &Json, rename: impl Fn(&str) -> String) -> Json {
    let text = |v: &Json| match v {
        Json::String(s) => Some(rename(s)),
        Json::Bool(_) | Json::Number(_) => Some(v.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    };
    let items = match value {
        Json::Array(items) => items.iter().map(text).collect::<Option<Vec<_>>>(),
        one => text(one).map(|t| vec![t]),
    };
    let Some(mut items) = items else { return value.clone() };
    items.sort();
    items.dedup();
    match <[String; 1]>::try_from(items) {
        Ok([one]) => Json::String(one),
        Err(items) => Json::Array(items.into_iter().map(Json::String).collect()),
    }
}

fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(map) => {
            let map: BTreeMap<_, _> = map.iter().map(|(k, v)| (k.clone(), sorted(v))).collect();
            Json::Object(map.into_iter().collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(sorted).collect()),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.clone(),
    }
}

/// What the rules ask about the statements of a policy.
impl JsonDocument {
    fn statements(&self) -> Vec<Json> {
        self.json().get("Statement").and_then(Json::as_array).cloned().unwrap_or_default()
    }
    /// How many statements deny something.
    pub fn denials(&self) -> usize {
        self.statements().iter().filter(|s| s.get("Effect").and_then(Json::as_str) == Some("Deny")).count()
    }
    /// Whether some statement lets everybody in, without a condition (S29).
    pub fn opens_to_everybody(&self) -> bool {
        let anybody = |principal: &Json| match principal {
            Json::String(who) => who == "*",
            Json::Object(kinds) => match kinds.get("AWS") {
                Some(Json::Array(many)) => many.iter().any(|who| who == "*"),
                Some(who) => who == "*",
                None => false,
            },
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => false,
        };
        self.statements().iter().any(|s| {
            s.get("Effect").and_then(Json::as_str) == Some("Allow")
                && s.get("Condition").is_none()
                && s.get("Principal").is_some_and(anybody)
        })
    }
    /// Whether some statement denies writes by their remaining retention (S7).
    pub fn has_retention_floor(&self) -> bool {
        self.statements().iter().any(|s| {
            s.get("Effect").and_then(Json::as_str) == Some("Deny")
                && s.get("Condition").is_some_and(|c| {
                    c.to_string().to_ascii_lowercase().contains("s3:object-lock-remaining-retention-days")
                })
        })
    }
    /// Whether it lets the S3 log delivery service write (S11).
    pub fn lets_access_logs_in(&self) -> bool {
        self.statements().iter().any(|s| {
            s.get("Effect").and_then(Json::as_str) == Some("Allow")
                && s.get("Principal").is_some_and(|p| p.to_string().contains("logging.s3.amazonaws.com"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> JsonDocument {
        JsonDocument::from_value(Value::String(text.to_owned())).unwrap()
    }

    #[test]
    fn policies_of_equal_meaning_are_equal() {
        let written = document(
            r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":["123456789012"]},
                "Action":["s3:PutObject","s3:DeleteObject"],"Resource":["arn:aws:s3:::b/*"],
                "Condition":{"Bool":{"aws:SecureTransport":false}}}}"#,
        );
        let stored = JsonDocument::observed(
            r#"{"Statement":[{"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Resource":"arn:aws:s3:::b/*",
                "Action":["s3:DeleteObject","s3:PutObject"],"Principal":{"AWS":"arn:aws:iam::123456789012:root"},
                "Effect":"Deny"}],"Version":"2012-10-17"}"#,
        );
        assert_eq!(written, stored);
    }

    #[test]
    fn policies_of_other_meaning_differ() {
        let of = |action: &str| {
            document(&format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":"*","Action":"{action}"}}]}}"#
            ))
        };
        assert_ne!(of("s3:GetObject"), of("s3:getObject2"));
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        for text in ["", "{", "[]", "{}", "\"x\"", "{\"Statement\":1}"] {
            assert!(JsonDocument::from_value(Value::String(text.to_owned())).is_err(), "{text}");
        }
    }
}
