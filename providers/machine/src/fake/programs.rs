//! The programs of the fake machine: what they say and do, as far as the kinds use them.

use std::path::Path;

use drctl_core::provider::{ErrorClass, ProviderError};
use serde_json::json;

use super::World;
use crate::ini;
use crate::port::{Answer, error};

fn failed(words: &[&str], why: &str) -> ProviderError {
    let program = words.first().copied().unwrap_or_default();
    error(format!("running `{program}`"), ErrorClass::Failed, format!("it failed: {why}"))
}

pub(super) fn run(world: &mut World, words: &[&str]) -> Answer<String> {
    match words.first() {
        Some(&"pgbackrest") => pgbackrest(world, words),
        Some(&"restic") => restic(world, words),
        Some(&"systemctl") => systemctl(world, words),
        _ => Err(error("running a program", ErrorClass::NotFound, "no program of that name is on the PATH")),
    }
}

fn option<'w>(words: &[&'w str], name: &str) -> Option<&'w str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn pgbackrest(world: &mut World, words: &[&str]) -> Answer<String> {
    let (Some(config), Some(stanza)) = (option(words, "--config"), option(words, "--stanza")) else {
        return Err(failed(words, "it needs --config and --stanza"));
    };
    let text = world.files.get(Path::new(config)).map_or("", |(text, _)| text.as_str());
    let said = |name| ini::get(text, stanza, name).or_else(|| ini::get(text, "global", name));
    let place: Vec<&str> = ["repo1-type", "repo1-path", "repo1-s3-bucket", "repo1-s3-endpoint"]
        .into_iter()
        .map(|name| said(name).unwrap_or_default())
        .collect();
    let place = (place.join(" "), stanza.to_owned());
    match words.last() {
        Some(&"info") => {
            let (code, message) = match world.stanzas.contains(&place) {
                true => (2, "no valid backups"),
                false => (1, "missing stanza path"),
            };
            Ok(json!([{"name": stanza, "status": {"code": code, "message": message}}]).to_string())
        }
        Some(&"stanza-create") if said("pg1-path").is_none() => Err(failed(words, "it needs pg1-path")),
        Some(&"stanza-create") => {
            world.stanzas.insert(place);
            Ok(String::new())
        }
        _ => Err(failed(words, "no such command")),
    }
}

fn restic(world: &mut World, words: &[&str]) -> Answer<String> {
    let Some(repository) = option(words, "--repo") else { return Err(failed(words, "it needs --repo")) };
    let there = world.repositories.contains(repository);
    match (words.last(), there) {
        (Some(&"config"), true) => Ok(json!({"version": 2, "id": "f00d"}).to_string()),
        (Some(&"config"), false) => {
            Err(failed(words, "unable to open config file: stat config: no such file or directory"))
        }
        (Some(&"init"), false) => {
            world.repositories.insert(repository.to_owned());
            Ok(String::new())
        }
        _ => Err(failed(words, "no such command, or there is one already")),
    }
}

fn systemctl(world: &mut World, words: &[&str]) -> Answer<String> {
    let unit = words.last().copied().unwrap_or_default();
    let exists = world.files.keys().any(|path| path.file_name().is_some_and(|name| name == unit));
    match words.get(1) {
        Some(&"daemon-reload") => Ok(String::new()),
        Some(&"show") => Ok(match world.timers.contains(unit) {
            true => "UnitFileState=enabled\nActiveState=active\n".to_owned(),
            false => "UnitFileState=disabled\nActiveState=inactive\n".to_owned(),
        }),
        Some(&"enable") if exists => {
            world.timers.insert(unit.to_owned());
            Ok(String::new())
        }
        Some(&"disable") => {
            world.timers.remove(unit);
            Ok(String::new())
        }
        _ => Err(failed(words, "there is no such unit")),
    }
}
