//! Tells the language of a text, as far as it is long enough to tell.

use std::collections::HashMap;
use std::sync::LazyLock;

use whatlang::{Detector, Lang};

use super::words::{among, fold};

/// Letters from which statistics are asked.
const LETTERS: usize = 20;

/// Letters from which statistics alone are believed when they are nearly sure.
const RELIABLE: usize = 40;

/// The weight of three words that one of the two languages has alone.
const ENOUGH: usize = 9;

/// Characters that are looked at.
const LOOKED_AT: usize = 1_500;

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

/// The lists by code: French, English, and five neighbours that statistics need more than a line to tell apart. A word that
/// several languages have counts little, wherever it stands.
const LISTS: [(&str, &str); 7] = [
    ("fr", FRENCH),
    ("en", ENGLISH),
    (
        "de",
        "der die das den dem des ein eine einen einem ich wir sie es ist im am vom beim ins dass wie was wo warum schon auch nur an \
        liegt gibt funktioniert defekt kaputt morgen sind hat haben nicht kein \
        keine mehr mein meine mit auf fur von zum zur bei nach seit heute noch immer leider bitte \
        und oder aber wenn kann konnen geht wird werden hallo guten tag danke gruss rechner \
        drucker bildschirm passwort",
    ),
    (
        "es",
        "el la los las un una de del al y o que no se con por para desde esta este mi mis su es son \
        muy pero ya hay hola buenos dias tardes gracias ayer hoy manana puedo puede pueden \
        funciona sigue tengo ordenador impresora pantalla contrasena",
    ),
    (
        "it",
        "il lo la i gli le un una di del della dei al alla e o che non si con per da dal dalla \
        questa questo mio mia sono molto ma piu anche ciao buongiorno grazie ieri oggi domani \
        posso potete riesco funziona ancora stampante schermo computer casella",
    ),
    (
        "nl",
        "de het een en of niet geen meer mijn onze met op voor van naar bij sinds vandaag nog \
        steeds helaas ik wij we is zijn heeft kan kunnen kunt werkt maar ook hallo goedemorgen \
        bedankt scherm wachtwoord",
    ),
    (
        "pt",
        "o a os as um uma de do da dos das no na e ou que nao se com por para desde esta este meu \
        minha sao muito mas ja ha ola bom dia boa tarde obrigado obrigada ontem hoje amanha posso \
        podem consigo funciona continua impressora ecra senha",
    ),
];

/// Short words that more languages have than those that are listed.
const SHARED: &str = "\
    a on in me no non la un i en par an de";

/// Words that a person says to a person: a pasted message has none.
const ADDRESSED: &str = "\
    bonjour bonsoir cordialement merci hello dear regards thanks thank";

/// What each word weighs for each of the lists.
static WEIGHTS: LazyLock<HashMap<&str, [u8; LISTS.len()]>> = LazyLock::new(|| {
    let mut weights: HashMap<&str, [u8; LISTS.len()]> = HashMap::new();
    for (at, (_, list)) in LISTS.iter().enumerate() {
        for word in list.split_ascii_whitespace() {
            weights.entry(word).or_default()[at] = 1;
        }
    }
    for (word, claims) in &mut weights {
        let shared = among(SHARED, word);
        let alone = claims.iter().filter(|claim| **claim > 0).count() == 1;
        for (at, claim) in claims
            .iter_mut()
            .enumerate()
            .filter(|(_, claim)| **claim > 0)
        {
            // French and English are told from each other first: the others may share.
            *claim = match at {
                _ if among(ADDRESSED, word) => 9,
                0 | 1 if !shared => 3,
                _ if alone && !shared => 3,
                _ => 1,
            };
        }
    }
    weights
});

/// The counts with the codes of their languages.
fn counted(counts: &[usize; LISTS.len()]) -> impl Iterator<Item = (&'static str, usize)> {
    LISTS
        .iter()
        .zip(counts)
        .map(|((code, _), count)| (*code, *count))
}

