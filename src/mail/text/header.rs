//! Recognises the block of header lines that clients put above a message they quote or forward:
//! « De : / Envoyé : / À : / Objet : » in the languages of Europe.

use super::line::{Line, head};
use super::words::{fold, has_email};
use crate::mail::pattern::regex;

/// Lines of a header block, continuations of long recipient lists included.
const LINES: usize = 24;

/// What a header block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The line after the block.
    pub end: usize,
    /// The value of « De : ».
    pub from: Option<String>,
    /// The value of « Envoyé : ».
    pub date: Option<String>,
    /// The value of « Objet : ».
    pub subject: Option<String>,
    fields: Vec<Field>,
    /// « Envoyé », not « Date »: nobody else writes that.
    sent: bool,
    /// « Objet », not "Subject", which logs have as well.
    local: bool,
    email: bool,
}

/// A header line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    From,
    To,
    Copy,
    Date,
    Sent,
    Subject,
    Other,
}

/// What stands above a block, which makes a shorter one credible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Above {
    Nothing,
    /// A line drawn by a client, or a word for it.
    Separator,
}

/// Reads the header block that begins at line `at`; `None` when these are other lines with
/// colons, as in a form or a request for a journey (« De : Paris, À : Lyon »).
pub(super) fn block(lines: &[Line], at: usize, above: Above) -> Option<Block> {
    let quote = lines.get(at)?.quote;
    let mut found = Block::default();
    let mut last = None;
    let mut blank = 0;
    let mut loose = 0;
    for (index, line) in lines.iter().enumerate().skip(at).take(LINES) {
        if line.quote != quote {
            break;
        }
        if line.is_blank() {
            blank += 1;
            if blank > 1 || index == at {
                break;
            }
            continue;
        }
        let text = line.head();
        match field(text) {
            Some((name, value)) => {
                found.local |= name == Field::Subject && !fold(text).contains("subject");
                // A second sender is the next message.
                if name == Field::From && found.fields.contains(&Field::From) {
                    break;
                }
                found.take(name, value);
                found.end = index + 1;
                last = Some(name);
                loose = 0;
                blank = 0;
            }
            // A value that was wrapped: only directly below its line.
            None if blank == 0 && last.is_some() && loose < 3 => {
                let is_continued = text.starts_with('<')
                    || text.starts_with("mailto:")
                    || text.ends_with('>')
                    || text.ends_with(';')
                    || lines
                        .get(index.saturating_sub(1))
                        .is_some_and(|line| line.head().ends_with([',', ';', ':', '<']))
                    || lines
                        .get(index + 1)
                        .is_some_and(|next| next.quote == quote && field(next.head()).is_some());
                if !is_continued {
                    break;
                }
                found.carry_on(last, text);
                loose += 1;
                if has_email(text) {
                    found.end = index + 1;
                }
            }
            None => break,
        }
    }
    found.is_credible(above).then_some(found)
}

/// The end of a header block in a language that is not known here, which only its form and its
/// place give away: three or more lines « Label: value », one with an electronic address.
pub(super) fn foreign(lines: &[Line], at: usize) -> Option<usize> {
    let shown: Vec<&str> = lines
        .iter()
        .skip(at)
        .take(6)
        .take_while(|line| !line.is_blank())
        .map(Line::head)
        .take_while(|text| LABELLED.is_match(text))
        .collect();
    (shown.len() >= 3 && shown.iter().any(|text| has_email(text))).then_some(at + shown.len())
}

/// Whether a line is one of a header block.
pub(super) fn is_header_line(text: &str) -> bool {
    field(text).is_some()
}

