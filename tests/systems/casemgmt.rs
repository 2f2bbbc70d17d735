//! `runbooks/casemgmt`.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::moto::Aws;
use crate::servers::db::Db;
use crate::servers::redis;
use crate::servers::server::postgres;
use crate::tools::{Ran, settled};
use crate::world::{Asks, Change, System, change_state};

pub(crate) const BACKEND: &str = "case-management-backend";
const FRONTEND: &str = "case-management-frontend";
/// The image that the pipeline of the backend deploys.
pub(crate) const NEW: &str = "ghcr.io/case/case-management-backend:3";
const RELEASE: &str = "v2026.01.20";

pub(crate) struct Cases {
    pub(crate) system: System,
    database: Db,
    test_database: Db,
}

/// Everything that a runbook can change, but for what only counts.
#[derive(Debug, PartialEq)]
struct Everything {
    state: Value,
    database: String,
    main: String,
    tags: String,
}

impl Cases {
    /// `None` where PostgreSQL or Redis is not installed.
    pub(crate) fn new() -> Option<Self> {
        let (server, cache) = postgres().zip(redis())?;
        let mut system = System::of("casemgmt");
        let (database, test_database) = (server.postgres_database(), server.postgres_database());
        database.must("CREATE TABLE cases (id int PRIMARY KEY, title text NOT NULL, owner text)");
        database.must("INSERT INTO cases SELECT n, 'case ' || n, 'ada' FROM generate_series(1, 500) n");
        database.must("CREATE TABLE comments (id int PRIMARY KEY, body text)");
        database.must("INSERT INTO comments VALUES (1, 'hello')");
        for (name, value) in [
            ("PRODUCTION_DATABASE_URL", database.url.as_str()),
            ("TEST_DATABASE_URL", &test_database.url),
            ("PRODUCTION_REDIS_URL", cache.as_str()),
            ("SENDGRID_API_KEY", "SG.a-key-of-a-test"),
            ("TEST_TOKEN", "a-token-of-a-test"),
            ("TEST_PASSWORD", "a-test-password"),
            ("N8N_WEBHOOK", "https://n8n.yourdomain.com/webhook/critical-alerts"),
        ] {
            system.var(name, value);
        }
        let cases = Self { system, database, test_database };
        cases.repository();
        Some(cases)
    }

