//! A body that says nothing but its writer's absence.
//!
//! Many answering machines set no header at all and answer with an ordinary "Re:". Such a text is
//! known by what it says and by what it does not say: every clause is a greeting, the absence, when
//! an answer will come, whom to ask instead, a courtesy or a name. One clause about anything else,
//! a question, a file, and a person wrote it.

use std::sync::LazyLock;

use regex::Regex;

use crate::mail::date::month_of;
use crate::mail::pattern::pattern;
use crate::mail::text::{fold, is_closing, is_greeting, is_longer};

/// Characters of an absence; two languages fit.
const CHARACTERS: usize = 1_500;

/// Columns from which a line may have been wrapped.
const WRAPPED: usize = 55;

/// Whether `text` speaks of its writer's absence and of an answer later or somebody else instead,
/// and of nothing else.
pub(super) fn is_notice(text: &str) -> bool {
    if is_longer(text, CHARACTERS) || text.contains(['?', '#']) {
        return false;
    }
    let (mut absent, mut otherwise, mut closed) = (false, false, false);
    for paragraph in paragraphs(text) {
        let whole = paragraph.trim();
        if is_greeting(whole) {
            continue;
        }
        if is_closing(whole) {
            closed = true;
            continue;
        }
        for clause in clauses(whole) {
            match kind(clause, otherwise) {
                Some(Kind::Absent) => absent = true,
                Some(Kind::AbsentAndOtherwise) => (absent, otherwise) = (true, true),
                Some(Kind::Otherwise) => otherwise = true,
                Some(Kind::Courtesy) => {}
                // Below the closing formula stands who is absent.
                None if closed && clause.split_whitespace().count() <= 8 => {}
                None => return false,
            }
        }
    }
    absent && otherwise
}

/// The lines of a text, wrapped ones joined.
fn paragraphs(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines() {
        let line = line.trim();
        let wrapped = line.chars().count() >= WRAPPED && !line.ends_with(['.', '!', ':']);
        match out.last_mut() {
            Some(last) if goes_on && !line.is_empty() => {
                last.push(' ');
                last.push_str(line);
            }
            _ => out.push(line.to_owned()),
        }
        goes_on = wrapped;
    }
    out
}

/// The clauses of a paragraph: what stands between stops and commas.
fn clauses(paragraph: &str) -> impl Iterator<Item = &str> {
    let mut rest = paragraph;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .char_indices()
            .find(|(at, c)| {
                let next = rest.get(at + c.len_utf8()..).and_then(|r| r.chars().next());
                // « bis zum 27.11. nicht », « am 2. Dezember », "Nov. 27": the stop of a date or of
                // a short word.
                let after = rest.get(at + c.len_utf8()..).map(str::trim_start);
                let word = after
                    .and_then(|after| after.split_whitespace().next())
                    .unwrap_or_default();
                let before = rest.get(..*at).unwrap_or_default();
                let before = before.split_whitespace().next_back().unwrap_or_default();
                let dated =
                    before.contains('.') && before.chars().all(|c| c.is_ascii_digit() || c == '.');
                let goes_on = *c == '.'
                    && (dated && word.starts_with(char::is_lowercase)
                        || before.chars().all(char::is_alphabetic)
                            && word.starts_with(|c: char| c.is_ascii_digit())
                        || month_of(&word.to_lowercase()).is_some());
                matches!(c, '.' | '!' | ';' | ':' | ',' | '…' | '–' | '—')
                    && next.is_none_or(char::is_whitespace)
                    && !goes_on
            })
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let (clause, after) = rest.split_at(end);
        rest = after;
        Some(clause)
    })
    .map(|clause| clause.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '(' | ')')))
    .filter(|clause| !clause.is_empty())
}

enum Kind {
    /// The writer is away.
    Absent,
    /// Both in one breath: « absente et vous répondrai à mon retour ».
    AbsentAndOtherwise,
    /// An answer will come later, or from somebody else.
    Otherwise,
    /// Greetings, thanks, dates, names: neither here nor there.
    Courtesy,
}

