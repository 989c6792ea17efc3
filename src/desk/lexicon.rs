//! What a requester says of a solution, in French and English: that it holds, that it does not, or
//! in figures how good it was (rows E13, K1, K3). A lexicon, so that each verdict can be explained.
//!
//! Only plain words count. A reply that is doubtful is neither: then it reopens the ticket as a
//! complement, and a person reads it.

use std::sync::LazyLock;

use regex::Regex;

use crate::mail::text::fold_accents;
use crate::ticket::Marks;

/// What a reply says of a solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    /// « J'accepte la solution. »
    Holds,
    /// « Ça ne marche toujours pas. »
    Fails,
}

/// What the links of a resolution write into the reply; the first line is understood below.
pub fn prefilled(opinion: Opinion, language: &str) -> &'static str {
    match (opinion, language) {
        (Opinion::Holds, "en") => "I accept the solution.",
        (Opinion::Holds, _) => "J'accepte la solution.",
        (Opinion::Fails, "en") => "The solution does not hold, because:",
        (Opinion::Fails, _) => "La solution ne convient pas, parce que :",
    }
}

/// What the link for marks writes into the reply: two lines to complete.
pub fn marks_form(language: &str) -> &'static str {
    match language {
        "en" => "Speed (1 to 5):\nAnswers (1 to 5):",
        _ => "Délai (1 à 5) :\nRéponses (1 à 5) :",
    }
}

/// What the link of an acknowledgement that offers articles writes into the reply.
pub fn prefilled_helped(language: &str) -> &'static str {
    match language {
        "en" => "It helped me, my request can be closed.",
        _ => "Cela m'a aidé, ma demande peut être close.",
    }
}

macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($pattern).expect("a literal pattern, tested below"));
    };
}

