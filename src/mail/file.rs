//! What a part says of the file it holds: its name, its id, its type.

use super::part::Part;
use super::{header, limits};

/// The name of a file: `Content-Disposition`, else `Content-Type`, else the end of
/// `Content-Location`.
pub fn name(part: &Part<'_>) -> Option<String> {
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

/// `Content-ID` without its brackets.
pub fn content_id(part: &Part<'_>) -> Option<String> {
    let id = part.fields.text("Content-ID")?;
    let id = id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>')
        .trim()
        .to_owned();
    Some(header::limited(id, limits::ID_BYTES)).filter(|id| !id.is_empty())
}

/// Whether bytes begin like a mail.
pub fn looks_like_mail(bytes: &[u8]) -> bool {
    let fields = header::read(bytes.get(..64 * 1024).unwrap_or(bytes));
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
