//! The configuration file of pgBackRest: sections with one option a line. What drctl does not manage stays
//! as it is, byte for byte.

/// A line, and where it stands.
struct Line<'t> {
    text: &'t str,
    start: usize,
    /// With its end of line.
    end: usize,
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |whole| {
        let line = Line { text: whole.trim(), start, end: start + whole.len() };
        start = line.end;
        line
    })
}

/// The section that a line opens.
fn opens<'t>(line: &Line<'t>) -> Option<&'t str> {
    line.text.strip_prefix('[')?.strip_suffix(']')
}

/// The option that a line sets.
fn sets<'t>(line: &Line<'t>) -> Option<(&'t str, &'t str)> {
    if line.text.starts_with('#') || line.text.starts_with('[') {
        return None;
    }
    let (name, value) = line.text.split_once('=')?;
    Some((name.trim(), value.trim()))
}

/// The lines of all sections of that name, their heads included.
fn section<'t>(text: &'t str, name: &str) -> Vec<Line<'t>> {
    let mut inside = false;
    lines(text)
        .filter(|line| {
            if let Some(opened) = opens(line) {
                inside = opened == name;
            }
            inside
        })
        .collect()
}

/// Whether there is a section of that name.
pub(crate) fn has_section(text: &str, name: &str) -> bool {
    !section(text, name).is_empty()
}

/// What an option is set to in a section.
pub(crate) fn get<'t>(text: &'t str, name: &str, option: &str) -> Option<&'t str> {
    let found = section(text, name).iter().filter_map(sets).find(|(name, _)| *name == option);
    found.map(|(_, value)| value)
}

/// The text in which the option is set in that section, or with none is not.
pub(crate) fn with(text: &str, name: &str, option: &str, value: Option<&str>) -> String {
    let inside = section(text, name);
    let line = value.map(|value| format!("{option}={value}\n"));
    let there: Vec<&Line<'_>> =
        inside.iter().filter(|l| sets(l).is_some_and(|(name, _)| name == option)).collect();
    let mut changed = text.to_owned();
    if let Some(first) = there.first() {
        for again in there.iter().skip(1).rev() {
            changed.replace_range(again.start..again.end, "");
        }
        changed.replace_range(first.start..first.end, line.as_deref().unwrap_or(""));
        return changed;
    }
    let Some(line) = line else { return changed };
    // After the last option, before the lines that set the next section apart.
    let last = inside.iter().rev().find(|l| sets(l).is_some() || opens(l).is_some());
    match last {
        Some(last) => {
            let unended = !text[last.start..last.end].ends_with('\n');
            changed.insert_str(last.end, &format!("{}{line}", if unended { "\n" } else { "" }));
        }
        None => {
            if !changed.is_empty() && !changed.ends_with('\n') {
                changed.push('\n');
            }
            let gap = if changed.is_empty() { "" } else { "\n" };
            changed.push_str(&format!("{gap}[{name}]\n{line}"));
        }
    }
    changed
}

/// The text without the head of a section in which nothing is set any more.
pub(crate) fn without_empty(text: &str, name: &str) -> String {
    let inside = section(text, name);
    if inside.iter().any(|line| opens(line).is_none() && !line.text.is_empty()) {
        return text.to_owned();
    }
    let mut changed = text.to_owned();
    for line in inside.iter().rev() {
        changed.replace_range(line.start..line.end, "");
    }
    changed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# ours\r\n[global]\nrepo1-path = /var/lib\n\n[main]\npg1-path=/data\n# end\n\n[other]\npg1-path=/other";

    #[test]
    fn an_option_is_set_where_it_stands_and_the_rest_stays() {
        assert_eq!(get(FILE, "main", "pg1-path"), Some("/data"));
        assert_eq!(get(FILE, "global", "repo1-path"), Some("/var/lib"));
        assert_eq!(get(FILE, "absent", "pg1-path"), None);
        assert_eq!(
            with(FILE, "main", "pg1-path", Some("/new")),
            FILE.replacen("pg1-path=/data", "pg1-path=/new", 1)
        );
        assert_eq!(
            with(FILE, "main", "pg1-port", Some("5433")),
            FILE.replacen("pg1-path=/data\n", "pg1-path=/data\npg1-port=5433\n", 1)
        );
        assert_eq!(with(FILE, "other", "pg1-port", Some("1")), format!("{FILE}\npg1-port=1\n"));
        assert_eq!(with(FILE, "new", "a", Some("b")), format!("{FILE}\n\n[new]\na=b\n"));
        assert_eq!(with("", "new", "a", Some("b")), "[new]\na=b\n");
    }

    #[test]
    fn a_section_goes_with_its_last_option() {
        let emptied = with("[a]\nx=1\n\n[b]\ny=2\n", "a", "x", None);
        assert_eq!(without_empty(&emptied, "a"), "[b]\ny=2\n");
        assert_eq!(without_empty("[a]\n# why\n", "a"), "[a]\n# why\n");
    }

    proptest! {
        #[test]
        fn setting_changes_that_option_alone(
            text in "([a-c#\\[\\]= \n]|\\[[ab]\\]\n|[ab]=[cd]?\n){0,30}",
            section in "[ab]", option in "[ab]", value in prop::option::of("[c-e]{1,3}"),
        ) {
            let changed = with(&text, &section, &option, value.as_deref());
            prop_assert_eq!(get(&changed, &section, &option), value.as_deref());
            for (s, o) in [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")] {
                if (s, o) != (section.as_str(), option.as_str()) {
                    prop_assert_eq!(get(&changed, s, o), get(&text, s, o), "{}", changed);
                }
            }
            prop_assert_eq!(with(&changed, &section, &option, value.as_deref()), changed);
        }
    }
}
