//! Leaves that hold more than a file: attached mails that are not marked as such, opaque S/MIME,
//! winmail.dat.

use super::files::{Bytes, Found};
use super::{Place, Visit, cut};
use crate::mail::file::looks_like_mail;
use crate::mail::part::{self, Part};
use crate::mail::piece::Piece;
use crate::mail::{calendar, charset, limits, pgp, smime, tnef};

impl Visit {
    /// A leaf that is a file, perhaps a wrapping of more.
    pub(super) fn leaf_file(
        &mut self,
        part: &Part<'_>,
        name: Option<String>,
        bytes: &Bytes<'_>,
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
        if tnef::is_tnef(bytes.all) {
            return self.tnef(part, name, bytes, place);
        }
        if matches!(
            content_type,
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
        ) || extension == "p7m"
        {
            match smime::open(bytes.all) {
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
        if is_mail && looks_like_mail(bytes.all) {
            self.message_file(part, bytes);
            if may_unwrap {
                let tree = part::walk(bytes.all);
                let pieces = self.tree(&tree, deeper, true);
                self.message(&tree.root().fields, pieces, place);
            }
            return Vec::new();
        }
        if content_type == "application/pgp-encrypted" {
            self.remark(pgp::ENCRYPTED);
        }
        if extension == "ics" {
            let text = charset::decode(cut(bytes.all, limits::MACHINE_BYTES), Some("utf-8"));
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
        bytes: &Bytes<'_>,
        place: Place,
    ) -> Vec<Piece> {
        let unpacked = tnef::unpack(bytes.all);
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
                &Bytes::new(&file.bytes),
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
}
