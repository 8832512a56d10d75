//! What dumps are called: the backup, the moment that they hold, what they are.

use drctl_core::addr::Name;
use drctl_core::system::DumpFormat;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What the checksums of a dump are called, after its name.
pub(super) const SUMS: &str = ".sha256";

/// How the moment stands in the name of a dump.
const MOMENT: &str = "%Y%m%dT%H%M%SZ";

/// The names of the dumps of one backup.
pub(super) struct Names {
    prefix: String,
}

impl Names {
    pub(super) fn of(name: &Name) -> Names {
        Names { prefix: format!("{}-", name.file_name()) }
    }

    /// What all of them begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The name of one that is begun now.
    pub(super) fn at(&self, now: Timestamp, format: DumpFormat) -> String {
        let ending = if format == DumpFormat::Directory { "dir" } else { "dump" };
        format!("{}{}.{ending}", self.prefix, now.strftime(MOMENT))
    }

    /// The moment in the name of one of these dumps; none when it is something else.
    pub(super) fn moment(&self, name: &str) -> Option<Timestamp> {
        let rest = name.strip_prefix(&self.prefix)?;
        let moment = rest.strip_suffix(".dump").or_else(|| rest.strip_suffix(".dir"))?;
        DateTime::strptime(MOMENT, moment).ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    }

    /// The dump that these are the checksums of; none when they are something else.
    pub(super) fn summed<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_suffix(SUMS).filter(|of| self.moment(of).is_some())
    }
}

/// What the checksums of a dump are called.
pub(super) fn sums_of(name: &str) -> String {
    format!("{name}{SUMS}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_of_another_backup_is_none_of_these() {
        let names = Names::of(&"shop".parse().unwrap());
        let own = names.at("2026-11-21T21:00:00Z".parse().unwrap(), DumpFormat::Custom);
        assert_eq!(own, "shop-20261121T210000Z.dump");
        assert!(names.moment(&own).is_some() && names.summed(&sums_of(&own)) == Some(own.as_str()));
        for other in ["shop-eu-20261121T210000Z.dump", "shop-x.dump", "shop-20261121T210000Z.dump.sha256", ""]
        {
            assert_eq!(names.moment(other), None, "{other}");
        }
    }
}
