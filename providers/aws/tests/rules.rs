//! Each fact that is enforced at plan time has a test that bears its id and fails without its rule.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

#[path = "../../../core/tests/support/rules.rs"]
#[expect(dead_code, reason = "the rules of other providers use more of it")]
mod support;

use drctl_aws::{ENTRY, facts};
use drctl_core::provider::ProviderEntry;
use drctl_core::rule::{Effect, Timing};
use serde_json::{Value as Json, json};
use support::{Case, one, silent};

const ENTRIES: &[&ProviderEntry] = &[&ENTRY];

/// A bucket that exists: what is written beside its name, and what is.
fn bucket(desired: Json, is: Json) -> Case {
    bucket_to_be(desired).is(is)
}

fn bucket_to_be(mut desired: Json) -> Case {
    desired["bucket"] = json!("invoices");
    Case::new("aws_s3_bucket.invoices", desired)
}

fn instance(mut desired: Json, is: Json) -> Case {
    desired["db_instance_identifier"] = json!("main");
    Case::new("aws_db_instance.main", desired).is(is)
}

fn rule(change: &[(&str, Json)]) -> Json {
    let mut rule = json!({"destination": "arn:aws:s3:::replica", "delete_marker_replication": "Disabled"});
    for (name, value) in change {
        rule[*name] = value.clone();
    }
    json!({"role": "arn:aws:iam::123456789012:role/r", "rule": {"all": rule}})
}

fn replicated(was: &[(&str, Json)], will: &[(&str, Json)]) -> Case {
    let (was, will) = (rule(was), rule(will));
    bucket(
        json!({"versioning": "Enabled", "replication": will}),
        json!({"versioning": "Enabled", "replication": was}),
    )
}

fn replica(mut desired: Json) -> Case {
    desired["bucket"] = json!("replica");
    Case::new("aws_s3_bucket.replica", desired)
}

const GOVERNANCE: &str = "GOVERNANCE";
const COMPLIANCE: &str = "COMPLIANCE";

fn lock(mode: &str, unit: &str, n: u32) -> Json {
    json!({"mode": mode, unit: n})
}

#[test]
fn each_fact_has_a_test() {
    support::each_has_a_test(include_str!("rules.rs"));
}

#[test]
fn s1_a_lock_and_its_versioning_never_go() {
    let is = json!({"versioning": "Enabled", "object_lock": {}});
    let removed = bucket(json!({}), is.clone()).removed("object_lock");
    one(&removed.notes(), "S1", Effect::Refuse);
    let suspended = bucket(json!({"versioning": "Suspended"}), is.clone());
    assert_eq!(one(&suspended.notes(), "S1", Effect::Refuse).attribute.unwrap(), "versioning");
    one(&bucket(json!({}), is).removed("versioning").notes(), "S1", Effect::Refuse);
    let enabled =
        bucket(json!({"versioning": "Enabled", "object_lock": {}}), json!({"versioning": "Enabled"}));
    one(&enabled.notes(), "S1", Effect::Irreversible);
    silent(&bucket(json!({"versioning": "Suspended"}), json!({"versioning": "Enabled"})).notes(), "S1");
}

#[test]
fn s2_a_lock_comes_in_place_after_versioning() {
    let existing = bucket(json!({"object_lock": {}, "versioning": "Enabled"}), json!({}));
    one(&existing.notes(), "S2", Effect::Inform);
    one(&bucket(json!({"object_lock": {}}), json!({})).notes(), "S2", Effect::Refuse);
    let wrong = bucket_to_be(json!({"object_lock": {}, "versioning": "Suspended"}));
    one(&wrong.notes(), "S2", Effect::Refuse);
    silent(&bucket_to_be(json!({"object_lock": {}})).notes(), "S2");
    silent(
        &bucket(json!({"object_lock": {}}), json!({})).denied("versioning").denied("object_lock").notes(),
        "S2",
    );
}

