//! Functions that are more than a function of known values. Here are their names, parameters and
//! documentation; `reduce` gives them their meaning.

use crate::lang::functions::function::{Function, Kind, Param, Shape};

/// What `reduce` does for a call by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecialForm {
    /// The first argument that evaluates without an error.
    Try,
    /// Whether the argument evaluates without an error.
    Can,
    /// The value, marked as secret.
    Sensitive,
    /// The value, without the mark.
    NonSensitive,
    /// Text of a file, from the caller's table of files.
    File,
    /// A file as a template, filled in with an object's attributes.
    TemplateFile,
}

const fn special(
    name: &'static str,
    docs: &'static str,
    params: &'static [Param],
    variadic: Option<Param>,
    form: SpecialForm,
) -> Function {
    Function { name, docs, params, variadic, kind: Kind::Special(form) }
}

const EXPRESSION: Param = Param::new("expression", Shape::Any).or_null();
const VALUE: Param = Param::new("value", Shape::Any).or_null();
const PATH: Param = Param::new("path", Shape::String);

pub(super) static FUNCTIONS: &[Function] = &[
    special(
        "can",
        "Whether the expression evaluates without an error.",
        &[EXPRESSION],
        None,
        SpecialForm::Can,
    ),
    special("file", "The text of a file, which must be UTF-8.", &[PATH], None, SpecialForm::File),
    special(
        "nonsensitive",
        "The value without its mark as a secret: it will be shown.",
        &[VALUE],
        None,
        SpecialForm::NonSensitive,
    ),
    special(
        "sensitive",
        "The value, marked as a secret: it is never shown.",
        &[VALUE],
        None,
        SpecialForm::Sensitive,
    ),
    special(
        "templatefile",
        "The text of a file, read as a template in which the attributes of `vars` are names.",
        &[PATH, Param::new("vars", Shape::Object)],
        None,
        SpecialForm::TemplateFile,
    ),
    special(
        "try",
        "The first of the expressions that evaluates without an error.",
        &[EXPRESSION],
        Some(EXPRESSION),
        SpecialForm::Try,
    ),
];
