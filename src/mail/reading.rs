//! Puts a [`Mail`] together from what the other files of `mail` understand.
//!
//! Owns the order of the steps and the choice of the bodies; every judgement is made elsewhere.

use super::content::{self, Content, Message};
use super::envelope::Envelope;
use super::part::{self, Tree};
use super::piece::{self, Piece};
use super::text::{self, Bodies, Written};
use super::{Automatic, Digest, Forwarded, Mail, absence, automatic, bounce, header, limits};
use std::borrow::Cow;
use std::collections::HashSet;

/// Attached mails whose text is taken apart; the others are files.
const READ_MESSAGES: usize = 20;

/// Characters of a title that is made from the text.
const TITLE_CHARS: usize = 80;

/// What stands where neither a subject nor a text says anything.
const NO_SUBJECT: &str = "(sans objet)";

/// Understands a message.
pub fn read(bytes: &[u8]) -> Mail {
    let bytes = with_line_feeds(bytes);
    let tree = part::walk(&bytes);
    let root = tree.root();
    let envelope = Envelope::read(&root.fields);
    let mut content = content::read(&tree);
    let content_digest = content_digest(&tree, &content);
    let subject = envelope.subject.clone();
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    if content
        .pieces
        .iter()
        .all(|piece| blank(&piece.plain) && blank(&piece.html))
    {
        content.pieces.extend(content.fallback.take());
    }
    let (mut plain, html) = bodies(&content.pieces);
    if plain.is_none() && html.is_none() && !content.reports.is_empty() {
        // A report without a word for people: its own words are better than a blank.
        let texts: Vec<&str> = content
            .reports
            .iter()
            .map(|report| report.text.as_str())
            .collect();
        plain = Some(texts.join("\n"));
    }
    if let (Some(plain), Some(html)) = (&plain, &html)
        && differs(plain, html)
    {
        content
            .defects
            .push("the plain and the HTML text differ: the plain one is shown".to_owned());
    }
    let ornaments: Vec<&str> = content
        .files
        .iter()
        .filter(|file| file.decoration)
        .filter_map(|file| file.content_id.as_deref())
        .collect();
    let written = text::split(&Bodies {
        plain: plain.as_deref(),
        html: html.as_deref(),
        subject: subject.as_deref(),
        sender_name: envelope.from.first().and_then(|from| from.name.as_deref()),
        answers: !envelope.in_reply_to.is_empty() || !envelope.references.is_empty(),
        zone: envelope.date.map(|date| *date.offset()),
        ornaments: &ornaments,
    });
    mark_placed(&mut content, html.as_deref());
    if html.is_none() && written.text.trim().is_empty() {
        // Nothing but pictures: they are what was meant.
        for file in &mut content.files {
            file.decoration &= !file.content_type.starts_with("image/");
        }
    }
    let forwarded = written
        .forwarded
        .clone()
        .or_else(|| attached_original(&mut content));
    let bounces = bounce::read(bounce::Evidence {
        fields: &root.fields,
        envelope: &envelope,
        content: &content,
        content_type: &root.content_type,
        text: &written.text,
    });
    let report_type = (root.content_type == "multipart/report").then(|| {
        root.parameters
            .get("report-type")
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    });
    let automatic = automatic::judge(automatic::Evidence {
        fields: &root.fields,
        envelope: &envelope,
        content: &content,
        report_type: report_type.as_deref(),
        is_bounce: !bounces.is_empty(),
        reply: &written.reply,
        forwards: written.forwarded.is_some(),
    });
    let absent_until = match automatic {
        Some(Automatic::AutoReplied) => absence::until(&written.reply, envelope.date),
        _ => None,
    };
    let mut remarks: Vec<String> = content
        .calendars
        .iter()
        .map(super::calendar::Event::remark)
        .take(limits::REMARKS)
        .collect();
    remarks.append(&mut content.remarks);
    remarks.truncate(limits::REMARKS);
    let title = title(subject.as_deref(), &written, &remarks);
    let mut defects: Vec<String> = envelope
        .defects
        .iter()
        .map(|defect| (*defect).to_owned())
        .collect();
    defects.append(&mut content.defects);
    defects.dedup();
    defects.truncate(limits::DEFECTS);
    let forwarded = if automatic == Some(Automatic::Bounce) {
        None
    } else {
        forwarded
    };
    let person = automatic.is_none();
    let has_files = content.files.iter().any(|file| !file.decoration);
    let first_words = plain.as_deref().unwrap_or(&written.text);
    let reaction = content
        .reaction
        .or_else(|| super::reaction::outlook(first_words).filter(|_| person))
        .or_else(|| text::lone_reaction(&written.reply).filter(|_| person && !has_files));
    let thanks = person && text::is_thanks(&written.reply, has_files);
    let urgent = subject.as_deref().is_some_and(text::claims_urgency);
    let language = text::language(&written.reply);
    Mail {
        message_id: envelope.message_id,
        in_reply_to: envelope.in_reply_to,
        references: envelope.references,
        date: envelope.date,
        from: envelope.from,
        reply_to: envelope.reply_to,
        to: envelope.to,
        cc: envelope.cc,
        delivered_to: envelope.delivered_to,
        return_path: envelope.return_path,
        subject,
        title,
        text: written.text,
        html: html.is_some(),
        reply: written.reply,
        folded: written.folded,
        signature: written.signature,
        language,
        attachments: content.files,
        automatic,
        bounces: if automatic == Some(Automatic::Bounce) {
            bounces
        } else {
            Vec::new()
        },
        absent_until,
        thanks,
        reaction,
        urgent,
        importance: envelope.importance,
        forwarded,
        list_id: envelope.list_id,
        spam: envelope.spam,
        remarks,
        defects,
        content_digest: Some(content_digest),
    }
}