/// ISO 639-1 code of the language of `text`; `None` when it is too short or too mixed to tell.
pub fn language(text: &str) -> Option<String> {
    let sample = match text.char_indices().nth(LOOKED_AT) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    };
    let folded = fold(sample);
    let words = folded
        .split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .filter(|word| !word.is_empty());
    let mut total = 0;
    let mut counts = [0_usize; LISTS.len()];
    for word in words {
        total += usize::from(!word.starts_with(|c: char| c.is_ascii_digit()));
        let weights = WEIGHTS.get(word).copied().unwrap_or_default();
        for (count, weight) in counts.iter_mut().zip(weights) {
            *count += usize::from(weight);
        }
        if weights[0] == 0 && is_french_elision(word) {
            counts[0] += 2;
        }
    }
    // Polish « się » folds to "sie": letters that none of the seven has leave the matter to
    // statistics.
    let is_foreign = sample
        .chars()
        .any(|c| !c.is_ascii() && "ąęłńśźżćčšřžěďťůőűăîșşțţğışđøåæ".contains(c));
    let of = |code: &str| {
        let listed = matches!(code, "fr" | "en") || !is_foreign;
        let found = counted(&counts).find(|(other, _)| *other == code && listed);
        found.map_or(0, |(_, count)| count)
    };
    let (french, english) = (of("fr"), of("en"));

    // Half of the words of a French or English sentence are on its list; three of them are enough
    // when the rest is not another language (names, numbers, a pasted message).
    let decided = |code: &str| {
        let own = of(code);
        let other = counted(&counts)
            .filter(|(other, _)| *other != code)
            .map(|(_, count)| count)
            .max()
            .unwrap_or_default();
        let known_well = matches!(code, "fr" | "en");
        // Neighbours share more: half as much again is a lead there.
        let leads = if known_well {
            own > other * 2
        } else {
            own * 2 > other * 3
        };
        // A few words, none of them another language's: « Pour suite à donner ».
        let undisputed = known_well && own >= other * 3 && own * 2 >= total;
        // Nearly undisputed, and half of the words.
        let plain = own >= 6 && own >= other * 3 && own * 2 >= total;
        own >= 3 && leads && (own >= total || own >= ENOUGH || undisputed || plain)
    };
    if let Some((code, _)) = LISTS.iter().find(|(code, _)| decided(code)) {
        return Some((*code).to_owned());
    }
    let letters = folded.chars().filter(|c| c.is_alphabetic()).count();
    if letters < LETTERS {
        return None;
    }
    let info = detector().detect(sample)?;
    let code = code(info.lang())?;
    let is_sure = match code {
        "fr" => french > english && french > 0,
        "en" => english > french && english > 0,
        _ => letters >= RELIABLE && info.confidence() > 0.5,
    };
    (info.is_reliable() || is_sure).then(|| code.to_owned())
}

/// « l'écran », « d'accord », « qu'il »: French, and hardly anything else that is written to a desk.
fn is_french_elision(word: &str) -> bool {
    word.split_once('\'').is_some_and(|(head, rest)| {
        matches!(head, "l" | "d" | "j" | "m" | "t" | "s" | "n" | "c" | "qu")
            && rest.chars().count() >= 2
    })
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
            (
                "La impresora de la segunda planta no imprime desde ayer.",
                "es",
            ),
            (
                "Guten Morgen,\n\nes liegt an der Dose, das Kabel funktioniert im Nebenraum.",
                "de",
            ),
            (
                "Dzień dobry, nadal nie mogę się zalogować, pojawia się błąd 5.",
                "pl",
            ),
            ("Pour suite a donner", "fr"),
            (
                "Leider startet der Rechner immer noch nicht, er piept dreimal.",
                "de",
            ),
            (
                "De printer op de tweede verdieping werkt nog steeds niet.",
                "nl",
            ),
            ("Voici la photo de l'étiquette", "fr"),
            ("I can't open the file any more", "en"),
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
