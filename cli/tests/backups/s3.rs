//! Repositories on S3, reached by TLS only, encrypted before anything leaves the machine.

use crate::files;
use crate::machine::{Kept, Machine};
use crate::recoveries::{history, load, run_of};
use crate::store::Store;

/// What no file, no output and no object may hold.
const SECRETS: [&str; 2] = ["planted-key-of-s3", "planted-passphrase"];

/// A server that archives to a bucket of the store.
fn on_s3(store: &Store) -> Machine {
    store.make_bucket("backups");
    let machine = Machine::bare();
    machine.write("ca.pem", &store.certificate);
    let options = [
        ("repo1-type", "s3"),
        ("repo1-path", "/shop"),
        ("repo1-s3-bucket", "backups"),
        ("repo1-s3-endpoint", "localhost"),
        ("repo1-s3-region", "us-east-1"),
        ("repo1-s3-uri-style", "path"),
        ("repo1-cipher-type", "aes-256-cbc"),
    ];
    let known = [
        ("repo1-storage-port", store.port.to_string()),
        ("repo1-storage-ca-file", machine.path_of("ca.pem")),
    ];
    let options = options.map(|(name, value)| (name, value.to_owned())).into_iter().chain(known);
    let options = options.map(|(name, value)| (name.to_owned(), value)).collect();
    let [key, passphrase] = SECRETS;
    let environment = [
        ("PGBACKREST_REPO1_S3_KEY", "test"),
        ("PGBACKREST_REPO1_S3_KEY_SECRET", key),
        ("PGBACKREST_REPO1_CIPHER_PASS", passphrase),
        ("PGBACKREST_IO_TIMEOUT", "60"),
    ];
    let environment = environment.map(|(name, value)| (name, value.to_owned())).to_vec();
    machine.knowing(Kept { options, environment }).serving()
}

#[test]
fn a_server_whose_backups_are_on_s3_comes_back_and_what_cannot_be_seen_is_unobserved() {
    let mut store = Store::start();
    let machine = load(on_s3(&store));
    machine.says(0, &["backup", "canary", "wal"]);
    let before = history(&machine);
    machine.archive();
    let said = machine.says(0, &["backup", "verify", "wal", "--level", "canary"]);
    assert!(said.contains("✓ canary"), "{said}");
    let listed = machine.json(&["backup", "list", "wal"]);
    let points = listed["backups"][0]["points"].as_array().unwrap();
    assert_eq!(points.len(), 2, "{points:?}");
    assert_eq!(points[1]["verified"], "canary", "{points:?}");
    // What OpenSSL encrypts with a passphrase begins so.
    assert!(store.object("/backups/shop/backup/main/backup.info").starts_with(b"Salted__"));

    machine.destroy("data");
    let said = machine.says(0, &["recover", "--scenario", "server-gone", "--execute", "--auto-approve"]);
    assert!(said.contains("measured RPO"), "{said}");
    assert_eq!(history(&machine), before, "every transaction that was archived is back");
    assert_eq!(run_of(&machine)["status"], "done");

    // Another passphrase, a certificate that nobody trusts, a store that is gone.
    let unseen = |change: &dyn Fn(&mut std::process::Command)| {
        let mut command = machine.drctl_command(&["backup", "list", "wal"]);
        // It tries again for that long.
        command.env("PGBACKREST_IO_TIMEOUT", "1");
        change(&mut command);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("UNOBSERVED"), "{said}");
    };
    unseen(&|command| {
        command.env("PGBACKREST_REPO1_CIPHER_PASS", "another");
    });
    machine.write(
        "ca.pem",
        &rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem(),
    );
    unseen(&|_| {});
    machine.write("ca.pem", &store.certificate);
    store.cut();
    unseen(&|_| {});
    secrets_are_nowhere(&machine);
}

#[test]
fn files_on_s3_are_made_listed_verified_and_restored() {
    let mut store = Store::start();
    let machine = Machine::bare();
    machine.write("ca.pem", &store.certificate);
    let environment = vec![
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRETS[0].to_owned()),
        ("SSL_CERT_FILE", machine.path_of("ca.pem")),
    ];
    let machine = machine.knowing(Kept { options: Vec::new(), environment });
    let machine = files::saved(machine, &format!("s3:https://localhost:{}/files/keys", store.port));
    machine.says(0, &["backup", "run", "keys"]);
    let said = machine.says(0, &["backup", "verify", "keys", "--level", "queries"]);
    assert!(said.contains("✓ queries"), "{said}");
    let listed = machine.json(&["backup", "list", "keys"]);
    assert_eq!(listed["backups"][0]["points"][0]["verified"], "queries", "{listed}");
    let tls = machine.dir().join("home/tls");
    std::fs::rename(&tls, machine.dir().join("home/lost")).unwrap();
    machine.says(0, &["recover", "--scenario", "gone", "--execute", "--auto-approve"]);
    let back = format!("{}{}/server.key", machine.path_of("back"), tls.display());
    assert_eq!(std::fs::read(back).unwrap(), b"a key\n");
    store.cut();
    let output = machine.drctl(&["backup", "list", "keys"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("UNOBSERVED"), "{said}");
    secrets_are_nowhere(&machine);
}

/// No file that drctl, a tool or the server writes holds one.
fn secrets_are_nowhere(machine: &Machine) {
    for secret in SECRETS {
        let found = machine.run("grep", &["-r", "-l", secret, &machine.path_of("")]);
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}
