//! The typed configuration and how a body becomes one.
