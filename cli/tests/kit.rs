//! Kits, through the binary: one is all that a recovery needs, other tools read it, and nothing of one that
//! was tampered with is used. Keys are made by `ssh-keygen` and `age-keygen`.

#![expect(clippy::unwrap_used, reason = "a failing test should say where")]
#![allow(missing_docs)]

#[path = "../src/render/schema_check.rs"]
mod schema_check;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use drctl_engine::backups::Book;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

const NOW: &str = "2026-03-02T12:00:00Z";
/// What the program in a kit says; the real one is a hundred megabytes in a build for tests.
const STAND_IN: &str = "#!/bin/sh\necho stand-in\n";

/// A copy of `examples/quickstart` with keys beside it, and an empty place that knows nothing of it.
struct Shop {
    dir: tempfile::TempDir,
}

impl Shop {
    fn new() -> Shop {
        let shop = Shop { dir: tempfile::tempdir().unwrap() };
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart");
        for dir in ["shop", "keys", "empty", "tmp"] {
            fs::create_dir(shop.path(dir)).unwrap();
        }
        for name in ["main.dr.hcl", "sim.json"] {
            fs::copy(from.join(name), shop.path("shop").join(name)).unwrap();
        }
        fs::write(shop.path("keys/stand-in"), STAND_IN).unwrap();
        for key in ["ci", "other"] {
            shop.tool(&[
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                key,
                "-f",
                &format!("keys/{key}"),
            ]);
            shop.tool(&["age-keygen", "-o", &format!("keys/{key}.age")]);
            let recipient = shop.tool(&["age-keygen", "-y", &format!("keys/{key}.age")]);
            fs::write(shop.path(&format!("keys/{key}.recipients")), recipient.stdout).unwrap();
        }
        shop
    }

    fn applied() -> Shop {
        let shop = Shop::new();
        shop.drctl("shop", &["apply", "--auto-approve"], 0);
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/postgresql/usr/bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command.env_clear().env("PATH", format!("{path}:{installed}")).env("HOME", self.dir.path());
        command.env("DRCTL_NOW", NOW).env("TMPDIR", self.path("tmp")).env("PHRASE", "correct horse");
        command.stdin(Stdio::null()).current_dir(self.dir.path());
        command
    }

    /// Another tool, which has to succeed.
    fn tool(&self, words: &[&str]) -> Output {
        let mut command = self.command(words[0]);
        let said = command.args(&words[1..]).output().unwrap_or_else(|e| panic!("{words:?}: {e}"));
        assert!(said.status.success(), "{words:?}: {}", String::from_utf8_lossy(&said.stderr));
        said
    }

    /// Runs drctl in a folder: how it ends, standard output and standard error.
    fn said(&self, dir: &str, args: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.command(env!("CARGO_BIN_EXE_drctl"));
        let said = command.args(args).current_dir(self.path(dir)).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(said.stdout), text(said.stderr));
        assert!(!err.contains("panicked"), "{args:?}\n{err}");
        assert_eq!(fs::read_dir(self.path("tmp")).unwrap().count(), 0, "{args:?} leaves something behind");
        (said.status.code(), out, err)
    }

    /// The same for what has to end like this.
    fn drctl(&self, dir: &str, args: &[&str], code: i32) -> (String, String) {
        let (ended, out, err) = self.said(dir, args);
        assert_eq!(ended, Some(code), "{args:?}\n{out}{err}");
        (out, err)
    }

    fn build(&self, kit: &str, sealing: &[&str]) -> String {
        let out = format!("../{kit}");
        let first =
            ["kit", "build", "--out", &out, "--sign-key", "../keys/ci", "--binary", "../keys/stand-in"];
        let (told, _) = self.drctl("shop", &[&first[..], sealing].concat(), 0);
        assert_eq!(fs::metadata(self.path(kit)).unwrap().permissions().mode() & 0o777, 0o600);
        told
    }

    /// A kit that is refused by whatever reads one, with this code; what is said.
    fn refused(&self, kit: &str, code: &str, what: &str) -> String {
        let trust = ["--trust", "../keys/ci.pub", "--identity", "../keys/ci.age"];
        let kit = format!("../{kit}");
        let mut told = String::new();
        for first in [
            &["kit", "verify", &kit][..],
            &["kit", "open", &kit, "--to", "opened"],
            &["recover", "--kit", &kit],
        ] {
            let (out, err) = self.drctl("empty", &[first, &trust].concat(), 1);
            assert!(out.is_empty() && err.contains(code), "{what}: {first:?}\n{out}{err}");
            assert_eq!(fs::read_dir(self.path("empty")).unwrap().count(), 0, "{what}");
            told = err;
        }
        told
    }
}

