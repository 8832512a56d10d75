//! A bucket goes back to an instant, through the port: every key to what it showed, nothing deleted.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeMap;
use std::sync::Arc;

use drctl_aws::ENTRY;
use drctl_core::provider::{
    AnyCloud, AnyKind, Attempt, Id, Place, Protection, ProviderError, RecoveryStep, StepNature, Subject,
    Target,
};
use drctl_core::value::Value;
use drctl_sim::admin::{self, log};
use drctl_sim::world::{Fault, FaultMoment};
use drctl_sim::{Sim, SimWorld};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const ACCOUNT: &str = "000000000000";

fn kind() -> &'static dyn AnyKind {
    ENTRY.kinds.iter().copied().find(|k| k.name() == "aws_s3_bucket").unwrap()
}

/// The steps that have a verb, with that, for a bucket that goes back to an instant.
fn steps(by: &Protection, region: &str, at: Timestamp) -> Vec<RecoveryStep> {
    let (id, place) = (Id("data".into()), Place { region: Some(region.into()), ..Place::default() });
    let attributes = BTreeMap::from([("versioning".to_owned(), Value::String("Enabled".into()))]);
    let subject = Subject { id: &id, attributes: &attributes, outputs: &BTreeMap::new(), place: &place };
    let target = Target { region: region.into(), name: "data-r1".into(), at: Some(at), now: at };
    kind().recover(&subject, by, &target).into_iter().filter(|s| s.verb.is_some()).collect()
}

struct Bucket {
    sim: Sim,
    cloud: AnyCloud,
    at: Timestamp,
}

type Told = Result<BTreeMap<String, Value>, ProviderError>;

impl Bucket {
    /// A bucket in which that was done until the instant, and that since.
    fn new(bucket: serde_json::Value, before: &[(&str, &str)], since: &[(&str, &str)]) -> Bucket {
        let seed = json!({ "regions": { "eu-west-1": { "buckets": { "data": bucket } } } });
        let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
        let play = |acts: &[(&str, &str)]| {
            for (key, text) in acts {
                sim.change(|w| w.advance(SignedDuration::from_secs(1))).unwrap().unwrap();
                sim.change(|w| match *text {
                    "" => w.delete_object("data", key).map(|()| String::new()),
                    text => w.put_text("data", key, text),
                })
                .unwrap()
                .unwrap();
            }
        };
        play(before);
        let at = sim.read(|w| w.now).unwrap();
        play(since);
        let cloud = Arc::new(sim.connect(ACCOUNT, "eu-west-1"));
        Bucket { sim, cloud, at }
    }

    async fn perform(&self, id: &str) -> Told {
        let by = Protection::Versions { region: "eu-west-1".into() };
        let steps = steps(&by, "eu-west-1", self.at);
        let verb = steps.iter().find(|s| s.id == id).unwrap().verb.clone().unwrap();
        kind().perform(&self.cloud, &Attempt("r1/3".into()), &verb).await
    }

    /// Brings it back and looks.
    async fn bring_back(&self) -> Told {
        for id in ["list_hidden", "list_changed", "list_earlier", "uncover", "copy_back"] {
            self.perform(id).await?;
        }
        self.perform("look").await
    }

    /// What shows, by key.
    fn shows(&self) -> BTreeMap<String, String> {
        let shown = |w: &SimWorld| {
            let objects = w.find_bucket("data").unwrap().2.objects.clone();
            let last = objects.into_iter().map(|(key, mut all)| (key, all.pop().unwrap()));
            let last = last.filter(|(_, version)| !version.delete_marker);
            last.map(|(key, version)| (key, version.content.text.unwrap())).collect()
        };
        self.sim.read(shown).unwrap()
    }

    /// Ids of all versions that are objects.
    fn objects(&self) -> Vec<String> {
        self.sim
            .read(|w| {
                let all = w.find_bucket("data").unwrap().2.objects.values().flatten();
                all.filter(|v| !v.delete_marker).map(|v| v.id.clone()).collect()
            })
            .unwrap()
    }
}

const BEFORE: [(&str, &str); 8] = [
    ("kept", "kept"),
    ("deleted", "deleted"),
    ("changed", "good"),
    ("changed-and-deleted", "good"),
    ("deleted-before", "old"),
    ("deleted-before", ""),
    ("written-again-before", "old"),
    ("written-again-before", "good"),
];

const SINCE: [(&str, &str); 10] = [
    ("deleted", ""),
    ("deleted", ""),
    ("changed", "bad"),
    ("changed-and-deleted", "bad"),
    ("changed-and-deleted", ""),
    ("deleted-before", "new"),
    ("written-again-before", "bad"),
    ("new", "new"),
    ("new-and-deleted", "new"),
    ("new-and-deleted", ""),
];

fn locked() -> serde_json::Value {
    json!({ "versioning": "Enabled", "object_lock": { "mode": "COMPLIANCE", "days": 10 } })
}

