//! How fast a runbook is read: text to tree, in bytes a second.
//!
//! The text is some 1 MB of the constructs that real runbooks are made of, in about their mix.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rbk::source::FileId;
use rbk::syntax::parse;

const HEAD: &str = r#"# Deploy the backend, verify it, and take it back if anything is wrong.
runbook "Deploy the backend" {
    owner   = "@platform-team"
    lock    = "backend-${env.name}"            # one run of it per environment at a time
    needs   = ["gcloud >= 450", "uv"]
    timeout = 2h
}

use std.gcp.cloudrun
use "./shared.rbk"

## Image to deploy, with its tag.
param image: string
## How long to watch the new revision before calling it done.
param soak: duration = 15m

secret slack_hook from env_var("SLACK_WEBHOOK")

env prod {
    url       = "https://example.com"
    service   = "backend"
    protected = true                           # whoever runs it types the name first
}
"#;

/// One phase of the generated runbook.
const PHASE: &str = r#"
# Part NUMBER: what is done here and why it is done in this order.
phase "Part NUMBER" timeout 20m when env.protected {
    checklist "Ready to deploy" {
        "Code review completed and approved"
        "Rollback plan reviewed"
    }
    check "tests pass" timeout 10m {
        $ uv run pytest -q tests/unit tests/integration
    }
    check "the service is healthy before we touch it" within 2m every 5s {
        let info = http.get("${env.url}/api/v1/system/info")
        assert info.status == 200
        assert info.json.auth_status == "operational" because "never deploy onto a broken service"
    }
    approve "Deploy ${image} to ${env.name}" by ["@release-managers"] within 30m when env.protected
    step "Deploy the new revision, without traffic" retry 3 after 10s {
        let revision = cloudrun.deploy(env.service, image: image, region: env.region, traffic: false)
        $ kubectl -n prod set image deployment/${name} app=${image} --record    # as before
        let pods = $ kubectl get pods -l app=${name} -o json
        assert pods.json.items.filter(p => p.status.phase == "Running").len() >= 3
    } undo {
        $ kubectl -n prod rollout undo deployment/${name}
    }
    for share in [10%, 50%, 100%] {
        step "Send ${share} of the traffic to ${revision}" {
            cloudrun.set_traffic(env.service, revision, share: share, region: env.region)
        } undo {
            cloudrun.restore_traffic(env.service, before, region: env.region)
        }
    }
    monitor "error rate and latency" for soak every 30s {
        let m = prom.scrape("${env.url}/metrics")
        fail_when m.ratio("http_errors_total", "http_requests_total") > 5% for 5m
        fail_when m.quantile(0.95, "http_request_duration_seconds") > 2s for 5m
        fail_when http.get("${env.url}/login").status != 200 times 3
    }
    with DATABASE_URL = db_url {
        $ uv run alembic upgrade head
        $ psql -c 'ANALYZE' | tail -n 3 && echo "done: $(date)"
    }
    if attempts > 3 and not (status == "done" or dry) {
        fail "it did not come up: ${status}"
    } else {
        note "Up after ${attempts} attempts"
    }
    manual "Tell the support desk" """
        Write in #support that the deployment of ${image} is done,
        and pin the message for an hour.
        """
    let summary = { revision: revision, image: image, at: now(), tags: ["deploy", env.name] }
    slack.post(slack_hook, "${image} on ${env.name}: ${summary.revision}")
} on_fail rollback
"#;

/// A correct runbook of at least `bytes` bytes.
fn runbook(bytes: usize) -> String {
    let mut text = String::from(HEAD);
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        let _ = write!(text, "{}", PHASE.replace("NUMBER", &number.to_string()));
    }
    text
}

fn bench(c: &mut Criterion) {
    let text = runbook(1_000_000);
    let parsed = parse(FileId(0), &text);
    assert!(parsed.diagnostics.is_empty(), "the text must be correct: {:?}", parsed.diagnostics[0].message);
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.sample_size(30);
    group.bench_function("1 MB", |b| b.iter_with_large_drop(|| parse(FileId(0), black_box(&text))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
