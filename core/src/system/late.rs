//! What is told only later: the names that a scenario gives to what its steps touch, and what has to be true
//! of an answer, or is meant of it.

use std::collections::BTreeMap;

use crate::schema::{AttributeType, Invalid, Type};
use crate::value::Value;

/// Names with text, as a block: `target { app = "shop" }`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target(pub BTreeMap<String, String>);

impl AttributeType for Target {
    const TYPE: Type = Type::Names;

    fn from_value(value: Value) -> Result<Target, Invalid> {
        BTreeMap::from_value(value).map(Target)
    }

    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}

macro_rules! of_self {
    ($($(#[$docs:meta])+ $type:ident = $kind:ident [$($name:literal),+],)+) => {$(
        $(#[$docs])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $type(pub String);

        impl AttributeType for $type {
            const TYPE: Type = Type::$kind(&[$($name),+]);

            fn from_value(value: Value) -> Result<Self, Invalid> {
                String::from_value(value).map($type)
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    )+};
}

of_self! {
    /// What has to be true of the rows of an answer, as it is written.
    OfRows = Condition["rows"],
    /// What has to be true of an answer, as it is written.
    OfAnswer = Condition["status", "body"],
    /// What of an output is meant, as it is written.
    OfOutput = Told["output"],
}
