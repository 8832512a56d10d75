//! How what a bucket held at an instant is put back, in the bucket itself, from its earlier versions.
//! Nothing is deleted but delete markers: what was wrong stays there as a version, as evidence.

use drctl_core::provider::{ApiNeed, Phase, RecoveryStep, StepNature, Target, Undo};
use jiff::SignedDuration;

use super::recovery::{by_hand, minutes, resume, stop_writers};
use super::verbs::{self, Do};
use crate::facts;

/// What stands in a command where nobody has said the instant yet.
const SINCE: &str = "SINCE";

/// How it is said.
const UNSAID: &str = "since when the objects are wrong: plan with `--corrupt-since TIME`";

/// The lists that the steps hand on, one key or version a line.
const HIDDEN: &str = "hidden.txt";
const CHANGED: &str = "changed.txt";
const EARLIER: &str = "earlier.txt";

/// The steps, each with the command that does it for all objects.
pub(super) fn put_back(bucket: &str, target: &Target) -> Vec<RecoveryStep> {
    let of = Of { bucket, target };
    vec![
        stop_writers(bucket, "what is written meanwhile would be mixed with what is put back"),
        of.list_hidden(),
        of.list_changed(),
        of.list_earlier(),
        of.uncover(),
        of.copy_back(),
        of.look(),
        by_hand(
            Phase::Confirm,
            "confirm",
            "look",
            format!("read through the application some objects of `{bucket}` that were put back"),
            "that an earlier version is there does not say that it was right: only the application can tell",
        ),
        resume(
            format!("let the writers write again to `{bucket}`"),
            "what is written from here on would be lost by going back once more",
        ),
    ]
}

/// A bucket and the instant that it goes back to.
struct Of<'a> {
    bucket: &'a str,
    target: &'a Target,
}

