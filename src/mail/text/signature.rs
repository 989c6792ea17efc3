//! Finds the signature at the end of what a person wrote: delimiters, « Envoyé de mon iPhone »,
//! closing formulas with a name and a way to reach it, disclaimers. What a sender repeats from mail
//! to mail is learned elsewhere (`mail::habits`).

use std::ops::Range;

use super::history::is_drawn;
use super::line::{Line, Nature};
use super::phrases::{
    Closing, closing, is_advice, is_disclaimer, is_postscript, is_sent_from, is_warning,
};
use super::words::{among, fold, has_email, has_phone, has_substance, has_url, is_longer};
use crate::mail::pattern::regex;

/// Lines from the end in which a signature may begin, disclaimers in three languages included.
const LINES: usize = 150;

/// Lines that show something below a delimiter: a longer end is text after a rule.
const BELOW_DELIMITER: usize = 30;

/// Lines of a warning above a text.
const BANNER: usize = 6;

/// Lines of a name and a way to reach it.
const CONTACT: usize = 16;

/// The parts of `lines` (what one person wrote in one piece) that are signature, in order.
/// `sender` is the name of that person, where it is known.
pub(super) fn find(lines: &[Line], sender: Option<&str>) -> Vec<Range<usize>> {
    let sender = sender.map(words_of).unwrap_or_default();
    let mut found = Vec::new();
    let end = lines.len();
    let mut at = end.saturating_sub(LINES);
    while at < end {
        let Some(line) = lines.get(at) else { break };
        if line.is_blank() || line.nature == Nature::Verbatim {
            at += 1;
            continue;
        }
        match begins(lines, at, &sender) {
            Some(part) => {
                at = part.end.max(at + 1);
                found.push(part);
            }
            None => at += 1,
        }
    }
    if let Some(part) = named_block(lines, &found, &sender)
        .or_else(|| first_name(lines, &found, &sender))
        .or_else(|| contact_block(lines, &found))
    {
        found.push(part);
    }
    found.retain(|part| !part.is_empty());
    found
}

/// How many lines at the top a gateway or client put there: « Ce message provient de l'extérieur ».
pub(super) fn banner(lines: &[Line]) -> usize {
    let mut end = 0;
    for (index, line) in shown(lines, 0).take(BANNER) {
        let warns = is_warning(line);
        let goes_on = end > 0 && (is_advice(line) || is_drawn(line.head()));
        if !warns && !goes_on {
            break;
        }
        end = index + 1;
    }
    end
}

/// The part of the signature that begins at line `at`.
fn begins(lines: &[Line], at: usize, sender: &[String]) -> Option<Range<usize>> {
    let end = lines.len();
    let line = lines.get(at)?;
    let text = line.head();
    if line.nature == Nature::Signature {
        let more = lines
            .iter()
            .skip(at)
            .take_while(|line| line.nature == Nature::Signature || line.is_blank())
            .count();
        return Some(at..at + more);
    }
    let below = || shown(lines, at + 1).take(BELOW_DELIMITER + 1);
    if matches!(text, "--" | "—" | "–" | "-- ") && lines.get(at)?.text.trim_start().len() <= 3 {
        let count = below().count();
        let said = below()
            .filter(|(_, line)| !is_contact(line) && !is_disclaimer(line))
            .count();
        // The space is the rule (RFC 3676, 4.3); without it two dashes part paragraphs, too.
        let room = match (line.text.as_str(), text) {
            ("-- ", _) => BELOW_DELIMITER,
            (_, "--") => 2,
            _ => 0,
        };
        if count <= BELOW_DELIMITER && said <= room {
            return Some(at..end);
        }
    }
    let is_ruled = is_drawn(text) && text.chars().count() >= 4 || text == "__";
    if is_ruled {
        let count = below().count();
        let contacts = below().all(|(_, line)| is_contact(line) || is_disclaimer(line));
        let strong = below().any(|(_, line)| is_reachable(line) || is_disclaimer(line));
        let named = below()
            .next()
            .is_some_and(|(_, line)| is_sender(line, sender));
        if (1..=CONTACT).contains(&count) && contacts && (strong || named) {
            return Some(at..end);
        }
        return None;
    }
    if is_disclaimer(line) {
        // A disclaimer reaches to the end, unless somebody wrote below it.
        let stop = shown(lines, at + 1)
            .find(|(_, line)| is_postscript(line))
            .map_or(end, |(index, _)| index);
        return Some(at..stop);
    }
    if is_sent_from(line) {
        // Who goes on below it forgot something.
        let stop = shown(lines, at + 1)
            .find(|(_, line)| goes_on(line))
            .map_or(end, |(index, _)| index);
        return Some(at..stop);
    }
    let closing = closing(text, line.folded())
        .or_else(|| is_signed_formula(text, sender).then_some(Closing::Formula))
        .or_else(|| is_signed_adverb(lines, at, sender).then_some(Closing::Formula))?;
    let from = match closing {
        Closing::Formula => at,
        Closing::Thanks => at + 1,
    };
    closed(lines, from, at + 1, closing)
}

