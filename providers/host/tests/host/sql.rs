//! A real PostgreSQL.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::pin::pin;

use drctl_core::provider::{ErrorClass, ProviderError};
use drctl_core::recovery::{Action, Answer, Surroundings};
use drctl_core::value::Value;
use drctl_host::Host;

use super::postgres::{PASSWORD, Server};
use super::{host, json, perform};

fn query(database: Option<&str>, text: &str) -> Action {
    Action::Sql {
        database: database.map(str::to_owned),
        query: Some(text.to_owned()),
        file: None,
        assert: None,
        surroundings: Surroundings::default(),
    }
}

/// The machine with the variables that lead to the server's socket.
fn by_socket(server: &Server) -> Host {
    let (dir, port) = (server.dir().display().to_string(), server.port.to_string());
    host(
        server.dir(),
        &[("PGHOST", &dir), ("PGPORT", &port), ("PGUSER", "drctl"), ("PGDATABASE", "postgres")],
    )
}

async fn ask(host: &Host, text: &str) -> Result<Answer, ProviderError> {
    perform(host, &query(None, text)).await
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_by_where_it_was_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let user = [("PGUSER", "drctl"), ("PGDATABASE", "postgres"), ("PGPORT", "5999")];
    let socket = dir.path().join("sock").display().to_string();
    for (place, told) in
        [(socket.as_str(), format!("{socket}/.s.PGSQL.5999: ")), ("::1", "::1:5999: ".to_owned())]
    {
        let variables: Vec<_> = user.into_iter().chain([("PGHOST", place)]).collect();
        let error = ask(&host(dir.path(), &variables), "select 1").await.unwrap_err();
        assert!(error.to_string().contains(&format!("connecting to {told}")), "{error}");
    }
}

