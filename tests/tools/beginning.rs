//! The state to begin with: a small shop that the examples of the standard library speak of.

use serde_json::{Value, json};

pub(crate) fn state() -> Value {
    json!({
        // Images and revisions that never get ready.
        "broken": ["shop/web:broken"],
        "counters": { "replica sets": 2 },
        "k8s": k8s(),
        "systemd": { "app": "active", "worker": "inactive" },
    })
}

/// Files that the examples name.
pub(crate) fn files() -> Vec<(&'static str, String)> {
    let web = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" }, "spec": { "ports": [{ "port": 80 }] } },
        { "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" }, "spec": { "replicas": 4 } },
    ] });
    vec![("deploy/web.json", web.to_string())]
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
