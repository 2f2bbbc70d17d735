//! Commands that are known to change things. A check runs commands that only read; one of these in a check is a
//! mistake that can be told without running it. A command that is not listed is not known to be harmless.

use std::fmt;

use super::wrappers::{base_name, innermost, positionals};
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

/// One program.
struct Tool {
    name: &'static str,
    /// Options whose value is the next word, so that it is not taken for a subcommand.
    values: &'static [&'static str],
    /// The subcommands that change: words in a row; the last may end in `*`. A leading `…` means at any place.
    /// Empty: every use changes something.
    changing: &'static [&'static str],
    /// Options with which nothing is changed.
    harmless: &'static [&'static str],
}

const KUBE: &[&str] = &["-n", "--namespace", "--context", "--kubeconfig", "--cluster", "--user", "-s", "--server"];
/// With those of `docker compose`, which stand before its subcommand.
const DOCKER: &[&str] = &[
    "-H",
    "--host",
    "--context",
    "-c",
    "--config",
    "-l",
    "--log-level",
    "-f",
    "--file",
    "-p",
    "--project-name",
    "--profile",
    "--env-file",
    "--project-directory",
];
const COMPOSE: &[&str] = &["-f", "--file", "-p", "--project-name", "--profile", "--env-file", "--project-directory"];
const KUBE_VERBS: &[&str] = &[
    "apply",
    "delete",
    "scale",
    "autoscale",
    "rollout undo",
    "rollout restart",
    "rollout pause",
    "rollout resume",
    "set",
    "patch",
    "edit",
    "create",
    "replace",
    "annotate",
    "label",
    "drain",
    "cordon",
    "uncordon",
    "taint",
    "run",
    "expose",
    "cp",
    "debug",
];
const CONTAINER_VERBS: &[&str] = &[
    "run",
    "rm",
    "rmi",
    "stop",
    "start",
    "restart",
    "kill",
    "pause",
    "unpause",
    "rename",
    "update",
    "build",
    "push",
    "pull",
    "tag",
    "load",
    "import",
    "commit",
    "create",
    "cp",
    "compose up",
    "compose down",
    "compose start",
    "compose stop",
    "compose restart",
    "compose rm",
    "compose kill",
    "compose pull",
    "compose build",
    "compose run",
    "compose create",
    "container rm",
    "container stop",
    "container start",
    "container restart",
    "container kill",
    "container prune",
    "container run",
    "image rm",
    "image prune",
    "image push",
    "image build",
    "volume create",
    "volume rm",
    "volume prune",
    "network create",
    "network rm",
    "network connect",
    "network disconnect",
    "network prune",
    "system prune",
    "service create",
    "service update",
    "service scale",
    "service rm",
    "service rollback",
    "stack deploy",
    "stack rm",
    "swarm *",
    "node update",
    "buildx build",
    "secret create",
    "secret rm",
];
const COMPOSE_VERBS: &[&str] =
    &["up", "down", "start", "stop", "restart", "rm", "kill", "pull", "build", "run", "create", "pause", "unpause"];
const GCLOUD_VERBS: &[&str] = &[
    "…create",
    "…delete",
    "…update",
    "…deploy",
    "…update-traffic",
    "…set-*",
    "…add-*",
    "…remove-*",
    "…enable",
    "…disable",
    "…start",
    "…stop",
    "…reset",
    "…resize",
    "…restart",
    "…restore",
    "…import",
    "…patch",
    "…submit",
    "…promote",
    "…rollback",
    "…failover",
    "…migrate",
    "…replace",
    "…destroy",
    "config set",
    "config unset",
];
const AWS_VERBS: &[&str] = &[
    "s3 cp",
    "s3 mv",
    "s3 rm",
    "s3 sync",
    "s3 mb",
    "s3 rb",
    "…create-*",
    "…delete-*",
    "…put-*",
    "…update-*",
    "…modify-*",
    "…terminate-*",
    "…start-*",
    "…stop-*",
    "…reboot-*",
    "…run-*",
    "…attach-*",
    "…detach-*",
    "…associate-*",
    "…disassociate-*",
    "…authorize-*",
    "…revoke-*",
    "…register-*",
    "…deregister-*",
    "…enable-*",
    "…disable-*",
    "…set-*",
    "…tag-*",
    "…untag-*",
    "…restore-*",
    "…failover-*",
    "…promote-*",
    "…invoke",
    "…publish",
    "…send-*",
    "…deploy",
    "…execute-*",
    "…add-*",
    "…remove-*",
    "…copy-*",
    "…import-*",
    "…purge-*",
    "…reset-*",
];
const GIT_VERBS: &[&str] = &[
    "push",
    "commit",
    "merge",
    "reset",
    "checkout",
    "switch",
    "pull",
    "rebase",
    "revert",
    "cherry-pick",
    "clean",
    "rm",
    "mv",
    "add",
    "apply",
    "am",
    "init",
    "clone",
    "restore",
    "stash push",
    "stash pop",
    "stash drop",
    "stash apply",
    "branch -d",
    "branch -D",
    "branch -m",
    "tag -a",
    "tag -d",
    "tag -s",
    "tag -f",
    "worktree add",
    "worktree remove",
    "submodule update",
];

