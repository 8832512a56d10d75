//! The world as a whole: where it is kept, that it is deterministic, how it breaks, and that no
//! sequence of calls makes it inconsistent.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use drctl_aws::port::{
    Cloud, CreateDbSnapshot, LockAtBirth, ModifyDbInstance, ObjectLockConfiguration,
    ReplicationConfiguration, ReplicationRule, StartBackupsReplication, VersioningStatus,
};
use drctl_core::provider::ErrorClass;
use drctl_sim::admin::{self, Scope};
use drctl_sim::objects::Bypass;
use drctl_sim::world::{Consistency, Fault, FaultMoment, Outage};
use drctl_sim::{Sim, SimWorld};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

const ACCOUNT: &str = "000000000000";
const REGIONS: [&str; 2] = ["eu-west-1", "eu-west-2"];
const ARN: &str = "arn:aws:rds:eu-west-1:000000000000:db:main";

fn seeded() -> SimWorld {
    let seed = json!({ "regions": { "eu-west-1": {
        "db_instances": { "main": { "backup_retention_period": 7 } },
        "buckets": { "logs": { "versioning": "Enabled", "objects": ["k"] } },
    }, "eu-west-2": { "replicated_backups": { "eu-west-1/main": { "backup_retention_period": 3 } } } } });
    SimWorld::seed(&seed).unwrap()
}

#[tokio::test]
async fn folder_keeps_the_world_across_processes() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (Sim::dir(dir.path()).unwrap(), Sim::dir(dir.path()).unwrap());
    assert_eq!(one.default_account().unwrap(), ACCOUNT);
    one.connect(ACCOUNT, "eu-west-1").create_bucket("first", LockAtBirth::Disabled).await.unwrap();
    let there = two.connect(ACCOUNT, "eu-west-1");
    assert!(there.list_buckets().await.unwrap().contains("first"));
    there.put_bucket_versioning("first", VersioningStatus::Enabled).await.unwrap();
    let seen = one.connect(ACCOUNT, "eu-west-1").get_bucket_versioning("first").await.unwrap();
    assert_eq!(seen.status, Some(VersioningStatus::Enabled));
    let counts = admin::log(&one).unwrap();
    assert_eq!((counts.reads, counts.writes), (2, 2));
    assert_eq!(counts.operations["s3:PutBucketVersioning"], 1);
    admin::reset(&two).unwrap();
    assert_eq!(admin::log(&one).unwrap(), admin::Counts::default());
    assert_eq!(one.read(SimWorld::clone).unwrap(), SimWorld::default());
}

#[test]
fn folder_takes_its_first_world_once() {
    let dir = tempfile::tempdir().unwrap();
    let first = Sim::dir_or(dir.path(), seeded).unwrap().read(SimWorld::clone).unwrap();
    let again = Sim::dir_or(dir.path(), SimWorld::default).unwrap().read(SimWorld::clone).unwrap();
    assert_eq!((first, again), (seeded(), seeded()));
}

#[test]
fn malformed_folder_is_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let newer = serde_json::to_string(&SimWorld { schema: 2, ..SimWorld::default() }).unwrap();
    for text in ["", "{", "[]", newer.as_str()] {
        std::fs::write(dir.path().join("cloud.json"), text).unwrap();
        assert!(Sim::dir(dir.path()).is_err(), "{text}");
        assert_eq!(std::fs::read_to_string(dir.path().join("cloud.json")).unwrap(), text);
    }
}

#[test]
fn leftovers_of_a_killed_writer_do_not_matter() {
    let dir = tempfile::tempdir().unwrap();
    Sim::dir_or(dir.path(), seeded).unwrap();
    std::fs::write(dir.path().join(".tmpXYZ"), "{\"schema\":").unwrap();
    assert_eq!(Sim::dir(dir.path()).unwrap().read(SimWorld::clone).unwrap(), seeded());
}

#[test]
fn writers_of_one_folder_do_not_lose_each_others_changes() {
    let dir = tempfile::tempdir().unwrap();
    Sim::dir_or(dir.path(), seeded).unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = dir.path();
            scope.spawn(move || {
                // A `Sim` of its own has a lock file and a cache of its own, as another process would.
                let sim = Sim::dir(path).unwrap();
                for n in 0..10 {
                    admin::put_object(&sim, "logs", &format!("{writer}/{n}")).unwrap();
                }
            });
        }
    });
    let keys =
        Sim::dir(dir.path()).unwrap().read(|w| w.find_bucket("logs").unwrap().2.objects.len()).unwrap();
    assert_eq!(keys, 41);
}

