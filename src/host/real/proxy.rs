//! Which proxy a request goes through, by the variables that curl reads, too: `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`
//! and `NO_PROXY`, in capitals or not. It is decided here, so that a failure names who stood in between, and by whose
//! word; and since people write `*` and `*.example` into `NO_PROXY`, which libraries read in more than one way.

use hyper_util::client::proxy::matcher::Matcher;

/// What the environment says, read once.
pub(super) struct Proxies {
    http: Option<Setting>,
    https: Option<Setting>,
    /// Where none of them is asked.
    past: String,
}

#[derive(Clone)]
struct Setting {
    variable: &'static str,
    value: String,
}

/// A proxy that stands between. What is told of it is without its user and password.
#[derive(Debug)]
pub(super) struct Through {
    /// With them.
    pub(super) url: String,
    address: String,
    variable: &'static str,
    signed_on: bool,
    /// It speaks SOCKS, and not HTTP.
    socks: bool,
}

impl Proxies {
    pub(super) fn from_environment() -> Self {
        Self::read(&|name| std::env::var(name).ok())
    }

    fn read(environment: &dyn Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| {
            let found =
                names.into_iter().find_map(|variable| Some(Setting { variable, value: environment(variable)? }));
            found.filter(|setting| !setting.value.is_empty())
        };
        // To a CGI program its caller's header `Proxy:` comes as HTTP_PROXY (httpoxy.org).
        let is_cgi = environment("REQUEST_METHOD").is_some();
        let of = |names| first(names).or_else(|| first(["ALL_PROXY", "all_proxy"])).filter(|_| !is_cgi);
        Self {
            http: of(["HTTP_PROXY", "http_proxy"]),
            https: of(["HTTPS_PROXY", "https_proxy"]),
            past: first(["NO_PROXY", "no_proxy"]).map(|setting| setting.value).unwrap_or_default(),
        }
    }

    /// The proxy on the way to an address, if there is one.
    ///
    /// # Errors
    /// A variable that holds no address of a proxy: to go without it would be a surprise, and often a leak.
    pub(super) fn on_the_way(&self, url: &url::Url) -> Result<Option<Through>, String> {
        let setting = if url.scheme() == "https" { &self.https } else { &self.http };
        let Some(Setting { variable, value }) = setting else { return Ok(None) };
        let Ok(target) = url.as_str().parse() else { return Ok(None) };
        let Some(past) = past(&self.past, url) else { return Ok(None) };
        let asked = |proxy: &str| Matcher::builder().all(proxy.to_owned()).no(past.clone()).build().intercept(&target);
        let Some(found) = asked(value) else {
            return match asked("http://localhost") {
                None => Ok(None),
                Some(_) => Err(format!(
                    "{variable} holds no address of a proxy: write it like {variable}=http://proxy.example:3128"
                )),
            };
        };
        Ok(Some(Through {
            url: if value.contains("://") { value.clone() } else { format!("http://{value}") },
            address: found.uri().authority().map(ToString::to_string).unwrap_or_default(),
            variable,
            signed_on: found.basic_auth().is_some() || found.raw_auth().is_some(),
            socks: found.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks")),
        }))
    }
}

/// Hosts of a list past which no proxy is asked, as the matcher takes them; `None` if that is all of them.
fn past(list: &str, url: &url::Url) -> Option<String> {
    let (mut hosts, port) = (Vec::new(), url.port_or_known_default());
    for entry in list.split(',').map(str::trim) {
        match entry.rsplit_once(':') {
            _ if entry == "*" => return None,
            // With a port it stands for that one only; IPv6 has more than one colon.
            Some((host, number)) if !host.contains(':') => {
                if number.parse().ok() == port {
                    hosts.push(host.trim_start_matches('*'));
                }
            }
            _ => hosts.push(entry.trim_start_matches('*')),
        }
    }
    Some(hosts.join(","))
}

impl std::fmt::Display for Through {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the proxy {} ({})", self.address, self.variable)
    }
}

impl Through {
    /// Why no connection came about.
    pub(super) fn no_connection(&self, peer: &str, said: &str, late: bool) -> String {
        let lower = said.to_lowercase();
        let past = self.how_to_pass(peer);
        if late {
            format!("{peer} could not be reached in time through {self}")
        } else if lower.contains("underlying connection") {
            format!("{self} could not be reached{past}")
        } else if self.socks && lower.starts_with("socks") {
            let said = said.rsplit(": ").next().unwrap_or(said);
            format!("{self} made no connection to {peer}: {said}{past}")
        } else if lower.contains("connection refused") {
            format!("{self} refused the connection: nothing listens there{past}")
        } else if lower.contains("authorization required") {
            self.unknown_to_it()
        } else if lower.contains("unsuccessful") {
            format!("{self} does not let us through to {peer}{past}")
        } else if lower.contains("dns") || lower.contains("resolve") || lower.contains("lookup") {
            format!("the name of {self} could not be resolved{past}")
        } else if lower.contains("certificate") || lower.contains("issuer") {
            format!(
                "the certificate of {peer} is not accepted: {said}; it came through {self}, which may show one of its own: \
                 ca: FILE names who signed it"
            )
        } else {
            format!("no connection to {peer} through {self}: {said}")
        }
    }

