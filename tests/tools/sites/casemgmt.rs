//! The case management system: its backend and frontend on Kubernetes, staging, and the mail service.

use serde_json::{Value, json};

use super::{Answer, Request, answered, number};

const NAMESPACE: &str = "case-management";

pub(super) fn state() -> Value {
    let mut objects = json!({});
    for app in ["case-management-backend", "case-management-frontend"] {
        let template = |image: String| json!({ "metadata": { "labels": { "app": app } }, "spec": { "containers": [{ "name": app, "image": image }] } });
        let (old, new) = (template(format!("ghcr.io/case/{app}:1")), template(format!("ghcr.io/case/{app}:2")));
        objects[format!("{NAMESPACE}/Deployment/{app}")] = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": { "name": app, "namespace": NAMESPACE, "generation": 2, "labels": { "app": app },
                "annotations": { "deployment.kubernetes.io/revision": "2" } },
            "spec": { "replicas": 3, "template": new },
            "status": { "observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
                "conditions": [
                    { "type": "Available", "status": "True" },
                    { "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" },
                ] },
        });
        for (revision, template, replicas) in [("1", old, 0), ("2", new, 3)] {
            objects[format!("{NAMESPACE}/ReplicaSet/{app}-{revision}")] = json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": { "name": format!("{app}-{revision}"), "namespace": NAMESPACE, "creationTimestamp": "2026-01-12T10:00:00Z",
                    "annotations": { "deployment.kubernetes.io/revision": revision },
                    "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": app }] },
                "spec": { "replicas": replicas, "template": template },
            });
        }
        objects[format!("{NAMESPACE}/Pod/{app}-0")] = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": format!("{app}-0"), "namespace": NAMESPACE, "labels": { "app": app } },
            "spec": {}, "status": { "phase": "Running" },
        });
        objects[format!("{NAMESPACE}/Service/{app}")] = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": { "name": app, "namespace": NAMESPACE }, "spec": {},
        });
    }
    let pipeline = |app: &str| json!({ "environment": "production", "deploys": format!("{NAMESPACE}/{app}"), "image": format!("ghcr.io/case/{app}:3") });
    json!({
        "counters": { "replica sets": 2 },
        "hosts": {
            "api.yourdomain.com": "casemgmt-api",
            "yourdomain.com": "casemgmt-web",
            "staging.yourdomain.com": "casemgmt-staging",
            "api.sendgrid.com": "casemgmt-mail",
            "n8n.yourdomain.com": "slack",
        },
        "k8s": { "contexts": ["production"], "objects": objects, "logs": {
            "case-management-backend": ["listening on :3000", "GET /cases 200"],
            "case-management-frontend": ["ready"],
        } },
        "gh": {
            "repo": "case/management",
            "workflows": ["Backend CI/CD Pipeline", "Frontend CI/CD Pipeline"],
            "pipelines": {
                "Backend CI/CD Pipeline": pipeline("case-management-backend"),
                "Frontend CI/CD Pipeline": pipeline("case-management-frontend"),
            },
            "runs": [], "issues": [], "releases": [],
            "prs": [{
                "number": 7, "title": "The next release", "body": "", "state": "OPEN", "mergeable": "MERGEABLE",
                "reviewDecision": "APPROVED", "headRefName": "develop", "labels": [], "comments": [], "url": "https://github.com/case/management/pull/7",
                "latestReviews": [
                    { "author": { "login": "grace" }, "state": "APPROVED" },
                    { "author": { "login": "bob" }, "state": "APPROVED" },
                ],
            }],
        },
        "npm": { "scripts": {
            "validate:data-integrity": { "sql": "SELECT 'case ' || id || ' has no owner' FROM cases WHERE owner IS NULL" },
            "test:critical-path": "12 passed",
            "test:smoke": "4 passed",
        } },
        "s3": { "case-management-files": ["contract.pdf", "photo.png"] },
        "users": { "test@example.com": "a-test-password" },
    })
}

/// The deployment behind a site.
fn deployment(site: &str) -> Option<&'static str> {
    match site {
        "casemgmt-api" => Some("case-management-backend"),
        "casemgmt-web" => Some("case-management-frontend"),
        _ => None,
    }
}

/// The image that is live behind a site; none while no pod is ready.
pub(super) fn image(state: &Value, site: &str) -> Option<String> {
    let object = &state["k8s"]["objects"][format!("{NAMESPACE}/Deployment/{}", deployment(site)?)];
    let ready = object["status"]["readyReplicas"].as_i64().unwrap_or(0) > 0;
    let image = object["spec"]["template"]["spec"]["containers"][0]["image"].as_str()?;
    ready.then(|| image.to_owned())
}

pub(super) fn answer(state: &mut Value, request: &Request) -> Answer {
    if deployment(&request.site).is_some() && image(state, &request.site).is_none() {
        return answered(503, "no server is available".into());
    }
    let denied = || answered(401, json!({ "error": "Unauthorized" }));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET" | "HEAD", "/" | "/health" | "/api/health") => answered(200, json!({ "status": "ok" })),
        ("GET", "/v3/user/profile") if request.site == "casemgmt-mail" => match request.bearer {
            Some(_) => answered(200, json!({ "first_name": "Case" })),
            None => denied(),
        },
        ("GET", "/metrics") => {
            let value = |name: &str, usual: f64| number(state, &request.site, name, usual);
            let lines = [("error_rate", 0.002), ("response_time", 0.08), ("cpu_usage", 0.35), ("memory_usage", 0.5)];
            let lines = lines.into_iter().filter_map(|(name, usual)| Some(format!("{name} {}\n", value(name, usual)?)));
            answered(200, lines.collect::<String>().into())
        }
        ("POST", "/auth/login") => {
            let mail = request.body["email"].as_str().unwrap_or_default();
            match state["users"][mail].is_string() && state["users"][mail] == request.body["password"] {
                true => answered(200, json!({ "token": "a-token-of-casemgmt" })),
                false => denied(),
            }
        }
        ("GET", "/cases") if request.bearer.is_none() => denied(),
        ("GET", "/cases") => Answer { after: 80, ..answered(200, json!([{ "id": 1 }])) },
        ("POST", "/files/upload") if request.bearer.is_none() => denied(),
        ("POST", "/files/upload") => {
            let uploaded = &mut state["uploaded"];
            *uploaded = (uploaded.as_i64().unwrap_or(0) + 1).into();
            answered(201, json!({ "id": uploaded }))
        }
        _ => answered(404, json!({ "error": "Not Found" })),
    }
}

pub(super) fn files() -> Vec<(&'static str, String)> {
    let migration = "ALTER TABLE cases ADD COLUMN priority int NOT NULL DEFAULT 0;\n";
    // It fails where the column is not there.
    let verification = "SELECT priority FROM cases LIMIT 1;\n";
    vec![
        ("prisma/migrations/20260119_priority/migration.sql", migration.to_owned()),
        ("prisma/verification-queries.sql", verification.to_owned()),
        ("test-document.pdf", "%PDF-1.4\n".to_owned()),
    ]
}
