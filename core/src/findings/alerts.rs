//! Alerts that come too late, and alerts that nobody hears.

use jiff::SignedDuration;

use super::{Finding, RuleId, Subject};
use crate::addr::Name;
use crate::duration::text;
use crate::objective::promised_rpo;
use crate::recovery::Dependents;
use crate::system::{Alert, Declared, On, Threshold};

/// All of them.
pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Finding>) {
    if subject.system.alerts.is_empty() {
        return;
    }
    let dependents = Dependents::of(subject.system);
    for (name, alert) in &subject.system.alerts {
        match alert.is.on {
            On::PointAge => found.extend(point_age(subject, &dependents, (name, alert))),
            On::NotVerified => found.extend(not_verified(subject, (name, alert))),
            On::BackupFailed | On::BackupSlow | On::SizeChanged | On::Storage | On::DrillOverdue => {}
        }
        found.extend(unsent(subject, (name, alert)));
    }
}

fn above(alert: &Alert) -> Option<SignedDuration> {
    match alert.above {
        Some(Threshold::Time(time)) => Some(time),
        Some(Threshold::Size(_) | Threshold::Percent(_)) | None => None,
    }
}

fn late((name, alert): (&Name, &Declared<Alert>), summary: String) -> Finding {
    Finding::new(RuleId::AlertTooLate, format!("alert.{name}"), alert.written.at(&["above"]), summary)
}

/// Of each datastore that is watched, itself or by one of its backups; the first is told.
fn point_age(
    subject: &Subject<'_>,
    dependents: &Dependents<'_>,
    alert: (&Name, &Declared<Alert>),
) -> Option<Finding> {
    let is = &alert.1.is;
    let backups = subject.system.backups.iter().filter(|(name, _)| is.watches("backup", name, None));
    let stores = subject.system.datastores.keys().filter(|name| is.watches("datastore", name, None));
    let watched = stores.chain(backups.map(|(_, backup)| &backup.is.of.0));
    watched.into_iter().find_map(|datastore| {
        match (above(is), promised_rpo(subject.system, dependents, datastore)) {
        (Some(above), Some(rpo)) if above > rpo => {
            let summary = format!(
                "It is told when the newest point of datastore.{datastore} is {} old, and {} are promised",
                text(above),
                text(rpo)
            );
            Some(
                late(alert, summary)
                    .why("Who hears of it then hears that the promise is broken, and not that it will be.")
                    .fix("Make `above` no more than the RPO, or leave it out: then it is the RPO."),
            )
        }
        (None, None) => Some(
            late(alert, format!("Nothing says how old the newest point of datastore.{datastore} may be"))
                .why("No service that needs it promises an RPO, so nobody can tell when this has to be told.")
                .fix("Write `above`, or promise an `rpo` in `objective` of the service."),
        ),
        (Some(_) | None, Some(_)) | (Some(_), None) => None,
    }
    })
}

fn not_verified(subject: &Subject<'_>, alert: (&Name, &Declared<Alert>)) -> Option<Finding> {
    let above = above(&alert.1.is)?;
    let watched = |name: &Name, of: &Name| alert.1.is.watches("backup", name, Some(of));
    let backups = subject.system.backups.iter().filter(|(name, backup)| watched(name, &backup.is.of.0));
    let mut sooner = backups.filter_map(|(name, backup)| {
        let every = backup.is.verify.iter().map(|verify| verify.every).min()?;
        (every < above).then_some((name, every))
    });
    let (backup, every) = sooner.next()?;
    let summary = format!(
        "It is told when backup.{backup} was not verified for {}, and it is to be verified every {}",
        text(above),
        text(every)
    );
    Some(
        late(alert, summary)
            .why("A verification can fail again and again before anybody hears of it.")
            .fix("Make `above` no more than `every`, or leave it out: then it is `every`."),
    )
}

fn unsent(subject: &Subject<'_>, (name, alert): (&Name, &Declared<Alert>)) -> Option<Finding> {
    let channel = subject.system.channels.get(&alert.is.via.0)?;
    if channel.is.run.is_some() || channel.is.webhook.is_some() {
        return None;
    }
    let summary =
        format!("No machine tells anybody: channel.{} has neither `run` nor `webhook`", alert.is.via.0);
    Some(
        Finding::new(RuleId::AlertUnsent, format!("alert.{name}"), alert.written.at(&["via"]), summary)
            .why("An alert that somebody has to come and read is read after the outage.")
            .fix("Give the channel the command or the webhook that reaches somebody."),
    )
}
