//! RDS' rules, each against the port directly: the name of a test starts with the fact it enforces.
#![expect(clippy::unwrap_used, reason = "a failing test should say where")]

use drctl_aws::port::{
    BackupsOf, Cloud, CreateDbSnapshot, DbInstance, ModifyDbInstance, NewDbInstance,
    RestoreDbInstanceFromDbSnapshot, RestoreDbInstanceToPointInTime, StartBackupsReplication,
};
use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_sim::admin::{self, FinalSnapshot};
use drctl_sim::world::Outage;
use drctl_sim::{Sim, SimError, SimWorld};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const ACCOUNT: &str = "000000000000";
const ARN: &str = "arn:aws:rds:eu-west-1:000000000000:db:main";

fn world(instance: Value) -> Sim {
    let seed = json!({ "regions": { "eu-west-1": { "db_instances": { "main": instance } } } });
    Sim::memory(SimWorld::seed(&seed).unwrap())
}

fn west(sim: &Sim) -> Cloud {
    sim.connect(ACCOUNT, "eu-west-1")
}

fn change() -> ModifyDbInstance {
    ModifyDbInstance { identifier: "main".into(), ..ModifyDbInstance::default() }
}

fn days(days: u32) -> ModifyDbInstance {
    ModifyDbInstance { backup_retention_period: Some(days), ..change() }
}

fn now(days: u32) -> ModifyDbInstance {
    ModifyDbInstance { backup_retention_period: Some(days), apply_immediately: true, ..change() }
}

fn start() -> StartBackupsReplication {
    StartBackupsReplication { source_arn: ARN.into(), backup_retention_period: 7, kms_key_id: None }
}

fn pass(sim: &Sim, hours: i64) -> Timestamp {
    admin::advance(sim, SignedDuration::from_hours(hours)).unwrap()
}

async fn main(sim: &Sim) -> DbInstance {
    west(sim).describe_db_instances(Some("main")).await.unwrap().remove(0)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(answer: Result<T, ProviderError>, code: &str, fact: &str) {
    let error = answer.unwrap_err();
    assert_eq!(error.code.as_deref(), Some(code), "{error}");
    assert!(fact.is_empty() || error.message.contains(&format!("[{fact}]")), "{error}");
}

#[tokio::test]
async fn r1_retention_is_at_most_35() {
    let sim = world(json!({}));
    refused(west(&sim).modify_db_instance(&days(36)).await, "InvalidParameterValue", "R1");
    west(&sim).modify_db_instance(&days(35)).await.unwrap();
    pass(&sim, 1);
    assert_eq!(main(&sim).await.backup_retention_period, 35);
}

#[tokio::test]
async fn r2_r4_between_zero_and_more_waits_for_the_window() {
    for (from, to) in [(0, 7), (7, 0)] {
        let sim = world(json!({ "backup_retention_period": from }));
        west(&sim).modify_db_instance(&days(to)).await.unwrap();
        pass(&sim, 24);
        let waiting = main(&sim).await;
        assert_eq!(
            (waiting.backup_retention_period, waiting.pending.backup_retention_period),
            (from, Some(to))
        );
        // From Monday noon to the window on Sunday morning.
        pass(&sim, 6 * 24);
        let done = main(&sim).await;
        assert_eq!((done.backup_retention_period, done.pending.backup_retention_period), (to, None));
    }
}

#[tokio::test]
async fn r4_between_more_and_more_is_soon_and_asking_again_takes_it_back() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    west(&sim).modify_db_instance(&days(14)).await.unwrap();
    let busy = main(&sim).await;
    assert_eq!((busy.status.as_str(), busy.backup_retention_period), ("modifying", 7));
    let done = main(&sim).await;
    assert_eq!((done.status.as_str(), done.backup_retention_period), ("available", 14));
    west(&sim).modify_db_instance(&days(0)).await.unwrap();
    west(&sim).modify_db_instance(&days(14)).await.unwrap();
    assert_eq!(main(&sim).await.pending.backup_retention_period, None);
}

#[tokio::test]
async fn r4_apply_immediately_releases_everything_that_waits() {
    let sim =
        world(json!({ "backup_retention_period": 7, "pending": { "DBInstanceClass": "db.r6g.large" } }));
    let standby = ModifyDbInstance { multi_az: Some(true), ..change() };
    west(&sim).modify_db_instance(&standby).await.unwrap();
    assert_eq!(main(&sim).await.pending.multi_az, Some(true));
    west(&sim).modify_db_instance(&now(0)).await.unwrap();
    pass(&sim, 1);
    let done = main(&sim).await;
    assert_eq!((done.backup_retention_period, done.multi_az, done.class.as_str()), (0, true, "db.r6g.large"));
    assert_eq!(done.pending, drctl_aws::port::PendingModifiedValues::default());
}

