//! Tells channels of alerts, once for each occurrence: what was told is kept in a file of its own until it is over.

use std::fs;
use std::path::{Path, PathBuf};

use drctl_core::alert::{Standing, Watched};
use drctl_core::provider::{Attempt, ProviderError};
use drctl_core::recovery::{Performer, telling};
use drctl_core::system::System;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError, plain_name};
use crate::messages::send;

/// Largest file of an occurrence that is read.
const MAX_BYTES: u64 = 1 << 16;

/// What came of telling somebody.
#[derive(Debug)]
pub enum Came {
    /// There is nothing to tell.
    Nothing,
    /// It was told now.
    Sent,
    /// It was told now, and will be again: that it was told cannot be written down.
    Forgotten(FileError),
    /// It was told when it began.
    Before(Timestamp),
    /// A person has to tell it: the channel has neither a command nor a webhook.
    ByHand,
    /// It could not be told.
    Failed(ProviderError),
}

/// What was told of something that is still so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Occurrence {
    standing: Standing,
    told: Timestamp,
}

impl Occurrence {
    /// Whether that is known to whoever was told of this.
    fn covers(self, standing: Standing) -> bool {
        self.standing == Standing::Firing || standing == Standing::Unknown
    }
}

/// Tells of each what was not told yet, all at once; what is over is forgotten. What came of each, in their order.
pub async fn tell(
    data: &Path,
    system: &System,
    (watched, now): (&[Watched], Timestamp),
    performer: &dyn Performer,
) -> Vec<Came> {
    let each = watched.iter().map(|one| async move {
        let file = file(data, one);
        if one.standing == Standing::Ok {
            return over(&file);
        }
        // What cannot be read is told again: better twice than never.
        let before = files::read(&file, MAX_BYTES).ok().flatten();
        let before = before.and_then(|bytes| serde_json::from_slice::<Occurrence>(&bytes).ok());
        if let Some(before) = before.filter(|before| before.covers(one.standing)) {
            return Came::Before(before.told);
        }
        let alert = system.alerts.get(&one.alert).map(|alert| &alert.is);
        let channel = alert.and_then(|alert| system.channels.get(&alert.via.0));
        let action = alert.zip(channel).and_then(|(alert, channel)| telling(&channel.is, one.message(alert)));
        let Some(action) = action else { return Came::ByHand };
        let attempt = Attempt(format!("alert/{}/{}/{}", one.alert, one.of, now.as_second()));
        match send(performer, &action, &attempt).await {
            Ok(()) => keep(&file, Occurrence { standing: one.standing, told: now }),
            Err(error) => Came::Failed(error),
        }
    });
    join_all(each).await
}

fn file(data: &Path, one: &Watched) -> PathBuf {
    data.join("alerts").join(plain_name(&format!("{} {}", one.alert, one.of)))
}

fn over(file: &Path) -> Came {
    files::remove(file).map_or_else(Came::Forgotten, |()| Came::Nothing)
}

fn keep(file: &Path, occurrence: Occurrence) -> Came {
    let bytes = serde_json::to_vec(&occurrence).expect("an occurrence serialises to JSON");
    let folder =
        file.parent().map_or(Ok(()), fs::create_dir_all).map_err(|e| FileError::new("writing", file, e));
    folder.and_then(|()| files::replace(file, &bytes)).map_or_else(Came::Forgotten, |()| Came::Sent)
}