/// What a clause says; `None` for anything else. `announced`: somebody to ask was spoken of, so a
/// name or a number may follow.
fn kind(clause: &str, announced: bool) -> Option<Kind> {
    let folded = fold(clause);
    let folded = LEAD.replace(&folded, "");
    if folded.is_empty() {
        return Some(Kind::Courtesy);
    }
    if BUSINESS.is_match(&folded) {
        return None;
    }
    let otherwise = LATER.is_match(&folded) || INSTEAD.is_match(&folded);
    if ABSENT.is_match(&folded) {
        if otherwise {
            return Some(Kind::AbsentAndOtherwise);
        }
        // « Je suis absente jeudi mais vous pouvez venir » arranges something.
        return (!ARRANGES.is_match(&folded)).then_some(Kind::Absent);
    }
    if otherwise {
        return Some(Kind::Otherwise);
    }
    let courtesy = COURTESY.is_match(&folded)
        || DATES.is_match(&folded)
        || is_greeting(clause)
        || is_closing(clause)
        || announced && is_reach(clause, &folded)
        || is_name(clause);
    courtesy.then_some(Kind::Courtesy)
}

/// A way to reach somebody, with the name and perhaps the function.
fn is_reach(clause: &str, folded: &str) -> bool {
    let digits = clause.chars().filter(char::is_ascii_digit).count();
    let words = folded
        .split(' ')
        .filter(|word| word.chars().any(char::is_alphabetic) && !word.contains('@'));
    (clause.contains('@') || digits >= 4) && words.count() <= 8
}

/// Names, with the small words between them.
fn is_name(clause: &str) -> bool {
    const BETWEEN: [&str; 30] = [
        "de",
        "du",
        "des",
        "la",
        "le",
        "les",
        "et",
        "ou",
        "and",
        "or",
        "und",
        "oder",
        "au",
        "von",
        "van",
        "der",
        "den",
        "y",
        "o",
        "e",
        "di",
        "en",
        "pour",
        "for",
        "to",
        "mon",
        "ma",
        "my",
        "collegue",
        "colleague",
    ];
    let mut capitals = 0;
    let named = clause.split_whitespace().all(|word| {
        let letters = word.trim_matches(|c: char| !c.is_alphanumeric());
        let capital = letters.chars().next().is_some_and(char::is_uppercase);
        capitals += usize::from(capital);
        let digits = letters.chars().any(|c| c.is_ascii_digit());
        !digits && (capital || letters.is_empty() || BETWEEN.contains(&fold(letters).as_str()))
    });
    named && (1..=6).contains(&capitals)
}

// Everything below is compared with folded text: lower case, no accents, plain apostrophes.

/// What may stand before any clause.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?:(?:je\ vous\ (?:informe|signale|prie\ de\ noter)\ que|veuillez\ noter\ que|(?:merci\ de|a)\ noter\ que
        |please\ (?:note|be\ (?:advised|aware))(?:\ that)?|bitte\ beachten\ sie|(?:tenga|tenha)\ en\ cuenta\ que
        |malheureusement|unfortunately|leider|et|and|und|ou|or|oder|but|mais|hello|hi|bonjour|in\ the\ meantime
        |en\ effet|toutefois|cependant|neanmoins|however|also)\b,?\ ?)+",
    )
});

