//! What the form for new requests asks, and what its answers are worth (rows I1–I7). Pure: the page
//! shows the questions and keeps what was typed, this says what is wrong with it and what it means.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::words::pick;
use crate::mail::days;
use crate::ticket::Level;

/// Characters of a short answer.
pub const SHORT: usize = 200;

/// Characters of a long one, and of the description.
pub const LONG: usize = 20_000;

/// Something that the form asks in one category beside the description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// As printed.
    pub label: String,
    /// What answers it.
    pub kind: QuestionKind,
    /// It must be answered.
    pub required: bool,
    /// A sentence beside it.
    pub help: Option<String>,
}

/// What answers a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuestionKind {
    /// One line.
    Text,
    /// Several lines.
    Long,
    /// One of these.
    Choice(Vec<String>),
    /// A day.
    Date,
    /// Yes or no.
    YesNo,
}

/// What is wrong with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It is needed.
    Missing,
    /// More than so many characters.
    TooLong(usize),
    /// None of the choices.
    NotOffered,
    /// No day.
    NotADay,
}

impl Mistake {
    /// A sentence that says what to do.
    pub fn sentence(self, language: &str) -> String {
        match self {
            Self::Missing => pick(
                language,
                "Répondez à cette question\u{a0}: elle est obligatoire.",
                "Please answer this question: it is required.",
            ),
            Self::TooLong(limit) => pick(
                language,
                format!("Ce texte est trop long\u{a0}: {limit} caractères au plus."),
                format!("This text is too long: {limit} characters at most."),
            ),
            Self::NotOffered => pick(
                language,
                "Choisissez l’une des réponses proposées.",
                "Please choose one of the answers offered.",
            ),
            Self::NotADay => pick(
                language,
                "Indiquez un jour qui existe, par exemple 24/12/2026.",
                "Please give a day that exists, for example 2026-12-24.",
            ),
        }
    }
}

impl Question {
    /// What an answer says, in words of `language`; `None` when it was left open.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn judge(&self, given: &str, language: &str) -> Result<Option<String>, Mistake> {
        let given = given.trim();
        if given.is_empty() {
            return match self.required {
                true => Err(Mistake::Missing),
                false => Ok(None),
            };
        }
        let within = |limit: usize| match given.chars().nth(limit) {
            None => Ok(given.to_owned()),
            Some(_) => Err(Mistake::TooLong(limit)),
        };
        let said = match &self.kind {
            QuestionKind::Text => one_line(&within(SHORT)?),
            QuestionKind::Long => within(LONG)?,
            QuestionKind::Choice(choices) => choices
                .iter()
                .find(|choice| choice.trim() == given)
                .cloned()
                .ok_or(Mistake::NotOffered)?,
            QuestionKind::Date => {
                let day = day(given).ok_or(Mistake::NotADay)?;
                days::date(day, language)
            }
            QuestionKind::YesNo => match given {
                YES => pick(language, "oui", "yes"),
                NO => pick(language, "non", "no"),
                _ => return Err(Mistake::NotOffered),
            },
        };
        Ok(Some(said))
    }
}

/// The answers of a yes-or-no question as the form sends them.
pub const YES: &str = "yes";
/// See [`YES`].
pub const NO: &str = "no";

/// As browsers send a day, and as people type it where the browser has no calendar.
fn day(given: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"]
        .iter()
        .find_map(|format| NaiveDate::parse_from_str(given, format).ok())
        .filter(|day| (1900..=2200).contains(&chrono::Datelike::year(day)))
}

/// Runs of blanks and line ends as one blank.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the trouble stops: people are asked that instead of a level, which most call high (row I7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Work goes on.
    Comfort,
    /// Work goes on with difficulty.
    Hindered,
    /// The person cannot work (S0.21).
    Stopped,
    /// A client is stopped (S0.21).
    Client,
    /// Nobody can work: a service, a site (S4.14).
    Everybody,
}