// Taken out first: they hold words of failure and mean success.
pattern!(
    HARMLESS,
    concat!(
        r"\b(?:plus (?:de|aucun|aucune|d')\s?(?:souci|probleme|erreur|panne|message d'erreur)s?|",
        r"(?:sans|aucun|aucune|pas de|no|without|any) (?:souci|probleme|erreur|problem|issue|error)s?|",
        r"ne (?:revient|persiste|se reproduit) (?:pas|plus)|no (?:longer|more) (?:broken|failing|fails)|",
        r"n'est plus (?:en panne|bloquee?|casse)|ne (?:bloque|plante|bugue) plus|",
        r"(?:n'a|a) (?:plus )?(?:jamais )?replante)\b",
    )
);
pattern!(
    FAILS,
    concat!(
        r"\b(?:je (?:la )?refuse|solution refusee|refus de la solution|",
        r"(?:ne|n'y|me|nous|lui|leur) (?:me |nous )?convien(?:t|nent) (?:toujours |vraiment )?pas|",
        r"ne (?:\p{L}+ )?(?:marche|fonctionne|repond|demarre|imprime|scanne|charge|synchronise|connecte|tient|change|corrige|resout|regle)(?:nt)? ",
        r"(?:toujours |absolument |vraiment |deja )?(?:pas|plus|rien)|",
        r"(?:ne )?s'(?:ouvre|allume|affiche|imprime|arrete)(?:nt)? (?:toujours |encore )?(?:pas|plus)|",
        r"(?:marche|fonctionne|repond|demarre|imprime)(?:nt)? (?:toujours |deja )?(?:pas|plus)\b|",
        r"toujours (?:pas|en panne|bloquee?s?|impossible|casse|le meme|la meme|les memes|rien|aussi|un probleme|des problemes|l'erreur)|",
        r"(?:encore|de nouveau|a nouveau|re-?) ?(?:en panne|bloquee?s?|casse|le meme|la meme|plante)|",
        r"(?:meme|memes) (?:souci|probleme|erreur|panne|message d'erreur|message|symptome)s?\b|",
        r"(?:probleme|souci|panne|erreur|bug)s? (?:persiste(?:nt)?|demeure|continue|subsiste|reapparait|revient|recommence|est revenue?|est reapparue?|est toujours|reste)|",
        r"(?:a|ont) recommence|ca recommence|retombee? en panne|replante|",
        r"non (?:resolu|regle|repare|corrige)e?s?|(?:n'est|n'a|ne sont|n'ont) (?:toujours |donc )?pas (?:ete )?(?:resolu|regle|repare|corrige|retabli|solutionne)|",
        r"(?:pas|rien) (?:n'est |de )?(?:resolu|regle|repare|corrige|change)e?s?|rien n'a change|aucun (?:changement|effet)|aucune amelioration|",
        r"(?:ne (?:m'|nous )a|n'a) (?:toujours |malheureusement )?(?:pas|en rien|guere) (?:aidee?s?|depannee?s?|suffi|convenu)|",
        r"sans (?:effet|succes|resultat)|je n'(?:arrive|ai) toujours (?:pas|aucun)|n'arrive toujours pas|",
        r"i (?:refuse|reject)|does ?n[o']t (?:work|hold|help|open|print|start|fix|solve)|do not work|don't work|did ?n[o']t (?:work|help|fix|solve)|",
        r"still (?:not|no|broken|fail\p{L}*|the same|does|do|is|are|have|having|get|getting|can't|cannot|can not|unable|down|stuck|crash\p{L}*)|",
        r"(?:not|isn't|aren't|never) (?:working|fixed|solved|resolved|repaired)|same (?:problem|issue|error|fault|message)|",
        r"(?:problem|issue|error|fault)s? (?:persists?|remains?|continues?|is back|came back|has come back|is still)|",
        r"(?:broken|happening|failing|down|crashed) again|no (?:change|improvement|effect)|to no avail)\b",
    )
);
pattern!(
    HOLDS,
    concat!(
        r"\b(?:j'accepte|nous acceptons|",
        r"(?:je|nous) (?:vous |la |le )?valid(?:e|ons)(?: (?:la|cette|votre) (?:solution|resolution|cloture|reponse|intervention)|\s*[.,!;]|\s*$)|",
        r"(?:je|nous|i|we) (?:hereby |vous |le )?confirm(?:e|ons)?\b[ ,:]*(?:\p{L}+['\s]+){0,4}(?:resolu|reglee?|resolution|solution|cloture|fonctionne|marche|fonctionnement|works|working|fixed|solved)|",
        r"solution (?:acceptee|validee|approuvee)|",
        r"(?:vous pouvez|tu peux|on peut|merci de|priere de|veuillez|je vous laisse) (?:donc |bien |maintenant )?(?:fermer|clore|cloturer)|",
        r"(?:ticket|demande|incident|dossier) (?:peut|pourra) (?:donc )?(?:etre )?(?:ferme|clos|close|cloture|cloturee|fermee)|",
        r"(?:i|we) (?:hereby )?(?:accept|approve)|solution (?:accepted|approved|confirmed)|",
        r"(?:you (?:can|may)|please|feel free to) (?:now )?close|(?:ticket|case|request) can be closed)",
    )
);
// Something is missing, or wanted beside: no remark on what is over.
pattern!(
    ASKS_FOR_MORE,
    concat!(
        r"\?|\b(?:(?:il|me|nous) (?:me |nous |lui |leur )?manque(?:nt)?|reste(?:nt|ra|rait)?|encore|aussi|egalement|",
        r"(?:pouvez|pourriez|peux|pourrais|voulez|voudriez)[- ](?:vous|tu)|",
        r"missing|lacks|remains?|left to|still|also|as well|(?:could|can|would|will) you)\b",
    )
);
// What is said of an article that was offered, and of nothing else before somebody has answered.
pattern!(
    HELPED,
    concat!(
        r"\b(?:(?:cela|ca|ceci|l'article|la fiche|la page|votre article|cet article|cette fiche) (?:m'a |nous a )(?:bien |beaucoup |vraiment |parfaitement )?(?:aidee?s?|depannee?s?|suffi)|",
        r"(?:cela|ca|l'article|la fiche|votre article|cet article|cette fiche) (?:a |m'a |nous a )?(?:bien )?(?:resolu|regle|solutionne) (?:mon|le|notre|ma|la) (?:probleme|souci|panne|difficulte|demande)|",
        r"(?:probleme|souci|demande|c'est) (?:est )?(?:resolue?|reglee?|bon) (?:grace a|avec|par) (?:l'|votre |cet |cette |la |le )(?:article|fiche|page|lien)|",
        r"j'ai (?:trouve|eu) (?:ma |la )(?:reponse|solution) (?:dans|avec|grace a) (?:l'|votre |cet |cette |la |le )(?:article|fiche|page|lien)|",
        r"(?:it|this|that|the article|your article|the page) (?:has )?(?:really |just )?(?:helped(?: me| us)?|(?:solved|fixed) (?:it|my|the|our)))\b",
    )
);
// All that somebody says: the shortest answers to « la solution vous convient-elle ? ».
pattern!(
    SHORTLY_HOLDS,
    concat!(
        r"^(?:(?:bonjour|bonsoir|hello|hi) )?(?:merci )?(?:oui|yes|(?:ok|oui) ca marche|(?:(?:ok|oui|yes) )?(?:",
        r"c'est (?:bon|ok)(?: pour (?:moi|nous))?|ok pour (?:moi|nous)|",
        r"(?:la solution|cela|ca) (?:me|nous) (?:convient|va)(?: (?:bien|tres bien|parfaitement))?|",
        r"(?:the solution|it|that) (?:suits me|is fine(?: with me)?)))(?: (?:merci|thanks|thank you)(?: beaucoup)?)?$",
    )
);
// « Ok merci » says that somebody has read it, as a thanks does; whether it works, he did not say.
pattern!(
    NOD,
    concat!(
        r"^(?:(?:bonjour|bonsoir|hello|hi) )?(?:(?:merci|thanks|thank you) )?",
        r"(?:ok|okay|d'accord|entendu|c'est note|bien note|bien recu)(?: (?:ok|merci|thanks|thank you))?(?: beaucoup| a vous)?$",
    )
);
// Said by who is content: the trouble is over, whoever ended it.
pattern!(
    GONE,
    concat!(
        r"\b(?:(?:re)?(?:marche|fonctionne)(?:nt)?|repart(?:i|ie|is)?|reglee?s?|resolue?s?|retablie?s?|reparee?s?|",
        r"plus (?:de|aucun|d') ?(?:souci|probleme|erreur|panne)s?|rentree? dans l'ordre|annuler|annulez|",
        r"works?|working|solved|fixed|resolved|sorted|went away|gone|cancel)\b",
    )
);
pattern!(SHORTLY_FAILS, r"^(?:non|no|nope|pas du tout|not at all)$");
// With one of these an acceptance is no plain one.
pattern!(
    HOWEVER,
    concat!(
        r"\b(?:mais|sauf|hormis|par contre|cependant|toutefois|en revanche|si|quand|lorsque|avant|apres|des que|une fois|sinon|",
        r"pas|plus tard|jamais|reserve|but|except|however|if|when|once|before|after|until|unless|not|don't|do not|never|later|although)\b",
    )
);
pattern!(
    NAMED_SPEED,
    r"\b(?:delai|delais|duree|rapidite|vitesse|temps|speed|time|delay)\s*(?:\(1 (?:a|to) 5\))?\s*[:=]?\s*([1-5])(?:\s*/\s*5)?\b"
);
pattern!(
    NAMED_ANSWERS,
    r"\b(?:reponses?|qualite|answers?|quality|replies)\s*(?:\(1 (?:a|to) 5\))?\s*[:=]?\s*([1-5])(?:\s*/\s*5)?\b"
);
// A line of our form that nobody filled in.
pattern!(
    EMPTY_FORM,
    r"^(?:delai|reponses|speed|answers) \(1 (?:a|to) 5\) ?:$"
);
// "4/5 et 5/5", "5 4", "note : 5/4"; the mark "4/5" alone is four of five.
pattern!(
    TWO,
    r"^(?:(?:ma |mes |my )?(?:notes?|avis|evaluation|marks?|ratings?)\s*[:=]?\s*)?([1-5])(?:\s*/\s*5)?\s*(?:[,;/&+ -]|et|and|puis)\s*([1-5])(?:\s*/\s*5)?\s*[.! ]*$"
);
pattern!(
    ONE,
    r"^(?:(?:(?:ma |my )?(?:note|avis|evaluation|mark|rating)\s*[:=]?\s*)?([1-5])\s*(?:/|sur|out of)\s*5|(?:ma |my )?(?:note|mark|rating)\s*[:=]?\s*([1-5]))\s*[.! ]*$"
);

