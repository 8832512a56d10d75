//! References to blocks: an address, never evaluated to an object.

use crate::addr::{Address, Name, ProviderAddress};
use crate::schema::{AttributeType, Invalid, PROVIDER, Type};
use crate::value::Value;

macro_rules! references {
    ($($(#[$docs:meta])+ $type:ident = $block:literal,)+) => {$(
        $(#[$docs])+
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $type(pub Name);

        impl AttributeType for $type {
            const TYPE: Type = Type::Reference($block);
            fn from_value(value: Value) -> Result<Self, Invalid> {
                let name = value.as_str().and_then(|text| text.strip_prefix(concat!($block, ".")));
                let name = name.and_then(|name| name.parse().ok());
                name.map($type).ok_or_else(|| Invalid::wrong_type(concat!("`", $block, ".NAME`"), &value))
            }
            fn to_value(&self) -> Value {
                Value::String(format!(concat!($block, ".{}"), self.0))
            }
        }
    )+};
}

references! {
    /// `service.NAME`
    ServiceRef = "service",
    /// `datastore.NAME`
    DatastoreRef = "datastore",
    /// `backup.NAME`
    BackupRef = "backup",
    /// `site.NAME`
    SiteRef = "site",
    /// `procedure.NAME`
    ProcedureRef = "procedure",
    /// `contact.NAME`
    ContactRef = "contact",
    /// `credential.NAME`
    CredentialRef = "credential",
    /// `channel.NAME`
    ChannelRef = "channel",
    /// `escalation.NAME`
    EscalationRef = "escalation",
    /// `scenario.NAME`
    ScenarioRef = "scenario",
    /// `step.NAME`, within its procedure.
    StepRef = "step",
}

/// `KIND.NAME` or one instance of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceRef(pub Address);

impl AttributeType for ResourceRef {
    const TYPE: Type = Type::Reference("");
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let address = value.as_str().and_then(|text| text.parse().ok());
        address.map(ResourceRef).ok_or_else(|| Invalid::wrong_type("the address of a resource", &value))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A provider configuration: `postgres` or `postgres.ALIAS`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProviderRef(pub ProviderAddress);

impl AttributeType for ProviderRef {
    const TYPE: Type = Type::Reference(PROVIDER);
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let address = value.as_str().and_then(|text| text.parse().ok());
        address.map(ProviderRef).ok_or_else(|| Invalid::wrong_type("a provider configuration", &value))
    }
    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
