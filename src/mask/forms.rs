//! The forms in which programs write a text down.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode};

use super::SHORTEST;

/// A text longer than this is looked for as it is, line by line and in base64 only: its other forms would take
/// more memory than they are worth.
const LARGE: usize = 64 * 1024;

/// All forms of a text, the text itself among them. None is shorter than the shortest secret.
pub(super) fn of(text: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![text.as_bytes().to_vec()];
    base64(text.as_bytes(), &mut forms);
    if text.len() <= LARGE {
        percent(text, &mut forms);
        strings(text, &mut forms);
        hex(text.as_bytes(), &mut forms);
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms.sort_unstable();
    forms.dedup();
    forms
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The widths at which `base64` and PEM break lines.
const WIDTHS: [usize; 2] = [76, 64];

/// What stands before a text in the same base64 shifts it by nothing, one byte or two. The characters that hold
/// bits of a neighbour are left out.
fn base64(text: &[u8], forms: &mut Vec<Vec<u8>>) {
    for alphabet in [STANDARD, URL_SAFE] {
        for shift in 0..3 {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(text);
            let encoded = encoded(&shifted, alphabet);
            let whole = shifted.len() * 8 / 6;
            forms.push(encoded[(shift * 8).div_ceil(6)..whole].to_vec());
            if shift == 0 {
                for width in WIDTHS.into_iter().filter(|width| encoded.len() > *width) {
                    forms.extend(encoded.chunks(width).map(<[u8]>::to_vec));
                }
                let padding = (4 - encoded.len() % 4) % 4;
                forms.push([&encoded, &b"=="[..padding.min(2)]].concat());
                forms.push(encoded);
            }
        }
    }
}

/// Base64 without padding (RFC 4648).
fn encoded(bytes: &[u8], alphabet: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 4 / 3 + 2);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..=three.len() {
            out.push(alphabet[(bits >> (18 - 6 * at) & 63) as usize]);
        }
    }
    out
}

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Python's `quote`.
const SLASHED: &AsciiSet = &UNRESERVED.remove(b'/');
/// JavaScript's `encodeURIComponent`.
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
/// A form: `application/x-www-form-urlencoded`.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'*').remove(b'-').remove(b'.').remove(b'_');
/// A query, a path and the user part as the URL standard has them.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');
const SPECIAL_QUERY: &AsciiSet = &QUERY.add(b'\'');
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'^').add(b'`').add(b'{').add(b'}');
const SEGMENT: &AsciiSet = &PATH.add(b'/').add(b'%');
const USER: &AsciiSet =
    &PATH.add(b'/').add(b':').add(b';').add(b'=').add(b'@').add(b'[').add(b'\\').add(b']').add(b'|');

fn percent(text: &str, forms: &mut Vec<Vec<u8>>) {
    for set in [NON_ALPHANUMERIC, UNRESERVED, SLASHED, COMPONENT, FORM, QUERY, SPECIAL_QUERY, PATH, SEGMENT, USER] {
        let upper = percent_encode(text.as_bytes(), set).to_string();
        if upper == text {
            continue;
        }
        let spaces = upper.replace("%20", "+");
        let lower = lower_hex(&upper);
        forms.extend([lower_hex(&spaces), spaces, lower, upper].map(String::into_bytes));
    }
}

/// `%2F` as `%2f`.
fn lower_hex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut hex = 0;
    for c in text.chars() {
        out.push(if hex > 0 { c.to_ascii_lowercase() } else { c });
        hex = if c == '%' { 2 } else { hex - i32::from(hex > 0) };
    }
    out
}

