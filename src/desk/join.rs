//! A mail joins a ticket: its words, its files and its ids.

use super::draft::Draft;
use super::tell::Words;
use super::{Arrival, Thread, words};
use crate::mail::{Automatic, Forwarded};
use crate::ticket::{Actor, File, TicketId, What};

/// Adds the mail to the timeline; returns its words, to be passed on.
pub fn add_mail(
    draft: &mut Draft<'_>,
    id: TicketId,
    arrival: &Arrival,
    actor: Actor,
    public: bool,
    automatic: Option<Automatic>,
    remarks: Vec<String>,
) -> Words {
    let mail = &arrival.mail;
    let files = files_of(arrival);
    let mut remarks = remarks;
    remarks.extend(mail.remarks.iter().cloned());
    if let Some(size) = arrival.oversize {
        remarks.push(words::pick(
            &draft.policy.language,
            format!(
                "Message de {} Mo, trop volumineux : il est resté sur le serveur, seul son texte est ici.",
                size.div_ceil(1_000_000)
            ),
            format!(
                "A mail of {} MB, too large: it stays on the server, only its text is here.",
                size.div_ceil(1_000_000)
            ),
        ));
    }
    let words = Words {
        text: text_of(arrival, &remarks, &draft.policy.language),
        author: actor.who.clone(),
        files: files.clone(),
    };
    draft.event(
        id,
        actor,
        public,
        What::Mail {
            text: words.text.clone(),
            folded: mail.folded.clone(),
            files,
            inbox: Some(arrival.inbox),
            message_id: mail.message_id.clone(),
            automatic,
            thanks: mail.thanks || mail.reaction.is_some(),
            remarks,
        },
    );
    words
}

/// What was written, never blank: the reply with what it forwards, else the whole text, else the
/// remarks.
pub fn text_of(arrival: &Arrival, remarks: &[String], language: &str) -> String {
    let mail = &arrival.mail;
    let forwarded = mail
        .forwarded
        .as_ref()
        .map(|original| forwarded_text(original, language))
        // A bare forward has its text in the reply already.
        .filter(|text| !text.is_empty() && !mail.reply.contains('>'));
    if let Some(forwarded) = forwarded {
        return [mail.reply.trim(), forwarded.as_str()]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n");
    }
    [&mail.reply, &mail.text]
        .into_iter()
        .map(|text| text.trim())
        .find(|text| !text.is_empty())
        .map(str::to_owned)
        .or_else(|| mail.reaction.clone())
        .or_else(|| Some(remarks.join("\n")).filter(|text| !text.is_empty()))
        .unwrap_or_else(|| {
            words::pick(
                language,
                if mail.attachments.is_empty() {
                    "(message sans texte)"
                } else {
                    "(message sans texte, voir les pièces jointes)"
                },
                if mail.attachments.is_empty() {
                    "(a mail without text)"
                } else {
                    "(a mail without text, see its files)"
                },
            )
        })
}

/// A forwarded original is content, not history (row G6): who wrote it, then its text.
fn forwarded_text(original: &Forwarded, language: &str) -> String {
    let text = original.text.trim();
    if text.is_empty() {
        return String::new();
    }
    let from = original
        .from
        .as_ref()
        .map(|from| match &from.name {
            Some(name) => format!("{name} <{}>", from.address),
            None => from.address.clone(),
        })
        .unwrap_or_default();
    let title = words::pick(
        language,
        format!("Message transféré, de {from} :"),
        format!("Forwarded mail, from {from}:"),
    );
    let quoted: Vec<String> = text.lines().map(|line| format!("> {line}")).collect();
    format!("{title}\n{}", quoted.join("\n"))
}

/// The files of a mail, decorations included (they are marked).
pub fn files_of(arrival: &Arrival) -> Vec<File> {
    arrival
        .mail
        .attachments
        .iter()
        .map(|attachment| File {
            inbox: arrival.inbox,
            attachment: attachment.clone(),
        })
        .collect()
}

/// Remembers the mail's id, and every id that it refers to (row D3).
pub fn remember_ids(draft: &mut Draft<'_>, id: TicketId, arrival: &Arrival) {
    let mail = &arrival.mail;
    for ancestor in mail.references.iter().chain(&mail.in_reply_to) {
        if !draft.known.threads.contains_key(ancestor) {
            draft.remember(ancestor, id, Thread::Phantom);
        }
    }
    if let Some(message_id) = &mail.message_id {
        draft.remember(message_id, id, Thread::Incoming);
    }
}
