//! The environment, the clock, a question.

use super::args::{later, no_evidence, optional_text, shown, text};
use crate::catalog::{Action, ActionError, Effect, Inverse, Param};
use crate::value::Value;

pub(super) static ENV_VAR: Action = Action {
    name: "env_var",
    summary: "Read an environment variable of rbk's own process",
    details: "Fails when the variable is not set, unless there is a `default`. For something that must not be shown, \
              declare `secret name from env_var(\"NAME\")` instead.",
    effect: Effect::Reads,
    params: &[
        Param { name: "name", ty: "string", default: None, doc: "The variable." },
        Param { name: "default", ty: "string?", default: Some("null"), doc: "What it is when it is not set." },
    ],
    returns: "string",
    examples: &["let home = env_var(\"HOME\", default: \"/root\")"],
    show: |args| format!("read the environment variable {}", shown(args, "name")),
    run: |call| {
        later(async move {
            let name = text(call.args, "name");
            match call.host.env_var(&name).or_else(|| optional_text(call.args, "default")) {
                Some(value) => Ok(Value::str(value)),
                None => Err(ActionError::failed(format!("the environment variable {name} is not set"))
                    .help(format!("set it, or write env_var(\"{name}\", default: \"…\")"))),
            }
        })
    },
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(super) static NOW: Action = Action {
    name: "now",
    summary: "The time",
    details: "To name several things by one time, bind it once: `let stamp = now()`.",
    effect: Effect::Reads,
    params: &[],
    returns: "instant",
    examples: &["let started = now()"],
    show: |_| "read the clock".to_owned(),
    run: |call| later(async move { Ok(Value::Instant(call.host.now())) }),
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(super) static ASK: Action = Action {
    name: "ask",
    summary: "Ask a person for a text or a choice",
    details: "The answer, who gave it and when, is part of the record. The clocks of all timeouts stand still \
              meanwhile. Without a terminal: `--answer 'question=answer'`.",
    effect: Effect::Reads,
    params: &[
        Param { name: "question", ty: "string", default: None, doc: "What is asked." },
        Param { name: "options", ty: "list<string>?", default: Some("null"), doc: "The answers to choose from." },
        Param { name: "default", ty: "string?", default: Some("null"), doc: "What an empty answer means." },
    ],
    returns: "string",
    examples: &["let region = ask(\"Which region?\", options: [\"eu\", \"us\"])"],
    show: |args| format!("ask: {}", shown(args, "question")),
    run: |_| later(async { Err(ActionError::failed("there is nobody to ask")) }),
    repeatable: |_| true,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};
