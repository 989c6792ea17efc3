//! Proving who we are, and asking what the server can do.

use std::collections::BTreeSet;
use std::fmt;

use data_encoding::BASE64;

use super::lines::{Line, Lines};
use super::{Credential, Error, Kind, Settings};

/// What the server says it can do, read again after the login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    words: BTreeSet<String>,
}

impl Capabilities {
    /// IDLE (RFC 2177): the server tells about new mail by itself.
    pub fn idle(&self) -> bool {
        self.has("IDLE")
    }

    /// MOVE (RFC 6851): a mail is filed by one command that happens whole or not at all.
    pub fn moves(&self) -> bool {
        self.has("MOVE")
    }

    /// UIDPLUS (RFC 4315): our mails can be expunged without touching those of others.
    pub fn uidplus(&self) -> bool {
        self.has("UIDPLUS")
    }

    /// NAMESPACE (RFC 2342): the server says where folders go.
    pub fn namespace(&self) -> bool {
        self.has("NAMESPACE")
    }

    /// Whether the server names this capability, in any case.
    pub fn has(&self, word: &str) -> bool {
        self.words.contains(&word.to_ascii_uppercase())
    }

    fn read<'a>(lines: impl IntoIterator<Item = &'a String>) -> Self {
        let mut words = BTreeSet::new();
        for line in lines {
            let mut parts = line.split_ascii_whitespace().skip(1);
            if parts
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case("CAPABILITY"))
            {
                words.extend(parts.map(str::to_ascii_uppercase));
            }
        }
        Self { words }
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, word) in self.words.iter().enumerate() {
            let space = if number > 0 { " " } else { "" };
            write!(f, "{space}{word}")?;
        }
        Ok(())
    }
}

/// Asks for the capabilities.
pub(super) async fn capabilities(lines: &mut Lines) -> Result<Capabilities, Error> {
    let answer = lines.exchange("CAPABILITY").await?;
    let capabilities = Capabilities::read(&answer.untagged);
    if answer.status != "OK" || !(capabilities.has("IMAP4REV1") || capabilities.has("IMAP4REV2")) {
        return Err(lines.fail(Kind::Protocol, "the server does not say IMAP4rev1"));
    }
    Ok(capabilities)
}

/// Logs in by the best way that the server offers.
pub(super) async fn login(
    lines: &mut Lines,
    settings: &Settings,
    offered: &Capabilities,
) -> Result<(), Error> {
    let secret = read_secret(&settings.credential)
        .await
        .map_err(|what| lines.fail(Kind::Credential, what))?;
    let user = &settings.user;
    match settings.credential {
        Credential::TokenFile(_) => {
            let proof = format!("user={user}\x01auth=Bearer {secret}\x01\x01");
            authenticate(lines, offered, "XOAUTH2", &proof).await
        }
        Credential::Password(_) | Credential::PasswordFile(_) if offered.has("AUTH=PLAIN") => {
            authenticate(lines, offered, "PLAIN", &format!("\0{user}\0{secret}")).await
        }
        Credential::Password(_) | Credential::PasswordFile(_) => {
            if offered.has("LOGINDISABLED") {
                return Err(lines.fail(
                    Kind::LoginRefused,
                    "the server allows no login by password on this connection",
                ));
            }
            plain_login(lines, user, &secret).await
        }
    }
}

