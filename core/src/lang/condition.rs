//! Expressions of which the text is kept until there is an answer that they are about: `self.rows[0].n > 0`.

use super::env::{Env, Lookup};
use super::expr::{Expr, Reference, Subject};
use super::{access, lower, parse, reduce};
use crate::addr::Name;
use crate::diag::Diagnostics;
use crate::span::FileId;
use crate::value::Value;

/// Whether the condition is true of `of`, which it calls `self`.
///
/// # Errors
/// When it cannot be told: the text is no condition, or what it asks for is not there. In words, without
/// values.
pub fn holds(text: &str, of: &Value) -> Result<bool, String> {
    match told(text, of)? {
        Value::Bool(holds) => Ok(holds),
        _ => Err(format!("`{text}` is neither true nor false")),
    }
}

/// What the text means of `of`, which it calls `self`.
///
/// # Errors
/// When it cannot be told: the text is no expression, or what it asks for is not there. In words, without
/// values.
pub fn told(text: &str, of: &Value) -> Result<Value, String> {
    let parsed = hcl_edit::parser::parse_expr(text).map_err(|e| format!("`{text}`: {}", e.message()))?;
    let body = hcl_edit::structure::Body::new();
    let item = parse::Item { text, base: 0, file: FileId(u32::MAX), body };
    let mut diags = Diagnostics::default();
    let scope: Vec<Name> = vec!["self".parse().expect("`self` is a name")];
    let mut lower = lower::Lower { item: &item, diags: &mut diags, names: lower::Names::Words, scope };
    let lowered = lower.expr(&parsed);
    let judged = reduce(&lowered, &Of(Expr::literal(of.clone(), lowered.span)), &mut diags);
    if let Some(wrong) = diags.iter().next() {
        let label = wrong.labels.first().map(|l| format!(": {}", l.text)).unwrap_or_default();
        return Err(format!("`{text}`: {}{label}", wrong.headline));
    }
    judged.value().ok_or_else(|| format!("`{text}` cannot be told from the answer"))
}

/// An environment in which only `self` is known.
struct Of(Expr);

impl Env for Of {
    fn lookup(&self, reference: &Reference) -> Lookup {
        match &reference.subject {
            Subject::Scoped(name) if name.as_str() == "self" => access::follow(&self.0, &reference.path),
            _ => Lookup::Undeclared { candidates: vec!["self".to_owned()] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_judged_by_the_answer_and_never_guessed() {
        let answer = serde_json::json!({
            "rows": [{ "n": 3, "name": "a" }], "status": 200, "body": "{\"ok\": true}",
        });
        let answer = Value::from_json(&answer).unwrap();
        let cases: [(&str, Result<bool, &str>); 9] = [
            ("self.rows[0].n > 0", Ok(true)),
            ("self.rows[0].n > 3", Ok(false)),
            ("length(self.rows) == 1 && self.rows[0].name == \"a\"", Ok(true)),
            ("strcontains(self.body, \"ok\")", Ok(true)),
            ("jsondecode(self.body).ok", Ok(true)),
            ("self.rows[1].n > 0", Err("`self.rows[1].n > 0`: ")),
            ("self.rows[0].m > 0", Err("`self.rows[0].m > 0`: ")),
            ("self.status", Err("is neither true nor false")),
            ("self.status ==", Err("`self.status ==`: ")),
        ];
        for (text, expected) in cases {
            match (holds(text, &answer), expected) {
                (Ok(is), Ok(wanted)) => assert_eq!(is, wanted, "{text}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{text}: {why}"),
                (got, wanted) => panic!("{text}: {got:?}, not {wanted:?}"),
            }
        }
    }
}