impl Block {
    fn take(&mut self, name: Field, value: &str) {
        self.email |= matches!(name, Field::From | Field::To) && has_email(value);
        self.sent |= name == Field::Sent;
        if !self.fields.contains(&name) {
            self.fields.push(name);
        }
        let (value, subject) = inner_subject(value);
        let slot = match name {
            Field::From => &mut self.from,
            Field::Date | Field::Sent => &mut self.date,
            Field::Subject => &mut self.subject,
            Field::To | Field::Copy | Field::Other => &mut None,
        };
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value.to_owned());
        }
        if name == Field::To
            && let Some(subject) = subject
        {
            self.fields.push(Field::Subject);
            self.subject.get_or_insert_with(|| subject.to_owned());
        }
    }

    /// Adds a wrapped rest to the value it belongs to.
    fn carry_on(&mut self, last: Option<Field>, text: &str) {
        let slot = match last {
            Some(Field::From) => {
                self.email |= has_email(text);
                &mut self.from
            }
            Some(Field::Subject) => &mut self.subject,
            Some(Field::Date | Field::Sent) => &mut self.date,
            Some(Field::To | Field::Copy | Field::Other) | None => return,
        };
        match slot {
            Some(value) => {
                value.push(' ');
                value.push_str(text);
            }
            None => *slot = Some(text.to_owned()),
        }
    }

    /// The date has a time of day, as clients write it and people seldom do.
    fn timed(&self) -> bool {
        self.date
            .as_deref()
            .and_then(|date| super::date::read(date, None))
            .is_some_and(|date| date.time() != chrono::NaiveTime::MIN)
    }

    fn is_credible(&self, above: Above) -> bool {
        let has = |field| self.fields.contains(&field);
        let dated = has(Field::Date) || has(Field::Sent);
        let count = self.fields.len();
        if !has(Field::From) || count < 2 {
            return above == Above::Separator && dated && has(Field::Subject);
        }
        match above {
            Above::Separator => dated || has(Field::Subject) || has(Field::To),
            Above::Nothing => {
                // Logs and forms have lines of the same names, but neither « Envoyé » nor addresses.
                (self.sent && count >= 3)
                    || (self.local && dated && has(Field::To) && self.timed())
                    || (self.email && (dated || (has(Field::To) && has(Field::Subject))))
            }
        }
    }
}

regex!(
    LABELLED,
    r"^[*_\s|•]*([\p{L}][\p{L} .'’\-]{0,28}?)[*_\s\u{a0}]*[:：][*_]*(?:[\s\u{a0}|]|$|\S)"
);

/// The field and value of a header line.
fn field(text: &str) -> Option<(Field, &str)> {
    if !text.contains(':') && !text.contains('：') {
        return None;
    }
    let found = LABELLED.captures(text)?;
    let label = found.get(1)?;
    let name = named(&fold(label.as_str()))?;
    let (_, rest) = text.split_at(label.end());
    let (_, value) = rest.split_once([':', '：'])?;
    let value = value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '|'));
    Some((name, value))
}

/// The field of a folded label.
fn named(label: &str) -> Option<Field> {
    Some(match label {
        "de" | "from" | "von" | "da" | "van" | "expediteur" | "emetteur" | "fra" | "fran"
        | "od" | "lahettaja" | "от" | "от кого" | "remitente" | "mittente" | "afzender"
        | "absender" | "auteur" | "feladó" | "felado" | "de la" => Field::From,
        "a" | "to" | "an" | "para" | "aan" | "pour" | "destinataire" | "destinataires" | "til"
        | "till" | "do" | "komu" | "vastaanottaja" | "кому" | "destinatario" | "destinatari"
        | "empfanger" | "cimzett" => Field::To,
        "cc" | "c.c." | "c.c" | "copie a" | "copie" | "kopie" | "cci" | "bcc" | "kopi"
        | "kopia" | "kopio" | "dw" | "con copia" | "копия" => Field::Copy,
        "envoye"
        | "envoye le"
        | "sent"
        | "gesendet"
        | "enviado"
        | "enviado el"
        | "enviada"
        | "enviada em"
        | "enviado em"
        | "enviada a"
        | "inviato"
        | "inviato il"
        | "verzonden"
        | "verstuurd"
        | "sendt"
        | "skickat"
        | "wyslano"
        | "wyslane"
        | "lahetetty"
        | "odeslano"
        | "отправлено"
        | "message du" => Field::Sent,
        "date" | "datum" | "data" | "fecha" | "dato" | "paivays" | "дата" | "date d'envoi"
        | "sent on" => Field::Date,
        "objet" | "sujet" | "subject" | "betreff" | "asunto" | "oggetto" | "onderwerp"
        | "assunto" | "emne" | "amne" | "temat" | "aihe" | "predmet" | "тема" | "targy" => {
            Field::Subject
        }
        "reply-to" | "reply to" | "repondre a" | "antwort an" | "responder a" | "rispondi a"
        | "importance" | "priorite" | "priority" | "wichtigkeit" | "prioritat" | "importancia"
        | "pieces jointes" | "piece jointe" | "attachments" | "anlagen" | "organisation"
        | "organization" => Field::Other,
        _ => return None,
    })
}

