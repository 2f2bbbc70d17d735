//! A message, and the server that takes it.

use std::time::Duration;

/// A message on its way out.
#[derive(Clone, Debug)]
pub struct MailRequest {
    /// `smtp://user:password@host:587` or `smtps://…`, with its password in clear.
    pub url: String,
    /// Who sends it: an address alone.
    pub from: String,
    /// Who gets it: addresses alone.
    pub to: Vec<String>,
    /// All of it, headers included (RFC 5322).
    pub message: Vec<u8>,
    /// For all of it.
    pub limit: Duration,
}

/// How far a message came that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailStage {
    /// It was not handed over.
    NotSent,
    /// The server said no.
    Refused,
    /// It was handed over, and the answer is lost.
    Unknown,
}

/// Why a message was not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct MailError {
    /// In words, without the password of the address.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// How far it came.
    pub stage: MailStage,
}

impl MailError {
    /// It was not handed over.
    pub fn not_sent(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: Some(help.into()), stage: MailStage::NotSent }
    }
}
