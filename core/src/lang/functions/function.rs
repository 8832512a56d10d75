//! What a function is: its name, its parameters and how it is called. Counting, converting and
//! refusing arguments happens here, once, so that implementations get what they asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::LazyLock;

use crate::lang::functions::special::SpecialForm;
use crate::lang::types::{self, TypeConstraint};
use crate::value::{Number, Value};

/// Longest text, in bytes, that a function makes.
pub const MAX_TEXT: usize = 16 << 20;
/// Most elements that a function makes where its input does not bound them.
pub const MAX_ITEMS: usize = 100_000;

/// A function of the language.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// As written in a call.
    pub name: &'static str,
    /// What it does, in a sentence or two of Markdown.
    pub docs: &'static str,
    /// The parameters that come first; trailing ones may be optional.
    pub params: &'static [Param],
    /// What may be repeated after them.
    pub variadic: Option<Param>,
    /// How it is called.
    pub kind: Kind,
}

/// How a function is called.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Through [`Function::call`], on known values.
    Plain(Plain),
    /// By `reduce` itself.
    Special(SpecialForm),
}

/// The code of a plain function. Only [`Function::call`] runs it.
#[derive(Debug, Clone, Copy)]
pub struct Plain(pub(super) fn(Args<'_>) -> Result<Value, CallError>);

/// A parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name, for messages and documentation.
    pub name: &'static str,
    /// What fits.
    pub shape: Shape,
    /// Whether `null` fits as well.
    pub nullable: bool,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What fits a parameter. Arguments are converted as everywhere in the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any value.
    Any,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Text.
    String,
    /// A list or a set, whose elements stay as they are.
    Sequence,
    /// A list whose elements are of one type.
    List,
    /// A list of texts.
    Strings,
    /// A list of numbers.
    Numbers,
    /// A list of bools.
    Bools,
    /// A set, whose elements are of one type.
    Set,
    /// An object.
    Object,
    /// An object of lists of texts.
    StringLists,
    /// A list, a set or an object.
    Collection,
}

/// Why a call failed. Messages name types and positions, never values: those may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// The argument to blame, from 0; for too few arguments nothing.
    pub arg: Option<usize>,
    /// Which bytes of the argument, when it is text and not all of it is to blame.
    pub within: Option<Range<usize>>,
    /// What is wrong, without capital and full stop.
    pub message: String,
    /// What to do: full sentences.
    pub help: Option<String>,
}

impl CallError {
    /// An error of one argument.
    pub fn at(arg: usize, message: impl Into<String>) -> CallError {
        CallError { arg: Some(arg), within: None, message: message.into(), help: None }
    }

    /// An error of the call as a whole.
    pub fn whole(message: impl Into<String>) -> CallError {
        CallError { arg: None, within: None, message: message.into(), help: None }
    }
}

impl Param {
    pub(super) const fn new(name: &'static str, shape: Shape) -> Param {
        Param { name, shape, nullable: false, optional: false }
    }

    pub(super) const fn or_null(self) -> Param {
        Param { nullable: true, ..self }
    }

    pub(super) const fn optional(self) -> Param {
        Param { optional: true, ..self }
    }
}

impl Shape {
    /// What is expected, with its article.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Any => "any value",
            Shape::Bool => "a bool",
            Shape::Number => "a number",
            Shape::String => "a string",
            Shape::Sequence => "a list or a set",
            Shape::List => "a list",
            Shape::Strings => "a list of strings",
            Shape::Numbers => "a list of numbers",
            Shape::Bools => "a list of bools",
            Shape::Set => "a set",
            Shape::Object => "an object",
            Shape::StringLists => "an object of lists of strings",
            Shape::Collection => "a list, a set or an object",
        }
    }

    fn fit(self, value: Value) -> Result<Value, String> {
        static STRINGS: LazyLock<TypeConstraint> =
            LazyLock::new(|| TypeConstraint::list(TypeConstraint::String));
        static NUMBERS: LazyLock<TypeConstraint> =
            LazyLock::new(|| TypeConstraint::list(TypeConstraint::Number));
        static BOOLS: LazyLock<TypeConstraint> = LazyLock::new(|| TypeConstraint::list(TypeConstraint::Bool));
        static LIST: LazyLock<TypeConstraint> = LazyLock::new(|| TypeConstraint::list(TypeConstraint::Any));
        static SET: LazyLock<TypeConstraint> = LazyLock::new(|| TypeConstraint::set(TypeConstraint::Any));
        static STRING_LISTS: LazyLock<TypeConstraint> =
            LazyLock::new(|| TypeConstraint::map(TypeConstraint::list(TypeConstraint::String)));
        let to = match self {
            Shape::Any => return Ok(value),
            Shape::Sequence | Shape::Object | Shape::Collection => return self.fit_as_is(value),
            Shape::Bool => &TypeConstraint::Bool,
            Shape::Number => &TypeConstraint::Number,
            Shape::String => &TypeConstraint::String,
            Shape::List => &LIST,
            Shape::Strings => &STRINGS,
            Shape::Numbers => &NUMBERS,
            Shape::Bools => &BOOLS,
            Shape::Set => &SET,
            Shape::StringLists => &STRING_LISTS,
        };
        types::convert(value, to).map_err(|e| e.to_string())
    }

    fn fit_as_is(self, value: Value) -> Result<Value, String> {
        let fits = match &value {
            Value::List(_) | Value::Set(_) => self != Shape::Object,
            Value::Object(_) => self != Shape::Sequence,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        };
        if fits { Ok(value) } else { Err(format!("expected {}, found {}", self.name(), value.type_name())) }
    }
}

