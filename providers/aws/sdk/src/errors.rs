//! The SDK's errors in the port's words: the class decides what drctl makes of it, the message is for
//! the reader and never holds a credential.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use drctl_core::provider::{ErrorClass, ProviderError};

/// The longest message taken over from a server.
const MESSAGE_MAX: usize = 600;

/// An answer that says no.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// HTTP status.
    pub(crate) status: u16,
    /// The error code in the answer.
    pub(crate) code: Option<String>,
    /// The server's words.
    pub(crate) message: Option<String>,
    /// The region the server names.
    pub(crate) region: Option<String>,
}

/// What the server refused, when there was an answer that can be told apart from success.
pub(crate) fn refusal<E>(error: &SdkError<E>) -> Option<Refusal>
where
    E: ProvideErrorMetadata,
{
    let raw = match error {
        SdkError::ServiceError(context) => context.raw(),
        SdkError::ResponseError(context) => context.raw(),
        _ => return None,
    };
    let status = raw.status().as_u16();
    let meta = error.as_service_error().map(ProvideErrorMetadata::meta);
    let code = meta.and_then(|m| m.code()).or_else(|| raw.headers().get("x-amz-error-code"));
    if status < 300 && code.is_none() {
        // The answer says yes, and could not be read.
        return None;
    }
    Some(Refusal {
        status,
        code: code.map(str::to_owned),
        message: meta.and_then(|m| m.message()).map(str::to_owned),
        region: region_of(raw),
    })
}

/// The region a redirecting S3 names: in a header, or in the body of the error.
fn region_of(raw: &HttpResponse) -> Option<String> {
    if let Some(region) = raw.headers().get("x-amz-bucket-region") {
        return Some(region.to_owned());
    }
    let body = std::str::from_utf8(raw.body().bytes()?).ok()?;
    let (_, rest) = body.split_once("<Region>")?;
    let (region, _) = rest.split_once("</Region>")?;
    Some(region.trim().to_owned())
}

impl Refusal {
    /// The class: by the code where it is known, else by the status.
    pub(crate) fn class(&self) -> ErrorClass {
        self.code.as_deref().and_then(class_of_code).unwrap_or(match self.status {
            301 | 307 | 308 => ErrorClass::Elsewhere,
            401 => ErrorClass::Credentials,
            403 => ErrorClass::Denied,
            404 => ErrorClass::NotFound,
            408 => ErrorClass::Timeout,
            409 | 412 => ErrorClass::Conflict,
            429 => ErrorClass::Throttled,
            500..=599 => ErrorClass::Unavailable,
            _ => ErrorClass::Rejected,
        })
    }

    /// The error as the port gives it.
    pub(crate) fn into_error(self, doing: &str) -> ProviderError {
        let class = self.class();
        let words = self.message.as_deref().map(plain).filter(|m| !m.is_empty());
        let message = match (class, self.code.as_deref()) {
            (ErrorClass::Credentials, Some(code)) if !repeats_words(code) => {
                credentials_advice(code).to_owned()
            }
            (ErrorClass::Elsewhere, _) => match (&self.region, words) {
                (Some(region), _) => format!("the bucket is in region {}", plain(region)),
                (None, Some(words)) => words,
                (None, None) => "the bucket is in another region, which the answer does not name".to_owned(),
            },
            (_, _) => words.unwrap_or_else(|| format!("the service answered {}", self.status)),
        };
        ProviderError { doing: doing.to_owned(), class, code: self.code.as_deref().map(plain), message }
    }
}

