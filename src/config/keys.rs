//! Every key that `config.toml` may hold, and what its value must look like. The reader refuses
//! what is not here; `docs/configuration.md` explains what is.

use super::time::{self, Hours, Term};
use super::value::{Delay, Size};

/// What a value must look like, as far as it can be judged alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text, not empty.
    Text,
    /// A list of texts; one text alone stands for a list of one.
    Texts,
    /// `true` or `false`.
    Flag,
    /// A whole number from 0 to 4294967295.
    Count,
    /// A whole number from 1 to 65535.
    Port,
    /// `"30s"`, `"15m"`, `"48h"`, `"15d"`.
    Delay,
    /// The same, or `"never"`.
    DelayOrNever,
    /// `"48h"`, `"2 working days"`, or `"never"`.
    TermOrNever,
    /// A list of the former, without `"never"`.
    Terms,
    /// A list of days: `"2026-12-24..2027-01-03"`, `"2026-05-15"`.
    Closures,
    /// `"50MB"`.
    Size,
    /// `"mon-fri 08:00-18:00"`, `"always"`.
    Hours,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The transport security words.
pub const TLS: &[&str] = &["implicit", "starttls", "none"];

/// The words for public holidays.
pub const HOLIDAYS: &[&str] = &["france", "alsace-moselle", "none"];

