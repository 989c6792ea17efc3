//! Raw messages, by digest: the smaller ones in the database, the larger ones in files named after
//! their digest. A file is complete on the disk before any row speaks of it.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OptionalExtension, params};

use crate::fault;
use crate::mail::Digest;

/// Larger messages are kept in files: SQLite copies a blob whole, and backups of the database stay
/// small (bytes).
pub const KEPT_IN_DATABASE_BYTES: usize = 1 << 20;

/// The directory of the larger messages, `ab/cdef…`.
#[derive(Clone, Debug)]
pub(super) struct RawFiles {
    directory: PathBuf,
}

impl RawFiles {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.to_string();
        let (folder, name) = hex.split_at(2);
        self.directory.join(folder).join(name)
    }

    /// Keeps `bytes` in a file when they are large: written, synced, renamed, directory synced.
    pub(super) fn keep(&self, digest: &Digest, bytes: &[u8]) -> Result<()> {
        if bytes.len() <= KEPT_IN_DATABASE_BYTES {
            return Ok(());
        }
        let path = self.path(digest);
        if fs::metadata(&path).is_ok_and(|known| known.len() == bytes.len() as u64) {
            return Ok(());
        }
        let folder = path.parent().expect("the path has two parts below");
        create_directory(folder)?;
        // A process at a time writes one digest under this name; a leftover is overwritten.
        let written = folder.join(format!("{digest}.{}.part", std::process::id()));
        let context = || format!("writing {}", path.display());
        let mut file = File::create(&written).with_context(context)?;
        let whole = file
            .write_all(bytes)
            .and_then(|()| {
                fault::point("raw file", "written");
                file.sync_all()
            })
            .and_then(|()| {
                fault::point("raw file", "synced");
                fs::rename(&written, &path)
            })
            .and_then(|()| {
                fault::point("raw file", "renamed");
                sync_directory(folder)
            });
        if whole.is_err() {
            // Best effort: on a full disk the part is what fills it.
            let _ = fs::remove_file(&written);
        }
        whole.with_context(context)
    }

    /// The bytes of a digest; `None` when no row has it.
    pub(super) fn load(&self, connection: &Connection, digest: &Digest) -> Result<Option<Vec<u8>>> {
        let row = connection
            .prepare_cached(r"SELECT in_file, bytes FROM raw WHERE digest = ?1")?
            .query_row(params![digest.0], |row| {
                Ok((row.get::<_, bool>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()?;
        let Some((in_file, bytes)) = row else {
            return Ok(None);
        };
        if !in_file {
            return Ok(Some(bytes));
        }
        let path = self.path(digest);
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        ensure!(
            Digest::of(&bytes) == *digest,
            "{} is damaged: its digest is another",
            path.display()
        );
        Ok(Some(bytes))
    }
}

/// Writes the row of a message; its file, if it needs one, is there already.
pub(super) fn insert(connection: &Connection, digest: &Digest, bytes: &[u8]) -> Result<()> {
    let in_file = bytes.len() > KEPT_IN_DATABASE_BYTES;
    let kept = if in_file { &[] } else { bytes };
    connection
        .prepare_cached(
            r"INSERT INTO raw (digest, size, in_file, bytes) VALUES (?1, ?2, ?3, ?4)
              ON CONFLICT (digest) DO NOTHING",
        )?
        .execute(params![
            digest.0,
            super::number(bytes.len() as u64),
            in_file,
            kept
        ])?;
    Ok(())
}

/// Makes a directory, readable by its owner only, and its parents; new names are synced.
pub(super) fn create_directory(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let context = || format!("making the directory {}", path.display());
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        create_directory(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(context);
        }
        _ => {}
    }
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            sync_directory(parent).with_context(context)
        }
        _ => Ok(()),
    }
}

pub(super) fn sync_directory(path: &Path) -> std::io::Result<()> {
    File::open(path)?.sync_all()
}
