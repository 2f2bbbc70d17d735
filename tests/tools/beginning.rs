//! The state to begin with: a small shop that the examples of the standard library speak of.

use serde_json::{Value, json};

pub(crate) fn state() -> Value {
    json!({
        // Images and revisions that never get ready.
        "broken": ["shop/web:broken", "eu.gcr.io/shop/web:broken"],
        "counters": { "replica sets": 2, "numbers": 1 },
        "k8s": k8s(),
        "unstartable": ["eu.gcr.io/shop/web:unstartable"],
        "gcloud": { "project": "shop" },
        "run": run(),
        "secrets": { "web-api-key": [{ "name": "projects/1029/secrets/web-api-key/versions/1", "state": "ENABLED", "payload": "the old key" }] },
        "sql": sql(),
        "logging": [log("INFO", "GET /health 200"), log("ERROR", "login failed: connection refused"), log("INFO", "GET /login 200")],
        "docker": docker(),
        "compose": { "services": {
            "web": { "image": "shop/web:2", "state": "running", "scale": 1 },
            "worker": { "image": "shop/web:2" },
        } },
        "terraform": { "workspace": "default", "workspaces": {
            "default": { "resources": {}, "outputs": {} },
            "staging": { "resources": {}, "outputs": {} },
        } },
        "gh": gh(),
        "helm": { "shop/web": [
            { "revision": 1, "status": "superseded", "chart": "web-1.2.0", "app_version": "1", "description": "Install complete", "values": { "image": { "tag": "1" } } },
            { "revision": 2, "status": "deployed", "chart": "web-1.3.0", "app_version": "2", "description": "Upgrade complete", "values": { "image": { "tag": "2" } } },
        ] },
        "npm": {
            "here": "2.0.0",
            "scripts": { "build": "built" },
            "packages": { "web": { "versions": ["1.0.0", "1.1.0"], "dist-tags": { "latest": "1.1.0" } } },
        },
        "alembic": { "revisions": ["a1b2", "c3d4", "e5f6"], "current": "c3d4" },
        "prisma": { "20260101_begin": true, "20260119_orders": false, "20260120_index": false },
        "systemd": { "app": "active", "worker": "inactive" },
    })
}

/// Files that the examples name.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let web = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" }, "spec": { "ports": [{ "port": 80 }] } },
        { "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "replicas": 4 } },
    ] });
    let infra = json!({
        "resource": { "terraform_data": { "web": { "input": "web-${var.stage}" }, "db": { "input": "db" } } },
        "output": { "url": { "value": "https://${var.stage}.shop.example" } },
    });
    let yaml = "# The same in YAML, two documents.\n---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec:\n  \
                ports: [{ port: 80 }]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 4\n";
    vec![
        ("deploy/web.yaml", yaml.to_owned()),
        ("deploy/web.json", web.to_string()),
        (
            "deploy/web-values.yaml",
            "# Of every stage.\nreplicas: 2\nimage:\n  repository: shop/web\n  tag: \"0042\"\n".to_owned(),
        ),
        ("infra/main.tf.json", infra.to_string()),
    ]
}

