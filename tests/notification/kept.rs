//! What mails look like.

use guichet::desk::Kind;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::desk::*;
use crate::reading::*;

/// The mails of `fixtures/notifications/`, whole. `UPDATE_EXPECT=1` writes them anew; `SHOW=folder`
/// puts their HTML there, to be looked at.
#[test]
fn mails_read_as_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/notifications");
    let shown = std::env::var_os("SHOW").map(PathBuf::from);
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut bare = notice(Kind::Acknowledgement, "fr");
    bare.bare = true;
    let mut cases = vec![("fr-acknowledgement-bare".to_owned(), bare)];
    for language in LANGUAGES {
        for kind in Kind::ALL {
            let name = format!("{language}-{}", kind.as_str());
            cases.push((name, notice(kind, language)));
        }
    }
    let mut different = Vec::new();
    let mut kept = BTreeSet::new();
    for (name, notice) in cases {
        let outgoing = write(&notice);
        let mail = read(&outgoing);
        let mut seen = String::new();
        seen.push_str(&format!("Envelope-From: {}\n", outgoing.envelope_from));
        seen.push_str(&format!("Envelope-To: {}\n", outgoing.envelope_to));
        for (name, value) in &mail.headers {
            let value = if name == "Subject" {
                &mail.subject
            } else {
                value
            };
            seen.push_str(&format!("{name}: {value}\n"));
        }
        for (name, kind, bytes) in &mail.files {
            seen.push_str(&format!("File: {name} ({kind}, {} bytes)\n", bytes.len()));
        }
        seen.push_str(&format!("\n{}\n", mail.text));
        if let Some(shown) = &shown {
            std::fs::write(shown.join(format!("{name}.html")), &mail.html).expect("written");
        }
        let path = folder.join(format!("{name}.txt"));
        kept.insert(path.clone());
        if update {
            std::fs::create_dir_all(&folder).expect("created");
            std::fs::write(&path, &seen).expect("written");
        } else if std::fs::read_to_string(&path).ok().as_deref() != Some(seen.as_str()) {
            different.push(format!("--- {}\n{seen}", path.display()));
        }
    }
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        assert!(kept.contains(&path), "{} is nobody's", path.display());
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
