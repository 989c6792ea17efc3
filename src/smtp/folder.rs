//! Mail into folders: a Maildir per recipient under one root, for the demo and for trying things
//! out. A file is named after its outbox row, so a mail that is delivered again after a crash
//! takes the place of its first copy. Blocking; `pool` runs it off the async threads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use data_encoding::HEXLOWER;

use super::Outcome;
use super::{Envelope, address};

/// File systems allow 255 bytes; what is longer is cut and told apart by a digest.
const LONGEST_NAME: usize = 200;

/// Writes the mail, durably: in `tmp/`, synced, moved to `new/`, the directory synced.
pub(super) fn deliver(root: &Path, envelope: &Envelope) -> Outcome {
    if let Err(refusal) = address::check(&envelope.from, &envelope.to) {
        return refusal;
    }
    let name = folder_name(&envelope.to);
    match write(&root.join(&name), &file_name(envelope.id), &envelope.bytes) {
        Ok(()) => Outcome::Sent {
            answer: format!("250 written to the folder {name}"),
        },
        Err(error) => Outcome::Later(format!("writing to the folder {name}: {error}")),
    }
}

/// Whether mail can be written below `root`, in words; makes nothing.
///
/// # Errors
/// When it cannot.
pub(super) fn check(root: &Path) -> anyhow::Result<String> {
    let shown = root.display();
    // What is not there yet is made with the first mail, below what is.
    let mut above = root.ancestors().map(|folder| match folder {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    });
    let there = above.find(|folder| folder.exists());
    let there = there.with_context(|| format!("{shown}: no folder above it exists"))?;
    ensure!(there.is_dir(), "{} is not a folder", there.display());
    let rights = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(there, rights).with_context(|| format!("writing in {}", there.display()))?;
    Ok(match there == root {
        true => format!("folders in {shown}"),
        false => format!("folders in {shown}, which is made with the first mail"),
    })
}

/// The folder of an address: the address in lower case, where a character that a file system or a
/// shell could take amiss is `%` and its hexadecimal value.
fn folder_name(address: &str) -> String {
    let mut name = String::with_capacity(address.len());
    for (index, byte) in address.to_lowercase().bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'@' | b'_' | b'-' | b'+')
            // No hidden folder, no "..": a dot is plain behind something else.
            || (byte == b'.' && index > 0);
        if plain {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02x}"));
        }
    }
    if name.len() > LONGEST_NAME {
        let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
        let digest = HEXLOWER.encode(digest.as_ref());
        // All ASCII by now, so any index is between characters.
        name.truncate(LONGEST_NAME - 17);
        name.push('~');
        name.extend(digest.chars().take(16));
    }
    name
}

fn file_name(id: i64) -> String {
    format!("{id:012}.guichet")
}

fn write(maildir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let [tmp, new, cur] = ["tmp", "new", "cur"].map(|part| maildir.join(part));
    let is_first = !maildir.exists();
    for folder in [&tmp, &new, &cur] {
        fs::create_dir_all(folder)?;
    }
    if is_first {
        // The folders are entries that a power cut must not take either.
        File::open(maildir)?.sync_all()?;
        if let Some(root) = maildir.parent() {
            File::open(root)?.sync_all()?;
        }
    }
    if is_already_read(&cur, name)? {
        return Ok(());
    }
    let draft = tmp.join(name);
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&draft, new.join(name))?;
    File::open(&new)?.sync_all()
}

/// A mail client that saw the first copy moved it to `cur/` and gave it flags (`:2,S`).
fn is_already_read(cur: &Path, name: &str) -> io::Result<bool> {
    for entry in fs::read_dir(cur)? {
        let found = entry?.file_name();
        let found = found.to_string_lossy();
        if found.split(':').next() == Some(name) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_makes_no_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("out/mails");
        let said = check(&root).expect("it can be made");
        assert!(said.ends_with("made with the first mail"), "{said}");
        assert!(!folder.path().join("out").exists());
        fs::write(folder.path().join("out"), "").expect("writable");
        let said = check(&root).expect_err("a file is in the way").to_string();
        assert!(said.ends_with("out is not a folder"), "{said}");
    }

    #[test]
    fn folder_names_are_safe_and_different() {
        assert_eq!(folder_name("Alice@Example.org"), "alice@example.org");
        assert_eq!(folder_name("a+b_c-d@x.org"), "a+b_c-d@x.org");
        assert_eq!(folder_name("../../etc/x@y"), "%2e.%2f..%2fetc%2fx@y");
        assert_eq!(folder_name(".hidden@y"), "%2ehidden@y");
        assert_eq!(folder_name("a%2fb@y"), "a%252fb@y");
        assert_eq!(folder_name("é@y"), "%c3%a9@y");
        let long = |tail| folder_name(&format!("{}{tail}@y", "é".repeat(100)));
        assert_ne!(long('a'), long('b'));
        assert!(long('a').len() <= LONGEST_NAME);
    }
}
