//! `examples/certificates`: pgBackRest where the database is, files by restic, a cluster of containers, DNS.

use crate::machine::Machine;
use crate::stage::{Run, Stage, Word};

const PLACE: &str = "places/drill";

/// Whether the cluster has replaced what failed, is for a person to see.
const WORDS: [Word; 1] = [("replace all instances", &["--go"])];

/// How long the last two procedures wait for resolvers and for the cluster, which are not there.
const WAITS: [&str; 2] = ["wait         = \"2m\"", "wait         = \"5m\""];

/// The system as it runs, and the place that is there for drills.
fn stage() -> Stage {
    let stage = Stage::of("certificates", Machine::archiving("certificates", 1));
    let (machine, place) = (&stage.machine, stage.machine.path_of(&format!("home/platform/{PLACE}")));
    stage.edit("contacts.dr.hcl", "/var/lib/postgresql/drill-", &format!("{place}/database/database-"));
    stage.edit("contacts.dr.hcl", "/srv/drill/", &format!("{place}/volume/"));
    for wait in WAITS {
        stage.edit("procedures.dr.hcl", wait, "wait         = \"1s\"");
    }
    let services = [
        ("certificates", format!("{}\nport={}", machine.path_of("sock"), machine.port)),
        ("certificates-drill", format!("{place}/database\nport=5432")),
    ];
    let services =
        services.map(|(name, at)| format!("[{name}]\nhost={at}\nuser=drctl\ndbname=certificates\n"));
    machine.write("home/.pg_service.conf", &services.concat());
    machine.ask("postgres", "create database certificates");
    stage.fill("certificates");
    let options = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    stage.does("pgbackrest", &[&options[..], &["--start-fast", "--compress-type=none", "backup"]].concat());
    machine.says(0, &["backup", "canary", "database"]);
    machine.archive();
    save_files(&stage);
    let lines = machine.options(&[]).into_iter().filter(|option| !option.starts_with("--stanza"));
    let lines: String = lines.map(|option| format!("{}\n", option.trim_start_matches('-'))).collect();
    let own = format!(
        "[global]\n{lines}[certificates]\npg1-path={place}/database/now\npg1-socket-path={place}/database\n"
    );
    stage.put(&format!("{PLACE}/database/pgbackrest.conf"), &own);
    let restore = "pgbackrest --stanza=certificates --archive-mode=off restore";
    stage.does("mkdir", &["-m", "700", &format!("{place}/database/now")]);
    stage.does("./ops/on-host.sh", &["--at", "drill", "database", restore]);
    stage.does("./ops/database/serve.sh", &["--at", "drill", &format!("{place}/database/now")]);
    stage.put(&format!("{PLACE}/cluster/instances"), "3\n");
    stage.put(&format!("{PLACE}/cluster/environment"), &format!("{place}/cluster/first\n"));
    stage.put(&format!("{PLACE}/cluster/first/environment"), "DATABASE=certificates\nCERTIFICATES=/first\n");
    stage.put("dns/drill.certificates.internal", "drill\n");
    stage
}

/// Certificates with their keys, and an environment, in production and in its repositories.
fn save_files(stage: &Stage) {
    let make = "cd ~/platform/places/production/volume && umask 077 && for n in 1 2 3; do \
                openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
                -subj /CN=customer-$n -keyout customer-$n.key -out customer-$n.crt 2>/dev/null; done";
    stage.put("places/production/volume/.keep", "");
    stage.does("sh", &["-c", make]);
    stage
        .does("sh", &["-c", "rm ~/platform/places/production/volume/.keep; mkdir -p ~/.config/certificates"]);
    stage.put(
        "places/production/cluster/environment",
        "DATABASE=certificates\nCERTIFICATES=/srv/certificates\n",
    );
    stage.machine.write("home/.config/certificates/keys", "a password of the vault\n");
    for (name, folder) in [("certificates", "volume"), ("configuration", "cluster")] {
        let save = format!(
            "cd ~/platform/places/production/{folder} && export RESTIC_PASSWORD_FILE=$HOME/.config/certificates/keys && \
             export RESTIC_REPOSITORY=$HOME/platform/s3/certificates-backups-eu-west-2/{name} && \
             restic -q init && restic -q backup ."
        );
        stage.does("sh", &["-c", &save]);
    }
}

/// All that is in a folder of the platforms, with its modes, as one number.
fn folder(stage: &Stage, name: &str) -> String {
    folder_at(stage, &stage.machine.path_of(&format!("home/platform/{name}")))
}