#[tokio::test]
async fn r3_turning_backups_off_deletes_them_and_history_begins_anew() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    let backups = |sim: &Sim| {
        sim.read(|w| w.accounts[ACCOUNT].regions["eu-west-1"].db_instances["main"].backups.len()).unwrap()
    };
    assert_eq!(backups(&sim), 7);
    west(&sim).modify_db_instance(&now(0)).await.unwrap();
    pass(&sim, 1);
    assert_eq!((backups(&sim), main(&sim).await.latest_restorable_time), (0, None));
    west(&sim).modify_db_instance(&now(7)).await.unwrap();
    pass(&sim, 1);
    assert_eq!(backups(&sim), 1);
}

#[tokio::test]
async fn r5_source_of_replicas_keeps_its_backups() {
    let sim = world(json!({ "backup_retention_period": 7, "read_replicas": ["copy"] }));
    refused(west(&sim).modify_db_instance(&days(0)).await, "InvalidParameterCombination", "R5");
}

#[tokio::test]
async fn r6_lowering_drops_the_oldest_and_raising_brings_none_back() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    let backups = |sim: &Sim| {
        sim.read(|w| w.accounts[ACCOUNT].regions["eu-west-1"].db_instances["main"].backups.len()).unwrap()
    };
    west(&sim).modify_db_instance(&days(2)).await.unwrap();
    pass(&sim, 1);
    assert_eq!(backups(&sim), 2);
    west(&sim).modify_db_instance(&days(7)).await.unwrap();
    pass(&sim, 1);
    assert_eq!(backups(&sim), 2);
    pass(&sim, 72);
    assert_eq!(backups(&sim), 5);
}

#[tokio::test]
async fn r7_windows_are_valid_and_apart() {
    let sim = world(json!({}));
    for (backup, maintenance) in [
        (Some("03:00-03:10"), None),
        (Some("nonsense"), None),
        (None, Some("sun:03:00-sun:04:00")),
        (Some("04:00-05:00"), None),
    ] {
        let wrong = ModifyDbInstance {
            preferred_backup_window: backup.map(str::to_owned),
            preferred_maintenance_window: maintenance.map(str::to_owned),
            ..change()
        };
        refused(west(&sim).modify_db_instance(&wrong).await, "InvalidParameterValue", "R7");
    }
}

#[tokio::test]
async fn r8_r9_restorable_time_follows_the_clock_and_stands_while_stopped() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    let at = admin::advance(&sim, SignedDuration::from_secs(3 * 3600 + 299)).unwrap();
    let latest = main(&sim).await.latest_restorable_time.unwrap();
    assert_eq!(at.duration_since(latest).as_secs(), 299);
    let main_db = admin::Target::Database { account: ACCOUNT, region: "eu-west-1", identifier: "main" };
    admin::set(&sim, main_db, "/status", json!("stopped")).unwrap();
    pass(&sim, 48);
    assert_eq!(main(&sim).await.latest_restorable_time, Some(latest));
    refused(west(&sim).modify_db_instance(&days(3)).await, "InvalidDBInstanceState", "");
}

#[tokio::test]
async fn r15_replicated_backups_need_a_source_a_pair_and_their_own_retention() {
    let good = world(json!({ "backup_retention_period": 7 }));
    let encrypted = world(json!({ "backup_retention_period": 7, "storage_encrypted": true }));
    let off = world(json!({ "backup_retention_period": 0 }));
    let unknown = StartBackupsReplication { source_arn: ARN.replace("main", "other"), ..start() };
    let own = |backup_retention_period| StartBackupsReplication { backup_retention_period, ..start() };
    for (sim, region, start, code) in [
        (&good, "eu-west-1", start(), "InvalidParameterValue"),
        (&good, "sa-east-1", start(), "InvalidParameterCombination"),
        (&good, "eu-west-2", own(0), "InvalidParameterValue"),
        (&good, "eu-west-2", own(36), "InvalidParameterValue"),
        (&good, "eu-west-2", unknown, "DBInstanceNotFound"),
        (&off, "eu-west-2", start(), "InvalidDBInstanceAutomatedBackupState"),
        (&encrypted, "eu-west-2", start(), "InvalidParameterCombination"),
    ] {
        let fact = if code == "DBInstanceNotFound" { "" } else { "R15" };
        refused(sim.connect(ACCOUNT, region).start_backups_replication(&start).await, code, fact);
    }
    good.connect(ACCOUNT, "eu-west-2").start_backups_replication(&start()).await.unwrap();
    let regions = good.connect(ACCOUNT, "sa-east-1").describe_source_regions().await.unwrap();
    assert!(regions.iter().all(|r| !r.supports_backups_replication));
}

