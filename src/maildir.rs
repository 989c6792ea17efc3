//! A Maildir folder as a place where mail comes from, or goes to: names, bytes, and `new/` → `cur/` once a mail is ours.
//! What was processed is not known here: a mail is the same mail whatever its flags, told by the part of its name
//! before `:`. Everything but [`Watch`] blocks; an async caller keeps it off its threads.
//!
//! The format: <https://cr.yp.to/proto/maildir.html>.

mod watch;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use rustix::fs::OFlags;

pub use watch::{Changed, Watch};

/// A Maildir whose three folders exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maildir {
    root: PathBuf,
}

/// Which of the folders a mail lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Delivered and seen by nobody.
    New,
    /// Seen by us or by a mail client.
    Cur,
}

/// A mail in the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What identifies the mail for as long as it is here: its file name without `:2,` and flags.
    pub name: String,
    /// Where it lies.
    pub place: Place,
    /// Its file name, flags included.
    pub file_name: String,
    /// Bytes.
    pub size: u64,
    /// When it was delivered: the time of its last change, which moving and flags leave alone.
    pub delivered: DateTime<Utc>,
}

/// What lies in the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Mails, oldest first.
    pub mails: Vec<Entry>,
    /// What is not read: file name (as readable as possible) and reason.
    pub skipped: Vec<(String, &'static str)>,
}

impl Maildir {
    /// Opens a Maildir; makes the folder and its `new`, `cur` and `tmp` where they are missing.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        for part in ["tmp", "new", "cur"] {
            let part = root.join(part);
            fs::create_dir_all(&part).map_err(|error| named(error, &part))?;
        }
        Ok(Self { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What was delivered and not filed yet. Cheap: filed mails are not looked at.
    pub fn list_new(&self) -> io::Result<Listing> {
        self.list(&[Place::New])
    }

    /// Everything, filed mails included: a mail client that has the folder open moves new mail to `cur/` before we
    /// see it.
    pub fn list_all(&self) -> io::Result<Listing> {
        self.list(&[Place::New, Place::Cur])
    }

    /// Reads a whole mail; `None` when it is gone. A mail that has grown beyond `limit` bytes is an error of kind
    /// [`io::ErrorKind::FileTooLarge`].
    pub fn read(&self, entry: &Entry, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(bytes) = self.read_head(entry, limit.saturating_add(1))? else {
            return Ok(None);
        };
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{} is larger than {limit} bytes", entry.file_name),
            ));
        }
        Ok(Some(bytes))
    }

    /// Reads the first `limit` bytes of a mail; `None` when it is gone.
    pub fn read_head(&self, entry: &Entry, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let path = self.path(entry.place, &entry.file_name);
        let file = match open_regular(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A mail client moved it or changed its flags since it was listed.
                let Some(moved) = self.find(&entry.name)? else {
                    return Ok(None);
                };
                open_regular(&self.path(moved.place, &moved.file_name))?
            }
            other => other?,
        };
        let mut bytes = Vec::new();
        file.take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| named(error, &path))?;
        Ok(Some(bytes))
    }

    /// Files a mail: to `cur/`, marked as seen. A mail that is gone is no error, somebody else took care of it.
    pub fn file(&self, entry: &Entry) -> io::Result<()> {
        let from = self.path(entry.place, &entry.file_name);
        let to = self.path(Place::Cur, &seen(&entry.file_name));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(|error| named(error, &from)),
        }
    }

    /// Watches for deliveries.
    pub fn watch(&self) -> Watch {
        Watch::new(&self.root)
    }

    fn list(&self, places: &[Place]) -> io::Result<Listing> {
        let mut listing = Listing::default();
        for &place in places {
            let folder = self.root.join(place.folder());
            for file in fs::read_dir(&folder).map_err(|error| named(error, &folder))? {
                let file = file.map_err(|error| named(error, &folder))?;
                match entry(place, &file) {
                    Ok(Some(entry)) => listing.mails.push(entry),
                    Ok(None) => {}
                    Err(why) => {
                        let name = file.file_name().to_string_lossy().into_owned();
                        listing.skipped.push((name, why));
                    }
                }
            }
        }
        listing
            .mails
            .sort_by(|a, b| (a.delivered, &a.name).cmp(&(b.delivered, &b.name)));
        Ok(listing)
    }

    fn find(&self, name: &str) -> io::Result<Option<Entry>> {
        let mails = self.list_all()?.mails;
        Ok(mails.into_iter().find(|entry| entry.name == name))
    }

    fn path(&self, place: Place, file_name: &str) -> PathBuf {
        self.root.join(place.folder()).join(file_name)
    }
}

