//! Kits: what is in one, what is not, and the two files in it that people begin with.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use drctl_core::kit::{About, Entries, Manifest, Remark};
use drctl_core::plan::sha256_hex;
use drctl_core::recovery::readable;
use drctl_core::system::System;
use serde_json::{Value as Json, json};

use super::markdown::escape;
use super::palette::{Look, Tone};
use super::steps::quote;
use super::text::{bytes, count, safe, wrap};
use crate::kit::{BIN, Kit, PROJECT, Sealed};

/// What is told of a kit.
#[derive(Clone, Copy)]
pub(crate) struct Told<'t> {
    pub(crate) file: &'t Path,
    /// Its size, encrypted.
    pub(crate) bytes: usize,
    pub(crate) about: &'t About,
    pub(crate) entries: &'t Entries,
    pub(crate) signed_by: &'t str,
    pub(crate) sealed: Sealed,
    pub(crate) verified: Option<&'t Verified>,
}

/// What a verification found beside that the kit is whole and signed.
pub(crate) struct Verified {
    /// How old what was observed is; none when nothing was.
    pub(crate) age_s: Option<i64>,
    /// Whether that is more than was asked for.
    pub(crate) too_old: bool,
    /// Each scenario, and whether everything has a way back in it.
    pub(crate) feasible: Vec<(String, bool)>,
}

impl<'t> Told<'t> {
    /// Of a kit that was read.
    pub(crate) fn of(file: &'t Path, kit: &'t Kit) -> Told<'t> {
        let Kit { about, entries, signed_by, sealed, bytes } = kit;
        Told { file, bytes: *bytes, about, entries, signed_by, sealed: *sealed, verified: None }
    }
}

/// For people.
pub(crate) fn text(told: &Told<'_>, look: Look) -> String {
    let Told { file, about, entries, signed_by, sealed, verified, .. } = told;
    let mut out = format!("Kit {}   {}\n", safe(&file.display().to_string()), bytes(told.bytes as u64));
    if about.simulated {
        out += "SIM: of a simulated cloud\n";
    }
    let sealed = match sealed {
        Sealed::Recipients => "for age recipients",
        Sealed::Passphrase => "with a passphrase",
        Sealed::Open => "NOT: whoever has the file can read it",
    };
    let _ = writeln!(out, "  made       {} by drctl {}", about.built_at, safe(&about.drctl_version));
    let _ = writeln!(out, "  signed     {signed_by}");
    let _ = writeln!(out, "  encrypted  {sealed}");
    let _ = writeln!(out, "  world      {}", world(about, *verified));
    out += "\nHolds\n";
    for (group, (files, size)) in groups(entries) {
        let _ = writeln!(out, "  {group:<12} {:<9} {}", bytes(size), count(files, "file"));
    }
    remarks(&mut out, "Left out", &about.left_out, look);
    remarks(&mut out, "MISSING for a recovery", &about.missing, look);
    if let Some(verified) = verified {
        out += "\nPlanned from it, without asking anybody\n";
        for (scenario, feasible) in &verified.feasible {
            let (tone, sign, word) = match feasible {
                true => (Tone::Good, "✓", "has a way back"),
                false => (Tone::Bad, "✗", "NOT everything has a way back"),
            };
            let _ = writeln!(out, "  {} {}   {word}", look.paint(tone, sign), safe(scenario));
        }
    }
    out
}

fn world(about: &About, verified: Option<&Verified>) -> String {
    let Some(at) = about.last_seen else { return "no resource was ever observed".to_owned() };
    let (age, sign) = match verified {
        Some(Verified { age_s: Some(age), too_old, .. }) => (*age, if *too_old { ": too OLD" } else { "" }),
        Some(_) | None => (about.built_at.duration_since(at).as_secs().max(0), ""),
    };
    let then = if verified.is_some() { "ago" } else { "before" };
    format!("as of {at:.0} ({} {then}){sign}", readable(age))
}

/// The first component of each name, with how many files there are and how large they are.
fn groups(entries: &Entries) -> BTreeMap<&str, (usize, u64)> {
    let mut groups: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for (name, bytes) in entries {
        let group = name.as_str().split('/').next().unwrap_or_default();
        let (files, size) = groups.entry(group).or_default();
        (*files, *size) = (*files + 1, *size + bytes.len() as u64);
    }
    groups
}