/// The keys, in the order of the example; `[]` is any entry of a list of tables.
pub const KEYS: &[(&str, Shape)] = &[
    ("language", Shape::Choice(&["fr", "en"])),
    ("timezone", Shape::Text),
    ("base_url", Shape::Text),
    ("data_dir", Shape::Text),
    ("key_file", Shape::Text),
    ("internal_domains", Shape::Texts),
    ("plus_addressing", Shape::Flag),
    ("operations", Shape::Text),
    ("min_free", Shape::Size),
    ("max_message", Shape::Size),
    ("subject_style", Shape::Choice(&["titled", "threaded"])),
    ("template_dirs", Shape::Texts),
    ("directory", Shape::Text),
    (
        "cc_observers",
        Shape::Choice(&["internal", "always", "never"]),
    ),
    ("calendar.holidays", Shape::Choice(HOLIDAYS)),
    ("calendar.closures", Shape::Closures),
    (
        "authentication.mode",
        Shape::Choice(&["results", "dkim", "none"]),
    ),
    ("authentication.authserv_id", Shape::Text),
    ("authentication.own_hosts", Shape::Texts),
    ("authentication.trusted_submission", Shape::Texts),
    ("authentication.resolver", Shape::Text),
    ("authentication.pass_is_enough", Shape::Flag),
    ("web.listen", Shape::Text),
    ("web.trusted_proxies", Shape::Texts),
    ("web.max_upload", Shape::Size),
    ("web.links_for", Shape::DelayOrNever),
    ("web.institution", Shape::Text),
    ("web.logo", Shape::Text),
    ("web.colour", Shape::Text),
    ("web.colour_dark", Shape::Text),
    ("web.form", Shape::Choice(&["everybody", "internal", "off"])),
    ("web.identity_header", Shape::Text),
    ("web.identity_name_header", Shape::Text),
    ("web.identity_domain", Shape::Text),
    (
        "accessibility.conformity",
        Shape::Choice(&["full", "partial", "none"]),
    ),
    ("accessibility.audited", Shape::Text),
    ("accessibility.exceptions", Shape::Texts),
    ("accessibility.contact", Shape::Text),
    ("accessibility.drawn_up", Shape::Text),
    ("limits.sender_per_hour", Shape::Count),
    ("limits.sender_per_day", Shape::Count),
    ("limits.domain_per_hour", Shape::Count),
    ("limits.total_per_hour", Shape::Count),
    ("limits.technician_per_hour", Shape::Count),
    ("desk.name", Shape::Text),
    ("desk.hold_replies", Shape::Delay),
    ("desk.coalesce", Shape::Delay),
    ("desk.ask_marks_every", Shape::Delay),
    ("desk.reopen_within", Shape::DelayOrNever),
    ("desk.attach_up_to", Shape::Size),
    ("desk.urgency_labels", Shape::Texts),
    ("knowledge.folder", Shape::Text),
    ("knowledge.remind_authors", Shape::Flag),
    ("desk.individual_statistics", Shape::Flag),
    ("desk.applications", Shape::Texts),
    ("deliver.socket", Shape::Text),
    ("deliver.group", Shape::Text),
    ("smtp.host", Shape::Text),
    ("smtp.port", Shape::Port),
    ("smtp.tls", Shape::Choice(TLS)),
    ("smtp.user", Shape::Text),
    ("smtp.password_file", Shape::Text),
    ("smtp.password_credential", Shape::Text),
    ("smtp.oauth_token_file", Shape::Text),
    ("smtp.ca_file", Shape::Text),
    ("smtp.insecure_plaintext", Shape::Flag),
    ("smtp.return_path", Shape::Text),
    ("smtp.maildir", Shape::Text),
    ("accounts[].name", Shape::Text),
    ("accounts[].team", Shape::Text),
    ("accounts[].language", Shape::Choice(&["fr", "en"])),
    ("accounts[].imap.host", Shape::Text),
    ("accounts[].imap.port", Shape::Port),
    ("accounts[].imap.tls", Shape::Choice(TLS)),
    ("accounts[].imap.user", Shape::Text),
    ("accounts[].imap.password_file", Shape::Text),
    ("accounts[].imap.password_credential", Shape::Text),
    ("accounts[].imap.oauth_token_file", Shape::Text),
    ("accounts[].imap.ca_file", Shape::Text),
    ("accounts[].imap.insecure_plaintext", Shape::Flag),
    ("accounts[].maildir", Shape::Text),
    ("accounts[].pipe", Shape::Flag),
    ("accounts[].folder", Shape::Text),
    ("accounts[].after", Shape::Choice(&["seen"])),
    ("accounts[].after.move_to", Shape::Text),
    ("accounts[].first_start_age", Shape::DelayOrNever),
    ("accounts[].poll", Shape::Delay),
    ("accounts[].idle", Shape::DelayOrNever),
    ("teams[].id", Shape::Text),
    ("teams[].name", Shape::Text),
    ("teams[].from", Shape::Text),
    ("teams[].prefix", Shape::Text),
    ("teams[].auto_close_after", Shape::TermOrNever),
    ("teams[].reminders", Shape::Terms),
    ("teams[].resolve_after", Shape::TermOrNever),
    ("teams[].late_after", Shape::TermOrNever),
    ("teams[].show_deadline", Shape::Flag),
    ("teams[].on_call", Shape::Text),
    ("teams[].hours", Shape::Hours),
    ("teams[].holidays", Shape::Choice(HOLIDAYS)),
    ("teams[].contact", Shape::Text),
    (
        "teams[].assignment",
        Shape::Choice(&["pool", "round-robin", "least-loaded"]),
    ),
    ("teams[].report_to", Shape::Texts),
    ("addresses[].pattern", Shape::Text),
    ("addresses[].team", Shape::Text),
    ("addresses[].list_id", Shape::Text),
    ("addresses[].technicians", Shape::Texts),
    ("addresses[].about", Shape::Text),
    ("addresses[].recommended", Shape::Flag),
    ("technicians[].name", Shape::Text),
    ("technicians[].address", Shape::Text),
    ("technicians[].addresses", Shape::Texts),
    ("technicians[].teams", Shape::Texts),
    (
        "technicians[].role",
        Shape::Choice(&["technician", "lead", "admin"]),
    ),
    ("technicians[].phone", Shape::Text),
    ("technicians[].language", Shape::Choice(&["fr", "en"])),
    ("categories[].id", Shape::Text),
    ("categories[].name", Shape::Text),
    ("categories[].explanation", Shape::Text),
    ("categories[].warning", Shape::Text),
    ("categories[].team", Shape::Text),
    ("categories[].client", Shape::Text),
    (
        "categories[].type",
        Shape::Choice(&["incident", "request", "suggestion"]),
    ),
    (
        "categories[].impact",
        Shape::Choice(&["person", "service", "site"]),
    ),
    ("categories[].words", Shape::Texts),
    (
        "categories[].articles",
        Shape::Choice(&["offer", "answer", "never"]),
    ),
    ("services[].name", Shape::Text),
    ("services[].readers", Shape::Texts),
    ("categories[].questions[].label", Shape::Text),
    (
        "categories[].questions[].kind",
        Shape::Choice(&["text", "long", "choice", "date", "yes-no"]),
    ),
    ("categories[].questions[].choices", Shape::Texts),
    ("categories[].questions[].required", Shape::Flag),
    ("categories[].questions[].help", Shape::Text),
    (
        "technicians[].transcript",
        Shape::Choice(&["always", "failures"]),
    ),
    (
        "technicians[].thanks",
        Shape::Choice(&["digest", "now", "never"]),
    ),
];

/// A value on its own, whichever source it came from.
#[derive(Clone, Debug, PartialEq)]
pub enum Plain {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A list of texts.
    Texts(Vec<String>),
}

impl Shape {
    /// The shape of a key, `[]` for any entry.
    pub fn of(pattern: &str) -> Option<Self> {
        KEYS.iter()
            .find(|(path, _)| *path == pattern)
            .map(|(_, shape)| *shape)
    }

