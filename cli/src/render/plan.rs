//! A plan for people: protection first, then the rest, then what to do next.

use std::convert::Infallible;
use std::fmt::Write;

use drctl_core::plan::{Action, After, AttributeChange, OutputChange, Plan, ResourceChange};

use super::palette::{Look, Tone};
use super::text::{clip, count, last_seen, safe, width, wrap};
use super::value;
use super::view::{
    Detail, Entry, Section, View, acceptance, done_with, is_done, is_moved, symbol, timing, timing_of,
};

/// Names of unchanged resources that are listed; of the rest only the number.
const MOST_UNCHANGED: usize = 12;
/// Columns that attribute names are aligned to at most.
const NAME_COLUMN: usize = 34;

/// The whole plan.
pub(crate) fn text(view: &View<'_>, look: Look) -> String {
    let mut text = String::new();
    let Ok(()) = pieces(view, look, |piece| {
        text += &piece;
        Ok::<(), Infallible>(())
    });
    text
}

/// The whole plan, piece by piece: the text of a large plan is never held as a whole.
pub(crate) fn pieces<E>(
    view: &View<'_>,
    look: Look,
    mut piece: impl FnMut(String) -> Result<(), E>,
) -> Result<(), E> {
    piece(head(view, look))?;
    for (section, entries) in view.sections() {
        piece(title(section, &entries, look))?;
        for entry in &entries {
            piece(self::entry(view, section, entry, look))?;
        }
    }
    piece(drift(view.plan, look))?;
    piece(outputs(view.plan, look))?;
    piece(unchanged(view.plan, look))?;
    piece(super::objectives::section(&view.plan.objectives, look))?;
    piece(super::findings::section(&view.plan.findings, look))?;
    piece(foot(view, look))
}

/// The changes under one headline.
pub(super) fn section(view: &View<'_>, section: Section, entries: &[Entry<'_>], look: Look) -> String {
    let mut text = title(section, entries, look);
    for entry in entries {
        text += &self::entry(view, section, entry, look);
    }
    text
}