impl Effect {
    /// All, from little to much.
    pub const ALL: [Self; 5] = [
        Self::Comfort,
        Self::Hindered,
        Self::Stopped,
        Self::Client,
        Self::Everybody,
    ];

    /// As the form sends it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comfort => "comfort",
            Self::Hindered => "hindered",
            Self::Stopped => "stopped",
            Self::Client => "client",
            Self::Everybody => "everybody",
        }
    }

    /// The effect of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.as_str() == name)
    }

    /// The level that it claims (S0.21, S4.14, S4.15).
    pub fn level(self) -> Level {
        match self {
            Self::Comfort => Level::Low,
            Self::Hindered => Level::Normal,
            Self::Stopped | Self::Client | Self::Everybody => Level::High,
        }
    }

    /// What somebody says who chooses it.
    pub fn sentence(self, language: &str) -> String {
        match self {
            Self::Comfort => pick(
                language,
                "C’est gênant, mais je peux travailler normalement.",
                "It is a nuisance, but I can work as usual.",
            ),
            Self::Hindered => pick(
                language,
                "Je travaille avec difficulté, ou une partie de mon travail attend.",
                "I work with difficulty, or part of my work has to wait.",
            ),
            Self::Stopped => pick(
                language,
                "Je ne peux plus travailler.",
                "I cannot work any more.",
            ),
            Self::Client => pick(language, "Un client est bloqué.", "A client is blocked."),
            Self::Everybody => pick(
                language,
                "Personne ne peut travailler\u{a0}: tout un service ou tout un site est arrêté.",
                "Nobody can work: a whole service or a whole site has stopped.",
            ),
        }
    }
}

/// Links that are listed beside a request (S4.18).
pub const LINKS: usize = 10;

/// The hyperlinks that somebody gave, one a line.
///
/// # Errors
/// The first line that is none, or how many are too many.
pub fn links(given: &str, language: &str) -> Result<Vec<String>, String> {
    let lines: Vec<&str> = given
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    if lines.len() > LINKS {
        return Err(pick(
            language,
            format!("{LINKS} liens au plus\u{a0}; mettez les autres dans la description."),
            format!("{LINKS} links at most; put the others into the description."),
        ));
    }
    let is_link = |line: &str| {
        let rest = line
            .strip_prefix("https://")
            .or_else(|| line.strip_prefix("http://"));
        rest.is_some_and(|rest| !rest.is_empty())
            && !line.contains(|c: char| c.is_whitespace() || c.is_control())
            && line.chars().count() <= 2_000
    };
    match lines.iter().find(|line| !is_link(line)) {
        None => Ok(lines.into_iter().map(str::to_owned).collect()),
        Some(line) => {
            let shown: String = line.chars().take(80).collect();
            Err(pick(
                language,
                format!(
                    "«\u{a0}{shown}\u{a0}» n’est pas un lien\u{a0}: un par ligne, qui commence par https:// ou http://."
                ),
                format!("\"{shown}\" is no link: one a line, beginning with https:// or http://."),
            ))
        }
    }
}

