//! What a message holds: its bodies, its files, its machine parts.
//!
//! Owns the visit of the tree of parts, and which part is text to read and which a file. It leaves
//! what a file is for to [`super::decoration`], and the text itself to [`super::text`].

use super::envelope::Envelope;
use super::file::{content_id, looks_like_mail, media_type, name};
use super::header::Fields;
use super::lines::{lines, unflow};
use super::part::{self, Kind, Part, Tree};
use super::piece::{Piece, joined_html, joined_plain, same_words};
use super::{
    Attachment, Digest, calendar, charset, decoration, header, limits, pgp, smime, tnef, transfer,
};
use std::borrow::Cow;

/// What one visit collected.
#[derive(Debug, Default)]
pub struct Content {
    /// Bodies in reading order.
    pub pieces: Vec<Piece>,
    /// Files, those of attached mails behind their mail.
    pub files: Vec<Attachment>,
    /// Attached mails, in order.
    pub messages: Vec<Message>,
    /// Delivery status, disposition and feedback reports, as text.
    pub reports: Vec<Report>,
    /// The emoji of a reaction part.
    pub reaction: Option<String>,
    /// Calendar objects.
    pub calendars: Vec<calendar::Event>,
    /// One line each, in French, for what is not text.
    pub remarks: Vec<String>,
    /// One line each, in English.
    pub defects: Vec<String>,
    /// A text without a name that came as an attachment: read where there is no other.
    pub fallback: Option<Piece>,
    /// Digests of the decoded leaves, in order; line ends of texts do not count.
    pub identity: Vec<Digest>,
    text_bytes: usize,
    html_bytes: usize,
}

/// A mail inside of the mail.
#[derive(Debug)]
pub struct Message {
    /// Its header.
    pub envelope: Envelope,
    /// Its bodies.
    pub pieces: Vec<Piece>,
    /// It came inside of a report: an original that is returned.
    pub returned: bool,
}

/// A machine part of a report.
#[derive(Debug)]
pub struct Report {
    /// `message/delivery-status` and its like.
    pub content_type: String,
    /// Its decoded text, cut at [`limits::MACHINE_BYTES`].
    pub text: String,
}

/// Where in the tree a visit is.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// Directly in a `multipart/alternative`.
    alternative: bool,
    /// Somewhere in a `multipart/related`, not its first part.
    related: bool,
    /// Somewhere in a `multipart/report`.
    report: bool,
    /// In an attached mail: what machines say there was said to somebody else.
    attached: bool,
    /// The only part of its message.
    root: bool,
    /// Wrappings (encoded mails, opaque signatures) undone so far.
    unwrapped: usize,
}

/// Visits a message that was taken apart.
pub fn read(tree: &Tree<'_>) -> Content {
    let mut visit = Visit::default();
    visit.content.pieces = visit.tree(tree, 0, false);
    visit.content
}

/// The decoded bytes of the file with this digest.
pub fn find(tree: &Tree<'_>, wanted: &Digest) -> Option<Vec<u8>> {
    let mut visit = Visit {
        wanted: Some(*wanted),
        ..Visit::default()
    };
    visit.tree(tree, 0, false);
    visit.found
}

#[derive(Default)]
struct Visit {
    content: Content,
    wanted: Option<Digest>,
    found: Option<Vec<u8>>,
}

impl Visit {
    fn tree(&mut self, tree: &Tree<'_>, unwrapped: usize, attached: bool) -> Vec<Piece> {
        for defect in &tree.defects {
            self.defect(defect);
        }
        let place = Place {
            root: true,
            attached,
            unwrapped,
            ..Place::default()
        };
        self.part(tree, 0, place)
    }

    fn defect(&mut self, defect: &str) {
        if self.content.defects.len() < limits::DEFECTS
            && !self.content.defects.iter().any(|known| known == defect)
        {
            self.content.defects.push(defect.to_owned());
        }
    }

    fn remark(&mut self, remark: impl Into<String>) {
        let remark = remark.into();
        if self.content.remarks.len() < limits::REMARKS && !self.content.remarks.contains(&remark) {
            self.content.remarks.push(remark);
        }
    }