/// The decoded bytes of a file, by digest.
pub fn extract(bytes: &[u8], sha256: &Digest) -> Option<Vec<u8>> {
    let bytes = with_line_feeds(bytes);
    content::find(&part::walk(&bytes), sha256)
}

/// A message whose lines end with CR alone gets line feeds.
fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    let head = bytes.get(..4096).unwrap_or(bytes);
    if memchr::memchr(b'\n', head).is_none()
        && memchr::memchr(b'\r', head).is_some()
        && memchr::memchr(b'\n', bytes).is_none()
    {
        return Cow::Owned(
            bytes
                .iter()
                .map(|byte| if *byte == b'\r' { b'\n' } else { *byte })
                .collect(),
        );
    }
    Cow::Borrowed(bytes)
}

/// The plain and the HTML body. A plain one that only excuses itself is none.
fn bodies(pieces: &[Piece]) -> (Option<String>, Option<String>) {
    let html = piece::joined_html(pieces).filter(|html| !html.trim().is_empty());
    let plain = piece::joined_plain(pieces).filter(|plain| piece::is_real(plain, html.as_deref()));
    (plain, html)
}

/// Whether two forms of a text have little in common: one may be meant for filters, the other for
/// eyes.
fn differs(plain: &str, html: &str) -> bool {
    const COMPARED: usize = 20_000;
    let words = |text: &str| -> HashSet<String> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.chars().count() > 3)
            .take(500)
            .map(str::to_lowercase)
            .collect()
    };
    let left = words(
        plain
            .get(..plain.floor_char_boundary(COMPARED))
            .unwrap_or(plain),
    );
    // Letters without blanks: a word of the plain text is a piece of them.
    let has_a_third = |limit: usize| {
        let right = piece::html_words(html, limit).to_lowercase();
        let enough = left.len().div_ceil(3);
        let found = left
            .iter()
            .filter(|word| memchr::memmem::find(right.as_bytes(), word.as_bytes()).is_some());
        found.take(enough).count() == enough
    };
    // The beginning tells nearly always.
    left.len() >= 5 && !has_a_third(COMPARED / 4) && !has_a_third(COMPARED * 4)
}