    /// Why an answer is the proxy's and not the server's, if it is.
    pub(super) fn own_answer(&self, peer: &str, status: u16, headers: &[(String, String)]) -> Option<String> {
        let header = |wanted: &str| {
            headers
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.chars().take(120).collect::<String>())
        };
        // Only a proxy may say 407 (RFC 9110, section 15.5.8).
        if status == 407 {
            return Some(self.unknown_to_it());
        }
        // RFC 9209; Squid, which is most of them, has had its own for longer.
        let told = header("x-squid-error").or_else(|| header("proxy-status").filter(|it| it.contains("error=")))?;
        (status >= 400)
            .then(|| format!("{self} answered {status} itself, for {peer}: {told}{}", self.how_to_pass(peer)))
    }

    fn unknown_to_it(&self) -> String {
        if self.signed_on {
            format!("{self} does not accept the user and the password in {}", self.variable)
        } else {
            format!("{self} wants to know who asks: {}=http://USER:PASSWORD@{}", self.variable, self.address)
        }
    }

    fn how_to_pass(&self, peer: &str) -> String {
        let host = peer.rsplit_once(':').map_or(peer, |(host, _)| host).trim_matches(['[', ']']);
        format!("; to go past it: NO_PROXY={host}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(variables: &[(&str, &str)], url: &str) -> Result<Option<String>, String> {
        let proxies = Proxies::read(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        let found = proxies.on_the_way(&url::Url::parse(url).unwrap())?;
        Ok(found.map(|found| found.to_string()))
    }

    #[test]
    fn each_kind_of_address_has_its_variable() {
        let all = [("HTTP_PROXY", "http://a:1"), ("https_proxy", "b:2"), ("ALL_PROXY", "socks5h://c:3")];
        for (from, url, wanted) in [
            (0, "http://shop.example/", Some("the proxy a:1 (HTTP_PROXY)")),
            (0, "https://shop.example/", Some("the proxy b:2 (https_proxy)")),
            (2, "http://shop.example/", Some("the proxy c:3 (ALL_PROXY)")),
            (2, "https://shop.example/", Some("the proxy c:3 (ALL_PROXY)")),
            (3, "https://shop.example/", None),
        ] {
            assert_eq!(way(&all[from..], url).unwrap().as_deref(), wanted, "{url}");
        }
        // In capitals first, though it is empty: so it is switched off for one command.
        let off = [("HTTP_PROXY", ""), ("http_proxy", "http://a:1")];
        assert_eq!(way(&off, "http://shop.example/").unwrap(), None);
        let cgi = [("HTTP_PROXY", "http://evil:1"), ("REQUEST_METHOD", "GET")];
        assert_eq!(way(&cgi, "http://shop.example/").unwrap(), None);
    }

    #[test]
    fn nobody_is_asked_for_what_stands_in_no_proxy() {
        let past = "10.0.0.0/8, .intern.example,plain.example:80,*.star.example,odd.example:81,fd00::/8";
        let variables = [("HTTP_PROXY", "http://a:1"), ("NO_PROXY", past)];
        for (url, proxied) in [
            ("http://10.1.2.3/", false),
            ("http://11.1.2.3/", true),
            ("http://x.intern.example/", false),
            ("http://intern.example.org/", true),
            ("http://plain.example/", false),
            ("http://plain.example:81/", true),
            ("http://odd.example:81/", false),
            ("http://x.star.example/", false),
            ("http://[fd00::1]/", false),
            ("http://[fe00::1]/", true),
        ] {
            assert_eq!(way(&variables, url).unwrap().is_some(), proxied, "{url}");
        }
        for url in ["http://shop.example/", "http://192.0.2.1/", "http://[fd00::1]/"] {
            assert_eq!(way(&[("HTTP_PROXY", "a:1"), ("no_proxy", "*")], url).unwrap(), None, "{url}");
        }
    }

    #[test]
    fn what_is_no_address_is_told_without_what_it_holds() {
        for value in ["ftp://user:hunter2@a:1", "http://user:hunter2@", "::hunter2", "a b hunter2"] {
            let why = way(&[("HTTPS_PROXY", value)], "https://shop.example/").unwrap_err();
            assert_eq!(
                why, "HTTPS_PROXY holds no address of a proxy: write it like HTTPS_PROXY=http://proxy.example:3128",
                "{value}"
            );
        }
        let past = [("HTTPS_PROXY", "::"), ("NO_PROXY", "shop.example")];
        assert_eq!(way(&past, "https://shop.example/"), Ok(None));
    }

    #[test]
    fn a_user_and_a_password_are_never_told() {
        let shown = way(&[("HTTP_PROXY", "http://user:hunter2@a:1")], "http://shop.example/").unwrap();
        assert_eq!(shown.as_deref(), Some("the proxy a:1 (HTTP_PROXY)"));
    }
}
