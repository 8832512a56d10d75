//! What the planner knows of a kind: a static table of its attributes, derived from the author's
//! struct (`#[derive(Attributes)]`), and the traits that carry values in and out of typed fields.

use std::collections::{BTreeMap, BTreeSet};

use crate::secret::Secret;
use crate::value::{Number, Value};

/// The type of an attribute, for messages, documentation and the decoding of blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Type {
    /// Any value.
    Any,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Text; the second word says what is in it, for the user: "a string", "an ARN", "one of …".
    String(&'static str),
    /// Values in order.
    List(&'static Type),
    /// Values without order.
    Set(&'static Type),
    /// Values by name.
    Map(&'static Type),
    /// Named attributes. At the top of a kind this is written as a block `name { … }`; a
    /// `Map(Object)` as labelled blocks `name "label" { … }`; a `List(Object)` as repeated blocks.
    Object(&'static [Attribute]),
    /// Any names, each with text: written as a block `name { key = "text" }`.
    Names,
    /// Something that is true or not and is told only later: an expression over `self`, which has these
    /// names. Never evaluated.
    Condition(&'static [&'static str]),
    /// Something that is told only later: an expression over `self`, which has these names. Never evaluated.
    Told(&'static [&'static str]),
    /// The address of a block of this type; of a resource when it is empty, of anything when it is
    /// [`ANY_BLOCK`]. Never evaluated.
    Reference(&'static str),
}

/// In a [`Type::Reference`]: a block of whatever type, or a resource.
pub const ANY_BLOCK: &str = "*";

/// In a [`Type::Reference`]: a provider configuration.
pub const PROVIDER: &str = "provider";

/// One attribute of a kind or of a nested block.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    /// As written in configuration.
    pub name: &'static str,
    /// The field's doc comment.
    pub docs: &'static str,
    /// Its type.
    pub ty: Type,
    /// Whether it must be set.
    pub required: bool,
    /// Whether its value must not be shown.
    pub sensitive: bool,
    /// How it takes part in the comparison with the provider.
    pub role: Role,
    /// Checks and normalises a known value: the same meaning always comes out as the same value.
    pub canonical: fn(Value) -> Result<Value, Invalid>,
    /// What it is when it is not set inside of something that is set.
    pub default: fn() -> Option<Value>,
    /// What it means to remove it from the text after it was applied.
    pub removal: Removal,
}

impl PartialEq for Attribute {
    fn eq(&self, other: &Attribute) -> bool {
        self.name == other.name && self.ty == other.ty
    }
}

/// What it means to remove an attribute from the text after it was applied.
#[derive(Debug, Clone, Copy)]
pub enum Removal {
    /// The provider can be without it: it is taken away.
    Unset,
    /// The provider cannot be without it, and no value is better than another: it stays as it is, and
    /// nothing keeps it there any more.
    Keeps,
    /// The provider cannot be without it: it becomes this value.
    Becomes(fn() -> Value),
}

/// How an attribute takes part in the comparison with the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Compared and changed in place.
    Managed,
    /// Names the thing at the provider. Must be known at plan; changing it is another thing.
    Identity,
    /// Fixed at creation; a difference is an error at plan, never a replacement.
    Fixed,
    /// Steers how a change is made (`apply_immediately`); never compared.
    Option,
    /// Cannot be read back; compared by fingerprint in the state.
    WriteOnly,
    /// Filled by the label of the repeated block it stands in: `step "NAME" { … }`.
    Label,
}

/// Why a value does not fit an attribute: what is expected, then what to do. Never the value of a
/// sensitive attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Invalid {
    /// What is wrong here: "must be between 0 and 35".
    pub message: String,
    /// Where below the attribute: names and labels, outermost first.
    pub path: Vec<String>,
}

impl Invalid {
    /// At the value itself.
    pub fn new(message: impl Into<String>) -> Invalid {
        Invalid { message: message.into(), path: Vec::new() }
    }
    /// The same error, seen from one level up.
    #[must_use]
    pub fn below(mut self, name: &str) -> Invalid {
        self.path.insert(0, name.to_owned());
        self
    }
    /// A value of another type than expected.
    pub fn wrong_type(expected: &str, found: &Value) -> Invalid {
        Invalid::new(format!("expected {expected}, found {}", found.type_name()))
    }
}

