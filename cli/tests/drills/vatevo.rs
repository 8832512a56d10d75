//! `examples/vatevo`: two repositories of pgBackRest, machines at Fly.io, versions of invoices, web sites.

use jiff::{SignedDuration, Timestamp};

use crate::machine::{Machine, until};
use crate::stage::{Run, Stage, Word};

const API: &str = "fly/vatevo-drill-api";
const DATABASE: &str = "fly/vatevo-drill-db";

/// How late wrong data is noticed at most: the drills go back to before that.
const NOTICED: SignedDuration = SignedDuration::from_mins(2);

/// The system as it runs, with a backup in each of its repositories; and what is there for drills.
fn stage() -> Stage {
    let stage = Stage::of("vatevo", Machine::archiving("vatevo", 2));
    let (machine, platform) = (&stage.machine, stage.machine.path_of("home/platform"));
    let address = format!("{platform}/fly/vatevo-drill-db/machines/pg-${{run.id}}");
    stage.edit("routine.dr.hcl", "${run.id}.run.kv._metadata.vatevo-drill-db.internal", &address);
    let in_use = machine.database("vatevo_prod");
    stage.edit("services.dr.hcl", "host=db.vatevo-db.internal dbname=vatevo_prod", &in_use);
    for database in ["vatevo_prod", "vatevo_drill"] {
        machine.ask("postgres", &format!("create database {database}"));
        stage.fill(database);
    }
    for app in [API, DATABASE] {
        stage.put(&format!("{app}/secrets"), "PGHOST=db.vatevo-drill-db.internal\n");
        stage.put(&format!("{app}/count.cdg"), "2\n");
    }
    let there = format!("{} port={} dbname=vatevo_drill\n", machine.path_of("sock"), machine.port);
    stage.put("hosts/db.vatevo-drill-db.internal", &there);
    for program in ["verify-backup", "start-postgres", "stop-postgres"] {
        let script = std::fs::read_to_string(machine.dir().join("work/host").join(program)).unwrap();
        stage.program(&format!("host/{program}"), &script);
    }
    let options = machine.options(&[]);
    let lines = options.iter().filter(|option| !option.starts_with("--stanza"));
    let lines: String = lines.map(|option| format!("{}\n", option.trim_start_matches('-'))).collect();
    stage.put("pgbackrest.conf", &lines);
    stage
}

/// Backs up into both repositories, and archives the log: until then everything is right.
fn back_up(stage: &Stage) -> Timestamp {
    let machine = &stage.machine;
    let options = machine.options(&["pg1-path", "pg1-port", "pg1-socket-path", "pg1-user"]);
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    for repository in ["--repo=1", "--repo=2"] {
        stage.does(
            "pgbackrest",
            &[&options[..], &[repository, "--start-fast", "--compress-type=none", "backup"]].concat(),
        );
    }
    machine.says(0, &["backup", "canary", "database"]);
    Timestamp::now() + SignedDuration::from_secs(1)
}

/// What is restored is served from a machine of its own, which archives nothing, to an API that is led there.
#[track_caller]
fn came_back(stage: &Stage, run: &Run, before: &str, region: &str) {
    run.is_done();
    run.measured_within(120);
    let machine = format!("{DATABASE}/machines/pg-{}", run.name);
    let there = format!(
        "host={} user=drctl dbname=vatevo_prod",
        stage.machine.path_of(&format!("home/platform/{machine}"))
    );
    let ask = |question: &str| stage.does("psql", &["-XAt", "-d", &there, "-c", question]);
    assert_eq!(ask("show archive_mode"), "off", "nothing of a drill gets into the repositories");
    // The test tenant has sent an invoice through the API.
    assert_eq!(ask("delete from invoices where tenant_id = 0 returning id"), "2001\nDELETE 1");
    assert_eq!(stage.content_of(&there), before);
    assert!(stage.held(&format!("{API}/secrets")).ends_with(&run.name), "the API is led there");
    assert_eq!(stage.held(&format!("{API}/count.{region}")), "2");
}

