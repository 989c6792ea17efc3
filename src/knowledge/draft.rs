//! A draft of an article from what solved a ticket (row L5), without what tells of whom it was: names,
//! addresses, phones, identifiers. Somebody reads it before it is published; what is taken out too much
//! costs him a word, what is left in would cost more.

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::fold;

/// Characters of one text of the ticket.
const LONGEST: usize = 20_000;

/// Words of a name shorter than this are in too many other words' places (« de », « le »).
const SHORTEST_NAME: usize = 3;

/// What a draft is made of.
#[derive(Clone, Debug, Default)]
pub struct Source<'a> {
    /// Title of the ticket.
    pub title: &'a str,
    /// What was asked.
    pub problem: &'a str,
    /// What solved it.
    pub solution: &'a str,
    /// Its category, as printed.
    pub category: Option<String>,
    /// Who makes the draft.
    pub author: &'a str,
    /// Names and addresses of all who have a part in the ticket.
    pub people: Vec<&'a str>,
    /// Today.
    pub date: NaiveDate,
    /// Language of the ticket.
    pub language: &'a str,
}

/// A draft, as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// A name for it, `connexion-au-vpn.md`.
    pub file_name: String,
    /// Its text.
    pub text: String,
    /// How many pieces were taken out.
    pub removed: usize,
}

/// Makes the draft.
pub fn draft(source: &Source<'_>) -> Draft {
    let names = names(&source.people);
    let mut removed = 0;
    let mut anonymous = |text: &str| {
        let (text, count) = anonymous(text, &names);
        removed += count;
        text
    };
    let title = one_line(&anonymous(source.title));
    let problem = anonymous(&without_greetings(source.problem, &names));
    let solution = anonymous(&without_greetings(source.solution, &names));
    let english = source.language == "en";
    let pick = |french: &'static str, in_english: &'static str| match english {
        true => in_english,
        false => french,
    };
    let mut text = format!("+++\ntitle = {}\n", quoted(&title));
    if let Some(category) = &source.category {
        text.push_str(&format!("category = {}\n", quoted(&one_line(category))));
    }
    let date = source.date;
    text.push_str(&format!(
        "authors = [{}]\naudience = \"technicians\"\nversion = \"1\"\ncreated = {date}\nupdated = {date}\nlanguage = \"{}\"\nwords = []\n+++\n\n",
        quoted(&one_line(source.author)),
        if english { "en" } else { "fr" },
    ));
    text.push_str(&format!(
        "## {}\n\n{}\n\n## {}\n\n{}\n",
        pick("Le problème", "The problem"),
        escaped(&problem),
        pick("La solution", "The solution"),
        escaped(&solution),
    ));
    Draft {
        file_name: format!("{}.md", file_name(&title)),
        text,
        removed,
    }
}

/// The words of names and of the local parts of addresses, folded.
fn names(people: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = people
        .iter()
        .flat_map(|who| fold::words(who.split('@').next().unwrap_or_default()))
        .map(|word| word.folded)
        .filter(|word| word.chars().count() >= SHORTEST_NAME && !fold::is_grammar(word))
        .collect();
    names.sort();
    names.dedup();
    names
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a literal pattern, tested below"));
    };
}

pattern!(
    ADDRESS,
    r"(?i)[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}"
);
// Whoever has such a link reads the ticket, sends the draft or opens the desk; mail filters write it in
// escapes, within links of their own.
pattern!(
    OUR_LINK,
    r"(?i)https?://\S*(?:/|%2F)(?:[tcd]|demande|desk(?:/|%2F)sign-in)(?:/|%2F)\S+"
);
pattern!(
    PHONE,
    r"(?:\+|\b00)\d{1,3}[\s.\-()]*(?:\d[\s.\-()]*){6,12}\d|\b0\d(?:[\s.\-]?\d{2}){4}\b|(?i)\b(?:poste|tel|tél|extension|ext)\.?\s*:?\s*\d{3,6}\b"
);
pattern!(
    MACHINE,
    r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b"
);
// Student numbers, card numbers, serial numbers, references; not `0x80070005` nor `24H2`.
pattern!(IDENTIFIER, r"\b[\p{L}]{0,6}[-_/]?\d[\p{L}\d_/-]*\b");

/// Whether a word of letters and digits looks like the number of a person or a thing.
fn is_identifier(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let code = word.starts_with("0x") || word.starts_with("0X");
    digits >= 5 && !code
}

