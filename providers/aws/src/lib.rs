//! AWS: one file per kind over a narrow async port of typed operations. No SDK in here.
//!
//! [`port::Aws`] is what the kinds call; `drctl-aws-sdk` and `drctl-sim` implement it.

pub mod port;
