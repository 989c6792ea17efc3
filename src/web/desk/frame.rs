//! What the desk's pages share beside the frame of all pages.

use super::super::{Site, frame};
use super::identity::Staff;

/// What `desk/frame.html` needs; a page adds its own.
pub fn context(site: &Site, staff: &Staff, here: &str) -> tera::Context {
    let mut context = frame::context(site, &staff.visitor);
    context.insert("me", &staff.technician.name);
    context.insert("form_token", &staff.form_token);
    context.insert("session", &staff.session.is_some());
    context.insert("section", here);
    context
}

/// A link within the desk with its parameters; a language that was chosen stays.
pub fn link(staff: &Staff, path: &str, parameters: &[(&str, &str)]) -> String {
    let chosen = [("lang", staff.visitor.language)];
    let chosen = chosen.iter().filter(|_| staff.visitor.chose);
    let all = parameters.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = all
        .chain(chosen)
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    match query.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", query.join("&")),
    }
}

/// Percent-encoded for a path or a query.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
