//! Finds where the history of a mail begins: attribution lines, header blocks, separators.
//! Each rule looks at a bounded number of characters of a bounded number of lines.

use super::header::{self, Above, Block};
use super::line::{History, Line, Nature, head};
use super::words::{fold, is_rule};
use crate::mail::pattern::regex;

/// Lines over which an attribution may be wrapped.
const WRAPPED: usize = 5;

/// Characters of an attribution.
const ATTRIBUTION: usize = 420;

/// The beginning of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// The line after the attribution, separator or header block.
    pub end: usize,
    pub kind: Kind,
    /// The header block, when there is one.
    pub block: Option<Block>,
    /// Nothing but the words say so: « Le … a écrit : ».
    pub is_attribution: bool,
}

/// What announces the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Everything below is history unless it is marked as quoted.
    Sure,
    /// Only what is marked as quoted below is history: « Jean a écrit : » may be the author's words.
    Weak,
    /// A forwarded message follows.
    Forward,
}

/// Whether a history begins at line `at`.
pub(super) fn begins(lines: &[Line], at: usize) -> Option<Beginning> {
    let line = lines.get(at)?;
    let announced = line.history == History::Begins;
    if line.is_blank() && !announced {
        return None;
    }
    let text = line.head();
    if let Some(kind) = separator(line) {
        return Some(after_separator(lines, at + 1, kind));
    }
    if is_reply_line(line) || (text.starts_with(">>>") && GROUPWISE.is_match(text)) {
        return Some(Beginning {
            end: at + 1,
            kind: Kind::Sure,
            block: None,
            is_attribution: false,
        });
    }
    let drawn = is_drawn(text) && text.chars().count() >= 5;
    if announced || drawn || line.history != History::No {
        // A line drawn by a client, or a place named by it: look below for the rest.
        let next = next_shown(lines, if drawn || line.is_blank() { at + 1 } else { at });
        if let Some(next) = next
            && next <= at + 4
        {
            if next > at
                && let Some(kind) = lines.get(next).and_then(separator)
            {
                return Some(after_separator(lines, next + 1, kind));
            }
            let above = if announced || line.history == History::Probably {
                Above::Separator
            } else {
                Above::Nothing
            };
            if let Some(block) = header::block(lines, next, above) {
                return Some(Beginning {
                    end: block.end,
                    kind: Kind::Sure,
                    block: Some(block),
                    is_attribution: false,
                });
            }
            if line.history == History::Probably
                && let Some(end) = header::foreign(lines, next)
            {
                return Some(Beginning {
                    end,
                    kind: Kind::Sure,
                    block: None,
                    is_attribution: false,
                });
            }
            if announced {
                let attribution = attribution(lines, next);
                return Some(Beginning {
                    end: attribution.map_or(next, |(end, _)| end),
                    kind: Kind::Sure,
                    block: None,
                    is_attribution: false,
                });
            }
        } else if announced {
            return Some(Beginning {
                end: at + 1,
                kind: Kind::Sure,
                block: None,
                is_attribution: false,
            });
        }
    }
    if line.nature == Nature::Attribution {
        let more = lines
            .iter()
            .skip(at)
            .take_while(|line| line.nature == Nature::Attribution)
            .take(WRAPPED)
            .count();
        // Gmail puts the header of a forward into the same element.
        if let Some(block) = header::block(lines, at, Above::Separator) {
            return Some(Beginning {
                end: block.end.max(at + more),
                kind: Kind::Sure,
                block: Some(block),
                is_attribution: false,
            });
        }
        return Some(Beginning {
            end: at + more,
            kind: Kind::Sure,
            block: None,
            is_attribution: false,
        });
    }
    if header::is_header_line(text)
        && let Some(block) = header::block(lines, at, Above::Nothing)
    {
        return Some(Beginning {
            end: block.end,
            kind: Kind::Sure,
            block: Some(block),
            is_attribution: false,
        });
    }
    let (end, kind) = attribution(lines, at)?;
    Some(Beginning {
        end,
        kind,
        block: None,
        is_attribution: true,
    })
}

