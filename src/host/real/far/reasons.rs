//! Why a place was not reached, and what to type: from the words of the program that leads there.
//!
//! The words are those of OpenSSH 8 to 10, Docker 20 to 28, kubectl 1.20 and later, sudo 1.9.

use crate::host::ProcessError;
use crate::host::target::{Compose, Docker, Pod, Ssh, Target};

/// A place was not reached: nothing of the command ran.
pub(super) fn not_reached(target: &Target, place: &str, said: &str) -> ProcessError {
    let (reason, help) = match target {
        Target::Ssh(ssh) => ssh_reason(ssh, said),
        Target::Docker(docker) => docker_reason(docker, said),
        Target::Compose(compose) => compose_reason(compose, said),
        Target::Pod(pod) => pod_reason(pod, said),
        Target::User(name) => user_reason(name, said),
    };
    ProcessError::NotReached { place: place.to_owned(), reason, help }
}

type Reason = (String, Option<String>);

/// The last thing that was said, without the name of the program in front of it.
fn last_word(said: &str) -> String {
    let line = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.map_or_else(|| "it ended without a word".to_owned(), |line| line.chars().take(300).collect())
}

fn reason(reason: impl Into<String>, help: impl Into<String>) -> Reason {
    (reason.into(), Some(help.into()))
}

fn ssh_reason(ssh: &Ssh, said: &str) -> Reason {
    let to = ssh_command(ssh);
    let host = ssh.destination.rsplit('@').next().unwrap_or_default();
    if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        let known = match ssh.port {
            None | Some(22) => host.to_owned(),
            Some(port) => format!("'[{host}]:{port}'"),
        };
        return reason(
            "its host key is another one than before: the machine was made anew, or somebody stands in between",
            format!("find out which; if it was made anew: ssh-keygen -R {known}, and then {to} once, by hand"),
        );
    }
    if said.contains("Host key verification failed") {
        return reason(
            "its host key is not known here, and rbk takes no key unseen",
            format!("connect once by hand and compare the fingerprint: {to}"),
        );
    }
    if said.contains("Permission denied") {
        let tried = said.lines().rev().find(|line| line.contains("Permission denied")).unwrap_or_default();
        return reason(
            format!("it lets nobody in with the keys that were offered: {}", tried.trim()),
            format!(
                "see what is offered: {to} -v; rbk types no password, so load the key (ssh-add) or name it: identity: \"~/.ssh/…\""
            ),
        );
    }
    if said.contains("Could not resolve hostname") {
        return reason(
            format!("there is no machine of the name {host}"),
            format!("look at the name, and at what ssh makes of it: ssh -G {host} | grep hostname"),
        );
    }
    let unreachable =
        ["Connection refused", "timed out", "No route to host", "Network is unreachable", "Connection reset"];
    if let Some(line) = said.lines().rev().find(|line| unreachable.iter().any(|why| line.contains(why))) {
        return reason(line.trim().trim_start_matches("ssh: ").to_owned(), format!("look whether it is up: {to}"));
    }
    if said.contains("Bad configuration option") || said.contains("unknown key type") || said.contains("terminating,") {
        return reason(last_word(said), "look at `options:` and at ~/.ssh/config");
    }
    if said.contains("identity file") || said.contains("invalid format") || said.contains("UNPROTECTED PRIVATE KEY") {
        return reason(last_word(said), "look at `identity:`: the file of the private key, mode 0600");
    }
    reason(last_word(said), format!("try it by hand: {to} true"))
}

fn ssh_command(ssh: &Ssh) -> String {
    let port = ssh.port.map_or_else(String::new, |port| format!("-p {port} "));
    format!("ssh {port}{}", ssh.destination)
}

fn daemon(said: &str) -> Option<Reason> {
    if said.contains("Cannot connect to the Docker daemon") || said.contains("Is the docker daemon running") {
        return Some(reason(
            "no docker engine answers",
            "start it: systemctl start docker; or say which one: with DOCKER_HOST = \"…\"",
        ));
    }
    if said.contains("permission denied") && said.contains("docker") {
        return Some(reason(
            "the user who runs rbk may not use docker",
            "put that user into the group `docker`, or run it as one who may: on user(\"root\") { on docker(…) { … } }",
        ));
    }
    None
}