#[tokio::test]
async fn answers_are_rows_of_values() {
    let server = Server::start();
    let host = by_socket(&server);
    let cases = [
        ("select 1 as n, 'a' as t, null as nothing", r#"[{ "n": 1, "t": "a", "nothing": null }]"#),
        ("select count(*) from generate_series(1, 5)", r#"[{ "count": 5 }]"#),
        (
            "select 0.10::numeric as a, 1.5::float8 as b, 'NaN'::float8 as c",
            r#"[{ "a": 0.1, "b": 1.5, "c": "NaN" }]"#,
        ),
        ("select '007' as t, '5'::text as u, true as v", r#"[{ "t": "007", "u": "5", "v": true }]"#),
        ("select 1 as n, 2 as n", r#"[{ "n": 1, "n_2": 2 }]"#),
        ("select 1 where false", "[]"),
        ("create table t (id int primary key, \"a b\" text)", "[]"),
        ("insert into t values (1, 'x;y'), (2, E'it\\'s') returning id", r#"[{ "id": 1 }, { "id": 2 }]"#),
        ("select * from t order by id", r#"[{ "id": 1, "a b": "x;y" }, { "id": 2, "a b": "it's" }]"#),
        ("select 1 as a; select ';' as b, 2 as c; drop table t;", r#"[{ "b": ";", "c": 2 }]"#),
        ("create temporary table u (n int); insert into u values (7); select n from u", r#"[{ "n": 7 }]"#),
        ("do $$ begin perform 1; end $$; select 3 as n -- ; done", r#"[{ "n": 3 }]"#),
        ("", "[]"),
    ];
    for (text, expected) in cases {
        let answer = ask(&host, text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(answer.value.get("rows"), Some(&json(expected)), "{text}");
    }
    let many = ask(&host, "select n, 'x' as t from generate_series(1, 3000) n").await.unwrap();
    let Some(Value::List(rows)) = many.value.get("rows") else { panic!("{many:?}") };
    assert_eq!((rows.len(), many.value.get("count")), (1_000, Some(&Value::from(3_000))));
    assert!(many.said.starts_with("n = 1, t = x\n"), "{}", many.said);
    assert!(many.said.ends_with("and 2980 more; 1000 of 3000 are kept"), "{}", many.said);
    let wide = ask(&host, "select repeat('x', 300000) as t from generate_series(1, 100)").await.unwrap();
    let Some(Value::List(rows)) = wide.value.get("rows") else { panic!("{wide:?}") };
    assert_eq!((rows.len(), wide.value.get("count")), (3, Some(&Value::from(100))));
}

#[tokio::test]
async fn files_are_run_unchanged_wholly_or_not_at_all() {
    let server = Server::start();
    let host = by_socket(&server);
    std::fs::create_dir(server.dir().join("seed")).unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(server.dir().join("seed").join(name), text).unwrap();
        Action::Sql {
            database: Some("postgres".to_owned()),
            query: None,
            file: Some(name.to_owned()),
            assert: None,
            surroundings: Surroundings { dir: Some("seed".to_owned()), ..Surroundings::default() },
        }
    };
    let good = "-- seed; of drctl\ncreate table plan (name text);\ninsert into plan values ('it''s; $1'), ('b');\n\
                select count(*) as n from plan;\nanalyze plan;\n";
    let answer = perform(&host, &file("good name.sql", good)).await.unwrap();
    assert_eq!(answer.value, json(r#"{ "rows": [{ "n": 2 }], "count": 1 }"#));
    let bad = "insert into plan values ('c');\n\nselect 1 from absent;\n";
    let error = perform(&host, &file("bad.sql", bad)).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Failed, Some("42P01")));
    assert_eq!(error.message, "line 3: relation \"absent\" does not exist");
    let left = ask(&host, "select count(*) as n from plan").await.unwrap();
    assert_eq!(left.value.get("rows"), Some(&json(r#"[{ "n": 2 }]"#)));
    for copy in ["copy plan from stdin;\nx\n\\.\n", "copy plan from stdin"] {
        let error = perform(&host, &file("copy.sql", copy)).await.unwrap_err();
        assert!(error.message.contains("needs `psql`"), "{error}");
    }
    let Action::Sql { database, query, assert, surroundings, .. } = file("x", "") else { unreachable!() };
    let absent = Action::Sql { database, query, file: Some("absent.sql".to_owned()), assert, surroundings };
    let error = perform(&host, &absent).await.unwrap_err();
    assert!(error.message.starts_with("reading `absent.sql`: "), "{error}");
}

#[tokio::test]
async fn the_server_is_reached_as_other_clients_reach_it_and_no_error_holds_the_password() {
    let server = Server::start();
    let port = server.port.to_string();
    let root = server.dir().join("server.crt").display().to_string();
    let quoted = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
    let words = |more: &str| {
        format!("host=localhost port={port} user=drctl dbname=postgres password='{quoted}' {more}")
    };
    let encrypted = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    let host =
        host(server.dir(), &[("PGPASSWORD", "wrong-password"), ("MY_URL", "postgres://u:wrong-password@h/")]);
    let cases = [
        (words(""), Ok(true)),
        (words("sslmode=disable"), Ok(false)),
        (words("sslmode=require"), Ok(true)),
        (words(&format!("sslmode=verify-full sslrootcert={root}")), Ok(true)),
        (words("sslmode=verify-full"), Err((ErrorClass::Unavailable, "certificate"))),
        (
            format!("postgres://drctl@127.0.0.1:{port}/postgres?sslmode=verify-full&sslrootcert={root}"),
            Err((ErrorClass::Unavailable, "certificate")),
        ),
        (
            format!("postgres://drctl@127.0.0.1:{port}/postgres"),
            Err((ErrorClass::Credentials, "password authentication failed")),
        ),
        (words("dbname=absent"), Err((ErrorClass::Failed, "does not exist"))),
        (words("hunter2"), Err((ErrorClass::Rejected, "no connection string"))),
        ("host=/nowhere".to_owned(), Err((ErrorClass::Unavailable, "No such file"))),
    ];
    for (database, expected) in cases {
        let answer = perform(&host, &query(Some(&database), encrypted)).await;
        match (answer, expected) {
            (Ok(answer), Ok(is)) => {
                let rows = answer.value.get("rows");
                assert_eq!(rows, Some(&json(&format!(r#"[{{ "ssl": {is} }}]"#))), "{database}");
            }
            (Err(error), Err((class, words))) => {
                assert_eq!(error.class, class, "{database}: {error}");
                let said = error.to_string();
                assert!(said.contains(words), "{database}: {error}");
                assert!(!said.contains("planted") && !said.contains("wrong-password"), "{error}");
            }
            (got, expected) => panic!("{database}: {got:?}, not {expected:?}"),
        }
    }
    // What the server repeats of a secret is taken out of answers, too.
    let action = query(Some(&words("")), "select 'planted ''pass\\word'' of drctl' as p");
    assert_eq!(perform(&host, &action).await.unwrap().said, "p = (sensitive)");
}

#[tokio::test]
async fn a_password_that_nobody_says_is_read_from_the_password_file() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join(".pgpass");
    let host = host(home.path(), &[("HOME", &home.path().display().to_string())]);
    let database = format!("host=localhost port={} user=drctl dbname=postgres", server.port);
    let asked = query(Some(&database), "select 'planted ''pass\\word'' of drctl' as p");
    let refused = async |wanted: &str| {
        let error = perform(&host, &asked).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Credentials, "{error}");
        assert!(error.to_string().contains(wanted), "{error}");
    };
    refused("nothing says it").await;
    let escaped = PASSWORD.replace('\\', "\\\\").replace(':', "\\:");
    std::fs::write(&path, format!("localhost:{}:*:drctl:{escaped}\n", server.port)).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    refused("`chmod 600`").await;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(perform(&host, &asked).await.unwrap().said, "p = (sensitive)");
}

#[tokio::test]
async fn a_question_that_nobody_waits_for_is_stopped() {
    let server = Server::start();
    let host = by_socket(&server);
    let running = "select count(*) as n from pg_stat_activity where query = 'select pg_sleep(1000)'";
    let asleep = async |n: i64| {
        let answer = ask(&host, running).await.unwrap();
        answer.value.get("rows") == Some(&json(&format!(r#"[{{ "n": {n} }}]"#)))
    };
    {
        let mut sleeping = pin!(ask(&host, "select pg_sleep(1000)"));
        loop {
            tokio::select! {
                biased;
                ended = &mut sleeping => panic!("it ended: {ended:?}"),
                is = asleep(1) => if is { break },
            }
        }
    }
    // Ends when it is gone; the test's own bound is that of the runner.
    while !asleep(0).await {}
}
