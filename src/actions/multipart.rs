//! A body of several parts, as a form with files is sent: `multipart/form-data` of RFC 7578.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::args::file_error;
use crate::catalog::{ActionError, Call};
use crate::value::{Record, display};

/// What is sent, and the `content-type` that says where a part ends.
pub(super) struct Multipart {
    pub(super) body: Vec<u8>,
    pub(super) content_type: String,
}

/// The fields, and behind them the files, by their names in the form.
pub(super) fn multipart(call: &Call<'_>, form: Option<&Record>, files: &Record) -> Result<Multipart, ActionError> {
    let mut parts = Vec::new();
    for (name, value) in form.into_iter().flat_map(Record::iter) {
        let head = format!("content-disposition: form-data; name=\"{}\"\r\n", escaped(name));
        parts.push((head, display::exposed_text(value).into_bytes()));
    }
    for (name, value) in files.iter() {
        let path = PathBuf::from(display::exposed_text(value));
        let path = call.surroundings.dir.as_deref().map_or_else(|| path.clone(), |dir| dir.join(&path));
        let content = call.host.files().read(&path).map_err(|error| file_error("read", &path, &error))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let head = format!(
            "content-disposition: form-data; name=\"{}\"; filename=\"{}\"\r\ncontent-type: {}\r\n",
            escaped(name),
            escaped(&file),
            media_type(&path)
        );
        parts.push((head, content));
    }
    // Nobody can guess it, so that no file holds it on purpose.
    let mut random = [0; 16];
    call.host.random(&mut random).map_err(|error| ActionError::failed(format!("there is no randomness: {error}")))?;
    let boundary = random.iter().fold("rbk-".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(Multipart { body: joined(&parts, &boundary), content_type: format!("multipart/form-data; boundary={boundary}") })
}

fn joined(parts: &[(String, Vec<u8>)], boundary: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, content) in parts {
        body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    body
}

/// As the WHATWG's standard on HTML has it (section 4.10.21.8), which is what servers are used to.
fn escaped(name: &str) -> String {
    name.replace('\r', "%0D").replace('\n', "%0A").replace('"', "%22")
}

/// What servers look at; any other file is bytes to them.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "pdf" => "application/pdf",
        "json" => "application/json",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "html" => "text/html",
        "xml" => "application/xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_end_where_the_boundary_says() {
        let parts = [("a: b\r\n".to_owned(), b"one".to_vec()), (String::new(), Vec::new())];
        let text = String::from_utf8(joined(&parts, "x")).unwrap();
        assert_eq!(text, "--x\r\na: b\r\n\r\none\r\n--x\r\n\r\n\r\n--x--\r\n");
    }

    #[test]
    fn a_name_cannot_end_its_header() {
        assert_eq!(escaped("a\"\r\nx: y"), "a%22%0D%0Ax: y");
    }

    #[test]
    fn a_type_is_known_by_the_end_of_the_name() {
        assert_eq!(media_type(Path::new("a/Test.PDF")), "application/pdf");
        assert_eq!(media_type(Path::new("pdf")), "application/octet-stream");
    }
}
