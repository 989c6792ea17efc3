//! Settings as the configuration gives them → settings as `imap` and `smtp` take them.

use crate::config::{Account, Credential, Outlet, Server, Tls};
use crate::{imap, smtp};

/// An IMAP account's server.
pub fn imap_settings(account: &Account, server: &Server) -> imap::Settings {
    let (user, credential) = match &server.login {
        Some(login) => (
            login.user.clone(),
            match &login.credential {
                Credential::Password(secret) => {
                    imap::Credential::Password(secret.reveal().to_owned())
                }
                Credential::TokenFile(path) => imap::Credential::TokenFile(path.clone()),
            },
        ),
        // `config` refuses an IMAP account without a login.
        None => (String::new(), imap::Credential::Password(String::new())),
    };
    imap::Settings {
        name: account.name.clone(),
        host: server.host.clone(),
        port: server.port,
        tls: match server.tls {
            Tls::Implicit => imap::Tls::Implicit,
            Tls::StartTls => imap::Tls::StartTls,
            Tls::None => imap::Tls::None,
        },
        ca_file: server.ca_file.clone(),
        allow_plaintext: server.insecure_plaintext,
        user,
        credential,
    }
}

/// The way out.
pub fn transport(outlet: &Outlet) -> smtp::Transport {
    match outlet {
        Outlet::Maildir(path) => smtp::Transport::Maildir(path.clone()),
        Outlet::Smtp(server) => {
            let tls = match server.tls {
                Tls::Implicit => smtp::Tls::Implicit,
                Tls::StartTls => smtp::Tls::StartTls,
                Tls::None => smtp::Tls::None,
            };
            smtp::Transport::Smtp(Box::new(smtp::Settings {
                ca_file: server.ca_file.clone(),
                allow_plaintext: server.insecure_plaintext,
                login: server.login.as_ref().map(|login| smtp::Login {
                    user: login.user.clone(),
                    credential: match &login.credential {
                        Credential::Password(secret) => {
                            smtp::Credential::Password(smtp::Secret::new(secret.reveal()))
                        }
                        Credential::TokenFile(path) => {
                            smtp::Credential::OauthTokenFile(path.clone())
                        }
                    },
                }),
                ..smtp::Settings::new(server.host.clone(), server.port, tls)
            }))
        }
    }
}