    fn git(&self, words: &[&str]) -> String {
        let made = Command::new("git")
            .args(words)
            .current_dir(self.system.path())
            .env("HOME", self.system.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{words:?}: {made:?}");
        String::from_utf8_lossy(&made.stdout).trim().to_owned()
    }

    /// `main` at its origin, and a `develop` that is one commit further.
    fn repository(&self) {
        let path = self.system.path();
        std::fs::write(
            path.join(".gitconfig"),
            "[user]\nname = ada\nemail = ada@case.example\n[init]\ndefaultBranch = main\n",
        )
        .unwrap();
        std::fs::write(path.join(".gitignore"), "*\n!app.txt\n!.gitignore\n").unwrap();
        self.git(&["init", "--quiet", "--bare", "origin.git"]);
        self.git(&["init", "--quiet"]);
        self.git(&["remote", "add", "origin", "./origin.git"]);
        for (branch, text) in [("main", "two"), ("develop", "three")] {
            self.git(&["checkout", "--quiet", "-B", branch]);
            std::fs::write(path.join("app.txt"), text).unwrap();
            self.git(&["add", "."]);
            self.git(&["commit", "--quiet", "-m", text]);
            self.git(&["push", "--quiet", "origin", branch]);
        }
    }

    fn rows(&self) -> String {
        rows(&self.database)
    }

    fn everything(&self) -> Everything {
        let mut state = settled(self.system.state());
        // What a run asked for and was denied, and who was told: they are no part of the system.
        for gone in ["told", "signs", "gh", "s3"] {
            state.as_object_mut().unwrap().remove(gone);
        }
        let branch = self.git(&["rev-parse", "--abbrev-ref", "HEAD"]);
        Everything {
            state,
            database: self.rows(),
            main: format!("{branch} {}", self.git(&["rev-parse", "origin/main^{tree}", "main^{tree}"])),
            tags: format!("{} {}", self.git(&["tag"]), self.git(&["ls-remote", "--tags", "origin"])),
        }
    }

    pub(crate) fn image(&self, app: &str) -> String {
        let object = &self.system.state()["k8s"]["objects"][format!("case-management/Deployment/{app}")];
        object["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
    }

    fn backups(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.system.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains("backup-")).collect()
    }

    /// Nothing is odd any more.
    fn well(&self) {
        self.system.change(|state| state["signs"] = json!([]));
    }

    /// The world as it was in the beginning, but for the database and the history of git.
    fn again(&self) {
        let fresh = System::of("casemgmt").state();
        self.system.change(|state| *state = fresh);
        self.git(&["checkout", "--quiet", "develop"]);
        if self.git(&["tag"]).contains(RELEASE) {
            self.git(&["push", "--quiet", "origin", &format!(":refs/tags/{RELEASE}")]);
            self.git(&["tag", "-d", RELEASE]);
        }
        std::fs::write(self.system.path().join("app.txt"), self.system.now().as_nanos().to_string()).unwrap();
        self.git(&["commit", "--quiet", "-am", "more"]);
    }

    #[track_caller]
    fn rolled_back(&self, ran: &Ran, name: &str) {
        assert_eq!(ran.code, 3, "{name}: {}", ran.text);
        for app in [BACKEND, FRONTEND] {
            assert_eq!(self.image(app), format!("ghcr.io/case/{app}:2"), "{name}: {}", ran.text);
        }
        ran.tells("the schema stays as migrated");
    }

    pub(crate) fn sign(&self, sign: Value) {
        self.system.change(|state| add_sign(state, sign));
    }

    /// Each run begins a minute after the one before: what they name by the time has names of its own.
    fn run(&self, file: &str, asks: Asks<'_>) -> Ran {
        self.system.pass(Duration::from_secs(60));
        self.system.run(file, asks)
    }

    fn deploy(&self) -> Ran {
        self.run("deploy.rbk", asks().param("watch", "1m"))
    }
}

/// All tables with all their rows.
fn rows(database: &Db) -> String {
    let dump =
        Command::new("pg_dump").args(["--data-only", "--inserts", "--no-owner", &database.url]).output().unwrap();
    assert!(dump.status.success(), "{dump:?}");
    let text = String::from_utf8_lossy(&dump.stdout).into_owned();
    text.lines().filter(|line| line.starts_with("INSERT")).collect::<Vec<_>>().join("\n")
}

fn add_sign(state: &mut Value, sign: Value) {
    match state["signs"].as_array_mut() {
        Some(all) => all.push(sign),
        None => state["signs"] = json!([sign]),
    }
}

/// People who agree, and type what has to be typed.
pub(crate) fn asks() -> Asks<'static> {
    Asks::of("production").by("eve").says("run \"", "production").agrees()
}

#[track_caller]
fn ends(ran: &Ran, code: i32) {
    assert_eq!(ran.code, code, "{}", ran.text);
}