    /// Recurses at most [`limits::DEPTH`] deep: the walk saw to it.
    fn part(&mut self, tree: &Tree<'_>, number: usize, place: Place) -> Vec<Piece> {
        let Some(part) = tree.part(number) else {
            return Vec::new();
        };
        match part.kind {
            Kind::Leaf => self.leaf(tree, part, place),
            Kind::Multipart => self.multipart(tree, part, place),
            Kind::Message => {
                let raw = tree.raw(part);
                self.identify("text/plain", raw);
                self.message_file(part, raw);
                let inside = Place {
                    report: false,
                    attached: true,
                    root: true,
                    related: false,
                    alternative: false,
                    ..place
                };
                if let Some(child) = part.children.first()
                    && let Some(root) = tree.part(*child)
                {
                    let pieces = self.part(tree, *child, inside);
                    self.message(&root.fields, pieces, place);
                }
                Vec::new()
            }
        }
    }

    fn message(&mut self, fields: &Fields<'_>, pieces: Vec<Piece>, place: Place) {
        self.content.messages.push(Message {
            envelope: Envelope::read(fields),
            pieces,
            returned: place.report,
        });
    }

    fn multipart(&mut self, tree: &Tree<'_>, part: &Part<'_>, place: Place) -> Vec<Piece> {
        let inside = Place {
            root: false,
            alternative: false,
            ..place
        };
        match part.content_type.as_str() {
            "multipart/alternative" => self.alternative(
                tree,
                part,
                Place {
                    alternative: true,
                    ..inside
                },
            ),
            "multipart/related" => self.related(tree, part, inside),
            "multipart/report" => self.sequence(
                tree,
                part,
                Place {
                    report: true,
                    ..inside
                },
            ),
            "multipart/signed" => {
                let protocol = part
                    .parameters
                    .get("protocol")
                    .unwrap_or_default()
                    .to_ascii_lowercase();
                if !place.attached {
                    self.remark(if protocol.contains("pgp") {
                        pgp::SIGNED
                    } else {
                        smime::SIGNED
                    });
                }
                self.sequence(tree, part, inside)
            }
            "multipart/encrypted" => {
                self.remark(pgp::ENCRYPTED);
                self.sequence(tree, part, inside)
            }
            _ => self.sequence(tree, part, inside),
        }
    }

    fn sequence(&mut self, tree: &Tree<'_>, part: &Part<'_>, place: Place) -> Vec<Piece> {
        let place = Place {
            root: place.root || part.children.len() == 1,
            ..place
        };
        let mut pieces = Vec::new();
        for child in &part.children {
            pieces.extend(self.part(tree, *child, place));
        }
        // Scripts put both forms of one text side by side where they mean `alternative`.
        if let [
            Piece {
                plain: Some(plain),
                html: None,
            },
            Piece {
                plain: None,
                html: Some(html),
            },
        ] = pieces.as_slice()
            && same_words(plain, html)
        {
            return vec![Piece {
                plain: Some(plain.clone()),
                html: Some(html.clone()),
            }];
        }
        pieces
    }

    fn alternative(&mut self, tree: &Tree<'_>, part: &Part<'_>, place: Place) -> Vec<Piece> {
        let mut chosen = Piece::default();
        for child in &part.children {
            let place = Place {
                root: part.children.len() == 1,
                ..place
            };
            let pieces = self.part(tree, *child, place);
            let plain = joined_plain(&pieces);
            let html = if pieces.iter().any(|piece| piece.html.is_some()) {
                joined_html(&pieces)
            } else {
                None
            };
            if html.is_some() {
                // The last form is the best one (RFC 2046 §5.1.4).
                chosen.html = html;
                if chosen.plain.is_none() {
                    chosen.plain = plain;
                }
            } else if let Some(plain) = plain {
                let known = chosen.plain.as_deref().unwrap_or_default();
                if chosen.plain.is_none() || known.trim().is_empty() {
                    chosen.plain = Some(plain);
                }
            }
        }
        if chosen.plain.is_none() && chosen.html.is_none() {
            Vec::new()
        } else {
            vec![chosen]
        }
    }