#[tokio::test]
async fn s3_s9_every_key_shows_what_it_showed_and_no_object_is_deleted() {
    let bucket = Bucket::new(locked(), &BEFORE, &SINCE);
    let before = bucket.objects();
    let early = bucket.perform("look").await.unwrap_err();
    assert!(!early.is_transient() && early.message.contains("2 hidden and 2 not as they were"), "{early}");
    let told = bucket.perform("list_changed").await.unwrap();
    assert_eq!((&told["written"], &told["new"]), (&Value::from(6), &Value::from(2)));
    let told = bucket.bring_back().await.unwrap();
    assert_eq!(told["as_they_were"], Value::from(5));
    let expected: BTreeMap<String, String> = [
        ("kept", "kept"),
        ("deleted", "deleted"),
        ("changed", "good"),
        ("changed-and-deleted", "good"),
        ("written-again-before", "good"),
        // New since then: left alone, and told.
        ("deleted-before", "new"),
        ("new", "new"),
    ]
    .map(|(key, text)| (key.to_owned(), text.to_owned()))
    .into();
    assert_eq!(bucket.shows(), expected);
    let after = bucket.objects();
    assert!(before.iter().all(|id| after.contains(id)), "no object version is gone");
    // Done again, it does nothing.
    bucket.bring_back().await.unwrap();
    assert_eq!(bucket.objects(), after);
}

#[tokio::test]
async fn s15_null_versions_come_back_where_versioning_was_enabled_since() {
    let bucket = Bucket::new(json!({ "versioning": "Enabled" }), &[("k", "good")], &[]);
    bucket
        .sim
        .change(|w| w.find_bucket_mut("data").unwrap().objects.get_mut("k").unwrap()[0].id = "null".into())
        .unwrap();
    bucket.sim.change(|w| w.advance(SignedDuration::from_secs(1))).unwrap().unwrap();
    admin::put_object(&bucket.sim, "data", "k").unwrap();
    bucket.bring_back().await.unwrap();
    assert_eq!(bucket.shows()["k"], "good");
}

#[tokio::test]
async fn what_helps_to_try_again_is_tried_again_and_the_rest_is_told_by_name() {
    let bucket = Bucket::new(locked(), &BEFORE, &SINCE);
    let fault =
        |pattern: &str, per_mille| Fault { pattern: pattern.into(), per_mille, moment: FaultMoment::After };
    bucket.sim.change(|w| w.faults.push(fault("CopyObject", 900))).unwrap();
    bucket.perform("uncover").await.unwrap();
    let mut turns = 0;
    while let Err(error) = bucket.perform("copy_back").await {
        assert!(error.is_transient(), "{error}");
        turns += 1;
        assert!(turns < 50, "{error}");
    }
    assert!(turns > 0, "the answer of some was lost");
    bucket.perform("look").await.unwrap();
    // A copy of which only the answer was lost was not made again.
    assert_eq!(bucket.objects().len(), BEFORE.len() - 1 + 6 + 3);

    let bucket = Bucket::new(locked(), &BEFORE, &SINCE);
    admin::deny(&bucket.sim, admin::Scope::Everywhere, "CopyObject").unwrap();
    let denied = bucket.perform("copy_back").await.unwrap_err();
    assert!(denied.message.contains("0 done, 3 not: `changed`"), "{denied}");
}

#[tokio::test]
async fn a_large_bucket_is_gone_through_page_by_page() {
    let names: Vec<String> = (0..350).map(|n| format!("k{n:04}")).collect();
    let before: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "good")).collect();
    let since: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let bucket = Bucket::new(json!({ "versioning": "Enabled" }), &before, &since);
    let told = bucket.perform("uncover").await.unwrap();
    assert_eq!(told["shown_again"], Value::from(350));
    let Value::List(first) = &told["shown_again_first"] else { panic!("{told:?}") };
    assert_eq!(first.len(), 20, "the first ones are enough to see which they are");
    assert_eq!(bucket.shows().len(), 350);
    assert_eq!(log(&bucket.sim).unwrap().operations["s3:DeleteObjectVersion"], 350);
}

#[tokio::test]
async fn s22_a_replica_that_is_empty_is_no_way_back() {
    let seed = json!({ "regions": { "eu-west-2": { "buckets": { "copy": { "versioning": "Enabled" } } } } });
    let sim = Sim::memory(SimWorld::seed(&seed).unwrap());
    let by = Protection::ReplicatesTo {
        to: "arn:aws:s3:::copy".into(),
        rule: "all".into(),
        prefix: String::new(),
        lag_max: None,
        key: None,
    };
    let at = sim.read(|w| w.now).unwrap();
    let step = steps(&by, "eu-west-2", at).remove(0);
    assert_eq!((step.id.as_str(), step.nature), ("check_replica", StepNature::Check));
    let cloud: AnyCloud = Arc::new(sim.connect(ACCOUNT, "eu-west-2"));
    let verb = step.verb.unwrap();
    let empty = kind().perform(&cloud, &Attempt("r1/2".into()), &verb).await.unwrap_err();
    assert!(empty.message.contains("it holds no object"), "{empty}");
    admin::put_object(&sim, "copy", "k").unwrap();
    let told = kind().perform(&cloud, &Attempt("r1/2".into()), &verb).await.unwrap();
    assert_eq!(told["objects"].as_str(), Some("1"));
}
