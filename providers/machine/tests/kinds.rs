//! The kinds on a machine that is not there: what is written is what is read back, whatever it was before;
//! what is changed behind drctl's back shows; what does not answer is unobserved.
#![allow(clippy::unwrap_used, reason = "a failing test should say where")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use drctl_core::provider::{
    AnyCloud, AnyKind, Attempt, ErrorClass, Id, Observed, ProviderError, Request, Update, Wanted,
};
use drctl_core::rule::Timing;
use drctl_core::value::Value;
use drctl_machine::fake::{Fake, World};
use drctl_machine::port::Settings;
use drctl_machine::{FILES, POSTGRES};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

type Values = BTreeMap<String, Value>;

fn kind(name: &str) -> &'static dyn AnyKind {
    POSTGRES.kinds.iter().chain(FILES.kinds).copied().find(|k| k.name() == name).expect(name)
}

fn values(json: Json) -> Values {
    match Value::from_json(&json) {
        Some(Value::Object(values)) => values,
        _ => panic!("no object"),
    }
}

/// In the form in which values are compared.
fn canonical(kind: &dyn AnyKind, values: Values) -> Values {
    let row = |name: &str| kind.inputs().iter().find(|row| row.name == name).unwrap();
    values.into_iter().map(|(name, value)| (name.clone(), (row(&name).canonical)(value).unwrap())).collect()
}

/// One machine, and the runtime that it is asked on.
struct Bench {
    fake: Fake,
    cloud: AnyCloud,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Bench {
        let fake = Fake::default();
        let settings = Settings {
            run_as: Some("postgres".to_owned()),
            schedule_directory: Some("/timers".into()),
            password_file: Some("/etc/restic/password".into()),
            is_server: true,
            ..Settings::default()
        };
        let cloud: AnyCloud = std::sync::Arc::new(fake.connect(settings));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        Bench { fake, cloud, runtime }
    }

    fn id(kind: &dyn AnyKind, values: &Values) -> Id {
        let names = drctl_core::provider::identity_names(kind.inputs());
        kind.id(&names.map(|name| (name.to_owned(), values[name].clone())).collect()).unwrap()
    }

    fn try_read(&self, kind: &dyn AnyKind, values: &Values) -> Result<Option<Observed>, ProviderError> {
        let wanted: Wanted = kind.inputs().iter().map(|row| row.name).collect();
        let request = Request { id: Bench::id(kind, values), wanted };
        self.runtime.block_on(kind.read(&self.cloud, &request))
    }

    fn read(&self, kind: &dyn AnyKind, values: &Values) -> Option<Observed> {
        self.try_read(kind, values).unwrap()
    }

    /// Makes it so, as the engine does: what is there is changed, what is not is made.
    fn apply(&self, kind: &dyn AnyKind, wanted: &Values) -> Result<(), ProviderError> {
        let attempt = Attempt("test".to_owned());
        match self.try_read(kind, wanted)? {
            None => {
                self.runtime.block_on(kind.create(&self.cloud, &attempt, wanted.clone()))?;
                self.runtime.block_on(kind.complete(&self.cloud, &attempt, wanted.clone()))
            }
            Some(observed) => {
                let before = observed.attributes;
                let differs = |name: &&String| before.get(*name) != wanted.get(*name);
                let changed: BTreeSet<String> = wanted.keys().filter(differs).cloned().collect();
                let mut after = before.clone();
                after.extend(wanted.clone());
                let update = Update { before, after, changed };
                self.runtime.block_on(kind.update(&self.cloud, &attempt, update))
            }
        }
    }

    fn delete(&self, kind: &dyn AnyKind, values: &Values) -> Result<(), ProviderError> {
        let (attempt, id) = (Attempt("test".to_owned()), Bench::id(kind, values));
        self.runtime.block_on(kind.delete(&self.cloud, &attempt, &id))
    }

