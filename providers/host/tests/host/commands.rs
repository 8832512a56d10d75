//! Real programs.

use std::pin::pin;
use std::process::Command;

use drctl_core::provider::{Attempt, ErrorClass};
use drctl_core::recovery::{SecretSource, Surroundings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::unix::pipe;

use super::{given, host, perform, run, run_in, shell, shell_in, with_env};

const HOSTILE: [&str; 12] = [
    "two words",
    "'",
    "\"",
    "line\nend",
    "$(reboot)",
    "`id`",
    "${HOME}",
    "-n",
    "--help",
    "a;b|c&d>e",
    "*",
    "",
];

#[tokio::test]
async fn every_word_reaches_the_program_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[]);
    for word in HOSTILE {
        let answer = perform(&host, &run(&["printf", "[%s]", word])).await.unwrap();
        assert_eq!(answer.value.get("body").unwrap().as_str(), Some(format!("[{word}]").as_str()));
        let as_variable = Surroundings { given: given(&[("SAID", word)]), ..Surroundings::default() };
        let answer = perform(&host, &shell_in(as_variable, "printf '[%s]' \"$SAID\"")).await.unwrap();
        assert_eq!(answer.said, format!("[{word}]"));
    }
    assert_eq!(dir.path().read_dir().unwrap().count(), 0, "a shell took a word for a redirection");
}

#[tokio::test]
async fn a_line_goes_to_the_shell_whatever_it_begins_with() {
    let host = host(std::path::Path::new("."), &[]);
    let answer = perform(&host, &shell("printf 'b\\na\\n' | sort")).await.unwrap();
    assert_eq!(answer.said, "a\nb\n");
    let error = perform(&host, &shell("-x; echo it went on >&2; exit 3")).await.unwrap_err();
    assert!(error.message.contains("it went on"), "{error}");
    assert_eq!(error.code.as_deref(), Some("exit 3"));
}

#[tokio::test]
async fn a_program_gets_the_usual_variables_those_it_names_and_no_other() {
    let environment =
        [("HOME", "/h"), ("LC_ALL", "C"), ("TZ", "UTC"), ("API_TOKEN", "t0ken-value"), ("AWS_SECRET", "no")];
    let host = host(std::path::Path::new("."), &environment);
    let named = Surroundings { given: given(&[("DRCTL_INPUT_ID", "7")]), ..with_env(&["API_TOKEN"]) };
    let answer = perform(&host, &run_in(named, &["env"])).await.unwrap();
    let mut lines: Vec<&str> = answer.said.lines().collect();
    lines.sort_unstable();
    let expected = [
        "API_TOKEN=(sensitive)",
        "DRCTL_ATTEMPT=run-1/7",
        "DRCTL_INPUT_ID=7",
        "HOME=/h",
        "LC_ALL=C",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "TZ=UTC",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_told_before_anything_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[]);
    let error = perform(&host, &run_in(with_env(&["API_TOKEN", "B"]), &["touch", "done"])).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Rejected);
    assert!(error.message.contains("`API_TOKEN`, `B` are not set"), "{error}");
    assert!(!dir.path().join("done").exists());
}

#[tokio::test]
async fn a_planted_secret_is_in_no_output_and_no_error() {
    let secret = "s3cret $(x) 'quoted'";
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[("PLANTED", secret)]);
    let named = || with_env(&["PLANTED"]);
    for line in ["echo \"x $PLANTED y\"", "echo \"$PLANTED\" >&2", "printf %s \"$PLANTED$PLANTED\""] {
        let answer = perform(&host, &shell_in(named(), line)).await.unwrap();
        let all = format!("{answer:?}");
        assert!(!all.contains("s3cret") && all.contains("(sensitive)"), "{all}");
        let error = perform(&host, &shell_in(named(), &format!("{line}; exit 1"))).await.unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    // As a part of what the program is called, too.
    let error = perform(&host, &run_in(named(), &[secret])).await.unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[tokio::test]
async fn how_a_program_ends_badly_is_said_with_its_last_lines() {
    let host = host(std::path::Path::new("."), &[]);
    let many = "for i in $(seq 30); do echo line $i; done; echo it broke >&2; exit 42";
    let error = perform(&host, &shell(many)).await.unwrap_err();
    assert_eq!((error.class, error.code.as_deref()), (ErrorClass::Failed, Some("exit 42")));
    assert!(error.message.contains("line 30") && error.message.contains("it broke"), "{error}");
    assert!(!error.message.contains("line 3\n"), "{error}");
    let turns = "for i in 1 2 3; do echo $i; echo not $i >&2; done; exit 1";
    let error = perform(&host, &shell(turns)).await.unwrap_err();
    assert_eq!(error.message.lines().count(), 7, "{error}");
    let error = perform(&host, &shell("kill -9 $$")).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("signal 9"));
}

