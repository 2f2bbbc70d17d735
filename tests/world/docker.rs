//! A real engine of Docker with one small container, in a folder of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::sshd::is_there;

/// The container that runs.
pub const CONTAINER: &str = "rbk-test";

/// Ended when dropped, with its container.
pub struct Docker {
    folder: tempfile::TempDir,
    process: Child,
}

/// What the image has: a busybox by these names.
const PROGRAMS: &[&str] = &[
    "sh",
    "cat",
    "env",
    "grep",
    "head",
    "kill",
    "ls",
    "printf",
    "pwd",
    "setsid",
    "sleep",
    "touch",
    "tr",
    "true",
    "sha256sum",
];

impl Docker {
    /// `None` where it cannot run, which is said.
    pub fn start() -> Option<Self> {
        if rustix::process::getuid().as_raw() != 0 {
            eprintln!("skipped: an engine of docker needs root");
            return None;
        }
        if !is_there(&["dockerd", "docker", "containerd", "busybox", "tar"]) {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        // No network of its own: nothing of this machine is changed by it.
        let settings = r#"{"iptables":false,"bridge":"none","storage-driver":"vfs",
            "default-ulimits":{"nofile":{"Name":"nofile","Hard":1024,"Soft":1024}}}"#;
        fs::write(at("daemon.json"), settings).unwrap();
        let log = fs::File::create(at("log")).unwrap();
        let process = Command::new("dockerd")
            .arg("--config-file")
            .arg(at("daemon.json"))
            .arg("--data-root")
            .arg(at("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .arg("-H")
            .arg(format!("unix://{}", at("socket").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let docker = Self { folder, process };
        let begun = Instant::now();
        while !docker.command(&["version"]).output().unwrap().status.success() {
            if begun.elapsed() > Duration::from_secs(20) {
                eprintln!("skipped: dockerd does not start here: {}", fs::read_to_string(docker.at("log")).unwrap());
                return None;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        docker.make_image();
        let run = docker.command(&["run", "-d", "--name", CONTAINER, "--network", "host", "tiny", "/bin/sleep", "600"]);
        docker.must(run);
        Some(docker)
    }

    fn make_image(&self) {
        let root = self.at("root");
        for folder in ["bin", "etc", "tmp", "work"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let busybox =
            ["/usr/bin/busybox", "/bin/busybox"].into_iter().map(Path::new).find(|path| path.is_file()).unwrap();
        fs::copy(busybox, root.join("bin/busybox")).unwrap();
        for name in PROGRAMS {
            symlink("busybox", root.join("bin").join(name)).unwrap();
        }
        fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\nworker:x:1000:1000::/work:/bin/sh\n").unwrap();
        self.must({
            let mut tar = Command::new("tar");
            tar.arg("-C").arg(&root).arg("-cf").arg(self.at("image.tar")).arg(".");
            tar
        });
        let image = self.at("image.tar").display().to_string();
        self.must(self.command(&["import", &image, "tiny"]));
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What `DOCKER_HOST` is for it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.at("socket").display())
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(args).env("DOCKER_HOST", self.address()).stdin(Stdio::null());
        command
    }

    fn must(&self, mut command: Command) -> String {
        let out = command.output().unwrap();
        assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8_lossy(&out.stdout).into_owned()
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = self.command(&["rm", "-f", CONTAINER]).output();
        let id = self.process.id().to_string();
        let _ = Command::new("kill").arg(&id).status();
        let _ = self.process.wait();
    }
}
