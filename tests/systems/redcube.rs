//! `runbooks/redcube`.

use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::servers::server::{PASSWORD, postgres};
use crate::sites::redcube::log;
use crate::tools::{Ran, settled};
use crate::world::{Asks, Change, System, change_state};

const CONTENT: &str = "redcube3_xhs-content-service";
const USER: &str = "redcube3_xhs-user-service";

/// Its databases are called `postgres` and `redcube_users`, and there is one server: one world at a time.
static ONE: Mutex<()> = Mutex::new(());

const MAIN: &str = r"
DROP DATABASE IF EXISTS redcube_users WITH (FORCE);
DROP DATABASE IF EXISTS restore_check WITH (FORCE);
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE NOT NULL, created_at timestamptz NOT NULL DEFAULT '2026-01-01');
CREATE TABLE reputation_events (id serial PRIMARY KEY, created_at timestamptz NOT NULL);
INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 20) n;
INSERT INTO reputation_events (created_at) VALUES (now() + interval '10 years');
CREATE DATABASE redcube_users;
";

const USERS: &str = r"
CREATE EXTENSION dblink;
CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE NOT NULL);
INSERT INTO users (email) SELECT 'user' || n || '@example.com' FROM generate_series(1, 20) n;
CREATE VIEW v_user_sync_missing AS SELECT email FROM users WHERE email NOT IN
    (SELECT email FROM dblink(current_setting('redcube.main'), 'SELECT email FROM users') AS there(email text));
CREATE VIEW v_user_sync_status AS SELECT count(*) AS users, (SELECT count(*) FROM v_user_sync_missing) AS missing FROM users;
";

pub(crate) struct Cube {
    pub(crate) system: System,
    port: u16,
    _one: MutexGuard<'static, ()>,
}

/// Everything that a runbook can change.
#[derive(Debug, PartialEq)]
struct Everything {
    state: Value,
    main: String,
    users: String,
    head: String,
    env: Option<String>,
}

impl Cube {
    /// `None` where PostgreSQL is not installed.
    pub(crate) fn new() -> Option<Self> {
        let server = postgres()?;
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        // Waits until the server answers.
        drop(server.postgres_database());
        let mut system = System::of("redcube");
        for (name, value) in [
            ("PGHOST", "127.0.0.1"),
            ("PGPORT", &server.port.to_string()),
            ("PGPASSWORD", PASSWORD),
            ("OPENROUTER_API_KEY", "sk-or-a-key-of-a-test"),
            ("DISCORD_WEBHOOK", "https://discord.com/api/webhooks/1/a-hook-of-a-test"),
        ] {
            system.var(name, value);
        }
        let cube = Self { system, port: server.port, _one: one };
        let role = format!(
            "DO $$ BEGIN CREATE ROLE postgres SUPERUSER LOGIN PASSWORD '{PASSWORD}'; EXCEPTION WHEN duplicate_object THEN END $$;"
        );
        cube.sql("admin", "postgres", &role);
        cube.sql("postgres", "postgres", MAIN);
        let way = format!("host=127.0.0.1 port={} user=postgres password={PASSWORD} dbname=postgres", server.port);
        cube.sql("postgres", "postgres", &format!("ALTER DATABASE redcube_users SET redcube.main = '{way}'"));
        cube.sql("postgres", "redcube_users", USERS);
        cube.repository();
        Some(cube)
    }

    fn psql(&self, user: &str, database: &str) -> Command {
        let mut psql = Command::new("psql");
        psql.args(["-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", user, "-d", database]);
        psql.args(["-p", &self.port.to_string()]).env("PGPASSWORD", PASSWORD);
        psql
    }