impl Place {
    fn folder(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cur => "cur",
        }
    }
}

/// Delivers a message into a Maildir, which is made when it is missing: `tmp/`, fsync, `new/`, fsync. Returns the name of
/// the file; when this returns, the message survives a power cut.
pub fn deliver(root: &Path, message: &[u8]) -> io::Result<String> {
    let maildir = Maildir::open(root)?;
    let name = unique_name();
    let draft = maildir.root.join("tmp").join(&name);
    let written = write_new(&draft, message).and_then(|()| {
        let path = maildir.path(Place::New, &name);
        fs::rename(&draft, &path).map_err(|error| named(error, &path))
    });
    if let Err(error) = written {
        // What is left in tmp/ is nobody's mail; the first error is the one to tell.
        let _ = fs::remove_file(&draft);
        return Err(error);
    }
    let new = maildir.root.join("new");
    File::open(&new)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| named(error, &new))?;
    Ok(name)
}

fn write_new(path: &Path, message: &[u8]) -> io::Result<()> {
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o660)
            .open(path)?;
        file.write_all(message)?;
        file.sync_all()
    };
    write().map_err(|error| named(error, path))
}

/// Unique by time, process, count and host: several machines may share the folder.
fn unique_name() -> String {
    static DELIVERIES: AtomicU64 = AtomicU64::new(0);
    let count = DELIVERIES.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let process = std::process::id();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim().replace(['/', ':'], "_");
    format!(
        "{}.M{}P{process}Q{count}.{host}",
        now.as_secs(),
        now.subsec_micros()
    )
}

/// `Ok(None)` for what is no mail by the rules of the format; an error says why a file is passed over.
fn entry(place: Place, file: &fs::DirEntry) -> Result<Option<Entry>, &'static str> {
    let file_name = file
        .file_name()
        .into_string()
        .map_err(|_| "its name is not UTF-8")?;
    if file_name.starts_with('.') {
        return Ok(None);
    }
    let facts = match file.metadata() {
        Ok(facts) => facts,
        // Moved on while we were listing.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err("it cannot be examined"),
    };
    if facts.is_symlink() {
        return Err("it is a symbolic link");
    }
    if !facts.is_file() {
        return Err("it is not a file");
    }
    let (name, _) = split_flags(&file_name);
    if name.is_empty() {
        return Err("it has no name before its flags");
    }
    Ok(Some(Entry {
        name: name.to_owned(),
        place,
        size: facts.len(),
        delivered: facts.modified().map(DateTime::from).unwrap_or_default(),
        file_name,
    }))
}

fn split_flags(file_name: &str) -> (&str, &str) {
    match file_name.split_once(":2,") {
        Some((name, flags)) => (name, flags),
        None => (file_name.split(':').next().unwrap_or(file_name), ""),
    }
}

/// The file name with the flag S among its flags, which are in alphabetical order.
fn seen(file_name: &str) -> String {
    let (name, flags) = split_flags(file_name);
    let mut flags: Vec<char> = flags.chars().chain(['S']).collect();
    flags.sort_unstable();
    flags.dedup();
    format!("{name}:2,{}", flags.into_iter().collect::<String>())
}

/// A file that was exchanged for a link or a pipe since it was listed is not followed, and opening it does not hang.
fn open_regular(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|error| named(error, path))?;
    let facts = file.metadata().map_err(|error| named(error, path))?;
    if !facts.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "it is not a file");
        return Err(named(error, path));
    }
    Ok(file)
}

