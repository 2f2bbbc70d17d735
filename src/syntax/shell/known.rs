//! Commands that are known to change things. A check runs commands that only read; one of these in a check is a
//! mistake that can be told without running it. A command that is not listed is not known to be harmless.

use std::fmt;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::tools::{TOOLS, Tool};
use super::wrappers::{base_name, positionals};
use super::{SimpleCommand, Word};

/// What a command is known to change by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The program.
    pub program: &'static str,
    /// Its subcommand, option or statement; empty when the program always changes something.
    pub what: &'static str,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.program)?;
        if !self.what.is_empty() {
            write!(f, " {}", self.what)?;
        }
        Ok(())
    }
}

/// What the command is known to change, if it is; the words looked through `sudo`, `docker exec` and the like.
pub fn changes(command: &SimpleCommand) -> Option<Change> {
    command.change
}

static BY_NAME: LazyLock<FxHashMap<&str, &Tool>> =
    LazyLock::new(|| TOOLS.iter().map(|tool| (tool.name, tool)).collect());

/// Looks it up.
pub(super) fn change(command: &SimpleCommand) -> Option<Change> {
    let words = command.innermost();
    redirect(command).or_else(|| {
        let (program, rest) = words.split_first()?;
        let name = base_name(program)?;
        let listed = BY_NAME.get(name).and_then(|tool| tool.change(rest));
        listed.or_else(|| special(name, rest))
    })
}

impl Tool {
    fn change(&self, words: &[Word]) -> Option<Change> {
        let harmless = |word: &Word| {
            let text = word.prefix().split('=').next().unwrap_or_default();
            self.harmless.contains(&text) && !matches!(word.literal(), Some("--dry-run=none"))
        };
        if words.iter().any(harmless) {
            return None;
        }
        if self.changing.is_empty() {
            return Some(Change { program: self.name, what: "" });
        }
        let positionals = positionals(words, self.values);
        let verbs: Vec<&str> = positionals.iter().map(|word| word.literal().unwrap_or_default()).collect();
        let found = self.changing.iter().find(|pattern| match pattern.strip_prefix('…') {
            // Beyond the first few stand names of things.
            Some(verb) => verbs.iter().take(5).any(|word| matches_verb(verb, word)),
            None => self.matches(pattern, &verbs, words),
        })?;
        Some(Change {
            program: self.name,
            what: found.trim_start_matches('…').trim_end_matches('*').trim_end_matches('-'),
        })
    }

    fn matches(&self, pattern: &str, verbs: &[&str], words: &[Word]) -> bool {
        pattern.split(' ').enumerate().all(|(index, part)| {
            if part.starts_with('-') {
                return words.iter().any(|word| word.literal() == Some(part));
            }
            let ignore_case = self.name == "redis-cli";
            verbs
                .get(index)
                .is_some_and(|verb| matches_verb(part, verb) || (ignore_case && verb.eq_ignore_ascii_case(part)))
        })
    }
}

fn matches_verb(pattern: &str, word: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => !word.is_empty() && word.starts_with(prefix),
        None => word == pattern,
    }
}

/// Output that goes into a file.
fn redirect(command: &SimpleCommand) -> Option<Change> {
    const WRITES: &[&str] = &[">", ">>", ">|", "&>", "&>>", "<>", ">&"];
    command.redirects.iter().find_map(|redirect| {
        let operator = WRITES.iter().find(|operator| **operator == redirect.operator)?;
        let target = redirect.target.literal();
        let device = target.is_some_and(|target| target.starts_with("/dev/"));
        let descriptor = *operator == ">&"
            && target.is_some_and(|target| {
                !target.is_empty() && target.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
            });
        (!device && !descriptor).then_some(Change { program: operator, what: "" })
    })
}

/// Programs of which it depends on more than a subcommand.
fn special(name: &str, words: &[Word]) -> Option<Change> {
    let has = |option: &str| words.iter().any(|word| word.literal() == Some(option));
    match name {
        // `kill -0` and `kill -l` only ask.
        "kill" if !has("-0") && !has("-l") => Some(Change { program: "kill", what: "" }),
        "tee" if words.iter().any(writes_file) => Some(Change { program: "tee", what: "" }),
        "sed" | "perl" if words.iter().any(|word| in_place(word.prefix())) => {
            Some(Change { program: if name == "sed" { "sed" } else { "perl" }, what: "-i" })
        }
        "crontab" if !has("-l") => Some(Change { program: "crontab", what: "" }),
        "find" if has("-delete") => Some(Change { program: "find", what: "-delete" }),
        "sysctl" if has("-w") => Some(Change { program: "sysctl", what: "-w" }),
        "curl" | "http" | "wget" => http(name, words),
        "psql" | "mysql" | "mariadb" | "sqlite3" => words.iter().find_map(sql).map(|what| Change {
            program: match name {
                "psql" => "psql",
                "mysql" => "mysql",
                "mariadb" => "mariadb",
                _ => "sqlite3",
            },
            what,
        }),
        _ => None,
    }
}

/// An operand of `tee` that is a file rather than a device or an option.
fn writes_file(word: &Word) -> bool {
    !word.prefix().starts_with('-') && !word.prefix().starts_with("/dev/")
}

fn in_place(option: &str) -> bool {
    option.starts_with("--in-place") || option.starts_with("-i") || (option.starts_with("-p") && option.contains('i'))
}

