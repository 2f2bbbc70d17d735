//! Tools of which little is played.

use crate::call::{Call, Failure, Takes, Wrong, failed};

/// No tool of the trade: keeps the state as it is now, for a test that looks at the middle of a run.
pub(crate) fn snapshot(call: &mut Call) -> Result<(), Failure> {
    std::fs::copy(call.folder.join("state.json"), call.folder.join("snapshot.json")).unwrap();
    Ok(())
}

/// systemctl, over units that are active, inactive or failed. Exit codes as of systemctl(1).
pub(crate) fn systemctl(call: &mut Call) -> Result<(), Failure> {
    let takes = Takes { values: &[("--lines", "-n")], switches: &["--quiet", "--no-pager", "--user", "--now"] };
    let given = takes.read(&call.words).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => failed(1, format!("systemctl: unrecognized option '{flag}'")),
        Wrong::NeedsValue(flag) => failed(1, format!("systemctl: option '{flag}' requires an argument")),
    })?;
    let verb = given.word(0).unwrap_or("list-units").to_owned();
    let unit = given.word(1).ok_or_else(|| failed(1, "Too few arguments."))?.trim_end_matches(".service").to_owned();
    let units = call.part(&["systemd"]);
    let known = units[&unit].as_str().map(str::to_owned);
    let missing = || failed(5, format!("Failed to {verb} {unit}.service: Unit {unit}.service not found."));
    match verb.as_str() {
        "is-active" => {
            let word = known.unwrap_or_else(|| "inactive".to_owned());
            call.status = if word == "active" { 0 } else { 3 };
            call.say(word);
        }
        "start" | "restart" => {
            known.ok_or_else(missing)?;
            units[&unit] = "active".into();
        }
        "stop" => {
            known.ok_or_else(missing)?;
            units[&unit] = "inactive".into();
        }
        other => return Err(failed(1, format!("Unknown command verb '{other}', did you mean 'is-active'?"))),
    }
    Ok(())
}
