//! `std.aws.*`, with the aws command itself against moto's server. Where either is missing this says so, and is skipped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::library::{examples_in, module_names};
use crate::world::World;

/// Python with moto and the aws command: that of `target/python`, which `tests/run` makes, or that of the machine.
fn python() -> Option<String> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/python/bin/python3");
    // By the whole path of the program itself: a runbook's PATH leads elsewhere.
    let itself = |python: &&str| {
        let script = "import moto.server, boto3, awscli, sys; print(sys.executable)";
        let made = Command::new(python).args(["-c", script]).output().ok().filter(|made| made.status.success())?;
        Some(String::from_utf8_lossy(&made.stdout).trim().to_owned())
    };
    [own, "python3"].iter().find_map(itself)
}

/// The AWS of a test, until it is dropped.
struct Aws {
    child: Child,
    port: String,
    teller: u16,
}

impl Aws {
    fn new(python: &str) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stdlib/aws_world.py");
        let mut command = Command::new(python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (port, teller) = line.trim().split_once(' ').expect("moto did not start");
        Self { child, port: port.to_owned(), teller: teller.parse().unwrap() }
    }

    /// What an inverse must bring back.
    fn state(&self) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.teller)).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap()
    }
}

impl Drop for Aws {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every example of every module in one run that fails at its end. What can be taken back is; the rest is told.
#[test]
fn every_example_runs_and_is_undone() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python here has moto's server and awscli: tests/run installs them");
        return;
    };
    let aws = Aws::new(&python);
    let mut world = World::new();
    // The command by that Python, whatever of this machine is called `aws`.
    let command = world.path().join("bin/aws");
    std::fs::write(&command, format!("#!/bin/bash\nexec {python} -m awscli \"$@\"\n")).unwrap();
    std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (name, value) in [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", aws.port)),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_DEFAULT_REGION", "eu-west-1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ] {
        world.set_var(name, &value);
    }
    let before = aws.state();
    let modules: Vec<&str> = module_names().into_iter().filter(|module| module.starts_with("std.aws.")).collect();
    let uses: String = modules.iter().map(|module| format!("use {module}\n")).collect();
    // One branch for each module: they have nothing to do with each other, and the command takes its time.
    let branches: String =
        modules.iter().map(|module| format!("phase \"{module}\" {{\n{}}}\n", examples_in(module, ""))).collect();
    let zone = before["zone"].as_str().unwrap();
    let look = format!("check \"look\" {{\n    note http.get(\"http://127.0.0.1:{}/\").body\n}}\n", aws.teller);
    let text = format!(
        "{uses}phase \"All\" {{\nparallel {{\n{}}}\n{look}step \"fail\" {{\n    fail \"on purpose\"\n}}\n}} on_fail rollback\n",
        branches.replace("\"Z1\"", &format!("\"{zone}\""))
    );
    let ran = world.run(&text);
    // Snapshots, uploads and versions stay: so a person must look.
    assert_eq!(ran.code, 4, "{}", ran.text);
    ran.tells("on purpose");
    let (_, told) =
        ran.text.lines().find_map(|line| line.split_once("note: {")).unwrap_or_else(|| panic!("{}", ran.text));
    let done: Value = serde_json::from_str(&format!("{{{told}")).unwrap();
    assert_eq!(done["parameter"], "false", "{done}");
    assert_eq!(done["secret"], "a new key", "{done}");
    assert_eq!(done["names"]["web.shop.example."], json!([60, ["203.0.113.9"]]), "{done}");
    assert_eq!(done["alias"], json!(["1", { "2": 0.1 }]), "{done}");
    assert_eq!(done["class"], "db.t3.large", "{done}");
    assert_ne!(done["service"], before["service"], "{done}");
    assert_ne!(done["group"], before["group"], "{done}");
    assert_eq!(aws.state(), before, "{}", ran.text);
}

#[test]
fn who_is_not_signed_on_is_told_what_to_do() {
    let world = World::new();
    let text = "#!/bin/bash\necho 'Unable to locate credentials. You can configure credentials by running \"aws configure\".' >&2\nexit 253\n";
    let command = world.path().join("bin/aws");
    std::fs::write(&command, text).unwrap();
    std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.fails("std.aws.ssm", "ssm.set(\"/a\", \"b\")", &["Unable to locate credentials", "aws sso login"]);
    std::fs::write(&command, "#!/bin/bash\necho '<html>'\n").unwrap();
    world.fails("std.aws.ssm", "ssm.set(\"/a\", \"b\")", &["is not JSON"]);
    std::fs::remove_file(&command).unwrap();
    world.fails("std.aws.ssm", "ssm.set(\"/a\", \"b\")", &["install aws"]);
}
