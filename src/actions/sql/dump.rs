//! A whole database to a file and back: `sql.dump` and `sql.restore`, by the vendor's own programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::super::args::{duration, file_error, later, path, text};
use super::{DB, ask, dialect, not_begun, place, request, shown_path, timeout};
use crate::catalog::{Action, ActionError, Call, Certainty, Effect, Inverse, Param};
use crate::host::{Process, ProcessError, SqlStatement, SqlWork};
use crate::syntax::sql::Dialect;
use crate::value::{Statement, Value};

pub(in crate::actions) static DUMP: Action = Action {
    name: "sql.dump",
    summary: "Copy a whole database into a file",
    details: "By pg_dump, mariadb-dump or mysqldump, which must be on this machine and not older than the server; a file \
              of SQLite by SQLite itself, while others use it. All of it is of one moment. A PostgreSQL dump is in \
              pg_dump's own format, or in SQL if its name ends in `.sql`.\n\n\
              The file has its name only once it is whole, and one that is there already is not overwritten. A rollback \
              keeps it.",
    effect: Effect::Changes,
    params: &[
        DB,
        Param { name: "to", ty: "string", default: None, doc: "The file; relative to the `on dir(…)` around it." },
        timeout("1h"),
    ],
    returns: "{ path: string, size: size }",
    examples: &["let backup = sql.dump(\"postgres://app@db-1/shop\", to: \"/srv/app/before.dump\")"],
    show: |args| format!("dump into {}{}", shown_path(args, "to"), place(args)),
    run: |call| later(dump(call)),
    repeatable: |_| false,
    inverse: Inverse::Captured {
        capture: |_| later(async { Ok(Value::Null) }),
        restore: |_, _| later(async { Ok(()) }),
        show: |args, _| format!("keep the dump {}", shown_path(args, "to")),
        discard: |_, _| later(async {}),
    },
    evidence: |_| None,
};

pub(in crate::actions) static RESTORE: Action = Action {
    name: "sql.restore",
    summary: "Make a database what a dump of it says",
    details: "What `sql.dump` wrote, by pg_restore, psql, mariadb or mysql; a file of SQLite by SQLite itself. What the \
              dump has is replaced; with PostgreSQL and SQLite in one transaction, with MySQL table by table. What came \
              into the database since the dump was made is lost: stop who writes to it first.",
    effect: Effect::Destroys,
    params: &[
        DB,
        Param { name: "from", ty: "string", default: None, doc: "The dump; relative to the `on dir(…)` around it." },
        timeout("1h"),
    ],
    returns: "null",
    examples: &["sql.restore(\"sqlite:shop.db\", from: \"/srv/app/before.db\")"],
    show: |args| format!("restore {}{}", shown_path(args, "from"), place(args)),
    run: |call| later(restore(call)),
    repeatable: |_| true,
    inverse: Inverse::None(
        "what was in the database before is lost: sql.dump it first, and restore that in an `undo { }`",
    ),
    evidence: |_| None,
};

