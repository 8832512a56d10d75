//! The rows of an answer, as values of the language.

use std::collections::BTreeMap;
use std::pin::pin;

use drctl_core::value::Value;
use futures_util::StreamExt;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::statements::statements;
use crate::output::{MAX_BYTES, beginning};

/// How many rows are kept. Conditions are about few; whoever wants to count has the server count.
const MAX_ROWS: usize = 1_000;

/// How many rows are shown.
const SHOWN_ROWS: usize = 20;

/// How many characters of a row are shown.
const SHOWN_CHARS: usize = 300;

/// How many statements from the end are looked at for the one whose rows they are.
const LOOK_BACK: usize = 16;

/// The answer of the last statement that had rows, or how many rows the last one touched.
#[derive(Default)]
pub(crate) struct Rows {
    columns: Vec<String>,
    types: Vec<Option<Type>>,
    rows: Vec<Vec<Option<String>>>,
    bytes: usize,
    /// How many there were.
    count: u64,
    touched: u64,
}

/// Asks, and gathers what is answered.
pub(crate) async fn gather(client: &Client, text: &str) -> Result<Rows, tokio_postgres::Error> {
    let mut rows = Rows::default();
    let mut answers = pin!(client.simple_query_raw(text).await?);
    while let Some(answer) = answers.next().await {
        match answer? {
            SimpleQueryMessage::RowDescription(columns) => {
                let columns = distinct(columns.iter().map(|column| column.name().to_owned()));
                rows = Rows { columns, touched: rows.touched, ..Rows::default() };
            }
            SimpleQueryMessage::Row(row) => {
                rows.take((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
            }
            SimpleQueryMessage::CommandComplete(touched) => rows.touched = touched,
            _ => {}
        }
    }
    if !rows.rows.is_empty() {
        rows.types = types(client, text, &rows.columns).await;
    }
    Ok(rows)
}

/// Rows come as text. Which of it is a number only the server knows, and says so when it is asked to
/// prepare the statement. Where it cannot, all stays text.
async fn types(client: &Client, text: &str, columns: &[String]) -> Vec<Option<Type>> {
    for statement in statements(text).iter().rev().take(LOOK_BACK) {
        let Ok(prepared) = client.prepare(statement).await else { continue };
        let names = distinct(prepared.columns().iter().map(|column| column.name().to_owned()));
        if names == columns {
            return prepared.columns().iter().map(|column| Some(column.type_().clone())).collect();
        }
    }
    vec![None; columns.len()]
}

/// The names, the second `n` as `n_2`.
fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let again = (2..).map(|n| format!("{name}_{n}"));
        let free = std::iter::once(name.clone()).chain(again).find(|name| !taken.contains(name));
        taken.extend(free);
    }
    taken
}

impl Rows {
    fn take(&mut self, row: Vec<Option<String>>) {
        self.count += 1;
        self.bytes += row.iter().flatten().map(String::len).sum::<usize>();
        if self.rows.len() < MAX_ROWS && self.bytes <= MAX_BYTES {
            self.rows.push(row);
        }
    }

    /// What conditions call `self`: the rows that are kept, and how many there were.
    pub(crate) fn value(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            let named = self.columns.iter().zip(row).enumerate();
            let named = named.map(|(at, (name, text))| (name.clone(), value(self.types.get(at), text)));
            Value::Object(named.collect())
        });
        let count = i64::try_from(self.count).unwrap_or(i64::MAX);
        let parts = [("rows".to_owned(), Value::List(rows.collect())), ("count".to_owned(), count.into())];
        Value::Object(BTreeMap::from(parts))
    }

    /// The first rows, for people.
    pub(crate) fn said(&self) -> String {
        if self.columns.is_empty() {
            return match self.touched {
                0 => "done".to_owned(),
                1 => "done: 1 row".to_owned(),
                n => format!("done: {n} rows"),
            };
        }
        let mut lines: Vec<String> = self.rows.iter().take(SHOWN_ROWS).map(|row| self.line(row)).collect();
        let shown = lines.len() as u64;
        match self.count - shown {
            0 if shown == 0 => lines.push("no rows".to_owned()),
            0 => {}
            n => lines.push(format!("and {n} more; {} of {} are kept", self.rows.len(), self.count)),
        }
        lines.join("\n")
    }

    fn line(&self, row: &[Option<String>]) -> String {
        let cells = self.columns.iter().zip(row);
        let cells = cells.map(|(name, text)| format!("{name} = {}", text.as_deref().unwrap_or("null")));
        beginning(&cells.collect::<Vec<_>>().join(", ").replace(['\n', '\r'], " "), SHOWN_CHARS).into_owned()
    }
}

fn value(of: Option<&Option<Type>>, text: &Option<String>) -> Value {
    let Some(text) = text else { return Value::Null };
    let as_text = || Value::from(text.as_str());
    match of.and_then(Option::as_ref) {
        Some(
            &(Type::INT2 | Type::INT4 | Type::INT8 | Type::OID | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC),
        ) => {
            // `NaN` and `Infinity` are no numbers of the language.
            text.parse().map_or_else(|()| as_text(), Value::Number)
        }
        Some(&Type::BOOL) => Value::Bool(text == "t"),
        Some(_) | None => as_text(),
    }
}
