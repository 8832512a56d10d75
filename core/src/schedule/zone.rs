//! Time zones by name, from the data compiled in.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::wrong::{Part, Wrong};
use crate::lang::near;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database, with its name.
pub(super) fn parse(name: &str) -> Result<TimeZone, Wrong> {
    if let Ok(zone) = ZONES.get(name) {
        return Ok(zone);
    }
    let wrong = Wrong {
        part: Part::Zone,
        at: 0..name.len(),
        message: format!("there is no time zone `{}`", name.escape_debug()),
        help: None,
    };
    let all: Vec<_> = ZONES.available().map(|zone| zone.to_string()).collect();
    Err(match near(name, all.iter().map(String::as_str)) {
        Some(near) => wrong.help(format!("Did you mean `{near}`?")),
        None => wrong.help("Write a name of the IANA database, such as \"UTC\" or \"Europe/Berlin\"."),
    })
}
