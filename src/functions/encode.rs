//! Texts in other clothes: base64, percent-encoding, a digest; and versions, which are texts with an order.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::text::{bounded, text};
use super::{Function, Run, param};
use crate::value::{Value, display, hex};

pub(super) static ALL: &[Function] = &[
    Function {
        name: "base64",
        method: false,
        summary: "The bytes of a text in base64",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("base64(\"user:pass\")", "\"dXNlcjpwYXNz\"")],
        run: Run::Plain(|args| {
            bounded(text(args, 0).len() / 3 * 4)?;
            Ok(Value::from(to_base64(text(args, 0).as_bytes())))
        }),
    },
    Function {
        name: "base64_decode",
        method: false,
        summary: "The text that was written in base64",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("base64_decode(\"dXNlcjpwYXNz\")", "\"user:pass\"")],
        run: Run::Plain(|args| {
            let bytes = from_base64(text(args, 0)).ok_or("this is not base64")?;
            String::from_utf8(bytes).map(Value::from).map_err(|_| "this is base64, but not of a text".to_owned())
        }),
    },
    Function {
        name: "url_encode",
        method: false,
        summary: "A text as it stands in one segment or one value of an address",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("url_encode(\"a b/c\")", "\"a%20b%2Fc\"")],
        run: Run::Plain(|args| {
            bounded(text(args, 0).len().saturating_mul(3))?;
            Ok(Value::from(url_component(text(args, 0))))
        }),
    },
    Function {
        name: "url_decode",
        method: false,
        summary: "A text without its percent-encoding",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("url_decode(\"a%20b\")", "\"a b\"")],
        run: Run::Plain(|args| {
            let decoded = percent_decode_str(text(args, 0)).decode_utf8();
            decoded.map(|text| Value::from(&*text)).map_err(|_| "this does not stand for a text".to_owned())
        }),
    },
    Function {
        name: "sha256",
        method: false,
        summary: "The SHA-256 of a text, in hex; of a file: `file.sha256(path)`",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("sha256(\"abc\").slice(0, 8)", "\"ba7816bf\"")],
        run: Run::Plain(|args| Ok(Value::from(hex(&Sha256::digest(text(args, 0)))))),
    },
    Function {
        name: "sha512",
        method: false,
        summary: "The SHA-512 of a text, in hex; of a file: `file.checksum(path, \"sha512\")`",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("sha512(\"abc\").slice(0, 8)", "\"ddaf35a1\"")],
        run: Run::Plain(|args| Ok(Value::from(hex(&Sha512::digest(text(args, 0)))))),
    },
    Function {
        name: "sha1",
        method: false,
        summary: "The SHA-1 of a text, in hex: for what was published so, not to protect anything",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("sha1(\"abc\")", "\"a9993e364706816aba3e25717850c26c9cd0d89d\"")],
        run: Run::Plain(|args| Ok(Value::from(hex(&Sha1::digest(text(args, 0)))))),
    },
    Function {
        name: "md5",
        method: false,
        summary: "The MD5 of a text, in hex: for what was published so, not to protect anything",
        params: &[param("text", "string")],
        returns: "string",
        examples: &[("md5(\"abc\")", "\"900150983cd24fb0d6963f7d28e17f72\"")],
        run: Run::Plain(|args| Ok(Value::from(hex(&Md5::digest(text(args, 0)))))),
    },
    Function {
        name: "hmac_sha256",
        method: false,
        summary: "The HMAC-SHA-256 of a text under a key, in hex: how webhooks are signed",
        params: &[param("key", "string"), param("text", "string")],
        returns: "string",
        examples: &[("hmac_sha256(\"key\", \"what is sent\").len", "64")],
        run: Run::Plain(|args| {
            // A key of any length is one.
            let mut mac =
                Hmac::<Sha256>::new_from_slice(text(args, 0).as_bytes()).map_err(|error| error.to_string())?;
            mac.update(text(args, 1).as_bytes());
            Ok(Value::from(hex(&mac.finalize().into_bytes())))
        }),
    },
    Function {
        name: "version_at_least",
        method: false,
        summary: "Whether a version is the wanted one or later; a `v` before it and words behind it do not count",
        params: &[param("version", "string"), param("wanted", "string")],
        returns: "bool",
        examples: &[
            ("version_at_least(\"v1.10.2\", \"1.9\")", "true"),
            ("version_at_least(\"2.0.0-rc1\", \"2.0.0\")", "false"),
        ],
        run: Run::Plain(|args| {
            let read = |at: usize| {
                version(text(args, at))
                    .ok_or_else(|| format!("{} is no version like `1.10.2`", display::quoted(text(args, at), 40)))
            };
            Ok(Value::Bool(read(0)? >= read(1)?))
        }),
    },
];

/// Whether a version is the wanted one or later; `false` if either is no version.
pub fn is_version_at_least(found: &str, wanted: &str) -> bool {
    version(found).zip(version(wanted)).is_some_and(|(found, wanted)| found >= wanted)
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Everything encoded but letters, digits and `-._~` (the unreserved characters of RFC 3986).
pub fn url_component(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, with padding.
/// Bytes in base64, with padding.
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            let index = (group >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    out
}

/// Also without padding, with line ends, and in the alphabet for addresses.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut group, mut bits) = (0_u32, 0_u32);
    let mut symbols = 0_usize;
    for byte in text.trim().trim_end_matches('=').bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let standard = match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let index = ALPHABET.iter().position(|&symbol| symbol == standard)?;
        group = group << 6 | u32::try_from(index).ok()?;
        bits += 6;
        symbols += 1;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(group >> bits & 0xff).ok()?);
            group &= (1 << bits) - 1;
        }
    }
    // One symbol alone holds no byte.
    (symbols % 4 != 1).then_some(out)
}

/// Its numbers, and whether it is the release itself: a release candidate comes before it.
fn version(text: &str) -> Option<([u64; 4], bool)> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let mut parts = [0; 4];
    for (i, part) in numbers.trim_end_matches('.').split('.').enumerate() {
        *parts.get_mut(i)? = part.parse().ok()?;
    }
    Some((parts, !rest.starts_with('-')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::call::tests::shown;
    use proptest::prelude::*;

    #[test]
    fn encodes() {
        assert_eq!(to_base64(b"f"), "Zg==");
        assert_eq!(to_base64(b"foobar"), "Zm9vYmFy");
        assert_eq!(from_base64("Zm9v\nYg"), Some(b"foob".to_vec()));
        assert_eq!(from_base64("Z"), None);
        assert_eq!(from_base64("Zm9$"), None);
        assert_eq!(shown("url_encode", false, &[Value::from("a b/ä")]), "\"a%20b%2F%C3%A4\"");
        assert_eq!(shown("base64_decode", false, &[Value::from("/w==")]), "error: this is base64, but not of a text");
    }

    #[test]
    fn versions_have_an_order() {
        let newer = |a: &str, b: &str| shown("version_at_least", false, &[Value::from(a), Value::from(b)]);
        assert_eq!(newer("1.10", "1.9"), "true");
        assert_eq!(newer("450.0.0", "450"), "true");
        assert_eq!(newer("v1.2.3+k3s1", "1.2.4"), "false");
        assert_eq!(newer("2.0.0-rc1", "2.0.0"), "false");
        assert_eq!(newer("latest", "2"), "error: \"latest\" is no version like `1.10.2`");
    }

    proptest! {
        #[test]
        fn base64_goes_there_and_back(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(from_base64(&to_base64(&bytes)), Some(bytes));
        }
    }
}