async fn dump(call: &Call<'_>) -> Result<Value, ActionError> {
    let to = path(call, "to");
    let files = call.host.files();
    if files.metadata(&to).map_err(|error| file_error("looked at", &to, &error))?.is_some() {
        return Err(not_begun(format!("{} is there already, and a dump is never overwritten", to.display()))
            .help("name it by the time: to: \"before-${run.id}.dump\""));
    }
    let mut part = to.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let done = match dialect(call.args) {
        Dialect::Sqlite => {
            // Left by one that was killed.
            let _ = files.remove(&part);
            let statement = Statement {
                pieces: vec!["VACUUM INTO ".into(), "".into()],
                values: vec![Value::str(part.to_string_lossy().into_owned())],
            };
            let work = SqlWork::Statements(vec![SqlStatement { statement, affects: None, line: 0 }]);
            ask(call, &request(call, work, false, false)).await.map(drop)
        }
        Dialect::Postgres => {
            let as_sql = to.extension().is_some_and(|extension| extension == "sql");
            let format: &[&str] =
                if as_sql { &["--format=plain", "--clean", "--if-exists"] } else { &["--format=custom"] };
            let file = format!("--file={}", part.display());
            let Server { args, env } = postgres(&text(call.args, "db"));
            run(call, &["pg_dump"], [&["--no-password", &file], format].concat(), args, env, None).await
        }
        Dialect::MySql => {
            let Server { args, env } = mysql(&text(call.args, "db"))?;
            let file = format!("--result-file={}", part.display());
            let all = vec!["--single-transaction", "--routines", "--triggers", "--add-drop-table", &file];
            run(call, &["mariadb-dump", "mysqldump"], all, args, env, None).await
        }
        Dialect::Any => Err(unknown()),
    };
    let renamed = done.and_then(|()| {
        // A dump changes nothing in the database: that it failed is all there is to say.
        files.rename(&part, &to).map_err(|error| file_error("given its name", &part, &error))
    });
    if let Err(error) = renamed {
        let _ = files.remove(&part);
        return Err(ActionError { certainty: Certainty::Failed, ..error });
    }
    let size = files.metadata(&to).ok().flatten().map_or(0, |there| there.size);
    Ok(Value::record([
        ("path", Value::str(to.to_string_lossy().into_owned())),
        ("size", Value::Size(i64::try_from(size).unwrap_or(i64::MAX))),
    ]))
}

async fn restore(call: &Call<'_>) -> Result<Value, ActionError> {
    let from = path(call, "from");
    let there = call.host.files().metadata(&from).map_err(|error| file_error("looked at", &from, &error))?;
    if there.is_none() {
        return Err(not_begun(format!("there is no file {}", from.display()))
            .help("look at the path: it is relative to where rbk runs, or to the `on dir(…)` around the call"));
    }
    match dialect(call.args) {
        Dialect::Sqlite => {
            ask(call, &request(call, SqlWork::Replace(from), false, true)).await?;
        }
        Dialect::Postgres => {
            let Server { args, env } = postgres(&text(call.args, "db"));
            let file = from.to_string_lossy().into_owned();
            let as_sql = from.extension().is_some_and(|extension| extension == "sql");
            if as_sql {
                let all = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--single-transaction"];
                let file = format!("--file={file}");
                run(call, &["psql"], [&all[..], &[&file]].concat(), args, env, None).await?;
            } else {
                let all = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-password", &file];
                run(call, &["pg_restore"], all.to_vec(), args, env, None).await?;
            }
        }
        Dialect::MySql => {
            let Server { args, env } = mysql(&text(call.args, "db"))?;
            run(call, &["mariadb", "mysql"], vec!["--batch"], args, env, Some(&from)).await?;
        }
        Dialect::Any => return Err(unknown()),
    }
    Ok(Value::Null)
}

fn unknown() -> ActionError {
    not_begun("this is no address of a database that rbk knows")
        .help("write postgres://user:password@host/name, mysql://user:password@host/name, or sqlite:path/to/file.db")
}

/// How a program is told of a server. The password is not among the arguments, where others can read it.
struct Server {
    args: Vec<String>,
    env: Vec<(&'static str, String)>,
}

/// The programs of PostgreSQL take the address itself.
fn postgres(url: &str) -> Server {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    let (authority, password) = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((user, password)) => (format!("{user}@{host}"), Some(password)),
            None => (authority.to_owned(), None),
        },
        None => (authority.to_owned(), None),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Server {
        args: vec![format!("--dbname={scheme}://{authority}{path}")],
        env: password.map(|password| ("PGPASSWORD", decoded(password))).into_iter().collect(),
    }
}

fn mysql(url: &str) -> Result<Server, ActionError> {
    let url = url::Url::parse(&url.replacen("mariadb://", "mysql://", 1))
        .map_err(|error| not_begun(format!("this is no address of MySQL: {error}")))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let database = decoded(url.path().trim_start_matches('/'));
    if database.is_empty() {
        return Err(not_begun("the address names no database").help("name it at its end: mysql://…/name"));
    }
    let socket = url.query_pairs().find(|(name, _)| name == "socket").map(|(_, path)| path.into_owned());
    let mut args = match socket {
        Some(path) => vec![format!("--socket={path}")],
        None => vec![
            format!("--host={}", url.host_str().unwrap_or("localhost")),
            format!("--port={}", url.port().unwrap_or(3306)),
            "--protocol=tcp".to_owned(),
        ],
    };
    if !url.username().is_empty() {
        args.push(format!("--user={}", decoded(url.username())));
    }
    args.push(database);
    let env = url.password().map(|password| ("MYSQL_PWD", decoded(password)));
    Ok(Server { args, env: env.into_iter().collect() })
}