/// The writer, or the sentence without a subject, is away.
static ABSENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?:
          (?:etant\ |je\ suis\ |je\ serai\ |nous\ sommes\ |nous\ serons\ |je\ me\ trouve\ )?
          (?:(?:actuellement|momentanement|presentement|temporairement|exceptionnellement|egalement|toujours|moi-meme|en\ ce\ moment|a\ ce\ jour)\ )*
          (?:absent(?:e|s|es|\(e\))?\b|en\ (?:conges?|vacances|deplacement|formation|arret|mission|reunion|conference|colloque|seminaire|disponibilite|rtt|stage|voyage)\b
            |(?:indisponible|injoignable)s?\b|hors\ d(?:u|e\ mon)\ bureau|a\ l'etranger|a\ la\ retraite|ferme(?:e|s|es)?\b)
        | je\ ne\ (?:fais|travaille|suis|serai|occupe|exerce)\ (?:desormais\ |maintenant\ )?(?:plus|pas)\ (?:partie|en\ poste|au\ (?:bureau|sein)|dans|a\b|present|disponible|joignable|employe|ce\ poste|mes)
        | j'ai\ (?:quitte|fait\ valoir\ mes\ droits)\b | je\ (?:pars|suis\ partie?)\ (?:en|a\ la)\ (?:conge|retraite)
        | (?:(?:i|we)\ (?:am|are|will\ be|have\ been)|i'm|i'll\ be|we're)\ (?:(?:currently|presently|now|also|away|still|temporarily)\ )*
          (?:out\b|ooo\b|away\b|on\ (?:\w+\ ){0,2}(?:leave|vacation|holidays?|pto|trip|sabbatical|break)|travell?ing|off\b|unavailable|absent|not\ in\ the\ office|attending|retired|no\ longer\ (?:with|working|at|employed))
        | (?:currently\ |presently\ )?(?:out\ of\ (?:the\ )?office|on\ (?:annual|parental|maternity|paternity|sick)\ leave|on\ (?:leave|vacation|holiday))
        | i\ (?:no\ longer\ work|have\ (?:left|retired)|will\ not\ be\ (?:in|available|working)|won't\ be\ (?:in|available))
        | (?:derzeit\ |momentan\ |aktuell\ )?(?:ich\ (?:bin|werde)|bin\ ich|wir\ sind)\ .*(?:nicht\ im\ (?:buro|haus|dienst)|abwesend|in?m?\ (?:urlaub|elternzeit|mutterschutz)|nicht\ (?:erreichbar|da|verfugbar)|ausser\ haus|auf\ (?:dienst|geschafts)reise|krank|unterwegs)
        | ich\ (?:arbeite\ nicht\ mehr|habe\ .{0,40}verlassen)
        | (?:actualmente\ |en\ estos\ momentos\ )?(?:estoy|estare|me\ encuentro)\ .{0,40}(?:fuera|ausente|de\ (?:vacaciones|baja|viaje|permiso))
        | (?:attualmente\ |al\ momento\ )?(?:sono|saro)\ .{0,40}(?:fuori|assente|in\ (?:ferie|vacanza|congedo|trasferta))
        | (?:momenteel\ |op\ dit\ moment\ )?(?:ik\ ben|ben\ ik)\ .{0,50}(?:afwezig|niet\ (?:aanwezig|op\ kantoor|bereikbaar|beschikbaar)|(?:met|op)\ (?:verlof|vakantie)|op\ reis|vrij)
        | (?:de\ momento\ )?(?:estou|estarei|encontro-me)\ .{0,40}(?:ausente|fora|de\ (?:ferias|licenca|baixa))
        )",
    )
});