const UNENCRYPTED: &[&str] = &["--unencrypted"];
const FOR_CI: &[&str] = &["--recipients-file", "../keys/ci.recipients"];
const READ: &[&str] = &["--trust", "../keys/ci.pub", "--identity", "../keys/ci.age"];

#[test]
fn a_kit_is_all_that_a_recovery_needs() {
    let shop = Shop::applied();
    shop.drctl("shop", &["plan"], 0);
    shop.build("shop.kit", FOR_CI);
    let lost = ["--scenario", "regional-outage"];
    for command in [
        &["scenarios"][..],
        &["recover", lost[0], lost[1]],
        &["recover", "--lose", "data=invoices", "--at", "2026-03-02T10:00:00Z", "--format", "md"],
        &["points", "main", lost[0], lost[1]],
        &["matrix"],
        &["ready", "--all"],
        &["explain", "rpo", "datastore.main"],
    ] {
        let offline: &[&str] = if command[0] == "scenarios" { &[] } else { &["--offline"] };
        let there = shop.said("shop", &[command, offline].concat());
        let here = shop.said("empty", &[command, &["--kit", "../shop.kit"], READ].concat());
        assert!(!there.1.is_empty());
        assert_eq!((here.0, here.1), (there.0, there.1), "{command:?}\n{}", here.2);
        assert_eq!(fs::read_dir(shop.path("empty")).unwrap().count(), 0);
    }
    shop.drctl("empty", &[&["kit", "open", "../shop.kit", "--to", "../opened"], READ].concat(), 0);
    let opened = shop.drctl("opened/project", &["recover", "--offline", lost[0], lost[1]], 3);
    assert_eq!(opened.0, shop.drctl("shop", &["recover", "--offline", lost[0], lost[1]], 3).0);
    let runbook = fs::read_to_string(shop.path("opened/runbooks/regional-outage.md")).unwrap();
    let same = ["recover", "--offline", "--format", "md", lost[0], lost[1]];
    assert_eq!(runbook, shop.drctl("shop", &same, 3).0);
    for (name, mode) in
        [("", 0o700), ("project", 0o700), ("project/main.dr.hcl", 0o600), ("bin/drctl", 0o700)]
    {
        let found = fs::metadata(shop.path("opened").join(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    // What is there is not written over.
    let (_, err) =
        shop.drctl("empty", &[&["kit", "open", "../shop.kit", "--to", "../opened"], READ].concat(), 1);
    assert!(err.contains("DR708"), "{err}");
}

#[test]
fn the_same_input_makes_the_same_bytes() {
    let shop = Shop::applied();
    shop.build("one.kit", UNENCRYPTED);
    shop.build("two.kit", UNENCRYPTED);
    assert_eq!(fs::read(shop.path("one.kit")).unwrap(), fs::read(shop.path("two.kit")).unwrap());
}

#[test]
fn each_scenario_has_a_runbook_of_its_own() {
    let shop = Shop::applied();
    let mut main = fs::OpenOptions::new().append(true).open(shop.path("shop/main.dr.hcl")).unwrap();
    let each = r#"
scenario "outage" {
  for_each = toset(["eu/west-1", "eu-west-1"])
  lose "region" {
    name = replace(each.key, "/", "-")
  }
}
"#;
    main.write_all(each.as_bytes()).unwrap();
    shop.build("shop.kit", UNENCRYPTED);
    let open = ["kit", "open", "../shop.kit", "--to", "../opened", "--trust", "../keys/ci.pub"];
    shop.drctl("empty", &open, 0);
    let runbooks = fs::read_dir(shop.path("opened/runbooks")).unwrap();
    let texts = runbooks.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect::<Vec<_>>();
    assert_eq!(texts.len(), 3);
    for scenario in [r#"outage\["eu/west-1"\]"#, r#"outage\["eu-west-1"\]"#] {
        assert_eq!(texts.iter().filter(|text| text.contains(scenario)).count(), 1, "{scenario}");
    }
}

#[test]
fn other_tools_read_and_check_a_kit() {
    let shop = Shop::applied();
    shop.build("shop.kit", FOR_CI);
    shop.tool(&["age", "--decrypt", "-i", "keys/ci.age", "-o", "shop.tar", "shop.kit"]);
    fs::create_dir(shop.path("unpacked")).unwrap();
    shop.tool(&["tar", "-xf", "shop.tar", "-C", "unpacked"]);
    shop.tool(&["sh", "-c", "cd unpacked && sha256sum --strict -c MANIFEST"]);
    let key = fs::read_to_string(shop.path("keys/ci.pub")).unwrap();
    fs::write(shop.path("signers"), format!("ci {key}")).unwrap();
    shop.tool(&[
        "sh",
        "-c",
        "ssh-keygen -Y verify -f signers -I ci -n drctl-kit -s unpacked/MANIFEST.sig < unpacked/MANIFEST",
    ]);
    let said = shop.tool(&["unpacked/bin/drctl"]);
    assert_eq!(said.stdout, b"stand-in\n");
    // Such a list of signers is read as well, and what `age` encrypted anew is as good.
    shop.tool(&["age", "-R", "keys/other.recipients", "-o", "again.kit", "shop.tar"]);
    let keys = ["--trust", "../signers", "--identity", "../keys/other.age"];
    shop.drctl("empty", &[&["kit", "verify", "../again.kit"][..], &keys].concat(), 0);
}

#[test]
fn keys_that_are_none_of_this_kit_are_told_apart() {
    let shop = Shop::applied();
    shop.build("for-ci.kit", FOR_CI);
    shop.build("phrase.kit", &["--passphrase-env", "PHRASE"]);
    fs::write(shop.path("keys/phrase"), "correct horse\n").unwrap();
    fs::write(shop.path("keys/wrong"), "hunter2\n").unwrap();
    let cases: &[(&str, &[&str], i32, &str)] = &[
        ("for-ci.kit", &["--trust", "../keys/ci.pub", "--identity", "../keys/ci.age"], 0, ""),
        (
            "for-ci.kit",
            &["--trust", "../keys/ci.pub"],
            1,
            "DR632: `../for-ci.kit` is encrypted for recipients",
        ),
        (
            "for-ci.kit",
            &["--trust", "../keys/ci.pub", "--identity", "../keys/other.age"],
            1,
            "for other recipients",
        ),
        ("for-ci.kit", &["--trust", "../keys/ci.pub", "--passphrase-env", "PHRASE"], 1, "DR632"),
        ("for-ci.kit", &["--trust", "../keys/other.pub", "--identity", "../keys/ci.age"], 1, "DR631"),
        ("for-ci.kit", &["--identity", "../keys/ci.age"], 1, "DR631"),
        ("for-ci.kit", &["--trust", "../keys/ci.age"], 1, "DR634"),
        ("for-ci.kit", &["--trust", "../keys/ci.pub", "--identity", "../keys/ci"], 1, "DR634"),
        ("phrase.kit", &["--trust", "../keys/ci.pub", "--passphrase-file", "../keys/phrase"], 0, ""),
        ("phrase.kit", &["--trust", "../keys/ci.pub", "--passphrase-env", "PHRASE"], 0, ""),
        (
            "phrase.kit",
            &["--trust", "../keys/ci.pub", "--passphrase-file", "../keys/wrong"],
            1,
            "another one",
        ),
        ("phrase.kit", &["--trust", "../keys/ci.pub", "--passphrase-env", "NONE"], 1, "DR634"),
        (
            "phrase.kit",
            &["--trust", "../keys/ci.pub"],
            1,
            "DR632: `../phrase.kit` is encrypted with a passphrase",
        ),
    ];
    for (kit, keys, code, said) in cases {
        let (out, err) =
            shop.drctl("empty", &[&["kit", "verify", &format!("../{kit}")], *keys].concat(), *code);
        assert!(err.contains(said), "{keys:?}\n{err}");
        for secret in ["correct horse", "hunter2", "AGE-SECRET", "PRIVATE KEY"] {
            assert!(!format!("{out}{err}").contains(secret), "{keys:?}\n{out}{err}");
        }
    }
}

#[test]
fn a_kit_with_any_byte_changed_or_cut_off_is_refused() {
    let shop = Shop::applied();
    for (name, sealing) in [("open.kit", UNENCRYPTED), ("sealed.kit", FOR_CI)] {
        shop.build(name, sealing);
        let whole = fs::read(shop.path(name)).unwrap();
        let step = whole.len() / 12;
        for at in (0..whole.len()).step_by(step) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(shop.path("bad.kit"), changed).unwrap();
            shop.refused("bad.kit", "DR63", &format!("{name} changed at {at}"));
            fs::write(shop.path("bad.kit"), &whole[..at]).unwrap();
            shop.refused("bad.kit", "DR63", &format!("{name} cut off at {at}"));
        }
        fs::write(shop.path("bad.kit"), &whole[..whole.len() - 1]).unwrap();
        shop.refused("bad.kit", "DR630", "the last byte is missing");
        fs::write(shop.path("bad.kit"), [&whole[..], b"more"].concat()).unwrap();
        shop.refused("bad.kit", "DR630", "there is something behind it");
    }
}

/// An entry of a tar that is made by hand.
#[derive(Clone)]
struct Entry {
    name: String,
    kind: EntryType,
    bytes: Vec<u8>,
    size: Option<u64>,
    mode: u32,
}

fn plain(name: &str, bytes: &[u8]) -> Entry {
    let mode = if name.starts_with("bin/") { 0o755 } else { 0o644 };
    Entry { name: name.to_owned(), kind: EntryType::Regular, bytes: bytes.to_vec(), size: None, mode }
}

/// The tar of these, each as it says, whether that makes sense or not.
fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..entry.name.len()].copy_from_slice(entry.name.as_bytes());
        header.set_size(entry.size.unwrap_or(entry.bytes.len() as u64));
        header.set_mode(entry.mode);
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_entry_type(entry.kind);
        if entry.kind.is_symlink() || entry.kind.is_hard_link() {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_cksum();
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&entry.bytes);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn read(tar: &[u8]) -> Vec<Entry> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        plain(std::str::from_utf8(&entry.path_bytes()).unwrap(), &bytes)
    });
    entries.collect()
}

