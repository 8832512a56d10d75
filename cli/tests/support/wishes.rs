//! What the property tests wish for: a block of each kind in which every attribute that may be left out
//! is there or not.

use proptest::prelude::*;

/// A line, or nothing.
type Line = Option<String>;

/// A resource with those of the lines that are there.
fn resource(kind: &str, lines: impl IntoIterator<Item = Line>) -> String {
    let lines: Vec<String> = lines.into_iter().flatten().map(|l| format!("  {l}\n")).collect();
    format!("resource \"{kind}\" \"it\" {{\n{}}}\n", lines.concat())
}

/// A block with those of the lines that are there.
fn block(head: &str, lines: impl IntoIterator<Item = Line>) -> String {
    let lines: Vec<String> = lines.into_iter().flatten().map(|l| format!("{l}\n")).collect();
    format!("{head} {{\n{}}}", lines.concat())
}

fn line(name: &str, value: impl std::fmt::Display) -> Line {
    Some(format!("{name} = {value}"))
}

/// `name = value`, or nothing.
fn maybe<T: std::fmt::Display + std::fmt::Debug>(
    name: &'static str,
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Line> {
    prop::option::of(value).prop_map(move |v| line(name, v?))
}

/// `name = "value"`, or nothing.
fn word(name: &'static str, words: &'static [&'static str]) -> impl Strategy<Value = Line> {
    maybe(name, prop::sample::select(words).prop_map(|w| format!("\"{w}\"")))
}

fn tags() -> impl Strategy<Value = Line> {
    let tags = prop::collection::btree_map("[a-c]", "[x-z]", 0..3);
    maybe(
        "tags",
        tags.prop_map(|tags| {
            let pairs = tags.into_iter().map(|(k, v)| format!("{k} = \"{v}\"")).collect::<Vec<_>>();
            format!("{{ {} }}", pairs.join(", "))
        }),
    )
}

fn lock() -> impl Strategy<Value = Line> {
    let mode = prop::sample::select(&["COMPLIANCE", "GOVERNANCE"][..]);
    let unit =
        prop_oneof![(1..60u32).prop_map(|n| line("days", n)), (1..3u32).prop_map(|n| line("years", n))];
    prop_oneof![
        3 => Just(None),
        1 => Just(Some("object_lock {}".to_owned())),
        2 => (mode, unit).prop_map(|(mode, unit)| {
            Some(block("object_lock", [line("mode", format!("\"{mode}\"")), unit]))
        }),
    ]
}

fn lifecycle() -> impl Strategy<Value = Line> {
    let noncurrent =
        prop::option::of((1..400u32, maybe("newer_noncurrent_versions", 1..50u32))).prop_map(|n| {
            n.map(|(days, newer)| {
                block("noncurrent_version_expiration", [line("noncurrent_days", days), newer])
            })
        });
    let rule = (
        word("status", &["Enabled", "Disabled"]),
        word("prefix", &["a/", "b/"]),
        noncurrent,
        maybe("expiration_days", 100..900u32),
        maybe("abort_incomplete_multipart_upload_days", 1..9u32),
        tags(),
        prop::option::of(30..90u32).prop_map(|days| {
            Some(block("transition", [line("days", days?), line("storage_class", "\"STANDARD_IA\"")]))
        }),
    )
        .prop_map(|(a, b, c, d, e, tags, f)| {
            // Parts of uploads have no tags.
            let tags = tags.filter(|_| e.is_none());
            // A rule has to do something.
            let e = e.or_else(|| {
                if c.is_none() && d.is_none() && f.is_none() { line("expiration_days", 9) } else { None }
            });
            [a, b, c, d, e, tags, f]
        });
    let rules = prop::collection::btree_map("[a-c]", rule, 1..3);
    prop::option::of(rules).prop_map(|rules| {
        let rules = rules?.into_iter().map(|(id, lines)| Some(block(&format!("rule \"{id}\""), lines)));
        Some(block("lifecycle", rules))
    })
}

fn replication() -> impl Strategy<Value = Line> {
    let rule = (
        word("status", &["Enabled", "Disabled"]),
        word("prefix", &["a/", "b/"]),
        prop::sample::select(&["\"Enabled\"", "\"Disabled\""][..]),
        maybe("replication_time_control", prop::bool::ANY),
        word("storage_class", &["STANDARD_IA", "GLACIER"]),
        prop::bool::ANY,
    )
        .prop_map(|(a, b, markers, c, d, kms)| {
            let markers = line("delete_marker_replication", markers);
            let key = "\"arn:aws:kms:eu-west-2:000000000000:key/11111111-2222-3333-4444-555555555555\"";
            let (kms, key) = match kms {
                true => (line("sse_kms_encrypted_objects", true), line("replica_kms_key_id", key)),
                false => (None, None),
            };
            [a, b, line("destination", "\"arn:aws:s3:::the-copy\""), markers, c, d, kms, key]
        });
    let rules = prop::collection::btree_map("[a-c]", rule, 1..3);
    let role = prop::sample::select(&["r", "s"][..]);
    prop::option::of((role, rules)).prop_map(|replication| {
        let (role, rules) = replication?;
        let role = line("role", format!("\"arn:aws:iam::000000000000:role/{role}\""));
        let rules = rules.into_iter().map(|(id, lines)| Some(block(&format!("rule \"{id}\""), lines)));
        Some(block("replication", std::iter::once(role).chain(rules)))
    })
}

fn encryption() -> impl Strategy<Value = Line> {
    let key = "\"arn:aws:kms:eu-west-1:000000000000:key/11111111-2222-3333-4444-555555555555\"";
    let algorithm = prop_oneof![
        Just([line("sse_algorithm", "\"AES256\""), None]),
        Just([line("sse_algorithm", "\"aws:kms\""), None]),
        Just([line("sse_algorithm", "\"aws:kms\""), line("kms_master_key_id", key)]),
    ];
    prop::option::of((algorithm, maybe("bucket_key_enabled", prop::bool::ANY))).prop_map(|e| {
        let ([algorithm, key], saves) = e?;
        Some(block("server_side_encryption", [algorithm, key, saves]))
    })
}

fn public() -> impl Strategy<Value = Line> {
    let flag = |name| maybe(name, prop::bool::ANY);
    let flags = (
        flag("block_public_acls"),
        flag("ignore_public_acls"),
        flag("block_public_policy"),
        flag("restrict_public_buckets"),
    );
    prop::option::of(flags).prop_map(|flags| {
        let (a, b, c, d) = flags?;
        Some(block("public_access_block", [a, b, c, d]))
    })
}

/// Two that deny and one that opens the bucket to everybody.
fn policy() -> impl Strategy<Value = Line> {
    const STATEMENTS: [(&str, &str); 3] =
        [("Deny", "s3:DeleteObjectVersion"), ("Deny", "s3:DeleteBucket"), ("Allow", "s3:GetObject")];
    let text = prop::sample::select(&STATEMENTS[..]).prop_map(|(effect, action)| {
        format!(
            "jsonencode({{ Version = \"2012-10-17\", Statement = [{{ Effect = \"{effect}\", Principal = \"*\", \
             Action = \"{action}\", Resource = [\"arn:aws:s3:::the-bucket\", \"arn:aws:s3:::the-bucket/*\"] }}] }})"
        )
    });
    maybe("policy", text)
}

/// A bucket. Mostly versioned, because most else needs it; now and then what is refused.
pub(crate) fn bucket() -> impl Strategy<Value = String> {
    let versioning = prop_oneof![
        6 => Just(line("versioning", "\"Enabled\"")),
        1 => Just(line("versioning", "\"Suspended\"")),
        1 => Just(None),
    ];
    (versioning, lock(), lifecycle(), replication(), encryption(), public(), policy(), tags()).prop_map(
        |(a, b, c, d, e, f, g, h)| {
            resource("aws_s3_bucket", [line("bucket", "\"the-bucket\""), a, b, c, d, e, f, g, h])
        },
    )
}

/// What protects an instance.
pub(crate) fn instance() -> impl Strategy<Value = String> {
    let backup = (0..24u32).prop_map(|h| format!("\"{h:02}:00-{h:02}:30\""));
    let flag = |name| maybe(name, prop::bool::ANY);
    (
        maybe("backup_retention_period", 0..=35u32),
        maybe("preferred_backup_window", backup),
        word("preferred_maintenance_window", &["mon:03:00-mon:04:00", "sun:05:00-sun:05:30"]),
        flag("deletion_protection"),
        flag("copy_tags_to_snapshot"),
        flag("multi_az"),
        tags(),
        flag("apply_immediately"),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            resource("aws_db_instance", [line("db_instance_identifier", "\"main\""), a, b, c, d, e, f, g, h])
        })
}

/// Backups replicated into the other region.
pub(crate) fn replicated_backups() -> impl Strategy<Value = String> {
    let source = "\"arn:aws:rds:eu-west-1:000000000000:db:main\"";
    maybe("backup_retention_period", 1..=35u32).prop_map(move |days| {
        resource(
            "aws_db_automated_backups_replication",
            [line("provider", "aws.dr"), line("source_db_instance_arn", source), days],
        )
    })
}

/// One of two snapshots.
pub(crate) fn snapshot() -> impl Strategy<Value = String> {
    (prop::sample::select(&["\"main-0\"", "\"main-1\""][..]), prop::bool::ANY, tags()).prop_map(
        |(name, with_source, tags)| {
            let source = with_source.then(|| "db_instance_identifier = \"main\"".to_owned());
            resource("aws_db_snapshot", [line("db_snapshot_identifier", name), source, tags])
        },
    )
}