#[test]
fn a_deployment() {
    let Some(cases) = Cases::new() else { return };
    let ran = cases.run("deploy.rbk", asks().param("pull_request", "7"));
    ends(&ran, 0);
    assert_eq!(cases.image(BACKEND), NEW);
    assert_eq!(cases.image(FRONTEND), "ghcr.io/case/case-management-frontend:3");
    // One time in the name, and what is in the test database is what production had.
    assert!(cases.backups()[0].starts_with("backup-20260120-1601"), "{:?}", cases.backups());
    assert!(rows(&cases.test_database).contains("(500, 'case 500', 'ada')"));
    assert!(cases.rows().contains("(500, 'case 500', 'ada', 0)"), "it is migrated");
    assert_eq!(
        cases.system.state()["s3"]["case-management-files-backup-20260120"],
        json!(["contract.pdf", "photo.png"])
    );
    assert_eq!(cases.system.state()["uploaded"], 1);
    assert!(cases.git(&["ls-remote", "--tags", "origin"]).contains(RELEASE));
    assert_eq!(cases.git(&["show", "origin/main:app.txt"]), "three");
    for line in ["Phase 1: Pre-Deployment", "Phase 4: Post-Deployment Validation", "> yes"] {
        ran.tells(line);
    }
    assert!(cases.system.now() > Duration::from_secs(600), "it was watched");
}

/// The files, by the aws command itself and S3 as moto plays it.
#[test]
fn uploaded_files_are_copied_within_s3() {
    let Some((aws, mut cases)) = Aws::new().zip(Cases::new()) else { return };
    aws.install(&cases.system.path().join("bin"));
    for (name, value) in aws.vars() {
        cases.system.var(name, &value);
    }
    let (bucket, copy) = ("case-management-files", "s3://case-management-files-backup-20260120");
    aws.run(&["s3", "mb", &format!("s3://{bucket}")]);
    for key in ["cases/1/photo.jpg", "cases/2/scan of a letter.pdf"] {
        aws.run(&["s3api", "put-object", "--bucket", bucket, "--key", key]);
    }
    ends(&cases.deploy(), 0);
    let there = aws.run(&["s3", "ls", "--recursive", copy]);
    assert_eq!(there.lines().count(), 2, "{there}");
    assert!(there.contains("cases/2/scan of a letter.pdf"), "{there}");
    // The bucket of this day is there now.
    cases.again();
    aws.run(&["s3api", "put-object", "--bucket", bucket, "--key", "cases/3/note.txt"]);
    ends(&cases.deploy(), 0);
    assert_eq!(aws.run(&["s3", "ls", "--recursive", copy]).lines().count(), 3);
}

/// Nothing was changed yet: the run stops or is rolled back, and all is as before.
#[test]
fn what_keeps_a_deployment_from_beginning() {
    let Some(cases) = Cases::new() else { return };
    let before = cases.everything();
    let signs: [(&str, Value); 3] = [
        ("Check production environment health", json!({ "at": "GET /health", "site": "casemgmt-api", "status": 503 })),
        ("Check production environment health", json!({ "at": "GET /api/health", "status": 500 })),
        ("Validate external services", json!({ "at": "GET /v3/user/profile", "status": 403 })),
    ];
    for (check, sign) in signs {
        cases.sign(sign);
        let ran = cases.deploy();
        ran.tells(check);
        ends(&ran, 3);
        cases.well();
        assert_eq!(cases.everything(), before);
        assert!(cases.backups().is_empty(), "no backup of a sick system");
    }
    ends(&cases.run("deploy.rbk", asks().says("Rollback procedures validated", "no")), 1);
    ends(&cases.run("deploy.rbk", asks().says("Stakeholders notified", "(nobody)")), 5);
    cases.system.change(|state| state["gh"]["prs"][0]["latestReviews"] = json!([{ "state": "APPROVED" }]));
    let ran = cases.run("deploy.rbk", asks().param("pull_request", "7").param("repo", "case/management"));
    ran.tells("minimum 2 reviewers");
    ends(&ran, 1);
    // The database does not answer.
    let mut cases = cases;
    cases.system.var("PRODUCTION_DATABASE_URL", "postgres://ada:secret-word@127.0.0.1:1/cases");
    let ran = cases.deploy();
    ran.tells("Verify database connectivity");
    ends(&ran, 3);
    cases.system.var("PRODUCTION_DATABASE_URL", &cases.database.url.clone());
    cases.system.var("PRODUCTION_REDIS_URL", "redis://127.0.0.1:1");
    let ran = cases.deploy();
    ran.tells("Check Redis connectivity");
    ends(&ran, 3);
    assert_eq!(cases.everything(), before);
}

