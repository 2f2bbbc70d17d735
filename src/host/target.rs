//! Where a process runs when it does not run here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// A place that processes are sent to, seen from the one around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Another machine, by the system's `ssh`.
    Ssh(Ssh),
    /// A running container of Docker.
    Docker(Docker),
    /// The container of a service of Docker Compose.
    Compose(Compose),
    /// A container of a pod of Kubernetes.
    Pod(Pod),
    /// The same machine, as another user.
    User(String),
}

/// Another machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ssh {
    /// `deploy@web-1`, or a name of the user's ssh configuration.
    pub destination: String,
    /// The port, if it is not the usual one.
    pub port: Option<u16>,
    /// The file of the private key, if it is not the usual one.
    pub identity: Option<String>,
    /// Settings as in `ssh_config(5)`.
    pub options: Vec<(String, String)>,
}

/// A container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docker {
    /// Its name or id.
    pub container: String,
    /// As whom, if not as the container's own user.
    pub user: Option<String>,
}

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compose {
    /// Its name in the file.
    pub service: String,
    /// The file, if it is not the usual one.
    pub file: Option<String>,
    /// The project's name, if it is not that of the folder.
    pub project: Option<String>,
    /// As whom, if not as the container's own user.
    pub user: Option<String>,
}

/// A pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its name, or `deploy/api`.
    pub name: String,
    /// The namespace, if it is not the context's.
    pub namespace: Option<String>,
    /// The context, if it is not the current one.
    pub context: Option<String>,
    /// Which of its containers, if not the first.
    pub container: Option<String>,
}

/// For people: `ssh deploy@web-1`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ssh(Ssh { destination, port: None, .. }) => write!(f, "ssh {destination}"),
            Self::Ssh(Ssh { destination, port: Some(port), .. }) => write!(f, "ssh {destination}:{port}"),
            Self::Docker(docker) => write!(f, "docker {}", docker.container),
            Self::Compose(compose) => write!(f, "compose {}", compose.service),
            Self::Pod(pod) => {
                f.write_str("pod ")?;
                if let Some(context) = &pod.context {
                    write!(f, "{context}/")?;
                }
                if let Some(namespace) = &pod.namespace {
                    write!(f, "{namespace}/")?;
                }
                f.write_str(&pod.name)?;
                pod.container.iter().try_for_each(|container| write!(f, " ({container})"))
            }
            Self::User(name) => write!(f, "user {name}"),
        }
    }
}

/// One step on the way to where a process runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Where it leads.
    pub target: Target,
    /// The working directory there; the place's own if `None`.
    pub dir: Option<PathBuf>,
    /// Set in addition to the environment there. Values may be secret: they never stand in arguments.
    pub env: BTreeMap<String, String>,
}

/// A way, for people: `ssh deploy@web-1, docker shop`.
pub fn way<'a>(targets: impl IntoIterator<Item = &'a Target>) -> String {
    targets.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_for_people() {
        let ssh = Target::Ssh(Ssh { destination: "deploy@web-1".to_owned(), port: Some(2222), ..Ssh::default() });
        let pod = Target::Pod(Pod {
            name: "api-0".to_owned(),
            namespace: Some("shop".to_owned()),
            context: Some("prod".to_owned()),
            container: Some("app".to_owned()),
        });
        assert_eq!(way([&ssh, &pod]), "ssh deploy@web-1:2222, pod prod/shop/api-0 (app)");
    }
}