/// The end of what a closing formula announces.
fn closed(lines: &[Line], from: usize, after: usize, closing: Closing) -> Option<Range<usize>> {
    let end = lines.len();
    let mut count = 0;
    let mut reachable = false;
    let mut stop = end;
    for (index, line) in shown(lines, after) {
        let text = line.head();
        if line.nature == Nature::Signature || is_disclaimer(line) || is_sent_from(line) {
            // Another rule takes over from there.
            stop = index;
            break;
        }
        if is_drawn(text) {
            continue;
        }
        // « Ouvert du lundi au vendredi » right below a number belongs to it.
        let belongs = reachable
            && count >= 3
            && !is_postscript(line)
            && !text.contains('?')
            && !text.starts_with('#')
            && lines.get(index - 1).is_some_and(|above| !above.is_blank());
        // « Avez-vous lu la FAQ ? https://… » right below a function: a slogan.
        let belongs = belongs
            || (count >= 2
                && SLOGAN.is_match(text)
                && lines.get(index - 1).is_some_and(|above| !above.is_blank()));
        if line.nature == Nature::Verbatim || !(is_contact(line) || belongs) {
            stop = index;
            // Text below many short lines: only a number or a postscript shows that they were an
            // end, not a list.
            if !is_postscript(line) && count > 3 && !reachable {
                return None;
            }
            break;
        }
        reachable |= is_reachable(line);
        count += 1;
        if count > CONTACT {
            return None;
        }
    }
    match closing {
        Closing::Formula => Some(from..stop),
        // « Merci, » is said by people who sign and by people who go on.
        Closing::Thanks => {
            let first = shown(lines, after).next().map(|(_, line)| line.head());
            let named = first.is_some_and(|text| is_name(head_of(text)));
            (count > 0 && named).then_some(from..stop)
        }
    }
}

regex!(SLOGAN, r"\S \(?<?(?:https?://|www\.)\S+$");

/// The words of a name, folded, in the order of the alphabet: some write the surname first.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = words(&fold(name)).map(str::to_owned).collect();
    words.sort_unstable();
    words
}

/// The words of a folded text.
fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Whether a line says the whole name of the sender, and perhaps a function after it.
fn is_sender(line: &Line, sender: &[String]) -> bool {
    // The first word tells nearly always.
    let may_be = |word: &str| {
        sender.iter().any(|other| other == word) || word.chars().nth(1).is_none() || is_title(word)
    };
    if sender.len() < 2 || !words(line.folded()).next().is_some_and(may_be) {
        return false;
    }
    let text = line.head();
    let name = text
        .split(['|', ',', '–', '•', '(', '<', '/'])
        .next()
        .unwrap_or(text);
    let name = name.split(" - ").next().unwrap_or(name);
    let mut left = words_of(name);
    left.retain(|word| !is_title(word));
    if left.len() != sender.len() {
        return false;
    }
    // « S. Le Goff » of « Solène Le Goff »: one word may be an initial, the others are whole.
    let mut missing = Vec::new();
    for word in sender {
        match left.iter().position(|other| other == word) {
            Some(at) => drop(left.remove(at)),
            None => missing.push(word),
        }
    }
    match (missing.as_slice(), left.as_slice()) {
        ([], []) => true,
        ([word], [initial]) => initial.chars().count() == 1 && word.starts_with(initial.as_str()),
        _ => false,
    }
}

