//! A file of statements: `sql.run_file`.

use super::super::args::{file_error, later, path};
use super::change::{NO_INVERSE, total};
use super::{CONNECT_TIMEOUT, DB, ask, dialect, fits_transaction, not_begun, place, request, shown_path, timeout};
use crate::catalog::{Action, ActionError, Effect, Param};
use crate::host::{SqlStatement, SqlWork};
use crate::syntax::sql::{Class, Dialect, Kind, Lexed, class, lex};
use crate::value::Statement;

pub(in crate::actions) static RUN_FILE: Action = Action {
    name: "sql.run_file",
    summary: "Run the statements of a file",
    details: "One after the other, in one transaction: if one fails, all of them are taken back, and the failure names \
              the line. A file that begins and ends transactions itself is run as it stands, and so is one with what no \
              transaction takes (with MySQL every `CREATE` and `ALTER`): there what came before the failure stays.\n\n\
              The file is the database's own language: `\\copy` and `DELIMITER` are commands of other programs.",
    effect: Effect::Changes,
    params: &[
        DB,
        Param { name: "path", ty: "string", default: None, doc: "The file; relative to the `on dir(…)` around it." },
        timeout("10m"),
        CONNECT_TIMEOUT,
    ],
    returns: "{ statements: int, affected: int }",
    examples: &["sql.run_file(\"sqlite:shop.db\", \"/srv/app/migrations/002.sql\")"],
    show: |args| format!("run the statements of {}{}", shown_path(args, "path"), place(args)),
    run: |call| {
        later(async move {
            let path = path(call, "path");
            let bytes = call.host.files().read(&path).map_err(|error| file_error("read", &path, &error))?;
            let shown = path.display();
            let text = String::from_utf8(bytes).map_err(|_| not_begun(format!("{shown} is not text in UTF-8")))?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            let dialect = dialect(call.args);
            let (statements, classes) = statements(text, dialect)?;
            if statements.is_empty() {
                return Err(not_begun(format!("there is no statement in {shown}")));
            }
            let owns = classes.iter().any(|class| class.is_transaction);
            let transaction = !owns && fits_transaction(&classes, dialect);
            let request = request(call, SqlWork::Statements(statements), false, transaction);
            let results = ask(call, &request)
                .await
                .map_err(|error| ActionError { message: format!("{shown}: {}", error.message), ..error })?;
            Ok(total(&results))
        })
    },
    repeatable: |_| false,
    inverse: NO_INVERSE,
    evidence: |_| None,
};

fn statements(text: &str, dialect: Dialect) -> Result<(Vec<SqlStatement>, Vec<Class>), ActionError> {
    let lexed = lex(&[text], dialect);
    let line = |at: usize| text[..at].matches('\n').count() + 1;
    if let Some(open) = lexed.open {
        return Err(not_begun(format!("line {}: this quote or comment is never closed", line(open))));
    }
    foreign(&lexed, &line)?;
    let (mut statements, mut classes) = (Vec::new(), Vec::new());
    for (start, end) in lexed.statements(text.len()) {
        let own = &text[start..end];
        let Some(class) = class(&lex(&[own], dialect)) else { continue };
        classes.push(class);
        statements.push(SqlStatement { statement: Statement::plain(own.trim_end()), affects: None, line: line(start) });
    }
    Ok((statements, classes))
}

/// What is of another program and not of the database.
fn foreign(lexed: &Lexed, line: &impl Fn(usize) -> usize) -> Result<(), ActionError> {
    for (at, token) in lexed.tokens.iter().enumerate() {
        let begins = at == 0 || lexed.is_symbol(at - 1, ';') || line(lexed.tokens[at - 1].start) < line(token.start);
        let number = line(token.start);
        match &token.kind {
            Kind::Symbol('\\') if begins => {
                return Err(not_begun(format!("line {number}: a line that begins with `\\` is for psql"))
                    .help("give the file to psql: $ psql -v ON_ERROR_STOP=1 -1 -f … ; a dump to sql.restore"));
            }
            Kind::Word(word) if begins && word == "DELIMITER" => {
                return Err(not_begun(format!("line {number}: DELIMITER is for the program `mysql`"))
                    .help("leave it out, and end the routine with `;`: where it ends is seen from its END"));
            }
            Kind::Word(word) if word == "STDIN" && at > 0 && lexed.word(at - 1) == Some("FROM") => {
                return Err(not_begun(format!("line {number}: the rows of a COPY … FROM STDIN are no statements"))
                    .help("this is a dump: sql.restore gives it to psql"));
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_a_file() {
        let text = "-- first\nCREATE TABLE a (b text DEFAULT ';');\n\nINSERT INTO a\nVALUES ('x');\n";
        let (statements, classes) = statements(text, Dialect::Sqlite).unwrap();
        assert_eq!(statements.iter().map(|given| given.line).collect::<Vec<_>>(), [2, 4]);
        assert!(classes[0].is_definition && !classes[1].is_definition);
    }

    #[test]
    fn refuses_what_is_for_others() {
        let says = |text: &str| statements(text, Dialect::Any).unwrap_err().message;
        assert!(says("select 1;\n\\copy a from b").starts_with("line 2: a line that begins"));
        assert!(says("DELIMITER //\ncreate").contains("for the program `mysql`"));
        assert!(says("COPY a (b) FROM stdin;\n1\n\\.\n").contains("COPY"));
        assert!(says("select 'x").contains("never closed"));
    }
}
