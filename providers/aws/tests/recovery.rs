//! How things come back: the exact commands, always to a new name.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::BTreeMap;

use drctl_aws::ENTRY;
use drctl_core::provider::{
    AnyKind, Id, Phase, Place, Protection, RecoveryStep, StepNature, Subject, Target, Undo,
};
use drctl_core::value::Value;
use serde_json::{Value as Json, json};

fn kind(name: &str) -> &'static dyn AnyKind {
    ENTRY.kinds.iter().copied().find(|k| k.name() == name).unwrap()
}

fn object(json: Json) -> BTreeMap<String, Value> {
    match Value::from_json(&json).unwrap() {
        Value::Object(map) => map,
        other => panic!("not an object: {other:?}"),
    }
}

/// What one asks a kind in `eu-west-1`, with its id, attributes and outputs.
fn ask<T>(id: &str, attributes: Json, outputs: Json, question: impl Fn(&Subject<'_>) -> T) -> T {
    let (id, attributes, outputs) = (Id(id.into()), object(attributes), object(outputs));
    let place = Place { region: Some("eu-west-1".into()), ..Place::default() };
    question(&Subject { id: &id, attributes: &attributes, outputs: &outputs, place: &place })
}

fn target(region: &str, at: Option<&str>) -> Target {
    Target {
        region: region.into(),
        name: "main-r1".into(),
        at: at.map(|t| t.parse().unwrap()),
        now: "2026-11-21T12:00:00Z".parse().unwrap(),
    }
}

/// The steps after the writers were stopped, which comes first whenever there is a way back.
fn recover_main(by: &Protection, target: &Target) -> Vec<RecoveryStep> {
    let attributes = json!({"multi_az": true, "backup_retention_period": 14});
    let outputs = json!({"db_instance_class": "db.r6g.large", "db_subnet_group": "private",
        "vpc_security_groups": ["sg-1", "sg-2"], "parameter_groups": ["pg16"]});
    let mut steps = ask("main", attributes, outputs, |s| kind("aws_db_instance").recover(s, by, target));
    if !steps.is_empty() {
        assert_eq!(steps.remove(0).id, "stop_writers");
    }
    steps
}

fn copy(backup: Option<&str>) -> Protection {
    Protection::ReplicatedBackups {
        of: "arn:aws:rds:eu-west-1:123456789012:db:main".into(),
        backup: backup.map(str::to_owned),
        region: "eu-west-2".into(),
        window: None,
    }
}

#[test]
fn r17_replicated_backups_are_named_themselves() {
    let steps = recover_main(&copy(Some("arn:b")), &target("eu-west-2", Some("2026-11-21T11:50:00Z")));
    let ids: Vec<&str> = steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        ids,
        ["restore", "wait", "verify", "fence", "redirect", "confirm", "resume", "protect", "replicate"]
    );
    assert_eq!(
        steps[0].command.join(" "),
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-automated-backups-arn arn:b \
         --target-db-instance-identifier main-r1 --restore-time 2026-11-21T11:50:00Z --multi-az \
         --deletion-protection --db-instance-class db.r6g.large --region eu-west-2"
    );
    let before = steps[0].before.join("\n");
    assert!(before.contains("subnet group, security groups, parameter group"), "{before}");
    assert_eq!(
        steps[1].command.join(" "),
        "aws rds wait db-instance-available --db-instance-identifier main-r1 --region eu-west-2"
    );
    let endpoint = "aws rds describe-db-instances --db-instance-identifier main-r1 \
         --query DBInstances[0].Endpoint.[Address,Port] --output text --region eu-west-2";
    assert_eq!([&steps[2], &steps[4]].map(|s| s.command.join(" ")), [endpoint, endpoint]);
    assert_eq!(
        steps[7].command.join(" "),
        "aws rds modify-db-instance --db-instance-identifier main-r1 --backup-retention-period 14 \
         --deletion-protection --apply-immediately --region eu-west-2"
    );
    assert!(steps.is_sorted_by_key(|s| s.phase));
    assert!(steps.iter().all(|s| s.needs.len() == 1));
    // Nobody sees what runs in the lost region: a person answers for it.
    assert!(steps[3].command.is_empty() && steps[3].before[0].contains("may not be seen"), "{:?}", steps[3]);
    let never: Vec<&str> =
        steps.iter().filter(|s| matches!(s.undo, Undo::Never { .. })).map(|s| s.id.as_str()).collect();
    assert_eq!(never, ["resume"]);
}

#[test]
fn where_the_lost_instance_can_be_asked_its_connections_are_counted() {
    let here = Protection::PointInTime { region: "eu-west-1".into(), lag_max: None, window: None };
    let steps = recover_main(&here, &target("eu-west-1", None));
    let fence = steps.iter().find(|s| s.phase == Phase::Fence).unwrap();
    let command = fence.command.join(" ");
    assert!(command.contains("DatabaseConnections") && command.contains("Value=main"), "{command}");
    assert_eq!(
        fence.api.as_ref().map(|a| (a.service.as_str(), a.control_plane)),
        Some(("cloudwatch", false))
    );
}

