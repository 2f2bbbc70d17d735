//! How fast a runbook is read: text to tree, and text to program, in bytes a second.
//!
//! The text holds the constructs that real runbooks are made of, in about their mix: the example of
//! the language's design over and over, under other titles and names. It is correct, so that the
//! analysis goes through all of it. It is read at the size of a long runbook (12 KB, 200 lines), a hundred of them,
//! and as one of 1 MB, which no cache holds.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rbk::analysis::program::{Loaded, Loader};
use rbk::analysis::{Analysis, analyse};
use rbk::session;
use rbk::source::FileId;
use rbk::syntax::parse;

const HEAD: &str = r#"# Deploy the backend, verify it, and take it back if anything is wrong.
runbook "Deploy the backend" {
    owner   = "@platform-team"
    lock    = "backend-${env.name}"            # one run of it per environment at a time
    needs   = ["gcloud >= 450", "uv"]
    timeout = 2h
}

use std.slack

## Image to deploy, with its tag.
param image: string
## How long to watch the new revision before calling it done.
param soak: duration = 15m

secret slack_hook from env_var("SLACK_WEBHOOK")
secret db_url from env_var("DATABASE_URL")

env staging {
    url       = "https://staging.example.com"
    service   = "backend-staging"
    region    = "europe-west2"
    protected = false
}

env prod extends staging {
    url       = "https://example.com"
    service   = "backend"
    protected = true                           # whoever runs it types the name first
}

## How often it was tried.
fn attempts_of(pods) = pods.json.items.len()
"#;

/// One phase of the generated runbook.
const PHASE: &str = r##"
# Part NUMBER: what is done here and why it is done in this order.
phase "Part NUMBER" timeout 20m {
    checklist "Ready for part NUMBER" {
        "Code review completed and approved"
        "Rollback plan reviewed"
    }
    check "tests pass (NUMBER)" timeout 10m {
        reads $ uv run pytest -q tests/unit tests/integration
    }
    check "the service is healthy before we touch it (NUMBER)" within 2m every 5s {
        let info_NUMBER = http.get("${env.url}/api/v1/system/info")
        assert info_NUMBER.status == 200
        assert info_NUMBER.json.auth_status == "operational" because "never deploy onto a broken service"
    }
    approve "Deploy ${image} to ${env.name}, part NUMBER" by ["@release-managers"] within 30m when env.protected
    step "Deploy revision NUMBER, without traffic" retry 3 after 10s {
        let before_NUMBER = reads $ gcloud run services describe ${env.service} --region ${env.region} --format json
        $ gcloud run deploy ${env.service} --image ${image} --region ${env.region} --no-traffic    # as before
        let pods_NUMBER = reads $ kubectl get pods -l app=${env.service} -o json
        assert pods_NUMBER.json.items.filter(p => p.status.phase == "Running").len() >= 3
    } undo {
        $ gcloud run services update-traffic ${env.service} --to-revisions ${before_NUMBER.json.revision}=100
    }
    for share in [10%, 50%, 100%] {
        step "Send ${share} of the traffic to revision NUMBER" {
            $ gcloud run services update-traffic ${env.service} --region ${env.region} --to-latest=${share.percent}
        } undo {
            $ gcloud run services update-traffic ${env.service} --region ${env.region} --to-latest=0
        }
        check "revision NUMBER answers" within 2m every 5s {
            assert http.get("${env.url}/api/v1/system/auth-test").json.auth_status == "operational"
        }
    }
    monitor "error rate and latency NUMBER" for soak every 30s {
        let m = http.get("${env.url}/metrics.json").json
        fail_when m.errors / m.requests > 5% for 5m
        fail_when seconds(m.p95) > 2s for 5m
        fail_when http.get("${env.url}/login").status != 200 times 3
    }
    step "Migrate NUMBER" irreversible "the old columns are gone" {
        with DATABASE_URL = db_url {
            $ uv run alembic upgrade head
            $ pg_dump --schema-only app | tail -n 3 && echo "done: $(date)"
        }
        if attempts_of(pods_NUMBER) > 3 and not (before_NUMBER.status == 0 or env.protected) {
            fail "it did not come up: ${before_NUMBER.status}"
        } else {
            note "Up after ${attempts_of(pods_NUMBER)} attempts"
        }
    }
    manual "Tell the support desk, NUMBER" """
        Write in #support that the deployment of ${image} is done,
        and pin the message for an hour.
        """
    let summary_NUMBER = { part: NUMBER, image: image, at: run.started, tags: ["deploy", env.name] }
    step "Post NUMBER" irreversible "it is read at once" {
        slack.post(slack_hook, "${image} on ${env.name}: ${summary_NUMBER.part}")
    }
} on_fail rollback
"##;

/// A correct runbook of at least `bytes` bytes.
fn runbook(bytes: usize) -> Arc<str> {
    let mut text = String::from(HEAD);
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        text.push_str(&PHASE.replace("NUMBER", &number.to_string()));
    }
    text.into()
}

/// The runbook uses the standard library and no other file.
struct OnlyStd;

impl Loader for OnlyStd {
    fn file(&self, _: &Path, path: &str) -> Result<Loaded, String> {
        Err(format!("there is no file {path}"))
    }

    fn std(&self, name: &str) -> Option<&'static str> {
        session::std_module(name)
    }

    fn std_names(&self) -> Vec<&'static str> {
        session::std_modules()
    }
}

fn read(text: &Arc<str>) -> Analysis {
    let main = Loaded { name: "deploy.rbk".to_owned(), path: "/deploy.rbk".into(), text: Arc::clone(text) };
    analyse(main, &OnlyStd, session::registry())
}

fn bench(c: &mut Criterion) {
    for (title, size, count) in [("a hundred of 12 KB", 10_000, 100), ("one of 1 MB", 1_000_000, 1)] {
        let text = runbook(size);
        let analysis = read(&text);
        assert!(analysis.diagnostics.is_empty(), "the text must be correct: {:?}", analysis.diagnostics[0].message);
        let mut group = c.benchmark_group(title);
        group.throughput(Throughput::Bytes((text.len() * count) as u64));
        group.sample_size(30);
        group.bench_function("parse", |b| {
            b.iter(|| (0..count).for_each(|_| drop(black_box(parse(FileId(0), black_box(&text))))));
        });
        group.bench_function("parse and analyse", |b| {
            b.iter(|| (0..count).for_each(|_| drop(black_box(read(black_box(&text))))));
        });
        group.finish();
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
