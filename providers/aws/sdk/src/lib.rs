//! The AWS port on the AWS SDKs: [`connect`] gives a [`drctl_aws::port::Cloud`] that speaks to AWS,
//! or to a server that speaks its protocol.
//!
//! Retries, timeouts and the number of calls in flight are the client's, as [`Settings`] says.
//! What the port promises stands in `drctl_aws::port`; nothing here knows a resource kind.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod calls;
mod cloud;
mod connect;
mod convert_lifecycle;
mod convert_rds;
mod convert_replication;
mod convert_s3;
mod errors;
mod http;
mod objects;
mod rds;
mod s3;
mod settings;
mod uploads;

pub use connect::{connect, connect_with};
pub use settings::{AssumeRole, Settings};