/// A struct whose fields are attributes. Implemented by `#[derive(Attributes)]`.
pub trait Attributes: Sized + Send + Sync + 'static {
    /// The table, in the order of the fields.
    const ATTRIBUTES: &'static [Attribute];
    /// Reads the struct from values by name. Missing and null are the same.
    ///
    /// # Errors
    /// When a required attribute is missing, one is not in the table, or a value does not fit.
    fn from_values(values: BTreeMap<String, Value>) -> Result<Self, Invalid>;
    /// The values by name. What is not set is left out.
    fn to_values(&self) -> BTreeMap<String, Value>;
}

/// Finds an attribute of a table.
pub fn attribute<'t>(table: &'t [Attribute], name: &str) -> Option<&'t Attribute> {
    table.iter().find(|a| a.name == name)
}

/// A type that a field of an [`Attributes`] struct may have.
pub trait AttributeType: Sized {
    /// The type, for the table.
    const TYPE: Type;
    /// Whether a field of this type must be set.
    const REQUIRED: bool = true;
    /// Whether a field of this type must not be shown.
    const SENSITIVE: bool = false;
    /// Reads a value that is not null.
    ///
    /// # Errors
    /// When it does not fit.
    fn from_value(value: Value) -> Result<Self, Invalid>;
    /// The canonical value; `Null` when there is none.
    fn to_value(&self) -> Value;
    /// What a missing value means; `None` when it must be set.
    fn missing() -> Option<Self> {
        None
    }
}

/// Reads and writes again, so that equal meanings become equal values. For [`Attribute::canonical`].
///
/// # Errors
/// When the value does not fit `T`.
pub fn canonical<T: AttributeType>(value: Value) -> Result<Value, Invalid> {
    match value {
        Value::Null => Ok(Value::Null),
        value => T::from_value(value).map(|t| t.to_value()),
    }
}

impl<T: AttributeType> AttributeType for Option<T> {
    const TYPE: Type = T::TYPE;
    const REQUIRED: bool = false;
    const SENSITIVE: bool = T::SENSITIVE;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        T::from_value(value).map(Some)
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl<T: AttributeType> AttributeType for Secret<T> {
    const TYPE: Type = T::TYPE;
    const REQUIRED: bool = T::REQUIRED;
    const SENSITIVE: bool = true;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        T::from_value(value).map(Secret::new)
    }
    fn to_value(&self) -> Value {
        self.reveal().to_value()
    }
}

impl AttributeType for Value {
    const TYPE: Type = Type::Any;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        Ok(value)
    }
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl AttributeType for String {
    const TYPE: Type = Type::String("a string");
    /// Numbers and bools are written as text, as everywhere in the language.
    fn from_value(value: Value) -> Result<Self, Invalid> {
        match value {
            Value::String(text) => Ok(text),
            Value::Number(n) => Ok(n.to_string()),
            Value::Bool(b) => Ok(b.to_string()),
            other => Err(Invalid::wrong_type("a string", &other)),
        }
    }
    fn to_value(&self) -> Value {
        Value::String(self.clone())
    }
}

impl AttributeType for bool {
    const TYPE: Type = Type::Bool;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        match value {
            Value::Bool(b) => Ok(b),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            other => Err(Invalid::wrong_type("a bool", &other)),
        }
    }
    fn to_value(&self) -> Value {
        Value::Bool(*self)
    }
}

impl AttributeType for Number {
    const TYPE: Type = Type::Number;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        match value {
            Value::Number(n) => Ok(n),
            Value::String(text) => {
                text.parse().map_err(|()| Invalid::new("expected a number, found a string"))
            }
            other => Err(Invalid::wrong_type("a number", &other)),
        }
    }
    fn to_value(&self) -> Value {
        Value::Number(self.clone())
    }
}

