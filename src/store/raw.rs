//! Raw messages, by digest: the smaller ones in the database, the larger ones in files named after
//! their digest. A file is complete on the disk before any row speaks of it. Rows are compressed where
//! that saves something; what comes back is compared with its digest.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, ensure};
use rusqlite::{Connection, OptionalExtension, params};

use crate::fault;
use crate::mail::Digest;

/// Larger messages are kept in files (bytes): SQLite writes each page twice, into its log and from there
/// to its place, and backups of the database stay small.
pub const KEPT_IN_DATABASE_BYTES: usize = 256 << 10;

/// Rows of earlier versions hold messages of up to this size (bytes).
const LARGEST_ROW_BYTES: usize = 1 << 20;

/// Files that this process began to write.
static WRITTEN: AtomicU64 = AtomicU64::new(0);

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

    /// Makes the row of a message; a large one is in its file afterwards, and no longer in memory.
    pub(super) fn keep(&self, bytes: Vec<u8>) -> Result<Row> {
        let digest = Digest::of(&bytes);
        let size = bytes.len();
        let kept = if size > KEPT_IN_DATABASE_BYTES {
            self.write_file(&digest, &bytes)?;
            Kept::InFile
        } else {
            packed(&bytes).map_or(Kept::AsIs(bytes), Kept::Packed)
        };
        Ok(Row { digest, size, kept })
    }

    /// Keeps `bytes` in a file: written, synced, renamed, directory synced.
    pub(super) fn write_file(&self, digest: &Digest, bytes: &[u8]) -> Result<()> {
        let path = self.path(digest);
        let folder = path.parent().expect("the path has two parts below");
        let context = || format!("writing {}", path.display());
        if fs::metadata(&path).is_ok_and(|known| known.len() == bytes.len() as u64) {
            // Whoever wrote it may be about to sync the name.
            return sync_directory(folder).with_context(context);
        }
        create_directory(folder)?;
        // Several may write the same bytes at once, each under a name of its own; a leftover of an
        // earlier process is overwritten.
        let (process, number) = (std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed));
        let written = folder.join(format!("{digest}.{process}.{number}.part"));
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
            .prepare_cached(r"SELECT in_file, packed, size, bytes FROM raw WHERE digest = ?1")?
            .query_row(params![digest.0], |row| {
                let in_file: bool = row.get(0)?;
                let packed: bool = row.get(1)?;
                Ok((in_file, packed, row.get(2)?, row.get::<_, Vec<u8>>(3)?))
            })
            .optional()?;
        let (bytes, place) = match row {
            None => return Ok(None),
            Some((true, _, _, _)) => {
                let path = self.path(digest);
                let bytes = fs::read(&path);
                let place = path.display().to_string();
                (bytes.with_context(|| format!("reading {place}"))?, place)
            }
            Some((false, true, size, packed)) => {
                let place = format!("message {digest}");
                let size = usize::try_from(super::count(size))?.min(LARGEST_ROW_BYTES);
                let bytes = lz4_flex::block::decompress(&packed, size);
                (bytes.with_context(|| format!("{place} is damaged"))?, place)
            }
            Some((false, false, _, bytes)) => return Ok(Some(bytes)),
        };
        ensure!(
            Digest::of(&bytes) == *digest,
            "{place} is damaged: its digest is another"
        );
        Ok(Some(bytes))
    }
}

/// A message on its way into the database.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) digest: Digest,
    /// Bytes of the message as it came.
    size: usize,
    kept: Kept,
}

/// How the bytes of a message are kept.
#[derive(Debug)]
enum Kept {
    InFile,
    Packed(Vec<u8>),
    AsIs(Vec<u8>),
}

/// Compressed bytes, when that saves a sixteenth: base64 is kept as it is.
fn packed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packed = lz4_flex::block::compress(bytes);
    if packed.len() > bytes.len() - bytes.len() / 16 {
        return None;
    }
    packed.shrink_to_fit();
    Some(packed)
}

/// Writes the row of a message, unless there is one; returns its number.
pub(super) fn insert(connection: &Connection, row: &Row) -> Result<i64> {
    let kept = match &row.kept {
        Kept::InFile => &[],
        Kept::Packed(bytes) | Kept::AsIs(bytes) => bytes.as_slice(),
    };
    let written = connection
        .prepare_cached(
            r"INSERT INTO raw (digest, size, in_file, packed, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
              ON CONFLICT (digest) DO NOTHING",
        )?
        .execute(params![
            row.digest.0,
            super::number(row.size as u64),
            matches!(row.kept, Kept::InFile),
            matches!(row.kept, Kept::Packed(_)),
            kept
        ])?;
    if written == 1 {
        return Ok(connection.last_insert_rowid());
    }
    Ok(connection
        .prepare_cached(r"SELECT id FROM raw WHERE digest = ?1")?
        .query_row(params![row.digest.0], |row| row.get(0))?)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A database of one table, and what comes back of `bytes`.
    fn kept(bytes: &[u8], damage: &str) -> Result<(bool, Vec<u8>)> {
        let directory = tempfile::tempdir().expect("a directory");
        let files = RawFiles::new(directory.path().join("raw"));
        let connection = Connection::open_in_memory().expect("a database");
        connection
            .execute_batch(
                r"CREATE TABLE raw (id INTEGER PRIMARY KEY, digest BLOB UNIQUE, size INTEGER,
                                    in_file INTEGER, packed INTEGER, bytes BLOB)",
            )
            .expect("a table");
        let row = files.keep(bytes.to_vec()).expect("kept");
        insert(&connection, &row).expect("written");
        connection.execute_batch(damage).expect("damaged");
        let packed = connection
            .query_row("SELECT packed FROM raw", [], |row| row.get(0))
            .expect("a row");
        let loaded = files.load(&connection, &row.digest)?.expect("known");
        Ok((packed, loaded))
    }

    #[test]
    fn what_is_compressed_comes_back_as_it_was() {
        let text = "From: a@example.org\r\n\r\nBonjour, le vidéoprojecteur est en panne.\r\n";
        for (bytes, is_packed) in [
            (text.repeat(50).into_bytes(), true),
            (vec![0xFF; KEPT_IN_DATABASE_BYTES], true),
            (vec![0x20; KEPT_IN_DATABASE_BYTES + 1], false),
            (b"x".to_vec(), false),
            (Vec::new(), false),
        ] {
            let (packed, loaded) = kept(&bytes, "").expect("readable");
            assert!(loaded == bytes, "{} bytes came back other", bytes.len());
            assert_eq!(packed, is_packed, "{} bytes", bytes.len());
        }
    }

    #[test]
    fn a_damaged_row_says_so() {
        let bytes = "Bonjour, le vidéoprojecteur est en panne. ".repeat(50);
        for damage in [
            "UPDATE raw SET bytes = substr(bytes, 1, 20)",
            "UPDATE raw SET bytes = CAST(substr(bytes, 1, 5) || x'43' || substr(bytes, 7) AS BLOB)",
            "UPDATE raw SET size = size - 1",
            "UPDATE raw SET bytes = x''",
        ] {
            let why = kept(bytes.as_bytes(), damage).expect_err(damage);
            assert!(format!("{why:#}").contains("is damaged"), "{why:#}");
        }
    }
}
