//! What a message holds: its bodies, its files, its machine parts.
//!
//! Owns the visit of the tree of parts, and which part is text to read and which a file. It leaves
//! what a file is for to [`super::decoration`], and the text itself to [`super::text`].

use super::envelope::Envelope;
use super::header::Fields;
use super::part::{self, Kind, Part, Tree};
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
    /// Digests of the decoded leaves, in order; line ends of texts do not count.
    pub identity: Vec<Digest>,
    text_bytes: usize,
    html_bytes: usize,
}

/// One body: the same text once or in two forms.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    pub plain: Option<String>,
    pub html: Option<String>,
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

/// The name of a file: `Content-Disposition`, else `Content-Type`, else the end of
/// `Content-Location`.
fn name(part: &Part<'_>) -> Option<String> {
    let named = [
        part.disposition.get("filename"),
        part.disposition.get("name"),
        part.parameters.get("name"),
        part.parameters.get("filename"),
    ]
    .into_iter()
    .flatten()
    .map(str::trim)
    .find(|name| !name.is_empty())
    .map(str::to_owned);
    named.or_else(|| {
        let location = part.fields.text("Content-Location")?;
        let end = location.rsplit(['/', '\\']).next()?.to_owned();
        (part.content_type != "text/html" && end.contains('.') && !end.contains('@')).then_some(end)
    })
}

fn content_id(part: &Part<'_>) -> Option<String> {
    let id = part.fields.text("Content-ID")?;
    let id = id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim()
        .to_owned();
    Some(header::limited(id, limits::ID_BYTES)).filter(|id| !id.is_empty())
}

fn looks_like_mail(bytes: &[u8]) -> bool {
    let fields = header::read(cut(bytes, 64 * 1024));
    [
        "From",
        "Subject",
        "Date",
        "Received",
        "Message-ID",
        "To",
        "Content-Type",
    ]
    .iter()
    .any(|name| fields.has(name))
}

/// A type for a file that came without one, by its extension.
pub fn media_type(name: &str) -> &'static str {
    let extension = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase());
    match extension.as_deref().unwrap_or_default() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "bmp" => "image/bmp",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "htm" | "html" => "text/html",
        "zip" => "application/zip",
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "eml" => "message/rfc822",
        "ics" => "text/calendar",
        _ => "application/octet-stream",
    }
}

fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    bytes.get(..limit).unwrap_or(bytes)
}

