//! The places that `on …` names: each declared once, read by the analysis, by plans and by `rbk doc`.

use super::{Args, Param};
use crate::host::target::{Compose, Docker, Pod, Ssh, Target};
use crate::value::{Value, display};

/// A kind of place. `on dir(…)` is none: it stays on the same machine, and everything may stand in it.
#[derive(Debug)]
pub struct TargetForm {
    /// `ssh`
    pub name: &'static str,
    /// One line: "Another machine".
    pub summary: &'static str,
    /// A paragraph or two of Markdown.
    pub details: &'static str,
    /// In the order in which they may be given without a name.
    pub params: &'static [Param],
    /// Statements that parse, plan and run on the fake host.
    pub examples: &'static [&'static str],
    /// The place of these arguments, or why there is none of them.
    pub target: fn(&Args) -> Result<Target, String>,
}

/// All of them, as they are listed.
pub static TARGETS: &[&TargetForm] = &[&SSH, &DOCKER, &COMPOSE, &POD, &USER];

/// A kind of place by its name.
pub fn find(name: &str) -> Option<&'static TargetForm> {
    TARGETS.iter().copied().find(|form| form.name == name)
}

/// Native actions that mean the same wherever they stand: a command goes to the place, and these ask no place.
/// Every other one speaks from the machine that rbk runs on, and is refused within a place.
const EVERYWHERE: &[&str] = &["sh", "now", "ask", "env_var"];

/// Whether a native action may stand within a place.
pub fn may_stand_within(action: &str) -> bool {
    EVERYWHERE.contains(&action) || action.starts_with("random.")
}

/// Why an action cannot stand within a place, and what to write.
pub fn refusal(action: &str, place: &str) -> (String, String) {
    let message = format!("`{action}` speaks from the machine that rbk runs on, and this stands in `on {place}`");
    let instead = match action.split('.').next() {
        Some("http") => "from there write a command: $ curl …".to_owned(),
        Some("file" | "archive") => {
            "there write commands: $ cat …, $ install -m 0644 …, $ tar …, with an `undo { }`".to_owned()
        }
        Some("net") => "from there write a command: $ nc -z …".to_owned(),
        _ => "from there write a command".to_owned(),
    };
    (message, format!("put it outside of the `on`; {instead}"))
}

static SSH: TargetForm = TargetForm {
    name: "ssh",
    summary: "Another machine, by the system's `ssh`",
    details: "Keys, jump hosts, and names come from your own ssh configuration. Commands share one connection to a \
              machine for the whole run. Nothing is ever asked for: a key must be in the agent or in a file without a \
              passphrase, and the machine's host key must be known. A command that is cancelled, or runs into its \
              deadline, is ended on that machine with everything it started.\n\n\
              Values arrive as they are, one word each, and variables of `with` are set there, secrets too: they \
              travel on the command's input, never in arguments. The machine needs `sh`; a command with a pipe needs \
              `bash` there, or an `sh` that knows `pipefail`.",
    params: &[
        Param {
            name: "host",
            ty: "string",
            default: None,
            doc: "`user@machine`, or a name of your ssh configuration.",
        },
        Param { name: "port", ty: "int?", default: Some("null"), doc: "The port, if it is not the usual one." },
        Param { name: "identity", ty: "string?", default: Some("null"), doc: "The file of the private key." },
        Param {
            name: "options",
            ty: "record?",
            default: Some("null"),
            doc: "Settings as in ssh_config(5): { ProxyJump: \"bastion\" }. Those that run programs stand in your ssh \
                  configuration instead.",
        },
    ],
    examples: &["on ssh(\"deploy@web-1\", port: 2222) {\n    $ systemctl restart shop\n}"],
    target: |args| {
        let destination = text(args, "host")?;
        let strange = |c: char| c.is_whitespace() || c.is_control() || "'\"`$\\;&<>|(){}*?!#".contains(c);
        let machine = destination.rsplit('@').next().unwrap_or_default();
        if destination.contains(strange) || machine.is_empty() || machine.starts_with('-') {
            return Err(format!(
                "`{destination}` is no machine: write user@machine, or a name of your ssh configuration"
            ));
        }
        let port = match args.get("port") {
            Value::Int(port) => {
                let port = u16::try_from(*port).ok().filter(|port| *port > 0);
                Some(port.ok_or_else(|| "a port is a number from 1 to 65535".to_owned())?)
            }
            _ => None,
        };
        let identity = optional(args, "identity")?.map(|path| home(&path));
        Ok(Target::Ssh(Ssh { destination, port, identity, options: ssh_options(args)? }))
    },
};

/// Settings of ssh that start a program on this machine, or would break the way a command is sent.
const NO_OPTIONS: &[&str] = &[
    "proxycommand",
    "localcommand",
    "permitlocalcommand",
    "knownhostscommand",
    "remotecommand",
    "batchmode",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "requesttty",
    "forkafterauthentication",
    "stdinnull",
    "sessiontype",
    "match",
    "include",
    "pkcs11provider",
    "securitykeyprovider",
    "xauthlocation",
    "smartcarddevice",
];

fn ssh_options(args: &Args) -> Result<Vec<(String, String)>, String> {
    let Value::Record(record) = args.get("options") else { return Ok(Vec::new()) };
    let mut options = Vec::new();
    for (name, value) in record.iter() {
        let value = display::exposed_text(value);
        if !name.chars().all(|c| c.is_ascii_alphanumeric()) || name.is_empty() {
            return Err(format!("`{name}` is no setting of ssh: see man ssh_config"));
        }
        if NO_OPTIONS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("`{name}` cannot be set here; where it is needed, put it into ~/.ssh/config"));
        }
        if value.contains(['\n', '\0']) {
            return Err(format!("the value of `{name}` is more than one line"));
        }
        options.push((name.to_string(), value));
    }
    Ok(options)
}

