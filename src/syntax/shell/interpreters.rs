//! The table of interpreters: where each finds its program, and how a value can reach it as data.

use super::Remedy;

/// Where an interpreter finds its program.
pub(super) enum Program {
    /// In the value of an option: short ones by their letter (they may be joined: `-lc`), long ones by name. Options
    /// end at the first other word if `leading`: behind it stand a script and its own arguments.
    Option { short: &'static str, long: &'static [&'static str], leading: bool },
    /// In the first word that is no option, unless one of `instead` is there, whose value it then is if `program`.
    First { options: &'static str, long: &'static [&'static str], files: &'static [&'static str] },
    /// In all words behind the first `skip` that are no options.
    Behind { skip: usize },
    /// In the word behind one of these.
    After(&'static [&'static str]),
}

/// One interpreter.
pub(super) struct Interpreter {
    pub(super) names: &'static [&'static str],
    pub(super) program: Program,
    /// Options whose value is the next word.
    pub(super) values: &'static [&'static str],
    /// How many words that are no options may stand there while the program still comes from standard input; `None`:
    /// it never does.
    pub(super) stdin: Option<usize>,
    pub(super) remedies: &'static [Remedy],
}

const SHELL: &[Remedy] =
    &[Remedy::Environment, Remedy::Argument("pass it as an argument: `sh -c 'use \"$1\"' sh ${x}`")];
const SCRIPT: &[Remedy] =
    &[Remedy::Environment, Remedy::Argument("pass it as an argument behind the program, which reads it as data")];
/// Where a value can be nothing but a word.
const WORD: Remedy = Remedy::Rbk(
    "if it can be nothing but a word, say so: `param x: string matching \"[a-z0-9_]+\"`, and write `${raw(x)}`",
);
const SQL: &[Remedy] = &[Remedy::Sql, WORD];
// Variables are put into what psql reads from its standard input, and not into `-c` (psql(1), "SQL Interpolation").
const PSQL: &[Remedy] = &[
    Remedy::Sql,
    Remedy::Argument("make it a variable of psql, which quotes it: `echo \"… = :'x'\" | psql -v x=${x}`"),
];
const REMOTE: &[Remedy] =
    &[Remedy::On, Remedy::Argument("send it on standard input: `echo ${x} | ssh host 'read -r x; … \"$x\"'`")];
const EVAL: &[Remedy] = &[Remedy::Environment, Remedy::Rbk("write the command itself, without `eval`")];
const NUMBERS: &[Remedy] = &[Remedy::Rbk("write `$((…))`, where only a number is let in, or compute it in rbk")];
pub(super) const JSON: &[Remedy] = &[Remedy::HttpJson, Remedy::JsonFunction];
pub(super) const FORM: &[Remedy] =
    &[Remedy::Argument("use `--data-urlencode`, which encodes the value, or `http.post`"), Remedy::HttpJson];

/// The interpreters that runbooks meet.
pub(super) const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        names: &["sh", "bash", "dash", "zsh", "ksh", "ash"],
        program: Program::Option { short: "c", long: &[], leading: true },
        values: &["-o", "+o", "-O", "--rcfile", "--init-file"],
        stdin: Some(0),
        remedies: SHELL,
    },
    Interpreter {
        names: &["su", "runuser", "script"],
        program: Program::Option { short: "c", long: &["--command", "--session-command"], leading: false },
        values: &["-s", "--shell", "-g", "-G", "-u"],
        stdin: None,
        remedies: SHELL,
    },
    Interpreter { names: &["eval"], program: Program::Behind { skip: 0 }, values: &[], stdin: None, remedies: EVAL },
    // The handler is code; the signals behind it are not, but nobody takes them from a value.
    Interpreter {
        names: &["trap", "alias"],
        program: Program::Behind { skip: 0 },
        values: &[],
        stdin: None,
        remedies: EVAL,
    },
    Interpreter { names: &["let"], program: Program::Behind { skip: 0 }, values: &[], stdin: None, remedies: NUMBERS },
    // watch(1) hands its arguments to `sh -c`, joined by blanks.
    Interpreter {
        names: &["watch"],
        program: Program::Behind { skip: 0 },
        values: &["-n", "--interval"],
        stdin: None,
        remedies: &[Remedy::Rbk("use `check … within … every …` or `monitor`, which repeat a command themselves")],
    },
    // ssh(1) sends the words joined by blanks; the remote shell reads them again.
    Interpreter {
        names: &["ssh"],
        program: Program::Behind { skip: 1 },
        values: &[
            "-p", "-i", "-o", "-l", "-F", "-J", "-L", "-R", "-D", "-b", "-c", "-e", "-m", "-O", "-Q", "-S", "-w", "-W",
            "-E", "-B", "-I",
        ],
        stdin: Some(1),
        remedies: REMOTE,
    },
    Interpreter {
        names: &["gcloud"],
        program: Program::Option { short: "", long: &["--command"], leading: false },
        values: &[],
        stdin: None,
        remedies: REMOTE,
    },
    Interpreter {
        names: &["psql"],
        program: Program::Option { short: "c", long: &["--command"], leading: false },
        values: &[
            "-d",
            "--dbname",
            "-h",
            "--host",
            "-p",
            "--port",
            "-U",
            "--username",
            "-v",
            "--set",
            "--variable",
            "-o",
            "-F",
            "-P",
            "-L",
            "-R",
            "-T",
            "-f",
            "--file",
        ],
        stdin: Some(2),
        remedies: PSQL,
    },
    Interpreter {
        names: &["mysql", "mariadb"],
        program: Program::Option { short: "e", long: &["--execute", "--init-command"], leading: false },
        values: &["-h", "--host", "-P", "--port", "-u", "--user", "-D", "--database", "-S", "--socket"],
        stdin: Some(1),
        remedies: SQL,
    },
    Interpreter {
        names: &["sqlite3"],
        program: Program::Behind { skip: 1 },
        values: &["-cmd", "-init", "-separator", "-nullvalue", "-newline"],
        stdin: Some(1),
        remedies: SQL,
    },
    Interpreter {
        names: &["redis-cli"],
        program: Program::After(&["eval", "EVAL", "eval_ro", "EVAL_RO"]),
        values: &[],
        stdin: None,
        remedies: &[Remedy::Argument("pass it behind the script as an argument and read it as `ARGV[1]`")],
    },
    Interpreter {
        names: &["mongosh", "mongo"],
        program: Program::Option { short: "", long: &["--eval"], leading: false },
        values: &["--host", "--port", "-u", "--username", "-p", "--password"],
        stdin: Some(1),
        remedies: &[Remedy::Environment],
    },
    Interpreter {
        names: &["python", "python3", "python2"],
        program: Program::Option { short: "c", long: &[], leading: true },
        values: &["-W", "-X", "-m"],
        stdin: Some(0),
        remedies: SCRIPT,
    },
    Interpreter {
        names: &["node", "deno", "bun"],
        program: Program::Option { short: "ep", long: &["--eval", "--print"], leading: true },
        values: &["-r", "--require", "--import"],
        stdin: Some(0),
        remedies: SCRIPT,
    },
    Interpreter {
        names: &["perl"],
        program: Program::Option { short: "eE", long: &[], leading: true },
        values: &[],
        stdin: Some(0),
        remedies: SCRIPT,
    },
    Interpreter {
        names: &["ruby"],
        program: Program::Option { short: "e", long: &[], leading: true },
        values: &["-r", "-I"],
        stdin: Some(0),
        remedies: SCRIPT,
    },
    Interpreter {
        names: &["php"],
        program: Program::Option { short: "rBRE", long: &["--run"], leading: true },
        values: &["-d", "-c", "-z"],
        stdin: Some(0),
        remedies: SCRIPT,
    },
    Interpreter {
        names: &["awk", "gawk", "mawk", "nawk"],
        program: Program::First { options: "e", long: &["--source"], files: &["-f", "--file"] },
        values: &["-F", "-v", "--assign", "--field-separator", "-f", "--file", "-i", "-l"],
        stdin: None,
        remedies: &[Remedy::Environment, Remedy::Argument("read it in awk as `ENVIRON[\"NAME\"]`")],
    },
    Interpreter {
        names: &["sed", "gsed"],
        program: Program::First { options: "e", long: &["--expression"], files: &["-f", "--file"] },
        values: &["-f", "--file", "-l", "--line-length"],
        stdin: None,
        remedies: &[Remedy::Rbk("read the file and use `.replace(…)` in rbk, where the value is plain text")],
    },
    Interpreter {
        names: &["jq", "gojq", "jaq"],
        program: Program::First { options: "", long: &[], files: &["-f", "--from-file"] },
        values: &["--indent", "-L", "--library-path"],
        stdin: None,
        remedies: &[
            Remedy::Argument("pass it with `--arg name ${x}` and write `$name` in the filter"),
            Remedy::Rbk("use `jq(value, \"…\")` or `.json` in rbk"),
        ],
    },
    Interpreter {
        names: &["yq"],
        program: Program::First { options: "", long: &["--expression"], files: &["--from-file"] },
        values: &["-o", "-p", "-I", "--indent", "--output-format", "--input-format"],
        stdin: None,
        remedies: &[Remedy::Environment, Remedy::Argument("read it in yq as `strenv(NAME)`")],
    },
];
