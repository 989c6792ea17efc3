//! Names of folders: what an operator writes (`Support/Traités`) and what the server wants to hear
//! (`INBOX.Support.Trait&AOk-s`). Asking the server about them is left to the session.

use unicode_normalization::UnicodeNormalization;

/// A folder whose name was translated for one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    pub(super) wire: String,
    pub(super) shown: String,
}

impl Folder {
    /// The name on the wire: prefix, delimiter, modified UTF-7.
    pub fn wire(&self) -> &str {
        &self.wire
    }

    /// The name as configured.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// How a server arranges its folders (RFC 2342).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Namespace {
    /// Prefix of the user's own folders, as on the wire; commonly empty or `INBOX.`.
    pub prefix: String,
    /// What separates the levels; `None` on a server without levels.
    pub delimiter: Option<char>,
    /// Prefixes of other people's and shared folders: names that already start so are left alone.
    pub others: Vec<String>,
}

impl Namespace {
    /// Reads `* NAMESPACE (("INBOX." ".")) NIL NIL`. `None` when it is not that.
    pub(super) fn read(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("* ")?;
        let (word, rest) = rest.split_at_checked("NAMESPACE ".len())?;
        if !word.eq_ignore_ascii_case("NAMESPACE ") {
            return None;
        }
        let mut namespace = Self::default();
        for (group, prefix, delimiter) in entries(rest)? {
            if group > 0 {
                namespace.others.push(prefix);
            } else if namespace.delimiter.is_none() && namespace.prefix.is_empty() {
                namespace.prefix = prefix;
                namespace.delimiter = delimiter;
            } else {
                namespace.others.push(prefix);
            }
        }
        namespace.others.retain(|prefix| !prefix.is_empty());
        Some(namespace)
    }

    /// Translates a configured name. The error says what is wrong with the name.
    pub(super) fn folder(&self, name: &str) -> Result<Folder, String> {
        let folder = |wire: String| Folder {
            wire,
            shown: name.to_owned(),
        };
        if name.eq_ignore_ascii_case("INBOX") {
            return Ok(folder("INBOX".to_owned()));
        }
        if name.chars().any(|c| c.is_control() || c == '*' || c == '%') {
            return Err(format!(
                "{name:?} is no name for a folder: control characters, * and % are not possible"
            ));
        }
        let levels: Vec<String> = name
            .split('/')
            // Some keyboards write é as e and an accent; servers hold that for another folder.
            .map(|level| utf7_imap::encode_utf7_imap(level.nfc().collect()))
            .collect();
        if levels.iter().any(String::is_empty) {
            return Err(format!(
                "{name:?} is no name for a folder: a level is empty"
            ));
        }
        let joined = match (self.delimiter, levels.as_slice()) {
            (_, [only]) => only.clone(),
            (Some(delimiter), _) => levels.join(&delimiter.to_string()),
            (None, _) => {
                return Err(format!(
                    "{name:?} has levels, and the server knows no folders within folders"
                ));
            }
        };
        let prefixes = self.others.iter().chain([&self.prefix]);
        if prefixes
            .filter(|prefix| !prefix.is_empty())
            .any(|prefix| starts_like(&joined, prefix))
        {
            return Ok(folder(joined));
        }
        Ok(folder(format!("{}{joined}", self.prefix)))
    }
}

