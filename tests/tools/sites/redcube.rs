//! redcube: its gateway on localhost:8080, by the image that the content service runs; and the credits at OpenRouter.

use serde_json::{Value, json};

use super::{Answer, Request, answered};

const CONTENT: &str = "redcube3_xhs-content-service";
const USER: &str = "redcube3_xhs-user-service";

pub(super) fn state() -> Value {
    let service = |name: &str, builds: &str| json!({ "image": name, "container": format!("{name}-1"), "state": "running", "scale": 1, "builds": builds });
    let container = |image: &str, id: &str| {
        json!({
            "Id": format!("{:064x}", image.len() + 2), "Image": id, "Config": { "Image": image, "Env": [] },
            "State": { "Status": "running", "Running": true, "ExitCode": 0 },
        })
    };
    json!({
        "hosts": { "localhost:8080": "redcube", "openrouter.ai": "openrouter", "discord.com": "slack" },
        "compose": { "services": {
            "postgres": { "image": "postgres:16", "container": "redcube_postgres", "state": "running", "scale": 1 },
            "content-service": service(CONTENT, "sha256:content-2"),
            "user-service": service(USER, "sha256:user-2"),
        } },
        "docker": {
            "containers": {
                "redcube_postgres": container("postgres:16", "sha256:postgres"),
                format!("{CONTENT}-1"): container(CONTENT, "sha256:content-1"),
                format!("{USER}-1"): container(USER, "sha256:user-1"),
            },
            "images": { "postgres:16": "sha256:postgres", CONTENT: "sha256:content-1", USER: "sha256:user-1" },
            "logs": { "sha256:content-1": log(0, 120), "sha256:content-2": log(0, 110), "sha256:user-1": ["listening"], "sha256:user-2": ["listening"] },
            "mounts": { "/docker-entrypoint-initdb.d": "initdb.d" },
            "writes": [],
        },
        "credits": { "total_credits": 100.0, "total_usage": 40.0 },
    })
}

/// A hundred requests, so many of them answered with 500.
pub(crate) fn log(failed: usize, milliseconds: u64) -> Vec<String> {
    let line = |at: usize| {
        let status = if at < failed { 500 } else { 200 };
        json!({ "level": "INFO", "trace_id": format!("t{at}"), "status": status, "duration_ms": milliseconds })
            .to_string()
    };
    (0..100).map(line).chain(std::iter::once("Database connected".to_owned())).collect()
}

/// The image that the content service runs; none while it does not run.
pub(super) fn image(state: &Value, site: &str) -> Option<String> {
    let container = &state["docker"]["containers"][format!("{CONTENT}-1")];
    let runs = site == "redcube" && container["State"]["Running"] == true;
    container["Image"].as_str().filter(|_| runs).map(str::to_owned)
}

pub(super) fn answer(state: &mut Value, request: &Request) -> Answer {
    if request.site == "openrouter" {
        return match request.bearer {
            Some(_) => answered(200, json!({ "data": state["credits"] })),
            None => answered(401, json!({ "error": { "code": 401 } })),
        };
    }
    if image(state, &request.site).is_none() {
        return answered(502, json!({ "error": "Bad Gateway" }));
    }
    let database_runs = state["docker"]["containers"]["redcube_postgres"]["State"]["Running"] == true;
    match (request.method.as_str(), request.path.as_str()) {
        _ if !database_runs => answered(500, json!({ "error": "no database" })),
        ("GET", "/api/content/interview-intel/experiences") => answered(200, json!({ "experiences": [] })),
        ("POST", "/api/auth/register") => {
            let mail = request.body["email"].as_str().unwrap_or_default().replace('\'', "''");
            if mail.is_empty() || request.body["password"] != request.body["confirmPassword"] {
                return answered(400, json!({ "error": "passwords do not match" }));
            }
            let statement = format!("INSERT INTO users (email) VALUES ('{mail}')");
            state["docker"]["writes"].as_array_mut().unwrap().push(json!(["redcube_users", statement]));
            answered(200, json!({ "email": mail }))
        }
        ("POST", "/api/content/analyze-single/text") if request.body["text"].is_string() => {
            Answer { after: 9000, ..answered(200, json!({ "analysis": "ok" })) }
        }
        ("POST", "/api/content/analyze-single/text") => answered(400, json!({ "error": "no text" })),
        _ => answered(404, json!({ "error": "Not Found" })),
    }
}

/// What lies in the repository: the migration and the scripts that the page names.
pub(super) fn files() -> Vec<(&'static str, String)> {
    let back = "#!/usr/bin/env bash\nset -euo pipefail\n";
    let migration = r#"CREATE FUNCTION sync_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dblink_exec(current_setting('redcube.main'), format('INSERT INTO users (email) VALUES (%L)', NEW.email));
    RETURN NEW;
END $$;
CREATE TRIGGER users_sync AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION sync_user();
"#;
    let undo = "DROP TRIGGER IF EXISTS users_sync ON users; DROP FUNCTION IF EXISTS sync_user()";
    vec![
        ("test-data/analyze-text.json", json!({ "text": "How was the interview?" }).to_string()),
        ("initdb.d/99-user-sync-trigger.sql", migration.to_owned()),
        (
            "scripts/rollback-migration.sh",
            format!(
                "{back}[ \"$1\" = 99 ]\ndocker exec redcube_postgres psql -X -q -v ON_ERROR_STOP=1 -U postgres -d redcube_users -c \"{undo}\"\n"
            ),
        ),
        (
            "scripts/rollback-deployment.sh",
            format!(
                "{back}docker tag \"redcube3_xhs-$1:previous\" \"redcube3_xhs-$1\"\ndocker compose up -d --no-deps --no-build \"$1\"\n"
            ),
        ),
        (
            "scripts/full-rollback.sh",
            format!(
                "{back}./scripts/rollback-deployment.sh content-service\n./scripts/rollback-deployment.sh user-service\n./scripts/rollback-migration.sh 99\n"
            ),
        ),
    ]
}