#[tokio::test]
async fn a_program_that_cannot_be_started_says_why() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("plain"), "text").unwrap();
    let host = host(dir.path(), &[]);
    let in_dir = |name: &str| Surroundings { dir: Some(name.to_owned()), ..Surroundings::default() };
    let cases = [
        (run(&["no-such-program"]), ErrorClass::NotFound, "no program of that name is on the PATH"),
        (run(&["./no-such-program"]), ErrorClass::NotFound, "there is no such program in"),
        (run(&["./plain"]), ErrorClass::Denied, "may not be executed"),
        (run(&["echo", "a\0b"]), ErrorClass::Rejected, "zero byte"),
        (run(&[]), ErrorClass::Rejected, "no program to run"),
        (run(&["echo", &"x".repeat(4 << 20)]), ErrorClass::Rejected, "too long"),
        (run_in(in_dir("absent"), &["true"]), ErrorClass::NotFound, "there is no directory"),
    ];
    for (action, class, words) in cases {
        let error = perform(&host, &action).await.unwrap_err();
        assert_eq!(error.class, class, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_program_runs_in_its_directory() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub dir")).unwrap();
    let host = host(dir.path(), &[]);
    let within = Surroundings { dir: Some("sub dir".to_owned()), ..Surroundings::default() };
    let answer = perform(&host, &run_in(within, &["pwd"])).await.unwrap();
    assert!(answer.said.ends_with("/sub dir\n"), "{}", answer.said);
}

#[tokio::test]
async fn what_a_chatty_program_says_is_bounded_and_keeps_its_end() {
    let host = host(std::path::Path::new("."), &[]);
    let line = "yes | head -c 5000000; echo; echo the end; echo complaint >&2";
    let answer = perform(&host, &shell(line)).await.unwrap();
    assert!(answer.said.len() < 1_100_000, "{}", answer.said.len());
    assert!(answer.said.starts_with("[the first ") && answer.said.contains("the end\n"));
    let body = answer.value.get("body").unwrap().as_str().unwrap();
    assert!(body.ends_with("the end\n") && body.len() < 1_100_000);
    assert!(answer.said.contains("complaint") && !body.contains("complaint"));
}

#[tokio::test]
async fn a_program_that_reads_is_not_waited_for() {
    let host = host(std::path::Path::new("."), &[]);
    assert_eq!(perform(&host, &run(&["cat"])).await.unwrap().said, "");
}

#[tokio::test]
async fn what_is_left_running_is_not_waited_for_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[]);
    // It holds the output open, and writes on only when it is told to.
    mkfifo(&dir.path().join("go"));
    mkfifo(&dir.path().join("done"));
    let line = "(read x < go; echo went on > done) & echo started";
    assert_eq!(perform(&host, &shell(line)).await.unwrap().said, "started\n");
    let dir = dir.path().to_owned();
    let said = tokio::task::spawn_blocking(move || {
        std::fs::write(dir.join("go"), "x\n").unwrap();
        std::fs::read_to_string(dir.join("done")).unwrap()
    });
    assert_eq!(said.await.unwrap(), "went on\n");
}

#[tokio::test]
async fn whoever_is_not_waited_for_is_killed_with_all_that_it_started() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[]);
    let fifo = dir.path().join("alive");
    mkfifo(&fifo);
    let mut alive = BufReader::new(pipe::OpenOptions::new().open_receiver(&fifo).unwrap());
    // Three generations hold the pipe open; one of them is deaf to what can be ignored.
    let line = "exec 3>alive; (trap '' TERM INT HUP; sleep 1000 & echo up >&3; wait) & sleep 1000 & wait";
    let action = shell(line);
    {
        let mut running = pin!(perform(&host, &action));
        let mut said = String::new();
        tokio::select! {
            ended = &mut running => panic!("it ended: {ended:?}"),
            read = alive.read_line(&mut said) => { read.unwrap(); }
        }
        assert_eq!(said, "up\n");
    }
    let mut rest = Vec::new();
    // The pipe has an end when the last of them is gone.
    alive.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
}

fn mkfifo(path: &std::path::Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A step with this secret.
fn with_secret(source: SecretSource) -> Surroundings {
    Surroundings { secrets: [("PLANTED".to_owned(), source)].into(), ..Surroundings::default() }
}

#[tokio::test]
async fn a_secret_is_read_from_a_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[]);
    let path = dir.path().join("pw");
    let from = |shared| with_secret(SecretSource::File { path: "pw".to_owned(), shared });
    let read = async |shared| {
        perform(&host, &run_in(from(shared), &["sh", "-c", "printf %s \"$PLANTED\" | wc -c; touch done"]))
            .await
    };
    let refused = async |shared, why: &str| {
        let error = read(shared).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Rejected);
        assert!(error.message.contains(why) && !error.to_string().contains("hunter2"), "{error}");
        assert!(!dir.path().join("done").exists(), "{why}");
    };
    refused(false, "`pw` is not there").await;
    std::fs::write(&path, "hunter2\r\n\n").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    refused(false, "has mode 640").await;
    assert_eq!(read(true).await.unwrap().said.trim(), "7", "it is shared, and ends without the line's end");
    std::fs::remove_file(dir.path().join("done")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    for (wrong, why) in [(&b"\n"[..], "empty"), (b"hunter2\0", "zero byte"), (b"hunter2\xff", "UTF-8")] {
        std::fs::write(&path, wrong).unwrap();
        refused(false, why).await;
    }
    std::fs::write(&path, vec![b'x'; 70_000]).unwrap();
    refused(false, "longer than 64 KiB").await;
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    refused(true, "is no file").await;
}