#[test]
fn s3_compliance_is_irreversible() {
    let to = |was: Json, will: Json| {
        let is = json!({"versioning": "Enabled", "object_lock": was});
        bucket(json!({"object_lock": will}), is).notes()
    };
    let note =
        one(&to(lock(GOVERNANCE, "days", 30), lock(COMPLIANCE, "years", 10)), "S3", Effect::Irreversible);
    assert!(note.reason.contains("10 years"), "{}", note.reason);
    assert_eq!(note.timing, Some(Timing::NewDataOnly));
    one(&to(lock(COMPLIANCE, "days", 30), lock(COMPLIANCE, "days", 31)), "S3", Effect::Irreversible);
    one(
        &bucket_to_be(json!({"object_lock": lock(COMPLIANCE, "days", 1)})).notes(),
        "S3",
        Effect::Irreversible,
    );
    silent(&to(lock(COMPLIANCE, "days", 30), lock(COMPLIANCE, "days", 30)), "S3");
    silent(&to(lock(COMPLIANCE, "days", 30), lock(COMPLIANCE, "days", 20)), "S3");
}

#[test]
fn s5_default_retention_is_for_new_objects() {
    let to =
        |was: Json, will: Json| bucket(json!({"object_lock": will}), json!({"object_lock": was})).notes();
    let shorter = one(&to(lock(GOVERNANCE, "days", 30), lock(GOVERNANCE, "days", 19)), "S5", Effect::Weakens);
    assert!(shorter.reason.contains("11 days less"), "{}", shorter.reason);
    assert_eq!(shorter.timing, Some(Timing::NewDataOnly));
    one(&to(lock(GOVERNANCE, "days", 30), json!({})), "S5", Effect::Weakens);
    one(&to(lock(COMPLIANCE, "days", 30), lock(GOVERNANCE, "days", 90)), "S5", Effect::Weakens);
    let first = one(&to(json!({}), lock(GOVERNANCE, "days", 30)), "S5", Effect::Strengthens);
    assert!(first.reason.contains("those already there are not"), "{}", first.reason);
}

#[test]
fn s6_a_year_and_365_days_are_equally_strong() {
    let notes = bucket(
        json!({"object_lock": lock(GOVERNANCE, "years", 1)}),
        json!({"object_lock": lock(GOVERNANCE, "days", 365)}),
    )
    .notes();
    one(&notes, "S6", Effect::Inform);
    silent(&notes, "S5");
}

#[test]
fn s7_the_default_is_no_floor() {
    let lock = lock(GOVERNANCE, "days", 30);
    let floor =
        json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*",
        "Condition": {"NumericLessThan": {"s3:object-lock-remaining-retention-days": "30"}}}]})
        .to_string();
    one(&bucket_to_be(json!({"object_lock": lock})).notes(), "S7", Effect::Inform);
    silent(&bucket_to_be(json!({"object_lock": lock, "policy": floor})).notes(), "S7");
    let without = bucket(json!({}), json!({"policy": floor})).removed("policy");
    one(&without.notes(), "S7", Effect::Weakens);
    one(&without.notes(), "S31", Effect::Weakens);
}

fn lifecycle(rule: Json) -> Json {
    json!({"rule": {"old": rule}})
}

fn noncurrent(days: u32) -> Json {
    lifecycle(json!({"noncurrent_version_expiration": {"noncurrent_days": days}}))
}

#[test]
fn s8_what_is_not_held_is_told() {
    let held = |outputs: Json| {
        let desired = json!({"bucket": "worm", "prefix": "matter/"});
        Case::new("aws_s3_legal_hold.matter", desired.clone()).is(desired).has(outputs).notes()
    };
    let first = ["a (1)", "b (2)", "c (3)", "d (4)", "e (5)"];
    let told = one(&held(json!({"versions": 9, "not_held": 6, "not_held_first": first})), "S8", Effect::Warn);
    assert!(
        told.reason.contains("6 of 9 versions") && told.reason.ends_with("e (5) and 1 more"),
        "{}",
        told.reason
    );
    let nothing = held(json!({"versions": 0, "not_held": 0, "not_held_first": []}));
    assert!(one(&nothing, "S8", Effect::Warn).reason.contains("nothing stands below `matter/`"));
    silent(&held(json!({"versions": 9, "not_held": 0, "not_held_first": []})), "S8");
}

