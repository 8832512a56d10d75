//! What keeps others out: S28–S31.

use drctl_core::plan::Action;
use drctl_core::rule::{Change, Effect, Note, Timing, World};

use super::super::spec::{Algorithm, PublicAccessBlock, ServerSideEncryption};
use crate::facts::{S28, S29, S30, S31};
use crate::kinds::sides::{Sides, sides};
use crate::values::JsonDocument;

/// A deleted bucket's name may be gone.
pub(super) fn s28(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if change.action != Action::Delete {
        return Vec::new();
    }
    let reason = "the name is free for every account then, and may not come back";
    vec![Note::new(&S28, Effect::Irreversible, "bucket", reason)]
}

/// Turning a public access block off opens a door.
pub(super) fn s29(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(sides) = sides::<PublicAccessBlock>(change, "public_access_block") else { return Vec::new() };
    let on = |block: Option<PublicAccessBlock>| {
        let PublicAccessBlock {
            block_public_acls,
            ignore_public_acls,
            block_public_policy,
            restrict_public_buckets,
        } = block.unwrap_or_default();
        [
            ("block_public_acls", block_public_acls),
            ("ignore_public_acls", ignore_public_acls),
            ("block_public_policy", block_public_policy),
            ("restrict_public_buckets", restrict_public_buckets),
        ]
    };
    let both = on(sides.before).into_iter().zip(on(sides.after));
    both.filter(|((_, was), (_, will))| was != will)
        .map(|((name, _), (_, will))| {
            let attribute = format!("public_access_block.{name}");
            if will {
                Note::new(
                    &S29,
                    Effect::Strengthens,
                    &attribute,
                    "one way to open the bucket to everybody is closed",
                )
            } else {
                Note::new(
                    &S29,
                    Effect::Weakens,
                    &attribute,
                    "a policy or ACL can open the bucket to everybody",
                )
            }
        })
        .collect()
}

/// Default encryption is for new objects; a key that is lost takes them along.
pub(super) fn s30(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after }) = sides::<ServerSideEncryption>(change, "server_side_encryption")
    else {
        return Vec::new();
    };
    let is_kms =
        |e: &Option<ServerSideEncryption>| e.as_ref().is_some_and(|e| e.sse_algorithm != Algorithm::Aes256);
    let key = |e: &Option<ServerSideEncryption>| e.as_ref().and_then(|e| e.kms_master_key_id.clone());
    let (effect, reason) = match (is_kms(&before), is_kms(&after)) {
        (true, false) => {
            (Effect::Weakens, "objects written from now on can be read without the KMS key".to_owned())
        }
        (false, true) => (
            Effect::Strengthens,
            "objects written from now on need the KMS key; whoever loses the key loses them".to_owned(),
        ),
        (true, true) if key(&before) != key(&after) => (
            Effect::Inform,
            "objects written from now on need another key; keep the old one for the rest".to_owned(),
        ),
        (true, true) | (false, false) => {
            (Effect::Inform, "objects already there keep the encryption they were written with".to_owned())
        }
    };
    vec![Note::new(&S30, effect, "server_side_encryption", reason).timing(Timing::NewDataOnly)]
}

/// A Deny that goes leaves its prohibition open.
pub(super) fn s31(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let Some(Sides { before, after }) = sides::<JsonDocument>(change, "policy") else { return Vec::new() };
    let count = |p: &Option<JsonDocument>| p.as_ref().map_or(0, JsonDocument::denials);
    let (was, will) = (count(&before), count(&after));
    let note = if will < was {
        let reason = format!("{} of {was} statements that deny something are gone", was - will);
        Note::new(&S31, Effect::Weakens, "policy", reason)
    } else if will > was {
        let reason = format!("{} more statements deny something, to administrators too", will - was);
        Note::new(&S31, Effect::Strengthens, "policy", reason)
    } else if was > 0 {
        let reason = "a policy that denies something changes: read the difference";
        Note::new(&S31, Effect::Warn, "policy", reason)
    } else {
        return Vec::new();
    };
    vec![note]
}