/// What goes wrong in 1.2 and 1.3 is taken back, git included; the backup stays.
#[test]
fn a_preparation_that_fails_leaves_nothing() {
    let Some(cases) = Cases::new() else { return };
    let before = cases.everything();
    for (call, told) in [
        ("aws s3 sync*", "Backup uploaded files"),
        ("gh workflow run Frontend*", "Trigger production deployment workflow"),
    ] {
        cases.system.world.fault(call, "refused");
        let ran = cases.deploy();
        ran.tells(told);
        ends(&ran, 3);
        cases.system.world.mend();
        assert!(!cases.backups().is_empty(), "a backup is kept");
        assert_eq!(cases.everything(), before, "{}", ran.text);
    }
    // The pipeline that had begun was cancelled.
    assert_eq!(cases.system.state()["gh"]["runs"][0]["conclusion"], "cancelled");
}

#[test]
fn a_backup_that_cannot_be_restored_is_none() {
    let Some(mut cases) = Cases::new() else { return };
    let before = cases.everything();
    let url = cases.test_database.url.replace("/test_", "/nowhere_");
    cases.system.var("TEST_DATABASE_URL", &url);
    let ran = cases.deploy();
    ran.tells("Verify backup integrity");
    ends(&ran, 3);
    assert_eq!(cases.everything(), before);
    assert!(cases.system.calls().iter().all(|call| !call.starts_with("gh workflow")), "nothing was triggered");
}

/// Data that is migrated wrongly: whether the backup is put back is for a person to say.
#[test]
fn a_migration_that_fails() {
    let Some(cases) = Cases::new() else { return };
    let before = cases.everything();
    let migration = cases.system.path().join("prisma/migrations/20260119_priority/migration.sql");
    let wrong = [
        ("ALTER TABLE cases ADD COLUMN priority int NOT NULL;", "Apply database migrations"),
        ("ALTER TABLE cases ADD COLUMN importance int;", "Verify migration success"),
        (
            "ALTER TABLE cases ADD COLUMN priority int; UPDATE cases SET owner = NULL WHERE id = 7;",
            "case 7 has no owner",
        ),
        ("ALTER TABLE cases ADD COLUMN priority int; DELETE FROM comments;", "Check critical tables"),
    ];
    for (sql, told) in wrong {
        std::fs::write(&migration, sql).unwrap();
        let restore = asks().says("take back: ", "production");
        let ran = cases.run("deploy.rbk", restore);
        ran.tells(told);
        ran.tells("everything that was written since the backup: only if absolutely necessary");
        ends(&ran, 3);
        assert_eq!(cases.everything(), before, "{}", ran.text);
    }
    // Without a person nothing is restored over production, and the end says so.
    let ran = cases.run("deploy.rbk", asks().says("take back: ", "(nobody)"));
    ends(&ran, 4);
    assert_ne!(cases.rows(), before.database);
}

/// What is odd with the new version, in the page's order; `on` the image, so that the old one is well again.
#[test]
fn a_version_that_is_not_well_is_rolled_back() {
    let Some(cases) = Cases::new() else { return };
    let slow = 320;
    let wrong = [
        (
            "Health check failures for >2 minutes",
            json!({ "at": "GET /health", "site": "casemgmt-api", "status": 503 }),
            "Verify new version health",
        ),
        ("Error rate >10% for >1 minute", json!({ "metric": "error_rate", "value": 0.2 }), "Monitor error rates"),
        ("Verify key functionality", json!({ "at": "POST /auth/login", "status": 500 }), "Verify key functionality"),
        ("file upload", json!({ "at": "POST /files/upload", "status": 413 }), "Check file upload functionality"),
        (
            "Response times <200ms",
            json!({ "at": "GET /cases", "status": 200, "json": [], "after": slow }),
            "Check response times",
        ),
        ("Response times <200ms", json!({ "metric": "response_time", "value": 0.3 }), "now.response_time >= 200ms"),
        ("Error rate <1%", json!({ "metric": "error_rate", "value": 0.02 }), "now.error_rate >= 1%"),
        ("CPU usage <70%", json!({ "metric": "cpu_usage", "value": 0.75 }), "now.cpu >= 70%"),
        ("Memory usage <80%", json!({ "metric": "memory_usage", "value": 0.85 }), "now.memory >= 80%"),
    ];
    for (name, mut sign, told) in wrong {
        cases.again();
        sign["on"] = NEW.into();
        cases.sign(sign);
        let ran = cases.run("deploy.rbk", asks().param("watch", "4m"));
        ran.tells(told);
        cases.rolled_back(&ran, name);
    }
}