/// Writes until it is killed, when started by the test below; nothing otherwise.
#[test]
fn writer_for_the_kill_test() {
    let Some(dir) = std::env::var_os("SIM_TEST_WRITE_UNTIL_KILLED") else { return };
    let sim = Sim::dir(dir).unwrap();
    for n in 0..100_000 {
        admin::put_object(&sim, "logs", &format!("{}-{n}", std::process::id())).unwrap();
    }
}

#[test]
fn writer_killed_anywhere_leaves_a_whole_world_and_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::dir_or(dir.path(), seeded).unwrap();
    let count = || sim.read(|w| w.find_bucket("logs").unwrap().2.objects.len()).unwrap();
    for _ in 0..5 {
        let before = count();
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer_for_the_kill_test"])
            .env("SIM_TEST_WRITE_UNTIL_KILLED", dir.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // Wait until it is writing; it ends by itself if it cannot.
        while count() < before + 3 && child.try_wait().unwrap().is_none() {}
        assert!(count() >= before + 3, "the writer does not write");
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(sim.read(SimWorld::check).unwrap(), Vec::<String>::new());
        admin::put_object(&sim, "logs", "after").unwrap();
    }
}

#[tokio::test]
async fn regions_break_and_mend() {
    let sim = Sim::memory(seeded());
    let aws = sim.connect(ACCOUNT, "eu-west-1");
    let class = |answer: Result<_, drctl_core::provider::ProviderError>| {
        answer.map(|_: Vec<_>| ()).unwrap_err().class
    };
    admin::throttle(&sim, "eu-west-1", 2).unwrap();
    for _ in 0..2 {
        assert_eq!(class(aws.describe_db_instances(None).await), ErrorClass::Throttled);
    }
    aws.describe_db_instances(None).await.unwrap();
    admin::fail_region(&sim, "eu-west-1", Outage::Unavailable).unwrap();
    assert_eq!(class(aws.describe_db_instances(None).await), ErrorClass::Unavailable);
    assert_eq!(aws.get_caller_identity().await.unwrap_err().class, ErrorClass::Unavailable);
    sim.connect(ACCOUNT, "eu-west-2").get_caller_identity().await.unwrap();
    admin::restore_region(&sim, "eu-west-1").unwrap();
    admin::deny(&sim, Scope::Region("eu-west-1"), "rds:Describe*").unwrap();
    assert_eq!(class(aws.describe_db_instances(None).await), ErrorClass::Denied);
    admin::allow(&sim, Scope::Region("eu-west-1"), "rds:Describe*").unwrap();
    assert!(admin::allow(&sim, Scope::Everywhere, "rds:Describe*").is_err());
    assert!(admin::fail_region(&sim, "moon-1", Outage::Timeout).is_err());
    assert_eq!(
        class(sim.connect(ACCOUNT, "moon-1").describe_db_instances(None).await),
        ErrorClass::Unavailable
    );
}

#[tokio::test]
async fn faults_strike_before_or_after_the_effect() {
    for (moment, expected) in
        [(FaultMoment::Before, None), (FaultMoment::After, Some(VersioningStatus::Enabled))]
    {
        let fault = Fault { pattern: "PutBucketVersioning".into(), per_mille: 1000, moment };
        let mut world = SimWorld::default();
        world.faults.push(fault);
        let sim = Sim::memory(world);
        let aws = sim.connect(ACCOUNT, "eu-west-1");
        aws.create_bucket("bucket", LockAtBirth::Disabled).await.unwrap();
        assert!(
            aws.put_bucket_versioning("bucket", VersioningStatus::Enabled).await.unwrap_err().is_transient()
        );
        assert_eq!(aws.get_bucket_versioning("bucket").await.unwrap().status, expected);
    }
}