fn folder_at(stage: &Stage, path: &str) -> String {
    let sum = "cd \"$1\" && find . -type f -printf '%m %P\\n' -exec sha256sum {} + | sort | sha256sum";
    stage.does("sh", &["-c", sum, "sum", path])
}

fn there(stage: &Stage, sql: &str) -> String {
    stage.does("psql", &["-XAt", "service=certificates-drill", "-c", sql])
}

/// What is served is what was in use.
#[track_caller]
fn database_came_back(stage: &Stage, run: &Run) {
    run.is_done();
    run.measured_within(120);
    assert!(stage.held(&format!("{PLACE}/database/serves")).ends_with(&run.name));
    assert_eq!(there(stage, "show archive_mode"), "off", "nothing of a drill gets into the repository");
    there(stage, "drop table migrations");
    assert_eq!(stage.content_of("service=certificates-drill"), stage.content("certificates"));
    assert_eq!(stage.held(&format!("{PLACE}/cluster/instances")), "3");
}

#[test]
fn certificates_restores_its_database_its_files_and_its_configuration_beside_what_is_used() {
    let stage = stage();
    let (production, content) = (folder(&stage, "places/production"), stage.content("certificates"));
    let now = stage.held(&format!("{PLACE}/database/serves"));
    stage.put(&format!("{PLACE}/cluster/instances"), "2\n");

    let run = stage.drill("database-failure", &WORDS);
    database_came_back(&stage, &run);
    stage.take_back(&run);
    assert_eq!(stage.held(&format!("{PLACE}/database/serves")), now, "the one before is served again");
    assert_eq!(stage.held(&format!("{PLACE}/cluster/instances")), "2", "as many as there were");
    stage.put(&format!("{PLACE}/cluster/instances"), "3\n");

    there(&stage, "insert into certificates values ('customer-4')");
    let run = stage.drill("certificate-loss", &WORDS);
    run.is_done();
    let served = stage.held(&format!("{PLACE}/volume/serves"));
    assert!(served.ends_with(&run.name));
    assert_eq!(folder_at(&stage, &served), folder(&stage, "places/production/volume"));
    let lost = "select name from certificates where to_be_issued";
    assert_eq!(there(&stage, lost), "customer-4", "what was issued since is issued again");
    stage.take_back(&run);
    assert_eq!(there(&stage, lost), "");
    assert_eq!(
        stage.does("find", &[&stage.machine.path_of("home/platform"), "-name", &format!("*{}", run.name)]),
        ""
    );

    let run = stage.drill("configuration-loss", &WORDS);
    run.is_done();
    let used = stage.held(&format!("{PLACE}/cluster/environment"));
    assert_eq!(folder_at(&stage, &used), folder(&stage, "places/production/cluster"));
    stage.take_back(&run);
    assert!(stage.held(&format!("{PLACE}/cluster/environment")).ends_with("/first"));

    stage.put(&format!("{PLACE}/cluster/instances"), "2\n");
    let run = stage.drill("application-instance-failure", &WORDS);
    run.is_done();
    assert_eq!(stage.held(&format!("{PLACE}/cluster/replaced")), "again");

    assert_eq!(folder(&stage, "places/production"), production, "what is in use is as it was");
    assert_eq!(stage.content("certificates"), content);
}

#[test]
fn certificates_comes_back_whole_in_another_place() {
    let stage = stage();
    let (production, content) = (folder(&stage, "places/production"), stage.content("certificates"));
    stage.does("./ops/database/serve.sh", &["--at", "drill", "nothing"]);
    stage.does("docker", &["--context", "drill", "stack", "rm", "certificates"]);
    stage.put("dns/drill.certificates.internal", "nowhere\n");
    let run = stage.drill("complete-system-failure", &WORDS);
    database_came_back(&stage, &run);
    let served = stage.held(&format!("{PLACE}/volume/serves"));
    assert_eq!(folder_at(&stage, &served), folder(&stage, "places/production/volume"));
    let used = stage.held(&format!("{PLACE}/cluster/environment"));
    assert_eq!(folder_at(&stage, &used), folder(&stage, "places/production/cluster"));
    assert_eq!(stage.held("dns/drill.certificates.internal"), "drill");
    stage.take_back(&run);
    for file in ["database/serves", "volume/serves", "cluster/instances"] {
        assert_eq!(stage.held(&format!("{PLACE}/{file}")), "", "{file}");
    }
    assert_eq!(
        stage.does("find", &[&stage.machine.path_of("home/platform"), "-name", &format!("*{}", run.name)]),
        ""
    );
    assert_eq!(folder(&stage, "places/production"), production, "what is in use is as it was");
    assert_eq!(stage.content("certificates"), content);
}