/// NFC, lines that end with `\n`, no NUL, no byte-order mark.
pub fn lines(text: &str) -> String {
    use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\0', '\u{feff}']) {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let mut chars = tail.chars();
        match chars.next() {
            Some('\r') if !tail.starts_with("\r\n") => out.push('\n'),
            _ => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    if out.is_ascii() || is_nfc_quick(out.chars()) == IsNormalized::Yes {
        return out;
    }
    // A base with thousands of accents is an attack on the sorting that NFC does.
    if out.chars().fold((0_usize, 0_usize), longest_marks).0 > 64 {
        return out;
    }
    out.nfc().collect()
}

fn longest_marks((longest, run): (usize, usize), c: char) -> (usize, usize) {
    let run = if unicode_normalization::char::is_combining_mark(c) {
        run + 1
    } else {
        0
    };
    (longest.max(run), run)
}

/// RFC 3676: joins the lines that end with a blank; quote marks and signatures keep theirs.
fn unflow(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.split('\n') {
        let depth = line.bytes().take_while(|byte| *byte == b'>').count();
        let content = line.get(depth..).unwrap_or_default();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        match open {
            Some(known) if known == depth && !signature => out.push_str(content),
            _ => {
                if open.is_some() {
                    out.push('\n');
                }
                if depth > 0 {
                    out.push_str(&">".repeat(depth));
                    out.push(' ');
                    out.push_str(content);
                } else {
                    out.push_str(content);
                }
            }
        }
        if content.ends_with(' ') && !signature {
            open = Some(depth);
            if delete_space {
                out.pop();
            }
        } else {
            open = None;
            out.push('\n');
        }
    }
    // Every line got its end, the last one had none.
    if out.ends_with('\n') {
        out.pop();
    }
    out
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

/// All pieces as one plain text; `None` when one of them has no plain form.
pub fn joined_plain(pieces: &[Piece]) -> Option<String> {
    let texts: Option<Vec<&str>> = pieces.iter().map(|piece| piece.plain.as_deref()).collect();
    let texts = texts.filter(|texts| !texts.is_empty())?;
    if let [one] = texts.as_slice() {
        return Some((*one).to_owned());
    }
    let mut out = String::new();
    for text in texts.into_iter().filter(|text| !text.trim().is_empty()) {
        if !out.is_empty() && !out.ends_with('\n') {
            out.push('\n');
        }
        out.push_str(text);
    }
    Some(out)
}

/// All pieces as one HTML text; `None` when there is no piece.
pub fn joined_html(pieces: &[Piece]) -> Option<String> {
    if let [one] = pieces {
        return one.html.clone();
    }
    if !pieces.iter().any(|piece| piece.html.is_some()) {
        return None;
    }
    let mut out = String::new();
    for piece in pieces {
        match (&piece.html, &piece.plain) {
            (Some(html), _) => out.push_str(html),
            (None, Some(plain)) if !plain.trim().is_empty() => {
                out.push_str("<div>");
                for line in plain.trim_end().split('\n') {
                    for c in line.chars() {
                        match c {
                            '&' => out.push_str("&amp;"),
                            '<' => out.push_str("&lt;"),
                            '>' => out.push_str("&gt;"),
                            c => out.push(c),
                        }
                    }
                    out.push_str("<br>\n");
                }
                out.push_str("</div>\n");
            }
            (None, _) => {}
        }
    }
    Some(out)
}

/// Letters and digits of HTML without its tags, the first few thousand.
pub fn html_words(html: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut rest = html;
    while out.len() < limit {
        let text = rest.split('<').next().unwrap_or_default();
        let mut entity = false;
        for c in text.chars() {
            match c {
                // "&nbsp;" is no word.
                '&' => entity = true,
                c if entity && !c.is_ascii_alphanumeric() && c != '#' => entity = c == '&',
                c if !entity && c.is_alphanumeric() => out.push(c),
                _ => {}
            }
            if out.len() >= limit {
                break;
            }
        }
        rest = rest.get(text.len()..).unwrap_or_default();
        let lower = rest
            .get(..rest.floor_char_boundary(8))
            .unwrap_or_default()
            .to_ascii_lowercase();
        let skipped = ["<style", "<script", "<title", "<!--"]
            .into_iter()
            .find(|tag| lower.starts_with(tag));
        let end = match skipped {
            Some("<!--") => rest.find("-->").map(|at| at + 3),
            Some(tag) => {
                let close = tag.trim_start_matches('<');
                memchr::memmem::find_iter(rest.as_bytes(), b"</")
                    .map(|at| at + 2)
                    .find(|at| {
                        rest.as_bytes()
                            .get(*at..at + close.len())
                            .is_some_and(|found| found.eq_ignore_ascii_case(close.as_bytes()))
                    })
            }
            None => rest.find('>').map(|at| at + 1),
        };
        match end {
            Some(end) => rest = rest.get(end..).unwrap_or_default(),
            None => break,
        }
    }
    out
}

fn same_words(plain: &str, html: &str) -> bool {
    const COMPARED: usize = 200;
    let left: String = plain
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(COMPARED)
        .collect();
    let right: String = html_words(html, COMPARED * 4)
        .chars()
        .take(COMPARED)
        .collect();
    !left.is_empty()
        && left
            .chars()
            .zip(right.chars())
            .filter(|(a, b)| a == b)
            .count()
            * 10
            >= left.chars().count() * 9
}

/// Whether a plain form is more than "your client does not support HTML".
pub fn is_real(plain: &str, html: Option<&str>) -> bool {
    let letters = plain.chars().filter(|c| c.is_alphanumeric()).count();
    let Some(html) = html else { return true };
    if letters == 0 {
        // An emoji is a text too; emptiness is not, where the HTML has more.
        return plain.chars().any(|c| !c.is_whitespace() && !c.is_ascii())
            || html_words(html, 1).is_empty();
    }
    if letters > 400 {
        return true;
    }
    let lower = plain.to_lowercase();
    let excuse = lower.contains("html")
        && [
            "support",
            "capable",
            "prend pas en charge",
            "affich",
            "view",
            "unterstütz",
            "anzeig",
            "compatible",
            "lire",
            "read",
            "version",
        ]
        .iter()
        .any(|word| lower.contains(word));
    let html_letters = html_words(html, letters.saturating_mul(8).max(400))
        .chars()
        .count();
    !(excuse && html_letters > letters) && html_letters < letters.saturating_mul(8).max(400)
}
