//! What keeps others out: S28–S31.

use drctl_core::plan::Action;
use drctl_core::rule::{Change, Effect, Note, Timing, World};

use super::super::spec::{Algorithm, PublicAccessBlock, ServerSideEncryption};
use crate::facts::{S28, S29, S30, S31};
use crate::kinds::sides::{Sides, is_removed, sides};
use crate::values::JsonDocument;

/// A deleted bucket's name may be gone.
pub(super) fn s28(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    if change.action != Action::Delete {
        return Vec::new();
    }
    let reason = "the name is free for every account then, and may not come back";
    vec![Note::new(&S28, Effect::Irreversible, "bucket", reason)]
}

/// Turning a public access block off opens a door; while it is on, S3 takes no policy for everybody.
pub(super) fn s29(change: &Change<'_>, _world: &World<'_>) -> Vec<Note> {
    let mut notes: Vec<Note> = refuse_public_policy(change).into_iter().collect();
    notes.extend(doors(change));
    notes
}

/// S3 blocks public policies of new buckets by itself, so that opening one has to be said.
fn refuse_public_policy(change: &Change<'_>) -> Option<Note> {
    const BLOCK: &str = "public_access_block";
    let Sides { after: Some(policy), .. } = sides::<JsonDocument>(change, "policy")? else { return None };
    if !policy.opens_to_everybody() || change.is_open(BLOCK) || is_removed(change, BLOCK) {
        return None;
    }
    let reason = match change.after::<PublicAccessBlock>(BLOCK) {
        Some(block) if !block.block_public_policy => return None,
        Some(_) => "the policy is for everybody, and the public access block refuses such policies",
        None => {
            "the policy is for everybody, and nothing says that the public access block, which S3 sets by \
             itself, lets it in"
        }
    };
    let help = "Name who may come in, or write `block_public_policy = false` in `public_access_block`.";
    Some(Note::new(&S29, Effect::Refuse, "policy", reason).help(help))
}

/// What a change of the block itself opens and closes.
fn doors(change: &Change<'_>) -> Vec<Note> {
    const BLOCK: &str = "public_access_block";
    let Some(sides) = sides::<PublicAccessBlock>(change, BLOCK) else { return Vec::new() };
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
    let (was, will) = (on(sides.before), on(sides.after));
    let turned = |now: bool| {
        let pairs = was.iter().zip(&will).filter(move |((_, was), (_, will))| was != will && *will == now);
        pairs.map(|((name, _), _)| format!("{BLOCK}.{name}")).collect::<Vec<_>>()
    };
    // Said once for all settings that open or close; of several, none is meant alone.
    let note = |effect, settings: Vec<String>, reason: &'static str| match settings.as_slice() {
        [] => None,
        [one] => Some(Note::new(&S29, effect, one.clone(), reason)),
        _several => Some(Note::new(&S29, effect, BLOCK, reason)),
    };
    let opened = note(Effect::Weakens, turned(false), "a policy or ACL can open the bucket to everybody");
    let closed = note(Effect::Strengthens, turned(true), "one way to open the bucket to everybody is closed");
    opened.into_iter().chain(closed).collect()
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