/// The first line from `at` that shows something.
pub(super) fn next_shown(lines: &[Line], at: usize) -> Option<usize> {
    lines
        .iter()
        .enumerate()
        .skip(at)
        .find(|(_, line)| !line.is_blank())
        .map(|(index, _)| index)
}

fn after_separator(lines: &[Line], from: usize, kind: Kind) -> Beginning {
    let block = next_shown(lines, from)
        .filter(|next| *next <= from + 3)
        .and_then(|next| header::block(lines, next, Above::Separator));
    Beginning {
        end: block.as_ref().map_or(from, |block| block.end),
        kind,
        block,
        is_attribution: false,
    }
}

regex!(
    ORIGINAL,
    concat!(
        r"^(?:message (?:d'origine|original|initial|precedent)|mail original|",
        r"courriel (?:d'origine|original)|e-?mail d'origine|original (?:message|appointment|",
        r"email)|rendez-vous d'origine|reply message|ursprungliche (?:nachricht|e-?mail)|",
        r"original-?nachricht|mensaje original|messaggio originale|oorspronkelijk bericht|",
        r"mensagem original|oprindelig (?:besked|meddelelse)|opprinnelig melding|",
        r"ursprungligt meddelande|alkuperainen viesti|(?:wiadomosc oryginalna|",
        r"oryginalna wiadomosc)|puvodni zprava|исходное сообщение|eredeti uzenet)$",
    )
);
regex!(
    FORWARDED,
    concat!(
        r"^(?:message (?:transfere|reexpedie|suivi)|courriel (?:transfere|reexpedie)|",
        r"mail transfere|(?:transfere|reachemine) par .{1,60}|forwarded (?:message|mail|by .{1,60})|weitergeleitete (?:nachricht|",
        r"e-?mail)|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|",
        r"mensagem (?:encaminhada|reencaminhada)|videresendt (?:besked|meddelelse|melding)|",
        r"vidarebefordrat meddelande|valitetty viesti|przekazana wiadomosc|",
        r"пересылаемое сообщение)$",
    )
);
regex!(
    BEGIN_FORWARDED,
    concat!(
        r"^(?:debut du (?:message|courriel) (?:transfere|reexpedie)|begin forwarded message|",
        r"anfang der weitergeleiteten (?:nachricht|e-?mail)|inicio del mensaje reenviado|",
        r"inizio (?:del )?messaggio inoltrato|begin doorgestuurd bericht|",
        r"inicio da mensagem (?:reencaminhada|encaminhada))\s*:?$",
    )
);

/// Whether a line announces an original or a forwarded message.
fn separator(line: &Line) -> Option<Kind> {
    let text = line.head();
    if text.len() > 160 {
        return None;
    }
    let bare = text.trim_matches(|c: char| is_rule(c) || c.is_whitespace());
    let is_ruled = bare.len() + 4 <= text.len();
    // A sentence is longer than what announces a forward.
    if !is_ruled && line.folded().len() > 64 {
        return None;
    }
    let folded = fold(bare);
    if BEGIN_FORWARDED.is_match(&folded) {
        return Some(Kind::Forward);
    }
    if !is_ruled {
        return None;
    }
    if FORWARDED.is_match(&folded) {
        return Some(Kind::Forward);
    }
    ORIGINAL.is_match(&folded).then_some(Kind::Sure)
}

// GroupWise: `>>> Jean <…> 18/11/26 09:00 >>>`. In plain text the marks are quotation.
regex!(
    GROUPWISE,
    r"^>>> ?[^>]{2,60}(?:<[^<>]{3,80}>)? .{0,30}\d{1,2}[:.]\d{2}.{0,8}>>>$"
);
regex!(
    REPLY_LINE,
    concat!(
        r"(?:(?:repond(?:ez|re)|ecri(?:vez|re)|saisi(?:ssez|",
        r"r)\b.{0,30}) (?:uniquement )?au[- ]dessus de cette ligne|reply above this line|(?:type|",
        r"write|enter) your (?:reply|response) above this line|(?:antworten|",
        r"schreiben) sie (?:bitte )?(?:oberhalb|uber) dieser (?:zeile|linie))",
    )
);