fn named(error: io::Error, path: &Path) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maildir() -> (tempfile::TempDir, Maildir) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let maildir = Maildir::open(folder.path().join("in")).expect("made");
        (folder, maildir)
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("a folder")
            .map(|file| {
                file.expect("readable")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_mail_is_delivered_read_and_filed() {
        let (_folder, maildir) = maildir();
        let name = deliver(maildir.root(), b"Subject: panne\n\nhello\r\n").expect("delivered");
        assert_eq!(names(&maildir.root().join("tmp")), Vec::<String>::new());

        let listing = maildir.list_new().expect("listed");
        let [entry] = listing.mails.as_slice() else {
            panic!("one mail: {listing:?}");
        };
        assert_eq!((entry.name.as_str(), entry.size), (name.as_str(), 23));
        let bytes = maildir.read(entry, 100).expect("readable");
        assert_eq!(
            bytes.as_deref(),
            Some(b"Subject: panne\n\nhello\r\n".as_slice())
        );

        maildir.file(entry).expect("filed");
        assert!(maildir.list_new().expect("listed").mails.is_empty());
        assert_eq!(names(&maildir.root().join("cur")), [format!("{name}:2,S")]);
        let all = maildir.list_all().expect("listed").mails;
        assert_eq!(
            all.first().map(|entry| &entry.name),
            Some(&name),
            "the same mail"
        );
        maildir
            .file(entry)
            .expect("filing what is filed is no error");
    }

    #[test]
    fn a_reader_that_was_faster_costs_nothing() {
        let (_folder, maildir) = maildir();
        let name = deliver(maildir.root(), b"x").expect("delivered");
        let listing = maildir.list_new().expect("listed");
        let entry = listing.mails.first().expect("one mail");
        let read_by_somebody = maildir.root().join("cur").join(format!("{name}:2,RS"));
        fs::rename(maildir.root().join("new").join(&name), read_by_somebody).expect("moved");

        let bytes = maildir.read(entry, 10).expect("found in cur/");
        assert_eq!(bytes.as_deref(), Some(b"x".as_slice()));
        let all = maildir.list_all().expect("listed").mails;
        let moved = all.first().expect("one mail");
        maildir.file(moved).expect("filed");
        assert_eq!(names(&maildir.root().join("cur")), [format!("{name}:2,RS")]);
    }

    #[test]
    fn odd_files_are_skipped_with_a_reason() {
        let (folder, maildir) = maildir();
        let new = maildir.root().join("new");
        let secret = folder.path().join("secret");
        fs::write(&secret, "not a mail").expect("written");
        std::os::unix::fs::symlink(&secret, new.join("link")).expect("linked");
        fs::create_dir(new.join("folder")).expect("made");
        fs::write(new.join(".hidden"), "x").expect("written");
        fs::write(new.join(":2,S"), "x").expect("written");

        let listing = maildir.list_all().expect("listed");
        assert_eq!(listing.mails, []);
        let mut skipped: Vec<_> = listing
            .skipped
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        skipped.sort_unstable();
        assert_eq!(skipped, [":2,S", "folder", "link"]);

        let mut entry = Entry {
            name: "link".to_owned(),
            place: Place::New,
            file_name: "link".to_owned(),
            size: 1,
            delivered: DateTime::UNIX_EPOCH,
        };
        assert!(
            maildir.read(&entry, 100).is_err(),
            "a link is never followed"
        );
        entry.file_name = "folder".to_owned();
        assert!(maildir.read(&entry, 100).is_err());
    }

    #[test]
    fn a_large_mail_is_read_as_far_as_wanted() {
        let (_folder, maildir) = maildir();
        deliver(maildir.root(), &[b'x'; 1000]).expect("delivered");
        let listing = maildir.list_new().expect("listed");
        let entry = listing.mails.first().expect("one mail");
        let error = maildir.read(entry, 999).expect_err("too large");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert!(maildir.read(entry, 1000).is_ok());
        let head = maildir.read_head(entry, 10).expect("readable");
        assert_eq!(head, Some(vec![b'x'; 10]));
    }

    #[test]
    fn flags_are_kept_and_sorted() {
        assert_eq!(seen("1.a.host"), "1.a.host:2,S");
        assert_eq!(seen("1.a.host,S=12:2,RT"), "1.a.host,S=12:2,RST");
        assert_eq!(seen("1.a.host:2,S"), "1.a.host:2,S");
    }

    #[test]
    fn oldest_mails_come_first() {
        let (_folder, maildir) = maildir();
        for (name, age) in [("b", 30), ("a", 10), ("c", 20)] {
            let path = maildir.root().join("new").join(name);
            fs::write(&path, name).expect("written");
            let then = SystemTime::now() - std::time::Duration::from_secs(age);
            let file = File::options().append(true).open(&path).expect("open");
            file.set_modified(then).expect("dated");
        }
        let mails = maildir.list_new().expect("listed").mails;
        let order: Vec<_> = mails.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(order, ["b", "c", "a"]);
    }
}