fn folded(text: &str) -> String {
    let text = fold_accents(text).to_lowercase().replace(['’', 'ʼ'], "'");
    HARMLESS.replace_all(&text, " ").into_owned()
}

/// Its words alone, on one line.
fn said(folded: &str) -> String {
    let words = folded.split(|c: char| !(c.is_alphanumeric() || c == '\''));
    let words = words.filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// What a reply says of the solution; `None` when it says neither plainly.
pub fn opinion(text: &str) -> Option<Opinion> {
    let folded = folded(text);
    let said = said(&folded);
    if FAILS.is_match(&folded) || SHORTLY_FAILS.is_match(&said) {
        return Some(Opinion::Fails);
    }
    if SHORTLY_HOLDS.is_match(&said) && !folded.contains('?') {
        return Some(Opinion::Holds);
    }
    let plain = |line: &str| HOLDS.is_match(line) && !HOWEVER.is_match(line);
    let asks = folded.contains('?');
    let however = folded.lines().any(|line| HOWEVER.is_match(line));
    (!asks && !however && folded.lines().any(plain)).then_some(Opinion::Holds)
}

/// Read, and no more than that.
pub fn is_nod(text: &str) -> bool {
    NOD.is_match(&said(&folded(text)))
}

/// A kind word that says that there is nothing left to do.
pub fn is_gone(text: &str) -> bool {
    GONE.is_match(&fold_accents(text).to_lowercase().replace(['’', 'ʼ'], "'"))
}

/// The words miss something or ask for it: they are more than a remark.
pub fn asks_for_more(text: &str) -> bool {
    ASKS_FOR_MORE.is_match(&folded(text))
}

/// The reply says plainly that an article that was offered solved it.
pub fn helped(text: &str) -> bool {
    let folded = folded(text);
    !folded.contains('?')
        && !FAILS.is_match(&folded)
        && !folded.lines().any(|line| HOWEVER.is_match(line))
        && folded.lines().any(|line| HELPED.is_match(line))
}

/// What is left of a refusal or an acceptance without the words that our links write.
pub fn reason(text: &str) -> Option<String> {
    let ours = |line: &str| {
        [Opinion::Holds, Opinion::Fails].iter().any(|opinion| {
            ["fr", "en"].iter().any(|language| {
                let written = prefilled(*opinion, language);
                folded(line).trim() == folded(written).trim()
            })
        })
    };
    let mut kept: Vec<&str> = Vec::new();
    for line in text.lines() {
        if !ours(line) {
            kept.push(line);
        }
    }
    let reason = kept.join("\n").trim().to_owned();
    (!reason.is_empty()).then_some(reason)
}

/// The marks that a reply gives, and the reply without them. A reply without marks is given back
/// whole.
pub fn marks(text: &str) -> (Option<Marks>, String) {
    let mut found: Option<Marks> = None;
    let (mut speed, mut answers) = (None, None);
    let mut rest: Vec<&str> = Vec::new();
    let alone = text.trim();
    for line in text.lines() {
        let plain = fold_accents(line).to_lowercase();
        let plain = plain.trim();
        let figure = |captures: &regex::Captures<'_>, group: usize| {
            captures.get(group)?.as_str().parse::<u8>().ok()
        };
        if EMPTY_FORM.is_match(plain) {
            continue;
        }
        // "4/5" is TWO as well; five of five or four of five is what people mean.
        let whole = ONE
            .captures(plain)
            .and_then(|one| figure(&one, 1).or_else(|| figure(&one, 2)))
            .and_then(|mark| Marks::new(mark, mark))
            .or_else(|| {
                let two = TWO.captures(plain)?;
                Marks::new(figure(&two, 1)?, figure(&two, 2)?)
            })
            // A figure that is all of a reply.
            .or_else(|| {
                let mark = plain.parse().ok().filter(|_| alone == line.trim())?;
                Marks::new(mark, mark)
            });
        if whole.is_some() {
            found = found.or(whole);
            continue;
        }
        let named = (
            NAMED_SPEED
                .captures(plain)
                .and_then(|named| figure(&named, 1)),
            NAMED_ANSWERS
                .captures(plain)
                .and_then(|named| figure(&named, 1)),
        );
        // A line of names and figures only: what a sentence says in passing is no mark.
        let left = NAMED_ANSWERS.replace_all(plain, "");
        let left = NAMED_SPEED
            .replace_all(&left, "")
            .replace(" et ", "")
            .replace(" and ", "");
        let is_list = !left.chars().any(char::is_alphanumeric);
        if named != (None, None) && is_list {
            speed = speed.or(named.0);
            answers = answers.or(named.1);
            continue;
        }
        rest.push(line);
    }
    let named = match (speed, answers) {
        (Some(speed), Some(answers)) => Marks::new(speed, answers),
        (Some(one), None) | (None, Some(one)) => Marks::new(one, one),
        (None, None) => None,
    };
    match found.or(named) {
        Some(marks) => (Some(marks), rest.join("\n").trim().to_owned()),
        None => (None, text.to_owned()),
    }
}