#[tokio::test]
async fn reads_lag_behind_writes_and_catch_up() {
    let mut lagged = 0;
    for seed in 0..20 {
        let lag = Consistency { reads_max: 3, seconds_max: 60 };
        let sim = Sim::memory(SimWorld { seed, consistency: Some(lag), ..seeded() });
        let aws = sim.connect(ACCOUNT, "eu-west-1");
        aws.put_bucket_tagging("logs", &[("a".into(), "b".into())].into()).await.unwrap();
        let mut reads = 0;
        while aws.get_bucket_tagging("logs").await.unwrap().is_empty() {
            reads += 1;
        }
        assert!(reads <= 3);
        lagged += reads;
        aws.put_bucket_tagging("logs", &[].into()).await.unwrap();
        admin::advance(&sim, SignedDuration::from_secs(61)).unwrap();
        assert!(aws.get_bucket_tagging("logs").await.unwrap().is_empty());
    }
    assert!(lagged > 0, "no seed of 20 made a read lag");
}

#[test]
fn seeds_say_what_is_wrong_with_them() {
    let region = |contents: serde_json::Value| json!({ "regions": { "eu-west-1": contents } });
    for (seed, word) in [
        (json!({ "region": {} }), "unknown field `region`"),
        (json!({ "regions": { "moon-1": {} } }), "moon-1"),
        (region(json!({ "buckets": { "x": { "object_lock": {} } } })), "S2"),
        (
            region(
                json!({ "buckets": { "x": { "versioning": "Enabled", "object_lock": { "mode": "COMPLIANCE" } } } }),
            ),
            "needs days",
        ),
        (region(json!({ "db_instances": { "x": { "preferred_backup_window": "1-2" } } })), "R7"),
        (region(json!({ "db_instances": { "x": { "backup_retention_period": 36 } } })), "R1"),
        (region(json!({ "db_snapshots": { "s": { "instance": "x" } } })), "no instance `x`"),
        (
            region(json!({ "replicated_backups": { "eu-west-2/x": { "backup_retention_period": 1 } } })),
            "eu-west-2/x",
        ),
    ] {
        let error = SimWorld::seed(&seed).unwrap_err().to_string();
        assert!(error.contains(word) || word == "R7" && error.contains("HH:MM"), "{error} lacks {word}");
    }
}

#[test]
fn the_seed_of_the_documentation_works() {
    let text = include_str!("../../../docs/sim.md");
    let example = text.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let world = SimWorld::seed(&serde_json::from_str(example).unwrap()).unwrap();
    assert!(world.find_bucket("taken").is_some());
    let copy = &world.accounts[ACCOUNT].regions["eu-west-2"].replicated_backups[ARN].backup;
    assert!(copy.earliest < copy.latest);
}

#[test]
fn a_second_seed_adds_and_keeps_what_it_does_not_name() {
    let mut world = seeded();
    world.sow(&json!({ "seed": 7, "pace": { "looks": 0 }, "denied": ["Put*"] })).unwrap();
    let before = world.clone();
    world.sow(&json!({ "foreign_buckets": ["taken"] })).unwrap();
    assert!(world.find_bucket("taken").is_some() && world.find_bucket("logs").is_some());
    assert_eq!((world.seed, world.pace, world.denied), (7, before.pace, before.denied));
}

#[test]
fn drift_sets_what_aws_would_let_stand() {
    let sim = Sim::memory(seeded());
    let logs = admin::Target::Bucket("logs");
    let main = admin::Target::Database { account: ACCOUNT, region: "eu-west-1", identifier: "main" };
    admin::set(&sim, logs, "/versioning/status", json!("Suspended")).unwrap();
    admin::set(&sim, logs, "/tags/new", json!("x")).unwrap();
    admin::set(&sim, main, "/backup_retention_period", json!(0)).unwrap();
    let before = sim.read(SimWorld::clone).unwrap();
    for (target, pointer, value) in [
        (logs, "/versioning/state", json!("Enabled")),
        (logs, "/nonsense", json!(1)),
        (logs, "", json!({})),
        (logs, "/object_lock", json!({ "default_retention": null })),
        (main, "/backup_retention_period", json!("seven")),
        (main, "/backup_retention_period", json!(36)),
        (admin::Target::Bucket("nowhere"), "/tags/new", json!("x")),
    ] {
        assert!(admin::set(&sim, target, pointer, value).is_err(), "{pointer}");
        assert_eq!(sim.read(SimWorld::clone).unwrap(), before, "{pointer}");
    }
    let text = admin::show(&sim).unwrap();
    assert!(
        text.contains("bucket logs: versioning suspended") && text.contains("restorable to never"),
        "{text}"
    );
}

