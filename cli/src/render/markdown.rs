//! A plan for a pull request: worst first, within what a comment may hold, everything that comes
//! from elsewhere escaped.

use std::fmt::Write;

use drctl_core::plan::{Action, After, AttributeChange};

use super::text::{last_seen, safe};
use super::value;
use super::view::{Detail, Entry, Section, View, acceptance, timing, timing_of, verb};

/// Characters a comment may have; GitHub refuses more than 65,536.
pub(super) const BUDGET: usize = 60_000;
/// Characters kept back for the counts of what was left out and the foot.
const RESERVE: usize = 4_000;

/// The whole comment.
pub(crate) fn plan(view: &View<'_>) -> String {
    plan_within(view, BUDGET)
}

/// The whole plan in so many characters.
pub(super) fn plan_within(view: &View<'_>, budget: usize) -> String {
    let mut text = head(view)
        + &super::objectives::markdown(&view.plan.objectives)
        + &super::findings::markdown(&view.plan.findings);
    let foot = foot(view);
    let budget = budget.saturating_sub(RESERVE + foot.chars().count());
    let used = text.chars().count();
    text += &sections(view, view.sections(), (used, budget), "drctl show");
    text + &foot
}

/// The sections, each as far as it fits; `whole` is the command that leaves nothing out.
pub(super) fn sections(
    view: &View<'_>,
    sections: Vec<(Section, Vec<Entry<'_>>)>,
    (mut used, budget): (usize, usize),
    whole: &str,
) -> String {
    let mut text = String::new();
    for (section, entries) in sections {
        let title = format!("\n### {} {} ({})\n\n", section.symbol(), section.title(), entries.len());
        used += title.chars().count();
        text += &title;
        let mut left_out = 0;
        for entry in &entries {
            let piece = self::entry(view, section, entry);
            let length = piece.chars().count();
            if used + length > budget {
                left_out += 1;
                continue;
            }
            used += length;
            text += &piece;
        }
        if left_out > 0 {
            let _ = writeln!(text, "\n{left_out} more left out for length: `{whole}` has them all.");
        }
    }
    text
}

fn head(view: &View<'_>) -> String {
    let plan = view.plan;
    let mut text = format!("<!-- drctl plan sha256={} -->\n", view.digest());
    let of = |wanted: Section| {
        view.sections().iter().find(|(s, _)| *s == wanted).map_or(0, |(_, entries)| entries.len())
    };
    let mut verdict = Vec::new();
    for (section, words) in [
        (Section::Weakens, "weaken protection"),
        (Section::Irreversible, "cannot be undone"),
        (Section::Interrupts, "interrupt service"),
        (Section::Unobserved, "could not be observed"),
    ] {
        if of(section) > 0 {
            verdict.push(format!("**{} {words}**", of(section)));
        }
    }
    let verdict =
        if verdict.is_empty() { "nothing weakens protection".to_owned() } else { verdict.join(", ") };
    let _ = writeln!(text, "## drctl plan: {verdict}\n\n{}", view.summary());
    if view.simulated() {
        text += "\n**SIM**: a simulated cloud; nothing real was read.\n";
    }
    if let Some(seen) = plan.last_seen {
        let _ = writeln!(text, "\n**{}**", escape(&last_seen(seen, plan.timestamp)));
    }
    if !plan.complete {
        text += "\n**Incomplete**: not everything was observed or planned.\n";
    }
    text += "\n| provider | region | account | caller |\n|---|---|---|---|\n";
    for (name, head) in &plan.providers {
        let cell = |v: &Option<String>| v.as_deref().map_or_else(|| "unknown".to_owned(), code);
        let sim = if head.simulated { " SIM" } else { "" };
        let place = &head.place;
        let _ = writeln!(
            text,
            "| {}{sim} | {} | {} | {} |",
            code(&name.to_string()),
            cell(&place.region),
            cell(&place.account),
            cell(&place.caller),
        );
    }
    text
}

fn entry(view: &View<'_>, section: Section, entry: &Entry<'_>) -> String {
    let change = entry.change;
    let mut text =
        format!("- {} {} {}", code(&change.address.to_string()), verb(change.action), code(&change.id.0));
    text.push('\n');
    for note in &entry.notes {
        let about = view.about(note, change.action);
        let _ = writeln!(text, "  - {} ({})", escape(&note.reason), escape(&about));
        if let Some(help) = &note.help {
            let _ = writeln!(text, "    {}", escape(help));
        }
    }
    if entry.detail == Detail::Full {
        if !change.why.is_empty() {
            let _ = writeln!(text, "  - {}", escape(&change.why));
        }
        if let Some(why) = &change.unobserved {
            let _ = writeln!(text, "  - {}", escape(&why.message));
        }
        text += &attributes(&change.attributes, change.action);
    }
    for missing in view.missing(change, section) {
        let _ = writeln!(text, "  - needs {}", code(&format!("--accept {}", acceptance(missing))));
    }
    text
}

/// The attributes as a folded difference.
fn attributes(attributes: &[AttributeChange], action: Action) -> String {
    if attributes.is_empty() {
        return String::new();
    }
    let mut lines = String::new();
    for attribute in attributes {
        let name = value::path(&attribute.path);
        let when = match &attribute.after {
            After::Pending(pending) => format!("accepted already, {}", timing(&pending.timing)),
            _ => timing_of(&attribute.timing, action),
        };
        let when = if when.is_empty() { String::new() } else { format!("   @ {when}") };
        if attribute.sensitive {
            let _ = writeln!(lines, "  {name} = {}{when}", value::SENSITIVE);
            continue;
        }
        if attribute.json {
            let after = match &attribute.after {
                After::Known(value) => Some(value),
                After::Open(_)
                | After::Unset
                | After::Pending(_)
                | After::Unobserved(_)
                | After::ManagedBy(_) => None,
            };
            let _ = writeln!(lines, "  {name}:{when}");
            for (sign, line) in value::document_diff(attribute.before.as_deref(), after) {
                let _ = writeln!(lines, "{sign}     {line}");
            }
            continue;
        }
        if let Some(before) = &attribute.before {
            let _ = writeln!(lines, "- {name} = {}", value::inline(before));
        }
        let sign = if matches!(attribute.after, After::Unset) { '-' } else { '+' };
        let _ = writeln!(lines, "{sign} {name} = {}{when}", value::after(&attribute.after));
    }
    let fence = fence(&lines);
    let indented: String = lines.lines().map(|l| format!("  {l}\n")).collect();
    format!(
        "\n  <details><summary>attributes ({})</summary>\n\n  {fence}diff\n{indented}  {fence}\n\n  </details>\n\n",
        attributes.len()
    )
}

fn foot(view: &View<'_>) -> String {
    let mut text = String::from("\n---\n");
    if !view.missing.is_empty() {
        let _ = writeln!(
            text,
            "Apply refuses this plan until a person accepts {} of its changes.\n",
            view.missing.len()
        );
    }
    let _ = writeln!(
        text,
        "`drctl apply --expect-digest {}` applies exactly this plan or refuses.",
        view.digest()
    );
    text
}

/// Characters that a table takes at most: what changes has to fit beside it.
const TABLE: usize = 14_000;

/// Adds the rows of a table as far as they fit, at most so many; how many were left out.
pub(super) fn within(text: &mut String, rows: impl ExactSizeIterator<Item = String>, most: usize) -> usize {
    let (all, mut used) = (rows.len(), 0);
    for (i, row) in rows.enumerate() {
        used += row.chars().count();
        if i == most || used > TABLE {
            return all - i;
        }
        text.push_str(&row);
    }
    0
}

/// A fence that nothing in the text can close.
pub(super) fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The text as inline code, whatever is in it.
pub(super) fn code(text: &str) -> String {
    let text = safe(text).replace('|', "\\|");
    if !text.contains('`') {
        return format!("`{text}`");
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    format!("{fence} {text} {fence}")
}

/// The text without any meaning in Markdown or HTML, and without names that notify people.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in safe(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '@' => escaped.push_str("&#64;"),
            '#' => escaped.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;
    use drctl_core::findings::Placed;
    use drctl_core::objective::Judgement;

    #[test]
    fn a_comment_says_the_worst_first() {
        let plan = sample::plan();
        let text = super::plan(&sample::view(&plan));
        assert!(!text.contains("hunter2"));
        insta::assert_snapshot!(text, @r#"
        <!-- drctl plan sha256=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef -->
        ## drctl plan: **2 weaken protection**, **1 cannot be undone**, **1 could not be observed**

        Plan: 1 to create, 1 to adopt, 1 to update, 1 to forget; 1 unchanged, 1 unobserved.

        **SIM**: a simulated cloud; nothing real was read.

        **Incomplete**: not everything was observed or planned.

        | provider | region | account | caller |
        |---|---|---|---|
        | `aws` SIM | `eu-west-1` | `000000000000` | `arn:aws:iam::000000000000:user/sim` |
        | `aws.dr` SIM | `eu-west-2` | `000000000000` | `arn:aws:iam::000000000000:user/sim` |

        ### ! WEAKENS PROTECTION (2)

        - `aws_db_instance.main` adopt `main`
          - 11 days of restore points disappear as they age (R3, general knowledge)
            Keep 14 days, or copy the oldest snapshots first.
          - the class stays as it is (R9)
          - it exists under this name and is not in the state yet

          <details><summary>attributes (3)</summary>

          ```diff
          - backup_retention_period = 14
          + backup_retention_period = 3
            master_user_password = (sensitive)
          - multi_az = false
          + multi_az = true   @ in the maintenance window sun:03:00-sun:04:00, next 2026-11-22T03:00:00Z
          ```

          </details>

          - needs `--accept weakens:aws_db_instance.main`
        - `aws_s3_bucket.old` forget `old`
          - its block is gone; the bucket and what is in it stay at the provider

        ### = IRREVERSIBLE (1)

        - `aws_s3_bucket.invoices["eu"]` update `invoices\u{1b}[31m-eu`
          - object lock in mode COMPLIANCE cannot be switched off or shortened (S4)
          - what exists already is not locked (S9; for new data only)

          <details><summary>attributes (4)</summary>

          ```diff
          + object_lock.years = 10   @ for new data only
            policy:
                    {
                      "Action": "s3:GetObject",
          -           "Effect": "Allow"
          +           "Effect": "Deny"
                    }
                  ],
          + replication.rule."all docs".destination = aws_s3_bucket.copy.arn (known after apply: aws_s3_bucket.copy)
          - tags.owner = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          + tags.owner = "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
          ```

          </details>

          - needs `--accept 'irreversible:aws_s3_bucket.invoices["eu"]'`

        ### ? UNOBSERVED (1)

        - `aws_s3_bucket.audit` unobserved `audit`
          - reading bucket \`audit\`: AccessDenied

        ### + STRENGTHENS (1)

        - `aws_s3_bucket.invoices["eu"]` update `invoices\u{1b}[31m-eu`
          - objects are kept for 10 years (S7)

        ### ~ OTHER CHANGES (1)

        - `aws_s3_bucket.copy` create `copy`

          <details><summary>attributes (2)</summary>

          ```diff
          + tags = { a = "b" }
          + versioning = "Enabled"
          ```

          </details>


        ### @ PENDING AT THE PROVIDER (1)

        - `aws_db_instance.waiting` keep `waiting`

          <details><summary>attributes (1)</summary>

          ```diff
          - backup_retention_period = 7
          + backup_retention_period = 14   @ accepted already, in the maintenance window sun:03:00-sun:04:00
          ```

          </details>


        ---
        Apply refuses this plan until a person accepts 2 of its changes.

        `drctl apply --expect-digest 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef` applies exactly this plan or refuses.
        "#);
    }

    #[test]
    fn a_long_plan_is_cut_with_a_count_and_keeps_its_foot() {
        let mut plan = sample::plan();
        let change = plan.changes[3].clone();
        plan.changes.extend((0..2000).map(|_| change.clone()));
        let text = super::plan(&sample::view(&plan));
        assert!(text.chars().count() <= BUDGET);
        assert!(text.contains(" more left out for length"));
        assert!(text.trim_end().ends_with("applies exactly this plan or refuses."));
        assert!(text.contains("WEAKENS PROTECTION (2)"));
    }

    #[test]
    fn objectives_and_findings_of_any_length_leave_room() {
        let mut plan = sample::plan();
        let long = "&\u{200b}".repeat(5_000);
        let judged = Judgement { subject: long.clone(), ..sample::judgement() };
        plan.objectives = vec![judged; 500];
        plan.findings = vec![Placed { address: long.clone(), summary: long, ..sample::finding() }; 500];
        plan.changes.extend(vec![plan.changes[3].clone(); 2000]);
        let text = super::plan(&sample::view(&plan));
        assert!(text.chars().count() <= BUDGET);
        assert!(text.contains("WEAKENS PROTECTION (2)"));
        assert!(text.contains(" more: `drctl matrix`") && text.contains(" more: `drctl findings`"));
    }

    #[test]
    fn nothing_from_elsewhere_has_a_meaning_in_markdown() {
        assert_eq!(
            escape("</details> @all [x](y) `z` #1"),
            "&lt;/details&gt; &#64;all \\[x\\](y) \\`z\\` &#35;1"
        );
        assert_eq!(code("a``b"), "``` a``b ```");
        assert_eq!(fence("```` x"), "`````");
    }
}