/// As a string of JSON, of a shell, of Rust, of HTML.
fn strings(text: &str, forms: &mut Vec<Vec<u8>>) {
    let json = serde_json::Value::from(text).to_string();
    let json = &json[1..json.len() - 1];
    let escaped =
        |c: char, written: &mut dyn FnMut(u16)| c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| written(*unit));
    let ascii = |keep: fn(char) -> bool, upper: bool| {
        let mut out = String::new();
        for c in json.chars() {
            if keep(c) {
                out.push(c);
            } else {
                escaped(c, &mut |unit| {
                    let _ = if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
                });
            }
        }
        out
    };
    let is_plain = |c: char| c.is_ascii() && c != '\u{7f}';
    let is_safe_in_html = |c: char| !matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    forms.extend(
        [
            json.to_owned(),
            json.replace('/', "\\/"),
            ascii(is_plain, false),
            ascii(is_plain, true),
            ascii(is_safe_in_html, false),
            ascii(is_safe_in_html, true),
        ]
        .map(String::into_bytes),
    );
    // JSON within JSON.
    let twice = serde_json::Value::from(json).to_string();
    forms.push(twice.as_bytes()[1..twice.len() - 1].to_vec());
    let before = |special: fn(char) -> bool| {
        let mut out = String::new();
        for c in text.chars() {
            if special(c) {
                out.push('\\');
            }
            out.push(c);
        }
        out
    };
    forms.extend(
        [
            text.replace('\'', r"'\''"),
            text.replace('\'', "'\"'\"'"),
            text.replace('\'', r"\'"),
            before(|c| matches!(c, '$' | '"' | '`' | '\\')),
            before(|c| matches!(c, '$' | '"' | '`' | '\\' | '!')),
            before(|c| matches!(c, '\'' | '\\')),
            // bash's `printf %q`
            before(|c| {
                c.is_ascii()
                    && !c.is_ascii_alphanumeric()
                    && !matches!(c, '-' | '_' | '.' | '/' | ':' | '=' | '@' | '%' | '+')
            }),
            before(|c| {
                c.is_ascii()
                    && !c.is_ascii_alphanumeric()
                    && !matches!(c, '-' | '_' | '.' | '/' | ':' | '@' | '%' | '+' | ',')
            }),
            before(|c| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_'),
            text.escape_debug().to_string(),
            text.escape_default().to_string(),
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#39;"),
            text.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&#x27;"),
        ]
        .map(String::into_bytes),
    );
}

fn hex(bytes: &[u8], forms: &mut Vec<Vec<u8>>) {
    use std::fmt::Write as _;
    let (mut lower, mut upper) = (String::new(), String::new());
    for byte in bytes {
        let _ = write!(lower, "{byte:02x}");
        let _ = write!(upper, "{byte:02X}");
    }
    forms.extend([lower, upper].map(String::into_bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has(text: &str, form: &str) {
        assert!(of(text).iter().any(|known| known == form.as_bytes()), "{form}");
    }

    #[test]
    fn known_encodings() {
        has("p@ss/w'rd", "p%40ss%2Fw%27rd");
        has("p@ss/w'rd", "p%40ss%2fw'rd");
        has("p@ss/w'rd", r"p@ss/w'\''rd");
        has("p@ss/w'rd", r"p@ss\/w'rd");
        has("p@ss w\"rd", "p%40ss+w%22rd");
        has("p@ss w\"rd", r#"p@ss w\"rd"#);
        has("p@ss w\"rd", r"p@ss\ w\u0022rd".replace(r"\u0022", "\\\"").as_str());
        has("päss<wörd", r"p\u00e4ss<w\u00f6rd");
        has("päss<wörd", r"päss\u003cwörd");
        has("hunter2", "aHVudGVyMg==");
        has("hunter2", "68756e74657232");
        has("a?>b?>c", "YT8-Yj8-Yw");
    }

    proptest! {
        /// Whatever stands around a text, the middle of its base64 is one of the forms.
        #[test]
        fn base64_is_found_at_every_shift(before in ".{0,7}", secret in ".{6,40}", after in ".{0,7}") {
            prop_assume!(secret.len() >= SHORTEST);
            let forms = of(&secret);
            for alphabet in [STANDARD, URL_SAFE] {
                let around = encoded(format!("{before}{secret}{after}").as_bytes(), alphabet);
                let found = forms.iter().any(|form| around.windows(form.len()).any(|window| window == form.as_slice()));
                prop_assert!(found);
            }
        }
    }
}