/// What the machine does not measure: logs, tests, Lighthouse, people.
#[test]
fn a_version_that_fails_its_tests_is_rolled_back() {
    let Some(cases) = Cases::new() else { return };
    let wrong: [(&str, Change); 4] = [
        ("Check application logs", |state| state["k8s"]["logs"][BACKEND] = json!(["ERROR: no such column"])),
        ("Run critical path tests", |state| {
            state["npm"]["scripts"]["test:critical-path"] = json!({ "status": 1, "stdout": "1 failed" });
        }),
        ("Run Lighthouse audit", |state| state["lighthouse"]["score"] = json!(0.91)),
        ("Review staging deployment", |state| {
            add_sign(state, json!({ "at": "GET /health", "site": "casemgmt-staging", "status": 502 }));
        }),
    ];
    for (told, change) in wrong {
        cases.again();
        cases.system.change(change);
        let ran = cases.deploy();
        ran.tells(told);
        cases.rolled_back(&ran, told);
    }
    cases.again();
    let ran = cases.run("deploy.rbk", asks().param("watch", "1m").says("Reports generating correctly", "no"));
    cases.rolled_back(&ran, "business validation");
    cases.again();
    let ran = cases.run("deploy.rbk", asks().says("Approve production deployment", "no"));
    cases.rolled_back(&ran, "the approval");
    // Nobody there: it waits, and nothing is deployed.
    cases.again();
    let ran = cases.run("deploy.rbk", asks().says("Approve production deployment", "(nobody)"));
    ends(&ran, 5);
    assert_ne!(cases.image(BACKEND), NEW);
    // A pipeline whose tests fail never asks.
    cases.again();
    cases.system.change(|state| state["gh"]["pipelines"]["Backend CI/CD Pipeline"]["fails"] = true.into());
    let ran = cases.deploy();
    ran.tells("ended with failure before the approval");
    cases.rolled_back(&ran, "the pipeline");
}

/// The three triggers, in the middle of the watch.
#[test]
fn the_triggers_roll_back_by_themselves() {
    let Some(cases) = Cases::new() else { return };
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let sick: [(&str, Change, u64); 3] = [
        (
            "Health check failures for >2 minutes",
            |state| {
                add_sign(
                    state,
                    json!({ "at": "GET /api/health", "on": "ghcr.io/case/case-management-frontend:3", "status": 500 }),
                )
            },
            120,
        ),
        (
            "Error rate >10% for >1 minute",
            |state| add_sign(state, json!({ "metric": "error_rate", "on": NEW, "value": 0.12 })),
            60,
        ),
        (
            "Critical service unavailability",
            |state| {
                state["k8s"]["objects"]["case-management/Deployment/case-management-backend"]["status"]["readyReplicas"] =
                    0.into();
            },
            20,
        ),
    ];
    for (told, change, after) in sick {
        cases.again();
        let began = cases.system.now();
        cases.system.at(minutes(3), move |folder| change_state(folder, change));
        let ran = cases.run("deploy.rbk", asks().param("watch", "8m"));
        ran.tells(told);
        cases.rolled_back(&ran, told);
        let took = (cases.system.now() - began).as_secs();
        assert!((180 + after..180 + after + 40).contains(&took), "{told}: {took} s\n{}", ran.text);
        let reaction = cases.system.reaction().unwrap();
        println!("{told}: {:.1} ms from the trip to the first compensating command", reaction.as_secs_f64() * 1000.0);
        assert!(reaction < Duration::from_secs(1));
    }
    // Half a minute of it is no reason.
    cases.again();
    cases.system.at(minutes(3), |folder| {
        change_state(folder, |state| add_sign(state, json!({ "metric": "error_rate", "value": 0.12 })));
    });
    cases.system.at(Duration::from_secs(210), |folder| change_state(folder, |state| state["signs"] = json!([])));
    ends(&cases.run("deploy.rbk", asks().param("watch", "5m")), 0);
    assert_eq!(cases.image(BACKEND), NEW);
}

