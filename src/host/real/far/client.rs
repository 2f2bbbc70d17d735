//! The program that leads to a place, and its arguments: they hold no value but the place itself.

use std::path::Path;

use super::words::LOADER;
use crate::host::target::{Compose, Docker, Pod, Ssh, Target};

/// Runs `"$@"` as another user: as root without asking, as anybody else by a `sudo` that does not ask.
const AS_USER: &str = "u=$1; shift; \
    if [ \"$(id -u)\" != 0 ]; then exec sudo -n -u \"$u\" -- \"$@\"; fi; \
    id -u -- \"$u\" >/dev/null || exit 1; \
    if setpriv --reset-env true 2>/dev/null; \
    then exec setpriv --reuid=\"$(id -u -- \"$u\")\" --regid=\"$(id -g -- \"$u\")\" --init-groups --reset-env -- \"$@\"; fi; \
    exec su -s /bin/sh \"$u\" -c 'exec \"$0\" \"$@\"' -- \"$@\"";

/// Compose as a part of docker, or as a program of its own.
const COMPOSE: &str =
    "if docker compose version >/dev/null 2>&1; then exec docker compose \"$@\"; fi; exec docker-compose \"$@\"";

/// The command line that starts the loader at a place. `control` is the socket of a connection that stands.
pub(super) fn argv(target: &Target, control: Option<&Path>) -> Vec<String> {
    let mut argv = Argv(Vec::new());
    match target {
        Target::Ssh(ssh) => argv.ssh(ssh, control),
        Target::Docker(docker) => argv.docker(docker),
        Target::Compose(compose) => argv.compose(compose),
        Target::Pod(pod) => argv.pod(pod),
        Target::User(name) => {
            argv.all(["sh", "-c", AS_USER, "sh", name]);
            argv.loader();
        }
    }
    argv.0
}

/// What stands behind `ssh` in each of its uses: never a question, nothing of the user's configuration that would run
/// or forward something.
pub(super) fn ssh_settings(ssh: &Ssh) -> Vec<String> {
    let mut argv = Argv(Vec::new());
    argv.all(["-T", "-o", "BatchMode=yes", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none"]);
    argv.all(["-o", "PermitLocalCommand=no", "-o", "ControlPersist=no"]);
    for (name, value) in &ssh.options {
        argv.all(["-o", &format!("{name}={value}")]);
    }
    // Of several the first counts: what the author set comes before these.
    argv.all(["-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3"]);
    argv.option("-p", ssh.port.map(|port| port.to_string()).as_ref());
    if let Some(identity) = &ssh.identity {
        argv.all(["-i", identity, "-o", "IdentitiesOnly=yes"]);
    }
    argv.0
}

struct Argv(Vec<String>);

impl Argv {
    fn all<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        self.0.extend(words.into_iter().map(str::to_owned));
    }

    fn option(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.all([name, value]);
        }
    }

    fn loader(&mut self) {
        self.all(["sh", "-c", LOADER]);
    }

    fn ssh(&mut self, ssh: &Ssh, control: Option<&Path>) {
        self.all(["ssh", "-o", "ControlMaster=no", "-o"]);
        let control = control.map_or_else(|| "none".into(), |path| path.to_string_lossy());
        self.0.push(format!("ControlPath={control}"));
        self.0.extend(ssh_settings(ssh));
        self.all(["-o", "LogLevel=ERROR", "--", &ssh.destination]);
        // The login shell reads this, whichever it is.
        self.0.push(format!("exec sh -c '{LOADER}'"));
    }

    fn docker(&mut self, docker: &Docker) {
        self.all(["docker", "exec", "-i"]);
        self.option("-u", docker.user.as_ref());
        self.all([docker.container.as_str()]);
        self.loader();
    }

    fn compose(&mut self, compose: &Compose) {
        self.all(["sh", "-c", COMPOSE, "sh"]);
        self.option("-f", compose.file.as_ref());
        self.option("-p", compose.project.as_ref());
        self.all(["exec", "-T"]);
        self.option("-u", compose.user.as_ref());
        self.all([compose.service.as_str()]);
        self.loader();
    }

    fn pod(&mut self, pod: &Pod) {
        self.all(["kubectl"]);
        self.option("--context", pod.context.as_ref());
        self.all(["exec", "-i"]);
        self.option("-n", pod.namespace.as_ref());
        self.all([pod.name.as_str()]);
        self.option("-c", pod.container.as_ref());
        self.all(["--"]);
        self.loader();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_their_documentation_has_it() {
        let pod = Pod {
            name: "api-0".to_owned(),
            namespace: Some("shop".to_owned()),
            context: Some("prod".to_owned()),
            container: Some("app".to_owned()),
        };
        let line = argv(&Target::Pod(pod), None);
        assert_eq!(line[..9].join(" "), "kubectl --context prod exec -i -n shop api-0 -c");
        assert_eq!(line[9..].join(" "), format!("app -- sh -c {LOADER}"));
        let docker = Docker { container: "db".to_owned(), user: Some("postgres".to_owned()) };
        assert_eq!(argv(&Target::Docker(docker), None)[..6].join(" "), "docker exec -i -u postgres db");
        let ssh = Ssh { destination: "web-1".to_owned(), port: Some(2222), ..Ssh::default() };
        let line = argv(&Target::Ssh(ssh), Some(Path::new("/run/c"))).join(" ");
        assert!(line.contains(" ControlPath=/run/c ") && line.contains(" -p 2222 "), "{line}");
        assert!(line.ends_with(&format!(" -- web-1 exec sh -c '{LOADER}'")), "{line}");
        // The login shell takes it as one word, whichever shell it is.
        assert!(!LOADER.contains(['\'', '\\', '!']));
    }
}
