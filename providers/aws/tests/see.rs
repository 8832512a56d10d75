//! Written looks for objects, through the port: what holds, what may still come, what never will.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;

use drctl_aws::ENTRY;
use drctl_aws::port::LockMode;
use drctl_core::provider::{AnyCloud, AnyKind, Attempt, Id, Place, ProviderError, Seeing, Subject};
use drctl_core::value::Value;
use drctl_sim::objects::Bypass;
use drctl_sim::world::ObjectRetention;
use drctl_sim::{Sim, SimWorld, admin};
use jiff::SignedDuration;
use serde_json::json;

const ACCOUNT: &str = "000000000000";

fn kind(name: &str) -> &'static dyn AnyKind {
    ENTRY.kinds.iter().copied().find(|k| k.name() == name).unwrap()
}

fn subject<T>(question: impl Fn(&Subject<'_>) -> T) -> T {
    let (id, place) = (Id("data".into()), Place { region: Some("eu-west-1".into()), ..Place::default() });
    let (attributes, outputs) = (BTreeMap::new(), BTreeMap::new());
    question(&Subject { id: &id, attributes: &attributes, outputs: &outputs, place: &place })
}

fn world(lock: &str) -> (Sim, String) {
    let bucket = json!({ "versioning": "Enabled", "object_lock": { "mode": lock, "days": 10 } });
    let seed = json!({ "regions": { "eu-west-1": { "buckets": { "data": bucket } } } });
    let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
    let id = admin::put_text(&sim, "data", "db/1.dump", "text").unwrap();
    for n in 0..150 {
        admin::put_object(&sim, "data", &format!("many/{n}")).unwrap();
    }
    (sim, id)
}

async fn look(sim: &Sim, seeing: &Seeing) -> Result<BTreeMap<String, Value>, ProviderError> {
    let bucket = kind("aws_s3_bucket");
    let verb = subject(|s| bucket.see(s, seeing)).unwrap().verb;
    let cloud: AnyCloud = Arc::new(sim.connect(ACCOUNT, "eu-west-1"));
    bucket.perform(&cloud, &Attempt("r1/1".into()), &verb).await
}

/// What may be so later is asked again.
#[derive(Debug, PartialEq)]
enum Came {
    Holds,
    NotYet,
    Never,
}

fn came(answer: &Result<BTreeMap<String, Value>, ProviderError>) -> Came {
    match answer {
        Ok(_) => Came::Holds,
        Err(error) if error.is_transient() => Came::NotYet,
        Err(_) => Came::Never,
    }
}

fn one() -> Seeing {
    Seeing { key: Some("db/1.dump".into()), ..Seeing::default() }
}

#[tokio::test]
async fn an_object_is_looked_at_by_version_checksum_age_and_lock() {
    let (sim, id) = world("COMPLIANCE");
    let now = sim.read(|w| w.now).unwrap();
    let hex = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";
    let checksum = |text: &str| Seeing { checksum: Some(text.into()), ..one() };
    let days = |days: i64| now + SignedDuration::from_hours(24 * days);
    for (seeing, expected) in [
        (one(), Came::Holds),
        (Seeing { key: Some("db/2.dump".into()), ..Seeing::default() }, Came::NotYet),
        (Seeing { version: Some(id.clone()), ..one() }, Came::Holds),
        (Seeing { version: Some("other".into()), ..one() }, Came::NotYet),
        (checksum(&format!("sha256:{hex}")), Came::Holds),
        (checksum(&format!("sha256:{}", hex.to_uppercase())), Came::Holds),
        (checksum("sha256:mC2ePrmW9VnmM/TRlN7zdh2Qn1o7ZH0ahR/q1nwyydE="), Came::Holds),
        (checksum(&format!("sha256:00{}", &hex[2..])), Came::Never),
        (checksum("crc32:AAAA"), Came::Never),
        (Seeing { locked_until: Some(days(10)), ..one() }, Came::Holds),
        (Seeing { locked_until: Some(days(11)), ..one() }, Came::Never),
        (Seeing { written_after: Some(days(-1)), ..one() }, Came::Holds),
        (Seeing { written_after: Some(days(1)), ..one() }, Came::NotYet),
    ] {
        let answer = look(&sim, &seeing).await;
        assert_eq!(came(&answer), expected, "{seeing:?}: {answer:?}");
    }
    // Hidden, it is not there; its version is.
    admin::delete_object(&sim, "data", "db/1.dump").unwrap();
    assert_eq!(came(&look(&sim, &one()).await), Came::NotYet);
    assert_eq!(came(&look(&sim, &Seeing { version: Some(id), ..one() }).await), Came::Holds);
}

#[tokio::test]
async fn s3_s4_s8_what_can_be_bypassed_is_not_locked_and_a_hold_is() {
    let (sim, id) = world("GOVERNANCE");
    let until = sim.read(|w| w.now).unwrap();
    let seeing = Seeing { locked_until: Some(until), ..one() };
    assert_eq!(came(&look(&sim, &seeing).await), Came::Never);
    sim.change(|w| {
        let retention =
            ObjectRetention { mode: LockMode::Compliance, until: until + SignedDuration::from_hours(480) };
        w.put_object_retention("data", "db/1.dump", &id, retention, Bypass::None)
    })
    .unwrap()
    .unwrap();
    assert_eq!(came(&look(&sim, &seeing).await), Came::Holds);
}

#[tokio::test]
async fn objects_are_counted_over_pages_until_there_are_enough() {
    let (sim, _) = world("COMPLIANCE");
    let now = sim.read(|w| w.now).unwrap();
    let several = |prefix: &str, count: u64| Seeing { prefix: prefix.into(), count, ..Seeing::default() };
    for (seeing, expected) in [
        (several("", 1), Came::Holds),
        (several("many/", 150), Came::Holds),
        (several("many/", 151), Came::NotYet),
        (several("none/", 1), Came::NotYet),
        (Seeing { written_after: Some(now), ..several("many/", 1) }, Came::Holds),
        (Seeing { written_after: Some(now + SignedDuration::from_hours(1)), ..several("", 1) }, Came::NotYet),
    ] {
        let answer = look(&sim, &seeing).await;
        assert_eq!(came(&answer), expected, "{seeing:?}: {answer:?}");
    }
    admin::deny(&sim, admin::Scope::Everywhere, "ListObjectsV2").unwrap();
    let denied = look(&sim, &several("", 1)).await.unwrap_err();
    assert!(!denied.is_transient(), "denied is not absent: {denied}");
}

#[test]
fn a_look_prints_its_command_and_other_kinds_hold_no_objects() {
    let command =
        |seeing: &Seeing| subject(|s| kind("aws_s3_bucket").see(s, seeing)).unwrap().command.join(" ");
    let versioned = Seeing { version: Some("v1".into()), ..one() };
    assert_eq!(
        command(&versioned),
        "aws s3api head-object --checksum-mode ENABLED --bucket data --key db/1.dump --version-id v1 --region eu-west-1"
    );
    assert!(command(&Seeing::default()).contains("length(Contents||`[]`)"));
    assert_eq!(subject(|s| kind("aws_db_instance").see(s, &one())), None);
}
