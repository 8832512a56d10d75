//! The one comparison: a canonical value against what is written, attribute by attribute. A
//! top-level attribute that is not written is left alone; inside of one that is written everything
//! counts, and what is not set there is to be unset.

use std::sync::Arc;

use super::canonical::key_of;
use super::{After, AttributeChange};
use crate::lang::expr::{Expr, ExprKind};
use crate::rule::Timing;
use crate::schema::{Attribute, Role, Type, attribute as find};
use crate::span::Span;
use crate::value::Value;

/// One leaf that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    /// The attribute, then names and labels below it.
    pub(super) path: Vec<String>,
    /// What is.
    pub(super) before: Option<Value>,
    /// What shall be.
    pub(super) after: After,
    /// Where that is written, if it is.
    pub(super) span: Option<Span>,
    /// Whether the leaf must not be shown.
    pub(super) sensitive: bool,
    /// Whether it is a JSON document.
    pub(super) json: bool,
    /// Whether it is fixed at creation.
    pub(super) fixed: bool,
}

impl Leaf {
    /// As a change that takes effect at once.
    pub(super) fn change(self, path: Arc<[String]>, source: Option<super::Source>) -> AttributeChange {
        AttributeChange {
            path,
            before: self.before.map(Box::new),
            after: self.after,
            sensitive: self.sensitive,
            timing: Timing::Immediate,
            json: self.json,
            source,
        }
    }
}

/// What the table says of the place where the comparison stands.
#[derive(Clone, Copy)]
struct Place {
    ty: Type,
    sensitive: bool,
    fixed: bool,
}

/// The leaves in which an attribute differs from what is written.
pub(super) fn diff(attribute: &Attribute, before: Option<&Value>, after: &Expr) -> Vec<Leaf> {
    let mut walk = Walk { path: vec![attribute.name.to_owned()], found: Vec::new() };
    walk.expr(Place::of(attribute), before, after);
    walk.found
}

/// The leaves in which one value of an attribute differs from another; none is not set.
pub(super) fn diff_values(attribute: &Attribute, before: Option<&Value>, after: Option<&Value>) -> Vec<Leaf> {
    let mut walk = Walk { path: vec![attribute.name.to_owned()], found: Vec::new() };
    walk.values(Place::of(attribute), before, after, None);
    walk.found
}

impl Place {
    fn of(attribute: &Attribute) -> Place {
        let (sensitive, fixed) = (attribute.sensitive, attribute.role == Role::Fixed);
        Place { ty: attribute.ty, sensitive, fixed }
    }

    /// One level down; `None` where nothing is compared.
    fn below(self, name: &str) -> Option<Place> {
        match self.ty {
            Type::Object(table) => match find(table, name) {
                Some(row) => match row.role {
                    Role::Option | Role::WriteOnly | Role::Label => None,
                    Role::Managed | Role::Identity | Role::Fixed => {
                        let below = Place::of(row);
                        Some(Place {
                            sensitive: self.sensitive || below.sensitive,
                            fixed: self.fixed || below.fixed,
                            ..below
                        })
                    }
                },
                None => Some(Place { ty: Type::Any, ..self }),
            },
            Type::Map(inner) => Some(Place { ty: *inner, ..self }),
            Type::Any
            | Type::Bool
            | Type::Number
            | Type::String(_)
            | Type::Reference(_)
            | Type::Names
            | Type::Condition(_)
            | Type::Told(_)
            | Type::List(_)
            | Type::Set(_) => Some(Place { ty: Type::Any, ..self }),
        }
    }
}

struct Walk {
    path: Vec<String>,
    found: Vec<Leaf>,
}

impl Walk {
    fn leaf(&mut self, place: Place, before: Option<&Value>, after: After, span: Option<Span>) {
        self.found.push(Leaf {
            path: self.path.clone(),
            before: before.cloned(),
            after,
            span,
            sensitive: place.sensitive,
            json: matches!(place.ty, Type::String(words) if words.contains("JSON")),
            fixed: place.fixed,
        });
    }