/// The text of a request: the description first (S4.26), then what was asked and answered, one line
/// each, then the links.
pub fn text(
    language: &str,
    description: &str,
    answers: &[(String, String)],
    links: &[String],
) -> String {
    let mut text = description.trim_end().to_owned();
    if !answers.is_empty() {
        text.push('\n');
    }
    for (label, answer) in answers {
        let label = label.trim_end_matches([' ', '\u{a0}', '\u{202f}', ':']);
        // No line begins with the sign of a question.
        let (label, sign) = match label.strip_suffix('?') {
            Some(asked) if asked.ends_with(' ') => (asked.trim_end(), "\u{a0}?"),
            Some(asked) => (asked, "?"),
            None => (label, &*pick(language, "\u{a0}:", ":")),
        };
        match answer.contains('\n') {
            true => text.push_str(&format!("\n{label}{sign}\n{answer}\n")),
            false => text.push_str(&format!("\n{label}{sign} {answer}")),
        }
    }
    if !links.is_empty() {
        text.push_str("\n\n");
        text.push_str(&pick(language, "Liens\u{a0}:", "Links:"));
        for link in links {
            text.push_str(&format!("\n- {link}"));
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: QuestionKind) -> Question {
        Question {
            label: "Quoi ?".to_owned(),
            kind,
            required: false,
            help: None,
        }
    }

    #[test]
    fn every_kind_of_answer_is_judged() {
        use QuestionKind::{Choice, Date, Long, Text, YesNo};
        let choices = || Choice(vec!["Écran".to_owned(), "Clavier".to_owned()]);
        let good = |text: &str| Ok(Some(text.to_owned()));
        for (kind, given, expected) in [
            (Text, " deux \r\n lignes ", good("deux lignes")),
            (Text, &*"x".repeat(SHORT), good(&"x".repeat(SHORT))),
            (Text, &*"é".repeat(SHORT + 1), Err(Mistake::TooLong(SHORT))),
            (Long, "deux\nlignes", good("deux\nlignes")),
            (choices(), "Écran", good("Écran")),
            (choices(), "écran", Err(Mistake::NotOffered)),
            (Date, "2026-12-24", good("24 décembre 2026")),
            (Date, "24/12/2026", good("24 décembre 2026")),
            (Date, "30/02/2026", Err(Mistake::NotADay)),
            (Date, "demain", Err(Mistake::NotADay)),
            (YesNo, "yes", good("oui")),
            (YesNo, "no", good("non")),
            (YesNo, "maybe", Err(Mistake::NotOffered)),
            (Date, "  ", Ok(None)),
        ] {
            let question = question(kind);
            assert_eq!(
                question.judge(given, "fr"),
                expected,
                "{question:?} {given}"
            );
        }
        let needed = Question {
            required: true,
            ..question(YesNo)
        };
        assert_eq!(needed.judge("", "fr"), Err(Mistake::Missing));
    }

    #[test]
    fn what_is_stopped_says_how_urgent_it_is() {
        let levels = Effect::ALL.map(Effect::level);
        use Level::{High, Low, Normal};
        assert_eq!(levels, [Low, Normal, High, High, High]);
        for effect in Effect::ALL {
            assert_eq!(Effect::parse(effect.as_str()), Some(effect));
        }
        assert_eq!(Effect::parse("high"), None);
    }

    #[test]
    fn links_are_links() {
        assert_eq!(
            links("https://a.example/x\n\n http://b.example \n", "fr"),
            Ok(vec![
                "https://a.example/x".to_owned(),
                "http://b.example".to_owned()
            ])
        );
        for wrong in ["javascript:alert(1)", "https://", "https://a b", "voir ici"] {
            assert!(
                links(wrong, "fr").is_err_and(|why| why.contains("lien")),
                "{wrong}"
            );
        }
        let many = "https://a.example\n".repeat(LINKS + 1);
        assert!(links(&many, "en").is_err());
    }

    #[test]
    fn the_text_reads_as_a_person_would_write_it() {
        let answers = [
            ("Numéro du poste".to_owned(), "P-12".to_owned()),
            ("Depuis quand ?".to_owned(), "24/12/2026".to_owned()),
            ("Message affiché :".to_owned(), "Erreur\n0x80".to_owned()),
        ];
        assert_eq!(
            text(
                "fr",
                "Rien ne va.\n",
                &answers,
                &["https://a.example".to_owned()]
            ),
            "Rien ne va.\n\nNuméro du poste\u{a0}: P-12\nDepuis quand\u{a0}? 24/12/2026\nMessage affiché\u{a0}:\nErreur\n0x80\n\n\nLiens\u{a0}:\n- https://a.example"
        );
        assert_eq!(text("fr", "Rien ne va.", &[], &[]), "Rien ne va.");
    }
}
