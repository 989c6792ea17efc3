//! Several requests in one mail (row C11): what it enumerates, its paragraphs.

use std::sync::LazyLock;

use regex::Regex;

use crate::mail::text::{is_closing, is_greeting, is_thanks};

/// Characters of a title made of a request's first line.
const TITLE_CHARACTERS: usize = 80;

/// Words of a point that asks for something, as far as a mail tells by itself; fewer are a list of facts.
const ASKING_WORDS: usize = 4;

/// The same when a person has said that the mail holds several requests.
const TOLD_WORDS: usize = 2;

static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\s*(?:\(?(\d{1,2})\s?[.)°/-]\)?|([a-h])\))\s+(\S.*)$").expect("a literal pattern")
});

static BULLET: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*[-–—*•·]\s+(\S.*)$").expect("a literal pattern"));

/// The points of a list, when the mail enumerates at least two that could be requests.
pub fn enumerated(text: &str) -> Vec<String> {
    list(text, ASKING_WORDS)
}

/// The points of a list, when somebody has read that they are requests.
pub fn told(text: &str) -> Vec<String> {
    list(text, TOLD_WORDS)
}

fn list(text: &str, least: usize) -> Vec<String> {
    let numbered = points(text, |line| {
        let found = NUMBERED.captures(line)?;
        Some(found[3].to_owned())
    });
    if is_requests(&numbered, least) {
        return numbered;
    }
    let bullets = points(text, |line| {
        let found = BULLET.captures(line)?;
        Some(found[1].to_owned())
    });
    if is_requests(&bullets, least) {
        bullets
    } else {
        Vec::new()
    }
}

fn is_requests(points: &[String], least: usize) -> bool {
    points.len() >= 2
        && points.iter().all(|point| {
            let first = point.lines().next().unwrap_or_default();
            // « Nom : Durand » is a fact.
            let fact = first.split_once(" :").or_else(|| first.split_once(": "));
            point.split_whitespace().count() >= least
                && fact.is_none_or(|(name, _)| name.split_whitespace().count() > 2)
        })
}

/// « Merci d'avance, » is nobody's request.
pub fn is_courtesy(paragraph: &str) -> bool {
    (paragraph.lines()).all(|line| is_greeting(line) || is_closing(line) || is_thanks(line, false))
}

/// A point goes on until the next one, or an empty line.
fn points(text: &str, start: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut points: Vec<String> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if let Some(first) = start(line) {
            points.push(first.trim().to_owned());
            inside = true;
        } else if line.trim().is_empty() {
            inside = false;
        } else if let Some(point) = points.last_mut().filter(|_| inside) {
            point.push('\n');
            point.push_str(line.trim());
        }
    }
    points
}

/// The paragraphs of a mail, between empty lines.
pub fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        match paragraphs.last_mut() {
            Some(last) if !line.trim().is_empty() => {
                last.push_str(line);
                last.push('\n');
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs
        .into_iter()
        .map(|paragraph| paragraph.trim().to_owned())
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// A title for one of them: its first words.
pub fn title(request: &str) -> String {
    let first = request
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let first = NUMBERED.captures(first).map_or(first, |found| {
        found.get(3).map_or(first, |text| text.as_str())
    });
    let first = first.trim().trim_end_matches(['.', ';', ',', ':']);
    let mut title: String = first.chars().take(TITLE_CHARACTERS).collect();
    if first.chars().nth(TITLE_CHARACTERS).is_some() {
        let end = title.rfind(' ').unwrap_or(title.len());
        title.truncate(end);
        title.push('…');
    }
    let mut letters = title.chars();
    match letters.next() {
        Some(letter) => letter.to_uppercase().chain(letters).collect(),
        None => title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_enumerates_requests() {
        for (text, count) in [
            (
                "Bonjour,\n1. l'imprimante du 2e étage ne répond plus\n2. il me faudrait un second écran\nMerci",
                2,
            ),
            (
                "1) le VPN refuse mon mot de passe\n   depuis hier\n\n2) la salle B204 n'a plus de projecteur\n",
                2,
            ),
            (
                "- l'imprimante ne répond plus du tout\n- je voudrais un second écran\n- et un casque pour les appels",
                3,
            ),
            ("Mes références :\n- Nom : Durand\n- Poste : 4512", 0),
            ("Étapes :\n1. Démarrer\n2. Cliquer", 0),
            ("Version 2. Rien d'autre à dire ici.", 0),
            ("Une seule demande, sans liste.", 0),
        ] {
            assert_eq!(enumerated(text).len(), count, "{text}");
        }
        // One who has read it knows better.
        let short = "1. Mon écran clignote.\n2. Mon badge ne marche plus.\n\nMerci,";
        assert_eq!(enumerated(short).len(), 0);
        assert_eq!(
            told(short),
            ["Mon écran clignote.", "Mon badge ne marche plus."]
        );
        assert_eq!(told("Étapes :\n1. Démarrer\n2. Cliquer").len(), 0);
        assert!(is_courtesy("Merci d'avance,") && is_courtesy("Bonjour,") && !is_courtesy(short));
        assert_eq!(
            enumerated(
                "1) le VPN refuse mon mot de passe\n   depuis hier\n2) la salle B204 n'a plus rien"
            )[0],
            "le VPN refuse mon mot de passe\ndepuis hier"
        );
    }

    #[test]
    fn paragraphs_and_titles() {
        assert_eq!(paragraphs("a\nb\n\n\nc\n"), ["a\nb", "c"]);
        assert_eq!(
            title("1. l'imprimante ne répond plus."),
            "L'imprimante ne répond plus"
        );
        assert!(title(&"mot ".repeat(60)).chars().count() <= TITLE_CHARACTERS + 1);
    }
}