impl Of<'_> {
    /// The first instant that is too late, without its zone, as it sorts among what S3 says.
    fn since(&self) -> String {
        let since = self.target.at.and_then(|at| at.checked_add(SignedDuration::from_secs(1)).ok());
        since.map_or(SINCE.to_owned(), |since| since.strftime("%Y-%m-%dT%H:%M:%S").to_string())
    }

    fn step(
        &self,
        (id, what): (&str, Do),
        needs: &[&str],
        summary: String,
        command: Vec<String>,
    ) -> RecoveryStep {
        let estimate = minutes(2, 30, "a page of 1,000 versions a second");
        RecoveryStep {
            id: id.to_owned(),
            summary,
            phase: Phase::Restore,
            nature: StepNature::Auto,
            needs: needs.iter().map(|n| (*n).to_owned()).collect(),
            before: Vec::new(),
            unsaid: self.target.at.is_none().then(|| UNSAID.to_owned()),
            api: Some(ApiNeed {
                service: "s3".to_owned(),
                region: self.target.region.clone(),
                control_plane: false,
            }),
            command,
            verb: self.target.at.map(|until| verbs::past(what, self.bucket, until)),
            within: Some(estimate.p95),
            estimate,
            why: String::new(),
            undo: Undo::Nothing,
            facts: Vec::new(),
        }
    }

    /// What a query finds among all versions and delete markers.
    fn versions(&self, query: &str) -> Vec<String> {
        let mut command = words("aws s3api list-object-versions --bucket");
        command.extend([self.bucket.to_owned(), "--query".to_owned(), query.to_owned()]);
        command.extend(words("--output text --region"));
        command.push(self.target.region.clone());
        command
    }

    fn list_hidden(&self) -> RecoveryStep {
        let query =
            format!("(DeleteMarkers||`[]`)[?LastModified>=`\"{}\"`].[[Key],[VersionId]][]", self.since());
        let summary = format!("list what was deleted in `{}` since", self.bucket);
        RecoveryStep {
            nature: StepNature::Check,
            why: "a deleted object is only hidden by a marker; its versions are all there".to_owned(),
            facts: vec![facts::S9.id()],
            ..self.step(
                ("list_hidden", Do::ListDeleted),
                &["stop_writers"],
                summary,
                into(HIDDEN, self.versions(&query)),
            )
        }
    }

    fn list_changed(&self) -> RecoveryStep {
        let query = format!("(Versions||`[]`)[?LastModified>=`\"{}\"`].[Key]", self.since());
        let summary = format!("list what was written to `{}` since", self.bucket);
        RecoveryStep {
            nature: StepNature::Check,
            why: "these are written over or new; by hand, take out of the list what is right as it is"
                .to_owned(),
            ..self.step(
                ("list_changed", Do::ListWritten),
                &["stop_writers"],
                summary,
                into(CHANGED, self.versions(&query)),
            )
        }
    }

    /// The newest of all before the instant decides: where that is a delete marker, the key was deleted then.
    fn list_earlier(&self) -> RecoveryStep {
        let query = format!(
            "[Versions||`[]`,DeleteMarkers||`[]`][]|[?Key=='{{}}'&&LastModified<`\"{}\"`]\
             |sort_by(@,&LastModified)|[-1:]|[?ETag].[[Key],[VersionId]][]",
            self.since()
        );
        let mut each =
            words(&format!("xargs --arg-file {CHANGED} --delimiter \\n --no-run-if-empty -I {{}}"));
        each.extend(self.versions(&query));
        each.extend(words("--no-paginate --prefix {}"));
        let summary = format!("find the version before of what was written to `{}` since", self.bucket);
        let list_earlier = ("list_earlier", Do::ListEarlier);
        let mut step = self.step(list_earlier, &["list_changed"], summary, into(EARLIER, each));
        step.before
            .push("by hand: GNU xargs and the AWS CLI; a key with `'` in it is looked up apart".to_owned());
        RecoveryStep {
            nature: StepNature::Check,
            estimate: minutes(10, 120, "a key a second"),
            why: "what has none, or was deleted before, is new since then and stays as it is; a key written more \
                  than 1,000 times since has to be looked up by hand"
                .to_owned(),
            facts: vec![facts::S15.id()],
            ..step
        }
    }

    fn uncover(&self) -> RecoveryStep {
        let script = "aws s3api delete-object --bucket $0 --key \"$2\" --version-id \"$3\" $1";
        let summary =
            format!("remove the delete markers since, so that `{}` shows what they hide", self.bucket);
        let needs = ["list_hidden", "list_earlier"];
        RecoveryStep {
            estimate: minutes(5, 60, "a key a second"),
            why: "a marker is removed by its own version; this deletes no object".to_owned(),
            within: Some(SignedDuration::from_mins(60)),
            undo: Undo::ByHand { how: "delete the keys that it showed again, without a version".to_owned() },
            facts: vec![facts::S9.id(), facts::S17.id()],
            ..self.step(("uncover", Do::Uncover), &needs, summary, self.each_pair(HIDDEN, script))
        }
    }

    fn copy_back(&self) -> RecoveryStep {
        let script = "aws s3api copy-object --bucket $0 --key \"$2\" --copy-source \"$0/$2?versionId=$3\" $1";
        let summary = format!("copy the version before over what is in `{}` now", self.bucket);
        let copy_back = ("copy_back", Do::CopyBack);
        let mut step = self.step(copy_back, &["uncover"], summary, self.each_pair(EARLIER, script));
        step.before.push("an object above 5 GB needs a multipart copy, by hand".to_owned());
        RecoveryStep {
            estimate: minutes(10, 120, "a key a second, and 200 MiB/s"),
            why: "a copy becomes the newest version and deletes none; `null` is the version of what is older than \
                  versioning"
                .to_owned(),
            undo: Undo::ByHand { how: "copy the version that it covers over it in the same way".to_owned() },
            within: Some(SignedDuration::from_mins(120)),
            facts: vec![facts::S14.id(), facts::S15.id(), facts::S32.id()],
            ..step
        }
    }

    fn look(&self) -> RecoveryStep {
        let since = self.since();
        let query = format!("(DeleteMarkers||`[]`)[?IsLatest&&LastModified>=`\"{since}\"`].[Key]");
        let summary = format!("see that `{}` shows what it showed then", self.bucket);
        RecoveryStep {
            phase: Phase::Verify,
            nature: StepNature::Check,
            why: "the command prints what is still hidden, and should print nothing".to_owned(),
            ..self.step(("look", Do::Look), &["copy_back"], summary, self.versions(&query))
        }
    }

    /// A script for every two lines of a list; its arguments are the bucket, the region, the two.
    fn each_pair(&self, list: &str, script: &str) -> Vec<String> {
        let mut command =
            words(&format!("xargs --arg-file {list} --delimiter \\n --no-run-if-empty --max-args 2 sh -c"));
        command.extend([script.to_owned(), self.bucket.to_owned()]);
        command.push(format!("--region={}", self.target.region));
        command
    }
}

/// The command with what it prints going into a file.
fn into(file: &str, command: Vec<String>) -> Vec<String> {
    let mut all = vec!["sh".to_owned(), "-c".to_owned(), "\"$@\" > \"$0\"".to_owned(), file.to_owned()];
    all.extend(command);
    all
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}
