//! A certificate authority for one test, and servers' certificates signed by it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority that nobody knows but the test.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// The file for `ca_file`.
    pub pem: String,
}

/// When a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    Current,
    Expired,
}

/// A server's certificate and key.
pub struct Certificate {
    pub pem: String,
    pub key_pem: String,
    der: CertificateDer<'static>,
    key_der: Vec<u8>,
}

impl Authority {
    pub fn new() -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "An authority for tests");
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Authority { issuer, pem }
    }

    /// For `name`: a host name or an IP address.
    pub fn certify(&self, name: &str, validity: Validity) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = params(name, validity)
            .signed_by(&key, &self.issuer)
            .unwrap();
        Certificate::new(certificate, key)
    }
}

/// Signed by nobody but itself.
pub fn self_signed(name: &str) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name, Validity::Current).self_signed(&key).unwrap();
    Certificate::new(certificate, key)
}

fn params(name: &str, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = match validity {
        Validity::Current => rcgen::date_time_ymd(2120, 1, 1),
        Validity::Expired => rcgen::date_time_ymd(2021, 1, 1),
    };
    params
}

impl Certificate {
    fn new(certificate: rcgen::Certificate, key: KeyPair) -> Certificate {
        Certificate {
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            der: certificate.der().clone(),
            key_der: key.serialize_der(),
        }
    }

    /// The server's side of TLS.
    pub fn server_config(&self) -> Arc<rustls::ServerConfig> {
        self.server_config_for(rustls::DEFAULT_VERSIONS)
    }

    pub fn server_config_for(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Arc<rustls::ServerConfig> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key_der.clone()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .unwrap();
        Arc::new(config)
    }
}
