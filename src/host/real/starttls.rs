//! What is said in clear before a server begins with TLS, for those that do so on request.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::host::{NetError, StartTls};

/// No greeting is longer.
const MAX_TALK: usize = 16 * 1024;

/// Asks for TLS: what comes next on the stream is its handshake.
pub(super) async fn ask(stream: &mut TcpStream, kind: StartTls, peer: &str) -> Result<(), NetError> {
    let said = match kind {
        StartTls::Smtp => smtp(stream).await,
        StartTls::Imap => imap(stream).await,
        StartTls::Postgres => postgres(stream).await,
    };
    said.map_err(|why| match why {
        Why::Lost(why) => NetError::new(
            format!("{peer} broke off before TLS began: {why}"),
            format!("is it the right port, and does it speak {}?", kind.spoken()),
        ),
        Why::Refused(said) => NetError::new(
            format!("{peer} does not begin with TLS when asked: {said}"),
            format!("is TLS switched on there, and is it {}?", kind.spoken()),
        ),
    })
}

enum Why {
    Lost(std::io::Error),
    /// With its words.
    Refused(String),
}

impl From<std::io::Error> for Why {
    fn from(error: std::io::Error) -> Self {
        Self::Lost(error)
    }
}

/// RFC 3207.
async fn smtp(stream: &mut TcpStream) -> Result<(), Why> {
    reply(stream, "220").await?;
    stream.write_all(b"EHLO localhost\r\n").await?;
    reply(stream, "250").await?;
    stream.write_all(b"STARTTLS\r\n").await?;
    reply(stream, "220").await
}

/// A reply of one line or several: `250-…` goes on, `250 …` is the last.
async fn reply(stream: &mut TcpStream, wanted: &str) -> Result<(), Why> {
    let mut left = MAX_TALK;
    loop {
        let line = line(stream, &mut left).await?;
        match line.strip_prefix(wanted) {
            Some(rest) if rest.starts_with('-') => {}
            Some(_) => return Ok(()),
            None => return Err(Why::Refused(shown(&line))),
        }
    }
}

/// RFC 9051, section 6.2.1.
async fn imap(stream: &mut TcpStream) -> Result<(), Why> {
    let mut left = MAX_TALK;
    let greeting = line(stream, &mut left).await?;
    if !greeting.starts_with("* OK") {
        return Err(Why::Refused(shown(&greeting)));
    }
    stream.write_all(b"rbk STARTTLS\r\n").await?;
    loop {
        let line = line(stream, &mut left).await?;
        match line.strip_prefix("rbk ") {
            Some(rest) if rest.starts_with("OK") => return Ok(()),
            Some(_) => return Err(Why::Refused(shown(&line))),
            None if line.starts_with("* ") => {}
            None => return Err(Why::Refused(shown(&line))),
        }
    }
}

/// `SSLRequest` (postgresql.org/docs/current/protocol-message-formats.html).
async fn postgres(stream: &mut TcpStream) -> Result<(), Why> {
    stream.write_all(&[0, 0, 0, 8, 4, 210, 22, 47]).await?;
    match stream.read_u8().await? {
        b'S' => Ok(()),
        b'N' => Err(Why::Refused("it says that it has no TLS".to_owned())),
        other => Err(Why::Refused(format!("it answered {:?}", char::from(other)))),
    }
}

/// A line without its end. Byte by byte: what follows the last one belongs to TLS.
async fn line(stream: &mut TcpStream, left: &mut usize) -> Result<String, Why> {
    let mut line = Vec::new();
    loop {
        *left = left.checked_sub(1).ok_or_else(|| Why::Refused("it talks without end".to_owned()))?;
        match stream.read_u8().await? {
            b'\n' => return Ok(String::from_utf8_lossy(&line).trim_end().to_owned()),
            byte => line.push(byte),
        }
    }
}

/// Its words in a message: what they may be is up to whoever listens there.
fn shown(line: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    line.chars().take(120).map(plain).collect()
}