/// Whether a line says a part of the sender's name and nothing else: a first name, initials, a
/// title and a surname.
fn is_sender_short(text: &str, folded: &str, sender: &[String]) -> bool {
    let mut said = words(folded).filter(|word| !is_title(word)).peekable();
    let is_said = said.peek().is_some();
    is_said && said.all(|word| sender.iter().any(|other| other == word))
        || are_initials(text, sender)
}

fn are_initials(text: &str, sender: &[String]) -> bool {
    let letters = || text.chars().filter(|c| c.is_alphanumeric());
    let count = letters()
        .take(sender.len() + 1)
        .take_while(|c| c.is_uppercase())
        .count();
    if count < 2 || letters().nth(count).is_some() {
        return false;
    }
    let mut initials: Vec<String> = letters().map(|c| fold(&c.to_string())).collect();
    initials.sort_unstable();
    let own = sender.iter().filter_map(|word| word.get(..1));
    initials.iter().map(String::as_str).eq(own)
}

/// « LG Anna », « Cdt. Tom »: a formula and the sender's name, with nothing between that parts them.
fn is_signed_formula(text: &str, sender: &[String]) -> bool {
    if sender.is_empty() || is_longer(text, 60) {
        return false;
    }
    let text = text.split('(').next().unwrap_or(text);
    text.char_indices()
        .filter(|(_, c)| c.is_whitespace())
        .take(4)
        .any(|(at, _)| {
            let (formula, name) = text.split_at(at);
            name.contains(char::is_alphabetic)
                && is_sender_short(name, &fold(name), sender)
                && closing(formula, &fold(formula)) == Some(Closing::Formula)
        })
}

// « Syndicalement, »: what people make up is one adverb, and their name below says what it is.
regex!(
    ADVERB,
    r"^(?:(?:bien|tres) )?\p{L}{4,}ment(?: votre)?[,.!]?$"
);

fn is_signed_adverb(lines: &[Line], at: usize, sender: &[String]) -> bool {
    let is_adverb = |line: &Line| {
        line.folded()
            .trim_end_matches([',', '.', '!'])
            .ends_with("ment")
            || line.folded().contains("ment votre")
    };
    let is_adverb = |line: &Line| is_adverb(line) && ADVERB.is_match(line.folded());
    lines.get(at).is_some_and(is_adverb)
        && shown(lines, at + 1)
            .next()
            .is_some_and(|(_, line)| is_sender_short(line.head(), line.folded(), sender))
}

/// The sender's first name or initials as the last line, below a blank one or a comma.
fn first_name(lines: &[Line], found: &[Range<usize>], sender: &[String]) -> Option<Range<usize>> {
    let end = found.first().map_or(lines.len(), |part| part.start);
    let at = (0..end)
        .rev()
        .find(|at| lines.get(*at).is_some_and(|line| !line.is_blank()))?;
    let line = lines.get(at)?;
    let directly_above = lines.get(at.checked_sub(1)?)?;
    let apart = directly_above.is_blank() || directly_above.head().ends_with([',', '.', '!']);
    let above = lines
        .get(..at)?
        .iter()
        .rev()
        .find(|line| !line.is_blank())?;
    let is_announced = above.head().ends_with([':', '?']) || above.is_greeting();
    (line.nature != Nature::Verbatim
        && apart
        && !is_announced
        && is_sender_short(line.head(), line.folded(), sender))
    .then_some(at..end)
}

/// Titles before a name, folded.
const TITLES: &str = "m mme mlle mr mrs ms dr pr prof me";

fn is_title(word: &str) -> bool {
    word.len() <= 4 && among(TITLES, word)
}

