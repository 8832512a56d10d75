//! From settings to a connection: profiles, roles, endpoints, retries, timeouts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{IdentityCache, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_types::service_config::ServiceConfigKey;
use drctl_aws::port::Cloud;
use drctl_core::provider::{ErrorClass, Place, ProviderError};

use crate::calls::Calls;
use crate::cloud::SdkCloud;
use crate::http;
use crate::settings::Settings;

/// The longest pause between two attempts of one call.
const MAX_BACKOFF: Duration = Duration::from_secs(5);
/// How long looking for credentials may take: a profile, SSO, a process, the instance's metadata.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(5);

/// The endpoints in use, per service; `None` is AWS's own.
struct Endpoints {
    s3: Option<String>,
    rds: Option<String>,
    sts: Option<String>,
}

/// Connects. No call is made and no credentials are asked for yet.
///
/// # Errors
/// When no region is known, or an endpoint or the region is malformed.
pub async fn connect(settings: Settings) -> Result<Cloud, ProviderError> {
    connect_from(&settings, None).await
}

/// As [`connect`], for a program that holds credentials of its own: nothing is looked up. They are
/// what a role is assumed with.
///
/// # Errors
/// As [`connect`].
pub async fn connect_with(
    settings: Settings,
    credentials: SharedCredentialsProvider,
) -> Result<Cloud, ProviderError> {
    connect_from(&settings, Some(credentials)).await
}

async fn connect_from(
    settings: &Settings,
    credentials: Option<SharedCredentialsProvider>,
) -> Result<Cloud, ProviderError> {
    let own = [&settings.endpoint, &settings.endpoint_s3, &settings.endpoint_rds, &settings.endpoint_sts];
    own.into_iter().flatten().try_for_each(|url| check_endpoint(url))?;
    let sdk = load(settings, credentials).await;
    let region = sdk.region().map(ToString::to_string).ok_or_else(|| {
        refused("no region: set `region` in the provider block, AWS_REGION, or a region in the profile")
    })?;
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if region.is_empty() || !region.bytes().all(fits) {
        return Err(refused("the region must be made of lower-case letters, digits and `-`"));
    }
    let endpoints = endpoints(settings, &sdk);
    let used = [&endpoints.s3, &endpoints.rds, &endpoints.sts];
    used.into_iter().flatten().try_for_each(|url| check_endpoint(url))?;
    let sdk = with_role(settings, &endpoints, sdk).await;
    Ok(Arc::new(cloud(settings, &sdk, &endpoints, region)))
}

async fn load(settings: &Settings, credentials: Option<SharedCredentialsProvider>) -> SdkConfig {
    let attempts = settings.max_attempts.max(1);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http::client(settings.concurrency))
        .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build())
        .retry_config(RetryConfig::adaptive().with_max_attempts(attempts).with_max_backoff(MAX_BACKOFF))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(settings.connect_timeout)
                .operation_attempt_timeout(settings.call_timeout)
                .operation_timeout((settings.call_timeout + MAX_BACKOFF) * attempts)
                .build(),
        );
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(credentials) = credentials {
        loader = loader.credentials_provider(credentials);
    }
    loader.load().await
}

/// What the settings say, else what the environment and profile say, service before general.
fn endpoints(settings: &Settings, sdk: &SdkConfig) -> Endpoints {
    let found = |own: &Option<String>, service: &str| {
        own.clone().or_else(|| settings.endpoint.clone()).or_else(|| {
            let key = ServiceConfigKey::builder()
                .service_id(service)
                .env("AWS_ENDPOINT_URL")
                .profile("endpoint_url")
                .build()
                .expect("all parts of the key are given");
            sdk.service_config()
                .and_then(|config| config.load_config(key))
                .or_else(|| sdk.endpoint_url().map(str::to_owned))
        })
    };
    Endpoints {
        s3: found(&settings.endpoint_s3, "S3"),
        rds: found(&settings.endpoint_rds, "RDS"),
        sts: found(&settings.endpoint_sts, "STS"),
    }
}

async fn with_role(settings: &Settings, endpoints: &Endpoints, sdk: SdkConfig) -> SdkConfig {
    let Some(role) = &settings.assume_role else { return sdk };
    let mut sts = sdk.to_builder();
    if let Some(url) = &endpoints.sts {
        sts.set_endpoint_url(Some(url.clone()));
    }
    let mut builder = AssumeRoleProvider::builder(&role.role_arn).configure(&sts.build());
    builder = builder.session_name(role.session_name.as_deref().unwrap_or("drctl"));
    if let Some(id) = &role.external_id {
        builder = builder.external_id(id);
    }
    let provider = builder.build().await;
    sdk.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build()
}

fn cloud(settings: &Settings, sdk: &SdkConfig, endpoints: &Endpoints, region: String) -> SdkCloud {
    let mut s3 = aws_sdk_s3::config::Builder::from(sdk);
    if let Some(url) = &endpoints.s3 {
        s3 = s3
            .endpoint_url(url)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    }
    s3.set_force_path_style(settings.path_style.or(endpoints.s3.as_ref().map(|_| true)));
    let mut rds = aws_sdk_rds::config::Builder::from(sdk);
    rds.set_endpoint_url(endpoints.rds.clone());
    let mut sts = aws_sdk_sts::config::Builder::from(sdk);
    sts.set_endpoint_url(endpoints.sts.clone());
    let used: BTreeSet<&str> =
        [&endpoints.s3, &endpoints.rds, &endpoints.sts].into_iter().flatten().map(String::as_str).collect();
    let place = Place {
        account: None,
        caller: None,
        region: Some(region),
        endpoint: (!used.is_empty()).then(|| used.into_iter().collect::<Vec<_>>().join(", ")),
    };
    SdkCloud::new(
        aws_sdk_s3::Client::from_conf(s3.build()),
        aws_sdk_rds::Client::from_conf(rds.build()),
        aws_sdk_sts::Client::from_conf(sts.build()),
        Calls::new(settings.concurrency, settings.connect_timeout, settings.call_timeout),
        place,
    )
}

fn check_endpoint(url: &str) -> Result<(), ProviderError> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or_else(|| refused("an endpoint must begin with `https://` or `http://`"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(refused("an endpoint must not contain credentials"));
    }
    if authority.is_empty() || url.contains(char::is_whitespace) || rest.contains(['?', '#']) {
        return Err(refused("an endpoint must be `https://HOST[:PORT][/PATH]`"));
    }
    Ok(())
}

fn refused(message: &str) -> ProviderError {
    ProviderError {
        doing: "configuring the AWS provider".into(),
        class: ErrorClass::Rejected,
        code: None,
        message: message.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_checked() {
        for good in ["http://127.0.0.1:5000", "https://s3.example.com/base", "http://[::1]:9"] {
            assert_eq!(check_endpoint(good), Ok(()), "{good}");
        }
        for (bad, word) in [
            ("127.0.0.1:5000", "https://"),
            ("ftp://x", "https://"),
            ("http://", "HOST"),
            ("http://user:secret@host", "credentials"),
            ("http://host?x=1", "HOST"),
            ("http://ho st", "HOST"),
        ] {
            let error = check_endpoint(bad).unwrap_err();
            assert!(error.message.contains(word), "{bad}: {}", error.message);
            assert!(!error.message.contains("secret"));
        }
    }
}
