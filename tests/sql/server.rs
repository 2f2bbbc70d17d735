//! PostgreSQL and MariaDB: started once for this test binary.

use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::db::Db;
pub use super::world::server::{Server, missing, program};
use super::world::server::{certificate, folder, free_port, must, signed_certificate, start, words};

pub const PASSWORD: &str = "p@ss/w:rd%20";
pub const ENCODED: &str = "p%40ss%2Fw%3Ard%2520";

/// PostgreSQL, with TLS by a certificate of its own for `localhost`. `None` if it is not installed.
pub fn postgres() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let Some(initdb) = program(&["initdb"], &["/usr/lib/postgresql/*/bin"]) else {
                missing("PostgreSQL", "postgresql");
                return None;
            };
            let (folder, switch) = folder();
            let data = folder.join("data");
            let data = data.to_str().unwrap();
            std::fs::write(folder.join("password"), PASSWORD).unwrap();
            let password = format!("--pwfile={}/password", folder.display());
            let args = [
                "-D",
                data,
                "-U",
                "admin",
                "--auth=scram-sha-256",
                &password,
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C",
            ];
            let initdb_words = words(&switch, &initdb, &args);
            must(Command::new(&initdb_words[0]).args(&initdb_words[1..]));
            let (key, certificate) = certificate(&folder, "DNS:localhost", &switch);
            let port = free_port();
            let (number, socket) = (port.to_string(), folder.display().to_string());
            let key = format!("ssl_key_file={}", key.display());
            let certificate = format!("ssl_cert_file={}", certificate.display());
            let args = [
                "-D",
                data,
                "-p",
                &number,
                "-k",
                &socket,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "fsync=off",
                "-c",
                "ssl=on",
                "-c",
                &key,
                "-c",
                &certificate,
            ];
            Some(start(&words(&switch, &initdb.with_file_name("postgres"), &args), &folder, port))
        })
        .as_ref()
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// The address of a database in PostgreSQL.
    pub fn postgres_url(&self, database: &str) -> String {
        format!("postgres://admin:{ENCODED}@localhost:{}/{database}?hostaddr=127.0.0.1", self.port)
    }

    /// A database of its own for a test.
    pub fn postgres_database(&self) -> Db {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = Db::new(self.postgres_url("postgres"));
        // The server answers before it is ready.
        let begun = Instant::now();
        while let Err(error) = admin.query(&["SELECT 1"], Vec::new()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", error.message);
            std::thread::sleep(Duration::from_millis(50));
        }
        admin.must(&format!("CREATE DATABASE {name}"));
        Db::new(self.postgres_url(&name))
    }
}

/// MariaDB, or MySQL where that is installed. `None` if neither is.
pub fn mysql() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER
        .get_or_init(|| {
            let sbin = ["/usr/sbin"];
            let found = program(&["mariadbd", "mysqld"], &sbin).zip(program(&["mariadb-install-db"], &sbin));
            let Some((server, install)) = found else {
                missing("MariaDB", "mariadb-server");
                return None;
            };
            let (folder, switch) = folder();
            let data = format!("--datadir={}/data", folder.display());
            let quick = ["--no-defaults", &data, "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=8M"];
            let args = ["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"];
            let install = words(&switch, &install, &args);
            must(Command::new(&install[0]).args(&install[1..]));
            let init = folder.join("init.sql");
            // Nobody without a name: they would come before anybody who is known everywhere.
            let user = format!(
                "DELETE FROM mysql.global_priv WHERE User = ''; FLUSH PRIVILEGES; CREATE USER admin@'%' IDENTIFIED BY \
                 '{PASSWORD}'; GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;\n"
            )
            .replace("; ", ";\n");
            std::fs::write(&init, user).unwrap();
            let (key, certificate) = signed_certificate(&folder, "DNS:localhost", &switch);
            let port = free_port();
            let own = |name: &str, value: String| format!("--{name}={value}");
            let more = [
                own("init-file", init.display().to_string()),
                own("port", port.to_string()),
                own("socket", folder.join("socket").display().to_string()),
                own("pid-file", folder.join("pid").display().to_string()),
                own("ssl-key", key.display().to_string()),
                own("ssl-cert", certificate.display().to_string()),
                "--bind-address=127.0.0.1".to_owned(),
                "--innodb-buffer-pool-size=16M".to_owned(),
            ];
            let args: Vec<&str> = quick.into_iter().chain(more.iter().map(String::as_str)).collect();
            Some(start(&words(&switch, &server, &args), &folder, port))
        })
        .as_ref()
}

impl Server {
    /// The address of a database in MySQL.
    pub fn mysql_url(&self, database: &str) -> String {
        format!("mysql://admin:{ENCODED}@127.0.0.1:{}/{database}", self.port)
    }

    /// A database of its own for a test.
    pub fn mysql_database(&self) -> Db {
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = Db::new(self.mysql_url(""));
        // The server answers before it has made the user.
        let begun = Instant::now();
        while let Err(error) = admin.query(&["SELECT 1"], Vec::new()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{}", error.message);
            std::thread::sleep(Duration::from_millis(50));
        }
        admin.must(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"));
        Db::new(self.mysql_url(&name))
    }
}