#[test]
fn s10_lifecycle_waits_for_the_lock() {
    let of = |days| {
        bucket_to_be(json!({"object_lock": lock(GOVERNANCE, "days", 7), "lifecycle": noncurrent(days)}))
    };
    let note = one(&of(5).notes(), "S10", Effect::Warn);
    assert!(note.reason.contains("after 5 days") && note.reason.contains("7 days"), "{}", note.reason);
    silent(&of(7).notes(), "S10");
}

#[test]
fn s11_a_locked_bucket_takes_no_access_logs() {
    let policy =
        json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject", "Resource": "arn:aws:s3:::invoices/*"}]})
        .to_string();
    one(&bucket_to_be(json!({"object_lock": {}, "policy": policy})).notes(), "S11", Effect::Warn);
    silent(&bucket_to_be(json!({"policy": policy})).notes(), "S11");
}

#[test]
fn s14_suspending_weakens() {
    let is = json!({"versioning": "Enabled"});
    one(&bucket(json!({"versioning": "Suspended"}), is.clone()).notes(), "S14", Effect::Weakens);
    one(&bucket(json!({}), is.clone()).removed("versioning").notes(), "S14", Effect::Weakens);
    one(&bucket(json!({"versioning": "Enabled"}), json!({})).notes(), "S14", Effect::Strengthens);
    silent(&bucket(json!({"versioning": "Enabled"}), is).notes(), "S14");
    silent(&bucket(json!({"versioning": "Enabled"}), json!({})).denied("versioning").notes(), "S14");
}

#[test]
fn s16_old_versions_need_their_own_rule() {
    let expires = json!({"expiration_days": 30});
    one(
        &bucket_to_be(json!({"versioning": "Enabled", "lifecycle": lifecycle(expires.clone())})).notes(),
        "S16",
        Effect::Warn,
    );
    silent(&bucket_to_be(json!({"lifecycle": lifecycle(expires.clone())})).notes(), "S16");
    let both =
        json!({"rule": {"a": expires, "b": {"noncurrent_version_expiration": {"noncurrent_days": 5}}}});
    silent(&bucket_to_be(json!({"versioning": "Enabled", "lifecycle": both})).notes(), "S16");
}

#[test]
fn s17_mfa_delete_excludes_lifecycle() {
    let of = |mfa: bool| {
        bucket(json!({"lifecycle": noncurrent(5)}), json!({})).has(json!({"mfa_delete": mfa})).notes()
    };
    one(&of(true), "S17", Effect::Refuse);
    silent(&of(false), "S17");
}

#[test]
fn s18_replication_needs_versioning_on_both_sides() {
    let source = bucket_to_be(json!({"versioning": "Enabled", "replication": rule(&[])}));
    let good = replica(json!({"versioning": "Enabled"}));
    silent(&source.notes_beside(&[&good]), "S18");
    one(&source.notes_beside(&[&replica(json!({}))]), "S18", Effect::Refuse);
    one(&source.notes(), "S18", Effect::Inform);
    let unversioned = bucket_to_be(json!({"replication": rule(&[])}));
    one(&unversioned.notes_beside(&[&good]), "S18", Effect::Refuse);
    let itself = rule(&[("destination", json!("arn:aws:s3:::invoices"))]);
    let itself = bucket_to_be(json!({"versioning": "Enabled", "replication": itself}));
    one(&itself.notes(), "S18", Effect::Refuse);
}

#[test]
fn s19_replication_is_not_retroactive() {
    let added =
        bucket(json!({"versioning": "Enabled", "replication": rule(&[])}), json!({"versioning": "Enabled"}));
    assert!(one(&added.notes(), "S19", Effect::Strengthens).help.unwrap().contains("Batch Replication"));
    silent(&replicated(&[], &[("prefix", json!("db/"))]).notes(), "S19");
    one(&replicated(&[("prefix", json!("db/"))], &[]).notes(), "S19", Effect::Strengthens);
}

#[test]
fn s20_a_new_destination_starts_empty() {
    let moved = replicated(&[], &[("destination", json!("arn:aws:s3:::other"))]);
    one(&moved.notes(), "S20", Effect::Weakens);
    let chain = replica(
        json!({"versioning": "Enabled", "replication": rule(&[("destination", json!("arn:aws:s3:::third"))])}),
    );
    let source = bucket_to_be(json!({"versioning": "Enabled", "replication": rule(&[])}));
    one(&source.notes_beside(&[&chain]), "S20", Effect::Inform);
}

#[test]
fn s21_kms_objects_need_their_own_permission() {
    let kms = json!({"sse_algorithm": "aws:kms"});
    let of = |rule: Json| {
        bucket_to_be(json!({"versioning": "Enabled", "server_side_encryption": kms, "replication": rule}))
    };
    one(&of(rule(&[])).notes(), "S21", Effect::Warn);
    let with = [
        ("sse_kms_encrypted_objects", json!(true)),
        ("replica_kms_key_id", json!("arn:aws:kms:eu-west-2:123456789012:key/k")),
    ];
    silent(&of(rule(&with)).notes(), "S21");
    one(&replicated(&with, &[]).notes(), "S21", Effect::Weakens);
}

#[test]
fn s22_a_replica_may_be_weaker() {
    let source = bucket_to_be(
        json!({"versioning": "Enabled", "object_lock": lock(COMPLIANCE, "days", 30), "replication": rule(&[])}),
    );
    let of = |desired: Json| source.notes_beside(&[&replica(desired)]);
    let note = one(
        &of(json!({"versioning": "Enabled", "object_lock": lock(COMPLIANCE, "days", 7)})),
        "S22",
        Effect::Warn,
    );
    assert!(note.reason.contains("7 instead of 30 days"), "{}", note.reason);
    one(&of(json!({"object_lock": lock(GOVERNANCE, "days", 30)})), "S22", Effect::Warn);
    one(
        &of(json!({"object_lock": lock(COMPLIANCE, "days", 30), "lifecycle": noncurrent(5)})),
        "S22",
        Effect::Warn,
    );
    silent(&of(json!({"object_lock": lock(COMPLIANCE, "days", 30)})), "S22");
}

#[test]
fn s23_delete_markers_carry_deletions_over() {
    let on = [("delete_marker_replication", json!("Enabled"))];
    one(&replicated(&[], &on).notes(), "S23", Effect::Weakens);
    one(&replicated(&on, &[]).notes(), "S23", Effect::Strengthens);
}

#[test]
fn s24_a_locked_bucket_replicates_to_a_locked_one() {
    let source = bucket_to_be(json!({"object_lock": {}, "replication": rule(&[])}));
    one(&source.notes_beside(&[&replica(json!({"versioning": "Enabled"}))]), "S24", Effect::Refuse);
    silent(&source.notes_beside(&[&replica(json!({"object_lock": {}}))]), "S24");
}

#[test]
fn s25_without_time_control_nothing_is_promised() {
    let on = [("replication_time_control", json!(true))];
    one(&replicated(&on, &[]).notes(), "S25", Effect::Weakens);
    one(&replicated(&[], &on).notes(), "S25", Effect::Strengthens);
    one(&bucket_to_be(json!({"replication": rule(&[])})).notes(), "S25", Effect::Inform);
}

#[test]
fn s26_rules_that_go_or_narrow_weaken() {
    let narrowed = one(&replicated(&[], &[("prefix", json!("db/"))]).notes(), "S26", Effect::Weakens);
    assert!(narrowed.reason.contains("\"db/\""), "{}", narrowed.reason);
    one(&replicated(&[], &[("status", json!("Disabled"))]).notes(), "S26", Effect::Weakens);
    let gone =
        bucket(json!({}), json!({"versioning": "Enabled", "replication": rule(&[])})).removed("replication");
    one(&gone.notes(), "S26", Effect::Weakens);
    silent(&replicated(&[("prefix", json!("db/"))], &[]).notes(), "S26");
}

#[test]
fn s27_versions_live_as_long_as_the_strictest_rule() {
    let to = |was: Json, will: Json| {
        let is = json!({"versioning": "Enabled", "lifecycle": was});
        bucket(json!({"versioning": "Enabled", "lifecycle": will}), is).notes()
    };
    let note = one(&to(noncurrent(90), noncurrent(30)), "S27", Effect::Weakens);
    assert!(note.reason.contains("60 days earlier"), "{}", note.reason);
    one(&to(noncurrent(30), noncurrent(90)), "S27", Effect::Strengthens);
    let expires =
        lifecycle(json!({"expiration_days": 30, "noncurrent_version_expiration": {"noncurrent_days": 10}}));
    assert!(one(&to(noncurrent(10), expires), "S27", Effect::Inform).reason.contains("40 in all"));
}

#[test]
fn s27_a_new_bucket_has_nothing_that_a_rule_could_take_away() {
    let rules = json!({"versioning": "Enabled", "lifecycle": noncurrent(7)});
    let is_new = bucket_to_be(rules.clone()).notes();
    assert!(!one(&is_new, "S27", Effect::Inform).reason.contains("until now"));
    one(&bucket(rules, json!({"versioning": "Enabled"})).notes(), "S27", Effect::Weakens);
    let unversioned = json!({"lifecycle": lifecycle(json!({"expiration_days": 30}))});
    one(&bucket_to_be(unversioned.clone()).notes(), "S27", Effect::Inform);
    one(&bucket(unversioned, json!({})).notes(), "S27", Effect::Weakens);
}

#[test]
fn s28_a_deleted_name_may_not_come_back() {
    one(&bucket(json!({}), json!({})).deleted().notes(), "S28", Effect::Irreversible);
}

#[test]
fn s29_public_access_block_off_weakens() {
    let is = json!({"public_access_block": {"block_public_acls": true}});
    one(&bucket(json!({"public_access_block": {}}), is.clone()).notes(), "S29", Effect::Weakens);
    one(&bucket(json!({}), is).removed("public_access_block").notes(), "S29", Effect::Weakens);
    let both = json!({"public_access_block": {"block_public_acls": true, "ignore_public_acls": true}});
    let (off, on) = (
        bucket(json!({"public_access_block": {}}), both.clone()).notes(),
        bucket(both, json!({"public_access_block": {}})).notes(),
    );
    assert_eq!(one(&off, "S29", Effect::Weakens).attribute.as_deref(), Some("public_access_block"));
    one(&on, "S29", Effect::Strengthens);
    for notes in [&off, &on] {
        assert_eq!(notes.iter().filter(|n| n.fact.0 == "S29").count(), 1, "said once: {notes:?}");
    }
    let swapped = bucket(
        json!({"public_access_block": {"block_public_acls": true}}),
        json!({"public_access_block": {"ignore_public_acls": true}}),
    );
    let notes = swapped.notes();
    let about = |effect| one(&notes, "S29", effect).attribute.clone().unwrap();
    assert_eq!(about(Effect::Weakens), "public_access_block.ignore_public_acls");
    assert_eq!(about(Effect::Strengthens), "public_access_block.block_public_acls");
}

#[test]
fn s29_a_policy_for_everybody_needs_an_open_door() {
    let policy = |who: &Json| {
        json!({"Statement": [{"Effect": "Allow", "Principal": who, "Action": "s3:GetObject", "Resource": "*"}]})
            .to_string()
    };
    let everybody = policy(&json!({"AWS": ["*"]}));
    let refused = |wanted: Json, is: Json| {
        let notes = bucket(wanted, is).notes();
        notes.iter().any(|n| n.effect == Effect::Refuse && n.attribute.as_deref() == Some("policy"))
    };
    let (open, shut) = (json!({"block_public_policy": false}), json!({"block_public_policy": true}));
    assert!(refused(json!({"policy": everybody}), json!({})));
    assert!(refused(json!({"policy": everybody, "public_access_block": shut}), json!({})));
    assert!(!refused(json!({"policy": everybody, "public_access_block": open}), json!({})));
    assert!(!refused(json!({"policy": everybody}), json!({"policy": everybody})), "it is there already");
    assert!(!refused(
        json!({"policy": policy(&json!({"AWS": "arn:aws:iam::000000000000:root"}))}),
        json!({})
    ));
}

#[test]
fn s30_encryption_is_for_new_objects() {
    let (kms, aes) = (json!({"sse_algorithm": "aws:kms"}), json!({"sse_algorithm": "AES256"}));
    let to = |was: &Json, will: &Json| {
        bucket(json!({"server_side_encryption": will}), json!({"server_side_encryption": was})).notes()
    };
    one(&to(&kms, &aes), "S30", Effect::Weakens);
    one(&to(&aes, &kms), "S30", Effect::Strengthens);
}

#[test]
fn s31_a_deny_that_goes_weakens() {
    let deny = json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}]});
    let allow = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]});
    let notes = bucket(json!({"policy": allow.to_string()}), json!({"policy": deny.to_string()})).notes();
    one(&notes, "S31", Effect::Weakens);
}

fn retention(was: u32, will: u32) -> Case {
    let window = "sun:03:00-sun:04:00";
    instance(
        json!({"backup_retention_period": will}),
        json!({"backup_retention_period": was, "preferred_maintenance_window": window}),
    )
}

#[test]
fn r1_a_retention_nobody_keeps_is_told() {
    let gone = instance(json!({}), json!({"backup_retention_period": 14})).removed("backup_retention_period");
    assert!(one(&gone.notes(), "R1", Effect::Warn).reason.contains("14 days"));
}

#[test]
fn r2_on_and_off_interrupt_in_the_window() {
    for (was, will) in [(0, 7), (7, 0)] {
        let Some(Timing::MaintenanceWindow(window)) =
            one(&retention(was, will).notes(), "R2", Effect::Outage).timing
        else {
            panic!("in the window")
        };
        assert_eq!(window.at.unwrap().to_string(), "2026-11-22T03:00:00Z");
    }
    silent(&retention(7, 14).notes(), "R2");
    let now = instance(
        json!({"backup_retention_period": 7, "apply_immediately": true}),
        json!({"backup_retention_period": 0, "preferred_maintenance_window": "sun:03:00-sun:04:00"}),
    );
    assert_eq!(one(&now.notes(), "R2", Effect::Outage).timing, Some(Timing::Immediate));
}

#[test]
fn r3_zero_deletes_all_and_needs_a_snapshot() {
    let off = retention(14, 0);
    one(&off.notes(), "R3", Effect::Irreversible);
    one(&off.notes(), "R3", Effect::Weakens);
    one(&off.notes(), "R3", Effect::Refuse);
    let snapshot = |of: &str| {
        let desired = json!({"db_snapshot_identifier": "last", "db_instance_identifier": of});
        Case::new("aws_db_snapshot.last", desired)
    };
    let with = off.notes_beside(&[&snapshot("main")]);
    assert!(with.iter().all(|n| n.fact.0 != "R3" || n.effect != Effect::Refuse), "{with:#?}");
    one(&off.notes_beside(&[&snapshot("other")]), "R3", Effect::Refuse);
}

#[test]
fn r4_applying_immediately_releases_what_waits() {
    let of = |now: bool| {
        instance(
            json!({"backup_retention_period": 7, "apply_immediately": now}),
            json!({"backup_retention_period": 5}),
        )
        .has(json!({"pending_modified_values": {"EngineVersion": "17.1"}}))
        .notes()
    };
    assert!(one(&of(true), "R4", Effect::Outage).reason.contains("EngineVersion = 17.1"));
    assert!(of(false).iter().all(|n| n.effect != Effect::Outage));
}

#[test]
fn r5_replicas_need_their_source_to_keep_backups() {
    let with = retention(7, 0).has(json!({"read_replicas": ["main-r1"]}));
    assert!(one(&with.notes(), "R5", Effect::Refuse).reason.contains("main-r1"));
    silent(&retention(7, 0).has(json!({"read_replicas": []})).notes(), "R5");
}

#[test]
fn r6_fewer_days_lose_points_and_more_days_grow() {
    assert!(
        one(&retention(14, 3).notes(), "R6", Effect::Weakens).reason.starts_with("11 days of restore points")
    );
    let note = one(&retention(3, 14).notes(), "R6", Effect::Strengthens);
    assert_eq!(note.timing, Some(Timing::From { at: "2026-12-02T12:00:00Z".parse().unwrap() }));
}

#[test]
fn r7_windows_keep_apart() {
    let of = |backup: &str| {
        let is = json!({"preferred_backup_window": "10:00-10:30", "preferred_maintenance_window": "sun:03:00-sun:04:00"});
        instance(json!({"preferred_backup_window": backup}), is).notes()
    };
    one(&of("03:30-04:30"), "R7", Effect::Refuse);
    silent(&of("04:00-04:30"), "R7");
}

#[test]
fn r9_logs_that_do_not_come_are_told() {
    let of = |latest: &str| {
        instance(json!({}), json!({"backup_retention_period": 7}))
            .has(json!({"latest_restorable_time": latest}))
            .notes()
    };
    assert!(one(&of("2026-11-21T11:15:00Z"), "R9", Effect::Warn).reason.contains("45 minutes ago"));
    silent(&of("2026-11-21T11:55:00Z"), "R9");
}

fn copy(change: &[(&str, Json)]) -> Case {
    let mut desired = json!({"source_db_instance_arn": "arn:aws:rds:eu-west-1:123456789012:db:main"});
    for (name, value) in change {
        desired[*name] = value.clone();
    }
    Case::new("aws_db_automated_backups_replication.main", desired).in_region("eu-west-2")
}

#[test]
fn r15_replicating_backups_needs_source_key_and_region() {
    let fine = instance(json!({"backup_retention_period": 7}), json!({"backup_retention_period": 7}));
    let none = instance(json!({"backup_retention_period": 0}), json!({"backup_retention_period": 0}));
    one(&copy(&[]).notes_beside(&[&fine]), "R15", Effect::Strengthens);
    one(&copy(&[]).notes_beside(&[&none]), "R15", Effect::Refuse);
    one(&copy(&[]).in_region("eu-west-1").notes(), "R15", Effect::Refuse);
    let encrypted = fine.has(json!({"storage_encrypted": true}));
    one(&copy(&[]).notes_beside(&[&encrypted]), "R15", Effect::Refuse);
    let key = |region: &str| [("kms_key_id", json!(format!("arn:aws:kms:{region}:123456789012:key/k")))];
    one(&copy(&key("eu-west-1")).notes_beside(&[&encrypted]), "R15", Effect::Refuse);
    one(&copy(&key("eu-west-2")).notes_beside(&[&encrypted]), "R15", Effect::Strengthens);
    let changed = copy(&[("backup_retention_period", json!(14))]).is(json!({"backup_retention_period": 7}));
    one(&changed.notes(), "R15", Effect::Refuse);
}

#[test]
fn r16_the_window_is_read_in_the_destination() {
    let of = |outputs: Json| copy(&[]).is(json!({})).has(outputs).notes();
    let late = of(json!({"status": "replicating", "restore_window_latest": "2026-11-21T11:00:00Z"}));
    assert!(one(&late, "R16", Effect::Warn).reason.contains("60 minutes behind"));
    one(&of(json!({"status": "replicating"})), "R16", Effect::Warn);
    silent(&of(json!({"status": "replicating", "restore_window_latest": "2026-11-21T11:50:00Z"})), "R16");
}

#[test]
fn r18_and_r22_a_snapshot_stays_until_it_is_deleted() {
    let snapshot = || {
        Case::new(
            "aws_db_snapshot.a",
            json!({"db_snapshot_identifier": "a", "db_instance_identifier": "main"}),
        )
    };
    one(&snapshot().notes(), "R18", Effect::Strengthens);
    let of_nothing = Case::new("aws_db_snapshot.a", json!({"db_snapshot_identifier": "a"}));
    one(&of_nothing.notes(), "R18", Effect::Refuse);
    one(&snapshot().is(json!({})).deleted().notes(), "R22", Effect::Irreversible);
}

#[test]
fn r22_no_database_is_deleted() {
    one(&instance(json!({}), json!({})).deleted().notes(), "R22", Effect::Refuse);
}

#[test]
fn r23_deletion_protection() {
    let to = |was: bool, will: bool| {
        instance(json!({"deletion_protection": will}), json!({"deletion_protection": was})).notes()
    };
    one(&to(true, false), "R23", Effect::Weakens);
    one(&to(false, true), "R23", Effect::Strengthens);
    one(&instance(json!({}), json!({"deletion_protection": false})).notes(), "R23", Effect::Inform);
    silent(&to(false, false), "R23");
}

#[test]
fn r27_a_standby_is_availability() {
    let to = |was: bool, will: bool| instance(json!({"multi_az": will}), json!({"multi_az": was})).notes();
    one(&to(true, false), "R27", Effect::Weakens);
    assert!(one(&to(false, true), "R27", Effect::Strengthens).reason.contains("no backup"));
}

#[test]
fn b9_what_aws_backup_owns_is_left_alone() {
    let notes = retention(7, 0).managed_by("backup_retention_period", "AWS Backup").notes();
    one(&notes, "B9", Effect::Warn);
    silent(&notes, "R3");
}

/// Facts of the plan that something other than a rule enforces, and the test that says so.
const ELSEWHERE: &[(&str, &str)] = &[("S12", "s12_what_is_not_configured_is_absent")];

#[test]
fn every_fact_of_the_plan_is_enforced() {
    let enforced = |id: &str| {
        ENTRY.kinds.iter().flat_map(|k| k.rules()).any(|r| r.fact.id == id)
            || ELSEWHERE.iter().any(|(fact, _)| *fact == id)
    };
    let wanted = "S1 S2 S3 S5 S6 S7 S10 S11 S12 S14 S16 S17 S18 S21 S22 S23 S25 S26 S27 R1 R2 R3 R4 R6 R7 R15 R16 R22 R23";
    for id in wanted.split(' ') {
        assert!(facts::FACTS.iter().any(|f| f.id == id), "{id} is not in the table");
        assert!(enforced(id), "{id} has no rule");
    }
    let source = concat!(include_str!("rules.rs"), include_str!("calls.rs"));
    for rule in ENTRY.kinds.iter().flat_map(|k| k.rules()) {
        let name = format!("{}_", rule.fact.id.to_lowercase());
        let tested = source.contains(&format!("fn {name}")) || source.contains(&format!("_and_{name}"));
        assert!(tested, "{} has no test", rule.fact.id);
    }
    assert!(ELSEWHERE.iter().all(|(_, test)| source.contains(&format!("fn {test}("))));
}