async fn authenticate(
    lines: &mut Lines,
    offered: &Capabilities,
    mechanism: &str,
    proof: &str,
) -> Result<(), Error> {
    let proof = BASE64.encode(proof.as_bytes());
    let (tag, mut unsaid) = if offered.has("SASL-IR") {
        let command = format!("AUTHENTICATE {mechanism} {proof}");
        (lines.send(&command).await?, None)
    } else {
        let tag = lines.send(&format!("AUTHENTICATE {mechanism}")).await?;
        (tag, Some(proof))
    };
    let mut challenge = String::new();
    loop {
        match lines.answer(&tag).await? {
            Line::Untagged(_) => {}
            Line::Continue(text) => match unsaid.take() {
                Some(proof) => lines.write(format!("{proof}\r\n").as_bytes()).await?,
                None if challenge.is_empty() => {
                    // XOAUTH2 explains a refusal in a challenge, which wants an empty answer before the NO comes.
                    challenge = if text.is_empty() {
                        "-".to_owned()
                    } else {
                        text
                    };
                    lines.write(b"\r\n").await?;
                }
                None => return Err(lines.fail(Kind::Protocol, "the login never ends")),
            },
            Line::Tagged { status, text } => return verdict(lines, &status, &text, &challenge),
        }
    }
}

async fn plain_login(lines: &mut Lines, user: &str, secret: &str) -> Result<(), Error> {
    let mut command = b"LOGIN".to_vec();
    let mut pieces = Vec::new();
    for word in [user, secret] {
        command.push(b' ');
        if word.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            command.extend_from_slice(super::folder::quoted(word).as_bytes());
        } else {
            // Quoted strings are ASCII only (RFC 3501 4.3); a literal carries anything.
            command.extend_from_slice(format!("{{{}}}", word.len()).as_bytes());
            pieces.push(std::mem::take(&mut command));
            command.extend_from_slice(word.as_bytes());
        }
    }
    pieces.push(command);
    let mut pieces = pieces.into_iter();
    let first = pieces.next().unwrap_or_default();
    // The first piece ends before any literal, so it is ASCII.
    let tag = lines.send(&String::from_utf8_lossy(&first)).await?;
    loop {
        match lines.answer(&tag).await? {
            Line::Untagged(_) => {}
            Line::Continue(_) => match pieces.next() {
                Some(mut piece) => {
                    piece.extend_from_slice(b"\r\n");
                    lines.write(&piece).await?;
                }
                None => return Err(lines.fail(Kind::Protocol, "the login never ends")),
            },
            Line::Tagged { status, text } => return verdict(lines, &status, &text, ""),
        }
    }
}

fn verdict(lines: &Lines, status: &str, text: &str, challenge: &str) -> Result<(), Error> {
    if status == "OK" {
        return Ok(());
    }
    // RFC 5530: these say that the server is ill, not that we are wrong.
    let passing = ["[UNAVAILABLE]", "[INUSE]", "[SERVERBUG]", "[LIMIT]"];
    let upper = text.to_ascii_uppercase();
    if passing.iter().any(|code| upper.starts_with(code)) {
        return Err(lines.fail(Kind::Network, format!("no login for now: {text}")));
    }
    let explained = BASE64
        .decode(challenge.as_bytes())
        .ok()
        .filter(|explained| !explained.is_empty())
        .map(|explained| format!(" {}", String::from_utf8_lossy(&explained)))
        .unwrap_or_default();
    Err(lines.fail(
        Kind::LoginRefused,
        format!("the login is refused: {text}{explained}"),
    ))
}

async fn read_secret(credential: &Credential) -> Result<String, String> {
    let (path, what) = match credential {
        Credential::Password(password) => return Ok(password.clone()),
        Credential::PasswordFile(path) => (path, "password"),
        Credential::TokenFile(path) => (path, "token"),
    };
    let shown = path.display();
    let text = tokio::fs::read_to_string(path)
        .await
        .map_err(|error| format!("the {what} file {shown} cannot be read: {error}"))?;
    let secret = match credential {
        // A password may end in a space; a file made by an editor ends in a line end.
        Credential::PasswordFile(_) => text.strip_suffix('\n').unwrap_or(&text),
        _ => text.trim(),
    };
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(format!("the {what} file {shown} is empty"));
    }
    if secret.contains('\0') || secret.contains('\x01') {
        return Err(format!("the {what} file {shown} holds control characters"));
    }
    Ok(secret.to_owned())
}