const fn tool(name: &'static str, values: &'static [&'static str], changing: &'static [&'static str]) -> Tool {
    Tool { name, values, changing, harmless: &["--help", "--dry-run"] }
}

const fn always(name: &'static str) -> Tool {
    Tool { name, values: &[], changing: &[], harmless: &["--help", "--version"] }
}

const TOOLS: &[Tool] = &[
    // Files. With `-n` and the like some of these only tell; nobody writes that into a check.
    always("rm"),
    always("rmdir"),
    always("mv"),
    always("cp"),
    always("mkdir"),
    always("touch"),
    always("chmod"),
    always("chown"),
    always("chgrp"),
    always("ln"),
    always("dd"),
    always("truncate"),
    always("shred"),
    always("mkfs"),
    always("mount"),
    always("umount"),
    always("install"),
    always("unlink"),
    always("rsync"),
    always("scp"),
    always("patch"),
    always("fallocate"),
    // Processes and machines.
    always("reboot"),
    always("shutdown"),
    always("poweroff"),
    always("halt"),
    always("pkill"),
    always("killall"),
    always("useradd"),
    always("usermod"),
    always("userdel"),
    always("passwd"),
    always("swapoff"),
    always("swapon"),
    always("modprobe"),
    always("setfacl"),
    tool(
        "systemctl",
        &["-t", "--type", "-H", "--host"],
        &[
            "start",
            "stop",
            "restart",
            "reload",
            "try-restart",
            "reload-or-restart",
            "enable",
            "disable",
            "mask",
            "unmask",
            "kill",
            "daemon-reload",
            "isolate",
            "reset-failed",
            "set-property",
            "edit",
            "revert",
            "reboot",
            "poweroff",
        ],
    ),
    tool("service", &[], &["* start", "* stop", "* restart", "* reload"]),
    tool("supervisorctl", &["-c"], &["start", "stop", "restart", "update", "reload", "shutdown", "remove", "add"]),
    tool("pm2", &[], &["start", "stop", "restart", "reload", "delete", "kill", "save", "scale"]),
    // Containers and clusters.
    tool("kubectl", KUBE, KUBE_VERBS),
    tool("oc", KUBE, KUBE_VERBS),
    tool(
        "helm",
        &["-n", "--namespace", "--kube-context", "--kubeconfig"],
        &["install", "upgrade", "rollback", "uninstall", "delete", "push", "repo add", "repo remove", "repo update"],
    ),
    tool("docker", DOCKER, CONTAINER_VERBS),
    tool("podman", DOCKER, CONTAINER_VERBS),
    tool("docker-compose", COMPOSE, COMPOSE_VERBS),
    tool("podman-compose", COMPOSE, COMPOSE_VERBS),
    tool(
        "argocd",
        &[],
        &[
            "app sync",
            "app create",
            "app delete",
            "app rollback",
            "app set",
            "app patch",
            "app unset",
            "app terminate-op",
        ],
    ),
    tool("flux", &["-n"], &["reconcile *", "suspend *", "resume *", "create *", "delete *", "install", "uninstall"]),
    // Infrastructure.
    tool(
        "terraform",
        &[],
        &[
            "apply",
            "destroy",
            "import",
            "taint",
            "untaint",
            "force-unlock",
            "state rm",
            "state mv",
            "state push",
            "workspace new",
            "workspace delete",
            "workspace select",
        ],
    ),
    tool("tofu", &[], &["apply", "destroy", "import", "taint", "untaint", "force-unlock", "state rm", "state mv"]),
    tool(
        "pulumi",
        &["-s", "--stack", "-C", "--cwd"],
        &["up", "update", "destroy", "import", "refresh", "cancel", "config set"],
    ),
    Tool {
        name: "ansible-playbook",
        values: &[],
        changing: &[],
        harmless: &["--check", "-C", "--syntax-check", "--list-hosts", "--list-tasks", "--help"],
    },
    tool("gcloud", &["--project", "--account", "--configuration"], GCLOUD_VERBS),
    tool("gsutil", &[], &["cp", "mv", "rm", "rsync", "mb", "rb", "acl set", "acl ch", "iam set", "iam ch"]),
    tool("aws", &["--profile", "--region", "--output", "--endpoint-url", "--query"], AWS_VERBS),
    tool(
        "az",
        &["--subscription"],
        &[
            "…create",
            "…delete",
            "…update",
            "…start",
            "…stop",
            "…restart",
            "…set",
            "…add",
            "…remove",
            "…deploy",
            "…purge",
            "…upload",
            "…swap",
            "…scale",
            "…deallocate",
            "…import",
        ],
    ),
    tool(
        "fly",
        &["-a", "--app"],
        &["deploy", "scale *", "secrets set", "secrets unset", "machine *", "restart", "apps destroy"],
    ),
    tool(
        "flyctl",
        &["-a", "--app"],
        &["deploy", "scale *", "secrets set", "secrets unset", "machine *", "restart", "apps destroy"],
    ),
    tool(
        "heroku",
        &["-a", "--app"],
        &[
            "ps:restart",
            "ps:scale",
            "config:set",
            "config:unset",
            "releases:rollback",
            "maintenance:on",
            "maintenance:off",
            "pg:promote",
            "pg:reset",
            "run",
        ],
    ),
    tool(
        "vault",
        &[],
        &["write", "delete", "kv put", "kv delete", "kv patch", "secrets enable", "secrets disable", "policy write"],
    ),
    tool(
        "consul",
        &[],
        &["kv put", "kv delete", "leave", "force-leave", "reload", "services register", "services deregister"],
    ),
    tool(
        "nomad",
        &[],
        &["job run", "job stop", "run", "stop", "job revert", "node drain", "alloc stop", "alloc restart"],
    ),
    // Code, packages, releases.
    tool("git", &["-C", "-c", "--git-dir", "--work-tree"], GIT_VERBS),
    tool(
        "gh",
        &["-R", "--repo"],
        &[
            "workflow run",
            "workflow enable",
            "workflow disable",
            "pr merge",
            "pr create",
            "pr close",
            "pr comment",
            "release create",
            "release delete",
            "release upload",
            "release edit",
            "issue create",
            "issue close",
            "issue comment",
            "run rerun",
            "run cancel",
            "secret set",
            "variable set",
            "repo create",
            "repo delete",
        ],
    ),
    tool(
        "npm",
        &["--prefix"],
        &[
            "publish",
            "install",
            "i",
            "ci",
            "update",
            "uninstall",
            "unpublish",
            "deprecate",
            "version *",
            "dist-tag add",
        ],
    ),
    tool("yarn", &["--cwd"], &["add", "install", "remove", "publish", "npm publish"]),
    tool("pnpm", &["-C", "--dir"], &["add", "install", "i", "remove", "publish", "update"]),
    tool("pip", &[], &["install", "uninstall"]),
    tool("pip3", &[], &["install", "uninstall"]),
    tool("uv", &[], &["sync", "add", "remove", "publish", "pip install", "pip uninstall", "tool install"]),
    tool("cargo", &[], &["publish", "install", "uninstall", "yank"]),
    tool("apt-get", &[], &["install", "remove", "purge", "upgrade", "dist-upgrade", "autoremove", "update", "clean"]),
    tool("apt", &[], &["install", "remove", "purge", "upgrade", "full-upgrade", "autoremove", "update"]),
    tool("yum", &[], &["install", "remove", "update", "upgrade", "downgrade"]),
    tool("dnf", &[], &["install", "remove", "update", "upgrade", "downgrade"]),
    tool("apk", &[], &["add", "del", "upgrade", "update"]),
    tool("brew", &[], &["install", "uninstall", "upgrade", "services start", "services stop", "services restart"]),
    tool("alembic", &["-c", "--config", "-n"], &["upgrade", "downgrade", "stamp", "revision", "merge"]),
    // Data.
    tool(
        "redis-cli",
        &["-h", "-p", "-a", "-n", "-u", "-s", "--user", "--pass"],
        &[
            "set",
            "setex",
            "setnx",
            "mset",
            "del",
            "unlink",
            "flushall",
            "flushdb",
            "expire",
            "persist",
            "incr",
            "decr",
            "incrby",
            "decrby",
            "rename",
            "hset",
            "hdel",
            "lpush",
            "rpush",
            "lpop",
            "rpop",
            "sadd",
            "srem",
            "zadd",
            "zrem",
            "xadd",
            "xdel",
            "publish",
            "restore",
            "config set",
            "config rewrite",
            "shutdown",
            "failover",
            "replicaof",
            "slaveof",
            "bgsave",
            "save",
            "cluster failover",
            "script flush",
            "client kill",
        ],
    ),
    always("createdb"),
    always("dropdb"),
    always("createuser"),
    always("dropuser"),
    always("pg_restore"),
    always("vacuumdb"),
    always("reindexdb"),
    always("mongorestore"),
];

/// What the command is known to change, if it is; the words looked through `sudo`, `docker exec` and the like.
pub fn changes(command: &SimpleCommand) -> Option<Change> {
    let words = innermost(&command.words);
    redirect(command).or_else(|| {
        let (program, rest) = words.split_first()?;
        let name = base_name(program)?;
        let listed = TOOLS.iter().find(|tool| tool.name == name).and_then(|tool| tool.change(rest));
        listed.or_else(|| special(name, rest))
    })
}

impl Tool {
    fn change(&self, words: &[Word]) -> Option<Change> {
        let harmless = |word: &Word| {
            let text = word.prefix().split('=').next().unwrap_or_default().to_owned();
            self.harmless.contains(&text.as_str()) && !matches!(word.literal(), Some("--dry-run=none"))
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