    fn related(&mut self, tree: &Tree<'_>, part: &Part<'_>, place: Place) -> Vec<Piece> {
        let start = part
            .parameters
            .get("start")
            .map(|id| id.trim_matches(['<', '>', ' ']));
        let root = start
            .and_then(|start| {
                part.children.iter().copied().find(|child| {
                    tree.part(*child)
                        .and_then(|part| content_id(part))
                        .as_deref()
                        == Some(start)
                })
            })
            .or(part.children.first().copied());
        let mut pieces = Vec::new();
        for child in &part.children {
            let is_root = Some(*child) == root;
            let place = Place {
                related: place.related || !is_root,
                root: is_root && part.children.len() == 1,
                ..place
            };
            pieces.extend(self.part(tree, *child, place));
        }
        pieces
    }

    fn leaf(&mut self, tree: &Tree<'_>, part: &Part<'_>, place: Place) -> Vec<Piece> {
        let raw = tree.raw(part);
        let content_type = part.content_type.as_str();
        if part.kind == Kind::Leaf
            && raw.trim_ascii().is_empty()
            && part.fields.is_empty()
            && !place.root
        {
            // A delimiter that came twice.
            return Vec::new();
        }
        let (bytes, broken) = tree.bytes(part);
        if broken {
            self.defect("a body does not keep to its Content-Transfer-Encoding");
        }
        self.identify(content_type, &bytes);
        let name = name(part);
        let is_attachment = part.disposition.value == "attachment";
        match content_type {
            "message/delivery-status"
            | "message/global-delivery-status"
            | "message/disposition-notification"
            | "message/global-disposition-notification"
            | "message/feedback-report"
            | "text/rfc822-headers"
            | "message/global-headers" => {
                if !place.attached {
                    self.report(content_type, &bytes);
                }
                return Vec::new();
            }
            "text/vnd.google.email-reaction+json" => {
                if !place.attached
                    && let Some(emoji) = super::reaction::gmail(&bytes)
                {
                    self.content.reaction = Some(emoji);
                }
                return Vec::new();
            }
            "text/calendar" | "application/ics" => {
                let label = part.parameters.get("charset");
                let text =
                    charset::decode(cut(&bytes, limits::MACHINE_BYTES), label.or(Some("utf-8")));
                if let Some(event) = calendar::read(&text)
                    && !place.attached
                {
                    self.content.calendars.push(event);
                }
                self.file(part, name.or(Some("invite.ics".to_owned())), &bytes, place);
                return Vec::new();
            }
            "text/plain" | "text/html"
                if !is_attachment
                    && (name.is_none() || place.root || place.alternative)
                    && (!place.related || name.is_none()) =>
            {
                return self.body(part, &bytes);
            }
            "text/plain" | "text/html"
                if name.is_none() && !place.attached && self.content.fallback.is_none() =>
            {
                self.content.fallback = self.body(part, &bytes).into_iter().next();
            }
            // Other texts that a person may have written in: shown where nothing better is.
            "text/enriched" | "text/richtext" if place.root && !is_attachment => {
                return self.body(part, &bytes);
            }
            "text/x-amp-html" | "text/watch-html" | "text/enriched" | "text/richtext"
                if place.alternative =>
            {
                return Vec::new();
            }
            _ => {}
        }
        self.leaf_file(part, name, &bytes, place)
    }

