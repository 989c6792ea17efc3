//! Reads the directory of people: a CSV file, as spreadsheets and LDAP exports write it.
//!
//! A row that is wrong is left out and told with its line: a directory is made by somebody else,
//! every night, and one bad row must not stop the desk.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::desk::directory::{Directory, Entry};
use crate::mail::text::fold_accents;

use super::value::address as mailbox;

/// Larger files are no directories, in bytes.
const LARGEST: u64 = 64 << 20;

/// The names that a column may have, folded.
const COLUMNS: &[(Column, &[&str])] = &[
    (
        Column::Mail,
        &[
            "mail",
            "email",
            "e-mail",
            "courriel",
            "mel",
            "adresse",
            "address",
            "adresse mail",
        ],
    ),
    (
        Column::Others,
        &[
            "autres adresses",
            "autres",
            "other addresses",
            "others",
            "alias",
            "aliases",
            "mailalternateaddress",
        ],
    ),
    (
        Column::Name,
        &[
            "nom",
            "name",
            "nom complet",
            "full name",
            "displayname",
            "cn",
        ],
    ),
    (
        Column::FirstName,
        &["prenom", "first name", "firstname", "givenname"],
    ),
    (
        Column::Phone,
        &["telephone", "tel", "phone", "telephonenumber", "poste"],
    ),
    (Column::Site, &["site", "campus", "lieu", "location"]),
    (
        Column::Service,
        &["service", "departement", "department", "ou"],
    ),
    (
        Column::Language,
        &["langue", "language", "preferredlanguage"],
    ),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Mail,
    Others,
    Name,
    FirstName,
    Phone,
    Site,
    Service,
    Language,
}

/// The file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryFile {
    /// Where it is.
    pub path: PathBuf,
    /// Rows that were left out, each with its line.
    pub mistakes: Vec<String>,
    /// What tells that it changed.
    pub stamp: Stamp,
}

/// Size and time of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    /// Of the file as it is now.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

/// Reads it.
///
/// # Errors
/// When nothing of it can be used: it is missing, too large, or has no column of addresses.
pub fn read(path: &Path) -> Result<(Directory, DirectoryFile), String> {
    let stamp = Stamp::of(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if stamp.size > LARGEST {
        return Err(format!("{}: too large for a directory", path.display()));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let (directory, mistakes) =
        parse(&text(&bytes)).map_err(|error| format!("{}: {error}", path.display()))?;
    let mistakes = mistakes
        .into_iter()
        .map(|(line, message)| format!("{}:{line}: {message}", path.display()))
        .collect();
    let file = DirectoryFile {
        path: path.to_owned(),
        mistakes,
        stamp,
    };
    Ok((directory, file))
}

/// UTF-8, else what French spreadsheets save.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

/// A row that was left out: its line, and why.
type Mistake = (u64, String);

fn parse(text: &str) -> Result<(Directory, Vec<Mistake>), String> {
    let first = text.lines().next().unwrap_or_default();
    let count = |sign: char| first.matches(sign).count();
    let delimiter = if count(';') > count(',') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let columns: Vec<Option<Column>> = headers.iter().map(column).collect();
    if !columns.contains(&Some(Column::Mail)) {
        return Err("line 1: no column \"mail\": the first line names the columns".to_owned());
    }
    let mut entries: Vec<Entry> = Vec::new();
    let mut known: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    let mut mistakes = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                mistakes.push((line, error.to_string()));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().all(str::is_empty) {
            continue;
        }
        match entry(&record, &columns, line, &mut known, &mut mistakes) {
            Ok(entry) => entries.push(entry),
            Err(message) => mistakes.push((line, message)),
        }
    }
    Ok((Directory::new(entries), mistakes))
}

fn column(header: &str) -> Option<Column> {
    let name = fold_accents(header);
    let name = name.trim();
    COLUMNS
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(column, _)| *column)
}

