//! What we demand of every TLS server: a certificate that the machine (or a CA file named in the
//! configuration) vouches for, and TLS 1.2 or later. There is no switch that accepts less; whoever
//! has a private CA names its file. Sockets and STARTTLS belong to `imap` and `smtp`.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The client's side of TLS: the system's certificate authorities, and those of `extra_ca` (a PEM
/// file) beside them.
///
/// # Errors
/// When `extra_ca` cannot be read or holds no certificate, or when there is no authority at all
/// (then every server would be refused, with a message that blames the server).
pub fn client_config(extra_ca: Option<&Path>) -> anyhow::Result<Arc<rustls::ClientConfig>> {
    let mut roots = rustls::RootCertStore::empty();
    let native = rustls_native_certs::load_native_certs();
    // Distributions carry a few certificates that no parser likes; the others still count.
    roots.add_parsable_certificates(native.certs);
    if let Some(path) = extra_ca {
        let name = || format!("reading the certificate authorities in {}", path.display());
        let mut found = 0;
        for certificate in CertificateDer::pem_file_iter(path).with_context(name)? {
            roots
                .add(certificate.with_context(name)?)
                .with_context(name)?;
            found += 1;
        }
        anyhow::ensure!(found > 0, "no certificate in {}", path.display());
    }
    anyhow::ensure!(
        !roots.is_empty(),
        "no certificate authority on this machine: install ca-certificates, or name a ca_file"
    );
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .context("choosing the TLS versions")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