#[test]
fn vatevo_comes_back_on_a_machine_of_its_own_to_an_instant_and_to_the_end_of_the_log() {
    let stage = stage();
    let machine = &stage.machine;
    let right = back_up(&stage);
    let (good, drill) = (stage.content("vatevo_prod"), stage.content("vatevo_drill"));
    until("that it is later", || Timestamp::now() > right + SignedDuration::from_secs(3));
    machine.ask("vatevo_prod", "delete from webhook_events where id > 1000");
    machine.archive();
    let wrong = stage.content("vatevo_prod");
    let drills: [(&str, Timestamp, &str, &str); 4] = [
        ("database_restore", right + NOTICED, &good, "cdg"),
        ("incident_response", right + NOTICED, &good, "cdg"),
        ("regional_failover", Timestamp::now(), &wrong, "fra"),
        ("platform_recovery", Timestamp::now(), &wrong, "fra"),
    ];
    for (name, at, content, region) in drills {
        let run = stage.drill_as_of(at, name, &[]);
        came_back(&stage, &run, content, region);
        stage.take_back(&run);
        assert!(!machine.exists(&format!("home/platform/{DATABASE}/machines/pg-{}", run.name)), "{name}");
        assert_eq!(stage.held(&format!("{API}/secrets")), "PGHOST=db.vatevo-drill-db.internal", "{name}");
    }
    assert_eq!(stage.content("vatevo_drill"), drill);
}

#[test]
fn vatevo_restarts_brings_an_invoice_back_and_serves_its_web_sites_elsewhere() {
    const WORDS: [Word; 3] = [
        ("list the versions", &["--go", "--input", "key=invoices/7/2026.xml"]),
        ("Choose the version", &["--done", "--input", "version=v001"]),
        ("start more", &["--go"]),
    ];
    let stage = stage();
    stage.put(&format!("{API}/ill"), "");
    let run = stage.drill("restart", &WORDS);
    run.is_done();
    assert_eq!(
        (stage.held(&format!("{API}/restarts")), stage.held(&format!("{API}/count.cdg"))),
        ("1".into(), "4".into())
    );
    stage.take_back(&run);
    assert_eq!(stage.held(&format!("{API}/count.cdg")), "2");

    let invoice = "versions/vatevo-invoices-drill/invoices/7/2026.xml";
    let (right, wrong) = ("<Invoice>7</Invoice>\n", "<Invoice>8</Invoice>\n");
    stage.put("right", right);
    let signed = stage.does("sha256sum", &[&stage.machine.path_of("home/platform/right")]);
    let signed = format!("{}\n{right}", signed.split(' ').next().unwrap());
    stage.put(&format!("{invoice}/v001"), &signed);
    stage.put(&format!("{invoice}/v002"), wrong);
    stage.drill("object_recovery", &WORDS).is_done();
    assert_eq!(stage.held(&format!("{invoice}/v003")), signed.trim(), "what was right is the newest");
    assert_eq!(stage.held(&format!("{invoice}/v002")), wrong.trim(), "and nothing is lost");

    let sites = "mkdir -p ~/git/vatevo && cd ~/git/vatevo && git init -q -b released web && cd web && \
                 echo the dashboard >dashboard && git add . && \
                 git -c user.name=t -c user.email=t@vatevo.com commit -q -m sites && \
                 git config --global url.\"$HOME/git/vatevo/web\".insteadOf git@github.com:vatevo/web.git";
    stage.does("sh", &["-c", sites]);
    stage.put("fly/vatevo-drill-web/secrets", "");
    let run = stage.drill("web_sites", &WORDS);
    run.is_done();
    assert_eq!(stage.held("fly/vatevo-drill-web/site/dashboard"), "the dashboard");
    assert_eq!(stage.held("fly/vatevo-drill-web/count.cdg"), "2", "it is served");
    assert!(stage.machine.exists(&format!("work/web-{}", run.name)));
    stage.take_back(&run);
    assert_eq!(stage.held("fly/vatevo-drill-web/count.cdg"), "0", "nothing of it is served any more");
    assert!(!stage.machine.exists(&format!("work/web-{}", run.name)));
}