#[tokio::test]
async fn a_secret_that_a_command_prints_is_shown_by_no_step_and_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[("SESSION", "s3ssion")]);
    let from = |line: &str| {
        let words = ["sh", "-c", line].map(str::to_owned).to_vec();
        Surroundings { env: vec!["SESSION".to_owned()], ..with_secret(SecretSource::Run { words }) }
    };
    // What it is made of may be a secret itself, and arrives whole.
    let secret = from("echo \"hunter2-$SESSION\"");
    let whole = "[ \"$PLANTED\" = \"hunter2-$SESSION\" ] && echo \"same as $PLANTED\"";
    let answer = perform(&host, &shell_in(secret.clone(), whole)).await.unwrap();
    assert_eq!(answer.said, "same as (sensitive)\n");
    let encoded = "printf %s \"u:$PLANTED\" | base64; exit 1";
    let error = perform(&host, &shell_in(secret, encoded)).await.unwrap_err();
    assert!(error.message.contains("(sensitive)"), "{error}");
    // A step that was not given it does not show it either.
    let answer = perform(&host, &shell("echo it is hunter2-s3ssion")).await.unwrap();
    assert_eq!(answer.said, "it is (sensitive)\n");
    assert!(!format!("{host:?}").contains("hunter2"), "{host:?}");
    // Half of it was printed before it failed.
    let failing = from("echo hunter3; echo not hunter3 but no such item >&2; exit 3");
    let error = perform(&host, &shell_in(failing, "touch done")).await.unwrap_err();
    assert_eq!((error.doing.as_str(), error.code.as_deref()), ("reading the secret PLANTED", Some("exit 3")));
    assert!(error.message.contains("no such item") && !error.message.contains("hunter3"), "{error}");
    assert!(!dir.path().join("done").exists());
}

#[tokio::test]
async fn what_is_streamed_arrives_whole_and_in_order_and_complaints_are_an_error_of_their_own() {
    let host = host(std::path::Path::new("."), &[("API_TOKEN", "t0ken-value")]);
    let named = with_env(&["API_TOKEN"]);
    let line = |line: &str| ["sh", "-c", line].map(str::to_owned);
    let stream = async |text: &str| {
        let (mut all, attempt) = (Vec::new(), Attempt("stream".to_owned()));
        let ended = host
            .stream(&line(text), (&named, &attempt), async |bytes| {
                all.extend_from_slice(bytes);
                // Whoever takes it may take long.
                tokio::task::yield_now().await;
                Ok(())
            })
            .await;
        (all, ended)
    };
    let (all, ended) = stream("seq 1 200000; echo $API_TOKEN; seq 1 20000 >&2").await;
    ended.unwrap();
    let expected: String = (1..=200_000).map(|n| format!("{n}\n")).collect::<String>() + "t0ken-value\n";
    assert!(all == expected.as_bytes(), "{} bytes arrived of {}", all.len(), expected.len());

    let (all, ended) = stream("echo half; echo \"token is $API_TOKEN\" >&2; exit 3").await;
    let error = ended.unwrap_err();
    assert_eq!((all.as_slice(), error.code.as_deref()), (b"half\n".as_slice(), Some("exit 3")));
    assert!(error.message.contains("token is (sensitive)"), "{error}");
}

#[tokio::test]
async fn who_takes_no_more_ends_the_program_with_all_that_it_has_started() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path(), &[]);
    let words = ["sh", "-c", "echo $$ >leader; yes & wait"].map(str::to_owned);
    let attempt = Attempt("stream".to_owned());
    let full = || drctl_core::provider::ProviderError {
        doing: "taking".to_owned(),
        class: ErrorClass::Failed,
        code: None,
        message: "no more".to_owned(),
    };
    let taken = host.stream(&words, (&Surroundings::default(), &attempt), async |_| Err(full())).await;
    assert_eq!(taken.unwrap_err().message, "no more");
    let leader = std::fs::read_to_string(dir.path().join("leader")).unwrap();
    let alive = || {
        let listed = Command::new("pgrep").args(["--pgroup", leader.trim()]).output().unwrap();
        !listed.stdout.is_empty()
    };
    let began = std::time::Instant::now();
    while alive() {
        assert!(began.elapsed().as_secs() < 10, "it goes on");
        tokio::task::yield_now().await;
    }
}