    fn sql(&self, user: &str, database: &str, text: &str) -> String {
        let mut psql = self.psql(user, database);
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let ran = child.wait_with_output().unwrap();
        assert!(ran.status.success(), "{text}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8_lossy(&ran.stdout).trim().to_owned()
    }

    fn git(&self, words: &[&str]) -> String {
        let path = self.system.path();
        let made = Command::new("git").args(words).current_dir(path).env("HOME", path).output().unwrap();
        assert!(made.status.success(), "{words:?}: {made:?}");
        String::from_utf8_lossy(&made.stdout).trim().to_owned()
    }

    /// `main`, one commit behind its origin.
    fn repository(&self) {
        let path = self.system.path();
        let config = "[user]\nname = ada\nemail = ada@redcube.example\n[init]\ndefaultBranch = main\n";
        std::fs::write(path.join(".gitconfig"), config).unwrap();
        std::fs::write(path.join(".gitignore"), "*\n!app.txt\n!.gitignore\n").unwrap();
        self.git(&["init", "--quiet", "--bare", "origin.git"]);
        self.git(&["init", "--quiet"]);
        self.git(&["remote", "add", "origin", "./origin.git"]);
        for text in ["one", "two"] {
            std::fs::write(path.join("app.txt"), text).unwrap();
            self.git(&["add", "."]);
            self.git(&["commit", "--quiet", "-m", text]);
        }
        self.git(&["push", "--quiet", "origin", "main"]);
        self.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    }

    /// All rows of a database, and what is called by a trigger.
    fn rows(&self, database: &str) -> String {
        let (port, file) = (self.port.to_string(), ["--inserts", "--no-owner", "-h", "127.0.0.1", "-U", "postgres"]);
        let mut dump = Command::new("pg_dump");
        dump.args(file).args(["-p", &port, "-d", database]).env("PGPASSWORD", PASSWORD);
        let dump = dump.output().unwrap();
        assert!(dump.status.success(), "{dump:?}");
        let text = String::from_utf8_lossy(&dump.stdout).into_owned();
        let counts = |line: &&str| line.starts_with("INSERT") || line.starts_with("CREATE");
        text.lines().filter(counts).collect::<Vec<_>>().join("\n")
    }

    fn everything(&self) -> Everything {
        let mut state = settled(self.system.state());
        for gone in ["told", "signs"] {
            state.as_object_mut().unwrap().remove(gone);
        }
        // A name for the image of before is no harm; what a container's settings were is in its image and `.env`.
        let images = state["docker"]["images"].as_object_mut().unwrap();
        images.retain(|name, _| !name.ends_with(":previous"));
        Everything {
            state,
            main: self.rows("postgres"),
            users: self.rows("redcube_users"),
            head: self.git(&["rev-parse", "HEAD"]),
            env: std::fs::read_to_string(self.system.path().join(".env")).ok(),
        }
    }

    /// The images that run.
    fn running(&self) -> [String; 2] {
        [CONTENT, USER].map(|name| {
            self.system.state()["docker"]["containers"][format!("{name}-1")]["Image"].as_str().unwrap().to_owned()
        })
    }

    fn sign(&self, sign: Value) {
        self.system.change(|state| add_sign(state, sign));
    }

    fn well(&self) {
        self.system.change(|state| state["signs"] = json!([]));
    }

    /// What the content service writes from now on.
    fn logs(&self, lines: Vec<String>) {
        self.system.change(|state| state["docker"]["logs"][format!("{CONTENT}-1")] = json!(lines));
    }

    /// Each run begins a minute after the one before.
    fn run(&self, file: &str, asks: Asks<'_>) -> Ran {
        self.system.pass(Duration::from_secs(60));
        self.system.run(file, asks)
    }

    /// The newest version runs, and the one before has a name.
    fn deployed(&self) {
        self.system.change(|state| {
            for (name, short) in [(CONTENT, "content"), (USER, "user")] {
                let images = &mut state["docker"]["images"];
                images[name] = format!("sha256:{short}-2").into();
                images[format!("{name}:previous")] = format!("sha256:{short}-1").into();
                state["docker"]["containers"][format!("{name}-1")]["Image"] = format!("sha256:{short}-2").into();
            }
        });
    }
}

fn add_sign(state: &mut Value, sign: Value) {
    match state["signs"].as_array_mut() {
        Some(all) => all.push(sign),
        None => state["signs"] = json!([sign]),
    }
}

pub(crate) fn asks() -> Asks<'static> {
    Asks::of("production").by("eve").says("run \"", "production").agrees()
}

#[track_caller]
fn ends(ran: &Ran, code: i32) {
    assert_eq!(ran.code, code, "{}", ran.text);
}

const OLD: [&str; 2] = ["sha256:content-1", "sha256:user-1"];
const NEW: [&str; 2] = ["sha256:content-2", "sha256:user-2"];

