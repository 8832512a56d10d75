//! Checked text: names, ARNs, keys, tags, and numbers within a range.

use std::collections::BTreeMap;

use drctl_core::schema::{AttributeType, Invalid, Type};
use drctl_core::value::{Number, Value};

/// Defines text that is checked once and then relied on.
macro_rules! checked_text {
    ($(#[$meta:meta])* $name:ident, $expected:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(String);
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// Wraps what the provider itself answered, unchecked.
            pub fn observed(text: impl Into<String>) -> $name {
                $name(text.into())
            }
        }
        impl AttributeType for $name {
            const TYPE: Type = Type::String($expected);
            fn from_value(value: Value) -> Result<Self, Invalid> {
                let Value::String(text) = value else { return Err(Invalid::wrong_type($expected, &value)) };
                let check: fn(&str) -> Result<(), String> = $check;
                check(&text).map_err(Invalid::new)?;
                Ok($name(text))
            }
            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

checked_text! {
    /// The name of a bucket.
    BucketName, "a bucket name", check_bucket_name
}
checked_text! {
    /// ARN of a bucket.
    BucketArn, "the ARN of a bucket", |text| {
        let arn = arn_of(text, "s3", "arn:aws:s3:::NAME")?;
        check_bucket_name(arn.resource)
    }
}
checked_text! {
    /// ARN of an IAM role.
    RoleArn, "the ARN of an IAM role", |text| {
        let expected = "arn:aws:iam::ACCOUNT:role/NAME";
        let arn = arn_of(text, "iam", expected)?;
        let name = arn.resource.strip_prefix("role/").filter(|n| !n.is_empty());
        if name.is_none() || !is_account(arn.account) { return Err(not_arn(expected)) }
        Ok(())
    }
}
checked_text! {
    /// ARN of a DB instance.
    DbArn, "the ARN of a DB instance", |text| {
        let expected = "arn:aws:rds:REGION:ACCOUNT:db:IDENTIFIER";
        let arn = arn_of(text, "rds", expected)?;
        let Some(identifier) = arn.resource.strip_prefix("db:") else {
            let cluster = arn.resource.starts_with("cluster:");
            let why = if cluster { "; automated backups of clusters are not replicated this way (R15)" } else { "" };
            return Err(format!("{}{why}", not_arn(expected)));
        };
        if arn.region.is_empty() || !is_account(arn.account) { return Err(not_arn(expected)) }
        check_db_identifier(identifier)
    }
}
checked_text! {
    /// A KMS key as S3 takes it: key ARN, alias ARN, key id or alias.
    KmsKey, "a KMS key: ARN, id or alias", |text| match text {
        "" => Err("must not be empty".to_owned()),
        text if text.starts_with("arn:") => {
            let expected = "arn:aws:kms:REGION:ACCOUNT:key/ID";
            let arn = arn_of(text, "kms", expected)?;
            let known = arn.resource.starts_with("key/") || arn.resource.starts_with("alias/");
            if known && !arn.region.is_empty() { Ok(()) } else { Err(not_arn(expected)) }
        }
        text if text.chars().any(char::is_whitespace) => Err("must not contain white space".to_owned()),
        _ => Ok(()),
    }
}
checked_text! {
    /// ARN of a KMS key; what RDS reports back, whatever form it was given.
    KmsKeyArn, "the ARN of a KMS key", |text| {
        let expected = "arn:aws:kms:REGION:ACCOUNT:key/ID (RDS reports the key's ARN, so an id or alias could not be compared)";
        let arn = arn_of(text, "kms", expected)?;
        if arn.region.is_empty() || !arn.resource.starts_with("key/") { return Err(not_arn(expected)) }
        Ok(())
    }
}
checked_text! {
    /// `DBInstanceIdentifier` or `DBSnapshotIdentifier`.
    DbIdentifier, "an RDS identifier", check_db_identifier
}

/// The parts of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'t> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'t str,
    /// `s3`, `rds`.
    pub service: &'t str,
    /// Empty for global services.
    pub region: &'t str,
    /// Empty for buckets.
    pub account: &'t str,
    /// The rest.
    pub resource: &'t str,
}

impl<'t> Arn<'t> {
    /// Takes a text apart; `None` when it is no ARN.
    pub fn parse(text: &'t str) -> Option<Arn<'t>> {
        let mut parts = text.splitn(6, ':');
        let scheme = parts.next()?;
        let arn = Arn {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        (scheme == "arn" && arn.partition.starts_with("aws") && !arn.resource.is_empty()).then_some(arn)
    }
}

/// The partition that a region belongs to.
pub(crate) fn partition(region: &str) -> &'static str {
    match region {
        r if r.starts_with("cn-") => "aws-cn",
        r if r.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn not_arn(expected: &str) -> String {
    format!("must be an ARN such as {expected}")
}

fn arn_of<'t>(text: &'t str, service: &str, expected: &str) -> Result<Arn<'t>, String> {
    Arn::parse(text)
        .filter(|a| a.service == service && !text.chars().any(char::is_whitespace))
        .ok_or_else(|| not_arn(expected))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn check_bucket_name(name: &str) -> Result<(), String> {
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=63).contains(&name.len()) {
        return Err(format!("a bucket name has 3 to 63 characters, this one has {}", name.chars().count()));
    }
    if let Some(c) = name.chars().find(|&c| !ends(c) && c != '.' && c != '-') {
        return Err(format!("a bucket name has only a–z, 0–9, `.` and `-`, this one has {c:?}"));
    }
    if !name.starts_with(ends) || !name.ends_with(ends) {
        return Err("a bucket name begins and ends with a letter or digit".to_owned());
    }
    if name.contains("..") {
        return Err("a bucket name has no two dots in a row".to_owned());
    }
    if name.split('.').count() == 4 && name.split('.').all(|p| p.parse::<u8>().is_ok()) {
        return Err("a bucket name must not look like an IP address".to_owned());
    }
    let reserved =
        ["xn--", "sthree-", "amzn-s3-demo-"].iter().find(|p| name.starts_with(**p)).or_else(|| {
            ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"].iter().find(|s| name.ends_with(**s))
        });
    match reserved {
        Some(part) => Err(format!("`{part}` is reserved in bucket names")),
        None => Ok(()),
    }
}

fn check_db_identifier(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.starts_with("rds:") || text.starts_with("awsbackup:") {
        return Err("belongs to a backup that AWS made by itself; name a manual one".to_owned());
    }
    if text.is_empty() || text.len() > 255 {
        return Err("must have 1 to 255 characters".to_owned());
    }
    if let Some(c) = text.chars().find(|&c| !allowed(c)) {
        return Err(format!("has only a–z, 0–9 and `-` (RDS stores it in lower case), this one has {c:?}"));
    }
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) || text.ends_with('-') || text.contains("--") {
        return Err("begins with a letter, and has no `-` at the end nor two in a row".to_owned());
    }
    Ok(())
}

/// A whole number between two bounds, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ranged<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Ranged<MIN, MAX> {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
    /// Wraps what the provider itself answered, unchecked.
    pub fn observed(n: u32) -> Self {
        Ranged(n)
    }
}

impl<const MIN: u32, const MAX: u32> AttributeType for Ranged<MIN, MAX> {
    const TYPE: Type = Type::Number;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let number = Number::from_value(value)?;
        let fits = number.as_i64().and_then(|n| u32::try_from(n).ok()).filter(|n| (MIN..=MAX).contains(n));
        fits.map(Ranged).ok_or_else(|| {
            Invalid::new(format!("must be a whole number between {MIN} and {MAX}, not {number}"))
        })
    }
    fn to_value(&self) -> Value {
        Value::Number(Number::from(i64::from(self.0)))
    }
}