/// The line that asks to answer above it: this desk's own, or another's.
fn is_reply_line(line: &Line) -> bool {
    line.head().len() <= 160 && REPLY_LINE.is_match(line.folded())
}

/// A line that is drawn.
pub(super) fn is_drawn(text: &str) -> bool {
    let text = text.trim();
    text.chars().all(|c| is_rule(c) || c.is_whitespace())
        && text.chars().count() >= 3
        && !text.chars().all(|c| c == '.' || c == '…')
}

regex!(
    VERB,
    concat!(
        r"\b(?:a (?:ecrit|repondu)|ecrivait|wrote|writes|schrieb|geschrieben|escribio|ha scritto|",
        r"scrisse|schreef|geschreven|escreveu|napisal(?:a|\(a\))?|skrev|kirjoitti|irta|",
        r"написал(?:а|\(а\))?|пишет)\b",
    )
);
regex!(
    VERB_AT_END,
    concat!(
        r"\b(?:a (?:ecrit|repondu)|wrote|writes|geschrieben|escribio|ha scritto|schreef|",
        r"geschreven|escreveu|napisal(?:a|\(a\))?|skrev|kirjoitti|irta|написал(?:а|",
        r"\(а\))?)\s*:?[\s\-*_]*$",
    )
);
regex!(
    OPENING,
    concat!(
        r#"^[-*_\s"']*(?:(?:on|le|am|el|il|op|em|den|dne|dnia|w dniu|in data|a las|at|vao|um)\b|\d|"#,
        r#"[\p{L}]{2,10}[.,]{0,2} \d|[\p{L}]{2,10}, [\p{L}]{3,10}\.? \d)"#,
    )
);
// Portuguese Outlook: « Jean <…> escreveu (quarta, 18/11/2026 à(s) 09:00): ».
regex!(
    VERB_AND_DATE,
    r"\b(?:a (?:ecrit|repondu)|wrote|schrieb|escribio|ha scritto|schreef|escreveu) \(.{0,40}\d.{0,30}\)\s*:$"
);
regex!(TIME, r"\d{1,2}\s?(?:[:h.]|uhr)\s?\d{2}|\d\s?[ap]\.?m\b");
regex!(DAY, r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2}");
regex!(
    ADDRESS_END,
    r"[>)\]]\s*:\s*$|\bfrom .*@\S+\s*:\s*$|\b(?:de|par|by|von|di|da|van) \S+@\S+\s*:\s*$"
);
// A name, perhaps with an address, up to the verb: « Jean Dupont a écrit : », not « On m'a écrit : ».
regex!(
    NAMED,
    concat!(
        r#"^["'*]?\p{Lu}[\p{L}.'’\-]*(?:,? \p{Lu}[\p{L}.'’\-]*){1,4}["'*]?(?:\s*[<(\[]|"#,
        r#"\s+\p{Ll}+(?: \p{Ll}+)?\s?:?$|,?$)|^\S+@\S+"#,
    )
);
// The same with an address, whatever the name: « Aide informatique <aide@example.org> a écrit : ».
regex!(
    ADDRESSED,
    concat!(
        r#"^["'*]?[^<>@:;.!?]{0,60}["']?\s*[<(\[]?[^\s<>()]+@[^\s<>()]+[>)\]]?,? (?:a (?:ecrit|repondu)|"#,
        r"wrote|schrieb|escribio|ha scritto|schreef|escreveu)\b.{0,50}:$",
    )
);
regex!(
    QUOTING,
    r"^(?:quoting|zitat von|citando|citation de|selon) .{2,120}:$"
);

/// An attribution at line `at`, perhaps wrapped: the line after it, and how sure it is.
fn attribution(lines: &[Line], at: usize) -> Option<(usize, Kind)> {
    let first = lines.get(at)?;
    // Most lines end like no attribution, and neither do those below them.
    if !lines.iter().skip(at).take(WRAPPED).any(may_end) {
        return None;
    }
    let opens = OPENING.is_match(first.folded());
    let is_named = NAMED.is_match(first.head());
    let mut joined = String::new();
    for (index, line) in lines.iter().enumerate().skip(at).take(WRAPPED) {
        // The hour of « (segunda, 23/11/2026 à(s) 10:02): » begins nothing.
        let is_open = joined.matches('(').count() > joined.matches(')').count();
        let is_next = index > at && !opens && !is_open && OPENING.is_match(line.folded());
        if line.is_blank() || line.quote != first.quote || is_next {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line.folded());
        if joined.len() > ATTRIBUTION {
            break;
        }
        if let Some(kind) = attributes(&joined, opens, is_named) {
            return Some((index + 1, kind));
        }
        if !opens && index > at {
            break;
        }
    }
    None
}