/// What a code means, for the codes whose status does not say it.
fn class_of_code(code: &str) -> Option<ErrorClass> {
    // One error, in the words of the wire and in those of the service's model.
    Some(match code.strip_suffix("Fault").unwrap_or(code) {
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "UnauthorizedOperation"
        | "UnauthorizedAccess"
        | "AccountProblem"
        | "KMSKeyNotAccessible"
        | "KMS.AccessDeniedException" => ErrorClass::Denied,
        "NoSuchBucket"
        | "DBInstanceNotFound"
        | "DBSnapshotNotFound"
        | "DBInstanceAutomatedBackupNotFound"
        | "DBSubnetGroupNotFound"
        | "DBParameterGroupNotFound" => ErrorClass::NotFound,
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => ErrorClass::Elsewhere,
        "BucketAlreadyExists" => ErrorClass::Foreign,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "ProvisionedThroughputExceededException"
        | "TransactionInProgressException" => ErrorClass::Throttled,
        "RequestTimeout" | "RequestTimeoutException" => ErrorClass::Timeout,
        "InternalError" | "InternalFailure" | "ServiceUnavailable" | "InternalServerError" => {
            ErrorClass::Unavailable
        }
        "ExpiredToken"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "TokenRefreshRequired"
        | "InvalidToken"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "RequestTimeTooSkewed"
        | "AuthFailure"
        | "NotSignedUp" => ErrorClass::Credentials,
        "OperationAborted"
        | "ConditionalRequestConflict"
        | "InvalidBucketState"
        | "BucketNotEmpty"
        | "InvalidDBInstanceState"
        | "InvalidDBSnapshotState"
        | "DBInstanceAlreadyExists"
        | "DBSnapshotAlreadyExists" => ErrorClass::Conflict,
        "NotImplemented" | "MethodNotAllowed" => ErrorClass::Rejected,
        _ => return None,
    })
}

/// Whether the server's words on a credentials error may be repeated. Those on a wrong signature quote
/// the signed request, session token included.
fn repeats_words(code: &str) -> bool {
    matches!(code, "NotSignedUp" | "RequestTimeTooSkewed")
}

fn credentials_advice(code: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            "the session has expired: sign in again"
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "IncompleteSignature" => {
            "the signature does not match: the secret key is wrong, or the clock is"
        }
        "MissingAuthenticationToken" | "MissingAuthenticationTokenException" => "the request was not signed",
        _ => "the service does not know these credentials",
    }
}

/// A failure without a usable answer.
pub(crate) fn without_answer<E>(
    doing: &str,
    error: &SdkError<E>,
    connect_timeout: Duration,
    call_timeout: Duration,
) -> ProviderError
where
    E: Error + 'static,
{
    let (class, message) = if let Some(found) = find::<CredentialsError>(error) {
        (ErrorClass::Credentials, credentials_message(found))
    } else {
        match error {
            SdkError::TimeoutError(_) => {
                (ErrorClass::Timeout, format!("no answer within {} s", call_timeout.as_secs_f64()))
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                (ErrorClass::Timeout, format!("no connection within {} s", connect_timeout.as_secs_f64()))
            }
            SdkError::DispatchFailure(_) => {
                (ErrorClass::Unavailable, format!("no connection: {}", innermost(error)))
            }
            SdkError::ResponseError(_) | SdkError::ServiceError(_) => {
                (ErrorClass::Malformed, format!("the answer could not be understood: {}", innermost(error)))
            }
            _ => (ErrorClass::Rejected, format!("the request could not be built: {}", innermost(error))),
        }
    };
    ProviderError { doing: doing.to_owned(), class, code: None, message }
}

fn credentials_message(error: &CredentialsError) -> String {
    let inner = innermost(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) => {
            "no credentials: set AWS_PROFILE or `profile`, or sign in".to_owned()
        }
        CredentialsError::ProviderTimedOut(_) => "no credentials in time".to_owned(),
        _ => format!("no usable credentials: {inner}"),
    }
}

/// An answer that is well-formed but lacks what it must have, or has what drctl cannot hold.
pub(crate) fn malformed(doing: &str, message: impl Into<String>) -> ProviderError {
    ProviderError {
        doing: doing.to_owned(),
        class: ErrorClass::Malformed,
        code: None,
        message: message.into(),
    }
}

/// A request that cannot be put into the service's form.
pub(crate) fn unsendable(doing: &str, message: impl Into<String>) -> ProviderError {
    ProviderError {
        doing: doing.to_owned(),
        class: ErrorClass::Rejected,
        code: None,
        message: message.into(),
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&e| e.source())
}

fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    chain(error).find_map(|e| e.downcast_ref())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    plain(&chain(error).last().map(ToString::to_string).unwrap_or_default())
}