/// Runs the first of these programs that is there.
async fn run(
    call: &Call<'_>,
    programs: &[&str],
    options: Vec<&str>,
    server: Vec<String>,
    secrets: Vec<(&'static str, String)>,
    input: Option<&Path>,
) -> Result<(), ActionError> {
    let Some(program) = programs.iter().find(|name| call.host.find_program(name).is_some()) else {
        let package = if programs.contains(&"mysql") || programs.contains(&"mysqldump") {
            "mariadb-client"
        } else {
            "postgresql-client"
        };
        return Err(not_begun(format!("`{}` is not installed, or not on PATH", programs.join("` or `")))
            .help(format!("install it (Debian: {package}), in a version that is not older than the server")));
    };
    super::address::learn_password(call.args, "db");
    let mut argv = vec![(*program).to_owned()];
    argv.extend(options.into_iter().map(str::to_owned).chain(server));
    let mut env: BTreeMap<String, String> =
        call.surroundings.vars.iter().map(|(name, value)| (name.to_string(), value.text.to_string())).collect();
    env.extend(secrets.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if let Some(input) = input {
        // The file's name is a value to the shell, and no part of the script.
        let script = ["sh", "-c", "exec \"$@\" <\"$RBK_DUMP\"", "sh"].map(str::to_owned);
        argv = script.into_iter().chain(argv).collect();
        env.insert("RBK_DUMP".to_owned(), input.to_string_lossy().into_owned());
    }
    let process = Process { argv, env, withheld: call.withheld.clone(), grace: call.grace, ..Process::default() };
    let limit = duration(call.args, "timeout").unwrap_or(Duration::from_secs(3600));
    let own = call.cancel.child();
    let mut work = std::pin::pin!(call.host.run_process(&process, call.output, &own));
    let (exit, late) = tokio::select! {
        biased;
        exit = &mut work => (exit, false),
        () = call.host.sleep(limit, call.cancel) => {
            own.cancel();
            (work.await, !call.cancel.is_cancelled())
        }
    };
    let exit = exit.map_err(|error: ProcessError| not_begun(error.to_string()))?;
    if exit.status == 0 && !exit.cancelled {
        return Ok(());
    }
    let said = crate::mask::current().hide(&exit.stderr).trim().to_owned();
    let last = said.lines().last().unwrap_or_default().to_owned();
    let message = match (late, exit.cancelled) {
        (true, _) => format!("{program} was not done in {limit:?}, and was stopped"),
        (false, true) => format!("{program} was stopped"),
        (false, false) => format!("{program} exited with {}: {last}", exit.status),
    };
    let failed = ActionError { certainty: Certainty::InDoubt, ..ActionError::failed(message) }.output(said.clone());
    Err(if said.contains("version mismatch") {
        failed.help(format!("install a {program} that is not older than the server"))
    } else if last.is_empty() {
        failed.help(format!("run it by hand: {program} --help"))
    } else {
        failed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_among_the_arguments() {
        let server = postgres("postgres://app:p%40ss@db-1:5432/shop?sslmode=require");
        assert_eq!(server.args, ["--dbname=postgres://app@db-1:5432/shop?sslmode=require"]);
        assert_eq!(server.env, [("PGPASSWORD", "p@ss".to_owned())]);
        assert_eq!(postgres("postgres:///shop?host=/run").args, ["--dbname=postgres:///shop?host=/run"]);
        let server = mysql("mariadb://app:p%40ss@db-1/shop").unwrap();
        assert_eq!(server.args, ["--host=db-1", "--port=3306", "--protocol=tcp", "--user=app", "shop"]);
        assert_eq!(server.env, [("MYSQL_PWD", "p@ss".to_owned())]);
        assert!(mysql("mysql://db-1/").is_err());
    }
}