/// The newest version runs, as after a deployment.
pub(crate) fn deployed(cases: &Cases) {
    cases.system.change(|state| {
        for app in [BACKEND, FRONTEND] {
            let at = format!("case-management/Deployment/{app}");
            let mut object = state["k8s"]["objects"][&at].clone();
            object["spec"]["template"]["spec"]["containers"][0]["image"] = format!("ghcr.io/case/{app}:3").into();
            object["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3".into();
            let mut set = state["k8s"]["objects"][format!("case-management/ReplicaSet/{app}-2")].clone();
            set["metadata"]["name"] = format!("{app}-3").into();
            set["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3".into();
            set["spec"]["template"] = object["spec"]["template"].clone();
            state["k8s"]["objects"][format!("case-management/ReplicaSet/{app}-3")] = set;
            state["k8s"]["objects"][at] = object;
        }
    });
    cases.git(&["tag", "-f", "v2026.01.12"]);
}

fn dump(cases: &Cases, name: &str) {
    let file = format!("--file={}/{name}", cases.system.path().display());
    let made = Command::new("pg_dump").args(["--clean", "--if-exists", &file, &cases.database.url]).output().unwrap();
    assert!(made.status.success(), "{made:?}");
}

#[test]
fn a_rollback_by_hand() {
    let Some(cases) = Cases::new() else { return };
    deployed(&cases);
    cases.sign(json!({ "at": "GET /health", "on": NEW, "status": 503 }));
    let began = cases.system.now();
    let ran = cases.run("rollback.rbk", asks());
    ends(&ran, 0);
    ran.tells("from ghcr.io/case/case-management-backend:3 to ghcr.io/case/case-management-backend:2");
    ran.tells("the last releases: v2026.01.12");
    ran.tells("Monitor for 10 minutes to ensure stability");
    assert_eq!(cases.image(BACKEND), "ghcr.io/case/case-management-backend:2");
    assert!(cases.system.now() - began >= Duration::from_secs(600));
    // The one before is not well either.
    deployed(&cases);
    cases.well();
    cases.sign(json!({ "at": "GET /health", "status": 503 }));
    let ran = cases.run("rollback.rbk", asks());
    ran.tells("rbk run production-down.rbk");
    ends(&ran, 1);
    // Nothing to go back to.
    let Some(cases) = Cases::new() else { return };
    cases.system.change(|state| {
        state["k8s"]["objects"].as_object_mut().unwrap().retain(|name, _| !name.ends_with("backend-1"));
    });
    let ran = cases.run("rollback.rbk", asks());
    ran.tells("there must be a version of case-management-backend to go back to");
    ends(&ran, 1);
}

#[test]
fn a_database_rollback() {
    let Some(cases) = Cases::new() else { return };
    deployed(&cases);
    dump(&cases, "backup-20260119-100000.sql");
    let before = cases.rows();
    cases.database.must("DELETE FROM cases WHERE id > 100");
    let ask = || asks().param("database_backup", "backup-20260119-100000.sql").param("watch", "1m");
    // It says what is lost, and waits for the name of the environment.
    let ran = cases.run("rollback.rbk", ask().says("step \"Restore", "no"));
    ends(&ran, 1);
    assert_ne!(cases.rows(), before);
    deployed(&cases);
    let ran = cases.run("rollback.rbk", ask().says("step \"Restore", "production"));
    ran.tells("everything that was written since backup-20260119-100000.sql");
    ends(&ran, 0);
    assert_eq!(cases.rows(), before);
    // A backup that is none: the database is as it was found.
    deployed(&cases);
    std::fs::write(cases.system.path().join("broken.sql"), "DROP TABLE comments; SELECT nonsense;").unwrap();
    let broken = asks().param("database_backup", "broken.sql").says("step \"Restore", "production");
    let ran = cases.run("rollback.rbk", broken);
    assert!(ran.code == 1, "{}", ran.text);
    assert_eq!(cases.rows(), before);
    let ran = cases.run("rollback.rbk", asks().param("database_backup", "backup-of-nobody.sql"));
    ran.tells("The backup is there");
    ends(&ran, 1);
    // With `prisma migrate reset` before it, which leaves nothing: the backup is there all the same.
    deployed(&cases);
    let migration = cases.system.path().join("prisma/migrations/20260119_priority/migration.sql");
    std::fs::write(migration, "CREATE TABLE cases (id int)").unwrap();
    let reset = ask().param("reset_migrations", "true").says("step \"", "production");
    ends(&cases.run("rollback.rbk", reset), 0);
    assert!(cases.system.calls().iter().any(|call| call == "npx prisma migrate reset --force --skip-seed"));
    assert_eq!(cases.rows().lines().filter(|line| line.contains("public.cases")).count(), 500);
}

#[test]
fn production_is_down_and_rolled_back() {
    let Some(cases) = Cases::new() else { return };
    deployed(&cases);
    cases.sign(json!({ "at": "* /*", "site": "casemgmt-api", "on": NEW, "status": 502 }));
    let ask = || asks().says("Identify root cause", "application").says("Determine impact scope", "complete");
    let ran = cases.run("production-down.rbk", ask().says("Decide on rollback", "rollback"));
    ran.tells("what the checks say: application");
    ends(&ran, 0);
    assert_eq!(cases.image(BACKEND), "ghcr.io/case/case-management-backend:2");
    let told = cases.system.state()["told"].to_string();
    assert!(told.contains("#critical-alerts") && told.contains("production is back after"), "{told}");
    // It answers: there is nothing to do, and nobody is woken.
    let count = cases.system.state()["told"].as_array().unwrap().len();
    let ran = cases.run("production-down.rbk", ask());
    ran.tells("it is not down");
    ends(&ran, 0);
    assert_eq!(cases.system.state()["told"].as_array().unwrap().len(), count);
}

#[test]
fn production_is_down_and_fixed_or_escalated() {
    let Some(cases) = Cases::new() else { return };
    let down = |state: &mut Value| {
        for app in [BACKEND, FRONTEND] {
            state["k8s"]["objects"][format!("case-management/Deployment/{app}")]["status"]["readyReplicas"] = 0.into();
        }
    };
    cases.system.change(down);
    let ask = || {
        asks()
            .says("Identify root cause", "infrastructure")
            .says("Determine impact scope", "complete")
            .says("Decide on", "forward fix")
    };
    // A person mends it.
    let folder = cases.system.path().to_owned();
    let mends = ask().watched(move |question| {
        if question.contains("Apply forward fix") {
            change_state(&folder, |state| {
                for app in [BACKEND, FRONTEND] {
                    state["k8s"]["objects"][format!("case-management/Deployment/{app}")]["status"]["readyReplicas"] =
                        3.into();
                }
            });
        }
    });
    let ran = cases.run("production-down.rbk", mends);
    ran.tells("what the checks say: infrastructure");
    ends(&ran, 0);
    // It does not help.
    cases.system.change(down);
    let ran = cases.run("production-down.rbk", ask());
    ends(&ran, 1);
    ran.tells("L2: DevOps team lead, Slack @devops-lead");
    assert!(cases.system.state()["told"].to_string().contains("production is still down after"));
}

#[test]
fn corrupt_data() {
    let Some(cases) = Cases::new() else { return };
    dump(&cases, "backup-clean.sql");
    let clean = cases.rows();
    let before = cases.everything().state;
    cases.database.must("UPDATE cases SET owner = NULL WHERE id < 4");
    let corrupt = cases.rows();
    let ask = |backup: &str| asks().param("clean_backup", backup).says("step \"Restore", "production");
    let replicas = || {
        cases.system.state()["k8s"]["objects"]["case-management/Deployment/case-management-backend"]["spec"]["replicas"]
            .clone()
    };
    // The backup is corrupt, too: the test database tells, before production is touched. Writes stay stopped.
    dump(&cases, "backup-corrupt.sql");
    let ran = cases.run("data-corruption.rbk", ask("backup-corrupt.sql"));
    ran.tells("case 1 has no owner");
    ends(&ran, 1);
    assert_eq!(replicas(), 0);
    assert_eq!(cases.rows(), corrupt);
    assert!(cases.system.state()["told"].to_string().contains("writes are stopped"));
    cases.system.change(|state| {
        *state = System::of("casemgmt").state();
    });
    let ran = cases.run("data-corruption.rbk", ask("backup-clean.sql"));
    ends(&ran, 0);
    assert_eq!(cases.rows(), clean);
    assert_eq!(cases.everything().state, before, "the backend runs again");
    let preserved = cases.backups().into_iter().find(|name| name.starts_with("emergency-backup-")).unwrap();
    let text = std::fs::read_to_string(cases.system.path().join(preserved)).unwrap();
    assert!(text.contains("1\tcase 1\t\\N"), "the corrupt state is preserved");
    // Nothing is corrupt: the services go on.
    let ran = cases.run("data-corruption.rbk", ask("backup-clean.sql"));
    ends(&ran, 0);
    assert_eq!(replicas(), 3);
    assert_eq!(cases.rows(), clean);
}

#[test]
fn monitoring() {
    let Some(cases) = Cases::new() else { return };
    cases.system.at(Duration::from_secs(3600), |folder| {
        change_state(folder, |state| add_sign(state, json!({ "metric": "error_rate", "value": 0.03 })));
    });
    let ran = cases.run("monitor.rbk", asks().param("watch", "2h"));
    ends(&ran, 0);
    ran.tells("now.error_rate > 1%");
    for sign in [json!({ "metric": "error_rate", "value": 0.06 }), json!({ "metric": "response_time", "value": 1.2 })] {
        cases.well();
        cases.sign(sign);
        let ran = cases.run("monitor.rbk", asks());
        ends(&ran, 1);
        ran.tells("production-down.rbk");
    }
    assert!(cases.system.state()["told"].to_string().contains("critical: "));
    // A metric that is gone must not count as a good one.
    cases.well();
    cases.sign(json!({ "metric": "error_rate", "value": null }));
    let ran = cases.run("monitor.rbk", asks());
    ends(&ran, 1);
    ran.tells("a metric that is not there must not count as a good one");
}

#[test]
fn after_a_deployment() {
    let Some(cases) = Cases::new() else { return };
    ends(&cases.run("post-deployment.rbk", asks()), 0);
    // Who is not there yet is waited for.
    ends(&cases.run("post-deployment.rbk", asks().says("Gather user feedback", "(nobody)")), 5);
    cases.sign(json!({ "metric": "cpu_usage", "value": 0.9 }));
    let ran = cases.run("post-deployment.rbk", asks());
    ends(&ran, 1);
    ran.tells("Monitor system metrics for anomalies");
}