    /// What of the wanted is otherwise, neither in force nor waiting to be.
    fn differing(&self, kind: &dyn AnyKind, wanted: &Values) -> Vec<String> {
        let observed = self.read(kind, wanted).expect("it was made");
        assert_eq!(observed.unobserved, BTreeMap::new());
        let is = |name: &str| observed.attributes.get(name);
        let waits = |name: &str| observed.pending.get(name).map(|pending| &pending.value);
        let differs =
            |(name, value): &(&String, &Value)| is(name) != Some(*value) && waits(name) != Some(*value);
        wanted.iter().filter(differs).map(|(name, _)| name.clone()).collect()
    }
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9/._%$'\"\\\\ä=#\\[\\]-][ -~ä]{0,10}[a-z%$'\"\\\\]"
}

fn archiving() -> impl Strategy<Value = Json> {
    let mode = prop::sample::select(vec!["off", "on", "always"]);
    let level = prop::sample::select(vec!["minimal", "replica"]);
    (mode, text(), 0..100_000_u32, level).prop_map(|(mode, command, timeout, level)| {
        json!({"archive_mode": mode, "archive_command": command, "archive_timeout": format!("{timeout}s"),
            "wal_level": level})
    })
}

fn stanza() -> impl Strategy<Value = Json> {
    let keep = prop_oneof![
        (1..999_u32).prop_map(|n| format!("{n}d")),
        (1..99_u32).prop_map(|n| format!("{n} backups"))
    ];
    (text(), text(), keep, text(), any::<bool>()).prop_map(|(data, repository, keep, key, verify)| {
        json!({"config": "/etc/pgbackrest.conf", "stanza": "main", "pg1_path": data, "repo1_path": repository,
            "repo1_retention_full": keep, "repo1_s3_key_secret": key, "created": true,
            "repo1_storage_verify_tls": if verify { "y" } else { "n" }})
    })
}

fn schedule(scheduler: &'static str) -> impl Strategy<Value = Json> {
    let when = prop::sample::select(vec![
        "cron(0 2 * * *, UTC)",
        "cron(*/7 1-5 1,15 * 1-5, UTC)",
        "cron(5,10 */2 * 2 0, UTC)",
        "rate(6h)",
    ]);
    let run = (when, prop::collection::vec(text(), 1..4))
        .prop_map(|(when, command)| json!({"when": when, "command": command}));
    let runs = prop::collection::btree_map("(full|differential|incremental)", run, 1..4);
    let user = prop::sample::select(vec!["postgres", "root"]);
    (runs, user).prop_map(move |(runs, user)| {
        // Cron writes a rate as the times at which it hits.
        let runs = json!(runs).to_string();
        let runs =
            if scheduler == "cron" { runs.replace("rate(6h)", "cron(0 */6 * * *, UTC)") } else { runs };
        // Cron is given no backslashes.
        let runs = if scheduler == "cron" { runs.replace("\\\\", "/") } else { runs };
        json!({"name": "wal", "scheduler": scheduler, "user": user, "active": true, "other_lines": [],
            "run": serde_json::from_str::<Json>(&runs).unwrap()})
    })
}