#[tokio::test]
async fn r15_r16_copies_start_only_while_the_source_answers_but_stay_readable() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    let there = sim.connect(ACCOUNT, "eu-west-2");
    admin::fail_region(&sim, "eu-west-1", Outage::Timeout).unwrap();
    assert_eq!(there.start_backups_replication(&start()).await.unwrap_err().class, ErrorClass::Unavailable);
    assert_eq!(west(&sim).describe_db_instances(None).await.unwrap_err().class, ErrorClass::Timeout);
    admin::restore_region(&sim, "eu-west-1").unwrap();
    there.start_backups_replication(&start()).await.unwrap();
    assert_eq!(there.describe_replicated_backups(None).await.unwrap()[0].latest, None);
    let lost_at = pass(&sim, 48);
    admin::fail_region(&sim, "eu-west-1", Outage::Unavailable).unwrap();
    pass(&sim, 2);
    let copy = there.describe_replicated_backups(Some(ARN)).await.unwrap().remove(0);
    assert_eq!(lost_at.duration_since(copy.latest.unwrap()).as_secs(), 300);
    assert!(copy.earliest < copy.latest);
    there.stop_backups_replication(ARN).await.unwrap();
    assert_eq!(there.describe_replicated_backups(None).await.unwrap()[0].status, "retained");
    pass(&sim, 24 * 8);
    assert!(there.describe_replicated_backups(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn r21_hundred_manual_snapshots_and_not_more() {
    let sim = world(json!({}));
    let take =
        |n: u32| CreateDbSnapshot { identifier: format!("s-{n}"), instance: "main".into(), tags: [].into() };
    for n in 0..100 {
        west(&sim).create_db_snapshot(&take(n)).await.unwrap();
    }
    refused(west(&sim).create_db_snapshot(&take(100)).await, "SnapshotQuotaExceeded", "R21");
    refused(west(&sim).create_db_snapshot(&take(1)).await, "DBSnapshotAlreadyExists", "");
    refused(west(&sim).delete_db_snapshot("s-1").await, "InvalidDBSnapshotState", "");
    pass(&sim, 1);
    west(&sim).delete_db_snapshot("s-1").await.unwrap();
    west(&sim).create_db_snapshot(&take(100)).await.unwrap();
}

#[tokio::test]
async fn r22_r23_protection_stops_deletion_and_snapshots_outlive_it() {
    let sim = world(json!({ "deletion_protection": true }));
    let delete = || {
        sim.change(|w| w.delete_db_instance(ACCOUNT, "eu-west-1", "main", FinalSnapshot::Take("last")))
            .unwrap()
    };
    let Err(SimError::Refused(error)) = delete() else { panic!("a protected instance was deleted") };
    refused::<()>(Err(error), "InvalidParameterCombination", "R23");
    west(&sim)
        .modify_db_instance(&ModifyDbInstance { deletion_protection: Some(false), ..change() })
        .await
        .unwrap();
    delete().unwrap();
    assert!(west(&sim).describe_db_instances(None).await.unwrap().is_empty());
    assert_eq!(west(&sim).describe_db_snapshots(None).await.unwrap()[0].instance, "main");
}

#[tokio::test]
async fn r22_r23_what_is_deleted_is_deleting_for_a_while_and_takes_nothing_any_more() {
    let sim = world(json!({ "deletion_protection": true, "backup_retention_period": 7 }));
    let aws = west(&sim);
    refused(aws.delete_db_instance("other").await, "DBInstanceNotFound", "");
    refused(aws.delete_db_instance("main").await, "InvalidParameterCombination", "R23");
    aws.modify_db_instance(&ModifyDbInstance { deletion_protection: Some(false), ..change() }).await.unwrap();
    aws.modify_db_instance(&now(0)).await.unwrap();
    refused(aws.delete_db_instance("main").await, "InvalidDBInstanceState", "");
    pass(&sim, 1);
    aws.modify_db_instance(&now(7)).await.unwrap();
    pass(&sim, 1);
    aws.delete_db_instance("main").await.unwrap();
    refused(aws.delete_db_instance("main").await, "InvalidDBInstanceState", "");
    refused(aws.modify_db_instance(&change()).await, "InvalidDBInstanceState", "");
    let deleting = main(&sim).await;
    assert_eq!((deleting.status.as_str(), deleting.latest_restorable_time), ("deleting", None));
    assert!(aws.describe_db_instances(None).await.unwrap().is_empty());
}

#[tokio::test]
async fn unknown_names_are_told_and_snapshots_settle() {
    let sim = world(json!({ "copy_tags_to_snapshot": true, "tags": { "team": "a" } }));
    let aws = west(&sim);
    let other = ModifyDbInstance { identifier: "other".into(), ..ModifyDbInstance::default() };
    refused(aws.modify_db_instance(&other).await, "DBInstanceNotFound", "");
    refused(aws.delete_db_snapshot("other").await, "DBSnapshotNotFound", "");
    refused(aws.stop_backups_replication(ARN).await, "DBInstanceAutomatedBackupNotFound", "");
    assert!(aws.describe_db_instances(Some("other")).await.unwrap().is_empty());
    let create = CreateDbSnapshot {
        identifier: "s".into(),
        instance: "main".into(),
        tags: [("x".into(), "y".into())].into(),
    };
    aws.create_db_snapshot(&create).await.unwrap();
    let statuses =
        [aws.describe_db_snapshots(None).await.unwrap(), aws.describe_db_snapshots(None).await.unwrap()];
    assert_eq!(statuses.map(|s| s[0].status.clone()), ["creating", "available"]);
    let tags = aws.describe_db_snapshots(Some("s")).await.unwrap()[0].tags.clone();
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("team".into(), "a".into()), ("x".into(), "y".into())]);
    aws.add_tags_to_resource(ARN, &[("k".into(), "v".into())].into()).await.unwrap();
    aws.remove_tags_from_resource(ARN, &["team".into()].into()).await.unwrap();
    assert_eq!(main(&sim).await.tags, [("k".into(), "v".into())].into());
}