/// The text without what tells of a person, and how much that was.
fn anonymous(text: &str, names: &[String]) -> (String, usize) {
    let mut text: String = text.chars().take(LONGEST).collect();
    let mut removed = 0;
    for (pattern, instead) in [
        (&ADDRESS, "[adresse]"),
        (&OUR_LINK, "[lien]"),
        (&PHONE, "[téléphone]"),
        (&MACHINE, "[machine]"),
    ] {
        removed += pattern.find_iter(&text).count();
        text = pattern.replace_all(&text, instead).into_owned();
    }
    let replaced = IDENTIFIER.replace_all(&text, |found: &regex::Captures<'_>| {
        let word = &found[0];
        if is_identifier(word) {
            removed += 1;
            "[numéro]".to_owned()
        } else {
            word.to_owned()
        }
    });
    let text = replaced.into_owned();
    // Names last: word by word, whatever their accents and case; one mark for « Marie Durand ».
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let mut after_name = false;
    for word in fold::words(&text) {
        let between = &text[at..word.at.start];
        let is_name = names.contains(&word.folded);
        if is_name && after_name && between.chars().all(|c| c == ' ' || c == '-' || c == '.') {
            at = word.at.end;
            continue;
        }
        out.push_str(between);
        if is_name {
            removed += 1;
            out.push_str("[nom]");
        } else {
            out.push_str(&text[word.at.clone()]);
        }
        after_name = is_name;
        at = word.at.end;
    }
    out.push_str(&text[at..]);
    (out, removed)
}

/// A line with one of these, and else only with [`BESIDE`] and names, addresses somebody.
const GREETINGS: &[&str] = &[
    "belle",
    "best",
    "bien",
    "bon",
    "bonjour",
    "bonne",
    "bonsoir",
    "cher",
    "chere",
    "cheres",
    "chers",
    "cordialement",
    "dear",
    "hello",
    "hi",
    "madame",
    "merci",
    "mesdames",
    "messieurs",
    "monsieur",
    "regards",
    "respectueusement",
    "salut",
    "salutations",
    "sincerely",
    "thank",
    "thanks",
];

/// What greetings consist of, beside [`GREETINGS`]; alone it may say something.
const BESIDE: &[&str] = &[
    "a",
    "advance",
    "afternoon",
    "aide",
    "all",
    "apres",
    "avance",
    "beaucoup",
    "bonnes",
    "d",
    "day",
    "de",
    "distinguees",
    "docteur",
    "dr",
    "end",
    "equipe",
    "et",
    "evening",
    "fin",
    "for",
    "good",
    "have",
    "help",
    "in",
    "journee",
    "kind",
    "l",
    "la",
    "le",
    "les",
    "m",
    "many",
    "meilleures",
    "midi",
    "mlle",
    "mme",
    "morning",
    "mr",
    "mrs",
    "ms",
    "much",
    "par",
    "pour",
    "professeur",
    "semaine",
    "soiree",
    "support",
    "team",
    "the",
    "tous",
    "toute",
    "toutes",
    "very",
    "votre",
    "vous",
    "week",
    "weekend",
    "you",
    "your",
    "yours",
];