/// One line, bounded, without anything that looks like a key or a token.
pub(crate) fn plain(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut out = String::new();
    for word in
        line.split_inclusive(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | ',' | '"' | '\'' | '&'))
    {
        if out.len() + word.len() > MESSAGE_MAX {
            out.push('…');
            break;
        }
        if is_secret(word) {
            out.push_str("[hidden] ");
        } else {
            out.extend(word.chars().filter(|c| !c.is_control()));
        }
    }
    out.trim_end().to_owned()
}

/// Access key ids and session tokens have known beginnings; other secrets are never in an answer.
fn is_secret(word: &str) -> bool {
    const BEGINNINGS: [&str; 6] = ["AKIA", "ASIA", "FwoG", "FQoG", "IQoJ", "AWS4-HMAC"];
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    word.len() >= 16 && BEGINNINGS.iter().any(|b| word.starts_with(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str, message: &str) -> ProviderError {
        let code = (!code.is_empty()).then(|| code.to_owned());
        Refusal { status, code, message: Some(message.to_owned()), region: None }.into_error("reading")
    }

    #[test]
    fn class_follows_code_then_status() {
        use ErrorClass::*;
        for (status, code, class) in [
            (403, "AccessDenied", Denied),
            (400, "AccessDeniedException", Denied),
            (403, "", Denied),
            (404, "NoSuchBucket", NotFound),
            (404, "DBInstanceNotFound", NotFound),
            (404, "", NotFound),
            (301, "PermanentRedirect", Elsewhere),
            (307, "TemporaryRedirect", Elsewhere),
            (400, "AuthorizationHeaderMalformed", Elsewhere),
            (301, "", Elsewhere),
            (409, "BucketAlreadyExists", Foreign),
            (409, "OperationAborted", Conflict),
            (400, "InvalidDBInstanceState", Conflict),
            (503, "SlowDown", Throttled),
            (400, "Throttling", Throttled),
            (503, "RequestLimitExceeded", Throttled),
            (429, "", Throttled),
            (400, "RequestTimeout", Timeout),
            (500, "InternalError", Unavailable),
            (503, "ServiceUnavailable", Unavailable),
            (502, "", Unavailable),
            (501, "NotImplemented", Rejected),
            (400, "ExpiredToken", Credentials),
            (403, "InvalidClientTokenId", Credentials),
            (403, "SignatureDoesNotMatch", Credentials),
            (403, "InvalidAccessKeyId", Credentials),
            (400, "InvalidParameterValue", Rejected),
            (400, "MalformedXML", Rejected),
        ] {
            assert_eq!(refused(status, code, "words").class, class, "{status} {code}");
        }
    }

    #[test]
    fn a_wrong_signature_quotes_nothing_of_the_request() {
        let words =
            "The Canonical String should have been 'POST x-amz-security-token:IQoJb3JpZ2luX2VjEXAMPLE'";
        let error = refused(403, "SignatureDoesNotMatch", words);
        assert!(!error.to_string().contains("IQoJ"), "{error}");
        assert!(error.message.contains("clock"), "{error}");
    }

    #[test]
    fn keys_and_tokens_are_hidden_everywhere() {
        let error =
            refused(400, "Odd", "Credential=AKIAIOSFODNN7EXAMPLE, token \"FwoGZXIvYXdzEXAMPLETOKEN\" end");
        assert!(error.message.contains("[hidden]") && error.message.contains("end"), "{error}");
        assert!(!error.message.contains("AKIA") && !error.message.contains("FwoG"), "{error}");
    }

    #[test]
    fn messages_are_one_bounded_line() {
        let error = refused(400, "Odd", &format!("first\u{1b}[31m line {}\nsecond", "x ".repeat(4000)));
        assert!(error.message.len() < MESSAGE_MAX + 8 && !error.message.contains('\n'));
        assert!(!error.message.contains('\u{1b}') && !error.message.contains("second"));
    }

    #[test]
    fn a_bucket_elsewhere_is_named_with_its_region() {
        let refusal = Refusal { status: 301, region: Some("eu-west-2".into()), ..Refusal::default() };
        let error = refusal.into_error("reading the versioning of bucket `b`");
        assert_eq!(
            (error.class, error.message.as_str()),
            (ErrorClass::Elsewhere, "the bucket is in region eu-west-2")
        );
    }
}