fn restore(of: BackupsOf, name: &str, at: Option<&str>) -> RestoreDbInstanceToPointInTime {
    let new = NewDbInstance { identifier: name.into(), ..NewDbInstance::default() };
    RestoreDbInstanceToPointInTime { of, restore_time: at.map(|at| at.parse().unwrap()), new }
}

fn of_main(name: &str, at: Option<&str>) -> RestoreDbInstanceToPointInTime {
    restore(BackupsOf::Instance("main".into()), name, at)
}

#[tokio::test]
async fn r9_r10_an_instant_within_the_history_comes_back_under_a_new_name() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    let west = west(&sim);
    let taken = west.restore_db_instance_to_point_in_time(&of_main("main", None)).await;
    refused(taken, "DBInstanceAlreadyExists", "R10");
    for at in ["2026-03-02T12:00:01Z", "2026-02-01T00:00:00Z"] {
        let outside = west.restore_db_instance_to_point_in_time(&of_main("new", Some(at))).await;
        refused(outside, "InvalidParameterValue", "R9");
    }
    west.restore_db_instance_to_point_in_time(&of_main("new", Some("2026-03-02T11:59:30Z"))).await.unwrap();
    let off = world(json!({ "backup_retention_period": 0 }));
    let off = self::west(&off).restore_db_instance_to_point_in_time(&of_main("new", None)).await;
    refused(off, "PointInTimeRestoreNotEnabled", "R9");
}

#[tokio::test]
async fn r11_r12_a_restore_takes_nothing_over_and_is_available_later() {
    let sim = world(json!({ "backup_retention_period": 7, "multi_az": true, "deletion_protection": true,
        "db_subnet_group": "private", "tags": { "team": "a" } }));
    let west = west(&sim);
    let group = |name: &str| NewDbInstance {
        identifier: "new".into(),
        db_subnet_group: Some(name.into()),
        ..NewDbInstance::default()
    };
    let unknown = RestoreDbInstanceToPointInTime { new: group("gone"), ..of_main("new", None) };
    let unknown = west.restore_db_instance_to_point_in_time(&unknown).await;
    refused(unknown, "DBSubnetGroupNotFoundFault", "");
    west.create_db_snapshot(&CreateDbSnapshot {
        identifier: "snap".into(),
        instance: "main".into(),
        tags: [].into(),
    })
    .await
    .unwrap();
    let of_snapshot = RestoreDbInstanceFromDbSnapshot { snapshot: "snap".into(), new: group("private") };
    refused(west.restore_db_instance_from_db_snapshot(&of_snapshot).await, "InvalidDBSnapshotState", "");
    pass(&sim, 1);
    west.restore_db_instance_from_db_snapshot(&of_snapshot).await.unwrap();
    west.restore_db_instance_to_point_in_time(&of_main("other", None)).await.unwrap();
    let creating = west.describe_db_instances(None).await.unwrap();
    let states: Vec<_> = creating.iter().map(|i| (i.identifier.as_str(), i.status.as_str())).collect();
    assert_eq!(states, [("main", "available"), ("new", "creating"), ("other", "creating")]);
    assert_eq!(creating[2].latest_restorable_time, None);
    pass(&sim, 1);
    let there = west.describe_db_instances(Some("other")).await.unwrap().remove(0);
    assert_eq!(
        (there.status.as_str(), there.multi_az, there.deletion_protection),
        ("available", false, false)
    );
    assert_eq!((there.db_subnet_group, there.backup_retention_period), (None, 7));
    assert_eq!(there.latest_restorable_time, Some("2026-03-02T14:00:00Z".parse().unwrap()));
    let early = of_main("third", None);
    let early = RestoreDbInstanceToPointInTime {
        of: BackupsOf::Instance("other".into()),
        restore_time: Some("2026-03-02T12:30:00Z".parse().unwrap()),
        ..early
    };
    refused(west.restore_db_instance_to_point_in_time(&early).await, "InvalidParameterValue", "R9");
}