/// Files that the HTML shows by `cid:` are inline, whatever their disposition says.
fn mark_placed(content: &mut Content, html: Option<&str>) {
    let Some(html) = html else { return };
    let mut placed: HashSet<String> = HashSet::new();
    for at in memchr::memmem::find_iter(html.as_bytes(), b"cid:").take(limits::ATTACHMENTS) {
        let id: String = html
            .get(at + 4..)
            .unwrap_or_default()
            .chars()
            .take(limits::ID_BYTES)
            .take_while(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '>' | ')' | '<'))
            .collect();
        let decoded = super::transfer::hex_escapes(id.as_bytes(), b'%');
        placed.insert(String::from_utf8_lossy(&decoded).into_owned());
        placed.insert(id);
    }
    for file in &mut content.files {
        if file
            .content_id
            .as_ref()
            .is_some_and(|id| placed.contains(id))
        {
            file.inline = true;
        }
    }
}

/// The original of a mail that was forwarded as an attachment: the first that is not returned by a
/// machine. The others are named in a remark each.
fn attached_original(content: &mut Content) -> Option<Forwarded> {
    let mut first = None;
    let mut remarks = Vec::new();
    for message in content
        .messages
        .iter()
        .filter(|message| !message.returned)
        .take(READ_MESSAGES)
    {
        if first.is_none() {
            first = Some(forwarded(message));
        } else {
            let subject = message.envelope.subject.as_deref().unwrap_or(NO_SUBJECT);
            let from = message
                .envelope
                .from
                .first()
                .map(|from| from.name.clone().unwrap_or_else(|| from.address.clone()));
            remarks.push(match from {
                Some(from) => format!("Message joint : « {subject} », de {from}"),
                None => format!("Message joint : « {subject} »"),
            });
        }
    }
    content.remarks.append(&mut remarks);
    first
}

fn forwarded(message: &Message) -> Forwarded {
    let (plain, html) = bodies(&message.pieces);
    let subject = message.envelope.subject.clone();
    let written = text::split(&Bodies {
        plain: plain.as_deref(),
        html: html.as_deref(),
        subject: subject.as_deref(),
        sender_name: message
            .envelope
            .from
            .first()
            .and_then(|from| from.name.as_deref()),
        answers: !message.envelope.in_reply_to.is_empty(),
        zone: message.envelope.date.map(|date| *date.offset()),
        ornaments: &[],
    });
    Forwarded {
        from: message
            .envelope
            .from
            .iter()
            .find(|from| !from.address.is_empty())
            .cloned(),
        date: message.envelope.date,
        subject,
        message_id: message.envelope.message_id.clone(),
        text: written.text,
    }
}

/// The subject, else the first line that says something, else what came.
fn title(subject: Option<&str>, written: &Written, remarks: &[String]) -> String {
    if let Some(subject) = subject.map(str::trim).filter(|subject| !subject.is_empty()) {
        return subject.to_owned();
    }
    let meaningful = |line: &&str| {
        let letters = line.chars().filter(|c| c.is_alphabetic()).count();
        let word = line.trim_end_matches([',', '!', '.', ' ']).to_lowercase();
        let greeting = [
            "bonjour",
            "bonsoir",
            "salut",
            "hello",
            "hi",
            "hallo",
            "guten tag",
            "madame",
            "monsieur",
            "dear",
            "cher",
            "chère",
        ]
        .iter()
        .any(|greeting| {
            word == *greeting
                || (word.starts_with(greeting) && word.split_whitespace().count() <= 3)
        });
        letters >= 3 && !greeting
    };
    let line = written
        .reply
        .lines()
        .map(str::trim)
        .find(meaningful)
        .or_else(|| written.text.lines().map(str::trim).find(meaningful));
    match line
        .map(|line| header::limited(super::encoded_word::clean(line), TITLE_CHARS))
        .or_else(|| remarks.first().cloned())
    {
        Some(line) if !line.is_empty() => line,
        _ => NO_SUBJECT.to_owned(),
    }
}

