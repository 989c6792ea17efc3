//! Tells the language of a text, as far as it is long enough to tell.

use whatlang::{Detector, Lang};

use super::words::{among, fold};

/// Letters from which statistics are asked.
const LETTERS: usize = 20;

/// Letters from which statistics alone are believed when they are nearly sure.
const RELIABLE: usize = 40;

/// The weight of three words that one of the two languages has alone.
const ENOUGH: usize = 9;

/// Characters that are looked at.
const LOOKED_AT: usize = 4_000;

/// Words that only French has among the languages of a French organisation, folded.
const FRENCH: &str = "\
    bonjour bonsoir merci je j'ai nous vous est les des une un du le la et pas plus mon ma mes \
    votre notre vos nos pour avec dans sur que qui ce cette c'est n'est ne au aux sont ai avez \
    avons marche fonctionne cordialement toujours depuis mais aussi tres bien parfait \
    impeccable nickel svp besoin peut pouvez pourriez faire fait etre suis il elle on ca cela \
    voici en par ou si comme tout tous encore deja hier demain ordinateur imprimante panne \
    probleme ecran mot passe compte acces d'accord oui non super resolu demande aide";

/// The same for English.
const ENGLISH: &str = "\
    hello hi dear thanks thank you the is are was were my your our and not i i'm i've we it \
    it's this that with for from have has had please can can't could would will do does \
    doesn't don't to of in at be been an a any but still again works working work great \
    perfect regards need help how what when why where there no yes all some get got me he she \
    they computer printer screen password account broken issue problem fixed good morning just \
    now since yesterday tomorrow";

/// Short words that both lists could claim, or other Latin languages share.
const SHARED: &str = "\
    a on in me no non la un i en par an";

/// Words that a person says to a person: a pasted message has none.
const ADDRESSED: &str = "\
    bonjour bonsoir cordialement merci hello dear regards thanks thank";

/// ISO 639-1 code of the language of `text`; `None` when it is too short or too mixed to tell.
pub fn language(text: &str) -> Option<String> {
    let sample: String = text.chars().take(LOOKED_AT).collect();
    let folded = fold(&sample);
    let words = || {
        folded
            .split(|c: char| !(c.is_alphanumeric() || c == '\''))
            .filter(|word| !word.is_empty())
    };
    let count = |list: &str| -> usize {
        words()
            .filter(|word| among(list, word))
            .map(|word| {
                if among(SHARED, word) {
                    1
                } else if among(ADDRESSED, word) {
                    9
                } else {
                    3
                }
            })
            .sum()
    };
    let (french, english) = (count(FRENCH), count(ENGLISH));
    let total = words()
        .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
        .count();
    let letters = folded.chars().filter(|c| c.is_alphabetic()).count();

    // Half of the words of a French or English sentence are on its list; three of them are enough
    // when the rest is not the other language (names, numbers, a pasted message).
    let decided =
        |own: usize, other: usize| own >= 3 && own > other * 2 && (own >= total || own >= ENOUGH);
    if decided(french, english) {
        return Some("fr".to_owned());
    }
    if decided(english, french) {
        return Some("en".to_owned());
    }
    if letters < LETTERS {
        return None;
    }
    let info = detector().detect(&sample)?;
    let code = code(info.lang())?;
    let is_sure = match code {
        "fr" => french > english && french > 0,
        "en" => english > french && english > 0,
        _ => letters >= RELIABLE && info.confidence() > 0.5,
    };
    (info.is_reliable() || is_sure).then(|| code.to_owned())
}

fn detector() -> Detector {
    Detector::with_allowlist(vec![
        Lang::Fra,
        Lang::Eng,
        Lang::Deu,
        Lang::Spa,
        Lang::Ita,
        Lang::Nld,
        Lang::Por,
        Lang::Pol,
        Lang::Ron,
        Lang::Rus,
        Lang::Ukr,
        Lang::Ara,
        Lang::Tur,
        Lang::Cmn,
        Lang::Jpn,
    ])
}

fn code(language: Lang) -> Option<&'static str> {
    Some(match language {
        Lang::Fra => "fr",
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Pol => "pl",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Ara => "ar",
        Lang::Tur => "tr",
        Lang::Cmn => "zh",
        Lang::Jpn => "ja",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::language;

    #[test]
    fn languages_are_told() {
        for (text, expected) in [
            (
                "Bonjour, mon imprimante ne fonctionne plus depuis ce matin.",
                "fr",
            ),
            ("Merci beaucoup, ça marche !", "fr"),
            ("Merci", "fr"),
            ("C'est bon pour moi", "fr"),
            ("Pouvez-vous me rappeler au 06 12 34 56 78 ?", "fr"),
            (
                "Bonjour,\n\nJe souhaiterais commander :\n- 2 écrans 24 pouces\n- 1 clavier\n- 1 souris",
                "fr",
            ),
            (
                "Bonjour, j'ai ce message :\n\nThe current application triggered a termination\n\nQue faire ?",
                "fr",
            ),
            (
                "Bonjour,\nj'ai ce message :\nThe current application triggered a termination with a short dump.\nQue faire ?",
                "fr",
            ),
            ("See the forwarded message below.", "en"),
            (
                "Toujours pareil ce matin, l'écran reste noir au démarrage et rien ne s'affiche.",
                "fr",
            ),
            ("Hello, my printer does not work since this morning.", "en"),
            ("Thanks, it works!", "en"),
            ("Thank you", "en"),
            (
                "The screen stays black and nothing is displayed when I start the computer.",
                "en",
            ),
            (
                "Guten Tag, mein Drucker funktioniert seit heute Morgen nicht mehr. Können Sie mir helfen?",
                "de",
            ),
            (
                "Hola, mi impresora no funciona desde esta mañana. ¿Pueden ayudarme con este problema?",
                "es",
            ),
            (
                "Buongiorno, la mia stampante non funziona più da questa mattina. Potete aiutarmi?",
                "it",
            ),
            (
                "Goedemorgen, mijn printer werkt sinds vanochtend niet meer. Kunt u mij helpen?",
                "nl",
            ),
            (
                "Bom dia, a minha impressora não funciona desde esta manhã. Podem ajudar-me?",
                "pt",
            ),
        ] {
            assert_eq!(language(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn doubt_is_said() {
        for text in [
            "",
            "OK",
            "👍",
            "12345 0x80070005",
            "PC-1042",
            "http://example.org/",
        ] {
            assert_eq!(language(text), None, "{text}");
        }
    }
}
