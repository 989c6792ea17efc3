//! From `Config` to `Settings`: defaults filled in, references resolved, secrets read. What needs
//! more than one key to be judged is judged here; every mistake is recorded and the next one
//! looked for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::directory::{self, DirectoryFile};
use super::reading::Reading;
use super::settings::{
    Account, After, Credential, Deliver, Login, Outlet, Server, Settings, Source, Tls, beside,
    is_loopback,
};
use super::value::{self, Delay, Size};
use super::{canned, rules, secret, web, written};
use crate::desk::directory::Directory;

/// Whether the secrets that the configuration names are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Read and judge them.
    Read,
    /// Leave them: for commands that log in nowhere.
    Leave,
}

/// Stands for a credential that was not read; logging in with it fails.
const NO_CREDENTIAL: Credential = Credential::TokenFile(PathBuf::new());

/// Compiles what was read. The answer is good only if no problem was recorded.
pub fn compile(reading: &mut Reading, file: &Path, secrets: Secrets) -> Settings {
    let config = reading.config.clone();
    let mut policy = rules::policy(reading, &config);
    let template_dirs = template_dirs(reading, file, &config);
    policy.canned = canned::load(reading, &template_dirs);
    let directory = people(reading, file, &config).map(|(people, file)| {
        policy.directory = std::sync::Arc::new(people);
        file
    });
    let data_dir = beside(file, config.data_dir.as_deref().unwrap_or("data"));
    let key_file = beside(file, config.key_file.as_deref().unwrap_or("secret.key"));
    if secrets == Secrets::Read
        && let Err(error) = secret::existing_keys(&key_file)
    {
        reading.wrong("key_file", format!("{error:#}"));
    }
    let mut accounts = Vec::new();
    for (index, written) in config.accounts.iter().enumerate() {
        accounts.push(account(
            reading,
            file,
            secrets,
            index,
            written,
            &policy.language,
        ));
    }
    if accounts.is_empty() {
        reading.missing(
            "accounts",
            "at least one [[accounts]] is needed: where mail comes from",
        );
    }
    duplicates(reading, &accounts);
    Settings {
        file: file.to_owned(),
        resolver: rules::resolver(reading, config.authentication.resolver.as_deref()),
        web: web::web(reading, file, &config),
        outlet: outlet(reading, file, secrets, config.smtp.as_ref()),
        template_dirs,
        deliver: Deliver {
            socket: socket(file, config.deliver.socket.as_deref(), &data_dir),
            group: config.deliver.group.clone(),
        },
        knowledge: knowledge(reading, file, &config),
        directory,
        min_free: config.min_free.map_or(256 << 20, |Size(bytes)| bytes),
        max_message: config.max_message.map_or(50 << 20, |Size(bytes)| bytes),
        policy,
        data_dir,
        key_file,
        accounts,
        warnings: std::mem::take(&mut reading.warnings),
    }
}

/// Where `guichet deliver` finds the daemon.
pub fn socket(file: &Path, written: Option<&str>, data_dir: &Path) -> PathBuf {
    match written {
        Some(written) => beside(file, written),
        None => data_dir.join("deliver.sock"),
    }
}

/// The folder of the articles. Bad articles are no problem of the configuration: `check` tells them.
fn knowledge(reading: &mut Reading, file: &Path, config: &written::Config) -> Option<PathBuf> {
    let folder = beside(file, config.knowledge.folder.as_deref()?);
    if !folder.is_dir() {
        reading.wrong(
            "knowledge.folder",
            format!("no folder {}", folder.display()),
        );
    }
    Some(folder)
}

/// The directory of people. Bad rows are no problem of the configuration: `check` tells them.
fn people(
    reading: &mut Reading,
    file: &Path,
    config: &written::Config,
) -> Option<(Directory, DirectoryFile)> {
    let path = beside(file, config.directory.as_deref()?);
    match directory::read(&path) {
        Ok(read) => Some(read),
        Err(message) => {
            reading.wrong("directory", message);
            None
        }
    }
}

fn template_dirs(reading: &mut Reading, file: &Path, config: &written::Config) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for folder in list(config.template_dirs.as_ref()) {
        let folder = beside(file, folder);
        if !folder.is_dir() {
            reading.wrong("template_dirs", format!("no folder {}", folder.display()));
        }
        folders.push(folder);
    }
    folders
}

fn outlet(
    reading: &mut Reading,
    file: &Path,
    secrets: Secrets,
    smtp: Option<&written::Server>,
) -> Outlet {
    let Some(smtp) = smtp else {
        reading.missing(
            "smtp",
            "[smtp] is needed, with host or maildir: where mail leaves",
        );
        return Outlet::Maildir(PathBuf::new());
    };
    match (&smtp.maildir, &smtp.host) {
        (Some(_), Some(_)) => {
            reading.wrong("smtp.maildir", "either host or maildir, not both");
            Outlet::Maildir(PathBuf::new())
        }
        (Some(folder), None) => Outlet::Maildir(beside(file, folder)),
        (None, Some(_)) => Outlet::Smtp(server(reading, file, secrets, "smtp", smtp, &SMTP_PORTS)),
        (None, None) => {
            reading.missing("smtp.host", "host is missing (or maildir)");
            Outlet::Maildir(PathBuf::new())
        }
    }
}

