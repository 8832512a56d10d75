//! What the wire tests stand on: servers that others wrote, an independent client, a proxy that counts
//! and fails, and a server of recorded answers.

pub(crate) mod canned;
pub(crate) mod http;
pub(crate) mod look;
pub(crate) mod proxy;
pub(crate) mod servers;