/// An answer, later.
static LATER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)
          \b(?:repondr\w+|reponse|reviendr\w+\ vers|traiter?\w*|recontacter\w*|connaissance|rappeller?\w*|lir\w+|suite)\b.*\b(?:retour|des\ que|delais|rentree|reprise|a\ partir|le\ (?:lundi|mardi|mercredi|jeudi|vendredi|\d))
        | \b(?:a|des|lors\ de|apres)\ (?:mon|notre)\ retour\b.{0,40}\b(?:repond|message|mail|courriel|traite|contact|connaissance)
        | \bpourrai\ (?:pas\ )?(?:vous\ )?repondre\b
        | ^(?:a|des)\ (?:mon|notre)\ retour(?:\ (?:le|de|du)\ .{0,30})?$
        | ^(?:de|mon)\ retour\b | \b(?:serai|serons)\ de\ retour\b | ^je\ (?:reviens|reviendrai|reprend\w*|rentre\w*|serai\ a\ nouveau)\b
        | \b(?:lis|lirai|consulte|consulterai|releve|releverai)\ (?:pas|plus|que\ )|\b(?:ne\ (?:sera|seront|sont|est))\ (?:pas|ni)\ (?:lus?|transfere|redirige|traite|consulte)
        | \baurai\ (?:pas|qu'un|peu|un)\b.{0,30}\bacces|\bacces\ (?:limite|restreint|intermittent|ponctuel)|\bconsulterai\b.{0,40}(?:messagerie|mail)|\bsans\ acces\ a\b
        | \b(?:reply|respond|answer|get\ back\ to|attend\ to|deal\ with|return\ your|in\ touch|follow\ up|address)\b.*\b(?:return|back|soon|when|once|after|on|earliest)\b
        | \b(?:i|we)\ (?:will|shall)\ (?:be\ (?:back|returning|available)|return\b|resume)|\bi'll\ (?:be\ back|return)|^(?:i\ am\ )?(?:returning|back)\b
        | \b(?:limited|no|intermittent|sporadic|without|infrequent|little)\ (?:\w+\ ){0,2}access|\bnot\ (?:be\ )?(?:checking|reading|monitoring|read|monitored|forwarded|checked)\b|\b(?:access|check)\w*\ (?:to\ )?(?:my\ )?(?:e-?mails?)\b
        | \b(?:beantworte\w*|antworte\w*|bearbeite\w*|melde|lese|kummere)\b.*(?:ruckkehr|zuruck|danach|wieder|nach\b|ab\b|schnellst)|\b(?:ab|am)\b.{0,40}\b(?:erreichbar|im\ (?:buro|haus|dienst)|zuruck|da)\b|\bwieder\ (?:erreichbar|im\ (?:buro|haus|dienst)|da|zuruck|fur\ sie)
        | \b(?:ruckkehr|zuruck)\b.*\b(?:beantwort|bearbeit|melde)
        | \b(?:nicht|weder)\ (?:gelesen|weitergeleitet|bearbeitet)
        | \b(?:respondere|contestare|rispondero|rispondere|responderei|beantwoord\w*|reageer|antwoord)\b|\b(?:vuelta|regreso|rientro|terugkomst|terug|regresso)\b
        ",
    )
});