fn title(section: Section, entries: &[Entry<'_>], look: Look) -> String {
    let title = format!("{} {} ({})", section.symbol(), section.title(), entries.len());
    format!("\n{}\n", look.paint(tone(section), &title))
}

fn tone(section: Section) -> Tone {
    match section {
        Section::Weakens | Section::Irreversible | Section::Interrupts => Tone::Bad,
        Section::Unobserved | Section::Warnings | Section::Pending => Tone::Caution,
        Section::Strengthens => Tone::Good,
        Section::Changes => Tone::Strong,
    }
}

/// Who plans where, on what, and whether any of it is real.
fn head(view: &View<'_>, look: Look) -> String {
    let plan = view.plan;
    let mut text = look.paint(Tone::Strong, &format!("drctl plan of {:.0}", plan.timestamp));
    if view.simulated() {
        text += &look.paint(Tone::Caution, "   SIM: a simulated cloud, nothing real is read or changed");
    }
    text.push('\n');
    if let Some(seen) = plan.last_seen {
        let line = wrap("? ", &last_seen(seen, plan.timestamp), look.width);
        text += &format!("{}\n", look.paint(Tone::Caution, &line));
    }
    let names: Vec<String> = plan.providers.keys().map(ToString::to_string).collect();
    let column = names.iter().map(|n| width(n)).max().unwrap_or(0).max(5);
    for (name, (_, head)) in names.iter().zip(&plan.providers) {
        let place = &head.place;
        let or = |value: &Option<String>| value.as_deref().map_or_else(|| "unknown".to_owned(), safe);
        // What is in no region is where its endpoint says.
        let nowhere = place.region.is_none() && place.endpoint.is_some();
        let mut line = match (nowhere, &place.account) {
            (true, Some(account)) => format!("cluster {}", safe(account)),
            (true, None) => "one machine".to_owned(),
            (false, _) => format!("{}, account {}", or(&place.region), or(&place.account)),
        };
        if let Some(caller) = &place.caller {
            line += &format!(", as {}", safe(caller));
        }
        match &place.endpoint {
            _ if head.simulated => line += ", SIM",
            Some(endpoint) => line += &format!(", at {}", safe(endpoint)),
            None => {}
        }
        if let Some(why) = &head.unobserved {
            line += &format!(" ? {}", safe(&why.message));
        }
        let _ = writeln!(text, "{}", wrap(&format!("  {name:column$}  "), &line, look.width));
    }
    let state = match &plan.state {
        Some(state) => format!("serial {} of {}", state.serial, safe(&state.lineage)),
        None => "none yet: everything below is told from what the provider has".to_owned(),
    };
    let _ = writeln!(text, "  {:column$}  {state}", "state");
    if !plan.complete {
        text += &incomplete(view, look);
    }
    text
}

fn incomplete(view: &View<'_>, look: Look) -> String {
    let selection = &view.plan.selection;
    let mut why = Vec::new();
    let unobserved =
        view.sections().iter().find(|(s, _)| *s == Section::Unobserved).map_or(0, |(_, e)| e.len());
    if unobserved > 0 {
        why.push(format!("{} could not be observed", count(unobserved, "resource")));
    }
    if !selection.target.is_empty() {
        why.push("only what `--target` names was planned".to_owned());
    }
    if !selection.exclude.is_empty() {
        why.push("what `--exclude` names was left out".to_owned());
    }
    let why = if why.is_empty() { "not everything was planned".to_owned() } else { why.join("; ") };
    format!(
        "{}\n",
        look.paint(Tone::Caution, &wrap("? ", &format!("This plan is incomplete: {why}."), look.width))
    )
}

fn entry(view: &View<'_>, section: Section, entry: &Entry<'_>, look: Look) -> String {
    let change = entry.change;
    let mut text = headline(view.plan, change, look);
    if entry.detail == Detail::Full {
        if !matches!(change.action, Action::Create | Action::Update | Action::Keep) && !change.why.is_empty()
        {
            let _ = writeln!(text, "{}", wrap("      ", &safe(&change.why), look.width));
        }
        if let Some(why) = &change.unobserved
            && !change.why.contains(&why.message)
        {
            let _ = writeln!(text, "{}", wrap("      ", &safe(&why.message), look.width));
        }
        text += &attributes(&change.attributes, change.action, look);
    }
    for note in &entry.notes {
        let line = format!("{} ({})", safe(&note.reason), safe(&view.about(note, change.action)));
        let mark = effect_mark(note.effect);
        let _ = writeln!(text, "{}", wrap(&format!("      {mark} "), &line, look.width));
        if let Some(help) = &note.help {
            let _ = writeln!(text, "{}", look.paint(Tone::Faint, &wrap("        ", &safe(help), look.width)));
        }
    }
    for missing in view.missing(change, section) {
        let line = format!("      needs --accept {}", acceptance(missing));
        let _ = writeln!(text, "{}", look.paint(Tone::Bad, &line));
    }
    text
}

fn effect_mark(effect: drctl_core::rule::Effect) -> char {
    use drctl_core::rule::Effect;
    match effect {
        Effect::Irreversible => '=',
        Effect::Refuse | Effect::Weakens | Effect::Outage | Effect::Warn => '!',
        Effect::Strengthens => '+',
        Effect::Inform => 'i',
    }
}

/// `  ~ aws_db_instance.main  adopt "main" in eu-west-1`
fn headline(plan: &Plan, change: &ResourceChange, look: Look) -> String {
    let region = plan.providers.get(&change.provider).and_then(|p| p.place.region.as_deref());
    let place = region.map(|r| format!(" in {}", safe(r))).unwrap_or_default();
    let moved = change.previous_address.as_ref().map(|a| format!(", moved from {}", safe(&a.to_string())));
    let id = value::inline(&change.id.0.as_str().into());
    let id = clip(&id, look.width - 6, look.ellipsis());
    let address = safe(&change.address.to_string());
    let moved = moved.unwrap_or_default();
    let (mark, verb) = (symbol(change.action), done_with(change));
    let strong = look.paint(Tone::Strong, &address);
    let line = format!("{verb} {id}{place}{moved}");
    if 4 + width(&address) + 2 + width(&line) <= look.width {
        return format!("  {mark} {strong}  {line}\n");
    }
    format!("  {mark} {strong}  {verb}{place}{moved}\n      {id}\n")
}

/// All attributes, those of one block together under its name.
fn attributes(attributes: &[AttributeChange], action: Action, look: Look) -> String {
    let mut text = String::new();
    let parent = |a: &AttributeChange| a.path.split_last().map(|(_, p)| p.to_vec()).unwrap_or_default();
    for group in attributes.chunk_by(|a, b| parent(a) == parent(b)) {
        let parent = parent(&group[0]);
        let indent = if parent.is_empty() { 4 } else { 6 };
        if !parent.is_empty() {
            let _ = writeln!(text, "      {}", value::path(&parent));
        }
        let names: Vec<String> =
            group.iter().map(|a| a.path.last().map(|n| value::key(n)).unwrap_or_default()).collect();
        let column = names.iter().map(|n| width(n)).max().unwrap_or(0).min(NAME_COLUMN);
        for (name, attribute) in names.iter().zip(group) {
            let name = format!("{name}{}", " ".repeat(column.saturating_sub(width(name))));
            text += &self::attribute((indent, &name), attribute, action, look);
        }
    }
    text
}

/// One attribute: its name, padded, behind an indent.
fn attribute(
    (indent, name): (usize, &str),
    attribute: &AttributeChange,
    action: Action,
    look: Look,
) -> String {
    let (when, mark) = when(attribute, action);
    let lead = format!("{}{mark} {name}", " ".repeat(indent));
    let deeper = " ".repeat(indent + 4);
    let painted = look.paint(Tone::Caution, &when);
    let behind = if when.is_empty() { String::new() } else { format!("  {painted}") };
    if attribute.sensitive {
        let verb = if attribute.before.is_none() { "=" } else { "changes:" };
        return format!("{lead}  {verb} {}{behind}\n", value::SENSITIVE);
    }
    if let Some(lines) = document(attribute) {
        let mut text = format!("{}:{behind}\n", lead.trim_end());
        for (sign, line) in lines {
            let _ = writeln!(text, "{deeper}{}", value::diff_line(sign, &line, look));
        }
        return text;
    }
    let after = value::after(&attribute.after);
    let is_new = attribute.before.is_none() && action == Action::Create;
    let sides = match is_new {
        true => format!("= {after}"),
        false => format!("{} {} {after}", value::before(attribute.before.as_deref()), look.arrow()),
    };
    let room = look.width.saturating_sub(width(&lead) + 2);
    if is_new || width(&sides) + width(&when) + 2 <= room {
        return format!("{lead}  {sides}{behind}\n");
    }
    let below = if when.is_empty() { String::new() } else { format!("{deeper}{painted}\n") };
    if width(&sides) <= room {
        return format!("{lead}  {sides}\n{below}");
    }
    format!(
        "{}\n{deeper}{}\n{deeper}{}\n{below}",
        lead.trim_end(),
        look.paint(Tone::Bad, &format!("- {}", value::before(attribute.before.as_deref()))),
        look.paint(Tone::Good, &format!("+ {after}")),
    )
}

/// When an attribute takes effect, and the mark for it; both blank for at once.
fn when(attribute: &AttributeChange, action: Action) -> (String, char) {
    let text = match &attribute.after {
        After::Pending(pending) => {
            format!("accepted by the provider, in effect {}", timing(&pending.timing)).trim_end().to_owned()
        }
        After::Known(_) | After::Open(_) | After::Unset | After::Unobserved(_) | After::ManagedBy(_) => {
            timing_of(&attribute.timing, action)
        }
    };
    if text.is_empty() { (text, ' ') } else { (format!("@ {text}"), '@') }
}

/// The line difference of a JSON document or a text of several lines.
fn document(attribute: &AttributeChange) -> Option<Vec<(char, String)>> {
    let after = match &attribute.after {
        After::Known(value) => Some(value),
        After::Unset => None,
        After::Open(_) | After::Pending(_) | After::Unobserved(_) | After::ManagedBy(_) => return None,
    };
    let several =
        |v: Option<&drctl_core::value::Value>| v.and_then(|v| v.as_str()).is_some_and(|t| t.contains('\n'));
    (attribute.json || several(attribute.before.as_deref()) || several(after))
        .then(|| value::document_diff(attribute.before.as_deref(), after))
}

/// What somebody changed at the provider since the last apply.
fn drift(plan: &Plan, look: Look) -> String {
    let drifted: Vec<&ResourceChange> = plan.changes.iter().filter(|c| !c.drift.is_empty()).collect();
    if drifted.is_empty() {
        return String::new();
    }
    let title = format!("! CHANGED OUTSIDE OF DRCTL SINCE THE LAST APPLY ({})", drifted.len());
    let mut text = format!("\n{}\n", look.paint(Tone::Caution, &title));
    for change in drifted {
        let _ = writeln!(text, "  {}", look.paint(Tone::Strong, &safe(&change.address.to_string())));
        text += &attributes(&change.drift, Action::Update, look);
    }
    text
}

fn outputs(plan: &Plan, look: Look) -> String {
    let changed: Vec<(&String, &OutputChange)> = plan.outputs.iter().filter(|(_, o)| o.differs()).collect();
    if changed.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", look.paint(Tone::Strong, &format!("OUTPUTS ({})", changed.len())));
    for (name, output) in changed {
        let (sign, value) = match &output.value {
            None => ("- ", output.before.clone()),
            Some(value) => ("  ", value.value()),
        };
        let shown = match (value, &output.value) {
            _ if output.is_sensitive() => value::SENSITIVE.to_owned(),
            (Some(known), _) => value::inline(&known),
            (None, Some(open)) => value::open(open),
            (None, None) => continue,
        };
        let _ = writeln!(text, "  {sign}{} = {shown}", safe(name));
    }
    text
}

fn unchanged(plan: &Plan, look: Look) -> String {
    let kept: Vec<String> = plan
        .changes
        .iter()
        .filter(|c| c.action == Action::Keep && !is_moved(c))
        .map(|c| safe(&c.address.to_string()))
        .collect();
    if kept.is_empty() {
        return String::new();
    }
    let mut names = kept.iter().take(MOST_UNCHANGED).cloned().collect::<Vec<_>>().join(", ");
    if kept.len() > MOST_UNCHANGED {
        names += &format!(" and {} more", kept.len() - MOST_UNCHANGED);
    }
    let line = wrap(&format!(". unchanged ({}): ", kept.len()), &names, look.width);
    format!("\n{}\n", look.paint(Tone::Faint, &line))
}

fn foot(view: &View<'_>, look: Look) -> String {
    let mut text = format!("\n{}\n", look.paint(Tone::Strong, &view.summary()));
    if view.plan.changes.iter().any(is_done) {
        let _ = writeln!(text, "Digest: {}", view.digest());
    }
    if !view.missing.is_empty() {
        let _ = writeln!(text, "Apply will refuse it until a person accepts, knowing what it means:");
        for missing in &view.missing {
            let _ = writeln!(text, "    --accept {}", acceptance(missing));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::palette::{Charset, Colours};
    use crate::render::sample;

    #[test]
    fn a_plan_opens_with_what_it_does_to_protection() {
        let plan = sample::plan();
        insta::assert_snapshot!(text(&sample::view(&plan), Look::PLAIN), @r#"
        drctl plan of 2026-11-21T06:40:00Z   SIM: a simulated cloud, nothing real is read or changed
          aws     eu-west-1, account 000000000000, as arn:aws:iam::000000000000:user/sim, SIM
          aws.dr  eu-west-2, account 000000000000, as arn:aws:iam::000000000000:user/sim, SIM
          state   serial 4 of 3f2a
        ? This plan is incomplete: 1 resource could not be observed.

        ! WEAKENS PROTECTION (2)
          ~ aws_db_instance.main  adopt "main" in eu-west-1
              it exists under this name and is not in the state yet
              backup_retention_period  14 → 3
              master_user_password     = (sensitive)
            @ multi_az                 false → true
                @ in the maintenance window sun:03:00-sun:04:00, next 2026-11-22T03:00:00Z
              ! 11 days of restore points disappear as they age (R3, general knowledge)
                Keep 14 days, or copy the oldest snapshots first.
              i the class stays as it is (R9)
              needs --accept weakens:aws_db_instance.main
          - aws_s3_bucket.old  forget "old" in eu-west-1
              its block is gone; the bucket and what is in it stay at the provider

        = IRREVERSIBLE (1)
          ~ aws_s3_bucket.invoices["eu"]  update "invoices\u{1b}[31m-eu" in eu-west-1
              object_lock
              @ years  not set → 10  @ for new data only
              policy:
                      {
                        "Action": "s3:GetObject",
                -       "Effect": "Allow"
                +       "Effect": "Deny"
                      }
                    ],
              replication.rule."all docs"
                destination  not set → aws_s3_bucket.copy.arn (known after apply: aws_s3_bucket.copy)
              tags
                owner
                  - "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                  + "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
              = object lock in mode COMPLIANCE cannot be switched off or shortened (S4)
              ! what exists already is not locked (S9; for new data only)
              needs --accept 'irreversible:aws_s3_bucket.invoices["eu"]'

        ? UNOBSERVED (1)
          ? aws_s3_bucket.audit  unobserved "audit" in eu-west-1
              reading bucket `audit`: AccessDenied

        + STRENGTHENS (1)
          ~ aws_s3_bucket.invoices["eu"]  update "invoices\u{1b}[31m-eu" in eu-west-1
              + objects are kept for 10 years (S7)

        ~ OTHER CHANGES (1)
          + aws_s3_bucket.copy  create "copy" in eu-west-2
              tags        = { a = "b" }
              versioning  = "Enabled"

        @ PENDING AT THE PROVIDER (1)
          . aws_db_instance.waiting  keep "waiting" in eu-west-1
            @ backup_retention_period  7 → 14
                @ accepted by the provider, in effect in the maintenance window sun:03:00-sun:04:00

        ! CHANGED OUTSIDE OF DRCTL SINCE THE LAST APPLY (1)
          aws_db_instance.waiting
              deletion_protection  true → false

        OUTPUTS (1)
            copy_arn = aws_s3_bucket.copy.arn (known after apply: aws_s3_bucket.copy)

        . unchanged (1): aws_db_instance.waiting

        Plan: 1 to create, 1 to adopt, 1 to update, 1 to forget; 1 unchanged, 1 unobserved.
        Digest: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        Apply will refuse it until a person accepts, knowing what it means:
            --accept weakens:aws_db_instance.main
            --accept 'irreversible:aws_s3_bucket.invoices["eu"]'
        "#);
    }

    #[test]
    fn colours_only_add_to_what_is_said() {
        let plan = sample::plan();
        let view = sample::view(&plan);
        let colourful = text(&view, Look { colours: Colours::Ansi, ..Look::PLAIN });
        let stripped = anstream::adapter::strip_str(&colourful).to_string();
        assert_ne!(colourful, stripped);
        assert_eq!(stripped, text(&view, Look::PLAIN));
        let ascii = text(&view, Look { charset: Charset::Ascii, ..Look::PLAIN });
        assert!(ascii.is_ascii(), "{ascii}");
    }

    #[test]
    fn nothing_to_do_is_said_in_a_few_lines() {
        let plan =
            Plan { changes: Vec::new(), outputs: Default::default(), complete: true, ..sample::plan() };
        insta::assert_snapshot!(text(&sample::view(&plan), Look::PLAIN), @r"
        drctl plan of 2026-11-21T06:40:00Z   SIM: a simulated cloud, nothing real is read or changed
          aws     eu-west-1, account 000000000000, as arn:aws:iam::000000000000:user/sim, SIM
          aws.dr  eu-west-2, account 000000000000, as arn:aws:iam::000000000000:user/sim, SIM
          state   serial 4 of 3f2a

        No changes.
        ");
    }
}
