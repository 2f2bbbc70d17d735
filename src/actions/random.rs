//! What nobody can guess. It is read like the clock: what came is on record, and a run that goes on sees the same.

use super::args::{int, later, no_evidence, shown};
use crate::catalog::{Action, ActionError, Call, Effect, Inverse, Param};
use crate::functions::to_base64;
use crate::value::{Value, hex};

/// The longest that makes sense, in bytes.
const LONGEST: i64 = 1024;

pub(super) static TOKEN: Action = Action {
    name: "random.token",
    summary: "A token nobody can guess",
    details: "From the system's random numbers, in letters that need no quoting anywhere: `A-Z a-z 0-9 - _`. 32 bytes \
              make 43 of them. What came is in the record, so that a resumed run sees the same. A password belongs \
              into `let secret`: then it is in no record, and whoever resumes is asked for it.",
    effect: Effect::Reads,
    params: &[Param { name: "bytes", ty: "int", default: Some("32"), doc: "How much chance is in it: 16 to 1024." }],
    returns: "string",
    examples: &["let secret password = random.token()", "let tag = random.token(16)"],
    show: |args| format!("make a token of {} random bytes", shown(args, "bytes")),
    run: |call| {
        later(async move {
            let bytes = int(call.args, "bytes").filter(|bytes| (16..=LONGEST).contains(bytes));
            let Some(bytes) = bytes.and_then(|bytes| usize::try_from(bytes).ok()) else {
                return Err(ActionError::failed(format!("a token has 16 to {LONGEST} bytes"))
                    .help("leave `bytes` out: 32 are enough for anything; for a short name use an id of the run"));
            };
            let text = to_base64(&random(call, bytes)?);
            Ok(Value::from(text.trim_end_matches('=').replace('+', "-").replace('/', "_")))
        })
    },
    repeatable: |_| false,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

pub(super) static UUID: Action = Action {
    name: "random.uuid",
    summary: "A UUID, version 4",
    details: "By RFC 9562, in its usual form. What came is in the record, so that a resumed run sees the same.",
    effect: Effect::Reads,
    params: &[],
    returns: "string",
    examples: &["let id = random.uuid()"],
    show: |_| "make a UUID".to_owned(),
    run: |call| {
        later(async move {
            let mut bytes = random(call, 16)?;
            bytes[6] = bytes[6] & 0x0f | 0x40;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            let parts = [0..4, 4..6, 6..8, 8..10, 10..16].map(|part| hex(&bytes[part]));
            Ok(Value::from(parts.join("-")))
        })
    },
    repeatable: |_| false,
    inverse: Inverse::NotNeeded,
    evidence: no_evidence,
};

fn random(call: &Call<'_>, count: usize) -> Result<Vec<u8>, ActionError> {
    let mut bytes = vec![0; count];
    call.host
        .random(&mut bytes)
        .map_err(|why| ActionError::failed(format!("the system gives no random numbers: {why}")))?;
    Ok(bytes)
}