/// Somebody else, now. Who offers himself ("appelez-moi") is there.
static INSTEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?:
          (?:(?:en\ cas\ (?:d'|de\ )|pour\ |si\ |en\ mon\ absence|pendant\ |durant\ |d'ici\ la|dans\ l'intervalle|entre-temps|merci\ d|veuillez|vous\ (?:pouvez|pourrez)|je\ vous\ (?:invite|prie|remercie|saurai)|nous\ vous\ (?:invitons|prions)|priere\ d|n'hesitez\ pas|il\ (?:est|convient)).*\b)?
          (?:contact(?:er?|ez)|adresse[rz]|s'adresser|joindre|joignez|ecri(?:re|vez)|envoye[rz]|transmettre|transmettez|rapprocher|prend(?:re|rez)\ (?:contact|attache)|tourner\ vers|appele[rz]|rediriger|redirigez|votre\ (?:interlocuteur|contact)|solliciter)\b
        | (?:en\ cas\ (?:d'|de\ )|pour\ (?:toute?s?|les|une|des|tout\ ce\ qui)\b.{0,30}|si\ .{0,30})(?:urgence|urgente?s?|demandes?|questions?|besoin|necessite|probleme|absolue)s?\b.{0,40}$
        | (?:en\ mon\ absence|pendant\ (?:mon\ absence|cette\ periode|ce\ temps|mes\ conges|mon\ conge)|durant\ (?:mon\ absence|cette\ periode)|d'ici\ la|dans\ l'intervalle|entre-temps)$
        | (?:mon\ absence|l'interim|la\ continuite|mon\ remplacement)\b.*\b(?:assure|remplace|assuree)\b
        | (?:(?:if|for|in\ case|should|in\ the\ event|in\ my\ absence|during|meanwhile|alternatively|otherwise|please|you\ (?:can|may)|kindly|feel\ free|do\ not\ hesitate|any)\b.*\b)?
          (?:contact|reach(?:\ out)?|e-?mail|write\ to|call|direct|send|refer|speak|forward|phone|get\ in\ touch)\b
        | (?:for|if|in\ case\ of|should)\b.*\b(?:urgent|emergency|emergencies|immediate|assistance|urgency)\b.{0,40}$
        | (?:in\ my\ absence|during\ my\ absence|meanwhile)$
        | .*\b(?:wenden\ sie\ sich|kontaktieren|erreichen\ sie|schreiben\ sie|(?:meine|zur)\ vertretung|ansprechpartner\w*|vertritt\ mich|vertretung$|rufen\ sie|steht\ ihnen)\b
        | (?:in|bei|fur)\ (?:dringenden?|eiligen|notfallen)\b.{0,40}$
        | .*\b(?:contacte|contactar|pongase\ en\ contacto|dirijase|escriba|contattare|rivolgersi|scrivere|neem\ (?:dan\ )?contact|contact\ op|kunt\ u\ (?:zich|terecht|mailen|bellen)|contate)\b
        | (?:para\ asuntos|en\ caso\ de|per\ urgenze|in\ caso\ d|bij\ (?:dringende|spoed)|voor\ dringende|em\ caso\ d|para\ assuntos)\b.{0,40}$
        )",
    )
});

/// What a clause may say about the mail that the machine answers, and wishes.
static COURTESY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^(?:
          votre\ (?:message|mail|e-mail|courriel)\ (?:m'est|nous\ est)\ bien\ (?:parvenu|arrive)
        | (?:merci|je\ vous\ remercie|nous\ vous\ remercions)(?:\ (?:beaucoup|bien|d'avance|par\ avance))?(?:\ (?:de|pour|d'avoir)\b.{0,40}\b(?:message|mail|e-mail|courriel|comprehension|confiance|patience|interet|ecrit|contacte))?
        | (?:j'ai|nous\ avons)\ bien\ recu\ votre\ (?:message|mail|e-mail|courriel|demande)|votre\ (?:message|mail|e-mail|courriel|demande)\ (?:a\ bien\ ete|est\ bien)\ (?:recue?|arrivee?)
        | (?:ceci\ est|il\ s'agit\ d)'?\ ?(?:un\ message|une\ reponse|un\ mail)\ automatique.{0,20}|(?:message|reponse)\ automatique
        | (?:english|version\ anglaise|french|deutsch)?\ ?(?:below|follows|ci-dessous|voir\ (?:ci-dessous|plus\ bas)|see\ below|\(?english\ (?:below|version)\)?)
        | (?:thanks|thank\ you)(?:\ (?:very\ much|so\ much))?(?:\ for\ (?:your|contacting|writing|getting|the|reaching)\b.{0,40})?|your\ (?:e-?mail|message)\ (?:is\ important|has\ been\ received).{0,20}|i\ have\ received\ your\ (?:e-?mail|message)|this\ is\ an\ auto\w*.{0,30}
        | (?:vielen\ dank|herzlichen\ dank|besten\ dank|danke)(?:\ fur\ (?:ihre|ihr|deine|die)\b.{0,30})?|ihre\ (?:e-?mail|nachricht)
        | (?:je\ vous\ souhaite|nous\ vous\ souhaitons|bonnes?|joyeu\w+|excellent\w*|belles?|happy|merry|frohe|season's|with\ best|i\ wish\ you)\b.{0,40}
        | gracias.{0,40}|grazie.{0,40}|bedankt.{0,40}|dank\ u.{0,40}|obrigad[oa].{0,40}|hartelijk\ dank.{0,40}
        )$",
    )
});

/// Nothing but a day or an hour.
static DATES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)^\(?(?:(?:le|du|au|de|a|et|jusqu'(?:au|a)|inclus(?:e|ivement)?|compris|matin|soir|midi|on|from|until|to|the|and|am|pm|through|inclusive|vom|bis|zum|am|den|uhr|h|einschliesslich
        |lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag
        |janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre|january|february|march|april|may|june|july|august|september|october|november|december|januar|februar|marz|juni|juli|oktober|dezember
        |\d{1,4}(?:er|st|nd|rd|th|h\d{0,2})?|\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?)[\ ).]*)+$",
    )
});