/// The name of the sender below a blank line, and nothing but contact lines below it.
fn named_block(lines: &[Line], found: &[Range<usize>], sender: &[String]) -> Option<Range<usize>> {
    let end = found.first().map_or(lines.len(), |part| part.start);
    let from = end.saturating_sub(LINES);
    let (at, line) = lines
        .iter()
        .enumerate()
        .take(end)
        .skip(from.max(1))
        .rev()
        .find(|(_, line)| {
            is_sender(line, sender) || is_sender_short(line.head(), line.folded(), sender)
        })?;
    let mut above = lines.get(..at)?.iter().rev();
    let apart = above
        .next()
        .is_some_and(|line| line.is_blank() || is_drawn(&line.text));
    let above = above.find(|line| !line.is_blank())?;
    let is_announced = above.head().ends_with(':') || above.is_greeting();
    let below = || shown(lines, at + 1).take_while(|(index, _)| *index < end);
    let contacts = below().all(|(_, line)| is_contact(line) && line.nature != Nature::Verbatim);
    (line.nature != Nature::Verbatim
        && apart
        && !is_announced
        && contacts
        && below().count() < CONTACT)
        .then_some(at..end)
}

/// Plainly a sentence of a person: what may stand below « Envoyé de mon iPhone ».
fn goes_on(line: &Line) -> bool {
    let text = line.head();
    let folded = line.folded();
    let words = folded.split(' ').count();
    let advertises = is_sent_from(line) || is_disclaimer(line) || has_url(text);
    !advertises
        && !text.ends_with(':')
        && !text.contains(['|', '<', '_'])
        && words >= 4
        && SENTENCE.is_match(folded)
        && (text.ends_with(['.', '?', '!', '…']) || words >= 6)
}

/// A block of contact lines at the end without any formula above it.
fn contact_block(lines: &[Line], found: &[Range<usize>]) -> Option<Range<usize>> {
    let end = found.first().map_or(lines.len(), |part| part.start);
    let last = (0..end)
        .rev()
        .find(|at| lines.get(*at).is_some_and(|l| !l.is_blank()))?;
    // « -Jean » in the last line, below an empty one.
    let text = lines.get(last)?.head();
    if DASHED_NAME.is_match(text) && last > 0 && lines.get(last - 1).is_some_and(Line::is_blank) {
        let above = lines
            .get(..last)?
            .iter()
            .rev()
            .find(|line| !line.is_blank())?;
        let is_list = above.head().starts_with(['-', '–', '•', '*']) || above.head().ends_with(':');
        return (!is_list).then_some(last..end);
    }
    let mut start = last + 1;
    let mut count = 0;
    for at in (0..=last).rev() {
        let line = lines.get(at)?;
        if line.is_blank() || line.nature == Nature::Verbatim || !is_contact(line) {
            break;
        }
        start = at;
        count += 1;
        if count > CONTACT {
            return None;
        }
    }
    let block = lines.get(start..=last)?;
    let ways = [
        |line: &Line| has_email(line.head()),
        |line: &Line| has_phone(line.folded()),
        |line: &Line| has_url(line.head()),
    ]
    .iter()
    .filter(|has| block.iter().any(*has))
    .count();
    let above = lines
        .get(..start)?
        .iter()
        .rev()
        .find(|line| !line.is_blank())?;
    let is_announced = above.head().ends_with(':') || above.is_greeting();
    let named = block
        .first()
        .is_some_and(|line| is_name(head_of(line.head())));
    // « Le secrétariat », and below it nothing but labels with what they name.
    let labelled = count >= 3 - usize::from(named)
        && block
            .iter()
            .skip(1)
            .all(|line| line.head().contains(':') && is_reachable(line));
    (count >= 2 && ways >= 2 && (named || labelled) && !is_announced && start > 0)
        .then_some(start..end)
}

/// The lines from `at` that show something.
fn shown(lines: &[Line], at: usize) -> impl Iterator<Item = (usize, &Line)> {
    lines
        .iter()
        .enumerate()
        .skip(at)
        .filter(|(_, line)| !line.is_blank())
}

