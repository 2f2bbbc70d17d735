//! The CAAS backend: `/api/v1/system/…`, registration and login.

use serde_json::{Value, json};

use super::{Answer, Request, answered, cloudrun};

const URL: &str = "https://caas-backend-102964896009.europe-west2.run.app";

pub(super) fn state() -> Value {
    let mut state =
        json!({ "gcloud": { "project": "102964896009" }, "programs": { "pytest": {} }, "users": {}, "logging": [] });
    let revisions = [
        ("eu.gcr.io/caas/backend:40", "2026-01-12T10:00:00.000000Z"),
        ("eu.gcr.io/caas/backend:41", "2026-01-15T10:00:00.000000Z"),
    ];
    cloudrun::service(&mut state, "europe-west2", "caas-backend", URL, &revisions);
    state
}

/// The hash of the code in an image: for `…:41` it is `c0de41`.
fn hash(image: &str) -> String {
    format!("c0de{}", image.rsplit(':').next().unwrap_or_default())
}

pub(super) fn answer(state: &mut Value, request: &Request) -> Answer {
    let Some(live) = cloudrun::live(state, &request.site) else {
        return answered(404, json!({ "error": "no such service" }));
    };
    let broken = live.is_broken(state);
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/v1/system/info" | "/api/v1/system/auth-test" | "/api/v1/system/verify-code") => {
            let word = if broken { "degraded-malformed-query-detected" } else { "operational" };
            answered(200, json!({ "service": request.site, "auth_status": word, "code_hash": hash(&live.image) }))
        }
        ("POST", "/api/v1/auth/register") => {
            let mail = request.body["email"].as_str().unwrap_or_default();
            if mail.is_empty() || request.body["password"].as_str().is_none_or(str::is_empty) {
                return answered(422, json!({ "detail": "email and password are required" }));
            }
            state["users"][mail] = request.body["password"].clone();
            answered(201, json!({ "email": mail }))
        }
        ("POST", "/api/v1/auth/login") => {
            let mail = request.body["email"].as_str().unwrap_or_default();
            let known = state["users"][mail].is_string() && state["users"][mail] == request.body["password"];
            match known && !broken {
                true => answered(200, json!({ "token": "a-token-of-caas" })),
                false => answered(401, json!({ "detail": "Invalid credentials" })),
            }
        }
        _ => answered(404, json!({ "detail": "Not Found" })),
    }
}