/// What belongs to the matter in hand, and offers that only somebody present makes.
static BUSINESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x)\b(?:demain|tomorrow|passe[rz]|venir|venez|come|visit|ticket|rendez-vous|rdv|appointment|intervention|installer|install|numero\ de\ serie|serial|reporte[rz]?|decale[rz]?|annule[rz]?|postpone|reschedule|cancel|cle|key|toujours\ (?:en\ panne|pas|le\ meme)|still)\b
        |\b(?:contacte|appele|ecrive|joigne|rappele)[rz]?-(?:moi|nous)\b|\b(?:call|contact|reach|phone)\ me\b",
    )
});

/// In one breath with the absence: something is arranged.
static ARRANGES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:mais|but|aber|donc|alors|so|car|parce|because|puis|ensuite|vous|you|sie|ihnen|on peut|avant|before)\b",
    )
});

#[cfg(test)]
mod tests {
    use super::is_notice;

    #[test]
    fn absences_say_nothing_else() {
        for text in [
            "Bonjour,\n\nJe suis absente du 16 au 20 novembre inclus. En cas d'urgence, vous pouvez contacter le secrétariat au 05 61 00 00 01.\n\nCordialement,\nSylvie Renard",
            "Actuellement en congés, je vous répondrai à mon retour le 30 novembre.",
            "Absent jusqu'au 23/11/2026.\nVotre message sera traité à mon retour.",
            "Je ne fais plus partie de l'établissement. Merci d'adresser vos messages à direction@ville.example.",
            "Je serai en formation jusqu'à vendredi et ne consulterai pas mes mails. Pour toute urgence : accueil@ville.example",
            "Votre message m'est bien parvenu. Étant en congés jusqu'au 30 novembre, je ne pourrai vous répondre qu'à cette date.",
            "Ich bin derzeit nicht im Büro. Ihre Nachricht wird nach meiner Rückkehr am 2. Dezember beantwortet. Vertretung: Frau Lenz, Tel. 030 123456",
            "I am out of the office until Monday, November 30. For urgent matters please contact Jane Roe (jane@x.example).",
            "Thank you for your email. I am currently on annual leave and will reply on my return.",
            "ich bin bis zum 27.11. nicht im Haus. In dringenden Fällen wenden Sie sich bitte an Herrn Weber.",
            "Estoy fuera de la oficina hasta el lunes. Para asuntos urgentes, contacte con Marta Gil.",
        ] {
            assert!(is_notice(text), "{text}");
        }
    }

    #[test]
    fn people_say_more() {
        for text in [
            "Je suis absent jusqu'au 12.",
            "Je suis absente demain, voyez avec Paul Kessler au 4410.",
            "Je suis en congés jusqu'au 12, on voit à mon retour ?",
            "Le numéro de série est 5CG0341XYZ. Je suis absente lundi, contactez Paul.",
            "Mme Costa est absente jusqu'au 30, merci de contacter Paul.",
            "Je suis en déplacement jusqu'à jeudi, mon collègue peut vous ouvrir le local.",
            "I am out of the office tomorrow, so please come on Thursday.",
            "Je n'ai plus accès à ma messagerie. Contactez-moi au 06 11 22 33 44.",
            "je suis absent jusqu'au 12. l'écran est noir. contactez paul au 4410",
            "Je suis absent aujourd'hui, appelez-moi au 06 11 22 33 44.",
            "Merci de contacter Paul.",
            "",
        ] {
            assert!(!is_notice(text), "{text}");
        }
    }
}