regex!(
    DASHED_NAME,
    r"^[-–—~]{1,2}\s?\p{Lu}[\p{L}.'’\-]*(?: \p{Lu}[\p{L}.'’\-]*){0,2}\.?$"
);
regex!(
    NAME,
    concat!(
        r"^(?:(?:M\.|Mme|Mr|Mrs|Ms|Dr|Pr|Me|Mlle)\.? )?\p{Lu}[\p{L}.'’\-]*(?: (?:de|du|des|la|le|",
        r"von|van|der|den|di|da|dos|el|ben|d'|l')?\s?\p{Lu}[\p{L}.'’\-]*){0,4}[,.]?$",
    )
);

/// A person's name, as far as capitals tell.
fn is_name(text: &str) -> bool {
    let text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '-' | '~'));
    text.chars().count() <= 50 && NAME.is_match(text)
}

/// What stands before a function or a degree: « Jean Dupont, PhD ».
fn head_of(text: &str) -> &str {
    text.split(['|', ',', '-', '–', '•'])
        .next()
        .unwrap_or(text)
        .trim()
}

/// Names a way to reach somebody.
fn is_reachable(line: &Line) -> bool {
    has_email(line.head()) || has_phone(line.folded()) || has_url(line.head())
}

regex!(
    SENTENCE,
    concat!(
        r"\b(?:je|j'ai|j'|tu|il|elle|on|nous|vous|ils|est|sont|sera|ai|avez|avons|faut|peut|",
        r"pouvez|pourriez|merci|ne|n'est|que|quand|si|you|we|they|is|are|was|can|could|please|",
        r"have|has|will|not|ich|wir|sie|ist|bitte|mon|ma|mes|my|ca|c'est|cela|svp|voici|i'm|i've|",
        r"i'll|i am|i have)\b",
    )
);

// « Nadia Ferrand (elle) », "(she/her)".
regex!(
    PRONOUNS,
    r" ?[(\[](?:elle|il|iel|she|he|they|her|him|sie|er)(?: ?[/|,·] ?\p{L}+){0,3}[)\]]"
);

// When the writer works, and when nobody has to answer: a standing sentence of many signatures.
regex!(
    HOURS,
    concat!(
        r"\bi (?:work|am working) (?:flexibl|part|compressed|from)|\boutside (?:of )?(?:your|my|normal|regular)",
        r" (?:own |normal )?(?:working|office|business) (?:hours|days)|\b(?:do not|don't) (?:expect|feel",
        r"|need)\b.{0,40}\b(?:repl|respon|answer|action)|\bdroit a la deconnexion|\bn'appellent? (?:pas|",
        r"aucune?) .{0,20}reponse|\ben dehors (?:de|des) (?:(?:vos|mes|nos) )?(?:heures|horaires)|",
        r"^(?:mes )?(?:jours|horaires) (?:de (?:travail|presence)|d'ouverture)|^(?:nos|le|la|l'|notre|our) ?",
        r".{0,40}\b(?:ouvert|open)\w*\b.*\bdu (?:lundi|mardi) au|\bopen monday to",
    )
);

/// A line of a name, a function, a place, a number: short, and not a sentence.
fn is_contact(line: &Line) -> bool {
    let text = line.head();
    if !has_substance(text) {
        return true;
    }
    let count = text.chars().count();
    if text.contains('?') || is_postscript(line) || line.is_greeting() || text.starts_with("```") {
        return false;
    }
    let folded = line.folded();
    if count <= 300 && HOURS.is_match(folded) {
        return true;
    }
    let folded = PRONOUNS.replace(folded, "");
    let words = folded.split(' ').count();
    let reachable = is_reachable(line) || text.contains('|');
    let sentences = SENTENCE.find_iter(&folded).count();
    if reachable {
        return count <= 220 && sentences < 3 && !(sentences >= 1 && words > 12);
    }
    if text.ends_with(':')
        || (text.ends_with('!') && !text.contains('@'))
        || text.starts_with(['#', '{', '}'])
        || (text.starts_with('/') && !text.ends_with('/'))
    {
        return false;
    }
    let is_item = text.starts_with("- ") || text.starts_with("* ") || text.starts_with("• ");
    if is_item {
        return false;
    }
    let ends = text.ends_with('.') && words > 4;
    count <= 90 && words <= 12 && sentences == 0 && !ends || (words <= 3 && sentences == 0)
}

