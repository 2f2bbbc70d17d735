//! Entries made by hand, and short ways to a store.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use rbk::catalog::Effect;
use rbk::journal::entry::{Ended, Ending, Entry, Position, Recorded, Started};
use rbk::journal::store::{Record, Store, StoreError, StoredSource};

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn at(seconds: i64, event: Recorded) -> Entry {
    Entry { at: jiff::Timestamp::from_second(1_780_000_000 + seconds).unwrap(), event }
}

pub(crate) fn pos(at: u32) -> Position {
    Position { line: "0".into(), at }
}

pub(crate) fn started(run: &str, lock: Option<&str>) -> Entry {
    at(
        0,
        Recorded::Started(Box::new(Started {
            run: run.into(),
            title: format!("Deploy {run}"),
            file: "deploy.rbk".into(),
            environment: Some("prod".into()),
            actor: "ada".into(),
            host: "web-1".into(),
            cwd: "/srv".into(),
            version: "0.1.0".into(),
            plan: "p".repeat(64),
            params: Vec::new(),
            from: None,
            until: None,
            only: Vec::new(),
            on_fail: "stop".into(),
            yes: false,
            approve: Vec::new(),
            stepped: false,
            answers: Vec::new(),
            lock: lock.map(Into::into),
        })),
    )
}

pub(crate) fn intent(number: u32) -> Entry {
    intent_at(pos(number))
}

pub(crate) fn intent_at(pos: Position) -> Entry {
    at(
        i64::from(pos.at),
        Recorded::Intent {
            path: vec!["Deploy".into(), format!("step {}", pos.at).into()],
            attempt: 1,
            action: "$".into(),
            summary: format!("$ deploy {}", pos.at),
            arguments: "a".repeat(64),
            class: Effect::Changes,
            key: format!("key-{}", pos.at),
            repeatable: false,
            armed: Vec::new(),
            before: None,
            pos,
        },
    )
}

pub(crate) fn outcome(number: u32, ending: Ending) -> Entry {
    at(i64::from(number) + 1, Recorded::Outcome { pos: pos(number), ending, value: None, armed: Vec::new() })
}

pub(crate) fn note(number: u32, text: &str) -> Entry {
    at(i64::from(number), Recorded::Noted { pos: pos(number), text: text.into(), warning: false })
}

pub(crate) fn resumed() -> Entry {
    at(500, Recorded::Resumed { by: "grace".into(), how: "resume".into(), forgets: Vec::new(), sources: Vec::new() })
}

pub(crate) fn ended(status: &str) -> Entry {
    at(
        1000,
        Recorded::Ended(Box::new(Ended {
            status: status.into(),
            failure: None,
            reason: None,
            elapsed: Duration::from_secs(3),
            armed: Vec::new(),
            without_inverse: Vec::new(),
            in_doubt: Vec::new(),
        })),
    )
}

pub(crate) fn source(name: &str, text: &str) -> StoredSource {
    StoredSource { name: name.into(), path: format!("/srv/{name}"), text: text.into() }
}

pub(crate) async fn begin(store: &dyn Store, run: &str) -> Rc<dyn Record> {
    store.begin(&started(run, None), &[]).await.unwrap()
}

/// All entries, as JSON: what was written is what is read.
pub(crate) async fn read(store: &dyn Store, run: &str) -> Result<Vec<String>, StoreError> {
    let mut entries = Vec::new();
    store
        .entries(run, &mut |number, entry| {
            assert_eq!(number, entries.len() as u64 + 1);
            entries.push(json(&entry));
            true
        })
        .await?;
    Ok(entries)
}

pub(crate) fn json(entry: &Entry) -> String {
    serde_json::to_string(entry).unwrap()
}
