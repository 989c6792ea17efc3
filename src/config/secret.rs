//! Secrets: read from files that nobody else can read, printed as `***`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context;
use ring::rand::SecureRandom;

use crate::token::{KEY_BYTES, Keys};

/// Systemd puts `LoadCredential=` files here, readable by the unit alone.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";

/// A password.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the one who logs in.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Who else may read a secret file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Nobody.
    OwnerOnly,
    /// The group: another program of the group renews it.
    GroupMayRead,
}

/// Bits that let others change a file: then it proves nothing, and is refused.
const CHANGED_BY_OTHERS: u32 = 0o022;

/// Judges the rights of a secret file. `Ok` with a sentence: others can read it, which `check`
/// reports and `run` logs; a desk that stops answering over it would be the greater harm.
///
/// # Errors
/// A sentence that says what is wrong, with the remedy: it is no file, or others can change it.
/// It never tells the contents.
pub fn judge(path: &Path, rights: Rights) -> Result<Option<String>, String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is not a file"));
    }
    let (unwanted, wanted) = match rights {
        Rights::OwnerOnly => (0o077, "600"),
        Rights::GroupMayRead => (0o027, "640"),
    };
    let mode = metadata.mode() & 0o777;
    if mode & unwanted == 0 || is_credential(path) {
        return Ok(None);
    }
    if mode & CHANGED_BY_OTHERS != 0 {
        return Err(format!(
            "{shown} can be changed by others (mode {mode:03o}): chmod {wanted} {shown}"
        ));
    }
    Ok(Some(format!(
        "{shown} can be read by others (mode {mode:03o}): chmod {wanted} {shown}"
    )))
}

/// Reads a password file: its first line, without the line end.
///
/// # Errors
/// A sentence that says what is wrong, with the remedy. It never tells the contents.
pub fn read(path: &Path) -> Result<Secret, String> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    Ok(Secret::new(line.to_owned()))
}

/// The file of a systemd credential.
///
/// # Errors
/// A sentence, when the program was not started by systemd with credentials.
pub fn credential(name: &str) -> Result<PathBuf, String> {
    if name.contains('/') || name.starts_with('.') {
        return Err(format!("\"{name}\" is not the name of a credential"));
    }
    let directory = std::env::var_os(CREDENTIALS_VARIABLE).ok_or_else(|| {
        format!(
            "credentials are given by systemd (LoadCredential={name}:/path), and ${CREDENTIALS_VARIABLE} is not set; use password_file elsewhere"
        )
    })?;
    Ok(Path::new(&directory).join(name))
}

/// The signing keys of this instance, when they were made already.
///
/// # Errors
/// When the file is there and is not good.
pub fn existing_keys(path: &Path) -> anyhow::Result<Option<Keys>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("reading the key file {}", path.display()));
        }
    };
    if let Some(exposed) = judge(path, Rights::OwnerOnly).map_err(anyhow::Error::msg)? {
        tracing::warn!("{exposed}");
    }
    let keys = Keys::parse(&text)
        .map_err(anyhow::Error::msg)
        .with_context(|| format!("reading the key file {}", path.display()))?;
    Ok(Some(keys))
}

/// The signing keys of this instance; made on first start, mode 0600.
///
/// # Errors
/// When the file is not good or cannot be made.
pub fn keys(path: &Path) -> anyhow::Result<Keys> {
    if let Some(keys) = existing_keys(path)? {
        return Ok(keys);
    }
    let making = || format!("making the key file {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(making)?;
    }
    let mut random = [0; KEY_BYTES];
    ring::rand::SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| anyhow::anyhow!("no random numbers"))
        .with_context(making)?;
    let text = Keys::file_text(&random);
    // Written beside and linked into place: a key file is whole or absent, and of two programs
    // that start together one makes it and the other reads it.
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| match std::fs::hard_link(&beside, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        });
    // Only litter if it fails: what counts is whether the key file is there now.
    let _ = std::fs::remove_file(&beside);
    written.with_context(making)?;
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        std::fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .with_context(making)?;
    }
    existing_keys(path)?.with_context(making)
}

fn is_credential(path: &Path) -> bool {
    std::env::var_os(CREDENTIALS_VARIABLE)
        .is_some_and(|directory| !directory.is_empty() && path.starts_with(directory))
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    let shown = path.display();
    match error.kind() {
        ErrorKind::NotFound => format!("no file {shown}"),
        ErrorKind::PermissionDenied => format!("{shown} cannot be read by this user"),
        _ => format!("{shown}: {error}"),
    }
}