/// What makes two deliveries the same mail.
fn content_digest(tree: &Tree<'_>, content: &Content) -> Digest {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for name in ["From", "Date", "Subject", "Message-ID"] {
        for field in tree.root().fields.all(name) {
            // Relays fold lines anew; white space is not content.
            let value: Vec<u8> = field
                .value()
                .iter()
                .copied()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            context.update(name.as_bytes());
            context.update(&value);
            context.update(&[0]);
        }
    }
    for digest in &content.identity {
        context.update(&digest.0);
    }
    let mut out = [0; 32];
    out.copy_from_slice(context.finish().as_ref());
    Digest(out)
}

#[cfg(test)]
mod tests {
    use crate::mail::{self, Mail};

    /// A mail with this type and body; `|` ends a line, so that structures can be seen at a glance.
    fn read(content_type: &str, body: &str) -> Mail {
        let raw = format!(
            "From: Zoé <zoe@b.fr>|Subject: Panne|Message-ID: <1@b.fr>|Date: Mon, 1 Jun 2026 10:00:00 +0200|Content-Type: {content_type}||{body}"
        );
        let mail = mail::read(raw.replace('|', "\r\n").as_bytes());
        for file in &mail.attachments {
            assert!(mail::extract(raw.replace('|', "\r\n").as_bytes(), &file.sha256).is_some());
        }
        mail
    }

    fn files(mail: &Mail) -> Vec<String> {
        let mark = |file: &mail::Attachment| {
            let name = file.name.as_deref().unwrap_or("-");
            let marks = [(file.inline, " inline"), (file.decoration, " decoration")];
            let marks: String = marks
                .iter()
                .filter(|(is, _)| *is)
                .map(|(_, mark)| *mark)
                .collect();
            format!("{name}{marks}")
        };
        mail.attachments.iter().map(mark).collect()
    }

    const PNG: &str =
        "Content-Transfer-Encoding: base64||iVBORw0KGgoAAAANSUhEUgAABAAAAAMACAYAAAAfFcSJ";

    #[test]
    fn texts_between_images_are_one_text() {
        let mail = read(
            "multipart/mixed; boundary=b",
            &format!(
                "--b||Voici l'écran :|--b|Content-Type: image/png; name=un.png|Content-Disposition: inline|{PNG}|--b||et après :|--b|Content-Type: image/png; name=deux.png|{PNG}A|--b--"
            ),
        );
        assert_eq!(mail.text, "Voici l'écran :\net après :");
        assert_eq!(files(&mail), ["un.png inline", "deux.png"]);
    }

    #[test]
    fn forms_of_one_text_are_one_text() {
        for (content_type, body) in [
            (
                "multipart/alternative; boundary=b",
                "--b||Bonjour|--b|Content-Type: text/html||<p>Bonjour</p>|--b--",
            ),
            (
                "multipart/alternative; boundary=b",
                "--b|Content-Type: text/html||<p>Bonjour</p>|--b||Bonjour|--b--",
            ),
            (
                "multipart/mixed; boundary=b",
                "--b||Bonjour|--b|Content-Type: text/html||<p>Bonjour</p>|--b--",
            ),
            (
                "multipart/related; boundary=o; type=\"multipart/alternative\"",
                "--o|Content-Type: multipart/alternative; boundary=b||--b||Bonjour|--b|Content-Type: text/html||<p>Bonjour</p>|--b--|--o--",
            ),
            (
                "multipart/alternative; boundary=b",
                "--b||Bonjour|--b|Content-Type: multipart/related; boundary=r||--r|Content-Type: text/html||<p>Bonjour</p>|--r--|--b--",
            ),
            (
                "multipart/alternative; boundary=b",
                "--b||Bonjour|--b|Content-Type: multipart/mixed; boundary=r||--r|Content-Type: text/html||<p>Bonjour</p>|--r|Content-Type: text/html||<br>|--r--|--b--",
            ),
        ] {
            let mail = read(content_type, body);
            assert_eq!(
                (mail.text.trim(), mail.html),
                ("Bonjour", true),
                "{content_type} {body}"
            );
            assert!(files(&mail).is_empty(), "{content_type} {body}");
            assert!(mail.defects.is_empty(), "{:?}", mail.defects);
        }
    }

