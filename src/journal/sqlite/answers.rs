//! Answers that are left for a run from another terminal.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::super::chain::seal;
use super::super::entry::Position;
use super::super::store::{LeftAnswer, StoreError};
use super::files::Files;
use super::trouble::sql_trouble;
use super::{open, read, rows};

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Body {
    pos: Position,
    plan: String,
    answer: String,
    by: String,
    at: Timestamp,
    evidence: Vec<String>,
}

impl From<LeftAnswer> for Body {
    fn from(LeftAnswer { pos, plan, answer, by, at, evidence }: LeftAnswer) -> Self {
        Self { pos, plan, answer, by, at, evidence }
    }
}

impl From<Body> for LeftAnswer {
    fn from(Body { pos, plan, answer, by, at, evidence }: Body) -> Self {
        Self { pos, plan, answer, by, at, evidence }
    }
}

/// Bound to its run and its number: an answer that was moved to another one is none.
fn seal_of(run: &str, place: i64, body: &[u8]) -> [u8; 32] {
    seal(&[run.as_bytes(), &place.to_le_bytes(), body])
}

pub(super) fn leave(files: &Files, run: &str, answer: LeftAnswer) -> Result<(), StoreError> {
    let written = |error: rusqlite::Error| sql_trouble("the answer could not be kept", files.database(), &error);
    let mut connection = open::writer(files)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(written)?;
    let row = read::row(&transaction, run, files)?;
    row.check_end(&read::slot(files, row.id)?)?;
    let (above, to) = rows::places(row.id);
    let last = transaction
        .query_row("SELECT max(place) FROM answers WHERE place > ?1 AND place <= ?2", [above, to], |row| {
            row.get::<_, Option<i64>>(0)
        })
        .optional()
        .map_err(written)?;
    let place = last.flatten().unwrap_or(above) + 1;
    let body = serde_json::to_vec(&Body::from(answer)).map_err(|error| row.damaged(0, &error.to_string()))?;
    let seal = seal_of(run, place, &body);
    transaction.execute("INSERT INTO answers VALUES (?1, ?2, ?3)", params![place, body, seal]).map_err(written)?;
    transaction.commit().map_err(written)
}

pub(super) fn left(files: &Files, run: &str) -> Result<Vec<LeftAnswer>, StoreError> {
    let connection = open::reader(files)?;
    let row = read::row(&connection, run, files)?;
    let (above, to) = rows::places(row.id);
    let wrong = || row.damaged(0, "an answer that was left for it is not what was given");
    let trouble = |error: rusqlite::Error| {
        if open::is_damage(&error) {
            return wrong();
        }
        sql_trouble("the journal cannot be read", files.database(), &error)
    };
    let mut sql = connection
        .prepare("SELECT place, body, seal FROM answers WHERE place > ?1 AND place <= ?2 ORDER BY place")
        .map_err(trouble)?;
    let rows = sql.query_map([above, to], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; 32]>(2)?))
    });
    let mut answers = Vec::new();
    for (number, found) in (above + 1..).zip(rows.map_err(trouble)?) {
        let (place, body, seal) = found.map_err(trouble)?;
        if place != number || seal != seal_of(run, place, &body) {
            return Err(wrong());
        }
        answers.push(serde_json::from_slice::<Body>(&body).map_err(|_| wrong())?.into());
    }
    Ok(answers)
}
