//! Folding of words for comparison, and the patterns that several rules share.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::accents::Latin;
use super::line::is_space;
use crate::mail::pattern::regex;

/// Lower case, without accents, with plain apostrophes, dashes and single spaces: how words are
/// compared. `ß` becomes `ss`, `œ` `oe`, `ł` `l`.
pub(in crate::mail) fn fold(text: &str) -> String {
    let mut out = Folded {
        text: String::with_capacity(text.len()),
        space: false,
    };
    let mut rest = text;
    loop {
        let (run, after) = rest.split_at(rest.bytes().position(is_odd).unwrap_or(rest.len()));
        out.write_run(run);
        let mut chars = after.chars();
        let Some(character) = chars.next() else { break };
        rest = chars.as_str();
        match character {
            '\0'..='\x7f' => out.add(character),
            // Punctuation: neither letters nor marks.
            '\u{A0}'..='\u{BF}' | '\u{2000}'..='\u{206F}' => out.add(character),
            _ => match LATIN.get(character) {
                Some([first, second]) => {
                    out.write(first);
                    if second != '\0' {
                        out.text.push(second);
                    }
                }
                None => out.decomposed(character),
            },
        }
    }
    out.text
}

/// Whether a text has more than so many characters; most are told by their bytes alone.
pub(in crate::mail) fn is_longer(text: &str, chars: usize) -> bool {
    text.len() > chars && (text.len() > 4 * chars || text.chars().nth(chars).is_some())
}

/// Anything but a letter, a digit or a sign of ASCII that stands for itself.
fn is_odd(byte: u8) -> bool {
    !matches!(byte, b'!'..=b'_' | b'a'..=b'~')
}

/// A folded text in the making.
struct Folded {
    text: String,
    /// White space waits to be written.
    space: bool,
}

impl Folded {
    /// Adds a character through the tables of Unicode. Marks are dropped, so their order across
    /// characters does not matter.
    fn decomposed(&mut self, character: char) {
        for part in std::iter::once(character).nfd() {
            for lower in part.to_lowercase() {
                self.add(lower);
            }
        }
    }

    /// Adds one decomposed, lower case character.
    #[inline]
    fn add(&mut self, character: char) {
        if is_space(character) {
            // An invisible character separates nothing.
            self.space |= character.is_whitespace();
            return;
        }
        if character.is_ascii() {
            return self.write(if character == '`' { '\'' } else { character });
        }
        if is_combining_mark(character) {
            return;
        }
        match character {
            '’' | '‘' | 'ʼ' | '´' => self.write('\''),
            '‐' | '‑' | '–' | '—' | '−' => self.write('-'),
            '：' => self.write(':'),
            'ß' => self.write_all("ss"),
            'œ' => self.write_all("oe"),
            'æ' => self.write_all("ae"),
            'ł' => self.write('l'),
            'ø' => self.write('o'),
            _ => self.write(character),
        }
    }

    #[inline]
    fn write(&mut self, character: char) {
        if std::mem::take(&mut self.space) && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push(character);
    }

    fn write_all(&mut self, text: &str) {
        text.chars().for_each(|character| self.write(character));
    }

    /// Writes plain letters and signs of ASCII.
    #[inline]
    fn write_run(&mut self, run: &str) {
        if run.is_empty() {
            return;
        }
        if std::mem::take(&mut self.space) && !self.text.is_empty() {
            self.text.push(' ');
        }
        let start = self.text.len();
        self.text.push_str(run);
        if let Some(written) = self.text.get_mut(start..) {
            written.make_ascii_lowercase();
        }
    }
}

// The second character may be none (`\0`).
static LATIN: LazyLock<Latin<[char; 2]>> = LazyLock::new(|| {
    Latin::of(|letter| {
        let mut folded = Folded {
            text: String::new(),
            space: false,
        };
        folded.decomposed(letter);
        let mut folded = folded.text.chars();
        [(); 2].map(|()| folded.next().unwrap_or('\0'))
    })
});

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

/// Holds a telephone number; `folded` is folded.
pub(super) fn has_phone(folded: &str) -> bool {
    PHONE.is_match(folded)
}

/// The first electronic address of a text.
pub(super) fn email(text: &str) -> Option<(usize, &str)> {
    EMAIL
        .find(text)
        .map(|found| (found.start(), found.as_str()))
}

regex!(
    GREETING,
    concat!(
        r"^(?:re-?)?(?:bonjour|bonsoir|salut|coucou|hello|hi|hey|dear|good (?:morning|afternoon|",
        r"evening|day)|madame|monsieur|mesdames|messieurs|chers?|cheres?|hallo|guten (?:tag|",
        r"morgen|abend)|sehr geehrter?|liebe|hola|buenos dias|buenas tardes|ciao|buongiorno|beste|",
        r"geachte|goedemorgen|ola|bom dia|boa tarde)\b",
    )
);

/// Words of a greeting that are no names, folded.
const GREETED: &str = "\
    a again all amis chef cher chere cheres chers collegue collegues colleagues damen de der \
    des und du equipe et everybody everyone folks gars guys helpdesk herr herren frau \
    informatique l'assistance l'equipe la le les madame mesdames messieurs monde monsieur mme \
    m service sir support team the there tous tout toutes";

/// Nothing but a greeting: « Bonjour Madame Dupont, », not « Bonjour, mon écran est noir ».
pub fn is_greeting(text: &str) -> bool {
    greets(text, || fold(text))
}

/// The same of a text that may be folded already.
pub(super) fn greets<F: AsRef<str>>(text: &str, folded: impl FnOnce() -> F) -> bool {
    if text.contains(['?', ':', '@']) || is_longer(text, 80) {
        return false;
    }
    let folded = folded();
    let Some(found) = GREETING.find(folded.as_ref()) else {
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
    fn characters_are_counted_not_bytes() {
        for (text, chars, longer) in [
            ("", 0, false),
            ("a", 0, true),
            ("abc", 3, false),
            ("abcd", 3, true),
            ("éàü", 3, false),
            ("éàüö", 3, true),
            ("\u{1f600}\u{1f600}", 2, false),
            ("\u{1f600}\u{1f600}\u{1f600}", 2, true),
        ] {
            assert_eq!(is_longer(text, chars), longer, "{text} of {chars}");
        }
    }

    #[test]
    fn words_are_folded() {
        assert_eq!(
            fold(" À\u{a0}bientôt,  l’Œuvre\u{200b} "),
            "a bientot, l'oeuvre"
        );
        assert_eq!(fold("GRÜSSE Straße"), "grusse strasse");
    }

    #[test]
    fn every_character_folds_as_the_tables_say() {
        for character in ('\0'..=char::MAX).filter(|c| u32::from(*c) < 0x3_0000) {
            let mut slow = Folded {
                text: "a".to_owned(),
                space: true,
            };
            slow.decomposed(character);
            let folded = fold(&format!("a {character}"));
            let shown = folded != "a";
            assert_eq!(shown, slow.text != "a", "{character:?}");
            if shown {
                assert_eq!(folded, slow.text, "{character:?}");
            }
        }
    }

    #[test]
    fn numbers_and_addresses_are_found() {
        for text in [
            "Tél. : 01 23 45 67 89",
            "+33 (0)1 23 45 67 89",
            "06.12.34.56.78",
            "Mobile: 0612345678",
        ] {
            assert!(has_phone(&fold(text)), "{text}");
        }
        for text in [
            "le 12/03/2024 à 10:30",
            "erreur 0x80070005",
            "ticket 1042",
            "version 10.0.19045.3448",
        ] {
            assert!(!has_phone(&fold(text)), "{text}");
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
