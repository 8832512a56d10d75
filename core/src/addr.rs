//! Names and addresses: what a thing is called in configuration, plan, state and messages.
//! `Display` and `FromStr` are inverse to each other.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Why a text is no name or address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidName {
    /// The text as given.
    pub text: String,
    /// What was expected, with its article.
    pub expected: &'static str,
}

/// An HCL identifier: a letter or `_`, then letters, digits, `_` or `-`; or one instance of a block of that
/// name: `shop["eu"]`. Cheap to clone: there are many.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The kind of a resource, as in `aws_s3_bucket`. Same shape as a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindName(Arc<str>);

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

macro_rules! identifier {
    ($type:ident, $expected:literal) => {
        impl $type {
            /// Checks and wraps the text.
            ///
            /// # Errors
            /// When the text is no identifier.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
                let text = text.into();
                if is_identifier(&text) {
                    Ok(Self(text.into()))
                } else {
                    Err(InvalidName { text, expected: $expected })
                }
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        string_serde!($type);
    };
}

impl Name {
    /// The name of an instance of the block of this name.
    #[must_use]
    pub fn instance(&self, key: &InstanceKey) -> Name {
        Name(format!("{self}{key}").into())
    }

    /// The name of the block that this is an instance of, with which one.
    pub fn block(&self) -> Option<(Name, InstanceKey)> {
        let (name, tail) = take_identifier(&self.0)?;
        let (key, _) = take_key(tail)?;
        Some((Name(name.into()), key?))
    }

    /// The name as a part of the name of a file: nothing in it leads elsewhere, and no two are the same.
    pub fn file_name(&self) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let plain: String = self.0.chars().map(|c| if fits(c) { c } else { '-' }).collect();
        if plain == *self.0 {
            return plain;
        }
        let digest = Sha256::digest(self.0.as_bytes());
        let short: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("{}-{short}", plain.chars().take(100).collect::<String>())
    }
}

impl FromStr for Name {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Name, InvalidName> {
        let instance = || {
            let (name, tail) = take_identifier(text)?;
            let (key, rest) = take_key(tail)?;
            rest.is_empty().then_some(Name(name.into()).instance(&key?))
        };
        Name::new(text).or_else(|wrong| instance().ok_or(wrong))
    }
}

impl FromStr for KindName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<KindName, InvalidName> {
        KindName::new(text)
    }
}

macro_rules! string_serde {
    ($type:ident) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

identifier!(Name, "an identifier (a letter or `_`, then letters, digits, `_` or `-`)");
identifier!(KindName, "a resource kind such as `aws_s3_bucket`");

/// Which instance of a block with `count` or `for_each`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum InstanceKey {
    /// Of `count`, from 0.
    Index(u64),
    /// Of `for_each`.
    Each(String),
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::Index(i) => write!(f, "[{i}]"),
            InstanceKey::Each(key) => {
                f.write_str("[\"")?;
                for c in key.chars() {
                    match c {
                        '"' => f.write_str("\\\"")?,
                        '\\' => f.write_str("\\\\")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        c if c.is_control() => write!(f, "\\u{:04x}", c as u32)?,
                        c => write!(f, "{c}")?,
                    }
                }
                f.write_str("\"]")
            }
        }
    }
}

/// One step of a module path: `module.NAME` with the instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModuleStep {
    /// Name of the module block.
    pub name: Name,
    /// Its instance.
    pub key: Option<InstanceKey>,
}

/// Which module a block stands in; empty for the root module.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModulePath(pub Vec<ModuleStep>);

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            let dot = if i == 0 { "" } else { "." };
            write!(f, "{dot}module.{}", step.name)?;
            if let Some(key) = &step.key {
                write!(f, "{key}")?;
            }
        }
        Ok(())
    }
}

/// The address of one resource instance: `[module.NAME.]KIND.NAME[KEY]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The module it stands in.
    pub module: ModulePath,
    /// Its kind.
    pub kind: KindName,
    /// Its name.
    pub name: Name,
    /// Its instance, when the block has `count` or `for_each`.
    pub key: Option<InstanceKey>,
}

impl Address {
    /// The block this instance comes from: the same address without the key.
    pub fn block(&self) -> Address {
        Address { key: None, ..self.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.0.is_empty() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}.{}", self.kind, self.name)?;
        match &self.key {
            Some(key) => write!(f, "{key}"),
            None => Ok(()),
        }
    }
}

/// Takes one identifier from the front of the text.
fn take_identifier(text: &str) -> Option<(&str, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    is_identifier(head).then_some((head, tail))
}