#[cfg(test)]
mod tests {
    use super::super::line::{join, lines};
    use super::*;

    /// What remains when the signature is taken off.
    fn kept(text: &str) -> String {
        let lines = lines(text);
        let parts = find(&lines, None);
        join(
            lines
                .iter()
                .enumerate()
                .filter(|(at, _)| !parts.iter().any(|part| part.contains(at)))
                .map(|(_, line)| line),
        )
    }

    #[test]
    fn signatures_are_taken_off() {
        for signature in [
            "-- \nJean Dupont\nDSI",
            "--\nJean",
            "Envoyé de mon iPhone",
            "Envoyé de mon Galaxy A52 5G",
            "Envoyé à partir de Outlook pour iOS<https://aka.ms/o0ukef>",
            "Envoyé depuis mon smartphone Samsung Galaxy.",
            "Envoyé depuis l’application Mail Orange",
            "Télécharger Outlook pour Android <https://aka.ms/AAb9ysg>",
            "Provenance : Courrier <https://go.microsoft.com/fwlink/?LinkId=550986> pour Windows",
            "Sent from my iPad",
            "Sent from Mail for Windows 10",
            "Get Outlook for iOS<https://aka.ms/o0ukef>",
            "Von meinem iPhone gesendet",
            "Gesendet von Outlook für Android<https://aka.ms/AAb9ysg>",
            "Inviato da iPhone",
            "Enviado desde mi iPhone",
            "Verzonden vanaf mijn iPhone",
            "Enviado do meu iPhone",
            "Cordialement,\nJean Dupont\nResponsable informatique\nTél. : 01 23 45 67 89\n12 rue de la Paix\n75002 Paris\nwww.example.org",
            "Cordialement,\n\nJean Dupont",
            "Bien cordialement.\nJean",
            "Bien à vous,\n\n*Marie MARTIN*\nAssistante de direction | Mairie de Trifouilly",
            "Cdlt,\nPaul",
            "Cordialement, Jean Dupont",
            "Best regards,\nJohn Smith\nSenior Developer\nExample Corp",
            "Regards,\n\nJohn Doe\nCEO @ Acme !",
            "Mit freundlichen Grüßen\nHans Müller\nIT-Leiter",
            "Je vous souhaite une bonne journée.\nSophie",
            "Cordialement,\nJean Dupont\n\nCe message et toutes les pièces jointes sont confidentiels et établis à l'intention exclusive de ses destinataires.\nToute utilisation non autorisée est interdite.",
            "Pensez à l'environnement avant d'imprimer ce message.",
            "This email and any attachments are confidential and intended solely for the use of the recipient.",
            "Garanti sans virus. www.avast.com <https://www.avast.com/sig-email>",
            "_______________________________________________\nriak-users mailing list\nriak-users@lists.example.com\nhttp://lists.example.com/mailman/listinfo",
            "-Abhishek Kona",
            "Envoyé de mon Apple Watch",
            "Envoyé depuis mon Fairphone",
            "Sent with Canary <https://canarymail.io>",
            "Vous en souhaitant bonne réception,\nM. Jaouen",
            "Sincèrement vôtre,\nMaëlle",
            "Yahoo Mail: Search, Organize, Conquer",
            "Kind regards,\n\nMoira O'Connell, PhD\nTel +44 131 555 0142\nI work flexibly, so I do not expect a reply outside of your own working hours.",
            "Jean DUPONT\nTechnicien support\nTél. : 01 23 45 67 89\nwww.example.org",
            "—————\nSarah Johnson\nProduct Manager\n📧 sarah@example.com\n📱 +1 555 0123 456",
            "Dans l'attente de votre retour,\nCordialement,\nJean Dupont",
        ] {
            let text = format!("Bonjour,\n\nMon imprimante ne marche plus.\n\n{signature}");
            assert_eq!(
                kept(&text),
                "Bonjour,\n\nMon imprimante ne marche plus.",
                "{signature}"
            );
        }
    }