/// Whether a line ends as the last one of an attribution does: with a colon, or with the last word
/// of its verb.
fn may_end(line: &Line) -> bool {
    const ENDS: [&str; 19] = [
        "ecrit",
        "repondu",
        "wrote",
        "writes",
        "geschrieben",
        "escribio",
        "scritto",
        "schreef",
        "geschreven",
        "escreveu",
        "napisal",
        "napisala",
        "napisal(a)",
        "skrev",
        "kirjoitti",
        "irta",
        "написал",
        "написала",
        "написал(а)",
    ];
    let text = line.folded().trim_end_matches(['-', '*', '_', ' ']);
    let is_word = text.ends_with(|c: char| c == ')' || c.is_alphabetic());
    text.ends_with(':') || is_word && ENDS.iter().any(|end| text.ends_with(end))
}

/// Whether a folded text is an attribution.
fn attributes(text: &str, opens: bool, is_named: bool) -> Option<Kind> {
    let closes = text.trim_end_matches(['-', '*', '_', ' ']).ends_with(':');
    let ends_with_verb = VERB_AT_END.is_match(text);
    if !closes && !ends_with_verb {
        return None;
    }
    let has_address = text.contains('@');
    if opens {
        // The date stands at the beginning, not somewhere in a sentence.
        let early = text
            .char_indices()
            .nth(36)
            .and_then(|(end, _)| text.get(..end))
            .unwrap_or(text)
            .chars()
            .any(|c| c.is_ascii_digit());
        let dated = TIME.is_match(text) || DAY.is_match(text);
        if closes && early && VERB.is_match(text) {
            return Some(if has_address || dated {
                Kind::Sure
            } else {
                Kind::Weak
            });
        }
        if !closes && early && ends_with_verb && has_address {
            return Some(Kind::Sure);
        }
        if closes && early && dated && has_address && ADDRESS_END.is_match(text) {
            return Some(Kind::Sure);
        }
        // "On Wed, Dec 9, Mister Example <…> wrote:" has no digit early in some languages.
        if closes && has_address && VERB.is_match(text) {
            return Some(Kind::Sure);
        }
    }
    let ends_with_verb = ends_with_verb || VERB_AND_DATE.is_match(text);
    if closes && ADDRESSED.is_match(text) {
        return Some(Kind::Sure);
    }
    let named =
        (is_named && closes && ends_with_verb && head(text).len() < 200) || QUOTING.is_match(text);
    named.then_some(if has_address && ends_with_verb {
        Kind::Sure
    } else {
        Kind::Weak
    })
}

