//! One place that says whom we trust over TLS: the system's roots and, where configured, one more
//! CA file. Speaking to a server is left to `imap` and `smtp`.
//!
//! There is no switch that accepts any certificate: a private server has a private CA, and
//! `ca_file` is the honest way to say so. rustls refuses TLS 1.0 and 1.1 by itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};

/// Why no TLS connection can be attempted; all of it is for the operator to mend.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The CA file is missing, unreadable, not PEM or holds no certificate.
    #[error("CA file {}: {why}", path.display())]
    CaFile {
        /// The file as configured.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system has no certificate store and no CA file is configured.
    #[error("no trusted certificates: install ca-certificates or set ca_file")]
    NoRoots,
    /// The host name can be no server's name in a certificate.
    #[error("\"{0}\" is not a host name that a certificate could carry")]
    Name(String),
    /// rustls refused its own configuration.
    #[error("TLS: {0}")]
    Rustls(#[from] rustls::Error),
}

/// What a client needs to check a server: system roots plus `extra_ca` (PEM, one or more
/// certificates). Reads files, so an async caller does it off its thread; cheap enough to do once per
/// connection, which lets a renewed CA file count without a restart.
pub fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = extra_ca {
        add_file(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Err(Error::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The name that the server's certificate must carry: a DNS name or an IP address.
pub fn server_name(host: &str) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(host.to_owned()).map_err(|_| Error::Name(host.to_owned()))
}

/// Why a handshake failed, in words that tell the operator what to mend.
pub fn explain(error: &io::Error) -> String {
    let rustls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let Some(rustls) = rustls else {
        return format!("TLS is not possible: {error}");
    };
    let remedy = match rustls {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the certificate is signed by nobody we trust: set ca_file to its CA"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "the certificate is for another host: use the name that it carries",
        rustls::Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "the certificate has expired",
        rustls::Error::InvalidMessage(_) => {
            "the server does not speak TLS here: is it the port for STARTTLS?"
        }
        rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => "the server only speaks TLS older than 1.2",
        _ => "TLS is not possible",
    };
    format!("{remedy} ({rustls})")
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), Error> {
    let wrong = |why: String| Error::CaFile {
        path: path.to_owned(),
        why,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(error.to_string()))?;
    if certificates.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_empty_ca_file_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let missing = folder.path().join("ca.pem");
        let error = client_config(Some(&missing)).expect_err("there is no such file");
        assert!(error.to_string().contains("ca.pem"), "{error}");

        std::fs::write(&missing, "nothing here\n").expect("writable");
        let error = client_config(Some(&missing)).expect_err("not PEM");
        assert!(error.to_string().contains("no certificate"), "{error}");
    }

    #[test]
    fn names_and_addresses_are_servers() {
        assert!(server_name("imap.example.org").is_ok());
        assert!(server_name("127.0.0.1").is_ok());
        assert!(server_name("not a host").is_err());
    }
}