/// Takes `[0]` or `["key"]` from the front of the text, if there is one.
fn take_key(text: &str) -> Option<(Option<InstanceKey>, &str)> {
    let Some(rest) = text.strip_prefix('[') else { return Some((None, text)) };
    if !rest.starts_with('"') {
        let (digits, tail) = rest.split_once(']')?;
        return Some((Some(InstanceKey::Index(digits.parse().ok()?)), tail));
    }
    let mut key = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((Some(InstanceKey::Each(key)), rest[at + 1..].strip_prefix(']')?)),
            '\\' => match chars.next()?.1 {
                'n' => key.push('\n'),
                'r' => key.push('\r'),
                't' => key.push('\t'),
                'u' => {
                    let hex: String = (0..4).map_while(|_| chars.next()).map(|(_, c)| c).collect();
                    key.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                }
                c => key.push(c),
            },
            c => key.push(c),
        }
    }
    None
}

fn parse_address(text: &str) -> Option<Address> {
    let mut module = ModulePath::default();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix("module.") {
        let (name, tail) = take_identifier(after)?;
        let (key, tail) = take_key(tail)?;
        module.0.push(ModuleStep { name: Name::new(name).ok()?, key });
        rest = tail.strip_prefix('.')?;
    }
    let (kind, tail) = take_identifier(rest)?;
    let (name, tail) = take_identifier(tail.strip_prefix('.')?)?;
    let (key, tail) = take_key(tail)?;
    tail.is_empty().then_some(Address {
        module,
        kind: KindName::new(kind).ok()?,
        name: Name::new(name).ok()?,
        key,
    })
}

impl FromStr for Address {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Address, InvalidName> {
        parse_address(text).ok_or_else(|| InvalidName {
            text: text.to_owned(),
            expected: "an address such as `aws_s3_bucket.invoices` or `aws_db_instance.main[\"eu\"]`",
        })
    }
}

string_serde!(Address);

/// A provider configuration: its local name and alias, as in `aws.dr`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderAddress {
    /// `aws`.
    pub name: Name,
    /// `dr` of `aws.dr`; none for the default configuration.
    pub alias: Option<Name>,
}

impl fmt::Display for ProviderAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "{}.{alias}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

impl FromStr for ProviderAddress {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<ProviderAddress, InvalidName> {
        let (name, alias) = match text.split_once('.') {
            Some((name, alias)) => (name, Some(Name::new(alias)?)),
            None => (text, None),
        };
        Ok(ProviderAddress { name: Name::new(name)?, alias })
    }
}

string_serde!(ProviderAddress);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_a_folder_or_to_another_name() {
        let name = |text: &str| text.parse::<Name>().expect(text).file_name();
        assert_eq!(name("wal"), "wal");
        let hostile = [
            r#"x["../../etc"]"#,
            r#"x["a b"]"#,
            r#"x["a-b"]"#,
            r#"x["$(id)"]"#,
            r#"x["a\nb"]"#,
            "x[0]",
            "größe",
        ];
        let files = hostile.map(name);
        for file in &files {
            assert!(file.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{file}");
        }
        let different: std::collections::BTreeSet<_> = files.iter().collect();
        assert_eq!(different.len(), files.len());
    }

    #[test]
    fn addresses_print_and_parse_as_inverses() {
        for text in [
            "aws_s3_bucket.invoices",
            "aws_s3_bucket.invoices[0]",
            "aws_s3_bucket.invoices[\"a\\\"b\\\\c\\n\"]",
            "module.eu.aws_db_instance.main",
            "module.eu[\"x.y\"].module.in[3].aws_db_instance.main[\"k]\"]",
        ] {
            assert_eq!(text.parse::<Address>().expect(text).to_string(), text);
        }
        for text in
            ["", "a", "a.", ".b", "a.b.c", "a.b[", "a.b[x]", "a.b[\"x]", "module.x", "1a.b", "a.b[0]x"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_of_instances_print_and_parse_as_inverses() {
        let shop = Name::new("shop").unwrap();
        for key in [InstanceKey::Index(0), InstanceKey::Each("e\"u]".to_owned())] {
            let name = shop.instance(&key);
            assert_eq!(name.to_string().parse::<Name>(), Ok(name.clone()));
            assert_eq!(name.block(), Some((shop.clone(), key)));
        }
        assert_eq!(shop.block(), None);
        for text in ["shop[", "shop[x]", "shop[0].a", "[0]", "shop[\"a\"]b"] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        assert!(Name::new("shop[0]").is_err(), "only what is expanded has instances");
    }

    #[test]
    fn provider_addresses_print_and_parse_as_inverses() {
        for text in ["aws", "aws.dr"] {
            assert_eq!(text.parse::<ProviderAddress>().expect(text).to_string(), text);
        }
        assert!("aws.".parse::<ProviderAddress>().is_err());
    }
}
