//! A disk that is really full: a file system of a few pages, in a name space of its own, so that nobody has to be
//! root for it.

use std::process::Output;

use crate::buckets;
use crate::machine::Machine;
use crate::tools;

/// Runs lines of shell where the folder is a file system of that size, which goes when they end.
fn on_a_small_disk(machine: &Machine, (folder, size): (&str, &str), lines: &str) -> String {
    let folder = machine.path_of(folder);
    let mounted = format!("mount -t tmpfs -o size={size} tmpfs {folder} || exit 99\n{lines}");
    let mut command =
        machine.command("unshare", &["--user", "--map-root-user", "--mount", "sh", "-c", &mounted]);
    command.env("DISK", &folder).env("DRCTL", machine.program()).env("PGPASSWORD", "planted");
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    assert_ne!(status.code(), Some(99), "name spaces of users are not allowed here: {said}");
    assert!(status.success(), "{said}");
    said
}

/// What stands between two words.
fn between<'a>(said: &'a str, from: &str, to: &str) -> &'a str {
    let rest = said.split_once(from).unwrap_or_else(|| panic!("{from}: {said}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("{to}: {said}")).0
}

#[test]
fn a_dump_that_does_not_fit_is_none_and_the_one_before_it_stays() {
    let machine = tools::filled();
    let lines = r#"
        $DRCTL backup run dump || exit 1
        began=$(date +%s)
        # A part of a dump fits, and no whole one.
        head -c 100000 /dev/zero >$DISK/spare
        cat /dev/zero >$DISK/filler 2>&-
        rm $DISK/spare
        while [ $(date +%s) = $began ]; do :; done
        echo "<run>"; $DRCTL backup run dump; echo "code $?</run>"
        echo "<left>"; ls -A $DISK; echo "</left>"
        cd $DISK && sha256sum --check --quiet *.sha256 && echo "it is whole" && cd - >&2
        echo "<list>"; $DRCTL backup list dump --json; echo "</list>"
        rm $DISK/filler
        $DRCTL backup run dump && echo "it is made again"
    "#;
    let said = on_a_small_disk(&machine, ("dumps", "8m"), lines);
    let run = between(&said, "<run>", "</run>");
    assert!(run.trim_end().ends_with("code 1"), "{said}");
    assert!(said.contains("DR621") && said.contains("No space left on device"), "{said}");
    let left: Vec<&str> = between(&said, "<left>", "</left>").split_whitespace().collect();
    assert_eq!(left.len(), 3, "the dump, its checksums and what fills the disk: {left:?}");
    assert!(said.contains("it is whole") && said.contains("it is made again"), "{said}");
    let list: serde_json::Value = serde_json::from_str(between(&said, "<list>", "</list>")).unwrap();
    assert_eq!(list["backups"][0]["points"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn a_dump_in_a_bucket_that_does_not_fit_here_is_not_restored_and_leaves_nothing() {
    let machine = buckets::shop("");
    let lines = r#"
        $DRCTL backup run dump || exit 1
        cat /dev/zero >$DISK/filler 2>&-
        echo "<verify>"; $DRCTL backup verify dump 2>&1; echo "code $?</verify>"
        echo "<recover>"; $DRCTL recover --scenario gone --execute --auto-approve 2>&1; echo "code $?</recover>"
        echo "<left>"; ls -A $DISK; echo "</left>"
        rm $DISK/filler
        $DRCTL backup verify dump --level checksum && echo "it is whole"
    "#;
    let said = on_a_small_disk(&machine, ("scratch", "64k"), lines);
    for part in ["verify", "recover"] {
        let part = between(&said, &format!("<{part}>"), &format!("</{part}>"));
        assert!(!part.trim_end().ends_with("code 0") && part.contains("the disk is full"), "{said}");
    }
    assert_eq!(between(&said, "<left>", "</left>").trim(), "filler", "{said}");
    assert!(said.contains("it is whole"), "{said}");
}

/// A way back that fills the disk on which its journal is, and has a long way to go then.
fn filling(effects: &str) -> String {
    let step = |nth: usize, lines: &str| {
        let after = if nth == 0 { String::new() } else { format!("after = [step.s{:02}]", nth - 1) };
        format!(
            "step \"s{nth:02}\" {{\n {after}\n repeatable = true\n run = [\"sh\", \"-c\", \"echo {nth:02} >>{effects}{lines}\"]\n}}\n"
        )
    };
    let fill = |nth| if nth == 1 { "; cat /dev/zero >.drctl/filler 2>&-; true" } else { "" };
    let steps: String = (0..STEPS).map(|nth| step(nth, fill(nth))).collect();
    format!(
        "site \"host\" {{}}\ndatastore \"shop\" {{\n site = site.host\n}}\n\
         service \"shop\" {{\n data = [datastore.shop]\n recover = procedure.back\n}}\n\
         procedure \"back\" {{\n{steps}}}\n\
         scenario \"gone\" {{\n lose \"datastore\" {{\n datastore = datastore.shop\n }}\n}}\n"
    )
}

/// More than the last page of a journal has room for.
const STEPS: usize = 40;

#[test]
fn a_run_whose_journal_cannot_be_written_stops_and_goes_on_when_there_is_room() {
    let machine = Machine::bare();
    machine.write("work/main.dr.hcl", &filling(&machine.path_of("log/effects")));
    std::fs::create_dir(machine.dir().join("work/.drctl")).unwrap();
    machine.own("work/.drctl");
    let lines = r#"
        recover="$DRCTL recover --scenario gone --execute --auto-approve"
        mkdir $DISK/runs; cat /dev/zero >$DISK/filler 2>&-
        echo "<never>"; $recover 2>&1; echo "code $?</never>"
        test ! -e ../log/effects || exit 1
        rm $DISK/filler
        began=$(date +%s)
        while [ $(date +%s) = $began ]; do :; done
        echo "<run>"; $recover 2>&1; echo "code $?</run>"
        echo "<effects>"; cat ../log/effects; echo "</effects>"
        rm $DISK/filler
        run=$($DRCTL recover runs --json | sed -n 's/.*"run": "\(.*\)".*/\1/p' | head -1)
        echo "<resume>"; $DRCTL recover --resume $run --auto-approve 2>&1; echo "code $?</resume>"
        echo "<end>"; cat ../log/effects; echo "</end>"
    "#;
    let said = on_a_small_disk(&machine, ("work/.drctl", "512k"), lines);
    for part in ["never", "run"] {
        let part = between(&said, &format!("<{part}>"), &format!("</{part}>"));
        assert!(!part.ends_with("code 0"), "{said}");
        assert!(part.contains("the disk is full"), "{said}");
    }
    let effects = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let (cut, end) =
        (effects(between(&said, "<effects>", "</effects>")), effects(between(&said, "<end>", "</end>")));
    assert!(cut.len() > 1 && cut.len() < STEPS, "what cannot be written down is not done: {said}");
    assert!(between(&said, "<resume>", "</resume>").ends_with("code 0"), "{said}");
    // Only the step that was cut off may have been begun again.
    let all: Vec<String> = (0..STEPS).map(|nth| format!("{nth:02}")).collect();
    let again = cut.last().filter(|last| end.iter().filter(|step| step == last).count() == 2).cloned();
    let mut once = end.clone();
    once.dedup();
    assert_eq!(once, all, "{said}");
    assert_eq!(end.len(), STEPS + usize::from(again.is_some()), "{end:?}");
}