    #[test]
    fn a_name_after_thanks_goes_and_the_thanks_stay() {
        assert_eq!(
            kept("L'écran est noir.\n\nMerci d'avance,\nJean Dupont\nService RH\n01 23 45 67 89"),
            "L'écran est noir.\n\nMerci d'avance,"
        );
        assert_eq!(
            kept("Merci beaucoup !\n\nCordialement,\nJean"),
            "Merci beaucoup !"
        );
    }

    #[test]
    fn text_is_not_signature() {
        for text in [
            "Bonjour,\n\nMon code :\n-- premier point à vérifier\n-- second point\n\nMerci !",
            "Service Expire Date\n--------------------------------------------------------------\nRegistration Jun 27, 2018 github.com\nRegistration Jun 28, 2018 twitter.com\n\nAll dates are in that format.\n\nIf you have any questions, please reply to this e-mail.",
            "Here is another email\n\nSent from my desk, is much easier then my mobile phone.",
            "The notification was sent from my iPhone app to all users.",
            "Envoyé depuis hier, mon message n'arrive pas : pouvez-vous regarder ?",
            "Voici mes coordonnées :\n\nJean Dupont\n06 12 34 56 78\njean@example.org",
            "Liste des absents :\n\n- Paul\n\n- Marie",
            "On this regards we need to be careful.",
            "Points clés\n----\n\n1. Mieux de 50 %\n2. Moins de mémoire\n\n----\n\nLes tirets sont du texte.",
            "Ce message s'affiche quand je démarre : « Erreur 42 ».",
            "Ce mail n'arrive pas, pouvez-vous vérifier le serveur ?",
            "Merci de me rappeler au 01 23 45 67 89.",
            "Merci,\nje vous rappelle demain.",
            "Premier point : l'écran est noir.\n--\nDeuxième point : il n'y a plus de son.\nPouvez-vous passer ?\nJe suis là demain.",
            "Erreur :\n\n```\n--\nJean\n```\n\nQue faire ?",
            "java.lang.NullPointerException\n\tat com.example.Main.run(Main.java:12)\n\tat java.lang.Thread.run(Thread.java:748)",
        ] {
            assert_eq!(kept(text), text);
        }
    }

    #[test]
    fn warnings_of_gateways() {
        for (text, count) in [
            (
                "ATTENTION : Cet e-mail provient de l'extérieur de l'organisation.\nNe cliquez pas sur les liens.\n\nBonjour",
                2,
            ),
            ("[EXTERNAL]\nHello", 1),
            (
                "CAUTION: This email originated from outside of the organization. Do not click links.\n---\nHi",
                2,
            ),
            (
                "Vous n’obtenez pas souvent d’e-mail à partir de a@example.org. Découvrez pourquoi\n\nBonjour",
                1,
            ),
            ("Attention : le disque externe ne marche plus", 0),
            ("Ce message vient quand je branche un écran externe", 0),
            ("Bonjour,\nmon disque externe", 0),
        ] {
            assert_eq!(banner(&lines(text)), count, "{text}");
        }
    }

    #[test]
    fn a_command_below_a_signature_stays() {
        assert_eq!(
            kept("C'est fait.\n\nCordialement,\nJean Dupont\nDSI\n01 23 45 67 89\n#resolu"),
            "C'est fait.\n\n#resolu"
        );
    }

    #[test]
    fn a_postscript_stays() {
        assert_eq!(
            kept(
                "L'écran est noir.\n\nCordialement,\nJean Dupont\nDSI\n\nPS : pouvez-vous aussi regarder l'imprimante du 2e étage ?"
            ),
            "L'écran est noir.\n\nPS : pouvez-vous aussi regarder l'imprimante du 2e étage ?"
        );
    }
}
