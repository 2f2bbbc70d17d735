//! What a request carries: a value as JSON, a form with or without files, a file, a text.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::{file_error, not_begun, optional_text, text};
use super::multipart::multipart;
use crate::catalog::{ActionError, Call, Certainty};
use crate::value::{Record, Value, display, json};

/// What is sent, and its `Content-Type`, if that is known.
type Body = (Option<Arc<[u8]>>, Option<String>);

/// The body of a call's request.
pub(super) fn body(call: &Call<'_>) -> Result<Body, ActionError> {
    let args = call.args;
    let (form, files) = (record(args.get("form")), record(args.get("files")));
    let is_given = |name: &&&str| !matches!(args.get(name), Value::Null);
    let bodies = ["json", "form", "file", "body"].iter().filter(is_given).count();
    if bodies > 1 || files.is_some() && form.is_none() && bodies > 0 {
        let help = "give one of `json:`, `form:`, `file:` and `body:`; `files:` goes alone or with `form:`";
        return Err(not_begun("a request has one body").help(help));
    }
    if !matches!(args.get("json"), Value::Null) {
        let sent = json::exposed(args.get("json")).to_string();
        return Ok((Some(sent.into_bytes().into()), Some("application/json".to_owned())));
    }
    if let Some(files) = files {
        let sent = multipart(call, form, files)?;
        return Ok((Some(sent.body.into()), Some(sent.content_type)));
    }
    if let Some(form) = form {
        let mut sent = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in form.iter() {
            sent.append_pair(name, &display::exposed_text(value));
        }
        return Ok((Some(sent.finish().into_bytes().into()), Some("application/x-www-form-urlencoded".to_owned())));
    }
    if let Some(path) = optional_text(args, "file") {
        return Ok((Some(read(call, &path)?.into()), Some("application/octet-stream".to_owned())));
    }
    let sent = (!matches!(args.get("body"), Value::Null)).then(|| text(args, "body").into_bytes().into());
    Ok((sent, None))
}

fn record(value: &Value) -> Option<&Record> {
    match value {
        Value::Record(record) => Some(record),
        Value::Secret(secret) => match secret.expose() {
            Value::Record(record) => Some(record),
            _ => None,
        },
        _ => None,
    }
}

fn read(call: &Call<'_>, path: &str) -> Result<Vec<u8>, ActionError> {
    let path = call.surroundings.dir.as_ref().map_or_else(|| PathBuf::from(path), |dir| dir.join(path));
    let unread =
        |error: std::io::Error| ActionError { certainty: Certainty::NotBegun, ..file_error("read", &path, &error) };
    call.host.files().read(&path).map_err(unread)
}