    #[test]
    fn an_excuse_is_no_text() {
        for excuse in [
            "",
            " | ",
            "Votre client de messagerie ne prend pas en charge le format HTML.",
            "Your email client does not support HTML messages.",
        ] {
            let mail = read(
                "multipart/alternative; boundary=b",
                &format!(
                    "--b||{excuse}|--b|Content-Type: text/html||<p>Mon imprimante ne s'allume plus depuis ce matin, pouvez-vous passer dans mon bureau ?</p>|--b--"
                ),
            );
            assert!(
                mail.text.contains("imprimante"),
                "{excuse:?}: {}",
                mail.text
            );
        }
    }

    #[test]
    fn images_are_placed_by_their_id() {
        let mail = read(
            "multipart/related; boundary=b",
            &format!(
                "--b|Content-Type: text/html||<img src=\"cid:a%40b\"><img src='cid:c@d'>|--b|Content-Type: image/png; name=image001.png|Content-ID: <a@b>|{PNG}|--b|Content-Type: image/png; name=logo.png|Content-ID: <c@d>|Content-Disposition: attachment|{PNG}A|--b|Content-Type: application/x-mso; name=oledata.mso||x|--b--"
            ),
        );
        assert_eq!(
            files(&mail),
            [
                "image001.png inline",
                "logo.png inline decoration",
                "oledata.mso inline decoration"
            ]
        );
    }

    #[test]
    fn an_attached_mail_is_a_file_and_is_read() {
        let inner = "From: Luc <luc@c.fr>|Subject: Mon écran|Message-ID: <o@c.fr>|Date: Fri, 29 May 2026 08:00:00 +0200|Content-Type: multipart/mixed; boundary=i||--i||Il est noir.|--i|Content-Type: application/pdf; name=devis.pdf||%PDF|--i--|";
        let encoded = data_encoding::BASE64.encode(inner.replace('|', "\r\n").as_bytes());
        for body in [
            format!("--b||Pour vous.|--b|Content-Type: message/rfc822||{inner}|--b--"),
            format!(
                "--b||Pour vous.|--b|Content-Type: message/rfc822|Content-Transfer-Encoding: base64||{encoded}|--b--"
            ),
            format!(
                "--b||Pour vous.|--b|Content-Type: application/octet-stream; name=\"Mon écran.eml\"|Content-Transfer-Encoding: base64||{encoded}|--b--"
            ),
        ] {
            let mail = read("multipart/mixed; boundary=b", &body);
            assert_eq!(mail.text.trim(), "Pour vous.");
            assert_eq!(files(&mail), ["Mon écran.eml", "devis.pdf"], "{body}");
            let forwarded = mail.forwarded.expect("a mail was attached");
            assert_eq!(forwarded.from.expect("it has a sender").address, "luc@c.fr");
            assert_eq!(forwarded.subject.as_deref(), Some("Mon écran"));
            assert_eq!(forwarded.message_id.as_deref(), Some("o@c.fr"));
            assert_eq!(forwarded.text.trim(), "Il est noir.");
            assert_eq!(
                forwarded.date.map(|date| date.to_rfc3339()).as_deref(),
                Some("2026-05-29T08:00:00+02:00")
            );
        }
    }

    #[test]
    fn flowed_lines_are_joined() {
        let mail = read(
            "text/plain; format=flowed; charset=utf-8",
            "Une ligne |coupée.|> citée |> aussi|-- |Zoé|",
        );
        assert_eq!(
            mail.text.trim_end(),
            "Une ligne coupée.\n> citée aussi\n-- \nZoé"
        );
    }