#[test]
fn an_unknown_copy_is_looked_up_first() {
    let steps = recover_main(&copy(None), &target("eu-west-2", None));
    assert_eq!(steps[0].id, "find_backups");
    assert!(steps[0].command.contains(&"describe-db-instance-automated-backups".to_owned()));
    assert_eq!(steps[1].nature, StepNature::Manual);
    assert!(steps[1].command.contains(&"--use-latest-restorable-time".to_owned()));
    let missing = steps[1].command.iter().find(|w| w.contains("STEP_BEFORE")).unwrap();
    assert!(steps[1].before.iter().any(|b| b.contains(missing)), "what to put there is said");
}

#[test]
fn r11_groups_of_the_lost_instance_are_given_in_its_own_region() {
    let here = Protection::PointInTime { region: "eu-west-1".into(), lag_max: None, window: None };
    let steps = recover_main(&here, &target("eu-west-1", None));
    assert_eq!(
        steps[0].command.join(" "),
        "aws rds restore-db-instance-to-point-in-time --source-db-instance-identifier main \
         --target-db-instance-identifier main-r1 --use-latest-restorable-time --multi-az --deletion-protection \
         --db-instance-class db.r6g.large --db-subnet-group-name private --vpc-security-group-ids sg-1 sg-2 \
         --db-parameter-group-name pg16 --region eu-west-1"
    );
    assert!(recover_main(&here, &target("eu-west-2", None)).is_empty(), "its backups are in its own region");
}

#[test]
fn a_snapshot_is_restored_to_the_new_name() {
    let by = Protection::Snapshot {
        of: "main".into(),
        snapshot: "last".into(),
        region: "eu-west-1".into(),
        at: None,
    };
    let command = recover_main(&by, &target("eu-west-1", None))[0].command.join(" ");
    let start = "aws rds restore-db-instance-from-db-snapshot --db-snapshot-identifier last --db-instance-identifier main-r1";
    assert!(command.starts_with(start), "{command}");
}

#[test]
fn r10_nothing_is_restored_over_what_was_lost() {
    let mut same = target("eu-west-2", None);
    same.name = "main".into();
    assert!(recover_main(&copy(Some("arn:b")), &same).is_empty());
}

#[test]
fn an_instance_without_backups_protects_nothing() {
    let of = |days: u32| {
        let attributes = json!({"backup_retention_period": days});
        ask("main", attributes, json!({}), |s| kind("aws_db_instance").protections(s)).len()
    };
    assert_eq!((of(0), of(7)), (0, 1));
}

#[test]
fn a_bucket_fails_over_to_its_replica() {
    let attributes = json!({"bucket": "data", "versioning": "Enabled", "replication": {
        "role": "arn:aws:iam::123456789012:role/r",
        "rule": {
            "all": {"destination": "arn:aws:s3:::copy", "delete_marker_replication": "Disabled",
                "replication_time_control": true},
            "off": {"destination": "arn:aws:s3:::copy2", "delete_marker_replication": "Disabled",
                "status": "Disabled"}}}});
    let bucket = kind("aws_s3_bucket");
    let found = ask("data", attributes.clone(), json!({}), |s| bucket.protections(s));
    assert_eq!(found.len(), 2, "{found:?}");
    let Protection::ReplicatesTo { lag_max, .. } = &found[1] else { panic!("{found:?}") };
    assert_eq!(lag_max.unwrap().as_mins(), 15);
    let steps =
        ask("data", attributes, json!({}), |s| bucket.recover(s, &found[1], &target("eu-west-2", None)));
    let ids: Vec<&str> = steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["stop_writers", "check_replica", "fence", "redirect", "confirm", "resume", "protect"]);
    assert_eq!(
        steps[1].command.join(" "),
        "aws s3api list-objects-v2 --bucket copy --max-keys 10 --region eu-west-2"
    );
}