/// Lists and signs anew what stands behind the first two.
fn signed(shop: &Shop, mut entries: Vec<Entry>, key: &str, namespace: &str) -> Vec<Entry> {
    let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<String>();
    let lines = entries[2..].iter().map(|entry| format!("{}  {}\n", hex(&entry.bytes), entry.name));
    entries[0].bytes = lines.collect::<String>().into_bytes();
    let key = format!("keys/{key}");
    let mut child = shop
        .command("ssh-keygen")
        .args(["-Y", "sign", "-f", &key, "-n", namespace])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&entries[0].bytes).unwrap();
    entries[1].bytes = child.wait_with_output().unwrap().stdout;
    entries
}

/// What was done to it, what it is then, the code and the words that refuse it.
type Harm = (&'static str, Vec<Entry>, &'static str, &'static str);

fn harmful(shop: &Shop, whole: &[Entry]) -> Vec<Harm> {
    let with = |extra: Entry| [whole, &[extra]].concat();
    let sign = |entries: Vec<Entry>| signed(shop, entries, "ci", "drctl-kit");
    let changed = |name: &str, change: &dyn Fn(&mut Entry)| {
        let mut entries = whole.to_vec();
        change(entries.iter_mut().find(|entry| entry.name == name).unwrap());
        entries
    };
    let link = |kind| Entry { kind, ..plain("zz", b"") };
    let mut swapped = whole.to_vec();
    swapped.swap(0, 1);
    let newer = changed("kit.json", &|entry| {
        let mut about: Value = serde_json::from_slice(&entry.bytes).unwrap();
        about["format_version"] = json!("2.0");
        about["drctl_version"] = json!("9.1.0");
        entry.bytes = about.to_string().into_bytes();
    });
    let huge = Entry { size: Some(7 << 30), ..plain("zz", b"x") };
    vec![
        (
            "an entry is missing",
            whole[..whole.len() - 1].to_vec(),
            "DR630",
            "is on the signed list and not in it",
        ),
        ("an entry too many", with(plain("zz", b"x")), "DR630", "`zz` is in it and not on the signed list"),
        ("one twice", with(plain("kit.json", b"{}")), "DR630", "`kit.json` is in it and not on"),
        ("out of the folder", sign(with(plain("../evil", b"x"))), "DR630", "../evil"),
        ("absolute", sign(with(plain("/tmp/evil", b"x"))), "DR630", "/tmp/evil"),
        ("out of it behind a folder", sign(with(plain("a/../../evil", b"x"))), "DR630", "evil"),
        ("a symbolic link", sign(with(link(EntryType::Symlink))), "DR630", "zz (Symlink)"),
        ("a hard link", sign(with(link(EntryType::Link))), "DR630", "zz (Link)"),
        ("a folder", sign(with(link(EntryType::Directory))), "DR630", "zz (Directory)"),
        ("another name for the next", with(link(EntryType::GNULongName)), "DR630", "zz (GNULongName)"),
        ("larger than it is", sign(with(huge)), "DR630", "damaged or cut off"),
        ("another mode", changed("kit.json", &|entry| entry.mode = 0o4755), "DR630", "packed in another way"),
        (
            "another text",
            changed("START.md", &|entry| entry.bytes[0] ^= 1),
            "DR630",
            "is not what was signed",
        ),
        ("not signed", whole[2..].to_vec(), "DR630", "no kit"),
        ("the signature first", swapped, "DR630", "no kit"),
        ("an empty signature", changed("MANIFEST.sig", &|e| e.bytes.clear()), "DR630", "its signature"),
        ("another list", changed("MANIFEST", &|e| e.bytes[0] ^= 1), "DR631", "not of this kit"),
        ("signed for something else", signed(shop, whole.to_vec(), "ci", "git"), "DR631", "not of this kit"),
        (
            "signed by somebody else",
            signed(shop, whole.to_vec(), "other", "drctl-kit"),
            "DR631",
            "does not name",
        ),
        (
            "says nothing of itself",
            sign(changed("kit.json", &|e| e.bytes = b"{}".to_vec())),
            "DR630",
            "of itself",
        ),
        ("newer", sign(newer), "DR633", "drctl 9.1.0, in format 2.0"),
        ("nothing", Vec::new(), "DR630", "no kit"),
    ]
}

#[test]
fn a_kit_that_was_made_to_harm_is_refused() {
    let shop = Shop::applied();
    shop.build("good.kit", UNENCRYPTED);
    let good = fs::read(shop.path("good.kit")).unwrap();
    let whole = read(&good);
    assert!(tar(&whole) == good, "the tests pack as drctl does");
    let again = signed(&shop, whole.clone(), "ci", "drctl-kit");
    fs::write(shop.path("again.kit"), tar(&again)).unwrap();
    shop.drctl("empty", &[&["kit", "verify", "../again.kit"], READ].concat(), 0);

    for (what, entries, code, said) in harmful(&shop, &whole) {
        fs::write(shop.path("bad.kit"), tar(&entries)).unwrap();
        let told = shop.refused("bad.kit", code, what);
        let flat = told.replace("\n  │ ", " ");
        assert!(flat.contains(said), "{what}:\n{told}");
        assert!(!shop.path("evil").exists() && !Path::new("/tmp/evil").exists(), "{what}");
    }
}

const SECRETS: &str = r#"
variable "api_token" {
  sensitive = true
}
variable "team" {
  default = "storage"
}
locals {
  token = var.api_token
}
site "host" {}
site "vault" {}
datastore "orders" {
  site = site.host
}
backup "dump" {
  of = datastore.orders
  external {
    schedule = cron("0 2 * * *", "UTC")
    restore  = ["./ops/restore.sh", "ops/key.txt", ".env"]
  }
  to "vault" {
    site = site.vault
  }
}
service "shop" {
  data    = [datastore.orders]
  recover = procedure.back
}
procedure "back" {
  step "restore" {
    restore = datastore.orders
  }
  step "count" {
    sql {
      database = "orders"
      file     = "ops/count.sql"
    }
  }
  step "announce" {
    run = ["announce", var.team]
    env = ["TOKEN"]
  }
}
scenario "gone" {
  lose "datastore" {
    datastore = datastore.orders
  }
}
"#;

#[test]
fn what_the_configuration_reads_is_in_a_kit_and_no_secret_is() {
    let shop = Shop::new();
    let file = |name: &str, text: &str| fs::write(shop.path("shop").join(name), text).unwrap();
    fs::remove_file(shop.path("shop/sim.json")).unwrap();
    fs::create_dir(shop.path("shop/ops")).unwrap();
    file("main.dr.hcl", SECRETS);
    file("ops/restore.sh", "#!/bin/sh\n");
    file("ops/count.sql", "SELECT 1;\n");
    for name in [".env", ".env.production", "ops/key.txt", "ops/other.sh"] {
        file(name, "TOKEN=planted-in-a-file");
    }
    file("values", "team = \"billing $${x} \\\"q\\\"\"\napi_token = \"planted-in-a-value\"\n");
    let told = shop.build("shop.kit", &["--unencrypted", "--var-file", "values"]);
    for said in [
        "the value of `api_token`: it is sensitive: set DRCTL_VAR_api_token",
        "ops/key.txt: commands name them",
        "programs: announce, psql: steps run them",
        "variables of the environment: TOKEN: steps need them",
    ] {
        assert!(told.contains(said), "{told}");
    }
    let bytes = fs::read(shop.path("shop.kit")).unwrap();
    assert!(!bytes.windows(10).any(|part| part == b"planted-in"), "a secret is in the kit");
    let names: Vec<String> = read(&bytes).into_iter().map(|entry| entry.name).collect();
    for (name, is_in) in [
        ("project/main.dr.hcl", true),
        ("project/ops/restore.sh", true),
        ("project/ops/count.sql", true),
        ("project/ops/key.txt", false),
        ("project/ops/other.sh", false),
        ("project/values", false),
    ] {
        assert_eq!(names.iter().any(|found| found == name), is_in, "{name} {names:?}");
    }
    // The values that are no secrets are the ones it was made with; the secret one is needed for nothing.
    let kit = ["--kit", "../shop.kit", "--trust", "../keys/ci.pub"];
    let (out, _) = shop.drctl("empty", &[&["recover", "--scenario", "gone"], &kit[..]].concat(), 0);
    assert!(out.contains(r#"billing ${x} "q""#), "{out}");
    // A secret that stands in the text of the configuration would be packed.
    file(
        "main.dr.hcl",
        &SECRETS.replace("sensitive = true", "sensitive = true\n  default = \"planted-in-text\""),
    );
    let args = ["kit", "build", "--out", "../no.kit", "--sign-key", "../keys/ci", "--unencrypted"];
    let (_, err) = shop.drctl("shop", &args, 1);
    assert!(
        err.contains("DR635") && !err.contains("planted-in-text") && !shop.path("no.kit").exists(),
        "{err}"
    );
}

#[test]
fn how_good_a_kit_is_stands_in_the_exit_code_and_in_json() {
    let shop = Shop::new();
    let schema = shop.drctl("shop", &["schema", "kit"], 0).0;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let json = |dir: &str, args: &[&str], code| -> Value {
        let found: Value = serde_json::from_str(&shop.drctl(dir, args, code).0).unwrap();
        assert_eq!(schema_check::check(&schema, &found), Vec::<String>::new(), "{args:?}");
        found
    };
    let build =
        ["kit", "build", "--out", "../k", "--sign-key", "../keys/ci", "--unencrypted", "--without-binary"];
    let verify = ["kit", "verify", "../k", "--trust", "../keys/ci.pub", "--json"];
    // Nothing was ever observed: there is nothing to pack.
    assert!(shop.drctl("shop", &build, 1).1.contains("DR714"));
    // Nothing was ever applied: there is no way back.
    shop.drctl("shop", &["plan"], 0);
    let found = json("shop", &[&build[..], &["--json", "--require-complete"]].concat(), 6);
    assert!(found["about"]["missing"].to_string().contains("not everything in it has a way back"), "{found}");
    let found = json("empty", &verify, 3);
    assert_eq!(found["verified"]["scenarios"], json!([{ "scenario": "regional-outage", "feasible": false }]));
    // Applied, there is; until what was seen is too old.
    shop.drctl("shop", &["apply", "--auto-approve"], 0);
    shop.drctl("shop", &build, 0);
    assert_eq!(json("empty", &verify, 0)["verified"]["age_s"], 0);
    let later = shop
        .command(env!("CARGO_BIN_EXE_drctl"))
        .args([&verify[..], &["--max-age", "24h"]].concat())
        .current_dir(shop.path("empty"))
        .env("DRCTL_NOW", "2026-03-09T12:00:00Z")
        .output()
        .unwrap();
    let found: Value = serde_json::from_slice(&later.stdout).unwrap();
    assert_eq!((later.status.code(), &found["verified"]["age_s"]), (Some(6), &json!(7 * 86_400)));
}

#[test]
fn the_record_of_each_instance_counts_here_and_in_a_kit() {
    let shop = Shop::new();
    fs::remove_file(shop.path("shop/sim.json")).unwrap();
    let each = "backup \"dump\" {\n  for_each = toset([\"a b\", \"c\"])\n  verify {\n    every = \"1d\"\n    proves = \"restored\"\n  }\n";
    let text = SECRETS.replace("backup \"dump\" {\n", each).replace("\"ops/key.txt\", \".env\"", "");
    fs::write(shop.path("shop/main.dr.hcl"), text).unwrap();
    let point = json!({
        "id": "d", "made": "dump", "began": NOW, "ended": NOW, "bytes": 1, "stored_bytes": 1, "flaw": null,
        "repository": null,
    });
    let proved = json!([{ "level": "restores", "took_ms": 1, "said": "" }]);
    let verified = json!({
        "point": point, "proved": proved, "failed": null, "left_out": [], "canary": null, "rpo_s": null,
    });
    let line = json!({
        "at": "2026-03-02T06:00:00Z", "took_ms": 1, "by": "ann", "what": "verified", "verified": verified,
    });
    let record = Book::new(&shop.path("shop/.drctl"), r#"dump["a b"]"#).record();
    fs::create_dir_all(record.parent().unwrap()).unwrap();
    fs::write(&record, format!("{line}\n")).unwrap();
    let due = |dir: &str| -> Vec<(Value, Value)> {
        let (out, _) = shop.drctl(dir, &["due", "--json", "--var", "api_token=x"], 0);
        let told: Value = serde_json::from_str(&out).unwrap();
        let all = told["due"].as_array().unwrap().iter();
        all.map(|due| (due["address"].clone(), due["overdue"].clone())).collect()
    };
    let here = due("shop");
    assert_eq!(here.len(), 2);
    for (name, overdue) in [(r#"backup.dump["a b"]"#, false), (r#"backup.dump["c"]"#, true)] {
        assert!(here.contains(&(name.into(), overdue.into())), "{here:?}");
    }
    shop.build("shop.kit", &["--unencrypted", "--var", "api_token=x"]);
    let open = ["kit", "open", "../shop.kit", "--to", "../opened", "--trust", "../keys/ci.pub"];
    shop.drctl("empty", &open, 0);
    assert_eq!(due("opened/project"), here);
}