fn account(
    reading: &mut Reading,
    file: &Path,
    secrets: Secrets,
    index: usize,
    written: &written::Account,
    language: &str,
) -> Account {
    let at = format!("accounts[{index}]");
    let name = match &written.name {
        Some(name) => name.clone(),
        None => {
            reading.missing(&format!("{at}.name"), "name is missing");
            String::new()
        }
    };
    let team = rules::known_team(reading, &format!("{at}.team"), written.team.as_deref());
    let pipe = written.pipe.unwrap_or(false);
    let source = match (&written.imap, &written.maildir, pipe) {
        (Some(imap), None, false) => {
            let path = format!("{at}.imap");
            for (key, value) in [
                ("maildir", &imap.maildir),
                ("return_path", &imap.return_path),
            ] {
                if value.is_some() {
                    reading.wrong(&path, format!("{key} does not belong to imap"));
                }
            }
            let server = server(reading, file, secrets, &path, imap, &IMAP_PORTS);
            if server.login.is_none() {
                reading.missing(&format!("{path}.user"), "user is missing");
            }
            Source::Imap(server)
        }
        (None, Some(folder), false) => {
            let folder = beside(file, folder);
            // The Maildir itself is made when it is missing; a missing folder above is a slip.
            let above = folder
                .parent()
                .filter(|above| !above.as_os_str().is_empty());
            if !folder.is_dir() && !above.is_none_or(std::path::Path::is_dir) {
                reading.wrong(
                    &format!("{at}.maildir"),
                    format!("{}: the folder above does not exist", folder.display()),
                );
            }
            Source::Maildir(folder)
        }
        (None, None, true) => Source::Pipe,
        (None, None, false) => {
            reading.missing(
                &format!("{at}.imap"),
                "imap is missing (or maildir, or pipe = true)",
            );
            Source::Pipe
        }
        _ => {
            reading.wrong(&at, "only one of imap, maildir and pipe");
            Source::Pipe
        }
    };
    let after = match &written.after {
        None => After::MoveTo("Traités".to_owned()),
        Some(written::After::Word(_)) => After::Seen,
        Some(written::After::Move {
            move_to: Some(folder),
        }) => After::MoveTo(folder.clone()),
        Some(written::After::Move { move_to: None }) => {
            reading.missing(&format!("{at}.after"), "move_to is missing");
            After::Seen
        }
    };
    let folder = written.folder.clone().unwrap_or("INBOX".to_owned());
    if after == After::MoveTo(folder.clone()) {
        reading.wrong(
            &format!("{at}.after.move_to"),
            "this is the folder that mails come from",
        );
    }
    Account {
        name,
        team,
        language: written.language.clone().unwrap_or(language.to_owned()),
        source,
        folder,
        after,
        first_start_age: delay(written.first_start_age, Some(Duration::from_hours(48))),
        poll: delay(written.poll, None).unwrap_or(Duration::from_mins(1)),
        idle: delay(written.idle, Some(Duration::from_mins(5))),
    }
}

/// Two accounts of one name, or that would take each other's mails.
fn duplicates(reading: &mut Reading, accounts: &[Account]) {
    for (index, account) in accounts.iter().enumerate() {
        for earlier in &accounts[..index] {
            if earlier.name == account.name && !account.name.is_empty() {
                reading.wrong(
                    &format!("accounts[{index}].name"),
                    format!("a second account \"{}\"", account.name),
                );
            }
            let same = match (&earlier.source, &account.source) {
                (Source::Imap(a), Source::Imap(b)) => {
                    let user =
                        |server: &Server| server.login.as_ref().map(|login| login.user.clone());
                    a.host.eq_ignore_ascii_case(&b.host)
                        && a.port == b.port
                        && user(a) == user(b)
                        && earlier.folder == account.folder
                }
                (Source::Maildir(a), Source::Maildir(b)) => a == b && !a.as_os_str().is_empty(),
                _ => false,
            };
            if same {
                reading.wrong(
                    &format!("accounts[{index}]"),
                    format!("the same mailbox as account \"{}\"", earlier.name),
                );
            }
        }
    }
}

/// Ports by transport security: implicit, otherwise.
struct Ports {
    implicit: u16,
    plain: u16,
    /// Further ports where STARTTLS is the custom.
    submission: Option<u16>,
}

const IMAP_PORTS: Ports = Ports {
    implicit: 993,
    plain: 143,
    submission: None,
};

const SMTP_PORTS: Ports = Ports {
    implicit: 465,
    plain: 25,
    submission: Some(587),
};

