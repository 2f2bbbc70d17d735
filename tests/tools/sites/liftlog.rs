//! The LiftLog Python backend: `/health`, `/metrics/summary`, `/v2/user/create`.

use serde_json::{Value, json};

use super::{Answer, Request, answered, cloudrun};

const IMAGE: &str = "ghcr.io/liftlog/python-backend";

pub(super) fn state() -> Value {
    let mut state = json!({
        "gcloud": { "project": "liftlog-staging" },
        "programs": { "pytest": { "stdout": "431 passed" }, "ruff": {}, "mypy": {}, "bandit": {} },
        "logging": [],
        "secrets": secrets(),
        "apis": { "run.googleapis.com": true },
        "terraform": { "workspace": "default", "workspaces": { "default": { "resources": {}, "outputs": {} } } },
        "alembic": { "revisions": ["1a2b3c", "4d5e6f"], "current": "base" },
        "sql": { "instances": {}, "backups": {} },
        "gh": {
            "repo": "liftlog/liftlog",
            "workflows": ["Python Backend Deploy"],
            "deploys": { "Python Backend Deploy": {
                "place": "us-central1/liftlog-python-backend-staging", "image": format!("{IMAGE}:latest"),
            } },
            "runs": [], "prs": [], "issues": [], "releases": [],
        },
        "counters": {},
    });
    for stage in ["staging", "production"] {
        let name = format!("liftlog-python-backend-{stage}");
        let revisions = [
            (format!("{IMAGE}:v1.1.0"), "2026-01-05T10:00:00.000000Z"),
            (format!("{IMAGE}:v1.2.0"), "2026-01-12T10:00:00.000000Z"),
        ];
        let revisions = revisions.each_ref().map(|(image, made)| (image.as_str(), *made));
        cloudrun::service(&mut state, "us-central1", &name, &format!("https://{name}-uc.a.run.app"), &revisions);
        let instance = format!("liftlog-user-data-{stage}");
        state["sql"]["instances"][&instance] = json!({
            "name": instance, "state": "RUNNABLE", "databaseVersion": "POSTGRES_16",
            "settings": { "tier": "db-custom-2-7680", "availabilityType": "ZONAL" },
        });
        state["sql"]["backups"][&instance] = json!([{
            "id": "1699999999999", "instance": instance, "status": "SUCCESSFUL", "type": "AUTOMATED",
            "windowStartTime": "2026-01-19T03:00:00.000Z",
        }]);
    }
    state
}

/// The four secrets of each stage, as an initial deployment leaves them.
fn secrets() -> Value {
    let mut all = json!({});
    for stage in ["staging", "production"] {
        for name in ["openai-api-key", "web-auth-api-key", "google-play-email", "google-play-key"] {
            let secret = format!("{name}-{stage}");
            let version = format!("projects/1029/secrets/{secret}/versions/1");
            all[&secret] = json!([{ "name": version, "state": "ENABLED", "payload": "a-first-value" }]);
        }
    }
    all
}

pub(super) fn files() -> Vec<(&'static str, String)> {
    let script = |name: &str| format!("#!/bin/sh\nexec repository-script liftlog {name} \"$@\"\n");
    let infra = json!({
        "resource": { "terraform_data": {
            "service": { "input": "liftlog-python-backend-${var.environment}" },
            "database": { "input": "liftlog-user-data-${var.environment}" },
        } },
        "output": {
            "database_connection_name": { "value": "liftlog:us-central1:liftlog-user-data-${var.environment}" },
            "service_url": { "value": "https://liftlog-python-backend-${var.environment}-uc.a.run.app" },
        },
    });
    vec![
        ("infrastructure/scripts/deploy.sh", script("deploy")),
        ("infrastructure/scripts/rollback.sh", script("rollback")),
        ("infrastructure/terraform/main.tf.json", infra.to_string()),
        (
            "service-account-key.json",
            "{ \"type\": \"service_account\", \"private_key\": \"a-private-key\" }\n".to_owned(),
        ),
        ("app/db/session.py", "engine = create_async_engine(url, pool_size=5, max_overflow=10)\n".to_owned()),
    ]
}

pub(super) fn answer(state: &mut Value, request: &Request) -> Answer {
    let Some(live) = cloudrun::live(state, &request.site) else {
        return answered(404, json!({ "error": "no such service" }));
    };
    let broken = live.is_broken(state);
    match (request.method.as_str(), request.path.as_str()) {
        _ if broken => answered(503, json!({ "detail": "Service Unavailable" })),
        ("GET", "/health") => answered(200, json!({ "status": "ok" })),
        ("GET", "/metrics/summary") => answered(200, json!({ "requests": 4210, "errors": 2 })),
        ("POST", "/v2/user/create") => {
            let count = state["users"].as_u64().unwrap_or(0) + 1;
            state["users"] = count.into();
            answered(200, json!({ "user_id": format!("user-{count}"), "password": "a-new-password" }))
        }
        _ => answered(404, json!({ "detail": "Not Found" })),
    }
}