#[tokio::test]
async fn r24_a_replica_is_promoted_once_for_good_and_its_history_begins_then() {
    let replica = json!({ "read_replica_source": ARN, "backup_retention_period": 0 });
    let far = json!({ "db_instances": { "far": replica } });
    let west = json!({ "db_instances": { "main": { "backup_retention_period": 7,
        "read_replicas": ["arn:aws:rds:eu-west-2:000000000000:db:far"] } } });
    let sim =
        Sim::memory(SimWorld::seed(&json!({ "regions": { "eu-west-1": west, "eu-west-2": far } })).unwrap());
    let london = sim.connect(ACCOUNT, "eu-west-2");
    refused(london.promote_read_replica("gone", 7).await, "DBInstanceNotFound", "");
    refused(london.promote_read_replica("far", 36).await, "InvalidParameterValue", "R1");
    refused(self::west(&sim).promote_read_replica("main", 7).await, "InvalidDBInstanceState", "R24");
    // Its own region is enough: the one that it follows may be gone.
    admin::fail_region(&sim, "eu-west-1", Outage::Timeout).unwrap();
    london.promote_read_replica("far", 7).await.unwrap();
    let busy = london.describe_db_instances(Some("far")).await.unwrap().remove(0);
    assert_eq!((busy.status.as_str(), busy.read_replica_source.as_deref()), ("modifying", Some(ARN)));
    refused(london.promote_read_replica("far", 7).await, "InvalidDBInstanceState", "R24");
    pass(&sim, 1);
    let now = london.describe_db_instances(Some("far")).await.unwrap().remove(0);
    assert_eq!((now.status.as_str(), now.read_replica_source), ("available", None));
    assert_eq!(now.backup_retention_period, 7);
    refused(london.promote_read_replica("far", 7).await, "InvalidDBInstanceState", "R24");
    admin::restore_region(&sim, "eu-west-1").unwrap();
    assert!(main(&sim).await.read_replicas.is_empty());
}

#[tokio::test]
async fn r16_r17_replicated_backups_are_restored_by_their_own_arn_without_their_region() {
    let sim = world(json!({ "backup_retention_period": 7 }));
    let london = sim.connect(ACCOUNT, "eu-west-2");
    london.start_backups_replication(&start()).await.unwrap();
    let arn = london.describe_replicated_backups(None).await.unwrap().remove(0).arn;
    let of = |arn: &str, at| restore(BackupsOf::AutomatedBackups(arn.into()), "new", at);
    let nothing_yet = world(json!({ "backup_retention_period": 7 })).connect(ACCOUNT, "eu-west-2");
    let unknown = nothing_yet.restore_db_instance_to_point_in_time(&of(&arn, None)).await;
    refused(unknown, "DBInstanceAutomatedBackupNotFound", "");
    pass(&sim, 1);
    admin::fail_region(&sim, "eu-west-1", Outage::Timeout).unwrap();
    let late = london.restore_db_instance_to_point_in_time(&of(&arn, Some("2026-03-02T13:00:00Z"))).await;
    refused(late, "InvalidParameterValue", "R16");
    london.restore_db_instance_to_point_in_time(&of(&arn, None)).await.unwrap();
    let made = london.describe_db_instances(Some("new")).await.unwrap().remove(0);
    assert!(made.arn.contains("eu-west-2") && made.status == "creating", "{made:?}");
    assert_eq!(
        west(&sim).restore_db_instance_to_point_in_time(&of(&arn, None)).await.unwrap_err().class,
        ErrorClass::Timeout
    );
}
