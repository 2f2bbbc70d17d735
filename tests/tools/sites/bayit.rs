//! The Bayit+ backend: `/health`, `/health/ready`, `/health/deep`, login, content, search; and where its videos are.

use serde_json::{Value, json};

use super::{Answer, Request, answered, cloudrun};

const NAMES: [(&str, &str); 2] = [
    ("bayit-plus-backend", "https://api.bayit.plus"),
    ("bayit-plus-backend-staging", "https://staging-api.bayit.plus"),
];

pub(super) fn state() -> Value {
    let mut state = json!({
        "gcloud": { "project": "bayit-plus" },
        "programs": {
            "pytest": { "stdout": "TOTAL                       4210    377    91%\n812 passed in 74.02s" },
            "tox": { "stdout": "congratulations :)" },
        },
        "logging": [],
        "hosts": { "cdn.bayit.plus": "bayit-cdn" },
        "sentry": { "production": "bayit-plus-backend", "staging": "bayit-plus-backend-staging" },
        "secrets": { "mongodb-url": [{
            "name": "projects/1029/secrets/mongodb-url/versions/1",
            "state": "ENABLED",
            "payload": "mongodb+srv://bayit:a-password-of-the-world@cluster0.example/bayit",
        }] },
        "gh": {
            "repo": "bayit/Bayit-Plus",
            "workflows": ["Deploy to Production", "Deploy to Staging"],
            "deploys": {
                "Deploy to Production": { "place": "us-east1/bayit-plus-backend", "image": "us-docker.pkg.dev/bayit/backend:102" },
                "Deploy to Staging": { "place": "us-east1/bayit-plus-backend-staging", "image": "us-docker.pkg.dev/bayit/backend:102" },
            },
            "runs": [], "prs": [], "issues": [], "releases": [],
        },
        "counters": {},
    });
    let image = |number: u32| format!("us-docker.pkg.dev/bayit/backend:{number}");
    let production = [(image(100), "2026-01-08T16:00:00.000000Z"), (image(101), "2026-01-13T16:00:00.000000Z")];
    let staging = [(image(101), "2026-01-12T09:00:00.000000Z"), (image(102), "2026-01-18T09:00:00.000000Z")];
    for ((name, url), revisions) in NAMES.into_iter().zip([production, staging]) {
        let revisions = revisions.each_ref().map(|(image, made)| (image.as_str(), *made));
        cloudrun::service(&mut state, "us-east1", name, url, &revisions);
    }
    state
}

pub(super) fn files() -> Vec<(&'static str, String)> {
    let script = |name: &str| format!("#!/bin/sh\nexec repository-script bayit {name} \"$@\"\n");
    vec![
        ("scripts/smoke_tests.sh", script("smoke_tests")),
        ("scripts/rollback.sh", script("rollback")),
        ("backend/app/main.py", "app = FastAPI(title=\"Bayit+ Backend\")\n".to_owned()),
        ("backend/app/demo/mock_data.py", "# MOCK data of the demo\n".to_owned()),
    ]
}

pub(super) fn answer(state: &mut Value, request: &Request) -> Answer {
    if request.site == "bayit-cdn" {
        return answered(200, json!({}));
    }
    let Some(live) = cloudrun::live(state, &request.site) else {
        return answered(404, json!({ "error": "no such service" }));
    };
    let broken = live.is_broken(state);
    let (status, word) = if broken { (503, "unhealthy") } else { (200, "healthy") };
    let service = |latency: u64| json!({ "status": word, "latency_ms": latency });
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/health") => answered(status, json!({ "status": word, "app": "Bayit+ Backend" })),
        ("GET", "/health/ready") => answered(status, json!({ "status": word, "mongodb": word })),
        ("GET", "/health/deep") => {
            let services = json!({
                "mongodb": service(23), "openai": service(640), "elevenlabs": service(810), "pinecone": service(120),
            });
            answered(status, json!({ "status": word, "services": services }))
        }
        ("POST", "/api/v1/auth/login") => match request.body["password"] == "a-probe-password" && !broken {
            true => answered(200, json!({ "access_token": "a-token-of-bayit" })),
            false => answered(401, json!({ "detail": "Incorrect email or password" })),
        },
        ("GET", "/api/v1/content") => {
            let cdn = if request.here.is_empty() { "https://cdn.bayit.plus" } else { &request.here };
            let cdn = if request.here.is_empty() { cdn.to_owned() } else { format!("http://{cdn}/bayit-cdn") };
            answered(200, json!({ "items": [{ "id": 1, "title": "One", "video_url": format!("{cdn}/1.m3u8") }] }))
        }
        ("GET", "/api/v1/search") => answered(200, json!({ "results": [] })),
        _ => answered(404, json!({ "detail": "Not Found" })),
    }
}