fn remarks(out: &mut String, title: &str, all: &[Remark], look: Look) {
    if all.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{title}");
    for Remark { what, why } in all {
        let line = format!("{}: {}", safe(what), safe(why));
        let _ = writeln!(out, "{}", wrap("  - ", &line, look.width));
    }
}

/// How one goes on in the folder that a kit was opened into.
pub(crate) fn next(to: &Path, about: &About, look: Look) -> String {
    let dir = to.display().to_string();
    let (project, start) = (quote(&format!("{dir}/{PROJECT}")), quote(&format!("{dir}/START.md")));
    let mut out = String::from("\nGo on\n");
    let _ = writeln!(out, "{}", wrap("  ", &format!("read {start} first"), look.width));
    let scenario = about.scenarios.first().map_or("NAME", |first| first.scenario.as_str());
    let _ = writeln!(out, "  $ drctl -C {project} recover --offline --scenario {}", quote(scenario));
    out
}

/// For programs.
pub(crate) fn json(told: &Told<'_>) -> String {
    let Told { file, bytes, about, entries, signed_by, sealed, verified } = told;
    let manifest = Manifest::of(entries);
    let files = manifest.iter().zip(entries.values());
    let files: Vec<Json> = files
        .map(|((name, digest), held)| json!({ "name": name, "bytes": held.len(), "sha256": digest }))
        .collect();
    let verified = verified.map(|verified| {
        let Verified { age_s, too_old, feasible } = verified;
        let scenarios: Vec<Json> = feasible
            .iter()
            .map(|(name, feasible)| json!({ "scenario": name, "feasible": feasible }))
            .collect();
        json!({ "age_s": age_s, "too_old": too_old, "scenarios": scenarios })
    });
    let json = json!({
        "format_version": "1.0",
        "file": file.display().to_string(),
        "bytes": bytes,
        "encrypted": sealed,
        "signed_by": signed_by,
        "manifest_sha256": sha256_hex(manifest.to_string().as_bytes()),
        "about": about,
        "files": files,
        "verified": verified,
    });
    format!("{json:#}\n")
}

/// What one reads first.
pub(crate) fn start(about: &About, system: &System) -> String {
    let seen = about
        .last_seen
        .map_or("no resource was ever observed".to_owned(), |at| format!("what was observed is of {at}"));
    let mut text = format!(
        "# Recovery kit\n\nMade {} by drctl {}; {seen}.\n",
        about.built_at,
        escape(&about.drctl_version)
    );
    if about.simulated {
        text += "\n**SIM**: a simulated cloud; nothing real was read.\n";
    }
    text += "\n## Which of these do you see?\n\n";
    for runbook in &about.scenarios {
        let _ = writeln!(text, "- [{}]({})", escape(runbook.scenario.as_str()), runbook.file);
        let symptoms = system.scenarios.get(&runbook.scenario).and_then(|s| s.is.symptoms.as_deref());
        text.extend(symptoms.unwrap_or_default().iter().map(|seen| format!("  - {}\n", escape(seen))));
    }
    text += "\nWho is called: [contacts](contacts.md).\n";
    let _ = write!(
        text,
        "\n## With drctl\n\nNo network is needed to plan:\n\n```sh\n{BIN}/drctl -C {PROJECT} recover --offline\n{BIN}/drctl \
         -C {PROJECT} recover --offline --scenario NAME\n```\n"
    );
    for (title, all) in [("What is missing here", &about.missing), ("What was left out", &about.left_out)] {
        if !all.is_empty() {
            let _ = writeln!(text, "\n## {title}\n");
            text.extend(all.iter().map(|r| format!("- {}: {}\n", escape(&r.what), escape(&r.why))));
        }
    }
    text
}

/// Everybody who is called or who does a step.
pub(crate) fn contacts(system: &System) -> String {
    let mut text = String::from("# Contacts\n");
    for (name, contact) in &system.contacts {
        let is = &contact.is;
        let _ = writeln!(text, "\n## {}\n\n- {}", escape(name.as_str()), escape(&is.role));
        let after =
            is.escalates_after.map(|d| format!(" after {}", readable(d.as_secs()))).unwrap_or_default();
        let next = is.escalates_to.as_ref().map(|to| format!("{}{after}", to.0));
        for (what, value) in [
            ("name", is.name.as_ref()),
            ("phone", is.phone.as_ref()),
            ("email", is.email.as_ref()),
            ("found at", is.via.as_ref()),
            ("next", next.as_ref()),
        ] {
            text.extend(value.map(|value| format!("- {what}: {}\n", escape(value))));
        }
    }
    text
}