fn no_shell(said: &str, what: &str) -> Option<Reason> {
    (said.contains("executable file not found") || said.contains("no such file or directory")).then(|| {
        reason(
            format!("{what} has no `sh`"),
            "rbk needs one there; run the command from here: $ docker exec …, $ kubectl exec …",
        )
    })
}

fn docker_reason(docker: &Docker, said: &str) -> Reason {
    let name = &docker.container;
    if said.contains("No such container") {
        return reason(format!("there is no container {name}"), "look at the names: docker ps");
    }
    if said.contains("is not running") || said.contains("is restarting") || said.contains("is paused") {
        return reason(last_word(said), format!("look at it: docker ps -a --filter name={name}; docker logs {name}"));
    }
    if said.contains("unable to find user") {
        return reason(last_word(said), "look at `user:`");
    }
    let other = || reason(last_word(said), format!("try it by hand: docker exec {name} true"));
    daemon(said).or_else(|| no_shell(said, &format!("the container {name}"))).unwrap_or_else(other)
}

fn compose_reason(compose: &Compose, said: &str) -> Reason {
    let name = &compose.service;
    if said.contains("no such service") || said.contains("No such service") {
        return reason(format!("there is no service {name}"), "look at the names: docker compose config --services");
    }
    if said.contains("is not running") || said.contains("No container found") {
        return reason(format!("the service {name} does not run"), format!("start it: docker compose up -d {name}"));
    }
    if said.contains("no configuration file") || said.contains("Can't find a suitable configuration file") {
        return reason("there is no compose file here", "say where it is: file: \"…\", or put it into on dir(\"…\")");
    }
    if said.contains("docker-compose: not found") || said.contains("docker-compose: No such file") {
        return reason("there is neither `docker compose` nor `docker-compose`", "install docker's compose plugin");
    }
    let other = || reason(last_word(said), "try it by hand: docker compose ps");
    daemon(said).or_else(|| no_shell(said, &format!("the service {name}"))).unwrap_or_else(other)
}

fn pod_reason(pod: &Pod, said: &str) -> Reason {
    let name = &pod.name;
    let namespace = pod.namespace.as_ref().map_or_else(String::new, |namespace| format!(" -n {namespace}"));
    let context = pod.context.as_ref().map_or_else(String::new, |context| format!(" --context {context}"));
    if said.contains("(NotFound)") {
        return reason(last_word(said), format!("look at the names: kubectl{context} get pods{namespace}"));
    }
    if said.contains("context") && said.contains("does not exist") {
        return reason(last_word(said), "look at the names: kubectl config get-contexts");
    }
    if said.contains("container") && (said.contains("is not valid for pod") || said.contains("not found in pod")) {
        let help = format!(
            "look at its containers: kubectl{context} get pod {name}{namespace} -o jsonpath='{{.spec.containers[*].name}}'"
        );
        return reason(last_word(said), help);
    }
    if said.contains("must be logged in") || said.contains("(Unauthorized)") || said.contains("getting credentials") {
        return reason(last_word(said), "sign on again, as for any kubectl command of this cluster");
    }
    if said.contains("(Forbidden)") {
        return reason(
            last_word(said),
            format!("ask for the right: kubectl{context} auth can-i create pods/exec{namespace}"),
        );
    }
    if said.contains("Unable to connect to the server") || said.contains("was refused") {
        return reason(last_word(said), format!("look whether the cluster answers: kubectl{context} version"));
    }
    let other = || reason(last_word(said), format!("try it by hand: kubectl{context} exec {name}{namespace} -- true"));
    no_shell(said, &format!("the pod {name}")).unwrap_or_else(other)
}

fn user_reason(name: &str, said: &str) -> Reason {
    if said.contains("no such user") || said.contains("unknown user") {
        return reason(format!("there is no user {name}"), "look at the name: getent passwd");
    }
    if said.contains("password is required") || said.contains("may not run sudo") || said.contains("not allowed to") {
        return reason(
            format!("sudo lets the user who runs rbk be {name} only with a password, or not at all"),
            format!("allow it (visudo): your-name ALL=({name}) NOPASSWD: ALL; or start rbk as root"),
        );
    }
    if said.contains("sudo: not found") || said.contains("sudo: No such file") {
        return reason("sudo is not installed there", "install it, or start rbk as root");
    }
    reason(last_word(said), format!("try it by hand: sudo -n -u {name} true"))
}
