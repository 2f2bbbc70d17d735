//! Questions to people.

use std::sync::Arc;

use crate::host::{Cancel, LocalFuture};
use crate::journal::Approvers;

/// Something only a person can answer.
#[derive(Clone, Debug)]
pub struct Question {
    /// What sort of answer is wanted.
    pub kind: QuestionKind,
    /// The question.
    pub text: String,
    /// More to read before answering.
    pub details: Vec<String>,
    /// Titles of the scopes around it.
    pub path: Vec<Arc<str>>,
    /// Until when an answer counts.
    pub answer_by: Option<jiff::Timestamp>,
}

/// The sorts of question.
#[derive(Clone, Debug, PartialEq)]
pub enum QuestionKind {
    /// Yes or no.
    Confirm,
    /// A box to tick.
    Tick,
    /// Something to be done by hand, then said to be done.
    Manual,
    /// One of these.
    Choose(Vec<String>),
    /// A text.
    Text {
        /// What an empty answer means.
        default: Option<String>,
    },
    /// A text that must not be shown.
    Secret,
    /// Consent to what follows.
    Approve(Approvers),
    /// Typed word for word, so that no habit answers it.
    Type {
        /// What must be typed.
        word: String,
    },
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `yes`, `no`, one of the options, or a text.
    pub text: String,
    /// Who.
    pub by: String,
    /// What was shown with it: links, names, texts.
    pub evidence: Vec<String>,
    /// When it was left with the record, if it was given elsewhere.
    pub left: Option<jiff::Timestamp>,
}

impl Answer {
    /// One that was given here.
    pub fn here(text: impl Into<String>, by: impl Into<String>) -> Self {
        Self { text: text.into(), by: by.into(), evidence: Vec::new(), left: None }
    }

    /// Whether it says yes.
    pub fn is_yes(&self) -> bool {
        matches!(self.text.to_lowercase().as_str(), "yes" | "y" | "done" | "true" | "ok")
    }
}

/// Where questions go.
pub trait Person {
    /// Asks, and waits as long as it takes. `None`: nobody is there to answer.
    fn ask<'a>(&'a self, question: &'a Question, cancel: &'a Cancel) -> LocalFuture<'a, Option<Answer>>;
}

/// Nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nobody;

impl Person for Nobody {
    fn ask<'a>(&'a self, _: &'a Question, _: &'a Cancel) -> LocalFuture<'a, Option<Answer>> {
        Box::pin(std::future::ready(None))
    }
}
