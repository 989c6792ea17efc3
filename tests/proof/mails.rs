//! The mails that are put in: each has a number of its own in `X-Test-Id`, a sender and a subject of
//! its own, and a class that says what must become of it.

use guichet::mail;

use crate::support::sink::Received;

/// What must become of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// A ticket of its own, acknowledged.
    Person,
    /// Part of the ticket of that mail.
    Reply(usize),
    /// Written by a machine: nothing is sent to its author.
    Automatic,
    /// Malformed: kept somewhere visible.
    Poison,
    /// The content of that mail once more: recorded with it, no second acknowledgement.
    Duplicate(usize),
    /// Somebody deletes it in the mailbox, perhaps before it is taken: a ticket of its own or nothing.
    Deleted,
    /// A ticket of its own; the mail server refuses its acknowledgement for good.
    Refused,
}

/// A mail that was put in.
#[derive(Debug, Clone)]
pub struct Injected {
    pub id: usize,
    pub class: Class,
    /// Who wrote it.
    pub from: String,
    pub bytes: Vec<u8>,
}

/// In the subject of mails of [`Class::Deleted`].
pub const DELETED: &str = "supprimee";

/// A mail of this class; `bulk` bytes of attachment, none for 0.
pub fn mail(id: usize, class: Class, bulk: usize) -> Injected {
    let from = match class {
        Class::Automatic => format!("machine{id}@example.net"),
        Class::Refused => format!("refuse{id}@example.org"),
        _ => format!("personne{id}@example.org"),
    };
    let extra = match class {
        Class::Automatic => "Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n",
        _ => "",
    };
    let bytes = match class {
        Class::Poison => poison(id, &from),
        Class::Deleted => {
            let whole = whole(id, id, &from, extra, bulk);
            let subject = format!("Subject: {DELETED} {id}\r\n");
            String::from_utf8_lossy(&whole)
                .replacen(&format!("Subject: Demande {id}\r\n"), &subject, 1)
                .into_bytes()
        }
        _ => whole(id, id, &from, extra, bulk),
    };
    Injected {
        id,
        class,
        from,
        bytes,
    }
}

/// What `original` says, delivered once more over another road.
pub fn again(id: usize, original: &Injected) -> Injected {
    let text = String::from_utf8_lossy(&original.bytes);
    let bytes = text.replacen(
        &format!("X-Test-Id: {}\r\n", original.id),
        &format!(
            "Received: from b.example.org by a.example.org; Mon, 23 Nov 2026 10:00:09 +0100\r\nX-Test-Id: {id}\r\n"
        ),
        1,
    );
    Injected {
        id,
        class: Class::Duplicate(original.id),
        from: original.from.clone(),
        bytes: bytes.into_bytes(),
    }
}

/// The `Message-ID` of `original` on another mail.
pub fn same_message_id(id: usize, original: &Injected) -> Injected {
    let mut other = mail(id, Class::Person, 0);
    let text = String::from_utf8_lossy(&other.bytes).replace(
        &format!("<demande-{id}@"),
        &format!("<demande-{}@", original.id),
    );
    other.bytes = text.into_bytes();
    other
}

/// An answer of the requester to what we sent, as a mail client writes it.
pub fn reply(id: usize, original: &Injected, told: &Received) -> Injected {
    let read = mail::read(&told.bytes);
    let reference = read.message_id.expect("ours have one");
    let subject = read.subject.unwrap_or_default();
    let subject = data_encoding::BASE64.encode(format!("Re: {subject}").as_bytes());
    let from = &original.from;
    let bytes = format!(
        "X-Test-Id: {id}\r\nFrom: {from}\r\nTo: support@example.org\r\n\
         Subject: =?utf-8?B?{subject}?=\r\nMessage-ID: <reponse-{id}@poste.example.org>\r\n\
         In-Reply-To: <{reference}>\r\nReferences: <{reference}>\r\n\
         Date: Mon, 23 Nov 2026 11:00:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nVoici le complément numéro {id} : \
         le voyant est orange.\r\n"
    );
    Injected {
        id,
        class: Class::Reply(original.id),
        from: from.clone(),
        bytes: bytes.into_bytes(),
    }
}

/// The number in `X-Test-Id`.
pub fn id_of(raw: &[u8]) -> Option<usize> {
    let head = raw.get(..raw.len().min(4096))?;
    let text = String::from_utf8_lossy(head);
    let rest = text.split("X-Test-Id: ").nth(1)?;
    rest.split("\r\n").next()?.parse().ok()
}

fn whole(id: usize, content: usize, from: &str, extra: &str, bulk: usize) -> Vec<u8> {
    let head = format!(
        "X-Test-Id: {id}\r\nFrom: Personne {content} <{from}>\r\nTo: support@example.org\r\n\
         Subject: Demande {content}\r\nMessage-ID: <demande-{content}@poste.example.org>\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n{extra}MIME-Version: 1.0\r\n"
    );
    let text = format!(
        "Bonjour, voici la demande {content} : le poste ne démarre plus, salle {}.\r\n",
        content % 311
    );
    if bulk == 0 {
        return format!("{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}").into_bytes();
    }
    let file: Vec<u8> = (0..bulk)
        .map(|at| ((at * 31 + content * 7 + at / 251) % 256) as u8)
        .collect();
    let mut lines = String::new();
    for line in data_encoding::BASE64.encode(&file).as_bytes().chunks(76) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push_str("\r\n");
    }
    format!(
        "{head}Content-Type: multipart/mixed; boundary=\"limite\"\r\n\r\n--limite\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}--limite\r\n\
         Content-Type: application/octet-stream; name=\"journal-{content}.bin\"\r\n\
         Content-Disposition: attachment; filename=\"journal-{content}.bin\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{lines}--limite--\r\n"
    )
    .into_bytes()
}

/// Bytes that are hardly a mail, five kinds in turn.
fn poison(id: usize, from: &str) -> Vec<u8> {
    let head = format!("X-Test-Id: {id}\r\nFrom: {from}\r\nSubject: Demande {id}\r\n");
    match id % 5 {
        // No end of the header, a line end too many, bytes that are no character.
        0 => [head.as_bytes(), b"Content-Type: \xff\xfe\r\r\n\x80\x81"].concat(),
        1 => {
            let nested: String = (0..400)
                .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
                .collect();
            [head.as_bytes(), nested.as_bytes()].concat()
        }
        2 => format!(
            "{head}Content-Type: text/html\r\n\r\n{}",
            "<div><table>".repeat(3000)
        )
        .into_bytes(),
        3 => format!(
            "{head}Content-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%{}",
            "=".repeat(500)
        )
        .into_bytes(),
        _ => format!(
            "{head}Message-ID: {}\r\nReferences: {}\r\n\r\nCorps {id}\r\n",
            "é".repeat(5000),
            "<a@b> ".repeat(3000)
        )
        .into_bytes(),
    }
}
