//! Whose certificates are believed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whom a connection trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// Whom the system trusts.
    System,
    /// The certificates in this file.
    File(PathBuf),
    /// Anybody: what passes cannot be read by others, but who is at the other end is not known.
    Anybody,
}

/// Who judges certificates for one who trusts so.
pub(super) fn verifier(trust: &Trust) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(match trust {
        Trust::System => {
            let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(system()?), provider).build();
            usual.map_err(|error| error.to_string())?
        }
        Trust::File(path) => own(path, provider)?,
        Trust::Anybody => Arc::new(Anybody(provider)),
    })
}

/// How connections are made that trust so.
pub(super) fn client(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    client_as(trust, None).map(Arc::new)
}

/// The same, by one who shows a certificate: the files of it and of its key.
pub(super) fn client_as(trust: &Trust, identity: Option<&(PathBuf, PathBuf)>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier(trust)?);
    let Some((certificate, key)) = identity else { return Ok(builder.with_no_client_auth()) };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| format!("{}: {error}", certificate.display()))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    let made = builder.with_client_auth_cert(chain, secret);
    made.map_err(|error| format!("{} is no key of {}: {error}", key.display(), certificate.display()))
}

/// Those in a file, and whom they have signed.
fn own(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let shown = path.display();
    let (mut roots, mut own) = (RootCertStore::empty(), Vec::new());
    let found = CertificateDer::pem_file_iter(path).map_err(|error| format!("{shown}: {error}"))?;
    for certificate in found {
        let certificate = certificate.map_err(|error| format!("{shown}: {error}"))?;
        roots.add(certificate.clone()).map_err(|error| format!("{shown}: {error}"))?;
        own.push(certificate);
    }
    if roots.is_empty() {
        return Err(format!("{shown} holds no certificate"));
    }
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    Ok(Arc::new(Own { usual: usual.map_err(|error| format!("{shown}: {error}"))?, own }))
}

fn system() -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine has no list of certificates that it trusts (on Debian: ca-certificates)".to_owned());
    }
    Ok(roots)
}

/// Believes whom the certificates of a file have signed, and those certificates themselves: many a server signs its
/// own, which the usual rules take for that of an authority only.
#[derive(Debug)]
struct Own {
    usual: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Own {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.usual.verify_server_cert(certificate, between, name, ocsp, now) {
            Err(_) if self.own.iter().any(|own| own == certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
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

/// Believes every certificate, but sees that the other side has the key to it.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
