//! What is known of words: commands that only look, pairs of verbs, names that sound like secrets.

use crate::syntax::shell::{SimpleCommand, Word, base_name, changes, positionals};

/// Programs that only look, whatever they are given (a redirection into a file is found before).
const LOOKING: &[&str] = &[
    "[",
    "[[",
    "awk",
    "basename",
    "cat",
    "cmp",
    "column",
    "curl",
    "cut",
    "date",
    "df",
    "diff",
    "dig",
    "dirname",
    "du",
    "echo",
    "egrep",
    "env",
    "false",
    "fgrep",
    "file",
    "find",
    "free",
    "grep",
    "head",
    "host",
    "hostname",
    "http",
    "id",
    "jq",
    "journalctl",
    "ls",
    "lsblk",
    "lsof",
    "md5sum",
    "netstat",
    "nproc",
    "nslookup",
    "pg_isready",
    "pgrep",
    "ping",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "readlink",
    "realpath",
    "rg",
    "sed",
    "seq",
    "sha256sum",
    "sleep",
    "sort",
    "ss",
    "stat",
    "tail",
    "test",
    "tr",
    "true",
    "type",
    "uname",
    "uniq",
    "uptime",
    "wc",
    "which",
    "whoami",
    "yq",
    "zcat",
];

/// Programs of many subcommands, and those that only look. `…` before one: at any place.
const LOOKING_VERBS: &[(&str, &[&str])] = &[
    ("aws", &["…describe*", "…list*", "…get*", "…ls", "…wait"]),
    ("az", &["…list", "…show"]),
    ("docker", &["ps", "logs", "inspect", "images", "version", "info", "stats", "top", "port", "compose"]),
    ("docker-compose", &["ps", "logs", "config", "top"]),
    ("gcloud", &["…list", "…describe", "…read", "…get-value"]),
    ("gh", &["…list", "…view", "…status", "…checks"]),
    ("git", &["status", "log", "diff", "show", "rev-parse", "ls-files", "describe", "ls-remote", "merge-base"]),
    ("helm", &["list", "ls", "status", "get", "history", "template", "diff", "lint", "show"]),
    (
        "kubectl",
        &["get", "describe", "logs", "top", "version", "explain", "diff", "wait", "auth", "rollout", "cluster-info"],
    ),
    ("npm", &["test", "ls", "view", "audit"]),
    ("systemctl", &["status", "is-active", "is-enabled", "is-failed", "list-units", "show", "cat"]),
    ("terraform", &["plan", "show", "output", "validate", "version"]),
];

/// Programs that read SQL: it only looks if every statement does.
const SQL: &[&str] = &["psql", "mysql", "mariadb", "sqlite3"];

/// Whether a command is known to leave the world as it was.
pub(crate) fn only_looks(command: &SimpleCommand) -> bool {
    if changes(command).is_some() {
        return false;
    }
    let words = command.innermost();
    let Some((program, rest)) = words.split_first() else { return true };
    let Some(name) = base_name(program) else { return false };
    if LOOKING.contains(&name) {
        return true;
    }
    if SQL.contains(&name) {
        let looks = |text: &str| {
            let text = text.trim_start_matches(['\\', '(']).trim_start();
            ["select", "show", "explain", "with", "dt", "l", "d", "."]
                .iter()
                .any(|word| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
        };
        let mut after = rest.windows(2).filter(|pair| {
            matches!(pair[0].literal(), Some("-c" | "--command" | "-e" | "--execute" | "-tAc" | "-tc" | "-Atc" | "-qc"))
        });
        return after.next().is_some_and(|pair| looks(&pair[1].text()));
    }
    let verbs = positionals(rest, &["-n", "--namespace", "--context", "-H", "-f", "-C", "--project", "--region"]);
    let verbs: Vec<&str> = verbs.iter().take(5).map(|word| word.literal().unwrap_or_default()).collect();
    let Some((_, known)) = LOOKING_VERBS.iter().find(|(tool, _)| *tool == name) else { return false };
    known.iter().any(|pattern| match pattern.strip_prefix('…') {
        Some(verb) => verbs.iter().any(|word| is_verb(verb, word)),
        None => verbs.first().is_some_and(|word| word == pattern),
    })
}

fn is_verb(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => pattern == word,
    }
}

