//! What a reference means: the environment that an expression is reduced in.

use crate::lang::expr::{Expr, Reference};
use crate::value::Value;

/// Answers references. Validate, plan and apply differ only in this.
pub trait Env {
    /// What the reference means, path included.
    fn lookup(&self, reference: &Reference) -> Lookup;
    /// The text of a file, for `file()`.
    ///
    /// # Errors
    /// With the reason, when it cannot be read.
    fn read_file(&self, path: &str) -> Result<String, String> {
        Err(format!("`{path}` cannot be read here"))
    }
}

/// What a reference means.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// This value.
    Known {
        /// The value.
        value: Value,
        /// Whether it must not be shown.
        sensitive: bool,
    },
    /// This expression, which is partly known.
    Expr(Expr),
    /// It will be known later; the expression stays.
    NotYet,
    /// It has been said already what is wrong; the expression stays.
    Failed,
    /// There is no such thing; the path ends early, or the subject is not declared.
    Undeclared {
        /// What there is, for "did you mean".
        candidates: Vec<String>,
    },
}

/// An environment that knows nothing: what `validate` uses.
pub struct Nothing;

impl Env for Nothing {
    fn lookup(&self, _: &Reference) -> Lookup {
        Lookup::NotYet
    }
}
