//! What goes wrong when a test wants it to: `faults.json` is a list of
//! `{ "call": "kubectl scale*", "kind": "fails", "times": 1, "status": 1, "stderr": "…" }`.
//! The first whose `call` fits happens, and is counted down; without `times` it happens every time.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

/// A fault that happens to this call.
pub(crate) struct Fault {
    kind: String,
    status: i32,
    stderr: Option<String>,
    stdout: String,
}

/// The fault of this call, if there is one.
pub(crate) fn take(folder: &Path, tool: &str, line: &str) -> Option<Fault> {
    let file = folder.join("faults.json");
    let text = std::fs::read_to_string(&file).ok()?;
    let mut faults: Vec<Value> = serde_json::from_str(&text).expect("faults.json is a list");
    let fits = |fault: &Value| {
        let call = fault["call"].as_str().expect("a fault has a call");
        (call == tool || like(call, line)) && fault["times"].as_u64() != Some(0)
    };
    let fault = faults.iter_mut().find(|fault| fits(fault))?;
    let text = |name: &str| fault[name].as_str().map(str::to_owned);
    let taken = Fault {
        kind: text("kind").expect("a fault has a kind"),
        status: fault["status"].as_i64().unwrap_or(1) as i32,
        stderr: text("stderr"),
        stdout: text("stdout").unwrap_or_default(),
    };
    if let Some(times) = fault["times"].as_u64() {
        fault["times"] = (times - 1).into();
        std::fs::write(&file, serde_json::to_string(&faults).unwrap()).unwrap();
    }
    Some(taken)
}

/// Whether a pattern with `*` fits the whole text.
fn like(pattern: &str, text: &str) -> bool {
    let mut rest = text;
    let mut parts = pattern.split('*').peekable();
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

impl Fault {
    pub(crate) fn word(&self) -> &str {
        &self.kind
    }

    /// Whether it happens in place of the call, and not after it.
    pub(crate) fn is_before(&self) -> bool {
        match self.kind.as_str() {
            "fails" | "hangs" | "signed off" | "refused" | "answers" => true,
            "fails after" | "hangs after" | "garbage" => false,
            other => panic!("there is no fault {other:?}"),
        }
    }

    pub(crate) fn happen(&self, tool: &str) -> i32 {
        match self.kind.as_str() {
            // A test whose clock is not the world's hangs in its place.
            "hangs" | "hangs after" if std::env::var_os("TOOLS_HANG").is_some() => {
                std::env::var("TOOLS_HANG").unwrap().parse().expect("an exit code")
            }
            "hangs" | "hangs after" => loop {
                std::thread::sleep(Duration::from_secs(60));
            },
            "answers" => {
                print!("{}", self.stdout);
                0
            }
            // What comes out when a proxy or a login page answers in place of the service.
            "garbage" => {
                println!("<html><body>Sign in to continue</body></html>");
                0
            }
            kind => {
                let known = match kind {
                    "signed off" => signed_off(tool),
                    "refused" => refused(tool),
                    _ => "error: it failed",
                };
                eprintln!("{}", self.stderr.as_deref().unwrap_or(known));
                self.status
            }
        }
    }
}

/// What each tool says to somebody who is not signed on.
fn signed_off(tool: &str) -> &'static str {
    match tool {
        "kubectl" => "error: You must be logged in to the server (Unauthorized)",
        "gcloud" => {
            "ERROR: (gcloud.run.services.describe) You do not currently have an active account selected.\nPlease run:\n\n  \
             $ gcloud auth login\n\nto obtain new credentials."
        }
        "gh" => {
            "To get started with GitHub CLI, please run:  gh auth login\nAlternatively, populate the GH_TOKEN environment variable with a GitHub API authentication token."
        }
        "docker" => {
            "Error response from daemon: Head \"https://registry.example/v2/shop/manifests/2\": no basic auth credentials"
        }
        "aws" => "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
        "npm" => {
            "npm error code ENEEDAUTH\nnpm error need auth This command requires you to be logged in to the registry"
        }
        "terraform" => {
            "Error: error configuring Terraform AWS Provider: no valid credential sources for Terraform AWS Provider found."
        }
        "helm" => "Error: Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
        _ => "error: not signed on",
    }
}

/// What each tool says to somebody who may not.
fn refused(tool: &str) -> &'static str {
    match tool {
        "kubectl" => {
            "Error from server (Forbidden): deployments.apps \"web\" is forbidden: User \"ada\" cannot patch resource \
             \"deployments\" in API group \"apps\" in the namespace \"shop\""
        }
        "gcloud" => {
            "ERROR: (gcloud.run.services.update) PERMISSION_DENIED: Permission 'run.services.update' denied on resource \
             'projects/shop/locations/europe-west2/services/web'"
        }
        "aws" => {
            "An error occurred (AccessDeniedException) when calling the operation: User is not authorized to perform it"
        }
        "docker" => {
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
        }
        "gh" => "HTTP 403: Resource not accessible by personal access token (https://api.github.com/repos/shop/web)",
        _ => "error: permission denied",
    }
}