#[test]
fn a_deployment() {
    let Some(cube) = Cube::new() else { return };
    let ran = cube.run("deploy.rbk", asks());
    ends(&ran, 0);
    assert_eq!(cube.running(), NEW);
    assert_eq!(std::fs::read_to_string(cube.system.path().join("app.txt")).unwrap(), "two");
    let names = std::fs::read_dir(cube.system.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut backups: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    backups.retain(|name| name.starts_with("backup-"));
    backups.sort();
    let [main, users] = &backups[..] else { panic!("{backups:?}") };
    assert_eq!(main.trim_start_matches("backup-"), users.trim_start_matches("backup-users-"), "one time for both");
    assert!(cube.rows("redcube_users").contains("CREATE TRIGGER users_sync"));
    for database in ["postgres", "redcube_users"] {
        assert!(!cube.rows(database).contains("deploy-test-"), "the test leaves no user behind");
    }
    assert_eq!(cube.sql("admin", "postgres", "SELECT count(*) FROM pg_database WHERE datname = 'restore_check'"), "0");
    assert_eq!(cube.system.state()["docker"]["images"][format!("{CONTENT}:previous")], OLD[0]);
}

/// Each failure of the three phases: all is as before.
#[test]
fn a_deployment_that_fails_is_rolled_back() {
    let Some(cube) = Cube::new() else { return };
    let before = cube.everything();
    let migration = cube.system.path().join("initdb.d/99-user-sync-trigger.sql");
    let right = std::fs::read_to_string(&migration).unwrap();
    let back = |ran: &Ran, told: &str| {
        ran.tells(told);
        ends(ran, 3);
        cube.well();
        cube.system.world.mend();
        assert_eq!(cube.everything(), before, "{told}: {}", ran.text);
        let reaction = cube.system.reaction().unwrap();
        println!(
            "{told}: {:.1} ms from the failing check to the first compensating command",
            reaction.as_secs_f64() * 1000.0
        );
        assert!(reaction < Duration::from_secs(1));
    };
    let migrations = [
        ("SELECT nonsense;", "2. Run migrations"),
        ("SELECT 1;", "triggers created successfully"),
        // A trigger that does nothing: who registers does not come to the other database.
        (&right.replace("PERFORM dblink_exec(", "PERFORM format('%s %s', "), "Test 3: Verify user synced to postgres"),
    ];
    for (text, told) in migrations {
        std::fs::write(&migration, text).unwrap();
        back(&cube.run("deploy.rbk", asks()), told);
    }
    std::fs::write(&migration, right).unwrap();
    for (call, told) in [
        ("docker compose build*", "2. Build services"),
        ("docker compose up*--no-deps user-service", "3. Deploy user-service"),
    ] {
        let fault = json!([{ "call": call, "kind": "fails", "times": 1 }]);
        std::fs::write(cube.system.path().join("faults.json"), fault.to_string()).unwrap();
        back(&cube.run("deploy.rbk", asks()), told);
    }
    let signs = [
        (json!({ "at": "GET /api/content/*", "status": 500 }), "4. Wait for services to start"),
        (json!({ "at": "POST /api/auth/register", "status": 500 }), "Test 2: User registration"),
        (json!({ "at": "POST /api/content/analyze-single/text", "status": 502 }), "Test 4: UGC Analysis Pipeline"),
        (
            json!({ "at": "POST /api/content/analyze-single/text", "status": 200, "json": {}, "after": 61_000 }),
            "Analysis completes in < 60 seconds",
        ),
    ];
    for (mut sign, told) in signs {
        sign["on"] = NEW[0].into();
        cube.sign(sign);
        back(&cube.run("deploy.rbk", asks()), told);
    }
    for (lines, told) in [
        (json!(["ERROR cannot reach OpenRouter"]), "No error logs in first 30 seconds"),
        (json!(["listening"]), "Structured logs showing trace IDs"),
    ] {
        let kept = cube.system.state()["docker"]["logs"][NEW[0]].clone();
        cube.system.change(|state| state["docker"]["logs"][NEW[0]] = lines);
        let ran = cube.run("deploy.rbk", asks());
        cube.system.change(|state| state["docker"]["logs"][NEW[0]] = kept);
        back(&ran, told);
    }
}

#[test]
fn what_keeps_a_deployment_from_beginning() {
    let Some(cube) = Cube::new() else { return };
    let before = cube.everything();
    ends(&cube.run("deploy.rbk", asks().says("Rollback scripts tested", "no")), 1);
    ends(&cube.run("deploy.rbk", asks().says("Deploy redcube to", "(nobody)")), 5);
    cube.system.change(|state| state["credits"]["total_usage"] = json!(99.0));
    let ran = cube.run("deploy.rbk", asks());
    ran.tells("API credits topped up (OpenRouter)");
    ends(&ran, 1);
    cube.system.change(|state| state["credits"]["total_usage"] = json!(40.0));
    // Users that are missing already: the migration is not blamed on later, it is taken back now.
    cube.sql("postgres", "redcube_users", "INSERT INTO users (email) VALUES ('lost@example.com')");
    let with_lost = cube.rows("redcube_users");
    let ran = cube.run("deploy.rbk", asks());
    ran.tells("3. Verify migrations");
    ends(&ran, 3);
    assert_eq!(cube.rows("redcube_users"), with_lost);
    cube.sql(
        "postgres",
        "redcube_users",
        "DELETE FROM users WHERE email = 'lost@example.com'; SELECT setval('users_id_seq', 20)",
    );
    assert_eq!(cube.everything().state, before.state);
}

#[test]
fn health_checks() {
    let Some(cube) = Cube::new() else { return };
    ends(&cube.run("health.rbk", asks()), 0);
    let sick: [(&str, Change); 5] = [
        ("Check all services", |state| state["compose"]["services"]["user-service"]["state"] = "exited".into()),
        ("Check logs", |state| state["docker"]["logs"][OLD[1]] = json!(["ERROR: out of luck"])),
        ("Check structured logging", |state| state["docker"]["logs"][OLD[0]] = json!(["plain"])),
        ("Check request latency and error rates", |state| state["docker"]["logs"][OLD[0]] = json!(log(6, 100))),
        ("Check request latency and error rates", |state| state["docker"]["logs"][OLD[0]] = json!(log(0, 5100))),
    ];
    for (told, change) in sick {
        let fresh = cube.system.state();
        cube.system.change(change);
        let ran = cube.run("health.rbk", asks());
        ran.tells(told);
        ends(&ran, 1);
        cube.system.change(|state| *state = fresh);
    }
    cube.sql("postgres", "redcube_users", "INSERT INTO users (email) VALUES ('lost@example.com')");
    let ran = cube.run("health.rbk", asks());
    ran.tells("Check user sync status");
    ends(&ran, 1);
}

#[test]
fn three_levels_of_rollback() {
    let Some(cube) = Cube::new() else { return };
    cube.deployed();
    let file = cube.system.path().join(".env");
    std::fs::write(&file, "PORT=8080\nFEATURE_UGC_ANALYSIS=true\n").unwrap();
    ends(&cube.run("rollback.rbk", asks().param("option", "flag")), 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "PORT=8080\nFEATURE_UGC_ANALYSIS=false\n");
    let env =
        |cube: &Cube| cube.system.state()["docker"]["containers"][format!("{CONTENT}-1")]["Config"]["Env"].to_string();
    assert!(env(&cube).contains("FEATURE_UGC_ANALYSIS=false"), "the service has read it");
    // A person chooses: the deployment; by the script, and without it.
    let ran = cube.run("rollback.rbk", asks().says("How far?", "deployment"));
    ends(&ran, 0);
    assert_eq!(cube.running(), [OLD[0], NEW[1]]);
    cube.deployed();
    std::fs::rename(cube.system.path().join("scripts/rollback-deployment.sh"), cube.system.path().join("scripts/away"))
        .unwrap();
    ends(&cube.run("rollback.rbk", asks().param("option", "deployment")), 0);
    assert_eq!(cube.running(), [OLD[0], NEW[1]]);
    std::fs::rename(cube.system.path().join("scripts/away"), cube.system.path().join("scripts/rollback-deployment.sh"))
        .unwrap();
    // All of it.
    cube.deployed();
    std::fs::remove_file(&file).unwrap();
    let migration = std::fs::read_to_string(cube.system.path().join("initdb.d/99-user-sync-trigger.sql")).unwrap();
    cube.sql("postgres", "redcube_users", &migration);
    ends(&cube.run("rollback.rbk", asks().param("option", "full")), 0);
    assert_eq!(cube.running(), OLD);
    assert!(!cube.rows("redcube_users").contains("CREATE TRIGGER"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "FEATURE_UGC_ANALYSIS=false\n");
    // What was rolled back does not answer either.
    cube.deployed();
    cube.sign(json!({ "at": "GET /api/content/*", "status": 500 }));
    let ran = cube.run("rollback.rbk", asks().param("option", "deployment"));
    ran.tells("rbk run incident.rbk");
    ends(&ran, 1);
}

#[test]
fn the_databases_are_rolled_back() {
    let Some(cube) = Cube::new() else { return };
    let migration = std::fs::read_to_string(cube.system.path().join("initdb.d/99-user-sync-trigger.sql")).unwrap();
    cube.sql("postgres", "redcube_users", &migration);
    ends(&cube.run("rollback.rbk", asks().param("option", "migration")), 0);
    assert!(!cube.rows("redcube_users").contains("CREATE TRIGGER"));
    let before = cube.rows("postgres");
    let dump = "docker exec redcube_postgres pg_dump -U postgres -d postgres > backup-1.sql";
    let path = cube.system.path();
    let mut made = Command::new("bash");
    made.args(["-c", dump]).current_dir(path).env("TOOLS_WORLD", path).env("PGPASSWORD", PASSWORD);
    made.env("PATH", format!("{}/bin:{}", path.display(), std::env::var("PATH").unwrap()));
    made.env("PGHOST", "127.0.0.1").env("PGPORT", cube.port.to_string());
    assert!(made.output().unwrap().status.success());
    cube.sql("postgres", "postgres", "DELETE FROM users WHERE id > 3");
    let damaged = cube.rows("postgres");
    let ask = |file: &str| asks().param("option", "backup").param("backup", file);
    // It says what is lost, and waits for the name of the environment.
    let ran = cube.run("rollback.rbk", ask("backup-1.sql").says("step \"Or restore", "no"));
    ran.tells("everything that was written to postgres since backup-1.sql");
    ends(&ran, 1);
    assert_eq!(cube.rows("postgres"), damaged);
    ends(&cube.run("rollback.rbk", ask("backup-1.sql").says("step \"Or restore", "production")), 0);
    assert_eq!(cube.rows("postgres"), before);
    // A backup that was cut off is told before anything is touched.
    std::fs::write(path.join("cut.sql"), "CREATE TABLE users (").unwrap();
    let ran = cube.run("rollback.rbk", ask("cut.sql"));
    ran.tells("The backup is there, and whole");
    ends(&ran, 1);
    assert_eq!(cube.rows("postgres"), before);
}

#[test]
fn incidents_by_severity() {
    let Some(cube) = Cube::new() else { return };
    let impact = |asks: Asks<'static>| asks.says("Estimate impact", "30%");
    // P0: the service is down; all of it is rolled back at once.
    cube.deployed();
    cube.sign(json!({ "at": "* /*", "on": NEW[0], "status": 503 }));
    let ran = cube.run("incident.rbk", impact(asks()).says("Determine severity", "P0"));
    ends(&ran, 0);
    assert_eq!(cube.running(), OLD);
    let told = cube.system.state()["told"].to_string();
    assert!(told.contains("P0 on redcube production: 30% of users") && told.contains("is over after"), "{told}");
    // P1: the error rate is above a tenth; a person says how far.
    cube.well();
    cube.deployed();
    cube.system.change(|state| state["docker"]["logs"][NEW[0]] = json!(log(12, 100)));
    let ran = cube.run("incident.rbk", impact(asks()).says("Determine severity", "P1").says("how far?", "deployment"));
    ends(&ran, 0);
    ran.tells("error rate 12");
    assert_eq!(cube.running()[0], OLD[0]);
    // P2: fixed within the hour, by a flag.
    cube.deployed();
    cube.system.change(|state| state["docker"]["logs"][NEW[0]] = json!(log(3, 100)));
    let ran = cube.run(
        "incident.rbk",
        impact(asks()).says("Determine severity", "P2").says("Fix within 1 hour", "disable the affected feature"),
    );
    ends(&ran, 0);
    assert!(cube.system.path().join(".env").is_file());
    // P3 is postponed, and nothing is touched.
    let before = cube.everything();
    let ran = cube.run("incident.rbk", impact(asks()).says("Determine severity", "P3"));
    ran.tells("postponed: P3 is fixed in the next deploy");
    ends(&ran, 0);
    assert_eq!(cube.everything(), before);
    // It goes on: escalated.
    cube.system.change(|state| state["docker"]["logs"][NEW[0]] = json!(log(20, 100)));
    let ran =
        cube.run("incident.rbk", impact(asks()).says("Determine severity", "P2").says("Fix within", "apply hotfix"));
    ran.tells("escalate: the database admin");
    ends(&ran, 1);
    assert!(cube.system.state()["told"].to_string().contains("goes on"));
}

#[test]
fn the_database_is_lost() {
    let Some(cube) = Cube::new() else { return };
    let gone = |state: &mut Value| {
        state["docker"]["containers"]["redcube_postgres"]["State"]["Running"] = false.into();
        state["compose"]["services"]["postgres"]["state"] = "exited".into();
    };
    cube.system.change(gone);
    let ran = cube.run("database-lost.rbk", asks());
    ends(&ran, 0);
    assert!(cube.system.calls().iter().any(|call| call == "docker compose restart postgres"));
    // The service does not find it again.
    cube.system.change(gone);
    cube.logs(vec!["cannot connect".to_owned()]);
    let ran = cube.run("database-lost.rbk", asks());
    ran.tells("the database admin is to be called");
    ends(&ran, 1);
}

#[test]
fn memory_is_short() {
    let Some(cube) = Cube::new() else { return };
    cube.system.change(|state| {
        state["docker"]["stats"][format!("{CONTENT}-1")] = json!({ "memory": "97.10%" });
        state["docker"]["logs"][OLD[0]] = json!(["Database connected", "memory: heap 1900 MB"]);
        let freed = json!({ format!("{CONTENT}-1"): { "memory": "30.00%" } });
        state["compose"]["services"]["content-service"]["restarts"] = json!({ "stats": freed });
    });
    let ran = cube.run("out-of-memory.rbk", asks());
    ran.tells("memory: heap 1900 MB");
    ends(&ran, 0);
    cube.system.change(|state| {
        state["docker"]["stats"][format!("{CONTENT}-1")] = json!({ "memory": "97.10%" });
        state["compose"]["services"]["content-service"]["restarts"] = json!({});
    });
    let ran = cube.run("out-of-memory.rbk", asks());
    ran.tells("the restart did not help");
    ends(&ran, 1);
}

#[test]
fn credits_are_exhausted() {
    let Some(cube) = Cube::new() else { return };
    let ran = cube.run("api-credits.rbk", asks());
    ran.tells("there are credits: it is something else");
    ends(&ran, 0);
    let out = |state: &mut Value| {
        state["credits"]["total_usage"] = json!(100.0);
        state["docker"]["logs"][format!("{CONTENT}-1")] = json!(["OpenRouter: Insufficient credits"]);
    };
    cube.system.change(out);
    let folder = cube.system.path().to_owned();
    let pays = asks().watched(move |question| {
        if question.contains("Top up credits") {
            change_state(&folder, |state| {
                state["credits"]["total_credits"] = json!(200.0);
                state["docker"]["logs"][format!("{CONTENT}-1")] = json!(["OpenRouter: 200"]);
            });
        }
    });
    ends(&cube.run("api-credits.rbk", pays), 0);
    cube.system.change(|state| state["credits"]["total_credits"] = json!(100.0));
    cube.system.change(out);
    let ran = cube.run("api-credits.rbk", asks());
    ran.tells("-p option=flag");
    ends(&ran, 1);
}

#[test]
fn a_day_of_validation() {
    let Some(cube) = Cube::new() else { return };
    let ask = || asks().param("sample", "5m");
    cube.deployed();
    let began = cube.system.now();
    ends(&cube.run("validate.rbk", ask()), 0);
    assert!(cube.system.now() - began >= Duration::from_secs(24 * 3600));
    // Sick after 20 minutes: the content service goes back.
    let minutes = |count: u64| Duration::from_secs(60 * count);
    cube.system.at(minutes(20), |folder| {
        change_state(folder, |state| state["docker"]["logs"][NEW[0]] = json!(log(8, 100)));
    });
    let ran = cube.run("validate.rbk", ask());
    ran.tells("the content service is rolled back");
    ends(&ran, 1);
    assert_eq!(cube.running()[0], OLD[0]);
    // At the mark the limits are closer.
    for (lines, told) in [(log(2, 100), "After 30 minutes"), (log(0, 2500), "base.p95 < 2s")] {
        cube.deployed();
        cube.system.change(|state| state["docker"]["logs"][NEW[0]] = json!(lines));
        let ran = cube.run("validate.rbk", ask());
        ran.tells(told);
        ends(&ran, 1);
        assert_eq!(cube.running()[0], OLD[0]);
    }
    // A reputation system that does nothing is found after an hour.
    cube.deployed();
    cube.system.change(|state| state["docker"]["logs"][NEW[0]] = json!(log(0, 110)));
    cube.sql("postgres", "postgres", "UPDATE reputation_events SET created_at = '2020-01-01'");
    let ran = cube.run("validate.rbk", ask());
    ran.tells("Reputation system active");
    ends(&ran, 1);
    // Slower in the evening than in the morning.
    cube.deployed();
    cube.sql("postgres", "postgres", "UPDATE reputation_events SET created_at = now() + interval '10 years'");
    cube.system.at(minutes(600), |folder| {
        change_state(folder, |state| state["docker"]["logs"][NEW[0]] = json!(log(0, 400)));
    });
    let ran = cube.run("validate.rbk", ask());
    ran.tells("No degradation in metrics");
    ends(&ran, 1);
    assert_eq!(cube.running()[0], NEW[0], "after an hour a person decides");
}

#[test]
fn monitoring() {
    let Some(cube) = Cube::new() else { return };
    let ask = || asks().param("watch", "10m");
    ends(&cube.run("monitor.rbk", ask()), 0);
    let over: [(&str, Change); 4] = [
        ("error_rate > 5%", |state| state["docker"]["logs"][OLD[0]] = json!(log(6, 100))),
        ("p95 > 5s", |state| state["docker"]["logs"][OLD[0]] = json!(log(0, 5200))),
        ("used.cpu > 80%", |state| state["docker"]["stats"][format!("{CONTENT}-1")] = json!({ "cpu": "91.00%" })),
        ("used.memory > 85%", |state| state["docker"]["stats"][format!("{CONTENT}-1")] = json!({ "memory": "90.00%" })),
    ];
    for (told, change) in over {
        let fresh = cube.system.state();
        cube.system.change(change);
        let ran = cube.run("monitor.rbk", ask());
        ran.tells(told);
        ran.tells("rbk run incident.rbk");
        ends(&ran, 1);
        cube.system.change(|state| *state = fresh);
    }
    cube.sql("postgres", "redcube_users", "INSERT INTO users (email) VALUES ('lost@example.com')");
    let ran = cube.run("monitor.rbk", ask());
    ran.tells("sync_failures() > 0");
    ends(&ran, 1);
}

#[test]
fn a_gradual_rollout() {
    let Some(cube) = Cube::new() else { return };
    let ask = || asks().param("sample", "12h");
    let file = cube.system.path().join(".env");
    let env = || std::fs::read_to_string(&file).unwrap_or_default();
    // Sick with a quarter of the traffic: 24 days less a week and a half in.
    let days = |count: u64| Duration::from_secs(count * 24 * 3600);
    std::fs::write(&file, "PORT=8080\n").unwrap();
    cube.system.at(days(17), |folder| {
        change_state(folder, |state| state["docker"]["logs"][OLD[0]] = json!(log(9, 100)));
    });
    let before = cube.everything();
    let ran = cube.run("rollout.rbk", ask());
    ran.tells("Two days with 25%");
    ends(&ran, 3);
    cube.system.change(|state| state["docker"]["logs"][OLD[0]] = json!(log(0, 120)));
    assert_eq!(env(), before.env.unwrap());
    ends(&cube.run("rollout.rbk", ask()), 0);
    assert_eq!(env(), "PORT=8080\nBETA_USERS_ENABLED=true\nROLLOUT_PERCENT=100\n");
}
