//! Any bytes as a configuration: reading and reducing them must end without a panic.

#![no_main]

use drctl_core::config;
use drctl_core::diag::Diagnostics;
use drctl_core::lang::{self, Nothing};
use drctl_core::provider::Registry;
use drctl_core::span::SourceMap;
use libfuzzer_sys::fuzz_target;

static REGISTRY: Registry = Registry { providers: &[] };

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut sources = SourceMap::default();
    sources.add("main.dr.hcl", text);
    let (config, _) = config::load(&sources, &REGISTRY);
    let mut diags = Diagnostics::default();
    for local in config.locals.values() {
        let _ = lang::render(&lang::reduce(local, &Nothing, &mut diags));
    }
});
