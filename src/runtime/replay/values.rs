//! Between what a run holds and what its record keeps.

use std::sync::Arc;

use crate::catalog::{ActionError, Certainty};
use crate::diag::Label;
use crate::journal::{Ending, ErrorEntry, FailureEntry, Recall};
use crate::runtime::failure::{Failure, FailureKind};
use crate::source::{FileId, Sources, Span};
use crate::value::{Value, codec};

/// A value as it is kept.
pub(in crate::runtime) fn kept(value: &Value) -> Recall {
    codec::encode(value).map_or(Recall::Withheld, Recall::Value)
}

/// The value that was kept; `None` if it was withheld, or is none that this version can read.
pub(in crate::runtime) fn recalled(recall: &Recall) -> Option<Value> {
    match recall {
        Recall::Value(tree) => codec::decode(tree.clone()),
        Recall::Withheld => None,
    }
}

/// How an effect ended, and what it returned, as they are kept.
pub(in crate::runtime) fn ending(
    result: &Result<Value, ActionError>,
    cancelled: bool,
    wanted: bool,
) -> (Ending, Option<Recall>) {
    match result {
        Ok(value) => (Ending::Done, wanted.then(|| kept(value))),
        Err(error) => {
            let entry = ErrorEntry {
                message: error.message.clone(),
                help: error.help.clone(),
                output: error.output.clone(),
                cancelled,
                not_begun: error.certainty == Certainty::NotBegun,
            };
            let value = error.value.as_ref().map(kept);
            match error.certainty {
                Certainty::Failed | Certainty::NotBegun => (Ending::Failed(entry), value),
                Certainty::InDoubt => (Ending::Unknown(entry), value),
            }
        }
    }
}

/// What an action said, from what was kept of it.
pub(in crate::runtime) fn error(entry: &ErrorEntry, certainty: Certainty, value: Option<&Recall>) -> ActionError {
    ActionError {
        message: entry.message.clone(),
        help: entry.help.clone(),
        output: entry.output.clone(),
        certainty: if entry.not_begun { Certainty::NotBegun } else { certainty },
        value: value.and_then(recalled),
    }
}

/// A failure as it is kept.
pub(in crate::runtime) fn failure_entry(failure: &Failure) -> FailureEntry {
    let flat = |span: Span| (span.file.0, span.start, span.end);
    let span = failure.diagnostic.span();
    FailureEntry {
        kind: failure.kind.name().to_owned(),
        message: failure.message().to_owned(),
        place: failure.sources.place(span),
        span: flat(span),
        labels: failure
            .diagnostic
            .labels
            .iter()
            .map(|label| {
                let (file, start, end) = flat(label.span);
                (file, start, end, label.text.clone())
            })
            .collect(),
        help: failure.diagnostic.help.clone(),
        path: failure.path.clone(),
        evidence: failure.evidence.clone(),
        because: failure.because.clone(),
        output: failure.output.clone(),
        in_doubt: failure.in_doubt,
        seen: failure.seen.clone(),
    }
}

/// The failure that was kept.
pub(in crate::runtime) fn failure(entry: &FailureEntry, sources: &Arc<Sources>) -> Box<Failure> {
    let span = |file: u32, start: u32, end: u32| {
        let known =
            sources.iter().find(|(id, source)| id.0 == file && source.text.get(start as usize..end as usize).is_some());
        known.map_or(Span::new(FileId(0), 0, 0), |(id, _)| Span::new(id, start, end))
    };
    let (file, start, end) = entry.span;
    let kind = FailureKind::of_name(&entry.kind);
    let mut failure = Failure::new(kind, sources, span(file, start, end), entry.message.clone());
    failure.diagnostic.help.clone_from(&entry.help);
    let labels: Vec<Label> = entry
        .labels
        .iter()
        .map(|(file, start, end, text)| Label { span: span(*file, *start, *end), text: text.clone() })
        .collect();
    if !labels.is_empty() {
        failure.diagnostic.labels = labels;
    }
    failure.path.clone_from(&entry.path);
    failure.evidence.clone_from(&entry.evidence);
    failure.because.clone_from(&entry.because);
    failure.output.clone_from(&entry.output);
    failure.in_doubt = entry.in_doubt;
    failure.seen.clone_from(&entry.seen);
    failure
}