/// Whether a name says that what it holds is secret: `db_password`, `API_TOKEN`.
pub(crate) fn sounds_secret(name: &str) -> bool {
    const WORDS: &[&str] = &["password", "passwd", "passphrase", "secret", "token", "credential", "credentials"];
    const PAIRS: &[(&str, &str)] = &[("api", "key"), ("private", "key"), ("access", "key"), ("auth", "key")];
    // What tells where or how, and is no secret itself.
    const ABOUT: &[&str] =
        &["name", "id", "file", "path", "url", "ttl", "version", "expiry", "expires", "length", "count", "dir", "type"];
    let lower = snake(name);
    let parts: Vec<&str> = lower.split(['_', '-', '.']).filter(|part| !part.is_empty()).collect();
    if parts.last().is_some_and(|last| ABOUT.contains(last)) {
        return false;
    }
    parts.iter().any(|part| WORDS.contains(part) || matches!(*part, "apikey" | "pgpassword" | "pwd"))
        && lower != "pwd"
        && lower != "oldpwd"
        || parts.windows(2).any(|pair| PAIRS.contains(&(pair[0], pair[1])))
}

/// `dbPassword` as `db_password`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = 'A';
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    out
}

/// The program of a command, wrappers such as `sudo` looked through, and its words behind it.
pub(crate) fn program(command: &SimpleCommand) -> Option<(&str, &[Word])> {
    let (program, rest) = command.innermost().split_first()?;
    Some((base_name(program)?, rest))
}

/// Whether one of the words is one of these options, alone or as `--option=value`.
pub(crate) fn has_option(words: &[Word], options: &[&str]) -> bool {
    words.iter().any(|word| {
        let text = word.prefix();
        options.iter().any(|option| {
            text == *option
                || (option.starts_with("--") && text.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')))
        })
    })
}

/// Whether letters stand among joined short options: `-f` in `-xf`.
pub(crate) fn has_flag(words: &[Word], flag: char) -> bool {
    words.iter().any(|word| {
        let text = word.prefix();
        text.starts_with('-') && !text.starts_with("--") && text[1..].contains(flag)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::shell::{Piece, lex};

    fn looks(text: &str) -> bool {
        lex(&[Piece::Text(text)]).commands.iter().all(only_looks)
    }

    #[test]
    fn commands_that_only_look_are_known() {
        for text in [
            "kubectl -n shop get pods",
            "kubectl rollout status deploy/a",
            "docker compose ps",
            "git rev-parse HEAD",
            "gcloud run services describe a",
            "psql -c 'select 1'",
            "sudo systemctl status a | grep x",
            "aws ec2 describe-instances",
            "curl -fsS http://a",
        ] {
            assert!(looks(text), "{text}");
        }
        for text in [
            "kubectl apply -f a",
            "./deploy.sh",
            "echo a > b",
            "psql -c 'delete from a'",
            "curl -X POST http://a",
            "psql -f a.sql",
            "kubectl rollout undo deploy/a",
            "docker compose up -d",
            "uv run job",
            "sed -i s/a/b/ c",
        ] {
            assert!(!looks(text), "{text}");
        }
    }

    #[test]
    fn names_of_secrets_are_known() {
        for name in ["password", "DB_PASSWORD", "api_key", "apiKey", "slackToken", "client_secret", "PGPASSWORD"] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["key", "secret_name", "token_url", "PWD", "passed", "monkey", "tokens", "keyboard", "cache_key"] {
            assert!(!sounds_secret(name), "{name}");
        }
    }
}