#[test]
fn s9_s15_a_bucket_goes_back_to_its_earlier_versions() {
    let bucket = kind("aws_s3_bucket");
    let by = Protection::Versions { region: "eu-west-1".into() };
    let of = |at| {
        ask("data", json!({"bucket": "data", "versioning": "Enabled"}), json!({}), |s| {
            bucket.recover(s, &by, &target("eu-west-1", at))
        })
    };
    let steps = of(Some("2026-11-21T11:00:00Z"));
    let ids: Vec<&str> = steps.iter().map(|s| s.id.as_str()).collect();
    let restores = ["list_hidden", "list_changed", "list_earlier", "uncover", "copy_back"];
    assert_eq!(ids, [&["stop_writers"], &restores[..], &["look", "confirm", "resume"]].concat());
    assert!(steps.is_sorted_by_key(|s| s.phase));
    assert_eq!(
        steps[1].command.join(" "),
        "sh -c \"$@\" > \"$0\" hidden.txt aws s3api list-object-versions --bucket data --query \
         (DeleteMarkers||`[]`)[?LastModified>=`\"2026-11-21T11:00:01\"`].[[Key],[VersionId]][] \
         --output text --region eu-west-1"
    );
    let copies = steps[5].command.join(" ");
    assert!(copies.contains("aws s3api copy-object") && copies.contains("$0/$2?versionId=$3"), "{copies}");
    let removes = steps[4].command.join(" ");
    assert!(removes.contains("delete-object") && removes.contains("--version-id \"$3\""), "{removes}");
    let never: Vec<&str> =
        steps.iter().filter(|s| matches!(s.undo, Undo::Never { .. })).map(|s| s.id.as_str()).collect();
    assert_eq!(never, ["resume"]);
    let verbs = |steps: &[RecoveryStep]| steps.iter().filter(|s| s.verb.is_some()).count();
    assert_eq!((verbs(&steps), steps.iter().filter(|s| s.unsaid.is_some()).count()), (6, 0));
    // Nobody has said the instant: nothing is done before it is said.
    let open = of(None);
    let asks: Vec<&str> = open.iter().filter(|s| s.unsaid.is_some()).map(|s| s.id.as_str()).collect();
    assert_eq!(asks, [&restores[..], &["look"]].concat());
    assert_eq!(verbs(&open), 0);
    assert!(open[1].unsaid.as_deref().unwrap().contains("--corrupt-since"));
}

fn replica(lag_max: Option<i64>) -> Protection {
    Protection::Replica {
        of: "arn:aws:rds:eu-west-1:123456789012:db:main".into(),
        replica: "arn:aws:rds:eu-west-2:123456789012:db:far".into(),
        region: "eu-west-2".into(),
        lag_max: lag_max.map(jiff::SignedDuration::from_mins),
    }
}

#[test]
fn r24_a_replica_is_looked_at_and_the_lost_one_fenced_off_before_it_is_promoted() {
    let steps = recover_main(&replica(None), &target("eu-west-2", None));
    let ids: Vec<&str> = steps.iter().map(|s| s.id.as_str()).collect();
    let all = ["status", "verify", "fence", "promote", "wait", "redirect", "confirm", "resume", "protect"];
    assert_eq!(ids, [&all[..], &["replicate"]].concat());
    assert!(steps.is_sorted_by_key(|s| s.phase));
    assert_eq!(
        steps[3].command.join(" "),
        "aws rds promote-read-replica --db-instance-identifier far --backup-retention-period 14 --region eu-west-2"
    );
    // The first thing that cannot be taken back: all before it can.
    let never = steps.iter().position(|s| matches!(s.undo, Undo::Never { .. }));
    assert_eq!(never, Some(3));
    assert!(steps[3].facts.iter().any(|f| f.0 == "R24"), "{:?}", steps[3].facts);
    assert!(steps[8].why.contains("begins with its promotion"), "{}", steps[8].why);
    assert!(!steps.iter().any(|s| s.command.iter().any(|w| w == "main-r1")), "nothing new is made");
    // Where it is not, it cannot be promoted.
    assert!(recover_main(&replica(None), &target("eu-west-1", None)).is_empty());
}

#[test]
fn r25_a_replica_is_known_by_both_and_its_lag_only_by_what_it_says() {
    let of = |id: &str, attributes: Json, outputs: Json| {
        ask(id, attributes, outputs, |s| kind("aws_db_instance").protections(s))
    };
    let arn = |id: &str| format!("arn:aws:rds:eu-west-1:123456789012:db:{id}");
    let near = |lag_max: Option<i64>, id: &str| Protection::Replica {
        of: arn("main"),
        replica: arn(id),
        region: "eu-west-1".into(),
        lag_max: lag_max.map(jiff::SignedDuration::from_mins),
    };
    let cases = [
        // What is in the same region is named by identifier, elsewhere by ARN.
        (json!({}), json!({"arn": arn("near"), "read_replica_source": "main"}), near(None, "near")),
        (
            json!({"replica_lag_max": "2m"}),
            json!({"arn": arn("near"), "read_replica_source": "main"}),
            near(Some(2), "near"),
        ),
    ];
    for (attributes, outputs, is) in cases {
        assert_eq!(of("near", attributes, outputs), [is]);
    }
    let far = "arn:aws:rds:eu-west-2:123456789012:db:far";
    let held = of(
        "main",
        json!({"replica_lag_max": "2m"}),
        json!({"arn": arn("main"), "read_replicas": ["near", far]}),
    );
    assert_eq!(held, [near(None, "near"), replica(None)]);
    assert_eq!(of("alone", json!({"replica_lag_max": "2m"}), json!({"arn": arn("alone")})), []);
}