/// Tags: at most 50, none that AWS reserves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(pub BTreeMap<String, String>);

impl Tags {
    /// Those of the observed tags that are not AWS's own.
    pub fn observed(tags: &BTreeMap<String, String>) -> Tags {
        Tags(tags.iter().filter(|(k, _)| !is_reserved_tag(k)).map(|(k, v)| (k.clone(), v.clone())).collect())
    }
}

/// Whether AWS keeps this tag for itself.
pub(crate) fn is_reserved_tag(key: &str) -> bool {
    key.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("aws:"))
}

impl AttributeType for Tags {
    const TYPE: Type = <BTreeMap<String, String> as AttributeType>::TYPE;
    fn from_value(value: Value) -> Result<Self, Invalid> {
        let tags = BTreeMap::<String, String>::from_value(value)?;
        if tags.len() > 50 {
            return Err(Invalid::new(format!("at most 50 tags, found {}", tags.len())));
        }
        for (key, value) in &tags {
            let wrong = |message: &str| Err(Invalid::new(message).below(key));
            if is_reserved_tag(key) {
                return wrong("tags that begin with `aws:` are AWS's own");
            }
            if key.is_empty() || key.chars().count() > 128 {
                return wrong("a tag's key has 1 to 128 characters");
            }
            if value.chars().count() > 256 {
                return wrong("a tag's value has at most 256 characters");
            }
        }
        Ok(Tags(tags))
    }
    fn to_value(&self) -> Value {
        self.0.to_value()
    }
}