/// A reaction that nobody sends when he is content.
pub fn is_unhappy(reaction: &str) -> bool {
    reaction.contains([
        '👎', '😡', '😠', '🤬', '😢', '😞', '😭', '🙁', '☹', '😕', '💔', '😒', '🤮',
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_solution_that_fails() {
        for text in [
            "Merci mais ça ne marche toujours pas : l'image reste noire.",
            "Le problème persiste.",
            "La panne est revenue ce matin.",
            "Désolée, la panne est revenue ce matin.",
            "Toujours la même erreur au démarrage",
            "L’imprimante ne fonctionne plus depuis ce matin",
            "ça marche pas",
            "Je refuse la solution, il manque le pilote.",
            "La solution ne convient pas, parce que :\nle port est bouché",
            "Mon poste est de nouveau bloqué.",
            "Ce n'est pas résolu.",
            "Non résolu",
            "Non.",
            "J'ai essayé, rien n'a changé.",
            "L'article ne m'a pas aidée : le compte est verrouillé.",
            "Cela n'a pas suffi.",
            "Le fichier ne s'ouvre toujours pas",
            "It still does not print.",
            "The problem is back",
            "Doesn't work, same error",
            "The solution does not hold, because:\nit crashes",
            "It's not fixed at all.",
        ] {
            assert_eq!(opinion(text), Some(Opinion::Fails), "{text}");
        }
    }

    #[test]
    fn a_remark_asks_for_nothing() {
        for text in [
            "Il manque encore le pilote couleur",
            "Le second écran aussi.",
            "Il reste deux postes à faire",
            "Et pour le scanner ?",
            "Pouvez-vous passer demain",
            "The colour driver is missing",
            "The second screen as well",
            "Could you come tomorrow",
        ] {
            assert!(asks_for_more(text), "{text}");
        }
        for text in [
            "Trois jours pour un câble, c'est long.",
            "Personne ne m'a prévenue de la coupure.",
            "Il a manqué un mot d'explication.",
            "It took three days, far too long.",
        ] {
            assert!(!asks_for_more(text), "{text}");
        }
    }

    #[test]
    fn a_solution_that_holds() {
        for text in [
            "J'accepte la solution.",
            "J’accepte la solution.\n\nMarie",
            "Bonjour,\nJe valide, merci beaucoup !",
            "Parfait, vous pouvez clore le ticket.",
            "Merci, vous pouvez fermer.",
            "C'est bon, le ticket peut être clos.",
            "Je confirme la résolution. Plus de problème !",
            "Solution validée",
            "I accept the solution.",
            "Great, you can close the ticket.",
            "I confirm, it works. No more errors.",
            "Je confirme que c'est résolu.",
            "La solution me convient.",
            "Oui",
            "OK, ça marche",
            "C’est bon pour moi, merci !",
            "Bonjour, oui, merci",
            "Cela nous convient parfaitement.",
        ] {
            assert_eq!(opinion(text), Some(Opinion::Holds), "{text}");
        }
    }

    #[test]
    fn neither_plainly() {
        for text in [
            "Merci beaucoup !",
            "Ça marche, merci.",
            "Il faudrait aussi installer le scanner.",
            "Vous pouvez clore quand le scanner sera installé.",
            "Oui, et le scanner ?",
            "ok ?",
            "Oui mais demain",
            "C'est bon à savoir.",
            "Je valide, mais il manque le scanner.",
            "Je n'accepte pas encore, je teste demain.",
            "Ne pas clore s'il vous plaît.",
            "Pouvez-vous aussi regarder le poste d'à côté ?",
            "Je confirme le rendez-vous si vous êtes là.",
            "Je confirme le rendez-vous de jeudi.",
            "Je valide le devis du scanner.",
            "Do not close yet.",
            "I will confirm later.",
            "Could you also look at the scanner?",
            "",
        ] {
            assert_eq!(opinion(text), None, "{text}");
        }
    }

    #[test]
    fn a_nod_accepts_nothing() {
        for text in [
            "ok",
            "OK merci",
            "Ok, merci beaucoup !",
            "Merci, ok.",
            "D'accord",
            "Bien reçu, merci",
        ] {
            assert!(is_nod(text), "{text}");
            assert_eq!(opinion(text), None, "{text}");
        }
        for text in [
            "ok, on peut fermer",
            "Ok mais le scanner ?",
            "Oui",
            "ok ?!? rien",
        ] {
            assert!(!is_nod(text), "{text}");
        }
    }

    #[test]
    fn the_trouble_is_gone() {
        for text in [
            "Finalement ça remarche tout seul, merci !",
            "C'est réglé, vous pouvez annuler ma demande, merci.",
            "Plus de souci, merci",
            "It works again, thanks!",
        ] {
            assert!(is_gone(text), "{text}");
        }
        for text in ["Merci beaucoup !", "Bien reçu, merci", "Thanks"] {
            assert!(!is_gone(text), "{text}");
        }
    }

    #[test]
    fn the_reason_is_what_the_link_did_not_write() {
        assert_eq!(
            reason("La solution ne convient pas, parce que :\n\n le port est bouché\n"),
            Some("le port est bouché".to_owned())
        );
        assert_eq!(reason("La solution ne convient pas, parce que :\n\n"), None);
        assert_eq!(
            reason("Ça ne marche pas."),
            Some("Ça ne marche pas.".to_owned())
        );
        for language in ["fr", "en"] {
            for opinion_ in [Opinion::Holds, Opinion::Fails] {
                assert_eq!(opinion(prefilled(opinion_, language)), Some(opinion_));
                assert_eq!(reason(prefilled(opinion_, language)), None);
            }
        }
    }

    #[test]
    fn marks_as_people_write_them() {
        for (text, speed, answers) in [
            ("5 4", 5, 4),
            ("note : 5/4", 5, 4),
            ("Note: 5 / 4", 5, 4),
            ("4/5 et 5/5", 4, 5),
            ("4/5, 5/5", 4, 5),
            ("5-4", 5, 4),
            ("5 et 4", 5, 4),
            ("4/5", 4, 4),
            ("4 sur 5", 4, 4),
            ("note : 3", 3, 3),
            ("5", 5, 5),
            ("5/5 !", 5, 5),
            ("Délai : 4\nRéponses : 5", 4, 5),
            ("Délai : 4/5, réponses : 5/5", 4, 5),
            ("réponses 5 et rapidité 2", 2, 5),
            ("Speed: 3, answers: 4", 3, 4),
            ("Délai (1 à 5) : 4\nRéponses (1 à 5) : 5/5", 4, 5),
            ("Speed (1 to 5): 2\nAnswers (1 to 5):", 2, 2),
        ] {
            let (marks, rest) = marks(text);
            assert_eq!(marks, Marks::new(speed, answers), "{text}");
            assert_eq!(rest, "", "{text}");
        }
        assert_eq!(
            marks("5 4\n\nMerci beaucoup !"),
            (Marks::new(5, 4), "Merci beaucoup !".to_owned())
        );
        assert_eq!(
            marks("Trop long…\n2 3"),
            (Marks::new(2, 3), "Trop long…".to_owned())
        );
        for none in [
            "Il y a 5 postes et 4 écrans en panne",
            "6 7",
            "0 5",
            "12/05",
            "Rendez-vous le 4/5 ?",
            "salle 5",
            "réponse 4 du formulaire : rien",
            "",
            "5 4 3",
            "- 5\n- 4 postes",
        ] {
            assert_eq!(marks(none), (None, none.to_owned()), "{none}");
        }
    }

    #[test]
    fn reactions() {
        for happy in ["❤️", "👍", "🎉", "😆"] {
            assert!(!is_unhappy(happy), "{happy}");
        }
        for sad in ["👎", "😢", "☹️"] {
            assert!(is_unhappy(sad), "{sad}");
        }
    }

    #[test]
    fn only_plain_words_say_that_an_article_helped() {
        for text in [
            prefilled_helped("fr"),
            prefilled_helped("en"),
            "Cela m'a aidé",
            "Bonjour,\n\nÇa m’a bien aidé, merci beaucoup !\n\nMarie",
            "L'article m'a dépanné.",
            "Problème résolu grâce à votre article, merci.",
            "J'ai trouvé la solution dans l'article.",
            "Votre article a résolu mon problème.",
            "That helped, thank you!",
            "The article solved it.",
        ] {
            assert!(helped(text), "{text}");
        }
        for text in [
            "",
            "Merci",
            "Cela ne m'a pas aidé.",
            "Cela m'a aidé, mais il reste une erreur.",
            "Cela m'a aidé ?",
            "Cela m'a aidé. Par contre l'écran reste noir.",
            "L'article ne résout pas mon problème.",
            "J'ai lu l'article, ça ne marche toujours pas.",
            "Je vais essayer, si cela m'a aidé je vous le dirai.",
            "It did not help.",
            "It helped me once, however it is broken again.",
            "J'accepte la solution.",
            "non résolu",
            "Aidez-moi",
        ] {
            assert!(!helped(text), "{text}");
        }
    }
}
