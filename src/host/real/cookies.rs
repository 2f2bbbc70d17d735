//! Cookies, for one run (RFC 6265, section 5). They go back to where they came from: to the host that set one, and to
//! those below the domain that it names, if the host is in that.

use std::cell::RefCell;

use jiff::Timestamp;
use url::Url;

/// More than this of one run are not kept; the oldest goes.
const MOST: usize = 300;

#[derive(Default)]
pub(super) struct Jar(RefCell<Vec<Cookie>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// It goes to this host only, not to those below it.
    host_only: bool,
    path: String,
    secure: bool,
    until: Option<Timestamp>,
}

impl Jar {
    /// The value of the header `Cookie` for an address.
    pub(super) fn header(&self, url: &Url, now: Timestamp) -> Option<String> {
        let host = url.host_str()?;
        let mut own: Vec<Cookie> =
            self.0.borrow().iter().filter(|cookie| cookie.goes_to(url, host, now)).cloned().collect();
        // The more particular path first.
        own.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = own.into_iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what an answer sets.
    pub(super) fn take(&self, url: &Url, set: &str, now: Timestamp) {
        let Some(cookie) = Cookie::read(url, set, now) else { return };
        // Whoever has it is signed on.
        crate::mask::current().learn(&cookie.value);
        let mut all = self.0.borrow_mut();
        all.retain(|one| (&one.name, &one.domain, &one.path) != (&cookie.name, &cookie.domain, &cookie.path));
        if cookie.until.is_none_or(|until| until > now) {
            all.push(cookie);
        }
        if all.len() > MOST {
            all.remove(0);
        }
    }
}

impl Cookie {
    /// `session=a1b2; Path=/; Max-Age=600; Secure`
    fn read(url: &Url, set: &str, now: Timestamp) -> Option<Self> {
        let host = url.host_str()?.to_ascii_lowercase();
        let mut parts = set.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || set.chars().any(char::is_control) {
            return None;
        }
        let folder =
            url.path().rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
        let mut cookie = Self {
            name: name.to_owned(),
            value: value.to_owned(),
            domain: host.clone(),
            host_only: true,
            path: folder.to_owned(),
            secure: false,
            until: None,
        };
        let mut age = None;
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "secure" => cookie.secure = true,
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "max-age" => age = value.parse::<i64>().ok().or(age),
                "expires" => cookie.until = date(value).or(cookie.until),
                "domain" if !value.is_empty() => {
                    let domain = value.trim_start_matches('.').to_ascii_lowercase();
                    // Nobody sets one for a host elsewhere, or for all of .com.
                    let is_own = domain == host || (is_below(&host, &domain) && domain.contains('.'));
                    if !is_own {
                        return None;
                    }
                    cookie.host_only = false;
                    cookie.domain = domain;
                }
                _ => {}
            }
        }
        if let Some(age) = age {
            let until = now.checked_add(jiff::SignedDuration::from_secs(age)).unwrap_or(Timestamp::MAX);
            cookie.until = Some(if age <= 0 { Timestamp::MIN } else { until });
        }
        Some(cookie)
    }

    fn goes_to(&self, url: &Url, host: &str, now: Timestamp) -> bool {
        let host = host.to_ascii_lowercase();
        let path = url.path();
        let is_under = path == self.path
            || path
                .strip_prefix(self.path.as_str())
                .is_some_and(|rest| self.path.ends_with('/') || rest.starts_with('/'));
        (host == self.domain || (!self.host_only && is_below(&host, &self.domain)))
            && is_under
            && (!self.secure || url.scheme() == "https")
            && self.until.is_none_or(|until| until > now)
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')) && host.parse::<std::net::IpAddr>().is_err()
}

/// `Wed, 21 Oct 2026 07:28:00 GMT`
fn date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(&text.replace('-', " ")).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn now() -> Timestamp {
        "2026-01-20T10:00:00Z".parse().unwrap()
    }

    /// What an answer from the first address sets, as it goes to the second.
    fn sent(from: &str, set: &[&str], to: &str) -> String {
        let jar = Jar::default();
        set.iter().for_each(|set| jar.take(&url(from), set, now()));
        jar.header(&url(to), now()).unwrap_or_default()
    }

    #[test]
    fn a_cookie_goes_back_to_where_it_came_from() {
        let at = "https://shop.example/login";
        assert_eq!(sent(at, &["s=abcdef; Path=/"], "https://shop.example/cart"), "s=abcdef");
        assert_eq!(sent(at, &["s=abcdef; Path=/"], "https://other.example/"), "");
        assert_eq!(sent(at, &["s=abcdef; Path=/"], "https://www.shop.example/"), "");
        assert_eq!(sent(at, &["s=abcdef; Path=/; Domain=.shop.example"], "https://www.shop.example/"), "s=abcdef");
        assert_eq!(sent(at, &["s=abcdef; Domain=other.example"], at), "");
        assert_eq!(sent(at, &["s=abcdef; Domain=example"], at), "");
        assert_eq!(sent(at, &["s=abcdef; Path=/admin"], "https://shop.example/administrator"), "");
        assert_eq!(sent(at, &["s=abcdef; Path=/admin"], "https://shop.example/admin/users"), "s=abcdef");
        assert_eq!(sent(at, &["s=abcdef; Secure"], "http://shop.example/"), "");
        assert_eq!(sent("http://10.0.0.1/", &["s=abcdef; Domain=0.0.1"], "http://7.0.0.1/"), "");
    }

    #[test]
    fn a_cookie_ends() {
        let at = "https://shop.example/a/b";
        assert_eq!(sent(at, &["s=1", "s=2"], at), "s=2");
        assert_eq!(sent(at, &["s=1", "s=gone; Max-Age=0"], at), "");
        assert_eq!(sent(at, &["s=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT"], at), "");
        assert_eq!(sent(at, &["s=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"], at), "s=1");
        assert_eq!(sent(at, &["s=1; Max-Age=60; Expires=Wed, 21 Oct 2015 07:28:00 GMT"], at), "s=1");
        assert_eq!(sent(at, &["a=1; Path=/", "b=2; Path=/a"], at), "b=2; a=1");
        assert_eq!(sent(at, &["=1", "nonsense", "s=1\u{7}"], at), "");
    }
}
