//! `examples/onetouch-bizcard`: pgBackRest into a new directory, an application under pm2, a cache in Redis.

use jiff::{SignedDuration, Timestamp};

use crate::machine::{Machine, until};
use crate::stage::{Run, Stage};

const APPLICATION: &str = "bizcard-drill";

/// How late wrong data is noticed at most: the drill goes back to before that.
const NOTICED: SignedDuration = SignedDuration::from_mins(30);

/// Where `setup` puts pm2.
const NPM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/npm/node_modules/.bin");

/// The system as it runs, backed up; and a server that is there for drills.
fn backed_up() -> Stage {
    let stage = Stage::of("onetouch-bizcard", Machine::archiving("bizcard", 1));
    let (machine, platform) = (&stage.machine, stage.machine.path_of("home/platform"));
    let pm2 = std::fs::canonicalize(format!("{NPM}/pm2"))
        .expect("pm2 is not installed: run cli/tests/drills/setup");
    machine.stand_in("pm2", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", pm2.display()));
    // The file is where this machine has it.
    let options = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
    let lines = |own: &str| {
        let lines = options.iter().filter(|option| option.starts_with("--pg") == (own == "bizcard"));
        let lines = lines.filter(|option| !option.starts_with("--stanza"));
        lines.map(|option| format!("{}\n", option.trim_start_matches('-'))).collect::<String>()
    };
    stage.put("pgbackrest.conf", &format!("[global]\n{}[bizcard]\n{}", lines("global"), lines("bizcard")));
    let tool = "#!/bin/sh\nPGBACKREST_CONFIG=$HOME/platform/pgbackrest.conf PATH=${PATH#*:} exec pgbackrest \"$@\"\n";
    machine.stand_in("pgbackrest", tool);
    stage.edit("contacts.dr.hcl", "/var/lib/postgresql/drill", &format!("{platform}/drill"));
    let services = [
        ("bizcard", format!("{}\nport={}", machine.path_of("sock"), machine.port)),
        (APPLICATION, format!("{platform}/clusters/drill\nport=5432")),
    ];
    let services =
        services.map(|(name, at)| format!("[{name}]\nhost={at}\nuser=drctl\ndbname=onetouch_bizcard\n"));
    machine.write("home/.pg_service.conf", &services.concat());
    machine.ask("postgres", "create database onetouch_bizcard");
    stage.fill("onetouch_bizcard");
    stage.does("pgbackrest", &["--stanza=bizcard", "--start-fast", "--compress-type=none", "backup"]);
    machine.says(0, &["backup", "canary", "database"]);
    machine.archive();
    stage
}

/// The same, with a database, an application and a cache of the drills' own.
fn stage() -> (Stage, Timestamp) {
    let stage = backed_up();
    let platform = stage.machine.path_of("home/platform");
    let right = Timestamp::now() + SignedDuration::from_secs(1);
    let old = format!("--pg1-path={platform}/drill");
    stage.does("pgbackrest", &["--stanza=bizcard", &old, "--archive-mode=off", "restore"]);
    stage.does("./scripts/serve-database.sh", &["drill", &format!("{platform}/drill")]);
    stage.does("./scripts/reset-redis.sh", &["drill"]);
    stage.does("pm2", &["start", "application.js", "--name", APPLICATION, "--silent"]);
    (stage, right)
}

/// The application as pm2 tells of it.
fn application(stage: &Stage) -> serde_json::Value {
    let told = stage.does("pm2", &["jlist", "--silent"]);
    let list: serde_json::Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    list[0]["pm2_env"].clone()
}

#[track_caller]
fn came_back(stage: &Stage, run: &Run, before: &str) {
    run.is_done();
    run.measured_within(120);
    let served = format!("{}/drill-{}", stage.machine.path_of("home/platform"), run.name);
    assert_eq!(stage.held("clusters/drill/serves"), served, "what came back is served");
    let there = |sql: &str| stage.does("psql", &["-XAt", "service=bizcard-drill", "-c", sql]);
    assert_eq!(there("show archive_mode"), "off");
    there("drop table if exists migrations");
    assert_eq!(stage.content_of("service=bizcard-drill"), before);
    assert_eq!(application(stage)["status"], "online");
}

#[test]
fn onetouch_bizcard_comes_back_in_a_new_directory_and_its_cache_empty() {
    let (stage, right) = stage();
    let machine = &stage.machine;
    let good = stage.content("onetouch_bizcard");
    until("that it is later", || Timestamp::now() > right + SignedDuration::from_secs(2));
    machine.ask("onetouch_bizcard", "insert into users values (5001, 1)");
    machine.archive();
    let newest = stage.content("onetouch_bizcard");
    for (name, at, content) in
        [("database", Timestamp::now(), &newest), ("corruption", right + NOTICED, &good)]
    {
        let run = stage.drill_as_of(at, name, &[]);
        came_back(&stage, &run, content);
        stage.take_back(&run);
        assert!(
            stage.held("clusters/drill/serves").ends_with("/drill"),
            "{name}: the one before is served again"
        );
    }
    let cache = |words: &[&str]| {
        let socket = machine.path_of("home/platform/redis/drill/socket");
        stage.does("redis-cli", &[&["-s", &socket], words].concat())
    };
    cache(&["set", "stale", "1"]);
    let restarts = application(&stage)["restart_time"].as_i64().unwrap();
    let run = stage.drill_as_of(Timestamp::now(), "cache", &[]);
    run.is_done();
    assert_eq!((cache(&["exists", "stale"]), cache(&["get", "users"])), ("0".into(), "5000".into()));
    assert!(application(&stage)["restart_time"].as_i64().unwrap() > restarts);
    assert_eq!(stage.content("onetouch_bizcard"), newest, "what is in use is as it was");
    stage.does("pm2", &["kill", "--silent"]);
}

#[test]
fn onetouch_bizcard_comes_back_on_a_server_that_has_nothing() {
    let stage = backed_up();
    let (machine, before) = (&stage.machine, stage.content("onetouch_bizcard"));
    let (repository, key) = (machine.path_of("home/platform/restic"), machine.path_of("home/key"));
    stage.edit(
        "main.dr.hcl",
        "s3:s3.ap-southeast-1.amazonaws.com/onetouch-bizcard-prod-backups/config",
        &repository,
    );
    stage.edit("main.dr.hcl", "/etc/restic/key", &key);
    stage.put("config/.env.production", "NODE_ENV=production\n");
    let save = "umask 077 && echo of-the-vault >~/key && cd ~/platform/config && \
                export RESTIC_PASSWORD_FILE=$HOME/key RESTIC_REPOSITORY=$HOME/platform/restic && \
                restic -q init && restic -q backup . && \
                mkdir -p ~/git && cd ~/git && cp -r \"$OLDPWD/../../../work/release\" bizcard && \
                cp ../../work/application.js bizcard && cd bizcard && git init -q && git add . && \
                git -c user.name=t -c user.email=t@onetouchbizcard.in commit -q -m release && \
                git config --global url.\"file://$PWD\".insteadOf https://github.com/onetouch-bizcard/onetouch-bizcard.git";
    stage.does("sh", &["-c", save]);
    stage.does("./scripts/reset-redis.sh", &["drill"]);
    let run = stage.drill("quarterly", &[]);
    came_back(&stage, &run, &before);
    let checkout = format!("work/bizcard-{}", run.name);
    assert!(machine.exists(&format!("{checkout}/.env.production")), "its configuration came back");
    assert!(machine.exists(&format!("{checkout}/built.js")));
    stage.take_back(&run);
    assert!(!machine.exists(&checkout));
    assert_eq!(stage.held("clusters/drill/serves"), "", "nothing is served any more");
    assert_eq!(application(&stage), serde_json::Value::Null, "the application is gone");

    stage.put("s3/onetouch-bizcard-drill-assets/test-image.jpg", "an image\n");
    stage.put("iam/onetouch-bizcard-drill/S3Access", "s3:GetObject\n");
    stage.drill("images", &[]).is_done();
    assert_eq!(stage.content("onetouch_bizcard"), before, "what is in use is as it was");
    stage.does("pm2", &["kill", "--silent"]);
}
