//! The words of AUTH: which mechanism, and what is said in it. The dialogue belongs to
//! `connection`. Files are read here, at each login, so that a renewed token or password counts
//! from the next connection on.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use data_encoding::BASE64;

use super::{Credential, Login, Secret};

/// One login, worked out: the command, then what to answer to each challenge in turn.
pub(super) struct Dialogue {
    /// The mechanism's name, for messages.
    pub mechanism: &'static str,
    /// The AUTH command with its line end.
    pub command: Secret,
    /// Answers to the challenges (334), in order, each with its line end.
    pub answers: Vec<Secret>,
}

/// Chooses among the mechanisms that the server offers and prepares what to say.
///
/// # Errors
/// No mechanism in common, an unreadable file, or a secret that cannot be said in SASL.
pub(super) async fn prepare(login: &Login, offered: &[String]) -> anyhow::Result<Dialogue> {
    let offers = |name: &str| offered.iter().any(|offer| offer.eq_ignore_ascii_case(name));
    let user = login.user.as_str();
    ensure!(is_sayable(user), "the user's name has control characters");
    let password = match &login.credential {
        Credential::OauthTokenFile(path) => {
            let token = read(path).await?;
            let token = token.trim();
            ensure!(
                is_sayable(token) && !token.is_empty(),
                "{} holds no token on one line",
                path.display()
            );
            ensure!(
                offers("XOAUTH2"),
                "{}",
                nothing_in_common("XOAUTH2", offered)
            );
            let bearer = format!("user={user}\x01auth=Bearer {token}\x01\x01");
            return Ok(Dialogue {
                mechanism: "XOAUTH2",
                command: line(&format!("AUTH XOAUTH2 {}", encode(&bearer))),
                // The server tells what is wrong in a challenge and wants an empty answer before
                // it refuses.
                answers: vec![line("")],
            });
        }
        Credential::Password(secret) => secret.reveal().to_owned(),
        Credential::PasswordFile(path) => {
            let text = read(path).await?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            text.strip_suffix('\r').unwrap_or(text).to_owned()
        }
    };
    ensure!(
        is_sayable(&password) && !password.is_empty(),
        "the password is empty or has control characters"
    );
    if offers("PLAIN") {
        let proof = encode(&format!("\0{user}\0{password}"));
        Ok(Dialogue {
            mechanism: "PLAIN",
            command: line(&format!("AUTH PLAIN {proof}")),
            // A server that asks although the proof came with the command gets it again.
            answers: vec![line(&proof)],
        })
    } else if offers("LOGIN") {
        // The challenges are not looked at: some servers ask in their own language.
        Ok(Dialogue {
            mechanism: "LOGIN",
            command: line("AUTH LOGIN"),
            answers: vec![line(&encode(user)), line(&encode(&password))],
        })
    } else {
        bail!("{}", nothing_in_common("PLAIN or LOGIN", offered));
    }
}

fn nothing_in_common(wanted: &str, offered: &[String]) -> String {
    if offered.is_empty() {
        return format!("the server offers no login (we need {wanted}); does it want TLS first?");
    }
    format!(
        "the server offers AUTH {}, we need {wanted}",
        offered.join(" ")
    )
}

async fn read(path: &Path) -> anyhow::Result<String> {
    tokio::fs::read_to_string(path)
        .await
        .with_context(|| format!("reading the secret in {}", path.display()))
}

/// NUL separates the fields of PLAIN and 0x01 those of XOAUTH2; nobody has either in a password.
fn is_sayable(text: &str) -> bool {
    !text.chars().any(|c| c.is_ascii_control())
}

fn encode(text: &str) -> String {
    BASE64.encode(text.as_bytes())
}

fn line(text: &str) -> Secret {
    Secret::new(format!("{text}\r\n"))
}