fn template(image: &str) -> Value {
    json!({ "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "web", "image": image }] } })
}

fn replica_set(name: &str, revision: &str, image: &str, replicas: u64) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "creationTimestamp": "2026-01-19T10:00:00Z",
            "annotations": { "deployment.kubernetes.io/revision": revision },
            "ownerReferences": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" }],
        },
        "spec": { "replicas": replicas, "template": template(image) },
    })
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": name, "namespace": "shop", "labels": { "app": "web" } },
        "spec": { "nodeName": "node-1", "containers": [{ "name": "web", "image": "shop/web:2" }] },
        "status": { "phase": "Running", "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

fn node(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": { "name": name, "annotations": { "daemonset": "yes" } },
        "spec": {},
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

fn k8s() -> Value {
    json!({
        "contexts": ["staging", "prod"],
        "objects": {
            "shop/Deployment/web": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {
                    "name": "web",
                    "namespace": "shop",
                    "generation": 2,
                    "labels": { "app": "web" },
                    "annotations": { "deployment.kubernetes.io/revision": "2" },
                },
                "spec": { "replicas": 3, "template": template("shop/web:2") },
                "status": {
                    "observedGeneration": 2,
                    "replicas": 3,
                    "updatedReplicas": 3,
                    "readyReplicas": 3,
                    "availableReplicas": 3,
                    "conditions": [
                        { "type": "Available", "status": "True" },
                        { "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" },
                    ],
                },
            },
            "shop/ReplicaSet/web-59ffa1": replica_set("web-59ffa1", "1", "shop/web:1", 0),
            "shop/ReplicaSet/web-59ffa2": replica_set("web-59ffa2", "2", "shop/web:2", 3),
            "shop/Pod/web-0": pod("web-0"),
            "shop/Pod/web-1": pod("web-1"),
            "/Node/node-1": node("node-1"),
            "/Node/node-2": node("node-2"),
        },
        "logs": { "web": ["listening on :8080", "GET /health 200", "GET /login 200"], "web-0": ["listening on :8080"] },
    })
}

fn revision(name: &str, created: &str) -> Value {
    json!({
        "metadata": { "name": name, "creationTimestamp": created },
        "spec": { "containers": [{ "image": "eu.gcr.io/shop/web:2" }] },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    })
}

/// A service on Cloud Run, as `gcloud run services describe --format=json` has it.
fn run() -> Value {
    json!({
        "services": { "europe-west2/web": {
            "apiVersion": "serving.knative.dev/v1",
            "kind": "Service",
            "metadata": { "name": "web", "namespace": "1029" },
            "spec": { "template": {
                "metadata": { "annotations": { "autoscaling.knative.dev/maxScale": "10" } },
                "spec": { "containers": [{
                    "image": "eu.gcr.io/shop/web:2",
                    "env": [{ "name": "STAGE", "value": "prod" }],
                    "resources": { "limits": { "cpu": "1000m", "memory": "512Mi" } },
                }] },
            } },
            "status": {
                "url": "https://web-1029.a.run.app",
                "latestCreatedRevisionName": "web-00002-abc",
                "latestReadyRevisionName": "web-00002-abc",
                "traffic": [{ "latestRevision": true, "percent": 100, "revisionName": "web-00002-abc" }],
            },
        } },
        "revisions": { "europe-west2/web": [
            revision("web-00001-abc", "2026-01-18T10:00:00.000000Z"),
            revision("web-00002-abc", "2026-01-19T10:00:00.000000Z"),
        ] },
    })
}

fn sql() -> Value {
    json!({
        "instances": { "shop-db": {
            "name": "shop-db",
            "state": "RUNNABLE",
            "databaseVersion": "POSTGRES_16",
            "settings": { "tier": "db-custom-2-7680", "availabilityType": "ZONAL" },
        } },
        "backups": { "shop-db": [{
            "id": "1699999999999",
            "instance": "shop-db",
            "status": "SUCCESSFUL",
            "type": "AUTOMATED",
            "windowStartTime": "2026-01-19T03:00:00.000Z",
        }] },
    })
}

fn log(severity: &str, text: &str) -> Value {
    json!({
        "timestamp": "2026-01-20T10:00:00.000Z",
        "severity": severity,
        "textPayload": text,
        "resource": { "type": "cloud_run_revision", "labels": { "service_name": "web", "location": "europe-west2" } },
    })
}

fn container(image: &str, running: bool) -> Value {
    json!({
        "Id": format!("{:064x}", image.len() + usize::from(running)),
        "Config": { "Image": image, "Env": [] },
        "State": { "Status": if running { "running" } else { "exited" }, "Running": running, "ExitCode": 0 },
    })
}

fn docker() -> Value {
    json!({
        "containers": { "web": container("shop/web:2", true), "cache": container("redis:7", false) },
        "images": { "shop/web:1": "sha256:1111", "shop/web:2": "sha256:2222", "redis:7": "sha256:7777" },
        "registry": { "shop/web:3": "sha256:3333" },
        "logs": { "web": ["listening on :8080", "GET /health 200"] },
    })
}

fn workflow_run(id: u64, status: &str, conclusion: &str) -> Value {
    json!({
        "databaseId": id,
        "workflowName": "deploy.yml",
        "status": status,
        "conclusion": conclusion,
        "headBranch": "main",
        "headSha": "9c1185a5c5e9fc54612808977ee8f548b2258d31",
        "event": "push",
        "displayTitle": "Deploy",
        "createdAt": "2026-01-19T10:00:00Z",
        "url": format!("https://github.com/shop/web/actions/runs/{id}"),
    })
}

/// One that somebody must approve.
fn waiting(mut run: Value) -> Value {
    run["pending"] = json!([{ "environment": { "id": 501, "name": "production" } }]);
    run
}

/// A repository on GitHub.
fn gh() -> Value {
    json!({
        "workflows": ["deploy.yml"],
        "runs": [workflow_run(7000, "completed", "success"), waiting(workflow_run(7001, "waiting", ""))],
        "prs": [{
            "number": 41, "title": "Faster", "body": "", "state": "OPEN", "mergeable": "MERGEABLE", "reviewDecision": "APPROVED",
            "latestReviews": [{ "author": { "login": "grace" }, "state": "APPROVED" }],
            "headRefName": "faster", "labels": [], "comments": [], "url": "https://github.com/shop/web/pull/41",
        }],
        "issues": [{
            "number": 40, "title": "Slow", "body": "", "state": "OPEN", "labels": [], "comments": [],
            "url": "https://github.com/shop/web/issues/40",
        }],
        "releases": [{
            "tagName": "v1.0.0", "name": "v1.0.0", "body": "The first.", "isDraft": false, "isPrerelease": false, "assets": [],
            "url": "https://github.com/shop/web/releases/tag/v1.0.0",
        }],
    })
}
