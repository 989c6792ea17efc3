//! What the desk's pages share beside the frame of all pages.

use serde::Serialize;

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

/// A choice of a list.
#[derive(Debug, Serialize)]
pub struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

impl Choice {
    /// What the form sends, what is read, and whether it is chosen already.
    pub fn new(value: &str, label: &str, chosen: bool) -> Self {
        Self {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen,
        }
    }
}
