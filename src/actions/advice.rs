//! What to do about what well-known tools say when they refuse: not signed on, not allowed, not reachable.
//!
//! The texts are those of the tools' own messages; one that changes only loses its advice.

/// The tool, what its message holds, what to do.
type Row = (&'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (
        "gcloud",
        "do not currently have an active account",
        "sign on: gcloud auth login, or for a service account gcloud auth activate-service-account --key-file FILE",
    ),
    ("gcloud", "refreshing your current auth tokens", "the sign-on is over: gcloud auth login"),
    ("gcloud", "Reauthentication", "the sign-on is over: gcloud auth login"),
    ("gcloud", "has not been used in project", "enable the API: gcloud services enable NAME, which the message names"),
    ("gcloud", "PERMISSION_DENIED", "see who you are: gcloud auth list; then ask for the role that the message names"),
    (
        "gcloud",
        "property [core/project]",
        "name the project: `project:` in the call, --project, or with CLOUDSDK_CORE_PROJECT = \"…\" { … }",
    ),
    (
        "kubectl",
        "You must be logged in to the server",
        "sign on to the cluster: gcloud container clusters get-credentials NAME, aws eks update-kubeconfig --name NAME, or as yours is entered",
    ),
    (
        "kubectl",
        "asked for the client to provide credentials",
        "sign on to the cluster: gcloud container clusters get-credentials NAME, aws eks update-kubeconfig --name NAME, or as yours is entered",
    ),
    (
        "kubectl",
        "was refused - did you specify the right host",
        "see which cluster is meant: kubectl config current-context; is the VPN up?",
    ),
    (
        "kubectl",
        "Unable to connect to the server",
        "see which cluster is meant: kubectl config current-context; is the VPN up?",
    ),
    ("kubectl", "(Forbidden)", "see what you may: kubectl auth can-i --list"),
    ("kubectl", "error: context", "see which there are: kubectl config get-contexts"),
    (
        "kubectl",
        "exceeded its progress deadline",
        "see why its pods do not get ready: kubectl describe pods, kubectl logs",
    ),
    (
        "kubectl",
        "timed out waiting for the condition",
        "see why: kubectl describe, kubectl get events --sort-by=.lastTimestamp",
    ),
    ("helm", "cluster unreachable", "see which cluster is meant: kubectl config current-context; sign on to it"),
    (
        "helm",
        "another operation (install/upgrade/rollback) is in progress",
        "see who: helm history RELEASE; one that was killed is cleared by helm rollback RELEASE",
    ),
    (
        "docker",
        "Cannot connect to the Docker daemon",
        "start it: systemctl start docker; or say where it is: DOCKER_HOST",
    ),
    (
        "docker",
        "permission denied while trying to connect to the Docker daemon",
        "run it as somebody in the group `docker`, or as root",
    ),
    ("docker", "no basic auth credentials", "sign on: docker login REGISTRY"),
    ("docker", "authentication required", "sign on: docker login REGISTRY"),
    (
        "docker",
        "denied: requested access to the resource is denied",
        "sign on as somebody who may: docker login REGISTRY",
    ),
    (
        "terraform",
        "Error acquiring the state lock",
        "somebody else is at it; if that run is dead: terraform force-unlock ID",
    ),
    ("terraform", "Saved plan is stale", "the state changed since: plan again"),
    ("terraform", "terraform init", "initialise the folder first: terraform init, or terraform.init()"),
    ("terraform", "no valid credential sources", "sign on to the cloud that the provider is for"),
    ("gh", "gh auth login", "sign on: gh auth login, or set GH_TOKEN"),
    ("gh", "HTTP 401", "the token is not valid any more: gh auth login"),
    ("gh", "HTTP 403", "the token may not do this: gh auth refresh --scopes SCOPE, or another token in GH_TOKEN"),
    ("gh", "none of the git remotes configured", "name the repository: `repo:` in the call, or --repo OWNER/NAME"),
    ("aws", "Unable to locate credentials", "sign on: aws sso login, aws configure, or set AWS_PROFILE"),
    ("aws", "SSO session associated with this profile has expired", "sign on again: aws sso login"),
    ("aws", "Error loading SSO Token", "sign on: aws sso login"),
    ("aws", "ExpiredToken", "the sign-on is over: aws sso login, or new keys"),
    ("aws", "You must specify a region", "name the region: `region:` in the call, --region, or AWS_REGION"),
    (
        "aws",
        "AccessDenied",
        "see who you are: aws sts get-caller-identity; then ask for the permission that the message names",
    ),
    (
        "aws",
        "UnauthorizedOperation",
        "see who you are: aws sts get-caller-identity; then ask for the permission that the message names",
    ),
    ("npm", "ENEEDAUTH", "sign on: npm login, or give the token in the registry's line of .npmrc"),
    ("npm", "E401", "the token is not valid: npm login"),
    ("npm", "E403", "this account may not do it: npm whoami, npm access list packages"),
];

/// What to do about a message; `program` is `None` where a script may have started any.
pub(super) fn on(program: Option<&str>, said: &str) -> Option<&'static str> {
    ROWS.iter()
        .find(|(tool, holds, _)| program.is_none_or(|program| program == *tool) && said.contains(holds))
        .map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_who_is_not_signed_on() {
        let said = "error: You must be logged in to the server (Unauthorized)";
        assert!(on(Some("kubectl"), said).unwrap_or_default().starts_with("sign on to the cluster"));
        assert!(on(None, said).is_some());
        assert_eq!(on(Some("grep"), said), None);
        assert_eq!(on(Some("kubectl"), "no such file"), None);
    }

    #[test]
    fn each_row_can_be_reached() {
        for (at, (tool, holds, advice)) in ROWS.iter().enumerate() {
            let reached = ROWS.iter().position(|(other, text, _)| other == tool && holds.contains(text));
            assert_eq!(reached, Some(at), "{tool}: {advice}");
        }
    }
}
