//! The adapter over the wire: against recorded answers, and against servers that others wrote, checked
//! with a client that others wrote. `cli/tests/wire/setup` installs those.

#![expect(clippy::unwrap_used, reason = "tests")]

#[expect(dead_code, reason = "the benches use more of it")]
mod harness;
mod kinds;
mod objects_ministack;
mod rds_moto;
mod recorded;
mod refusals;
mod s3_ministack;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use drctl_aws::port::Cloud;
use drctl_aws_sdk::{Settings, connect_with};

/// A connection to one URL with made-up credentials, for the region eu-west-2.
async fn cloud(url: String, change: impl FnOnce(&mut Settings)) -> Cloud {
    let mut settings = Settings {
        region: Some("eu-west-2".into()),
        endpoint: Some(url),
        max_attempts: 1,
        ..Settings::default()
    };
    change(&mut settings);
    let credentials = Credentials::new("test", "test", None, None, "test");
    connect_with(settings, SharedCredentialsProvider::new(credentials)).await.unwrap()
}