    /// Reads the text of a variable: numbers, flags and lists (`a, b`) are told from its shape.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn read(self, text: &str) -> Result<Plain, String> {
        let plain = match self {
            Self::Flag => match text {
                "true" | "1" => Plain::Flag(true),
                "false" | "0" => Plain::Flag(false),
                _ => return Err(self.expected()),
            },
            Self::Count | Self::Port => {
                Plain::Number(text.trim().parse().map_err(|_| self.expected())?)
            }
            Self::Texts | Self::Terms | Self::Closures => Plain::Texts(
                text.split(',')
                    .map(|part| part.trim().to_owned())
                    .filter(|part| !part.is_empty())
                    .collect(),
            ),
            _ => Plain::Text(text.to_owned()),
        };
        self.check(&plain)?;
        Ok(plain)
    }

    /// Judges a value.
    ///
    /// # Errors
    /// A sentence that says what was expected.
    pub fn check(self, plain: &Plain) -> Result<(), String> {
        match (self, plain) {
            (Self::Text, Plain::Text(text)) => not_empty(text),
            (Self::Texts, Plain::Text(text)) => not_empty(text),
            (Self::Texts, Plain::Texts(texts)) => texts.iter().try_for_each(|text| not_empty(text)),
            (Self::Flag, Plain::Flag(_)) => Ok(()),
            (Self::Count, Plain::Number(number)) if u32::try_from(*number).is_ok() => Ok(()),
            (Self::Port, Plain::Number(number)) if (1..=65535).contains(number) => Ok(()),
            (Self::Delay, Plain::Text(text)) => match Delay::parse(text)? {
                Delay::After(_) => Ok(()),
                Delay::Never => Err("\"never\" has no meaning here".to_owned()),
            },
            (Self::DelayOrNever, Plain::Text(text)) => Delay::parse(text).map(drop),
            (Self::TermOrNever, Plain::Text(text)) => Term::parse(text).map(drop),
            (Self::Terms | Self::Closures, Plain::Text(text)) => self.each(text),
            (Self::Terms | Self::Closures, Plain::Texts(texts)) => {
                texts.iter().try_for_each(|text| self.each(text))
            }
            (Self::Size, Plain::Text(text)) => Size::parse(text).map(drop),
            (Self::Hours, Plain::Text(text)) => Hours::parse(text).map(drop),
            (Self::Choice(words), Plain::Text(text)) if words.contains(&text.as_str()) => Ok(()),
            (Self::Choice(words), Plain::Text(text)) => Err(format!(
                "{}, not \"{text}\"{}",
                self.expected(),
                super::problem::did_you_mean(text, words.iter().copied())
            )),
            _ => Err(self.expected()),
        }
    }

    /// Judges one entry of a list.
    fn each(self, text: &str) -> Result<(), String> {
        match self {
            Self::Closures => time::closure(text).map(drop),
            _ => match Term::parse(text)? {
                Term::After(_) => Ok(()),
                Term::Never => Err("\"never\" has no meaning here".to_owned()),
            },
        }
    }

    fn expected(self) -> String {
        match self {
            Self::Text => "a text in quotes is expected".to_owned(),
            Self::Texts => "a list of texts is expected, as in [\"a\", \"b\"]".to_owned(),
            Self::Flag => "true or false is expected".to_owned(),
            Self::Count => "a whole number from 0 to 4294967295 is expected".to_owned(),
            Self::Port => "a port from 1 to 65535 is expected".to_owned(),
            Self::Delay => "a delay is expected, as in \"30s\" or \"15d\"".to_owned(),
            Self::DelayOrNever => {
                "a delay is expected, as in \"48h\" or \"15d\", or \"never\"".to_owned()
            }
            Self::TermOrNever => {
                "a term is expected, as in \"48h\" or \"2 working days\", or \"never\"".to_owned()
            }
            Self::Terms => {
                "a list of terms is expected, as in [\"3 working days\", \"7 working days\"]"
                    .to_owned()
            }
            Self::Closures => {
                "a list of days is expected, as in [\"2026-12-24..2027-01-03\"]".to_owned()
            }
            Self::Size => "a size is expected, as in \"50MB\"".to_owned(),
            Self::Hours => "hours are expected, as in \"mon-fri 08:00-18:00\"".to_owned(),
            Self::Choice(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("{} is expected", words.join(" or "))
            }
        }
    }
}

/// The names that may follow `pattern` (`""` for the top level), each once, in order.
pub fn names_under(pattern: &str) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (path, _) in KEYS {
        let Some(rest) = path.strip_prefix(pattern) else {
            continue;
        };
        let rest = match (pattern.is_empty(), rest.strip_prefix('.')) {
            (true, _) => rest,
            (false, Some(rest)) => rest,
            (false, None) => continue,
        };
        let name = rest.split(['.', '[']).next().unwrap_or(rest);
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// There are keys under `pattern` followed by `mark` (`.` for a table, `[].` for a list of them).
pub fn has_under(pattern: &str, mark: &str) -> bool {
    KEYS.iter().any(|(path, _)| {
        path.strip_prefix(pattern)
            .is_some_and(|rest| rest.starts_with(mark))
    })
}

fn not_empty(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        Err("it is empty".to_owned())
    } else {
        Ok(())
    }
}