    #[test]
    fn an_invitation_is_a_remark_and_a_file() {
        let mail = read(
            "multipart/alternative; boundary=b",
            "--b||Réunion|--b|Content-Type: text/html||<p>Réunion</p>|--b|Content-Type: text/calendar; charset=utf-8; method=REQUEST||BEGIN:VCALENDAR|METHOD:REQUEST|BEGIN:VEVENT|SUMMARY:Point|DTSTART:20260604T090000|END:VEVENT|END:VCALENDAR|--b--",
        );
        assert_eq!(
            mail.remarks,
            ["Invitation : Point, le jeudi 4 juin 2026 à 9 h 00"]
        );
        assert_eq!(files(&mail), ["invite.ics"]);
        assert_eq!((mail.text.trim(), mail.automatic), ("Réunion", None));
        let mail = read(
            "text/calendar; charset=utf-8; method=REPLY",
            "BEGIN:VCALENDAR|METHOD:REPLY|BEGIN:VEVENT|ATTENDEE;PARTSTAT=ACCEPTED;CN=Luc:mailto:luc@c.fr|SUMMARY:Point|END:VEVENT|END:VCALENDAR",
        );
        assert_eq!(mail.remarks, ["Invitation acceptée : Point (Luc)"]);
        assert_eq!(mail.automatic, Some(mail::Automatic::AutoGenerated));
    }

    #[test]
    fn signed_is_read_and_encrypted_says_so() {
        let mail = read(
            "multipart/signed; protocol=\"application/pgp-signature\"; boundary=b",
            "--b||Bonjour|--b|Content-Type: application/pgp-signature; name=signature.asc||x|--b--",
        );
        assert_eq!(
            (mail.text.trim(), files(&mail)),
            ("Bonjour", vec!["signature.asc decoration".to_owned()])
        );
        assert_eq!(mail.remarks, [super::super::pgp::SIGNED]);
        let mail = read(
            "multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b",
            "--b|Content-Type: application/pgp-encrypted||Version: 1|--b|Content-Type: application/octet-stream; name=encrypted.asc||x|--b--",
        );
        assert_eq!(mail.remarks, [super::super::pgp::ENCRYPTED]);
        assert_eq!(mail.title, "Panne");
    }

    #[test]
    fn a_reaction_is_found() {
        let mail = read(
            "multipart/alternative; boundary=b",
            "--b||👍|--b|Content-Type: text/vnd.google.email-reaction+json||{\"emoji\":\"👍\",\"version\":1}|--b|Content-Type: text/html||<p>👍</p>|--b--",
        );
        assert_eq!(mail.reaction.as_deref(), Some("👍"));
        assert_eq!((mail.text.trim(), files(&mail).len()), ("👍", 0));
    }

    #[test]
    fn a_text_without_a_name_is_read_where_there_is_no_other() {
        let attached = "--b|Content-Disposition: attachment||Au secours|--b--";
        let mail = read("multipart/mixed; boundary=b", attached);
        assert_eq!(
            (mail.text.trim(), mail.attachments.len()),
            ("Au secours", 1)
        );
        let mail = read(
            "multipart/mixed; boundary=b",
            &format!("--b||Voir le fichier.|{attached}"),
        );
        assert_eq!(
            (mail.text.trim(), mail.attachments.len()),
            ("Voir le fichier.", 1)
        );
    }

    #[test]
    fn a_title_is_never_empty() {
        let title = |raw: &str| mail::read(raw.as_bytes()).title;
        assert_eq!(
            title("Subject:  \n\nBonjour,\n\nMon écran est noir.\n"),
            "Mon écran est noir."
        );
        assert_eq!(title(""), "(sans objet)");
        assert_eq!(title("Subject: =?utf-8?Q?_?=\n\n"), "(sans objet)");
    }

    #[test]
    fn a_text_that_is_named_is_a_file() {
        let mail = read(
            "multipart/mixed; boundary=b",
            "--b||Le journal.|--b|Content-Type: text/plain; name=app.log|Content-Disposition: inline; filename=app.log||erreur 5|--b|Content-Type: text/html|Content-Disposition: attachment; filename=page.html||<p>x</p>|--b--",
        );
        assert_eq!((mail.text.trim(), mail.html), ("Le journal.", false));
        assert_eq!(files(&mail), ["app.log inline", "page.html"]);
    }
}
