//! Reading the arguments of a call, and the small things every action needs.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use crate::catalog::{ActionError, Args, Call, Certainty};
use crate::host::LocalFuture;
use crate::value::{Value, display};

/// Boxes what an action does.
pub(super) fn later<'a, T>(work: impl Future<Output = T> + 'a) -> LocalFuture<'a, T> {
    Box::pin(work)
}

/// A failure before anything could have happened.
pub(super) fn not_begun(message: impl Into<String>) -> ActionError {
    ActionError { certainty: Certainty::NotBegun, ..ActionError::failed(message) }
}

/// What there is no evidence of.
pub(super) fn no_evidence(_: &Value) -> Option<String> {
    None
}

/// An argument as text, a secret as it is: for the world, never for a message.
pub(super) fn text(args: &Args, name: &str) -> String {
    display::exposed_text(args.get(name))
}

/// An argument for people, shortened.
pub(super) fn shown(args: &Args, name: &str) -> String {
    match args.get(name) {
        Value::Unknown(_) => "(known when it runs)".to_owned(),
        value => crate::mask::current().hide(&value.to_text()).chars().take(200).collect(),
    }
}

/// A text that may have been left out.
pub(super) fn optional_text(args: &Args, name: &str) -> Option<String> {
    match args.get(name) {
        Value::Null => None,
        value => Some(display::exposed_text(value)),
    }
}

/// The header that hands the token of `bearer` over. What a command or a file gave ends in a line end, and a header
/// holds none.
pub(super) fn bearer(args: &Args) -> Option<(String, String)> {
    let token = optional_text(args, "bearer")?;
    Some(("authorization".to_owned(), format!("Bearer {}", token.trim_end())))
}

/// A duration that may have been left out.
pub(super) fn duration(args: &Args, name: &str) -> Option<Duration> {
    match args.get(name) {
        Value::Duration(nanoseconds) => Some(Duration::from_nanos(u64::try_from(*nanoseconds).unwrap_or(0))),
        _ => None,
    }
}

/// A whole number that may have been left out.
pub(super) fn int(args: &Args, name: &str) -> Option<i64> {
    match args.get(name) {
        Value::Int(n) => Some(*n),
        _ => None,
    }
}

/// Whether a flag is set.
pub(super) fn flag(args: &Args, name: &str) -> bool {
    matches!(args.get(name), Value::Bool(true))
}

/// A path, relative to the folder of `on dir(…)` around the call.
pub(super) fn path(call: &Call<'_>, name: &str) -> PathBuf {
    let given = PathBuf::from(text(call.args, name));
    match &call.surroundings.dir {
        Some(dir) => dir.join(given),
        None => given,
    }
}

/// What the system said about a file, in words.
pub(super) fn file_error(what: &str, path: &std::path::Path, error: &std::io::Error) -> ActionError {
    let failed = ActionError::failed(format!("{} could not be {what}: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            failed.help("look at the path: it is relative to where rbk runs, or to the `on dir(…)` around the call")
        }
        std::io::ErrorKind::PermissionDenied => failed.help("the user who runs rbk may not do that"),
        _ => failed,
    }
}
