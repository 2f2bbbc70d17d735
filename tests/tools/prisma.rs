//! Prisma 6: <https://www.prisma.io/docs/orm/reference/prisma-cli-reference>. Where `DATABASE_URL` is set and there are
//! migrations in `prisma/migrations`, they are applied to that database, by psql; elsewhere the state says what waits.

use std::process::{Command, Output};

use serde_json::json;

use crate::call::{Call, Failure, Takes, Wrong, failed};

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let takes = Takes {
        values: &[
            ("--rolled-back", "--rolled-back"),
            ("--applied", "--applied"),
            ("--schema", "--schema"),
            ("--file", "--file"),
        ],
        switches: &["--force", "-f", "--skip-seed", "--skip-generate"],
    };
    let given = takes.read(&call.words).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) | Wrong::NeedsValue(flag) => failed(1, format!("! unknown or unexpected option: {flag}")),
    })?;
    match (given.word(0), given.word(1)) {
        (Some("migrate"), Some("status")) => match pending(call)? {
            names if names.is_empty() => {
                call.say("3 migrations found in prisma/migrations\n\nDatabase schema is up to date!")
            }
            names => {
                call.say(format!(
                    "3 migrations found in prisma/migrations\nFollowing migrations have not yet been applied:\n{}\n\nTo apply migrations in development run prisma migrate dev.\nTo apply migrations in production run prisma migrate deploy.",
                    names.join("\n")
                ));
                call.status = 1;
            }
        },
        (Some("migrate"), Some("deploy")) => {
            for name in pending(call)? {
                apply(call, &name)?;
                call.say(format!("Applying migration `{name}`"));
            }
        }
        (Some("migrate"), Some("reset")) => {
            if !given.on("--force") && !given.on("-f") {
                return Err(failed(
                    130,
                    "Error: Prisma Migrate has detected that the environment is non-interactive. It is recommended to run this command in an interactive environment.\n\nUse --force to run this command without user interaction.",
                ));
            }
            sql(&["-c", "DROP SCHEMA public CASCADE; CREATE SCHEMA public"])?;
            for name in pending(call)? {
                apply(call, &name)?;
            }
            call.say("Database reset successful");
        }
        (Some("migrate"), Some("resolve")) => {
            let name = given
                .value("--rolled-back")
                .ok_or_else(|| failed(1, "--applied or --rolled-back must be part of the command"))?
                .to_owned();
            if call.state["prisma"][&name].is_null() {
                return Err(failed(1, format!("Error: P3017\n\nThe migration {name} could not be found.")));
            }
            call.part(&["prisma"])[&name] = json!(false);
        }
        (Some("db"), Some("execute")) => {
            let file = given
                .value("--file")
                .ok_or_else(|| failed(1, "Either --stdin or --file must be provided.\nSee `prisma db execute -h`"))?;
            if !std::path::Path::new(file).exists() {
                return Err(failed(1, format!("Provided --file at {file} doesn't exist.")));
            }
            sql(&["--file", file])?;
            call.say("Script executed successfully.");
        }
        _ => return Err(failed(1, "! Unknown command")),
    }
    Ok(())
}

fn in_database() -> bool {
    std::env::var_os("DATABASE_URL").is_some() && std::path::Path::new("prisma/migrations").is_dir()
}

fn pending(call: &Call) -> Result<Vec<String>, Failure> {
    if !in_database() {
        let all = call.state["prisma"].as_object().into_iter().flatten();
        return Ok(all.filter(|(_, applied)| **applied != true).map(|(name, _)| name.clone()).collect());
    }
    let folders = std::fs::read_dir("prisma/migrations").unwrap();
    let mut names: Vec<String> =
        folders.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let there = "SELECT to_regclass('public._prisma_migrations') IS NOT NULL";
    let applied = match text(&sql(&["-Atc", there])?).trim() {
        "t" => text(&sql(&["-Atc", "SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL"])?),
        _ => String::new(),
    };
    names.retain(|name| !applied.lines().any(|line| line == name));
    Ok(names)
}

fn apply(call: &mut Call, name: &str) -> Result<(), Failure> {
    if !in_database() {
        call.part(&["prisma"])[name] = true.into();
        return Ok(());
    }
    let table = "CREATE TABLE IF NOT EXISTS _prisma_migrations (migration_name text, finished_at timestamptz)";
    sql(&["-c", table])?;
    sql(&["--file", &format!("prisma/migrations/{name}/migration.sql")]).map_err(|failure| {
        failed(1, format!("Error: P3018\n\nA migration failed to apply. New migrations cannot be applied before the error is recovered from.\n\nMigration name: {name}\n\n{}", failure.message))
    })?;
    sql(&["-c", &format!("INSERT INTO _prisma_migrations VALUES ('{name}', now())")])?;
    Ok(())
}

fn sql(words: &[&str]) -> Result<Output, Failure> {
    let url = std::env::var("DATABASE_URL")
        .map_err(|_| failed(1, "Error: P1012\n\nerror: Environment variable not found: DATABASE_URL."))?;
    let made = Command::new("psql").args(["-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", &url]).args(words).output();
    let made = made.map_err(|error| failed(1, error.to_string()))?;
    match made.status.success() {
        true => Ok(made),
        false => Err(failed(1, String::from_utf8_lossy(&made.stderr))),
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
