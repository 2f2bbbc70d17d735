//! Addresses of Redis servers: `redis://user:password@host:6379/0`, with TLS `rediss://…`.

use percent_encoding::percent_decode_str;

use super::super::tls::Trust;
use crate::host::RedisError;

/// What an address says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: i64,
    /// Whom it trusts, if it is encrypted.
    pub(super) tls: Option<Trust>,
}

impl Address {
    /// `host:port`, for people.
    pub(super) fn peer(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Reads an address.
pub(super) fn read(url: &str) -> Result<Address, RedisError> {
    let wrong = |why: String| {
        RedisError::never_sent(format!("this is no address of Redis: {why}"))
            .help("it is redis://user:password@host:6379/0, with TLS rediss://…; what is no letter or digit in the password is percent-encoded, as ${password} in a literal is")
    };
    let parsed = url::Url::parse(url).map_err(|error| wrong(error.to_string()))?;
    let mut tls = match parsed.scheme() {
        "redis" | "valkey" => None,
        "rediss" | "valkeys" => Some(Trust::System),
        other => return Err(wrong(format!("`{other}:` is neither redis nor rediss"))),
    };
    let host = parsed.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let database = match parsed.path().trim_matches('/') {
        "" => 0,
        number => {
            let number = number.parse().ok().filter(|number| *number >= 0);
            number.ok_or_else(|| wrong("its path is the number of a database, for example /0".to_owned()))?
        }
    };
    for (name, value) in parsed.query_pairs() {
        let trust = match (&*name, &*value) {
            ("cacert", path) => Trust::File(path.into()),
            ("insecure", "true") => Trust::Anybody,
            _ => return Err(wrong(format!("`{name}={value}` is not known; these are: cacert=FILE, insecure=true"))),
        };
        if tls.replace(trust).is_none() {
            return Err(wrong(format!("`{name}` is about TLS, which rediss:// has")));
        }
    }
    Ok(Address {
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port: parsed.port().unwrap_or(6379),
        user: Some(decoded(parsed.username())).filter(|user| !user.is_empty()),
        password: parsed.password().map(decoded),
        database,
        tls,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_is_read() {
        let read = |url| super::read(url).unwrap();
        let plain = read("redis://cache-1");
        assert_eq!((plain.peer().as_str(), plain.database, plain.tls), ("cache-1:6379", 0, None));
        let all = read("rediss://ops:p%40ss@[::1]:6380/3?cacert=/etc/ca.pem");
        assert_eq!((all.peer().as_str(), all.database), ("[::1]:6380", 3));
        assert_eq!((all.user.as_deref(), all.password.as_deref()), (Some("ops"), Some("p@ss")));
        assert_eq!(all.tls, Some(Trust::File("/etc/ca.pem".into())));
        let token = read("redis://:token@cache-1/");
        assert_eq!((token.user, token.password.as_deref()), (None, Some("token")));
    }

    #[test]
    fn what_is_no_address_is_told() {
        for (url, why) in [
            ("http://cache-1/", "`http:` is neither"),
            ("redis://cache-1/zero", "number of a database"),
            ("redis://cache-1/-1", "number of a database"),
            ("redis://cache-1/?cacert=/x", "which rediss:// has"),
            ("rediss://cache-1/?timeout=3", "`timeout=3` is not known"),
        ] {
            let error = read(url).unwrap_err();
            assert!(error.message.contains(why) && error.never_sent, "{url}: {error}");
        }
    }
}