/// From wherever it is, applying leads to what is wanted, and once is enough.
fn converges<S: Strategy<Value = Json>>(name: &str, wishes: impl Fn() -> S) {
    let kind = kind(name);
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&(wishes(), wishes(), any::<bool>()), |(a, b, restarts)| {
            let bench = Bench::new();
            for wish in [a, b] {
                let wanted = canonical(kind, values(wish));
                bench.apply(kind, &wanted).unwrap();
                prop_assert_eq!(bench.differing(kind, &wanted), Vec::<String>::new());
                let before = format!("{:?}", bench.fake.world());
                bench.apply(kind, &wanted).unwrap();
                prop_assert_eq!(format!("{:?}", bench.fake.world()), before, "once is enough");
                if restarts {
                    bench.fake.restart().unwrap();
                    let observed = bench.read(kind, &wanted).unwrap();
                    prop_assert!(observed.pending.is_empty());
                    prop_assert_eq!(bench.differing(kind, &wanted), Vec::<String>::new());
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn archiving_converges() {
    converges("postgres_archiving", archiving);
}

#[test]
fn a_stanza_converges() {
    converges("pgbackrest_stanza", stanza);
}

#[test]
fn timers_converge() {
    converges("postgres_schedule", || schedule("systemd"));
}

#[test]
fn lines_of_cron_converge() {
    converges("files_schedule", || schedule("cron"));
}

fn dumps() -> impl Strategy<Value = Json> {
    let keep = prop::sample::select(vec!["for ever", "7d", "1d12h"]);
    let lock = prop::sample::select(vec!["none", "governance for 7d", "compliance for 30d"]);
    let format = prop::sample::select(vec!["custom", "directory"]);
    (text(), text(), any::<bool>(), keep, lock, format).prop_map(|(to, how, on_disk, keep, lock, format)| {
        // What begins with `/` is a directory; no `..` leads out of it.
        let path = format!("/srv/{}", to.replace("..", "."));
        let place =
            if on_disk { json!({"to": path, "created": true}) } else { json!({"to": format!("b/{to}")}) };
        let mut all = json!({"record": "/record/shop.json", "format": format, "compress": how,
            "checksum": "sha256", "keep": keep, "lock": lock});
        all.as_object_mut().unwrap().extend(place.as_object().unwrap().clone());
        all
    })
}

#[test]
fn dumps_converge() {
    converges("postgres_dumps", dumps);
}

#[test]
fn what_waits_for_a_restart_is_shown_as_waiting() {
    let (bench, kind) = (Bench::new(), kind("postgres_archiving"));
    let wanted = canonical(kind, values(json!({"archive_mode": "on"})));
    bench.apply(kind, &wanted).unwrap();
    let observed = bench.read(kind, &wanted).unwrap();
    assert_eq!(observed.attributes["archive_mode"], Value::from("off"));
    let pending = &observed.pending["archive_mode"];
    assert_eq!((&pending.value, &pending.timing), (&Value::from("on"), &Timing::Restart));
    bench.fake.restart().unwrap();
    assert_eq!(bench.read(kind, &wanted).unwrap().attributes["archive_mode"], Value::from("on"));
}

const CONF: &str = "/etc/pgbackrest.conf";
const FOREIGN: &str =
    "# by hand\r\n[global]\nlog-level-console = info\n\n[other]\npg1-path=/other\nx=[main]\n\n# end";

fn conf(bench: &Bench) -> String {
    bench.fake.world().files[Path::new(CONF)].0.clone()
}

fn main_stanza() -> Values {
    canonical(
        kind("pgbackrest_stanza"),
        values(json!({"config": CONF, "stanza": "main", "pg1_path": "/data", "repo1_path": "/repo",
            "repo1_retention_full": "30d", "created": true})),
    )
}

#[test]
fn what_others_have_written_stays_byte_for_byte() {
    let (bench, kind) = (Bench::new(), kind("pgbackrest_stanza"));
    bench.fake.change(|world| drop(world.files.insert(CONF.into(), (FOREIGN.to_owned(), 0o600))));
    let mut wanted = main_stanza();
    bench.apply(kind, &wanted).unwrap();
    assert!(conf(&bench).starts_with(FOREIGN), "{}", conf(&bench));
    assert_eq!(bench.fake.world().files[Path::new(CONF)].1, 0o600, "it was stricter than needed");
    wanted.insert("repo1_retention_full".to_owned(), Value::from("7d"));
    bench.apply(kind, &wanted).unwrap();
    assert!(conf(&bench).starts_with(FOREIGN) && conf(&bench).contains("repo1-retention-full=7\n"));
    bench.delete(kind, &wanted).unwrap();
    assert_eq!(conf(&bench).trim_end(), FOREIGN);
    assert_eq!(bench.fake.world().stanzas.len(), 1, "the repository stays");
}

fn replaced(world: &mut World, file: &str, from: &str, to: &str) {
    let (text, _) = world.files.get_mut(Path::new(file)).expect(file);
    assert!(text.contains(from), "{from} is not in {text}");
    *text = text.replace(from, to);
}

/// A kind as it is wanted, the attribute that shows, and what somebody changes by hand.
type Case = (&'static str, Values, &'static str, Box<dyn Fn(&mut World)>);

fn of_the_server() -> Vec<Case> {
    let kind = "postgres_archiving";
    let wanted = || {
        values(json!({"archive_mode": "on", "archive_command": "cp %p /a", "archive_timeout": "1m",
            "wal_level": "replica"}))
    };
    let settings = [
        ("archive_mode", "off"),
        ("archive_command", "true"),
        ("archive_timeout", "600"),
        ("wal_level", "minimal"),
    ];
    let case = |(name, value): (&'static str, &'static str)| -> Case {
        let edit = move |world: &mut World| {
            world.in_force.insert(name.to_owned(), value.to_owned());
            world.configured.insert(name.to_owned(), value.to_owned());
        };
        (kind, wanted(), name, Box::new(edit))
    };
    settings.map(case).into()
}

/// Cases that change a text in a file.
fn in_files(kind: &'static str, wanted: &Values, edits: &[[&'static str; 4]]) -> Vec<Case> {
    let case = |[attribute, file, from, to]: &[&'static str; 4]| -> Case {
        let (file, from, to) = (*file, *from, *to);
        let edit = move |world: &mut World| replaced(world, file, from, to);
        (kind, wanted.clone(), *attribute, Box::new(edit))
    };
    edits.iter().map(case).collect()
}

fn of_the_stanza() -> Vec<Case> {
    let kind = "pgbackrest_stanza";
    let mut cases = in_files(
        kind,
        &main_stanza(),
        &[
            ["pg1_path", CONF, "=/data", "=/elsewhere"],
            ["repo1_path", CONF, "=/repo", "=/elsewhere"],
            ["repo1_retention_full", CONF, "=30", "=3"],
            ["repo1_retention_full", CONF, "repo1-retention-full-type=time\n", ""],
        ],
    );
    cases.push((kind, main_stanza(), "created", Box::new(|world| world.stanzas.clear())));
    cases
}

fn wal(scheduler: &str) -> Values {
    let run = json!({"when": "cron(0 2 * * *, UTC)", "command": ["drctl", "backup", "run", "wal"]});
    values(
        json!({"name": "wal", "scheduler": scheduler, "user": "postgres", "active": true, "other_lines": [],
        "run": {"full": run}}),
    )
}

fn of_systemd() -> Vec<Case> {
    let kind = "postgres_schedule";
    let (timer, service) = ("/timers/drctl-wal.full.timer", "/timers/drctl-wal.full.service");
    let mut cases = in_files(
        kind,
        &wal("systemd"),
        &[
            ["run", timer, "02:00:00", "03:00:00"],
            ["run", service, "\"wal\"", "\"other\""],
            ["user", service, "User=postgres", "User=root"],
            ["other_lines", service, "[Service]\n", "[Service]\nExecStartPre=/bin/x\n"],
            ["other_lines", timer, "Persistent=true\n", ""],
        ],
    );
    let gone = move |world: &mut World| drop(world.files.remove(Path::new(service)));
    cases.push((kind, wal("systemd"), "other_lines", Box::new(gone)));
    cases.push((kind, wal("systemd"), "active", Box::new(|world| world.timers.clear())));
    cases
}

fn of_cron() -> Vec<Case> {
    let (kind, file) = ("files_schedule", "/timers/drctl-wal");
    let mut cases = in_files(
        kind,
        &wal("cron"),
        &[
            ["run", file, "0 2 *", "0 3 *"],
            ["run", file, "run wal", "run x"],
            ["user", file, "postgres", "root"],
            ["other_lines", file, "# run", "@reboot root x\n# run"],
        ],
    );
    let writable = move |world: &mut World| world.files.get_mut(Path::new(file)).unwrap().1 = 0o666;
    cases.push((kind, wal("cron"), "active", Box::new(writable)));
    cases
}

const RECORD: &str = "/record/shop.json";

fn shop() -> Values {
    values(json!({"record": RECORD, "to": "/srv/dumps", "format": "custom", "compress": "gzip",
        "checksum": "sha256", "keep": "30d", "lock": "compliance for 30d", "created": true}))
}

fn of_dumps() -> Vec<Case> {
    let kind = "postgres_dumps";
    let mut cases = in_files(
        kind,
        &shop(),
        &[
            ["to", RECORD, "/srv/dumps", "/srv/elsewhere"],
            ["format", RECORD, "\"custom\"", "\"directory\""],
            ["compress", RECORD, "gzip", "none"],
            ["keep", RECORD, "\"30d\"", "\"3d\""],
            ["keep", RECORD, "  \"keep\": \"30d\",\n", ""],
            ["lock", RECORD, "compliance", "governance"],
        ],
    );
    cases.push((kind, shop(), "created", Box::new(|world| world.folders.clear())));
    let retention = values(json!({"record": RECORD, "keep": "90d"}));
    cases.extend(in_files("restic_retention", &retention, &[["keep", RECORD, "90d", "9d"]]));
    cases
}

#[test]
fn a_change_behind_our_back_shows_in_its_attribute() {
    let cases = [of_the_server(), of_the_stanza(), of_systemd(), of_cron(), of_dumps()].into_iter().flatten();
    for (number, (name, wanted, attribute, edit)) in cases.enumerate() {
        let (bench, kind) = (Bench::new(), kind(name));
        let wanted = canonical(kind, wanted);
        bench.apply(kind, &wanted).unwrap();
        bench.fake.restart().unwrap();
        assert_eq!(bench.differing(kind, &wanted), Vec::<String>::new(), "{number}");
        bench.fake.change(|world| edit(world));
        let differing = bench.differing(kind, &wanted);
        assert!(
            differing.contains(&attribute.to_owned()),
            "{number}: {name}.{attribute}, found {differing:?}"
        );
        bench.apply(kind, &wanted).unwrap();
        bench.fake.restart().unwrap();
        assert_eq!(
            bench.differing(kind, &wanted),
            Vec::<String>::new(),
            "{number}: {name}.{attribute} is set right"
        );
    }
}

#[test]
fn what_may_not_be_asked_is_unobserved_and_not_absent() {
    let bench = Bench::new();
    let cases = [
        ("postgres_archiving", values(json!({})), "server"),
        ("pgbackrest_stanza", main_stanza(), "files"),
        ("restic_repository", values(json!({"repository": "/srv/restic"})), "restic"),
        ("postgres_schedule", values(json!({"name": "wal", "scheduler": "cron"})), "files"),
        ("postgres_dumps", shop(), "files"),
        ("restic_retention", values(json!({"record": RECORD})), "files"),
    ];
    for (name, wanted, denied) in cases {
        bench.fake.change(|world| world.denied.extend([denied.to_owned()]));
        let answer = bench.try_read(kind(name), &wanted);
        assert_eq!(answer.map_err(|e| e.class), Err(ErrorClass::Denied), "{name}");
    }
    // Of a stanza that can be read, only what pgBackRest would say is missing.
    bench.fake.change(|world| world.denied.clear());
    bench.apply(kind("pgbackrest_stanza"), &main_stanza()).unwrap();
    bench.fake.change(|world| world.denied.extend(["pgbackrest".to_owned()]));
    let observed = bench.read(kind("pgbackrest_stanza"), &main_stanza()).unwrap();
    assert_eq!(observed.unobserved.keys().collect::<Vec<_>>(), ["created"]);
    assert_eq!(observed.attributes["pg1_path"], Value::from("/data"));
}

#[test]
fn of_dumps_whose_directory_may_not_be_looked_at_the_rest_is_seen() {
    let (bench, kind) = (Bench::new(), kind("postgres_dumps"));
    bench.apply(kind, &shop()).unwrap();
    bench.fake.change(|world| world.denied.extend(["folders".to_owned()]));
    let observed = bench.read(kind, &shop()).unwrap();
    assert_eq!(observed.unobserved.keys().collect::<Vec<_>>(), ["created"]);
    assert!(!observed.attributes.contains_key("created") && !observed.outputs.contains_key("mode"));
    assert_eq!(observed.attributes["keep"], Value::from("30d"));
}

#[test]
fn a_record_that_makes_no_sense_is_neither_absent_nor_written_over() {
    for text in [
        "",
        "{}",
        "[]",
        "{\"keep\": \"30d\"}",
        "{\"about\": \"mine\"}",
        "\u{1b}",
        "{\"a\": 1e999999999}",
        r#"{"about": "MARK", "keep": "2 months"}"#,
        r#"{"about": "MARK", "keep": null, "more": 1}"#,
    ] {
        let (bench, kind) = (Bench::new(), kind("postgres_dumps"));
        bench.apply(kind, &shop()).unwrap();
        let written = bench.fake.world().files[Path::new(RECORD)].0.clone();
        let mark = serde_json::from_str::<Json>(&written).unwrap()["about"].as_str().unwrap().to_owned();
        let text = text.replace("MARK", &mark);
        bench.fake.change(|world| drop(world.files.insert(RECORD.into(), (text.clone(), 0o644))));
        assert_eq!(bench.try_read(kind, &shop()).map_err(|e| e.class), Err(ErrorClass::Malformed), "{text}");
        let attempt = Attempt("test".to_owned());
        assert!(bench.runtime.block_on(kind.create(&bench.cloud, &attempt, shop())).is_err(), "{text}");
        assert!(bench.delete(kind, &shop()).is_err(), "{text}");
        assert_eq!(bench.fake.world().files[Path::new(RECORD)].0, text);
    }
}

#[test]
fn what_was_applied_of_dumps_is_forgotten_and_they_stay() {
    let (bench, kind) = (Bench::new(), kind("postgres_dumps"));
    bench.apply(kind, &shop()).unwrap();
    bench.delete(kind, &shop()).unwrap();
    bench.delete(kind, &shop()).unwrap();
    let world = bench.fake.world();
    assert_eq!((world.files.len(), world.folders.len()), (0, 1));
}

#[test]
fn a_file_without_our_mark_is_left_alone() {
    for (scheduler, file) in [("cron", "/timers/drctl-wal"), ("systemd", "/timers/drctl-wal.full.timer")] {
        let (bench, kind) = (Bench::new(), kind("postgres_schedule"));
        let mine = ("# mine\n".to_owned(), 0o644);
        bench.fake.change(|world| drop(world.files.insert(PathBuf::from(file), mine.clone())));
        let run = json!({"full": {"when": "cron(0 2 * * *, UTC)", "command": ["drctl"]}});
        let wanted = values(json!({"name": "wal", "scheduler": scheduler, "run": run}));
        let attempt = Attempt("test".to_owned());
        assert!(bench.try_read(kind, &wanted).is_err());
        let made = kind.create(&bench.cloud, &attempt, wanted.clone());
        assert!(bench.runtime.block_on(made).is_err());
        assert!(bench.delete(kind, &wanted).is_err());
        assert_eq!(bench.fake.world().files, BTreeMap::from([(PathBuf::from(file), mine)]));
    }
}

#[test]
fn a_repository_is_made_once_and_never_deleted() {
    let (bench, kind) = (Bench::new(), kind("restic_repository"));
    let wanted = values(json!({"repository": "/srv/restic"}));
    assert_eq!(bench.read(kind, &wanted), None);
    bench.apply(kind, &wanted).unwrap();
    bench.apply(kind, &wanted).unwrap();
    let attempt = Attempt("test".to_owned());
    bench.runtime.block_on(kind.create(&bench.cloud, &attempt, wanted.clone())).unwrap();
    assert!(bench.delete(kind, &wanted).is_err());
    assert_eq!(bench.fake.world().repositories.len(), 1);
}

#[test]
fn a_folder_keeps_the_machine() {
    let dir = tempfile::tempdir().unwrap();
    let kind = kind("restic_repository");
    for _ in 0..2 {
        let fake = Fake::dir(dir.path()).unwrap();
        let cloud: AnyCloud = std::sync::Arc::new(fake.connect(Settings::default()));
        let bench =
            Bench { fake, cloud, runtime: tokio::runtime::Builder::new_current_thread().build().unwrap() };
        bench.apply(kind, &values(json!({"repository": "/srv/restic"}))).unwrap();
    }
    let mode =
        std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(dir.path().join("machine.json")).unwrap());
    assert_eq!(mode & 0o777, 0o600, "it may hold passphrases");
}