impl Function {
    /// The parameter that an argument belongs to.
    pub fn param(&self, arg: usize) -> Option<&Param> {
        self.params.get(arg).or(self.variadic.as_ref())
    }

    /// Calls a plain function: counts and converts the arguments, then runs it.
    ///
    /// # Errors
    /// When the arguments do not fit, there is no result for them, or the function is a special form.
    pub fn call(&self, args: &[Value]) -> Result<Value, CallError> {
        let Kind::Plain(Plain(run)) = self.kind else {
            return Err(CallError::whole(format!("`{}` cannot be called here", self.name)));
        };
        self.check_count(args.len())?;
        let mut fitted = Vec::with_capacity(args.len());
        for (i, arg) in args.iter().enumerate() {
            fitted.push(self.fit(i, arg)?);
        }
        run(Args { function: self, values: fitted })
    }

    /// Checks the number of arguments.
    ///
    /// # Errors
    /// When there are too few or too many; the latter blames the first one too many.
    pub fn check_count(&self, count: usize) -> Result<(), CallError> {
        let least = self.params.iter().filter(|p| !p.optional).count();
        if count < least {
            let missing = self.params[count].name;
            let bound = if self.variadic.is_some() || least < self.params.len() { "at least " } else { "" };
            return Err(CallError::whole(format!(
                "`{}` takes {bound}{}, found {count}: `{missing}` is missing",
                self.name,
                arguments(least)
            )));
        }
        if count > self.params.len() && self.variadic.is_none() {
            let most = self.params.len();
            let bound = if least < most { "at most " } else { "" };
            return Err(CallError::at(
                most,
                format!("`{}` takes {bound}{}, found {count}", self.name, arguments(most)),
            ));
        }
        Ok(())
    }

    fn fit(&self, i: usize, arg: &Value) -> Result<Value, CallError> {
        let Some(param) = self.param(i) else { return Ok(arg.clone()) };
        if *arg == Value::Null {
            return if param.nullable {
                Ok(Value::Null)
            } else {
                Err(CallError::at(i, format!("`{}` must not be null", param.name)))
            };
        }
        param
            .shape
            .fit(arg.clone())
            .map_err(|message| CallError::at(i, format!("`{}`: {message}", param.name)))
    }
}

fn arguments(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        n => format!("{n} arguments"),
    }
}

/// The arguments of one call, each of its parameter's shape.
#[derive(Debug)]
pub struct Args<'f> {
    function: &'f Function,
    values: Vec<Value>,
}

const CHECKED: &str = "the shape of this parameter was checked before the call";

impl Args<'_> {
    pub(super) fn count(&self) -> usize {
        self.values.len()
    }

    pub(super) fn value(&self, i: usize) -> &Value {
        self.values.get(i).unwrap_or(&Value::Null)
    }

    pub(super) fn take(&mut self, i: usize) -> Value {
        self.values.get_mut(i).map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
    }

    pub(super) fn text(&self, i: usize) -> &str {
        self.value(i).as_str().expect(CHECKED)
    }

    pub(super) fn number(&self, i: usize) -> &Number {
        match self.value(i) {
            Value::Number(n) => n,
            _ => unreachable!("{CHECKED}"),
        }
    }

    /// A number that must be whole and fit.
    pub(super) fn integer(&self, i: usize) -> Result<i64, CallError> {
        self.number(i).as_i64().ok_or_else(|| {
            CallError::at(i, format!("`{}` must be a whole number of at most 64 bits", self.name(i)))
        })
    }

    /// Elements of a list or a set.
    pub(super) fn list(&mut self, i: usize) -> Vec<Value> {
        match self.take(i) {
            Value::List(items) => items,
            Value::Set(items) => items.into_iter().collect(),
            _ => unreachable!("{CHECKED}"),
        }
    }

    pub(super) fn set(&mut self, i: usize) -> BTreeSet<Value> {
        match self.take(i) {
            Value::Set(items) => items,
            _ => unreachable!("{CHECKED}"),
        }
    }

    pub(super) fn object(&mut self, i: usize) -> BTreeMap<String, Value> {
        match self.take(i) {
            Value::Object(map) => map,
            _ => unreachable!("{CHECKED}"),
        }
    }

    /// The texts of a list of strings.
    ///
    /// # Errors
    /// When an element is null.
    pub(super) fn texts(&mut self, i: usize) -> Result<Vec<String>, CallError> {
        let items = self.list(i);
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                _ => {
                    return Err(CallError::at(
                        i,
                        format!("`{}`: element {at} must not be null", self.name(i)),
                    ));
                }
            }
        }
        Ok(texts)
    }

    /// All arguments from this one on.
    pub(super) fn rest(&mut self, from: usize) -> Vec<Value> {
        self.values.split_off(from.min(self.values.len()))
    }

    fn name(&self, i: usize) -> &'static str {
        self.function.param(i).map_or("argument", |p| p.name)
    }
}