    /// A leaf that is a file, perhaps a wrapping of more.
    fn leaf_file(
        &mut self,
        part: &Part<'_>,
        name: Option<String>,
        bytes: &[u8],
        place: Place,
    ) -> Vec<Piece> {
        let content_type = part.content_type.as_str();
        let extension = name
            .as_deref()
            .and_then(|name| name.rsplit_once('.'))
            .map(|(_, end)| end.to_ascii_lowercase());
        let extension = extension.as_deref().unwrap_or_default();
        let may_unwrap = place.unwrapped < limits::MESSAGE_DEPTH;
        let deeper = place.unwrapped + 1;
        if tnef::is_tnef(bytes) {
            return self.tnef(part, name, bytes, place);
        }
        if matches!(
            content_type,
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
        ) || extension == "p7m"
        {
            match smime::open(bytes) {
                smime::Opened::Signed(inner) if may_unwrap => {
                    if !place.attached {
                        self.remark(smime::SIGNED);
                    }
                    self.file(part, name.or(Some("smime.p7m".to_owned())), bytes, place);
                    if let Some(file) = self.content.files.last_mut() {
                        file.decoration = true;
                    }
                    let tree = part::walk(&inner);
                    return self.tree(&tree, deeper, place.attached);
                }
                smime::Opened::Encrypted => self.remark(smime::ENCRYPTED),
                smime::Opened::Signed(_) | smime::Opened::Other => {}
            }
        }
        let is_mail = part::is_message(content_type)
            || (extension == "eml"
                && matches!(
                    content_type,
                    "application/octet-stream" | "text/plain" | "application/eml"
                ));
        if is_mail && looks_like_mail(bytes) {
            self.message_file(part, bytes);
            if may_unwrap {
                let tree = part::walk(bytes);
                let pieces = self.tree(&tree, deeper, true);
                self.message(&tree.root().fields, pieces, place);
            }
            return Vec::new();
        }
        if content_type == "application/pgp-encrypted" {
            self.remark(pgp::ENCRYPTED);
        }
        if extension == "ics" {
            let text = charset::decode(cut(bytes, limits::MACHINE_BYTES), Some("utf-8"));
            if let Some(event) = calendar::read(&text)
                && !place.attached
            {
                self.content.calendars.push(event);
            }
        }
        self.file(part, name, bytes, place);
        Vec::new()
    }

    fn tnef(
        &mut self,
        part: &Part<'_>,
        name: Option<String>,
        bytes: &[u8],
        place: Place,
    ) -> Vec<Piece> {
        let unpacked = tnef::unpack(bytes);
        if unpacked.damaged {
            self.defect("winmail.dat is damaged: not all of it is unpacked");
        }
        self.file(part, name.or(Some("winmail.dat".to_owned())), bytes, place);
        if !unpacked.damaged
            && let Some(file) = self.content.files.last_mut()
        {
            file.decoration = true;
        }
        for file in unpacked.files {
            let content_type = file
                .content_type
                .unwrap_or_else(|| "application/octet-stream".to_owned());
            self.add(
                Found {
                    name: file.name,
                    content_type,
                    content_id: file.content_id,
                    inline: false,
                },
                &file.bytes,
            );
        }
        if unpacked.plain.is_none() && unpacked.html.is_none() {
            return Vec::new();
        }
        // Outlook repeats the text beside winmail.dat; it only counts where nothing else is said.
        vec![Piece {
            plain: unpacked.plain.or(Some(String::new())),
            html: unpacked.html,
        }]
        .into_iter()
        .filter(|_| self.content.text_bytes == 0 && self.content.html_bytes == 0)
        .collect()
    }

    fn report(&mut self, content_type: &str, bytes: &[u8]) {
        let text = charset::decode(cut(bytes, limits::MACHINE_BYTES), None);
        self.content.reports.push(Report {
            content_type: content_type.to_owned(),
            text: lines(&text),
        });
    }

