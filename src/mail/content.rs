//! What a message holds: its bodies, its files, its machine parts.
//!
//! Owns the visit of the tree of parts, and which part is text to read and which a file. It leaves
//! what a file is for to [`super::decoration`], and the text itself to [`super::text`].

mod body;
mod files;
mod wrapping;

use super::envelope::Envelope;
use super::file::{content_id, name};
use super::header::Fields;
use super::lines::lines;
use super::part::{Kind, Part, Tree};
use super::piece::{Piece, joined_html, joined_plain, same_words};
use super::{Attachment, Digest, calendar, charset, limits, pgp, smime};
use files::Bytes;

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
                let raw = Bytes::new(raw);
                self.identify("text/plain", &raw);
                self.message_file(part, &raw);
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
        let bytes = Bytes::new(&bytes);
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
                    self.report(content_type, bytes.all);
                }
                return Vec::new();
            }
            "text/vnd.google.email-reaction+json" => {
                if !place.attached
                    && let Some(emoji) = super::reaction::gmail(bytes.all)
                {
                    self.content.reaction = Some(emoji);
                }
                return Vec::new();
            }
            "text/calendar" | "application/ics" => {
                let label = part.parameters.get("charset");
                let text = charset::decode(
                    cut(bytes.all, limits::MACHINE_BYTES),
                    label.or(Some("utf-8")),
                );
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
                return self.body(part, bytes.all);
            }
            "text/plain" | "text/html"
                if name.is_none() && !place.attached && self.content.fallback.is_none() =>
            {
                self.content.fallback = self.body(part, bytes.all).into_iter().next();
            }
            // Other texts that a person may have written in: shown where nothing better is.
            "text/enriched" | "text/richtext" if place.root && !is_attachment => {
                return self.body(part, bytes.all);
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

    fn report(&mut self, content_type: &str, bytes: &[u8]) {
        let text = charset::decode(cut(bytes, limits::MACHINE_BYTES), None);
        self.content.reports.push(Report {
            content_type: content_type.to_owned(),
            text: lines(&text),
        });
    }
}

fn cut(bytes: &[u8], limit: usize) -> &[u8] {
    bytes.get(..limit).unwrap_or(bytes)
}
