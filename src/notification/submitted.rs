//! The mail that a form of the page becomes, so that it takes the same road as any other (DESIGN
//! "The life of a mail"). That its author is proven is kept beside it, never in a header.

use chrono::{DateTime, Utc};

pub use super::message::Enclosure;

use super::header::{AddrSpec, Fields, Line};
use super::message;
use crate::mail::Address;

/// What a form holds that a mail can hold.
#[derive(Clone, Debug)]
pub struct Submitted<'a> {
    /// The submission's own id, in letters and digits; makes its `Message-ID`.
    pub id: &'a str,
    /// Who wrote it.
    pub author: &'a Address,
    /// One of our addresses.
    pub to: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub files: &'a [Enclosure],
}

/// Its bytes; `None` when an address is none that a mail can carry.
pub fn write(submitted: &Submitted<'_>, now: DateTime<Utc>) -> Option<Vec<u8>> {
    let from = AddrSpec::parse(&submitted.author.address)?;
    let to = AddrSpec::parse(submitted.to)?;
    let name = submitted.author.name.as_deref().map(Line::new);
    let mut fields = Fields::default();
    fields.tokens("Date", &now.to_rfc2822());
    fields.mailbox("From", name.as_ref(), &from);
    fields.mailbox("To", None, &to);
    fields.text("Subject", &Line::new(submitted.subject));
    let id = format!("<page.{}@{}>", submitted.id, to.domain());
    fields.tokens("Message-ID", &id);
    let text = submitted.text.replace("\r\n", "\n").replace('\0', "");
    let seed = submitted.id.get(..24).unwrap_or(submitted.id);
    Some(message::write_plain(fields, &text, submitted.files, seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_what_is_read() {
        let author = Address {
            name: Some("Zoé \"Z\" Léger\r\nBcc: x@y".to_owned()),
            address: "zoe@example.org".to_owned(),
        };
        let files = [Enclosure {
            name: Line::new("capture d’écran.png"),
            content_type: "image/png".to_owned(),
            bytes: b"\x89PNG\r\n\x1a\n".to_vec(),
        }];
        let text = "Bonjour,\r\n\r\n> cité\r\n-- \r\nZoé\r\n--=_m_abc--\r\n.";
        let submitted = Submitted {
            id: "abc",
            author: &author,
            to: "support@example.org",
            subject: "Écran noir\r\nX-Spam-Flag: YES",
            text,
            files: &files,
        };
        let bytes = write(&submitted, DateTime::UNIX_EPOCH).expect("a mail");
        let mail = crate::mail::read(&bytes);
        assert_eq!(mail.sender().expect("an author").address, author.address);
        assert_eq!(mail.subject.as_deref(), Some("Écran noir X-Spam-Flag: YES"));
        assert!(!mail.spam);
        assert_eq!(mail.message_id.as_deref(), Some("page.abc@example.org"));
        assert_eq!(mail.text.trim(), text.replace("\r\n", "\n"));
        assert_eq!(mail.attachments.len(), 1);
        assert_eq!(
            mail.attachments[0].name.as_deref(),
            Some("capture d’écran.png")
        );
        assert_eq!(mail.defects, Vec::<String>::new());
    }

    #[test]
    fn an_address_that_no_header_holds_is_refused() {
        let author = Address {
            name: None,
            address: "a\r\nb@example.org".to_owned(),
        };
        let submitted = Submitted {
            id: "abc",
            author: &author,
            to: "support@example.org",
            subject: "",
            text: "x",
            files: &[],
        };
        assert_eq!(write(&submitted, DateTime::UNIX_EPOCH), None);
    }
}