    fn expr(&mut self, place: Place, before: Option<&Value>, after: &Expr) {
        let ExprKind::Object(pairs) = &after.kind else {
            return match after.value() {
                Some(value) => self.values(place, before, Some(&value), Some(after.span)),
                None => self.leaf(place, before, After::Open(Box::new(after.clone())), Some(after.span)),
            };
        };
        let keys: Option<Vec<&String>> = pairs.iter().map(|(k, _)| key_of(k)).collect();
        let Some(keys) = keys else {
            return self.leaf(place, before, After::Open(Box::new(after.clone())), Some(after.span));
        };
        if pairs.is_empty() {
            return self.values(place, before, Some(&Value::Object([].into())), Some(after.span));
        }
        let old = match before {
            Some(Value::Object(map)) => Some(map),
            _ => None,
        };
        let mut named: Vec<(&String, Option<&Expr>)> =
            keys.into_iter().zip(pairs.iter().map(|(_, v)| Some(v))).collect();
        if let Some(old) = old {
            let gone: Vec<&String> = old.keys().filter(|k| !named.iter().any(|(n, _)| n == k)).collect();
            named.extend(gone.into_iter().map(|k| (k, None)));
        }
        named.sort_by_key(|(name, _)| *name);
        for (name, value) in named {
            let Some(below) = place.below(name) else { continue };
            let before = old.and_then(|m| m.get(name));
            self.path.push(name.clone());
            match value {
                Some(value) => self.expr(below, before, value),
                None => self.values(below, before, None, Some(after.span)),
            }
            self.path.pop();
        }
    }

    fn values(&mut self, place: Place, before: Option<&Value>, after: Option<&Value>, span: Option<Span>) {
        let before = before.filter(|v| **v != Value::Null);
        let after = after.filter(|v| **v != Value::Null);
        if before == after {
            return;
        }
        let nothing = std::collections::BTreeMap::new();
        let (old, new) = match (before, after) {
            (Some(Value::Object(old)), Some(Value::Object(new))) => (old, new),
            (None, Some(Value::Object(new))) if !new.is_empty() => (&nothing, new),
            (Some(Value::Object(old)), None) if !old.is_empty() => (old, &nothing),
            (_, after) => {
                let after = after.map_or(After::Unset, |v| After::Known(v.clone()));
                return self.leaf(place, before, after, span);
            }
        };
        let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let count = self.found.len();
        for name in names {
            let Some(below) = place.below(name) else { continue };
            self.path.push(name.clone());
            self.values(below, old.get(name), new.get(name), span);
            self.path.pop();
        }
        // A block that only holds what is never compared still appears or disappears.
        if self.found.len() == count && before.is_some() != after.is_some() {
            let after = after.map_or(After::Unset, |v| After::Known(v.clone()));
            self.leaf(place, before, after, span);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::Removal;

    fn row() -> Attribute {
        Attribute {
            name: "any",
            docs: "",
            ty: Type::Any,
            required: false,
            sensitive: false,
            role: Role::Managed,
            canonical: Ok,
            default: || None,
            removal: Removal::Unset,
        }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::btree_set(inner.clone(), 0..4).prop_map(Value::Set),
                prop::collection::btree_map("[a-c]{1,2}", inner, 0..4).prop_map(Value::Object),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(value in values()) {
            prop_assert_eq!(diff_values(&row(), Some(&value), Some(&value)), Vec::new());
            let span = crate::span::Span::new(crate::span::FileId(0), 0, 0);
            prop_assert_eq!(diff(&row(), Some(&value), &Expr::literal(value.clone(), span)), Vec::new());
        }

        #[test]
        fn a_difference_is_the_same_from_both_sides(a in values(), b in values()) {
            let paths = |leaves: Vec<Leaf>| leaves.into_iter().map(|l| l.path).collect::<Vec<_>>();
            let there = paths(diff_values(&row(), Some(&a), Some(&b)));
            prop_assert_eq!(there, paths(diff_values(&row(), Some(&b), Some(&a))));
        }
    }
}