static DOCKER: TargetForm = TargetForm {
    name: "docker",
    summary: "A running container of Docker",
    details: "By `docker exec`. A command that is cancelled is ended in the container. Needed there: `sh`; and `grep`, \
              for ending what runs. Another engine is reached by `with DOCKER_HOST = …` around it, or by an \
              `on ssh(…)` around it.",
    params: &[
        Param { name: "container", ty: "string", default: None, doc: "Its name or id." },
        Param {
            name: "user",
            ty: "string?",
            default: Some("null"),
            doc: "As whom, if not as the container's own user.",
        },
    ],
    examples: &["on docker(\"shop-db\", user: \"postgres\") {\n    $ vacuumdb --all --analyze-in-stages\n}"],
    target: |args| Ok(Target::Docker(Docker { container: text(args, "container")?, user: optional(args, "user")? })),
};

static COMPOSE: TargetForm = TargetForm {
    name: "compose",
    summary: "The container of a service of Docker Compose",
    details: "By `docker compose exec`, or `docker-compose exec` where that is what there is. A relative `file` begins \
              at the `on dir(…)` around it.",
    params: &[
        Param { name: "service", ty: "string", default: None, doc: "Its name in the file." },
        Param {
            name: "file",
            ty: "string?",
            default: Some("null"),
            doc: "The compose file, if it is not the usual one.",
        },
        Param {
            name: "project",
            ty: "string?",
            default: Some("null"),
            doc: "The project's name, if it is not the folder's.",
        },
        Param {
            name: "user",
            ty: "string?",
            default: Some("null"),
            doc: "As whom, if not as the container's own user.",
        },
    ],
    examples: &["on compose(\"web\", file: \"compose.prod.yaml\") {\n    $ ./manage.py migrate --no-input\n}"],
    target: |args| {
        let (file, project) = (optional(args, "file")?, optional(args, "project")?);
        Ok(Target::Compose(Compose { service: text(args, "service")?, file, project, user: optional(args, "user")? }))
    },
};

static POD: TargetForm = TargetForm {
    name: "pod",
    summary: "A container of a pod of Kubernetes",
    details: "By `kubectl exec`. Name the context: which one is current is a matter of luck on a machine with several.",
    params: &[
        Param { name: "name", ty: "string", default: None, doc: "Its name, or `deploy/api` for one of its pods." },
        Param { name: "namespace", ty: "string?", default: Some("null"), doc: "The namespace, if not the context's." },
        Param { name: "context", ty: "string?", default: Some("null"), doc: "The context, if not the current one." },
        Param {
            name: "container",
            ty: "string?",
            default: Some("null"),
            doc: "Which of its containers, if not the first.",
        },
    ],
    examples: &["on pod(\"api-0\", namespace: \"shop\", context: \"prod\") {\n    reads $ df -h /data\n}"],
    target: |args| {
        let (namespace, context) = (optional(args, "namespace")?, optional(args, "context")?);
        Ok(Target::Pod(Pod { name: text(args, "name")?, namespace, context, container: optional(args, "container")? }))
    },
};

static USER: TargetForm = TargetForm {
    name: "user",
    summary: "The same machine, as another user",
    details: "By `sudo -n`, which must not need a password for it; as root by itself. The other user's environment is a \
              fresh one: what is needed there is given by `with`.",
    params: &[Param { name: "name", ty: "string", default: None, doc: "The user's login name." }],
    examples: &["on user(\"postgres\") {\n    $ pg_ctlcluster 15 main reload\n}"],
    target: |args| Ok(Target::User(text(args, "name")?)),
};

/// A name for the arguments of a program: it must not be taken for an option.
fn text(args: &Args, name: &str) -> Result<String, String> {
    let text = display::exposed_text(args.get(name));
    if text.is_empty() {
        return Err(format!("`{name}` is empty"));
    }
    if text.starts_with('-') || text.chars().any(char::is_control) {
        return Err(format!("`{text}` cannot be what `{name}` names"));
    }
    Ok(text)
}

fn optional(args: &Args, name: &str) -> Result<Option<String>, String> {
    if matches!(args.get(name), Value::Null) { Ok(None) } else { text(args, name).map(Some) }
}

/// `~/…` as ssh takes it on its command line, where no shell has read it.
fn home(path: &str) -> String {
    path.strip_prefix("~/").map_or_else(|| path.to_owned(), |rest| format!("%d/{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(form: &'static TargetForm, values: &[(&str, &str)]) -> Result<String, String> {
        let value = |param: &Param| {
            values.iter().find(|(name, _)| *name == param.name).map_or(Value::Null, |(_, text)| Value::str(*text))
        };
        (form.target)(&Args::new(form.params, form.params.iter().map(value).collect())).map(|target| target.to_string())
    }

    #[test]
    fn what_could_be_an_option_is_no_name() {
        assert_eq!(target(&SSH, &[("host", "deploy@web-1")]).as_deref(), Ok("ssh deploy@web-1"));
        for host in ["", "-oProxyCommand=id", "root@-oProxyCommand=id", "root@", "web 1", "a;id", "$(id)", "web\n"] {
            assert!(target(&SSH, &[("host", host)]).is_err(), "{host}");
        }
        assert!(target(&DOCKER, &[("container", "--privileged")]).is_err());
        assert!(target(&POD, &[("name", "api-0"), ("namespace", "-x")]).is_err());
        assert_eq!(target(&POD, &[("name", "api-0"), ("namespace", "shop")]).as_deref(), Ok("pod shop/api-0"));
    }
}