#[cfg(test)]
mod tests {
    use super::super::line::lines;
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        begins(&lines(text), 0).map(|found| found.kind)
    }

    #[test]
    fn attributions_of_real_clients() {
        for text in [
            "Le lun. 15 nov. 2021 à 19:42, John - Acme <john@acme.example>\na écrit :",
            "Le 4 mars 2024 à 10:12, Jean Dupont <jean@example.org> a écrit :",
            "Le 04/03/2024 à 10:12, Jean Dupont a écrit :",
            "Le lundi 4 mars 2024 à 10:12:33 UTC+1, Jean Dupont\n<jean@example.org> a écrit :",
            "Le 2024-03-04 10:12, Jean a écrit :",
            "Le lun. 4 mars 2024, 10:12, Jean Dupont <jean@example.org> a écrit :",
            "Le mardi 5 mars 2024, Jean Dupont <\njean@example.org> a écrit :",
            "On Mon, Mar 4, 2024 at 10:12 AM Jean Dupont <jean@example.org> wrote:",
            "On Wed, Dec 9, Mister Example\n<mrmister@example.com>\nwrote:",
            "On Nov 21, 2014,\nat 10:18,\nJohn Doe <john@doe123.example> wrote:",
            "On 01/03/11 7:07 PM, Russell Brown wrote:",
            "On Wed, 14 Nov 2018 08:14:43 -0200 John Doe <john@doe.example> wrote",
            "---- On Wed, 24 Feb 2021 14:02:50 +0530 john@example.com wrote ----",
            "Am 13.12.2017 21:11 schrieb \"John Doe <s@mail.example>:",
            "Am 04.03.24 um 10:12 schrieb Jean Dupont:",
            "El lun, 4 mar 2024 a las 10:12, Juan (<juan@example.es>) escribió:",
            "Il giorno lun 4 mar 2024 alle ore 10:12 Gio <g@example.it> ha scritto:",
            "Op ma 4 mrt 2024 om 10:12 schreef Jan <j@example.nl>:",
            "Em seg., 4 de mar. de 2024 às 10:12, Rui <r@example.pt> escreveu:",
            "W dniu 2017-01-09 11:59:39 użytkownik Q <q@example.com> napisał:",
            "pe 20. lokakuuta 2017 klo 17.50 John Coe\n<s@test.example> kirjoitti:",
            "tir. 18. apr. 2017 kl. 13:09 skrev Test user <test@example.com\n>:",
            "2017-11-24 16:32 GMT+01:00 Baptiste <s@mail.example>:",
            "30.09.2017, 18.30, \"John - Doe\" <s@saas.example>:",
            "ср, 30 апр. 2025 г. в 15:19, John Doe <doe@example.com>:",
            "Wednesday, 17 November 2021, 3:32 PM +0300 from john@mail.example <john@mail.example>:",
            "Jean Dupont <jean@example.org> a écrit :",
        ] {
            assert_eq!(kind(text), Some(Kind::Sure), "{text}");
        }
        for text in [
            "Jean Dupont a écrit :",
            "Quoting Jean Dupont <jean@example.org>:",
            "On Nov 26 you wrote:",
        ] {
            assert_eq!(kind(text), Some(Kind::Weak), "{text}");
        }
    }

    #[test]
    fn separators_of_real_clients() {
        for text in [
            "-----Message d'origine-----",
            "-----Message d’origine-----",
            "-------- Courriel original --------",
            "-------- Message original --------",
            "----- Original Message -----",
            "-----Ursprüngliche Nachricht-----",
            "-------- Oprindelig besked --------",
            "-- Répondez au-dessus de cette ligne --",
            "-- Reply above this line --",
            "##- Please type your reply above this line -##",
            "________________________________\nDe : Jean <jean@example.org>\nEnvoyé : lundi\nÀ : S\nObjet : X",
        ] {
            assert_eq!(kind(text), Some(Kind::Sure), "{text}");
        }
        for text in [
            "---------- Forwarded message ---------",
            "---------- Message transféré ---------",
            "-------- Message transféré --------",
            "Début du message réexpédié :",
            "Début du message transféré :",
            "Begin forwarded message:",
            "-------- Weitergeleitete Nachricht --------",
            "---------- Mensaje reenviado ----------",
            "-------- Messaggio inoltrato --------",
            "-------- Doorgestuurd bericht --------",
            "-------- Mensagem encaminhada --------",
        ] {
            assert_eq!(kind(text), Some(Kind::Forward), "{text}");
        }
    }

    #[test]
    fn what_people_write_is_no_history() {
        for text in [
            "Le PC de Marie est en panne depuis ce matin.",
            "Le 12 mars, voici ce qui s'est passé :",
            "Le 12/03/2024 à 10:00 le serveur est tombé.",
            "On the surface, this looks like a quote header but it's not.",
            "On Thursday:",
            "Message d'origine",
            "----",
            "--------------------------------------------------------------",
            "Le message d'erreur est le suivant :",
            "2024-01-15 14:30:25",
            "01/15/2024 at 2:30 PM",
            "Check out this article: https://example.com/blog/on-date-someone-wrote-about",
            "Liste de ce que Marie a demandé :",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }
}
