//! No function panics or takes long, whatever it is called with; and types convert as documented.
#![expect(clippy::unwrap_used, reason = "tests")]

use drctl_core::lang::functions::{self, Kind};
use drctl_core::lang::types::{TypeConstraint, convert, unify};
use drctl_core::span::FileId;
use drctl_core::value::Value;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (-3_i64..40).prop_map(Value::from),
        prop::sample::select(vec!["1e4000", "-1e-4000", "0.5", "-12345678901234567890.5", "9e3000"])
            .prop_map(|n: &str| Value::Number(n.parse().unwrap())),
        any::<String>().prop_map(Value::String),
        "[%\\[\\]0-9.+#a-z/\\\\()*?{}<>$:Q-]{0,12}".prop_map(Value::String),
        prop::sample::select(vec![
            "🤷‍♂️é",
            "%4096.4096e",
            "%g%x%q",
            "/(a*)*$/",
            "{\"a\":[1]}",
            "2024-01-01T00:00:00Z"
        ])
        .prop_map(|text: &str| Value::from(text)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
            prop::collection::btree_set(inner.clone(), 0..6).prop_map(Value::Set),
            prop::collection::btree_map("[a-c]{1,2}", inner, 0..6).prop_map(Value::Object),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn functions_are_total(args in prop::collection::vec(value(), 0..4)) {
        for function in functions::all() {
            let outcome = function.call(&args);
            prop_assert!(matches!(function.kind, Kind::Plain(_)) || outcome.is_err());
        }
    }

    #[test]
    fn unified_values_stay_unified(values in prop::collection::vec(value(), 0..5)) {
        if let Some(once) = unify(values) {
            prop_assert_eq!(unify(once.clone()), Some(once));
        }
    }
}

fn ty(text: &str) -> TypeConstraint {
    TypeConstraint::from_hcl(&text.parse().unwrap(), FileId(0)).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn types_are_written_as_they_are_read() {
    for text in [
        "any",
        "list(map(set(string)))",
        "tuple([string, number, bool])",
        "object({})",
        r#"object({ a = string, b = optional(number), c = optional(list(string), ["x", "y"]) })"#,
        r#"object({ a = optional(object({ b = optional(string, "$${x}") }), {}) })"#,
    ] {
        let once = ty(text).to_string();
        assert_eq!(ty(&once), ty(text), "{text}");
    }
    assert_eq!(ty("object({a=optional(number,\"1\")})").to_string(), "object({ a = optional(number, 1) })");
}

#[test]
fn what_is_no_type_is_pointed_at() {
    for (text, label) in [
        ("strin", "there is no type `strin`"),
        ("list", "`list` needs the type of its elements: `list(any)`"),
        ("\"string\"", "types are written without quotes"),
        ("list(string, number)", "`list` takes one argument"),
        ("optional(string)", "`optional` is only for attributes of an object"),
        ("object({a = 1})", "this is no type"),
        (
            "object({a = optional(number, \"x\")})",
            "the default does not fit its type: expected a number, found a string that is not a decimal number",
        ),
        ("object({a = optional(string, var.x)})", "a default must be a literal"),
        ("string()", "`string` takes no arguments"),
        ("null", "this is no type"),
    ] {
        let error = TypeConstraint::from_hcl(&text.parse().unwrap(), FileId(0)).unwrap_err();
        assert_eq!(error.labels[0].text, label, "{text}");
    }
}

#[test]
fn values_are_converted() {
    for (value, to, expected) in [
        ("1", "string", "\"1\""),
        ("\"1.50\"", "number", "1.5"),
        ("\"true\"", "bool", "true"),
        ("null", "number", "null"),
        ("[1, \"a\", null]", "list(string)", "[\"1\", \"a\", null]"),
        ("[1, \"a\"]", "list(any)", "[\"1\", \"a\"]"),
        ("[2, 1, 2]", "set(number)", "{\"$set\": [1, 2]}"),
        ("{\"a\": 1}", "map(string)", "{\"a\": \"1\"}"),
        ("[1, true]", "tuple([string, bool])", "[\"1\", true]"),
        (
            "{\"a\": 1, \"z\": 2}",
            "object({ a = string, b = optional(number) })",
            "{\"a\": \"1\", \"b\": null}",
        ),
        ("{\"a\": null}", "object({ a = optional(string, \"x\") })", "{\"a\": \"x\"}"),
        ("{}", "object({ a = optional(object({ b = optional(number, 3) }), {}) })", "{\"a\": {\"b\": 3}}"),
        ("{\"a\": null}", "object({ a = string })", "{\"a\": null}"),
    ] {
        assert_eq!(convert(json(value), &ty(to)), Ok(json(expected)), "{value} to {to}");
    }
}

#[test]
fn what_does_not_fit_is_located_and_not_quoted() {
    for (value, to, message) in [
        (
            "[{\"a\": {\"k\": \"secret\"}}]",
            "list(object({ a = map(number) }))",
            "[0].a[\"k\"]: expected a number, found a string that is not a decimal number",
        ),
        ("{}", "object({ a = string })", "attribute `a` is required"),
        ("[1]", "tuple([string, bool])", "expected a tuple of 2 elements, found 1"),
        ("{\"a\": 1}", "list(any)", "expected a list, found an object"),
        ("[1, [2]]", "list(any)", "all elements must be of one type"),
    ] {
        assert_eq!(convert(json(value), &ty(to)).unwrap_err().to_string(), message, "{value} to {to}");
    }
}

#[test]
fn well_known_names_that_are_not_here_say_why() {
    for name in ["timestamp", "uuid"] {
        assert!(functions::lookup(name).is_none() && functions::refused(name).is_some());
    }
    assert!(functions::all().is_sorted_by(|a, b| a.name < b.name));
    assert!(functions::all().iter().all(|f| functions::refused(f.name).is_none()));
}

#[test]
fn the_reference_tells_how_to_call_each_function() {
    let text = functions::reference();
    assert!(text.contains("`lookup(object, key, [default])`"));
    assert!(text.contains("- `lists`: a list of strings, any number of them\n"));
    assert_eq!(text.matches("\n## ").count(), functions::all().len());
}