/// A string between quotes (RFC 3501 `quoted`). The caller knows that it holds no line end.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// INBOX is the one name whose case does not matter.
fn starts_like(name: &str, prefix: &str) -> bool {
    name.starts_with(prefix)
        || (prefix
            .get(..5)
            .is_some_and(|p| p.eq_ignore_ascii_case("INBOX"))
            && name
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// The entries of a NAMESPACE answer: number of the group, prefix, delimiter. Extensions (deeper
/// parentheses, further strings) are passed over.
fn entries(text: &str) -> Option<Vec<(usize, String, Option<char>)>> {
    let mut entries = Vec::new();
    let (mut group, mut depth) = (0, 0);
    let mut strings: Vec<String> = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '(' => {
                depth += 1;
                if depth == 2 {
                    strings.clear();
                }
            }
            ')' => {
                if depth == 2 {
                    let mut parts = strings.drain(..);
                    let prefix = parts.next()?;
                    entries.push((group, prefix, parts.next().and_then(|d| d.chars().next())));
                }
                depth -= 1;
                if depth == 0 {
                    group += 1;
                }
            }
            '"' => {
                let mut string = String::new();
                loop {
                    match rest.next()? {
                        '"' => break,
                        '\\' => string.push(rest.next()?),
                        other => string.push(other),
                    }
                }
                if depth == 2 {
                    strings.push(string);
                }
            }
            'N' | 'n' if depth == 0 => group += 1,
            'N' | 'n' if depth == 2 => strings.push(String::new()),
            _ => {}
        }
    }
    (depth == 0).then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(namespace: &str, name: &str) -> String {
        Namespace::read(namespace)
            .expect("a NAMESPACE answer")
            .folder(name)
            .map_or_else(|why| why, |folder| folder.wire)
    }

    const CYRUS: &str = r#"* NAMESPACE (("INBOX." ".")) (("user." ".")) (("" "."))"#;
    const PLAIN: &str = r#"* NAMESPACE (("" "/")) NIL NIL"#;
    const SHARED: &str =
        r#"* namespace (("" "/" "X-PARAM" ("FLAG1" "FLAG2"))) NIL (("Partagés/" "/"))"#;

    #[test]
    fn the_prefix_and_the_delimiter_are_the_server_s() {
        assert_eq!(wire(CYRUS, "Traités"), "INBOX.Trait&AOk-s");
        assert_eq!(wire(CYRUS, "Support/Traités"), "INBOX.Support.Trait&AOk-s");
        assert_eq!(wire(PLAIN, "Support/Traités"), "Support/Trait&AOk-s");
    }

    #[test]
    fn a_prefix_that_was_written_is_not_doubled() {
        assert_eq!(wire(CYRUS, "INBOX/Traités"), "INBOX.Trait&AOk-s");
        assert_eq!(wire(CYRUS, "Inbox.Traités"), "Inbox.Trait&AOk-s");
        assert_eq!(wire(CYRUS, "user/camille/Support"), "user.camille.Support");
        assert_eq!(wire(PLAIN, "INBOX/Traités"), "INBOX/Trait&AOk-s");
    }

    #[test]
    fn the_inbox_is_the_inbox() {
        assert_eq!(wire(CYRUS, "inbox"), "INBOX");
        assert_eq!(wire(PLAIN, "INBOX"), "INBOX");
    }

    #[test]
    fn an_ampersand_and_other_scripts_survive() {
        assert_eq!(wire(PLAIN, "R&D"), "R&-D");
        assert_eq!(wire(PLAIN, "台北"), "&U,BTFw-");
        assert_eq!(wire(PLAIN, "A/é/B"), "A/&AOk-/B");
        assert_eq!(wire(PLAIN, "Traite\u{301}s"), "Trait&AOk-s");
    }

    #[test]
    fn extensions_of_the_answer_are_passed_over() {
        assert_eq!(wire(SHARED, "Traités"), "Trait&AOk-s");
    }

    #[test]
    fn impossible_names_are_refused() {
        assert!(wire(PLAIN, "a//b").contains("a level is empty"));
        assert!(wire(PLAIN, "a\r\nb").contains("control characters"));
        assert!(wire(PLAIN, "a*").contains("not possible"));
        let flat = r#"* NAMESPACE (("" NIL)) NIL NIL"#;
        assert!(wire(flat, "a/b").contains("no folders within folders"));
        assert_eq!(wire(flat, "Traités"), "Trait&AOk-s");
    }

    #[test]
    fn what_is_no_namespace_answer_is_none() {
        for line in [
            "* OK ready",
            "* NAMESPACE ((\"INBOX.",
            "",
            "* NAMESPACE (()) NIL NIL",
        ] {
            assert_eq!(Namespace::read(line), None, "{line}");
        }
    }

    #[test]
    fn quotes_hold_what_they_hold() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
    }
}