regex!(
    INNER_SUBJECT,
    r"(?i)\s(?:objet|subject|betreff|asunto|oggetto|onderwerp|assunto)[\s\u{a0}]?:[\s\u{a0}]"
);

/// Samsung writes « À : … Objet : … » on one line.
fn inner_subject(value: &str) -> (&str, Option<&str>) {
    match INNER_SUBJECT.find(value) {
        Some(found) => {
            let (before, _) = value.split_at(found.start());
            let (_, after) = value.split_at(found.end());
            (before.trim(), Some(after.trim()))
        }
        None => (head(value), None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::lines;
    use super::*;

    fn read(text: &str, above: Above) -> Option<Block> {
        block(&lines(text), 0, above)
    }

    #[test]
    fn blocks_of_real_clients() {
        for (text, from, subject) in [
            (
                "De : Jean Dupont <jean@example.org>\nEnvoyé : lundi 4 mars 2024 10:12\nÀ : Support <s@example.org>\nObjet : Imprimante\n\ntexte",
                "Jean Dupont <jean@example.org>",
                "Imprimante",
            ),
            (
                "*De :* Jean Dupont [mailto:jean@example.org]\n*Envoyé :* lundi 4 mars 2024 10:12\n*À :* Support\n*Objet :* Imprimante",
                "Jean Dupont [mailto:jean@example.org]",
                "Imprimante",
            ),
            (
                "From: Jean\nSent: Monday, March 4, 2024 10:12 AM\nTo: Support\nSubject: Printer",
                "Jean",
                "Printer",
            ),
            (
                "Von: Hans <h@example.de>\nGesendet: Montag, 4. März 2024 10:12\nAn: Support\nBetreff: Drucker",
                "Hans <h@example.de>",
                "Drucker",
            ),
            (
                "De: Juan <j@example.es>\nEnviado el: lunes\nPara: S\nAsunto: Impresora",
                "Juan <j@example.es>",
                "Impresora",
            ),
            (
                "Da: Gio <g@example.it>\nInviato: martedì\nA: S\nOggetto: Stampante",
                "Gio <g@example.it>",
                "Stampante",
            ),
            (
                "Van: Jan <j@example.nl>\nVerzonden: maandag\nAan: S\nOnderwerp: Printer",
                "Jan <j@example.nl>",
                "Printer",
            ),
            (
                "De: Rui <r@example.pt>\nEnviada em: segunda\nPara: S\nAssunto: Impressora",
                "Rui <r@example.pt>",
                "Impressora",
            ),
            (
                "From: Human Resources \n<a-long-address@example.com> \nSent: Monday\nTo: A <a@example.com>\nSubject: New",
                "Human Resources <a-long-address@example.com>",
                "New",
            ),
            (
                "De : A <a@example.org>\nDate : 23/06/24  10:46  (GMT+01:00)\nÀ : b@example.org Objet : Vous avez un message",
                "A <a@example.org>",
                "Vous avez un message",
            ),
            (
                "Sujet : | Imprimante\nDate : | Mon, 4 Mar 2024\nDe : | Jean <jean@example.org>\nPour : | support@example.org",
                "Jean <jean@example.org>",
                "Imprimante",
            ),
            (
                "De: Jean <jean@example.org>\n\nEnvoyé: lundi\n\nÀ: S\n\nObjet: X\n\n\nBonjour",
                "Jean <jean@example.org>",
                "X",
            ),
        ] {
            let block = read(text, Above::Nothing).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(block.from.as_deref(), Some(from), "{text}");
            assert_eq!(block.subject.as_deref(), Some(subject), "{text}");
        }
    }

    #[test]
    fn other_lines_with_colons_are_no_header() {
        for text in [
            "De : Paris\nÀ : Lyon\nDate : 12 mars",
            "Nom : Dupont\nDate : 12 mars\nObjet : panne",
            "De : la part de Marie",
            "De : Jean\nA : Marie\nDate : 12 mars\nObjet : congés",
            "From: server01\nTo: server02\nDate: 2024-03-04 10:12\nSubject: replication failed",
            "A : oui\nB : non",
            "Objet : imprimante\nDate : hier",
            "From: our database\nplain text",
            "Erreur : 42\nDate : 2024-03-04\nSource : disk",
        ] {
            assert_eq!(read(text, Above::Nothing), None, "{text}");
        }
    }
}