fn server(
    reading: &mut Reading,
    file: &Path,
    secrets: Secrets,
    at: &str,
    written: &written::Server,
    ports: &Ports,
) -> Server {
    let host = match &written.host {
        Some(host) => host.trim().to_owned(),
        None => {
            reading.missing(&format!("{at}.host"), "host is missing");
            String::new()
        }
    };
    if host.contains(|c: char| c.is_whitespace() || c == '/') {
        reading.wrong(
            &format!("{at}.host"),
            format!("\"{host}\" is not a host name"),
        );
    }
    let tls = match written.tls.as_deref() {
        Some("implicit") => Tls::Implicit,
        Some("starttls") => Tls::StartTls,
        Some(_) => Tls::None,
        None if is_loopback(&host) => Tls::None,
        None => match written.port {
            Some(port) if port == ports.plain || Some(port) == ports.submission => Tls::StartTls,
            _ => Tls::Implicit,
        },
    };
    let port = written.port.unwrap_or(match (tls, ports.submission) {
        (Tls::Implicit, _) => ports.implicit,
        (Tls::StartTls, Some(submission)) => submission,
        (Tls::StartTls | Tls::None, _) => ports.plain,
    });
    let insecure_plaintext = written.insecure_plaintext.unwrap_or(false);
    if tls == Tls::None && !is_loopback(&host) && !insecure_plaintext && !host.is_empty() {
        reading.wrong(
            &format!("{at}.tls"),
            format!(
                "\"none\" would send mails and password in plain text to {host}: use \"implicit\" or \"starttls\" (only if it must be: insecure_plaintext = true)"
            ),
        );
    }
    let ca_file = written.ca_file.as_deref().map(|path| beside(file, path));
    if let Some(path) = ca_file.as_ref().filter(|path| !path.is_file()) {
        reading.wrong(
            &format!("{at}.ca_file"),
            format!("no file {}", path.display()),
        );
    }
    Server {
        host,
        port,
        tls,
        login: login(reading, file, secrets, at, written),
        ca_file,
        insecure_plaintext,
    }
}

fn login(
    reading: &mut Reading,
    file: &Path,
    secrets: Secrets,
    at: &str,
    written: &written::Server,
) -> Option<Login> {
    let given = [
        ("password_file", &written.password_file),
        ("password_credential", &written.password_credential),
        ("oauth_token_file", &written.oauth_token_file),
    ];
    let mut given = given
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.as_deref()?)));
    let first = given.next();
    if let (Some((one, _)), Some((other, _))) = (first, given.next()) {
        reading.wrong(
            &format!("{at}.{other}"),
            format!("either {one} or {other}, not both"),
        );
    }
    let (user, (key, value)) = match (&written.user, first) {
        (Some(user), Some(first)) => (user.clone(), first),
        (None, None) => return None,
        (Some(_), None) => {
            reading.missing(
                &format!("{at}.password_file"),
                "user needs password_file, password_credential or oauth_token_file",
            );
            return None;
        }
        (None, Some((key, _))) => {
            reading.missing(&format!("{at}.user"), &format!("{key} needs a user"));
            return None;
        }
    };
    if secrets == Secrets::Leave {
        return Some(Login {
            user,
            credential: NO_CREDENTIAL,
        });
    }
    let path = match key {
        "password_credential" => secret::credential(value),
        _ => Ok(beside(file, value)),
    };
    let credential = path.and_then(|path| {
        let token = key == "oauth_token_file";
        let rights = if token {
            secret::Rights::GroupMayRead
        } else {
            secret::Rights::OwnerOnly
        };
        reading.warnings.extend(secret::judge(&path, rights)?);
        if token {
            Ok(Credential::TokenFile(path))
        } else {
            secret::read(&path).map(Credential::Password)
        }
    });
    match credential {
        Ok(credential) => Some(Login { user, credential }),
        Err(message) => {
            reading.wrong(&format!("{at}.{key}"), message);
            // Stands in, so that the missing login is not reported a second time.
            Some(Login {
                user,
                credential: NO_CREDENTIAL,
            })
        }
    }
}

/// The list that was written, empty without.
pub(super) fn list(written: Option<&written::Texts>) -> &[String] {
    written.map(written::Texts::list).unwrap_or_default()
}

fn delay(written: Option<Delay>, default: Option<Duration>) -> Option<Duration> {
    match written {
        // A delay is never negative: the reader refuses those.
        Some(delay) => delay.duration().and_then(|delay| delay.to_std().ok()),
        None => default,
    }
}

/// The address as written, or a problem.
pub(super) fn checked_address(
    reading: &mut Reading,
    path: &str,
    written: Option<&str>,
) -> Option<String> {
    match value::address(written?) {
        Ok(address) => Some(address),
        Err(message) => {
            reading.wrong(path, message);
            None
        }
    }
}
