//! The certificate that a server shows, whether or not it is to be believed.

use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;

use super::tls::{Trust, verifier};
use crate::host::{Cancel, NetError, TlsRequest, TlsShown};

/// Looks at it.
pub(super) async fn look(request: &TlsRequest, cancel: &Cancel) -> Result<TlsShown, NetError> {
    let peer = format!("{}:{}", request.host, request.port);
    let late = || {
        NetError::new(
            format!("{peer} gave no answer in time"),
            "is it the right host and port, and does it speak TLS there?",
        )
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(NetError { message: "stopped before there was an answer".to_owned(), help: None }),
        shown = tokio::time::timeout(request.limit, shake(request, &peer)) => shown.unwrap_or_else(|_| Err(late())),
    }
}

async fn shake(request: &TlsRequest, peer: &str) -> Result<TlsShown, NetError> {
    let asked = request.name.as_ref().unwrap_or(&request.host);
    let name = ServerName::try_from(asked.clone()).map_err(|_| {
        NetError::new(format!("{asked} is no name that a certificate can have"), "give a host name or an address")
    })?;
    let trust = request.ca.as_ref().map_or(Trust::System, |path| Trust::File(path.clone()));
    let usual = verifier(&trust).map_err(|why| NetError { message: why, help: None })?;
    let witness = Arc::new(Witness { usual, doubt: Mutex::new(None) });
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| NetError { message: error.to_string(), help: None })?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let mut stream =
        TcpStream::connect((request.host.as_str(), request.port)).await.map_err(|error| unreached(&error, peer))?;
    if let Some(kind) = request.starttls {
        super::starttls::ask(&mut stream, kind, peer).await?;
    }
    let stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| {
        NetError::new(
            format!("{peer} does not speak TLS as expected: {error}"),
            "is it the right port? Some begin without TLS (25, 587, 143, 5432): starttls: \"smtp\", \"imap\" or \"postgres\"",
        )
    })?;
    let (_, connection) = stream.get_ref();
    let chain = connection.peer_certificates().unwrap_or_default();
    let protocol = connection
        .protocol_version()
        .and_then(|version| version.as_str().map(|name| name.replace('_', ".")))
        .unwrap_or_default();
    let doubt = witness.doubt.lock().ok().and_then(|doubt| doubt.clone());
    Ok(TlsShown { chain: chain.iter().map(|one| one.to_vec()).collect(), protocol, doubt })
}

fn unreached(error: &std::io::Error, peer: &str) -> NetError {
    let message = match error.kind() {
        std::io::ErrorKind::ConnectionRefused => format!("{peer} refused the connection: nothing listens there"),
        _ if error.to_string().contains("lookup") => format!("the name of {peer} could not be resolved"),
        _ => format!("no connection to {peer}: {error}"),
    };
    NetError::new(message, "is it the right host and port, and is the server up? `net.port_open(host, port)` looks")
}

/// Asks the usual verifier, keeps what it says, and goes on all the same: nothing is sent over this connection.
#[derive(Debug)]
struct Witness {
    usual: Arc<dyn ServerCertVerifier>,
    doubt: Mutex<Option<String>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Err(error) = self.usual.verify_server_cert(certificate, between, name, ocsp, now)
            && let Ok(mut doubt) = self.doubt.lock()
        {
            *doubt = Some(words(&error));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// Why a certificate is not believed, as people say it.
fn words(error: &rustls::Error) -> String {
    use rustls::CertificateError as Wrong;
    let rustls::Error::InvalidCertificate(wrong) = error else { return error.to_string() };
    match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => "it has expired".to_owned(),
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        Wrong::UnknownIssuer => {
            "it is signed by nobody who is trusted here, or a certificate in between is missing".to_owned()
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => "it is for other names".to_owned(),
        Wrong::Revoked => "it was revoked".to_owned(),
        other if other.to_string().contains("CaUsedAsEndEntity") => "it is self-signed".to_owned(),
        other => other.to_string(),
    }
}
