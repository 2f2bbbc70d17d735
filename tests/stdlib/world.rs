//! A world of its own for a test: a folder, the tools in it, and runs of runbooks against them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;
use tempfile::TempDir;

/// The program that plays the tools. `cargo test` builds it; `cargo test --test stdlib` alone does not.
fn tools() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().unwrap().parent().unwrap().join("examples/tools");
    let changed = |path: &Path| path.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools").read_dir().unwrap();
    let newest = sources.map(|entry| changed(&entry.unwrap().path())).max().unwrap();
    assert!(changed(&program) >= newest, "the doubles are older than their source: cargo build --example tools");
    program
}

/// Programs of this machine that runbooks and examples may start: a tool that is really installed here is none of them.
const SYSTEM: &[&str] = &["bash", "cat", "echo", "env", "git", "ls", "openssl", "printf", "true"];

/// A folder with tools and a state.
pub(crate) struct World {
    folder: TempDir,
    /// What its programs find in their environment besides.
    vars: Vec<(String, String)>,
}

/// The HTTP service of a world, until it is dropped.
pub(crate) struct Service {
    child: std::process::Child,
    pub(crate) url: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) code: i32,
    /// What it told people.
    pub(crate) text: String,
}

impl Ran {
    /// The run must have told this.
    pub(crate) fn tells(&self, text: &str) {
        let plain = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.contains(text), "it does not tell {text:?}:\n{}", self.text);
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::set_up(None)
    }

    #[allow(dead_code, reason = "only the tests of the systems have such worlds")]
    /// The world of a system that `tests/tools/sites` knows.
    pub(crate) fn of(system: &str) -> Self {
        Self::set_up(Some(system))
    }

    fn set_up(system: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        let made = Command::new(tools()).arg("setup").arg(folder.path()).args(system).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let system = folder.path().join("system");
        std::fs::create_dir(&system).unwrap();
        for program in SYSTEM {
            let found = ["/usr/bin", "/bin", "/usr/local/bin"].map(|at| Path::new(at).join(program));
            let found = found.iter().find(|path| path.exists()).unwrap_or_else(|| panic!("install {program}"));
            std::os::unix::fs::symlink(found, system.join(program)).unwrap();
        }
        Self { folder, vars: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn state(&self) -> Value {
        self.json("state.json")
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_str(&std::fs::read_to_string(self.path().join(file)).unwrap()).unwrap()
    }

    pub(crate) fn set_var(&mut self, name: &str, value: &str) {
        self.vars.push((name.to_owned(), value.to_owned()));
    }

    /// Answers as the state is.
    pub(crate) fn serve(&self) -> Service {
        let mut command = Command::new(tools());
        command.arg("serve").arg(self.path()).arg("0").stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        Service { child, url: format!("http://127.0.0.1:{}", line.trim()) }
    }

    /// Sets what goes wrong from now on.
    pub(crate) fn fault(&self, call: &str, kind: &str) {
        let faults = serde_json::json!([{ "call": call, "kind": kind }]);
        std::fs::write(self.path().join("faults.json"), faults.to_string()).unwrap();
    }

    /// Nothing goes wrong any more.
    pub(crate) fn mend(&self) {
        std::fs::write(self.path().join("faults.json"), "[]").unwrap();
    }

    /// A tool is not installed any more.
    pub(crate) fn uninstall(&self, tool: &str) {
        std::fs::remove_file(self.path().join("bin").join(tool)).unwrap();
    }

    /// Makes the folder a repository with two commits, the older one tagged `v1`, and a remote `origin` that has both.
    pub(crate) fn repository(&self) {
        let git = |args: &[&str]| {
            let own = ["-c", "user.name=ada", "-c", "user.email=ada@shop.example", "-c", "init.defaultBranch=main"];
            let made = Command::new("git").args(own).args(args).current_dir(self.path()).output().unwrap();
            assert!(made.status.success(), "{args:?}: {made:?}");
        };
        git(&["init", "--quiet"]);
        // What the world itself writes is no change of the repository.
        std::fs::write(self.path().join(".gitignore"), "*\n").unwrap();
        git(&["commit", "--quiet", "--allow-empty", "-m", "one"]);
        git(&["tag", "v1"]);
        git(&["commit", "--quiet", "--allow-empty", "-m", "two"]);
        git(&["config", "user.name", "ada"]);
        git(&["config", "user.email", "ada@shop.example"]);
        git(&["init", "--quiet", "--bare", "origin.git"]);
        git(&["remote", "add", "origin", "origin.git"]);
        git(&["push", "--quiet", "origin", "main", "v1"]);
    }

    /// Puts a certificate that signs itself into `certs`, with its key, and the key of another.
    pub(crate) fn certificate(&self) {
        std::fs::create_dir(self.path().join("certs")).unwrap();
        for name in ["web", "other"] {
            let made = Command::new("openssl")
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:prime256v1",
                    "-nodes",
                    "-days",
                    "90",
                ])
                .args(["-subj", &format!("/CN={name}.shop.example"), "-keyout", &format!("certs/{name}.key")])
                .args(["-out", &format!("certs/{name}.pem")])
                .current_dir(self.path())
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
        }
    }

    /// The program itself in place of its double.
    pub(crate) fn install(&self, tool: &str, program: &str) {
        self.uninstall(tool);
        std::os::unix::fs::symlink(program, self.path().join("bin").join(tool)).unwrap();
    }

    /// Runs a runbook with no other tools on PATH than those of this world and the system's own.
    pub(crate) fn run(&self, text: &str) -> Ran {
        std::fs::write(self.path().join("case.rbk"), text).unwrap();
        let ran = self.rbk(&["run", "case.rbk"]);
        let text = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
        Ran { code: ran.status.code().unwrap_or(-1), text }
    }

    pub(crate) fn rbk(&self, args: &[&str]) -> std::process::Output {
        Command::new(env!("CARGO_BIN_EXE_rbk"))
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", format!("{0}/bin:{0}/system", self.path().display()))
            .env("HOME", self.path())
            .env("XDG_STATE_HOME", self.path().join("rbk-state"))
            .env("TOOLS_WORLD", self.path())
            .env("NO_COLOR", "1")
            .envs(self.vars.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap()
    }

    /// Each line of `steps` a step, in one run that succeeds.
    pub(crate) fn does(&self, module: &str, steps: &[&str]) -> Ran {
        let ran = self.run(&runbook(module, steps, ""));
        assert_eq!(ran.code, 0, "{}", ran.text);
        ran
    }

    /// The same in a run that fails at its end and is rolled back: the world is as before. Gives how it was when all
    /// was done.
    pub(crate) fn undoes(&self, module: &str, steps: &[&str]) -> Value {
        let before = settled(self.state());
        let end = "    check \"look\" {\n        $ snapshot\n    }\n    step \"fail\" {\n        fail \"on purpose\"\n    }\n";
        let ran = self.run(&runbook(module, steps, end));
        assert_eq!(ran.code, 3, "{}", ran.text);
        let done = self.json("snapshot.json");
        assert_ne!(settled(done.clone()), before, "nothing was done:\n{}", ran.text);
        let after = settled(self.state());
        assert_eq!(after, before, "{}\n{:#}\nbut it was\n{before:#}", ran.text, after);
        done
    }

    /// A run of one step that fails, and tells this.
    pub(crate) fn fails(&self, module: &str, step: &str, told: &[&str]) -> Ran {
        let ran = self.run(&runbook(module, &[step], ""));
        assert_ne!(ran.code, 0, "{}", ran.text);
        for text in told {
            ran.tells(text);
        }
        ran
    }
}

fn runbook(module: &str, steps: &[&str], end: &str) -> String {
    let mut text = format!("use {module}\nphase \"P\" {{\n");
    for (at, step) in steps.iter().enumerate() {
        text += &format!("    step \"{}\" {{\n        {}\n    }}\n", at + 1, step.replace('\n', "\n        "));
    }
    text + end + "} on_fail rollback\n"
}

/// The world without what counts on by itself and says nothing of what runs: numbers of revisions and generations.
pub(crate) fn settled(mut state: Value) -> Value {
    let top = state.as_object_mut().unwrap();
    top.remove("counters");
    let objects = top.get_mut("k8s").and_then(|k8s| k8s["objects"].as_object_mut());
    if let Some(objects) = objects {
        objects.retain(|key, _| !key.contains("/ReplicaSet/"));
        for object in objects.values_mut() {
            let metadata = object["metadata"].as_object_mut().unwrap();
            metadata.remove("generation");
            if let Some(notes) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                notes.remove("deployment.kubernetes.io/revision");
            }
            if let Some(status) = object["status"].as_object_mut() {
                status.remove("observedGeneration");
            }
        }
    }
    state
}