/// Requests that are not reads: by method, or by a body without `-G`.
fn http(name: &str, words: &[Word]) -> Option<Change> {
    const METHODS: &[&str] = &["POST", "PUT", "PATCH", "DELETE"];
    const BODIES: &[&str] =
        &["-d", "--data", "-F", "--form", "--json", "-T", "--upload-file", "--post-data", "--post-file"];
    let program = match name {
        "curl" => "curl",
        "wget" => "wget",
        _ => "http",
    };
    let mut previous = "";
    let mut body = None;
    let mut reads = false;
    for word in words {
        let text = word.prefix();
        let method = match previous {
            "-X" | "--request" | "--method" => text,
            _ => text
                .strip_prefix("-X")
                .or(text.strip_prefix("--request="))
                .or(text.strip_prefix("--method="))
                .unwrap_or_default(),
        };
        let method = if name == "http" { text } else { method };
        if let Some(method) = METHODS.iter().find(|known| **known == method) {
            return Some(Change { program, what: method });
        }
        reads |= matches!(text, "-G" | "--get" | "-I" | "--head") || method == "GET";
        let data = name != "http";
        body = body.or(BODIES.iter().filter(|_| data).find(|option| {
            text == **option || (text.starts_with(**option) && (option.len() == 2 || text.starts_with("--data")))
        }));
        previous = word.literal().unwrap_or_default();
    }
    body.filter(|_| !reads).map(|what| Change { program, what })
}

/// The first statement that is not a read, of SQL in an argument.
fn sql(word: &Word) -> Option<&'static str> {
    const STATEMENTS: &[&str] = &[
        "INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "TRUNCATE", "CREATE", "GRANT", "REVOKE", "VACUUM", "REINDEX",
        "REPLACE", "MERGE", "CLUSTER", "REFRESH", "RENAME", "CALL",
    ];
    const FUNCTIONS: &[&str] = &["pg_terminate_backend", "pg_cancel_backend", "pg_promote", "pg_reload_conf"];
    let text = word.text();
    let text = text.trim_start_matches("-c").trim_start_matches("--command=").trim_start_matches("-e");
    let first = text.split(';').find_map(|statement| {
        let first = statement.split_whitespace().next()?;
        STATEMENTS.iter().find(|known| known.eq_ignore_ascii_case(first))
    });
    // A single word is a database's name rather than a statement.
    let first = first.filter(|_| text.split_whitespace().count() > 1);
    first.or_else(|| FUNCTIONS.iter().find(|function| text.contains(**function))).copied()
}

#[cfg(test)]
mod tests {
    use super::super::tests::script;
    use super::changes;

    fn change(text: &str) -> Option<String> {
        script(text).commands.iter().find_map(changes).map(|change| change.to_string())
    }

    #[test]
    fn changing_commands_are_known() {
        for (text, shown) in [
            ("kubectl -n shop apply -f a.yml", "kubectl apply"),
            ("kubectl rollout undo deploy/§", "kubectl rollout undo"),
            ("sudo kubectl --context=a scale deploy a --replicas=2", "kubectl scale"),
            ("helm -n a upgrade b c", "helm upgrade"),
            ("git -C a push", "git push"),
            ("git tag -a v1", "git tag -a"),
            ("rm -rf §", "rm"),
            ("terraform apply", "terraform apply"),
            ("terraform state rm a", "terraform state rm"),
            ("docker compose -f a.yml up -d", "docker compose up"),
            ("docker restart a", "docker restart"),
            ("docker-compose down", "docker-compose down"),
            ("systemctl restart a", "systemctl restart"),
            ("gcloud run services update-traffic a", "gcloud update-traffic"),
            ("gcloud run deploy a", "gcloud deploy"),
            ("aws ec2 terminate-instances --instance-ids a", "aws terminate"),
            ("aws s3 cp a s3://b", "aws s3 cp"),
            ("gh workflow run a", "gh workflow run"),
            ("npm publish", "npm publish"),
            ("apt-get -y install a", "apt-get install"),
            ("kill -9 §", "kill"),
            ("psql -c 'DELETE FROM a'", "psql DELETE"),
            ("psql -c \"select 1; update a set b = §\"", "psql UPDATE"),
            ("redis-cli -h a SET b c", "redis-cli set"),
            ("curl -X POST url", "curl POST"),
            ("curl -XDELETE url", "curl DELETE"),
            ("curl url -d a=b", "curl -d"),
            ("a > b", ">"),
            ("a &>> b", "&>>"),
            ("a | tee b", "tee"),
            ("a | xargs rm", "rm"),
            ("if a; then touch b; fi", "touch"),
            ("echo $(mkdir a)", "mkdir"),
            ("sed -i s/a/b/ f", "sed -i"),
            ("crontab f", "crontab"),
            ("uv run alembic upgrade head", "alembic upgrade"),
        ] {
            assert_eq!(change(text).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn reads_are_not_taken_for_changes() {
        for text in [
            "curl -f url",
            "curl -fsS -H 'A: b' -o /dev/null -G -d a=b url",
            "kubectl get pods -n apply",
            "kubectl rollout status deploy/a",
            "kubectl apply --dry-run=server -f a",
            "git status",
            "git log --oneline",
            "git tag",
            "docker ps",
            "docker logs a 2>&1 | grep -c ERROR",
            "docker compose ps",
            "systemctl status a",
            "terraform plan",
            "gcloud run services describe a",
            "aws ec2 describe-instances",
            "aws s3 ls",
            "psql -d update -c 'SELECT * FROM updates'",
            "redis-cli get set",
            "a > /dev/null 2>&1",
            "a 2>/dev/null",
            "kill -0 1",
            "sed s/a/b/ f",
            "crontab -l",
            "helm list",
            "npm test",
            "uv run pytest -q",
        ] {
            assert_eq!(change(text), None, "{text}");
        }
    }
}
