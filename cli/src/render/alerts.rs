//! How alerts stand, for people and for programs.

use std::fmt::Write as _;

use drctl_core::alert::{Standing, Watched};
use drctl_core::system::System;
use drctl_engine::alerts::Came;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::palette::{Look, Tone};
use super::text::{paragraph, safe, wrap};

/// What needs somebody first, and a line that counts.
pub(crate) fn text(
    (system, simulated): (&System, bool),
    found: &[Watched],
    told: Option<&[Came]>,
    look: Look,
) -> String {
    if system.alerts.is_empty() {
        return "No `alert` block is declared.\n".to_owned();
    }
    let mut out = String::new();
    if simulated {
        out += "SIM: a simulated cloud, nothing real is read or changed\n\n";
    }
    for (number, one) in found.iter().enumerate() {
        let (word, tone) = match one.standing {
            Standing::Firing => ("FIRING", Tone::Bad),
            Standing::Unknown => ("UNKNOWN", Tone::Caution),
            Standing::Ok => ("ok", Tone::Good),
        };
        let _ = writeln!(
            out,
            "{}  alert.{}  {}",
            look.paint(tone, &format!("{word:7}")),
            one.alert,
            safe(&one.of)
        );
        let _ = writeln!(out, "{}", wrap("         ", &paragraph(&one.what), look.width));
        if let Some(line) = told.and_then(|told| self::told(system, one, told.get(number)?)) {
            let _ = writeln!(out, "{}", wrap("         ", &line, look.width));
        }
    }
    let count = |standing: Standing| found.iter().filter(|one| one.standing == standing).count();
    let _ = writeln!(
        out,
        "\n{} firing, {} not known, {} ok",
        count(Standing::Firing),
        count(Standing::Unknown),
        count(Standing::Ok)
    );
    out
}

/// What came of telling somebody, in words; none where there is nothing to tell.
pub(crate) fn told(system: &System, one: &Watched, came: &Came) -> Option<String> {
    let channel =
        system.alerts.get(&one.alert).map_or_else(String::new, |alert| format!("channel.{}", alert.is.via.0));
    match came {
        Came::Nothing => None,
        Came::Sent => Some(format!("told {channel}")),
        Came::Forgotten(error) => Some(format!(
            "that {channel} is told cannot be kept, so it is told again: {}",
            safe(&error.to_string())
        )),
        Came::Before(at) => Some(format!("told {channel} at {at:.0}")),
        Came::ByHand => {
            Some(format!("NOT TOLD: {channel} has neither `run` nor `webhook`; tell it yourself"))
        }
        Came::Failed(error) => Some(format!("NOT TOLD: {channel}: {}", paragraph(&error.to_string()))),
    }
}

/// The same for programs.
pub(crate) fn json(
    (system, simulated): (&System, bool),
    (found, now): (&[Watched], Timestamp),
    told: Option<&[Came]>,
) -> Json {
    let one = |(number, one): (usize, &Watched)| {
        let mut json = json!(one);
        json["channel"] = json!(system.alerts.get(&one.alert).map(|alert| &alert.is.via.0));
        json["owner"] =
            json!(system.alerts.get(&one.alert).and_then(|alert| alert.is.owner.as_ref()).map(|o| &o.0));
        json["told"] = match told.and_then(|told| told.get(number)) {
            None | Some(Came::Nothing | Came::ByHand | Came::Failed(_)) => Json::Null,
            Some(Came::Sent | Came::Forgotten(_)) => json!(now),
            Some(Came::Before(at)) => json!(at),
        };
        json["error"] = match told.and_then(|told| told.get(number)) {
            Some(Came::Failed(error)) => json!(error.to_string()),
            Some(Came::Forgotten(error)) => json!(error.to_string()),
            Some(Came::ByHand) => json!("the channel has neither `run` nor `webhook`"),
            None | Some(Came::Nothing | Came::Sent | Came::Before(_)) => Json::Null,
        };
        json
    };
    let alerts: Vec<Json> = found.iter().enumerate().map(one).collect();
    json!({ "format_version": "1.0", "as_of": now, "simulated": simulated, "alerts": alerts })
}