/// One step of a random life.
type Step = (u8, u8, u8, u32);

async fn act(sim: &Sim, (what, region, thing, number): Step) -> String {
    let region = REGIONS[usize::from(region) % 2];
    let aws: Cloud = sim.connect(ACCOUNT, region);
    let bucket = ["logs", "copy", "x"][usize::from(thing) % 3];
    let status =
        if number.is_multiple_of(2) { VersioningStatus::Enabled } else { VersioningStatus::Suspended };
    let answer = match what % 14 {
        0 => {
            aws.create_bucket(
                bucket,
                if number % 3 == 0 { LockAtBirth::Enabled } else { LockAtBirth::Disabled },
            )
            .await
        }
        1 => aws.put_bucket_versioning(bucket, status).await,
        2 => {
            aws.put_object_lock_configuration(bucket, &ObjectLockConfiguration { default_retention: None })
                .await
        }
        3 => aws.put_bucket_replication(bucket, Some(&replication())).await,
        4 => aws.delete_bucket(bucket).await,
        5 | 6 => {
            let change = ModifyDbInstance {
                identifier: "main".into(),
                backup_retention_period: Some(number % 37),
                multi_az: Some(number.is_multiple_of(2)),
                apply_immediately: number.is_multiple_of(5),
                ..ModifyDbInstance::default()
            };
            aws.modify_db_instance(&change).await
        }
        7 => {
            let backup_retention_period = number % 37;
            let start =
                StartBackupsReplication { source_arn: ARN.into(), backup_retention_period, kms_key_id: None };
            aws.start_backups_replication(&start).await
        }
        8 => aws.stop_backups_replication(ARN).await,
        9 => {
            let identifier = format!("s-{}", number % 5);
            aws.create_db_snapshot(&CreateDbSnapshot { identifier, instance: "main".into(), tags: [].into() })
                .await
        }
        10 => aws.describe_db_instances(None).await.map(|_| ()),
        11 => sim.change(|w| w.put_object(bucket, &format!("k{}", number % 4))).unwrap().map(|_| ()),
        12 => {
            sim.change(|w| w.advance(SignedDuration::from_mins(i64::from(number)))).unwrap().unwrap();
            Ok(())
        }
        _rest => sim.change(|w| w.delete_object_version(bucket, "k1", "null", Bypass::Governance)).unwrap(),
    };
    format!("{answer:?}")
}

fn replication() -> ReplicationConfiguration {
    let rule = ReplicationRule {
        id: "all".into(),
        enabled: true,
        priority: 1,
        prefix: String::new(),
        tags: [].into(),
        destination: "arn:aws:s3:::copy".into(),
        storage_class: None,
        delete_marker_replication: false,
        replication_time_control: false,
        sse_kms_encrypted_objects: false,
        replica_kms_key_id: None,
    };
    ReplicationConfiguration { role: "arn:aws:iam::000000000000:role/r".into(), rules: vec![rule] }
}

fn live(steps: &[Step], seed: u64) -> (Vec<String>, SimWorld) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fault = Fault { pattern: "Put*".into(), per_mille: 100, moment: FaultMoment::After };
    let consistency = Some(Consistency { reads_max: 2, seconds_max: 600 });
    let sim = Sim::memory(SimWorld { seed, consistency, faults: vec![fault], ..seeded() });
    let mut answers = Vec::new();
    for step in steps {
        answers.push(runtime.block_on(act(&sim, *step)));
        assert_eq!(sim.read(SimWorld::check).unwrap(), Vec::<String>::new(), "after {step:?}");
    }
    (answers, sim.read(SimWorld::clone).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_life_is_consistent_repeatable_and_survives_the_file(
        steps in prop::collection::vec((0u8..14, 0u8..2, 0u8..3, 0u32..20_000), 1..60),
        seed in 0u64..1000,
    ) {
        let (answers, world) = live(&steps, seed);
        prop_assert_eq!(&(answers, world.clone()), &live(&steps, seed));
        let text = serde_json::to_string(&world).unwrap();
        let back: SimWorld = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(back, world);
    }
}