/// Without « Bonjour Madame Durand, », « Cordialement, » and the name below it: they address somebody. A
/// line that says anything else stays whole, whatever it begins with.
fn without_greetings(text: &str, names: &[String]) -> String {
    let is_greeting = |line: &str| {
        let mut greets = false;
        for word in fold::words(line) {
            let word = word.folded.as_str();
            let is_name = names.iter().any(|name| name == word);
            if is_name || GREETINGS.contains(&word) {
                greets = true;
            } else if !BESIDE.contains(&word) {
                return false;
            }
        }
        // A question is put to somebody who answers.
        greets && !line.contains('?')
    };
    let lines: Vec<&str> = text.lines().filter(|line| !is_greeting(line)).collect();
    lines.join("\n").trim().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars().filter(|c| !c.is_control()) {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A mail's text as Markdown that says the same: `#`, `+++` and the like at the start of a line would
/// become something else.
fn escaped(text: &str) -> String {
    text.lines()
        .map(|line| {
            let line = line.trim_end();
            match line.chars().next() {
                Some('#' | '+' | '>' | '=' | '|') => format!("\\{line}"),
                Some('-') if !line.starts_with("- ") => format!("\\{line}"),
                _ => line.to_owned(),
            }
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn file_name(title: &str) -> String {
    let words: Vec<String> = fold::words(title)
        .map(|word| {
            word.folded
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect()
        })
        .filter(|word: &String| !word.is_empty())
        .take(8)
        .collect();
    match words.join("-") {
        name if name.is_empty() => "article".to_owned(),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_requester_is_left() {
        let source = Source {
            title: "VPN de Marie Durand bloqué",
            problem: "Bonjour Camille,\n\nJe suis marie DURAND (étudiante n° 21904873, carte P1234567), le VPN affiche l'erreur 809 et le code 0x80070005 sous Windows 11 24H2.\nJoignable au 06 12 34 56 78, +33 (0)2 31 56 55 55, poste 4512 ou m.durand@perso.example ; mon PC est 10.14.3.27, http://guichet.example.org/t/abc.def.\n\nCordialement,\nMme Durand",
            solution: "Bonjour Mme Durand,\n\n# Étape\nChoisissez SSL dans les options.\n+++\nBonne journée,\nCamille Martin",
            category: Some("Réseau \"Wi-Fi\"".to_owned()),
            author: "Camille Martin",
            people: vec!["Marie Durand", "marie.durand@example.org", "Camille Martin"],
            date: NaiveDate::from_ymd_opt(2026, 11, 30).expect("a date"),
            language: "fr",
        };
        let draft = draft(&source);
        let body = draft
            .text
            .splitn(3, "+++\n")
            .nth(2)
            .expect("a text")
            .to_lowercase();
        for secret in [
            "durand", "marie", "camille", "21904873", "1234567", "06 12", "56 55", "4512", "@",
            "10.14", "/t/",
        ] {
            assert!(!body.contains(secret), "{secret}: {}", draft.text);
        }
        for kept in [
            "erreur 809",
            "0x80070005",
            "24h2",
            "windows 11",
            "choisissez ssl",
            "\\# étape",
            "\\+++",
        ] {
            assert!(body.contains(kept), "{kept}: {}", draft.text);
        }
        assert!(!body.contains("bonjour"), "{body}");
        let article = super::super::parse("x", &draft.text, "fr").expect("an article");
        assert_eq!(article.title, "VPN de [nom] bloqué");
        assert_eq!(article.audience, super::super::Audience::Technicians);
        assert_eq!(article.category, ["Réseau \"Wi-Fi\""]);
        assert_eq!(draft.file_name, "vpn-de-nom-bloque.md");
        assert!(draft.removed >= 9, "{}", draft.removed);
    }

    #[test]
    fn what_says_something_beside_a_greeting_stays() {
        let names = names(&["Marie Durand", "camille.martin@example.org"]);
        for greeting in [
            "Bonjour,",
            "Bonjour Marie,",
            "Bonjour Mme Durand",
            "Chère Madame Durand,",
            "Merci d'avance pour votre aide !",
            "Bien à vous,",
            "Bonne journée et bon week-end,",
            "Camille Martin",
            "Dear Marie,",
            "Kind regards,",
            "Thank you very much!",
        ] {
            assert_eq!(without_greetings(greeting, &names), "", "{greeting}");
        }
        for said in [
            "Bonjour, le VPN ne marche plus.",
            "Bonjour Marie, redémarrez le poste.",
            "Merci de redémarrer.",
            "Merci, le code est 809.",
            "Bien vérifier le câble.",
            "Bon, c'est le pilote.",
            "Monsieur Dupont ?",
            "Toute la journée.",
            "Hi Marie, restart it.",
            "",
        ] {
            assert_eq!(without_greetings(said, &names), said, "{said}");
        }
    }

    #[test]
    fn links_that_open_something_are_masked() {
        for link in [
            "https://guichet.example.org/t/abc234",
            "https://guichet.example.org/d/abc234?etat=toutes",
            "https://guichet.example.org/c/abc234",
            "http://127.0.0.1:8080/desk/sign-in/abc234",
            "https://guichet.example.org/aide/t/abc234/articles/vpn",
            "https://filtre.example/?url=https%3A%2F%2Fguichet.example.org%2Ft%2Fabc234",
            "https://guichet.example.org/demande/0123456789abcdef",
        ] {
            let (text, removed) = anonymous(&format!("Voir {link} ici."), &[]);
            assert_eq!((text.as_str(), removed), ("Voir [lien] ici.", 1), "{link}");
        }
        for kept in [
            "https://guichet.example.org/articles/a/vpn",
            "https://example.org/test/d",
        ] {
            let text = format!("Voir {kept} ici.");
            assert_eq!(anonymous(&text, &[]).0, text);
        }
    }

    #[test]
    fn a_draft_of_anything_is_an_article() {
        for text in [
            "",
            "+++",
            "\"\"\"",
            "\\",
            "\u{0}\u{7}",
            "a\n+++\ntitle = 1",
            "日本語",
            "= x",
        ] {
            let source = Source {
                title: text,
                problem: text,
                solution: text,
                author: text,
                category: Some(text.to_owned()),
                language: "en",
                ..Source::default()
            };
            let made = draft(&source);
            let read = super::super::parse("x", &made.text, "fr");
            let only_title = text.chars().all(|c| c.is_control());
            assert!(
                read.is_ok() || only_title,
                "{text:?}: {read:?}\n{}",
                made.text
            );
        }
    }
}