fn entry(
    record: &csv::StringRecord,
    columns: &[Option<Column>],
    line: u64,
    known: &mut std::collections::BTreeMap<String, u64>,
    mistakes: &mut Vec<Mistake>,
) -> Result<Entry, String> {
    if record.len() > columns.len() {
        return Err(format!(
            "{} columns where the first line names {}: a value with a separator needs quotes",
            record.len(),
            columns.len()
        ));
    }
    let cell = |wanted: Column| {
        columns
            .iter()
            .zip(record.iter())
            .find(|(column, text)| **column == Some(wanted) && !text.is_empty())
            .map(|(_, text)| text.to_owned())
    };
    let main = cell(Column::Mail).ok_or("no address")?;
    let main = mailbox(&main)?.to_lowercase();
    if let Some(earlier) = known.get(&main) {
        return Err(format!("{main} is on line {earlier} already"));
    }
    known.insert(main.clone(), line);
    let mut addresses = vec![main];
    let others = cell(Column::Others).unwrap_or_default();
    for other in others
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|'))
        .filter(|other| !other.is_empty())
    {
        match mailbox(other) {
            Err(message) => mistakes.push((line, message)),
            Ok(other) => {
                let other = other.to_lowercase();
                match known.get(&other) {
                    Some(earlier) if *earlier != line => {
                        mistakes.push((line, format!("{other} is on line {earlier} already")));
                    }
                    _ => {
                        known.insert(other.clone(), line);
                        if !addresses.contains(&other) {
                            addresses.push(other);
                        }
                    }
                }
            }
        }
    }
    let language = cell(Column::Language).map(|language| fold_accents(&language));
    let language = match language.as_deref() {
        None => None,
        Some("fr" | "francais" | "french") => Some("fr".to_owned()),
        Some("en" | "anglais" | "english") => Some("en".to_owned()),
        Some(other) => {
            mistakes.push((line, format!("language \"{other}\": fr or en is expected")));
            None
        }
    };
    let name = match (cell(Column::FirstName), cell(Column::Name)) {
        (Some(first), Some(last)) => Some(format!("{first} {last}")),
        (first, last) => last.or(first),
    };
    Ok(Entry {
        addresses,
        name,
        phone: cell(Column::Phone),
        site: cell(Column::Site),
        service: cell(Column::Service),
        language,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_french_spreadsheet() {
        let (directory, mistakes) = parse(
            "Courriel;Autres adresses;Prénom;Nom;Téléphone;Site;Service;Langue\n\
             jeanne.dupont@example.org;jdupont@example.org jeanne@labo.example.org;Jeanne;Dupont;02 31 56 55 10;Campus 2;\"Scolarité; bureau 3\";fr\n\
             \n\
             paul.petit@example.org;;Paul;Petit;;;;anglais\n",
        )
        .expect("a directory");
        assert_eq!(mistakes, []);
        assert_eq!(directory.len(), 2);
        let jeanne = directory.entry("jdupont@example.org").expect("known");
        assert_eq!(jeanne.name.as_deref(), Some("Jeanne Dupont"));
        assert_eq!(jeanne.service.as_deref(), Some("Scolarité; bureau 3"));
        assert_eq!(jeanne.addresses.len(), 3);
        let paul = directory.entry("paul.petit@example.org").expect("known");
        assert_eq!(paul.language.as_deref(), Some("en"));
    }

    #[test]
    fn a_bad_row_is_told_with_its_line_and_left_out() {
        let (directory, mistakes) = parse(
            "mail,name,language\n\
             a@example.org,Anne,fr\n\
             nobody,Nobody,fr\n\
             ,Nameless,fr\n\
             A@example.org,Anne again,fr\n\
             b@example.org,Bob,de\n\
             c@example.org,\"Cécile\",fr,too,many\n",
        )
        .expect("a directory");
        assert_eq!(directory.len(), 2, "Anne and Bob");
        let lines: Vec<u64> = mistakes.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7], "{mistakes:?}");
        assert!(mistakes[2].1.contains("line 2"), "{mistakes:?}");
    }

    #[test]
    fn without_a_column_of_addresses_it_is_no_directory() {
        parse("name,phone\nAnne,1\n").expect_err("no addresses");
        parse("").expect_err("empty");
    }

    #[test]
    fn latin_one_is_read_as_well() {
        assert_eq!(text(b"nom\nJos\xe9"), "nom\nJosé");
    }
}
