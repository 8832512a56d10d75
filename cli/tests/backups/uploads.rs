//! Dumps that are streamed into a bucket of an S3 server that others wrote, looked at with boto3.

use std::fs;

use crate::buckets::{configure, fill, halting};
use crate::machine::{Kept, Machine, next_second, until};
use crate::store::Store;

/// What no file and no output may hold.
const SECRET: &str = "planted-key-of-uploads";

/// What shows in the bucket, what is unfinished, and what is locked and how.
const LOOK: &str = "
for o in s3.list_objects_v2(Bucket='shop-dumps').get('Contents', []):
    held = s3.get_object_retention(Bucket='shop-dumps', Key=o['Key'])['Retention']
    print(o['Key'], held['Mode'])
for u in s3.list_multipart_uploads(Bucket='shop-dumps').get('Uploads', []):
    print('unfinished', u['Key'])
";

/// The dump is what its checksums say, came in parts, and cannot be deleted.
const PROVE: &str = "
dump = [o for o in s3.list_objects_v2(Bucket='shop-dumps')['Contents'] if o['Key'].endswith('.dump')][0]
body = s3.get_object(Bucket='shop-dumps', Key=dump['Key'])['Body'].read()
sums = s3.get_object(Bucket='shop-dumps', Key=dump['Key'] + '.sha256')['Body'].read().decode()
assert sums == hashlib.sha256(body).hexdigest() + '  ' + dump['Key'].split('/')[-1] + '\\n', sums
assert int(dump['ETag'].strip('\"').split('-')[1]) >= 2, dump
version = s3.head_object(Bucket='shop-dumps', Key=dump['Key'])['VersionId']
try:
    s3.delete_object(Bucket='shop-dumps', Key=dump['Key'], VersionId=version)
    print('deleted')
except s3.exceptions.ClientError as error:
    print(error.response['Error']['Code'])
";

fn shop(store: &Store) -> Machine {
    let machine = Machine::bare();
    let environment = vec![
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    let options = vec![("repo1-path".to_owned(), machine.path_of("repo"))];
    let machine = machine.knowing(Kept { options, environment }).serving();
    store.boto3(
        "s3.create_bucket(Bucket='shop-dumps', ObjectLockEnabledForBucket=True, \
         CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})",
    );
    configure(&machine, &store.plain(), "lock = \"1d\"");
    fill(&machine);
    machine
}

#[test]
fn a_dump_of_several_parts_is_locked_on_the_server_and_comes_back_from_it() {
    let store = Store::start();
    let machine = shop(&store);
    machine.ask("shop", "create table noise as select n, md5(random()::text) || md5(random()::text) from generate_series(1, 400000) n");
    let said = machine.says(0, &["backup", "run", "dump"]);
    assert!(said.contains("it is locked until") && !said.contains("SIM"), "{said}");
    let shown = store.boto3(LOOK);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(
        lines.iter().all(|line| line.starts_with("nightly/dump-") && line.ends_with("COMPLIANCE")),
        "{shown}"
    );
    assert_eq!(store.boto3(PROVE), "AccessDenied");
    let said = machine.says(0, &["backup", "verify", "dump"]);
    assert!(said.contains("✓ canary"), "{said}");
    machine.says(0, &["recover", "--scenario", "gone", "--execute", "--auto-approve"]);
    let all = "select count(*), md5(string_agg(md5, ',' order by n)) from orders";
    assert_eq!(machine.ask("back", all), machine.ask("shop", all));
    assert_eq!(machine.ask("back", "select count(*) from noise"), "400000");
    let found = machine.run("grep", &["-r", "-l", SECRET, &machine.path_of("")]);
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");

    // Nobody answers there any more.
    drop(store);
    let said = machine.says(1, &["backup", "list", "dump"]);
    assert!(said.contains("UNOBSERVED"), "{said}");
}

#[test]
fn what_a_killed_process_has_left_on_the_server_goes_with_the_next_run() {
    let store = Store::start();
    let machine = shop(&store);
    let (half, go) = halting(&machine);
    let mut child = machine.drctl_command(&["backup", "run", "dump"]).spawn().unwrap();
    until("that half of it is written", || fs::metadata(&half).is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
    let left = store.boto3(LOOK);
    assert!(left.starts_with("unfinished nightly/dump-") && left.lines().count() == 1, "{left}");
    machine.run("timeout", &["5", "sh", "-c", &format!("echo go >'{go}'")]);
    fs::remove_file(machine.dir().join("bin/pg_dump")).unwrap();
    next_second();
    machine.says(0, &["backup", "run", "dump"]);
    let shown = store.boto3(LOOK);
    assert!(shown.lines().count() == 2 && !shown.contains("unfinished"), "{shown}");
}