    fn body(&mut self, part: &Part<'_>, bytes: &[u8]) -> Vec<Piece> {
        let is_html = part.content_type == "text/html";
        let label = part
            .parameters
            .get("charset")
            .filter(|label| !label.is_empty());
        if let Some(label) = label
            && !charset::is_known(label)
        {
            self.defect("a charset is unknown or refused");
        }
        let (used, limit) = if is_html {
            (&mut self.content.html_bytes, limits::HTML_BYTES)
        } else {
            (&mut self.content.text_bytes, limits::TEXT_BYTES)
        };
        let kept = cut(bytes, limit.saturating_sub(*used));
        *used += kept.len();
        if kept.len() < bytes.len() {
            self.defect("a text is too long: its end is not shown");
        }
        let label: Option<Cow<'_, str>> = label
            .map(Cow::Borrowed)
            .or_else(|| if is_html { meta_charset(kept) } else { None });
        let text = charset::decode(kept, label.as_deref());
        let mut text = lines(&text);
        if is_html {
            return vec![Piece {
                plain: None,
                html: Some(text),
            }];
        }
        if part
            .parameters
            .get("format")
            .is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
        {
            let delete = part
                .parameters
                .get("delsp")
                .is_some_and(|value| value.eq_ignore_ascii_case("yes"));
            text = unflow(&text, delete);
        }
        if let Some(inner) = pgp::unwrap_signed(&text) {
            self.remark(pgp::SIGNED);
            text = inner;
        } else if pgp::is_encrypted(&text) {
            self.remark(pgp::ENCRYPTED);
        }
        let mut files = 0;
        while memchr::memmem::find(text.as_bytes(), b"begin ").is_some()
            && files < 50
            && let Some(file) = transfer::uuencode(text.as_bytes())
        {
            files += 1;
            let found = Found {
                content_type: media_type(&file.name).to_owned(),
                name: Some(file.name),
                content_id: None,
                inline: false,
            };
            self.add(found, &file.bytes);
            // The range ends at line ends, so it cuts no character.
            if text.is_char_boundary(file.range.start) && text.is_char_boundary(file.range.end) {
                text.replace_range(file.range, "");
            } else {
                break;
            }
        }
        vec![Piece {
            plain: Some(text),
            html: None,
        }]
    }

    fn message_file(&mut self, part: &Part<'_>, bytes: &[u8]) {
        let name = name(part).or_else(|| {
            let subject = header::read(bytes)
                .text("Subject")
                .unwrap_or_else(|| "message".to_owned());
            Some(format!("{subject}.eml"))
        });
        let content_type = if part::is_message(&part.content_type) {
            part.content_type.clone()
        } else {
            "message/rfc822".to_owned()
        };
        let inline = part.disposition.value == "inline";
        self.add(
            Found {
                name,
                content_type,
                content_id: content_id(part),
                inline,
            },
            bytes,
        );
    }

    fn file(&mut self, part: &Part<'_>, name: Option<String>, bytes: &[u8], place: Place) {
        let inline = part.disposition.value == "inline"
            || (place.related && part.disposition.value.is_empty());
        let found = Found {
            name,
            content_type: part.content_type.clone(),
            content_id: content_id(part),
            inline,
        };
        self.add(found, bytes);
    }

    fn add(&mut self, found: Found, bytes: &[u8]) {
        if self.content.files.len() >= limits::ATTACHMENTS {
            self.defect("too many files: not all are listed");
            return;
        }
        let sha256 = Digest::of(bytes);
        if self.wanted == Some(sha256) && self.found.is_none() {
            self.found = Some(bytes.to_vec());
        }
        let decoration = decoration::is_decoration(
            found.name.as_deref(),
            &found.content_type,
            found.content_id.is_some() || found.inline,
            bytes,
        );
        self.content.files.push(Attachment {
            name: found.name,
            content_type: found.content_type,
            size: bytes.len() as u64,
            sha256,
            inline: found.inline,
            content_id: found.content_id,
            decoration,
        });
    }

    fn identify(&mut self, content_type: &str, bytes: &[u8]) {
        let digest = if content_type.starts_with("text/") && bytes.len() <= limits::HTML_BYTES {
            let text: Vec<u8> = bytes
                .iter()
                .copied()
                .filter(|byte| *byte != b'\r')
                .collect();
            Digest::of(text.trim_ascii())
        } else {
            Digest::of(bytes)
        };
        self.content.identity.push(digest);
    }
}

struct Found {
    name: Option<String>,
    content_type: String,
    content_id: Option<String>,
    inline: bool,
}

fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    bytes.get(..limit).unwrap_or(bytes)
}

/// The charset that an HTML page declares for itself.
fn meta_charset(bytes: &[u8]) -> Option<Cow<'static, str>> {
    let head = cut(bytes, 2048).to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")? + b"charset=".len();
    let label: Vec<u8> = head
        .get(at..)?
        .iter()
        .copied()
        .skip_while(|byte| matches!(byte, b'"' | b'\'' | b' '))
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        .collect();
    Some(Cow::Owned(String::from_utf8(label).ok()?))
}