macro_rules! integer {
    ($($type:ty),+) => { $(
        impl AttributeType for $type {
            const TYPE: Type = Type::Number;
            fn from_value(value: Value) -> Result<Self, Invalid> {
                let n = Number::from_value(value)?;
                n.as_i64().and_then(|n| <$type>::try_from(n).ok()).ok_or_else(|| {
                    Invalid::new(format!("must be a whole number between {} and {}", <$type>::MIN, <$type>::MAX))
                })
            }
            fn to_value(&self) -> Value {
                Value::Number(Number::from(i64::from(*self)))
            }
        }
    )+ };
}
integer!(u8, u16, u32, i32, i64);

impl<T: AttributeType> AttributeType for Vec<T> {
    const TYPE: Type = Type::List(&T::TYPE);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let items: Vec<Value> = match value {
            Value::List(items) => items,
            Value::Set(items) => items.into_iter().collect(),
            other => return Err(Invalid::wrong_type("a list", &other)),
        };
        items
            .into_iter()
            .enumerate()
            .map(|(i, v)| T::from_value(v).map_err(|e| e.below(&i.to_string())))
            .collect()
    }
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: AttributeType + Ord> AttributeType for BTreeSet<T> {
    const TYPE: Type = Type::Set(&T::TYPE);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        Ok(Vec::<T>::from_value(value)?.into_iter().collect())
    }
    fn to_value(&self) -> Value {
        Value::Set(self.iter().map(T::to_value).collect())
    }
}

impl<T: AttributeType> AttributeType for BTreeMap<String, T> {
    const TYPE: Type = Type::Map(&T::TYPE);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        match value {
            Value::Object(map) => map
                .into_iter()
                .filter(|(_, v)| *v != Value::Null)
                .map(|(k, v)| {
                    let item = T::from_value(v).map_err(|e| e.below(&k))?;
                    Ok((k, item))
                })
                .collect(),
            other => Err(Invalid::wrong_type("a map", &other)),
        }
    }
    fn to_value(&self) -> Value {
        Value::Object(self.iter().map(|(k, v)| (k.clone(), v.to_value())).collect())
    }
}

/// Takes a field's value out of the map; used by the derive.
///
/// # Errors
/// When it is required and missing, or does not fit.
pub fn take<T: AttributeType>(values: &mut BTreeMap<String, Value>, name: &str) -> Result<T, Invalid> {
    match values.remove(name) {
        None | Some(Value::Null) => T::missing().ok_or_else(|| Invalid::new(format!("`{name}` is required"))),
        Some(value) => T::from_value(value).map_err(|e| e.below(name)),
    }
}

/// As [`take`], with the value that stands for a missing one; used by the derive.
///
/// # Errors
/// When it does not fit.
pub fn take_or<T: AttributeType>(
    values: &mut BTreeMap<String, Value>,
    name: &str,
    default: T,
) -> Result<T, Invalid> {
    match values.remove(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => T::from_value(value).map_err(|e| e.below(name)),
    }
}

/// Refuses names that are not in the table; used by the derive.
///
/// # Errors
/// When any value is left.
pub fn nothing_left(values: &BTreeMap<String, Value>) -> Result<(), Invalid> {
    match values.keys().next() {
        None => Ok(()),
        Some(name) => Err(Invalid::new(format!("there is no attribute `{name}` here"))),
    }
}

/// Defines a closed list of words: an enum with its spelling, as an attribute type.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ } $expected:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }
        impl $name {
            /// As it is written.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }
        }
        impl $crate::schema::AttributeType for $name {
            const TYPE: $crate::schema::Type = $crate::schema::Type::String($expected);
            fn from_value(value: $crate::value::Value) -> Result<Self, $crate::schema::Invalid> {
                match value.as_str() {
                    $(Some($text) => Ok($name::$variant),)+
                    Some(other) => Err($crate::schema::Invalid::new(
                        format!("must be {}, not {other:?}", $expected),
                    )),
                    None => Err($crate::schema::Invalid::wrong_type($expected, &value)),
                }
            }
            fn to_value(&self) -> $crate::value::Value {
                $crate::value::Value::String(self.as_str().to_owned())
            }
        }
    };
}
