//! Services on Cloud Run: which revision is live, and what is known of it.

use serde_json::{Value, json};

/// The revision that has most of the traffic.
pub(crate) struct Live {
    pub(crate) name: String,
    pub(crate) image: String,
    env: Vec<Value>,
}

impl Live {
    pub(crate) fn has_env(&self, name: &str) -> bool {
        self.env.iter().any(|one| one["name"] == name)
    }

    /// Whether its image, or it itself, is listed as broken.
    pub(crate) fn is_broken(&self, state: &Value) -> bool {
        let list = state["broken"].as_array().into_iter().flatten();
        list.into_iter().any(|broken| broken == self.name.as_str() || broken == self.image.as_str())
    }
}

/// `europe-west2/web` by `web`.
fn place<'a>(state: &'a Value, service: &str) -> Option<&'a String> {
    state["run"]["services"].as_object()?.keys().find(|key| key.rsplit('/').next() == Some(service))
}

pub(crate) fn live(state: &Value, service: &str) -> Option<Live> {
    let place = place(state, service)?;
    let traffic = state["run"]["services"][place]["status"]["traffic"].as_array()?;
    let name = traffic.iter().max_by_key(|entry| entry["percent"].as_i64().unwrap_or(0))?["revisionName"].as_str()?;
    let revisions = state["run"]["revisions"][place].as_array()?;
    let revision = revisions.iter().find(|one| one["metadata"]["name"] == name)?;
    let container = &revision["spec"]["containers"][0];
    Some(Live {
        name: name.to_owned(),
        image: container["image"].as_str().unwrap_or_default().to_owned(),
        env: container["env"].as_array().cloned().unwrap_or_default(),
    })
}

/// The service that answers under a host's name.
pub(crate) fn site_of<'a>(state: &'a Value, host: &str) -> Option<&'a str> {
    let hosts = state["hosts"].as_object().into_iter().flatten();
    if let Some((_, site)) = hosts.into_iter().find(|(name, _)| *name == host) {
        return site.as_str();
    }
    let services = state["run"]["services"].as_object()?;
    let found = services.values().find(|one| {
        one["status"]["url"].as_str().and_then(|url| url.strip_prefix("https://")).is_some_and(|name| name == host)
    });
    found?["metadata"]["name"].as_str()
}

/// A service to begin with, all its traffic with the newest of its revisions: (image, made at), the oldest first.
pub(crate) fn service(state: &mut Value, region: &str, name: &str, url: &str, revisions: &[(&str, &str)]) {
    let place = format!("{region}/{name}");
    let container = |image: &str| {
        json!({
            "image": image,
            "env": [{ "name": "STAGE", "value": "prod" }],
            "resources": { "limits": { "cpu": "1000m", "memory": "2Gi" } },
        })
    };
    let made: Vec<Value> = revisions
        .iter()
        .enumerate()
        .map(|(at, (image, created))| {
            json!({
                "metadata": { "name": format!("{name}-{:05}-abc", at + 1), "creationTimestamp": created },
                "spec": { "containers": [container(image)] },
                "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
            })
        })
        .collect();
    let latest = format!("{name}-{:05}-abc", made.len());
    state["run"]["services"][&place] = json!({
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": { "name": name },
        "spec": { "template": {
            "metadata": { "annotations": { "autoscaling.knative.dev/maxScale": "10" } },
            "spec": { "containers": [container(revisions.last().map_or("", |(image, _)| image))] },
        } },
        "status": {
            "url": url,
            "latestCreatedRevisionName": latest,
            "latestReadyRevisionName": latest,
            "traffic": [{ "latestRevision": true, "percent": 100, "revisionName": latest }],
        },
    });
    state["run"]["revisions"][&place] = made.into();
}
