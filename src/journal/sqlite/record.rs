//! A record as its run sees it: it only sends.

use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::super::entry::Entry;
use super::super::store::{JournalError, Record, StoreError};
use super::trouble::unusable;
use super::writer::{Broken, Held, Message, Writer};
use crate::host::LocalFuture;

/// See the module.
pub(super) struct SqliteRecord {
    /// `None` once it is dropped.
    outbox: Option<Sender<Message>>,
    writer: Option<JoinHandle<()>>,
    broken: Broken,
    fence: u64,
}

impl SqliteRecord {
    /// Starts the writer of a record.
    pub(super) fn start(held: Held) -> Result<Rc<dyn Record>, StoreError> {
        let fence = u64::try_from(held.row.fence).unwrap_or(0);
        let broken: Broken = Arc::new(OnceLock::new());
        let (outbox, inbox) = channel();
        let writer = Writer::new(held, Arc::clone(&broken));
        let writer = std::thread::Builder::new().name("journal".into()).spawn(move || writer.run(&inbox));
        let writer =
            writer.map_err(|error| unusable(format!("the system has no room for the journal: {error}"), None))?;
        Ok(Rc::new(Self { outbox: Some(outbox), writer: Some(writer), broken, fence }))
    }

    fn send(&self, message: Message) -> Result<(), JournalError> {
        if let Some(error) = self.broken.get() {
            return Err(error.clone());
        }
        match &self.outbox {
            Some(outbox) => outbox.send(message).map_err(|_| gone()),
            None => Err(gone()),
        }
    }
}

fn gone() -> JournalError {
    JournalError { reason: "its writer ended before its time".into() }
}

impl Record for SqliteRecord {
    fn write(&self, entry: Entry) -> LocalFuture<'_, Result<(), JournalError>> {
        if !entry.event.must_be_durable() {
            let sent = self.send(Message::Note(Box::new(entry)));
            return Box::pin(std::future::ready(sent));
        }
        let (answer, answered) = oneshot::channel();
        let sent = self.send(Message::Write(Box::new(entry), answer));
        Box::pin(async move {
            sent?;
            answered.await.unwrap_or_else(|_| Err(gone()))
        })
    }

    fn note(&self, entry: Entry) {
        // What goes wrong is told by the next write.
        let _ = self.send(Message::Note(Box::new(entry)));
    }

    fn fence(&self) -> u64 {
        self.fence
    }
}

impl Drop for SqliteRecord {
    /// Waits for what was noted to be written, and for the hold to be released.
    fn drop(&mut self) {
        self.outbox = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}
