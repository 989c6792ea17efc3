//! Folding of words for comparison, and the patterns that several rules share.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::line::is_space;

/// Compiles a pattern of this program.
pub(super) fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("patterns are constants, compiled by the tests")
}

/// A regular expression as a constant.
macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| $crate::mail::text::words::pattern($pattern));
    };
}
pub(super) use regex;

/// Lower case, without accents, with plain apostrophes, dashes and single spaces: how words are
/// compared. `ß` becomes `ss`, `œ` `oe`, `ł` `l`.
pub(in crate::mail) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for character in text.chars() {
        if character.is_ascii() {
            fold_one(character.to_ascii_lowercase(), &mut space, &mut out);
        } else {
            // Marks are dropped, so their order across characters does not matter.
            for part in std::iter::once(character).nfd() {
                for lower in part.to_lowercase() {
                    fold_one(lower, &mut space, &mut out);
                }
            }
        }
    }
    out
}

/// Adds one decomposed, lower case character. `space`: white space waits to be written.
fn fold_one(character: char, space: &mut bool, out: &mut String) {
    if is_space(character) {
        // An invisible character separates nothing.
        *space |= character.is_whitespace();
        return;
    }
    if !character.is_ascii() && is_combining_mark(character) {
        return;
    }
    if std::mem::take(space) && !out.is_empty() {
        out.push(' ');
    }
    match character {
        '’' | '‘' | 'ʼ' | '`' | '´' => out.push('\''),
        '‐' | '‑' | '–' | '—' | '−' => out.push('-'),
        '：' => out.push(':'),
        'ß' => out.push_str("ss"),
        'œ' => out.push_str("oe"),
        'æ' => out.push_str("ae"),
        'ł' => out.push('l'),
        'ø' => out.push('o'),
        _ => out.push(character),
    }
}

regex!(
    EMAIL,
    r"[^\s<>@()\[\]:;,]+@[^\s<>@()\[\]:;,]+\.[^\s<>@()\[\]:;,]{2,}"
);
regex!(URL, r"(?i)\bhttps?://\S|\bwww\.\S");
// French numbers in pairs, international ones, and those with a label in front.
regex!(
    PHONE,
    concat!(
        r"(?i)(?:\+|\b00)\d{2}[\s.()\-]*\d(?:[\s.()\-]*\d){6,12}|\b0\d(?:[\s.\-]?\d\d){4}\b|",
        r"(?:tel|phone|mobile|fax|port|gsm|telefon|standard|",
        r"ligne directe)\w{0,6}\s*\.?\s*:?\s*\+?\(?\d[\d\s.()\-]{5,}",
    )
);

/// Holds an electronic address.
pub(super) fn has_email(text: &str) -> bool {
    text.contains('@') && EMAIL.is_match(text)
}

/// Holds the address of a page.
pub(super) fn has_url(text: &str) -> bool {
    URL.is_match(text)
}

/// Holds a telephone number.
pub(super) fn has_phone(text: &str) -> bool {
    PHONE.is_match(&fold(text))
}

/// The first electronic address of a text.
pub(super) fn email(text: &str) -> Option<(usize, &str)> {
    EMAIL
        .find(text)
        .map(|found| (found.start(), found.as_str()))
}

static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^(?:re-?)?(?:bonjour|bonsoir|salut|coucou|hello|hi|hey|dear|good (?:morning|afternoon|",
        r"evening|day)|madame|monsieur|mesdames|messieurs|chers?|cheres?|hallo|guten (?:tag|",
        r"morgen|abend)|sehr geehrter?|liebe|hola|buenos dias|buenas tardes|ciao|buongiorno|beste|",
        r"geachte|goedemorgen|ola|bom dia|boa tarde)\b",
    ))
});

/// Words of a greeting that are no names, folded.
const GREETED: &str = "\
    a again all amis chef cher chere cheres chers collegue collegues colleagues damen de der \
    des und du equipe et everybody everyone folks gars guys helpdesk herr herren frau \
    informatique l'assistance l'equipe la le les madame mesdames messieurs monde monsieur mme \
    m service sir support team the there tous tout toutes";

/// Nothing but a greeting: « Bonjour Madame Dupont, », not « Bonjour, mon écran est noir ».
pub(in crate::mail) fn is_greeting(text: &str) -> bool {
    if text.contains(['?', ':', '@']) || text.chars().nth(80).is_some() {
        return false;
    }
    let folded = fold(text);
    let Some(found) = GREETING.find(&folded) else {
        return false;
    };
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’')))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let known = words(found.as_str()).len();
    let written = words(text);
    written.len() <= known + 6
        && written.iter().skip(known).all(|word| {
            word.chars().next().is_some_and(char::is_uppercase) || among(GREETED, &fold(word))
        })
}

/// Whether a word is one of a list that is parted by spaces.
pub(super) fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|other| other == word)
}

/// Something that a person could have written: a letter, a digit, a picture of one, « ??? ».
pub(super) fn has_substance(text: &str) -> bool {
    text.chars().any(|c| {
        c.is_alphanumeric()
            || matches!(c, '?' | '!')
            || (!c.is_ascii() && !is_space(c) && !is_rule(c))
    })
}

/// Characters that lines are drawn with.
pub(super) fn is_rule(character: char) -> bool {
    matches!(
        character,
        '-' | '_'
            | '='
            | '*'
            | '~'
            | '#'
            | '.'
            | '–'
            | '—'
            | '―'
            | '─'
            | '━'
            | '═'
            | '•'
            | '·'
            | '…'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded() {
        assert_eq!(
            fold(" À\u{a0}bientôt,  l’Œuvre\u{200b} "),
            "a bientot, l'oeuvre"
        );
        assert_eq!(fold("GRÜSSE Straße"), "grusse strasse");
    }

    #[test]
    fn numbers_and_addresses_are_found() {
        for text in [
            "Tél. : 01 23 45 67 89",
            "+33 (0)1 23 45 67 89",
            "06.12.34.56.78",
            "Mobile: 0612345678",
        ] {
            assert!(has_phone(text), "{text}");
        }
        for text in [
            "le 12/03/2024 à 10:30",
            "erreur 0x80070005",
            "ticket 1042",
            "version 10.0.19045.3448",
        ] {
            assert!(!has_phone(text), "{text}");
        }
        assert!(has_email("écrire à <jean@example.org>."));
        assert!(!has_email("un @ seul"));
        assert!(has_url("voir www.example.org") && !has_url("voir le site"));
    }

    #[test]
    fn greetings() {
        for text in [
            "Bonjour,",
            "Bonjour Madame Dupont",
            "Hi,",
            "Hello Team!",
            "Sehr geehrte Damen und Herren,",
        ] {
            assert!(is_greeting(text), "{text}");
        }
        for text in [
            "Bonjour, mon PC est en panne. Merci.",
            "Hier soir",
            "Salutations ?",
        ] {
            assert!(!is_greeting(text), "{text}");
        }
    }
}
