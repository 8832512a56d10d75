//! Two versions of the same files as a unified diff, which `patch` and `git apply` read.

use std::fmt::Write as _;

use drctl_core::span::SourceMap;

use super::palette::{Look, Tone};
use super::text::safe;

/// Lines that are shown around what changes.
const CONTEXT: usize = 2;

/// As many pairs of lines are compared; beyond that all lines between the first and the last change are
/// shown as changed.
const MOST_COMPARED: usize = 4_000_000;

/// The files of `after`, each against the one of the same place in `before`.
pub(crate) fn unified(before: &SourceMap, after: &SourceMap) -> String {
    let mut out = String::new();
    for ((_, old), (_, new)) in before.iter().zip(after.iter()).filter(|((_, a), (_, b))| a.text != b.text) {
        let _ = write!(out, "--- a/{}\n+++ b/{}\n", old.name, new.name);
        let (old, new): (Vec<&str>, Vec<&str>) = (old.text.lines().collect(), new.text.lines().collect());
        for hunk in hunks(&pairs(&old, &new)) {
            out += &written(&old, &new, &hunk);
        }
    }
    out
}

/// What becomes of a line.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    Same(usize, usize),
    Gone(usize),
    Fresh(usize),
}

/// The shortest way from one text to the other, by their longest common lines.
fn pairs(old: &[&str], new: &[&str]) -> Vec<Line> {
    let front = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let room = old.len().min(new.len()) - front;
    let back = old.iter().rev().zip(new.iter().rev()).take(room).take_while(|(a, b)| a == b).count();
    let (a, b) = (&old[front..old.len() - back], &new[front..new.len() - back]);
    if a.len().saturating_mul(b.len()) > MOST_COMPARED {
        let gone = (front..old.len() - back).map(Line::Gone);
        let fresh = (front..new.len() - back).map(Line::Fresh);
        let same = (0..back).map(|n| Line::Same(old.len() - back + n, new.len() - back + n));
        return (0..front).map(|i| Line::Same(i, i)).chain(gone).chain(fresh).chain(same).collect();
    }
    let mut longest = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = match a[i] == b[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let mut lines: Vec<Line> = (0..front).map(|i| Line::Same(i, i)).collect();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push(Line::Same(front + i, front + j));
            (i, j) = (i + 1, j + 1);
        } else if j == b.len() || (i < a.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(Line::Gone(front + i));
            i += 1;
        } else {
            lines.push(Line::Fresh(front + j));
            j += 1;
        }
    }
    lines.extend((0..back).map(|n| Line::Same(old.len() - back + n, new.len() - back + n)));
    lines
}

/// What changes with the lines around it; what is near is shown together.
fn hunks(lines: &[Line]) -> Vec<Vec<Line>> {
    let mut shown = vec![false; lines.len()];
    for (at, line) in lines.iter().enumerate() {
        if !matches!(line, Line::Same(..)) {
            shown[at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(lines.len())].fill(true);
        }
    }
    let parts = lines.iter().zip(shown).collect::<Vec<_>>();
    let parts = parts.chunk_by(|a, b| a.1 == b.1).filter(|part| part[0].1);
    parts.map(|part| part.iter().map(|(line, _)| **line).collect()).collect()
}

fn written(old: &[&str], new: &[&str], hunk: &[Line]) -> String {
    let olds = hunk.iter().filter_map(|l| match l {
        Line::Same(i, _) | Line::Gone(i) => Some(*i),
        Line::Fresh(_) => None,
    });
    let news = hunk.iter().filter_map(|l| match l {
        Line::Same(_, j) | Line::Fresh(j) => Some(*j),
        Line::Gone(_) => None,
    });
    let range = |lines: Vec<usize>| format!("{},{}", lines.first().map_or(0, |l| l + 1), lines.len());
    let mut out = format!("@@ -{} +{} @@\n", range(olds.collect()), range(news.collect()));
    for line in hunk {
        let _ = match line {
            Line::Same(i, _) => writeln!(out, " {}", old[*i]),
            Line::Gone(i) => writeln!(out, "-{}", old[*i]),
            Line::Fresh(j) => writeln!(out, "+{}", new[*j]),
        };
    }
    out
}

/// The same in colours, and safe to print.
pub(crate) fn painted(diff: &str, look: Look) -> String {
    let mut out = String::new();
    for line in diff.lines() {
        let shown = safe(line);
        let _ = match line.as_bytes().first() {
            Some(b'+') => writeln!(out, "{}", look.paint(Tone::Good, &shown)),
            Some(b'-') => writeln!(out, "{}", look.paint(Tone::Bad, &shown)),
            Some(_) | None => writeln!(out, "{shown}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_stands_with_two_lines_around_it() {
        let map = |text: &str| {
            let mut map = SourceMap::default();
            map.add("same", "x\n");
            map.add("f", text);
            map
        };
        let found = unified(&map("1\n2\n3\n4\n5\n6\n7\n8\n9\n"), &map("1\n2\n3\nfour\n5\n6\n7\n8\n9\nten\n"));
        let lines = [
            "--- a/f",
            "+++ b/f",
            "@@ -2,5 +2,5 @@",
            " 2",
            " 3",
            "-4",
            "+four",
            " 5",
            " 6",
            "@@ -8,2 +8,3 @@",
            " 8",
            " 9",
            "+ten",
            "",
        ];
        assert_eq!(found, lines.join("\n"));
        assert_eq!(unified(&map("a\n"), &map("a\n")), "");
    }
}
